"""GatingML 2.0: the gates of every tube, for flowkit, Cytobank and others."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labproc.errors import LabprocError
from labproc.exchange import EXPORTS, Export
from labproc.exchange._gates import AnyOf, Box, Gate, Shape, Side, gates_of, outwards, raw_file
from labproc.exchange._scales import in_gatingml, points_in_gatingml
from labproc.exchange._text import distinct, file_name, xml_id, xml_text
from labproc.model import ROOT, Boundary, FlowTube, Spillover
from labproc.pipeline.results import Results, TubeView

_STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0/"
GATING, TRANSFORMS, DATATYPE = (_STANDARD + n for n in ("gating", "transformations", "datatypes"))
NAMESPACES = {"gating": GATING, "transforms": TRANSFORMS, "data-type": DATATYPE}
SPILLOVER_ID = "labproc-spillover"


def write(results: Results, folder: Path) -> list[Path]:
    """Write one file for every tube that was gated.

    Raises
    ------
    LabprocError
        After all others were written, if raw files were not where they were.
    """
    names = distinct(
        [file_name(Path(t.source.path).with_suffix("").as_posix()) for t in results.tubes]
    )
    paths, missing = [], []
    for view, name in zip(results.tubes, names, strict=True):
        try:
            paths.append(_write_tube(results, view, folder / f"{name}.xml"))
        except LabprocError as error:
            missing.append(str(error))
    if missing:
        raise LabprocError("\n".join(missing))
    return paths


def _write_tube(results: Results, view: TubeView, path: Path) -> Path:
    from labproc.parsers.fcs import read_tube

    tube = read_tube(raw_file(results, view))
    path.write_bytes(gatingml(gates_of(view.every_gate, tube), tube, spillover=view.spillover))
    return path


def gatingml(gates: Iterable[Gate], tube: FlowTube, *, spillover: Spillover | None = None) -> bytes:
    """Return gates as a GatingML 2.0 document.

    Gates that are parallel to the axes stand on the linear, compensated scale, so that no
    transformation comes between the numbers and the events; polygons and ellipses on the display
    scales they were drawn on.

    Parameters
    ----------
    spillover : Spillover, optional
        Written into the document; without it the file's own $SPILLOVER is referred to.
    """
    from lxml import etree

    listed = list(gates)
    root = etree.Element(_tag(GATING, "Gating-ML"), nsmap=NAMESPACES)
    writer = _Writer(root, tube, spillover, listed)
    writer.transformations(listed)
    for gate in listed:
        writer.gate(gate)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def gate_ids(gates: Iterable[Gate]) -> dict[str, str]:
    """Return the identifier of every gate, since ``T cells`` and ``CAR+`` are none in XML."""
    names = [b.name for g in gates for b in (*(g.boxes if isinstance(g, AnyOf) else ()), g)]
    return dict(zip(names, distinct([xml_id(n) for n in names]), strict=True))


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


class _Writer:
    """Writes the elements of one document in the order the standard asks for."""

    def __init__(
        self, root: Any, tube: FlowTube, spillover: Spillover | None, gates: Sequence[Gate]
    ) -> None:
        self.root = root
        self.ids = gate_ids(gates)
        self.tube = tube
        matrix = spillover or tube.events.spillover
        self.own_matrix = spillover
        useful = matrix is not None and not matrix.is_identity
        self.detectors = set(matrix.detectors) if useful and matrix else set()

    def add(self, parent: Any, space: str, tag: str, /, **attributes: str) -> Any:
        """Add an element; its attributes are of the same namespace as itself."""
        from lxml import etree

        named = {_tag(space, k.replace("_ref", "-ref")): xml_text(v) for k, v in attributes.items()}
        return etree.SubElement(parent, _tag(space, tag), named)

    def transformations(self, gates: Sequence[Gate]) -> None:
        """Write the spillover matrix, ratios and display scales that the gates refer to."""
        if self.own_matrix is not None and not self.own_matrix.is_identity:
            self._matrix(self.own_matrix)
        channels = [s.channel for g in gates for s in _sides(g)]
        for ratio in dict.fromkeys(c for c in channels if self._is_ratio(c)):
            self._ratio(ratio)
        shapes = [g.boundary for g in gates if isinstance(g, Shape)]
        for spec in dict.fromkeys(s for b in shapes for s in b.scales if s != "linear"):
            element = self.add(self.root, TRANSFORMS, "transformation", id=xml_id(spec))
            kind, numbers = in_gatingml(spec)
            self.add(element, TRANSFORMS, kind, **{k: _number(v) for k, v in numbers.items()})

    def _is_ratio(self, channel: str) -> bool:
        return "/" in channel and not self.tube.events.has(channel)

    def _matrix(self, matrix: Spillover) -> None:
        element = self.add(self.root, TRANSFORMS, "spectrumMatrix", id=SPILLOVER_ID)
        for group in ("fluorochromes", "detectors"):
            listed = self.add(element, TRANSFORMS, group)
            for detector in matrix.detectors:
                self.add(listed, DATATYPE, "fcs-dimension", name=detector)
        for row in matrix.matrix:
            spectrum = self.add(element, TRANSFORMS, "spectrum")
            for value in row:
                self.add(spectrum, TRANSFORMS, "coefficient", value=_number(float(value)))

    def _ratio(self, channel: str) -> None:
        above, _, below = channel.partition("/")
        element = self.add(self.root, TRANSFORMS, "transformation", id=xml_id(channel))
        ratio = self.add(element, TRANSFORMS, "fratio", A="1", B="0", C="0")
        for name in (above, below):
            self.add(ratio, DATATYPE, "fcs-dimension", name=self._detector(name))

    def _detector(self, channel: str) -> str:
        return self.tube.events.channels[self.tube.events.index(channel)].name

    def gate(self, gate: Gate) -> None:
        """Write one gate."""
        if isinstance(gate, AnyOf):
            self._any_of(gate)
        elif isinstance(gate, Box):
            self._box(gate)
        elif gate.boundary.kind == "polygon":
            self._polygon(gate)
        else:
            self._ellipse(gate)

    def _open(self, gate: Gate, kind: str) -> Any:
        parent = {} if gate.parent == ROOT else {"parent_id": self.ids[gate.parent]}
        element = self.add(self.root, GATING, kind, id=self.ids[gate.name], **parent)
        self.add(element, DATATYPE, "custom_info").text = xml_text(gate.name)
        return element

    def _dimension(self, element: Any, channel: str, **limits: str) -> None:
        """Write one axis of a gate and say whether it is compensated."""
        compensated = not self._is_ratio(channel) and self._detector(channel) in self.detectors
        own = SPILLOVER_ID if self.own_matrix is not None else "FCS"
        limits = {**limits, "compensation_ref": own if compensated else "uncompensated"}
        dimension = self.add(element, GATING, "dimension", **limits)
        if self._is_ratio(channel):
            self.add(dimension, DATATYPE, "new-dimension", transformation_ref=xml_id(channel))
        else:
            self.add(dimension, DATATYPE, "fcs-dimension", name=self._detector(channel))

    def _box(self, gate: Box) -> None:
        element = self._open(gate, "RectangleGate")
        for side in gate.sides:
            self._dimension(element, side.channel, **_limits(side))
            if self._is_ratio(side.channel):  # labproc takes the ratio of a signal above 0 only
                _, _, below = side.channel.partition("/")
                self._dimension(element, below, min=_number(np.nextafter(0.0, 1.0)))

    def _any_of(self, gate: AnyOf) -> None:
        for box in gate.boxes:
            self._box(box)
        element = self._open(gate, "BooleanGate")
        union = self.add(element, GATING, "or")
        for box in gate.boxes:
            self.add(union, GATING, "gateReference", ref=self.ids[box.name])

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
                _tag(DATATYPE, "value"), _number(float(value))
            )

    def _ellipse(self, gate: Shape) -> None:
        element = self._open(gate, "EllipsoidGate")
        self._scaled(element, gate.boundary)
        points = points_in_gatingml(gate.boundary.points, gate.boundary.scales)
        self._coordinates(self.add(element, GATING, "mean"), points[0])
        axes = (points[1:] - points[0]).T
        matrix = self.add(element, GATING, "covarianceMatrix")
        for row in axes @ axes.T:
            line = self.add(matrix, GATING, "row")
            for value in row:
                self.add(line, GATING, "entry").set(_tag(DATATYPE, "value"), _number(float(value)))
        self.add(element, GATING, "distanceSquare").set(_tag(DATATYPE, "value"), "1")


def _sides(gate: Gate) -> tuple[Side, ...]:
    if isinstance(gate, AnyOf):
        return tuple(s for b in gate.boxes for s in b.sides)
    return gate.sides if isinstance(gate, Box) else ()


def _limits(side: Side) -> dict[str, str]:
    """Write limits for GatingML's rule, from min on and below max, in doubles."""
    limits = {}
    if side.low is not None:
        limits["min"] = _number(np.nextafter(side.low, np.inf) if side.open_low else side.low)
    if side.high is not None:
        limits["max"] = _number(np.nextafter(side.high, np.inf))
    return limits


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same double."""
    return repr(float(value))


EXPORTS.register("gatingml")(Export("GatingML 2.0, a file a tube", write))
