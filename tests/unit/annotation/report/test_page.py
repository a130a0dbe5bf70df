"""The page: whole, safe, and with every figure of the summary that it has room for."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import cache

import pytest

from techne.annotation.report import render_report
from techne.annotation.report.formats import bounds, count, decimal, percent, usd
from techne.annotation.summary import Summary
from tests.unit.annotation.report import summaries
from tests.unit.annotation.report.markup import Page, parse

MAKERS: tuple[Callable[[], Summary], ...] = (
    summaries.panel_of_five,
    summaries.panel_below_its_best,
    summaries.without_gold,
    summaries.one_local_model,
    summaries.nothing,
    summaries.hardly_anything,
    summaries.cascade,
    summaries.multi,
    summaries.ordinal,
    summaries.crowd,
    summaries.fifty_labels,
    summaries.hostile,
)
every_summary = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
ALLOWED_TAGS = """
html head meta title style body header footer nav main section article div span h1 h2 h3 p a bdi strong i
small br code time blockquote ul ol li dl dt dd table caption thead tbody tr th td figure figcaption details
summary svg path circle rect line polyline text desc
"""


@cache
def rendered(make: Callable[[], Summary]) -> str:
    return render_report(make())


@cache
def opened(make: Callable[[], Summary]) -> Page:
    return parse(rendered(make))


@pytest.fixture
def page() -> Page:
    return opened(summaries.panel_of_five)


def words(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@every_summary
def test_the_page_is_valid(make: Callable[[], Summary]) -> None:
    assert opened(make).faults == []


@every_summary
def test_nothing_in_the_page_acts_or_is_fetched(make: Callable[[], Summary]) -> None:
    page = opened(make)
    assert {element.tag for element in page.elements} <= set(ALLOWED_TAGS.split())
    for element in page.elements:
        for name, value in element.attributes.items():
            assert not name.startswith("on"), (element.tag, name)
            assert name not in {
                "style",
                "src",
                "srcset",
                "srcdoc",
                "action",
                "xlink:href",
                "background",
                "ping",
            }
            if name == "href":
                assert element.tag == "a"
                assert re.fullmatch("#[a-z]+", value)
    style = page.all("style")[0].text
    assert not re.search(r"url\(|@import|@font-face|image-set|expression", style)


@every_summary
def test_the_policy_lets_nothing_in_but_the_style_sheet(make: Callable[[], Summary]) -> None:
    page = opened(make)
    digest = base64.b64encode(hashlib.sha256(page.all("style")[0].text.encode()).digest()).decode()
    policy = next(
        meta.attributes["content"]
        for meta in page.all("meta")
        if meta.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == (f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
    before = [element.tag for element in page.elements[: page.elements.index(page.all("style")[0])]]
    assert "style" not in before
    assert len(page.all("style")) == 1


@every_summary
def test_a_summary_read_back_from_its_json_gives_the_same_page(make: Callable[[], Summary]) -> None:
    summary = make()
    assert render_report(Summary.model_validate_json(summary.model_dump_json())) == rendered(make)


@every_summary
def test_every_table_says_what_it_is_and_heads_its_rows_and_columns(make: Callable[[], Summary]) -> None:
    page = opened(make)
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(words(caption.text).strip() for caption in page.all("caption"))
    assert all(head.attributes.get("scope") in {"row", "col"} for head in page.all("th"))
    assert all(words(head.text).strip() for head in page.all("th"))


@every_summary
def test_every_drawing_is_named_or_hidden_from_screen_readers(make: Callable[[], Summary]) -> None:
    for drawing in opened(make).all("svg"):
        if "svg" not in drawing.parents:
            named = drawing.attributes.get("role") == "img" and "aria-labelledby" in drawing.attributes
            assert named or drawing.attributes.get("aria-hidden") == "true"


@every_summary
def test_the_page_is_no_larger_than_a_reader_can_take(make: Callable[[], Summary]) -> None:
    assert len(rendered(make).encode()) < 300_000


def test_the_answer_comes_first_and_the_loud_warning_right_under_it(page: Page) -> None:
    order = [
        element.tag if element.tag == "h1" else element.attributes.get("class", "")
        for element in page.elements
        if element.tag == "h1" or element.attributes.get("class") in {"banner", "reason", "figures"}
    ]
    assert order[:4] == ["h1", "banner", "reason", "figures"]
    assert page.all("h1")[0].text == "Use Accuracy-weighted vote, a consensus of 5 models."
    assert "they are worth 2.2 independent ones" in page.classed("banner")[0].text
    assert "nova-lite failed on 41 items" not in page.classed("banner")[0].text
    assert "nova-lite failed on 41 items" in page.classed("notes")[0].text


def test_the_key_figures_are_there(page: Page) -> None:
    head = words(page.all("dl")[0].text)
    for figure in (
        "90.3 %",
        "88.7 %",
        "2,400",
        "300 with gold",
        "$14.44",
        "$11.93 paid",
        "6 min 31 s",
        "96 %",
    ):
        assert figure in head, figure
    assert "2.2" in head


def test_the_evidence_says_how_sure_the_recommendation_is(page: Page) -> None:
    said = words(page.classed("evidence")[0].text)
    assert "79 % of bootstrap samples" in said
    assert "6 more gold items, each won by claude-sonnet alone, would change it." in said
    assert "about 1,240 more gold items would settle its lead over claude-sonnet" in said


def test_every_model_and_method_stands_with_its_interval(page: Page) -> None:
    summary = summaries.panel_of_five()
    text = words(page.text)
    judged = [*summary.evaluations, *(run.evaluation for run in summary.consensus if run.evaluation)]
    for one in judged:
        assert f"{words(percent(one.accuracy.value))} {bounds(one.accuracy)}" in text
        assert words(percent(one.macro_f1.value)) in text
        assert words(percent(one.accuracy_of_answered)) in text
    rows = [words(head.text).strip() for head in page.all("th") if "(model)" in head.text]
    assert rows == [
        "claude-sonnet (model) best single model",
        *(f"{name} (model)" for name in ("gpt-mini", "gemini-flash", "nova-lite", "llama-8b")),
    ]


def test_every_figure_of_confusions_classes_bins_pairs_and_tests_is_there(page: Page) -> None:
    summary = summaries.panel_of_five()
    text = words(page.text)
    recommended = summary.consensus[0].evaluation
    assert recommended is not None
    cells = [words(cell.text).split()[0] for cell in page.all("td") if cell.text.strip()]
    for row in recommended.confusions[0].counts:
        assert all(count(value) in cells for value in row)
    for score in recommended.classes:
        assert score.precision is not None
        assert f"{words(percent(score.precision.value))} ({bounds(score.precision)})" in text
    assert recommended.calibration is not None
    for each in recommended.calibration.bins:
        assert (
            each.items == 0
            or f"{words(percent(each.mean_confidence))}{words(percent(each.accuracy))}" in text
        )
    for pair in summary.agreement.pairs:
        assert decimal(pair.kappa) in cells
        assert decimal(pair.error_correlation) in cells
    for test in summary.paired_tests:
        assert f"{test.first_only_right} : {test.second_only_right}" in text


def test_what_each_model_did_is_there(page: Page) -> None:
    text = words(page.text)
    for model in summaries.panel_of_five().models:
        for figure in (count(model.labelled), count(model.input_tokens), count(model.output_tokens)):
            assert figure in text
        assert usd(model.cost_usd) in text
        assert model.model in text
    assert "28 throttled" in text
    assert "13 invalid output" in text


def test_a_disputed_item_shows_text_votes_posterior_and_gold(page: Page) -> None:
    second = words(page.classed("dispute")[1].text)
    assert "Few of the trainees had used the torque wrench before." in second
    assert "Consensus: neutral · margin 0.01 · gold: contradiction" in second
    assert "48 % 3 claude-sonnet, gemini-flash, llama-8b" in second
    assert "tie" in words(page.classed("dispute")[0].text)


def test_an_answer_of_several_labels_is_a_vote_for_each() -> None:
    dispute = words(opened(summaries.multi).classed("dispute")[0].text)
    assert "Consensus: delivery, product defect · margin 0.04 · gold: delivery" in dispute
    assert "delivery consensus gold 93 % 2 claude-sonnet, gpt-mini" in dispute
    assert "product defect consensus 52 % 1 claude-sonnet" in dispute
    assert "praise 2 % no vote" in dispute
    assert "billing" not in dispute


def test_who_left_many_items_without_an_answer_is_told_apart_from_who_is_wrong() -> None:
    summary = summaries.panel_of_five()
    judged = summary.evaluations[0].model_copy(update={"answered": 120, "accuracy_of_answered": 0.975})
    text = words(parse(render_report(summary.model_copy(update={"evaluations": (judged,)}))).text)
    assert "answered 120 of 300, 97.5 % of these rightly" in text
    assert "of these rightly" not in words(opened(summaries.panel_of_five).text)


def test_without_gold_the_page_says_what_is_missing_and_how_to_get_it() -> None:
    page = opened(summaries.without_gold)
    assert page.all("h1")[0].text == "The consensus files carry Dawid-Skene, unverified."
    assert "--gold" in page.classed("missing")[0].text
    ids = {section.attributes["id"] for section in page.all("section")}
    assert ids == {
        "accuracy",
        "agreement",
        "methods",
        "distribution",
        "disputed",
        "models",
        "dataset",
        "terms",
    }


def test_one_model_alone_is_told_that_it_has_nobody_to_agree_with() -> None:
    page = opened(summaries.one_local_model)
    assert "One model has nobody to agree with." in page.text
    assert "all models ran locally" in page.text
    assert not page.classed("heat pairs")


def test_a_panel_below_its_best_member_is_said_loudly() -> None:
    page = opened(summaries.panel_below_its_best)
    assert page.all("h1")[0].text == "Use claude-sonnet alone."
    assert "The panel is below its best member" in page.classed("banner")[0].text
    assert "Its lead over Dawid-Skene is beyond chance" in page.text
    assert "Best consensus87.0" in page.classed("figures")[0].text


def test_a_cascade_shows_its_waves_and_what_it_saved() -> None:
    text = words(opened(summaries.cascade).text)
    for figure in ("37.7 %", "7,472 instead of 12,000", "$3.71", "gemini-flash, gpt-mini", "1,130", "89.7 %"):
        assert figure in text


def test_multi_has_a_matrix_for_each_label_and_the_right_words() -> None:
    page = opened(summaries.multi)
    text = words(page.text)
    for label in summaries.multi().label_set.labels:
        assert f"Accuracy-weighted vote, label {label}" in text
    assert "whole set of labels is right" in text
    assert "94.1 %" in text


def test_ordinal_shows_steps_off_ordinal_alpha_and_the_order() -> None:
    text = words(opened(summaries.ordinal).text)
    assert "Mean steps off" in text
    assert "0.21" in text
    assert "Alpha, ordinal0.69" in text
    assert "none < mild < moderate < severe < very severe" in text


def test_a_crowd_is_cut_to_size_and_the_page_says_so() -> None:
    page = opened(summaries.crowd)
    text = words(page.text)
    assert "a consensus of 164 annotators." in text
    assert "No room for 144 less accurate models." in text
    assert "No room for 124 models with fewer labels." in text
    assert "82 A000Q7X, A002Q7X, A004Q7X, A006Q7X, A008Q7X, A010Q7X and 76 more" in text
    assert "best single model" in text


def test_fifty_labels_are_folded_and_their_sums_stay() -> None:
    summary = summaries.fifty_labels()
    page = opened(summaries.fifty_labels)
    assert "38 rarer labels of gold taken together" in page.text
    judged = summary.consensus[0].evaluation
    assert judged is not None
    folded = [row for row in page.all("tr") if row.text.strip().startswith("other labels")]
    assert folded[0].text.split()[-1] == count(sum(sum(row) for row in judged.confusions[0].counts[12:]))


def test_strangers_words_show_as_words() -> None:
    page = opened(summaries.hostile)
    text = words(page.text)
    for word in (
        "<script>alert(1)</script>",
        "</title><svg onload=alert(1)>",
        "{{ 7 * 7 }}",
        "&lt;b&gt; &#60;i&#62;",
    ):
        assert word in text
    assert not re.search("[\u0000\u202a-\u202e\u2028\u2066-\u2069]", text)
    assert "L" * 1001 not in text
    assert page.all("title")[0].text.startswith("Annotation report: <script>alert(1)</script></title>")
