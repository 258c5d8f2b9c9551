"""Copies, split infusions and doses of a cohort, as a user asks for them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labproc.cli import app

TABLE = """patient,arm,len_start_day,dose_per_kg
1,C,,1.0
2,C,,2.0
3,L,15,1.5
4,L,15,3.0
"""
DAYS = (2, 5, 9, 12, 16, 23, 30)
LABS = """patient,day,neutrophils,platelets,dose_mg
3,10,3,90,0
3,15,3,90,25
3,22,1.5,90,25
3,36,3,90,0
4,15,3,,25
1,15,3,90,
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "patients.csv"
    path.write_text(TABLE)
    rows = [
        f"{who},{day},{1000 * who * 2 ** -abs(day - 9)},30" for who in (1, 2, 3) for day in DAYS
    ]
    rows.append("4,30,,30")
    (tmp_path / "copies.csv").write_text("\n".join(["patient,day,copies_per_ug,lloq", *rows]))
    (tmp_path / "labs.csv").write_text(LABS)
    return path


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["cohort", *map(str, words)], standalone_mode=False)


def lines(*words: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]


def test_doses_are_checked_against_the_protocol(table: Path) -> None:
    found = lines(table, "--dosing", table.with_name("labs.csv"))
    doses = {(x["variable"], x["day"]): x for x in found if x["table"] == "dosing"}
    assert {k: (v["foreseen_mg"], v["agrees"]) for k, v in doses.items()} == {
        ("1", 15): (0.0, None),  # never on treatment, dose not written
        ("3", 10): (0.0, True),
        ("3", 15): (25.0, True),
        ("3", 22): (10.0, False),
        ("3", 36): (0.0, True),  # day 22 of its cycle
        ("4", 15): (None, None),  # no platelets
    }
    assert all("not advice" in x["note"] and x["p_value"] is None for x in doses.values())


def test_people_read_rules_differences_and_that_it_is_no_advice(table: Path) -> None:
    words = run(table, "--dosing", table.with_name("labs.csv")).stdout
    assert "Retrospective check" in words
    assert "not advice" in words
    assert "3, day 22: given 25 mg, foreseen 10 mg (ANC 1.5 below 2): differs" in words
    assert "3 of 6 days agree, 1 differ, 2 cannot be judged" in words


def test_limits_come_from_the_toml_and_the_command(table: Path) -> None:
    table.with_suffix(".toml").write_text("[dosing]\nreduce_anc = 1.0\n")
    labs = table.with_name("labs.csv")
    found = {(x["variable"], x.get("day")): x for x in lines(table, "--dosing", labs)}
    assert found["3", 22]["foreseen_mg"] == 25.0
    again = lines(table, "--dosing", labs, "--limit", "reduce_anc=1.6", "--limit", "reduced_mg=5")
    assert {(x["variable"], x.get("day")): x for x in again}["3", 22]["foreseen_mg"] == 5.0


@pytest.mark.parametrize(
    ("labs", "words", "message"),
    [
        ("patient,day,anc\n1,2,3\n", (), "missing: platelets, dose_mg"),
        ("patient,day,anc,platelets,dose_mg\n1,2,1500,90,25\n", (), "anc: 1500, expected 10^9/L"),
        ("patient,day,anc,platelets,dose_mg\n9,2,1,90,25\n", (), "patient '9' is not in"),
        ("patient,day,anc,platelets,dose_mg\n1,,1,90,25\n", (), "expected a whole number of days"),
        ("patient,day,anc,platelets,dose_mg\n1,2,-1,90,25\n", (), "expected 0 or more"),
        (LABS, ("--limit", "hold_an=1"), "did you mean 'hold_anc'"),
        (LABS, ("--limit", "hold_anc=low"), "expected a number"),
        (LABS, ("--infusion", "10,30"), "add up to 100"),
        (LABS, ("--infusion", "a,b"), "expected parts in percent"),
    ],
)
def test_what_cannot_be_is_one_line(
    table: Path, labs: str, words: tuple[str, ...], message: str
) -> None:
    path = table.with_name("labs.csv")
    path.write_text(labs)
    found = run(table, "--dosing", path, *words)
    assert message in str(found.exception)


def test_days_count_from_the_part_that_is_day_zero(table: Path) -> None:
    copies = ("--copies", table.with_name("copies.csv"))
    split = ("--infusion", "10,30,60", "--day-zero", "last")
    first, last = ({x["variable"]: x for x in lines(table, *copies, *w)} for w in ((), split))
    assert first["3: course of copies"]["course"]["tmax"] == "9 day"
    course = last["3: course of copies"]["course"]
    assert course["tmax"] == "7 day"
    assert course["infusion"] == "10 + 30 + 60 % on days 0, 1, 2; the last counts as day 0"
    assert course["dose_per_kg"] == "1.5"
    assert last["3: course of copies"]["estimates"]["cmax"] == 3000.0
    assert "dose_per_kg" in last  # and stays a characteristic of Table 1


def test_a_sample_below_the_limit_is_not_left_out_of_its_arm(table: Path) -> None:
    found = lines(table, "--copies", table.with_name("copies.csv"))
    month = next(x for x in found if x["variable"] == "copies at month 1")
    assert month["n"] == [2, 2]
    assert {"code": "half_the_limit"}.items() <= month["flags"][0].items()
    assert "4 below the limit" in month["flags"][0]["message"]


def test_survival_for_people_has_intervals_and_numbers_at_risk(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    rows = [f"{i},{'CL'[i % 2]},{3 * i + 3},{int(i < 6)}" for i in range(10)]
    path.write_text("\n".join(["patient,arm,os_months,os_event", *rows]))
    words = run(path).stdout
    assert "C: 3 events in 5; median 15 months (" in words
    assert "at risk: 5 at 0" in words
    assert "median follow-up" in words


def test_one_patient_an_arm_gives_no_p(tmp_path: Path) -> None:
    path = tmp_path / "patients.csv"
    path.write_text("patient,arm,sex,age,os_months,os_event\n1,C,m,50,3,1\n2,L,f,60,9,1\n")
    found = lines(path)
    assert found
    assert [x["p_value"] for x in found] == [None] * len(found)
    assert all("nothing_to_compare" in {f["code"] for f in x["flags"]} for x in found)
