"""The acceptance table of a plate: every rule with its limit, what was found, and a verdict."""

from collections.abc import Iterable, Sequence

import numpy as np

from labproc.model import CopyNumber, Flag, StandardCurve, Task
from labproc.model.flag import review, warning
from labproc.qpcr.poisson_curve import log10_moments
from labproc.qpcr.results import AcceptanceRow, Checked, StandardPoint, TargetFit, Verdict
from labproc.qpcr.rules import QpcrRules

NO_TEMPLATE_NAMES = {"ntc", "no template control", "no template", "water", "h2o"}


def accept_target(fit: TargetFit, samples: Sequence[CopyNumber], rules: QpcrRules) -> Checked:
    """Check one target's curve, its no-template controls and its replicates."""
    own = [s for s in samples if s.target == fit.target]
    checks = accept_ntc(fit.target, own)
    if fit.curve is None:
        return checks
    return accept_curve(fit.curve, fit.standards, rules) + checks + _replicates(fit, own)


def accept_curve(
    curve: StandardCurve, points: Sequence[StandardPoint], rules: QpcrRules
) -> Checked:
    """Check efficiency, R², lack of fit and the back-calculated error of each level."""
    return (
        _efficiency(curve, rules)
        + _r_squared(curve, rules)
        + _lack_of_fit(curve, rules)
        + _level_errors(curve.target, points, rules)
    )


def _row(
    rule: str, target: str, limit: str, found: str, verdict: Verdict, flag: Flag | None
) -> Checked:
    row = AcceptanceRow(rule, target, limit, found, verdict)
    return Checked((row,), () if verdict == "pass" or flag is None else (flag,))


def _efficiency(curve: StandardCurve, rules: QpcrRules) -> Checked:
    low, high = rules.efficiency
    limit, found = f"{low:.0%} to {high:.0%}", f"{curve.efficiency:.1%}"
    if curve.efficiency_ci:
        found += f" ({curve.efficiency_ci[0]:.1%} to {curve.efficiency_ci[1]:.1%})"
    ok = low <= curve.efficiency <= high
    text = f"{curve.target}: efficiency is {found}, expected {limit}"
    verdict: Verdict = "pass" if ok else "fail"
    return _row("efficiency", curve.target, limit, found, verdict, review("efficiency", text))


def _r_squared(curve: StandardCurve, rules: QpcrRules) -> Checked:
    value = curve.r_squared
    if value is None:
        return Checked()
    limit, found = f"at least {rules.r_squared:g}", f"{value:.4f}"
    text = f"{curve.target}: R² is {found}, expected {limit}"
    verdict: Verdict = "pass" if value >= rules.r_squared else "fail"
    return _row("r_squared", curve.target, limit, found, verdict, review("r_squared", text))


def _lack_of_fit(curve: StandardCurve, rules: QpcrRules) -> Checked:
    if curve.lack_of_fit_p is None:
        return Checked()
    limit, found = f"P at least {rules.lack_of_fit_p:g}", f"P = {curve.lack_of_fit_p:.3g}"
    text = (
        f"{curve.target}: lack of fit {found}, expected {limit}; the standards bend or a level "
        "is off, look at the error per level"
    )
    verdict: Verdict = "pass" if curve.lack_of_fit_p >= rules.lack_of_fit_p else "warn"
    return _row("lack_of_fit", curve.target, limit, found, verdict, warning("lack_of_fit", text))


def level_errors(points: Iterable[StandardPoint]) -> dict[float, tuple[float, int]]:
    """Return the back-calculated error and the number of wells of each level of standards.

    The level's copies are the geometric mean of its wells, as one reads them from the mean Cq.
    """
    found: dict[float, list[float]] = {}
    for p in points:
        if p.found is not None and not p.omitted:
            found.setdefault(p.copies, []).append(float(np.log(p.found / p.copies)))
    return {q: (float(np.expm1(np.mean(logs))), len(logs)) for q, logs in sorted(found.items())}


def _level_errors(target: str, points: Sequence[StandardPoint], rules: QpcrRules) -> Checked:
    """Gate on the worst level; counting noise widens the limit of the low ones."""
    errors = level_errors(points)
    if not errors:
        return Checked()
    over = {q: e for q, (e, n) in errors.items() if abs(e) > _allowed(q, n, rules)}
    worst = max(errors, key=lambda q: abs(errors[q][0]))
    if over:
        worst = max(over, key=lambda q: abs(over[q]))
    limit, found = f"within {rules.level_error:.0%}", f"{errors[worst][0]:+.1%} at {worst:g} copies"
    text = f"{target}: back-calculated standards are off by {found}, expected {limit}"
    verdict: Verdict = "fail" if over else "pass"
    return _row("level_error", target, limit, found, verdict, review("level_error", text))


def _allowed(copies: float, n_wells: int, rules: QpcrRules) -> float:
    counting = float(log10_moments([copies])[1][0]) if copies >= 1 else 0.0
    return max(rules.level_error, 2 * float(np.sqrt(counting / n_wells)) * float(np.log(10)))


def accept_ntc(target: str, samples: Sequence[CopyNumber]) -> Checked:
    """Check that wells without template stay empty."""
    blanks = [s for s in samples if s.task is Task.NTC or is_no_template(s.sample)]
    if not blanks:
        return Checked()
    wells, dirty = sum(s.n_wells for s in blanks), [s for s in blanks if s.n_detected]
    found = f"{sum(s.n_detected for s in dirty)} of {wells} wells"
    cq = min((s.cq for s in dirty if s.cq is not None), default=0.0)
    copies = max((s.copies or 0.0 for s in dirty), default=0.0)
    text = (
        f"{target}: no-template control amplified in {found}, Cq {cq:.1f}, about {copies:.3g} "
        "copies per well, expected none; the reagents or the plate are contaminated"
    )
    verdict: Verdict = "fail" if dirty else "pass"
    return _row(
        "ntc_clean", target, "none amplified", found, verdict, review("ntc_amplified", text)
    )


def is_no_template(sample: str) -> bool:
    """Whether a sample's name alone says that it holds no template."""
    return sample.strip().casefold() in NO_TEMPLATE_NAMES


def _replicates(fit: TargetFit, samples: Sequence[CopyNumber]) -> Checked:
    """Count the samples whose replicates lie too far apart; each is flagged on its own."""
    many = [s for s in samples if s.n_detected > 1 and s.task is Task.UNKNOWN]
    if not many:
        return Checked()
    n = sum(any(f.code == "replicate_spread" for f in s.flags) for s in many)
    verdict: Verdict = "warn" if n else "pass"
    found = f"{n} of {len(many)} samples wider"
    limit = "SD within counting noise and the rule"
    return _row("replicate_spread", fit.target, limit, found, verdict, None)
