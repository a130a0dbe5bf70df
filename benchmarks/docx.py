"""How long a long document takes in Word's format, and in how much memory, beside pandoc.

The document is made by code: technical prose with everything that Markdown has, about 380 words a page. Each
conversion runs in a process of its own, which the kernel accounts for: elapsed time, processor time, and the
largest resident set. techne is measured as a command, start-up included, and within a process that has
rendered before. pandoc is the program itself, no Python around it, with a table of contents as techne writes
one. A ratio over 1 means that techne is faster or smaller.

Then documents of growing length: a renderer that is linear takes the same time for each page, however many
there are. That is processor time, so that a busy machine gives the same figures, and techne's of rendering
alone, so that starting up doesn't hide it.

Run `python -m benchmarks.docx --help` from the repository's root. All of it takes a minute; `--quick`
leaves the longest documents out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.peers.measuring import peak_megabytes
from tests.support.pictures import encoded

ROOT = Path(__file__).resolve().parent.parent
PAGES = 100
LENGTHS = (10, 30, 100, 300, 1000)
QUICK_LENGTHS = (10, 30, 100)
WORDS_PER_PAGE = 376
"""Markers included. LibreOffice makes about so many pages of techne's document (`--count-pages`)."""
_INK, _PAPER = bytes((60, 60, 60)), bytes((245, 245, 245))
LINEARITY_AIM = 1.3
"""Time of a page in the longest document, as a multiple of a page's in the one of `PAGES`.

More than 1 since caches hold less; the work for a block is the same
(`tests/unit/documents/docx/test_linear_cost.py`), and were it quadratic this would be 10.
"""
_PICTURES = 8
_UNIT = 1 if sys.platform == "darwin" else 1024
_PROSE = """
the a to of in and is for with that each when after before from by on at as this one worker queue lease
cluster index table partition cache request response server client token limit retry timeout backup snapshot
volume region account policy role gateway session certificate record batch shard replica commit transaction
schema column migration pipeline artifact container image registry deployment rollback metric alarm
dashboard threshold latency throughput checks reads writes restarts drains rotates publishes expires fails
recovers scales stores returns must should never always usually slowly carefully automatically
"""
_WORDS = _PROSE.split()
_LISTINGS = {
    "python": """\
def drain(queue: Queue, limit: int = {n}) -> int:
    '''Take what is there, and no more.'''
    taken = 0
    while taken < limit and (job := queue.get()):
        log.info("job %s", job.id)  # never the payload
        taken += 1
    return taken
""",
    "bash": """\
set -euo pipefail
for host in $(cat hosts-{n}.txt); do
  ssh "$host" "systemctl restart worker@{n}" || echo "failed: $host" >&2
done
""",
    "sql": """\
SELECT shard, count(*) AS rows, max(written_at)
FROM records -- {n} partitions
WHERE written_at > now() - interval '{n} days'
GROUP BY shard ORDER BY rows DESC LIMIT {n};
""",
    "json": '{\n  "max_connections": {n},\n  "timeout_seconds": 2.5,\n  "tags": ["prod", null, true]\n}\n',
    "yaml": "service: worker-{n}\nreplicas: {n}\nenv:\n  - name: LOG_LEVEL\n    value: INFO  # not DEBUG\n",
    "": "worker-{n}  ready      12 ms\nworker-{n}  draining  340 ms\n",
}


class Author:
    """Writes a technical document, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._notes: list[str] = []
        self._headings: list[str] = []

    def document(self, pages: int) -> str:
        """Markdown of about so many pages."""
        blocks = ["# Operating the platform", self._paragraph()]
        words = 0
        while words < pages * WORDS_PER_PAGE:
            notes = len(self._notes)
            section = [*self._section()]
            blocks += section
            words += sum(len(block.split()) for block in (*section, *self._notes[notes:]))
        return "\n\n".join([*blocks, *self._notes]) + "\n"

    def _section(self) -> Iterator[str]:
        """About a page: a heading, prose, and two or three of all other blocks."""
        drawn = self._random
        number = len(self._headings)
        level = 2 if number % 6 == 0 else drawn.choice((3, 3, 4))
        heading = f"{self._phrase(drawn.randint(2, 6)).capitalize()} {number}"
        self._headings.append(heading.lower().replace(" ", "-"))
        yield f"{'#' * level} {heading}"
        yield self._paragraph()
        others = (
            self._bullets, self._steps, self._tasks, self._table, self._table, self._listing, self._listing,
            self._callout, self._quote, self._figure,
        )  # fmt: skip
        for block in drawn.sample(others, drawn.randint(2, 3)):
            yield block()
            yield self._paragraph()
        if drawn.random() < 0.1:
            yield "---"

    def _phrase(self, words: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=words))

    def _sentence(self) -> str:
        drawn = self._random
        number = drawn.randint(2, 999)
        match drawn.randrange(14):
            case 0 | 1:
                styled = f"**{self._phrase(2)}**"
            case 2:
                styled = f"*{self._phrase(2)}* or ~~{self._phrase(1)}~~"
            case 3 | 4:
                styled = f"`worker-{number}.service`"
            case 5:
                styled = f"**{self._phrase(1)} `max_{number}`**"
            case 6:
                styled = f"[{self._phrase(2)}](https://docs.example/{number}/guide?part={number}#setup)"
            case 7:
                styled = f"<https://status.example/{number}>"
            case 8 if self._headings:
                styled = f"[{self._phrase(2)}](#{drawn.choice(self._headings)})"
            case 9:
                styled = self._note()
            case _:
                styled = self._phrase(3)
        return (
            f"{self._phrase(drawn.randint(4, 10)).capitalize()} {styled} {self._phrase(drawn.randint(3, 8))}."
        )

    def _note(self) -> str:
        label = len(self._notes) + 1
        self._notes.append(f"[^{label}]: {self._phrase(12).capitalize()}, see `note-{label}`.")
        return f"{self._phrase(1)}[^{label}]"

    def _paragraph(self) -> str:
        return "\n".join(self._sentence() for _ in range(self._random.randint(3, 5)))

    def _bullets(self) -> str:
        lines = []
        for _ in range(self._random.randint(3, 5)):
            lines.append(f"- {self._sentence()}")
            if self._random.random() < 0.3:
                lines += [f"  - {self._phrase(6)}", f"    1. {self._phrase(5)}", f"    2. {self._phrase(4)}"]
        return "\n".join(lines)

    def _steps(self) -> str:
        first = self._random.choice((1, 1, 1, 4))
        steps = [f"{first + step}. {self._sentence()}" for step in range(self._random.randint(3, 6))]
        steps.insert(2, f"\n   ```bash\n   systemctl status worker@{first}\n   ```\n")
        return "\n".join(steps)

    def _tasks(self) -> str:
        marks = self._random.choices(" x", k=self._random.randint(3, 5))
        return "\n".join(f"- [{mark}] {self._sentence()}" for mark in marks)

    def _table(self) -> str:
        drawn = self._random
        columns, rows = drawn.randint(2, 5), drawn.randint(3, 12)
        lines = [[self._phrase(drawn.randint(1, 2)) for _ in range(columns)]]
        lines.append([drawn.choice(("---", ":--", ":-:", "--:")) for _ in range(columns)])
        for _ in range(rows):
            cells = [
                f"`set_{drawn.randint(2, 999)}`",
                f"**{drawn.randint(2, 9999)}** ms",
                f"a \\| {self._phrase(1)}",
            ]
            lines.append([drawn.choice((self._phrase(drawn.randint(1, 5)), *cells)) for _ in range(columns)])
        return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)

    def _listing(self) -> str:
        language = self._random.choice(tuple(_LISTINGS))
        code = _LISTINGS[language] * self._random.randint(1, 3)
        return f"```{language}\n{code.replace('{n}', str(self._random.randint(2, 99)))}```"

    def _callout(self) -> str:
        kind = self._random.choice(("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION"))
        return f"> [!{kind}]\n> {self._sentence()}\n>\n> - {self._phrase(7)}\n> - {self._phrase(5)}"

    def _quote(self) -> str:
        return f"> {self._sentence()}\n>\n> > {self._sentence()}"

    def _figure(self) -> str:
        number = self._random.randrange(_PICTURES)
        return f'![{self._phrase(5)}](figure-{number}.png "{self._phrase(4).capitalize()}")'


def draw_pictures(folder: Path) -> None:
    """The document's figures: charts of bars, as PNG files."""
    drawn = random.Random(5)
    width, height = 480, 160
    for number in range(_PICTURES):
        bars = [drawn.randint(10, height) for _ in range(width // 24)]
        rows = [
            b"".join(_INK if x % 24 < 18 and height - y <= bars[x // 24] else _PAPER for x in range(width))
            for y in range(height)
        ]
        (folder / f"figure-{number}.png").write_bytes(encoded(rows))


@dataclass(frozen=True, slots=True)
class Figures:
    """What one way took, the median of several times.

    Args:
        seconds: From start to end.
        cpu_seconds: Processor time, of the system's too.
        peak_megabytes: Largest resident set of the process.
        file_bytes: Size of the document.
    """

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    file_bytes: int


def measured(command: Sequence[str | Path], target: Path, times: int) -> Figures:
    """Run a command that writes a document, each time in a new process."""
    runs = []
    for _ in range(times):
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} failed.")
        runs.append((seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * _UNIT / 1e6))
    seconds, cpu_seconds, megabytes = (median(values) for values in zip(*runs, strict=True))
    return Figures(seconds, cpu_seconds, megabytes, target.stat().st_size)


def by_techne(source: Path, times: int) -> Figures:
    """The command."""
    target = source.with_suffix(".techne.docx")
    return measured([sys.executable, "-m", "techne.documents.docx", source, target], target, times)


def by_pandoc(source: Path, times: int) -> Figures:
    """The program that pypandoc brings."""
    import pypandoc

    target = source.with_suffix(".pandoc.docx")
    pandoc = pypandoc.get_pandoc_path()
    command = [pandoc, "--from=gfm", "--toc", f"--resource-path={source.parent}", source, "-o", target]
    return measured(command, target, times)


def by_warm_techne(source: Path, times: int) -> Figures:
    """Rendering alone, in a process that has rendered before."""
    command = [sys.executable, "-m", "benchmarks.docx", "--render", str(source), "--times", str(times)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return Figures(**json.loads(done.stdout))


def render(source: Path, times: int) -> Figures:
    """What `by_warm_techne` has measured in a process of its own."""
    from techne.documents.docx import DocxOptions, render_docx

    options = DocxOptions(image_folder=source.parent)
    render_docx(Author(seed=1).document(10), options)  # imports what colours each language, too
    markdown = source.read_text(encoding="utf-8")
    runs = []
    for _ in range(times):
        began, cpu_began = time.perf_counter(), time.process_time()
        size = len(render_docx(markdown, options).data)
        runs.append((time.perf_counter() - began, time.process_time() - cpu_began))
    seconds, cpu_seconds = (median(values) for values in zip(*runs, strict=True))
    return Figures(seconds, cpu_seconds, peak_megabytes(), size)


def written(folder: Path, pages: int) -> Path:
    """A document of so many pages."""
    source = folder / f"{pages}-pages.md"
    source.write_text(Author(seed=7).document(pages), encoding="utf-8")
    return source


def compare(source: Path, times: int) -> None:
    print(f"{PAGES} pages, {len(source.read_text(encoding='utf-8').split()):,} words, median of {times}\n")
    print("way                      seconds  ratio  processor s  ratio  peak MB  ratio  file kB")
    pandoc = by_pandoc(source, times)
    ways = (
        ("pandoc", pandoc),
        ("techne, a command", by_techne(source, times)),
        ("techne, warm process", by_warm_techne(source, times)),
    )
    for name, took in ways:
        print(
            f"{name:23}  {took.seconds:7.2f}  {pandoc.seconds / took.seconds:5.2f}  "
            f"{took.cpu_seconds:11.2f}  {pandoc.cpu_seconds / took.cpu_seconds:5.2f}  "
            f"{took.peak_megabytes:7.0f}  {pandoc.peak_megabytes / took.peak_megabytes:5.2f}  "
            f"{took.file_bytes / 1e3:7.0f}",
            flush=True,
        )


def grow(folder: Path, lengths: Sequence[int], times: int) -> bool:
    """Print a line per length; whether the aim is met."""
    print("\n       techne, warm process                          pandoc")
    print("pages  processor s  ms a page  of that at 100  peak MB  processor s  of that at 100  peak MB")
    sources = {pages: written(folder, pages) for pages in lengths}
    # One time of a long one takes as long as many of a short one.
    ours = {pages: by_warm_techne(sources[pages], max(times * PAGES // pages, 1)) for pages in lengths}
    theirs = {pages: by_pandoc(sources[pages], 1) for pages in lengths if pages in (PAGES, LENGTHS[-1])}
    for pages in lengths:
        took, pandoc = ours[pages], theirs.get(pages)
        line = f"{pages:5}  {took.cpu_seconds:11.2f}  {1000 * took.cpu_seconds / pages:9.1f}  "
        line += f"{page_ratio(ours, pages):14.2f}  {took.peak_megabytes:7.0f}"
        if pandoc is not None:
            line += f"  {pandoc.cpu_seconds:11.2f}  {page_ratio(theirs, pages):14.2f}"
            line += f"  {pandoc.peak_megabytes:7.0f}"
        print(line, flush=True)
    longest = max(lengths)
    met = page_ratio(ours, longest) <= LINEARITY_AIM
    outcome = "met" if met else "MISSED"
    print(f"\nAim: a page of {longest} takes at most {LINEARITY_AIM} of one of {PAGES}: {outcome}.")
    return met


def page_ratio(figures: Mapping[int, Figures], pages: int) -> float:
    """What a page takes in a document of this length, as a multiple of one in that of `PAGES`."""
    return figures[pages].cpu_seconds / pages / (figures[PAGES].cpu_seconds / PAGES)


def counted_pages(source: Path) -> str:
    """The pages that LibreOffice makes of techne's document."""
    soffice = shutil.which("soffice")
    if soffice is None:
        return "LibreOffice isn't there to count pages."
    target = source.with_suffix(".techne.docx")
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    command = [soffice, profile, "--headless", "--convert-to", "pdf"]
    command += ["--outdir", str(source.parent), str(target)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pages = target.with_suffix(".pdf").read_bytes().count(b"/Type/Page/") or "unknown"
    return f"LibreOffice makes {pages} pages of it."


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=5, help="of each measurement (default: 5)")
    parser.add_argument("--quick", action="store_true", help="documents of 100 pages at most")
    parser.add_argument("--count-pages", action="store_true", help="let LibreOffice count the pages, too")
    parser.add_argument("--render", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.render is not None:
        took = render(options.render, options.times)
        print(json.dumps({name: getattr(took, name) for name in Figures.__slots__}))
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        draw_pictures(folder)
        source = written(folder, PAGES)
        compare(source, options.times)
        if options.count_pages:
            print(counted_pages(source))
        return 0 if grow(folder, QUICK_LENGTHS if options.quick else LENGTHS, options.times) else 1


if __name__ == "__main__":
    sys.exit(main())
