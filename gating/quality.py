"""Was the acquisition steady? Clogs, gaps and drift, found over time in blocks of events."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labproc.model import Flag
from labproc.model.flag import info, review, warning

BLOCK_EVENTS = 500  # events a block, before it is asked whether it is like the others
LEAST_EVENTS = 2_000  # of a tube; 100 events a block still tell a clog from chance
MIN_BLOCKS = 20
MAX_BLOCKS = 200
LEVEL_LIMIT = 0.15  # a block whose share above the median is off by this has shifted
LEVEL_SIGMAS = 6.0
RATE_LOW, RATE_HIGH = 0.25, 3.0  # of the median rate: a clog, or a burst after one
DRIFT_LIMIT = 0.10
LOST_LIMIT = 0.5
FOR_MEDIAN = 10_000  # events: the share above it is then within a point of a half
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Which events were acquired in steady flow, and the fraction of the time that is."""

    kept: NDArray[np.bool_]
    kept_time: float
    removed_spans: tuple[tuple[float, float], ...] = ()
    flags: tuple[Flag, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Course:
    """An acquisition over time, in equal stretches: what quality control saw, for drawing.

    Parameters
    ----------
    edges : ndarray, shape (n_blocks + 1,)
        Seconds, where the file gives the time step.
    counts : ndarray, shape (n_blocks,)
        Events.
    kept : ndarray of bool, shape (n_blocks,)
    channels : tuple of str
    shares : ndarray, shape (n_channels, n_blocks)
        Of each stretch's events above the tube's median.
    """

    edges: Floats
    counts: Floats
    kept: NDArray[np.bool_]
    channels: tuple[str, ...]
    shares: Floats


def follow(
    time: NDArray[Any], channels: dict[str, NDArray[Any]], kept: NDArray[np.bool_]
) -> Course | None:
    """Return an acquisition over time; None where it is too short to be cut into stretches."""
    found = _cut(time)
    if found is None:
        return None
    blocks, edges = found
    counts, lost = blocks.sizes, blocks.count(~kept)
    usual = float(np.median(counts[counts > 0]))
    table = np.array([_shares(c, blocks) for c in channels.values()]).reshape(-1, counts.size)
    # where nothing came, nothing was kept
    return Course(edges, counts, (lost == 0) & (counts >= RATE_LOW * usual), (*channels,), table)


def _cut(time: NDArray[Any]) -> "tuple[Blocks, Floats] | None":
    """Return the stretches and their edges; None where there are too few events for any."""
    n = time.size
    low, high = (float(time.min()), float(time.max())) if n else (0.0, 0.0)
    if n < LEAST_EVENTS or not high > low:
        return None
    n_blocks = min(max(n // BLOCK_EVENTS, MIN_BLOCKS), MAX_BLOCKS)
    return Blocks.of(time, low, high, n_blocks), np.linspace(low, high, n_blocks + 1)


def check_flow(time: NDArray[Any], channels: Sequence[NDArray[Any]]) -> Steadiness:
    """Find the stretches of time that are not like the rest.

    Time is cut into equal stretches. A stretch is cut out where events came at less than a
    quarter or more than three times the usual rate, or where the share of events above a
    channel's overall median differs from the tube's running level by more than 15 points and by
    six standard errors. A slow drift is flagged, not cut: there is no telling which end is right.

    Parameters
    ----------
    time : ndarray, shape (n_events,)
    channels : sequence of ndarray, each of shape (n_events,)
        On any scale that keeps their order.
    """
    n = time.size
    cut = _cut(time)
    if cut is None:
        few = f"{n} events: too few to see whether the flow was steady"
        said = (info("flow_not_checked", few),) if n < LEAST_EVENTS else ()
        return Steadiness(np.ones(n, dtype=np.bool_), 1.0, flags=said)
    blocks, edges = cut
    bad_rate = _odd_rate(blocks.sizes)
    shares = np.array([_shares(c, blocks) for c in channels]).reshape(-1, blocks.sizes.size)
    bad_level, drift = _odd_level(shares, blocks.sizes)
    bad = bad_rate | bad_level
    kept = ~bad[blocks.labels] if bad.any() else np.ones(n, dtype=np.bool_)
    kept_time = float(1.0 - bad.mean())
    spans = tuple((float(edges[k]), float(edges[k + 1])) for k in np.flatnonzero(bad))
    return Steadiness(kept, kept_time, spans, _flags(bad_rate, bad_level, drift, kept_time))


@dataclass(frozen=True, slots=True)
class Blocks:
    """Events by equal stretches of time.

    Parameters
    ----------
    labels : ndarray of int16, shape (n_events,)
        The stretch of each event.
    order : ndarray or None
        What sorts the events by stretch; None where they are in order, as cytometers write them.
    sizes : ndarray, shape (n_blocks,)
        Events of each stretch.
    starts : ndarray, shape (n_filled_blocks,)
        Where in that order each stretch begins that holds any event.
    """

    labels: NDArray[np.int16]
    order: NDArray[np.int64] | None
    sizes: Floats
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, time: NDArray[Any], low: float, high: float, n_blocks: int) -> "Blocks":
        """Cut the time from ``low`` to ``high`` in ``n_blocks``."""
        place = time - low
        place *= n_blocks / (high - low)
        labels = place.astype(np.int16)
        np.minimum(labels, n_blocks - 1, out=labels)  # of floats it takes five times as long
        in_order = bool(np.all(labels[1:] >= labels[:-1]))
        order = None if in_order else np.argsort(labels, kind="stable")
        ordered = labels if order is None else labels[order]
        ends = np.searchsorted(ordered, np.arange(n_blocks + 1, dtype=np.int16))
        sizes = np.diff(ends)
        starts = ends[:-1][sizes > 0]  # reduceat gives an empty stretch its neighbour's event
        return cls(labels, order, sizes.astype(np.float64), starts)

    def count(self, chosen: NDArray[np.bool_]) -> Floats:
        """Count the chosen events of each stretch."""
        ordered = chosen if self.order is None else chosen[self.order]
        counts = np.zeros(self.sizes.size)
        found = np.add.reduceat(ordered.view(np.int8), self.starts, dtype=np.int32)
        counts[self.sizes > 0] = found
        return counts


def _odd_rate(sizes: Floats) -> NDArray[np.bool_]:
    usual = float(np.median(sizes[sizes > 0]))
    return np.asarray((sizes < RATE_LOW * usual) | (sizes > RATE_HIGH * usual))


def _shares(values: NDArray[Any], blocks: Blocks) -> Floats:
    """Return each block's share of events above the tube's median.

    The median is that of events taken evenly over time: any level near the middle tells one block
    from another as well, as long as it is the same for all.
    """
    some = values[:: max(values.size // FOR_MEDIAN, 1)]
    middle = np.partition(some, some.size // 2)[some.size // 2]
    return blocks.count(values > middle) / np.maximum(blocks.sizes, 1.0)


def _odd_level(shares: Floats, sizes: Floats) -> tuple[NDArray[np.bool_], float]:
    """Return the blocks off the running level, and the largest slow drift.

    Parameters
    ----------
    shares : ndarray, shape (n_channels, n_blocks)
    sizes : ndarray, shape (n_blocks,)
    """
    if not len(shares):
        return np.zeros(sizes.size, dtype=np.bool_), 0.0
    away = np.abs(shares - _medians(shares)[:, None])
    error = 0.5 / np.sqrt(np.maximum(sizes, 1.0))
    bad = (away > LEVEL_LIMIT) & (away > LEVEL_SIGMAS * error)
    fifth = max(sizes.size // 5, 1)
    drift = _medians(shares[:, -fifth:]) - _medians(shares[:, :fifth])
    return np.asarray(bad.any(axis=0)), float(np.abs(drift).max())


def _medians(rows: Floats) -> Floats:
    """Return each row's median; numpy's own looks for NaN first, which takes most of its time."""
    half = rows.shape[1] // 2
    parted = np.partition(rows, (half - 1, half) if rows.shape[1] % 2 == 0 else (half,), axis=1)
    return np.asarray(parted[:, (rows.shape[1] - 1) // 2 : half + 1].mean(axis=1))


def _flags(
    bad_rate: NDArray[np.bool_], bad_level: NDArray[np.bool_], drift: float, kept: float
) -> tuple[Flag, ...]:
    flags: list[Flag] = []
    if bad_rate.any():
        text = f"flow rate off in {bad_rate.mean():.0%} of the time; those events are left out"
        flags.append(info("flow_rate_gap", text))
    if bad_level.any():
        text = f"signal level off in {bad_level.mean():.0%} of the time; those events are left out"
        flags.append(info("unsteady_signal", text))
    if drift > DRIFT_LIMIT:
        text = f"signal drifted over the acquisition ({drift:.0%} of events crossed the median)"
        flags.append(warning("signal_drift", text))
    if kept < LOST_LIMIT:
        text = f"only {kept:.0%} of the acquisition was steady; measure the tube again"
        flags.append(review("unsteady_acquisition", text))
    return tuple(flags)
