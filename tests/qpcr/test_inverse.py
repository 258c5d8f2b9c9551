"""Inverse prediction against R's investr (``reference_values.json``)."""

import csv
import json

import numpy as np
import pytest

from labproc.errors import StandardCurveError
from labproc.model import StandardCurve
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.standard_curve import fit_standard_curve

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def reference(shared) -> dict:
    return json.loads((shared / "data/qpcr/reference_values.json").read_text())


@pytest.mark.parametrize("case", range(4))
def test_fieller_agrees_with_investr(reference, read_standards, case):
    q, cq = read_standards("qs7_std.csv")
    curve = fit_standard_curve("RNase P", q, cq=cq)
    expected = reference["qs7_rnasep_txt_example04"]["inverse_95"][case]
    found = read_backwards(expected["cq"], curve)
    assert found.log10 == pytest.approx(expected["log10"], abs=1e-6)
    assert (found.low, found.high) == pytest.approx(expected["fieller"], abs=1e-6)


def test_fieller_of_triplicate_on_mxpro_agrees_with_investr(reference, read_standards):
    q, cq = read_standards("mx_std.csv")
    expected = reference["mx3000p"]["inverse_95"]
    copies, low, high = read_backwards(expected["cq"], fit_standard_curve("SYBR", q, cq=cq)).copies
    assert copies == pytest.approx(expected["copies"], rel=1e-6)
    assert (low, high) == pytest.approx(expected["copies_fieller"], rel=1e-6)


def test_a_typed_curve_has_no_interval():
    found = read_backwards([28.0], StandardCurve("CAR", slope=-3.32, intercept=38.0))
    assert (found.low, found.high) == (None, None)


def test_no_cq_is_refused():
    with pytest.raises(StandardCurveError, match="CAR: no Cq to read"):
        read_backwards([], StandardCurve("CAR", slope=-3.32, intercept=38.0))


def test_interval_does_not_exist_where_the_slope_is_in_doubt():
    curve = fit_standard_curve("CAR", [10, 100, 1000], cq=[33.0, 25.0, 30.0])
    assert read_backwards([30.0], curve).low is None


def test_fieller_agrees_with_investrs_published_example(shared, reference):
    with (shared / "data/qpcr/lod/investr_arsenic.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    x = np.array([float(r["actual"]) for r in rows])
    y = np.array([float(r["measured"]) for r in rows])
    slope, intercept = np.polyfit(x, y, 1)
    sxx = float(((x - x.mean()) ** 2).sum())
    sd = float(np.sqrt(((y - intercept - slope * x) ** 2).sum() / (x.size - 2)))
    curve = StandardCurve(
        "arsenic", float(slope), float(intercept), sd, x.size - 2, x.size, 8, float(x.mean()), sxx
    )
    expected = reference["investr_arsenic"]
    found = read_backwards([expected["y0"]], curve, level=expected["level"])
    assert found.log10 == pytest.approx(expected["estimate"], abs=1e-6)
    assert (found.low, found.high) == pytest.approx(expected["inversion"], abs=1e-6)
