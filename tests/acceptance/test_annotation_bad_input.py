"""What is wrong with an experiment's files or options is said in one sentence, before a call is paid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.annotation import lambda_handler
from techne.llm import close_shared_executors
from tests.acceptance.annotation_refusals import EXPERIMENT, Bench, Refused, assert_one_sentence
from tests.acceptance.annotation_runs import LABELS, Inputs, ended, published, start
from tests.acceptance.runs import Place, configure
from tests.loopback.openai import OpenAIServer
from tests.support import scripted_annotator

pytestmark = [pytest.mark.acceptance, pytest.mark.usefixtures("place")]

TEXTS = 30


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(scripted_annotator.respond) as server:
        yield server
    close_shared_executors()


@pytest.fixture
def bench(
    place: Place, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    configure(monkeypatch, **server.environment())
    return Bench(place, Inputs.written(place.folder, TEXTS), server, capsys)


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that can't be used, and what its refusal says beside its name."""

    content: str | bytes
    says: tuple[str, ...]
    name: str = field(default="bad.csv")


def parquet(columns: dict[str, list[Any]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def jsonl(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


NO_TABLES = [
    pytest.param(BadFile("", ("empty",)), id="empty"),
    pytest.param(BadFile(" \n\n", ("empty",)), id="blank"),
    pytest.param(BadFile("\x00\x01\x02", ("NUL",)), id="binary"),
    pytest.param(BadFile(b"PK\x03\x04 and so on", ("Excel", "CSV")), id="workbook"),
    pytest.param(BadFile("id,text\n1,Ol\u00e1\n".encode("utf-16"), ("UTF-16",)), id="UTF-16"),
    pytest.param(BadFile('{"id": "1", "text"\n', ("line 1", "JSON"), "bad.jsonl"), id="broken JSON"),
    pytest.param(BadFile("[1, 2]\n", ("line 1", "array"), "bad.jsonl"), id="JSON array"),
    pytest.param(BadFile(parquet({"id": ["1"]})[:-40], ("Parquet",), "bad.parquet"), id="cut Parquet"),
    pytest.param(BadFile("no Parquet", ("Parquet",), "bad.parquet"), id="no Parquet"),
]
"""For a dataset, for gold and for existing labels alike."""

TEN_MB = "a long text " * (10 * 1024 * 1024 // 12)

DATASETS = [
    *NO_TABLES,
    pytest.param(BadFile("id,text\n", ("no rows",)), id="header only"),
    pytest.param(BadFile("id,text\n1,a\n2,b\n1,c\n", ("'1'", "twice", "row 1", "row 3")), id="duplicate id"),
    pytest.param(BadFile("id,text\n1,a\n,b\n", ("row 2", "'id'", "empty")), id="no id"),
    pytest.param(BadFile("id,text\n1,a\n2, \n", ("row 2", "text", "empty")), id="no text"),
    pytest.param(
        BadFile("id,text\n1,é\n".encode("latin-1"), ("line 2", "'text'", "UTF-8", "iconv")), id="Latin-1"
    ),
    pytest.param(BadFile("id,txt\n1,a\n", ("'text'", "'txt'")), id="missing text column"),
    pytest.param(BadFile("key,text\n1,a\n", ("'id'", "'key'")), id="missing id column"),
    pytest.param(BadFile("id,text\n1,a,b\n", ("row 1", "line 2", "3 cells")), id="ragged row"),
    pytest.param(BadFile('id,text\n1,"a\n2,b\n', ("quote", "line 2")), id="open quote"),
    pytest.param(
        BadFile(f"id,text\n1,a\n2,{TEN_MB}\n", ("row 2", "TECHNE_MAX_TEXT_CHARACTERS")), id="10 MB text"
    ),
    pytest.param(
        BadFile(
            jsonl({"id": "1", "text": "a"}, {"id": "2", "text": ["b"]}), ("line 2", "'text'"), "bad.jsonl"
        ),
        id="list for text",
    ),
    pytest.param(BadFile(parquet({"id": [], "text": []}), ("no rows",), "bad.parquet"), id="empty Parquet"),
    pytest.param(
        BadFile(parquet({"id": ["1"], "text": [None]}), ("row 1", "text", "empty"), "bad.parquet"),
        id="null in Parquet",
    ),
]


@pytest.mark.parametrize("bad", DATASETS)
def test_a_dataset_that_can_not_be_annotated(bench: Bench, bad: BadFile) -> None:
    path = bench.file(bad.name, bad.content)
    bench.refuses({"dataset": path}, path, *bad.says)


GOLD = [
    *NO_TABLES,
    pytest.param(BadFile("id,label\n", ("no rows",)), id="header only"),
    pytest.param(BadFile("id,label\nt1,\nt2,\n", ("none of its 2 rows",)), id="no answer"),
    pytest.param(
        BadFile("id,label\nt1,login\nt2,delivry\n", ("row 2", "'delivry'", "Did you mean 'delivery'?")),
        id="unknown label",
    ),
    pytest.param(
        BadFile("id,label\nt1,login\nt1,billing\n", ("'t1'", "two answers", "row 1", "row 2")),
        id="two answers",
    ),
    pytest.param(BadFile("id,label\nx1,login\n", ("'x1'", "'t0'", "column")), id="nothing matches"),
    pytest.param(BadFile("id,answer\nt1,login\n", ("'label'", "'answer'")), id="missing label column"),
    pytest.param(BadFile("key,label\nt1,login\n", ("'id'", "'key'")), id="missing id column"),
    pytest.param(BadFile("id,label\nt1,d\xe9\n".encode("latin-1"), ("line 2", "UTF-8")), id="Latin-1"),
    pytest.param(BadFile(f"id,label\nt1,{TEN_MB}\n", ("row 1", "unknown")), id="10 MB label"),
]


@pytest.mark.parametrize("bad", GOLD)
def test_gold_that_can_not_be_used(bench: Bench, bad: BadFile) -> None:
    path = bench.file(bad.name, bad.content)
    bench.refuses({"gold": path}, path, *bad.says)


def label_set(*names: str, **more: Any) -> str:
    return json.dumps({"labels": [{"name": name} for name in names], **more})


LABEL_SETS = [
    pytest.param(BadFile("", ("JSON",)), id="empty"),
    pytest.param(BadFile("{", ("JSON",)), id="broken JSON"),
    pytest.param(BadFile('["a", "b"]', ("object",)), id="JSON list"),
    pytest.param(BadFile(b'{"labels": [{"name": "\xe9"}]}', ("JSON",)), id="Latin-1"),
    pytest.param(BadFile(label_set(), ("labels", "at least 2")), id="no label"),
    pytest.param(BadFile(label_set("login"), ("labels", "at least 2")), id="one label"),
    pytest.param(BadFile(label_set("login", "login"), ("'login'", "twice")), id="the same name twice"),
    pytest.param(BadFile(label_set("login", "LOGIN "), ("twice", "case")), id="the same but for case"),
    pytest.param(BadFile(label_set("login", ""), ("labels.1.name",)), id="no name"),
    pytest.param(BadFile(label_set("login", "ABSTAIN"), ("'ABSTAIN'",)), id="ABSTAIN"),
    pytest.param(BadFile(label_set("a", "b", kind="scale"), ("kind",)), id="unknown kind"),
    pytest.param(BadFile(label_set("a", "b", colour="red"), ("colour",)), id="unknown field"),
    pytest.param(BadFile(label_set("a", "b", question=TEN_MB), ("bytes", "limit")), id="10 MB question"),
]


@pytest.mark.parametrize("bad", LABEL_SETS)
def test_a_label_set_that_is_none(bench: Bench, bad: BadFile) -> None:
    path = bench.file("bad.json", bad.content)
    bench.refuses({"labels": path}, path, *bad.says)


EXISTING = [
    *NO_TABLES,
    pytest.param(BadFile("task,worker,label\n", ("no rows",)), id="header only"),
    pytest.param(BadFile("task,worker\nt1,w\n", ("'label'", "'worker'")), id="missing label column"),
    pytest.param(BadFile("task,label\nt1,login\n", ("'worker'", "'model'")), id="missing worker column"),
    pytest.param(
        BadFile("task,worker,label\nt0,w,login\nt1,w,logn\n", ("row 2", "'logn'", "'login'")),
        id="unknown label",
    ),
    pytest.param(BadFile("task,worker,label\nt0,,login\n", ("row 1", "'worker'")), id="no worker"),
    pytest.param(
        BadFile("task,worker,label,confidence\nt0,w,login,much\n", ("row 1", "'much'")), id="no confidence"
    ),
    pytest.param(BadFile("task,worker,label\nx0,w,login\n", ("'x0'",)), id="gold of other tasks"),
]


@pytest.mark.parametrize("bad", EXISTING)
def test_existing_labels_that_can_not_be_used(bench: Bench, bad: BadFile) -> None:
    path = bench.file(bad.name, bad.content)
    bench.refuses({"annotations": path, "dataset": None}, *bad.says)


def test_existing_labels_of_which_there_is_only_one(bench: Bench) -> None:
    path = bench.file("one.csv", "task,worker,label\nt0,v,login\nt0,w,login\n")
    changes = {"annotations": path, "dataset": None, "labels": None, "gold": None}
    bench.refuses(changes, path, "'login'", "label set")


@pytest.mark.parametrize("name", ["dataset", "labels", "gold"])
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("/no/such/file.csv", "file.csv"),
        ("/", "folder"),
        ("http://example.com/file.csv", "http"),
        ("file://server/file.csv", "server"),
        ("s3://Not_A_Bucket/file.csv", "Not_A_Bucket"),
        ("a\0b.csv", "character"),
    ],
)
def test_a_file_that_is_none(bench: Bench, name: str, uri: str, says: str) -> None:
    bench.refuses({name: uri}, says)


@pytest.mark.parametrize("name", ["dataset", "labels", "gold", "output"])
def test_a_place_outside_of_what_is_allowed(bench: Bench, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Paths are resolved before they are compared."""
    configure(monkeypatch, TECHNE_ALLOWED_URIS=str(bench.place.folder))
    outside = bench.place.folder.parent / "outside.csv"
    outside.write_text("id,text\n1,a\n")
    bench.refuses({name: f"{bench.place.folder}/../outside.csv"}, "outside.csv", "TECHNE_ALLOWED_URIS")


def test_an_allowed_folder_is_enough(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(monkeypatch, TECHNE_ALLOWED_URIS=str(bench.place.folder))
    done = bench.run(bench.flags(models="embedded/lexicon"))
    assert done.code == 0, done.stderr


@pytest.mark.parametrize("folder", ["occupied", "occupied/below"])
def test_an_output_that_can_not_be_written(bench: Bench, folder: str) -> None:
    occupied = Path(bench.file("occupied", "a file"))
    bench.refuses({"output": str(bench.place.folder / folder)}, str(occupied), code=1)
    assert occupied.read_text() == "a file"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"models": "openai,embedded/oracle"}, ("'oracle'", "lexicon"), id="unknown embedded"),
        pytest.param({"models": "openai,embedded"}, ("lexicon",), id="embedded without a name"),
        pytest.param({"models": "openai,nobody"}, ("'nobody'", "openai"), id="unknown provider"),
        pytest.param({"models": "openai/no-such"}, ("no-such", "OPENAI_MODEL"), id="unknown model"),
        pytest.param({"methods": '["vote"]'}, ("'vote'", "majority"), id="unknown method"),
        pytest.param({"consensus": "vote"}, ("'vote'", "majority"), id="unknown consensus"),
        pytest.param({"methods": '["median"]'}, ("median", "ordinal"), id="median of names"),
        pytest.param(
            {"methods": '["gold-weighted"]', "gold": None}, ("gold",), id="gold-weighted without gold"
        ),
    ],
)
def test_an_option_that_names_nothing(
    bench: Bench, changes: dict[str, str | None], says: tuple[str, ...]
) -> None:
    refused = bench.run(bench.flags(**changes))
    assert_one_sentence(refused, code=refused.code, says=says)
    assert refused.code != 0
    bench.assert_nothing_happened()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"labels": None}, ("label set",), id="no label set"),
        pytest.param({"label_set": label_set(*LABELS)}, ("label set", "both"), id="two label sets"),
        pytest.param({"label_set": "{"}, ("label_set", "JSON"), id="inline label set, broken"),
        pytest.param(
            {"label_set": label_set("a")}, ("label", "at least 2"), id="inline label set, one label"
        ),
        pytest.param({"annotations": "votes.csv"}, ("both",), id="dataset and existing labels"),
        pytest.param({"models": "openai,openai"}, ("'openai'", "name"), id="the same model twice"),
        pytest.param(
            {"models": '{"provider": "openai", "colour": 1}'}, ("colour",), id="unknown model field"
        ),
        pytest.param({"models": '{"provider": '}, ("models",), id="model, broken JSON"),
        pytest.param({"strategy": "cascade", "models": "openai"}, ("two models",), id="cascade of one"),
        pytest.param({"strategy": "vote"}, ("strategy", "cascade"), id="unknown strategy"),
        pytest.param({"threshold": "0.2"}, ("threshold",), id="threshold out of bounds"),
        pytest.param({"max_cost_usd": "-1"}, ("max_cost_usd",), id="negative budget"),
        pytest.param({"experiment_id": "../../etc"}, ("experiment_id",), id="id that is a path"),
        pytest.param({"kind": "scale"}, ("kind",), id="unknown kind"),
    ],
)
def test_a_request_that_is_none(bench: Bench, changes: dict[str, str | None], says: tuple[str, ...]) -> None:
    bench.refuses(changes, *says)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("not json", ("JSON",)),
        ("[1]", ("JSON object",)),
        ("{}", ("dataset",)),
        ('{"dataset": "d.csv", "colour": "red"}', ("colour", "known")),
    ],
)
def test_an_event_that_is_none(bench: Bench, event: str, says: tuple[str, ...]) -> None:
    refused = bench.run([event])
    assert_one_sentence(refused, code=2, says=says)
    envelope = json.loads(refused.stdout)
    assert envelope["statusCode"] == 400
    assert envelope["body"]["message"] == refused.message
    bench.assert_nothing_happened()


def test_an_envelope_says_what_the_command_says(bench: Bench) -> None:
    path = bench.file("bad.csv", "id,text\n1,a\n1,b\n")
    event = bench.inputs.event(bench.place, EXPERIMENT, dataset=path, models=[{"provider": "openai"}])
    refused = bench.run([json.dumps(event)])
    assert_one_sentence(refused, code=2, says=(path, "twice"))
    envelope = {"statusCode": 400, "body": {"error": "DatasetError", "message": refused.message}}
    assert json.loads(refused.stdout) == envelope
    assert lambda_handler(event) == envelope
    bench.assert_nothing_happened()


def test_a_plan_refuses_the_same(bench: Bench) -> None:
    path = bench.file("bad.csv", "id,text\n1,a\n1,b\n")
    refused = bench.run([*bench.flags(dataset=path), "--plan"])
    assert_one_sentence(refused, code=2, says=(path, "twice"))
    bench.assert_nothing_happened()


def test_the_same_id_with_other_texts_is_a_conflict(bench: Bench) -> None:
    good = bench.flags(models="embedded/lexicon")
    assert bench.run(good).code == 0
    before = published(bench.place, EXPERIMENT).read("manifest.json")
    other = bench.file("other.csv", "id,text\nt0,a\nt1,b\n")
    refused = bench.run([*good, "--dataset", other])
    assert_one_sentence(refused, code=2, says=(EXPERIMENT, "force"))
    assert published(bench.place, EXPERIMENT).read("manifest.json") == before
    assert bench.server.requests == []


def test_the_real_command_says_it_in_one_sentence_too(bench: Bench) -> None:
    gold = bench.file("gold.csv", "id,label\nt1,login\nt2,delivry\n")
    more = bench.server.environment()
    done = ended(start(bench.place, *bench.flags(gold=gold), more=more))
    refused = Refused(done.code, done.stdout, done.stderr)
    assert_one_sentence(refused, code=2, says=(gold, "row 2", "Did you mean 'delivery'?"))
    assert done.stdout == ""
    bench.assert_nothing_happened()


def test_the_traceback_is_for_those_who_debug(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bench.file("bad.csv", "")
    assert "Traceback" not in bench.run(bench.flags(dataset=path)).stderr
    configure(monkeypatch, LOG_LEVEL="DEBUG")
    assert "Traceback" in bench.run(bench.flags(dataset=path)).stderr
