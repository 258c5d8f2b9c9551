"""Stratagene, Agilent MxPro: padded columns with the unit of the signal in the headings."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout

_CT = frozenset({"ct(drn)", "ct(dr)", "ct(rn)", "ct(r)"})


def _fits(table: ResultTable) -> bool:
    return "welltype" in table.headings() and bool(table.headings() & _CT)


_FAMILY = Family(_fits, lambda export, table: Layout("mxpro", "MxPro"))


PARSERS.register("mxpro")(
    Parser(
        "qpcr",
        "Mx3000P, Mx3005P, Mx4000 (MxPro)",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".txt", ".csv", ".xls"),
        instruments=("Mx3000P", "Mx3005P", "Mx4000"),
    )
)
