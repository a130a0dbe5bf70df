"""The table of executions as a block."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from blocks.settings_block import Overrides, SettingsBlock, default_of
from techne.settings import Settings, get_settings
from techne.tracking import TrackingStore, open_tracking


class TrackingTable(SettingsBlock):
    """The DynamoDB table with the record of each execution, and the lease that makes an execution run once.

    Without a table the records are in a SQLite file below the process's TECHNE_HOME, which no other machine
    sees. The credentials are those of the process. Code takes the block up with `open`, or with
    `applied_to` where settings are asked for; a deployment or work pool by a reference in the `env` of its
    job variables: `prefect.blocks.tracking-table.techne.table_name` in double braces for TRACKING_TABLE.

    Example:
        ```python
        from blocks import TrackingTable

        tracking = TrackingTable.load("techne").open()
        record = tracking.get("550e8400-e29b-41d4-a716-446655440000")
        print(record.status if record else "unknown")
        ```
    """

    _block_type_name = "Tracking Table"
    _block_type_slug = "tracking-table"
    _description = "The DynamoDB table in which techne records each execution, and leases it to one worker."

    table_name: str | None = Field(
        None,
        title="Table",
        description="DynamoDB table whose key is the string `execution_id`; empty for a local SQLite file.",
    )
    region: str = Field(
        default_of("aws_region"), title="AWS region", min_length=1, description="Region of the table."
    )

    def settings(self) -> Overrides:
        """TRACKING_TABLE and AWS_REGION; the region is that of S3 and Bedrock too, as techne has one."""
        return {"tracking_table": self.table_name or None, "aws_region": self.region}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The table of TRACKING_TABLE, or the SQLite file that is used without it."""
        return cls(table_name=settings.tracking_table, region=settings.aws_region)

    def open(self) -> TrackingStore:
        """The store of the records. Nothing is asked of the table before the store is used."""
        return open_tracking(self.applied_to(get_settings()))
