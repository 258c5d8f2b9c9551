import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproc.parsers import _positions as positions


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("A1", (1, 1)),
        ("a01", (1, 1)),
        (" H12 ", (8, 12)),
        ("P24", (16, 24)),
        ("AF48", (32, 48)),
        ("B:07", (2, 7)),
    ],
)
def test_a_well_name_is_a_row_and_a_column(text, where):
    assert positions.split(text) == where


@pytest.mark.parametrize("text", ["", "1", "A0", "A", "A100", "Sample1", "1A", "A1b", "Ä1"])
def test_what_is_no_well_name(text):
    assert positions.split(text) is None


def test_wells_are_counted_row_by_row():
    assert positions.from_number(1, plate=96) == "A1"
    assert positions.from_number(13, plate=96) == "B1"
    assert positions.from_number(25, plate=384) == "B1"
    assert positions.from_number(1536, plate=1536) == "AF48"


@given(st.integers(1, 32), st.integers(1, 48))
def test_a_name_that_is_written_is_read(row, column):
    assert positions.split(positions.name(row, column)) == (row, column)


def test_numbers_are_whole_and_positive():
    assert [positions.number(t) for t in ("7", "007", "7.0", "7.5", "0", "-1", "A1")] == [
        7, 7, 7, None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "size"),
    [("384-Well Block", 384), ("Fast 96-Well Block (0.1mL)", 96), ("96alum", 96), ("Array", None)],
)
def test_the_plate_that_words_state(text, size):
    assert positions.stated_plate(text) == size


def test_open_array_positions_are_known():
    assert positions.is_array("A1a1")
    assert not positions.is_array("A1")
