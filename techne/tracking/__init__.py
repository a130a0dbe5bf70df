"""The business record of every execution, and the lease that makes it run once."""

from techne.tracking.heartbeat import Heartbeat
from techne.tracking.model import Acquired, Completed, ExecutionRecord, ExecutionStatus, Lease
from techne.tracking.store import RecordTable, TrackingStore, open_tracking, utc_now

__all__ = [
    "Acquired",
    "Completed",
    "ExecutionRecord",
    "ExecutionStatus",
    "Heartbeat",
    "Lease",
    "RecordTable",
    "TrackingStore",
    "open_tracking",
    "utc_now",
]
