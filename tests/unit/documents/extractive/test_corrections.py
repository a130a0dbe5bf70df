"""What a speaker takes back does not stay, whoever corrects it and however."""

import pytest

from tests.unit.documents.extractive.resolved_speech import resolved


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("O timeout é de trinta, não, perdão, sessenta segundos.", "O timeout é de sessenta segundos."),
        ("O job roda às duas da manhã, quer dizer, às três da manhã.", "O job roda às três da manhã."),
        ("Fica em cinco minutos, desculpa, dois minutos.", "Fica em dois minutos."),
        ("Use a porta 8080, aliás, 8443.", "Use a porta 8443."),
        ("São três tentativas erradas quer dizer cinco tentativas erradas.", "São cinco tentativas erradas."),
        ("É a porta 8080. Não, desculpa, 8443.", "É a porta 8443."),
        ("A versão é a 1.2.3, minto, a 1.2.4.", "A versão é a 1.2.4."),
        ("O limite é de 50 linhas. Corrigindo, 60 linhas.", "O limite é de 60 linhas."),
    ],
)
def test_a_portuguese_speaker_corrects_a_value(said: str, meant: str) -> None:
    assert resolved("pt-BR", said) == meant


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("It has sixteen slots, no wait, that was last year, it has twelve slots.", "it has twelve slots."),
        ("We use 50,000, sorry, I misspoke, 100,000 rows.", "We use 100,000 rows."),
        ("The snapshot runs at 3 AM, I mean, 2 AM.", "The snapshot runs at 2 AM."),
        ("The timeout is fifteen, scratch that, twenty seconds.", "The timeout is twenty seconds."),
        ("It's 500 gigs. No, correction, we grew it, 800 gigs.", "It's 800 gigs."),
        ("The limit is 50. Let me correct that, it's 100.", "The limit is 100."),
        ("Phase two is 1,800, actually, 3,600 seconds.", "Phase two is 3,600 seconds."),
    ],
)
def test_an_english_speaker_corrects_a_value(said: str, meant: str) -> None:
    assert resolved("en-US", said).endswith(meant)


@pytest.mark.parametrize(
    ("language", "first", "second", "wrong", "right"),
    [
        ("pt-BR", "O servidor escuta na porta 8080.", "Não é 8080, é 8443.", "8080", "8443"),
        ("pt-BR", "São trinta dias de retenção.", "Não, desculpa, sessenta dias.", "trinta", "sessenta"),
        ("en-US", "The server listens on port 8080.", "It's not 8080, it's 8443.", "8080", "8443"),
        ("en-US", "We keep it for thirty days.", "No, sorry, sixty days.", "thirty", "sixty"),
    ],
)
def test_another_speaker_corrects_a_value(
    language: str, first: str, second: str, wrong: str, right: str
) -> None:
    meant = resolved(language, first, second)
    assert wrong not in meant
    assert right in meant


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pt-BR", "Não reinicia o nginx às 10 horas, reinicia às 22 horas."),
        ("pt-BR", "Na verdade o serviço escuta em duas portas, a 80 e a 443."),
        ("en-US", "It actually listens on port 80 and on port 443."),
        ("en-US", "You get FATAL, sorry, too many clients already, that's SQL state 53300."),
        ("en-US", "Use version 3 rather than version 2."),
    ],
)
def test_what_is_no_correction_stays_as_it_is(language: str, said: str) -> None:
    assert resolved(language, said) == said
