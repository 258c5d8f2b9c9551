"""Westgard's rules on values whose z is set by hand (mean 0, SD 1)."""

import pytest

from labproc.errors import NotEnoughData
from labproc.model import Task
from labproc.qpcr import analyse_run
from labproc.qpcr.westgard import levey_jennings, positive_control_chart


def broken(values):
    plates = [f"P{i}" for i in range(len(values))]
    chart = levey_jennings(plates, values, mean=0.0, sd=1.0)
    return [(v.plate, v.rule) for v in chart.violations]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1.9, -1.9], []),
        ([0.0, 2.5], [("P1", "1-2s")]),
        ([0.0, -3.5], [("P1", "1-3s")]),
        ([2.1, 2.2], [("P0", "1-2s"), ("P1", "1-2s"), ("P1", "2-2s")]),
        ([2.1, -2.2], [("P0", "1-2s"), ("P1", "1-2s"), ("P1", "R-4s")]),
        ([1.1, 1.2, 1.3, 1.4], [("P3", "4-1s")]),
        ([0.1] * 10, [("P9", "10-x")]),
        ([0.1] * 9 + [-0.1], []),
    ],
)
def test_rule(values, expected):
    assert broken(values) == expected


def test_limits_from_the_plates_do_not_hide_the_one_that_is_off():
    values = [3.00, 3.02, 2.98, 3.01, 2.99, 3.6]
    chart = levey_jennings([str(i) for i in range(6)], values)
    assert [(v.plate, v.rule) for v in chart.violations] == [("5", "1-3s")]
    assert chart.is_provisional
    assert chart.flags[0].severity == "review"


def test_few_plates_set_no_limits():
    with pytest.raises(NotEnoughData, match="3 plates, expected at least 5"):
        levey_jennings(["a", "b", "c"], [1, 2, 3])


def test_positive_control_of_every_plate_is_charted(make_run, standards, unknowns, rules):
    plates = {}
    for number, away in enumerate([0.0, 0.02, -0.02, 0.01, -0.01, 1.0]):
        wells = [*standards(), *unknowns("PC", [25.0 + away] * 3, task=Task.POSITIVE)]
        plates[f"P{number}"] = analyse_run(make_run(wells), rules).samples
    chart = positive_control_chart(plates, target="CAR")
    assert [v.plate for v in chart.violations if v.is_rejection] == ["P5"]
    assert chart.values[0] == pytest.approx((38 - 25) / 3.32)
