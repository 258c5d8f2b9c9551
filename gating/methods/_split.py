"""Where to cut one channel in two, with guards."""

from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gating.density import Histogram, Peak, find_peaks, histogram, rough_bandwidth, smooth
from gating.transforms import Transform
from gating.uncertainty import REFITS, resample, valley_draws, valley_floor, valley_rise
from labproc.model import Flag
from labproc.model.flag import info, review

MIN_MASS = 0.003  # a peak of fewer events is not a population
FEW = 20
PILE_UP = (0.001, 0.4)  # share of events at one end that is off the scale
PILE = 2  # and more events than may happen to be alike
TAIL_SDS = 3.5  # of 10,000 negatives 2 lie beyond; of 3 standard deviations it would be 13
POSITIVE_FROM = 0.52  # of the display scale, from zero to the top; backgrounds lie below
DEEP = 3.0  # standard errors of the smoothed count
FEW_POSITIVES = 0.1  # of the parent; so many may be autofluorescent cells
FEW_BEYOND = 0.03  # events beyond the tail of a single peak that need no look
COARSER = (2.0, 3.5)  # smoothing tried where one peak only is found
COMPARABLE = 0.3  # a valley this clear against the clearest counts as one
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Split:
    """A cut on the display scale, how it was found, and how sure it is.

    ``separation`` is the distance of the two peaks in standard deviations of the lower one;
    ``peaks`` are the display positions of the negative and the positive peak.
    """

    display: float
    how: str
    draws: Floats
    separation: float
    peaks: tuple[float, float] | None = None
    spread: float = 0.0
    flags: tuple[Flag, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Landscape:
    """A histogram, smoothed, with the peaks that are populations."""

    counts: Histogram
    density: Floats
    bandwidth: float
    peaks: tuple[Peak, ...]

    @classmethod
    def of(cls, values: NDArray[Any]) -> "Landscape":
        """Count the values that are on the scale, and find their peaks."""
        return cls.of_counts(histogram(without_pile_up(values)))

    @classmethod
    def of_counts(cls, counts: Histogram) -> "Landscape":
        """Smooth and find the peaks; smooth more where only one shows at first.

        A sparse, broad population stands out from counting noise only when it is smoothed.
        """
        first = rough_bandwidth(counts.total)
        made = [cls._at(counts, first)]
        for factor in COARSER:
            if len(made[-1].peaks) >= 2 or counts.total < FEW:
                break
            made.append(cls._at(counts, first * factor))
        return made[-1] if len(made[-1].peaks) >= 2 else made[0]

    @classmethod
    def _at(cls, counts: Histogram, bandwidth: float) -> "Landscape":
        density = smooth(counts.counts, bandwidth)
        peaks = find_peaks(density, bandwidth, min_mass=MIN_MASS) if counts.total >= FEW else ()
        return cls(counts, density, bandwidth, peaks)

    def clearness(self, low: Peak, high: Peak) -> float:
        """Return by how many standard errors the valley lies below the lower of two peaks."""
        return self.depth(low.position, high.position)

    def depth(self, low: float, high: float) -> float:
        """Return the same of the density at two positions in bins."""
        between = self.density[int(low) : int(high) + 1]
        valley, top = float(between.min()), float(min(between[0], between[-1]))
        noise = np.sqrt((top + valley) / (2.0 * np.sqrt(np.pi) * self.bandwidth))
        return float((top - valley) / max(noise, 1e-9))

    def lowest(self, low: float, high: float, lean: float = 0.0) -> float:
        """Return the display position of the valley between two: the middle of its floor.

        With ``lean``, where the density has risen towards the higher peak by that fraction of it.
        """
        first, last = int(low), max(int(high), int(low) + 1) + 1
        part = self.density[None, first:last]
        at = valley_rise(part, lean) if lean else valley_floor(part) + 0.5
        return float(self.counts.at(first + float(at[0])))


def without_pile_up(values: NDArray[Any]) -> NDArray[Any]:
    """Leave out the events that lie exactly at either end: off the scale, not a population."""
    for end in piled_ends(values):
        if end is not None:
            values = values[values != end]
    return values


def piled_ends(values: NDArray[Any]) -> tuple[float | None, float | None]:
    """Return the lowest and the highest value where events pile up at it."""
    if values.size < FEW:
        return None, None
    ends = (float(values.min()), float(values.max()))
    least, most = max(PILE_UP[0] * values.size, PILE), PILE_UP[1] * values.size
    counts = [np.count_nonzero(values == e) for e in ends]
    low, high = (e if least < n < most else None for e, n in zip(ends, counts, strict=True))
    return low, high


def choose_pair(
    land: Landscape, *, highest: bool, middle: float = np.inf
) -> tuple[Peak, Peak] | None:
    """Choose the two neighbouring peaks to cut between: the clearest valley.

    With ``highest``, the last valley that is nearly as clear: what lies between the negatives and
    the positives (autofluorescent cells) then goes with the negatives. A peak above ``middle`` of
    the display scale is no background: no valley beyond it counts, where there is one before.
    """
    pairs = list(pairwise(land.peaks))
    if not pairs:
        return None
    if not highest:
        return pairs[int(np.argmax([land.clearness(*p) for p in pairs]))]
    pairs = [p for p in pairs if land.counts.at(p[0].position + 0.5) <= middle] or pairs[:1]
    clear = [land.clearness(*p) for p in pairs]
    return [p for p, c in zip(pairs, clear, strict=True) if c >= COMPARABLE * max(clear)][-1]


def split(
    values: NDArray[Any],
    population: str,
    *,
    draws: int,
    rng: np.random.Generator,
    highest: bool = True,
    lean: float = 0.0,
    middle: float = np.inf,
    side: str = "above",
) -> Split:
    """Cut at the valley between the negative and the positive peak; else at the tail of one."""
    land = Landscape.of(values)
    if land.counts.total < FEW:
        return too_few(land.counts, population, values.size, draws)
    pair = choose_pair(land, highest=highest, middle=middle)
    if pair is None:
        return tail(land, population, draws=draws, rng=rng, middle=middle, side=side)
    low, high = pair[0].position, pair[1].position
    cut = at_valley(land, low, high, draws=draws, rng=rng, lean=lean)
    return cut if side != "above" else doubted(cut, land, population, middle)


def shallow(cut: Split, land: Landscape, population: str) -> Split:
    """Ask for a look at a valley that counting alone may have made.

    That is so where the two peaks were found in a slice, and lie closer among all the events.
    """
    if cut.peaks is None:
        return cut
    depth = land.depth(*(float(land.counts.position(p)) - 0.5 for p in cut.peaks))
    if depth >= DEEP:
        return cut
    text = f"{population}: the valley is {depth:.1f} standard errors deep, expected {DEEP:.0f}"
    return replace(cut, flags=(*cut.flags, review("shallow_valley", text)))


def doubted(cut: Split, land: Landscape, population: str, middle: float) -> Split:
    """Ask for a look at positives that are few and no brighter than a background.

    Autofluorescent cells make such a peak in a tube that was not stained at all.
    """
    share = float(land.counts.fraction_above(cut.display))
    if cut.peaks is None or cut.peaks[1] > middle or share > FEW_POSITIVES:
        return cut
    text = f"{population}: the positives ({share:.1%}) are few and dim; autofluorescence is too"
    return replace(cut, flags=(*cut.flags, review("dim_positives", text)))


def at_valley(
    land: Landscape,
    low: float,
    high: float,
    *,
    draws: int,
    rng: np.random.Generator,
    lean: float = 0.0,
) -> Split:
    """Cut at the lowest point between two peaks, given in bins."""
    cut = land.lowest(low, high, lean)
    between = (low, high)
    moved = valley_draws(land.counts, between, land.bandwidth, draws=draws, rng=rng, lean=lean)
    if moved.size:
        moved = moved + (cut - float(np.median(moved)))
    spread = half_width(land.density, int(low))
    peaks = (land.counts.at(low + 0.5), land.counts.at(high + 0.5))
    separation = (high - low) / max(spread, 1.0)
    return Split(cut, "valley", moved, separation, peaks, spread * land.counts.width)


def too_few(counts: Histogram, population: str, n_events: int, draws: int) -> Split:
    """Cut in the middle of the range, and say that there is nothing to cut by."""
    middle = counts.at(counts.counts.size / 2)
    flag = review("too_few_events", f"{population}: {n_events} events to gate on")
    return Split(middle, "none", np.full(draws, middle), 0.0, flags=(flag,))


def tail(
    land: Landscape,
    population: str,
    *,
    draws: int,
    rng: np.random.Generator,
    middle: float = np.inf,
    side: str = "above",
) -> Split:
    """Cut at the tail of the only peak, and say that there was only one.

    A peak that lies above ``middle`` of the display scale is taken for positives and cut below,
    any other for negatives and cut above: a culture may be all T cells, or all alive. Where the
    peak is not on the asked ``side`` the gate holds a tail and no population, as in a tube that was
    not stained: that is for review, however few lie beyond.
    """
    top = int(land.density.argmax())
    positive = land.counts.at(top + 0.5) > middle
    at, spread = _tail_bin(land.density, positive)
    cut = float(land.counts.at(at))
    lost = float(land.counts.fraction_above(cut))
    lost = 1.0 - lost if positive else lost
    text = f"{population}: one peak only, taken for {'positives' if positive else 'negatives'}"
    asked = positive == (side == "above")
    say = info if asked and lost < FEW_BEYOND else review
    flag = say("no_valley", f"{text}; cut at its tail, {lost:.1%} lie beyond")
    moved = _tail_draws(land, cut, positive, draws, rng)
    return Split(cut, "tail", moved, 0.0, spread=spread * land.counts.width, flags=(flag,))


def _tail_draws(
    land: Landscape, cut: float, positive: bool, draws: int, rng: np.random.Generator
) -> Floats:
    """Cut at the tail again in resampled histograms, centred on the cut."""
    if not draws:
        return np.empty(0)
    again = smooth(resample(land.counts, min(draws, REFITS), rng), land.bandwidth)
    moved = np.array([land.counts.at(_tail_bin(row, positive)[0]) for row in again])
    return np.resize(moved + (cut - float(np.median(moved))), draws)


def _tail_bin(density: Floats, positive: bool) -> tuple[float, float]:
    """Return the bin of the cut, and the peak's spread in bins."""
    top = int(density.argmax())
    spread = min(half_width(density, top), half_width(density[::-1], -top - 1))
    return top + 0.5 + (-TAIL_SDS if positive else TAIL_SDS) * spread, spread


@lru_cache(maxsize=256)
def middle_of(scale: Transform, top: float | None) -> float:
    """Return the place on the display scale above which a peak is taken for positives."""
    ends = np.asarray(scale.forward(np.array([0.0, top or 262_144.0])), dtype=np.float64)
    return float(ends[0] + POSITIVE_FROM * (ends[1] - ends[0]))


def half_width(density: Floats, top: int) -> float:
    """Return the standard deviation in bins of a peak's lower side, from where it falls to 61 %."""
    top %= density.size
    below = np.flatnonzero(density[: top + 1] < 0.6065 * density[top])
    return float(top - below[-1]) if below.size else float(max(top, 1))


def to_linear(cut: Split, scale: Transform) -> float:
    """Return the cut in linear fluorescence, as a float32: exact against stored values."""
    return stored(float(scale.inverse(np.array([cut.display]))[0]))


def stored(threshold: float) -> float:
    """Round a threshold to what a file can store, so that no comparison depends on precision."""
    return float(np.float32(threshold))
