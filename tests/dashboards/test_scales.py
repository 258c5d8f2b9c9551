"""Gates keep their place on the way to the screen and back."""

import numpy as np
import pytest

from dashboards import scales
from gating.transforms import parse_transform
from labproc.model import Boundary

LOGICLE = "logicle:T=1048575,W=0.5,M=4.5,A=0"


def test_a_threshold_comes_back_as_it_was_stored() -> None:
    boundary = Boundary("threshold", ("BL1-A",), (LOGICLE,), np.array([[3000.0]]))
    shown = scales.to_display(boundary)
    assert 0 < shown[0, 0] < 1
    assert scales.to_stored(boundary, shown)[0][0] == pytest.approx(3000.0)


def test_a_polygon_is_stored_as_it_is_drawn() -> None:
    corners = np.array([[0.1, 0.2], [0.8, 0.3], [0.5, 0.9]])
    boundary = Boundary("polygon", ("A", "B"), (LOGICLE, LOGICLE), corners)
    assert scales.to_stored(boundary, scales.to_display(boundary)) == corners.tolist()


@pytest.mark.parametrize("text", ["", "M0,0L1,1Z", "M0,0L1,0L0,nanZ", "M0,0LfooL1,1Z", "<path>"])
def test_an_outline_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        scales.read_path(text)


def test_an_ellipse_goes_through_its_half_axis_ends() -> None:
    points = np.array([[0.5, 0.5], [0.8, 0.5], [0.5, 0.6]])
    drawn = scales.outline(Boundary("ellipse", ("A", "B"), (LOGICLE, LOGICLE), points))
    assert drawn[0] == pytest.approx([0.8, 0.5])
    assert drawn[64] == pytest.approx([0.5, 0.6])


def test_ticks_of_a_linear_scale_are_round_numbers() -> None:
    assert scales.ticks("linear", 0, 1_048_575)[1] == ["0", "500 k", "1 M"]


def test_a_position_keeps_its_value_on_another_scale() -> None:
    wide = "logicle:T=1048575,W=1.0,M=4.5,A=0"
    at = parse_transform(LOGICLE).forward(np.array([3000.0]))
    there = scales.rescale(at, LOGICLE, wide)
    assert parse_transform(wide).inverse(there)[0] == pytest.approx(3000.0)
