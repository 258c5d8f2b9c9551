"""Detection curves against binomial fits in R 4.2.2 (``reference_values.json``)."""

import json

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.qpcr.detection import Series, fit_detection

# 25, 59, 96 ... of 96 detected at 1, 5, 10 ... copies
SVC = Series(
    np.array([1.0, 5, 10, 100, 1000, 10000]),
    np.full(6, 96.0),
    np.array([25.0, 59, 96, 96, 96, 96]),
)
NAMES = {
    "probit": "probit_log10",
    "logit": "logit_log10",
    "cloglog": "cloglog_log10_weibull",
    "single_hit_poisson": "single_hit_poisson",
}


@pytest.fixture(scope="module")
def reference(shared) -> dict:
    return json.loads((shared / "data/qpcr/reference_values.json").read_text())["usgs_lod_SVC"]


@pytest.mark.shared
@pytest.mark.parametrize("model", NAMES)
def test_lod_and_profile_interval_agree_with_r(reference, model):
    expected = reference["binomial_ml"][NAMES[model]]
    fit = next(f for f in fit_detection(SVC) if f.model == model)
    assert fit.lod == pytest.approx(expected["LOD95"], rel=1e-4)
    assert (fit.low, fit.high) == pytest.approx(expected["profile"], abs=1e-3)
    assert fit.aic == pytest.approx(expected["AIC"], abs=1e-3)
    told = [expected["theta"]] if model == "single_hit_poisson" else [expected["a"], expected["b"]]
    assert list(fit.parameters) == pytest.approx(told, abs=1e-3)


def test_lowest_aic_comes_first():
    fits = fit_detection(SVC)
    assert fits[0].model == "single_hit_poisson"
    assert [f.aic for f in fits] == sorted(f.aic for f in fits)


def test_lod_of_a_rule_of_two_wells_of_three_by_hand():
    fit = next(f for f in fit_detection(SVC) if f.model == "single_hit_poisson")
    copies = fit.k_of_n(2, 3)
    p = 1 - np.exp(-fit.parameters[0] * copies)
    assert 3 * p**2 * (1 - p) + p**3 == pytest.approx(0.95)
    assert fit.k_of_n(1, 1) == pytest.approx(fit.lod)


def test_perfect_single_molecule_detection_has_the_theoretical_lod():
    copies = np.array([0.5, 1.0, 2.0, 4.0])
    series = Series(copies, np.full(4, 1e6), np.round(1e6 * -np.expm1(-copies)))
    fit = next(f for f in fit_detection(series) if f.model == "single_hit_poisson")
    assert fit.lod == pytest.approx(2.995732, rel=1e-3)


def test_all_or_nothing_bounds_no_curve():
    with pytest.raises(NotEnoughData, match="add levels of 1 to 10 copies"):
        fit_detection(Series(np.array([1.0, 100.0]), np.full(2, 8.0), np.array([0.0, 8.0])))
