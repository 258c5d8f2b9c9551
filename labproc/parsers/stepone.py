"""StepOne and 7500 software 2: sections as of QuantStudio, but wells by name only."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import ResultTable
from labproc.parsers._family import Family
from labproc.parsers._layout import Layout


def _fits(table: ResultTable) -> bool:
    """Whether there are sample and target names, and none of QuantStudio's well positions."""
    headings = table.headings()
    wanted = {"samplename", "targetname", "automaticctthreshold"}
    return headings >= wanted and "wellposition" not in headings


_FAMILY = Family(_fits, lambda export, table: Layout("stepone", "StepOne or 7500"))


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
