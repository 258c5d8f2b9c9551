"""What the acquisition itself says about a count: volume, event rate, carry-over, saved gates."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from labproc.model import Flag, FlowTube
from labproc.model.flag import review, warning

VOLUME_TOLERANCE = 0.10  # $VOL against flow rate x time
VOLUME_STEP_UL = 1.0  # the Attune NxT writes $VOL in steps of about 1 µL
SMALL_VOLUME_UL = 20.0  # below it one step is 5 % of the count
COMFORTABLE_RATE = 20_000.0  # events/s; above it coincident events grow on an Attune NxT
START = 0.05  # of the acquisition: what is left of the tube before comes first
MORE_AT_START = 1.5  # times as many cells as later, and by six standard errors
SIGMAS = 6.0
EDGE_BINS = 40  # between the lowest event and the median
HARD_EDGE = 0.5  # of the fullest bin, in the first one
ENOUGH = 1000  # events, to tell an edge from chance
NEAR_ZERO = 0.03  # of the range: events may begin there by themselves


def acquisition_flags(tube: FlowTube, counted: NDArray[np.bool_]) -> list[Flag]:
    """Return the reasons to doubt a count that the acquisition gives.

    Parameters
    ----------
    counted : ndarray of bool, shape (n_events,)
        The events that are counted.
    """
    seconds = acquired_seconds(tube)
    return [
        *_volume_flags(tube, seconds),
        *_rate_flags(tube, seconds),
        *_carry_over(tube, counted),
        *_saved_gated(tube),
    ]


def acquired_seconds(tube: FlowTube) -> float | None:
    """Return how long the tube was acquired by its Time channel, in s; None where unknown."""
    events = tube.events
    if tube.time_step_s is None or not events.has("Time") or events.n_events < 2:
        return None
    time = events.column("Time")
    ticks = float(np.nanmax(time) - np.nanmin(time))
    step = tube.time_step_s if events.scale == "raw" else 1.0
    return ticks * step if ticks > 0 else None


def _volume_flags(tube: FlowTube, seconds: float | None) -> list[Flag]:
    volume = tube.events.volume_ul
    if not volume or volume <= 0:
        return []
    flags = []
    if volume < SMALL_VOLUME_UL and "attune" in tube.cytometer.casefold():
        text = f"{volume:g} µL were acquired; the cytometer reads volume in steps of about 1 µL"
        flags.append(warning("small_volume", text))
    if seconds is None or not tube.flow_rate_ul_min:
        return flags
    expected = tube.flow_rate_ul_min * seconds / 60.0
    if abs(volume - expected) > max(VOLUME_TOLERANCE * expected, VOLUME_STEP_UL):
        text = f"$VOL says {volume:.3g} µL, flow rate x time {expected:.3g} µL"
        flags.append(review("implausible_volume", f"{text}; more than 10 % apart"))
    return flags


def _rate_flags(tube: FlowTube, seconds: float | None) -> list[Flag]:
    if seconds is None:
        return []
    rate = tube.events.n_events / seconds
    if rate <= COMFORTABLE_RATE:
        return []
    text = f"{rate:,.0f} events/s; above {COMFORTABLE_RATE:,.0f} coincident events are lost"
    return [warning("high_event_rate", f"{text}: dilute the sample")]


def _carry_over(tube: FlowTube, counted: NDArray[np.bool_]) -> list[Flag]:
    """Flag a tube that begins with many more cells than it goes on with."""
    events = tube.events
    if not events.has("Time") or not counted.any():
        return []
    time = np.asarray(events.column("Time"), dtype=np.float64)
    first = time < np.nanmin(time) + START * np.ptp(time)
    early = int(np.count_nonzero(counted & first))
    expected = START / (1.0 - START) * int(np.count_nonzero(counted & ~first))
    if early <= MORE_AT_START * expected or early - expected <= SIGMAS * sqrt(expected + 1.0):
        return []
    text = f"the first {START:.0%} of the time hold {early} cells where {expected:.0f} are expected"
    return [review("carry_over", f"{text}: carry-over from the tube before, or a burst")]


def _saved_gated(tube: FlowTube) -> list[Flag]:
    """Flag a file that was saved through a gate: events outside it are gone."""
    if tube.keywords.get("$GATE", "0").strip() not in ("", "0"):
        text = "the file says that it holds gated events ($GATE)"
        return [review("gated_file", f"{text}; save all events to count them")]
    trigger = " ".join(v for k, v in tube.keywords.items() if k.startswith(("#TR", "$TR"))).upper()
    for name in ("FSC-A", "SSC-A"):
        if trigger and name[:3] not in trigger and tube.events.has(name) and _hard_edge(tube, name):
            text = f"{name} begins abruptly although the threshold is elsewhere ({trigger})"
            return [review("gated_file", f"{text}; was the file saved through a gate?")]
    return []


def _hard_edge(tube: FlowTube, name: str) -> bool:
    """Whether a channel's events begin at once, well above zero."""
    channel = tube.events.channels[tube.events.index(name)]
    values = np.asarray(tube.events.column(name), dtype=np.float64)
    if values.size < ENOUGH:
        return False
    lowest, middle = float(values.min()), float(np.median(values))
    if lowest < NEAR_ZERO * (channel.range or float(values.max())) or not middle > lowest:
        return False
    counts, _ = np.histogram(values, EDGE_BINS, (lowest, middle))
    return bool(counts[0] > HARD_EDGE * counts.max())
