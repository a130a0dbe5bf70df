"""The types of techne's blocks on a server, so that its UI can show and edit them."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import ObjectNotFound

from blocks import BLOCKS, SettingsBlock
from deployments.bootstrap_plan import MISSING, Finding


def find_block_types(client: SyncPrefectClient) -> Iterator[Finding]:
    """Every block type of techne: registered with its present fields and texts, or not."""
    for block in BLOCKS:
        difference = _difference(client, block)
        yield Finding("block type", block.get_block_type_slug(), difference, block.register_type_and_schema)


def _difference(client: SyncPrefectClient, block: type[SettingsBlock]) -> str | None:
    try:
        found = client.read_block_type_by_slug(block.get_block_type_slug())
    except ObjectNotFound:
        return MISSING
    if not _is_registered(client, block):
        return "its fields have changed"
    # The server keeps these two texts escaped for HTML.
    if unescape(found.description or "") != block.get_description():
        return "its description has changed"
    if unescape(found.code_example or "") != block.get_code_example():
        return "its code example has changed"
    return None


def _is_registered(client: SyncPrefectClient, block: type[SettingsBlock]) -> bool:
    schema = block._to_block_schema()
    try:
        client.read_block_schema_by_checksum(schema.checksum, version=schema.version)
    except ObjectNotFound:
        return False
    return True
