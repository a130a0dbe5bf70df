"""Checks of tables: each cell in its place with its alignment, and a first row that is a header."""

from __future__ import annotations

from collections import Counter

from tests.support.fidelity.comparison import Comparison
from tests.support.fidelity.report import Kind
from tests.support.fidelity.source_blocks import Table


def check_tables(comparison: Comparison) -> None:
    """Check each table of the text."""
    taken: set[int] = set()
    texts: dict[tuple[int, int, int], str] = {}
    for block in comparison.word.blocks:
        if block.cell is not None:
            place = block.cell.table, block.cell.row, block.cell.column
            texts[place] = texts.get(place, "") + comparison.word.text.of(block.span)
    for table in comparison.source.tables:
        number = _table_of(comparison, table, taken)
        taken.add(number)
        _check_table(comparison, table, number, texts)


def _table_of(comparison: Comparison, table: Table, taken: set[int]) -> int:
    """The file's table that has most of a table's characters; if none has any, the next that is free."""
    votes: Counter[int] = Counter()
    for span in table.cells.values():
        for position in span:
            place = comparison.alignment.places[position]
            cell = comparison.word.blocks[comparison.word_block_at(place)].cell if place >= 0 else None
            if cell is not None and cell.table not in taken:
                votes[cell.table] += 1
    if votes:
        return votes.most_common(1)[0][0]
    if any(table.cells.values()):
        return -1
    return next((one for one in range(len(comparison.word.tables)) if one not in taken), -1)


def _check_table(
    comparison: Comparison, table: Table, number: int, texts: dict[tuple[int, int, int], str]
) -> None:
    found = comparison.word.tables[number] if number >= 0 else None
    name = " | ".join(comparison.passage(span) for (row, _), span in table.cells.items() if row == 0)
    comparison.findings.expect(
        Kind.TABLE,
        found is not None and found.places == set(table.cells),
        f"{name!r} of {_size(set(table.cells))} is {_size(found.places) if found else 'none'}",
    )
    comparison.findings.expect(Kind.HEADER_ROW, found is not None and found.header, f"of {name!r}")
    for (row, column), span in table.cells.items():
        text = texts.get((number, row, column), "")
        comparison.findings.expect(
            Kind.CELL,
            found is not None and (row, column) in found.places and text == comparison.source.text.of(span),
            f"row {row}, column {column} of {name!r}: {text!r} instead of {comparison.passage(span)!r}",
        )
        wanted = table.alignments[column]
        if wanted and span:  # nobody sees how an empty cell is aligned
            there = set() if found is None else found.alignments.get((row, column), set())
            comparison.findings.expect(
                Kind.ALIGNMENT,
                there == {wanted},
                f"row {row}, column {column} of {name!r}: {sorted(there)} instead of {wanted}",
            )


def _size(places: set[tuple[int, int]]) -> str:
    rows = 1 + max((row for row, _ in places), default=-1)
    columns = 1 + max((column for _, column in places), default=-1)
    return f"{rows} x {columns}"
