"""What a table of records can do. It knows no rule of leases, so that tables can't differ in any."""

from __future__ import annotations

from typing import Protocol

from techne.tracking.model import ExecutionRecord, ExecutionStatus, Page


class RecordTable(Protocol):
    """Where records are kept. Safe to use from several threads and processes."""

    def check(self) -> None:
        """Raise ConfigurationError unless records can be read and written."""
        ...

    def get(self, execution_id: str) -> ExecutionRecord | None:
        """The record as last written."""
        ...

    def put(self, record: ExecutionRecord, *, replacing_revision: int | None) -> bool:
        """Write a record if the stored one has that revision, or if there is none for None.

        Returns:
            False if the condition did not hold; nothing was written then.
        """
        ...

    def recent(self, *, status: ExecutionStatus | None, limit: int) -> tuple[ExecutionRecord, ...]:
        """The records that were updated last, newest first."""
        ...

    def page(self, *, after: str | None, limit: int) -> Page:
        """At most so many records, those after the one that a page ended with; None is the beginning."""
        ...
