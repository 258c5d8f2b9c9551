"""FlowJo's table of statistics read back: whose percentage of which population it says."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import ParseError, StudyError
from labproc.formats.content import Content, look
from labproc.formats.grid import Line
from labproc.formats.text import decode, looks_like_text
from labproc.pipeline.results import GateView, Results, TubeView

NAMES = ("flowjo.csv", "flowjo.txt", "flowjo.tsv", "flowjo.xlsx", "flowjo.xls")
"""What the table is called in a study's folder."""
SUMMARIES = frozenset({"mean", "sd", "stdev", "median", "cv", "min", "max", ""})
ALSO = {
    "lymphocytes": "cells", "single cells": "singlets", "live cells": "live", "viable": "live",
    "cd3+": "t cells", "cd3": "t cells", "t-cells": "t cells", "car": "car+", "cd4": "cd4+",
    "cd8": "cd8+", "protein l+": "car+",
}  # fmt: skip
"""What FlowJo's users call the populations of the shipped strategies."""
MOST_VALUES = 200_000  # 384 tubes of 50 populations are 19,200
MOST_HEADINGS = 4  # of a table that is not FlowJo's, enough to know it by
WANTED = (
    "expected headings such as 'Live/CAR+ | Freq. of Parent' as FlowJo's table editor writes them"
)
_OF_PARENT = re.compile(r"freq(uency|\.)? of parent|%\s*(of )?parent|freq\.? of \(?parent", re.I)


@dataclass(frozen=True, slots=True)
class FlowJoValue:
    """One percentage of FlowJo's table: a fraction of the parent, with its line for messages."""

    where: str
    file: str
    path: tuple[str, ...]
    fraction: float


@dataclass(frozen=True, slots=True)
class Pair:
    """FlowJo's fraction beside ours; ``parent`` is what FlowJo's path calls the parent."""

    tube: TubeView
    gate: GateView
    theirs: float
    parent: str

    @property
    def difference(self) -> float:
        """Ours minus theirs, as a fraction."""
        return (self.gate.fraction or 0.0) - self.theirs


def find_table(folder: Path) -> Path | None:
    """Return FlowJo's table in a study's folder, None where there is none."""
    return next((folder / n for n in NAMES if (folder / n).is_file()), None)


def read_flowjo_table(path: Path, *, name: str = "") -> list[FlowJoValue]:
    """Read the percentages of parent that FlowJo's table editor exports.

    A row is a sample, a column ``Singlets/Live/CAR+ | Freq. of Parent``; the rows Mean and SD and
    other statistics are left out. ``name`` is what messages call the file, by default its own.

    Raises
    ------
    StudyError
        If the file is no such table, or a percentage is no number from 0 to 100.
    """
    name = name or path.name
    lines = _lines(path, name)
    head = lines[0] if lines else None
    width = len(head.cells) if head else 0
    columns = {i: head.text(i) for i in range(1, width) if head and _OF_PARENT.search(head.text(i))}
    if not columns:
        raise StudyError(f"{name}: no column of percentages{_headings(head)}, {WANTED}")
    rows = [r for r in lines[1:] if r.text(0).strip().casefold() not in SUMMARIES]
    if len(rows) * len(columns) > MOST_VALUES:
        found = f"{len(rows):,} rows of {len(columns):,} percentages"
        raise StudyError(f"{name}: {found}, expected at most {MOST_VALUES:,} in all")
    values = [value for row in rows for value in _values(name, row, columns)]
    if not values:
        raise StudyError(f"{name}: no percentage under its headings, expected a row for each tube")
    return values


def _headings(head: Line | None) -> str:
    """Return the first headings of a table as they stand, for whoever took the wrong file."""
    found = [repr(str(c)[:40]) for c in (head.cells if head else ()) if str(c).strip()]
    more = ", ..." if len(found) > MOST_HEADINGS else ""
    return f" (has: {', '.join(found[:MOST_HEADINGS])}{more})" if found else ""


def _lines(path: Path, name: str) -> list[Line]:
    """Return the rows that hold something; FlowJo leaves the first heading empty."""
    try:
        lines = _read(look(path))
    except (ParseError, csv.Error) as error:
        raise StudyError(f"{name}: {str(error).removeprefix(f'{path.name}: ')}") from error
    return [line for line in lines if line.filled]


def _read(found: Content) -> Sequence[Line]:
    """Return the rows of a workbook's first sheet, or of a text."""
    if found.workbook is not None:
        return found.workbook.sheet(found.workbook.names[0]).lines
    if found.problem is not None:
        raise found.problem
    if found.is_zip or found.is_ole or found.head[:3] == b"FCS" or not looks_like_text(found.head):
        raise ParseError(f"neither text nor a workbook (begins with {found.head[:8]!r}), {WANTED}")
    return tuple(_text_lines(decode(found.path.read_bytes(), name=found.path.name).text))


def _text_lines(text: str) -> Iterator[Line]:
    """Yield the rows of a text; the bars within headings are no separators."""
    mark = max("\t;,", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    yield from (Line(n, tuple(row)) for n, row in enumerate(rows, start=1))


def _path(heading: str) -> tuple[str, ...]:
    """Return the populations of a heading, the outermost first."""
    return tuple(part.strip() for part in heading.rpartition("|")[0].split("/") if part.strip())


def _values(name: str, row: Line, columns: Mapping[int, str]) -> Iterator[FlowJoValue]:
    for i, heading in columns.items():
        text = row.text(i).strip().removesuffix("%").strip()
        if not text or text.casefold() in ("n/a", "nan"):
            continue
        where = f"{name}, line {row.number}"
        try:
            percent = float(text.replace(",", "."))
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100:
            raise StudyError(f"{where}: {heading} is {text!r}, expected a percentage, 0 to 100")
        yield FlowJoValue(where, row.text(0).strip(), _path(heading), percent / 100)


def beside_ours(results: Results, values: Sequence[FlowJoValue]) -> tuple[list[Pair], list[str]]:
    """Return FlowJo's percentages beside ours, the most different first, and what has no partner.

    A sample is known by its file's name, a population by its own name in the path.
    """
    by_name: dict[str, list[TubeView]] = {}
    for tube in results.tubes:
        by_name.setdefault(_stem(tube.source.path), []).append(tube)
    pairs, lost = [], []
    for value in values:
        tubes = by_name.get(_stem(value.file), [])
        gate = _gate(tubes[0], value.path) if len(tubes) == 1 else None
        if gate is None or gate.fraction is None:
            lost.append(f"{value.where}: {value.file}, {'/'.join(value.path)}: {_why(tubes)}")
            continue
        pairs.append(Pair(tubes[0], gate, value.fraction, _parent(value.path)))
    return sorted(pairs, key=lambda p: -abs(p.difference)), lost


def _stem(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].casefold().removesuffix(".fcs")


def _why(tubes: Sequence[TubeView]) -> str:
    if not tubes:
        return "no tube of this study has that file name"
    if len(tubes) > 1:
        return f"{len(tubes)} tubes have that file name"
    return f"no such population (has: {', '.join(g.population for g in tubes[0].gates)})"


def _gate(tube: TubeView, path: Sequence[str]) -> GateView | None:
    wanted = _known(path[-1]) if path else ""
    return next((g for g in tube.gates if g.population.casefold() == wanted), None)


def _known(name: str) -> str:
    word = " ".join(name.casefold().split())
    return ALSO.get(word, word)


def _parent(path: Sequence[str]) -> str:
    return path[-2] if len(path) > 1 else ""


def same_parent(pair: Pair) -> bool:
    """Whether FlowJo's percentage is of the population that ours is of."""
    return not pair.parent or _known(pair.parent) == pair.gate.parent.casefold()
