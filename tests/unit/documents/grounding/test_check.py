"""Whatever the document says and the recording does not is found, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from techne.documents.grounding import GroundingReport, LiteralKind, check_grounding
from techne.documents.model import Problem, Statement
from tests.support.work import lines_run
from tests.unit.documents.builders import document_of, item, transcript_of
from tests.unit.documents.grounding.test_spoken import in_english, in_portuguese

RECORDING = transcript_of(
    "O erro quinhentos e dois aparece no API Gateway da Ana Souza quando o pool de conexões esgota.",
    "Rodem kubectl get pods, né, traço n pagamentos e olhem o crash loop back off por trinta segundos.",
    "Em barra etc barra nginx barra nginx ponto conf mudem max underline connections igual duzentos.",
    "Versão um ponto vinte e oito, porta oito mil e oitenta, em dez por cento a n f e dá ORA-12541.",
    "A documentação está em https://docs.example.com/guia e o log é app.log.",
)


def report_on(markdown: str, **parts: Any) -> GroundingReport:
    return check_grounding(document_of(markdown, **parts), RECORDING)


def unverified(markdown: str) -> list[tuple[str, str]]:
    return [(found.literal, found.kind.value) for found in report_on(markdown).unverified]


@pytest.mark.parametrize(
    "said",
    [
        "O erro 502 vem do API Gateway.",
        "Tarefa com erro 502.",
        "Veja o `CrashLoopBackOff` por 30s.",
        "Rode `kubectl get pods -n pagamentos`.",
        "```bash\n$ kubectl get pods \\\n  -n pagamentos\n```",
        "Edite `/etc/nginx/nginx.conf`.",
        "Use `max_connections=200` ou max_connections.",
        "A versão 1.28 e a porta 8080.",
        "Em 10% dos casos a NFe falha com ORA-12541.",
        "Segundo Ana Souza, trinta segundos.",
        "Veja https://docs.example.com/guia e app.log.",
        "Seção 4.2, passo 7, tabela 9 e o trecho (0:12:31) [12:31].",
        "7. sete não\n8. também não",
        "## 3.4 Causas\n\n1. item\n2. outro",
        "Um problema com uma causa.",
        "Texto. Kubernetes começa a frase.\n\n- Redis começa o item\n- **Grafana**: também",
    ],
)
def test_what_was_said_raises_no_alarm(said: str) -> None:
    missing = [found for found in report_on(said).unverified if found.literal.lower() != "sete"]
    assert missing == []


@pytest.mark.parametrize(
    ("invented", "kind"),
    [
        ("503", "code"),
        ("31", "number"),
        ("quarenta", "number"),
        ("1.29", "version"),
        ("Redis", "name"),
        ("ORA-12542", "code"),
        ("/etc/nginx/other.conf", "path"),
        ("min_connections", "setting"),
        ("https://evil.example/x", "url"),
        ("NFCe", "name"),
        ("--force", "setting"),
    ],
)
def test_a_changed_or_invented_literal_is_caught(invented: str, kind: str) -> None:
    cue = {"code": "o erro ", "version": "a versão "}.get(kind, "usa ")
    assert (invented, kind) in unverified(f"Aqui {cue}{invented} de novo.")


@pytest.mark.parametrize(
    "command", ["kubectl delete pods", "kubectl get pods -n pagamentos --force", "kubectl get pods -n vendas"]
)
def test_a_changed_command_is_caught(command: str) -> None:
    assert unverified(f"```\n{command}\n```") == [(command, "command")]
    assert unverified(f"Rode `{command}`.") == [(command, "command")]


def test_only_the_unknown_word_of_a_name_is_reported() -> None:
    assert unverified("Foi a Ana Lima.") == [("Lima", "name")]


def test_findings_say_where_they_are() -> None:
    report = report_on(
        "Primeira linha.\n\n- item\n- usa Redis\n",
        title="Sobre o Vault",
        problems=(
            Problem(
                id="p01",
                title="Erro 999",
                item_ids=("i001",),
                solutions=(Statement(text="Reinicie o Consul.", item_ids=("i001",)),),
            ),
        ),
        summary=(Statement(text="Resume o Kafka.", item_ids=("i001",)),),
    )
    places = [(found.literal, found.part, found.part_id, found.line) for found in report.unverified]
    assert places == [
        ("Vault", "title", "", 1),
        ("Kafka", "summary", "", 1),
        ("999", "problem", "p01", 1),
        ("Consul", "problem", "p01", 1),
        ("Redis", "section", "s01", 4),
    ]


def test_the_report_counts_what_it_checked() -> None:
    report = report_on("Erro 502 e erro 502, porta 8081, e o API Gateway [i001].")
    assert report.checked == {LiteralKind.CODE: 1, LiteralKind.NUMBER: 1, LiteralKind.NAME: 1}
    assert (report.checked_total, report.verified_total, report.ratio) == (3, 2, round(2 / 3, 4))
    assert GroundingReport.model_validate_json(report.model_dump_json()) == report


def test_nothing_to_check_is_wholly_grounded() -> None:
    report = report_on("Nada aqui.")
    assert (report.checked_total, report.ratio, report.unverified) == (0, 1.0, ())


def test_unused_items_unknown_marks_and_bare_statements_are_listed() -> None:
    document = document_of(
        "### Título\n\nCom apoio [i001, i009].\n\nSem apoio.\n\nLista:\n\n- item nu\n- item [i002]\n\n"
        "| a | b |\n|---|---|\n| nua | x |\n| com | y [i001] |\n",
        items=(item("i001"), item("i002"), item("i003")),
    )
    report = check_grounding(document, RECORDING)
    assert report.unused_item_ids == ("i003",)
    assert [(mark.item_id, mark.part, mark.part_id) for mark in report.unknown_marks] == [
        ("i009", "section", "s01")
    ]
    assert [(claim.line, claim.text) for claim in report.statements_without_evidence] == [
        (5, "Sem apoio."),
        (9, "item nu"),
        (14, "nua | x"),
    ]


@given(st.integers(min_value=2, max_value=9999), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None)
def test_digits_and_words_verify_each_other(number: int, portuguese: bool, spoken_in_words: bool) -> None:
    words = in_portuguese(number) if portuguese else in_english(number)
    said, written = (words, str(number)) if spoken_in_words else (str(number), words)
    document = document_of(f"valor {written} unidades", language="pt-BR" if portuguese else "en-US")
    transcript = transcript_of(f"o valor {said} foi dito", language="pt-BR" if portuguese else "en-US")
    report = check_grounding(document, transcript)
    assert report.checked_total == 1
    assert report.unverified == ()
    other = transcript_of(f"o valor {number + 1} foi dito")
    assert len(check_grounding(document, other).unverified) == 1


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_code_taken_from_the_recording_is_verified(data: st.DataObject) -> None:
    phrases = [phrase for turn in RECORDING.turns for phrase in turn.text.rstrip(".").split(", ")]
    start = data.draw(st.integers(0, len(phrases) - 1))
    end = data.draw(st.integers(start + 1, len(phrases)))
    assert unverified(f"Aqui `{', '.join(phrases[start:end])}` foi dito.") == []


def test_the_work_of_checking_is_in_proportion_to_the_recording() -> None:
    document = document_of(
        "Rode `kubectl get pods -n pagamentos` na porta 8080 com Redis e erro 503.\n\n" * 30
    )

    def work(turns: int) -> int:
        spoken = [f"{turn.text} item {number}" for number in range(turns) for turn in RECORDING.turns]
        transcript = transcript_of(*spoken)
        return lines_run(lambda: check_grounding(document, transcript))

    assert work(80) < 9 * work(10)
