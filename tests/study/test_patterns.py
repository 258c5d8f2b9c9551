"""Names that say whose cells they hold, and those that could mean two things."""

import pytest

from labproc.study.patterns import compile_pattern, doubtful_parts, read_date, read_day, read_name

WORDS = {"arm": ["C", "C+Len", "len"], "panel": ["car", "count"]}


def words_of(pattern: str, name: str) -> dict[str, str] | None:
    found = read_name(name, [compile_pattern(pattern, where="here", words=WORDS)])
    return None if found is None else dict(found)


@pytest.mark.parametrize("day", ["d07", "d7", "day 7", "D7", "day_7", "7"])
def test_d_before_the_day_in_a_pattern_reads_every_way_to_write_it(day: str) -> None:
    found = words_of("{donor}_{arm}_d{day}_{panel}.fcs", f"D1_C_{day}_car.fcs")
    assert found is not None
    assert read_day(found["day"]) == 7


@pytest.mark.parametrize(("visit", "day"), [("pre", -1), ("M3", 91)])  # 3 x 30.4375 = 91.3
def test_visits_fit_where_a_pattern_says_d(visit: str, day: int) -> None:
    found = words_of("{donor}_{arm}_d{day}_{panel}.fcs", f"P1_C_{visit}_car.fcs")
    assert found is not None
    assert read_day(found["day"]) == day


def test_a_separator_within_a_donor_does_no_harm() -> None:
    found = words_of("{donor}_{arm}_d{day}_{panel}.fcs", "Donor_1_C+Len_d07_car.fcs")
    assert found is not None
    assert (found["donor"], found["arm"]) == ("Donor_1", "C+Len")


def test_an_unknown_arm_is_still_read_so_that_it_can_be_named() -> None:
    found = words_of("{donor}_{arm}_d{day}_{panel}.fcs", "D1_Lem_d07_car.fcs")
    assert found is not None
    assert found["arm"] == "Lem"


def test_a_name_that_reads_in_two_ways_is_doubtful() -> None:
    pattern = compile_pattern("{donor}_{*}_d{day}.fcs", where="here")
    assert doubtful_parts("D_1_x_d07.fcs", [pattern]) == {"donor": ("D", "D_1")}
    assert doubtful_parts("D1_x_d07.fcs", [pattern]) == {}


def test_a_word_that_ends_in_d_keeps_its_letter() -> None:
    assert words_of("blood{day}", "blood7") == {"day": "7"}
    assert words_of("blood{day}", "bloo7") is None


@pytest.mark.parametrize("text", ["day-7", "7.5", "", "d", "seven"])
def test_what_is_no_clear_day_is_none(text: str) -> None:
    assert read_day(text) is None


@pytest.mark.parametrize(
    "text", ["2026-03-02", "20260302", "2026.03.02", "2026_03_02", "02-MAR-2026", "2 mar 2026"]
)
def test_dates_are_read_as_instruments_and_people_write_them(text: str) -> None:
    found = read_date(text)
    assert found is not None
    assert found.isoformat() == "2026-03-02"


@pytest.mark.parametrize("text", ["2026-13-02", "02.03.2026", "02-XYZ-2026", ""])
def test_what_is_no_clear_date_is_none(text: str) -> None:
    assert read_date(text) is None
