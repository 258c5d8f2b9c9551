"""``labproc release``: verdicts for people and as JSON, wrong tables refused with their line."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from labproc.cli import app
from labproc.errors import StudyError

STUDY = '[study]\ncontrol = "C"\n[arms.C]\n[panels.car]\nstrategy = "car_t"\n'
HEAD = "metric,parent,day,low,high,expected,unit\n"
MEASURED = "measure,donor,arm,day,value,unit,source\nendotoxin,D1,C,14,<0.5,EU/mL,report 7\n"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "measured.csv").write_text(MEASURED, encoding="utf-8")
    (tmp_path / "raw").mkdir()
    return tmp_path


def release(study: Path, lines: str, *options: str):
    (study / "release.csv").write_text(HEAD + lines, encoding="utf-8")
    return CliRunner().invoke(app, ["release", str(study), *options], standalone_mode=False)


def test_each_line_says_verdict_value_limits_and_why(study: Path) -> None:
    said = release(study, "endotoxin,,14,,1,,\nviability,,14,70,,,%\n").output.splitlines()
    assert said[0].split("  ")[0] == "pass"
    assert "D1 C d14" in said[0]
    assert "the whole interval lies within the limits" in said[0]
    assert said[1].startswith("cannot say")
    assert "not measured on day 14" in said[1]
    assert "D1 C: cannot say" in said


def test_json_holds_one_line_of_the_table_each(study: Path) -> None:
    row = json.loads(release(study, "endotoxin,,14,,0.2,,\n", "--json").output)
    assert (row["verdict"], row["found"], row["limit_high"]) == ("cannot say", "<0.5", 0.2)
    assert row["specified_in"] == "release.csv, line 2"
    assert row["file"] == "report 7"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("viabilty,,14,70,,,%", "no metric or population is called 'viabilty'; did you mean"),
        ("viability,CAR+,14,70,,,%", "Live does not lie within 'CAR+', expected one of"),
    ],
)
def test_what_no_strategy_makes_is_refused_with_its_line(study, line, message) -> None:
    error = release(study, line + "\n").exception
    assert isinstance(error, StudyError)
    assert f"release.csv, line 2: {message}" in str(error)


def test_a_study_without_a_table_is_told_how_to_write_one(study: Path) -> None:
    said = CliRunner().invoke(app, ["release", str(study)], standalone_mode=False)
    assert "write one in release.csv" in said.stderr
