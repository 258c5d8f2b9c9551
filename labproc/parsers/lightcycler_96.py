"""Roche LightCycler 96: the result table of its software."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout

_HEADINGS = frozenset({"position", "cq", "sampletype"})
_ONE_OF = frozenset({"call", "editedcall", "replicategroup", "epf", "cqerror"})


def _fits(table: ResultTable) -> bool:
    headings = table.headings()
    return headings >= _HEADINGS and bool(headings & _ONE_OF)


_FAMILY = Family(_fits, lambda export, table: Layout("lightcycler_96", "LightCycler 96"))

PARSERS.register("lightcycler_96")(
    Parser(
        "qpcr",
        "Roche LightCycler 96",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".txt", ".csv", ".xlsx"),
        instruments=("LightCycler 96",),
        note="Its RDML export is read too, with the curves.",
    )
)
