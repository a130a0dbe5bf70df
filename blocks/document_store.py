"""The place of documents as a block."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from blocks.settings_block import Overrides, SettingsBlock, default_of
from techne.errors import ConfigurationError, TechneError, UnsafeURIError
from techne.settings import Settings, get_settings
from techne.storage import ObjectStore, ObjectURI, open_store, parse_uri


class DocumentStore(SettingsBlock):
    """The folder that documents are written to, and the places that flows may read and write.

    The credentials are those of the process. Code takes the block up with `open` and `uri`, or with
    `applied_to` where settings are asked for. A local folder has no setting: it is a flow's `output`.

    Example:
        ```python
        from blocks import DocumentStore

        documents = DocumentStore.load("techne")
        store = documents.open()
        for found in store.list(documents.uri("2026-11")):
            print(found.uri, found.size)
        ```
    """

    _block_type_name = "Document Store"
    _block_type_slug = "document-store"
    _description = "Where techne writes documents, and which places its flows may read and write."

    base_uri: str = Field(
        title="Folder",
        min_length=1,
        description="Where documents go: `s3://bucket/folder`, or a local folder.",
    )
    allowed_prefixes: list[str] = Field(
        default_factory=list,
        title="Allowed places",
        description="URIs below which flows may read and write, the folder's among them; empty allows all.",
    )
    region: str = Field(
        default_of("aws_region"), title="AWS region", min_length=1, description="Region of the bucket."
    )

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            self.folder()
        except TechneError as error:
            raise ValueError(str(error)) from error
        return self

    def settings(self) -> Overrides:
        """OUTPUT_BUCKET (unset for a local folder), TECHNE_ALLOWED_URIS and AWS_REGION."""
        folder = self.folder()
        return {
            "output_bucket": str(folder).removeprefix("s3://") if folder.scheme == "s3" else None,
            "techne_allowed_uris": tuple(self.allowed_prefixes),
            "aws_region": self.region,
        }

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The bucket of OUTPUT_BUCKET, and TECHNE_ALLOWED_URIS.

        Raises:
            ConfigurationError: OUTPUT_BUCKET is not set, or is not in an allowed place.
        """
        if not settings.output_bucket:
            raise ConfigurationError("OUTPUT_BUCKET is not set.", cure="Set it to the bucket of documents.")
        base = f"s3://{settings.output_bucket}"
        allowed = settings.techne_allowed_uris
        try:
            parse_uri(base, allowed_prefixes=allowed, folder=True)
        except UnsafeURIError as error:
            raise ConfigurationError(f"OUTPUT_BUCKET can't be used: {error}") from error
        return cls(base_uri=base, allowed_prefixes=list(allowed), region=settings.aws_region)

    def open(self) -> ObjectStore:
        """The store that holds the folder. Nothing is asked of it before it is used."""
        return open_store(self.folder(), self.applied_to(get_settings()))

    def folder(self) -> ObjectURI:
        """The folder of all documents.

        Raises:
            UnsafeURIError: It is no usable URI, or lies outside the allowed places.
        """
        return parse_uri(self.base_uri, allowed_prefixes=self.allowed_prefixes, folder=True)

    def uri(self, relative: str) -> ObjectURI:
        """The object or folder at a relative path; raises UnsafeURIError if that would lie elsewhere."""
        return self.folder() / relative
