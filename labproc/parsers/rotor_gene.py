"""Corbett and Qiagen Rotor-Gene: one analysis page with its channel above the table."""

import re

from labproc.parsers import PARSERS, Parser
from labproc.parsers import _positions as positions
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout

_PAGE = re.compile(
    r"quantitat\w+ (?:analysis of|data for) (?P<channel>.+?)(?:\s*\(page \d+\))?$", re.IGNORECASE
)


def _fits(table: ResultTable) -> bool:
    return {"no", "name", "type", "ct"} <= table.headings() and "given" in table.columns


def _channel(table: ResultTable) -> str:
    """Return the channel that the nearest title above the table names."""
    above = [line for line in table.grid.lines if line.number < table.header.number]
    for line in reversed(above):
        match = _PAGE.fullmatch(line.text(0))
        if match is not None:
            return match.group("channel")
    return ""


def _layout(export: Export, table: ResultTable) -> Layout:
    # Rotors of 36 and 72 tubes count A1 to A8, B1 to B8 and on; a disc of 100 has numbers.
    return Layout(
        "rotor_gene",
        "Rotor-Gene",
        plate_wells=72 if _highest(table) <= 72 else None,
        keep_numbers=_highest(table) > 72,
        default_target=_channel(table),
    )


def _highest(table: ResultTable) -> int:
    well = table.columns.index("well")
    return max((positions.number(line.text(well)) or 0 for line in table.body), default=0)


_FAMILY = Family(_fits, _layout)


PARSERS.register("rotor_gene")(
    Parser(
        "qpcr",
        "Rotor-Gene (Corbett, Qiagen)",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv",),
        instruments=("Rotor-Gene 3000, 6000", "Rotor-Gene Q"),
        note="Excel export of a quantitation analysis; the channel stands for the target.",
    )
)
