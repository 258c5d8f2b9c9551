"""The populations of a FlowJo tree as drawings: outlines in linear values, ellipses in 256ths."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

import numpy as np

from gating.boundary import OUTSIDE
from gating.channel_names import NONE
from labproc.errors import LabprocError, ParseError
from labproc.exchange.incoming.drawings import Axis, Drawing, Refused, Scale, box_limits, merged
from labproc.exchange.incoming.elements import attribute

if TYPE_CHECKING:
    from labproc.exchange.incoming.workspace import Matrix, Sample

SHOWN = 256.0  # FlowJo writes an ellipse on a plot of 256 x 256
BOOLEANS = {"AndNode": "within", "OrNode": "any_of", "NotNode": "without"}


def read_populations(
    node: Element,
    sample: "Sample",
    matrix: "Matrix | None",
    compensation: str,
    names: Mapping[str, str],
) -> Iterator[Drawing | Refused]:
    """Yield every population below a node, parents first."""
    yield from _Reader(sample, matrix, compensation, names).below(node, ())


class _Reader:
    """Reads one tree on the scales of one tube."""

    def __init__(
        self, sample: "Sample", matrix: "Matrix | None", word: str, names: Mapping[str, str]
    ) -> None:
        self.sample = sample
        self.matrix = matrix
        self.word = word
        self.names = names

    def below(self, node: Element, path: tuple[str, ...]) -> Iterator[Drawing | Refused]:
        seen: dict[str, int] = {}
        for child in (c for s in node.findall("Subpopulations") for c in s):
            name = attribute(child, "name")
            if child.tag not in ("Population", *BOOLEANS):
                continue
            seen[name] = seen.get(name, 0) + 1
            own = (*path, name if seen[name] == 1 else f"{name} #{seen[name]}")
            yield self._population(child, own)
            yield from self.below(child, own)

    def _population(self, element: Element, path: tuple[str, ...]) -> Drawing | Refused:
        own, name, parent = "/".join(path), attribute(element, "name"), "/".join(path[:-1])
        try:
            if element.tag in BOOLEANS:
                made = self._boolean(element, own, name, parent)
            else:
                made = self._gate(element, own, name, parent)
        except LabprocError as error:
            return Refused(own, name, parent, str(error))
        count = attribute(element, "count")
        return replace(made, count=int(count) if count.isascii() and count.isdigit() else None)

    def _boolean(self, element: Element, own: str, name: str, parent: str) -> Drawing:
        named = [attribute(d, "name") for d in element.iterfind("Dependents/Dependent")]
        if not named:
            raise ParseError("a boolean of no other gate")
        return Drawing(own, name, parent, "boolean", (), {BOOLEANS[element.tag]: named})

    def _gate(self, element: Element, own: str, name: str, parent: str) -> Drawing:
        gate = element.find("Gate")
        shapes = [] if gate is None else list(gate)
        if len(shapes) != 1:
            raise ParseError(f"{len(shapes)} outlines, expected one")
        shape = shapes[0]
        match shape.tag:
            case "RectangleGate":
                method, axes, options = self._box(shape)
            case "PolygonGate":
                method, axes, options = self._polygon(shape)
            case "EllipsoidGate":
                method, axes, options = self._ellipse(shape)
            case _:
                raise ParseError(f"a gate of kind {shape.tag}, expected a rectangle, polygon, "
                                 "ellipse or boolean")  # fmt: skip
        if attribute(shape, "eventsInside") == "0":
            options = {**options, "side": OUTSIDE}
        return Drawing(own, name, parent, method, axes, options)

    def _box(self, shape: Element) -> tuple[str, tuple[Axis, ...], dict[str, Any]]:
        axes, limits = [], []
        for dimension in shape.iterfind("dimension"):
            axes.append(self._axis(dimension, for_outline=False))
            limits.append((_number(dimension, "min"), _number(dimension, "max")))
        if not axes:
            raise ParseError("a rectangle without dimensions")
        kept, ends = merged(axes, limits)
        return "box", kept, box_limits(kept, ends)

    def _polygon(self, shape: Element) -> tuple[str, tuple[Axis, ...], dict[str, Any]]:
        axes = tuple(self._axis(d, for_outline=True) for d in shape.iterfind("dimension"))
        corners = _points(shape.findall("vertex"))
        if len(axes) != 2 or corners.shape[1:] != (2,) or len(corners) < 3:
            raise ParseError("a polygon needs two dimensions and three corners of two numbers")
        shown = [a.scale.transform.forward(corners[:, k]) for k, a in enumerate(axes)]
        return "polygon", axes, {"points": np.column_stack(shown).tolist()}

    def _ellipse(self, shape: Element) -> tuple[str, tuple[Axis, ...], dict[str, Any]]:
        """Return centre and half-axis ends from FlowJo's foci and points of the outline.

        The first two points end the long axis; the short one follows from the foci.
        """
        axes = tuple(self._axis(d, for_outline=True) for d in shape.iterfind("dimension"))
        foci = _points(shape.findall("foci/vertex")) / SHOWN
        edge = _points(shape.findall("edge/vertex")) / SHOWN
        if len(axes) != 2 or foci.shape != (2, 2) or edge.shape != (4, 2):
            raise ParseError("an ellipse needs two dimensions, two foci and four points")
        centre = foci.mean(axis=0)
        reach = float(np.linalg.norm(edge - centre, axis=1).max())
        apart = float(np.linalg.norm(foci[1] - foci[0])) / 2.0
        if not reach > apart:
            raise ParseError("an ellipse whose foci lie outside it")
        along = (edge[np.linalg.norm(edge - centre, axis=1).argmax()] - centre) / reach
        if apart > 0:
            along = (foci[1] - foci[0]) / (2.0 * apart)
        short = float(np.sqrt(reach**2 - apart**2))
        ends = [centre, centre + reach * along, centre + short * np.array([-along[1], along[0]])]
        shown = [a.scale.placed(np.array(ends)[:, k]) for k, a in enumerate(axes)]
        return "ellipse", axes, {"points": np.column_stack(shown).tolist()}

    def _axis(self, dimension: Element, *, for_outline: bool) -> Axis:
        found = dimension.find("fcs-dimension")
        shown = "" if found is None else attribute(found, "name")
        if not shown:
            raise ParseError("a derived dimension, expected a channel of the file")
        channel, word = self._channel(shown)
        if self.sample.channels and channel not in self.sample.channels:
            raise ParseError(f"{shown!r} is no channel of its file: a derived parameter")
        scale = self.sample.scales.get(shown, self.sample.scales.get(self._plain(shown)))
        if isinstance(scale, Scale):
            return Axis(channel, word, scale)
        if for_outline and scale is not None:
            raise ParseError(f"{shown} is drawn on a scale that labproc does not have ({scale})")
        return Axis(channel, word)

    def _plain(self, shown: str) -> str:
        """Return a channel without what FlowJo puts around compensated ones."""
        if self.matrix is None:
            return shown
        return shown.removeprefix(self.matrix.prefix).removesuffix(self.matrix.suffix)

    def _channel(self, shown: str) -> tuple[str, str]:
        plain = self._plain(shown)
        name = self.names.get(plain, plain)
        if self.matrix is None or name not in self.matrix.spillover.detectors:
            return self.names.get(shown, shown), NONE if self.matrix is None else self.word
        bare = not (self.matrix.prefix or self.matrix.suffix)
        return name, self.word if plain != shown or bare else NONE


def _number(element: Element, name: str) -> float | None:
    text = attribute(element, name)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise ParseError(f"{name} is {text!r}, expected a number") from None
    if np.isnan(value):
        raise ParseError(f"{name} is {text!r}, expected a number")
    return value if np.isfinite(value) else None


def _points(vertices: list[Element]) -> Any:
    """Return the coordinates of corners, shape (n, 2)."""
    rows = [[_number(c, "value") for c in v.iterfind("coordinate")] for v in vertices]
    if not rows or any(len(r) != 2 or None in r for r in rows):
        raise ParseError("a corner that is not two numbers")
    return np.array(rows, dtype=np.float64)
