"""What must hold for any plate: order, scale, the simulated demo's truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labproc.model import CqTable, QpcrRun, Role, SampleKey, SourceFile, Task, Well
from labproc.qpcr import QpcrRules, analyse_run, sample_measurements
from labproc.simulate import plates

RULES = QpcrRules(reference_target="ALB", standard_unit="copies_per_well", dna_ng_per_well=200.0)


def run_of(wells):
    return QpcrRun(SourceFile("plate", "cd" * 32, "test"), "test", CqTable(tuple(wells)))


def plate(seed, n=6, factor=1.0):
    rng = np.random.default_rng(seed)
    nominal = np.repeat(10.0 ** np.arange(2, 6), 3)
    standards = [
        Well(
            f"A{i + 1}", "STD", "CAR", Task.STANDARD, float(38 - 3.35 * np.log10(q) + e), q * factor
        )
        for i, (q, e) in enumerate(zip(nominal, rng.normal(0, 0.1, nominal.size), strict=True))
    ]
    cqs = rng.uniform(22, 40, (n, 3))
    unknowns = [
        Well(f"B{3 * i + j}", f"S{i}", "CAR", cq=float(cqs[i, j]) if cqs[i, j] < 38 else None)
        for i in range(n)
        for j in range(3)
    ]
    return standards + unknowns


def copies(wells, **more):
    analysis = analyse_run(run_of(wells), replace(RULES, **more), draws=0)
    return {s.sample: (s.copies, s.ci_low, s.ci_high, s.status) for s in analysis.samples}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_order_of_wells_does_not_matter(seed, random):
    wells = plate(seed)
    mixed = list(wells)
    random.shuffle(mixed)
    first, second = copies(wells), copies(mixed)
    assert first.keys() == second.keys()
    for name, found in first.items():
        assert found[3] is second[name][3]
        for a, b in zip(found[:3], second[name][:3], strict=True):
            assert a is b is None or a == pytest.approx(b, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_microlitres_of_template_scale_the_standards_and_nothing_else(seed):
    same = copies(plate(seed))
    by_volume = copies(
        plate(seed, factor=0.2), standard_unit="copies_per_ul", template_ul_per_well=5.0
    )
    for name, found in same.items():
        for a, b in zip(found[:3], by_volume[name][:3], strict=True):
            assert a is b is None or a == pytest.approx(b, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_every_interval_holds_its_estimate_and_no_number_is_zero(seed):
    for value, low, high, _ in copies(plate(seed)).values():
        assert value is None or 0 < low <= value <= high


def test_simulated_plates_cover_their_truth():
    rng = np.random.default_rng(8)
    covered, vcn = [], []
    for number in range(12):
        truth = 10 ** rng.uniform(1, 5, 16)
        samples = [plates.DnaSample(f"S{i}", float(t)) for i, t in enumerate(truth)]
        run = run_of(plates.simulate_plate(samples, rng))
        run = replace(run, source=replace(run.source, sha256=f"{number:064d}"))
        roles = {plates.UNTRANSDUCED: Role.UNTRANSDUCED_GDNA}
        analysis = analyse_run(run, RULES, roles=roles)
        keys = {s.name: SampleKey("D1", day=9, replicate=s.name) for s in samples}
        for m in sample_measurements(analysis, run=run, rules=RULES, keys=keys, dna_ng={}):
            told = truth[int(m.key.replicate[1:])]
            if m.metric == "copies_per_ug":
                covered.append(m.ci_low <= told <= m.ci_high)
            if m.metric == "vcn":
                vcn.append(m.ci_low <= told / 151515.15 <= m.ci_high)
    assert len(covered) == len(vcn) == 192
    assert np.mean(covered) >= 0.90
    assert np.mean(vcn) >= 0.90


QUANTITIES = [None, -5.0, 0.0, 1e-12, 1e-3, 1.0, 10.0, 1e2, 1e3, 1e4, 1e9, 1e300]
wells = st.builds(
    Well,
    position=st.sampled_from([f"{row}{column}" for row in "ABC" for column in range(1, 13)]),
    sample=st.sampled_from(["", "S1", "S2", "NTC"]),
    target=st.sampled_from(["CAR", "ALB", ""]),
    task=st.sampled_from(list(Task)),
    cq=st.one_of(st.none(), st.floats(0.01, 100.0)),
    quantity=st.sampled_from(QUANTITIES),
    omitted=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(wells, max_size=40))
def test_no_plate_however_odd_breaks_the_analysis(odd):
    run = run_of(odd)
    analysis = analyse_run(run, RULES, draws=5)
    rows = sample_measurements(
        analysis, run=run, rules=RULES, keys={"S1": SampleKey("D1", day=3)}, dna_ng={}
    )
    for found in analysis.samples:
        assert found.copies is None or 0 < found.copies < np.inf
        assert found.ci_high is None or np.isfinite(found.ci_high)
    assert all(m.value is None or np.isfinite(m.value) for m in rows)
