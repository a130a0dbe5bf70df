"""Lines of metrics of whole flows: whose calls are whose, where one run is inside another (S1-45, S1-56)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flows.docgen import docgen
from flows.docgen_inbox import docgen_inbox
from techne.documents.inbox_request import InboxRequest
from techne.documents.request import DocgenRequest
from techne.errors import ConfigurationError
from techne.llm import close_shared_executors
from techne.settings import get_settings
from tests.integration.annotation_runs import event, paid, panel, run, serving
from tests.integration.docgen_runs import event as docgen_event
from tests.integration.docgen_runs import small_recording
from tests.loopback.bedrock import BedrockServer
from tests.support import scripted_model
from tests.support.embedded_metrics import EmittedLine, lines_of

pytestmark = pytest.mark.usefixtures("prefect_server")

TECHNICAL = (
    "If the worker shows error 502 you must restart nginx with systemctl restart nginx.",
    "The read timeout in the file nginx.conf is 60 seconds.",
)

Lines = Callable[[], dict[str, list[EmittedLine]]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Reads the lines that were written since the last time, by flow."""
    monkeypatch.setenv("METRICS", "emf")
    get_settings.cache_clear()

    def read() -> dict[str, list[EmittedLine]]:
        by_flow: dict[str, list[EmittedLine]] = {}
        for line in lines_of(capfd.readouterr().out):
            by_flow.setdefault(line.members["Flow"], []).append(line)
        return by_flow

    return read


async def test_an_inbox_counts_its_documents_and_what_they_cost_together(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name in ("one", "two"):
        small_recording(folder / f"{name}.json", *TECHNICAL, f"The service {name} listens on port 8443.")
    (folder / "broken.json").write_text("{")
    with BedrockServer(scripted_model.respond) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        get_settings.cache_clear()
        request = InboxRequest(prefix=str(folder), output=str(tmp_path / "out"), engine="bedrock")
        result = await docgen_inbox(request)
        calls = [request for request in server.requests if request.messages]
        tokens = [server.responder(call).counted(call) for call in calls]
    told = lines()
    assert result.done == 2
    (inbox,) = told["docgen-inbox"]
    assert (inbox.values["Success"], inbox.values["Documents"], inbox.values["Calls"]) == (1, 2, len(calls))
    assert inbox.values["InputTokens"] == sum(sent for sent, _ in tokens)
    assert inbox.values["OutputTokens"] == sum(received for _, received in tokens)
    # A question that both documents ask is answered once.
    assert 0 < inbox.values["CostUsd"] <= sum(one.cost_usd or 0 for one in result.objects)
    documents = told["docgen"]
    assert sorted(line.values["Success"] for line in documents) == [0, 1, 1]
    assert len({line.members["execution_id"] for line in documents}) == 3
    assert not [line for line in documents if {"Calls", "CostUsd"} & set(line.values)]


async def test_a_document_that_is_there_already_costs_nothing(lines: Lines, tmp_path: Path) -> None:
    request = DocgenRequest.model_validate(docgen_event(tmp_path, "twice"))
    await docgen(request)
    await docgen(request)
    first, second = lines()["docgen"]
    assert first.values["Chunks"] == 1
    assert "Chunks" not in second.values
    assert (second.values["Success"], second.values["CostUsd"]) == (1, 0)


async def test_settings_that_can_t_be_read_are_a_failed_run(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASE_SECONDS", "soon")
    get_settings.cache_clear()
    with pytest.raises(ConfigurationError):
        await docgen(DocgenRequest.model_validate(docgen_event(tmp_path, "unreadable")))
    (line,) = lines()["docgen"]
    assert (line.values["Success"], line.members["error"]) == (0, "ConfigurationError")
    assert "LEASE_SECONDS" in line.members["reason"]


async def test_an_experiment_counts_items_calls_and_cost(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch) as server:
        experiment = await run(event(tmp_path, "counted"))
        cost = paid(server)
    (line,) = lines()["annotation"]
    assert line.values["Success"] == 1
    assert (line.values["Items"], line.values["Calls"]) == (
        experiment.result.items,
        experiment.result.calls_sent,
    )
    assert line.values["CostUsd"] == pytest.approx(float(cost))


async def test_an_experiment_that_its_budget_stopped_is_no_success(
    lines: Lines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(monkeypatch):
        stopped = await run(event(tmp_path, "thrifty", models=panel("gpt-4.1"), max_cost_usd=0.01))
    (line,) = lines()["annotation"]
    assert stopped.result.stopped_by
    assert (line.values["Success"], line.members["reason"]) == (0, stopped.result.stopped_by)
    close_shared_executors()
