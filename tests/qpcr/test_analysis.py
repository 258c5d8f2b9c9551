"""A whole plate: statuses, methods, flags; numbers by hand from the builder's exact line."""

from dataclasses import replace

import numpy as np
import pytest

from labproc.model import ReportedCurve, Status, Task, Well
from labproc.qpcr import QpcrRules, analyse_run


def codes(flags):
    return {f.code for f in flags}


def cq_of(copies, intercept=38.0, slope=-3.32):
    return float(intercept + slope * np.log10(copies))


def test_high_copies_are_read_by_fieller(make_run, standards, unknowns, rules):
    cq = cq_of(5000)
    run = make_run([*standards(), *unknowns("S1", [cq - 0.02, cq, cq + 0.02])])
    (sample,) = analyse_run(run, rules).samples
    assert sample.method == "fieller"
    assert sample.copies == pytest.approx(5000, rel=1e-9)
    assert sample.ci_low < 5000 < sample.ci_high
    assert sample.status is Status.QUANTIFIED
    assert (sample.copies, sample.ci_low) == (sample.fieller_copies, sample.fieller_low)


def test_low_copies_are_read_by_likelihood_with_fieller_beside(
    make_run, standards, unknowns, rules
):
    run = make_run([*standards(), *unknowns("S1", [cq_of(20), cq_of(15), cq_of(25)])])
    (sample,) = analyse_run(run, rules).samples
    assert sample.method == "likelihood"
    assert sample.copies == pytest.approx(20, rel=0.05)
    assert sample.ci_high - sample.ci_low > sample.fieller_high - sample.fieller_low
    assert "extrapolated" in codes(sample.flags)


def test_one_negative_replicate_calls_for_the_likelihood(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [cq_of(1), None, cq_of(2)])])
    (sample,) = analyse_run(run, rules).samples
    assert (sample.method, sample.n_wells, sample.n_detected) == ("likelihood", 3, 2)
    assert sample.status is Status.BELOW_LLOQ
    assert sample.copies == pytest.approx(1.0, rel=0.15)  # 0, 1 and 2 molecules in three wells


def test_all_negative_is_an_upper_limit(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [None, None, None])])
    (sample,) = analyse_run(run, rules).samples
    assert sample.status is Status.NOT_DETECTED
    assert sample.copies is None
    assert sample.ci_high == pytest.approx(2.995732 / 3, rel=1e-6)


@pytest.mark.parametrize(
    ("copies", "status"),
    [(1e6, Status.QUANTIFIED), (1.002e6, Status.ABOVE_RANGE), (100.0, Status.QUANTIFIED)],
)
def test_the_standards_themselves_are_within_range(
    make_run, standards, unknowns, rules, copies, status
):
    run = make_run([*standards(), *unknowns("S1", [cq_of(copies)] * 2)])
    (sample,) = analyse_run(run, rules).samples
    assert sample.status is status


def test_status_changes_at_the_limit_of_quantification(make_run, standards, unknowns, rules):
    # residuals of 0.05 cycles: SD 0.042 x ln 10 / 3.32 = 2.9 %, 1.7 % in triplicate; a limit of 5 %
    # leaves 0.05^2 - 0.017^2 for counting: 1 / (3 x 0.0022) = 151 copies
    strict = replace(rules, lloq_cv=0.05)
    wells = [*unknowns("low", [cq_of(143)] * 3), *unknowns("high", [cq_of(160)] * 3, row="D")]
    low, high = analyse_run(make_run([*standards(), *wells]), strict).samples
    assert (low.status, high.status) == (Status.BELOW_LLOQ, Status.QUANTIFIED)


def test_more_than_the_top_standard_is_above_range(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [cq_of(3e6)] * 2)])
    (sample,) = analyse_run(run, rules).samples
    assert sample.status is Status.ABOVE_RANGE
    assert "extrapolated" in codes(sample.flags)


def test_draws_of_one_curve_move_together(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [24.0] * 2), *unknowns("S2", [24.0] * 2)])
    first, second = analyse_run(run, rules, draws=50).samples
    assert first.draws.shape == (50,)
    assert np.array_equal(first.draws, second.draws)
    again = analyse_run(run, rules, draws=50).samples[0]
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(
        first.draws, analyse_run(run, rules, draws=50, seed=1).samples[0].draws
    )


def test_undetermined_omitted_and_ntc_wells_do_not_enter_the_curve(
    make_run, standards, unknowns, rules
):
    extra = [
        Well("H1", "STD", "CAR", Task.STANDARD, None, 100.0),
        Well("H2", "STD", "CAR", Task.STANDARD, 20.0, 100.0, omitted=True),
        *unknowns("NTC", [None, None], row="H", task=Task.NTC),
    ]
    plain = analyse_run(make_run(standards()), rules).curves[0]
    more = analyse_run(make_run([*standards(), *extra]), rules).curves[0]
    assert (plain.slope, plain.n_points) == (more.slope, more.n_points)


def test_outlier_is_shown_and_kept_until_omitted_with_a_reason(make_run, standards, rules):
    wells = standards()
    wells[4] = Well(wells[4].position, "STD", "CAR", Task.STANDARD, wells[4].cq + 2, 1000.0)
    shown = analyse_run(make_run(wells), rules)
    assert "standard_outlier" in codes(shown.flags)
    assert shown.curves[0].n_points == 15
    told = QpcrRules(standard_unit="copies_per_well", omitted={"A5": "bubble"})
    left = analyse_run(make_run(wells), told)
    assert left.curves[0].n_points == 14
    assert "bubble" in next(f for f in left.flags if f.code == "well_omitted").message


def test_how_far_an_outlier_moves_copies_is_that_of_a_fit_without_it(make_run, standards, rules):
    wells = standards()
    wells[0] = Well(wells[0].position, "STD", "CAR", Task.STANDARD, wells[0].cq + 0.8, 100.0)
    whole = analyse_run(make_run(wells), rules)
    less = analyse_run(make_run(wells[1:]), rules).curves[0]
    line = whole.curves[0]
    at = np.array([2.0, 6.0])
    shift = (line.intercept + line.slope * at) - (less.intercept + less.slope * at)
    most = max(abs(10 ** (-shift / line.slope) - 1))
    flag = next(f for f in whole.flags if f.code == "standard_outlier")
    assert f"by up to {most:.0%}" in flag.message
    assert flag.severity == ("review" if most > 0.1 else "info")


def test_instruments_slope_that_differs_is_flagged(make_run, standards, rules):
    reported = ReportedCurve("CAR", slope=-3.40)
    analysis = analyse_run(make_run(standards(), [reported]), rules)
    assert "differs_from_reported" in codes(analysis.flags)
    agreeing = ReportedCurve("CAR", slope=-3.32)
    assert "differs_from_reported" not in codes(
        analyse_run(make_run(standards(), [agreeing]), rules).flags
    )


def test_instruments_quantity_that_differs_is_flagged(make_run, standards, rules):
    wells = [*standards(), Well("C1", "S1", "CAR", Task.UNKNOWN, cq_of(5000), 4000.0)]
    analysis = analyse_run(make_run(wells), rules)
    assert "differs_from_reported" in codes(analysis.flags)
    assert analysis.quantities[0].reported_copies == 4000.0


def test_units_must_be_said(make_run, standards, unknowns):
    analysis = analyse_run(make_run([*standards(), *unknowns("S1", [24.0])]), QpcrRules())
    assert codes(analysis.flags) == {"standard_unit_unknown"}
    assert analysis.samples[0].status is Status.INVALID
    assert analysis.samples[0].copies is None


@pytest.mark.parametrize(
    ("wells", "code"),
    [
        ([], "no_standard_curve"),
        ([("A1", 31.4, 100.0), ("A2", 28.0, 1000.0)], "no_standard_curve"),
        ([("A1", 31.4, 1e2), ("A2", 31.3, 1e2), ("A3", 28.0, 1e3)], "few_standards"),
        ([("A1", 24.7, 1e2), ("A2", 28.0, 1e3), ("A3", 31.3, 1e4)], "no_standard_curve"),
        (
            [("A1", 31.4, 1e2), ("A2", 24.7, 1e3), ("A3", 28.0, 1e4), ("A4", 21.4, 1e5)],
            "standards_out_of_order",
        ),
    ],
    ids=["none", "two", "two levels", "upside down", "swapped"],
)
def test_standards_that_make_no_curve_are_flagged(make_run, unknowns, rules, wells, code):
    made = [Well(p, "STD", "CAR", Task.STANDARD, cq, q) for p, cq, q in wells]
    analysis = analyse_run(make_run([*made, *unknowns("S1", [28.0])]), rules)
    assert code in codes(analysis.flags)


def test_ntc_that_amplifies_fails_the_plate(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("NTC", [None, 36.0], task=Task.NTC)])
    analysis = analyse_run(run, rules)
    assert "ntc_amplified" in codes(analysis.flags)
    row = next(r for r in analysis.acceptance if r.rule == "ntc_clean")
    assert (row.verdict, row.found) == ("fail", "1 of 2 wells")


def test_two_targets_with_one_name_are_flagged(make_run, standards, rules):
    twice = [*standards(), *(Well(w.position, "x", "CAR", cq=30.0, dye="VIC") for w in standards())]
    flag = next(f for f in analyse_run(make_run(twice), rules).flags if f.severity == "fail")
    assert flag.code == "target_twice_in_well"


def test_one_replicate_is_said(make_run, standards, unknowns, rules):
    analysis = analyse_run(make_run([*standards(), *unknowns("S1", [24.0])]), rules)
    assert "single_replicate" in codes(analysis.samples[0].flags)


def test_wide_replicates_are_flagged(make_run, standards, unknowns, rules):
    analysis = analyse_run(make_run([*standards(), *unknowns("S1", [22.0, 24.0])]), rules)
    assert "replicate_spread" in codes(analysis.samples[0].flags)


def test_standards_below_one_copy_are_not_copies(make_run, standards, unknowns, rules):
    run = make_run([*standards(levels=(0.01, 0.1, 1, 10)), *unknowns("S1", [None, 38.0])])
    analysis = analyse_run(run, rules)
    assert {"standards_not_copies"} <= codes(analysis.flags)
    assert analysis.samples[0].method == "fieller"
    assert "nondetects_left_out" in codes(analysis.samples[0].flags)


def test_a_dilution_series_to_one_copy_is_in_copies(make_run, standards, rules):
    # 26 % of 96 wells found at 1 copy, as in the USGS data: fewer than the 63 % that hold one
    wells = standards(levels=(10, 1e2, 1e3, 1e4))
    wells += [Well(f"H{i}", "1", "CAR", Task.STANDARD, 38.0, 1.0) for i in range(25)]
    wells += [Well(f"J{i}", "1", "CAR", Task.STANDARD, None, 1.0) for i in range(71)]
    assert "standards_not_copies" not in codes(analyse_run(make_run(wells), rules).flags)


def test_standards_in_ng_of_the_reference_gene_become_copies(make_run, standards, unknowns):
    rules = QpcrRules(reference_target="ALB", standard_unit="ng")
    run = make_run([*standards("ALB", (0.33, 3.3, 33, 330)), *unknowns("S1", [24.0], "ALB")])
    curve = analyse_run(run, rules).curves[0]
    assert curve.log10_range[0] == pytest.approx(2.0)  # 0.33 ng are 50 genomes, 100 copies


def test_wells_without_a_sample_name_are_not_pooled(make_run, standards, unknowns, rules):
    analysis = analyse_run(make_run([*standards(), *unknowns("", [24.0, 30.0])]), rules)
    assert [s.n_wells for s in analysis.samples] == [1, 1]


def test_a_negative_well_beside_many_copies_has_failed(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [cq_of(5000), None, cq_of(5000)])])
    (sample,) = analyse_run(run, rules).samples
    assert sample.copies == pytest.approx(5000, rel=0.01)
    assert "negative_replicate" in codes(sample.flags)
    assert (sample.n_wells, sample.n_detected) == (3, 2)


def test_replicates_a_thousandfold_apart_are_flagged_whatever_the_method(
    make_run, standards, unknowns, rules
):
    run = make_run([*standards(), *unknowns("S1", [cq_of(1), cq_of(3000)])])
    (sample,) = analyse_run(run, rules).samples
    assert "replicate_spread" in codes(sample.flags)
    assert 1 < sample.copies < 3000


def test_one_well_that_carries_the_line_alone_is_no_outlier(make_run, rules):
    wells = [Well(f"A{i}", "STD", "CAR", Task.STANDARD, 31.4 + i / 50, 1e2) for i in range(4)]
    wells.append(Well("B1", "STD", "CAR", Task.STANDARD, 18.0, 1e6))
    assert "standard_outlier" not in codes(analyse_run(make_run(wells), rules).flags)
