"""FlowJo 10 workspaces: which trees of gates there are, and one of them as drawings.

Read here and not through flowkit, which keeps one sample of a name (plates repeat ``G11.fcs``),
drops FlowJo's counts, makes polygons of ellipses and refuses a workspace for the scale of a
channel that no gate uses. flowkit is the judge of this reader in the tests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlparse
from xml.etree.ElementTree import Element

import numpy as np

from gating.channel_names import FILE, NONE
from labproc.errors import ParseError, SettingsError
from labproc.exchange.incoming.drawings import Scale
from labproc.exchange.incoming.elements import attribute
from labproc.exchange.incoming.scales import flowjo_scale
from labproc.model import Spillover

MOST_NAMED = 8  # tubes named in one message


@dataclass(frozen=True, slots=True)
class Sample:
    """One tube of a workspace: where it lies, its scales and matrix, its own tree of gates."""

    id: str
    name: str
    uri: str
    n_events: int | None
    keywords: Mapping[str, str]
    scales: Mapping[str, Scale | str]
    matrix: "Matrix | None"
    node: Element
    is_spectral: bool = False
    n_matrices: int = 0

    @property
    def file_name(self) -> str:
        """The name of its FCS file."""
        path = unquote(urlparse(self.uri).path) or self.name
        return PurePosixPath(path.replace("\\", "/")).name

    @property
    def channels(self) -> tuple[str, ...]:
        """Its detectors in order, by the keywords kept with it; none where none are kept."""
        found, number = [], 1
        while (name := self.keywords.get(f"$P{number}N")) is not None:
            found.append(name)
            number += 1
        return tuple(found)

    @property
    def n_gates(self) -> int:
        """How many gates its tree has."""
        return n_gates(self.node)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A sample's compensation and how its compensated channels are called."""

    name: str
    prefix: str
    suffix: str
    spillover: Spillover


@dataclass(frozen=True, slots=True)
class Group:
    """A group of tubes, with the gates that belong to it."""

    name: str
    members: tuple[str, ...]
    node: Element

    @property
    def n_gates(self) -> int:
        """How many gates it has of its own."""
        return n_gates(self.node)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A FlowJo workspace: tubes and groups, each with gates."""

    where: str
    program: str
    samples: tuple[Sample, ...]
    groups: tuple[Group, ...]

    def sample(self, wanted: str) -> Sample:
        """Return a tube by its name, its file's name or its number.

        Raises
        ------
        SettingsError
            If there is none, or several are called so.
        """
        named = [s for s in self.samples if wanted in (s.name, s.file_name)]
        found = named or [s for s in self.samples if s.id == wanted]
        if len(found) != 1:
            many = "several tubes are called" if found else "no tube is called"
            listed = some_of([f"{s.id}: {s.name} ({s.uri})" for s in found or self.samples])
            raise SettingsError(f"{self.where}: {many} {wanted!r}, expected one of {listed}")
        return found[0]

    def group(self, wanted: str) -> Group:
        """Return a group by its name.

        Raises
        ------
        SettingsError
            If there is none of that name.
        """
        found = next((g for g in self.groups if g.name == wanted), None)
        if found is None:
            names = ", ".join(repr(g.name) for g in self.groups) or "none"
            raise SettingsError(f"{self.where}: no group is called {wanted!r}, expected {names}")
        return found


def read_workspace(tree: Element, *, where: str) -> Workspace:
    """Return what a workspace holds.

    Raises
    ------
    ParseError
        If it is not one of FlowJo 10, or has no tubes.
    """
    version = attribute(tree, "flowJoVersion")
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 10:
        raise ParseError(f"{where}: found FlowJo version {version!r}, expected 10 or later")
    samples = tuple(_sample(s, where) for s in tree.iterfind("SampleList/Sample"))
    if not samples:
        raise ParseError(f"{where}: no sample in the workspace, expected at least one")
    groups = tuple(_group(g) for g in tree.iterfind("Groups/GroupNode"))
    return Workspace(where, f"FlowJo {version}", samples, groups)


def some_of(names: Sequence[str]) -> str:
    """Return a list in words that stays readable where there are hundreds."""
    more = f"; and {len(names) - MOST_NAMED} more, see --list" if len(names) > MOST_NAMED else ""
    return "; ".join(names[:MOST_NAMED]) + more if names else "none"


def n_gates(node: Element) -> int:
    """Count the populations below a node."""
    tags = ("Population", "AndNode", "OrNode", "NotNode")
    return sum(1 for e in node.iter() if e.tag in tags)


def _group(node: Element) -> Group:
    members = tuple(attribute(r, "sampleID") for r in node.iterfind("Group/SampleRefs/SampleRef"))
    return Group(attribute(node, "name"), members, node)


def _sample(element: Element, where: str) -> Sample:
    node, dataset = element.find("SampleNode"), element.find("DataSet")
    if node is None:
        raise ParseError(f"{where}: a Sample without SampleNode, expected one")
    keywords = {attribute(k, "name"): attribute(k, "value") for k in element.iterfind("Keywords/*")}
    number = attribute(node, "sampleID")
    matrices = element.findall("spilloverMatrix")
    return Sample(
        id=number,
        name=attribute(node, "name"),
        uri="" if dataset is None else attribute(dataset, "uri"),
        n_events=stored_count(node),
        keywords=keywords,
        scales=dict(_scales(element)),
        matrix=_matrix(matrices[0], f"{where}, sample {number}") if matrices else None,
        node=node,
        is_spectral=any(attribute(m, "spectral") == "1" for m in matrices),
        n_matrices=len(matrices),
    )


def stored_count(element: Element) -> int | None:
    """Return FlowJo's count; None where it had not counted (-1)."""
    text = attribute(element, "count")
    return int(text) if text.isascii() and text.isdigit() else None


def _scales(element: Element) -> Iterable[tuple[str, Scale | str]]:
    for scale in element.iterfind("Transformations/*"):
        for parameter in scale.iterfind("parameter"):
            yield attribute(parameter, "name"), flowjo_scale(scale)


def _matrix(element: Element, where: str) -> Matrix:
    detectors = tuple(attribute(p, "name") for p in element.iterfind("parameters/parameter"))
    rows: list[list[str]] = []
    if attribute(element, "spectral") == "1":  # not square; gates on it are refused by name
        return Matrix("spectral", attribute(element, "prefix"), attribute(element, "suffix"),
                      Spillover(detectors, np.eye(len(detectors))))  # fmt: skip
    for row in element.iterfind("spillover"):
        cells = {
            attribute(c, "parameter"): attribute(c, "value") for c in row.iterfind("coefficient")
        }
        rows.append([cells.get(d, "0") for d in detectors])
    try:
        spillover = Spillover(detectors, np.array(rows, dtype=np.float64).reshape(len(rows), -1))
    except ValueError as error:
        raise ParseError(f"{where}: spilloverMatrix: {error}, expected a square matrix") from None
    name = attribute(element, "name")
    name = f"{name} matrix" if name in ("", FILE, NONE) else name
    return Matrix(name, attribute(element, "prefix"), attribute(element, "suffix"), spillover)
