"""One colour per arm, numbers with the digits they deserve, labels that never touch."""

from dashboards import theme
from labproc.pipeline.results import Arm


def test_control_is_grey_blue_and_the_first_treated_arm_orange() -> None:
    arms = (Arm("L", "Len"), Arm("C", "Control", is_control=True), Arm("L2", "Len 2"))
    colours = theme.arm_colours(arms)
    assert colours["C"] == "#56789a"
    assert colours["L"] == "#e69f00"
    assert len(set(colours.values())) == 3


def test_a_wide_interval_takes_digits_away() -> None:
    assert theme.with_interval(12.345678, 5.1234, 19.5678) == "12 (5.1–20)"
    assert theme.with_interval(1.23456, 1.2312, 1.2388) == "1.2346 (1.2312–1.2388)"
    assert theme.with_interval(25_412.0, 21_131.0, 30_022.0) == "25,400 (21,100–30,000)"


def test_zeros_that_say_something_stay() -> None:
    assert theme.with_interval(0.6, 0.51, 0.7) == "0.60 (0.51–0.70)"


def test_an_interval_without_an_end_says_so() -> None:
    assert theme.with_interval(1.5, 0.2, float("inf")) == "1.5 (0.2–∞)"
    assert theme.with_interval(1.5, float("-inf"), float("inf")) == "1.5 (−∞–∞)"
    assert theme.with_interval(1.5, float("nan"), 2.0) == "1.5"


def test_a_skewed_interval_keeps_two_digits_everywhere() -> None:
    assert theme.with_interval(1.5, 0.02, 300.0) == "1.5 (0.020–300)"


def test_a_number_without_an_interval_keeps_three_digits() -> None:
    assert theme.with_interval(0.123456, None, None) == "0.123"


def test_labels_move_apart_and_keep_their_order() -> None:
    placed = theme.spread([100.0, 101.0, 102.0, 300.0], 20.0)
    assert placed == [81.0, 101.0, 121.0, 300.0]


def test_small_percentages_keep_two_digits() -> None:
    assert [theme.percent(v) for v in (0.0, 0.0004, 0.02, 0.999)] == [
        "0.0 %", "0.04 %", "2.0 %", "99.9 %",
    ]  # fmt: skip
