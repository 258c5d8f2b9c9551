"""CAR-T cells per µL and per culture, from the count of one tube and the fraction of another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import sqrt

import numpy as np

from labproc.counts._interval import (
    COUNTING,
    ZERO_UPPER,
    Widths,
    both,
    ends,
    multiply,
    of_measurement,
    say,
    symmetric,
)
from labproc.model import CultureEvent, Flag, Measurement, SampleKey
from labproc.model._arrays import Floats
from labproc.model.flag import info, review, unique, warning

UL_PER_ML = 1000.0
Volume = float | Mapping[SampleKey, float] | None


def combine(
    measurements: Iterable[Measurement], *, culture_volume_ml: Volume = None
) -> list[Measurement]:
    """Return CAR-T cells per µL, and totals of the culture where its volume is known.

    cart_per_ul = cells_per_ul x the fractions on the way from what was counted to CAR+ (viability
    where the count holds dead cells, T cells of live cells, CAR+ of T cells). Totals are per
    culture: cells/µL x 1000 x mL. Draws are multiplied one by one and intervals carried in
    quadrature on the logarithmic scale.

    Parameters
    ----------
    measurements : iterable of Measurement
        Of any number of samples; tubes of one culture, day and replicate belong together.
    culture_volume_ml : float or mapping, optional
        Volume of the culture before handling, in mL: one for all, or by the key of the culture
        and day (``SampleKey.without_tube``), as ``culture_volumes`` gives them.
    """
    rows = sorted(_usable(measurements), key=lambda m: m.key.without_tube().order)
    result: list[Measurement] = []
    for key, group in groupby(rows, key=lambda m: m.key.without_tube()):
        result += _of_sample(key, list(group), _volume(culture_volume_ml, key))
    return result


def culture_volumes(log: Sequence[CultureEvent]) -> dict[SampleKey, float]:
    """Return the volume before handling of every culture and day that the log states, in mL."""
    return {
        SampleKey(e.donor, e.experiment, e.arm, e.day, e.replicate): e.volume_before_ml
        for e in log
        if e.volume_before_ml is not None
    }


def _usable(measurements: Iterable[Measurement]) -> list[Measurement]:
    return [m for m in measurements if m.value is not None and m.key.role.value == "sample"]


def _volume(volumes: Volume, key: SampleKey) -> float | None:
    if isinstance(volumes, Mapping):
        return volumes.get(key)
    return volumes


def _of_sample(key: SampleKey, rows: list[Measurement], ml: float | None) -> list[Measurement]:
    """Combine what was measured of one culture on one day."""
    cells = _first(rows, "cells_per_ul")
    if cells is None:
        return []
    alive = _alive(rows, cells)
    cart = _cart(key, rows, alive)
    result = [] if cart is None else [cart, *_subsets(rows, cart, "per_ul")]
    if ml is None or not ml > 0:
        return result
    result.append(_total(_product(key, "cells_total", alive), ml))
    if cart is not None:
        total = _total(replace(cart, metric="cart_total", unit="cells"), ml)
        result += [total, *_subsets(rows, total, "total")]
    return result


def _first(rows: list[Measurement], metric: str) -> Measurement | None:
    """Return a sample's measurement of one metric; the mean where several tubes gave it."""
    found = [m for m in rows if m.metric == metric]
    return None if not found else found[0] if len(found) == 1 else _mean(found)


def _mean(tubes: list[Measurement]) -> Measurement:
    """Return the mean of several tubes of one sample, stained or diluted each by itself."""
    n = len(tubes)
    value = sum(float(m.value or 0.0) for m in tubes) / n
    widths = both(of_measurement(m) for m in tubes)
    widths = Widths(widths.down / n, widths.up / n, widths.parts)
    low, high = ends(value, widths) if value else (0.0, max(m.ci_high or 0.0 for m in tubes))
    flags = unique(f for m in tubes for f in m.flags)
    return replace(
        tubes[0],
        value=value,
        ci_low=low,
        ci_high=high,
        n=sum(m.n for m in tubes if m.n is not None) or None,
        flags=(*flags, *_pooling_flags(tubes)),
        draws=_mean_draws([m.draws for m in tubes]),
    )


def _mean_draws(draws: Sequence[Floats | None]) -> Floats | None:
    """Average draws one by one; none where a tube has none."""
    known = [d for d in draws if d is not None]
    if len(known) < len(draws):
        return None
    shortest = min(d.size for d in known)
    return np.asarray(np.mean([d[:shortest] for d in known], axis=0))


def _pooling_flags(tubes: list[Measurement]) -> tuple[Flag, ...]:
    """Say that tubes were averaged, and whether they agree."""
    files = ", ".join(m.source.path for m in tubes if m.source is not None)
    what = f"{tubes[0].metric}: mean of {len(tubes)} tubes ({files})"
    lows = [m.ci_low for m in tubes if m.ci_low is not None]
    highs = [m.ci_high for m in tubes if m.ci_high is not None]
    if lows and highs and max(lows) > min(highs):
        return (review("tubes_disagree", f"{what}, whose intervals do not meet"),)
    return (info("mean_of_tubes", what),)


def _alive(rows: list[Measurement], cells: Measurement) -> list[Measurement]:
    """Return the factors that give live cells: the count, and viability where it lacks it."""
    if cells.parent == "Live":
        return [cells]
    stained = [m.key.panel for m in rows if m.metric == "car_fraction"]
    living = _first([m for m in rows if m.key.panel in stained], "viability")
    if living is None or cells.key.panel in stained:
        return [cells]
    text = "the count holds dead cells; viability was taken from the stained tube"
    return [cells, _flagged(living, info("viability_from_other_tube", text))]


def _cart(key: SampleKey, rows: list[Measurement], alive: list[Measurement]) -> Measurement | None:
    """Multiply the count with the fractions down to CAR+."""
    car = _first(rows, "car_fraction")
    if car is None:
        return None
    factors = [*alive]
    if car.parent == "T cells":
        panel = [m for m in rows if m.key.panel == car.key.panel]
        t_cells = _first(panel, "t_cell_fraction")
        if t_cells is not None:
            factors.append(t_cells)
        else:
            text = "CAR+ is a fraction of T cells and their fraction of live cells is not known"
            car = _flagged(car, warning("cells_taken_as_t_cells", text))
    return _product(key, "cart_per_ul", [*factors, car])


def _product(key: SampleKey, metric: str, factors: list[Measurement]) -> Measurement:
    """Multiply measurements; the last one gives source, gate version and control."""
    values = [float(m.value or 0.0) for m in factors]
    value = 1.0
    for factor in values:
        value *= factor
    widths = both(of_measurement(m) for m in factors)
    low, high = ends(value, widths) if value else _zero(factors)
    last = factors[-1]
    return Measurement(
        key,
        metric,
        value,
        low,
        high,
        say(widths.parts),
        n=min((m.n for m in factors if m.n is not None), default=None),
        parent=" x ".join(_named(m) for m in factors),
        flags=unique(f for m in factors for f in m.flags),
        source=last.source,
        version=last.version,
        control_file=last.control_file,
        parameters=_parameters(factors),
        draws=multiply([(v, m.draws) for v, m in zip(values, factors, strict=True)]),
    )


def _zero(factors: list[Measurement]) -> tuple[float | None, float | None]:
    """Return the interval of a product that is 0: from 0 to the product of the upper ends."""
    high = 1.0
    for factor in factors:
        if factor.ci_high is None:
            return None, None
        high *= factor.ci_high
    return 0.0, high


def _named(factor: Measurement) -> str:
    """Say one factor with its parent, e.g. ``car_fraction of T cells``."""
    return f"{factor.metric} of {factor.parent}" if factor.parent else factor.metric


def _parameters(factors: list[Measurement]) -> dict[str, float | str]:
    numbers: dict[str, float | str] = {m.metric: float(m.value or 0.0) for m in factors}
    for factor in factors:
        if factor.metric == "car_fraction":
            numbers["fraction_used"] = factor.parameters.get("fraction_used", "own")
        if factor.metric == "cells_per_ul" and factor.source is not None:
            numbers["count_sha256"] = factor.source.sha256
    return numbers


def _total(per_ul: Measurement, ml: float) -> Measurement:
    """Turn cells per µL into cells of the whole culture."""
    factor = UL_PER_ML * ml

    def times(value: float | None) -> float | None:
        return None if value is None else value * factor

    return replace(
        per_ul,
        value=times(per_ul.value),
        ci_low=times(per_ul.ci_low),
        ci_high=times(per_ul.ci_high),
        parameters={**per_ul.parameters, "culture_volume_ml": ml},
        draws=None if per_ul.draws is None else per_ul.draws * factor,
    )


def _subsets(rows: list[Measurement], whole: Measurement, unit: str) -> list[Measurement]:
    """Return CD4+ and CD8+ CAR-T cells, where one tube has all markers.

    The interval carries what the count of CAR-T cells carries, and the counting error of the part.
    """
    ratio = _first(rows, "cart_cd4_cd8_ratio")
    if ratio is None or whole.value is None:
        return []
    result = []
    for subset in ("cd4", "cd8"):
        share = float(ratio.parameters[f"{subset}_of_cart"])
        value = whole.value * share
        widths = both([of_measurement(whole), _share_error(share, ratio)])
        low, high = ends(value, widths) if value else (0.0, _upper(whole, ratio))
        result.append(
            replace(
                whole,
                metric=f"cart_{subset}_{unit}",
                value=value,
                ci_low=low,
                ci_high=high,
                interval_of=say(widths.parts),
                n=round(share * float(ratio.parameters["n_cart"])),
                parent=f"{subset.upper()}+ of {whole.parent}",
                flags=unique((*whole.flags, *ratio.flags)),
                parameters={**whole.parameters, f"{subset}_of_cart": share},
                draws=None if whole.draws is None else whole.draws * share,
            )
        )
    return result


def _share_error(share: float, ratio: Measurement) -> Widths:
    """Return the binomial error of a part of the CAR+ events, of ln(part)."""
    n = float(ratio.parameters["n_cart"])
    if not share > 0:
        return Widths(parts=frozenset({COUNTING}))
    return symmetric(sqrt((1.0 - share) / (share * n)), COUNTING)


def _upper(whole: Measurement, ratio: Measurement) -> float | None:
    """Return the upper end where a part holds no event: the 97.5 % limit of 0 events is 3.7."""
    if not whole.value:
        return whole.ci_high
    n = float(ratio.parameters["n_cart"])
    return None if whole.ci_high is None else whole.ci_high * min(ZERO_UPPER / n, 1.0)


def _flagged(measured: Measurement, flag: Flag) -> Measurement:
    return replace(measured, flags=unique((*measured.flags, flag)))
