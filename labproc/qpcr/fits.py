"""From the wells of one target to its curve, doubtful standards shown and kept."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from labproc.errors import SettingsError, StandardCurveError
from labproc.model import Flag, QpcrRun, StandardCurve, Task, Well
from labproc.model.flag import fail
from labproc.qpcr.doubts import (
    ends_early,
    few_levels,
    left_out,
    no_standards,
    not_copies,
    out_of_order,
    outliers,
    repeated,
    several_series,
    undetected,
)
from labproc.qpcr.master_curve import SharedCurve
from labproc.qpcr.poisson_curve import PoissonCurve, fit_poisson_curve, log10_moments
from labproc.qpcr.results import StandardPoint, TargetFit
from labproc.qpcr.rules import QpcrRules
from labproc.qpcr.standard_curve import (
    copies_at,
    fit_standard_curve,
    outlier_wells,
)
from labproc.qpcr.units import unit_differs


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
    given: SharedCurve | None = None,
) -> TargetFit:
    """Fit one target's curve; what stands in the way is a flag, not an error.

    Undetermined, omitted and non-standard wells do not enter the curve. Outliers do, and are
    shown, until someone omits them with a reason. A ``given`` curve, of several plates together,
    takes the place of the plate's own.
    """
    reported = next((c for c in run.reported_curves if c.target == name), None)
    if reported is None and len(run.reported_curves) == 1 and not run.table.targets:
        reported = run.reported_curves[0]
    fit = TargetFit(name, tuple(wells), reported=reported)
    flags = [*repeated(name, wells), *left_out(name, wells, rules), *unit_differs(fit, run, rules)]
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
    fit: TargetFit, flags: list[Flag], given: SharedCurve, *, run: QpcrRun
) -> TargetFit:
    """Read a target from a curve of several plates; the plate's own standards are still judged."""
    curve = given.curve
    used = [p for p in fit.standards if p.cq is not None and not p.omitted]
    flags += curve.flags
    if used:
        flags += _of_standards(fit, used)
    doubt = not_copies(fit, curve)
    poisson = None if doubt else given.poisson
    points = _judged(fit.standards, used, curve, poisson)
    flags += [*doubt, *ends_early(fit, poisson, run), *outliers(fit.target, points, curve)]
    curve = replace(curve, source=run.source)
    return replace(fit, standards=points, curve=curve, poisson=poisson, flags=tuple(flags))


def _of_standards(fit: TargetFit, used: Sequence[StandardPoint]) -> list[Flag]:
    copies, cq = np.array([p.copies for p in used]), np.array([p.cq for p in used])
    return [
        *out_of_order(fit.target, copies, cq),
        *several_series(fit.target, used),
        *undetected(fit),
    ]


def _with_curve(fit: TargetFit, flags: list[Flag], *, run: QpcrRun, rules: QpcrRules) -> TargetFit:
    used = [p for p in fit.standards if p.cq is not None and not p.omitted]
    if not used:
        return replace(fit, flags=(*flags, no_standards(fit)))
    copies = np.array([p.copies for p in used])
    cq = np.array([p.cq for p in used])
    try:
        curve = fit_standard_curve(fit.target, copies, cq=cq, level=rules.level)
    except StandardCurveError as error:
        return replace(fit, flags=(*flags, fail("no_standard_curve", str(error))))
    flags += few_levels(fit.target, curve, rules)
    flags += _of_standards(fit, used)
    doubt = not_copies(fit, curve)
    flags += doubt
    is_mixed = replace(fit, flags=tuple(flags)).is_mixed
    poisson = None if doubt or is_mixed else fit_poisson_curve(copies, cq=cq)
    points = _judged(fit.standards, used, curve, poisson)
    flags += [*ends_early(fit, poisson, run), *outliers(fit.target, points, curve)]
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
