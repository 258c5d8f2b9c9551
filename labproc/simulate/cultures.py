"""How cultures grow: the truth that tubes and plates are drawn from.

Four kinds of T cells (CAR or not, CD4 or CD8) grow side by side, each at its own rate; the rate
follows the activation of the culture, wanes, and comes back after restimulation on day 8.
Lenalidomide adds to the rate of CAR-T cells and of CD4 cells. On each counting day a sample is
taken, then the culture is fed, or split once it would not fit its bag.
"""

from dataclasses import dataclass
from math import exp

import numpy as np
from numpy.typing import NDArray

from labproc.simulate.design import Design

KINDS = ("car_cd4", "car_cd8", "other_cd4", "other_cd8")
SAMPLE_ML = 1.0
FEED_DENSITY = 0.5e6  # cells per mL after handling
LARGEST_ML = 40.0
RESTIMULATION_DAY = 8
GENOMES_PER_UG = 1e6 / 6.6  # 6.6 pg per diploid genome


@dataclass(frozen=True, slots=True)
class CultureDay:
    """One culture on one counting day, before it was handled, and how it was handled.

    ``counts`` are live T cells by kind; ``grown`` what they would be had nothing ever been taken
    out. ``others`` are live cells that are not T cells.
    """

    donor: str
    arm: str
    day: int
    counts: NDArray[np.float64]
    grown: NDArray[np.float64]
    others: float
    viability: float
    double_negative: float
    double_positive: float
    vcn_per_cart: float
    volume_ml: float
    kept_fraction: float
    volume_after_ml: float
    event: str

    @property
    def t_cells(self) -> float:
        """Live T cells of the culture, those without or with both of CD4 and CD8 included."""
        return float(self.counts.sum()) / (1 - self.double_negative - self.double_positive)

    @property
    def live_per_ul(self) -> float:
        """Live cells per µL."""
        return (self.t_cells + self.others) / (1000.0 * self.volume_ml)

    @property
    def t_fraction(self) -> float:
        """T cells among live cells."""
        return self.t_cells / (self.t_cells + self.others)

    @property
    def car_fraction(self) -> float:
        """CAR+ among T cells."""
        return float(self.counts[:2].sum() / self.counts.sum())

    @property
    def cd4_cd8_ratio(self) -> float:
        """CD4 over CD8 among T cells."""
        return float(self.counts[[0, 2]].sum() / self.counts[[1, 3]].sum())

    @property
    def cart_total(self) -> float:
        """Live CAR-T cells of the culture."""
        return self.t_cells * self.car_fraction

    @property
    def cumulative_cart(self) -> float:
        """Live CAR-T cells had nothing been taken out."""
        whole = 1 - self.double_negative - self.double_positive
        return float(self.grown[:2].sum()) / whole

    @property
    def copies_per_ug(self) -> float:
        """Vector copies per µg DNA of all live cells."""
        share = self.t_fraction * self.car_fraction
        return share * self.vcn_per_cart * GENOMES_PER_UG


def activation(day: float) -> float:
    """Return the growth rate at a time relative to the donor's own, two waves of stimulation."""
    first = exp(-(((day - 3.5) / 4.5) ** 2))
    again = exp(-(((day - 10.0) / 3.0) ** 2)) if day >= RESTIMULATION_DAY else 0.0
    return first + 0.6 * again


def simulate_cultures(design: Design, rng: np.random.Generator) -> list[CultureDay]:
    """Return every culture on every counting day, donors and arms in order.

    Cultures of the dose series come last and have chances of their own, so that the others do not
    depend on whether there is one.
    """
    result: list[CultureDay] = []
    series: list[CultureDay] = []
    for number, donor in enumerate(design.donor_names):
        traits = _Donor.draw(rng, design)
        for arm in design.arms:
            result += _culture(donor, arm, traits, design, rng)
        apart = np.random.default_rng([design.seed, 7, number])
        for arm in design.dose_arms:
            series += _culture(donor, arm, traits, design, apart)
    return [*result, *series]


@dataclass(frozen=True, slots=True)
class _Donor:
    """What both cultures of a donor share, and what lenalidomide does to this donor's cells."""

    rate: float
    car_fraction: float
    cd4_share: float
    others: float
    double_negative: float
    double_positive: float
    vcn_per_cart: float
    ratio_slope: float
    growth_effect: float
    ratio_effect: float

    @classmethod
    def draw(cls, rng: np.random.Generator, design: Design) -> "_Donor":
        return cls(
            rate=rng.normal(0.42, 0.025),
            car_fraction=rng.uniform(0.22, 0.34),
            cd4_share=rng.uniform(0.56, 0.68),
            others=rng.uniform(0.03, 0.07),
            double_negative=rng.uniform(0.02, 0.035),
            double_positive=rng.uniform(0.008, 0.018),
            vcn_per_cart=rng.uniform(1.6, 2.6),
            ratio_slope=rng.normal(-0.055, 0.008),
            growth_effect=rng.normal(design.growth_effect, 0.1 * abs(design.growth_effect)),
            ratio_effect=rng.normal(design.ratio_effect, 0.1 * abs(design.ratio_effect)),
        )


def _culture(
    donor: str, arm: str, traits: _Donor, design: Design, rng: np.random.Generator
) -> list[CultureDay]:
    """Grow, sample and handle one culture from its first day to its last."""
    start = 5e6
    shares = _start_shares(traits)
    counts, grown, volume = start * shares, start * shares, 10.0
    result: list[CultureDay] = []
    for number, day in enumerate(design.days):
        if number:
            factor = _growth(traits, design.strength(arm), design.days[number - 1], day)
            factor = factor * exp(rng.normal(0.0, 0.01))  # one culture's luck, all cells alike
            counts, grown = counts * factor, grown * factor
        others = float(counts.sum()) * traits.others * exp(-0.15 * day)
        kept, after, event = _handle(float(counts.sum()) + others, volume)
        result.append(
            CultureDay(
                donor=donor,
                arm=arm,
                day=day,
                counts=counts,
                grown=grown,
                others=others,
                viability=float(np.clip(rng.normal(0.91, 0.02), 0.8, 0.97)),
                double_negative=traits.double_negative,
                double_positive=traits.double_positive,
                vcn_per_cart=traits.vcn_per_cart,
                volume_ml=volume,
                kept_fraction=kept,
                volume_after_ml=after,
                event=event,
            )
        )
        error = exp(rng.normal(0.0, 0.01))  # what was really kept differs from what was written
        counts, volume = counts * kept * error, after
    return result


def _start_shares(traits: _Donor) -> NDArray[np.float64]:
    car, cd4 = traits.car_fraction, traits.cd4_share
    return np.outer([car, 1 - car], [cd4, 1 - cd4]).ravel()


def _growth(traits: _Donor, strength: float, begin: float, end: float) -> NDArray[np.float64]:
    """Return the factor by which each kind grew between two days."""
    hours = np.linspace(begin, end, 49)
    wave = np.array([activation(t) for t in hours])
    shared = traits.rate * float(np.trapezoid(wave, hours))
    car = strength * traits.growth_effect
    slope = traits.ratio_slope + strength * traits.ratio_effect
    rates = np.array([car + slope / 2, car - slope / 2, slope / 2, -slope / 2])
    factor: NDArray[np.float64] = np.exp(shared + rates * (end - begin))
    return factor


def _handle(cells: float, volume: float) -> tuple[float, float, str]:
    """Return kept fraction, new volume and the word for it, after a sample was taken."""
    left = max(volume - SAMPLE_ML, 0.0)
    sampled = left / volume
    wanted = max(cells * sampled / FEED_DENSITY, 10.0)
    if wanted <= LARGEST_ML:
        return round(sampled, 4), round(max(wanted, left), 1), "feed"
    share = round(sampled * LARGEST_ML / wanted, 3)
    return share, LARGEST_ML, "split"
