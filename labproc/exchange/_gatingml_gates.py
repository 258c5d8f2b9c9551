"""Gates as GatingML writes them: rectangles, polygons, ellipses and booleans."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from gating.channel_names import parse_ratio, tagged
from labproc.errors import LabprocError
from labproc.exchange._gates import AnyOf, Box, Gate, Logic, Shape, Side, outwards
from labproc.exchange._gatingml_document import DATATYPE, GATING, Document, number, qualified
from labproc.exchange._scales import points_in_gatingml
from labproc.exchange._text import distinct, xml_id, xml_text
from labproc.model import ROOT, Boundary


def gate_ids(gates: Iterable[Gate]) -> dict[str, str]:
    """Return the identifier of every gate, since ``T cells`` and ``CAR+`` are none in XML."""
    names = [n for g in gates for n in (*_inner_names(g), g.name)]
    return dict(zip(names, distinct([xml_id(n) for n in names]), strict=True))


def _inner_names(gate: Gate) -> list[str]:
    """Return the names of gates that are only there for this one to rest on."""
    if isinstance(gate, AnyOf):
        return [b.name for b in gate.boxes]
    if isinstance(gate, Logic):
        both = (gate.within or gate.without) and (gate.any_of or gate.any_not)
        return [f"{gate.name} any"] if both else []
    return [f"{gate.name} inside"] if gate.outside else []


class GateWriter:
    """Writes the gates of one document in the order the standard asks for."""

    def __init__(self, document: Document, gates: Sequence[Gate]) -> None:
        self.root = document.root
        self.words = document.words
        self.add = document.add
        self.ids = gate_ids(gates)

    def gate(self, gate: Gate) -> None:
        """Write one gate; the complement of an outline as a boolean of it."""
        if isinstance(gate, AnyOf):
            self._any_of(gate)
        elif isinstance(gate, Logic):
            self._logic(gate)
        elif gate.outside:
            inner = replace(gate, name=f"{gate.name} inside", outside=False)
            self.gate(inner)
            self._boolean(gate, "not", [(inner.name, False)])
        elif isinstance(gate, Box):
            self._box(gate)
        elif gate.boundary.kind == "polygon":
            self._polygon(gate)
        else:
            self._ellipse(gate)

    def _logic(self, gate: Logic) -> None:
        """Write a boolean of gates; where it has an "all" and an "any", the latter by itself."""
        every = [*((n, False) for n in gate.within), *((n, True) for n in gate.without)]
        some = [*((n, False) for n in gate.any_of), *((n, True) for n in gate.any_not)]
        if every and some:
            inner = replace(gate, name=f"{gate.name} any")
            self._boolean(inner, "or", some)
            every, some = [*every, (inner.name, False)], []
        if not every and not some:
            raise LabprocError(f"{gate.name}: a boolean of no other gate, expected at least one")
        self._boolean(gate, "or" if some else "and", some or every)

    def _boolean(self, gate: Gate, rule: str, members: Sequence[tuple[str, bool]]) -> None:
        """Write a boolean: the standard wants two members of "and" and "or"."""
        listed = list(members) * 2 if rule != "not" and len(members) == 1 else members
        element = self.add(self._open(gate, "BooleanGate"), GATING, rule)
        for name, outside in listed:
            turned = {"use-as-complement": "true"} if outside else {}
            self.add(element, GATING, "gateReference", ref=self.ids[name], **turned)

    def _open(self, gate: Gate, kind: str) -> Any:
        parent = {} if gate.parent == ROOT else {"parent_id": self.ids[gate.parent]}
        element = self.add(self.root, GATING, kind, id=self.ids[gate.name], **parent)
        self.add(element, DATATYPE, "custom_info").text = xml_text(gate.name)
        return element

    def _dimension(self, element: Any, channel: str, **limits: str) -> None:
        """Write one axis of a gate and say whether it is compensated."""
        limits = {**limits, "compensation_ref": self.words.compensation(channel)}
        dimension = self.add(element, GATING, "dimension", **limits)
        if self.words.is_ratio(channel):
            own = xml_id(self.words.plain(channel)[0])
            self.add(dimension, DATATYPE, "new-dimension", transformation_ref=own)
        else:
            self.add(dimension, DATATYPE, "fcs-dimension", name=self.words.detector(channel))

    def _box(self, gate: Box) -> None:
        element = self._open(gate, "RectangleGate")
        for side in gate.sides:
            self._dimension(element, side.channel, **_limits(side))
            plain, word = self.words.plain(side.channel)
            if self.words.is_ratio(side.channel) and parse_ratio(plain) is None:
                # labproc takes this ratio of a signal above 0 only
                below = tagged(plain.partition("/")[2], word)
                self._dimension(element, below, min=number(np.nextafter(0.0, 1.0)))

    def _any_of(self, gate: AnyOf) -> None:
        for box in gate.boxes:
            self._box(box)
        self._boolean(gate, "or", [(b.name, False) for b in gate.boxes])

    def _scaled(self, element: Any, boundary: Boundary) -> None:
        for channel, spec in zip(boundary.channels, boundary.scales, strict=True):
            named = {} if spec == "linear" else {"transformation_ref": xml_id(spec)}
            self._dimension(element, channel, **named)

    def _polygon(self, gate: Shape) -> None:
        element = self._open(gate, "PolygonGate")
        self._scaled(element, gate.boundary)
        for corner in points_in_gatingml(outwards(gate.boundary.points), gate.boundary.scales):
            vertex = self.add(element, GATING, "vertex")
            self._coordinates(vertex, corner)

    def _coordinates(self, parent: Any, point: Any) -> None:
        for value in point:
            self.add(parent, GATING, "coordinate").set(
                qualified(DATATYPE, "value"), number(float(value))
            )

    def _ellipse(self, gate: Shape) -> None:
        element = self._open(gate, "EllipsoidGate")
        self._scaled(element, gate.boundary)
        points = points_in_gatingml(gate.boundary.points, gate.boundary.scales)
        self._coordinates(self.add(element, GATING, "mean"), points[0])
        matrix = self.add(element, GATING, "covarianceMatrix")
        if gate.boundary.kind == "ellipsoid":
            gains = points_in_gatingml(np.ones((1, len(points[0]))), gate.boundary.scales)[0]
            covariance = gate.boundary.points[1:] * np.outer(gains, gains)
        else:
            axes = (points[1:] - points[0]).T
            covariance = axes @ axes.T
        for row in covariance:
            line = self.add(matrix, GATING, "row")
            for value in row:
                self.add(line, GATING, "entry").set(
                    qualified(DATATYPE, "value"), number(float(value))
                )
        self.add(element, GATING, "distanceSquare").set(qualified(DATATYPE, "value"), "1")


def _limits(side: Side) -> dict[str, str]:
    """Write limits for GatingML's rule, from min on and below max, in doubles."""
    limits = {}
    if side.low is not None:
        limits["min"] = number(np.nextafter(side.low, np.inf) if side.open_low else side.low)
    if side.high is not None:
        limits["max"] = number(np.nextafter(side.high, np.inf))
    return limits
