"""GatingML 2.0: the gates of every tube, for flowkit, Cytobank and others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gating.channel_names import FILE, parse_ratio, tagged
from labproc.errors import LabprocError
from labproc.exchange import EXPORTS, Export
from labproc.exchange._gates import (
    AnyOf,
    Box,
    Gate,
    Logic,
    Shape,
    Side,
    gates_of,
    outwards,
    raw_file,
)
from labproc.exchange._gatingml_channels import SPILLOVER_ID, ChannelWords, as_ratio
from labproc.exchange._scales import in_gatingml, points_in_gatingml
from labproc.exchange._text import distinct, file_name, xml_id, xml_text
from labproc.model import ROOT, Boundary, FlowTube, Spillover
from labproc.pipeline.results import Results, TubeView

_STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0/"
GATING, TRANSFORMS, DATATYPE = (_STANDARD + n for n in ("gating", "transformations", "datatypes"))
NAMESPACES = {"gating": GATING, "transforms": TRANSFORMS, "data-type": DATATYPE}


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
    gates = gates_of(view.every_gate, tube)
    document = gatingml(gates, tube, spillover=view.spillover, matrices=view.matrices)
    path.write_bytes(document)
    return path


def gatingml(
    gates: Iterable[Gate],
    tube: FlowTube,
    *,
    spillover: Spillover | None = None,
    matrices: Mapping[str, Spillover] | None = None,
) -> bytes:
    """Return gates as a GatingML 2.0 document.

    Gates that are parallel to the axes stand on the linear, compensated scale, so that no
    transformation comes between the numbers and the events; polygons and ellipses on the display
    scales they were drawn on.

    Parameters
    ----------
    spillover : Spillover, optional
        Written into the document; without it the file's own $SPILLOVER is referred to.
    matrices : mapping, optional
        Those of single channels, by the name in brackets behind them.
    """
    from lxml import etree

    listed = list(gates)
    root = etree.Element(_tag(GATING, "Gating-ML"), nsmap=NAMESPACES)
    writer = _Writer(root, tube, spillover, listed, matrices or {})
    writer.transformations(listed)
    for gate in listed:
        writer.gate(gate)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


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


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


class _Writer:
    """Writes the elements of one document in the order the standard asks for."""

    def __init__(
        self,
        root: Any,
        tube: FlowTube,
        spillover: Spillover | None,
        gates: Sequence[Gate],
        matrices: Mapping[str, Spillover],
    ) -> None:
        self.root = root
        self.matrices = matrices
        self.ids = gate_ids(gates)
        self.own_matrix = spillover
        self.words = ChannelWords(tube, spillover)

    def add(self, parent: Any, space: str, tag: str, /, **attributes: str) -> Any:
        """Add an element; its attributes are of the same namespace as itself."""
        from lxml import etree

        named = {_tag(space, k.replace("_ref", "-ref")): xml_text(v) for k, v in attributes.items()}
        return etree.SubElement(parent, _tag(space, tag), named)

    def transformations(self, gates: Sequence[Gate]) -> None:
        """Write the spillover matrix, ratios and display scales that the gates refer to."""
        if self.own_matrix is not None and not self.own_matrix.is_identity:
            self._matrix(SPILLOVER_ID, self.own_matrix)
        channels = [c for g in gates for c in _channels(g)]
        for word in dict.fromkeys(self.words.plain(c)[1] for c in channels):
            if word in self.matrices and word != FILE:
                self._matrix(xml_id(word), self.matrices[word])
        for ratio in dict.fromkeys(
            self.words.plain(c)[0] for c in channels if self.words.is_ratio(c)
        ):
            self._ratio(ratio)
        shapes = [g for g in gates if isinstance(g, Shape)]
        first = {s: g.name for g in reversed(shapes) for s in g.boundary.scales if s != "linear"}
        for spec, name in reversed(first.items()):
            try:
                kind, numbers = in_gatingml(spec)
            except LabprocError as error:
                raise LabprocError(f"{name}: {error}") from None
            element = self.add(self.root, TRANSFORMS, "transformation", id=xml_id(spec))
            self.add(element, TRANSFORMS, kind, **{k: _number(v) for k, v in numbers.items()})

    def _matrix(self, name: str, matrix: Spillover) -> None:
        element = self.add(self.root, TRANSFORMS, "spectrumMatrix", id=name)
        for group in ("fluorochromes", "detectors"):
            listed = self.add(element, TRANSFORMS, group)
            for detector in matrix.detectors:
                self.add(listed, DATATYPE, "fcs-dimension", name=detector)
        for row in matrix.matrix:
            spectrum = self.add(element, TRANSFORMS, "spectrum")
            for value in row:
                self.add(spectrum, TRANSFORMS, "coefficient", value=_number(float(value)))

    def _ratio(self, channel: str) -> None:
        ratio = as_ratio(channel)
        element = self.add(self.root, TRANSFORMS, "transformation", id=xml_id(channel))
        numbers = (ratio.factor, ratio.above_offset, ratio.below_offset)
        letters = dict(zip("ABC", map(_number, numbers), strict=True))
        written = self.add(element, TRANSFORMS, "fratio", **letters)
        for name in (ratio.above, ratio.below):
            self.add(written, DATATYPE, "fcs-dimension", name=self.words.detector(name))

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
                self._dimension(element, below, min=_number(np.nextafter(0.0, 1.0)))

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
                _tag(DATATYPE, "value"), _number(float(value))
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
                self.add(line, GATING, "entry").set(_tag(DATATYPE, "value"), _number(float(value)))
        self.add(element, GATING, "distanceSquare").set(_tag(DATATYPE, "value"), "1")


def _channels(gate: Gate) -> tuple[str, ...]:
    if isinstance(gate, AnyOf):
        return tuple(s.channel for b in gate.boxes for s in b.sides)
    if isinstance(gate, Shape):
        return gate.boundary.channels
    return tuple(s.channel for s in gate.sides) if isinstance(gate, Box) else ()


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
