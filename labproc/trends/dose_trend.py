"""An outcome over all doses of a study: trend, each dose against control, half the effect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Comparison, Flag, Measurement, Plan, Severity, Trend
from labproc.model._arrays import Floats
from labproc.model.flag import info, warning
from labproc.trends.dose import (
    TrendTest,
    dunnett,
    fit_four_parameters,
    jonckheere,
    linear_contrast,
    linear_contrast_apart,
)
from labproc.trends.dose_table import DoseTable, dose_table
from labproc.trends.dose_within import dunnett_within, fit_within, jonckheere_within
from labproc.trends.lines import t_quantile
from labproc.trends.nonlinear import CurveFit
from labproc.trends.outcomes import Outcome
from labproc.trends.sentence import digits, n_words, number, p_words, span, untested

SERIES = "dose_series"
"""The flag of every comparison over doses."""


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """A dose table with its curve; ``ec50`` is estimate and interval in µmol/L, None with why."""

    table: DoseTable
    curve: CurveFit | None = None
    ec50: tuple[float, float, float] | None = None
    reason: str = ""

    @property
    def scale(self) -> Callable[[Floats], Floats]:
        """From the scale of the analysis to the one people read, on which the curve is fitted."""
        return np.exp if self.table.outcome.is_ratio else np.asarray


def dose_responses(
    outcomes: Sequence[Outcome],
    measurements: Sequence[Measurement],
    trends: Sequence[Trend],
    plan: Plan,
) -> list[DoseResponse]:
    """Return the outcomes that were measured at three doses or more, curves fitted from five on."""
    tables = (dose_table(outcome, trends, measurements, plan) for outcome in outcomes)
    return [_response(table) for table in tables if table is not None]


def _response(table: DoseTable) -> DoseResponse:
    bare = DoseResponse(table)
    columns = [bare.scale(c) for c in table.columns]
    try:
        if table.is_paired:
            curve = fit_within(table.doses_um, np.stack(columns, axis=1))
        else:
            doses = np.repeat(table.doses_um, [c.size for c in columns])
            curve = fit_four_parameters(doses, np.concatenate(columns))
        return DoseResponse(table, curve, _half(curve, table.doses_um))
    except NotEnoughData as error:
        return DoseResponse(table, reason=str(error))


def _half(curve: CurveFit, doses_um: Floats) -> tuple[float, float, float]:
    """Return the dose of half the effect with its interval, on the log scale of doses."""
    ec50, relative = curve.estimates["EC50"], curve.se["EC50"] / curve.estimates["EC50"]
    if not relative < 1:
        raise NotEnoughData("the doses do not say where half the effect lies")
    if not doses_um[doses_um > 0].min() <= ec50 <= doses_um.max():
        raise NotEnoughData(f"half the effect would lie at {ec50:.3g} µmol/L, beyond the doses")
    factor = float(np.exp(t_quantile(0.95, curve.dof) * relative))
    return ec50, ec50 / factor, ec50 * factor


def dose_comparisons(found: DoseResponse, plan: Plan) -> list[Comparison]:
    """Return the trend over doses, each dose against the control, and the dose of half the effect.

    Nothing where the repeats do not differ, so that there is no error to test against.
    """
    try:
        made = [_trend(found, plan), *_each(found, plan), *_ec50(found, plan)]
    except NotEnoughData:
        return []
    against = [f.message for f in found.table.flags if f.severity is Severity.FAIL]
    return [_untested(one, found.table.outcome, against) for one in made] if against else made


def _untested(one: Comparison, outcome: Outcome, reasons: Sequence[str]) -> Comparison:
    bare = replace(one, p_value=None, ci_low=np.nan, ci_high=np.nan, statistic=None)
    return replace(bare, sentence=untested(bare, outcome, reasons))


def _trend(found: DoseResponse, plan: Plan) -> Comparison:
    """Test a steady step from dose to dose; Jonckheere's P stands beside it."""
    table = found.table
    if table.is_paired:
        line = linear_contrast(table.values, level=plan.level)
        order = jonckheere_within(table.values)
        test = "linear contrast over doses, paired t test"
    else:
        line = linear_contrast_apart(table.columns, level=plan.level)
        order = jonckheere(*_long(table))
        test = "linear contrast over doses, pooled error"
    beside = f"{order.test}, {p_words(order.p_value)}"
    doses = ", ".join(f"{d:g}" for d in table.doses_um)
    contrast = f"{table.arms[-1]} over {len(table.arms)} doses ({doses} µmol/L)"
    effect = f"{table.outcome.effect} per dose step"
    assumed = ("steps between doses count alike", beside)
    return _comparison(found, plan, line, contrast, effect, test, assumed)


def _long(table: DoseTable) -> tuple[Floats, Floats]:
    doses = np.repeat(table.doses_um, [c.size for c in table.columns])
    return doses, np.concatenate(table.columns)


def _each(found: DoseResponse, plan: Plan) -> list[Comparison]:
    table = found.table
    if table.is_paired:
        tests = dunnett_within(table.values, level=plan.level)
        test, assumed = "Dunnett within donors", "one error for all doses, normal"
    else:
        tests = dunnett(table.columns[0], list(table.columns[1:]))
        test, assumed = "Dunnett", "one spread for all doses, normal"
    sign = "/" if table.outcome.is_ratio else "-"
    return [
        _comparison(
            found, plan, one, f"{arm} {sign} {plan.control}", table.outcome.effect, test, (assumed,)
        )
        for arm, one in zip(table.arms[1:], tests, strict=True)
    ]


def _comparison(
    found: DoseResponse,
    plan: Plan,
    one: TrendTest,
    contrast: str,
    effect: str,
    test: str,
    assumed: tuple[str, ...],
) -> Comparison:
    if one.estimate is None or one.ci is None:
        raise NotEnoughData("no estimate with an interval")
    outcome = found.table.outcome
    estimate, low, high = (float(found.scale(np.asarray(v))) for v in (one.estimate, *one.ci))
    places = digits(low, high, no_effect=1.0 if outcome.is_ratio else 0.0)
    unit = "" if outcome.is_ratio else f" {outcome.unit}"
    beside = f" {'; '.join(assumed[1:])}." if assumed[1:] else ""
    words = (
        f"{_title(outcome)}, {contrast}: {effect} {span([estimate], places)}{unit} "
        f"({100 * (1 - plan.level):g} % CI {span([low, high], places)}; {p_words(one.p_value)}; "
        f"{n_words(found.table.n, plan.unit)}; {test}).{beside} Exploratory: not named in the plan."
    )
    return Comparison(
        outcome=outcome.name,
        contrast=contrast,
        effect=effect,
        estimate=estimate,
        ci_low=low,
        ci_high=high,
        unit=outcome.unit,
        p_value=one.p_value,
        p_adjusted=None,
        n=found.table.n,
        unit_of_replication=plan.unit,
        test=test,
        statistic=one.statistic,
        assumptions=assumed,
        sentence=words,
        flags=(info(SERIES, "part of the dose series"), _exploratory(outcome), *found.table.flags),
    )


def _title(outcome: Outcome) -> str:
    return f"{outcome.title[:1].upper()}{outcome.title[1:]}"


def _exploratory(outcome: Outcome) -> Flag:
    return info("exploratory", f"{outcome.name} over doses was not named in the plan")


def _ec50(found: DoseResponse, plan: Plan) -> list[Comparison]:
    outcome, table = found.table.outcome, found.table
    if found.ec50 is None or found.curve is None:
        return []
    estimate, low, high = found.ec50
    test = "four-parameter logistic"
    effect = "concentration of half the effect"
    words = (
        f"{_title(outcome)}: half the effect at {number(estimate)} µmol/L (95 % CI {number(low)} "
        f"to {number(high)}; {test} through {len(table.arms)} doses; "
        f"{n_words(table.n, plan.unit)}). An estimate, not a test."
    )
    return [
        Comparison(
            outcome=outcome.name,
            contrast=f"half the effect of {len(table.arms)} doses",
            effect=effect,
            estimate=estimate,
            ci_low=low,
            ci_high=high,
            unit="µmol/L",
            p_value=None,
            p_adjusted=None,
            n=table.n,
            unit_of_replication=plan.unit,
            test=test,
            assumptions=("donors differ in level, not in sensitivity",),
            sentence=words,
            flags=(
                info(SERIES, "part of the dose series"),
                info("estimate_without_test", f"{outcome.name}: half the effect has no P"),
                *table.flags,
                *_wide(outcome, low, high),
            ),
        )
    ]


def _wide(outcome: Outcome, low: float, high: float) -> tuple[Flag, ...]:
    if high / low < 10:
        return ()
    words = f"{outcome.name}: half the effect is known to a factor of {high / low:.2g} only"
    return (warning("ec50_imprecise", words),)
