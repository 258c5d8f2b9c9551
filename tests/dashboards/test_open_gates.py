"""Gates without a limit on one side, and gates that cannot be drawn, on screens."""

from dataclasses import replace

import numpy as np

from dashboards import scales
from dashboards.figures._gate_panel import Panel, overlay
from dashboards.figures.gates import gate_figure
from gating.boundary import OPEN
from labproc.model import Boundary
from labproc.pipeline.results import Density, GateView

EDGES = (np.linspace(0.0, 10.0, 129), np.linspace(0.0, 20.0, 129))
CORNER = Boundary(
    "rectangle", ("A", "B"), ("linear", "linear"), np.array([[4.0, -OPEN], [OPEN, 8.0]])
)


def view(boundary: Boundary, *, drawn: bool = True, method: str = "box") -> GateView:
    density = Density(
        boundary.channels, boundary.channels, boundary.scales, np.ones((128, 128), np.uint32), EDGES
    )
    nothing = Density((), (), (), np.zeros(0, np.uint32), ())
    return GateView(
        "P", "Live", 5, 10, 0.5, 0.5, 0.4, 0.6, method, boundary, density if drawn else nothing
    )


def test_a_side_without_a_limit_is_drawn_just_beyond_the_axis() -> None:
    lines, _ = overlay(view(CORNER), Panel())
    corners = scales.read_path(lines[0]["path"])
    assert np.min(corners, axis=0).tolist() == [4.0, -0.4]  # 2 % of the axis beyond its end
    assert np.max(corners, axis=0).tolist() == [10.2, 8.0]


def test_a_side_without_a_limit_stays_so_while_another_is_dragged() -> None:
    dragged = [[5.0, -0.4], [10.2, 7.0]]
    assert scales.keep_open(CORNER, dragged, EDGES) == [[5.0, -OPEN], [OPEN, 7.0]]
    pulled_in = [[5.0, 1.0], [9.0, 7.0]]
    assert scales.keep_open(CORNER, pulled_in, EDGES) == pulled_in


def test_a_gate_without_a_picture_says_why() -> None:
    three = Boundary("rectangle", ("A", "B", "C"), ("linear",) * 3, np.ones((2, 3)))
    for boundary, method, words in (
        (three, "box", "P lies on 3 channels at once, so it is not drawn."),
        (Boundary("none"), "boolean", "P is made of other gates, so it is not drawn."),
        (Boundary("none"), "steady", "P is cut over time, so it is not drawn."),
    ):
        figure = gate_figure(view(boundary, drawn=False, method=method))
        assert any(words in str(a.text) for a in figure.layout.annotations)


def test_an_outline_whose_outside_is_meant_says_so() -> None:
    gate = replace(view(CORNER), parameters={"side": "outside"})
    _, labels = overlay(gate, Panel())
    assert labels[0]["text"].startswith("P (outside)")
