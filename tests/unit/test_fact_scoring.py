"""The judge of documents is judged: perfect documents, documents with one fault, and the facts themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.fact_scoring import Facts, main, read_said, score
from tests.acceptance.spoken_text import SpokenText, contains_phrase, digits, fold

ROOT = Path(__file__).resolve().parents[2]
FACTS = sorted((ROOT / "tests/acceptance/facts").glob("*.json"))


@pytest.fixture(params=FACTS, ids=[path.stem for path in FACTS])
def facts(request: pytest.FixtureRequest) -> Facts:
    path: Path = request.param
    return Facts.model_validate_json(path.read_text(encoding="utf-8"))


@pytest.fixture
def said(facts: Facts) -> str:
    return read_said(ROOT / facts.transcript)


def perfect_document(facts: Facts) -> str:
    literals = "\n".join(
        f"- **{fact.any_of[0]}** [0:12:31](https://video.example/#t=751)" for fact in facts.literals
    )
    pairs = "\n\n".join(
        f"### {number}. {pair.problem.any_of[0]}\n\n{pair.solution.any_of[0]}"
        for number, pair in enumerate(facts.pairs, start=91)
    )
    return (
        f"# Things\n\n| engine | tokens |\n|---|---|\n| none | 123456 |\n\n## Facts\n\n{literals}\n\n"
        f"## Problems\n\n{pairs}\n\n## Appendix\n\n98765 was not said.\n"
    )


def test_a_document_with_every_fact_has_a_perfect_score(facts: Facts, said: str) -> None:
    result = score(perfect_document(facts), said, facts)
    assert (result.literal_recall, result.pair_recall) == (1.0, 1.0)
    assert (result.missed_literals, result.missed_pairs, result.corrections_missing) == ((), (), ())
    assert (result.noise_found, result.corrected_away_found, result.invented) == ((), (), ())
    assert 0 < result.word_ratio < 0.6


def test_each_literal_is_missed_by_a_document_that_has_only_the_others(facts: Facts, said: str) -> None:
    text = fold("\n".join(fact.any_of[0] for fact in facts.literals))
    for fact in facts.literals:
        without = text
        while contains_phrase(without, fact.any_of):
            for spelling in fact.any_of:
                without = without.replace(fold(spelling), "…")
        result = score(without, said, facts)
        assert fact.id in result.missed_literals
        assert result.literal_recall < 1


def test_a_pair_in_two_sections_is_no_pair(facts: Facts, said: str) -> None:
    pair = facts.pairs[0]
    document = f"### A\n\n{pair.problem.any_of[0]}\n\n### B\n\n{pair.solution.any_of[0]}\n"
    assert pair.id in score(document, said, facts).missed_pairs


@pytest.mark.parametrize(
    "document",
    [
        "| problem | solution |\n|---|---|\n| {problem} | {solution} |",
        "### {problem}\n\n#### What to do\n\n```sh\n{solution}\n```",
        "- {problem}\n  - {solution}",
    ],
    ids=["row", "section", "list"],
)
def test_a_pair_may_stand_in_a_row_a_section_or_a_list_item(facts: Facts, said: str, document: str) -> None:
    pair = facts.pairs[-1]
    filled = document.format(problem=pair.problem.any_of[0], solution=pair.solution.any_of[0])
    assert pair.id not in score(filled, said, facts).missed_pairs


def test_a_pair_in_a_block_without_end_is_no_pair(facts: Facts, said: str) -> None:
    pair = facts.pairs[0]
    document = f"### Everything\n\n{pair.problem.any_of[0]} {'word ' * 400} {pair.solution.any_of[0]}\n"
    assert pair.id in score(document, said, facts).missed_pairs


def test_the_whole_transcript_is_no_document(facts: Facts, said: str) -> None:
    """It invents nothing, but it keeps the noise and the corrected values, and it is as long as itself."""
    result = score(said.replace("*", "\\*").replace("_", "\\_"), said, facts)
    assert result.invented == ()
    assert result.noise_found == facts.noise
    assert {found.split(":")[0] for found in result.corrected_away_found} == {
        correction.id for correction in facts.corrected_away
    }
    assert result.word_ratio == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("invention", "caught"),
    [
        ("It takes 4711 ms.", "4711"),
        ("It takes forty-seven minutes.", "47"),
        ("Leva quarenta e sete minutos.", "47"),
        ("Run `kubectl drain node`.", "kubectl drain node"),
        ("```sh\nsystemctl mask everything\n```", "systemctl mask everything"),
        ("See /srv/invented/file.conf there", "/srv/invented/file.conf"),
        ("Use version 9.8.7 of it", "9.8.7"),
        ("It costs R$ 7.300,00 a month", "7300"),
        ("The code is XYZ-9944 now", "XYZ-9944"),
        ("Set never_said_this there", "never_said_this"),
        ("Look at http://invented.example/x", "http://invented.example/x"),
        ("## Limits of 8123 rows", "8123"),
        ("### 8123 rows", "8123"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n\n| c | d |\n|---|---|\n| x | 3456 |", "3456"),
    ],
)
def test_what_nobody_said_is_caught(facts: Facts, said: str, invention: str, caught: str) -> None:
    result = score(f"{perfect_document(facts)}\n## More\n\n{invention}\n", said, facts)
    assert result.invented == (caught,)


def test_a_value_that_is_wrong_in_one_place_may_be_right_in_another() -> None:
    facts = Facts.model_validate_json(
        (ROOT / "tests/acceptance/facts/treinamento-pagamentos.pt-BR.json").read_text(encoding="utf-8")
    )
    wrong = "| setting | value |\n|---|---|\n| `idle_in_transaction_session_timeout` | 5 minutos |"
    right = "| setting | value |\n|---|---|\n| `max.poll.interval.ms` | 5 minutos |"
    assert score(wrong, "", facts).corrected_away_found == ("idle-timeout: 5 minutos",)
    assert score(right, "", facts).corrected_away_found == ()


@pytest.mark.parametrize("heading", ["Appendix A", "Apêndice", "What was checked", "O que foi verificado"])
def test_what_stands_only_in_the_apparatus_is_not_found(facts: Facts, said: str, heading: str) -> None:
    document = perfect_document(facts).replace("## Facts", f"## {heading}")
    result = score(document, said, facts)
    assert result.literal_recall < 0.5
    assert result.pair_recall == 1
    assert score(f"## {heading}\n\n{facts.noise[0]}\n", said, facts).noise_found == (facts.noise[0],)


def test_times_of_the_recording_are_no_numbers_and_no_literals(facts: Facts, said: str) -> None:
    result = score("It stops at once (0:47:12, [00:47:40](x#t=1)) [47:12].", said, facts)
    assert (result.invented, result.literal_recall) == ((), 0.0)


def test_links_count_by_their_text_alone() -> None:
    facts = Facts(transcript="", language="en", literals=(), pairs=(), noise=("hello",), corrected_away=())
    result = score("## Title\n\n**one** [two](https://hello.example/a)\n", "one two three four", facts)
    assert result.word_ratio == pytest.approx(3 / 4)
    assert result.noise_found == ()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("pt-BR", "mil e duzentos", "1200"),
        ("pt-BR", "duzentas e quarenta mil", "240000"),
        ("pt-BR", "dois milhões trezentos mil e quinze", "2300015"),
        ("pt-BR", "três a um", "3 a 1"),
        ("pt-BR", "quatro zero nove um", "4 0 9 1"),
        ("pt-BR", "10 mil, R$ 5.000,00", "10000, r$ 5000"),
        ("en-US", "a hundred thousand rows, thirty-five days", "a 100000 rows, 35 days"),
        ("en-US", "one hundred and twenty of version 3.4.0", "120 of version 3.4.0"),
        ("en-US", "two thousand twenty four", "2024"),
    ],
)
def test_numbers_in_words_become_digits(language: str, text: str, expected: str) -> None:
    assert digits(text, language) == expected


@pytest.mark.parametrize(
    ("said", "written", "language"),
    [
        ("roda kubectl get pods traço n pagamentos agora", "kubectl get pods -n pagamentos", "pt-BR"),
        ("fica em barra etc barra nginx barra conf ponto d", "/etc/nginx/conf.d", "pt-BR"),
        ("o ponto env do serviço", ".env", "pt-BR"),
        ("it is slash opt slash app slash dot env", "/opt/app/.env", "en-US"),
        ("pg underscore restore dash dash jobs four", "pg_restore --jobs 4", "en-US"),
        ("o erro quinhentos e três", "503", "pt-BR"),
        ("the error five zero three", "503", "en-US"),
    ],
)
def test_what_is_spoken_says_what_is_written(said: str, written: str, language: str) -> None:
    assert SpokenText.of(said, language).says(written)


@pytest.mark.parametrize(
    ("said", "written"), [("it is 5030", "503"), ("pods", "pod"), ("get pods", "pods get")]
)
def test_parts_and_other_orders_are_not_said(said: str, written: str) -> None:
    assert not SpokenText.of(said, "en").says(written)


def test_a_setting_and_its_value_may_be_joined_if_they_were_told_together() -> None:
    said = SpokenText.of("the limit is MAX_ROWS and I would say fifty " + "word " * 200 + "ninety", "en")
    assert said.says_together("MAX_ROWS", "50")
    assert not said.says_together("MAX_ROWS", "90")
    assert not said.says_together("MIN_ROWS", "50")


def test_every_fact_is_really_said(facts: Facts, said: str) -> None:
    """The words that each fact rests on are in the recording, and a spelling of it is among those words."""
    spoken = fold(said)
    for fact in facts.literals:
        assert fold(fact.spoken) in spoken, fact.id
        here = SpokenText.of(fact.spoken, facts.language)
        assert any(here.says(spelling) for spelling in fact.any_of), fact.id
    for correction in facts.corrected_away:
        assert fold(correction.spoken) in spoken, correction.id
        assert contains_phrase(fold(correction.spoken), correction.right), correction.id
    for pair in facts.pairs:
        assert contains_phrase(spoken, pair.problem.any_of), pair.id
        assert contains_phrase(spoken, pair.solution.any_of), pair.id
    for phrase in facts.noise:
        assert contains_phrase(spoken, [phrase]), phrase


def test_facts_are_enough_and_their_ids_unique(facts: Facts) -> None:
    ids = [fact.id for fact in facts.literals]
    assert len(ids) == len(set(ids)) >= 45
    assert len({pair.id for pair in facts.pairs}) == len(facts.pairs) >= 6
    assert len(set(facts.noise)) == len(facts.noise) >= 10
    assert len(facts.corrected_away) >= 2


def test_the_command_line_names_what_is_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "document.md"
    document.write_text("# Nada\n\nSão 4711.\n", encoding="utf-8")
    facts = Facts.model_validate_json(FACTS[0].read_text(encoding="utf-8"))
    main([str(document), str(ROOT / facts.transcript), str(FACTS[0])])
    output = capsys.readouterr().out
    assert "literal recall    0.000" in output
    assert facts.literals[0].id in output
    assert "invented:\n  4711" in output
