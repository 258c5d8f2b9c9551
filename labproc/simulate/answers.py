"""The true values behind a simulated study, written beside it as tables."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labproc.simulate.cohort import patients_of
from labproc.simulate.cultures import CultureDay
from labproc.simulate.design import CONTROL, TREATED, TREATED_UM, Design
from labproc.simulate.plates import DNA_NG

NO_SUBSETS = {"cd4_cd8_ratio": ""}  # no tube of that panel was stained


def write_truth(folder: Path, cultures: Sequence[CultureDay], design: Design) -> None:
    """Write ``samples.csv``, ``copies.csv``, ``cultures.csv``, ``arms.csv`` and ``doses.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    series = [c for c in cultures if c.arm in design.dose_arms and c.day in design.window]
    cultures = [c for c in cultures if c.arm in design.arms]
    samples = [*map(_sample_row, cultures), *(_sample_row(c) | NO_SUBSETS for c in series)]
    _write(folder / "samples.csv", samples)
    copies = [_copies_row(c) for c in cultures] if design.with_qpcr else []
    _write(folder / "copies.csv", copies + (_patient_rows(design) if design.with_patient else []))
    rates = list(_rate_rows(cultures, design))
    _write(folder / "cultures.csv", rates)
    _write(folder / "arms.csv", _arm_rows(rates, design))
    if series:
        _write(folder / "doses.csv", _dose_rows(design))


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


def _patient_rows(design: Design) -> list[dict[str, Any]]:
    patients, courses = patients_of(design)
    arms = {row["patient"]: row["arm"] for row in patients}
    return [
        _copies(who, arms[who], d.day, d.copies_per_ug, d.dna_ng)
        for who, course in courses.items()
        for d in course
    ]


def _copies(donor: str, arm: str, day: int, per_ug: float, dna_ng: float) -> dict[str, Any]:
    return {
        "donor": donor,
        "arm": arm,
        "day": day,
        "copies_per_ug": per_ug,
        "copies_per_well": per_ug * dna_ng / 1000.0,
        "dna_ng": dna_ng,
    }


def _dose_rows(design: Design) -> list[dict[str, Any]]:
    """Return what each dose adds to the growth rate by design, and the dose of half the effect."""
    doses = {CONTROL: 0.0, **design.dose_arms, TREATED: TREATED_UM}
    return [
        {
            "arm": arm,
            "dose_um": dose,
            "cart_growth_rate": design.strength(arm) * design.growth_effect,
            "ec50_um": design.ec50_um,
        }
        for arm, dose in doses.items()
    ]


def _rate_rows(cultures: Sequence[CultureDay], design: Design) -> Iterator[dict[str, Any]]:
    """Yield the true slopes of every culture over the plan's window."""
    low, high = design.window
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
