"""Cepheid SmartCycler: the results table below the cycle data, four dyes in one row."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout


def _table(export: Export) -> ResultTable | None:
    wanted = {"siteid", "protocol"}
    return next((t for t in export.tables if wanted <= t.headings()), None)


_FAMILY = Family(
    _table,
    lambda export, table: Layout("smartcycler", "SmartCycler", zero_is_undetected=True),
)

PARSERS.register("smartcycler")(
    Parser(
        "qpcr",
        "Cepheid SmartCycler",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv",),
        instruments=("SmartCycler II",),
        note="A dye in which no site has a Ct is left out; 0.00 stands for not detected.",
    )
)
