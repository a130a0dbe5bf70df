"""Spoken commands, paths and settings are typed; ordinary talk is left alone."""

import pytest

from techne.documents.engines.extractive.lexicon import lexicon_for
from techne.documents.engines.extractive.spoken_code import codes_in


def typed(language: str, sentence: str) -> list[str]:
    return [code.text for code in codes_in(sentence, lexicon_for(language))]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("É kubectl get pods traço n pagamentos.", "kubectl get pods -n pagamentos"),
        ("Rode ls traço l a em barra var barra log.", "ls -la"),
        ("Aí você dá um cd barra var barra log.", "cd /var/log"),
        ("Execute docker system prune traço traço force.", "docker system prune --force"),
        ("Roda git push dois traços tags.", "git push --tags"),
        ("Fica em barra etc barra nginx barra nginx ponto conf.", "/etc/nginx/nginx.conf"),
        ("Edita o application ponto yml.", "application.yml"),
        ("Coloca max underline connections igual a duzentos.", "max_connections=duzentos"),
        ("Está no ponto env do serviço.", ".env"),
        ("Manda para suporte arroba empresa ponto com ponto br.", "suporte@empresa.com.br"),
        ("Acessa ssh admin arroba servidor.", "ssh admin@servidor"),
        ("Usa curl traço k https dois pontos barra barra api ponto interno.", "curl -k https://api.interno"),
    ],
)
def test_portuguese_signs_are_typed(said: str, code: str) -> None:
    assert code in typed("pt-BR", said)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Run kubectl get pods dash n payments.", "kubectl get pods -n payments"),
        ("Then rm dash r f the folder.", "rm -rf"),
        ("It is in slash etc slash hosts.", "/etc/hosts"),
        ("Run fastlane match appstore dash dash readonly, and wait.", "fastlane match appstore --readonly"),
        ("Dump it with pg underscore dump dash t invoices.", "pg_dump -t invoices"),
        ("Set retry underscore count equals five.", "retry_count=five"),
        ("Write to ops at sign example dot com.", "ops@example.com"),
        ("Open settings dot json.", "settings.json"),
        ("Type show interfaces status, and wait.", "show interfaces status"),
    ],
)
def test_english_signs_are_typed(said: str, code: str) -> None:
    assert code in typed("en-US", said)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pt-BR", "Até certo ponto isso funciona."),
        ("pt-BR", "Nesse ponto a gente para e pensa."),
        ("pt-BR", "Ele levantou a barra para todo mundo."),
        ("pt-BR", "O resultado é igual ao de ontem."),
        ("en-US", "At this point you stop and make sure that it works."),
        ("en-US", "Put a dash of salt, then find a seat."),
        ("en-US", "Go to the top and sort the list."),
    ],
)
def test_ordinary_talk_is_no_code(language: str, said: str) -> None:
    assert typed(language, said) == []


@pytest.mark.parametrize(
    ("sentence", "command"),
    [
        ("Run docker logs dash f dash dash tail 100 api.", "docker logs -f --tail 100 api"),
        ("Then you do docker logs -f --tail 100 api and wait.", "docker logs -f --tail 100 api"),
        ("Roda docker logs traço traço tail 50 faturamento e olha.", "docker logs --tail 50 faturamento"),
        ("Run docker logs dash dash tail 100 again.", "docker logs --tail 100"),
    ],
)
def test_the_word_behind_an_options_value_belongs_to_the_command(sentence: str, command: str) -> None:
    lexicon = lexicon_for("pt-BR" if "traço" in sentence else "en-US")
    assert [code.text for code in codes_in(sentence, lexicon)] == [command]
