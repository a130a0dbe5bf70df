"""The business record of every execution, and the lease that makes it run once."""

from techne.tracking.heartbeat import Heartbeat
from techne.tracking.model import Acquired, Completed, ExecutionRecord, ExecutionStatus, Lease, Page
from techne.tracking.store import TrackingStore, open_tracking, utc_now
from techne.tracking.table import RecordTable

__all__ = [
    "Acquired",
    "Completed",
    "ExecutionRecord",
    "ExecutionStatus",
    "Heartbeat",
    "Lease",
    "Page",
    "RecordTable",
    "TrackingStore",
    "open_tracking",
    "utc_now",
]
