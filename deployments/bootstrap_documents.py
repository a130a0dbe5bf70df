"""Blocks that are saved on a server from the settings: one of each type of techne's, and the results' bucket.

A document's keys are nobody's here: they are neither read nor written, so what was entered in the UI stays.
Nor does prefect-aws have to be installed: the server knows the fields of its blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
from prefect.client.schemas.objects import BlockDocument, BlockType
from prefect.exceptions import ObjectNotFound
from pydantic import JsonValue

from blocks import PROVIDER_BLOCKS, DocumentStore, SettingsBlock, TrackingTable
from deployments.bootstrap_plan import MISSING, Finding, differing
from techne.errors import ConfigurationError
from techne.settings import Settings
from techne.storage import parse_uri

NAME = "techne"
"""Name of the documents of techne's own types."""
RESULTS_TYPE = "s3-bucket"
RESULTS_NAME = "techne-results"
RESULTS_FOLDER = "prefect-results"


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """A block document that a server should have.

    Attributes:
        type_slug: Slug of its block type.
        name: Its name.
        data: Values by field; the document's other fields are left as they are.
        block: The class that describes the type now; None takes the server's word.
    """

    type_slug: str
    name: str
    data: Mapping[str, JsonValue]
    block: type[SettingsBlock] | None = None


def settings_documents(settings: Settings) -> Iterator[DocumentSpec]:
    """A document for each provider, and for the table and the bucket that the settings name."""
    for provider in PROVIDER_BLOCKS:
        yield _document(provider.from_settings(settings))
    if settings.tracking_table:
        yield _document(TrackingTable.from_settings(settings))
    if settings.output_bucket:
        yield _document(DocumentStore.from_settings(settings))


def _document(block: SettingsBlock) -> DocumentSpec:
    kept_out = {field.partition(".")[0] for field in type(block).model_json_schema()["secret_fields"]}
    data = block.model_dump(mode="json", include=set(type(block).model_fields) - kept_out)
    return DocumentSpec(block.get_block_type_slug(), NAME, data, type(block))


def results_document(bucket: str) -> DocumentSpec:
    """The S3Bucket of prefect-aws that keeps the results of tasks, with the credentials of the process.

    Raises:
        UnsafeURIError: There can be no bucket of that name.
    """
    parse_uri(f"s3://{bucket}", folder=True)
    return DocumentSpec(RESULTS_TYPE, RESULTS_NAME, {"bucket_name": bucket, "bucket_folder": RESULTS_FOLDER})


def find_documents(client: SyncPrefectClient, specs: Iterable[DocumentSpec]) -> Iterator[Finding]:
    """Each of these documents: saved with these values, or not."""
    for spec in specs:
        document = _Document(client, spec)
        yield Finding("block", f"{spec.type_slug}/{spec.name}", document.difference(), document.save)


class _Document:
    def __init__(self, client: SyncPrefectClient, spec: DocumentSpec) -> None:
        self._client = client
        self._spec = spec
        self._found = self._read()

    def difference(self) -> str | None:
        """What differs between the document and its specification."""
        if self._found is None:
            return MISSING
        if difference := differing(self._spec.data, self._found.data):
            return difference
        checksum = self._spec.block and self._spec.block._to_block_schema().checksum
        schema = self._found.block_schema
        if checksum is not None and (schema is None or schema.checksum != checksum):
            return "it has the fields of another version"
        return None

    def save(self) -> None:
        """Create the document, or update its fields."""
        block_type = self._type()
        schema_id = self._schema_id(block_type)
        if self._found is None:
            created = BlockDocumentCreate(
                name=self._spec.name,
                data=dict(self._spec.data),
                block_type_id=block_type.id,
                block_schema_id=schema_id,
            )
            self._client.create_block_document(created)
            return
        # Prefect drops the references to other blocks that an update doesn't repeat.
        references: dict[str, JsonValue] = {
            field: {"$ref": {"block_document_id": str(reference["block_document"]["id"])}}
            for field, reference in self._found.block_document_references.items()
        }
        update = BlockDocumentUpdate(data={**self._spec.data, **references}, block_schema_id=schema_id)
        self._client.update_block_document(self._found.id, update)

    def _read(self) -> BlockDocument | None:
        try:
            return self._client.read_block_document_by_name(
                self._spec.name, self._spec.type_slug, include_secrets=False
            )
        except ObjectNotFound:
            return None

    def _type(self) -> BlockType:
        try:
            return self._client.read_block_type_by_slug(self._spec.type_slug)
        except ObjectNotFound:
            raise ConfigurationError(
                f"The server has no block type `{self._spec.type_slug}`.",
                cure="Register it with `prefect block register -m prefect_aws`, or start the server with "
                "PREFECT_SERVER_BLOCKS_REGISTER_ON_START=true.",
            ) from None

    def _schema_id(self, block_type: BlockType) -> UUID:
        if self._spec.block is not None:
            schema = self._spec.block._to_block_schema()
            return self._client.read_block_schema_by_checksum(schema.checksum, version=schema.version).id
        if self._found is not None and self._found.block_schema_id is not None:
            return self._found.block_schema_id
        newest = self._client.get_most_recent_block_schema_for_block_type(block_type.id)
        if newest is None:
            raise ConfigurationError(f"The server knows no fields of the block type `{block_type.slug}`.")
        return newest.id
