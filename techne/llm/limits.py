"""The limits that the settings put on a provider and its models, and the queue that keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from techne.errors import ConfigurationError
from techne.llm.admission import Admission
from techne.llm.breaker import Breaker
from techne.llm.clock import Clock
from techne.llm.lanes import Lane, Limit
from techne.llm.leases import LeasedMeter
from techne.llm.meters import Meter, SlotMeter, WindowMeter
from techne.llm.quota import SharedQuota, limit_name

if TYPE_CHECKING:
    from techne.settings import ProviderLimits, Settings

SECOND, MINUTE = 1.0, 60.0
RATES = (
    ("qps", SECOND, "requests_per_second"),
    ("rpm", MINUTE, "requests_per_minute"),
    ("tpm", MINUTE, "tokens_per_minute"),
)
"""Settings of rates: name, window in seconds, name as a shared limit."""


def build_admission(
    provider: str, settings: Settings, clock: Clock, quota: SharedQuota | None = None
) -> Admission:
    """Queue and limits of a provider, as the settings have them."""
    return _Builder(provider, settings, clock, quota).admission()


def setting_of(settings: Settings, provider: str, model: str | None, field: str) -> str:
    """The environment variable that a limit comes from, for messages."""
    key = provider if model is None else f"{provider}/{model}"
    by_name = dict(settings.llm_executor_model_limits).get(key)
    variable = f"llm_executor_{key}_{field}"
    if variable in type(settings).model_fields and (by_name is None or field not in by_name.model_fields_set):
        return variable.upper()
    return f"LLM_EXECUTOR_MODEL_LIMITS ({key}: {field})"


def whole_units(value: float, setting: str) -> int:
    """A limit as processes share it.

    Raises:
        ConfigurationError: It is not a whole number; the message names the setting.
    """
    if value != int(value):
        raise ConfigurationError(
            f"{setting} is {value:g}, but limits across processes are counted in whole units.",
            cure="Use a whole number; a rate below one per second can be given per minute.",
        )
    return int(value)


@dataclass(slots=True)
class _Builder:
    provider: str
    settings: Settings
    clock: Clock
    quota: SharedQuota | None
    wake: Callable[[], None] = lambda: None

    def admission(self) -> Admission:
        settings = self.settings
        limits = settings.provider_limits(self.provider)
        parallel = limits.max_parallel or 1
        slots = SlotMeter(parallel)
        admission = Admission(
            self.provider,
            (),
            lambda model: self.lane(model, parallel),
            queue_size=settings.llm_executor_queue_size,
            wait_when_full=settings.llm_executor_when_full == "wait",
            queue_timeout_seconds=settings.llm_executor_queue_timeout_seconds,
            most_probes=settings.llm_executor_max_attempts,
            clock=self.clock,
        )
        self.wake = admission.serve
        admission.slots = slots
        admission.limits = (
            Limit(slots, self.setting("max_parallel")),
            *self.shared_slots(limits, None),
            *self.rates(limits, None),
        )
        return admission

    def lane(self, model: str, provider_parallel: int) -> Lane:
        settings = self.settings
        limits = settings.model_limits(self.provider, model)
        parallel = min(limits.max_parallel or provider_parallel, provider_parallel)
        return Lane(
            model,
            SlotMeter(parallel, adaptive=settings.llm_executor_adaptive),
            (*self.shared_slots(limits, model), *self.rates(limits, model)),
            Breaker(settings.llm_executor_breaker_failures, settings.llm_executor_breaker_seconds),
            output_token_weight=limits.output_token_weight,
        )

    def rates(self, limits: ProviderLimits, model: str | None) -> tuple[Limit, ...]:
        return tuple(
            Limit(
                self.meter(getattr(limits, name), seconds, shared_name, self.setting(name, model), model),
                self.setting(name, model),
                counts_tokens=name == "tpm",
            )
            for name, seconds, shared_name in RATES
            if getattr(limits, name) is not None
        )

    def shared_slots(self, limits: ProviderLimits, model: str | None) -> tuple[Limit, ...]:
        if self.quota is None or limits.max_parallel is None:
            return ()
        name = limit_name(self.provider, model, "parallel")
        meter = LeasedMeter(
            self.quota, name, limits.max_parallel, window_seconds=None, clock=self.clock, wake=self.wake
        )
        return (Limit(meter, self.setting("max_parallel", model)),)

    def meter(
        self, capacity: float, seconds: float, shared_name: str, setting: str, model: str | None
    ) -> Meter:
        if self.quota is None:
            return WindowMeter(*_whole(capacity, seconds))
        return LeasedMeter(
            self.quota,
            limit_name(self.provider, model, shared_name),
            whole_units(capacity, setting),
            window_seconds=seconds,
            clock=self.clock,
            wake=self.wake,
        )

    def setting(self, name: str, model: str | None = None) -> str:
        return setting_of(self.settings, self.provider, model, name)


def _whole(capacity: float, seconds: float) -> tuple[float, float]:
    """A rate under one call per window, as one call per longer window."""
    return (capacity, seconds) if capacity >= 1 else (1.0, seconds / capacity)
