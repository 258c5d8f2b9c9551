"""A common slope over plates; agreement with statsmodels' ANCOVA."""

import numpy as np
import pytest

from labproc.errors import StandardCurveError
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.master_curve import Calibrator, fit_master_curve
from labproc.qpcr.poisson_curve import fit_poisson_plates
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
    shared = master.calibrated("P9", Calibrator(1000.0, [28.5, 28.5]))
    assert read_backwards([28.5], shared.curve).copies[0] == pytest.approx(1000.0)
    assert "calibrated_plate" in {f.code for f in shared.curve.flags}
    with pytest.raises(StandardCurveError, match="0 calibrator wells"):
        master.calibrated("P9", Calibrator(1000.0, []))


def test_without_counting_noise_the_poisson_line_is_the_ancova_too():
    import pandas as pd
    import statsmodels.formula.api as smf

    rng = np.random.default_rng(3)
    copies = np.repeat([1e7, 1e8, 1e9], 3)  # counting noise below 1e-6 of the variance
    table = pd.DataFrame({"plate": np.repeat(["a", "b"], 9), "x": np.log10(np.tile(copies, 2))})
    table["cq"] = 40 - 3.3 * table["x"] + 0.3 * (table["plate"] == "b") + rng.normal(0, 0.1, 18)
    expected = smf.ols("cq ~ C(plate) + x", table).fit()
    where = expected.get_prediction(pd.DataFrame({"plate": ["b"], "x": [7.5]}))
    cqs = [table["cq"][table["plate"] == p].to_numpy() for p in "ab"]
    _, second = fit_poisson_plates([(copies, cq) for cq in cqs])
    assert second.slope == pytest.approx(expected.params["x"], rel=1e-6)
    assert second.sd**2 == pytest.approx(expected.scale, rel=1e-4)
    assert second.dof == pytest.approx(expected.df_resid, rel=1e-4)
    assert second.intercept + 7.5 * second.slope == pytest.approx(where.predicted_mean[0])
    assert second.variance_at(7.5) == pytest.approx(where.se_mean[0] ** 2, rel=1e-4)
