"""Patients of a study in every run: settings, tables, days, and what is refused before work."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from labproc.errors import SettingsError
from labproc.model.flag import fail
from labproc.pipeline.cohort import copies_of
from labproc.pipeline.runner import load_results, run_study

TOML = """[study]
control = "C"
[arms.C]
[arms."C+Len"]
aliases = ["Len"]
[cohort]
response = "best response"
toxicity = ["crs"]
survival.OS = { time = "os", event = "dead", unit = "months" }
start_day = "len from day"
cut = { age = 60 }
"""
PATIENTS = """patient;arm;age;best response;crs;os;dead;len from day
P1;C;41;CR;1;3,5;1;
P2;C;67;PR;0;9;1;
P3;C;58;NR;2;14;0;
P4;Len;62;CR;0;15;0;15
P5;Len;49;CR;1;12;1;15
P6;Len;71;PR;0;18;0;20
"""
DOSING = """patient,day,anc,platelets,dose_mg
P4,15,3,110,25
P4,22,1.6,95,25
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    study = tmp_path / "study"
    (study / "raw").mkdir(parents=True)
    (study / "study.toml").write_text(TOML, encoding="utf-8")
    (study / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    (study / "events.csv").write_text("patient,day,event\nP1,0,infusion\nP9,3,fever\n")
    (study / "dosing.csv").write_text(DOSING)
    return study


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "results/tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_run_compares_the_patients(folder: Path) -> None:
    results = run_study(folder, hold=()).results
    assert results is not None
    assert results.cohort is not None
    assert results.cohort.arms == ("C", "C+Len")
    rows = [r for r in table(folder, "cohort") if not r["landmark"]]
    found = {(r["table"], r["variable"], r["test"]): r for r in rows}
    # Fisher of 1/3 against 2/3: 2 x 9/20 each way, so 1
    assert float(found["response", "CR", "fisher"]["p_value"]) == pytest.approx(1.0)
    assert found["response", "CR", "fisher"]["n"] == "3; 3"
    assert "immortal_time" in found["survival", "OS", "gehan_breslow_wilcoxon"]["flags"]
    shown = {(r["variable"], r["arm"]): r["cell"] for r in table(folder, "cohort_table")}
    assert shown["ORR", "C"].startswith("2/3 (67 %")
    assert shown["age > 60", "C+Len"].startswith("2/3")
    (good, wrong) = table(folder, "dosing")
    assert (good["agrees"], wrong["agrees"], wrong["foreseen_mg"]) == ("yes", "no", "10.0")
    assert {f.code for f in results.flags} >= {"event_of_unknown_patient"}


def test_a_second_run_does_nothing_and_a_changed_patient_does(folder: Path) -> None:
    run_study(folder, hold=())
    assert run_study(folder, hold=()).results is None
    path = folder / "patients.csv"
    path.write_text(PATIENTS.replace("P3;C;58;NR", "P3;C;58;PR"), encoding="utf-8")
    assert run_study(folder, hold=()).results is not None
    cells = {(r["variable"], r["arm"]): r["cell"] for r in table(folder, "cohort_table")}
    assert cells["ORR", "C"].startswith("3/3")


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("patients.csv", "9;1;", "9;2;", "line 3, dead: '2', expected 1 (event) or 0 (censored)"),
        ("patients.csv", "9;1;", "-9;1;", "line 3, os: -9, expected 0 or more"),
        ("patients.csv", "P2;", "P1;", "patient 'P1' is also on line 2"),
        ("patients.csv", "P2;C", "P2;", "line 3: no arm, expected an arm"),
        ("study.toml", '"best response"', '"bets response"', "did you mean 'best response'"),
        ("study.toml", "start_day", "begin_day", "no setting is called 'cohort.begin_day'"),
        ("study.toml", "survival.OS", "time = 'os'\nsurvival.OS", "time and event go together"),
        ("study.toml", "[cohort]", "[infusion]\npercent = [10, 30]\n[cohort]", "add up to 100"),
        ("study.toml", "[cohort]", "[infusion]\nday_zero = 'second'\n[cohort]", "day_zero"),
        ("study.toml", "[cohort]", "[dosing]\nhold_anc = -1\n[cohort]", "dosing.hold_anc"),
        ("study.toml", "[cohort]", "[dosing]\nhold_an = 1\n[cohort]", "did you mean 'hold_anc'"),
        ("dosing.csv", "P4,22", "P44,22", "patient 'P44' is not in patients.csv"),
        ("dosing.csv", "1.6", "1600", "anc: 1600, expected 10^9/L"),
    ],
)
def test_what_cannot_be_read_is_refused_before_work(
    folder: Path, file: str, old: str, new: str, says: str
) -> None:
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        run_study(folder, hold=())
    assert says in str(error.value)
    assert error.value.exit_code == 2
    assert not (folder / "results/tables").exists()


def test_a_table_that_only_says_arms_is_no_cohort(folder: Path) -> None:
    (folder / "study.toml").write_text(TOML.partition("[cohort]")[0], encoding="utf-8")
    (folder / "patients.csv").write_text("patient,arm\nP1,C\nP2,C\n")
    results = run_study(folder, hold=()).results
    assert results is not None
    assert results.cohort is None
    (said,) = [f for f in results.flags if f.code == "cohort_not_compared"]
    assert "expected at least two arms" in said.message
    assert table(folder, "cohort") == []


def test_an_arm_that_the_study_does_not_have_is_named(folder: Path) -> None:
    path = folder / "patients.csv"
    path.write_text(PATIENTS.replace(";Len;", ";Pom;"), encoding="utf-8")
    results = run_study(folder, hold=()).results
    assert results is not None
    said = {f.code: f.message for f in results.flags}
    assert "'Pom' is no arm of study.toml" in said["arm_not_in_plan"]


def test_days_are_counted_from_the_infusion_that_is_named(study: Path) -> None:
    """The patient's copies of day 28 stand at day 26 once the third of three days is day 0."""
    before = {m.key.day: m.value for m in load_results(study).of("copies_per_ug") if _is_p01(m)}
    path = study / "study.toml"
    said = '\n[infusion]\npercent = [10, 30, 60]\nday_zero = "last"\n'
    path.write_text(path.read_text(encoding="utf-8") + said, encoding="utf-8")
    results = run_study(study, hold=(), workers=1).results
    assert results is not None
    after = {m.key.day: m.value for m in results.of("copies_per_ug") if _is_p01(m)}
    assert after == {day - 2: value for day, value in before.items()}
    assert {"days_from_infusion"} <= {f.code for f in results.flags}
    starts = [e.day for e in results.patient_events if e.event == "lenalidomide start"]
    assert starts == [13]
    course = next(r for r in table(study, "cohort") if r["variable"] == "P01: course of copies")
    assert "10 + 30 + 60 % on days 0, 1, 2; the last counts as day 0" in course["details"]


def _is_p01(m) -> bool:  # type: ignore[no-untyped-def]
    return m.key.donor == "P01" and m.key.day is not None


@pytest.mark.shared
def test_the_synthetic_cohort_gives_its_printed_p_values_in_a_run(
    folder: Path, shared: Path
) -> None:
    (folder / "study.toml").write_text(TOML.partition("[cohort]")[0], encoding="utf-8")
    (folder / "dosing.csv").unlink()
    shutil.copy(shared / "data/stats/seed_synthetic_cohort.csv", folder / "patients.csv")
    run_study(folder, hold=())
    found = {
        (r["variable"], r["test"]): float(r["p_value"])
        for r in table(folder, "cohort")
        if r["p_value"] and not r["landmark"]
    }
    # design/statistics.md: OS .025401, PFS .120765; the tables' P values to three decimals
    assert found["OS", "gehan_breslow_wilcoxon"] == pytest.approx(0.025401, abs=5e-6)
    assert found["PFS", "gehan_breslow_wilcoxon"] == pytest.approx(0.120765, abs=5e-6)
    assert found["target", "fisher"] == pytest.approx(0.035, abs=5e-4)
    assert found["anemia34", "fisher"] == pytest.approx(0.287, abs=5e-4)


def test_copies_of_a_rejected_run_are_compared_no_more(study: Path) -> None:
    held = load_results(study)
    assert held.cohort is not None
    rejected = fail("rejected_by_reviewer", "rejected by ada: wrong tube")
    marked = [replace(m, flags=(*m.flags, rejected)) for m in held.cohort.copies]
    assert len(copies_of(held.cohort.cohort, held.cohort.copies)) == len(marked) > 0
    assert copies_of(held.cohort.cohort, marked) == []
