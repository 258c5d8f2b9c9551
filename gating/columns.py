"""Single channels of a tube on the compensated scale, worked out when a gate asks for them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating._parts import parts
from gating.channel_names import FILE, NONE, Ratio, parse_ratio, split_tag, tagged
from gating.compensation import linear_column, unmixing
from gating.transforms import Linear, Log, Logicle, Transform
from labproc.errors import StrategyError
from labproc.model import Channel, FlowTube, Spillover
from labproc.model.events import COMPENSATED, RAW

Rows = NDArray[Any]  # event numbers, or a mask where numbers would be too big
STORED_LOG_RANGE = 1024.0  # 10-bit channels: the instrument's own log or linear display
DECADES = 4.5
KEPT_BELOW = 1_000_000  # events; above it a column is worked out anew each time it is asked for
STRETCH = 8_192  # events whose values stay in the cache while several channels are taken
WIDTH_STEP = 0.05  # estimated widths are rounded to it, so that tables are shared between tubes
SHOWN_TOP = 20.0  # largest value of a display scale: asinh, logicle and log end far below it
FEW = 1_000  # events; fewer may be dim by chance
FIRST = 2_048  # events that rule most channels out
SCATTER = ("fsc", "ssc", "forward", "side", "time", "fs", "ss", "width", "event")

Unmix = tuple[dict[int, int], NDArray[np.float64]]


class Columns:
    """The compensated channels of one tube, one at a time.

    Channels that need no arithmetic stay as the file stores them (float32), which halves the
    memory that every step touches.

    Parameters
    ----------
    tube : FlowTube
    spillover : Spillover or None
        Used instead of the file's.
    matrices : mapping, optional
        Matrices of single channels, by the name in brackets behind them (``FL1-H [plate 2]``).
    """

    def __init__(
        self,
        tube: FlowTube,
        spillover: Spillover | None = None,
        matrices: Mapping[str, Spillover] | None = None,
    ) -> None:
        self.tube = tube
        self.events = tube.events
        self.spillover = spillover or tube.events.spillover
        self.matrices = matrices or {}
        self._unmixed: dict[str, Unmix] = {}
        self._linear: dict[int, NDArray[Any]] = {}
        self._ready: dict[str, NDArray[Any]] = {}
        self._scales: dict[str, Transform] = {}

    @cached_property
    def transformed(self) -> tuple[str, ...]:
        """Channels of a wide range that hold a display scale's values: exported from software."""
        values, wide = self.events.values, []
        if self.events.n_events < FEW:
            return ()
        first = np.abs(values[:FIRST]).max(axis=0, initial=0.0)
        for k, channel in enumerate(self.events.channels):
            if first[k] > SHOWN_TOP or not (channel.range or 0.0) > STORED_LOG_RANGE:
                continue
            if channel.name.casefold().startswith(SCATTER) or channel.is_log:
                continue
            if 0.0 < float(np.abs(values[:, k]).max(initial=0.0)) <= SHOWN_TOP:
                wide.append(channel.name)
        return tuple(wide)

    def _unmix(self, word: str) -> "Unmix":
        """Return the detectors' rows and the weights of a compensation; '' is the tube's."""
        if word not in self._unmixed:
            self._unmixed[word] = self._unmixing_of(self._matrix(word))
        return self._unmixed[word]

    def _matrix(self, word: str) -> Spillover | None:
        if not word:
            own = self.spillover is self.events.spillover
            return None if own and self.transformed else self.spillover
        if word in self.matrices:
            return self.matrices[word]
        if word not in (FILE, NONE):
            known = ", ".join(self.matrices) or "none"
            raise StrategyError(f"compensation {word!r}: no such matrix (has: {known})")
        return self.events.spillover if word == FILE else None

    def _unmixing_of(self, matrix: Spillover | None) -> "Unmix":
        if matrix is None or matrix.is_identity or self.events.scale == COMPENSATED:
            return {}, np.empty((0, 0))
        lost = [d for d in matrix.detectors if not self.events.has(d)]
        if lost:
            has = ", ".join(self.events.names)
            raise StrategyError(f"spillover: no channel {lost[0]!r} (has: {has})")
        columns = {self.events.index(d): k for k, d in enumerate(matrix.detectors)}
        return columns, unmixing(matrix)

    def gather(self, names: Sequence[str]) -> None:
        """Take several channels out of the matrix at once, for steps that need them together.

        A stretch of events is read while it is in the cache, which halves the time of taking one
        channel after the other. A matrix that holds each channel in one piece needs none of it.
        """
        if self.events.n_events >= KEPT_BELOW or self.events.values.flags.f_contiguous:
            return
        needed: set[int] = set()
        for plain, word in map(self._plain, names):
            if self.events.has(plain):
                index, detectors = self.events.index(plain), self._unmix(word)[0]
                needed |= {index, *(detectors if index in detectors else ())}
        wanted = [i for i in sorted(needed) if i not in self._linear]
        for index, column in zip(wanted, columns_of(self.events.values, wanted), strict=True):
            self._linear[index] = self._linearise(index, column)

    def linear(self, index: int) -> NDArray[Any]:
        """Return one channel on the linear scale."""
        if index in self._linear:
            return self._linear[index]
        column = self._linearise(index, np.ascontiguousarray(self.events.values[:, index]))
        if self.events.n_events < KEPT_BELOW:
            self._linear[index] = column
        return column

    def _linearise(self, index: int, column: NDArray[Any]) -> NDArray[Any]:
        if self.events.scale == RAW:
            channel = self.events.channels[index]
            column = linear_column(channel, column, self.tube.time_step_s)
        span = float(column.max()) - float(column.min()) if column.size else 0.0  # NaN is both
        return column if isfinite(span) else np.nan_to_num(column)

    def compensated(self, names: Sequence[str]) -> bool:
        """Say whether spillover was taken out of any of these channels."""
        for plain, word in map(self._plain, names):
            if self.events.has(plain) and self.events.index(plain) in self._unmix(word)[0]:
                return True
        return self.events.scale == COMPENSATED

    def channel(self, name: str) -> Channel:
        """Return what the file says of a channel."""
        return self.events.channels[self.events.index(self._plain(name)[0])]

    def _plain(self, name: str) -> tuple[str, str]:
        """Return a channel without its own compensation, and that."""
        return (name, "") if self.events.has(name) else split_tag(name)

    def values(self, name: str) -> NDArray[Any]:
        """Return one channel, or a ratio written ``A/H``, on the compensated scale."""
        if name in self._ready:
            return self._ready[name]
        made = self._compute(name)
        if self.events.n_events < KEPT_BELOW:
            self._ready[name] = made
        return made

    def of_rows(self, name: str, rows: Rows | None) -> NDArray[Any]:
        """Return the values of some events; a ratio ``A/H`` is worked out for them alone."""
        if rows is None:
            return self.values(name)
        sides = None if name in self._ready else self._sides(name)
        if sides is not None:
            return _divide(self.of_rows(sides[0], rows), self.of_rows(sides[1], rows))
        values = self.values(name)
        return values[rows] if rows.dtype == np.bool_ else values.take(rows)

    def _sides(self, name: str) -> tuple[str, str] | None:
        """Return what a ratio written ``A/H`` divides; None for any other channel."""
        plain, word = self._plain(name)
        if "/" not in plain or parse_ratio(plain) is not None or self.events.has(plain):
            return None
        above, _, below = plain.partition("/")
        return tagged(above, word), tagged(below, word)

    def _compute(self, name: str) -> NDArray[Any]:
        plain, word = self._plain(name)
        if (ratio := parse_ratio(plain)) is not None:
            return self._ratio(ratio, word)
        if (sides := self._sides(name)) is not None:
            return _divide(self.values(sides[0]), self.values(sides[1]))
        index = self.events.index(plain)
        detectors, inverse = self._unmix(word)
        if index not in detectors:
            return self.linear(index)
        weights = inverse[:, detectors[index]]
        seen = [(weights[row], self.linear(c)) for c, row in detectors.items() if weights[row] != 0]
        total = np.zeros(self.events.n_events)
        for part in parts(total.size):
            for weight, column in seen:
                total[part] += weight * column[part]
        return total

    def _ratio(self, ratio: Ratio, word: str) -> NDArray[np.float64]:
        """Return GatingML's ratio; where it divides by 0 it is infinite, or no number of a gate."""
        above, below = (
            self.values(tagged(part, word)).astype(np.float64)
            for part in (ratio.above, ratio.below)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            quotient = (above - ratio.above_offset) / (below - ratio.below_offset)
            return np.asarray(ratio.factor * quotient)

    def scale(self, name: str) -> Transform:
        """Return the display scale that fits a channel."""
        if name not in self._scales:
            self._scales[name] = self._choose(name)
        return self._scales[name]

    def _choose(self, name: str) -> Transform:
        """Choose the display scale of a channel from what it is and how it was stored."""
        plain = self._plain(name)[0]
        if ("/" in plain or parse_ratio(plain)) and not self.events.has(plain):
            return Linear()
        channel = self.channel(name)
        if channel.name.casefold().startswith(SCATTER):
            return Linear()
        if channel.is_log and channel.range:
            top = 10.0**channel.decades * (channel.offset or 1.0)
            return Log(top, channel.decades)
        stored = channel.range is not None and channel.range <= STORED_LOG_RANGE
        if stored or channel.name in self.transformed:
            return Linear()
        return self._logicle(name, channel)

    def _logicle(self, name: str, channel: Channel) -> Logicle:
        """Fit the linear width to the negative events: W = (M - log10(T / |r|)) / 2."""
        values = self.values(name)
        top = float(channel.range or 262_144.0)
        below = values.take(np.flatnonzero(values < 0))
        if below.size < 20:
            return Logicle(top, 0.5, DECADES)
        reference = -float(np.partition(below, below.size // 20)[below.size // 20])
        width = (DECADES - np.log10(top / max(reference, 1e-9))) / 2.0
        rounded = round(min(max(width, 0.3), 1.8) / WIDTH_STEP) * WIDTH_STEP
        return Logicle(top, round(rounded, 2), DECADES)


def _divide(above: NDArray[Any], below: NDArray[Any]) -> NDArray[Any]:
    """Divide in double precision; where the divisor is not above 0 the ratio is 0."""
    divisor = below.astype(np.float64)
    if divisor.min(initial=np.inf) <= 0:
        divisor[divisor <= 0] = np.inf
    return np.asarray(np.divide(above, divisor, out=divisor))


def columns_of(matrix: NDArray[Any], wanted: Sequence[int]) -> NDArray[Any]:
    """Return columns of a matrix as rows, each of them contiguous."""
    made = np.empty((len(wanted), len(matrix)), matrix.dtype)
    for a in range(0, len(matrix), STRETCH):
        part = matrix[a : a + STRETCH]
        for row, column in zip(made, wanted, strict=True):
            row[a : a + STRETCH] = part[:, column]
    return made
