"""Corrections that state the right value again in full: behind an explanation, or in a later sentence."""

import re

import pytest

from tests.unit.documents.extractive.resolved_speech import quoted, resolved

ENGLISH = [
    (
        (
            "The fix was set mtu adjust 1340, no hang on, wrong page of my notes, what we entered "
            "was set mtu 1380."
        ),
        "1340",
        "The fix was set mtu 1380.",
    ),
    (
        ("The trick is backup compress 4, no wait, that's from the lab, what we typed was backup level 6."),
        r"\b4\b",
        "The trick is backup level 6.",
    ),
    (
        ("We ran lpadmin -p front9, sorry, that's the other office, what we used was lpadmin -p front12."),
        "front9",
        "We ran lpadmin -p front12.",
    ),
    (
        "The oven was on 220 degrees, no, sorry, wrong card, what I set was 190 degrees.",
        "220",
        "The oven was on 190 degrees.",
    ),
    (
        "The queue's at weight percent 15, no, let me check my notes. Weight percent 25.",
        "15",
        "The queue's at weight percent 25.",
    ),
    (
        "Set the spindle to feed rate 300, no wait, let me look. Feed rate 350.",
        "300",
        "Set the spindle to feed rate 350.",
    ),
    ("It's on channel 11, hmm, no, let me look it up. Channel 6.", "11", "It's on channel 6."),
    (
        "The kiln ramps at cone 6, no, hold on, where's my sheet. Cone 10.",
        "cone 6",
        "The kiln ramps at cone 10.",
    ),
    (
        "The alarm fires at ninety percent. Eighty-five, correction.",
        "(?i)ninety",
        "The alarm fires at eighty-five percent.",
    ),
    (
        "The alarm fires at ninety percent of the disk. Eighty five, I should say.",
        "(?i)ninety",
        "The alarm fires at eighty five percent of the disk.",
    ),
    (
        "Loan renewals last twenty-one days. Twenty-eight, sorry.",
        "(?i)twenty-one",
        "Loan renewals last twenty-eight days.",
    ),
    ("Avoid 9.1.2, sorry, 9.1.5 is the bad one.", r"9\.1\.2", "Avoid 9.1.5."),
    ("So avoid 9.1.2, sorry, 9.1.5 is the bad one.", r"9\.1\.2", "So avoid 9.1.5."),
    ("Skip batch B12, no, B15 is the contaminated one.", "B12", "Skip batch B15."),
    (
        "Stay away from 7.2.1, I mean, 7.2.4 is the broken one, and upgrade early.",
        r"7\.2\.1",
        "Stay away from 7.2.4, and upgrade early.",
    ),
    (
        (
            "We allow eight hundred thousand routes. That was the plan, so we've configured limit "
            "850000 80. Wait, I just contradicted myself. Eight fifty is the configured number, I "
            "said eight hundred, scrap that, eight hundred fifty thousand."
        ),
        "(?i)eight hundred thousand",
        (
            "We allow eight hundred fifty thousand routes. That was the plan, so we've configured "
            "limit 850000 80. Wait, I just contradicted myself. Eight fifty is the configured "
            "number."
        ),
    ),
    (
        (
            "We allow eight hundred thousand routes. The table is big, so we've configured limit "
            "850000 80 restart. Wait, I just contradicted myself. Eight fifty is the configured "
            "number, I said eight hundred, scrap that, eight hundred fifty thousand."
        ),
        "(?i)eight hundred thousand",
        (
            "We allow eight hundred fifty thousand routes. The table is big, so we've configured "
            "limit 850000 80 restart. Wait, I just contradicted myself. Eight fifty is the "
            "configured number."
        ),
    ),
    (
        (
            "The tank takes four hundred liters. The pump is slow, so the meter stops at 450 2. "
            "Wait, I contradicted myself. Four fifty is the real one, I said four hundred, scrap "
            "that, four hundred fifty liters."
        ),
        "(?i)four hundred liters",
        (
            "The tank takes four hundred fifty liters. The pump is slow, so the meter stops at 450 "
            "2. Wait, I contradicted myself. Four fifty is the real one."
        ),
    ),
    ("It's port 22. It's actually port 2222.", r"\b22\b", "It's port 2222."),
    ("The door is room 12. It's actually room 21.", r"\b12\b", "The door is room 21."),
    ("It's zone 4. Actually it's zone 5.", "zone 4", "It's zone 5."),
    ("The fee's 15 dollars. The fee's actually 18 dollars.", "15", "The fee's 18 dollars."),
    (
        "The ratio is 3 to 1, no wait, wrong line on my card, what we mixed was 4 to 1.",
        r"\b3\b",
        "The ratio is 4 to 1.",
    ),
    (
        (
            "The parameter was pool size 20, hang on, I'm reading the staging sheet, what we set "
            "was pool size 50."
        ),
        "20",
        "The parameter was pool size 50.",
    ),
    (
        "We dosed at 2.5 ml, sorry, that's for kids, what we actually gave was 5 ml.",
        r"2\.5",
        "We dosed at 5 ml.",
    ),
    (
        "The key was /etc/foo.conf, no, sorry, wrong window, what I edited was /etc/bar.conf.",
        "foo",
        "The key was /etc/bar.conf.",
    ),
    (
        "The shelf is at row number 7, no, let me look at the map. Row number 9.",
        "7",
        "The shelf is at row number 9.",
    ),
    ("It's class 4, no wait, let me check. It's class 2.", "class 4", "It's class 2."),
    (
        "The dose goes to step level 3, no, let me see here. Step level 4.",
        "3",
        "The dose goes to step level 4.",
    ),
    (
        "The tank alarms at seventy-five percent. Sixty-five, correction.",
        "(?i)seventy",
        "The tank alarms at sixty-five percent.",
    ),
    ("Don't install 4.2, I mean, 4.3 is the buggy one.", r"4\.2", "Don't install 4.3."),
    ("Avoid gate B4, sorry, B6 is the one that's closed.", "B4", "Avoid gate B6."),
    (
        (
            "The loan is six hundred thousand dollars. The bank was quick. Hold on, I contradicted "
            "myself. I said six hundred, scrap that, six hundred fifty thousand."
        ),
        "(?i)six hundred thousand",
        (
            "The loan is six hundred fifty thousand dollars. The bank was quick. Hold on, I "
            "contradicted myself."
        ),
    ),
    ("It's gate 12. It's gate 14, actually.", "12", "It's gate 14."),
    ("It runs on port 22. It runs on port 2222, actually.", r"\b22\b", "It runs on port 2222."),
    ("The meeting is at 9 AM. Actually, the meeting is at 10 AM.", "9", "The meeting is at 10 AM."),
    ("The cap is fifty users. In fact, the cap is sixty users.", "fifty", "The cap is sixty users."),
]
PORTUGUESE = [
    (
        (
            "O conserto foi set mtu 1340, não, pera, página errada das minhas notas, o que a gente "
            "digitou foi set mtu 1380."
        ),
        "1340",
        "O conserto foi set mtu 1380.",
    ),
    (
        ("A gente usou jardim 12, não, desculpa, olhei a linha errada, o que a gente usou foi jardim 15."),
        "12",
        "A gente usou jardim 15.",
    ),
    (
        "Rodamos o fator --nivel 3, não, calma, isso era no teste, o que eu usei foi --nivel 7.",
        "nivel 3",
        "Rodamos o fator --nivel 7.",
    ),
    ("Fica em prioridade 3, não, deixa eu olhar aqui. Prioridade 5.", "3", "Fica em prioridade 5."),
    ("A prensa vai em nível 8, não, deixa eu conferir. Nível 9.", "8", "A prensa vai em nível 9."),
    (
        "A classe é peso 40, não, pera, deixa eu ver a minha cola. Peso 60, isso.",
        "40",
        "A classe é peso 60, isso.",
    ),
    (
        "O alerta dispara com noventa por cento. Oitenta e cinco, corrigindo.",
        "(?i)noventa",
        "O alerta dispara com oitenta e cinco por cento.",
    ),
    (
        "O alerta dispara com noventa por cento. Oitenta e cinco, aliás.",
        "(?i)noventa",
        "O alerta dispara com oitenta e cinco por cento.",
    ),
    (
        "A massa descansa por trinta e cinco minutos. Quarenta e cinco, corrigindo.",
        "(?i)trinta",
        "A massa descansa por quarenta e cinco minutos.",
    ),
    (
        "E o alerta de disco dispara com noventa por cento de uso. Oitenta e cinco, corrigindo.",
        "(?i)noventa",
        "E o alerta de disco dispara com oitenta e cinco por cento de uso.",
    ),
    (
        ("O alerta dispara com noventa por cento, e manda e-mail pro plantão. Oitenta e cinco, corrigindo."),
        "(?i)noventa",
        "O alerta dispara com oitenta e cinco por cento, e manda e-mail pro plantão.",
    ),
    ("Evita a 9.1.2, desculpa, a 9.1.5 é que é a ruim.", r"9\.1\.2", "Evita a 9.1.5."),
    ("Não usa a 4.0.1, minto, a 4.0.3 é a que tem o bug.", r"4\.0\.1", "Não usa a 4.0.3."),
    (
        (
            "O limite é de oitocentas mil rotas. Por isso configuramos limit 850000 80. Pera, me "
            "contradisse. Oitocentas e cinquenta é o configurado, eu falei oitocentas, esquece, "
            "oitocentas e cinquenta mil."
        ),
        "(?i)oitocentas mil",
        (
            "O limite é de oitocentas e cinquenta mil rotas. Por isso configuramos limit 850000 "
            "80. Pera, me contradisse. Oitocentas e cinquenta é o configurado."
        ),
    ),
    ("É a porta 22. Na verdade é a porta 2222.", r"\b22\b", "É a porta 2222."),
    ("É a porta 22. É na verdade a porta 2222.", r"\b22\b", "É a porta 2222."),
    ("A sala é a 12. A sala na verdade é a 21.", r"\b12\b", "A sala é a 21."),
    ("A dose é 5 ml. A dose, na verdade, é 3 ml.", "5", "A dose é 3 ml."),
    (
        ("A linha era timeout 30, não, espera aí, tô na folha errada, o que eu coloquei foi timeout 45."),
        "30",
        "A linha era timeout 45.",
    ),
    (
        "O comando foi rota add 10, opa, não, linha errada, o que a gente rodou foi rota add 20.",
        "10",
        "O comando foi rota add 20.",
    ),
    ("Vai no grupo 12, não, deixa eu ver na planilha. Grupo 14.", "12", "Vai no grupo 14."),
    ("A fila tem peso 15, não, deixa eu olhar minhas anotações. Peso 25.", "15", "A fila tem peso 25."),
    (
        "A caldeira desarma com cento e vinte graus. Cento e dez, corrigindo.",
        "(?i)vinte",
        "A caldeira desarma com cento e dez graus.",
    ),
    (
        "A reserva mínima é de mil e quinhentas unidades. Mil e duzentas, minto.",
        "(?i)quinhentas",
        "A reserva mínima é de mil e duzentas unidades.",
    ),
    (
        "O alarme toca com setenta e dois decibéis. Sessenta e oito, perdão.",
        "(?i)setenta",
        "O alarme toca com sessenta e oito decibéis.",
    ),
    ("Foge do lote L20, digo, o L22 é o contaminado.", "L20", "Foge do lote L22."),
    ("Evita a versão 8.1, perdão, a 8.2 que é a ruim.", r"8\.1", "Evita a 8.2 que é a ruim."),
    (
        (
            "A tabela suporta trezentas mil linhas. Aí configuramos limite 350000. Pera. Eu falei "
            "trezentas, esquece, trezentas e cinquenta mil."
        ),
        "(?i)trezentas mil",
        "A tabela suporta trezentas e cinquenta mil linhas. Aí configuramos limite 350000. Pera.",
    ),
    ("O prazo é de dez dias. O prazo é de quinze dias, na verdade.", "dez", "O prazo é de quinze dias."),
    ("É o ramal 4510. Na realidade é o ramal 4511.", "4510", "É o ramal 4511."),
    ("A pista é a 3. Na verdade, a pista é a 4.", "3", "A pista é a 4."),
]


@pytest.mark.parametrize(
    ("language", "said", "wrong", "meant"),
    [("en-US", *case) for case in ENGLISH] + [("pt-BR", *case) for case in PORTUGUESE],
)
def test_the_value_that_is_stated_again_replaces_the_wrong_one(
    language: str, said: str, wrong: str, meant: str
) -> None:
    assert resolved(language, said) == meant
    assert not re.search(wrong, meant)
    assert not re.search(wrong, quoted(language, said))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "The web server is port 80. It's actually port 443 that matters, so open both."),
        ("en-US", "It's port 22. The proxy is actually port 2222."),
        ("en-US", "We configured limit 500. Wait for the restart. Eight lines come up."),
        ("en-US", "First we tried mtu 1400, it failed, what we set was mtu 1380 in the end."),
        ("en-US", "Priority 3 is for phones, no video there. Priority 5 is for video."),
        ("en-US", "The lamp draws 40 watts. It's actually a 60 degree beam."),
        ("en-US", "I said eight hundred routes at the start. The table holds nine hundred entries."),
        ("en-US", "We stop at step 3. No, let me look at the log, there are 5 errors in it."),
        ("en-US", "I said 5 people would come, and 6 came."),
        ("en-US", "We have 5 racks. The rows are short. As I said, 5 racks, and 6 servers each."),
        ("en-US", "The wrong page has 4 lines. The wrong line is 7."),
        ("en-US", "It has 4 doors. It actually weighs 40 tons."),
        ("en-US", "The first is version 2. The last is actually version 3."),
        ("pt-BR", "O disco tem 90 por cento. Oitenta e cinco é o ideal."),
        ("pt-BR", "Deixa eu ver aqui a porta 3. Prioridade 5."),
        ("pt-BR", "Na linha errada tinha 4 colunas, o que a gente fez foi apagar 2."),
        ("pt-BR", "A senha tem 8 caracteres. Na verdade a senha tem 2 partes, com 8 no total."),
        ("pt-BR", "O servidor tem 64 gigas. Na verdade o banco usa 32 gigas."),
        ("pt-BR", "Eu falei de 3 filas. A primeira tem 5 regras, eu disse, e a outra tem 6."),
        ("pt-BR", "Não, deixa eu ver se a porta 3 abre."),
    ],
)
def test_what_states_no_value_again_stays(language: str, said: str) -> None:
    assert resolved(language, said) == said
