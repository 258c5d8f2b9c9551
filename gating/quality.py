"""Was the acquisition steady? Clogs, gaps and drift, found over time in blocks of events."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import histogram
from labproc.model import Flag
from labproc.model.flag import info, review, warning

BLOCK_EVENTS = 500  # events a block, before it is asked whether it is like the others
MIN_BLOCKS = 20
MAX_BLOCKS = 200
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
    n = time.size
    everything = np.ones(n, dtype=np.bool_)
    n_blocks = int(np.clip(n // BLOCK_EVENTS, 0, MAX_BLOCKS))
    low, high = (float(time.min()), float(time.max())) if n else (0.0, 0.0)
    if n_blocks < MIN_BLOCKS or not high > low:
        return Steadiness(everything, 1.0)
    block = np.minimum((time - low) * (n_blocks / (high - low)), n_blocks - 1).astype(np.int64)
    sizes = np.bincount(block, minlength=n_blocks).astype(np.float64)
    bad_rate = _odd_rate(sizes)
    shares = np.array([_shares(c, block, n_blocks) for c in channels]).reshape(-1, n_blocks)
    bad_level, drift = _odd_level(shares, sizes)
    bad = bad_rate | bad_level
    kept = ~bad[block] if bad.any() else everything
    kept_time = float(1.0 - bad.mean())
    edges = np.linspace(low, high, n_blocks + 1)
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
