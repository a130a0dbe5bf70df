"""Settings of a flow run from the blocks that a Prefect server keeps (TECHNE_BLOCKS).

A variable of the run's own environment goes over a block, for it is the nearer of the two. A block speaks for
every run on the server; a variable is one deployment's, one run's (`--job-variable env.NAME=value`) or one
machine's, and is how ECS hands secrets in. What no variable says is the block's to say, so that a change in
the server's UI holds for the next run. Which blocks there are, and what they set, the package `blocks` says.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.context import FlowRunContext
from prefect.exceptions import ObjectNotFound
from pydantic import ValidationError

from blocks import BLOCKS, SettingsBlock
from tasks.prefect_api import prefect_errors
from techne.errors import ConfigurationError
from techne.settings import Settings, get_settings

logger = logging.getLogger(__name__)


async def settings_of_run() -> Settings:
    """The settings of the flow run that is under way: those in force, over those of the blocks.

    The blocks are read once in a run; a run inside another one has that one's settings. A block that is not
    saved sets nothing. Have tasks see them by `techne.settings.using_settings`.

    Raises:
        ConfigurationError: A block has a value that its setting can't have, two blocks disagree, or the
            server refuses us.
        ProviderUnavailableError: The server can't be reached.
    """
    settings = get_settings()
    if not settings.techne_blocks or _is_inside_another_run():
        return settings
    with prefect_errors():
        async with get_client() as client:
            found = await asyncio.gather(*(_read(client, block, settings.techne_blocks) for block in BLOCKS))
    saved = [one for one in found if one is not None]
    logger.info(
        "Settings come from %s too", ", ".join(one.name for one in saved) or "no block, for none is saved"
    )
    return below(settings, saved)


@dataclass(frozen=True, slots=True)
class SavedBlock:
    """A block as the server has it.

    Args:
        name: As TYPE-SLUG/NAME.
        block: What is saved.
    """

    name: str
    block: SettingsBlock


def below(settings: Settings, saved: Sequence[SavedBlock]) -> Settings:
    """These settings, with what blocks say of those that the environment does not set.

    Args:
        settings: Those of the environment; they know which of them were set.
        saved: The blocks, in any order.

    Raises:
        ConfigurationError: A block has a value that its setting can't have, or two blocks disagree.
    """
    said: dict[str, tuple[str, object]] = {}
    applied = settings
    for one in saved:
        for setting, value in one.block.settings().items():
            earlier, other = said.setdefault(setting, (one.name, value))
            if other != value and setting not in settings.model_fields_set:
                raise ConfigurationError(
                    f"The blocks {earlier} and {one.name} disagree about {setting.upper()}.",
                    cure=f"Save the same value in both, or set {setting.upper()} in the environment.",
                )
        try:
            applied = one.block.applied_to(applied)
        except ValidationError as error:
            raise _unusable(one.name, error) from None
    own = {name: getattr(settings, name) for name in settings.model_fields_set}
    return applied.model_copy(update=own)


async def _read(client: PrefectClient, block: type[SettingsBlock], name: str) -> SavedBlock | None:
    slug = block.get_block_type_slug()
    try:
        document = await client.read_block_document_by_name(name, slug)
    except ObjectNotFound:
        return None
    return SavedBlock(f"{slug}/{name}", _hydrated(block, document))


def _hydrated(block: type[SettingsBlock], document: BlockDocument) -> SettingsBlock:
    try:
        return block.model_validate(document.data)
    except ValidationError as error:
        raise _unusable(f"{block.get_block_type_slug()}/{document.name}", error) from None


def _unusable(name: str, error: ValidationError) -> ConfigurationError:
    first = error.errors(include_input=False, include_url=False)[0]  # the input may be a key
    where = ".".join(map(str, first["loc"]))
    return ConfigurationError(
        f"The block {name} can't be used: {where or 'it'}: {first['msg']}.",
        cure="Correct it in the server's UI, or run techne-bootstrap.",
    )


def _is_inside_another_run() -> bool:
    context = FlowRunContext.get()
    return context is not None and context.flow_run is not None and bool(context.flow_run.parent_task_run_id)
