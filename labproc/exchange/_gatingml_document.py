"""A GatingML document and what its gates refer to: spillover matrices, ratios, display scales."""

from collections.abc import Mapping, Sequence
from typing import Any

from gating.channel_names import FILE
from labproc.errors import LabprocError
from labproc.exchange._gates import AnyOf, Box, Gate, Shape
from labproc.exchange._gatingml_channels import SPILLOVER_ID, ChannelWords, as_ratio
from labproc.exchange._scales import in_gatingml
from labproc.exchange._text import xml_id, xml_text
from labproc.model import FlowTube, Spillover

_STANDARD = "http://www.isac-net.org/std/Gating-ML/v2.0/"
GATING, TRANSFORMS, DATATYPE = (_STANDARD + n for n in ("gating", "transformations", "datatypes"))
NAMESPACES = {"gating": GATING, "transforms": TRANSFORMS, "data-type": DATATYPE}


def qualified(namespace: str, name: str) -> str:
    """Return a name of the standard with its namespace."""
    return f"{{{namespace}}}{name}"


def number(value: float) -> str:
    """Return the shortest text that reads back as the same double."""
    return repr(float(value))


class Document:
    """One document: takes elements, and has what gates refer to written before them."""

    def __init__(
        self,
        root: Any,
        tube: FlowTube,
        spillover: Spillover | None,
        matrices: Mapping[str, Spillover],
    ) -> None:
        self.root = root
        self.matrices = matrices
        self.own_matrix = spillover
        self.words = ChannelWords(tube, spillover)

    def add(self, parent: Any, space: str, tag: str, /, **attributes: str) -> Any:
        """Add an element; its attributes are of the same namespace as itself."""
        from lxml import etree

        named = {
            qualified(space, k.replace("_ref", "-ref")): xml_text(v) for k, v in attributes.items()
        }
        return etree.SubElement(parent, qualified(space, tag), named)

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
            self.add(element, TRANSFORMS, kind, **{k: number(v) for k, v in numbers.items()})

    def _matrix(self, name: str, matrix: Spillover) -> None:
        element = self.add(self.root, TRANSFORMS, "spectrumMatrix", id=name)
        for group in ("fluorochromes", "detectors"):
            listed = self.add(element, TRANSFORMS, group)
            for detector in matrix.detectors:
                self.add(listed, DATATYPE, "fcs-dimension", name=detector)
        for row in matrix.matrix:
            spectrum = self.add(element, TRANSFORMS, "spectrum")
            for value in row:
                self.add(spectrum, TRANSFORMS, "coefficient", value=number(float(value)))

    def _ratio(self, channel: str) -> None:
        ratio = as_ratio(channel)
        element = self.add(self.root, TRANSFORMS, "transformation", id=xml_id(channel))
        numbers = (ratio.factor, ratio.above_offset, ratio.below_offset)
        letters = dict(zip("ABC", map(number, numbers), strict=True))
        written = self.add(element, TRANSFORMS, "fratio", **letters)
        for name in (ratio.above, ratio.below):
            self.add(written, DATATYPE, "fcs-dimension", name=self.words.detector(name))


def _channels(gate: Gate) -> tuple[str, ...]:
    if isinstance(gate, AnyOf):
        return tuple(s.channel for b in gate.boxes for s in b.sides)
    if isinstance(gate, Shape):
        return gate.boundary.channels
    return tuple(s.channel for s in gate.sides) if isinstance(gate, Box) else ()
