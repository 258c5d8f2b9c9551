"""Was the acquisition steady? Clogs, gaps and drift, found over time in blocks of events."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import histogram
from labproc.model import Flag
from labproc.model.flag import info, review, warning

BLOCK_EVENTS = 500  # events a block, before it is asked whether it is like the others
LEAST_EVENTS = 2_000  # of a tube; 100 events a block still tell a clog from chance
MIN_BLOCKS = 20
MAX_BLOCKS = 200
AT_LIMIT = 0.05  # of the events at one end of a channel's range, to be said
LIMIT_FAR = 0.30  # at the top, to need a look: low ends hold whatever is dim
LEVEL_LIMIT = 0.15  # a block whose share above the median is off by this has shifted
LEVEL_SIGMAS = 6.0
RATE_LOW, RATE_HIGH = 0.25, 3.0  # of the median rate: a clog, or a burst after one
DRIFT_LIMIT = 0.10
LOST_LIMIT = 0.5
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
    cut = _blocks(time)
    if cut is None:
        return None
    block, n_blocks, edges = cut
    counts = np.bincount(block, minlength=n_blocks).astype(np.float64)
    lost = np.bincount(block[~kept], minlength=n_blocks)
    usual = float(np.median(counts[counts > 0]))
    shares = [_shares(c, block, n_blocks) for c in channels.values()]
    table = np.array(shares).reshape(-1, n_blocks)
    # where nothing came, nothing was kept
    return Course(edges, counts, (lost == 0) & (counts >= RATE_LOW * usual), (*channels,), table)


def _blocks(time: NDArray[Any]) -> tuple[NDArray[np.int64], int, Floats] | None:
    """Return the stretch of each event, their number and edges."""
    n = time.size
    if n < LEAST_EVENTS:
        return None
    n_blocks = int(np.clip(n // BLOCK_EVENTS, MIN_BLOCKS, MAX_BLOCKS))
    low, high = float(time.min()), float(time.max())
    if not high > low:
        return None
    block = np.minimum((time - low) * (n_blocks / (high - low)), n_blocks - 1).astype(np.int64)
    return block, n_blocks, np.linspace(low, high, n_blocks + 1)


def at_limits(
    names: tuple[str, ...], channels: tuple[NDArray[Any], ...], tops: tuple[float | None, ...]
) -> dict[str, float]:
    """Return the share of events at either end of each channel's range, where it is not small.

    The lower end is the lowest value itself: where the instrument cuts at 0, events pile up there.
    """
    found = {}
    for name, values, top in zip(names, channels, tops, strict=True):
        if not values.size:
            continue
        high = float(np.mean(values >= top)) if top is not None else 0.0
        low = float(np.mean(values == values.min())) if values.min() < values.max() else 0.0
        if max(high, low) > AT_LIMIT:
            found[f"{name} at its {'top' if high >= low else 'bottom'}"] = max(high, low)
    return found


def margin_flags(found: dict[str, float]) -> tuple[Flag, ...]:
    """Say which channels hold many events at an end of their range."""
    if not found:
        return ()
    words = ", ".join(f"{share:.0%} of {name}" for name, share in found.items())
    grave = any(share > LIMIT_FAR for name, share in found.items() if name.endswith(" top"))
    return (
        (review if grave else warning)("margin_events", f"events at an end of the range: {words}"),
    )


def check_flow(time: NDArray[Any], channels: tuple[NDArray[Any], ...]) -> Steadiness:
    """Find the stretches of time that are not like the rest.

    Time is cut into equal stretches. A stretch is cut out where events came at less than a
    quarter or more than three times the usual rate, or where the share of events above a
    channel's overall median differs from the tube's running level by more than 15 points and by
    six standard errors. A slow drift is flagged, not cut: there is no telling which end is right.

    Parameters
    ----------
    time : ndarray, shape (n_events,)
    channels : tuple of ndarray, each of shape (n_events,)
        On any scale that keeps their order.
    """
    everything = np.ones(time.size, dtype=np.bool_)
    cut = _blocks(time)
    if cut is None:
        few = f"{time.size} events: too few to see whether the flow was steady"
        said = (info("flow_not_checked", few),) if time.size < LEAST_EVENTS else ()
        return Steadiness(everything, 1.0, flags=said)
    block, n_blocks, edges = cut
    sizes = np.bincount(block, minlength=n_blocks).astype(np.float64)
    bad_rate = _odd_rate(sizes)
    shares = np.array([_shares(c, block, n_blocks) for c in channels]).reshape(-1, n_blocks)
    bad_level, drift = _odd_level(shares, sizes)
    bad = bad_rate | bad_level
    kept = ~bad[block] if bad.any() else everything
    kept_time = float(1.0 - bad.mean())
    spans = tuple((float(edges[k]), float(edges[k + 1])) for k in np.flatnonzero(bad))
    return Steadiness(kept, kept_time, spans, _flags(bad_rate, bad_level, drift, kept_time))


def _odd_rate(sizes: Floats) -> NDArray[np.bool_]:
    usual = float(np.median(sizes[sizes > 0]))
    return np.asarray((sizes < RATE_LOW * usual) | (sizes > RATE_HIGH * usual))


def _shares(values: NDArray[Any], block: NDArray[np.int64], n_blocks: int) -> Floats:
    """Return each block's share of events above the tube's median (to one in 256 levels)."""
    binned = histogram(values)
    middle = int(np.searchsorted(np.cumsum(binned.counts), binned.total / 2.0)) + 1
    code = block * 2
    code += values > binned.at(middle)
    counts = np.bincount(code, minlength=2 * n_blocks).reshape(n_blocks, 2)
    return np.asarray(counts[:, 1] / np.maximum(counts.sum(axis=1), 1.0))


def _odd_level(shares: Floats, sizes: Floats) -> tuple[NDArray[np.bool_], float]:
    """Return the blocks off the running level, and the largest slow drift."""
    bad = np.zeros(sizes.size, dtype=np.bool_)
    drift = 0.0
    error = 0.5 / np.sqrt(np.maximum(sizes, 1.0))
    for share in shares:
        usual = np.median(share)
        away = np.abs(share - usual)
        bad |= (away > LEVEL_LIMIT) & (away > LEVEL_SIGMAS * error)
        fifth = max(sizes.size // 5, 1)
        ends = [float(np.median(share[:fifth])), float(np.median(share[-fifth:]))]
        drift = max(drift, abs(ends[1] - ends[0]))
    return bad, drift


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
