"""Fractions and ratios of one tube: viability, T cells, CAR+, CD4, CD8 and their ratio."""

from collections.abc import Mapping
from dataclasses import replace
from math import sqrt

import numpy as np

from labproc.counts._interval import (
    COUNTING,
    PLACEMENT,
    ends,
    say,
    spread,
    symmetric,
    wider,
)
from labproc.model import Flag, GateResult, Measurement, Populations, SampleKey, SourceFile
from labproc.model._arrays import Floats
from labproc.model.flag import unique, warning

FEW_EVENTS = 100
Median = tuple[float, float | None, float | None]
FRACTIONS = {
    "viability": "Live",
    "t_cell_fraction": "T cells",
    "car_fraction": "CAR+",
    "cd4_fraction": "CD4+",
    "cd8_fraction": "CD8+",
}
"""Each metric with the population it is the fraction of."""


def flow_fractions(
    key: SampleKey,
    populations: Populations,
    *,
    source: SourceFile | None = None,
    version: str = "",
    control_file: str = "",
    medians: Mapping[str, Median] | None = None,
) -> list[Measurement]:
    """Return the fractions and CD4:CD8 ratios of one tube.

    A fraction is the gate's best estimate where it gives one, else the gated fraction; parameters
    name which. A population that was not gated gives no row, never a 0; ``left_out`` of the
    populations says why.

    Parameters
    ----------
    medians : mapping, optional
        Median fluorescence of populations with its interval, linear scale; that of ``CAR+``
        becomes a measurement.
    """
    rows: list[Measurement] = []
    for metric, population in FRACTIONS.items():
        rows += _fraction(key, metric, population, populations)
    rows += _ratio(key, populations) + _cart_ratio(key, populations)
    rows += _median(key, populations, medians or {})
    return [
        replace(row, source=source, version=version, control_file=_control(row, control_file))
        for row in rows
    ]


def tube_flags(populations: Populations) -> tuple[Flag, ...]:
    """Return the tube's flags that concern its numbers: not those of steps it never needed."""
    return tuple(f for f in populations.flags if f.code != "step_left_out")


def _control(row: Measurement, control_file: str) -> str:
    return control_file if row.metric.startswith("car") else ""


def _fraction(
    key: SampleKey, metric: str, population: str, populations: Populations
) -> list[Measurement]:
    gate = populations.get(population)
    if gate is None:
        return []
    own = gate.fraction_of_parent
    value = own if gate.estimate is None else gate.estimate
    low, high, words = _fraction_interval(gate, value)
    parameters: dict[str, float | str] = {
        "fraction_used": "own" if gate.estimate is None else "estimate",
        "n_parent": gate.n_parent,
        **gate.parameters,
    }
    if own is not None:
        parameters["gated_fraction"] = own
    return [
        Measurement(
            key,
            metric,
            value,
            low,
            high,
            words,
            n=gate.n_events,
            parent=gate.parent,
            status="invalid" if value is None else "quantified",
            flags=unique((*tube_flags(populations), *gate.flags, *_few(gate))),
            parameters=parameters,
            draws=gate.draws,
        )
    ]


def _fraction_interval(
    gate: GateResult, value: float | None
) -> tuple[float | None, float | None, str]:
    """Return the gate's own interval, or Wilson's for its count alone."""
    if value is None:
        return None, None, ""
    if gate.ci_low is not None and gate.ci_high is not None:
        parts = {COUNTING, PLACEMENT} if gate.draws is not None else {COUNTING}
        return gate.ci_low, gate.ci_high, say(parts)
    low, high = wilson(gate.n_events, gate.n_parent)
    return low, high, say({COUNTING})


def wilson(n: int, total: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Return Wilson's 95 % score interval of a fraction."""
    share = n / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2) / (1 + z * z / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def _few(gate: GateResult) -> list[Flag]:
    if gate.n_parent >= FEW_EVENTS:
        return []
    text = f"{gate.population}: {gate.n_parent} events in {gate.parent}, expected 100 or more"
    return [warning("few_events", text)]


def _ratio(key: SampleKey, populations: Populations) -> list[Measurement]:
    """Return CD4:CD8 of all T cells (or of what the panel calls their parent)."""
    cd4, cd8 = populations.get("CD4+"), populations.get("CD8+")
    if cd4 is None or cd8 is None:
        return []
    counts = (_best(cd4), _best(cd8))
    draws = _ratio_draws(cd4.draws, cd8.draws)
    flags = unique((*tube_flags(populations), *cd4.flags, *cd8.flags))
    return [_ratio_row(key, "cd4_cd8_ratio", counts, cd4.parent, flags, draws)]


def _best(gate: GateResult) -> float:
    return float(gate.n_events) if gate.estimate is None else gate.estimate * gate.n_parent


def _ratio_draws(cd4: Floats | None, cd8: Floats | None) -> Floats | None:
    if cd4 is None or cd8 is None or not bool(np.all(cd8 > 0)):
        return None
    n = min(cd4.size, cd8.size)
    return cd4[:n] / cd8[:n]


def _ratio_row(
    key: SampleKey,
    metric: str,
    counts: tuple[float, float],
    parent: str,
    flags: tuple[Flag, ...],
    draws: Floats | None = None,
) -> Measurement:
    """Return one ratio with its interval on the logarithmic scale.

    ln(ratio) has the variance 1/CD4 + 1/CD8 from counting; where one of them is 0, one half is
    added to both (Haldane), and a flag says so.
    """
    n4, n8 = counts
    total = round(n4 + n8)
    corrected = n4 <= 0 or n8 <= 0
    if corrected:
        n4, n8 = n4 + 0.5, n8 + 0.5
    if not total:
        flags = (*flags, warning("no_population", f"no CD4+ and no CD8+ events in {parent}"))
        return Measurement(key, metric, None, n=0, parent=parent, status="invalid", flags=flags)
    widths = wider(symmetric(sqrt(1 / n4 + 1 / n8), COUNTING), spread(draws))
    low, high = ends(n4 / n8, widths)
    return Measurement(
        key,
        metric,
        n4 / n8,
        low,
        high,
        say(widths.parts),
        n=total,
        parent=parent,
        flags=unique((*flags, *_ratio_flags(total, corrected))),
        parameters={"cd4": n4, "cd8": n8, "correction": "0.5" if corrected else "none"},
        draws=draws,
    )


def _ratio_flags(total: int, corrected: bool) -> list[Flag]:
    flags = []
    if corrected:
        text = "CD4+ or CD8+ holds no events: one half was added to both counts"
        flags.append(warning("ratio_corrected", text))
    if total < FEW_EVENTS:
        text = f"{total} CD4+ and CD8+ events, expected {FEW_EVENTS} or more for a ratio"
        flags.append(warning("few_events", text))
    return flags


def _cart_ratio(key: SampleKey, populations: Populations) -> list[Measurement]:
    """Return CD4:CD8 of the CAR-T cells, where one tube has all three markers."""
    gates = [populations.get(name) for name in ("CAR+", "CD4+", "CD8+")]
    car, cd4, cd8 = gates
    if car is None or cd4 is None or cd8 is None or not car.n_events:
        return []
    n4, n8 = (int(np.count_nonzero(car.mask & g.mask)) for g in (cd4, cd8))
    flags = unique((*tube_flags(populations), *car.flags, *cd4.flags, *cd8.flags))
    row = _ratio_row(key, "cart_cd4_cd8_ratio", (float(n4), float(n8)), "CAR+", flags)
    shares: dict[str, float | str] = {
        "n_cart": car.n_events,
        "cd4_of_cart": n4 / car.n_events,
        "cd8_of_cart": n8 / car.n_events,
    }
    return [replace(row, parameters={**row.parameters, **shares})]


def _median(
    key: SampleKey, populations: Populations, medians: Mapping[str, Median]
) -> list[Measurement]:
    """Return the median fluorescence of the gated CAR+ cells, on the file's own scale.

    Where positives and negatives overlap the gate holds the brighter positives only.
    """
    gate = populations.get("CAR+")
    if gate is None or "CAR+" not in medians or not np.isfinite(medians["CAR+"][0]):
        return []
    value, low, high = medians["CAR+"]
    return [
        Measurement(
            key,
            "car_median_fluorescence",
            value,
            low,
            high,
            say({COUNTING}) if low is not None else "",
            n=gate.n_events,
            parent="CAR+",
            flags=unique((*tube_flags(populations), *gate.flags)),
        )
    ]
