"""Settings of a run from the blocks that a real server keeps (TECHNE_BLOCKS; card: blocks/)."""

from __future__ import annotations

import logging
import socket
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.blocks.system import Secret
from prefect.settings import PREFECT_API_URL, temporary_settings

from blocks import BedrockProvider, DocumentStore, OpenAIProvider, TrackingTable
from flows.block_settings import SavedBlock, below, settings_of_run
from flows.docgen import docgen
from techne.documents.request import DocgenRequest
from techne.errors import ConfigurationError, ProviderUnavailableError, UnsafeURIError
from techne.settings import Settings, get_settings, using_settings
from tests.integration.docgen_runs import event

KEY = "sk-nobody-may-see-this"


@pytest.fixture
def name(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of this test's blocks, from which runs read their settings."""
    name = f"blocks-{uuid4().hex}"
    monkeypatch.setenv("TECHNE_BLOCKS", name)
    get_settings.cache_clear()
    return name


async def test_a_block_that_is_changed_holds_for_the_next_run(name: str) -> None:
    for bucket in ("first", "second"):
        await DocumentStore(base_uri=f"s3://{bucket}").asave(name, overwrite=True)
        with using_settings(await settings_of_run()):
            assert get_settings().output_bucket == bucket
    assert get_settings().output_bucket is None


async def test_the_environment_goes_over_a_block_and_keys_are_resolved_and_not_shown(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = Secret[str](value=KEY)
    await secret.asave(name)
    await OpenAIProvider(model="of-the-block", max_parallel=7, api_key_secret=secret).asave(name)
    monkeypatch.setenv("OPENAI_MODEL", "of-the-environment")
    get_settings.cache_clear()
    with caplog.at_level(logging.DEBUG):
        settings = await settings_of_run()
    assert settings.openai_model == "of-the-environment"
    assert settings.llm_executor_openai_max_parallel == 7
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == KEY
    assert f"openai-provider/{name}" in caplog.text
    assert KEY not in caplog.text + repr(settings)


async def test_without_saved_blocks_or_their_name_the_environment_is_all(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await settings_of_run() == get_settings()
    monkeypatch.delenv("TECHNE_BLOCKS")
    get_settings.cache_clear()
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):
        assert await settings_of_run() == get_settings()


async def test_a_server_that_cannot_be_reached_is_named(name: str) -> None:
    with socket.socket() as taken:  # bound and not listening
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api"
        with (
            temporary_settings({PREFECT_API_URL: address}),
            pytest.raises(ProviderUnavailableError, match=r"Prefect can't be reached at http://127\.0\.0\.1"),
        ):
            await settings_of_run()


async def test_a_run_works_with_its_blocks_down_to_its_tasks(tmp_path: Path, name: str) -> None:
    store = DocumentStore(base_uri=str(tmp_path), allowed_prefixes=[tmp_path.as_uri()])
    await store.asave(name)
    with pytest.raises(UnsafeURIError, match="outside the allowed places"):  # the recording is in samples/
        await docgen(DocgenRequest.model_validate(event(tmp_path, "refused")))
    store.allowed_prefixes = []
    await store.asave(name, overwrite=True)
    result = await docgen(DocgenRequest.model_validate(event(tmp_path, "allowed")))
    assert result.markdown_s3_uri.startswith(tmp_path.as_uri())


def test_blocks_that_disagree_are_named_unless_the_environment_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saved = [
        SavedBlock("tracking-table/techne", TrackingTable(table_name="executions", region="eu-west-1")),
        SavedBlock("document-store/techne", DocumentStore(base_uri="s3://lessons", region="us-west-2")),
    ]
    with pytest.raises(
        ConfigurationError,
        match="The blocks tracking-table/techne and document-store/techne disagree about AWS_REGION",
    ):
        below(Settings(), saved)
    monkeypatch.setenv("AWS_REGION", "sa-east-1")
    settings = below(Settings(), saved)
    assert (settings.aws_region, settings.tracking_table) == ("sa-east-1", "executions")


def test_a_value_that_no_setting_can_have_is_named_and_not_shown() -> None:
    odd = BedrockProvider.model_construct(**{**dict(BedrockProvider()), "max_parallel": KEY})
    with pytest.raises(ConfigurationError, match="bedrock-provider/techne can't be used: llm_exec") as caught:
        below(Settings(), [SavedBlock("bedrock-provider/techne", odd)])
    assert KEY not in str(caught.value)
