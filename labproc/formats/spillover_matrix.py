"""Spillover matrices as people keep them: a table, or a matrix that FlowJo saved."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from labproc.errors import ParseError
from labproc.formats.table import read_table
from labproc.formats.xml import walk
from labproc.model import Spillover
from labproc.wording import counted

MOST_BYTES = 4_000_000  # 300 detectors in FlowJo's XML
OLD_BRACKETS = ["<", ">"]  # the second line of a matrix as FlowJo before version 10 saved it
Cells = Mapping[str, Mapping[str, float]]


def read_spillover(path: Path) -> Spillover:
    """Read a spillover matrix: dyes in rows, detectors in columns.

    A table (csv, tsv, xlsx) has the detectors as headings and may name the dyes in its first
    column: by detectors in any order, or by the dyes' own names in the order of the headings.
    FlowJo's ``.mtx`` is XML (version 10) or text (before).

    Raises
    ------
    ParseError
        If the matrix is not square, a name is unknown or missing, or a cell is not a number.
    """
    head = _head(path)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _from_xml(path)
    lines = head.decode("utf-8", errors="replace").splitlines()
    if len(lines) > 2 and lines[1].split("\t") == OLD_BRACKETS:
        return _from_old_text(path.name, lines)
    return _from_table(path)


def _head(path: Path) -> bytes:
    if not path.is_file():
        raise ParseError(f"{path.name}: no such file, expected a spillover matrix")
    if path.stat().st_size > MOST_BYTES:
        raise ParseError(f"{path.name}: {path.stat().st_size:,} bytes, expected a small matrix")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ParseError(f"{path.name}: {error.strerror}, expected a readable file") from error


def _from_table(path: Path) -> Spillover:
    table = read_table(path)
    has_names = len(table.header) - len(table.rows)  # a first column that names the dyes
    unnamed = has_names == 0 and any(len(r.cells) < len(table.header) for r in table.rows)
    if has_names not in (0, 1) or unnamed:
        raise ParseError(
            f"{path.name}: {counted(len(table.rows), 'row')} under "
            f"{counted(len(table.header), 'heading')}, expected a square matrix with a row for "
            "each detector"
        )
    headings = table.header[has_names:]
    names = [_plain(h) for h in headings]
    rows = [
        [_number(f"{path.name}, line {row.line}, {name}", row.cells[name]) for name in headings]
        for row in table.rows
    ]
    dyes = [_plain(row.cells[table.header[0]]) for row in table.rows] if has_names else names
    return Spillover(tuple(names), np.array(_in_order(path.name, names, dyes, rows)))


def _plain(name: str) -> str:
    """Return a detector's own name: FlowJo adds ``Comp-`` and the label.

    Examples
    --------
    >>> _plain("Comp-BL1-A :: CAR")
    'BL1-A'
    """
    return name.partition(" :: ")[0].strip().removeprefix("Comp-")


def _number(where: str, text: str) -> float:
    try:
        value = float(text.replace(",", ".") if "." not in text else text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise ParseError(f"{where}: found {text!r}, expected a number")
    return value


def _in_order(
    where: str, names: Sequence[str], dyes: Sequence[str], rows: Sequence[list[float]]
) -> list[list[float]]:
    """Return the rows in the order of the headings."""
    known = [d for d in dyes if d in names]
    if not known:  # rows named by the dyes' own names
        return list(rows)
    if sorted(dyes) != sorted(names):
        odd = next(d for d in (*dyes, *names) if d not in names or d not in dyes)
        raise ParseError(f"{where}: {odd!r} is not both a row and a heading, expected all to be")
    return [rows[list(dyes).index(name)] for name in names]


def _shape(body: Sequence[Sequence[str]], names: Sequence[str]) -> str:
    return f"{counted(len(body), 'row')} for {counted(len(names), 'detector')}"


def _from_old_text(where: str, lines: Sequence[str]) -> Spillover:
    """Read a name, the brackets, the detectors and their rows."""
    names = [_plain(n) for n in lines[2].split("\t") if n.strip()]
    body = [[c for c in line.split("\t") if c.strip()] for line in lines[3:] if line.strip()]
    if [len(row) for row in body] != [len(names)] * len(names):
        raise ParseError(f"{where}: {_shape(body, names)}, expected a square")
    rows = [[_number(f"{where}, line {k}", c) for c in row] for k, row in enumerate(body, 4)]
    return Spillover(tuple(names), np.array(rows))


def _from_xml(path: Path) -> Spillover:
    """Read the first matrix of FlowJo's XML: ``spilloverMatrix``, before it a list of channels."""
    with path.open("rb") as file:
        stream = BytesIO(file.read(MOST_BYTES))
    for event, element in walk(stream, where=path.name):
        if event == "end" and element.tag in ("spilloverMatrix", "CompensationMatrix"):
            return _of_cells(path.name, _cells(path.name, element))
    raise ParseError(f"{path.name}: no spilloverMatrix in it, expected a matrix saved by FlowJo")


def _cells(where: str, matrix: Element) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for row in matrix:
        if row.tag not in ("spillover", "Channel"):
            continue
        dye = _plain(_attribute(row, "parameter", "name"))
        cells = found.setdefault(dye, {})
        for cell in row:
            name = _plain(_attribute(cell, "parameter", "name"))
            cells[name] = _number(f"{where}, {dye} into {name}", _attribute(cell, "value"))
    return found


def _attribute(element: Element, *names: str) -> str:
    """Return the first of these attributes, whatever its namespace."""
    plain = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    return next((plain[n] for n in names if n in plain), "")


def _of_cells(where: str, found: Cells) -> Spillover:
    names = tuple(found)
    if not names:
        raise ParseError(f"{where}: a matrix without rows, expected one for each dye")
    for dye, cells in found.items():
        odd = [n for n in (*names, *cells) if n not in cells or n not in found]
        if odd:
            raise ParseError(f"{where}, row {dye!r}: {odd[0]!r} is not both a row and a column")
    return Spillover(names, np.array([[found[dye][n] for n in names] for dye in names]))
