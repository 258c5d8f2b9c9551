"""Results are scored against the truth, whatever is missing or off."""

import csv

import pytest

from labproc.simulate.truth import score

HEAD = ["donor", "arm", "day", "metric", "value", "ci_low", "ci_high"]


def write_results(folder, lines):
    tables = folder / "results" / "tables"
    tables.mkdir(parents=True)
    with (tables / "measurements.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([HEAD, *lines])


@pytest.fixture
def study(tmp_path):
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "samples.csv").write_text(
        "donor,arm,day,cells_per_ul,cd4_cd8_ratio\nD1,C,0,100,2\nD1,C,2,200,1\n"
    )
    (truth / "copies.csv").write_text("donor,arm,day,copies_per_ug\nD1,C,0,5000\n")
    return tmp_path


def by_what(scores):
    return {s.what: s for s in scores}


def test_errors_are_relative_and_their_median_is_judged(study):
    write_results(
        study,
        [
            ["D1", "C", "0", "cells_per_ul", "104", "95", "110"],
            ["D1", "C", "2", "cells_per_ul", "184", "170", "199"],
            ["D1", "C", "0", "copies_per_ug", "5100", "4800", "5400"],
        ],
    )
    found = by_what(score(study))
    assert found["cells per µL"].found == pytest.approx(0.06)  # of 4 % and 8 %
    assert found["cells per µL"].worst == pytest.approx(0.08)
    assert not found["cells per µL"].passed
    assert found["cells per µL, interval"].found == pytest.approx(0.5)
    assert found["copies per µg, interval"].passed


def test_missing_results_are_not_a_pass(study):
    write_results(study, [["D1", "C", "0", "cd4_cd8_ratio", "2.0", "1.9", "2.1"]])
    ratio = by_what(score(study))["CD4:CD8 ratio"]
    assert (ratio.n, ratio.expected, ratio.passed) == (1, 2, False)
    assert "1 of 2" in ratio.sentence


def test_no_results_at_all(study):
    assert all(not s.passed and s.n == 0 for s in score(study))


def test_an_open_lower_end_covers_from_zero(study):
    write_results(study, [["D1", "C", "0", "copies_per_ug", "", "", "6000"]])
    assert by_what(score(study))["copies per µg, interval"].passed


def test_effects_are_scored_on_the_scale_they_are_given_on(study):
    (study / "truth" / "arms.csv").write_text(
        "outcome,in_these_donors\ncart_growth_rate,0.05\nln_cd4_cd8_slope,0.04\n"
    )
    write_results(study, [])
    (study / "results" / "tables" / "comparisons.csv").write_text(
        "outcome,effect,ci_low,ci_high,planned\n"
        "cart_growth_rate,difference,0.03,0.07,True\n"
        "ln_cd4_cd8_slope,geometric mean ratio per day,1.05,1.10,True\n"  # ln: 0.049 to 0.095
        "cart_growth_rate,difference,0.9,1,False\n"
    )
    found = by_what(score(study))["effects of lenalidomide, interval"]
    assert (found.n, found.expected) == (2, 2)
    assert found.found == pytest.approx(0.5)
    assert not found.passed
    assert "2 of 2 effects" in found.sentence
