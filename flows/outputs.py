"""Where a run's files go."""

from __future__ import annotations

from techne.settings import Settings
from techne.storage import ObjectURI, parse_uri

DEFAULT_OUTPUT = "output"


def default_output(settings: Settings) -> str:
    """Where outputs go if a request doesn't say: the bucket of OUTPUT_BUCKET, else a local folder."""
    return f"s3://{settings.output_bucket}" if settings.output_bucket else DEFAULT_OUTPUT


def output_folder(output: str | None, settings: Settings, execution_id: str) -> ObjectURI:
    """The folder of one execution.

    Args:
        output: What the request says; None for the default.
        settings: The default, and what may be written.
        execution_id: Name of the folder below it.

    Raises:
        UnsafeURIError: TECHNE_ALLOWED_URIS does not allow it.
    """
    folder = parse_uri(
        output or default_output(settings), allowed_prefixes=settings.techne_allowed_uris, folder=True
    )
    return folder / execution_id
