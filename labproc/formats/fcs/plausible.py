"""Do the values look like events, or like bytes read in the wrong order or as the wrong type."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labproc.formats.fcs.block import Matrix, decode
from labproc.formats.fcs.decode import read_blocks
from labproc.formats.fcs.layout import Layout
from labproc.formats.fcs.source import Source
from labproc.model import Channel
from labproc.model.flag import Flag, info, review, warning

SAMPLE_EVENTS = 12_000  # enough to see a rate of 0.1 %
SAMPLE_PIECES = 15
NOT_FINITE = 0.001  # share of NaN and infinity above which the type looks wrong
DENORMAL = 0.01  # share of values too small to be measured
TINY = 1e-30  # no detector, time step or gain gives less
FAR = 1e3  # times $PnR: no compensation throws a value so far
OUTSIDE = 0.01  # share of values above $PnR that is worth saying
EXACT_BITS = 53  # of a float64
ENOUGH = 50  # events from which on equal ones are no chance
ENOUGH_FOR_ORDER = 500  # events that show how a channel's values spread
LOWEST_PART = 64  # of a full range: where most events of a real channel lie
MANY_VALUES = 300  # different ones; 8 bits shifted left have 256


def sample(source: Source, layout: Layout, begin: int, n_events: int) -> Matrix:
    """Return some events in file order: all of a small file, 15 pieces of a large one."""
    columns = range(len(layout.fields))
    if layout.is_free:
        return next(
            read_blocks(source, layout, begin, n_events, columns), np.empty((0, len(columns)))
        )
    pieces = _pieces(layout, begin, n_events)
    raw = source.read_pieces([(at, layout.n_bytes(rows)) for at, rows in pieces])
    values = decode(raw, layout, sum(rows for _, rows in pieces), columns)
    return np.asfortranarray(values)  # each channel is counted on its own


def _pieces(layout: Layout, begin: int, n_events: int) -> list[tuple[int, int]]:
    """Return where the pieces begin and how many events each has; all whole bytes but the last."""
    size = SAMPLE_EVENTS // SAMPLE_PIECES
    size -= size % 8  # packed events begin on whole bytes
    starts: Sequence[int] = range(0, n_events, size)
    if n_events > SAMPLE_EVENTS:
        last = n_events - size
        starts = [k * last // (SAMPLE_PIECES - 1) // 8 * 8 for k in range(SAMPLE_PIECES)]
    return [(begin + s * layout.event_bits // 8, min(size, n_events - s)) for s in starts]


def bits_above_range(
    source: Source, layout: Layout, begin: int, n_events: int
) -> NDArray[np.int64]:
    """Count, in every channel, the events that have bits set above $PnR; reads all of them."""
    counts = np.zeros(len(layout.fields), np.int64)
    columns = [i for i, f in enumerate(layout.fields) if f.mask is not None]
    if not columns:
        return counts
    keep = np.array([layout.fields[i].mask for i in columns], np.uint64)
    for block in read_blocks(source, layout, begin, n_events, columns, masked=False):
        counts[columns] += np.count_nonzero(block > keep, axis=0)
    return counts


@dataclass(frozen=True, slots=True)
class Look:
    """How a reading of DATA looks: values that cannot have been measured, and the worst share."""

    n_impossible: int
    share: float


def take_look(
    values: Matrix, channels: Sequence[Channel], layout: Layout, above: NDArray[np.int64]
) -> Look:
    """Judge one of several readings of the same bytes.

    Counts values outside $PnR, not finite, too small to be measured, or with bits ``above``
    $PnR; ``share`` is the worst channel's, or that of a clock that runs backwards.
    """
    if not len(values):
        return Look(0, 0.0)
    counts = _unmeasurable(values, channels, layout) + above
    shares = [float(c) / len(values) for c in counts]
    shares += [_backwards(values[:, i]) for i in clocks(channels)]
    return Look(int(counts.sum()), max(shares))


def clocks(channels: Sequence[Channel]) -> list[int]:
    """Return the columns that hold the time of each event."""
    return [i for i, c in enumerate(channels) if c.name.strip().casefold() in ("time", "hdr-t")]


def _backwards(clock: Matrix) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.diff(clock.astype(np.float64))
    return float(np.mean(~(steps >= 0))) if clock.size > 1 else 0.0


def _unmeasurable(values: Matrix, channels: Sequence[Channel], layout: Layout) -> NDArray[np.int64]:
    """Count the values of each channel that no instrument gives."""
    factor = [1.0 if f.kind == "I" else FAR for f in layout.fields]
    limits = np.array([c.range or np.inf for c in channels]) * factor
    with np.errstate(invalid="ignore"):
        size = np.abs(values.astype(np.float64))
        bad = ~np.isfinite(size) | ((size > 0) & (size < TINY)) | (size > limits)
    return np.asarray(np.count_nonzero(bad, axis=0), np.int64)


def value_flags(
    values: Matrix,
    channels: Sequence[Channel],
    layout: Layout,
    above: NDArray[np.int64],
    n_events: int,
) -> list[Flag]:
    """Say what is odd about the values: ``values`` is a sample, ``above`` counts all events."""
    if not len(values):
        return []
    with np.errstate(invalid="ignore"):  # NaN is one of the things looked for
        return _value_flags(values, channels, layout, above, n_events)


def _value_flags(
    values: Matrix,
    channels: Sequence[Channel],
    layout: Layout,
    above: NDArray[np.int64],
    n_events: int,
) -> list[Flag]:
    size = np.abs(values)
    top = size.max(axis=0)
    found = [*_float_flags(size, top, channels), *_mask_flags(above, channels, n_events)]
    found += [*_range_flags(values, size, top, channels), *_order_flags(values, channels, layout)]
    if any(f.kind == "I" and f.bits > EXACT_BITS for f in layout.fields):
        found += _exact_flags(values, channels)
    if len(values) >= ENOUGH and np.array_equal(values[0], values[-1]) and _is_constant(values):
        found.append(review("constant_events", "every event is the same"))
    elif _longest_empty(values) >= ENOUGH:
        text = f"{ENOUGH} or more events in a row are 0 in every channel; a part may be lost"
        found.append(review("events_all_zero", text))
    return found


def _exact_flags(values: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    large = np.any(values >= 2.0**EXACT_BITS, axis=0)
    if not np.any(large):
        return []
    text = f"{_named(channels, large)}: integers above 2^{EXACT_BITS} lose their last digits"
    return [warning("values_inexact", text)]


def _is_constant(values: Matrix) -> bool:
    return bool(np.all(values == values[0]))


def _longest_empty(values: Matrix) -> int:
    """Return the longest run of events that are 0 in every channel."""
    rows = np.flatnonzero(values[:, 0] == 0)
    if len(rows) < ENOUGH:
        return 0
    rows = rows[~(values[rows] != 0).any(axis=1)]
    breaks = np.flatnonzero(np.diff(rows) != 1)
    edges = np.concatenate([[-1], breaks, [len(rows) - 1]])
    return int(np.max(np.diff(edges)))


def _named(channels: Sequence[Channel], which: NDArray[np.bool_]) -> str:
    names = [c.name for c, w in zip(channels, which, strict=True) if w]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _share(which: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the share of events in each channel."""
    return np.array([np.count_nonzero(column) for column in which.T]) / len(which)


def _float_flags(size: Matrix, top: Matrix, channels: Sequence[Channel]) -> list[Flag]:
    small = size < TINY
    if np.isfinite(top).all() and not small.any():
        return []
    lost = _share(~np.isfinite(size))
    tiny = _share((size > 0) & small)
    found = []
    if np.any(lost > 0):
        text = f"{_named(channels, lost > 0)}: up to {lost.max():.2%} of values NaN or infinite"
        found.append(warning("values_not_finite", f"{text}; gates leave them out"))
    if np.any(lost > NOT_FINITE):
        text = f"{_named(channels, lost > NOT_FINITE)}: over {NOT_FINITE:.1%} not finite"
        found.append(review("values_garbled", f"{text}; byte order or data type looks wrong"))
    if np.any(tiny > DENORMAL):
        text = f"{_named(channels, tiny > DENORMAL)}: values below {TINY:g}"
        found.append(review("values_garbled", f"{text}; byte order or data type looks wrong"))
    return found


def _mask_flags(above: NDArray[np.int64], channels: Sequence[Channel], n_events: int) -> list[Flag]:
    if not np.any(above):
        return []
    text = f"{_named(channels, above > 0)}: bits above $PnR are set in up to {above.max()}"
    text += f" of {n_events} events"
    return [warning("bits_above_range", f"{text} and were left out of the values")]


def _range_flags(
    values: Matrix, size: Matrix, top: Matrix, channels: Sequence[Channel]
) -> list[Flag]:
    ranges = np.array([c.range or np.inf for c in channels], values.dtype)
    if np.all(top <= ranges):
        return []
    far = _share(size > ranges * values.dtype.type(FAR))
    above = _share(values > ranges)
    if np.any(far > NOT_FINITE):
        text = f"{_named(channels, far > NOT_FINITE)}: values over {FAR:g} times $PnR"
        return [review("values_garbled", f"{text}; byte order or data type looks wrong")]
    if np.any(above > OUTSIDE):
        text = f"{_named(channels, above > OUTSIDE)}: up to {above.max():.1%} of values above $PnR"
        return [info("values_above_range", text)]
    return []


def _order_flags(values: Matrix, channels: Sequence[Channel], layout: Layout) -> list[Flag]:
    """Doubt the byte order of integers that use their whole range the wrong way round."""
    full = [
        i
        for i, f in enumerate(layout.fields)
        if f.kind == "I" and f.mask is None and f.bits in (16, 32)
    ]
    if len(values) < ENOUGH_FOR_ORDER or not full:
        return []
    odd = np.zeros(len(channels), np.bool_)
    odd[[i for i in full if _looks_swapped(values[:, i], layout.fields[i].bits)]] = True
    if 2 * np.count_nonzero(odd) <= len(full):
        return []
    text = f"{_named(channels, odd)}: read in the other byte order, all values would be small"
    return [review("byte_order_doubtful", text)]


def _looks_swapped(column: Matrix, bits: int) -> bool:
    stored = column.astype(f"<u{bits // 8}")
    low = (1 << bits) // LOWEST_PART
    is_high = float(np.mean(stored >= low)) > 0.5
    is_low_swapped = float(np.mean(stored.byteswap() < low)) > 0.99
    return is_high and is_low_swapped and np.unique(stored).size > MANY_VALUES
