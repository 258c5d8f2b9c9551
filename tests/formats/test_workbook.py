import datetime
import zipfile

import pytest
import xlsxwriter

from labproc.errors import ParseError
from labproc.formats.content import look
from labproc.formats.workbook import open_workbook

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    '{head}<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData></worksheet>'
)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "export.dat"
    with xlsxwriter.Workbook(str(path)) as written:
        sheet = written.add_worksheet("Results")
        date = written.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(1, 1, ["Well", "Sample", "Cq"])
        sheet.write_row(2, 1, ["A1", 7, 20.25])
        sheet.write_row(3, 1, [" A2 ", True, "Undetermined"])
        sheet.write_datetime(4, 2, datetime.datetime(2024, 3, 1), date)
        sheet.merge_range(5, 0, 6, 0, "merged")
        written.add_worksheet("empty")
    return path


def test_cells_keep_their_rows_columns_and_kinds(book):
    grid = open_workbook(book).sheet("Results")
    assert grid.lines[0].filled == 0
    assert grid.lines[1].cells == ("", "Well", "Sample", "Cq")
    assert grid.lines[2].cells == ("", "A1", 7.0, 20.25)
    assert grid.lines[2].text(2) == "7"
    assert grid.lines[3].cells == ("", "A2", True, "Undetermined")
    assert grid.where(3) == "sheet 'Results', row 3"


def test_dates_and_merged_cells_are_flagged(book):
    grid = open_workbook(book).sheet("Results")
    assert grid.lines[4].text(2).startswith("2024-03-01")
    assert [f.code for f in grid.flags] == ["dates_in_sheet", "merged_cells"]
    assert "row 5, column 3" in grid.flags[0].message


def test_an_empty_sheet_has_no_lines(book):
    assert open_workbook(book).sheet("empty").lines == ()


def test_content_finds_the_workbook_whatever_the_file_is_called(book):
    content = look(book)
    assert content.workbook is not None
    assert content.workbook.names == ("Results", "empty")
    assert content.text_grid is None


def hostile(path, book, head, before=""):
    with zipfile.ZipFile(book) as good, zipfile.ZipFile(path, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name.endswith("sheet1.xml"):
                data = (before + SHEET.format(head=head)).encode()
            bad.writestr(name, data)
    return path


def test_a_sheet_that_claims_the_whole_grid_is_refused(book, tmp_path):
    path = hostile(tmp_path / "x.xlsx", book, '<dimension ref="A1:XFD1048576"/>')
    with pytest.raises(ParseError, match="claims 17,179,869,184 cells"):
        open_workbook(path)


def test_a_document_type_in_a_sheet_is_refused(book, tmp_path):
    path = hostile(tmp_path / "x.xlsx", book, "", before='<!DOCTYPE r [<!ENTITY a "b">]>')
    with pytest.raises(ParseError, match="a document type"):
        open_workbook(path)


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xls"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(range(256)) * 40)
    with pytest.raises(ParseError, match=r"x\.xls"):
        open_workbook(path)


def test_a_problem_is_kept_for_the_message(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04" + b"\0" * 40)
    content = look(path)
    assert content.workbook is None
    assert "x.xlsx" in str(content.problem)


def test_columns_are_read_alone_from_their_headings_on(book):
    found = open_workbook(book).columns("Results", "well|cq")
    assert [(heading, list(cells[:2])) for heading, cells in found] == [
        ("Well", ["A1", " A2 "]),
        ("Cq", [20.25, "Undetermined"]),
    ]
    assert open_workbook(book).columns("Results", "temperature") == []


def test_a_column_of_numbers_keeps_every_digit(tmp_path):
    numbers = [0.1, -1e300, 5e-324, 40.0]
    path = tmp_path / "curves.xlsx"
    with xlsxwriter.Workbook(str(path)) as written:
        sheet = written.add_worksheet("Amplification Data")
        sheet.write_column(0, 0, ["Cycle", 1, 2, 3, ""])
        sheet.write_column(0, 1, ["dRn", *numbers])
    found = dict(open_workbook(path).columns("Amplification Data", "cycle|drn"))
    assert list(found["dRn"]) == numbers
    assert list(found["Cycle"]) == [1, 2, 3, ""]
