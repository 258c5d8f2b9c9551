"""How far the results of a simulated study are from its truth."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

SAMPLE_METRICS = (
    "cells_per_ul",
    "viability",
    "car_fraction",
    "cart_per_ul",
    "cart_total",
    "cd4_cd8_ratio",
)


@dataclass(frozen=True, slots=True)
class Score:
    """How far one kind of result is from the truth, and whether that is near enough.

    ``found`` is the median error (relative, absolute for fractions) or, for intervals, the share
    that covers the truth; ``limit`` what it should be.
    """

    what: str
    n: int
    expected: int
    found: float
    worst: float
    limit: str
    passed: bool
    noun: str = "samples"

    @property
    def sentence(self) -> str:
        """The score as it is printed after the demo."""
        verdict = "reached" if self.passed else "NOT reached"
        if not self.n:
            return f"{self.what}: no result of {self.expected} {self.noun} (NOT reached)"
        where = f"{self.n} of {self.expected} {self.noun}"
        return f"{self.what}: {self.found:.1%} over {where} (goal: {self.limit}; {verdict})"

    def as_dict(self) -> dict[str, Any]:
        """Return the form that stands in JSON lines."""
        return asdict(self)


HALF = "concentration of half the effect"
Truth = Mapping[tuple[str, str, str, str], float]


def score(folder: Path) -> list[Score]:
    """Compare ``results/tables`` of a simulated study with its ``truth``.

    Counts are held to 5 %, CD4:CD8 to 3 % and copies per µg to their own intervals, of which 90 %
    should cover the truth. The intervals of lenalidomide's effects should cover what it does in
    these donors.

    Parameters
    ----------
    folder : Path
        The study folder, after ``labproc run``.
    """
    truth = _truth(folder / "truth")
    found = {_place(r): r for r in _rows(folder / "results" / "tables" / "measurements.csv")}
    result = [
        _near("cells per µL", "cells_per_ul", truth, found, 0.05),
        _near("CAR-T cells per culture", "cart_total", truth, found, 0.05),
        _near("CD4:CD8 ratio", "cd4_cd8_ratio", truth, found, 0.03),
        _covered("copies per µg, interval", "copies_per_ug", truth, found, 0.90),
        _covered("cells per µL, interval", "cells_per_ul", truth, found, 0.90),
        _covered("CAR-T cells, interval", "cart_total", truth, found, 0.90),
        _effects(folder),
        _half_effect(folder),
    ]
    return [s for s in result if s.expected]


def _effects(folder: Path) -> Score:
    """Score whether the intervals of the planned comparisons cover the true effects."""
    true = {r["outcome"]: float(r["in_these_donors"]) for r in _rows(folder / "truth" / "arms.csv")}
    rows = _rows(folder / "results" / "tables" / "comparisons.csv")
    planned = [r for r in rows if r["outcome"] in true and r["planned"] == "True"]
    planned = [r for r in planned if r["ci_low"] and r["ci_high"]]  # one donor gives none
    inside = [_effect_covers(true[r["outcome"]], r) for r in planned]
    share = float(np.mean(inside)) if inside else float("nan")
    passed = len(inside) == len(true) and all(inside)
    limit = "all intervals cover the truth"
    what = "effects of lenalidomide, interval"
    return Score(what, len(inside), len(true), share, share, limit, passed, "effects")


def _half_effect(folder: Path) -> Score:
    """Score whether the interval of the dose of half the effect covers the truth."""
    true = [float(r["ec50_um"]) for r in _rows(folder / "truth" / "doses.csv")][:1]
    rows = _rows(folder / "results" / "tables" / "comparisons.csv")
    found = [r for r in rows if r["effect"] == HALF and r["outcome"] == "cart_growth_rate"]
    inside = [_effect_covers(true[0], r) for r in found if true]
    share = float(np.mean(inside)) if inside else float("nan")
    what = "dose of half the effect, interval"
    passed = len(inside) == len(true) and all(inside)
    return Score(what, len(inside), len(true), share, share, "covers the truth", passed, "doses")


def _effect_covers(true: float, row: Mapping[str, str]) -> bool:
    """Whether an effect's interval covers the truth; ratios are compared by their logarithm."""
    ends = np.array([float(row["ci_low"]), float(row["ci_high"])])
    low, high = np.log(ends) if "ratio" in row["effect"] else ends
    return bool(low <= true <= high)


def _truth(folder: Path) -> dict[tuple[str, str, str, str], float]:
    """Read the true values by donor, arm, day and metric."""
    rows = [*_rows(folder / "samples.csv"), *_rows(folder / "copies.csv")]
    wanted = (*SAMPLE_METRICS, "copies_per_ug")
    return {
        (r["donor"], r["arm"], r["day"], metric): float(r[metric])
        for r in rows
        for metric in wanted
        if r.get(metric)
    }


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _place(row: Mapping[str, str]) -> tuple[str, str, str, str]:
    day = row["day"].strip()
    return row["donor"], row["arm"], str(int(float(day))) if day else "", row["metric"]


Found = Mapping[tuple[str, str, str, str], Mapping[str, str]]


def _pairs(metric: str, truth: Truth, found: Found) -> Iterator[tuple[float, Mapping[str, str]]]:
    for place, true in truth.items():
        if place[3] == metric and place in found:
            yield true, found[place]


def _expected(metric: str, truth: Truth) -> int:
    return sum(place[3] == metric for place in truth)


def _near(what: str, metric: str, truth: Truth, found: Found, limit: float) -> Score:
    """Score the relative errors of one metric: their median has to be within the limit."""
    pairs = [
        (true, float(row["value"])) for true, row in _pairs(metric, truth, found) if row["value"]
    ]
    errors = [abs(value / true - 1.0) for true, value in pairs]
    expected = _expected(metric, truth)
    median = float(np.median(errors)) if errors else float("nan")
    worst = max(errors, default=float("nan"))
    passed = len(errors) == expected and median <= limit
    return Score(what, len(errors), expected, median, worst, f"median error {limit:.0%}", passed)


def _covered(what: str, metric: str, truth: Truth, found: Found, limit: float) -> Score:
    """Score how many intervals of one metric cover the truth."""
    inside = [_covers(true, row) for true, row in _pairs(metric, truth, found)]
    expected = _expected(metric, truth)
    share = float(np.mean(inside)) if inside else float("nan")
    passed = len(inside) == expected and share >= limit
    return Score(what, len(inside), expected, share, share, f"{limit:.0%} cover the truth", passed)


def _covers(true: float, row: Mapping[str, str]) -> bool:
    low = float(row["ci_low"]) if row["ci_low"] else 0.0
    return bool(row["ci_high"]) and low <= true <= float(row["ci_high"])
