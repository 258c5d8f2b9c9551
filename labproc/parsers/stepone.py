"""StepOne and 7500 software 2: sections as of QuantStudio, but wells by name only."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout


def _table(export: Export) -> ResultTable | None:
    """Return the results: sample and target names, and none of QuantStudio's well positions."""
    wanted = {"samplename", "targetname", "automaticctthreshold"}
    fits = (t for t in export.tables if wanted <= t.headings())
    return next((t for t in fits if "wellposition" not in t.headings()), None)


_FAMILY = Family(_table, lambda export, table: Layout("stepone", "StepOne or 7500"))


PARSERS.register("stepone")(
    Parser(
        "qpcr",
        "StepOne, StepOnePlus, 7500 and 7500 Fast (software 2)",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv", ".txt", ".xls"),
        instruments=("StepOne", "StepOnePlus", "7500", "7500 Fast"),
    )
)
