"""Log lines: the format of S1-44, JSON for CloudWatch Logs Insights, and whose they are."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from techne.logs import LOGGERS, add_log_fields, configure_logging, known_log_fields, log_fields

Written = Callable[[], str]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    """Reads standard error; handlers are as before afterwards."""
    before = {name: logging.getLogger(name).handlers[:] for name in LOGGERS}
    yield lambda: capsys.readouterr().err
    for name, handlers in before.items():
        logging.getLogger(name).handlers[:] = handlers


def json_lines(written: Written) -> list[dict[str, object]]:
    return [json.loads(line) for line in written().splitlines()]


def test_text_is_time_module_level_and_message(written: Written) -> None:
    configure_logging("INFO", "text")
    logging.getLogger("techne.documents").info("Parsed: %d chars", 150_000)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d - test_logs - INFO - Parsed: 150000 chars\n", written()
    )


def test_json_is_one_object_a_line_with_the_time_in_utc(written: Written) -> None:
    configure_logging("INFO", "json")
    logging.getLogger("techne.documents").info("não\nhá %s", "fala")
    (line,) = json_lines(written)
    moment = datetime.fromisoformat(str(line.pop("timestamp")))
    assert moment.tzinfo == UTC
    assert abs((datetime.now(UTC) - moment).total_seconds()) < 3600
    assert line == {
        "level": "INFO",
        "logger": "techne.documents",
        "module": "test_logs",
        "message": "não\nhá fala",
    }


def test_an_exception_is_text_in_its_line(written: Written) -> None:
    configure_logging("INFO", "json")
    try:
        int("broken")
    except ValueError:
        logging.getLogger("flows").exception("It failed")
    (line,) = json_lines(written)
    assert line["level"] == "ERROR"
    assert str(line["exception"]).startswith("Traceback")
    assert str(line["exception"]).endswith("ValueError: invalid literal for int() with base 10: 'broken'")


def test_figures_of_a_call_are_members_that_can_be_summed(written: Written) -> None:
    configure_logging("INFO", "json")
    logging.getLogger("techne.llm").info("a call", extra={"llm": {"tokens": 12, "cost_usd": 0.5}})
    assert json_lines(written)[0]["llm"] == {"tokens": 12, "cost_usd": 0.5}


def test_levels_below_are_left_out_and_other_libraries_are_left_alone(written: Written) -> None:
    before = logging.getLogger("botocore").level
    configure_logging("WARNING", "json")
    logging.getLogger("techne.llm").info("not this")
    logging.getLogger("tasks").warning("but this")
    assert [line["message"] for line in json_lines(written)] == ["but this"]
    assert logging.getLogger("botocore").level == before


async def test_lines_say_whose_they_are_in_tasks_and_threads_of_the_run(written: Written) -> None:
    configure_logging("INFO", "json")
    logger = logging.getLogger("flows")

    async def run(name: str) -> None:
        with log_fields(flow_run_id=name, execution_id=None):
            piece = asyncio.create_task(asyncio.sleep(0))  # started before the id is known
            add_log_fields(execution_id=f"of-{name}")
            await asyncio.gather(piece, asyncio.to_thread(logger.info, "from a thread"))
            logger.info("from the run")

    await asyncio.gather(run("a"), run("b"))
    logger.info("from outside")
    told = [
        (line["message"], line.get("flow_run_id"), line.get("execution_id")) for line in json_lines(written)
    ]
    assert sorted(told[:-1]) == [
        ("from a thread", "a", "of-a"),
        ("from a thread", "b", "of-b"),
        ("from the run", "a", "of-a"),
        ("from the run", "b", "of-b"),
    ]
    assert told[-1] == ("from outside", None, None)


def test_an_inner_block_adds_to_the_outer_one_for_itself_alone() -> None:
    with log_fields(flow_run_id="inbox"):
        with log_fields(flow_run_id="document"):
            add_log_fields(execution_id="x")
            assert dict(known_log_fields()) == {"flow_run_id": "document", "execution_id": "x"}
        assert dict(known_log_fields()) == {"flow_run_id": "inbox"}
    add_log_fields(execution_id="of nobody")
    assert dict(known_log_fields()) == {}


def test_ids_that_prefect_gives_its_records_go_over_ours(written: Written) -> None:
    configure_logging("INFO", "json")
    with log_fields(flow_run_id="outer"):
        logging.getLogger("flows").info("of a subflow", extra={"flow_run_id": "inner", "task_run_id": "t"})
    (line,) = json_lines(written)
    assert (line["flow_run_id"], line["task_run_id"]) == ("inner", "t")
