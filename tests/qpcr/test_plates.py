"""Plates that share a curve, each shifted by a known number of cycles."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.errors import StandardCurveError, UnknownName
from labproc.model import CqTable, QpcrRun, SourceFile, Task, Well
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CLA", "'CAL' (the nearest)"),
        ("cal", "'CAL' (the nearest)"),  # case counts in names; the slip is named
        # five standards, CAL and S1: seven names
        ("pooled DNA", "one of 'STD 100', 'STD 1000', 'STD 10000' and 4 more names"),
    ],
)
def test_a_misspelt_calibrator_is_named_with_the_samples_it_may_mean(plates, rules, name, expected):
    with pytest.raises(UnknownName) as told:
        analyse_plates(plates, rules, calibrator=name)
    assert str(told.value) == (
        f"calibrator '{name}': no such sample on 3 plates, expected {expected}"
    )


def test_one_plate_with_standards_makes_no_pooled_curve(plates, rules):
    with pytest.raises(StandardCurveError, match="no target has standards on 2 of 2 plates"):
        analyse_plates(plates[1:], rules)


def test_a_plate_of_two_series_stays_out_of_the_pool_and_keeps_its_own_flag(
    plates, rules, make_run, standards
):
    mixed = [*standards(row="A"), *(replace(w, cq=w.cq + 4, sample="x") for w in standards())]
    odd = make_run(
        [replace(w, sample=f"{w.sample[:1]}", position=f"A{i}") for i, w in enumerate(mixed, 1)]
    )
    odd = replace(odd, source=replace(odd.source, sha256="9" * 64))
    first, _, third = analyse_plates([*plates[:2], odd], rules)
    assert "master_curve" in {f.code for f in first.flags}
    assert "several_standard_series" in {f.code for f in third.flags}
    assert "master_curve" not in {f.code for f in third.flags}


def test_the_plates_own_standards_are_judged_on_the_shared_curve(plates, rules):
    run = plates[0]
    wells = [replace(w, cq=w.cq + 2.5) if w.position == "A4" else w for w in run.table.wells]
    first, _ = analyse_plates(
        [replace(run, table=replace(run.table, wells=tuple(wells))), plates[1]], rules
    )
    assert [p.position for p in first.standards if p.is_outlier] == ["A4"]
    assert "standard_outlier" in {f.code for f in first.flags}


def simulated(rng, shifts, copies, *, with_standards):
    """Return plates of one line, each shifted; truth is 40 - 3.38 log10(molecules), SD 0.12."""

    def well(i, sample, mean, shift, task=Task.UNKNOWN):
        n = rng.poisson(mean)
        cq = 40 + shift - 3.38 * np.log10(n) + rng.normal(0, 0.12) if n else None
        quantity = mean if task is Task.STANDARD else None
        return Well(f"{'ABCDEFGH'[i // 12]}{i % 12 + 1}", sample, "CAR", task, cq, quantity)

    made = []
    for k, (shift, has) in enumerate(zip(shifts, with_standards, strict=True)):
        levels = [float(q) for q in np.repeat(10.0 ** np.arange(1, 6), 3)] if has else []
        plan = [(f"STD {q:g}", q, Task.STANDARD) for q in levels]
        plan += [("CAL", 20000.0, Task.UNKNOWN)] * 3
        plan += [(f"S{j // 3}", copies, Task.UNKNOWN) for j in range(12)]
        wells = [well(i, s, q, shift, t) for i, (s, q, t) in enumerate(plan)]
        source = SourceFile(f"p{k}", f"{k}" * 64, "test")
        made.append(QpcrRun(source, "test", CqTable(tuple(wells))))
    return made


@pytest.mark.parametrize("copies", [5.0, 300.0, 5000.0])
def test_intervals_of_shared_and_calibrated_curves_cover_the_truth(rules, copies):
    rng = np.random.default_rng(8)
    covered = {True: [], False: []}
    for _ in range(60):
        runs = simulated(rng, (0.0, 0.4, -0.3), copies, with_standards=(True, True, False))
        for run, found in zip(
            runs, analyse_plates(runs, rules, calibrator="CAL", draws=0), strict=True
        ):
            has = any(w.task is Task.STANDARD for w in run.table.wells)
            own = [s for s in found.samples if s.sample.startswith("S")]
            covered[has] += [s.ci_low <= copies <= s.ci_high for s in own]
    # 480 and 240 intervals, four of each plate on one line: standard error about 1.5 and 2.5 %
    assert 0.92 - 0.03 <= np.mean(covered[True]) <= 0.985 + 0.015
    assert 0.92 - 0.05 <= np.mean(covered[False]) <= 0.985 + 0.015
