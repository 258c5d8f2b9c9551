"""Growth of a culture with its handling undone: cumulative cells, fold, doublings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from labproc.model import CultureEvent, Flag, Measurement
from labproc.model.flag import info, review, warning
from labproc.trends.courses import Culture, is_usable, one_per_day
from labproc.trends.fold import folds, without_value
from labproc.trends.handling import Step, kept_before, odd_steps

CUMULATIVE: Mapping[str, str] = {
    "cells_total": "cumulative_cells",
    "cart_total": "cumulative_cart",
    "cart_cd4_total": "cumulative_cart_cd4",
    "cart_cd8_total": "cumulative_cart_cd8",
}
"""Counted cells, and the metric that has their culture's handling undone."""
PER_UL: Mapping[str, str] = {"cells_per_ul": "cells_total", "cart_per_ul": "cart_total"}
"""Concentrations that stand in for cells where no volume is known; they keep their unit."""


def derive_growth(
    measurements: Iterable[Measurement], log: Sequence[CultureEvent]
) -> list[Measurement]:
    """Return cumulative cells, fold and doublings of every culture.

    Cumulative cells = cells before handling / product of the earlier kept fractions; feeding
    alone changes nothing. Fold is against the first day, doublings are log2 of it; both are of
    CAR-T cells where the study counted any, else of all cells, and ``parent`` says which. A count
    that jumps without an event, or a split that does not say what was kept, stops the course:
    later days have no value and say why.

    Parameters
    ----------
    measurements : iterable of Measurement
        ``cells_total``, ``cart_total``, ``cart_cd4_total`` and ``cart_cd8_total`` are used.
    log : sequence of CultureEvent
        The lines of ``culture.csv``.
    """
    everything = list(measurements)
    counted = [m for m in everything if m.metric in CUMULATIVE]
    groups: dict[Culture, dict[str, list[Measurement]]] = defaultdict(lambda: defaultdict(list))
    for one in one_per_day([*counted, *_by_concentration(everything, log)]):
        groups[one.key.culture][one.metric].append(one)
    grown: list[list[Measurement]] = []
    for culture, by_metric in groups.items():
        events = [e for e in log if e.culture == culture]
        doubts = _doubts(culture, by_metric, events)
        grown += [_cumulative(counts, events, doubts) for counts in by_metric.values()]
    return [*(one for course in grown for one in course), *folds(grown)]


def _by_concentration(
    measurements: Sequence[Measurement], log: Sequence[CultureEvent]
) -> list[Measurement]:
    """Return cells per µL of cultures whose cells nobody could total and nobody ever handled."""
    totalled = {m.key.culture for m in measurements if m.metric in CUMULATIVE and is_usable(m)}
    known = totalled | {event.culture for event in log}
    return [
        replace(m, metric=PER_UL[m.metric], flags=(*m.flags, _constant_volume(m)))
        for m in measurements
        if m.metric in PER_UL and m.key.culture not in known
    ]


def _constant_volume(one: Measurement) -> Flag:
    message = (
        f"{one.key.label}: no culture volume, so growth is of cells per µL and right only if the "
        "volume never changed; fill in volume_before_ml in culture.csv"
    )
    return warning("growth_from_concentration", message)


@dataclass(frozen=True, slots=True)
class _Doubts:
    """The first day the log does not explain, with its reason; days that are only odd."""

    stop_day: int | None = None
    reason: Flag | None = None
    odd: Mapping[int, Flag] = field(default_factory=dict)

    def ends(self, day: int) -> bool:
        return self.stop_day is not None and day >= self.stop_day


def _doubts(
    culture: Culture, by_metric: Mapping[str, list[Measurement]], events: Sequence[CultureEvent]
) -> _Doubts:
    """Judge a culture's counts against its log, on all cells where they were counted."""
    counts = by_metric.get("cells_total") or next(iter(by_metric.values()))
    days = [m.key.day or 0 for m in counts]
    kept = kept_before(events, days)
    label = " ".join(part for part in culture if part)
    known = [fraction is not None for fraction in kept]
    end = known.index(False) if not all(known) else len(days)
    cells = np.array([m.value for m in counts[:end]], dtype=float) / np.array(
        kept[:end], dtype=float
    )
    handled = [False, *(b != a for a, b in pairwise(kept[:end]))]
    odd: dict[int, Flag] = {}
    for step in odd_steps(np.array(days[:end], dtype=float), cells, handled):
        words = _words(label, days[step.index - 1], days[step.index], step)
        if step.is_jump:
            message = f"{words}; is a split missing in culture.csv? No growth is computed past it"
            return _Doubts(days[step.index], review("missing_split", message), odd)
        odd[days[step.index]] = warning("odd_step", f"{words}, which counting error may explain")
    if end == len(days):
        return _Doubts(odd=odd)
    message = (
        f"{label}: a split before day {days[end]} does not say which fraction was kept; "
        "no growth is computed past it; fill in kept_fraction in culture.csv"
    )
    return _Doubts(days[end], review("kept_fraction_missing", message), odd)


def _words(label: str, before: int, day: int, step: Step) -> str:
    off = f"{step.times:.1f} times above" if step.times > 1 else f"{1 / step.times:.1f} times below"
    return (
        f"{label}: from day {before} to {day} cells go {off} what the counts around foretell, "
        "with no event in between"
    )


def _cumulative(
    counts: Sequence[Measurement],
    events: Sequence[CultureEvent],
    doubts: _Doubts,
) -> list[Measurement]:
    kept = kept_before(events, [m.key.day or 0 for m in counts])
    found = []
    for one, fraction in zip(counts, kept, strict=True):
        metric = CUMULATIVE[one.metric]
        day = one.key.day or 0
        if fraction is None or doubts.ends(day):
            reason = () if doubts.reason is None else (doubts.reason,)
            found.append(without_value(one, metric, (*one.flags, *reason)))
            continue
        odd = (doubts.odd[day],) if day in doubts.odd else ()
        scaled = _scaled(one, metric, 1.0 / fraction)
        found.append(replace(scaled, flags=(*scaled.flags, *odd)))
    if not events and found:
        note = info("no_culture_log", f"{found[0].key.label}: no line in culture.csv")
        found[0] = replace(found[0], flags=(*found[0].flags, note))
    return found


def _scaled(one: Measurement, metric: str, factor: float) -> Measurement:
    return replace(
        one,
        metric=metric,
        parent=one.metric,
        value=None if one.value is None else one.value * factor,
        ci_low=None if one.ci_low is None else one.ci_low * factor,
        ci_high=None if one.ci_high is None else one.ci_high * factor,
        draws=None if one.draws is None else one.draws * factor,
    )
