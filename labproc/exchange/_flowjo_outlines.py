"""Outlines of gates as FlowJo draws them: boxes and polygons, on the linear scale."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.channel_names import NONE, parse_ratio, split_tag
from labproc.errors import LabprocError
from labproc.exchange._gates import AnyOf, Box, Shape, Side, outwards
from labproc.exchange._gatingml_document import DATATYPE, GATING
from labproc.exchange._text import xml_text
from labproc.model import Boundary, FlowTube

PREFIX = "Comp-"  # how FlowJo names a compensated channel
SINGLE = 3e-8  # half a step of single precision: events on a cut lie below it in FlowJo too
FAR = 1e9  # beyond any signal
ELLIPSE_CORNERS = 720
Floats = NDArray[np.float64]


def qualified(space: str, name: str) -> str:
    """Return an XML name with its namespace, if it has one."""
    return f"{{{space}}}{name}" if space else name


def add(parent: Any, space: str, tag: str, /, **attributes: str) -> Any:
    """Add an element with attributes of no namespace."""
    from lxml import etree

    clean = {k: xml_text(v) for k, v in attributes.items()}
    return etree.SubElement(parent, qualified(space, tag), clean)


def outline(element: Any, gate: Box | Shape | AnyOf, tube: FlowTube, compensated: set[str]) -> Any:
    """Write the outline of a gate and return its element."""
    axes = _Axes(tube, compensated)
    if isinstance(gate, AnyOf):
        return axes.polygon(element, *_comb(gate, tube))
    shape = _box_or_polygon(axes, element, gate)
    if gate.outside:
        shape.set("eventsInside", "0")
    return shape


def _box_or_polygon(axes: "_Axes", element: Any, gate: Box | Shape) -> Any:
    events = axes.tube.events
    if isinstance(gate, Shape):
        if len(gate.boundary.channels) != 2 or gate.boundary.kind == "ellipsoid":
            raise LabprocError(f"{gate.name}: FlowJo has no such ellipsoid, expected two channels")
        return axes.polygon(element, gate.boundary.channels, _linear_corners(gate.boundary))
    named = [s for s in gate.sides if not events.has(s.channel)]
    if any(parse_ratio(split_tag(s.channel)[0]) for s in named):
        raise LabprocError(f"{gate.name}: FlowJo has no such ratio of channels to gate on")
    ratios = [s for s in named if "/" in s.channel]
    if ratios:
        return axes.polygon(element, *_wedge(ratios[0]))
    return axes.box(element, gate)


class _Axes:
    """Writes gates on a tube's channels under the names that FlowJo gives them."""

    def __init__(self, tube: FlowTube, compensated: set[str]) -> None:
        self.tube = tube
        self.compensated = compensated

    def _dimension(self, shape: Any, channel: str) -> Any:
        plain, word = self._plain(channel)
        name = self.tube.events.channels[self.tube.events.index(plain)].name
        dimension = add(shape, GATING, "dimension")
        shown = PREFIX + name if name in self.compensated and not word else name
        add(dimension, DATATYPE, "fcs-dimension").set(qualified(DATATYPE, "name"), xml_text(shown))
        return dimension

    def _plain(self, channel: str) -> tuple[str, str]:
        """Return a channel without its own compensation, and that: FlowJo has one matrix a tube."""
        plain, word = (channel, "") if self.tube.events.has(channel) else split_tag(channel)
        if word not in ("", NONE):
            raise LabprocError(f"{channel}: FlowJo has one matrix a tube, expected no second one")
        return plain, word

    def box(self, element: Any, gate: Box) -> Any:
        """Write a gate that is parallel to its axes."""
        shape = add(element, GATING, "RectangleGate", percentX="0", percentY="0")
        for side in gate.sides:
            dimension = self._dimension(shape, side.channel)
            if side.low is not None:
                low = _above(side.low) if side.open_low else side.low
                dimension.set(qualified(GATING, "min"), repr(low))
            if side.high is not None:
                dimension.set(qualified(GATING, "max"), repr(_above(side.high)))
        return shape

    def polygon(self, element: Any, channels: Sequence[str], corners: Floats) -> Any:
        """Write a polygon by its corners on the linear scale."""
        shape = add(element, GATING, "PolygonGate", quadId="-1", gateResolution="256")
        for channel in channels:
            self._dimension(shape, channel)
        for corner in corners:
            vertex = add(shape, GATING, "vertex")
            for value in corner:
                place = add(vertex, GATING, "coordinate")
                place.set(qualified(DATATYPE, "value"), repr(float(value)))
        return shape


def _above(value: float) -> float:
    """Return a number just above a value, next to which no stored event can lie."""
    return float(value) + abs(float(value)) * SINGLE if value else SINGLE


def _linear_corners(boundary: Boundary) -> Floats:
    """Return the corners of a polygon or ellipse in linear fluorescence."""
    from gating.transforms import parse_transform

    points = outwards(boundary.points) if boundary.kind == "polygon" else _ring(boundary.points)
    scales = [parse_transform(s) for s in boundary.scales]
    return np.column_stack([s.inverse(points[:, k]) for k, s in enumerate(scales)])


def _ring(points: Floats) -> Floats:
    """Return the corners of a polygon around an ellipse (centre, two half-axis ends)."""
    turn = np.linspace(0.0, 2.0 * np.pi, ELLIPSE_CORNERS, endpoint=False)
    # half a corner's sagitta outwards, so that as much lies outside the ellipse as inside
    grow = 1.0 + (1.0 - np.cos(np.pi / ELLIPSE_CORNERS)) / 2.0
    first, second = points[1] - points[0], points[2] - points[0]
    return np.asarray(
        points[0] + grow * (np.outer(np.cos(turn), first) + np.outer(np.sin(turn), second))
    )


def _wedge(side: Side) -> tuple[tuple[str, str], Floats]:
    """Return a ratio's interval as a polygon: height across, area up, open to the right."""
    above, _, below = split_tag(side.channel)[0].partition("/")
    low = 0.0 if side.low is None else max(side.low, 0.0)
    high = FAR if side.high is None else side.high
    corners = np.array([[0.0, 0.0], [FAR, low * FAR], [FAR, high * FAR]])
    return (below, above), corners


def _comb(gate: AnyOf, tube: FlowTube) -> tuple[tuple[str, str], Floats]:
    """Return stretches of time as a polygon: teeth over them, joined below all events."""
    time = gate.boxes[0].sides[0].channel
    height = next(c.name for c in tube.events.channels if c.name != time)
    back, gum = -2.0 * FAR, -FAR
    corners: list[list[float]] = []
    for box in gate.boxes:
        start = -FAR if box.sides[0].low is None else box.sides[0].low
        end = FAR if box.sides[0].high is None else box.sides[0].high
        corners += [[start, gum], [start, FAR], [end, FAR], [end, gum]]
    first, last = corners[0][0], corners[-1][0]
    return (time, height), np.array([[first, back], *corners, [last, back]])
