"""From the wells of one target to its curve, doubtful standards shown and kept."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from labproc.errors import SettingsError, StandardCurveError
from labproc.model import Flag, QpcrRun, ReportedCurve, StandardCurve, Task, Well
from labproc.model.flag import fail, info, review, warning
from labproc.qpcr.poisson_curve import (
    PoissonCurve,
    as_poisson_curve,
    fit_poisson_curve,
    log10_moments,
)
from labproc.qpcr.results import StandardPoint, TargetFit
from labproc.qpcr.rules import QpcrRules
from labproc.qpcr.standard_curve import (
    copies_at,
    fit_standard_curve,
    levels_out_of_order,
    outlier_wells,
)

# One molecule needs 33 doublings to the 1e10 that are seen; 3 cycles are left for the threshold.
EARLIEST_SINGLE_COPY = 30.0
MIN_SERIES = 3  # levels that make names a dilution series of their own
SERIES_APART = 1.0  # cycles; more than pipetting, less than two genes
LOW_STANDARD = 10.0  # copies; under it some wells hold no molecule
OUTLIER_MATTERS = 0.10  # of copies; less is within the intervals
TOO_MANY = 3.0  # SD of the number of wells that hold one


def target_name(well: Well) -> str:
    """Return the target, or the dye where the file names no target."""
    return well.target or well.dye


def by_target(wells: Iterable[Well]) -> dict[str, tuple[Well, ...]]:
    """Return the wells of each target, in order of first appearance."""
    found: dict[str, list[Well]] = {}
    for well in wells:
        found.setdefault(target_name(well), []).append(well)
    return {name: tuple(group) for name, group in found.items()}


def fit_target(
    name: str,
    wells: Sequence[Well],
    *,
    run: QpcrRun,
    rules: QpcrRules,
    given: StandardCurve | None = None,
) -> TargetFit:
    """Fit one target's curve; what stands in the way is a flag, not an error.

    Undetermined, omitted and non-standard wells do not enter the curve. Outliers do, and are
    shown, until someone omits them with a reason. A ``given`` curve, of several plates together,
    takes the place of the plate's own.
    """
    reported = next((c for c in run.reported_curves if c.target == name), None)
    if reported is None and len(run.reported_curves) == 1 and not run.table.targets:
        reported = run.reported_curves[0]
    flags = [*_repeated(name, wells), *_omitted(name, wells, rules)]
    fit = TargetFit(name, tuple(wells), reported=reported)
    try:
        factor = rules.copies_per_unit(name)
    except SettingsError as error:
        flag = fail("standard_unit_unknown", str(error))
        return replace(fit, flags=(*flags, flag))
    points = _points(name, wells, factor, rules)
    fit = replace(fit, factor=factor, standards=points)
    if given is not None:
        return _with_given(fit, flags, given, run=run)
    return _with_curve(fit, flags, run=run, rules=rules)


def _with_given(
    fit: TargetFit, flags: list[Flag], curve: StandardCurve, *, run: QpcrRun
) -> TargetFit:
    points = tuple(_back(p, curve, is_outlier=False) for p in fit.standards)
    text = f"{fit.target}: read from one curve of several plates, slope {curve.slope:.4f}"
    doubt = _not_copies(fit, curve)
    own = (*flags, info("master_curve", text), *curve.flags, *doubt)
    curve = replace(curve, source=run.source)
    poisson = None if doubt else as_poisson_curve(curve)
    return replace(fit, standards=points, curve=curve, poisson=poisson, flags=own)


def _with_curve(fit: TargetFit, flags: list[Flag], *, run: QpcrRun, rules: QpcrRules) -> TargetFit:
    used = [p for p in fit.standards if p.cq is not None and not p.omitted]
    if not used:
        return replace(fit, flags=(*flags, _no_standards(fit)))
    copies = np.array([p.copies for p in used])
    cq = np.array([p.cq for p in used])
    try:
        curve = fit_standard_curve(fit.target, copies, cq=cq, level=rules.level)
    except StandardCurveError as error:
        return replace(fit, flags=(*flags, fail("no_standard_curve", str(error))))
    flags += _levels(fit.target, curve, rules)
    flags += _order(fit.target, copies, cq)
    flags += _several_series(fit.target, used)
    flags += _undetected(fit)
    doubt = _not_copies(fit, curve)
    flags += doubt
    poisson = None if doubt else fit_poisson_curve(copies, cq=cq)
    points = _judged(fit.standards, used, curve, poisson)
    flags += _outliers(fit.target, points, curve)
    curve = replace(curve, source=run.source)
    return replace(fit, standards=points, curve=curve, poisson=poisson, flags=tuple(flags))


def _points(
    name: str, wells: Sequence[Well], factor: float, rules: QpcrRules
) -> tuple[StandardPoint, ...]:
    return tuple(
        StandardPoint(
            w.position, w.sample, name, w.quantity * factor, w.cq, omitted=is_omitted(w, rules)
        )
        for w in wells
        if w.task is Task.STANDARD and w.quantity is not None and w.quantity > 0
    )


def is_omitted(well: Well, rules: QpcrRules) -> bool:
    """Whether the instrument's user or the study's own rules leave the well out."""
    names = (well.position, f"{target_name(well)}:{well.position}")
    return well.omitted or any(n in rules.omitted for n in names)


def _judged(
    points: tuple[StandardPoint, ...],
    used: Sequence[StandardPoint],
    curve: StandardCurve,
    poisson: PoissonCurve | None,
) -> tuple[StandardPoint, ...]:
    """Read every standard back, and mark those off the line by more than counting explains."""
    copies = np.array([p.copies for p in used])
    x, y, variance = np.log10(copies), np.array([p.cq for p in used]), None
    if poisson is not None:
        x, counting = log10_moments(copies)
        variance = poisson.sd**2 + poisson.slope**2 * counting
    marks = outlier_wells(x, y, variance=variance)
    odd = {id(p) for p, is_odd in zip(used, marks, strict=True) if is_odd}
    return tuple(_back(p, curve, is_outlier=id(p) in odd) for p in points)


def _back(point: StandardPoint, curve: StandardCurve, *, is_outlier: bool) -> StandardPoint:
    if point.cq is None:
        return point
    found = copies_at((point.cq - curve.intercept) / curve.slope)
    expected = curve.intercept + curve.slope * np.log10(point.copies)
    residual = float(point.cq - expected)
    return replace(point, found=float(found), residual=residual, is_outlier=is_outlier)


def _not_copies(fit: TargetFit, curve: StandardCurve) -> list[Flag]:
    """Flag standards that cannot be copies per well; counting noise then means nothing."""
    why = _too_early(curve) or _too_many(fit)
    if not why:
        return []
    text = (
        f"{fit.target}: {why}; the quantities are not copies per well, so counting noise is not "
        "taken into account; say standard_unit"
    )
    return [review("standards_not_copies", text)]


def _too_early(curve: StandardCurve) -> str:
    if curve.intercept >= EARLIEST_SINGLE_COPY:
        return ""
    return f"one copy would be seen at cycle {curve.intercept:.1f}, expected 33 or later"


def _too_many(fit: TargetFit) -> str:
    low = [p for p in fit.standards if p.copies < LOW_STANDARD and not p.omitted]
    chance = -np.expm1(-np.array([p.copies for p in low]))
    spread = float(np.sqrt((chance * (1 - chance)).sum()))
    more = sum(p.cq is not None for p in low) - float(chance.sum())
    if not low or more <= TOO_MANY * spread:
        return ""
    least = min(p.copies for p in low)
    return f"standards down to {least:g} copies are found more often than molecules can be"


def _no_standards(fit: TargetFit) -> Flag:
    named = sum(w.task is Task.STANDARD for w in fit.wells)
    what = f"{named} standard wells, none with a quantity and a Cq" if named else "no standards"
    text = f"{fit.target or 'plate'}: {what}, expected at least 3 levels; no copies can be given"
    return review("no_standard_curve", text)


def _levels(name: str, curve: StandardCurve, rules: QpcrRules) -> list[Flag]:
    text = f"{name}: {curve.n_levels} levels of standards, expected at least "
    if curve.n_levels < rules.min_levels:
        return [fail("few_standards", f"{text}{rules.min_levels}; the line cannot be checked")]
    if curve.n_levels < rules.wanted_levels:
        return [warning("few_standards", f"{text}{rules.wanted_levels}")]
    return []


def _order(name: str, copies: np.ndarray, cq: np.ndarray) -> list[Flag]:
    wrong = levels_out_of_order(copies, cq)
    if not wrong:
        return []
    pairs = ", ".join(f"{a:g} and {b:g}" for a, b in wrong)
    text = f"{name}: Cq does not fall from {pairs} copies; check the order of the standards"
    return [review("standards_out_of_order", text)]


def _several_series(name: str, used: Sequence[StandardPoint]) -> list[Flag]:
    """Flag standards of several names that each span the levels and lie a cycle apart."""
    series: dict[str, list[StandardPoint]] = {}
    for point in used:
        series.setdefault(point.sample, []).append(point)
    whole = {n: s for n, s in series.items() if n and len({p.copies for p in s}) >= MIN_SERIES}
    if len(whole) < 2:
        return []
    shared = set.intersection(*({p.copies for p in s} for s in whole.values()))
    means = [np.mean([p.cq for p in s if p.copies in shared]) for s in whole.values() if shared]
    if not means or max(means) - min(means) < SERIES_APART:
        return []
    text = (
        f"{name or 'plate'}: standards of {len(whole)} names ({', '.join(whole)}) lie up to "
        f"{max(means) - min(means):.1f} cycles apart, expected one series; name the targets"
    )
    return [fail("several_standard_series", text)]


def _undetected(fit: TargetFit) -> list[Flag]:
    lost = [p for p in fit.standards if p.cq is None and not p.omitted]
    if not lost:
        return []
    wells = ", ".join(f"{p.position} ({p.copies:g})" for p in lost[:6])
    text = f"{fit.target}: {len(lost)} standards without Cq stay out of the curve: {wells}"
    return [info("standard_not_detected", text)]


def _outliers(name: str, points: Sequence[StandardPoint], curve: StandardCurve) -> list[Flag]:
    flags = []
    for point in points:
        if not point.is_outlier:
            continue
        moved = _moved_by(point, curve)
        text = (
            f"{name}: standard {point.position} ({point.copies:g} copies) lies "
            f"{point.residual:+.2f} cycles off the line and moves copies by up to {moved:.0%}; it "
            "stays in the curve until you omit it with a reason"
        )
        flags.append(
            review("standard_outlier", text)
            if moved > OUTLIER_MATTERS
            else info("standard_outlier", text)
        )
    return flags


def _moved_by(point: StandardPoint, curve: StandardCurve) -> float:
    """Return how much one standard moves copies within the standards' range, as a fraction.

    Without it the line at x moves by residual x (1 / n + dx d / Sxx) / (1 - h).
    """
    if curve.log10_range is None or point.residual is None:
        return 0.0
    own = np.log10(point.copies) - curve.mean_log10
    leverage = min(1 / curve.n_points + own**2 / curve.sxx, 1 - 1e-9)
    ends = np.array(curve.log10_range) - curve.mean_log10
    cycles = point.residual * (1 / curve.n_points + ends * own / curve.sxx) / (1 - leverage)
    return float(np.abs(copies_at(-cycles / curve.slope) - 1).max())


def _omitted(name: str, wells: Sequence[Well], rules: QpcrRules) -> list[Flag]:
    flags = []
    for well in wells:
        reason = rules.omitted.get(well.position) or rules.omitted.get(f"{name}:{well.position}")
        if reason is not None:
            flags.append(info("well_omitted", f"{name}: {well.position} left out: {reason}"))
    return flags


def _repeated(name: str, wells: Sequence[Well]) -> list[Flag]:
    """Flag a target that stands twice in one well: two targets with one name, or two plates."""
    count = Counter(w.position for w in wells if w.cq is not None)
    twice = [position for position, n in count.items() if n > 1]
    if not twice:
        return []
    dyes = sorted({w.dye for w in wells if w.dye})
    what = f"dyes {', '.join(dyes)}" if len(dyes) > 1 else "the same dye"
    text = (
        f"{name}: read {max(count.values())} times in well {twice[0]} and {len(twice) - 1} others "
        f"({what}), expected once; two targets with one name, or two plates in one file"
    )
    return [fail("target_twice_in_well", text)]


def reported_flags(reported: Iterable[ReportedCurve]) -> list[Flag]:
    """Return a flag for every curve in the file that no reaction can have."""
    from labproc.qpcr.reported import reported_is_unusable

    return [flag for curve in reported for flag in reported_is_unusable(curve)]
