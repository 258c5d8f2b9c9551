"""One comparison from its arms to its sentence."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Comparison, Flag, Plan, Robustness, Severity
from labproc.model.flag import fail, info, unique, warning
from labproc.trends.comparisons import ComparisonTest, Contrast
from labproc.trends.design import repeats_needed
from labproc.trends.gather import Gathered
from labproc.trends.outcomes import GROWTH_RATE, WINDOWED, Outcome
from labproc.trends.robustness import robustness
from labproc.trends.sentence import sentence, untested

NO_INTERVAL = (np.nan, np.nan)
"""The interval of what was not tested; tables leave it empty."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A comparison that still waits for its adjusted P and its sentence."""

    comparison: Comparison
    outcome: Outcome
    contrast: Contrast
    test: ComparisonTest


def draft(
    outcome: Outcome,
    gathered: Gathered,
    test: ComparisonTest,
    plan: Plan,
    treated: str,
    *,
    planned: bool = False,
    day: int | None = None,
    is_sensitivity: bool = False,
) -> Draft | None:
    """Return one comparison without its adjusted P, or None where an arm has nothing to compare."""
    if not min(gathered.arms.n):
        return None
    flags = [*gathered.flags, *_of_unit(gathered, plan)]
    robust: Robustness | None = None
    try:
        if plan.unit == "well":
            raise NotEnoughData("wells of one culture are n = 1; no P can be given")
        if gathered.against:
            contrast, test = _without_p(gathered), replace(test, of="summary")
            flags += gathered.against
        else:
            contrast = test.run(gathered.arms, plan.level)
            robust = robustness(gathered, test, contrast, plan.level)
            flags += _of_spread(outcome, contrast, treated)
    except NotEnoughData as error:
        contrast = _without_p(gathered)
        test = replace(test, of="summary")
        flags.append(fail("not_enough_repeats", f"{outcome.name}, {treated}: {error}"))
    flags += contrast.flags
    if is_sensitivity:
        flags.append(info("sensitivity", f"{outcome.name} once more, beside the planned test"))
    elif not planned:
        flags.append(info("exploratory", f"{outcome.name} was not named in the plan"))
    whole = replace(
        _shown(outcome, contrast, test, plan, treated, robust),
        planned=planned,
        day=day if contrast.day is None else int(contrast.day),
        flags=unique(flags),
    )
    return Draft(whole, outcome, contrast, test)


def finish(one: Draft, p_adjusted: float | None, plan: Plan) -> Comparison:
    """Return the comparison with its adjusted P and its sentence."""
    whole = replace(one.comparison, p_adjusted=p_adjusted)
    return replace(whole, sentence=_sentence(whole, one, plan))


def _shown(
    outcome: Outcome,
    contrast: Contrast,
    test: ComparisonTest,
    plan: Plan,
    treated: str,
    robust: Robustness | None,
) -> Comparison:
    """Bring a contrast to the scale people read: ratios are exponentials of log differences."""
    effect, unit, is_ratio = _meaning(outcome, test)
    scale: Callable[[float], float] = np.exp if is_ratio else float
    low, high = (contrast.ci_low, contrast.ci_high) if contrast.p_value is not None else NO_INTERVAL
    return Comparison(
        outcome=outcome.name,
        contrast=f"{treated} {'/' if is_ratio else '-'} {plan.control}",
        effect=effect,
        estimate=float(scale(contrast.estimate)),
        ci_low=float(scale(low)),
        ci_high=float(scale(high)),
        unit=unit,
        p_value=contrast.p_value,
        p_adjusted=None,
        n=contrast.n,
        unit_of_replication=plan.unit,
        test=contrast.test,
        statistic=contrast.statistic,
        assumptions=contrast.assumptions,
        robustness=None if robust is None else _rescaled(robust, scale),
    )


def _meaning(outcome: Outcome, test: ComparisonTest) -> tuple[str, str, bool]:
    """Return effect, unit and whether it is a ratio; courses are always logs of their metric."""
    if test.of == "summary" or (test.of == "slope" and outcome.kind == GROWTH_RATE):
        return outcome.effect, outcome.unit, outcome.is_ratio
    if test.of == "slope":
        return "geometric mean ratio per day", "ratio/day", True
    what = "fold since the first of these days" if outcome.kind == GROWTH_RATE else outcome.metric
    return f"geometric mean ratio of {what}", "ratio", True


def _rescaled(robust: Robustness, scale: Callable[[float], float]) -> Robustness:
    out = robust.leave_one_out
    return replace(
        robust,
        low=float(scale(robust.low)),
        high=float(scale(robust.high)),
        leave_one_out=None if out is None else (float(scale(out[0])), float(scale(out[1]))),
    )


def _sentence(comparison: Comparison, one: Draft, plan: Plan) -> str:
    if comparison.p_value is None:
        fails = [f.message for f in comparison.flags if f.severity is Severity.FAIL]
        reasons = [m.removeprefix(f"{one.outcome.name}, ").partition(": ")[2] or m for m in fails]
        return untested(comparison, one.outcome, reasons)
    return sentence(
        comparison,
        one.outcome,
        window=plan.window_days if one.outcome.kind in WINDOWED else None,
        floor=one.contrast.floor,
        needed=_needed(one, plan),
        level=plan.level,
    )


def _needed(one: Draft, plan: Plan) -> int | None:
    """Return the repeats for 80 % power at the effect seen, where P is not below the level."""
    contrast = one.contrast
    if contrast.p_value is None or contrast.p_value < plan.level or not contrast.statistic:
        return None
    if one.test.reads != "summary":
        return None
    se = abs(contrast.estimate / contrast.statistic)
    n = min(contrast.n)
    sd = se * np.sqrt(n if one.test.paired else n / 2.0)
    return repeats_needed(contrast.estimate, float(sd), paired=one.test.paired, level=plan.level)


def _without_p(gathered: Gathered) -> Contrast:
    """Return the difference of the arms' means; NaN stands for the interval nobody can give."""
    arms = gathered.arms
    means = [np.mean([r.summary for r in side]) for side in (arms.control, arms.treated)]
    estimate = float(means[1] - means[0])
    return Contrast(estimate, np.nan, np.nan, None, None, arms.n, "not tested")


def _of_spread(outcome: Outcome, contrast: Contrast, treated: str) -> list[Flag]:
    if contrast.p_value is not None:
        return []
    message = f"{outcome.name}, {treated}: the repeats do not differ from each other, so no P"
    return [fail("no_spread", message)]


def _of_unit(gathered: Gathered, plan: Plan) -> list[Flag]:
    if plan.unit != "experiment":
        return []
    donors = {name.split(" ")[0] for name in gathered.arms.names}
    if len(donors) > 1:
        return []
    message = f"all experiments are of donor {next(iter(donors), '')!r}: true of this donor only"
    return [warning("one_donor", message)]
