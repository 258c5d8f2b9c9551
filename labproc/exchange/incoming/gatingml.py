"""GatingML 2.0 read through flowkit, which checks it against the standard's schema."""

import io
import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from gating.channel_names import FILE, NONE, Ratio, parse_ratio
from labproc.errors import LabprocError, ParseError
from labproc.exchange._text import xml_id
from labproc.exchange.incoming.drawings import (
    Axis,
    Drawing,
    Drawings,
    Refused,
    Scale,
    box_limits,
    merged,
)
from labproc.exchange.incoming.elements import attribute
from labproc.exchange.incoming.ellipsoids import half_axes
from labproc.exchange.incoming.scales import gatingml_scale
from labproc.model import Spillover

UNCOMPENSATED, OF_FILE = "uncompensated", "FCS"  # the standard's words


def read_gatingml(data: bytes, tree: Element, *, where: str) -> Drawings:
    """Return the gates of a GatingML 2.0 document.

    Parameters
    ----------
    data : bytes
        The document; it was read by the guarded reader before.
    tree : Element
        The same, for what flowkit does not keep: the names behind the identifiers.

    Raises
    ------
    ParseError
        If it does not follow the standard.
    """
    strategy = _parsed(data, where)
    reader = _Reader(strategy, _names(tree))
    gates = tuple(gate for gate in reader.gates())
    return Drawings(
        program="GatingML 2.0",
        gates=gates,
        compensation=_most_used(gates),
        matrices=reader.matrices,
        notes=_tailored(tree),
    )


def _parsed(data: bytes, where: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of flowkit's own dependencies
        import flowkit

    try:
        return flowkit.parse_gating_xml(io.BytesIO(data))
    except Exception as error:  # whatever a stranger's document brings another's parser to raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ParseError(f"{where}: {reason}; expected GatingML 2.0") from error


def _names(tree: Element) -> dict[str, str]:
    """Return id -> name: from Cytobank's and our own custom_info; else the id is the name."""
    found = {}
    for gate in tree:
        own = attribute(gate, "id")
        for info in gate.findall("custom_info"):
            cytobank = info.findtext(".//cytobank/name")
            text = " ".join((cytobank or info.text or "").split())
            if text and (cytobank or own.startswith(xml_id(text))):
                found[own] = text
    return found


def _tailored(tree: Element) -> tuple[str, ...]:
    """Say where gates were tailored to single files: Cytobank writes one gate for each."""
    files = {i.text.strip() for i in tree.iter("fcs_file_filename") if i.text and i.text.strip()}
    if not files:
        return ()
    return (f"gates tailored to single files are all here, one for each of {len(files)} files",)


def _most_used(gates: tuple[Drawing | Refused, ...]) -> str:
    words = [a.compensation for g in gates if isinstance(g, Drawing) for a in g.axes]
    used = [w for w in words if w != NONE]
    return max(dict.fromkeys(used), key=used.count) if used else NONE


class _Reader:
    """Turns flowkit's gates into drawings."""

    def __init__(self, strategy: Any, names: Mapping[str, str]) -> None:
        self.strategy = strategy
        self.names = names
        self.matrices: dict[str, Spillover] = {}
        self.unusable: dict[str, str] = {}
        for name, matrix in strategy.comp_matrices.items():
            self._matrix(name, matrix)

    def _matrix(self, name: str, matrix: Any) -> None:
        values = np.asarray(matrix.matrix, dtype=np.float64)
        if name in (FILE, NONE) or values.shape != (len(matrix.detectors),) * 2:
            n, m = values.shape if values.ndim == 2 else (len(values), 0)
            self.unusable[name] = f"matrix {name!r} has {n} dyes on {m} detectors, expected as many"
            return
        self.matrices[name] = Spillover(tuple(matrix.detectors), values)

    def gates(self) -> Iterator[Drawing | Refused]:
        """Yield every gate, parents first."""
        from flowkit.exceptions import QuadrantReferenceError

        for name, path in self.strategy.get_gate_ids():
            try:
                gate = self.strategy.get_gate(name, path)
            except QuadrantReferenceError:
                continue  # comes with its whole gate
            parent = path[-1] if len(path) > 1 else ""
            try:
                yield from self._gate(gate, parent)
            except LabprocError as error:
                for own in getattr(gate, "quadrants", {name: None}):
                    yield Refused(own, self.names.get(own, own), parent, str(error))

    def _gate(self, gate: Any, parent: str) -> Iterator[Drawing]:
        match gate.gate_type:
            case "QuadrantGate":
                yield from self._quadrants(gate, parent)
            case "RectangleGate":
                axes, limits = self._limited(gate.dimensions)
                yield self._made(gate, parent, "box", axes, box_limits(axes, limits))
            case "PolygonGate":
                points = np.asarray(gate.vertices, dtype=np.float64)
                axes = self._outlined(gate.dimensions, points)
                yield self._made(gate, parent, "polygon", axes, {"points": _placed(axes, points)})
            case "EllipsoidGate":
                yield self._made(gate, parent, *self._ellipsoid(gate))
            case _:
                yield self._made(gate, parent, "boolean", (), _references(gate))

    def _made(
        self, gate: Any, parent: str, method: str, axes: tuple[Axis, ...], options: dict[str, Any]
    ) -> Drawing:
        own = gate.gate_name
        return Drawing(own, self.names.get(own, own), parent, method, axes, options)

    def _quadrants(self, gate: Any, parent: str) -> Iterator[Drawing]:
        dividers = {d.id: self._axis(d, d.dimension_ref) for d in gate.dimensions}
        for own, quadrant in gate.quadrants.items():
            axes = tuple(dividers[ref] for ref in quadrant.divider_refs)
            ranges = [quadrant.get_divider_range(ref) for ref in quadrant.divider_refs]
            axes, limits = merged(axes, [_linear(a, *r) for a, r in zip(axes, ranges, strict=True)])
            options = box_limits(axes, limits)
            yield Drawing(own, self.names.get(own, own), parent, "box", axes, options)

    def _limited(
        self, dimensions: Any
    ) -> tuple[tuple[Axis, ...], list[tuple[float | None, float | None]]]:
        axes = [self._axis(d, getattr(d, "id", "")) for d in dimensions]
        limits = [_linear(a, d.min, d.max) for a, d in zip(axes, dimensions, strict=True)]
        return merged(*_plain_ratios(axes, limits))

    def _outlined(self, dimensions: Any, points: Any) -> tuple[Axis, ...]:
        return tuple(
            self._axis(d, getattr(d, "id", ""), least=float(points[:, k].min()))
            for k, d in enumerate(dimensions)
        )

    def _ellipsoid(self, gate: Any) -> tuple[str, tuple[Axis, ...], dict[str, Any]]:
        """Return method, axes and options of a mean with its covariance."""
        mean = np.asarray(gate.coordinates, dtype=np.float64)
        covariance = np.asarray(gate.covariance_matrix, dtype=np.float64)
        square = float(gate.distance_square)
        if not square > 0 or np.linalg.matrix_rank(covariance) < len(mean):
            raise ParseError("the covariance has no inverse, or the distance is not above 0")
        ends = half_axes(covariance, square)
        if ends is None:
            axes = self._outlined(gate.dimensions, mean[None])
            centre, matrix = _placed_covariance(axes, mean, covariance)
            return "ellipsoid", axes, {"centre": centre, "covariance": matrix, "square": square}
        axes = self._outlined(gate.dimensions, (mean - np.sqrt((ends**2).sum(axis=0)))[None])
        points = np.vstack([mean, mean + ends])
        return "ellipse", axes, {"points": _placed(axes, points)}

    def _axis(self, dimension: Any, channel: str, *, least: float = np.inf) -> Axis:
        word = dimension.compensation_ref or UNCOMPENSATED
        word = {UNCOMPENSATED: NONE, OF_FILE: FILE}.get(word, word)
        if word in self.unusable:
            raise ParseError(self.unusable[word])
        if word not in (NONE, FILE) and word not in self.matrices:
            raise ParseError(f"compensation {word!r} is not in the document")
        scale = self._scale(dimension.transformation_ref, least)
        ratio = getattr(dimension, "ratio_ref", None)
        if ratio is not None:
            return Axis(self._ratio(ratio, word), word, scale)
        return Axis(self._detector(channel, word), word, scale)

    def _detector(self, channel: str, word: str) -> str:
        """Return the detector of a dye's name in a matrix."""
        if word not in self.matrices:
            return channel
        matrix = self.strategy.comp_matrices[word]
        if channel in matrix.detectors or channel not in matrix.fluorochromes:
            return channel
        return str(matrix.detectors[matrix.fluorochromes.index(channel)])

    def _scale(self, ref: str | None, least: float) -> Scale:
        if ref is None:
            return Scale()
        return gatingml_scale(self.strategy.transformations.get(ref), ref, least=least)

    def _ratio(self, ref: str, word: str) -> str:
        found = self.strategy.transformations.get(ref)
        if type(found).__name__ != "RatioTransform":
            raise ParseError(f"ratio {ref!r} is not in the document")
        above, below = (self._detector(d, word) for d in found.dimensions)
        return Ratio(above, below, found.param_a, found.param_b, found.param_c).name


def _linear(axis: Axis, low: float | None, high: float | None) -> tuple[float | None, float | None]:
    return axis.scale.linear(low), axis.scale.linear(high)


def _placed_covariance(axes: tuple[Axis, ...], mean: Any, covariance: Any) -> tuple[Any, Any]:
    """Return centre and covariance on our display scales."""
    gains = np.array([a.scale.gain for a in axes])
    return _placed(axes, mean[None])[0], (covariance * np.outer(gains, gains)).tolist()


def _placed(axes: tuple[Axis, ...], points: Any) -> list[list[float]]:
    columns = [a.scale.placed(points[:, k]) for k, a in enumerate(axes)]
    return [[float(v) for v in row] for row in np.column_stack(columns)]


def _plain_ratios(axes: Any, limits: Any) -> tuple[Any, Any]:
    """Write ``x/y`` for a ratio whose divisor is held above 0: so labproc says and exports it."""
    kept = list(zip(axes, limits, strict=True))
    for k, (axis, limit) in enumerate(kept):
        ratio = parse_ratio(axis.channel)
        if ratio is None or (ratio.factor, ratio.above_offset, ratio.below_offset) != (1, 0, 0):
            continue
        guard = [
            pair for pair in kept if pair[0].channel == ratio.below and _is_above_zero(pair[1])
        ]
        if guard:
            plain = Axis(f"{ratio.above}/{ratio.below}", axis.compensation, axis.scale)
            kept[k] = (plain, limit)
            kept.remove(guard[0])
            return _plain_ratios([a for a, _ in kept], [v for _, v in kept])
    return [a for a, _ in kept], [v for _, v in kept]


def _is_above_zero(limit: tuple[float | None, float | None]) -> bool:
    low, high = limit
    return high is None and low is not None and 0.0 < low < 1e-300


def _references(gate: Any) -> dict[str, list[str]]:
    """Return the options of a boolean: and, or, not, each reference taken or its complement."""
    plain = [r["ref"] for r in gate.gate_refs if not r["complement"]]
    turned = [r["ref"] for r in gate.gate_refs if r["complement"]]
    if gate.type == "not":
        plain, turned = turned, plain
    if gate.type == "or":
        return {"any_of": plain, "any_not": turned}
    return {"within": plain, "without": turned}
