"""study.toml: what a scientist writes, and every mistake named where it stands."""

from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.model import Role, SampleKey
from labproc.study import Found, Study, load_study

STUDY = """\
[study]
title = "T"
control = "C"
[arms.C]
[arms."C+Len"]
lenalidomide_um = 10
aliases = ["Len", "10uM"]
[files]
pattern = ["{date}/{donor}_{arm}_d{day}_{panel}.fcs"]
[panels.car]
strategy = "car_t"
markers = { CAR = "BL1-A" }
[qpcr]
sample_pattern = "{donor}_{arm}_d{day}"
dna_ng_per_well = 200
[plan]
unit = "donor"
primary = "cart_growth_rate"
window_days = [2, 10]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def sheet(folder: Path, text: str, name: str = "samples.csv") -> Study:
    (folder / name).write_text(text, encoding="utf-8")
    return load_study(folder)


def test_a_pattern_alone_says_whose_cells_a_file_holds(folder: Path) -> None:
    found = load_study(folder).assign(Found("2026-03-02/D1_Len_d07_car.fcs"))
    assert found.key == SampleKey("D1", "", "C+Len", 7, "", "car")


@pytest.mark.parametrize("day", ["d07", "day 7", "7", "D7"])
def test_d07_day_7_and_D7_are_one_day(folder: Path, day: str) -> None:  # noqa: N802
    study = sheet(folder, f"file,donor,arm,day,panel\na.fcs,D1,C,{day},car\n")
    assert study.assign(Found("a.fcs")).key == SampleKey("D1", "", "C", 7, "", "car")


def test_the_sheet_wins_where_both_speak(folder: Path) -> None:
    study = sheet(folder, "file,arm\n2026-03-02/D1_C_d2_car.fcs,10uM\n")
    found = study.assign(Found("2026-03-02/D1_C_d2_car.fcs"))
    assert found.key == SampleKey("D1", "", "C+Len", 2, "", "car")


def test_a_file_that_nothing_explains_is_not_guessed(folder: Path) -> None:
    found = load_study(folder).assign(Found("G11.fcs"))
    assert found.key is None
    assert found.missing == ("donor", "arm", "day", "panel")
    assert found.reason.startswith("G11.fcs: donor, arm, day, panel not known; add it to samples")


def test_an_arm_that_does_not_exist_is_named_with_the_nearest(folder: Path) -> None:
    found = load_study(folder).assign(Found("2026-03-02/D1_Lem_d2_car.fcs"))
    assert found.missing == ("arm",)
    assert "arm 'Lem' is not in study.toml" in found.reason


def test_plate_and_well_tell_files_of_one_name_apart(folder: Path) -> None:
    study = sheet(folder, "plate,well,donor,arm,day,panel\nP1,G11,D1,C,3,car\nP2,G11,D2,C,3,car\n")
    first = study.assign(Found("x/G11.fcs", plate="P1", well="G11")).key
    second = study.assign(Found("y/G11.fcs", plate="P2", well="G11")).key
    assert (first and first.donor, second and second.donor) == ("D1", "D2")


def test_a_date_and_a_day_zero_give_the_day(tmp_path: Path) -> None:
    text = STUDY.replace('control = "C"', 'control = "C"\nday_zero = "2026-03-01"')
    text = text.replace("{date}/{donor}_{arm}_d{day}_", "{donor}_{arm}_{date}_")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    found = load_study(tmp_path).assign(Found("D1_C_20260308_car.fcs"))
    assert found.key == SampleKey("D1", "", "C", 7, "", "car")


def test_months_and_pre_are_days_of_patients(folder: Path) -> None:
    study = sheet(folder, "file,donor,arm,day,panel\na.fcs,P1,C,M3,car\nb.fcs,P1,C,pre,car\n")
    month, before = study.assign(Found("a.fcs")), study.assign(Found("b.fcs"))
    assert month.key is not None
    assert month.key.day == 91  # 3 x 30.4375 = 91.3
    assert [f.code for f in month.flags] == ["visit_as_day"]
    assert before.key is not None
    assert before.key.day == -1


def test_a_control_needs_no_arm_and_no_day(folder: Path) -> None:
    study = sheet(folder, "file,donor,panel,role\nu.fcs,D1,car,untransduced\n")
    found = study.assign(Found("u.fcs"))
    assert found.key == SampleKey("D1", panel="car", role=Role.UNTRANSDUCED)


def test_qpcr_samples_are_read_by_their_own_pattern(folder: Path) -> None:
    key = load_study(folder).assign_qpcr_sample("D2_Len_d10").key
    assert key == SampleKey("D2", "", "C+Len", 10, "", "qpcr")


def test_dna_input_stands_in_the_sheet(folder: Path) -> None:
    study = sheet(folder, "sample,dna_ng\nD2_Len_d10,150\n")
    assert study.dna_ng == {"D2_Len_d10": 150.0}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            "titel = 'x'",
            r"study.toml, line 2: no setting is called 'study.titel'; did you mean 'title'",
        ),
        ("control = 'B'", r"control is 'B', expected one of the arms 'C', 'C\+Len'"),
        ("title = ", r"study.toml: .*line 2.*expected TOML"),
    ],
)
def test_a_wrong_key_is_named_with_its_line_and_the_nearest(
    tmp_path: Path, wrong: str, message: str
) -> None:
    text = "[study]\n" + wrong + "\n" + STUDY.split("\n", 3)[3]
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        load_study(tmp_path)


def test_a_wrong_key_in_a_panel_is_named(tmp_path: Path) -> None:
    text = STUDY.replace('strategy = "car_t"', 'stratgy = "car_t"')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"'panels\.car\.stratgy'; did you mean 'strategy'"):
        load_study(tmp_path)


def test_a_misspelt_study_toml_is_said(tmp_path: Path) -> None:
    (tmp_path / "studdy.toml").write_text(STUDY, encoding="utf-8")
    with pytest.raises(StudyError, match=r"no study.toml; found 'studdy.toml'"):
        load_study(tmp_path)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no such folder"):
        load_study(tmp_path / "nowhere")


def test_a_file_twice_in_the_sheet_names_both_lines(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"line 3: 'a.fcs' stands in samples.csv, line 2 too"):
        sheet(folder, "file,donor\na.fcs,D1\na.fcs,D2\n")


def test_a_strange_column_is_named_with_the_nearest(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"no column is called 'donnor'; did you mean 'donor'"):
        sheet(folder, "file,donnor\na.fcs,D1\n")


def test_a_pattern_with_an_unknown_brace_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY.replace("{donor}_{arm}_d{day}_{panel}", "{doner}"))
    with pytest.raises(
        StudyError, match=r"has \{doner\}, which says nothing; did you mean 'donor'"
    ):
        load_study(tmp_path)


@pytest.mark.parametrize("ending", [",", ";"])
def test_the_culture_log_takes_commas_and_semicolons(folder: Path, ending: str) -> None:
    rows = "donor,arm,day,kept_fraction,event\nD1,C,2,0.5,split\n".replace(",", ending)
    log = sheet(folder, rows, "culture.csv").culture_log
    assert [(e.donor, e.day, e.kept_fraction, e.event) for e in log] == [("D1", 2, 0.5, "split")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("D1,C,2,1.5,split", r"culture.csv, line 2: kept_fraction is 1.5, expected more than 0"),
        ("D1,C,2,0.5,splitt", r"event is 'splitt'; did you mean 'split'"),
        ("D1,C,soon,0.5,split", r"day is 'soon', expected whole days"),
        ("D1,B,2,0.5,split", r"day 2 has arm 'B'"),
    ],
)
def test_a_wrong_line_of_the_log_is_named(folder: Path, row: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        sheet(folder, f"donor,arm,day,kept_fraction,event\n{row}\n", "culture.csv")


def test_the_plan_names_control_and_treated_arms(folder: Path) -> None:
    plan = load_study(folder).plan()
    assert plan is not None
    assert (plan.control, plan.treated, plan.window_days) == ("C", ("C+Len",), (2.0, 10.0))
    assert plan.dose_um == (("C", 0.0), ("C+Len", 10.0))


def test_a_strategy_beside_the_study_wins_over_the_shipped_one(folder: Path) -> None:
    assert load_study(folder).strategy_path("car_t") == "car_t"
    (folder / "car_t.toml").write_text("", encoding="utf-8")
    assert load_study(folder).strategy_path("car_t") == folder / "car_t.toml"
