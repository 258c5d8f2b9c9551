"""What is doubtful about the standards of one target; nothing is dropped for it."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from labproc.model import Flag, QpcrRun, StandardCurve, Task, Well
from labproc.model.flag import fail, info, review, warning
from labproc.qpcr.poisson_curve import PoissonCurve
from labproc.qpcr.results import SEVERAL_SERIES, StandardPoint, TargetFit
from labproc.qpcr.rules import QpcrRules
from labproc.qpcr.standard_curve import copies_at, levels_out_of_order
from labproc.wording import counted

# One molecule needs 33 doublings to the 1e10 that are seen; 3 cycles are left for the threshold.
EARLIEST_SINGLE_COPY = 30.0
MIN_SERIES = 3  # levels that make names a dilution series of their own
MIN_WELLS = 2  # of a level that make a group
SERIES_APART = 1.0  # cycles; more than pipetting, less than two genes
LOW_STANDARD = 10.0  # copies; under it some wells hold no molecule
OUTLIER_MATTERS = 0.10  # of copies; less is within the intervals
TOO_MANY = 3.0  # SD of the number of wells that hold one


def not_copies(fit: TargetFit, curve: StandardCurve) -> list[Flag]:
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


def no_standards(fit: TargetFit) -> Flag:
    """Flag a target without a usable standard."""
    named = sum(w.task is Task.STANDARD for w in fit.wells)
    what = f"{named} standard wells, none with a quantity and a Cq" if named else "no standards"
    text = f"{fit.target or 'plate'}: {what}, expected at least 3 levels; no copies can be given"
    return review("no_standard_curve", text)


def few_levels(name: str, curve: StandardCurve, rules: QpcrRules) -> list[Flag]:
    """Flag too few levels: a warning under 5, and a failure under 3."""
    text = f"{name}: {curve.n_levels} levels of standards, expected at least "
    if curve.n_levels < rules.min_levels:
        return [fail("few_standards", f"{text}{rules.min_levels}; the line cannot be checked")]
    if curve.n_levels < rules.wanted_levels:
        return [warning("few_standards", f"{text}{rules.wanted_levels}")]
    return []


def out_of_order(name: str, copies: np.ndarray, cq: np.ndarray) -> list[Flag]:
    """Flag levels whose mean Cq does not fall."""
    wrong = levels_out_of_order(copies, cq)
    if not wrong:
        return []
    pairs = ", ".join(f"{a:g} and {b:g}" for a, b in wrong)
    text = f"{name}: Cq does not fall from {pairs} copies; check the order of the standards"
    return [review("standards_out_of_order", text)]


def several_series(name: str, used: Sequence[StandardPoint]) -> list[Flag]:
    """Flag standards of several names that each span the levels and lie a cycle apart."""
    series: dict[str, list[StandardPoint]] = {}
    for point in used:
        series.setdefault(point.sample, []).append(point)
    whole = {n: s for n, s in series.items() if n and len({p.copies for p in s}) >= MIN_SERIES}
    if len(whole) < 2:
        return _two_lines(name, used)
    shared = set.intersection(*({p.copies for p in s} for s in whole.values()))
    means = [np.mean([p.cq for p in s if p.copies in shared]) for s in whole.values() if shared]
    if not means or max(means) - min(means) < SERIES_APART:
        return []
    text = (
        f"{name or 'plate'}: standards of {len(whole)} names ({', '.join(whole)}) lie up to "
        f"{max(means) - min(means):.1f} cycles apart, expected one series; name the targets"
    )
    return [fail(SEVERAL_SERIES, text)]


def _two_lines(name: str, used: Sequence[StandardPoint]) -> list[Flag]:
    """Flag levels that each fall into two groups of wells, by the same cycles: two targets."""
    levels: dict[float, list[float]] = {}
    for point in used:
        if point.cq is not None:
            levels.setdefault(point.copies, []).append(point.cq)
    gaps = [_gap(cqs) for cqs in levels.values() if len(cqs) >= 2 * MIN_WELLS]
    if len(gaps) < MIN_SERIES or min(gaps) < SERIES_APART:
        return []
    text = (
        f"{name or 'plate'}: the standards of every level fall into two groups, "
        f"{float(np.mean(gaps)):.1f} cycles apart, expected one; two targets with one name?"
    )
    return [fail(SEVERAL_SERIES, text)]


def _gap(cqs: Sequence[float]) -> float:
    """Return the largest gap between neighbours with a group of wells on both sides, else 0."""
    steps = np.diff(np.sort(cqs))
    at = int(steps.argmax())
    is_between = MIN_WELLS <= at + 1 <= len(cqs) - MIN_WELLS
    rest = np.delete(steps, at).sum()
    return float(steps[at]) if is_between and steps[at] > rest else 0.0


def ends_early(fit: TargetFit, line: PoissonCurve | None, run: QpcrRun) -> list[Flag]:
    """Flag a run that stops before a single copy has come up: its empty wells may not be empty."""
    last = max((float(a.cycles[-1]) for a in run.amplification if a.cycles.size), default=None)
    if line is None or last is None or line.intercept + 2 * line.sd <= last:
        return []
    text = (
        f"{fit.target}: one copy comes up at cycle {line.intercept:.1f} (SD {line.sd:.2f}) and the "
        f"run ended at cycle {last:g}; wells of few copies may be missed, add cycles"
    )
    return [warning("run_ends_early", text)]


def undetected(fit: TargetFit) -> list[Flag]:
    """Say which standards have no Cq."""
    lost = [p for p in fit.standards if p.cq is None and not p.omitted]
    if not lost:
        return []
    wells = ", ".join(f"{p.position} ({p.copies:g})" for p in lost[:6])
    text = (
        f"{fit.target}: {counted(len(lost), 'standard')} without Cq left out of the curve: {wells}"
    )
    return [info("standard_not_detected", text)]


def outliers(name: str, points: Sequence[StandardPoint], curve: StandardCurve) -> list[Flag]:
    """Flag standards off the line, with how far each moves copies."""
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


def left_out(name: str, wells: Sequence[Well], rules: QpcrRules) -> list[Flag]:
    """Say which wells the study's rules leave out, and why."""
    flags = []
    for well in wells:
        reason = rules.omitted.get(well.position) or rules.omitted.get(f"{name}:{well.position}")
        if reason is not None:
            flags.append(info("well_omitted", f"{name}: {well.position} left out: {reason}"))
    return flags


def repeated(name: str, wells: Sequence[Well]) -> list[Flag]:
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
