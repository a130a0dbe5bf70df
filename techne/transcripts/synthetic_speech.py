"""What invented trainers say: sentences with gaps, and what may fill each gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Language = Literal["pt-BR", "en-US"]


@dataclass(frozen=True, slots=True)
class Speech:
    """One language's sentences by what they are for; `{gap}` is filled from `gaps`."""

    greetings: tuple[str, ...]
    chat: tuple[str, ...]
    openings: tuple[str, ...]
    problems: tuple[str, ...]
    checks: tuple[str, ...]
    solutions: tuple[str, ...]
    rules: tuple[str, ...]
    concepts: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    breaks: tuple[str, ...]
    farewells: tuple[str, ...]
    gaps: Mapping[str, tuple[str, ...]]
    contractions: Mapping[str, str]
    """Words that are contracted where a gap's filling meets the sentence."""


_SHARED = {
    "error": (
        "connection refused", "timeout 504", "erro 500", "OutOfMemoryError", "permission denied",
        "certificate has expired", "deadlock detected", "disk quota exceeded", "unauthorized 401",
        "CrashLoopBackOff", "too many open files", "duplicate key",
    ),
    "command": (
        "kubectl get pods", "systemctl restart nginx", "docker compose up", "terraform plan", "df -h",
        "journalctl -u gateway", "helm rollback", "psql -h localhost", "redis-cli ping", "curl -v",
        "git bisect start", "kubectl describe node",
    ),
    "setting": (
        "max_connections", "read_timeout", "retry_limit", "batch_size", "heap_size", "log_level",
        "pool_size", "cache_ttl", "replicas", "memory_limit",
    ),
    "number": ("2", "3", "5", "8", "12", "16", "30", "45", "60", "90", "128", "250", "512", "1024"),
}  # fmt: skip

_PORTUGUESE = Speech(
    greetings=(
        "Bom dia, pessoal.", "Vocês estão me ouvindo bem?", "Boa tarde, gente, tudo bem?",
        "Acho que já dá para começar.",
        "Deixa eu compartilhar a minha tela aqui.", "Está aparecendo para vocês?", "Oi, tudo certo por aqui.",
    ),
    chat=(
        "Choveu demais ontem aqui em Curitiba.", "Alguém viu o jogo ontem à noite?",
        "Vou só pegar um café rapidinho.",
        "Meu cachorro está latindo, desculpa, gente.", "É, tipo, é isso mesmo, né?",
        "Hum, deixa eu ver aqui.",
        "Haha, essa foi boa.", "O trânsito hoje estava impossível.",
    ),
    openings=(
        "Bom, próximo tópico, {system}.", "Agora vamos falar de {system}.",
        "Passando para {system}, que é o que mais gera chamado.",
        "Mudando de assunto, quero mostrar {system}.", "Vamos para o segundo ponto de hoje, {system}.",
    ),
    problems=(
        "O problema mais comum é que {system} para de responder e aparece {error} no log.",
        "Quando a fila passa de {number} mil mensagens, {component} começa a dar {error}.",
        "Na semana passada tivemos um incidente, porque {component} devolveu {error} para {team}.",
        "Se {component} reinicia no meio da carga, {system} fica com dados pela metade.",
        "Esse erro, {error}, acontece quando {setting} está baixo demais.",
        "{team} abriu um chamado dizendo que {system} estava muito lento depois da atualização.",
    ),
    checks=(
        "A primeira coisa é rodar {command} e olhar as últimas {number} linhas.",
        "Depois vocês conferem se {component} está com o {setting} certo.",
        "Para confirmar, abre o painel de {system} e compara com o horário do alarme.",
        "Se o {command} não mostrar nada, o problema está em {component}.",
    ),
    solutions=(
        "A solução é aumentar o {setting} para {number} e reiniciar {component}.",
        "O que resolveu foi executar {command} e esperar uns {number} minutos.",
        "A gente corrige isso limpando o cache de {system} e subindo {component} de novo.",
        "Como contorno, dá para desligar {component} e processar o lote na mão com {command}.",
        "Então, basicamente, a gente volta a versão anterior e ajusta o {setting}.",
    ),
    rules=(
        "Nunca rodem {command} em produção sem avisar {team}.",
        "O {setting} tem que ser no mínimo {number}, isso é regra.",
        "Antes de mexer em {system}, é obrigatório fazer o backup.",
        "Para evitar que isso volte, criamos um alarme quando {component} passa de {number} por cento.",
        "Sempre peçam a aprovação de {team} antes de mudar o {setting}.",
    ),
    concepts=(
        "Basicamente, {system} recebe os eventos, valida e entrega para {component}.",
        "O {setting} define quantas vezes {component} tenta antes de desistir.",
        "A ideia é que {system} continue funcionando mesmo se {component} cair.",
        "Cada requisição passa primeiro por {component}, e só depois chega em {system}.",
    ),
    questions=(
        "E se o {command} der {error}, o que a gente faz?", "Esse {setting} vale também para {component}?",
        "Quem avisa {team} nesse caso?", "Isso acontece também no ambiente de homologação?",
        "Pode repetir o comando, por favor?", "Quanto tempo demora para {system} voltar?",
    ),
    answers=(
        "Boa pergunta.", "Sim, vale para os dois.", "Não, só em produção.", "Exatamente, é isso.",
        "Depende, mas na maioria das vezes leva uns {number} minutos.", "Quem avisa é {team}, sempre.",
    ),
    breaks=(
        "Vamos fazer uma pausa de dez minutos.", "Voltamos às dez e meia, então.",
        "Voltando do intervalo, pessoal.",
    ),
    farewells=(
        "É isso, pessoal, muito obrigado.", "A gravação fica na pasta de sempre.", "Até a próxima, gente.",
        "Tchau, tchau.",
    ),
    gaps=_SHARED | {
        "system": (
            "o serviço de pagamentos", "a fila de pedidos", "o portal do cliente", "a integração com o banco",
            "o cadastro de produtos", "a esteira de implantação", "o relatório de conciliação",
            "a API de estoque", "o módulo de autenticação", "a base de auditoria",
        ),
        "component": (
            "o balanceador", "o consumidor da fila", "o agente de coleta", "o banco de leitura", "o gateway",
            "a rotina noturna", "o cache", "o validador de notas", "o servidor de arquivos",
        ),
        "team": (
            "o time de plataforma", "a equipe de suporte", "o pessoal de segurança", "o time de dados",
            "a operação",
        ),
    },
    contractions={" de o ": " do ", " de a ": " da ", " em o ": " no ", " em a ": " na "},
)  # fmt: skip

_ENGLISH = Speech(
    greetings=(
        "Good morning, everyone.", "Can you all hear me okay?", "I think we can get started.",
        "Let me share my screen.",
        "Can you see it now?", "Hi, all good over here.", "Thanks for joining today.",
    ),
    chat=(
        "It has been raining all week over here.", "Did anyone catch the game last night?",
        "Let me just grab a coffee.",
        "Sorry, that's my dog barking.", "Yeah, um, that's pretty much it.", "Hmm, let me see.",
        "Haha, good one.", "Traffic was terrible this morning.",
    ),
    openings=(
        "Okay, next topic, {system}.", "Now let's talk about {system}.",
        "Moving on to {system}, which gets most of our tickets.",
        "Switching gears, I want to show you {system}.",
        "Let's look at the second point for today, {system}.",
    ),
    problems=(
        "The most common problem is that {system} stops responding and you see {error} in the log.",
        "When the queue goes over {number} thousand messages, {component} starts to fail with {error}.",
        "Last week we had an incident, because {component} returned {error} to {team}.",
        "If {component} restarts in the middle of a load, {system} is left with half of the data.",
        "This error, {error}, happens when {setting} is too low.",
        "{team} opened a ticket saying that {system} was very slow after the upgrade.",
    ),
    checks=(
        "The first thing is to run {command} and look at the last {number} lines.",
        "Then you check whether {component} has the right {setting}.",
        "To confirm, open the dashboard of {system} and compare it with the time of the alarm.",
        "If {command} shows nothing, the problem is in {component}.",
    ),
    solutions=(
        "The fix is to raise {setting} to {number} and restart {component}.",
        "What solved it was running {command} and waiting about {number} minutes.",
        "We fix that by clearing the cache of {system} and starting {component} again.",
        "As a workaround, you can turn off {component} and process the batch by hand with {command}.",
        "So basically we roll back to the previous version and adjust {setting}.",
    ),
    rules=(
        "Never run {command} in production without telling {team}.",
        "The {setting} must be at least {number}, that's a rule.",
        "Before you touch {system}, you have to take a backup.",
        "To keep that from coming back, we set an alarm for when {component} goes over {number} percent.",
        "Always ask {team} for approval before you change {setting}.",
    ),
    concepts=(
        "Basically, {system} receives the events, validates them and hands them over to {component}.",
        "The {setting} defines how many times {component} tries before giving up.",
        "The idea is that {system} keeps working even if {component} goes down.",
        "Every request goes through {component} first, and only then reaches {system}.",
    ),
    questions=(
        "And if {command} gives {error}, what do we do?", "Does that {setting} also apply to {component}?",
        "Who tells {team} in that case?", "Does that happen in staging as well?",
        "Could you repeat the command, please?", "How long does it take for {system} to come back?",
    ),
    answers=(
        "Good question.", "Yes, it applies to both.", "No, only in production.", "Exactly, that's it.",
        "It depends, but most of the time it takes about {number} minutes.", "That's {team}, always.",
    ),
    breaks=(
        "Let's take a ten minute break.", "See you back at half past ten.",
        "Okay, we're back from the break.",
    ),
    farewells=(
        "That's it, everyone, thank you very much.", "The recording will be in the usual folder.",
        "See you next time.", "Bye.",
    ),
    gaps=_SHARED | {
        "system": (
            "the payment service", "the order queue", "the customer portal", "the bank integration",
            "the product catalogue", "the deployment pipeline", "the reconciliation report",
            "the inventory API",
            "the authentication module", "the audit database",
        ),
        "component": (
            "the load balancer", "the queue consumer", "the collection agent", "the read replica",
            "the gateway",
            "the nightly job", "the cache", "the invoice validator", "the file server",
        ),
        "team": (
            "the platform team", "the support team", "the security people", "the data team", "operations",
        ),
    },
    contractions={},
)  # fmt: skip

SPEECH: Mapping[Language, Speech] = {"pt-BR": _PORTUGUESE, "en-US": _ENGLISH}
