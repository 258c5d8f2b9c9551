import pytest

from labproc.errors import ParseError
from labproc.formats.table import read_table, sheet_names


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gbk"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_the_same_in_every_encoding_and_delimiter(tmp_path, encoding, delimiter):
    rows = [["file", "donor", "day", "note"], ["raw/a.fcs", "D1", "7", "第一天"]]
    path = tmp_path / "samples.csv"
    path.write_bytes("\r\n".join(delimiter.join(r) for r in rows).encode(encoding))
    table = read_table(path)
    assert table.header == ("file", "donor", "day", "note")
    assert [(r.line, dict(r.cells)) for r in table.rows] == [
        (2, {"file": "raw/a.fcs", "donor": "D1", "day": "7", "note": "第一天"})
    ]


def test_windows_text_is_read_and_says_so(tmp_path):
    path = tmp_path / "culture.csv"
    path.write_bytes("donor;note\nD1;Größe 5 µL\n".encode("cp1252"))
    table = read_table(path)
    assert table.rows[0].cells["note"] == "Größe 5 µL"
    assert [f.code for f in table.flags] == ["encoding_guessed"]


def test_blank_rows_are_left_out_and_lines_keep_their_numbers(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("\ndonor,day\n\nD1,0\n,\nD2,3\n")
    assert [(r.line, r.cells["donor"]) for r in read_table(path).rows] == [(4, "D1"), (6, "D2")]


def test_decimal_commas_do_not_split_a_semicolon_table(tmp_path):
    path = tmp_path / "culture.csv"
    path.write_text("donor;kept_fraction\nD1;0,5\nD2;0,25\n")
    assert [r.cells["kept_fraction"] for r in read_table(path).rows] == ["0,5", "0,25"]


def test_a_cell_beyond_the_headings_is_refused_with_its_line(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("donor,note\nD1,fed, then split\n")
    with pytest.raises(ParseError, match="line 2: 'then split' stands beyond"):
        read_table(path)


def test_a_heading_twice_is_refused(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("donor,day,donor\nD1,0,D2\n")
    with pytest.raises(ParseError, match="column 'donor' is there twice"):
        read_table(path)


def test_a_workbook_is_read_by_sheet(tmp_path):
    import xlsxwriter

    path = tmp_path / "study.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, cell in (("samples", 7), ("culture", 0.5)):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["donor", "value"])
            sheet.write_row(1, 0, ["D1", cell])
    assert sheet_names(path) == ("samples", "culture")
    assert read_table(path).rows[0].cells == {"donor": "D1", "value": "7"}
    assert read_table(path, sheet="culture").rows[0].cells == {"donor": "D1", "value": "0.5"}
    with pytest.raises(ParseError, match=r"no sheet 'plates' \(has: samples, culture\)"):
        read_table(path, sheet="plates")


def test_an_empty_table_is_refused(tmp_path):
    path = tmp_path / "samples.csv"
    path.write_text("\n\n\n")
    with pytest.raises(ParseError, match="no row of headings"):
        read_table(path)
