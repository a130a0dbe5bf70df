"""What the requests' schemas tell the Prefect UI, and its server, about their forms."""

from __future__ import annotations

from typing import Any

import pytest
from prefect import Flow
from prefect.utilities.schema_tools.validation import validate

from flows.annotation import annotation
from flows.annotation_review import annotation_review
from flows.docgen import docgen
from flows.docgen_inbox import docgen_inbox
from flows.maintenance import maintenance
from techne.annotation.request import AnnotationRequest
from techne.annotation.review.request import ReviewRequest
from techne.documents.inbox_request import InboxRequest
from techne.documents.request import DocgenRequest
from techne.forms import Form
from techne.tracking.upkeep import UpkeepRequest

FORMS = [
    (docgen, DocgenRequest),
    (docgen_inbox, InboxRequest),
    (annotation, AnnotationRequest),
    (annotation_review, ReviewRequest),
    (maintenance, UpkeepRequest),
]


def fields_of(flow: Flow[..., Any], form: type[Form]) -> dict[str, dict[str, Any]]:
    definitions = flow.parameters.model_dump()["definitions"]
    properties: dict[str, dict[str, Any]] = definitions[form.__name__]["properties"]
    return properties


@pytest.mark.parametrize(("flow", "form"), FORMS)
def test_each_field_has_a_title_a_description_and_its_place(flow: Flow[..., Any], form: type[Form]) -> None:
    shown = fields_of(flow, form)
    assert sorted(shown, key=lambda name: int(shown[name]["position"])) == list(form.model_fields)
    assert all(field["title"] and field["description"] for field in shown.values())


@pytest.mark.parametrize(("flow", "form"), FORMS)
def test_no_field_offers_null_as_a_type_of_its_own(flow: Flow[..., Any], form: type[Form]) -> None:
    """But one: a label set would be sent with its defaults, though nobody has filled it in."""
    assert {name for name, field in fields_of(flow, form).items() if "anyOf" in field} <= {"label_set"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"model": None, "max_cost_usd": None, "video_metadata": None},
        {"video_metadata": {"duration": None, "size_bytes": 3}},
    ],
)
def test_the_server_takes_null_for_what_may_be_left_out(given: dict[str, Any]) -> None:
    request = {"transcription_s3_uri": "s3://bucket/lesson.json", **given}
    validate({"request": request}, docgen.parameters.model_dump(), raise_on_error=True)


@pytest.mark.parametrize("given", [{"model": 5}, {"max_cost_usd": 0}, {"video_metadata": {"length": 3}}])
def test_the_server_refuses_what_the_request_refuses(given: dict[str, Any]) -> None:
    request = {"transcription_s3_uri": "s3://bucket/lesson.json", **given}
    assert validate({"request": request}, docgen.parameters.model_dump())
