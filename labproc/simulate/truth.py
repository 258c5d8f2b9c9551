"""What is true of a simulated study, and how far its results are from it."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labproc.simulate.cultures import CultureDay
from labproc.simulate.design import CONTROL, TREATED, Design
from labproc.simulate.patient import PATIENT, patient_course
from labproc.simulate.plates import DNA_NG

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


def write_truth(folder: Path, cultures: Sequence[CultureDay], design: Design) -> None:
    """Write ``samples.csv``, ``copies.csv``, ``cultures.csv`` and ``arms.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "samples.csv", [_sample_row(c) for c in cultures])
    copies = [_copies_row(c) for c in cultures] if design.with_qpcr else []
    _write(folder / "copies.csv", copies + (_patient_rows() if design.with_patient else []))
    rates = list(_rate_rows(cultures, design))
    _write(folder / "cultures.csv", rates)
    _write(folder / "arms.csv", _arm_rows(rates, design))


def _write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)


def _sample_row(c: CultureDay) -> dict[str, Any]:
    return {
        "donor": c.donor,
        "arm": c.arm,
        "day": c.day,
        "cells_per_ul": c.live_per_ul,
        "viability": c.viability,
        "car_fraction": c.car_fraction,
        "cart_per_ul": c.cart_total / (1000.0 * c.volume_ml),
        "cart_total": c.cart_total,
        "cd4_cd8_ratio": c.cd4_cd8_ratio,
        "cumulative_cart": c.cumulative_cart,
    }


def _copies_row(c: CultureDay) -> dict[str, Any]:
    return _copies(c.donor, c.arm, c.day, c.copies_per_ug, DNA_NG)


def _patient_rows() -> list[dict[str, Any]]:
    return [_copies(PATIENT, TREATED, d.day, d.copies_per_ug, d.dna_ng) for d in patient_course()]


def _copies(donor: str, arm: str, day: int, per_ug: float, dna_ng: float) -> dict[str, Any]:
    return {
        "donor": donor,
        "arm": arm,
        "day": day,
        "copies_per_ug": per_ug,
        "copies_per_well": per_ug * dna_ng / 1000.0,
        "dna_ng": dna_ng,
    }


def window(design: Design) -> tuple[int, int]:
    """Return the days between which the study plans to take growth rates."""
    last = max(design.days)
    return min(2, last), min(10, last)


def _rate_rows(cultures: Sequence[CultureDay], design: Design) -> Iterator[dict[str, Any]]:
    """Yield the true slopes of every culture over the plan's window."""
    low, high = window(design)
    for donor in design.donor_names:
        for arm in design.arms:
            course = [c for c in cultures if (c.donor, c.arm) == (donor, arm)]
            within = [c for c in course if low <= c.day <= high]
            yield {
                "donor": donor,
                "arm": arm,
                "cart_growth_rate": _slope(within, [c.cumulative_cart for c in within]),
                "ln_cd4_cd8_slope": _slope(course, [c.cd4_cd8_ratio for c in course]),
                "cart_fold": course[-1].cumulative_cart / course[0].cumulative_cart,
            }


def _slope(course: Sequence[CultureDay], values: Sequence[float]) -> float:
    """Return the slope of ln(values) per day; 0 where one day is all there is."""
    if len(course) < 2:
        return 0.0
    return float(np.polyfit([c.day for c in course], np.log(values), 1)[0])


def _arm_rows(rates: Sequence[Mapping[str, Any]], design: Design) -> list[dict[str, Any]]:
    """Return what lenalidomide truly does: as designed, and on average in these donors."""
    designed = {
        "cart_growth_rate": design.growth_effect,
        "ln_cd4_cd8_slope": design.ratio_effect,
    }
    rows = []
    for outcome, effect in designed.items():
        means = {
            arm: np.mean([r[outcome] for r in rates if r["arm"] == arm]) for arm in design.arms
        }
        rows.append(
            {
                "outcome": outcome,
                "contrast": f"{TREATED} - {CONTROL}",
                "designed": effect,
                "in_these_donors": float(means[TREATED] - means[CONTROL]),
                "unit": "1/day",
            }
        )
    return rows


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
    ]
    return [s for s in result if s.expected]


def _effects(folder: Path) -> Score:
    """Score whether the intervals of the planned comparisons cover the true effects."""
    true = {r["outcome"]: float(r["in_these_donors"]) for r in _rows(folder / "truth" / "arms.csv")}
    rows = _rows(folder / "results" / "tables" / "comparisons.csv")
    planned = [r for r in rows if r["outcome"] in true and r["planned"] == "True"]
    inside = [_effect_covers(true[r["outcome"]], r) for r in planned]
    share = float(np.mean(inside)) if inside else float("nan")
    passed = len(inside) == len(true) and all(inside)
    limit = "all intervals cover the truth"
    what = "effects of lenalidomide, interval"
    return Score(what, len(inside), len(true), share, share, limit, passed, "effects")


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
