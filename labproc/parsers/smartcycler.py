"""Cepheid SmartCycler: the results table below the cycle data, four dyes in one row."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout


def _fits(table: ResultTable) -> bool:
    return {"siteid", "protocol"} <= table.headings()


_FAMILY = Family(
    _fits,
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
