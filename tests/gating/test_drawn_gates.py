"""Gates as other programs draw them: boxes, ellipsoids, booleans, their own compensation."""

import numpy as np
import pytest

from gating.boundary import OPEN, inside, is_drawable
from gating.channel_names import Ratio, parse_ratio, split_tag
from gating.columns import Columns
from gating.engine import gate_tube
from gating.strategy import parse_strategy
from gating.views import densities
from labproc.errors import StrategyError
from labproc.model import Boundary, Spillover
from tests.gating._tubes import spill, tube

A, B, C = "BL1-A", "YL2-A", "RL1-A"
GRID = np.array([[x, y, z] for x in range(6) for y in range(6) for z in range(6)], dtype=float)
NAMES = (A, B, C)


def grid(**options):
    return tube(GRID, NAMES, ("", "", ""), **options)


def gated(text, **options):
    return gate_tube(grid(**options), parse_strategy(text, name="drawn"), draws=0)


def step(method, channels, *lines, population="P"):
    quoted = ", ".join(f'"{c}"' for c in channels)
    rows = "\n".join(lines)
    return (
        f'[[step]]\npopulation = "{population}"\nmethod = "{method}"\n'
        f"channels = [{quoted}]\n{rows}\n"
    )


def test_a_box_holds_its_lower_limits_and_not_its_upper_ones():
    x, y, z = GRID.T
    for channels, low, high, expected in (
        ([A], [2], [4], (x >= 2) & (x < 4)),
        ([A], [2], ["inf"], x >= 2),
        ([A], ["-inf"], [4], x < 4),
        ([A, B], [2, "-inf"], [4, 3], (x >= 2) & (x < 4) & (y < 3)),
        ([A, B, C], [1, 2, 3], ["inf", 5, 5], (x >= 1) & (y >= 2) & (y < 5) & (z >= 3) & (z < 5)),
    ):
        ends = [f"low = [{', '.join(map(str, low))}]", f"high = [{', '.join(map(str, high))}]"]
        made = gated(step("box", channels, *ends)).get("P")
        assert np.array_equal(made.mask, expected)
        turned = gated(step("box", channels, *ends, 'side = "outside"')).get("P")
        assert np.array_equal(turned.mask, ~expected)
        # who reads the boundary selects the same events
        columns = [Columns(grid()).values(c) for c in channels]
        above = made.parameters["side"] != "below"
        assert np.array_equal(inside(made.boundary, columns, above=above), expected)
        assert np.all(np.abs(made.boundary.points) <= OPEN)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["low = [3]", "high = [3]"], "low is not below high"),
        (["low = [3, 4]"], "low is .*, expected one number for each of its channels"),
        (['low = ["a"]'], "low is .*, expected one number"),
        (["low = [nan]"], "low is .*, expected one number"),
    ],
)
def test_a_box_without_room_is_named(lines, message):
    with pytest.raises(StrategyError, match=f"step 'P': {message}"):
        gated(step("box", [A], *lines))


def test_a_moved_box_follows_its_points():
    strategy = parse_strategy(step("box", [A, B], "low = [2, -inf]"), name="x")
    moved = {"P": [[1.0, -OPEN], [OPEN, 2.0]]}
    made = gate_tube(grid(), strategy, moved=moved, draws=0).get("P")
    assert np.array_equal(made.mask, (GRID[:, 0] >= 1) & (GRID[:, 1] <= 2))
    assert made.parameters["placed"] == "by hand"


def test_an_ellipsoid_on_three_channels():
    # by hand: ((x-2)/2)^2 + ((y-3)/1)^2 + ((z-2)/3)^2 <= 1, as half axes and as a covariance
    x, y, z = GRID.T
    expected = ((x - 2) / 2) ** 2 + (y - 3) ** 2 + ((z - 2) / 3) ** 2 <= 1
    scales = 'scales = ["linear", "linear", "linear"]'
    ends = "points = [[2, 3, 2], [4, 3, 2], [2, 4, 2], [2, 3, 5]]"
    axes = gated(step("ellipse", NAMES, scales, ends)).get("P")
    matrix = "covariance = [[4, 0, 0], [0, 1, 0], [0, 0, 9]]"
    form = gated(step("ellipsoid", NAMES, scales, "centre = [2, 3, 2]", matrix)).get("P")
    assert np.array_equal(axes.mask, expected)
    assert np.array_equal(form.mask, expected)
    assert not is_drawable(axes.boundary)
    assert densities(grid(), gated(step("ellipse", NAMES, scales, ends))) == {}


def test_an_ellipsoids_covariance_needs_an_inverse():
    flat = "covariance = [[1, 1], [1, 1]]"
    with pytest.raises(StrategyError, match="covariance with an inverse and square above 0"):
        gated(step("ellipsoid", [A, B], "centre = [2, 3]", flat))


BOOLEAN = (
    step("box", [A], "low = [2]", population="a")
    + step("box", [B], "low = [3]", population="b")
    + step("box", [C], "low = [4]", population="c")
    + '[[step]]\npopulation = "P"\nmethod = "boolean"\n'
)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('within = ["a", "b"]', lambda a, b, c: a & b),
        ('without = ["a", "b"]', lambda a, b, c: ~a & ~b),
        ('any_of = ["a", "b"]', lambda a, b, c: a | b),
        ('any_of = ["a"]\nany_not = ["b"]', lambda a, b, c: a | ~b),
        ('within = "c"\nany_of = ["a"]\nany_not = ["b"]', lambda a, b, c: c & (a | ~b)),
        ('within = ["c"]\nwithout = ["a"]\nany_not = ["b", "c"]',
         lambda a, b, c: c & ~a & (~b | ~c)),
    ],
)  # fmt: skip
def test_booleans(rule, expected):
    x, y, z = GRID.T
    made = gated(BOOLEAN + rule)
    assert np.array_equal(made.get("P").mask, expected(x >= 2, y >= 3, z >= 4))
    with pytest.raises(StrategyError, match="any_of 'd' is not made before it"):
        gated(BOOLEAN + 'any_of = ["d"]')


def test_an_event_on_a_cross_lies_where_the_strategy_says():
    text = (
        '[[step]]\npopulations = ["x", "y", "xy", "none"]\nmethod = "cross"\n'
        f'channels = ["{A}", "{B}"]\nat = [2, 3]\n'
    )
    x, y, _ = GRID.T
    assert np.array_equal(gated(text).get("xy").mask, (x > 2) & (y > 3))
    assert np.array_equal(gated(text + 'line = "above"').get("xy").mask, (x >= 2) & (y >= 3))


# --- compensation that a strategy brings along

MATRIX = f'[spillover.own]\ndetectors = ["{A}", "{B}"]\nmatrix = [[1, 0.5], [0.1, 1]]\n'


def unmixed(matrix):
    return GRID[:, :2] @ np.linalg.inv(np.asarray(matrix, dtype=float))


def test_a_strategys_matrix_is_used_whatever_file_and_study_say():
    text = 'compensation = "own"\n' + MATRIX + step("box", [B], "low = [1]")
    made = gated(text, spillover=spill(0.3, 0.0))
    assert np.array_equal(made.get("P").mask, unmixed([[1, 0.5], [0.1, 1]])[:, 1] >= 1)
    assert "strategy_compensation" in [f.code for f in made.flags]
    assert made.spillover.detectors == (A, B)
    given = Spillover((A, B), np.array([[1, 0.2], [0.2, 1]]))
    again = gate_tube(grid(), parse_strategy(text, name="x"), spillover=given, draws=0)
    assert np.array_equal(again.get("P").mask, made.get("P").mask)


def test_none_compensates_nothing_and_file_takes_what_is_given():
    text = step("box", [B], "low = [1]")
    plain = gated('compensation = "none"\n' + text, spillover=spill(0.3, 0.0))
    assert np.array_equal(plain.get("P").mask, GRID[:, 1] >= 1)
    files = gated(text, spillover=spill(0.3, 0.0))
    assert np.array_equal(files.get("P").mask, unmixed([[1, 0.3], [0, 1]])[:, 1] >= 1)


def test_single_channels_may_be_compensated_otherwise():
    text = MATRIX + step("box", [B, A], "low = [1, -inf]", 'compensation = ["own", "none"]')
    text += step("box", [B], "low = [1]", population="F") + step(
        "box", [B], "low = [1]", 'compensation = "none"', population="N"
    )
    made = gated(text, spillover=spill(0.3, 0.0))
    assert made.get("P").boundary.channels == (f"{B} [own]", f"{A} [none]")
    assert np.array_equal(made.get("P").mask, unmixed([[1, 0.5], [0.1, 1]])[:, 1] >= 1)
    assert np.array_equal(made.get("F").mask, unmixed([[1, 0.3], [0, 1]])[:, 1] >= 1)
    assert np.array_equal(made.get("N").mask, GRID[:, 1] >= 1)
    assert set(densities(grid(spillover=spill(0.3, 0.0)), made)) == {"P", "F", "N"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('compensation = "onw"\n' + MATRIX, r"compensation 'onw'; did you mean 'own'"),
        ("[spillover.file]\ndetectors = []\n", "spillover 'file': expected another name"),
        ("[spillover.a]\ndetectors = ['x']\nmatrix = [[1, 2]]\n", "has shape"),
        ("[spillover.a]\ndetectors = ['x']\nmatrix = [[nan]]\n", "not a number"),
        ("[spillover.a]\ndetectors = ['x']\nrows = [[1]]\n", "the keys detectors and matrix"),
        ("spillover = 3\n", "spillover is 3, expected"),
    ],
)
def test_a_wrong_matrix_is_named(text, message):
    with pytest.raises(StrategyError, match=message):
        parse_strategy(text + step("box", [A], "low = [1]"), name="x")


def test_a_step_says_one_compensation_or_one_a_channel():
    text = step("box", [A, B, C], "low = [1, 1, 1]", 'compensation = ["none", "file"]')
    with pytest.raises(StrategyError, match="step 'P': 2 compensation, expected one for each"):
        parse_strategy(text, name="x")


# --- channel names that say more than a detector


def test_ratios_with_offsets():
    name = Ratio(A, B, 2.0, -1.0, 3.0).name
    assert name == f"ratio({A}, {B}, A=2, B=-1, C=3)"
    assert parse_ratio(name) == Ratio(A, B, 2.0, -1.0, 3.0)
    assert parse_ratio("FSC-A/FSC-H") is None
    made = gated(step("box", [name], "low = [4]"))
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = 2.0 * (GRID[:, 0] + 1) / (GRID[:, 1] - 3) >= 4
    assert np.array_equal(made.get("P").mask, expected)
    drawn = densities(grid(), made)["P"]
    finite = GRID[:, 1] != 3  # where it divides by 0 an event has no place on the axis
    assert drawn.counts.sum() == finite.sum()


def test_a_detector_of_a_difficult_name_is_found():
    names = ("PE/Cy7-A", "a [b]", "c")
    made = tube(GRID, names, ("", "", ""))
    for name in names:
        text = step("box", [name], "low = [2]")
        assert gate_tube(made, parse_strategy(text, name="x"), draws=0).get("P").n_events == 144
    assert split_tag("a [b] [none]") == ("a [b]", "none")


def test_a_boundary_outside():
    boundary = Boundary("interval", (A,), ("linear",), np.array([[1.0], [2.0]]))
    values = [np.array([0.0, 1.0, 1.5, 2.0, 3.0])]
    assert inside(boundary, values, above=False).tolist() == [True, False, False, False, True]


def test_a_drawn_car_gate_says_that_it_follows_no_control():
    made = gated(step("box", [A], "low = [2]", population="CAR+"))
    assert "car_gate_drawn" in [f.code for f in made.flags]
    assert "car_gate_drawn" not in [f.code for f in gated(step("box", [A], "low = [2]")).flags]
