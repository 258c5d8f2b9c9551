"""FlowJo 10 workspaces: every tube with its gates, to open beside the raw files.

FlowJo keeps gates on the linear scale and draws them on one scale a channel. What it has no word
for is said with polygons: singlets by area over height as a wedge, steady stretches of time as a
comb, an ellipse as many corners.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gating.channel_names import split_tag
from labproc.errors import LabprocError
from labproc.exchange import EXPORTS, Export
from labproc.exchange._flowjo_booleans import Place, boolean, named, single_booleans
from labproc.exchange._flowjo_outlines import PREFIX, add, outline, qualified
from labproc.exchange._gates import Box, Gate, Logic, Shape, gates_of, raw_file
from labproc.exchange._gatingml_document import DATATYPE, GATING, NAMESPACES, TRANSFORMS
from labproc.exchange._scales import in_flowjo
from labproc.exchange._text import distinct, file_name, xml_text
from labproc.model import ROOT, FlowTube, Spillover
from labproc.pipeline.results import Results


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
            gates, uri = gates_of(view.every_gate, tube), path.resolve().as_uri()
            counts = {g.population: g.n_events for g in view.every_gate}
            workspace.add(name, uri, tube, gates, spillover=view.spillover, counts=counts)
        except LabprocError as error:
            missing.append(str(error))
    if not results.tubes:
        return []
    written = folder / f"{file_name(results.title, default='results')}.wsp"
    written.write_bytes(workspace.xml())
    if missing:
        raise LabprocError("\n".join(missing))
    return [written]


class Workspace:
    """A FlowJo workspace that tubes are added to."""

    def __init__(self) -> None:
        from lxml import etree

        self.root = etree.Element("Workspace", nsmap=NAMESPACES)
        self.root.set("version", "20.0")
        self.root.set("flowJoVersion", "10.8.1")
        self.root.set("modDate", datetime.now(UTC).strftime("%a %b %d %H:%M:%S UTC %Y"))
        group = add(
            add(self.root, "", "Groups"), "", "GroupNode", name="All Samples", owningGroup=""
        )
        self.members = add(add(group, "", "Group", name="All Samples"), "", "SampleRefs")
        self.samples = add(self.root, "", "SampleList")
        self.n_gates = 0
        self.names: dict[Any, str] = {}

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
        counts: Mapping[str, int] | None = None,
    ) -> None:
        """Add one tube with its gates, and what was counted in them.

        Raises
        ------
        LabprocError
            If two outlines of the tube stand on different scales of one channel.
        """
        number = str(len(self.samples) + 1)
        matrix = spillover or tube.events.spillover
        useful = matrix if matrix is not None and not matrix.is_identity else None
        scales = _scales(gates, name)
        sample = add(self.samples, "", "Sample")
        add(sample, "", "DataSet", uri=uri, sampleID=number)
        if useful is not None:
            _matrix(sample, useful)
        _transformations(sample, tube, scales, useful)
        keywords = add(sample, "", "Keywords")
        for key, value in tube.keywords.items():
            add(keywords, "", "Keyword", name=key, value=value)
        whole = {"sampleID": number, "owningGroup": "", "count": str(tube.events.n_events)}
        node = add(sample, "", "SampleNode", name=name, **whole)
        add(self.members, "", "SampleRef", sampleID=number)
        self._populations(node, gates, tube, useful)
        for element in node.iter("Population", "AndNode", "OrNode", "NotNode"):
            found = (counts or {}).get(self.names.get(element, ""), -1)
            element.set("count", str(found))  # -1 is FlowJo's "not counted"

    def _populations(
        self, node: Any, gates: Sequence[Gate], tube: FlowTube, matrix: Spillover | None
    ) -> None:
        """Nest the populations as their parents say."""
        compensated = set(matrix.detectors) if matrix is not None else set()
        places = {ROOT: Place(node)}
        for gate in (part for g in gates for part in _parts(g)):
            parent = places[gate.parent]
            below = parent.node.find("Subpopulations")
            below = add(parent.node, "", "Subpopulations") if below is None else below
            if isinstance(gate, Logic):
                population = boolean(below, gate, places)
                self.names[population] = gate.name
                places[gate.name] = Place(population, parent.id, (*parent.path, named(gate.name)))
                continue
            self.n_gates += 1
            own, name = f"ID{self.n_gates}", named(gate.name)
            population = add(below, "", "Population", name=name, annotation="", owningGroup="")
            self.names[population] = gate.name
            element = add(population, "", "Gate")
            self._identify(element, own, parent.id)
            shape = outline(element, gate, tube, compensated)
            self._identify(shape, own, parent.id)
            places[gate.name] = Place(population, own, (*parent.path, name))

    def _identify(self, element: Any, own: str, parent: str) -> None:
        element.set(qualified(GATING, "id"), own)
        if parent:
            element.set(qualified(GATING, "parent_id"), parent)


def _parts(gate: Gate) -> list[Gate]:
    """Return a gate in pieces that FlowJo has: two channels at a time, one boolean a population."""
    if isinstance(gate, Box) and len(gate.sides) > 2:
        if gate.outside:
            raise LabprocError(f"{gate.name}: FlowJo has no complement on more than two channels")
        first = Box(f"{gate.name} (first channels)", gate.parent, gate.sides[:2])
        return [first, *_parts(Box(gate.name, first.name, gate.sides[2:]))]
    return list(single_booleans(gate)) if isinstance(gate, Logic) else [gate]


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
            for shown, spec in zip(gate.boundary.channels, gate.boundary.scales, strict=True):
                channel = split_tag(shown)[0]
                if scales.setdefault(channel, spec) != spec:
                    raise LabprocError(
                        f"{name}, {gate.name}: {channel} is drawn on {spec} and on "
                        f"{scales[channel]}, expected one scale a channel for FlowJo"
                    )
    return scales


def _matrix(sample: Any, matrix: Spillover) -> None:
    element = add(
        sample, TRANSFORMS, "spilloverMatrix", spectral="0", prefix=PREFIX, suffix="",
        name="Acquisition-defined", version="FlowJo-10.8.1",
    )  # fmt: skip
    parameters = add(element, DATATYPE, "parameters")
    for detector in matrix.detectors:
        add(parameters, DATATYPE, "parameter").set(qualified(DATATYPE, "name"), detector)
    for dye, row in zip(matrix.detectors, matrix.matrix, strict=True):
        line = add(element, TRANSFORMS, "spillover", userProvidedCompInfix=PREFIX + dye)
        line.set(qualified(DATATYPE, "parameter"), dye)
        for detector, value in zip(matrix.detectors, row, strict=True):
            cell = add(line, TRANSFORMS, "coefficient")
            cell.set(qualified(DATATYPE, "parameter"), detector)
            cell.set(qualified(TRANSFORMS, "value"), repr(float(value)))


def _transformations(
    sample: Any, tube: FlowTube, scales: dict[str, str], matrix: Spillover | None
) -> None:
    listed = add(sample, "", "Transformations")
    for channel, spec in scales.items():
        detector = tube.events.channels[tube.events.index(channel)].name
        compensated = matrix is not None and detector in matrix.detectors
        for name in (detector, *((PREFIX + detector,) if compensated else ())):
            kind, numbers = in_flowjo(spec)
            if kind:
                element = add(listed, TRANSFORMS, kind)
                for key, value in numbers.items():
                    element.set(qualified(TRANSFORMS, key), repr(value))
                add(element, DATATYPE, "parameter").set(qualified(DATATYPE, "name"), xml_text(name))


EXPORTS.register("flowjo")(Export("FlowJo 10 workspace, all tubes", write))
