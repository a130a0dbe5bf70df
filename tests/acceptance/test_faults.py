"""One call in five goes wrong, in every way there is: the document is whole, and the books are right."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from flows.docgen import lambda_handler
from techne.llm import shared_executor
from techne.settings import get_settings
from tests.acceptance.runs import PORTUGUESE, Place, configure
from tests.loopback import Fault, FaultKind, FaultPlan
from tests.loopback.bedrock import BedrockServer
from tests.loopback.faults import PASSING_KINDS
from tests.loopback.ollama import OllamaServer
from tests.support import scripted_model

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("prefect_server")]

BOOKED_AS: dict[FaultKind, str] = {
    "throttle": "throttled",
    "internal_error": "unavailable",
    "unavailable": "unavailable",
    "timeout": "timeout",
    "reset": "unavailable",
    "broken_json": "malformed",
    "truncated_body": "malformed",
}
"""What the books call a fault. An answer cut at the token limit is no failed call."""
EVERY_KIND: list[Fault | FaultKind | None] = [
    step for kind in PASSING_KINDS for step in (None, None, kind, None, None)
]
"""One call in five, so that each kind comes once; later ones fall as the seed has it."""
PATIENCE = {
    "LLM_EXECUTOR_BACKOFF_SECONDS": "0.01",
    "BEDROCK_TIMEOUT_SECONDS": "3",
    "OLLAMA_TIMEOUT_SECONDS": "3",
    "LLM_EXECUTOR_OLLAMA_MAX_PARALLEL": "4",
    "MAX_TOKENS_PER_CHUNK": "400",
}


@pytest.mark.parametrize("server_type", [BedrockServer, OllamaServer], ids=["bedrock", "ollama"])
def test_a_document_comes_through_faults_and_every_attempt_is_accounted(
    place: Place, monkeypatch: pytest.MonkeyPatch, server_type: type[BedrockServer] | type[OllamaServer]
) -> None:
    provider = "bedrock" if server_type is BedrockServer else "ollama"
    faults = FaultPlan(EVERY_KIND, probability=0.2, seed=7)
    with server_type(scripted_model.respond, faults=faults) as server:
        configure(monkeypatch, **server.environment(), **PATIENCE)
        answer = lambda_handler(place.event("faulty", PORTUGUESE, engine=provider))
        usage = shared_executor(get_settings()).usage()
        arrived, outcomes = len(server.requests), Counter(request.outcome for request in server.requests)
    assert answer["statusCode"] == 200, json.dumps(answer)
    assert set(outcomes) == {"ok", *PASSING_KINDS}
    assert 0.15 < 1 - outcomes["ok"] / arrived < 0.3
    (books,) = usage.models
    assert books.attempts == arrived == answer["body"]["calls_sent"]
    failures: Counter[str] = Counter()
    for kind, name in BOOKED_AS.items():
        failures[name] += outcomes[kind]
    assert books.failures == dict(failures)
    assert books.answers == outcomes["ok"] + outcomes["max_tokens"]
    assert books.attempts == books.answers + sum(books.failures.values())
    assert books.retries == sum(failures.values())
    assert answer["body"]["grounding"]["unused_items"] == 0
    manifest = json.loads(place.document("faulty", "manifest.json"))
    assert manifest["details"]["content"]["sections_truncated"] == []
    assert manifest["details"]["content"]["items_rejected"] == []
