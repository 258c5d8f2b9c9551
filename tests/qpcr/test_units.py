"""The unit that a file states for its quantities against the one declared."""

import pytest

from labproc.model import CqTable, QpcrRun, SourceFile, Task, Well
from labproc.qpcr import QpcrRules, analyse_run


def run(stated: str) -> QpcrRun:
    cqs = ((1e2, 31.3), (1e3, 28.0), (1e4, 24.6), (1e5, 21.3), (1e6, 18.0))
    wells = tuple(
        Well(f"A{i + 1}", f"S{i}", "CAR", Task.STANDARD, cq, q) for i, (q, cq) in enumerate(cqs)
    )
    details = {"quantity_unit": stated} if stated else {}
    return QpcrRun(SourceFile("p", "00" * 32, "t"), "t", CqTable(wells), details=details)


@pytest.mark.parametrize(
    ("stated", "declared", "is_flagged"),
    [
        ("ng", "copies_per_well", True),
        ("ng", "ng", False),
        ("ng/\N{MICRO SIGN}l", "ng", True),
        ("copies", "copies_per_well", False),
        ("copies", "copies_per_ul", False),
        ("copies/\N{GREEK SMALL LETTER MU}L", "copies_per_well", True),
        ("cop", "ng", True),
        ("SQ", "copies_per_well", False),
        ("", "copies_per_well", False),
    ],
)
def test_a_stated_unit_is_held_against_the_declared_one(
    stated: str, declared: str, is_flagged: bool
) -> None:
    rules = QpcrRules(standard_unit=declared, copies_per_ng=300, template_ul_per_well=5)
    (fit,) = analyse_run(run(stated), rules, draws=0).targets
    assert ("quantity_unit_differs" in [f.code for f in fit.flags]) is is_flagged
