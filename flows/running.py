"""What flows have around their work: settings, log lines that say whose they are, SIGTERM, metrics."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from prefect.runtime import flow_run

from flows.block_settings import settings_of_run
from flows.stopping import listening
from techne.logs import log_fields
from techne.metrics import RunMetrics, measured
from techne.settings import Settings, observation_settings, using_settings


@dataclass(frozen=True, slots=True)
class Running:
    """A flow run under way.

    Attributes:
        settings: Those of the run; they are in force in the block.
        metrics: What it tells of itself at the end.
    """

    settings: Settings
    metrics: RunMetrics


@asynccontextmanager
async def running(flow: str) -> AsyncIterator[Running]:
    """Run the block as a flow run: the whole function, so that no failure goes unseen.

    Args:
        flow: The flow's name, one of `techne.metrics.FLOW_METRICS`.

    Raises:
        ConfigurationError: A block on the server can't be used.
        ProviderUnavailableError: The server that keeps the blocks can't be reached.
    """
    with log_fields(flow_run_id=flow_run.get_id()), measured(flow, observation_settings()) as metrics:
        settings = await settings_of_run()
        with using_settings(settings), listening(settings.stop_grace_seconds):
            yield Running(settings, metrics)
