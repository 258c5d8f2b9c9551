"""Limits of detection and quantification of a study: the standards of all its plates together."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Flag, StandardCurve, Status
from labproc.model.flag import review, warning
from labproc.pipeline.results import PlateView, StudyLimits
from labproc.qpcr import QpcrRules, StandardPoint
from labproc.qpcr.copies import per_ug
from labproc.qpcr.lod_loq import Limits, limits
from labproc.qpcr.low_copy import POISSON_ZERO
from labproc.qpcr.miqe import with_limits
from labproc.study import Settings

Line = tuple[float, float]


def study_limits(
    settings: Settings, plates: Sequence[PlateView], rules: QpcrRules
) -> dict[str, StudyLimits]:
    """Return LOD and LOQ of each target from the dilution series that the study names.

    Without one the standards of every plate are the series. Wells of all plates at one level are
    counted together; their Cq is first moved from its plate's line to the mean line, so that a
    plate that starts later does not count as scatter.
    """
    used = [p for p in plates if _is_series(p.source.path, settings)]
    targets = dict.fromkeys(c.target for p in used for c in p.curves)
    return {target: _of_target(target, used, rules) for target in targets}


def _is_series(path: str, settings: Settings) -> bool:
    named = settings.qpcr.dilution_series if settings.qpcr else ()
    names = {path.casefold(), path.rpartition("/")[2].casefold()}
    return not named or any(n.casefold() in names for n in named)


def _of_target(target: str, plates: Sequence[PlateView], rules: QpcrRules) -> StudyLimits:
    own = [(c, p) for p in plates for c in p.curves if c.target == target]
    hashes = tuple(sorted({p.source.sha256 for _, p in own}))
    line = _mean_line([c for c, _ in own])
    wells = [(s.copies, _moved(s, c, line)) for c, p in own for s in _series(p, target)]
    known = StudyLimits(target, len(own), len(wells), hashes)
    try:
        found = limits(
            [q for q, _ in wells], cq=[c for _, c in wells], slope=line[0], loq_cv=rules.lloq_cv
        )
    except NotEnoughData as error:
        return replace(known, reason=str(error))
    return replace(known, limits=found)


def _series(plate: PlateView, target: str) -> list[StandardPoint]:
    return [s for s in plate.standards if s.target == target and not s.omitted]


def _mean_line(curves: Sequence[StandardCurve]) -> Line:
    mean = np.mean([(c.slope, c.intercept) for c in curves], axis=0)
    return float(mean[0]), float(mean[1])


def _moved(point: StandardPoint, curve: StandardCurve, line: Line) -> float | None:
    """Return a well's Cq as the mean line would show its copies."""
    if point.cq is None:
        return None
    return line[1] + line[0] * (point.cq - curve.intercept) / curve.slope


def with_study_limits(
    plates: Iterable[PlateView], found: dict[str, StudyLimits], rules: QpcrRules
) -> tuple[PlateView, ...]:
    """Return the plates with the transgene's limits in their MIQE checklists."""
    named = next((f for t, f in found.items() if t.casefold() == rules.transgene.casefold()), None)
    if named is None or named.limits is None:
        return tuple(plates)
    return tuple(replace(p, checklist=with_limits(p.checklist, named.limits)) for p in plates)


def limit_flags(
    settings: Settings, plates: Sequence[PlateView], found: dict[str, StudyLimits], rules: QpcrRules
) -> tuple[Flag, ...]:
    """Flag limits that cannot be, claims below them, and series that no file is."""
    known = [(f.target, f.limits) for f in found.values() if f.limits is not None]
    impossible = [_too_low(t, x) for t, x in known if x.is_below_theory]
    claimed = [
        flag
        for t, x in known
        if t.casefold() == rules.transgene.casefold()
        for flag in _claim(t, x, plates, rules)
    ]
    return (*impossible, *claimed, *_not_read(settings, plates))


def _too_low(target: str, found: Limits) -> Flag:
    text = (
        f"{target}: the dilution series finds {found.lod.lod:.3g} copies in 95 % of wells, at most "
        f"{found.lod.high:.3g}; counting allows no less than {POISSON_ZERO:.3g}, so the "
        "standards hold more copies than their labels say"
    )
    return review("lod_below_theory", text)


def _claim(
    target: str, found: Limits, plates: Sequence[PlateView], rules: QpcrRules
) -> tuple[Flag, ...]:
    """Flag a claimed LLOQ that the lab's own series would not even detect."""
    claim, dna_ng = rules.lloq_copies_per_ug, rules.dna_ng_per_well
    n = _fewest_wells(target, plates)
    if claim is None or dna_ng is None or n == 0:
        return ()
    per_well, least = claim / per_ug(dna_ng), found.lod.k_of_n(1, n)
    if per_well >= least:
        return ()
    text = (
        f"[qpcr] lloq_copies_per_ug is {claim:g}, {per_well:.3g} copies per well; the study's own "
        f"dilution series finds {target} in 95 % of samples of {n} replicates from {least:.3g} "
        "copies per well on"
    )
    return (review("lloq_below_lod", text),)


def _fewest_wells(target: str, plates: Sequence[PlateView]) -> int:
    used = (s for p in plates for s in p.samples if s.target == target and s.sample)
    return min((s.n_wells for s in used if s.status is not Status.INVALID), default=0)


def _not_read(settings: Settings, plates: Sequence[PlateView]) -> tuple[Flag, ...]:
    named = settings.qpcr.dilution_series if settings.qpcr else ()
    there = {n for p in plates for n in (p.source.path, p.source.path.rpartition("/")[2])}
    lost = [n for n in named if n.casefold() not in {t.casefold() for t in there}]
    if not lost:
        return ()
    text = f"[qpcr] dilution_series: {', '.join(lost)}: no such qPCR file was read; check the name"
    return (warning("dilution_series_unknown", text),)


def limits_row(found: StudyLimits) -> dict[str, object]:
    """Return one line of ``limits.csv``: LOD by the best model, and LOQ, in copies per well."""
    best = found.limits.lod if found.limits else None
    levels = found.limits.levels if found.limits else ()
    return {
        "target": found.target,
        "n_plates": found.n_plates,
        "n_wells": found.n_wells,
        "model": best.model if best else "",
        "lod": best.lod if best else None,
        "ci_low": best.low if best else None,
        "ci_high": best.high if best else None,
        "lod_in_2": best.k_of_n(1, 2) if best else None,
        "lod_in_3": best.k_of_n(1, 3) if best else None,
        "loq": found.limits.loq if found.limits else None,
        "loq_cv": found.limits.loq_cv if found.limits else None,
        "levels": "; ".join(f"{x.copies:g}: {x.k}/{x.n}" for x in levels),
        "reason": found.reason,
        "sha256": " ".join(found.sha256),
    }
