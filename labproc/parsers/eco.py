"""Illumina (PCRmax) Eco: 48 wells, the standard curves in a table of their own."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout


def _fits(table: ResultTable) -> bool:
    return {"assayname", "assayrole", "cq"} <= table.headings()


_FAMILY = Family(_fits, lambda export, table: Layout("eco", "Eco", plate_wells=48))

PARSERS.register("eco")(
    Parser(
        "qpcr",
        "Illumina Eco, PCRmax Eco 48",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv",),
        instruments=("Eco", "Eco 48"),
    )
)
