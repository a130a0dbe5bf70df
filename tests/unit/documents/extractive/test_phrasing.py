"""Short names for items never say the contrary of what was said."""

from __future__ import annotations

import pytest

from techne.documents.engines.extractive.lexicon import lexicon_for
from techne.documents.engines.extractive.phrasing import label_of
from techne.documents.model import Evidence, Item, ItemKind


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        (
            "pt-BR",
            "Reiniciar o servidor que está travado não adianta nada, ele já reinicia sozinho.",
            "não adianta",
        ),
        ("pt-BR", "Trocar o cartucho da impressora de etiquetas sem limpar o cabeçote piora.", "sem limpar"),
        ("en-US", "Restarting the export job on the old cluster doesn't help at all.", "doesn't help"),
        ("en-US", "Open the relief valve of the second boiler only, never the first one.", ""),
    ],
)
def test_a_label_keeps_the_negation_of_its_clause(language: str, text: str, said: str) -> None:
    item = Item(
        id="i001",
        kind=ItemKind.SOLUTION,
        text=text,
        evidence=(Evidence(turn_id="t0001", quote=text, start_seconds=0),),
    )
    label = label_of(item, lexicon_for(language))
    assert said.casefold() in label.casefold()
    assert label.casefold() in text.casefold()
