"""Cells per µL of culture from one tube: by acquired volume, by beads, or counted by hand."""

from dataclasses import replace

from labproc.counts._interval import (
    PIPETTING,
    ZERO_UPPER,
    Widths,
    both,
    ends,
    multiply,
    poisson,
    say,
    spread,
    symmetric,
    wider,
)
from labproc.counts.acquisition import acquisition_flags
from labproc.counts.fractions import tube_flags
from labproc.counts.rule import CountRule
from labproc.model import Flag, FlowTube, GateResult, Measurement, Populations, SampleKey
from labproc.model._arrays import Floats
from labproc.model.flag import fail, info, unique, warning

COUNTED = ("Live", "Singlets", "Cells")  # the last one that was gated is what is counted
STAINED = ("T cells", "CAR+", "CD4+", "CD8+")  # by antibodies or protein L, which are washed off
MANUAL_PARENT = "counted by hand"


def count_cells(
    key: SampleKey,
    populations: Populations,
    *,
    tube: FlowTube,
    rule: CountRule,
    version: str = "",
) -> list[Measurement]:
    """Count the cells of one tube per µL of culture.

    By volume, cells/µL = events / (volume acquired x kept time) x final volume / sample volume.
    By beads, cells/µL = events / bead events x beads added / sample volume. Events are those of
    ``Live``, or of the nearest population above it where there is no viability marker. Where the
    volume, the beads or the population are missing the value is None and a flag says why.

    Parameters
    ----------
    key : SampleKey
        Of the tube; its panel decides whether the count is flagged as washed.
    version : str
        The gate version that the populations belong to.
    """
    if rule.method == "manual":
        counted = _by_hand(key, rule)
    else:
        counted = _from_events(key, populations, tube, rule)
    flags = unique((*counted.flags, *_washed(key, populations, rule), *tube_flags(populations)))
    return [replace(counted, flags=flags, source=tube.source, version=version)]


def _by_hand(key: SampleKey, rule: CountRule) -> Measurement:
    """Turn a count per mL from the sheet into cells per µL."""
    if rule.manual_per_ml is None:
        reason = f"{key.label}: no manual_count_per_ml in samples.csv, expected one for this count"
        return _nothing(key, fail("no_manual_count", reason))
    value = rule.manual_per_ml / 1000.0
    widths = _pipetting(rule)
    low, high = ends(value, widths)
    no_interval = info("manual_count", "counted by hand: the counting error is not known")
    return Measurement(
        key,
        "cells_per_ul",
        value,
        low,
        high,
        say(widths.parts),
        parent=MANUAL_PARENT,
        flags=(no_interval,),
        parameters={"method": "manual", "manual_per_ml": rule.manual_per_ml},
    )


def _from_events(
    key: SampleKey, populations: Populations, tube: FlowTube, rule: CountRule
) -> Measurement:
    """Count the events of the innermost cell population."""
    gate = next((g for name in COUNTED if (g := populations.get(name))), None)
    if gate is None:
        reason = f"{key.label}: none of {', '.join(COUNTED)} was gated, so nothing was counted"
        return _nothing(key, fail("no_population", reason))
    scale, widths, trouble = _scale(populations, tube, rule)
    flags = [
        *trouble,
        *acquisition_flags(tube, gate.mask),
        *_counted_instead(gate, populations),
        *gate.flags,
    ]
    if scale is None:
        return _nothing(key, *flags)
    return _counted(key, gate, populations, scale, both([widths, _pipetting(rule)]), rule, flags)


def _counted(
    key: SampleKey,
    gate: GateResult,
    populations: Populations,
    scale: float,
    other: Widths,
    rule: CountRule,
    flags: list[Flag],
) -> Measurement:
    """Turn the events of one gate into cells per µL, with the interval."""
    n = gate.n_parent * gate.estimate if gate.estimate is not None else float(gate.n_events)
    draws = _draws(gate, populations)
    moved = both([symmetric(populations.n_events**-0.5), spread(draws)]) if n else Widths()
    widths = both([wider(poisson(n), moved), other])
    low, high = (0.0, ZERO_UPPER * scale) if n == 0 else ends(n * scale, widths)
    return Measurement(
        key,
        "cells_per_ul",
        n * scale,
        low,
        high,
        say(widths.parts),
        n=gate.n_events,
        parent=gate.population,
        flags=tuple(flags),
        parameters={
            "method": rule.method,
            "counted": gate.population,
            "fraction_used": "own" if gate.estimate is None else "estimate",
            "dilution": rule.dilution,
            "kept_time": populations.kept_time,
            "per_event": scale,
        },
        draws=None if draws is None else draws * scale,
    )


def _scale(
    populations: Populations, tube: FlowTube, rule: CountRule
) -> tuple[float | None, Widths, list[Flag]]:
    """Return the cells per µL of culture that one event stands for."""
    if rule.method == "beads":
        return _per_bead(populations, rule)
    volume = tube.events.volume_ul
    if not volume or volume < 0:
        found = "is missing" if volume is None else f"is {volume:g} µL"
        why = f"the acquired volume ($VOL) {found}, expected more than 0; count by beads or by hand"
        return None, Widths(), [fail("no_volume", why)]
    if not populations.kept_time:
        why = "quality control kept none of the acquisition time, so no volume was counted"
        return None, Widths(), [fail("no_volume", why)]
    return rule.dilution / (volume * populations.kept_time), Widths(), []


def _per_bead(populations: Populations, rule: CountRule) -> tuple[float | None, Widths, list[Flag]]:
    beads = populations.get("Beads")
    if beads is None or not beads.n_events:
        why = "no bead events, expected a population Beads with events"
        return None, Widths(), [fail("no_beads", why)]
    if rule.bead_count is None or rule.sample_ul is None:
        missing = "bead_count" if rule.bead_count is None else "sample_ul"
        return None, Widths(), [fail("no_beads", f"{missing} is not set, expected it for beads")]
    flags = [] if beads.n_events >= 1000 else [_few_beads(beads.n_events)]
    return rule.bead_count / (beads.n_events * rule.sample_ul), poisson(beads.n_events), flags


def _few_beads(n: int) -> Flag:
    return warning("few_beads", f"{n} bead events, expected 1000 or more for an error below 6 %")


def _draws(gate: GateResult, populations: Populations) -> Floats | None:
    """Return the counted events with every gate on the way moved within its own uncertainty."""
    chain = []
    step: GateResult | None = gate
    while step is not None:
        best = step.fraction_of_parent if step.estimate is None else step.estimate
        chain.append((best or 0.0, step.draws))
        step = populations.get(step.parent)
    product = multiply(chain)
    return None if product is None else product * populations.n_events


def _counted_instead(gate: GateResult, populations: Populations) -> list[Flag]:
    if gate.population == COUNTED[0]:
        return []
    why = populations.left_out.get(COUNTED[0], "it was not gated")
    text = f"counted {gate.population}, dead cells included: no Live population ({why})"
    return [info("count_without_viability", text)]


def _pipetting(rule: CountRule) -> Widths:
    return symmetric(rule.pipetting_cv, PIPETTING) if rule.pipetting_cv is not None else Widths()


def _washed(key: SampleKey, populations: Populations, rule: CountRule) -> list[Flag]:
    """Flag a count from a tube that was washed, or that its panel or stains say was."""
    other_panel = bool(key.panel) and key.panel != rule.panel
    stained = any(populations.get(name) is not None for name in STAINED)
    washed = (other_panel or stained) if rule.washed is None else rule.washed
    if not washed or rule.method != "volume":
        return []
    known = "" if rule.washed else "; if it was not washed, say washed = false in [counts]"
    text = f"counted in a stained tube of panel {key.panel or 'unnamed'!r}: washing loses cells"
    return [warning("washed_count", f"{text}; count a no-wash tube{known}")]


def _nothing(key: SampleKey, *flags: Flag) -> Measurement:
    return Measurement(key, "cells_per_ul", None, status="invalid", flags=flags)
