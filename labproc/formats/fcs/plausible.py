"""Do the values look like events, or like bytes read in the wrong order or as the wrong type."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.formats.fcs.decode import Matrix, decode, read_matrix
from labproc.formats.fcs.layout import Layout
from labproc.formats.fcs.source import Source
from labproc.model import Channel
from labproc.model.flag import Flag, info, review, warning

SAMPLE_EVENTS = 60_000  # enough to see a rate of 0.1 %
SAMPLE_PIECES = 30
NOT_FINITE = 0.001  # share of NaN and infinity above which the type looks wrong
DENORMAL = 0.01  # share of values too small to be measured
TINY = 1e-30  # no detector, time step or gain gives less
FAR = 1e3  # times $PnR: no compensation throws a value so far
OUTSIDE = 0.01  # share of values above $PnR that is worth saying
ENOUGH = 50  # events from which on a share is a share


def sample(source: Source, layout: Layout, begin: int, n_events: int) -> tuple[Matrix, Matrix]:
    """Return some events in file order, masked and as stored.

    All of a small file; of a large one 30 pieces spread over it.
    """
    columns = range(len(layout.fields))
    if layout.is_free:
        values = read_matrix(source, layout, begin, n_events)
        return values, values
    raws, rows = _pieces(source, layout, begin, n_events)
    blocks = list(zip(raws, rows, strict=True))
    kept = [decode(r, layout, n, columns) for r, n in blocks]
    if all(f.mask is None for f in layout.fields):
        values = np.concatenate(kept) if kept else np.empty((0, len(columns)))
        return values, values
    stored = [decode(r, layout, n, columns, masked=False) for r, n in blocks]
    return np.concatenate(kept), np.concatenate(stored)


def _pieces(
    source: Source, layout: Layout, begin: int, n_events: int
) -> tuple[list[bytes], list[int]]:
    size = max(SAMPLE_EVENTS // SAMPLE_PIECES, 8)
    size -= size % 8  # packed events begin on whole bytes
    starts: Sequence[int] = range(0, n_events, size)
    if n_events > SAMPLE_EVENTS:
        starts = [int(s) // 8 * 8 for s in np.linspace(0, n_events - size, SAMPLE_PIECES)]
    rows = [min(size, n_events - s) for s in starts]
    places = [begin + s * layout.event_bits // 8 for s in starts]
    return [source.read(p, layout.n_bytes(r)) for p, r in zip(places, rows, strict=True)], rows


@dataclass(frozen=True, slots=True)
class Look:
    """How a reading of DATA looks: values that cannot have been measured, and the worst share."""

    n_impossible: int
    share: float


def take_look(values: Matrix, stored: Matrix, channels: Sequence[Channel]) -> Look:
    """Judge one of several readings of the same bytes.

    Counts values outside $PnR, not finite, too small to be measured, or with bits above $PnR;
    ``share`` is the worst channel's, or that of a clock that runs backwards.
    """
    if not len(values):
        return Look(0, 0.0)
    bad = [_unmeasurable(values[:, i], stored[:, i], c) for i, c in enumerate(channels)]
    shares = [float(np.mean(b)) for b in bad]
    shares += [_backwards(values[:, i]) for i in clocks(channels)]
    return Look(sum(int(np.count_nonzero(b)) for b in bad), max(shares))


def clocks(channels: Sequence[Channel]) -> list[int]:
    """Return the columns that hold the time of each event."""
    return [i for i, c in enumerate(channels) if c.name.strip().casefold() in ("time", "hdr-t")]


def _backwards(clock: Matrix) -> float:
    return float(np.mean(np.diff(clock.astype(np.float64)) < 0)) if clock.size > 1 else 0.0


def _unmeasurable(values: Matrix, stored: Matrix, channel: Channel) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        size = np.abs(values.astype(np.float64))
        bad = ~np.isfinite(size) | ((size > 0) & (size < TINY))
        if channel.range is not None:
            bad |= size > channel.range * (1 if stored.dtype.kind == "u" else FAR)
        if stored is not values:
            bad |= stored.astype(np.float64) != values.astype(np.float64)
    return bad


def value_flags(values: Matrix, stored: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    """Say what is odd about the values of a sample of events."""
    if not len(values):
        return []
    found = [*_float_flags(values, channels), *_mask_flags(values, stored, channels)]
    found += _range_flags(values, channels)
    if len(values) >= ENOUGH and bool(np.all(values == values[0])):
        found.append(review("constant_events", "every event is the same"))
    return found


def _named(channels: Sequence[Channel], which: NDArray[np.bool_]) -> str:
    names = [c.name for c, w in zip(channels, which, strict=True) if w]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _float_flags(values: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    lost = np.mean(~np.isfinite(values), axis=0)
    size = np.abs(values)
    with np.errstate(invalid="ignore"):
        tiny = np.mean((size > 0) & (size < TINY), axis=0)
    found = []
    if np.any(lost > 0):
        text = f"{_named(channels, lost > 0)}: up to {lost.max():.2%} of values NaN or infinite"
        make = review if np.any(lost > NOT_FINITE) else warning
        found.append(make("values_not_finite", f"{text}; byte order or data type looks wrong"))
    if np.any(tiny > DENORMAL):
        text = f"{_named(channels, tiny > DENORMAL)}: values below {TINY:g}"
        found.append(review("values_denormal", f"{text}; byte order or data type looks wrong"))
    return found


def _mask_flags(values: Matrix, stored: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    if stored is values:
        return []
    above = np.mean(stored.astype(np.float64) != values.astype(np.float64), axis=0)
    if not np.any(above > 0):
        return []
    text = f"{_named(channels, above > 0)}: bits above $PnR are set in up to {above.max():.1%}"
    return [warning("bits_above_range", f"{text} of the events and were left out of the values")]


def _range_flags(values: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    ranges = np.array([c.range if c.range else np.inf for c in channels])
    with np.errstate(invalid="ignore"):
        far = np.mean(np.abs(values) > ranges * FAR, axis=0)
        above = np.mean(values > ranges, axis=0)
    if np.any(far > NOT_FINITE):
        text = f"{_named(channels, far > NOT_FINITE)}: values over {FAR:g} times $PnR"
        return [review("values_far_above_range", f"{text}; byte order or data type looks wrong")]
    if np.any(above > OUTSIDE):
        text = f"{_named(channels, above > OUTSIDE)}: up to {above.max():.1%} of values above $PnR"
        return [info("values_above_range", text)]
    return []
