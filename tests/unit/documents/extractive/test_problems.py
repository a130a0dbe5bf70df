"""Where one problem ends and the next begins, what belongs to it, and what it is called."""

from __future__ import annotations

import pytest

from tests.unit.documents.extractive.document import Made, make, says
from tests.unit.documents.extractive.recordings import Recording


def made(language: str, script: str) -> Made:
    recording = Recording(name="snippet", language=language, script=script, literals=())
    return make(recording.chunk(), language)


ROOF_EN = """
0: Now the pumps. On Monday the display of pump P12 read fault code F231 and the tank ran dry.
1: And what did you do?
0: I replaced the level sensor LS-4 and set the delay to 15 seconds.
0: Doors. The north gate stays open at night and the panel says motor timed out.
1: I had that as well.
0: The cure was the limit switch, you turn the screw S3 by 2 millimetres.
"""

FREEZER_PT = """
0: Bom, câmaras frias. A câmara três apresentou alarme A77 e a temperatura subiu para 9 graus.
1: E o que resolveu?
0: A gente trocou o relé K8 e ajustou o parâmetro P15 para 30 minutos.
0: Esteiras. A esteira dois desarma toda manhã com falha F12 no inversor.
1: Também já peguei.
0: Aí você limpa o filtro e aumenta a rampa no P103 para 8 segundos.
"""


@pytest.mark.parametrize(
    ("language", "script", "pairs"),
    [
        ("en-US", ROOF_EN, [("F231", "LS-4"), ("motor timed out", "limit switch")]),
        ("pt-BR", FREEZER_PT, [("A77", "K8"), ("F12", "P103")]),
    ],
)
def test_a_symptom_after_a_cure_is_another_problem(
    language: str, script: str, pairs: list[tuple[str, str]]
) -> None:
    blocks = made(language, script).blocks()
    homes = [[says(block, one) and says(block, other) for block in blocks] for one, other in pairs]
    assert all(sum(home) == 1 for home in homes)
    assert homes[0] != homes[1]


def test_what_a_diagnosis_may_show_is_no_problem_of_its_own() -> None:
    script = """
0: The conveyor stops with error E40 on the display.
0: You check the belt with belt-test --slow. If it says not found, then the encoder is loose.
0: Tighten the encoder screw to 5 newton metres.
"""
    assert len(made("en-US", script).problems) == 1


@pytest.mark.parametrize(
    ("language", "said", "title"),
    [
        ("en-US", "Then you get broker connection refused, and the queue fills up.", "connection refused"),
        ("en-US", "The oven was cold and the panel showed error E512, just like in May.", "E512"),
        ("pt-BR", "Na segunda o painel mostrava falha F900 na bomba, e a linha parou.", "F900"),
    ],
)
def test_a_problem_is_called_by_its_error(language: str, said: str, title: str) -> None:
    problems = made(language, f"\n0: {said}\n0: Reset the breaker Q7.\n").problems
    assert says(problems[0].title, title)
    assert len(problems[0].title.split()) <= 7
    assert "…" not in problems[0].title


def test_no_title_has_half_a_number() -> None:
    script = "\n0: A fila travou com três mil e duzentas chamadas paradas no gateway da matriz inteira.\n"
    for problem in made("pt-BR", script).problems:
        assert not says(problem.title, "três mil") or says(problem.title, "três mil e duzentas")


def test_a_quote_begins_with_what_it_rests_on() -> None:
    script = """
0: The second problem is the lathe. It stops with error E7 after an hour. The fix is a new fan, FN-2.
0: Set the guard delay to 40 seconds.
"""
    items = made("en-US", script).items
    openers = [item for item in items if "second problem" in item.evidence[0].quote]
    assert len(openers) == 1
