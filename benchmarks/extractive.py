"""How much of a recording the extractive engine keeps, and how much it costs to read.

Recordings of many subjects in both languages; the facts of each were written down before the engine was run
on any. Six helped to find what it missed (sap-nfe, clp-industrial, rede-corporativa, linux-ops, ad-helpdesk,
pacs-dicom); the others say most. The short ones are dense: a fact every 26 words, where a training has one in
45, so that 0.6 of the words can't hold them all. The floor in the same run is a regular expression that keeps
every sentence with a digit, a code-like word, a cue or a capital inside: what one line of Python can do.

    literals  share of commands, paths, codes, settings, versions, numbers, names and rules in the document
    pairs     share of problems whose solution stands in the same block
    words     words of the document (tables, headings and times included) per word said
    bad       values that a speaker corrected, noise phrases and inventions that are in the document

Run `python -m benchmarks.extractive --help` from the repository's root.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import sys
from pathlib import Path
from statistics import mean

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from samples.build import read_script, record  # noqa: E402
from techne.documents.engines.extractive import ExtractiveEngine  # noqa: E402
from techne.documents.mapping import MappingGroup, merge_maps, plan_mapping  # noqa: E402
from techne.documents.merging import merge_extractions  # noqa: E402
from techne.documents.model import Document, RecordingFacts  # noqa: E402
from techne.documents.outputs import render_files  # noqa: E402
from techne.transcripts.chunking import chunk_transcript  # noqa: E402
from techne.transcripts.cleaning import clean_transcript  # noqa: E402
from techne.transcripts.model import CleanTranscript, Transcript  # noqa: E402
from techne.transcripts.reading import read_transcript  # noqa: E402
from tests.acceptance.fact_scoring import Facts, Score, score  # noqa: E402

RECORDINGS = ROOT / "benchmarks" / "recordings"
FLOOR = re.compile(
    r"\d|\w[_/.\\-]\w|[a-z][A-Z]|(?<=\w )[A-Z]\w"
    r"|\b(?:erro|falha|nunca|sempre|error|fail\w*|never|always|must)\b"
)
SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


async def by_engine(transcript: Transcript, cleaned: CleanTranscript) -> str:
    """The document that docgen would publish."""
    engine, language = ExtractiveEngine(), transcript.language
    chunks = chunk_transcript(cleaned.transcript, max_tokens=100_000)
    items = merge_extractions([await engine.extract(chunk, language) for chunk in chunks]).items
    groups: tuple[MappingGroup, ...] = plan_mapping(
        items, max_groups=len(items), per_call=engine.problems_per_call
    )
    maps = [await engine.map(group.problem_items, group.candidates, language) for group in groups]
    problems = merge_maps(maps, items).problems
    outline = await engine.outline(items, problems, language)
    sections = [
        await engine.write(
            section,
            [item for item in items if item.id in section.item_ids],
            [problem for problem in problems if problem.id in section.problem_ids],
            language,
        )
        for section in outline.sections
    ]
    facts = RecordingFacts(
        execution_id="benchmark",
        transcript_uri="s3://bucket/transcription.json",
        language=language,
        recording_language=language,
        generated_on="2026-01-01",
        duration_seconds=transcript.duration_seconds,
        speakers=transcript.speakers,
        turns=len(cleaned.transcript.turns),
        engine=engine.name,
    )
    document = Document(
        facts=facts, items=items, problems=problems, outline=outline, sections=tuple(sections)
    )
    return render_files(document, transcript, cleaned, ()).markdown


def by_floor(transcript: Transcript) -> str:
    """Every sentence that the regular expression finds something in."""
    sentences = [part for turn in transcript.turns for part in SENTENCE_END.split(turn.text)]
    return "# Document\n\n" + "\n".join(f"- {part}" for part in sentences if FLOOR.search(part))


def row(found: Score) -> str:
    """The figures of one document."""
    bad = len(found.corrected_away_found) + len(found.noise_found) + len(found.invented)
    return f"{found.literal_recall:8.2f}  {found.pair_recall:5.2f}  {found.word_ratio:5.2f}  {bad:3}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--missed", action="store_true", help="name what each document lacks")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    print(f"{'':34}  engine{'':22}  regular expression")
    print(f"{'recording':26}  {'words':>6}  " + "  ".join(["literals  pairs  words  bad"] * 2))
    ours: list[Score] = []
    floors: list[Score] = []
    for script in sorted(RECORDINGS.glob("*.txt")):
        data = json.dumps(record(read_script(script))).encode()
        transcript = read_transcript(data, source=script.name)
        facts = Facts.model_validate_json(script.with_suffix(".json").read_text(encoding="utf-8"))
        ours.append(
            score(asyncio.run(by_engine(transcript, clean_transcript(transcript))), transcript, facts)
        )
        floors.append(score(by_floor(transcript), transcript, facts))
        print(f"{script.stem:26}  {transcript.word_count:6}  {row(ours[-1])}  {row(floors[-1])}")
        if options.missed:
            print("   ", ", ".join((*ours[-1].missed_literals, *ours[-1].missed_pairs)))
    for name, scores in (("engine", ours), ("regular expression", floors)):
        literals = mean(one.literal_recall for one in scores)
        pairs = mean(one.pair_recall for one in scores)
        words = mean(one.word_ratio for one in scores)
        print(f"{name:18} mean: literals {literals:.3f}, pairs {pairs:.3f}, words {words:.3f}")


if __name__ == "__main__":
    main()
