"""Sheets as people write them: numbers that mean one thing, logs without doubles, plate grids."""

from pathlib import Path

import pytest
import xlsxwriter

from labproc.errors import StudyError
from labproc.model import Role
from labproc.study import Found, Study, load_study
from labproc.study.sheets import SheetRow, rows_of
from tests.study.test_load import STUDY


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def with_file(folder: Path, name: str, text: str) -> Study:
    (folder / name).write_text(text, encoding="utf-8")
    return load_study(folder)


@pytest.mark.parametrize(
    ("cell", "value"), [("20,5", 20.5), ("20.5", 20.5), ("0,200", 0.2), ("1200000", 1.2e6)]
)
def test_a_decimal_comma_is_a_decimal_comma(cell: str, value: float) -> None:
    assert SheetRow("s, line 2", {"x": cell}).number("x") == value


@pytest.mark.parametrize("cell", ["1,200", "20,000", "inf", "nan", "1,200,000", "many", "-1"])
def test_a_number_that_means_two_things_is_refused(cell: str) -> None:
    with pytest.raises(StudyError, match=rf"s, line 2: x is '{cell}', expected"):
        SheetRow("s, line 2", {"x": cell}).number("x", low=0.0)


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("day", "soon", "samples.csv, line 2: day is 'soon'"),
        ("role", "smaple", "samples.csv, line 2: role is 'smaple'; did you mean 'sample'"),
        ("sample_ul", "1,200", "sample_ul is '1,200', expected 1200 or 1.200"),
    ],
)
def test_a_wrong_cell_costs_its_own_file_only(
    folder: Path, column: str, cell: str, reason: str
) -> None:
    row = {"file": "a.fcs", "donor": "D1", "arm": "C", "day": "1", "panel": "car", "role": ""}
    row |= {column: f'"{cell}"'}
    text = f"{','.join(row)}\n{','.join(row.values())}\n"
    study = with_file(folder, "samples.csv", text)
    wrong = study.assign(Found("a.fcs"))
    assert wrong.key is None
    assert reason in wrong.reason
    assert study.assign(Found("2026-03-02/D1_C_d2_car.fcs")).key is not None


def test_a_row_without_the_folder_is_pointed_at_and_not_guessed(folder: Path) -> None:
    study = with_file(folder, "samples.csv", "file,donor,arm,day,panel\nG11.fcs,D1,C,1,car\n")
    found = study.assign(Found("plate 2/G11.fcs"))
    assert found.key is None
    assert "samples.csv, line 2 names it without its folder" in found.reason


def test_a_day_that_the_date_contradicts_is_flagged(tmp_path: Path) -> None:
    text = STUDY.replace('control = "C"', 'control = "C"\nday_zero = 2026-03-01')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path)
    right, wrong = (study.assign(Found(f"2026-03-08/D1_C_d{d}_car.fcs")) for d in (7, 9))
    assert right.flags == ()
    assert wrong.key is not None
    assert wrong.key.day == 9
    assert [(f.code, f.severity) for f in wrong.flags] == [("day_and_date_differ", "review")]


def test_each_donor_may_have_a_first_day_of_its_own(tmp_path: Path) -> None:
    zeros = 'day_zero = { D1 = "2026-03-01", D2 = "2026-03-06" }'
    text = STUDY.replace('control = "C"', f'control = "C"\n{zeros}')
    text = text.replace("{date}/{donor}_{arm}_d{day}_", "{donor}_{arm}_{date}_")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path)
    keys = [study.assign(Found(f"{d}_C_2026-03-08_car.fcs")).key for d in ("D1", "D2", "D3")]
    assert [k and k.day for k in keys] == [7, 2, None]  # 8 - 1, 8 - 6, unknown


def test_aliases_of_arms_hold_in_the_culture_log(folder: Path) -> None:
    log = with_file(folder, "culture.csv", "donor,arm,day,event\nD1,10UM,2,feed\n").culture_log
    assert [e.arm for e in log] == ["C+Len"]


def test_a_line_twice_in_the_log_is_refused(folder: Path) -> None:
    text = "donor,arm,day,kept_fraction,event\nD1,C,2,0.5,split\nD1,C,2,0.5,split\n"
    with pytest.raises(StudyError, match=r"line 3: says the same as culture.csv, line 2"):
        with_file(folder, "culture.csv", text)


def test_two_forms_of_one_table_are_refused(folder: Path) -> None:
    (folder / "samples.tsv").write_text("file\tdonor\na.fcs\tD1\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"samples.csv and samples.tsv are both there"):
        with_file(folder, "samples.csv", "file,donor\na.fcs,D1\n")


def test_one_alias_for_two_arms_is_refused(tmp_path: Path) -> None:
    text = STUDY.replace("[arms.C]", '[arms.C]\naliases = ["LEN"]')
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"'C' and 'C\+Len' are both called 'Len'"):
        load_study(tmp_path)


def test_a_window_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(STUDY.replace("[2, 10]", "[10, 2]"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"study.toml, line 19: \[plan\] window_days"):
        load_study(tmp_path)


GRID = """\
Plate 1,1,2,3
A,D1_C_d3,D1_Len_d3,unstained
B,D2_C_d3,,
,,,
Plate 2: donor,1,2
A,D7,D7
Plate 2: arm,1,2
A,C,Len
"""


def test_a_plate_grid_says_what_each_well_holds(folder: Path) -> None:
    text = STUDY.replace('.fcs"]', '.fcs"]\nwell_pattern = "{donor}_{arm}_d{day}"')
    text = text.replace("{date}/{donor}", '{date}/{panel}/{plate}_{well}.fcs", "{date}/{donor}')
    (folder / "study.toml").write_text(text, encoding="utf-8")
    study = with_file(folder, "plates.csv", GRID)
    key = study.assign(Found("2026-03-02/car/plate 1_a02.fcs")).key
    assert key is not None
    assert (key.donor, key.arm, key.day, key.panel) == ("D1", "C+Len", 3, "car")
    control = study.assign(Found("2026-03-02/car/x.fcs", plate="Plate 1", well="A3"))
    assert control.missing == ("panel",)  # the grid says unstained; nothing says of which panel
    layered = study.assign(Found("2026-03-02/car/Plate 2_A1.fcs"))
    assert layered.missing == ("day",)


def test_a_grid_names_the_samples_of_a_plate(folder: Path) -> None:
    samples = with_file(folder, "plates.csv", GRID).plate_samples("plate 1")
    assert samples == {"A1": "D1_C_d3", "A2": "D1_Len_d3", "A3": "unstained", "B1": "D2_C_d3"}


def test_the_sheet_wins_over_a_grid(folder: Path) -> None:
    (folder / "plates.csv").write_text(GRID, encoding="utf-8")
    text = "plate,well,donor,arm,day,panel,role\nPlate 1,A03,D9,C,4,car,fmo\n"
    found = with_file(folder, "samples.csv", text).assign(Found("x", plate="Plate 1", well="A3"))
    assert found.key is not None
    assert (found.key.donor, found.key.role) == ("D9", Role.FMO)


def test_grids_that_contradict_each_other_name_both_places(folder: Path) -> None:
    text = "P: donor,1,2\nA,D1,D2\nP: donor,1,2\nA,D1,D3\n"
    with pytest.raises(StudyError, match=r"line 4, well A2: donor is 'D3', but 'D2' in .*line 2"):
        with_file(folder, "plates.csv", text)


def test_a_layer_of_no_known_name_is_refused(folder: Path) -> None:
    with pytest.raises(StudyError, match=r"'P: donnor' say nothing.*did you mean 'donor'"):
        with_file(folder, "plates.csv", "P: donnor,1,2\nA,D1,D2\n")


def test_sheets_of_a_workbook_are_plates(folder: Path) -> None:
    with xlsxwriter.Workbook(str(folder / "plates.xlsx")) as book:
        sheet = book.add_worksheet("Plate 9")
        sheet.write_row(0, 1, range(1, 13))
        for i, letter in enumerate("ABCDEFGH", start=1):
            sheet.write_row(i, 0, [letter, *(f"D{n}_C_d{i}" for n in range(1, 13))])
    samples = load_study(folder).plate_samples("Plate 9")
    assert len(samples) == 96
    assert samples["H12"] == "D12_C_d8"


def test_an_empty_sheet_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("\n", encoding="utf-8")
    assert rows_of(tmp_path, "samples", ("file",)) == []
