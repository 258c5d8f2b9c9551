"""What the acquisition itself says about a count: volume, event rate."""

import numpy as np

from labproc.model import Flag, FlowTube
from labproc.model.flag import review, warning

VOLUME_TOLERANCE = 0.10  # $VOL against flow rate x time
VOLUME_STEP_UL = 1.0  # the Attune NxT writes $VOL in steps of about 1 µL
SMALL_VOLUME_UL = 20.0  # below it one step is 5 % of the count
COMFORTABLE_RATE = 20_000.0  # events/s; above it coincident events grow on an Attune NxT


def acquisition_flags(tube: FlowTube) -> list[Flag]:
    """Return the reasons to doubt a count that the acquisition gives."""
    seconds = acquired_seconds(tube)
    return [*_volume_flags(tube, seconds), *_rate_flags(tube, seconds)]


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
    if volume < SMALL_VOLUME_UL:
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
