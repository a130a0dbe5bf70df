"""Figures of runs for CloudWatch (S1-45, S1-56), in its embedded metric format on standard output.

Prometheus and OpenTelemetry figures of single calls are `techne.llm`'s.
"""

from techne.metrics.embedded import Metric, MetricLineError, Unit, embedded_line, write_line
from techne.metrics.run import (
    FLOW_METRICS,
    STALE_LEASES,
    UNITS,
    MetricName,
    RunMetrics,
    measured,
    namespace,
    tell_unfinished_runs,
)

__all__ = [
    "FLOW_METRICS",
    "STALE_LEASES",
    "UNITS",
    "Metric",
    "MetricLineError",
    "MetricName",
    "RunMetrics",
    "Unit",
    "embedded_line",
    "measured",
    "namespace",
    "tell_unfinished_runs",
    "write_line",
]
