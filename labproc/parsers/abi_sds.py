"""Applied Biosystems SDS: 7000, 7300, 7500 (software 1), 7700, 7900."""

import itertools

from labproc.parsers import PARSERS, Parser
from labproc.parsers._export import Export, ResultTable
from labproc.parsers._family import Family
from labproc.parsers._headings import fold
from labproc.parsers._layout import Layout

_DETECTOR = frozenset({"detector", "detectorname"})


def _fits(table: ResultTable) -> bool:
    """Whether there is a detector for each well, one for all in a table above, or a 7700's type."""
    headings = table.headings()
    if headings & _DETECTOR and ("task" in headings or "reporter" in headings):
        return True
    above = headings == {"well", "samplename", "start", "end", "ct"}
    return above or headings >= {"well", "reporter", "type", "deltarn", "ct"}


def _detector_above(table: ResultTable) -> str:
    """Return the detector that stands in a small table above the results."""
    lines = [line for line in table.grid.lines if line.number < table.header.number]
    for above, below in itertools.pairwise(lines):
        if fold(above.text(0)) in _DETECTOR:
            return below.text(0)
    return ""


def _layout(export: Export, table: ResultTable) -> Layout:
    is_7900 = export.says(r"^sds 2\.") and not export.says(r"96.?well")
    return Layout(
        "abi_sds",
        "Applied Biosystems SDS",
        plate_wells=384 if is_7900 else None,
        default_target=_detector_above(table),
        type_is_target="target" not in table.columns,
    )


_FAMILY = Family(_fits, _layout)


PARSERS.register("abi_sds")(
    Parser(
        "qpcr",
        "Applied Biosystems 7000, 7300, 7500, 7700, 7900 (SDS)",
        _FAMILY.sniff,
        _FAMILY.read,
        extensions=(".csv", ".txt"),
        instruments=("ABI 7000", "7300", "7500 (SDS 1)", "7700", "7900HT"),
    )
)
