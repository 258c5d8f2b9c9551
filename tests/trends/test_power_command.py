import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from labproc.cli import app
from labproc.errors import StudyError, UnknownName

STUDY = """
[study]
title = "with and without lenalidomide"
control = "C"
[arms.C]
label = "Control"
[arms."C+Len"]
label = "Lenalidomide"
lenalidomide_um = 10
[plan]
unit = "donor"
primary = "cart_growth_rate"
window_days = [2, 10]
"""
COLUMNS = [
    *("donor", "experiment", "arm", "replicate", "kind", "metric", "estimate", "ci_low"),
    *("ci_high", "unit", "n_days", "window_from_day", "window_to_day", "method", "flags"),
    "sha256",
]
# differences 0.05, 0.04, 0.08: mean 0.0567, sd 0.0208; statsmodels 0.15's TTestPower needs 3.34
RATES = {"C": (0.30, 0.32, 0.34), "C+Len": (0.35, 0.36, 0.42)}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY)
    (tmp_path / "raw").mkdir()
    tables = tmp_path / "results" / "tables"
    tables.mkdir(parents=True)
    with (tables / "trends.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for arm, rates in RATES.items():
            for i, rate in enumerate(rates):
                writer.writerow(
                    {
                        "donor": f"D{i}",
                        "experiment": "E1",
                        "arm": arm,
                        "kind": "growth_rate",
                        "metric": "cumulative_cart",
                        "estimate": rate,
                        "unit": "1/day",
                        "n_days": 5,
                        "window_from_day": 2,
                        "window_to_day": 10,
                    }
                )
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["power", *words], standalone_mode=False)


def test_donors_for_the_effect_that_was_seen(study: Path) -> None:
    found = json.loads(run(str(study), "--json").stdout)
    assert found["n_seen"] == 3
    assert found["effect"] == pytest.approx(0.17 / 3)
    assert found["sd"] == pytest.approx(0.0208167, rel=1e-5)
    assert found["n_needed"] == 4
    assert found["n_needed_cautious"] > 4


def test_a_smaller_effect_needs_more_donors(study: Path) -> None:
    few = json.loads(run(str(study), "--effect", "0.05", "--json").stdout)["n_needed"]
    many = json.loads(run(str(study), "--effect", "0.01", "--json").stdout)["n_needed"]
    assert many > 5 * few


def test_people_are_told_that_the_seen_effect_is_optimistic(study: Path) -> None:
    words = run(str(study)).stdout
    assert "80 % power at P < 0.05 needs 4 donors" in words
    assert "optimistic" in words


def test_an_outcome_nobody_measured_has_no_answer(study: Path) -> None:
    found = run(str(study), "--outcome", "ln_cd4_cd8_slope")
    assert found.stdout == ""
    assert "0 donors in both arms" in found.stderr
    assert found.return_value == 3


def test_patients_are_no_donors_of_the_next_run(study: Path) -> None:
    (study / "patients.csv").write_text("patient,arm\nD2,C+Len\n")
    found = json.loads(run(str(study), "--json").stdout)
    assert found["n_seen"] == 2


def test_a_study_that_was_not_run_is_said(study: Path) -> None:
    (study / "results" / "tables" / "trends.csv").unlink()
    found = run(str(study))
    assert isinstance(found.exception, StudyError)
    assert "labproc run" in str(found.exception)


def test_a_misspelt_outcome_names_the_nearest(study: Path) -> None:
    found = run(str(study), "--outcome", "cart_grow")
    assert isinstance(found.exception, UnknownName)
    assert "did you mean 'cart_growth_rate'" in str(found.exception)
