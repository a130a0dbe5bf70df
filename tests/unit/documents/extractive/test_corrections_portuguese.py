"""Corrections as Brazilian speakers make them: the wrong value goes, the right one stays."""

import re

import pytest

from tests.unit.documents.extractive.resolved_speech import quoted, resolved, utterances

EXPLAINED = [
    (
        "A janela é de trinta minutos, não, minto, tô pensando no ambiente antigo, são quinze minutos.",
        "trinta",
        "A janela é de quinze minutos.",
    ),
    (
        "O forno fica em duzentos graus, desculpa, isso era na receita antiga, cento e oitenta graus.",
        "duzentos",
        "O forno fica em cento e oitenta graus.",
    ),
    (
        "A dose é de 5 ml, perdão, tô lendo a linha errada, 3 ml por quilo.",
        "5 ml",
        "A dose é de 3 ml por quilo.",
    ),
    ("O pneu leva 32 psi, calma, esse é o do carro pequeno, são 36 psi.", "32", "O pneu leva 36 psi."),
    (
        "Botei oito segundos, não, desculpa, oito foi o primeiro teste, ficou em doze segundos, e ponto.",
        "oito",
        "Botei doze segundos, e ponto.",
    ),
    (
        "O prazo de devolução é de sete dias, aliás, minto, mudaram a regra esse ano, dez dias.",
        "sete",
        "O prazo de devolução é de dez dias.",
    ),
    (
        "A nota vale 40 por cento, quer dizer, isso era no semestre passado, vale 35 por cento.",
        "40",
        "35 por cento",
    ),
    ("Abre o chamado na fila N2, ou melhor, essa fila fechou, na fila N3.", "N2", "N3"),
]
NEXT_SENTENCE = [
    ("Fica em 1200. Pera, que número é esse que eu disse, é 1250.", "1200", "Fica em 1250."),
    (
        "A VLAN dos telefones é a 20. Calma aí, deixa eu ver minha cola. É a 30.",
        r"\b20\b",
        "A VLAN dos telefones é a 30.",
    ),
    ("A caldeira trabalha com oito bar. Não, não. Dez bar.", "oito", "A caldeira trabalha com dez bar."),
    ("O código do produto é AX200. Ops. Errei. É AX220.", "AX200", "O código do produto é AX220."),
    ("O servidor é o 10.0.0.5. Deixa eu corrigir. 10.0.0.15.", r"10\.0\.0\.5", "O servidor é o 10.0.0.15."),
    ("Guardamos o XML por três anos. Corrigindo: são cinco anos.", "três", "Guardamos o XML por cinco anos."),
    (
        "O limite do cartão é de 500 reais. Na verdade, 800 reais.",
        "500",
        "O limite do cartão é de 800 reais.",
    ),
    ("A bomba parte em 45 hertz. Retifico, 50 hertz.", "45", "A bomba parte em 50 hertz."),
    (
        "O log fica em /var/log/app. Não, falei errado, /var/log/apps.",
        r"/app\b",
        "O log fica em /var/log/apps.",
    ),
    ("São 12 vagas na turma. Confundi. São 15 vagas.", "12", "São 15 vagas na turma."),
]
AFTERWARDS = [
    (
        "A umidade fica em oitenta por cento. Setenta e cinco, corrigindo.",
        "oitenta",
        "A umidade fica em setenta e cinco por cento.",
    ),
    ("O gateway faz três retries. Cinco retries. Cinco.", "três", "O gateway faz cinco retries."),
    (
        "O cofre abre depois de seis tentativas. Oito tentativas.",
        "seis",
        "O cofre abre depois de oito tentativas.",
    ),
    ("O descanso é de dez minutos. Quinze minutos. Desculpa.", "dez", "O descanso é de quinze minutos."),
    ("A multa é de dois por cento. Três por cento, aliás.", "dois", "A multa é de três por cento."),
    ("Fica na porta 3000. Porta 3001 que eu queria dizer.", "3000", "3001"),
]
FRAMES = [
    ("Põe a prioridade 20, não, prioridade 30.", "20", "Põe a prioridade 30."),
    ("Deu E0071, ou melhor, F0071, sobrecarga no motor.", "E0071", "Deu F0071, sobrecarga no motor."),
    (
        "Usa o parâmetro --force, digo, --force-with-lease no push.",
        r"--force(?!-)",
        "Usa o parâmetro --force-with-lease no push.",
    ),
    ("A transação é a MM01, desculpa, MM02.", "MM01", "A transação é a MM02."),
    ("A reunião de passagem é às 7h30, minto, 7h45.", "7h30", "A reunião de passagem é às 7h45."),
    (
        "O backup roda às duas da manhã, quer dizer, às três da manhã.",
        "duas",
        "O backup roda às três da manhã.",
    ),
    (
        "Manda pro e-mail fiscal@loja.com, não, perdão, financeiro@loja.com.",
        "fiscal@",
        "Manda pro e-mail financeiro@loja.com.",
    ),
    (
        "Espera trinta segundos antes de religar o compressor, minto, sessenta segundos.",
        "trinta",
        "Espera sessenta segundos antes de religar o compressor.",
    ),
    ("Pega o total e soma um. Soma cem, aliás.", r"soma um\b", "Pega o total e soma cem."),
]
DENIED = [
    (
        "A senha tem que ter oito caracteres. Oito não, doze.",
        "(?i)oito",
        "A senha tem que ter doze caracteres.",
    ),
    (
        "O limite é de duzentas conexões, duzentas não, trezentas.",
        "duzentas",
        "O limite é de trezentas conexões.",
    ),
    (
        "A nota de corte é sete. Peraí. Não é sete não, é seis e meio.",
        "sete",
        "A nota de corte é seis e meio.",
    ),
    ("O ramal é 4510. Não, 4510 é o da recepção, o certo é 4511.", "4510", "O ramal é 4511."),
    ("Precisa esperar 2 horas. Falei 2, mas são 3 horas.", "2", "Precisa esperar 3 horas."),
    (
        "Deixa descansar por vinte minutos. Ah, errei. Trinta minutos. Vinte é pra massa doce.",
        "(?i)vinte",
        "Deixa descansar por trinta minutos.",
    ),
    ("A senha tem dez caracteres. Eu disse dez? São doze.", "dez", "A senha tem doze caracteres."),
    ("o limite é de dez usuários minto doze usuários por sala", "dez", "é de doze usuários por sala"),
    ("Gira no sentido horário, aliás, anti-horário.", "sentido horário", "Gira no sentido anti-horário."),
    ("O limite é mil reais. É dois mil que eu queria dizer.", "é mil", "O limite é dois mil reais."),
    ("O relatório sai na segunda, minto, na terça-feira.", "segunda", "O relatório sai na terça-feira."),
]
WORDS = [
    (
        "A fila fica no servidor de arquivos, quer dizer, no de impressão.",
        "arquivos",
        "A fila fica no servidor de impressão.",
    ),
    ("Reinicia o primário, não, desculpa, o secundário.", "primário", "Reinicia o secundário."),
    ("Desliga o disjuntor, quer dizer, liga o disjuntor.", "Desliga", "liga o disjuntor."),
    ("Fecha a válvula de entrada, ou melhor, a válvula de saída.", "entrada", "Fecha a válvula de saída."),
    ("Fala com a Marina, digo, com a Paula.", "Marina", "Fala com a Paula."),
]


@pytest.mark.parametrize(
    ("said", "wrong", "meant"), EXPLAINED + NEXT_SENTENCE + AFTERWARDS + FRAMES + DENIED + WORDS
)
def test_the_wrong_value_is_gone_and_the_right_one_takes_its_place(said: str, wrong: str, meant: str) -> None:
    assert meant in resolved("pt-BR", said)
    assert not re.search(wrong, resolved("pt-BR", said))
    assert not re.search(wrong, quoted("pt-BR", said))


@pytest.mark.parametrize(
    ("said", "wrong", "meant"),
    [
        (("A porta é 5050.", "Não é mais 5050, mudou pra 5051."), "5050", "A porta é 5051."),
        (("O prazo é de 20 dias.", "Não seriam 30 dias?", "Isso, 30 dias."), "20", "O prazo é de 30 dias."),
        (
            ("A vacina fica a 6 graus.", "Desculpa, são 4 graus.", "Verdade."),
            "6 graus",
            "A vacina fica a 4 graus.",
        ),
        (("O torque é de 90.", "Quer dizer 95?", "É, 95, isso."), "90", "O torque é de 95."),
    ],
)
def test_another_speaker_corrects(said: tuple[str, ...], wrong: str, meant: str) -> None:
    assert meant in resolved("pt-BR", *said)
    assert not re.search(wrong, resolved("pt-BR", *said))
    assert not re.search(wrong, quoted("pt-BR", *said))


@pytest.mark.parametrize(
    "said",
    [
        "Não, isso não resolve.",
        "O default é 30, não 60.",
        "Não é 30, é 60.",
        "Primeiro três tentativas, depois cinco tentativas.",
        "Espera 30 segundos. Depois espera 60 segundos.",
        "Na verdade o firewall é outro assunto.",
        "O boleto vence em 5 dias. Na verdade o cartão é outro assunto.",
        "Duas ou três vezes por semana.",
        "Testei 2 fontes e deu ruim, troquei 3 e voltou.",
        "Digitei 2 vezes, errei 3 vezes e bloqueou.",
        "Use 5 ml, não, 5 ml é pra adulto, 2 ml pra criança.",
        "Na segunda são 5 caixas, na terça são 8 caixas.",
        "Os tempos são: um segundo. Dois segundos. Quatro segundos.",
        "A inicial usa 2 gigas. A final usa 4 gigas.",
        "O limite sobe de 5 para 10 por cento.",
        "Desculpa o atraso, a porta do prédio 3 estava fechada. Hoje são 4 temas.",
        "Aliás, o backup da filial roda em 40 minutos, e ninguém confere o resultado depois.",
        "A senha expira em 90 dias. Não deixa chegar no último dia.",
        "A primeira rampa leva 10 minutos, quer dizer que esquenta devagar. A segunda leva 20 minutos.",
        "Se a pressão passar de 6 bar, calma, não abre a válvula.",
    ],
)
def test_what_is_no_correction_stays(said: str) -> None:
    assert resolved("pt-BR", said) == said


def test_a_denied_question_replaces_nothing() -> None:
    assert resolved("pt-BR", "A VLAN é a 30.", "É a 20?", "Não, 30.") == "A VLAN é a 30."
    assert resolved("pt-BR", "É a 20?", "Não, 30.") == "É a 20? Não, 30."


def test_a_corrected_utterance_is_marked_and_keeps_its_place() -> None:
    first, second = utterances("pt-BR", "Abre o painel. São 30 dias. Desculpa, 60 dias.")
    assert (first.corrected, second.corrected) == (False, True)
    assert second.position == 1
