"""FlowJo 10 workspaces: every tube with its gates, to open beside the raw files.

FlowJo keeps gates on the linear scale and draws them on one scale a channel. What it has no word
for is said with polygons: singlets by area over height as a wedge, steady stretches of time as a
comb, an ellipse as many corners.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.errors import LabprocError
from labproc.exchange import EXPORTS, Export
from labproc.exchange._gates import AnyOf, Box, Gate, Shape, Side, gates_of, outwards, raw_file
from labproc.exchange._text import distinct, file_name, xml_text
from labproc.exchange.gatingml import DATATYPE, GATING, NAMESPACES, TRANSFORMS
from labproc.model import ROOT, Boundary, FlowTube, Spillover
from labproc.pipeline.results import Results

PREFIX = "Comp-"  # how FlowJo names a compensated channel
SINGLE = 3e-8  # half a step of single precision: events on a cut lie below it in FlowJo too
FAR = 1e9  # beyond any signal
ELLIPSE_CORNERS = 720
Floats = NDArray[np.float64]


def write(results: Results, folder: Path) -> list[Path]:
    """Write one workspace for the whole study.

    Raises
    ------
    LabprocError
        If no raw file is where it was; single missing ones are left out and named after.
    """
    from labproc.parsers.fcs import read_tube

    workspace = Workspace()
    names = distinct([Path(t.source.path).name for t in results.tubes])
    missing = []
    for view, name in zip(results.tubes, names, strict=True):
        try:
            path = raw_file(results, view)
            tube = read_tube(path)
            workspace.add(name, path.resolve().as_uri(), tube, gates_of(view.gates, tube))
        except LabprocError as error:
            missing.append(str(error))
    if not results.tubes:
        return []
    written = folder / f"{file_name(results.title, default='results')}.wsp"
    written.write_bytes(workspace.xml())
    if missing:
        raise LabprocError("\n".join(missing))
    return [written]


def _tag(space: str, name: str) -> str:
    return f"{{{space}}}{name}" if space else name


def _add(parent: Any, space: str, tag: str, **attributes: str) -> Any:
    """Add an element with attributes of no namespace."""
    from lxml import etree

    clean = {k: xml_text(v) for k, v in attributes.items()}
    return etree.SubElement(parent, _tag(space, tag), clean)


class Workspace:
    """A FlowJo workspace that tubes are added to."""

    def __init__(self) -> None:
        from lxml import etree

        self.root = etree.Element("Workspace", nsmap=NAMESPACES)
        self.root.set("version", "20.0")
        self.root.set("flowJoVersion", "10.8.1")
        self.root.set("modDate", datetime.now(UTC).strftime("%a %b %d %H:%M:%S UTC %Y"))
        group = _add(
            _add(self.root, "", "Groups"), "", "GroupNode", name="All Samples", owningGroup=""
        )
        self.members = _add(_add(group, "", "Group", name="All Samples"), "", "SampleRefs")
        self.samples = _add(self.root, "", "SampleList")
        self.n_gates = 0

    def xml(self) -> bytes:
        """Return the workspace as it stands in a file."""
        from lxml import etree

        text: bytes = etree.tostring(
            self.root, xml_declaration=True, encoding="UTF-8", pretty_print=True
        )
        return text

    def add(
        self,
        name: str,
        uri: str,
        tube: FlowTube,
        gates: Sequence[Gate],
        *,
        spillover: Spillover | None = None,
    ) -> None:
        """Add one tube with its gates.

        Raises
        ------
        LabprocError
            If two outlines of the tube stand on different scales of one channel.
        """
        number = str(len(self.samples) + 1)
        matrix = spillover or tube.events.spillover
        useful = matrix if matrix is not None and not matrix.is_identity else None
        scales = _scales(gates, name)
        sample = _add(self.samples, "", "Sample")
        _add(sample, "", "DataSet", uri=uri, sampleID=number)
        if useful is not None:
            _matrix(sample, useful)
        _transformations(sample, tube, scales, useful)
        keywords = _add(sample, "", "Keywords")
        for key, value in tube.keywords.items():
            _add(keywords, "", "Keyword", name=key, value=value)
        node = _add(sample, "", "SampleNode", name=name, sampleID=number, owningGroup="")
        _add(self.members, "", "SampleRef", sampleID=number)
        self._populations(node, gates, tube, useful)

    def _populations(
        self, node: Any, gates: Sequence[Gate], tube: FlowTube, matrix: Spillover | None
    ) -> None:
        """Nest the populations as their parents say."""
        compensated = set(matrix.detectors) if matrix is not None else set()
        nodes: dict[str, tuple[Any, str]] = {ROOT: (node, "")}
        for gate in gates:
            parent, parent_id = nodes[gate.parent]
            below = parent.find("Subpopulations")
            below = _add(parent, "", "Subpopulations") if below is None else below
            self.n_gates += 1
            own = f"ID{self.n_gates}"
            population = _add(
                below, "", "Population", name=gate.name, annotation="", owningGroup=""
            )
            element = _add(population, "", "Gate")
            self._identify(element, own, parent_id)
            shape = _outline(element, gate, tube, compensated)
            self._identify(shape, own, parent_id)
            nodes[gate.name] = (population, own)

    def _identify(self, element: Any, own: str, parent: str) -> None:
        element.set(_tag(GATING, "id"), own)
        if parent:
            element.set(_tag(GATING, "parent_id"), parent)


def _scales(gates: Sequence[Gate], name: str) -> dict[str, str]:
    """Return the scale that each channel is drawn on: FlowJo knows one a channel.

    Raises
    ------
    LabprocError
        If outlines that are straight on one scale meet another.
    """
    scales: dict[str, str] = {}
    for gate in gates:
        if isinstance(gate, Shape):
            for channel, spec in zip(gate.boundary.channels, gate.boundary.scales, strict=True):
                if scales.setdefault(channel, spec) != spec:
                    raise LabprocError(
                        f"{name}, {gate.name}: {channel} is drawn on {spec} and on "
                        f"{scales[channel]}, expected one scale a channel for FlowJo"
                    )
    return scales


def _matrix(sample: Any, matrix: Spillover) -> None:
    element = _add(
        sample, TRANSFORMS, "spilloverMatrix", spectral="0", prefix=PREFIX, suffix="",
        name="Acquisition-defined", version="FlowJo-10.8.1",
    )  # fmt: skip
    parameters = _add(element, DATATYPE, "parameters")
    for detector in matrix.detectors:
        _add(parameters, DATATYPE, "parameter").set(_tag(DATATYPE, "name"), detector)
    for dye, row in zip(matrix.detectors, matrix.matrix, strict=True):
        line = _add(element, TRANSFORMS, "spillover", userProvidedCompInfix=PREFIX + dye)
        line.set(_tag(DATATYPE, "parameter"), dye)
        for detector, value in zip(matrix.detectors, row, strict=True):
            cell = _add(line, TRANSFORMS, "coefficient")
            cell.set(_tag(DATATYPE, "parameter"), detector)
            cell.set(_tag(TRANSFORMS, "value"), repr(float(value)))


def _transformations(
    sample: Any, tube: FlowTube, scales: dict[str, str], matrix: Spillover | None
) -> None:
    listed = _add(sample, "", "Transformations")
    for channel, spec in scales.items():
        detector = tube.events.channels[tube.events.index(channel)].name
        compensated = matrix is not None and detector in matrix.detectors
        for name in (detector, *((PREFIX + detector,) if compensated else ())):
            kind, numbers = _transformation(spec)
            if kind:
                element = _add(listed, TRANSFORMS, kind)
                for key, value in numbers.items():
                    element.set(_tag(TRANSFORMS, key), repr(value))
                _add(element, DATATYPE, "parameter").set(_tag(DATATYPE, "name"), xml_text(name))


def _transformation(spec: str) -> tuple[str, dict[str, float]]:
    """Return a display scale as FlowJo writes it; nothing for the linear one.

    Raises
    ------
    LabprocError
        If FlowJo has no such scale.
    """
    name, _, rest = spec.partition(":")
    pairs = (part.partition("=") for part in rest.split(",") if part)
    numbers = {key: float(value) for key, _, value in pairs}
    if name == "linear":
        return "", {}
    if name == "logicle":
        return name, {"length": 256.0, **numbers}
    if name == "log":
        return name, {"offset": numbers["T"] * 10.0 ** -numbers["M"], "decades": numbers["M"]}
    if name == "asinh":
        decade = float(np.sinh(np.log(10.0)))
        return "fasinh", {"T": numbers["cofactor"] * decade, "M": 1.0, "A": 0.0}
    raise LabprocError(f"scale {spec!r}: FlowJo has no such scale; draw the gate on another")


def _outline(element: Any, gate: Gate, tube: FlowTube, compensated: set[str]) -> Any:
    """Write the outline of a gate and return its element."""
    axes = _Axes(tube, compensated)
    if isinstance(gate, AnyOf):
        return axes.polygon(element, *_comb(gate, tube))
    if isinstance(gate, Shape):
        return axes.polygon(element, gate.boundary.channels, _linear_corners(gate.boundary))
    ratios = [s for s in gate.sides if "/" in s.channel and not tube.events.has(s.channel)]
    if ratios:
        return axes.polygon(element, *_wedge(ratios[0]))
    return axes.box(element, gate)


class _Axes:
    """Writes gates on a tube's channels under the names that FlowJo gives them."""

    def __init__(self, tube: FlowTube, compensated: set[str]) -> None:
        self.tube = tube
        self.compensated = compensated

    def _dimension(self, shape: Any, channel: str) -> Any:
        name = self.tube.events.channels[self.tube.events.index(channel)].name
        dimension = _add(shape, GATING, "dimension")
        shown = PREFIX + name if name in self.compensated else name
        _add(dimension, DATATYPE, "fcs-dimension").set(_tag(DATATYPE, "name"), xml_text(shown))
        return dimension

    def box(self, element: Any, gate: Box) -> Any:
        """Write a gate that is parallel to its axes."""
        shape = _add(element, GATING, "RectangleGate", percentX="0", percentY="0")
        for side in gate.sides:
            dimension = self._dimension(shape, side.channel)
            if side.low is not None:
                low = _above(side.low) if side.open_low else side.low
                dimension.set(_tag(GATING, "min"), repr(low))
            if side.high is not None:
                dimension.set(_tag(GATING, "max"), repr(_above(side.high)))
        return shape

    def polygon(self, element: Any, channels: Sequence[str], corners: Floats) -> Any:
        """Write a polygon by its corners on the linear scale."""
        shape = _add(element, GATING, "PolygonGate", quadId="-1", gateResolution="256")
        for channel in channels:
            self._dimension(shape, channel)
        for corner in corners:
            vertex = _add(shape, GATING, "vertex")
            for value in corner:
                place = _add(vertex, GATING, "coordinate")
                place.set(_tag(DATATYPE, "value"), repr(float(value)))
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
    above, _, below = side.channel.partition("/")
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
        low, high = box.sides[0].low or 0.0, box.sides[0].high or 0.0
        start, end = low - abs(low) * SINGLE - SINGLE, _above(high)
        corners += [[start, gum], [start, FAR], [end, FAR], [end, gum]]
    first, last = corners[0][0], corners[-1][0]
    return (time, height), np.array([[first, back], *corners, [last, back]])


EXPORTS.register("flowjo")(Export("FlowJo 10 workspace, all tubes", write))
