"""Curves against R 4.2.2 (``lm``, anova) in ``data/qpcr/reference_values.json``."""

import json
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import StandardCurveError
from labproc.qpcr.standard_curve import (
    fit_standard_curve,
    intercept_interval,
    lack_of_fit,
    levels_out_of_order,
    outlier_wells,
)


@pytest.fixture(scope="module")
def reference(shared: Path) -> dict:
    return json.loads((shared / "data/qpcr/reference_values.json").read_text())


@pytest.mark.shared
def test_curve_of_quantstudio_agrees_with_r(reference, read_standards):
    expected = reference["qs7_rnasep_txt_example04"]
    q, cq = read_standards("qs7_std.csv")
    curve = fit_standard_curve("RNase P", q, cq=cq)
    assert curve.slope == pytest.approx(expected["slope"], abs=1e-7)
    assert curve.intercept == pytest.approx(expected["intercept"], abs=1e-7)
    assert curve.residual_sd == pytest.approx(expected["sigma"], abs=1e-8)
    assert curve.r_squared == pytest.approx(expected["r2"], abs=1e-6)
    assert curve.slope_ci == pytest.approx(expected["slope_ci95"], abs=1e-6)
    assert curve.efficiency == pytest.approx(expected["efficiency"], abs=1e-7)
    assert curve.efficiency_ci == pytest.approx(expected["efficiency_ci95"], abs=1e-6)
    assert curve.lack_of_fit_p == pytest.approx(expected["lack_of_fit"]["p"], abs=1e-6)
    low, high = intercept_interval(curve)
    half = expected["intercept_se"] * 2.10092204  # t, 18 dof
    assert (high - low) / 2 == pytest.approx(half, rel=1e-6)


@pytest.mark.shared
def test_lack_of_fit_of_mxpro_agrees_with_r(reference, read_standards):
    expected = reference["mx3000p"]
    q, cq = read_standards("mx_std.csv")
    curve = fit_standard_curve("SYBR", q, cq=cq)
    test = lack_of_fit(np.log10(q), np.array(cq), slope=curve.slope, intercept=curve.intercept)
    assert curve.slope == pytest.approx(expected["slope"], abs=1e-6)
    assert test is not None
    assert test.statistic == pytest.approx(expected["lack_of_fit"]["F"], abs=1e-5)
    assert test.dof == tuple(expected["lack_of_fit"]["df"])
    assert test.p_value == pytest.approx(expected["lack_of_fit"]["p"], abs=1e-6)


@pytest.mark.shared
@pytest.mark.parametrize("target", ["SVC", "BHC"])
def test_slope_and_r2_agree_with_the_usgs_calculator(shared, reference, target):
    import csv

    with (shared / "data/qpcr/lod/Data.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["Target"] == target]
    expected = (
        reference["usgs_lod_SVC"]["script_outputs"]
        if target == "SVC"
        else reference["usgs_lod_SVC"].get("BHC", reference.get("BHC"))
    )
    q, cq = usgs_standards(rows)
    curve = fit_standard_curve(target, q, cq=cq)
    assert curve.slope == pytest.approx(expected.get("slope", expected.get("Slope")), abs=1e-9)
    assert curve.r_squared == pytest.approx(expected["R2"], abs=1e-9)


def usgs_standards(rows):
    """Return the standards that the calculator fits: levels with at least half detected, by IQR."""
    levels = {}
    for r in rows:
        if r["SQ"] not in ("", "NA") and float(r["SQ"]) > 0:
            levels.setdefault(float(r["SQ"]), []).append(r["Cq"])
    q, cq = [], []
    for level, words in levels.items():
        found = [float(w) for w in words if w not in ("", "NA", "NaN")]
        if len(found) < len(words) / 2:
            continue
        low, high = np.percentile(found, [25, 75])
        kept = [c for c in found if low <= c <= high]
        q += [level] * len(kept)
        cq += kept
    return q, cq


def test_two_levels_of_one_well_are_refused():
    with pytest.raises(StandardCurveError, match=r"CAR: 2 detected standards on 2 levels, exp"):
        fit_standard_curve("CAR", [10, 100], cq=[34.0, 31.0])


def test_rising_cq_is_refused():
    with pytest.raises(StandardCurveError, match=r"slope is \+3.32.*check the order"):
        fit_standard_curve("CAR", [10, 100, 1000], cq=[28.0, 31.32, 34.64])


def test_standard_without_copies_is_refused():
    with pytest.raises(StandardCurveError, match="has 0 copies, expected more than 0"):
        fit_standard_curve("CAR", [0, 100, 1000], cq=[40.0, 31.0, 28.0])


def test_outlier_is_found_and_a_clean_line_shows_none():
    x = np.repeat(np.arange(1.0, 6.0), 3)
    y = 38 - 3.32 * x + np.tile([-0.05, 0.0, 0.05], 5)
    assert not any(outlier_wells(x, y))
    y[4] += 1.5
    assert [i for i, odd in enumerate(outlier_wells(x, y)) if odd] == [4]


def test_swapped_neighbours_are_named():
    copies = np.array([10.0, 100.0, 1000.0, 10000.0])
    assert levels_out_of_order(copies, np.array([34.0, 27.0, 31.0, 24.0])) == [(100.0, 1000.0)]
