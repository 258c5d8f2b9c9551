"""A gate while it is dragged: its count at once, before everything below it is placed anew."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from labproc.model import ROOT, Boundary, GateResult, Populations
from labproc.pipeline.results import GateView, TubeView
from labproc.pipeline.review import Points, job_of

if TYPE_CHECKING:  # gating is imported where it is used: it takes scipy with it
    from gating.columns import Columns

Masks = dict[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Held:
    """A tube's channels and populations as they stand in the store."""

    columns: "Columns"
    populations: Populations


def hold(folder: Path, view: TubeView) -> Held:
    """Read a tube and gate it as it stands: what every look at a moved gate starts from.

    Single stains are not read again: the stored view holds the matrix that they gave.
    """
    from gating.channel_names import FILE
    from gating.columns import Columns
    from gating.engine import gate_tube
    from gating.strategy import load_strategy
    from labproc.parsers.fcs import read_tube

    job = job_of(folder, view.source.sha256)
    tube = read_tube(Path(job.staged))
    outlines = {g.population: g.boundary.points.tolist() for g in view.gates if _is_drawn(g)}
    given = view.matrices.get(FILE, job.spillover)
    populations = gate_tube(
        tube, load_strategy(job.strategy), markers=job.markers, spillover=given,
        moved=outlines, draws=0,
    )  # fmt: skip
    matrix = populations.spillover or given
    return Held(Columns(tube, matrix, populations.matrices), populations)


def _is_drawn(gate: GateView) -> bool:
    return gate.boundary.kind != "none"


def quick_gate(held: Held, view: TubeView, population: str, points: Points) -> TubeView:
    """Return a tube with one gate moved, the outlines of all other gates kept.

    The moved gate's own count is final. Gates below it keep their outline here and are placed
    anew by ``preview_gate``, which takes ten times longer.

    Parameters
    ----------
    held : Held
        The tube, read and gated.
    view : TubeView
        The tube as it stands in the store.
    population : str
    points : sequence, shape (n_points, n_channels)
        On the scale that ``Boundary.points`` uses.
    """
    moved = _moved_outlines(held.populations, population, points)
    masks = _masks(held, moved)
    return replace(view, gates=tuple(_seen(g, masks, moved) for g in view.gates))


def _moved_outlines(
    populations: Populations, population: str, points: Points
) -> dict[str, Boundary]:
    """Return the new outlines by population: a cross moves the four populations around it."""
    from gating.boundary import redraw

    gate = populations.get(population)
    if gate is None:
        return {}
    boundary = redraw(gate.boundary, points, population)
    return {g.population: boundary for g in _around(populations, gate)}


def _around(populations: Populations, gate: GateResult) -> list[GateResult]:
    if gate.boundary.kind != "quadrant":
        return [gate]
    place = (gate.parent, gate.boundary.kind, gate.boundary.channels)
    return [g for g in populations if (g.parent, g.boundary.kind, g.boundary.channels) == place]


def _masks(held: Held, moved: Mapping[str, Boundary]) -> Masks:
    """Return every population's events; those that rest on no moved gate stay as they are."""
    masks: Masks = {ROOT: np.ones(held.populations.n_events, dtype=np.bool_)}
    touched: set[str] = set()
    for gate in held.populations:
        if gate.population not in moved and gate.parent not in touched:
            masks[gate.population] = gate.mask
            continue
        touched.add(gate.population)
        boundary = moved.get(gate.population, gate.boundary)
        masks[gate.population] = masks[gate.parent] & _selected(held, gate, boundary)
    return masks


def _selected(held: Held, gate: GateResult, boundary: Boundary) -> NDArray[np.bool_]:
    from gating.boundary import QUADRANTS, inside, is_above

    if boundary.kind == "none":
        return gate.mask
    linear = [held.columns.values(c) for c in boundary.channels]
    rank = [g.population for g in _around(held.populations, gate)].index(gate.population)
    above = is_above(gate.parameters.get("side"))
    return inside(boundary, linear, quadrant=QUADRANTS[rank % len(QUADRANTS)], above=above)


def _seen(gate: GateView, masks: Masks, moved: Mapping[str, Boundary]) -> GateView:
    if gate.population not in masks or gate.parent not in masks:
        return gate
    n_events = int(np.count_nonzero(masks[gate.population]))
    n_parent = int(np.count_nonzero(masks[gate.parent]))
    boundary = moved.get(gate.population, gate.boundary)
    share = n_events / n_parent if n_parent else None
    if (n_events, n_parent) == (gate.n_events, gate.n_parent):
        return replace(gate, boundary=boundary)
    return replace(
        gate, n_events=n_events, n_parent=n_parent, fraction=share, boundary=boundary,
        estimate=None, ci_low=None, ci_high=None,
    )  # fmt: skip
