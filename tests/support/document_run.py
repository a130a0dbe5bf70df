"""Stages 2 to 5 in one go, as a flow runs them, on a transcript made for tests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from techne.documents.engine import DocumentEngine
from techne.documents.mapping import merge_maps, plan_mapping
from techne.documents.merging import merge_extractions
from techne.documents.model import ContentMap, Extraction, Outline, WrittenSection
from techne.transcripts.chunking import chunk_transcript
from techne.transcripts.model import Chunk, Transcript, Turn
from techne.transcripts.tokens import estimate_tokens

_SERVICES = ["payments", "gateway", "ledger", "search", "billing", "catalog", "mailer", "auth", "reports"]
_SPEECH = {
    "en": [
        "So the {s} pods were timed out with error E{n} when the queue had more than {m} messages in it.",
        "Let us check the logs of the {s} service around minute {m} because that is where it shows first.",
        "You run kubectl get pods -n {s} and then you see which of the {n} replicas is missing.",
        "What resolved it for us was to raise the pool of {s} to {m} connections.",
        "We set the variable {s}_LIMIT to {n} in the chart.",
        "The rule is that nobody touches {s} after {m} in the evening without the on-call engineer {n}.",
        "There is a risk that the {s} disk fills within {m} hours.",
        "To avoid this we monitor {s} and alert at {m} percent.",
    ],
    "pt": [
        "Então o serviço {s} deu erro E{n} quando a fila passou de {m} mensagens.",
        "Vamos verificar os logs do {s} por volta do minuto {m} porque é ali que aparece primeiro.",
        "Você roda kubectl get pods -n {s} e vê qual das {n} réplicas está faltando.",
        "O que resolveu para nós foi aumentar o pool do {s} para {m} conexões.",
        "A gente ajusta a variável {s}_LIMIT para {n} no chart.",
        "A regra é que ninguém mexe no {s} depois das {m} sem o plantonista {n}.",
        "Existe o risco de o disco do {s} encher em {m} horas.",
        "Para evitar isso a gente monitora o {s} e alerta em {m} por cento.",
    ],
}
_ASIDE = {
    "en": "And as you can see here on the screen there is a lot going on but bear with me for a moment.",
    "pt": "E como vocês podem ver aqui na tela tem bastante coisa acontecendo mas fiquem comigo um momento.",
}


def spoken_turns(words: int, *, language: str = "en", seed: int = 1) -> tuple[Turn, ...]:
    """Turns of a made-up training with about that many words, at 150 words a minute."""
    rng = random.Random(seed)
    turns: list[Turn] = []
    spoken = 0
    while spoken < words:
        sentences = []
        for _ in range(rng.randint(1, 2)):
            pattern = rng.choice(_SPEECH[language]) if rng.random() < 0.5 else _ASIDE[language]
            service = rng.choice(_SERVICES)
            sentences.append(pattern.format(s=service, n=rng.randint(2, 99), m=rng.randint(5, 95)))
        text = " ".join(sentences)
        start = spoken * 0.4
        spoken += len(text.split())
        turns.append(
            Turn(
                id=f"t{len(turns) + 1:04d}",
                speaker=f"spk_{rng.randint(0, 2)}",
                start_seconds=start,
                end_seconds=spoken * 0.4,
                text=text,
            )
        )
    return tuple(turns)


def transcript_of(turns: Sequence[Turn], language: str) -> Transcript:
    """The turns as a recording."""
    return Transcript(
        language=language,
        duration_seconds=turns[-1].end_seconds,
        speakers=tuple(dict.fromkeys(turn.speaker for turn in turns if turn.speaker)),
        turns=tuple(turns),
        source_format="test",
        word_count=sum(len(turn.text.split()) for turn in turns),
    )


@dataclass(frozen=True, slots=True)
class DocumentRun:
    """What the stages gave."""

    chunks: tuple[Chunk, ...]
    extraction: Extraction
    content: ContentMap
    outline: Outline
    sections: list[WrittenSection]


async def run_stages(
    engine: DocumentEngine,
    turns: Sequence[Turn],
    language: str,
    *,
    max_tokens_per_chunk: int = 100_000,
    estimate: Callable[[str], int] = estimate_tokens,
) -> DocumentRun:
    """All calls of a stage at once, as tasks would make them."""
    budget = min(engine.chunk_budget(language) or max_tokens_per_chunk, max_tokens_per_chunk)
    chunks = chunk_transcript(transcript_of(turns, language), max_tokens=budget, estimate=estimate)
    extraction = merge_extractions(
        await asyncio.gather(*(engine.extract(chunk, language) for chunk in chunks))
    )
    items = extraction.items
    groups = plan_mapping(items, max_groups=10, per_call=engine.problems_per_call)
    maps = await asyncio.gather(
        *(engine.map(group.problem_items, group.candidates, language) for group in groups)
    )
    content = merge_maps(maps, items)
    outline = await engine.outline(items, content.problems, language)
    sections = await asyncio.gather(
        *(
            engine.write(
                section,
                [item for item in items if item.id in section.item_ids],
                [problem for problem in content.problems if problem.id in section.problem_ids],
                language,
            )
            for section in outline.sections
        )
    )
    return DocumentRun(chunks, extraction, content, outline, list(sections))
