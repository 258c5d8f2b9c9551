"""LOD and LOQ of the USGS data set, against the output of its own script."""

import csv
import json

import numpy as np
import pytest

from labproc.errors import NotEnoughData
from labproc.model import Task, Well
from labproc.qpcr import analyse_run
from labproc.qpcr.lod_loq import limits, limits_of, wilson


@pytest.fixture(scope="module")
def reference(shared) -> dict:
    return json.loads((shared / "data/qpcr/reference_values.json").read_text())["usgs_lod_SVC"]


@pytest.mark.shared
def test_cv_of_each_level_agrees_with_the_usgs_script(shared, reference):
    with (shared / "data/qpcr/lod/Data.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["Target"] == "SVC" and r["SQ"] != "NA"]
    cq = [None if r["Cq"] in ("NA", "NaN", "") else float(r["Cq"]) for r in rows]
    copies = [float(r["SQ"]) for r in rows]
    doubling = limits(copies, cq=cq, slope=-1 / np.log10(2))  # the script takes a gain of 2
    for level in doubling.levels:
        assert level.cv == pytest.approx(reference["cq_cv_by_level"][f"{level.copies:g}"], rel=1e-6)
    found = limits(copies, cq=cq, slope=reference["script_outputs"]["slope"])
    assert found.loq == reference["script_outputs"]["LOQ_cv35"]
    assert found.lod.model == "single_hit_poisson"


def test_wilson_interval_by_hand():
    # 8 of 8: lower end n / (n + 3.8415) = 0.6756
    assert wilson(8, 8) == (pytest.approx(8 / 11.841459), pytest.approx(1.0))


def test_a_plate_without_low_standards_states_no_limit(make_run, standards, rules):
    (fit,) = analyse_run(make_run(standards()), rules).targets
    with pytest.raises(NotEnoughData, match="add levels of 1 to 10 copies"):
        limits_of(fit)


def test_a_plates_own_low_standards_give_the_limit(make_run, standards, rules):
    low = [Well(f"H{i}", "1", "CAR", Task.STANDARD, 38.0, 1.0) for i in range(6)]
    low += [Well(f"J{i}", "1", "CAR", Task.STANDARD, None, 1.0) for i in range(4)]
    (fit,) = analyse_run(make_run([*standards(), *low]), rules).targets
    found = limits_of(fit)
    level = next(x for x in found.levels if x.copies == 1.0)
    assert (level.n, level.k) == (10, 6)
    best = next(f for f in found.fits if f.model == "single_hit_poisson")
    # 6 of 10 at 1 copy: theta = -ln(0.4), LOD = 2.9957 / theta
    assert best.lod == pytest.approx(2.995732 / -np.log(0.4), rel=1e-3)
