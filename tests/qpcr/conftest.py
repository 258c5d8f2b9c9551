"""Plates built by hand."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from labproc.model import CqTable, QpcrRun, ReportedCurve, SourceFile, Task, Well
from labproc.qpcr import QpcrRules

RunMaker = Callable[..., QpcrRun]


@pytest.fixture(scope="session")
def rules() -> QpcrRules:
    """Return the rules of a usual assay: CAR against ALB, 200 ng, standards in copies."""
    return QpcrRules(reference_target="ALB", dna_ng_per_well=200.0, standard_unit="copies_per_well")


@pytest.fixture(scope="session")
def read_standards(shared: Path) -> Callable[[str], tuple[list[float], list[float]]]:
    """Return a reader of the reference standards: quantities and Cq."""

    def read(name: str) -> tuple[list[float], list[float]]:
        with (shared / "data/qpcr/lod" / name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [float(r["q"]) for r in rows], [float(r["cq"]) for r in rows]

    return read


@pytest.fixture(scope="session")
def make_run() -> RunMaker:
    """Return a builder of runs."""

    def build(wells: Iterable[Well], reported: Sequence[ReportedCurve] = ()) -> QpcrRun:
        source = SourceFile("raw/plate.csv", "ab" * 32, "test")
        return QpcrRun(source, "test", CqTable(tuple(wells)), reported_curves=tuple(reported))

    return build


@pytest.fixture(scope="session")
def standards() -> Callable[..., list[Well]]:
    """Return a builder of standards on an exact line of slope -3.32 with small set residuals."""

    def build(
        target: str = "CAR",
        levels: Sequence[float] = (1e2, 1e3, 1e4, 1e5, 1e6),
        *,
        intercept: float = 38.0,
        slope: float = -3.32,
        off: Sequence[float] = (-0.05, 0.0, 0.05),
        row: str = "A",
    ) -> list[Well]:
        return [
            Well(
                f"{row}{3 * i + j + 1}",
                f"STD {q:g}",
                target,
                Task.STANDARD,
                float(intercept + slope * np.log10(q) + away),
                q,
            )
            for i, q in enumerate(levels)
            for j, away in enumerate(off)
        ]

    return build


@pytest.fixture(scope="session")
def unknowns() -> Callable[..., list[Well]]:
    """Return a builder of the replicates of one sample."""

    def build(
        sample: str,
        cqs: Sequence[float | None],
        target: str = "CAR",
        *,
        row: str = "C",
        task: Task = Task.UNKNOWN,
    ) -> list[Well]:
        return [Well(f"{row}{i + 1}", sample, target, task, cq) for i, cq in enumerate(cqs)]

    return build
