"""Fold against the first day, and its log2."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from labproc.model import Flag, Measurement
from labproc.model.flag import review, warning

Z95 = 1.959964  # half-width of a 95 % interval in standard errors


MAIN = ("cumulative_fold", "population_doublings")
NAMES: Mapping[str, tuple[str, str]] = {
    "cumulative_cells": ("cells_fold", "cells_doublings"),
    "cumulative_cart_cd4": ("cart_cd4_fold", "cart_cd4_doublings"),
    "cumulative_cart_cd8": ("cart_cd8_fold", "cart_cd8_doublings"),
}
"""Fold and doublings of the cells that are not the study's main kind."""


def folds(courses: Sequence[Sequence[Measurement]]) -> list[Measurement]:
    """Return fold and doublings of every culture and kind of cells.

    ``cumulative_fold`` and ``population_doublings`` are of one kind throughout the study, CAR-T
    cells where it counted any, else all cells; the other kinds have names of their own. A culture
    whose first count is on another day than that of most is flagged: its fold has another
    beginning.

    Parameters
    ----------
    courses : sequence of sequences of Measurement
        Cumulative cells of one culture and one metric each, in day order.
    """
    metrics = {course[0].metric for course in courses if course}
    best = next((m for m in ("cumulative_cart", "cumulative_cells") if m in metrics), "")
    named = {best: MAIN, **{m: names for m, names in NAMES.items() if m != best}}
    return [
        fold
        for metric, names in named.items()
        for fold in _of_one_kind([c for c in courses if c and c[0].metric == metric], names)
    ]


def _of_one_kind(
    courses: Sequence[Sequence[Measurement]], names: tuple[str, str]
) -> list[Measurement]:
    starts = Counter(course[0].key.day for course in courses)
    usual = starts.most_common(1)[0][0] if starts else None
    found = [fold for course in courses for fold in _fold(course, usual)]
    given = dict(zip(MAIN, names, strict=True))
    return [replace(one, metric=given[one.metric]) for one in found]


def _fold(course: Sequence[Measurement], usual: int | None) -> list[Measurement]:
    first = course[0]
    doubts = _doubts(first, usual)
    found = []
    for one in course:
        flagged = replace(one, flags=(*one.flags, *doubts))
        if not first.value or one.value is None:
            for metric in MAIN:
                found.append(without_value(flagged, metric, flagged.flags))
            continue
        fold = _fold_of(flagged, first)
        found.append(fold)
        if one.value > 0:
            found.append(_doublings(fold))
    return found


def _doubts(first: Measurement, usual: int | None) -> list[Flag]:
    if not first.value:
        message = f"{first.key.label}: no cells on the first day, so no fold"
        return [review("no_cells_on_first_day", message)]
    if first.key.day != usual:
        message = f"{first.key.label}: fold counts from day {first.key.day}, others from {usual}"
        return [warning("other_first_day", message)]
    return []


def without_value(one: Measurement, metric: str, flags: tuple[Flag, ...]) -> Measurement:
    """Return a measurement of which nothing but its reasons is left."""
    return replace(
        one,
        metric=metric,
        unit="",
        parent=one.metric,
        value=None,
        ci_low=None,
        ci_high=None,
        status="invalid",
        flags=flags,
        draws=None,
    )


def _fold_of(one: Measurement, first: Measurement) -> Measurement:
    if first.value is None or one.value is None:
        raise ValueError("a fold needs both days")
    is_first = one.key == first.key
    se = 0.0 if is_first else np.hypot(_se_ln(one), _se_ln(first))
    fold = one.value / first.value
    known = bool(np.isfinite(se)) and one.value > 0
    draws = None
    if one.draws is not None and first.draws is not None:
        n = min(one.draws.size, first.draws.size)
        start = np.where(first.draws[:n] > 0, first.draws[:n], np.nan)
        draws = one.draws[:n] / start
    elif one.draws is not None:
        draws = one.draws / first.value
    return replace(
        one,
        metric="cumulative_fold",
        unit="",
        parent=one.metric,
        value=fold,
        ci_low=float(fold * np.exp(-Z95 * se)) if known else None,
        ci_high=float(fold * np.exp(Z95 * se)) if known else None,
        draws=draws,
    )


def _se_ln(one: Measurement) -> float:
    """Return the standard error of ln(value) that the interval implies, NaN without one."""
    if one.ci_low is None or one.ci_high is None or one.ci_low <= 0:
        return float("nan")
    return float(np.log(one.ci_high / one.ci_low) / (2 * Z95))


def _doublings(fold: Measurement) -> Measurement:
    def log2(value: float | None) -> float | None:
        return None if value is None or value <= 0 else float(np.log2(value))

    draws = fold.draws
    return replace(
        fold,
        metric="population_doublings",
        unit="",
        value=log2(fold.value),
        ci_low=log2(fold.ci_low),
        ci_high=log2(fold.ci_high),
        draws=None if draws is None else np.log2(np.where(draws > 0, draws, np.nan)),
    )
