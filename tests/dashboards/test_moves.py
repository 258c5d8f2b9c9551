"""What a browser says after a drag becomes a gate's points, and nothing else does."""

import numpy as np
import pytest

from dashboards.moves import moved
from labproc.model import Boundary

ASINH = "asinh:cofactor=100"


def threshold(at: float = 1000.0) -> Boundary:
    return Boundary("threshold", ("BL1-A",), (ASINH,), np.array([[at]]))


def polygon() -> Boundary:
    corners = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    return Boundary("polygon", ("A", "B"), ("linear", "linear"), corners)


def test_a_dragged_line_is_read_by_x_alone() -> None:
    change = {"shapes[0].x0": 3.0, "shapes[0].x1": 3.2, "shapes[0].y0": 0.1, "shapes[0].y1": 0.9}
    assert moved(threshold(), change)[0][0] == pytest.approx(100 * np.sinh(3.0))


def test_zooming_moves_no_gate() -> None:
    assert moved(threshold(), {"xaxis.range[0]": 0.1, "xaxis.range[1]": 0.9}) is None
    assert moved(threshold(), {"autosize": True}) is None


def test_one_end_of_an_interval_moves_and_the_order_is_kept() -> None:
    ends = Boundary("interval", ("A",), ("linear",), np.array([[1.0], [5.0]]))
    assert moved(ends, {"shapes[1].x0": 7.0}) == [[1.0], [7.0]]
    assert moved(ends, {"shapes[0].x0": 9.0}) == [[5.0], [9.0]]


def test_an_outline_arrives_as_a_path_or_in_the_whole_list() -> None:
    corners = [[1.0, 1.0], [5.0, 1.0], [1.0, 5.0]]
    assert moved(polygon(), {"shapes[0].path": "M1,1L5,1L1,5Z"}) == corners
    assert moved(polygon(), {"shapes": [{"path": "M1,1L5,1L1,5Z"}]}) == corners


def test_a_redrawn_outline_takes_the_place_of_the_old_one() -> None:
    drawn = {"shapes": [{"path": "M0,0L4,0L0,4Z"}, {"path": "M2,2L3,2L2,3Z"}]}
    assert moved(polygon(), drawn)[0] == [2.0, 2.0]


def test_the_crossing_of_quadrants_moves_along_one_line_at_a_time() -> None:
    cross = Boundary("quadrant", ("A", "B"), ("linear", "linear"), np.array([[3.0, 4.0]]))
    assert moved(cross, {"shapes[0].x0": 6.0}) == [[6.0, 4.0]]
    assert moved(cross, {"shapes[1].y0": 9.0}) == [[3.0, 9.0]]


def test_a_rectangle_is_read_from_corners() -> None:
    box = Boundary("rectangle", ("A", "B"), ("linear", "linear"), np.array([[0, 0], [2, 2.0]]))
    assert moved(box, {"shapes[0].x1": 5.0, "shapes[0].y0": 1.0}) == [[0.0, 1.0], [5.0, 2.0]]
    assert moved(box, {"shapes[0].path": "M1,1L5,1L5,6L1,6Z"}) == [[1.0, 1.0], [5.0, 6.0]]


def test_an_ellipse_moves_as_a_whole() -> None:
    points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    ellipse = Boundary("ellipse", ("A", "B"), ("linear", "linear"), points)
    shifted = moved(ellipse, {"shapes[0].path": "M4,1L2,3L0,1L2,-1Z"})
    assert np.array(shifted) == pytest.approx(points + np.array([2.0, 1.0]))


@pytest.mark.parametrize("value", ["nan", float("nan"), float("inf")])
def test_what_is_not_a_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        moved(threshold(), {"shapes[0].x0": value})
    with pytest.raises(ValueError):
        moved(polygon(), {"shapes[0].path": f"M{value},0L1,0L0,1Z"})
