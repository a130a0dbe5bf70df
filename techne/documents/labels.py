"""The words that a document brings along itself, in its language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from techne.documents.grounding.report import LiteralKind


@dataclass(frozen=True, slots=True)
class Labels:
    """Headings, labels and sentences; `{}` takes a value."""

    subtitle: str
    recording: str
    generated_on: str
    duration: str
    speakers: str
    engine: str
    models: str
    tokens: str
    tokens_in_out: str
    cost: str
    unknown_cost: str
    chunks: str
    transcript: str
    video: str
    summary: str
    matrix: str
    problem: str
    solution: str
    times: str
    no_solution: str
    image: str
    truncated: str
    extractive: str
    verification: str
    verified: str
    nothing_checked: str
    unverified: str
    unused: str
    more: str
    without_evidence: str
    thousands: str
    decimal: str
    long_date: str
    months: tuple[str, ...]
    kinds: dict[LiteralKind, str]

    def written_out(self, day: date) -> str:
        """A day as a title page has it, such as `November 21, 2026`."""
        return self.long_date.format(day=day.day, month=self.months[day.month - 1], year=day.year)


_ENGLISH = Labels(
    subtitle="Training and troubleshooting guide",
    recording="Recording",
    generated_on="Document of",
    duration="Duration",
    speakers="Speakers",
    engine="Made by",
    models="Models",
    tokens="Tokens",
    tokens_in_out="{} in, {} out",
    cost="Cost",
    unknown_cost="unknown price",
    chunks="Parts",
    transcript="Transcript",
    video="Video",
    summary="Summary",
    matrix="Problems and solutions",
    problem="Problem",
    solution="Solution",
    times="Time",
    no_solution="none given",
    image="image",
    truncated="This section is incomplete: the model stopped at its limit.",
    extractive="rules, without a language model",
    verification="What was checked",
    verified="{} of {} commands, codes and values found in the recording.",
    nothing_checked="There were no commands, codes, values or names to check.",
    unverified="Not found there, and marked ⚠:",
    unused="Found in the recording, not used here:",
    more="… and {} more in evidence.json.",
    without_evidence="Statements without a time of their own: {}.",
    thousands=",",
    decimal=".",
    long_date="{month} {day}, {year}",
    months=(
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    kinds={kind: kind.value for kind in LiteralKind} | {LiteralKind.URL: "address"},
)

_PORTUGUESE = Labels(
    subtitle="Guia de treinamento e solução de problemas",
    recording="Gravação",
    generated_on="Documento de",
    duration="Duração",
    speakers="Participantes",
    engine="Feito por",
    models="Modelos",
    tokens="Tokens",
    tokens_in_out="{} de entrada, {} de saída",
    cost="Custo",
    unknown_cost="preço desconhecido",
    chunks="Partes",
    transcript="Transcrição",
    video="Vídeo",
    summary="Resumo",
    matrix="Problemas e soluções",
    problem="Problema",
    solution="Solução",
    times="Tempo",
    no_solution="não informada",
    image="imagem",
    truncated="Esta seção está incompleta: o modelo parou no seu limite.",
    extractive="regras, sem modelo de linguagem",
    verification="O que foi verificado",
    verified="{} de {} comandos, códigos e valores encontrados na gravação.",
    nothing_checked="Não havia comandos, códigos, valores ou nomes a verificar.",
    unverified="Não encontrados, e marcados com ⚠:",
    unused="Encontrado na gravação e não usado aqui:",
    more="… e mais {} em evidence.json.",
    without_evidence="Afirmações sem tempo próprio: {}.",
    thousands=".",
    decimal=",",
    long_date="{day} de {month} de {year}",
    months=(
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ),
    kinds={
        LiteralKind.COMMAND: "comando",
        LiteralKind.CODE: "código",
        LiteralKind.PATH: "caminho",
        LiteralKind.SETTING: "configuração",
        LiteralKind.VERSION: "versão",
        LiteralKind.NUMBER: "número",
        LiteralKind.NAME: "nome",
        LiteralKind.URL: "endereço",
    },
)


def labels_for(language: str) -> Labels:
    """The labels of a language; English where there are none.

    Args:
        language: BCP 47 tag such as `pt-BR`.
    """
    return _PORTUGUESE if language.lower().split("-")[0] == "pt" else _ENGLISH
