"""Corbett and Qiagen Rotor-Gene: one analysis page with its channel above the table."""

import re

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout

_PAGE = re.compile(r"quantitat\w+ analysis of (?P<channel>.+?)(?:\s*\(page \d+\))?$", re.IGNORECASE)


def _table(export: Export) -> ResultTable | None:
    for table in export.tables:
        headings = table.headings()
        if {"no", "name", "type", "ct"} <= headings and "given" in table.columns:
            return table
    return None


def _channel(table: ResultTable) -> str:
    """Return the channel that the nearest title above the table names."""
    above = [line for line in table.grid.lines if line.number < table.header.number]
    for line in reversed(above):
        match = _PAGE.fullmatch(line.text(0))
        if match is not None:
            return match.group("channel")
    return ""


def _layout(export: Export, table: ResultTable) -> Layout:
    return Layout("rotor_gene", "Rotor-Gene", keep_numbers=True, default_target=_channel(table))


_FAMILY = Family(_table, _layout)


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
