"""From wells to copies: single wells and the replicates of a sample, the method chosen by rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labproc.model import CopyNumber, Flag, StandardCurve, Status, Task, Well
from labproc.model.flag import info, review, warning
from labproc.qpcr.fits import is_omitted
from labproc.qpcr.inverse import read_backwards
from labproc.qpcr.lloq import lloq_copies_per_well
from labproc.qpcr.low_copy import LowCopyEstimate, estimate_low_copies, upper_limit
from labproc.qpcr.poisson_curve import LN10, as_poisson_curve, log10_moments
from labproc.qpcr.results import CurveDraws, TargetFit
from labproc.qpcr.rules import QpcrRules

FIELLER = "fieller"
LIKELIHOOD = "likelihood"
UPPER_LIMIT = "upper_limit"
NO_CURVE = "no_curve"

# At 150 copies and 0.12 cycles Fieller's 95 % interval covers 90 %, at 300 copies 94 %.
COUNTING_SHARE = 0.5  # of the assay's own variance, above which counting noise cannot be left out
NEVER_EMPTY = 20.0  # copies in the detected wells; one well in 10^8 is then empty
NEAR = 10.0  # times ``low_copies``; further up counting noise is below 3 %

Estimate = tuple[float | None, float | None, float | None]  # copies and the interval's ends
UNKNOWN: Estimate = (None, None, None)


@dataclass(frozen=True, slots=True)
class Group:
    """The wells that are replicates of one sample."""

    sample: str
    task: Task
    wells: tuple[Well, ...]

    @property
    def cqs(self) -> list[float]:
        """Cq of the detected wells."""
        return [w.cq for w in self.wells if w.cq is not None]


def groups_of(wells: Sequence[Well], rules: QpcrRules) -> list[Group]:
    """Group wells by sample name and task; a well without a name stands for itself."""
    found: dict[tuple[str, str, Task], list[Well]] = {}
    for well in wells:
        if well.task is Task.STANDARD or is_omitted(well, rules):
            continue
        alone = "" if well.sample else well.position
        found.setdefault((well.sample, alone, well.task), []).append(well)
    return [Group(key[0], key[2], tuple(group)) for key, group in found.items()]


def read_wells(fit: TargetFit, rules: QpcrRules) -> list[CopyNumber]:
    """Read every single well that is not a standard backwards from the curve (Fieller)."""
    wells = [w for w in fit.wells if w.task is not Task.STANDARD]
    return [_one_well(w, fit, rules) for w in wells]


def _one_well(well: Well, fit: TargetFit, rules: QpcrRules) -> CopyNumber:
    group = Group(well.sample, well.task, (well,))
    factor = fit.factor or 1.0
    told = None if well.quantity is None else well.quantity * factor
    if is_omitted(well, rules):
        blank = _blank(group, fit, Status.INVALID, NO_CURVE)
        return replace(blank, cq=well.cq, reported_copies=told)
    if well.cq is None:
        return replace(_undetected(group, fit, rules), reported_copies=told)
    return replace(_by_fieller(group, fit, rules), reported_copies=told)


def read_samples(fit: TargetFit, rules: QpcrRules, *, draws: CurveDraws) -> list[CopyNumber]:
    """Quantify the replicates of every sample together.

    Fieller where it is valid: standards and sample of at least ``low_copies``, counting noise
    small beside the assay's own, and every replicate detected. The joint likelihood everywhere
    else, where the standards are in copies.
    """
    groups = groups_of(fit.wells, rules)
    first = [_by_fieller(g, fit, rules) if g.cqs else _undetected(g, fit, rules) for g in groups]
    low = [
        i for i, (g, c) in enumerate(zip(groups, first, strict=True)) if _is_low(g, c, fit, rules)
    ]
    if fit.poisson is not None and low:
        cqs = [_believed(groups[i], first[i]) for i in low]
        for i, found in zip(
            low, estimate_low_copies(cqs, fit.poisson, level=rules.level), strict=True
        ):
            first[i] = _by_likelihood(groups[i], first[i], found, fit, rules)
    return [
        _with_draws(_judged(g, c, fit, rules), fit, draws)
        for g, c in zip(groups, first, strict=True)
    ]


def _is_low(group: Group, found: CopyNumber, fit: TargetFit, rules: QpcrRules) -> bool:
    """Whether counting noise makes Fieller's interval wrong for this sample."""
    if fit.poisson is None or fit.curve is None or not group.cqs or fit.curve.log10_range is None:
        return False
    copies = found.copies or 0.0
    if len(group.cqs) < len(group.wells) or copies < rules.low_copies:
        return True
    if 10 ** fit.curve.log10_range[0] < rules.low_copies:
        return True  # the standards' own counting noise is in the residuals
    counting = (fit.poisson.slope / LN10) ** 2 / copies
    is_near = copies < NEAR * rules.low_copies
    return is_near and counting > COUNTING_SHARE * fit.poisson.sd**2


def _contradicts(group: Group, found: CopyNumber) -> bool:
    """Whether a negative well stands beside more copies than could leave it empty."""
    return len(group.cqs) < len(group.wells) and (found.fieller_copies or 0.0) > NEVER_EMPTY


def _believed(group: Group, found: CopyNumber) -> list[float | None]:
    """Return the wells' Cq, without negative ones that must have failed."""
    return list(group.cqs) if _contradicts(group, found) else [w.cq for w in group.wells]


def _blank(
    group: Group,
    fit: TargetFit,
    status: Status,
    method: str,
    copies: Estimate = UNKNOWN,
    fieller: Estimate = UNKNOWN,
) -> CopyNumber:
    cqs = group.cqs
    return CopyNumber(
        sample=group.sample,
        target=fit.target,
        wells=tuple(w.position for w in group.wells),
        n_wells=len(group.wells),
        n_detected=len(cqs),
        copies=copies[0],
        ci_low=copies[1],
        ci_high=copies[2],
        method=method,
        status=status,
        cq=sum(cqs) / len(cqs) if cqs else None,
        task=group.task,
        fieller_copies=fieller[0],
        fieller_low=fieller[1],
        fieller_high=fieller[2],
    )


def _undetected(group: Group, fit: TargetFit, rules: QpcrRules) -> CopyNumber:
    """Return ``not_detected`` with its upper limit; never 0, never 40 cycles."""
    blank = _blank(group, fit, Status.NOT_DETECTED, UPPER_LIMIT)
    if fit.poisson is None:
        return blank
    return replace(blank, ci_low=0.0, ci_high=upper_limit(len(group.wells), level=rules.level))


def _by_fieller(group: Group, fit: TargetFit, rules: QpcrRules) -> CopyNumber:
    if fit.curve is None:
        return _blank(group, fit, Status.INVALID, NO_CURVE)
    fieller = read_backwards(group.cqs, fit.curve, level=rules.level).copies
    if fit.is_mixed:
        return _blank(group, fit, Status.INVALID, NO_CURVE, fieller=fieller)
    found = _blank(group, fit, Status.QUANTIFIED, FIELLER, fieller, fieller)
    status, flags = _place(found, fit.curve, fit, rules)
    return replace(found, status=status, flags=flags)


def _by_likelihood(
    group: Group, fieller: CopyNumber, found: LowCopyEstimate, fit: TargetFit, rules: QpcrRules
) -> CopyNumber:
    better = replace(
        fieller,
        copies=found.copies,
        ci_low=found.low,
        ci_high=found.high,
        method=LIKELIHOOD,
        flags=(),
    )
    assert fit.curve is not None
    status, flags = _place(better, fit.curve, fit, rules)
    return replace(better, status=status, flags=(*flags, *_too_late(group, fit)))


def _place(
    found: CopyNumber, curve: StandardCurve, fit: TargetFit, rules: QpcrRules
) -> tuple[Status, tuple[Flag, ...]]:
    """Say where the copies lie against the standards and the limit of quantification."""
    if found.copies is None or curve.log10_range is None:
        return found.status, ()
    bottom, top = (10**x for x in curve.log10_range)
    who = f"{found.sample or found.wells[0]} {found.target}".strip()
    text = f"{who}: {found.copies:.4g} copies, standards go from {bottom:g} to {top:g}"
    if found.copies > top * (1 + 1e-9):
        return Status.ABOVE_RANGE, (warning("extrapolated", f"{text}; dilute and repeat"),)
    flags: tuple[Flag, ...] = ()
    if found.copies < bottom * (1 - 1e-9):
        far = found.copies < bottom / 10
        flags = (review("extrapolated", text) if far else warning("extrapolated", text),)
    least = lloq_of(found, fit, rules)
    return (Status.BELOW_LLOQ if found.copies < least else Status.QUANTIFIED), flags


def lloq_of(found: CopyNumber, fit: TargetFit, rules: QpcrRules) -> float:
    """Return the least copies per well that this many replicates can quantify; 0 if unknown."""
    if fit.poisson is None:
        return 0.0
    return lloq_copies_per_well(
        found.n_wells, cv=rules.lloq_cv, sd_cycles=fit.poisson.sd, slope=fit.poisson.slope
    )


def _too_late(group: Group, fit: TargetFit) -> tuple[Flag, ...]:
    """Flag a Cq later than one molecule would give."""
    line = fit.poisson
    if line is None:
        return ()
    limit = line.intercept + 4 * line.sd
    late = [w for w in group.wells if w.cq is not None and w.cq > limit]
    if not late:
        return ()
    text = f"{late[0].position}: Cq {late[0].cq:.2f} is later than one copy gives ({limit:.1f})"
    return (warning("later_than_one_copy", f"{text}; look at its amplification curve"),)


def _judged(group: Group, found: CopyNumber, fit: TargetFit, rules: QpcrRules) -> CopyNumber:
    """Add what is doubtful about the replicates themselves."""
    flags = [*found.flags]
    who = f"{group.sample or group.wells[0].position} {fit.target}".strip()
    if len(group.wells) == 1 and group.task is Task.UNKNOWN and group.sample:
        flags.append(info("single_replicate", f"{who}: one well, expected at least 2"))
    if fit.poisson is None and fit.curve is not None and 0 < len(group.cqs) < len(group.wells):
        text = (
            f"{who}: {len(group.cqs)} of {len(group.wells)} wells detected; the others are left out"
        )
        flags.append(review("nondetects_left_out", text))
    if fit.poisson is not None and _contradicts(group, found):
        text = (
            f"{who}: {len(group.wells) - len(group.cqs)} of {len(group.wells)} wells are negative "
            f"beside {found.fieller_copies:.3g} copies; they must have failed and are not counted"
        )
        flags.append(review("negative_replicate", text))
    flags += _spread(who, group, found, fit, rules)
    return replace(found, flags=tuple(flags))


def _spread(
    who: str, group: Group, found: CopyNumber, fit: TargetFit, rules: QpcrRules
) -> list[Flag]:
    """Flag replicates further apart than the rule, and than counting noise explains."""
    cqs = group.cqs
    if len(cqs) < 2 or group.task is Task.NTC:
        return []
    sd, limit = float(np.std(cqs, ddof=1)), rules.replicate_sd
    if fit.poisson is not None and found.copies:
        counting = fit.poisson.slope**2 * float(log10_moments([found.copies])[1][0])
        limit = max(limit, 2 * float(np.sqrt(fit.poisson.sd**2 + counting)))
    if sd <= limit:
        return []
    text = f"{who}: SD of replicates is {sd:.2f} cycles, expected at most {limit:.2f}"
    return [review("replicate_spread", text)]


def _with_draws(found: CopyNumber, fit: TargetFit, draws: CurveDraws) -> CopyNumber:
    if not found.copies or fit.curve is None:
        return found
    counted = found.method == LIKELIHOOD and fit.poisson is not None
    line = fit.poisson if counted and fit.poisson else as_poisson_curve(fit.curve)
    return replace(found, draws=draws.copies(found.copies, line))
