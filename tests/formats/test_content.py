import os

import pytest

from labproc.errors import ParseError
from labproc.formats.content import look
from labproc.formats.grid import Line, as_text, quoted


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "empty").touch()
    for name in ("fifo", "loop", "empty", "missing", "."):
        with pytest.raises(ParseError):
            look(tmp_path / name)


def test_a_text_has_a_grid_and_no_workbook(tmp_path):
    path = tmp_path / "x"
    path.write_text("a,b\n1,2\n")
    content = look(path)
    assert content.text_grid is not None
    assert (content.workbook, content.archive, content.problem) == (None, None, None)


def test_an_fcs_file_is_not_read_as_text(tmp_path):
    path = tmp_path / "x.fcs"
    path.write_bytes(b"FCS3.1    " + b" " * 500)
    assert look(path).text_grid is None


def test_a_text_too_large_is_told_and_never_read(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b"a,b\n")
    os.truncate(path, 49 << 20)
    content = look(path)
    assert content.text_grid is None
    with path.open("r+b") as file:
        file.write(b"Well,Sample,Ct\n" * 5000)
    content = look(path)
    assert content.text_grid is None
    assert "49 MiB, expected at most 48 MiB" in str(content.problem)


def test_what_is_made_of_a_content_is_made_once(tmp_path):
    path = tmp_path / "x"
    path.write_text("a,b\n")
    made = []
    content = look(path)

    def count(c):
        made.append(c)
        return len(made)

    assert [content.once(count), content.once(count)] == [1, 1]


def test_what_cannot_be_made_leaves_its_problem(tmp_path):
    path = tmp_path / "x"
    path.write_text("a,b\n")
    content = look(path)

    def refuse(_):
        raise ParseError("x: no")

    assert content.once(refuse) is None
    assert str(content.problem) == "x: no"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (7.0, "7"),
        (20.25, "20.25"),
        (True, "TRUE"),
        (False, "FALSE"),
        ("007", "007"),
        (1e20, "1e+20"),
    ],
)
def test_cells_are_written_as_a_spreadsheet_shows_them(cell, text):
    assert as_text(cell) == text


def test_a_cell_that_is_not_there_is_empty():
    line = Line(1, ("a", "", 3.0))
    assert [line.text(i) for i in (0, 1, 2, 3, None)] == ["a", "", "3", "", ""]
    assert line.filled == 2


def test_long_values_are_cut_in_messages():
    assert quoted("ab") == "'ab'"
    assert len(quoted("x" * 1000)) == 62
