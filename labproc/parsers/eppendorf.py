"""Eppendorf Mastercycler realplex: the dye is part of every heading."""

import re

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._headings import DYE
from labproc.parsers._layout import Layout

_CT = re.compile(rf"ct(?:{DYE})")


def _fits(table: ResultTable) -> bool:
    headings = table.headings()
    return {"pos", "name"} <= headings and any(_CT.fullmatch(h) for h in headings)


_FAMILY = Family(_fits, lambda export, table: Layout("eppendorf", "Mastercycler realplex"))


PARSERS.register("eppendorf")(
    Parser(
        "qpcr",
        "Eppendorf Mastercycler realplex",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv", ".txt"),
        instruments=("Mastercycler ep realplex",),
    )
)
