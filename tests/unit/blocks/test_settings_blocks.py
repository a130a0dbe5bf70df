"""What blocks say of techne's settings, and what they tell nobody (card: blocks/)."""

from __future__ import annotations

import ast
import re

import pytest
from prefect.blocks.system import Secret
from pydantic import SecretStr, ValidationError

from blocks import (
    BLOCKS,
    PROVIDER_BLOCKS,
    BedrockProvider,
    DocumentStore,
    GeminiProvider,
    OllamaProvider,
    OpenAIProvider,
    ProviderBlock,
    SettingsBlock,
    TrackingTable,
)
from techne.settings import Settings

KEY = "sk-nobody-may-see-this"
KEYED = (GeminiProvider, OpenAIProvider, OllamaProvider)

CHANGED = (
    BedrockProvider(model="eu.model", max_parallel=7, qps=None, rpm=None, tpm=2_000_000, max_tokens=99),
    GeminiProvider(model="gemini-x", qps=None, rpm=30, api_key=SecretStr(KEY)),
    OpenAIProvider(model="gpt-x", base_url="http://vllm:8000/v1", tpm=1.5, api_key=SecretStr(KEY)),
    OllamaProvider(model="llama3.1-8b", host="gpu", num_ctx=8192, keep_alive="1h", timeout_seconds=5),
    TrackingTable(table_name="executions", region="eu-west-1"),
    DocumentStore(base_uri="s3://documents/dev", allowed_prefixes=["s3://documents", "s3://calls"]),
)


@pytest.mark.parametrize("block", BLOCKS)
def test_every_field_is_described_and_every_text_is_there(block: type[SettingsBlock]) -> None:
    schema = block.model_json_schema()
    for name, field in schema["properties"].items():
        assert field.get("title"), name
        assert re.fullmatch(r"[A-Z].+\.", field.get("description", "")), name
    assert (block.get_description() or "").endswith(".")


@pytest.mark.parametrize("block", BLOCKS)
def test_the_code_example_is_python_that_loads_the_block(block: type[SettingsBlock]) -> None:
    example = re.fullmatch(r"\s*```python\n(.+)```\s*", block.get_code_example() or "", re.DOTALL)
    assert example is not None
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(example[1])) if isinstance(node, ast.Call)}
    assert f"{block.__name__}.load" in calls


@pytest.mark.parametrize("block", CHANGED, ids=lambda block: block.get_block_type_slug())
def test_what_a_block_says_holds_and_all_else_stays_as_it_was(block: SettingsBlock) -> None:
    before = Settings(llm_temperature=0.1, techne_max_dataset_bytes=5)
    after = block.applied_to(before)
    said = block.settings()
    assert {name for name in Settings.model_fields if getattr(after, name) != getattr(before, name)} <= set(
        said
    )
    assert after != before
    assert block.applied_to(after) == after


@pytest.mark.parametrize("block", CHANGED, ids=lambda block: block.get_block_type_slug())
def test_a_child_process_reads_from_its_environment_what_the_block_says(
    block: SettingsBlock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in block.environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == block.applied_to(Settings())


@pytest.mark.parametrize("block", CHANGED, ids=lambda block: block.get_block_type_slug())
def test_settings_can_be_turned_into_the_block_that_says_them(block: SettingsBlock) -> None:
    said = block.from_settings(block.applied_to(Settings())).settings()
    keys = {name for name in block.settings() if name.endswith("_api_key")}
    assert {**said, **{key: block.settings()[key] for key in keys}} == block.applied_to(
        Settings()
    ).model_dump(include=set(block.settings()))
    assert not any(name.endswith("_api_key") for name in said)


@pytest.mark.parametrize("block", PROVIDER_BLOCKS)
def test_a_block_as_the_form_opens_changes_nothing(block: type[ProviderBlock]) -> None:
    assert block.model_validate({}).applied_to(Settings()) == Settings()


def test_limits_of_the_json_setting_win_as_they_do_in_the_executor() -> None:
    settings = Settings.model_validate({"llm_executor_model_limits": '{"openai": {"rpm": 7}}'})
    assert OpenAIProvider.from_settings(settings).rpm == 7


def test_an_empty_limit_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_EXECUTOR_BEDROCK_RPM", "3")
    block = BedrockProvider(rpm=None)
    assert block.environment()["LLM_EXECUTOR_BEDROCK_RPM"] == "unlimited"
    assert block.applied_to(Settings()).provider_limits("bedrock").rpm is None


@pytest.mark.parametrize("block", KEYED)
def test_a_key_shows_nowhere_but_in_a_childs_environment(
    block: type[GeminiProvider | OpenAIProvider | OllamaProvider],
) -> None:
    for keyed in (block(api_key=SecretStr(KEY)), block(api_key_secret=Secret(value=KEY))):
        shown = f"{keyed!r} {keyed} {keyed.settings()} {keyed.model_dump()} {keyed.model_dump_json()}"
        assert KEY not in shown
        assert KEY in keyed.environment().values()
        assert KEY not in repr(keyed.applied_to(Settings()))


def test_a_key_of_digits_stays_a_text() -> None:
    block = OpenAIProvider(api_key_secret=Secret(value="0123456789"))
    assert block.environment()["OPENAI_API_KEY"] == "0123456789"


def test_a_key_that_was_emptied_leaves_the_process_its_own() -> None:
    block = OpenAIProvider(api_key=SecretStr(""))
    settings = block.applied_to(Settings(openai_api_key=SecretStr(KEY)))
    assert settings.openai_api_key == SecretStr(KEY)


def test_a_key_that_is_given_twice_is_refused_without_showing_it() -> None:
    with pytest.raises(ValidationError, match="given twice") as refused:
        GeminiProvider(api_key=SecretStr(KEY), api_key_secret=Secret(value=KEY))
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("values", [{"rpm": 0}, {"max_parallel": 0}, {"model": ""}, {"unheard_of": 1}])
def test_a_value_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        BedrockProvider.model_validate(values)
