"""Two targets under one name: standards of every level in two groups."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.model import CqTable, QpcrRun, SourceFile, Status, Task, Well
from labproc.qpcr import QpcrRules, analyse_run

LEVELS = 10.0 ** np.arange(2, 7)


def codes(apart: float, n_wells: int) -> list[str]:
    """Return the flags of standards of which the second half lies some cycles later."""
    rng = np.random.default_rng(5)
    wells = [
        Well(
            f"{'ABCDEFGH'[row]}{column + 1}",
            f"std{q:g}",
            "CAR",
            Task.STANDARD,
            38 - 3.35 * float(np.log10(q)) + apart * (column >= n_wells // 2) + rng.normal(0, 0.05),
            float(q),
        )
        for row, q in enumerate(LEVELS)
        for column in range(n_wells)
    ]
    run = QpcrRun(SourceFile("p", "00" * 32, "t"), "t", CqTable(tuple(wells)))
    rules = QpcrRules(standard_unit="copies_per_well")
    return [f.code for f in analyse_run(run, rules, draws=0).flags]


@pytest.mark.parametrize(("apart", "n_wells"), [(2.0, 6), (2.0, 4)])
def test_two_targets_of_one_name_are_told(apart: float, n_wells: int) -> None:
    assert "several_standard_series" in codes(apart, n_wells)


@pytest.mark.parametrize(("apart", "n_wells"), [(0.0, 6), (0.5, 6), (2.0, 2)])
def test_replicates_and_small_shifts_are_one_series(apart: float, n_wells: int) -> None:
    assert "several_standard_series" not in codes(apart, n_wells)


def test_nothing_is_read_from_a_line_between_two_series(make_run, standards, unknowns, rules):
    second = [replace(w, position=w.position.replace("A", "B"), cq=w.cq - 5) for w in standards()]
    run = make_run([*standards(), *second, *unknowns("S1", [30.0] * 3)])
    (sample,) = analyse_run(run, rules).samples
    assert (sample.status, sample.copies, sample.ci_high) == (Status.INVALID, None, None)
    assert sample.fieller_copies is not None
