"""The executor's figures for Prometheus: `register(executor)`, or `metrics_text(executor)` for your own page.

Everything is read from `LLMExecutor.usage()` when Prometheus asks; a call pays for nothing but the books that
are kept anyway. Figures are of one process; Prometheus adds them up. Hit ratio, mean times and error ratios
are left to queries, such as `rate(techne_llm_cache_hits_total[5m]) / rate(techne_llm_requests_total[5m])`.

Needs the package `prometheus-client` (extra `metrics`).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import attrgetter
from weakref import WeakKeyDictionary

from techne.errors import ConfigurationError
from techne.llm.accounting import FAILURE_KINDS, LATENCY_BOUNDS_SECONDS, Histogram, LaneState, ModelUsage
from techne.llm.executor import LLMExecutor
from techne.llm.model import Usage

try:
    from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
        Metric,
    )
    from prometheus_client.registry import Collector
except ImportError as error:
    raise ConfigurationError(
        "Metrics need the package prometheus-client, which is not installed.",
        cure="Install techne with its extra `metrics`: pip install 'techne[metrics]'.",
    ) from error

PREFIX = "techne_llm_"
LABELS = ("provider", "model")
MOST_MODELS = 200
"""Models with a series of their own, since requests may name any model; those that come later share one."""
OTHER_MODELS = "other"
MOST_LABEL_CHARACTERS = 128

FAILURES = tuple(kind for kind in FAILURE_KINDS.values() if kind not in {"queue_full", "budget"})
"""Kinds that are there from the start, at 0: a rate needs the value before the first failure."""
BREAKER_STATES = ("closed", "half_open", "open")
BUCKETS = (*(repr(bound) for bound in LATENCY_BOUNDS_SECONDS), "+Inf")

COUNTERS = {
    "requests": "Requests taken, cached ones included.",
    "refused": "Requests refused because the queue was full.",
    "attempts": "Calls sent to the provider.",
    "answers": "Calls that were answered.",
    "cancelled": "Calls given up by the caller.",
    "retries": "Calls sent because an earlier one failed.",
    "fallbacks": "Requests passed on to another provider or model.",
    "repairs": "JSON answers that had to be repaired.",
    "asked_again": "JSON answers that were asked for again: invalid, or cut off.",
    "unpriced_calls": "Answered calls without a known price.",
}
"""Figures of `ModelUsage` that are counters under their own names."""

Labels = tuple[str, ...]


class _ModelLabels:
    """Labels of an executor's models, the same for ever: a counter must not move to another series."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._labels: dict[tuple[str, str], Labels] = {}
        self._lock = threading.Lock()

    def of(self, figures: ModelUsage | LaneState) -> Labels:
        model = (figures.provider, figures.model)
        with self._lock:
            labels = self._labels.get(model)
            if labels is None:
                if len(self._labels) >= self._most:
                    return (OTHER_MODELS, OTHER_MODELS)
                labels = self._labels[model] = (_printable(figures.provider), _printable(figures.model))
            return labels


def _printable(text: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in text[:MOST_LABEL_CHARACTERS]
    )


_labels: WeakKeyDictionary[LLMExecutor, _ModelLabels] = WeakKeyDictionary()
_labels_lock = threading.Lock()


class ExecutorCollector(Collector):
    """One executor's figures, as Prometheus collects them.

    Args:
        executor: Whose figures.
    """

    def __init__(self, executor: LLMExecutor) -> None:
        self._executor = executor
        with _labels_lock:
            self._labels = _labels.setdefault(executor, _ModelLabels(MOST_MODELS))

    def describe(self) -> Iterable[Metric]:
        """The families without samples, by which a registry knows another executor's."""
        return _families({}, {})

    def collect(self) -> Iterable[Metric]:
        """The figures as they are now."""
        usage = self._executor.usage()
        models: dict[Labels, list[ModelUsage]] = {}
        lanes: dict[Labels, list[LaneState]] = {}
        for figures in usage.models:
            models.setdefault(self._labels.of(figures), []).append(figures)
        for lane in usage.lanes:
            lanes.setdefault(self._labels.of(lane), []).append(lane)
        return _families(models, lanes)


def register(executor: LLMExecutor, registry: CollectorRegistry | None = None) -> ExecutorCollector:
    """Let Prometheus collect an executor's figures; `registry.unregister()` takes the result.

    Args:
        executor: Whose figures.
        registry: Where to; the process's own, which `prometheus_client.start_http_server` serves, if omitted.

    Raises:
        ConfigurationError: The registry collects an executor's figures already.
    """
    collector = ExecutorCollector(executor)
    try:
        (REGISTRY if registry is None else registry).register(collector)
    except ValueError as error:
        raise ConfigurationError(
            "This Prometheus registry collects an LLM executor's figures already.",
            cure="Unregister it, or give each executor a registry of its own.",
        ) from error
    return collector


def metrics_text(executor: LLMExecutor) -> str:
    """The figures in Prometheus's text format; its media type is `prometheus_client.CONTENT_TYPE_LATEST`."""
    registry = CollectorRegistry()
    registry.register(ExecutorCollector(executor))
    return generate_latest(registry).decode("utf-8")


def _families(
    models: Mapping[Labels, Sequence[ModelUsage]], lanes: Mapping[Labels, Sequence[LaneState]]
) -> Iterator[Metric]:
    for name, what in COUNTERS.items():
        yield _counter(name, what, models, attrgetter(name))
    yield _counter(
        "cache_hits",
        "Requests answered from the cache, or by an identical one in flight.",
        models,
        lambda figures: figures.cached,
    )
    yield _counter(
        "cost_usd",
        "Cost in US dollars of the calls with a known price.",
        models,
        lambda figures: float(figures.cost_usd),
    )
    yield _counter(
        "throttles",
        "Calls that the provider refused for coming too soon; they are among the failures, too.",
        models,
        lambda figures: figures.failures.get("throttled", 0),
    )
    yield _failures(models)
    yield _by_kind(
        "tokens",
        "Tokens in (prompt cache included) and out.",
        models,
        {"input": lambda tokens: tokens.input_tokens, "output": lambda tokens: tokens.output_tokens},
    )
    yield _by_kind(
        "prompt_cache_tokens",
        "Input tokens that a provider read from its prompt cache, or wrote to it; part of the input.",
        models,
        {"read": lambda tokens: tokens.cache_read_tokens, "write": lambda tokens: tokens.cache_write_tokens},
    )
    yield _histogram(
        "call_duration_seconds",
        "Time from sending a call to its answer, one attempt each.",
        models,
        lambda figures: figures.latency,
    )
    yield _histogram(
        "queue_wait_seconds",
        "Wait in the queue before the first attempt.",
        models,
        lambda figures: figures.queue_wait,
    )
    yield _gauge("queue_length", "Requests that wait for their turn.", lanes, lambda lane: lane.waiting)
    yield _gauge("calls_in_flight", "Calls that wait for an answer.", lanes, lambda lane: lane.in_flight)
    yield _gauge(
        "parallel_limit",
        "Calls that may be in flight now; throttles lower it.",
        lanes,
        lambda lane: lane.max_parallel,
    )
    yield _breakers(lanes)
    openings = CounterMetricFamily(
        f"{PREFIX}breaker_openings", "Times that the circuit breaker has opened.", labels=LABELS
    )
    for labels, group in lanes.items():
        openings.add_metric(labels, sum(lane.breaker_opened for lane in group))
    yield openings


def _counter(
    name: str,
    what: str,
    models: Mapping[Labels, Sequence[ModelUsage]],
    value: Callable[[ModelUsage], float],
) -> Metric:
    family = CounterMetricFamily(PREFIX + name, what, labels=LABELS)
    for labels, group in models.items():
        family.add_metric(labels, sum(map(value, group)))
    return family


def _failures(models: Mapping[Labels, Sequence[ModelUsage]]) -> Metric:
    family = CounterMetricFamily(f"{PREFIX}failures", "Calls that failed, by kind.", labels=(*LABELS, "kind"))
    for labels, group in models.items():
        kinds = Counter(dict.fromkeys(FAILURES, 0))
        for figures in group:
            kinds.update(figures.failures)
        for kind, count in kinds.items():
            family.add_metric((*labels, kind), count)
    return family


def _by_kind(
    name: str,
    what: str,
    models: Mapping[Labels, Sequence[ModelUsage]],
    kinds: Mapping[str, Callable[[Usage], int]],
) -> Metric:
    family = CounterMetricFamily(PREFIX + name, what, labels=(*LABELS, "kind"))
    for labels, group in models.items():
        for kind, tokens_of in kinds.items():
            family.add_metric((*labels, kind), sum(tokens_of(figures.tokens) for figures in group))
    return family


def _histogram(
    name: str,
    what: str,
    models: Mapping[Labels, Sequence[ModelUsage]],
    histogram_of: Callable[[ModelUsage], Histogram],
) -> Metric:
    family = HistogramMetricFamily(PREFIX + name, what, labels=LABELS)
    for labels, group in models.items():
        histograms = [histogram_of(figures) for figures in group]
        counts = map(sum, zip(*(histogram.counts for histogram in histograms), strict=True))
        family.add_metric(
            labels,
            list(zip(BUCKETS, accumulate(counts), strict=True)),
            sum(histogram.total_seconds for histogram in histograms),
        )
    return family


def _gauge(
    name: str, what: str, lanes: Mapping[Labels, Sequence[LaneState]], value: Callable[[LaneState], int]
) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, what, labels=LABELS)
    for labels, group in lanes.items():
        family.add_metric(labels, sum(map(value, group)))
    return family


def _breakers(lanes: Mapping[Labels, Sequence[LaneState]]) -> Metric:
    family = GaugeMetricFamily(
        f"{PREFIX}breaker_state",
        "1 for the state that the circuit breaker is in, 0 for the others.",
        labels=(*LABELS, "state"),
    )
    for labels, group in lanes.items():
        for state in BREAKER_STATES:
            family.add_metric((*labels, state), sum(lane.breaker == state for lane in group))
    return family
