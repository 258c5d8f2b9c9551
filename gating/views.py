"""What a drawing of each gate needs: densities of its parent, as plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.boundary import inside, is_above, is_drawable
from gating.columns import KEPT_BELOW, Columns, Rows
from gating.controls import Control
from gating.density import bin_index, histogram
from gating.quality import Course, follow
from gating.transforms import parse_transform
from labproc.model import ROOT, FlowTube, GateResult, Populations, Role, Spillover

N_BINS = 128
Floats = NDArray[np.float64]
Counted = tuple[Floats, tuple[tuple[float, float], ...]]  # counts, and the range of each axis


@dataclass(frozen=True, slots=True)
class GateDensity:
    """The parent's events on a gate's channels, counted on their display scales.

    Parameters
    ----------
    channels, labels, scales : tuple of str
        Detector, what the operator called it, and the display scale as text.
    counts : ndarray, shape (128,) or (128, 128)
        Events of the parent; the first axis is the first channel.
    edges : tuple of ndarray, each of shape (129,)
        Bin edges on the display scale.
    control_counts : ndarray or None
        The control's events of the same bins, scaled to the parent's number.
    median_fluorescence : tuple of float or None
        Of the gated events, linear; None where there are none.
    """

    channels: tuple[str, ...]
    labels: tuple[str, ...]
    scales: tuple[str, ...]
    counts: Floats
    edges: tuple[Floats, ...]
    control_counts: Floats | None = None
    median_fluorescence: tuple[float, ...] | None = None


def densities(
    tube: FlowTube,
    populations: Populations,
    *,
    spillover: Spillover | None = None,
    controls: Sequence[Control] = (),
) -> dict[str, GateDensity]:
    """Count the parent of each drawn gate in 128 bins a channel.

    ``spillover`` is used where the populations name none of their own. ``controls`` are overlaid
    where the gate leaned on one: the tube whose path its parameter ``control`` names, its events
    within the same outlines down to the gate's parent.
    """
    columns = Columns(tube, populations.spillover or spillover, populations.matrices)
    few = tube.events.n_events < KEPT_BELOW
    rows: dict[str, Rows | None] = {ROOT: None}
    rows |= {g.population: np.flatnonzero(g.mask) if few else g.mask for g in populations}
    counted: dict[tuple[str, ...], Counted] = {}
    made = {}
    for gate in populations:
        outline = gate.boundary
        if not is_drawable(outline):
            continue
        control = _control_of(gate, controls)
        overlay = None if control is None else _overlay(control, columns, gate, populations)
        beside = "" if control is None else control.tube.source.path
        key = (gate.parent, *outline.channels, *outline.scales, beside)
        if key not in counted:  # the four quadrants of a cross share theirs
            counted[key] = _counted(columns, gate, rows[gate.parent], overlay)
        inside_gate = [columns.of_rows(c, rows[gate.population]) for c in outline.channels]
        medians = tuple(_median(v) for v in inside_gate) if gate.n_events else None
        made[gate.population] = _density(columns, gate, counted[key], overlay, medians)
    return made


def time_course(
    tube: FlowTube, populations: Populations, *, spillover: Spillover | None = None
) -> Course | None:
    """Return the acquisition over time as quality control saw it; None where there was none."""
    steady = next((g for g in populations if "kept_time" in g.parameters), None)
    if steady is None or not tube.events.has(str(steady.parameters.get("time", ""))):
        return None
    columns = Columns(tube, populations.spillover or spillover, populations.matrices)
    watched = str(steady.parameters["watched"]).split(",")
    channels = {_label(columns, c): columns.values(c) for c in watched if tube.events.has(c)}
    return follow(columns.values(str(steady.parameters["time"])), channels, steady.mask)


def median_fluorescence(
    tube: FlowTube, populations: Populations, population: str, *, spillover: Spillover | None = None
) -> tuple[float, float | None, float | None] | None:
    """Return the median of a population's events on its gate's one channel, with its interval.

    The 95 % interval runs between the order statistics n/2 -+ 1.96 sqrt(n)/2, whatever the
    distribution; under six events there is none.
    """
    gate = populations.get(population)
    if gate is None or len(gate.channels) != 1 or not gate.n_events:
        return None
    columns = Columns(tube, populations.spillover or spillover, populations.matrices)
    values = np.sort(columns.values(gate.channels[0])[gate.mask])
    n = values.size
    half = 1.96 * np.sqrt(n) / 2.0
    low, high = int(np.floor(n / 2.0 - half)) - 1, int(np.ceil(n / 2.0 + half))
    if low < 0 or high >= n:
        return float(np.median(values)), None, None
    return float(np.median(values)), float(values[low]), float(values[high])


def _control_of(gate: GateResult, controls: Sequence[Control]) -> Control | None:
    named = gate.parameters.get("control")
    usable = [c for c in controls if c.role in (Role.UNTRANSDUCED, Role.FMO, Role.UNSTAINED)]
    return next((c for c in usable if c.tube.source.path == named), None)


def _overlay(
    control: Control, columns: Columns, gate: GateResult, populations: Populations
) -> Floats | None:
    """Return the control on the gate's display scale, within the outlines of its ancestors.

    None where the gate has two channels: over a plane nothing is drawn.
    """
    if len(gate.boundary.channels) != 1:
        return None
    other = Columns(control.tube, columns.spillover, columns.matrices)
    if not all(control.tube.events.has(c) for c in gate.boundary.channels):
        return None
    kept = np.ones(control.tube.events.n_events, dtype=np.bool_)
    above = populations.get(gate.parent)
    while above is not None:
        outline = above.boundary
        known = all(c in control.tube.events.names or "/" in c for c in outline.channels)
        if outline.kind not in ("none", "quadrant") and known:
            side = is_above(above.parameters.get("side"))
            kept &= inside(outline, [other.values(c) for c in outline.channels], above=side)
        above = populations.get(above.parent)
    scale = parse_transform(gate.boundary.scales[0])
    shown = np.asarray(scale.forward(other.values(gate.boundary.channels[0])[kept]))
    return _finite([shown])[0]


def _counted(
    columns: Columns, gate: GateResult, rows: Rows | None, overlay: Floats | None
) -> Counted:
    """Count a gate's parent on the gate's display scales; return counts and bin ranges.

    The range holds the control's events too.
    """
    pairs = zip(gate.boundary.channels, gate.boundary.scales, strict=True)
    shown = _finite(
        [np.asarray(parse_transform(s).forward(columns.of_rows(c, rows))) for c, s in pairs]
    )
    limits = tuple(_limits(v) for v in shown)
    if overlay is not None and overlay.size:
        beside = _limits(overlay)
        limits = ((min(limits[0][0], beside[0]), max(limits[0][1], beside[1])),)
    return _count(shown, limits), limits


def _density(
    columns: Columns,
    gate: GateResult,
    counted: Counted,
    overlay: Floats | None,
    medians: tuple[float, ...] | None,
) -> GateDensity:
    channels, scales = gate.boundary.channels, gate.boundary.scales
    counts, limits = counted
    control_counts = None
    if overlay is not None:
        control_counts = _count([overlay], limits)
        control_counts *= counts.sum() / max(float(control_counts.sum()), 1.0)
    edges = tuple(np.linspace(low, high, N_BINS + 1) for low, high in limits)
    labels = tuple(_label(columns, c) for c in channels)
    return GateDensity(channels, labels, scales, counts, edges, control_counts, medians)


def _median(values: NDArray[Any]) -> float:
    """Return the median; one element is sought, where numpy's own looks for two and for NaN."""
    half = values.size // 2
    parted = np.partition(values, half)
    middle = parted[half : half + 1] if values.size % 2 else [parted[:half].max(), parted[half]]
    return float(np.mean(middle))


def _finite(shown: list[NDArray[Any]]) -> list[NDArray[Any]]:
    """Leave out events that have no place on an axis: a ratio that divides by nothing."""
    placed = np.logical_and.reduce([np.isfinite(v) for v in shown])
    return shown if placed.all() else [v[placed] for v in shown]


def _limits(values: NDArray[np.float64]) -> tuple[float, float]:
    binned = histogram(values, N_BINS)
    return binned.low, binned.high


def _count(shown: Sequence[NDArray[np.float64]], limits: Sequence[tuple[float, float]]) -> Floats:
    bins = [bin_index(v, *ends, N_BINS) for v, ends in zip(shown, limits, strict=True)]
    flat = bins[0] if len(bins) == 1 else bins[0] * N_BINS + bins[1]
    counts = np.bincount(flat, minlength=N_BINS ** len(bins)).astype(np.float64)
    return counts.reshape((N_BINS,) * len(bins))


def _label(columns: Columns, channel: str) -> str:
    if not columns.events.has(channel):
        return channel
    return columns.channel(channel).label or channel
