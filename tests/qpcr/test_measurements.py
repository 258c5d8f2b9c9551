"""Rows per sample: the design's own worked numbers."""

import numpy as np
import pytest

from labproc.model import SampleKey
from labproc.qpcr import QpcrRules, analyse_run, sample_measurements
from labproc.qpcr.extracts import Extract

KEY = SampleKey("D1", "E1", "C", 14)


def line(copies):
    return float(38.0 - 3.32 * np.log10(copies))


@pytest.fixture(scope="module")
def rows(make_run, standards, unknowns, rules):
    run = make_run(
        [
            *standards("CAR"),
            *standards("ALB", row="B"),
            *unknowns("S1", [line(1500)] * 3),
            *unknowns("S1", [line(60000)] * 3, "ALB", row="D"),
        ]
    )
    analysis = analyse_run(run, rules)
    found = sample_measurements(analysis, run=run, rules=rules, keys={"S1": KEY}, dna_ng={})
    return {m.metric: m for m in found}


def test_copies_per_ug_from_the_assays_input(rows):
    assert rows["copies_per_ug"].value == pytest.approx(1500 * 1000 / 200)
    assert rows["copies_per_ug"].ci_low < 7500 < rows["copies_per_ug"].ci_high
    assert rows["copies_per_well"].value == pytest.approx(1500)


def test_vcn_is_twice_car_over_alb(rows):
    assert rows["vcn"].value == pytest.approx(0.05)
    assert rows["vcn"].ci_low < 0.05 < rows["vcn"].ci_high


def test_dna_by_the_reference_gene(rows):
    assert rows["dna_ng_by_reference"].value == pytest.approx(60000 / 2 * 6.6 / 1000)


def test_draws_stand_beside_the_values(rows):
    assert rows["copies_per_ug"].draws == pytest.approx(rows["copies_per_well"].draws * 5)
    assert rows["vcn"].draws.shape == (200,)


def measure(make_run, wells, rules, dna_ng=None, key=KEY):
    run = make_run(wells)
    analysis = analyse_run(run, rules)
    rows = sample_measurements(
        analysis, run=run, rules=rules, keys={"S1": key}, dna_ng=dna_ng or {}
    )
    return {m.metric: m for m in rows}


def test_the_samples_own_input_wins(make_run, standards, unknowns, rules):
    wells = [*standards(), *unknowns("S1", [line(1500)] * 3)]
    rows = measure(make_run, wells, rules, {"S1": 50.0})
    assert rows["copies_per_ug"].value == pytest.approx(30000)


def test_input_far_from_the_reference_gene_is_flagged(make_run, standards, unknowns, rules):
    wells = [
        *standards(),
        *standards("ALB", row="B"),
        *unknowns("S1", [line(1500)] * 3),
        *unknowns("S1", [line(60000)] * 3, "ALB", row="D"),
    ]
    rows = measure(make_run, wells, rules, {"S1": 100.0})
    assert "dna_input_differs" in {f.code for f in rows["copies_per_ug"].flags}
    assert "dna_input_differs" in {f.code for f in rows["vcn"].flags}


def test_without_any_input_the_reference_gene_counts(make_run, standards, unknowns):
    rules = QpcrRules(reference_target="ALB", standard_unit="copies_per_well")
    wells = [
        *standards(),
        *standards("ALB", row="B"),
        *unknowns("S1", [line(1500)] * 3),
        *unknowns("S1", [line(60000)] * 3, "ALB", row="D"),
    ]
    rows = measure(make_run, wells, rules)
    assert rows["copies_per_ug"].value == pytest.approx(7575.76, abs=0.01)
    assert "dna_input_by_reference" in {f.code for f in rows["copies_per_ug"].flags}


def test_without_input_and_reference_there_is_no_number(make_run, standards, unknowns):
    rules = QpcrRules(standard_unit="copies_per_well")
    rows = measure(make_run, [*standards(), *unknowns("S1", [line(1500)] * 3)], rules)
    assert rows["copies_per_ug"].value is None
    assert "no_dna_input" in {f.code for f in rows["copies_per_ug"].flags}


def test_not_detected_carries_its_upper_limit(make_run, standards, unknowns, rules):
    rows = measure(make_run, [*standards(), *unknowns("S1", [None] * 3)], rules)
    found = rows["copies_per_ug"]
    assert (found.value, found.ci_low, found.status) == (None, 0.0, "not_detected")
    assert found.ci_high == pytest.approx(2.995732 / 3 * 5, rel=1e-6)


def test_early_days_warn_of_plasmid(make_run, standards, unknowns, rules):
    wells = [*standards(), *unknowns("S1", [line(1500)] * 3)]
    early = measure(make_run, wells, rules, key=SampleKey("D1", "E1", "C", 3))
    assert "residual_plasmid" in {f.code for f in early["copies_per_ug"].flags}
    late = measure(make_run, wells, rules)
    assert "residual_plasmid" not in {f.code for f in late["copies_per_ug"].flags}


def test_a_negative_sample_without_reference_gene_is_invalid(make_run, standards, unknowns, rules):
    wells = [
        *standards(),
        *standards("ALB", row="B"),
        *unknowns("S1", [None] * 3),
        *unknowns("S1", [None] * 3, "ALB", row="D"),
    ]
    rows = measure(make_run, wells, rules)
    assert {m.status for m in rows.values()} == {"invalid"}
    assert "no_dna_found" in {f.code for f in rows["copies_per_ug"].flags}


def test_a_sample_diluted_ten_times_holds_the_same_copies_per_ug(
    make_run, standards, unknowns, rules
):
    # 1,000 copies in 200 ng, and 100 copies in a 1:10 dilution of it: 5,000 copies per µg both
    whole, thin = (38.0 - 3.32 * np.log10(q) for q in (1000.0, 100.0))
    wells = [*standards(), *unknowns("S1", [whole] * 3), *unknowns("S1 1:10", [thin] * 3, row="D")]
    run = make_run(wells)
    keys = {"S1": KEY, "S1 1:10": KEY}
    found = sample_measurements(
        analyse_run(run, rules),
        run=run,
        rules=rules,
        keys=keys,
        dna_ng={},
        extracts={"S1 1:10": Extract(10.0, template_ul=5.0)},
    )
    per_ug = [m.value for m in found if m.metric == "copies_per_ug"]
    assert per_ug == [pytest.approx(5000, rel=0.01)] * 2
    (per_ul,) = (m for m in found if m.metric == "copies_per_ul_eluate")
    assert per_ul.value == pytest.approx(100 * 10 / 5, rel=0.01)
    assert (per_ul.parameters["dilution"], per_ul.parameters["dna_ng"]) == (10.0, 20.0)
