"""Roche LightCycler 480: text with Cp and concentrations, without tasks and targets."""

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._run import Layout


def _table(export: Export) -> ResultTable | None:
    wanted = {"include", "color", "pos", "name"}
    return next((t for t in export.tables if wanted <= t.headings()), None)


_FAMILY = Family(_table, lambda export, table: Layout("lightcycler_480", "LightCycler 480"))


PARSERS.register("lightcycler_480")(
    Parser(
        "qpcr",
        "Roche LightCycler 480",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".txt",),
        instruments=("LightCycler 480", "LightCycler 480 II"),
        note="A well with a standard concentration is a standard; the instrument's own curve is "
        "weighted and will differ from an unweighted one.",
    )
)
