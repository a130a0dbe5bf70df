"""How much of Markdown arrives in Word's format, by techne and by pandoc, judged by one checker in one run.

The corpora are the tests' rich document, the document that docgen makes of each bundled recording (and any
that are named on the command line), every example of CommonMark 0.31.2 and of GFM's extensions, each a
document of its own, and the CommonMark specification as one long document. The checker
(`tests.support.fidelity`) expects what cmark-gfm, GitHub's own parser, reads; it was written from the
specifications and looks at the file as Word shows it. pandoc reads GFM, without what GFM does not have
(emoji by name, mathematics, metadata), and keeps tabs.

A score is the share of features that arrived. "Added" is what a file has beyond its text. Errors are the
Open XML SDK's, where npm has installed its validator; the examples are put together to few documents for
it.

Run `python -m benchmarks.docx_fidelity --help` from the repository's root. It takes five minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.support.fidelity import FidelityReport, Kind, fidelity, specs
from tests.support.fidelity.report import summed

ROOT = Path(__file__).resolve().parent.parent
RICH = ROOT / "tests" / "fixtures" / "documents" / "rich.md"
RECORDINGS = tuple(sorted((ROOT / "samples").glob("*.json")))
PANDOC_FORMAT = "gfm-emoji-tex_math_dollars-tex_math_gfm-yaml_metadata_block"
AIM = 1.0


@dataclass(frozen=True, slots=True)
class Text:
    """A text to convert; `reading` is how cmark-gfm is to read it, if not as it is."""

    markdown: str
    folder: Path | None = None
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts that are judged together, and those that are validated in their stead, if others."""

    name: str
    texts: Sequence[Text]
    validated: Sequence[Text] = ()


Converter = Callable[[Text, Path], bytes]


def by_techne(text: Text, _: Path) -> bytes:
    """What the renderer makes."""
    from techne.documents.docx import DocxOptions, render_docx

    return render_docx(text.markdown, DocxOptions(image_folder=text.folder)).data


def by_pandoc(text: Text, target: Path) -> bytes:
    """What the program that pypandoc brings makes."""
    import pypandoc

    command = [pypandoc.get_pandoc_path(), f"--from={PANDOC_FORMAT}", "--preserve-tabs", "--quiet"]
    folder = text.folder or target.parent
    command += [f"--resource-path={folder}", f"--output={target}"]
    subprocess.run(command, input=text.markdown.encode(), cwd=folder, check=True)
    return target.read_bytes()


CONVERTERS: dict[str, Converter] = {"techne": by_techne, "pandoc": by_pandoc}


def corpora(named: Iterable[Path], folder: Path) -> Iterator[Corpus]:
    """All that can be had here."""
    yield Corpus("rich document", [_text_of(RICH)])
    documents = [*_docgen_documents(folder), *named]
    yield Corpus("docgen's documents", [_text_of(path) for path in documents])
    if not specs.available():
        print("npm has not installed the specifications (`npm ci` in tests/ooxml): left out.\n")
        return
    for name, examples, key in (
        ("CommonMark's examples", specs.commonmark_examples(), "commonmark"),
        ("GFM's examples", specs.gfm_examples(), "gfm"),
    ):
        texts = [Text(one.markdown, reading=one.reading) for one in examples]
        yield Corpus(name, texts, [Text(one) for one in _example_documents(key)])
    yield Corpus("CommonMark's text", [Text(specs.commonmark_text())])


def _text_of(path: Path) -> Text:
    return Text(path.read_text(encoding="utf-8"), path.parent)


def _example_documents(specification: str) -> list[str]:
    """The examples, many to a document."""
    from tests.ooxml.examples import example_documents

    return [text for name, text in example_documents().items() if name.startswith(specification)]


def _docgen_documents(folder: Path) -> list[Path]:
    """What docgen's embedded engine makes of the bundled recordings."""
    from benchmarks.extractive import by_engine
    from techne.transcripts.cleaning import clean_transcript
    from techne.transcripts.reading import read_transcript

    documents = []
    for recording in RECORDINGS:
        transcript = read_transcript(recording.read_bytes(), source=recording.name)
        document = folder / f"{recording.stem}.md"
        text = asyncio.run(by_engine(transcript, clean_transcript(transcript)))
        document.write_text(text, encoding="utf-8")
        documents.append(document)
    return documents


def judged(corpus: Corpus, convert: Converter, folder: Path) -> FidelityReport:
    """What arrived of a corpus's texts."""

    def judge(number: int) -> FidelityReport:
        text = corpus.texts[number]
        data = convert(text, folder / f"{number}.docx")
        return fidelity(text.reading or text.markdown, data, images=text.folder)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return summed(pool.map(judge, range(len(corpus.texts))))


def errors(corpus: Corpus, convert: Converter, folder: Path) -> int | None:
    """How many errors the Open XML SDK finds; None where it can't be asked."""
    from tests.support.ooxml_validation import available, validate_files

    if not available():
        return None
    paths = []
    for number, text in enumerate(corpus.validated or corpus.texts):
        path = folder / f"validated-{number}.docx"
        path.write_bytes(convert(text, path))
        paths.append(path)
    return sum(len(found) for found in validate_files(paths).values())


def print_corpus(name: str, reports: dict[str, FidelityReport]) -> None:
    """One corpus by kind of feature."""
    first = next(iter(reports.values()))
    print(f"{name:22} {'features':>8}" + "".join(f"  {converter:>8}" for converter in reports))
    for kind in Kind:
        if expected := first.of(kind).expected:
            scores = "".join(f"  {report.of(kind).score:8.4f}" for report in reports.values())
            print(f"  {kind:20} {expected:8,}{scores}")
    scores = "".join(f"  {report.score:8.4f}" for report in reports.values())
    print(f"  {'all':20} {first.total.expected:8,}{scores}\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", nargs="*", type=Path, help="further Markdown files")
    parser.add_argument("--misses", action="store_true", help="print what techne lost or added, one a line")
    options = parser.parse_args()
    summary = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for corpus in corpora(options.documents, folder):
            reports = {name: judged(corpus, convert, folder) for name, convert in CONVERTERS.items()}
            print_corpus(corpus.name, reports)
            if options.misses:
                print(reports["techne"], end="\n\n")
            for converter, report in reports.items():
                found = errors(corpus, CONVERTERS[converter], folder)
                summary.append((corpus, converter, report, found))
    print(f"{'corpus':22} {'way':7} {'documents':>9} {'features':>8} {'score':>7} {'added':>6} {'errors':>7}")
    for corpus, converter, report, found in summary:
        print(
            f"{corpus.name:22} {converter:7} {len(corpus.texts):9,} {report.total.expected:8,} "
            f"{report.score:7.4f} {len(report.excess):6,} {'-' if found is None else f'{found:,}':>7}"
        )
    ours = [(report, found) for _, converter, report, found in summary if converter == "techne"]
    met = all(report.score == AIM and not report.excess and not found for report, found in ours)
    print(f"\nAim: techne {AIM:.4f} of all, nothing added, no errors: {'met' if met else 'MISSED'}.")


if __name__ == "__main__":
    main()
