"""One tree of gates out of a FlowJo workspace: a tube's own, or a group's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element

import numpy as np

from gating.channel_names import FILE, NONE
from labproc.errors import ParseError, SettingsError
from labproc.exchange.incoming.drawings import Drawing, Drawings, Refused
from labproc.exchange.incoming.populations import read_populations
from labproc.exchange.incoming.scales import NO_SCALE
from labproc.exchange.incoming.workspace import (
    Group,
    Matrix,
    Sample,
    Workspace,
    some_of,
)
from labproc.formats.fcs.spillover import read_spillover
from labproc.model import Channel, Spillover
from labproc.wording import counted


def choose(
    workspace: Workspace, *, sample: str | None = None, group: str | None = None
) -> tuple[Drawings, Sample]:
    """Return one tree of gates, and the tube whose scales and matrix it stands on.

    A tube's own tree is what FlowJo applies to it: the gates of its groups and its own in their
    place. A group's gates are what FlowJo puts on a tube that joins it.

    Raises
    ------
    SettingsError
        If neither was said and there is more than one tree to take.
    """
    if group is not None:
        return _of_group(workspace, workspace.group(group), sample)
    if sample is not None:
        chosen = workspace.sample(sample)
        return drawings_of(workspace, chosen), chosen
    with_gates = [s for s in workspace.samples if s.n_gates]
    if not with_gates:
        groups = [g for g in workspace.groups if g.n_gates]
        if len(groups) == 1:
            return _of_group(workspace, groups[0], None)
        raise SettingsError(f"{workspace.where}: no tube has gates; {listing(workspace)}")
    trees = [drawings_of(workspace, s) for s in with_gates]
    if any(not same_gates(trees[0], t) for t in trees[1:]):
        raise SettingsError(
            f"{workspace.where}: its tubes are gated differently, expected --sample or --group; "
            + listing(workspace)
        )
    if len(trees) > 1:
        note = f"all {len(trees)} gated tubes of the workspace have these gates"
        return replace(trees[0], notes=(*trees[0].notes, note)), with_gates[0]
    return trees[0], with_gates[0]


def listing(workspace: Workspace) -> str:
    """Return the tubes and groups that have gates, in words."""
    tubes = [
        f"{s.id}: {s.name} ({counted(s.n_gates, 'gate')})" for s in workspace.samples if s.n_gates
    ]
    groups = [
        f"{g.name!r} ({counted(g.n_gates, 'gate')}, {counted(len(g.members), 'tube')})"
        for g in workspace.groups
        if g.n_gates
    ]
    return f"samples {some_of(tubes)}; groups {some_of(groups)}"


def same_gates(one: Drawings, other: Drawings) -> bool:
    """Whether two trees select by the same gates, whatever was counted in them."""
    if [_rule(g) for g in one.gates] != [_rule(g) for g in other.gates]:
        return False
    if one.compensation != other.compensation:
        return False
    if set(one.matrices) != set(other.matrices):
        return False
    return all(_same_matrix(m, other.matrices[n]) for n, m in one.matrices.items())


def _rule(gate: Drawing | Refused) -> object:
    """Return what decides which events a gate holds."""
    if isinstance(gate, Refused):
        return gate
    axes = tuple((a.channel, a.compensation, a.scale.transform) for a in gate.axes)
    return gate.id, gate.parent, gate.method, axes, dict(gate.options)


def _same_matrix(one: Spillover, other: Spillover) -> bool:
    alike = one.detectors == other.detectors
    return alike and bool(np.allclose(one.matrix, other.matrix, rtol=1e-6, atol=1e-9))


def _of_group(workspace: Workspace, group: Group, sample: str | None) -> tuple[Drawings, Sample]:
    """Return a group's gates on the scales of the tube that was named, or of its first."""
    if not group.n_gates:
        raise SettingsError(
            f"{workspace.where}: group {group.name!r} has no gates; {listing(workspace)}"
        )
    members = [s for s in workspace.samples if s.id in group.members] or list(workspace.samples)
    chosen = workspace.sample(sample) if sample is not None else members[0]
    made = drawings_of(workspace, chosen, group.node)
    others = [m for m in members if m is not chosen]
    differ = [m.name for m in others if not same_gates(made, drawings_of(workspace, m, group.node))]
    notes = [*made.notes, f"gates of the group {group.name!r}, on the scales of {chosen.name}"]
    if differ:
        notes.append(
            f"{len(differ)} tubes of the group differ in scales or matrix: {differ[0]} ..."
        )
    return replace(made, notes=tuple(notes)), chosen


def drawings_of(workspace: Workspace, sample: Sample, node: Element | None = None) -> Drawings:
    """Return a tube's gates, or those below another node on its scales."""
    if sample.n_matrices > 1:
        found = f"{workspace.where}: {sample.name}: {sample.n_matrices} matrices"
        raise ParseError(f"{found}, expected one; keep one for it in FlowJo")
    # FlowJo writes PE/Cy7-A as PE_Cy7-A
    names = {c.replace("/", "_"): c for c in sample.channels if "/" in c}
    matrix = _renamed(sample.matrix, names)
    word = NONE if matrix is None else FILE if _is_files_own(sample, matrix) else matrix.name
    gates = tuple(
        read_populations(sample.node if node is None else node, sample, matrix, word, names)
    )
    if node is not None:  # a group's counts are those of no tube
        gates = tuple(replace(g, count=None) if isinstance(g, Drawing) else g for g in gates)
    if sample.is_spectral and matrix is not None:
        gates = tuple(_spectral(g, matrix.spillover.detectors) for g in gates)
    if sample.is_spectral:
        word, matrix = NONE, None
    matrices = {} if matrix is None or word == FILE else {word: matrix.spillover}
    return Drawings(
        program=workspace.program,
        gates=gates,
        compensation=word,
        matrices=matrices,
        sample=sample.name,
        n_events=sample.n_events,
        notes=tuple(_notes(sample, gates, matrix, word)),
    )


def _spectral(gate: Drawing | Refused, dyes: Sequence[str]) -> Drawing | Refused:
    """Refuse a gate on unmixed dyes, fewer than their detectors; others need no matrix."""
    if isinstance(gate, Refused):
        return gate
    if any(a.compensation != NONE and a.channel in dyes for a in gate.axes):
        return Refused(gate.id, gate.name, gate.parent, "it was drawn on spectral unmixing")
    return replace(gate, axes=tuple(replace(a, compensation=NONE) for a in gate.axes))


def _renamed(matrix: Matrix | None, names: Mapping[str, str]) -> Matrix | None:
    if matrix is None:
        return None
    detectors = tuple(names.get(d, d) for d in matrix.spillover.detectors)
    return replace(matrix, spillover=Spillover(detectors, matrix.spillover.matrix))


def _is_files_own(sample: Sample, matrix: Matrix) -> bool:
    """Whether the matrix is the one that the FCS file states, by the keywords kept with it."""
    channels = [Channel(name) for name in sample.channels]
    stated, _ = read_spillover({k.upper(): v for k, v in sample.keywords.items()}, channels)
    if stated is None or set(stated.detectors) != set(matrix.spillover.detectors):
        return False
    order = [stated.detectors.index(d) for d in matrix.spillover.detectors]
    own = stated.matrix[np.ix_(order, order)]
    return bool(np.allclose(own, matrix.spillover.matrix, rtol=1e-5, atol=1e-7))


def _notes(
    sample: Sample, gates: Iterable[Drawing | Refused], matrix: Matrix | None, word: str
) -> Iterable[str]:
    if word == FILE:
        yield "compensation: each file's own spillover; the workspace's matrix is the file's"
    elif matrix is not None:
        yield f"compensation: the workspace's matrix {matrix.name!r}, written into the strategy"
    used = {a.channel for g in gates if isinstance(g, Drawing) for a in g.axes}
    numbers = {c: k for k, c in enumerate(sample.channels, start=1)}
    for channel in sorted(used & set(numbers)):
        gain = sample.keywords.get(f"$P{numbers[channel]}G", "").strip() or "1"
        if gain.rstrip("0").rstrip(".") not in ("1", ""):
            yield (
                f"{channel}: $P{numbers[channel]}G is {gain}, by which labproc divides; FlowJo may "
                "not have, compare the counts"
            )
    for channel in sorted(c for c in used if sample.scales.get(c) == NO_SCALE):
        yield f"{channel}: its scale in FlowJo is none that is known; drawn on a linear one"
