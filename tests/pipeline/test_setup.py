"""A study set up without a text file: rows checked in place, sheets written, changes recorded."""

import tomllib
from pathlib import Path

import pytest

from labproc.errors import StudyError
from labproc.pipeline.review import audit_rows
from labproc.pipeline.setup import (
    check_rows,
    rows_to_write,
    save_rows,
    save_settings,
    sheet_lines,
)
from labproc.study import load_study
from labproc.study.sheet_edit import as_text, read_rows
from labproc.study.toml_edit import edited

TOML = """\
# ours, keep it
[study]
title = "Test"
control = "C"   # the control

[arms.C]
[arms."C+Len"]

[files]
pattern = ["{donor}_{arm}_d{day}_{panel}.fcs"]

[panels.car]
strategy = "car_t"
markers = { CAR = "BL1-A" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.toml").write_text(TOML, encoding="utf-8")
    (tmp_path / "raw").mkdir()
    for name in ("D1_C_d0_car.fcs", "plate/G11.fcs"):
        path = tmp_path / "raw" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"FCS3.1 not read here")
    (tmp_path / "samples.csv").write_text("file;donor;note\nplate/G11.fcs;D2;first\n")
    return tmp_path


def test_what_a_name_says_is_shown_and_what_is_not_assigned_comes_first(folder: Path) -> None:
    lost, known = sheet_lines(folder)
    assert lost.cells == {"file": "plate/G11.fcs", "donor": "D2", "note": "first"}
    assert "arm, day, panel not known" in lost.reason
    assert known.cells["file"] == "D1_C_d0_car.fcs"
    assert known.said == {"donor": "D1", "arm": "C", "day": "0", "panel": "car"}
    assert known.reason == ""


def test_a_saved_sheet_assigns_repeats_nothing_and_is_recorded(folder: Path) -> None:
    lost, known = sheet_lines(folder)
    filled = {**lost.cells, "arm": "C+Len", "day": "d02", "panel": "car"}
    rows = rows_to_write([(known.cells, known.said, known.row), (filled, lost.said, lost.row)])
    assert rows == [filled]
    assert save_rows(folder, rows, who="ann", reason="plate layout of 2 March") == 1
    text = (folder / "samples.csv").read_text(encoding="utf-8-sig")
    assert text == "file;donor;arm;day;panel;note\nplate/G11.fcs;D2;C+Len;d02;car;first\n"
    assert [line.reason for line in sheet_lines(folder)] == ["", ""]
    row = audit_rows(folder)[-1]
    assert (row["who"], row["action"], row["reason"]) == (
        "ann", "samples changed", "plate layout of 2 March",
    )  # fmt: skip
    assert "arm=C+Len" in row["new"]
    assert "arm" not in row["old"]


@pytest.mark.parametrize(
    ("cells", "column", "message"),
    [
        ({"file": "a.fcs", "day": "x9"}, "day", "day is 'x9', expected whole days"),
        ({"file": "a.fcs", "arm": "C+Lenn"}, "arm", "did you mean 'C\\+Len'"),
        ({"file": "a.fcs", "panel": "cra"}, "panel", "did you mean 'car'"),
        ({"file": "a.fcs", "role": "smple"}, "role", "did you mean 'sample'"),
        ({"file": "a.fcs", "dna_ng": "1,200"}, "dna_ng", "expected 1200 or 1.200"),
        ({"file": "a.fcs", "sample_ul": "-3"}, "sample_ul", "expected at least 0"),
        ({"note": "who?"}, "file", "names no file, sample or plate and well"),
        ({"file": "=HYPERLINK(1)"}, "file", "a spreadsheet computes"),
        ({"file": "plate\\g11.fcs"}, "file", "stands in row 1 too"),
    ],
)
def test_a_wrong_cell_is_named_in_its_place_and_nothing_is_written(
    folder: Path, cells: dict[str, str], column: str, message: str
) -> None:
    rows = [{"file": "plate/G11.fcs", "donor": "D2"}, cells]
    (wrong,) = check_rows(folder, rows)
    assert (wrong.row, wrong.column) == (1, column)
    before = (folder / "samples.csv").read_bytes()
    with pytest.raises(StudyError, match=message):
        save_rows(folder, rows, who="ann", reason="layout")
    assert (folder / "samples.csv").read_bytes() == before
    assert audit_rows(folder) == []


def test_a_sheet_is_not_saved_without_a_reason_or_a_change(folder: Path) -> None:
    rows = read_rows(folder)
    with pytest.raises(StudyError, match="no reason given"):
        save_rows(folder, [{**rows[0], "day": "2"}], who="ann", reason=" ")
    with pytest.raises(StudyError, match="nothing was changed"):
        save_rows(folder, rows, who="ann", reason="layout")


def test_settings_change_one_value_and_keep_the_comments(folder: Path) -> None:
    changes = {("study", "title"): "Lenalidomide, run 2", ("counts", "panel"): "car",
               ("arms", "C+Len", "lenalidomide_um"): 10}  # fmt: skip
    save_settings(folder, changes, who="ann", reason="protocol 7")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    assert text.startswith("# ours, keep it\n")
    assert "# the control" in text
    assert tomllib.loads(text)["arms"]["C+Len"] == {"lenalidomide_um": 10}
    assert load_study(folder).settings.study.title == "Lenalidomide, run 2"
    row = audit_rows(folder)[-1]
    assert "study.title = 'Test'" in row["old"]
    assert "study.title = 'Lenalidomide, run 2'" in row["new"]


def test_a_setting_that_cannot_be_used_is_refused_whole(folder: Path) -> None:
    before = (folder / "study.toml").read_bytes()
    with pytest.raises(StudyError, match="control is 'X'"):
        save_settings(folder, {("study", "control"): "X"}, who="ann", reason="typo")
    assert (folder / "study.toml").read_bytes() == before


def test_a_study_is_begun_in_an_empty_folder(tmp_path: Path) -> None:
    changes = {("study", "title"): "New", ("study", "control"): "C", ("arms", "C", "label"): "C",
               ("panels", "car", "strategy"): "car_t"}  # fmt: skip
    save_settings(tmp_path, changes, who="ann", reason="begun")
    study = load_study(tmp_path)
    assert (study.settings.study.title, list(study.settings.arms)) == ("New", ["C"])
    assert (tmp_path / "raw").is_dir()


def test_text_with_marks_and_quotes_comes_back_as_it_was(folder: Path) -> None:
    rows = [{"file": 'a;"b"\n.fcs', "note": "é µ ±, said"}]
    (folder / "samples.csv").write_text(as_text(rows, "file;note\n"), encoding="utf-8-sig")
    assert read_rows(folder) == rows


def test_an_edit_that_changes_nothing_leaves_the_text_alone() -> None:
    assert edited(TOML, {("study", "title"): "Test", ("counts", "panel"): None}) == TOML
