"""The Bedrock provider by itself, against a loopback server (S4-5, S4-6, S4-16)."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from techne.errors import (
    LLMError,
    MalformedResponseError,
    ProviderAccessError,
    ProviderUnavailableError,
    RequestRejectedError,
    ThrottledError,
)
from techne.llm.model import EmbedRequest, LLMRequest, Message, Usage
from techne.llm.provider import ProviderAnswer
from techne.llm.providers.bedrock import BedrockProvider
from techne.settings import Settings
from tests.loopback import FaultPlan, Reply, Responder, default_responder
from tests.loopback.bedrock import BedrockServer

SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
NOVA = "us.amazon.nova-pro-v1:0"
PROFILE_ARN = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3"
TEXT = "Réinicie o serviço: `kubectl rollout restart deployment/pagamentos`. " * 3
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"type": "string"}},
    "required": ["kind"],
}
LONG_SYSTEM = "Answer as the rules say. " + "Every rule has its reason, and each reason its rule. " * 200

Start = Callable[..., BedrockServer]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Starts servers that the environment leads to."""
    servers: list[BedrockServer] = []

    def begin(responder: Responder = default_responder, **options: Any) -> BedrockServer:
        server = BedrockServer(responder, **options).start()
        servers.append(server)
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        return server

    yield begin
    for server in servers:
        server.close()


@pytest.fixture
async def provider(tmp_path: Path) -> Any:
    """A provider with the default settings."""
    built = BedrockProvider(Settings(techne_home=tmp_path))
    yield built
    await built.close()


def ask(prompt: str = "Why?", **fields: Any) -> LLMRequest:
    return LLMRequest(provider="bedrock", prompt=prompt, **fields)


async def taken(provider: BedrockProvider, request: LLMRequest) -> tuple[list[str], ProviderAnswer]:
    pieces = [piece async for piece in provider.stream(request)]
    answer = pieces.pop()
    assert isinstance(answer, ProviderAnswer)
    return [str(piece) for piece in pieces], answer


# What is sent


@pytest.mark.parametrize("model", [SONNET, PROFILE_ARN, "arn:aws:bedrock:::custom/ü b~c"])
async def test_path_and_signature_are_those_that_boto3_sends(
    model: str, start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    server = start()
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session-token")
    await provider.complete(ask("É assim?", model=model, system="Curto."))
    ours = server.received[0]
    body = json.loads(ours.body)
    boto3.client("bedrock-runtime").converse(modelId=model, **body)
    theirs = server.received[1]
    assert ours.path == theirs.path
    assert json.loads(ours.body) == json.loads(theirs.body)
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]
    assert ours.headers["X-Amz-Security-Token"] == theirs.headers["X-Amz-Security-Token"]
    assert _signed_headers(ours.headers) == _signed_headers(theirs.headers)
    assert theirs.is_signed_with("testing")
    assert ours.is_signed_with("testing")
    assert not ours.is_signed_with("another")


def _signed_headers(headers: dict[str, str]) -> str:
    return headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0]


async def test_a_bearer_token_stands_in_for_a_signature(
    start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "a-bedrock-key")
    await provider.complete(ask())
    assert server.received[0].headers["Authorization"] == "Bearer a-bedrock-key"


async def test_a_conversation_goes_out_with_its_parameters(start: Start, provider: BedrockProvider) -> None:
    server = start()
    turns = (
        Message(role="user", content="One?"),
        Message(role="assistant", content="Two."),
        Message(role="user", content="Three?"),
    )
    await provider.complete(LLMRequest(provider="bedrock", messages=turns, top_p=0.5, top_k=20))
    sent = server.requests[0]
    assert sent.messages == [("user", "One?"), ("assistant", "Two."), ("user", "Three?")]
    # Claude refuses a temperature beside top_p, so our own default stays at home
    assert sent.body["inferenceConfig"] == {"maxTokens": 4096, "topP": 0.5}
    assert sent.body["additionalModelRequestFields"] == {"top_k": 20}


async def test_a_model_without_sampling_is_sent_none(start: Start, provider: BedrockProvider) -> None:
    server = start()
    request = ask(model="us.anthropic.claude-opus-4-7", temperature=0.2, top_p=0.5)
    await provider.complete(request)
    assert server.requests[0].body["inferenceConfig"] == {"maxTokens": 4096}
    assert provider.parameters(request) == {"max_tokens": 4096}


async def test_no_more_is_asked_for_than_the_model_can_answer(
    start: Start, provider: BedrockProvider
) -> None:
    server = start()
    request = ask(model=NOVA, max_output_tokens=50_000)
    answer = await provider.complete(request)
    assert server.requests[0].max_tokens == answer.output_limit == answer.output_ceiling == 10_000
    assert provider.output_limit(request) == 10_000


async def test_the_provider_needs_no_vendor_sdk_for_a_call(start: Start) -> None:
    start()
    code = (
        "import asyncio, sys\n"
        "from techne.llm.model import LLMRequest\n"
        "from techne.llm.providers.bedrock import BedrockProvider\n"
        "from techne.settings import Settings\n"
        "provider = BedrockProvider(Settings())\n"
        "assert not {'botocore', 'aiohttp'} & set(sys.modules)\n"
        "asyncio.run(provider.complete(LLMRequest(provider='bedrock', prompt='Why?')))\n"
        "assert not {'boto3', 'langchain_aws', 'langchain_core'} & set(sys.modules)\n"
    )
    ran = await asyncio.to_thread(
        lambda: subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    )
    assert ran.returncode == 0, ran.stderr


# Connection and credentials


async def test_a_cancelled_call_ends_its_connection(start: Start, provider: BedrockProvider) -> None:
    server = start(faults=FaultPlan(["timeout"]))
    call = asyncio.create_task(provider.complete(ask()))
    await asyncio.to_thread(server.wait_for, 1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.to_thread(server.wait_for, 1, 1)  # the server saw the client go, long before it gives up


async def test_no_credentials_is_an_access_error_that_names_what_to_set(
    start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start()
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ProviderAccessError, match=r"AWS_PROFILE.*AWS_BEARER_TOKEN_BEDROCK"):
        provider.prepare(SONNET)
    assert server.received == []
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    await provider.check()  # given later, they are found
    assert server.requests[0].max_tokens == 1


def credential_process(folder: Path, monkeypatch: pytest.MonkeyPatch, *, fails_from: int = 1000) -> None:
    """A profile whose first two sets of credentials are about to end: botocore asks twice at the start."""
    soon, late = (
        (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        for seconds in (90, 3600)
    )
    script = folder / "credentials.py"
    script.write_text(
        "import json, pathlib, sys\n"
        f"asked = pathlib.Path({str(folder / 'asked')!r})\n"
        "number = len(asked.read_text()) + 1 if asked.exists() else 1\n"
        "asked.write_text('x' * number)\n"
        f"number < {fails_from} or sys.exit(1)\n"
        f"end = {soon!r} if number < 3 else {late!r}\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': f'KEY{number}', 'SecretAccessKey': 'testing',"
        " 'SessionToken': 't', 'Expiration': end}))\n"
    )
    config = folder / "aws-config"
    config.write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")


async def test_credentials_that_run_out_are_renewed_once_for_all_calls(
    start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = start()
    credential_process(tmp_path, monkeypatch)
    await asyncio.gather(*(provider.complete(ask(str(n))) for n in range(5)))
    assert {received.access_key for received in server.received} == {"KEY3"}
    assert all(received.is_signed_with("testing") for received in server.received)
    assert len((tmp_path / "asked").read_text()) == 3


async def test_credentials_that_can_t_be_renewed_are_an_access_error(
    start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = start()
    credential_process(tmp_path, monkeypatch, fails_from=3)
    with pytest.raises(ProviderAccessError, match="CredentialRetrievalError"):
        await provider.complete(ask())
    assert server.received == []


async def test_a_certificate_bundle_of_one_s_own_is_trusted(
    start: Start, provider: BedrockProvider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    server = start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server._http.socket = context.wrap_socket(server._http.socket, server_side=True)
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url.replace("http:", "https:"))
    distrustful = BedrockProvider(Settings())
    with pytest.raises(ProviderUnavailableError):
        await distrustful.complete(ask())
    await distrustful.close()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    assert (await provider.complete(ask())).text
    assert server.received[0].is_signed_with("testing")


def self_signed(folder: Path) -> Path:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "certificate.pem"
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return file


def test_an_application_profile_can_do_what_its_model_can(start: Start, provider: BedrockProvider) -> None:
    start()
    able = provider.capabilities(PROFILE_ARN)
    assert (able.context_tokens, able.max_output_tokens, able.native_json_schema) == (200_000, 64_000, True)


def test_an_application_profile_that_aws_won_t_describe_has_common_limits(
    start: Start, provider: BedrockProvider
) -> None:
    start().close()
    able = provider.capabilities(PROFILE_ARN)
    assert (able.context_tokens, able.max_output_tokens, able.native_json_schema) == (128_000, 4096, False)


# Streams


async def test_a_stream_gives_its_text_in_pieces_and_the_whole_answer_last(
    start: Start, provider: BedrockProvider
) -> None:
    server = start(lambda _: Reply(TEXT, input_tokens=70, output_tokens=9, cache_read_tokens=30))
    pieces, answer = await taken(provider, ask())
    assert len(pieces) > 3
    assert "".join(pieces) == answer.text == TEXT
    assert (answer.finish_reason, answer.output_limit) == ("stop", 4096)
    assert answer.usage == Usage(input_tokens=70, output_tokens=9, cache_read_tokens=30)
    assert server.requests[0].operation == "converse-stream"
    assert server.received[0].is_signed_with("testing")


@pytest.mark.parametrize(
    ("model", "form"),
    [(SONNET, "native"), (NOVA, "tool"), ("us.meta.llama3-3-70b-instruct-v1:0", "tool"), ("acme.m", None)],
    ids=["native", "forced tool", "tool that the model leaves alone", "words"],
)
async def test_json_streams_however_it_was_asked_for(
    model: str, form: str | None, start: Start, provider: BedrockProvider
) -> None:
    server = start(lambda _: Reply('{"kind": "a risk that is described at some length"}'))
    pieces, answer = await taken(provider, ask(model=model, json_schema=SCHEMA))
    assert server.requests[0].schema_by == form
    assert json.loads("".join(pieces)) == json.loads(answer.text)
    assert answer.finish_reason == "stop"


@pytest.mark.parametrize(
    ("fault", "kind", "says"),
    [
        ("internal_error", ProviderUnavailableError, "InternalServerException"),
        ("truncated_body", MalformedResponseError, "not its protocol"),
        ("broken_json", MalformedResponseError, "not its protocol"),
    ],
)
async def test_a_stream_that_breaks_in_its_middle_is_typed(
    fault: Any, kind: type[LLMError], says: str, start: Start, provider: BedrockProvider
) -> None:
    start(lambda _: Reply(TEXT), faults=FaultPlan([fault]))
    stream = provider.stream(ask())
    assert TEXT.startswith(str(await anext(stream)))
    with pytest.raises(kind, match=says):
        [piece async for piece in stream]


async def test_a_stream_refused_at_its_start_is_typed_as_any_call(
    start: Start, provider: BedrockProvider
) -> None:
    start(faults=FaultPlan(["throttle"]))
    with pytest.raises(ThrottledError, match="ThrottlingException"):
        await taken(provider, ask())


async def test_closing_a_stream_early_breaks_its_connection(start: Start, provider: BedrockProvider) -> None:
    server = start(lambda _: Reply(TEXT), faults=FaultPlan(["timeout"]))
    stream = provider.stream(ask())
    assert TEXT.startswith(str(await anext(stream)))
    await stream.aclose()  # type: ignore[attr-defined]
    await asyncio.to_thread(server.wait_for, 1, 1)


# Cache checkpoints


async def test_a_long_system_text_that_repeats_is_cached_from_its_second_use(
    start: Start, provider: BedrockProvider
) -> None:
    server = start()
    answers = [await provider.complete(ask(f"{n}?", system=LONG_SYSTEM)) for n in range(3)]
    marked = [request.body["system"][1:] for request in server.requests]
    assert marked == [[], [{"cachePoint": {"type": "default"}}], [{"cachePoint": {"type": "default"}}]]
    written, read = answers[1].usage, answers[2].usage
    assert written.cache_write_tokens == read.cache_read_tokens > 1024
    assert written.cache_read_tokens == read.cache_write_tokens == 0
    assert answers[0].usage.input_tokens == written.input_tokens == read.input_tokens


@pytest.mark.parametrize(
    ("fields", "settings"),
    [
        ({"system": LONG_SYSTEM}, {"llm_prompt_cache": False}),
        ({"system": "Be brief."}, {}),
        ({"system": LONG_SYSTEM, "model": "us.meta.llama3-3-70b-instruct-v1:0"}, {}),
        ({"system": LONG_SYSTEM, "model": "us.anthropic.claude-haiku-4-5-20251001-v1:0"}, {}),
    ],
    ids=["switched off", "short", "model without a cache", "shorter than this model caches"],
)
async def test_other_prefixes_are_not_marked(
    fields: dict[str, Any], settings: dict[str, Any], start: Start
) -> None:
    server = start()
    provider = BedrockProvider(Settings(**settings))
    for n in range(2):
        await provider.complete(ask(f"{n}?", **fields))
    await provider.close()
    assert all("cachePoint" not in json.dumps(request.body) for request in server.requests)


async def test_a_refused_checkpoint_is_not_sent_again(start: Start, provider: BedrockProvider) -> None:
    server = start(caches=False)
    request = ask(system=LONG_SYSTEM)
    await provider.complete(request)
    with pytest.raises(ProviderUnavailableError, match="prompt caching"):
        await provider.complete(request)
    await provider.complete(request)
    assert ["cachePoint" in json.dumps(sent.body) for sent in server.requests] == [False, True, False]


async def test_every_call_in_flight_with_a_refused_schema_can_be_tried_again(
    start: Start, provider: BedrockProvider
) -> None:
    server = start(lambda _: Reply('{"kind": "risk"}'), faults=FaultPlan(["schema"] * 3))
    provider.prepare(SONNET)  # so that all three are written before the first of them is sent
    calls = [provider.complete(ask(str(n), json_schema=SCHEMA)) for n in range(3)]
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert {type(error) for error in errors} == {ProviderUnavailableError}
    assert not provider.capabilities().native_json_schema
    await provider.complete(ask(json_schema=SCHEMA))
    assert server.requests[-1].schema_by == "tool"


# Vectors and counts


async def test_titan_is_asked_text_by_text(start: Start, provider: BedrockProvider) -> None:
    server = start()
    texts = ("one text", "a second text", "um terceiro")
    made = await provider.embed(EmbedRequest(provider="bedrock", texts=texts, dimensions=256))
    assert [request.body for request in server.requests] == [
        {"inputText": text, "dimensions": 256} for text in texts
    ]
    assert {request.model for request in server.requests} == {"amazon.titan-embed-text-v2:0"}
    assert [len(vector) for vector in made.vectors] == [256] * 3
    assert len(set(made.vectors)) == 3
    assert made.usage == Usage(input_tokens=sum(len(text) // 4 + 1 for text in texts))


async def test_cohere_is_asked_for_many_texts_at_once(start: Start, provider: BedrockProvider) -> None:
    server = start()
    texts = tuple(f"text {number}" for number in range(100))
    request = EmbedRequest(provider="bedrock", model="us.cohere.embed-v4:0", texts=texts)
    made = await provider.embed(request)
    assert [len(sent.messages) for sent in server.requests] == [96, 4]
    assert len(set(made.vectors)) == 100
    assert made.usage.input_tokens == sum(len(text) // 4 + 1 for text in texts)


async def test_a_model_of_words_makes_no_vectors(start: Start, provider: BedrockProvider) -> None:
    server = start()
    with pytest.raises(RequestRejectedError, match="BEDROCK_EMBEDDING_MODEL_ID"):
        await provider.embed(EmbedRequest(provider="bedrock", model=SONNET, texts=("one",)))
    assert server.received == []


async def test_a_refused_embedding_is_typed(start: Start, provider: BedrockProvider) -> None:
    start(faults=FaultPlan([None, "throttle"]))
    with pytest.raises(ThrottledError):
        await provider.embed(EmbedRequest(provider="bedrock", texts=("one", "two")))


async def test_tokens_are_counted_by_the_base_model(start: Start, provider: BedrockProvider) -> None:
    server = start(lambda _: Reply("", input_tokens=1234))
    counted = await provider.count_tokens(ask(system="Be brief.", json_schema=SCHEMA))
    assert counted == 1234
    sent = server.requests[0]
    assert (sent.operation, sent.model) == ("count-tokens", SONNET.removeprefix("us."))
    assert (sent.system, sent.prompt) == ("Be brief.", "Why?")


async def test_a_count_that_bedrock_won_t_make_is_estimated_from_then_on(
    start: Start, provider: BedrockProvider
) -> None:
    server = start(faults=FaultPlan(["access_denied"]))
    text = "word " * 1000
    counts = [await provider.count_tokens(ask(text)) for _ in range(2)]
    assert counts == [1008, 1008]
    assert len(server.requests) == 1


async def test_a_model_that_is_not_counted_is_estimated(start: Start, provider: BedrockProvider) -> None:
    server = start()
    assert await provider.count_tokens(ask("word " * 1000, model=NOVA)) == 1008
    assert server.received == []


async def test_a_throttled_count_is_an_error_that_can_be_tried_again(
    start: Start, provider: BedrockProvider
) -> None:
    start(lambda _: Reply("", input_tokens=7), faults=FaultPlan(["throttle"]))
    with pytest.raises(ThrottledError):
        await provider.count_tokens(ask())
    assert await provider.count_tokens(ask()) == 7
