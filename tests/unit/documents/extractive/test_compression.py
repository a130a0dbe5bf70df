"""Clauses that say nothing of the subject go as a whole; what binds, limits or bears a fact stays."""

import pytest

from techne.documents.engines.extractive.analysis import Analyst
from techne.documents.engines.extractive.corrections import Utterance
from techne.documents.engines.extractive.lexicon import lexicon_for


def told(language: str, said: str, *, is_tight: bool = False) -> str:
    utterance = Utterance(text=said, sources=(), position=0, speaker=None)
    statement = Analyst([utterance], lexicon_for(language), language, is_tight=is_tight).read(utterance)
    return statement.text if statement else ""


@pytest.mark.parametrize(
    ("language", "said", "kept"),
    [
        (
            "en-US",
            "You flush the boiler valve with 4 bar of pressure, and that was it for the whole morning.",
            "You flush the boiler valve with 4 bar of pressure.",
        ),
        (
            "en-US",
            "The spindle, which a colleague painted green, runs at 9000 rpm on this machine.",
            "The spindle runs at 9000 rpm on this machine.",
        ),
        (
            "pt-BR",
            "A centrífuga gira a 3500 rpm no modo normal, que a gente apelidou de valsa.",
            "A centrífuga gira a 3500 rpm no modo normal.",
        ),
    ],
)
def test_an_empty_clause_goes(language: str, said: str, kept: str) -> None:
    assert told(language, said) == kept


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "You may open the valve V12 during the day shift, unless the boiler is still hot."),
        ("en-US", "Restart the gateway gw-07 after the update, but not while a batch is running."),
        ("en-US", "The relay K4 drops out at night, which means that the coil is worn."),
        ("en-US", "The alarm A07 comes because it is set to the wrong limit of 20 bar."),
        ("pt-BR", "Pode abrir a válvula V12 no turno do dia, a não ser que a caldeira esteja quente."),
        ("pt-BR", "O relé K4 desarma toda noite na subestação, que é sobrecarga na bobina."),
        ("pt-BR", "Reinicia o gateway gw-07 depois da carga, mas nunca com lote rodando na fila."),
    ],
)
@pytest.mark.parametrize("is_tight", [False, True])
def test_what_limits_or_defines_stays(language: str, said: str, is_tight: bool) -> None:
    assert told(language, said, is_tight=is_tight) == said


@pytest.mark.parametrize(
    ("language", "said", "kept"),
    [
        (
            "en-US",
            "The check runs with valve-test --cycle 5, because the old one failed half the night.",
            "The check runs with valve-test --cycle 5.",
        ),
        (
            "pt-BR",
            "O parâmetro P0302 fica em 45 segundos, porque a esteira antiga demorava muito na curva.",
            "O parâmetro P0302 fica em 45 segundos.",
        ),
    ],
)
def test_background_goes_only_where_room_is_scarce(language: str, said: str, kept: str) -> None:
    assert told(language, said) == said
    assert told(language, said, is_tight=True) == kept


def test_no_member_of_a_list_goes() -> None:
    said = "You set the host name HMI-3, the gateway of the line, the mask of the plant."
    assert told("en-US", said, is_tight=True) == said
