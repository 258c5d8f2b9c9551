"""Limits by hand: 1 / (n cv^2) copies, never below 3.00 / n."""

import pytest

from labproc.errors import SettingsError
from labproc.model import SampleKey
from labproc.qpcr import QpcrRules, analyse_run, sample_measurements
from labproc.qpcr.lloq import (
    lloq_copies_per_ug,
    lloq_copies_per_well,
    plate_lloq_copies_per_ug,
)


def test_limit_by_hand():
    assert lloq_copies_per_well(3, cv=0.35) == pytest.approx(1 / (3 * 0.1225))
    assert lloq_copies_per_well(3, cv=0.9) == pytest.approx(2.995732 / 3, rel=1e-6)
    assert lloq_copies_per_well(1, cv=0.1, sd_cycles=0.5) == float("inf")


def test_claim_of_50_per_ug_holds_at_200_ng_and_not_at_50():
    assert lloq_copies_per_ug(3, dna_ng=200, claim=50) == 50  # 10 copies per well
    with pytest.raises(SettingsError, match=r"2\.5 copies in 50 ng per well in 3 replicates"):
        lloq_copies_per_ug(3, dna_ng=50, claim=50)


def measured(make_run, standards, unknowns, claim, dna_ng, cqs):
    rules = QpcrRules(
        standard_unit="copies_per_well", dna_ng_per_well=dna_ng, lloq_copies_per_ug=claim
    )
    run = make_run([*standards(), *unknowns("S1", cqs)])
    analysis = analyse_run(run, rules)
    rows = sample_measurements(
        analysis, run=run, rules=rules, keys={"S1": SampleKey("D1", day=9)}, dna_ng={}
    )
    return analysis, rules, next(m for m in rows if m.metric == "copies_per_ug")


def test_sample_under_a_claim_that_holds_is_below_lloq(make_run, standards, unknowns):
    cq = 38.0 - 3.32 * 0.845098  # 7 copies in 200 ng: 35 per µg
    _, _, row = measured(make_run, standards, unknowns, 50.0, 200.0, [cq] * 3)
    assert (row.status, row.parameters["lloq_copies_per_ug"]) == ("below_lloq", 50.0)
    _, _, row = measured(make_run, standards, unknowns, None, 200.0, [cq] * 3)
    assert row.status == "quantified"


def test_claim_that_the_input_cannot_carry_is_refused(make_run, standards, unknowns):
    analysis, rules, row = measured(make_run, standards, unknowns, 50.0, 50.0, [30.0] * 3)
    assert "lloq_claim_refused" in {f.code for f in row.flags}
    assert plate_lloq_copies_per_ug(analysis, rules) > 50
