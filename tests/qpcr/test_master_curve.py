"""A common slope over plates; agreement with statsmodels' ANCOVA."""

import numpy as np
import pytest

from labproc.errors import StandardCurveError
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.master_curve import fit_master_curve
from labproc.qpcr.standard_curve import curve_variance

COPIES = np.repeat([1e2, 1e3, 1e4, 1e5], 3)


def plates(rng, shifts, slopes=None):
    made = {}
    for i, shift in enumerate(shifts):
        slope = -3.35 if slopes is None else slopes[i]
        cq = 38 + shift + slope * np.log10(COPIES) + rng.normal(0, 0.1, COPIES.size)
        made[f"P{i + 1}"] = (list(COPIES), list(cq))
    return made


@pytest.fixture
def three():
    return plates(np.random.default_rng(1), [0.0, 0.4, -0.2])


def test_common_slope_agrees_with_an_ancova_of_statsmodels(three):
    import pandas as pd
    import statsmodels.formula.api as smf

    rows = [
        {"plate": name, "x": np.log10(q), "cq": c}
        for name, (qs, cqs) in three.items()
        for q, c in zip(qs, cqs, strict=True)
    ]
    table = pd.DataFrame(rows)
    expected = smf.ols("cq ~ C(plate) + x", table).fit()
    parallel = smf.ols("cq ~ C(plate) * x", table).fit().compare_f_test(expected)
    master = fit_master_curve("CAR", three)
    assert master.slope == pytest.approx(expected.params["x"], rel=1e-9)
    assert master.slope_ci == pytest.approx(tuple(expected.conf_int().loc["x"]), rel=1e-9)
    assert master.residual_sd**2 == pytest.approx(expected.scale, rel=1e-9)
    assert master.parallel_p == pytest.approx(parallel[1], rel=1e-6)
    where = expected.get_prediction(pd.DataFrame({"plate": ["P1"], "x": [2.0]}))
    assert curve_variance(master.curve_of("P1"), 2.0) == pytest.approx(where.se_mean[0] ** 2)
    gap = master.curve_of("P2").intercept - master.curve_of("P1").intercept
    assert gap == pytest.approx(expected.params["C(plate)[T.P2]"], rel=1e-9)


def test_plates_of_different_slope_are_flagged():
    made = plates(np.random.default_rng(2), [0.0, 0.0], slopes=[-3.2, -3.6])
    assert {f.code for f in fit_master_curve("CAR", made).flags} == {"slopes_differ"}


def test_plate_without_standards_is_read_from_its_calibrator(three):
    master = fit_master_curve("CAR", three)
    curve = master.calibrated("P9", copies=1000.0, cq=[28.5, 28.5])
    assert read_backwards([28.5], curve).copies[0] == pytest.approx(1000.0)
    assert {f.code for f in curve.flags} == {"calibrated_plate"}
    with pytest.raises(StandardCurveError, match="0 calibrator wells"):
        master.calibrated("P9", copies=1000.0, cq=[])
