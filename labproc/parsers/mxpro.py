"""Stratagene, Agilent MxPro: padded columns with the unit of the signal in the headings."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout

_CT = frozenset({"ct(drn)", "ct(dr)", "ct(rn)", "ct(r)"})


def _table(export: Export) -> ResultTable | None:
    for table in export.tables:
        if "welltype" in table.headings() and table.headings() & _CT:
            return table
    return None


_FAMILY = Family(_table, lambda export, table: Layout("mxpro", "Mx3000P"))


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
