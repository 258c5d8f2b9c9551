"""Roche LightCycler 480: text with Cp and concentrations, without tasks and targets."""

import re

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout

_FILTER = re.compile(r"selected filter:\s*(.+?)\s*(?:\(|$)", re.IGNORECASE)
_LAYOUTS = (
    frozenset({"include", "color", "pos", "name"}),
    frozenset({"inc", "pos", "name", "cp"}),
    frozenset({"included", "position", "samplename", "crossingpoint"}),
)


def _fits(table: ResultTable) -> bool:
    headings = table.headings()
    return any(headings >= wanted for wanted in _LAYOUTS)


def _layout(export: Export, table: ResultTable) -> Layout:
    titles = (line.text(0) for line in table.grid.lines if line.number < table.header.number)
    filters = (m.group(1) for m in map(_FILTER.search, titles) if m is not None)
    return Layout("lightcycler_480", "LightCycler 480", default_dye=next(filters, ""))


_FAMILY = Family(_fits, _layout)

PARSERS.register("lightcycler_480")(
    Parser(
        "qpcr",
        "Roche LightCycler 480",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".txt",),
        instruments=("LightCycler 480", "LightCycler 480 II"),
        note="A well with a standard concentration is a standard; the instrument's own curve is "
        "weighted and will differ from an unweighted one.",
    )
)
