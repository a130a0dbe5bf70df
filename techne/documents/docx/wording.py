"""The words that the renderer itself writes, in the document's language; English where it has no others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wording:
    """Headings and labels.

    Args:
        contents: Heading of the table of contents.
        figure: Before a figure's number.
        table: What a table's alternative text begins with; takes its columns' names.
        callouts: Titles of callouts, by kind.
    """

    contents: str
    figure: str
    table: str
    callouts: dict[str, str]


_ENGLISH = Wording(
    contents="Contents",
    figure="Figure",
    table="Table with the columns {}",
    callouts={
        "note": "Note",
        "tip": "Tip",
        "important": "Important",
        "warning": "Warning",
        "caution": "Caution",
    },
)
_WORDINGS = {
    "en": _ENGLISH,
    "pt": Wording(
        contents="Sumário",
        figure="Figura",
        table="Tabela com as colunas {}",
        callouts={
            "note": "Nota",
            "tip": "Dica",
            "important": "Importante",
            "warning": "Atenção",
            "caution": "Cuidado",
        },
    ),
    "es": Wording(
        contents="Índice",
        figure="Figura",
        table="Tabla con las columnas {}",
        callouts={
            "note": "Nota",
            "tip": "Consejo",
            "important": "Importante",
            "warning": "Advertencia",
            "caution": "Precaución",
        },
    ),
}


def wording_for(language: str) -> Wording:
    """The words for a BCP 47 tag such as `pt-BR`."""
    return _WORDINGS.get(language.partition("-")[0].lower(), _ENGLISH)
