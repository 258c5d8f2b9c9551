"""A 384-well plate: file to Fieller in 0.3 s warm, every low-copy likelihood in 2 s."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from labproc.model import CqTable, QpcrRun, SourceFile, Task, Well
from labproc.parsers import read_file
from labproc.qpcr import QpcrRules, analyse_run

RULES = QpcrRules(standard_unit="copies_per_well")
PLATE = (
    "data/qpcr/quantstudio_da2/"
    "appbio_quantstudio_designandanalysis_QS6_Standard_Curve_example04.xlsx"
)


def best_of(work: Callable[[], object], n: int = 5) -> float:
    """Return the shortest of some runs, in seconds; the first warms up."""
    work()
    times = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def report(line: str) -> None:
    """Write a figure where ``make bench`` shows it."""
    sys.stdout.write(line + "\n")


def low_plate() -> QpcrRun:
    """Return a plate of 18 standards and 366 wells of 0.5 to 90 copies, two to a sample."""
    rng = np.random.default_rng(3)
    nominal = np.repeat(10.0 ** np.arange(1, 7), 3)
    copies = np.concatenate([nominal, rng.uniform(0.5, 90, 183).repeat(2)])
    molecules = rng.poisson(copies)
    cq = 40 - 3.38 * np.log10(np.maximum(molecules, 1)) + rng.normal(0, 0.12, copies.size)
    wells = [
        Well(
            f"{'ABCDEFGHIJKLMNOP'[i // 24]}{i % 24 + 1}",
            f"S{(i - 18) // 2}",
            "CAR",
            Task.STANDARD if i < 18 else Task.UNKNOWN,
            float(cq[i]) if molecules[i] else None,
            float(copies[i]) if i < 18 else None,
        )
        for i in range(copies.size)
    ]
    return QpcrRun(SourceFile("plate", "00" * 32, "test"), "test", CqTable(tuple(wells)))


@pytest.mark.bench
@pytest.mark.shared
def test_file_to_fieller(shared: Path):
    seconds = best_of(lambda: analyse_run(read_file(shared / PLATE), RULES))
    report(f"\n384-well xlsx to curve and Fieller: {seconds:.3f} s (bar 0.3)")
    assert seconds <= 0.3


@pytest.mark.bench
def test_every_low_copy_likelihood():
    run = low_plate()
    seconds = best_of(lambda: analyse_run(run, RULES))
    report(f"\n384 wells, every likelihood: {seconds:.3f} s (bar 2)")
    assert seconds <= 2
