"""Plates that share a curve, each shifted by a known number of cycles."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.errors import StandardCurveError
from labproc.qpcr.plates import analyse_plates


@pytest.fixture
def plates(make_run, standards, unknowns):
    """Return three plates 0, 0.4 and -0.3 cycles off; the third has no standards."""
    cq = 38.0 - 3.32 * np.log10(5000)
    shifts = (0.0, 0.4, -0.3)
    made = []
    for i, shift in enumerate(shifts):
        wells = standards(intercept=38.0 + shift) if i < 2 else []
        wells += unknowns("CAL", [float(cq + shift)] * 3, row="C")
        wells += unknowns("S1", [float(cq + shift - 3.32)] * 3, row="D")
        run = make_run(wells)
        made.append(replace(run, source=replace(run.source, sha256=f"{i}" * 64)))
    return made


def copies(analysis, sample):
    return next(s for s in analysis.samples if s.sample == sample).copies


def test_each_plate_is_read_from_its_own_level(plates, rules):
    first, second = analyse_plates(plates[:2], rules)
    assert copies(first, "S1") == pytest.approx(50000, rel=1e-6)
    assert copies(second, "S1") == pytest.approx(50000, rel=1e-6)
    assert first.curves[0].slope == second.curves[0].slope
    assert "master_curve" in {f.code for f in first.flags}


def test_a_plate_without_standards_is_read_through_the_calibrator(plates, rules):
    third = analyse_plates(plates, rules, calibrator="CAL")[2]
    assert copies(third, "S1") == pytest.approx(50000, rel=1e-6)
    assert "calibrated_plate" in {f.code for f in third.flags}


def test_one_plate_with_standards_makes_no_pooled_curve(plates, rules):
    with pytest.raises(StandardCurveError, match="no target has standards on 2 of 2 plates"):
        analyse_plates(plates[1:], rules)
