"""Illumina (PCRmax) Eco: 48 wells, the standard curves in a table of their own."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout


def _table(export: Export) -> ResultTable | None:
    wanted = {"assayname", "assayrole", "cq"}
    return next((t for t in export.tables if wanted <= t.headings()), None)


_FAMILY = Family(_table, lambda export, table: Layout("eco", "Eco", plate_wells=48))

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
