"""A planned outcome over all doses of a study at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Comparison, Measurement, Plan, Trend
from labproc.model._arrays import Floats
from labproc.model.flag import info
from labproc.trends.dose import TrendTest, dunnett, fit_four_parameters, jonckheere, linear_contrast
from labproc.trends.gather import from_trends
from labproc.trends.outcomes import Outcome
from labproc.trends.sentence import n_words, number, p_words


@dataclass(frozen=True, slots=True)
class DoseTable:
    """One summary per repeat and dose; ``values`` has shape (n_repeats, n_doses)."""

    doses_um: Floats
    arms: tuple[str, ...]
    repeats: tuple[str, ...]
    values: Floats


def dose_table(
    outcome: Outcome, trends: Sequence[Trend], measurements: Sequence[Measurement], plan: Plan
) -> DoseTable | None:
    """Return the repeats that have every dose, or None where the study has fewer than 3 doses."""
    doses = {plan.control: 0.0}
    doses |= {arm: dose for arm, dose in plan.dose_um if dose is not None and arm != plan.control}
    arms = sorted((a for a in (plan.control, *plan.treated) if a in doses), key=doses.__getitem__)
    if len({doses[a] for a in arms}) < 3 or len(arms) != len({doses[a] for a in arms}):
        return None
    columns: list[dict[str, float]] = []
    for arm in arms:
        if arm == plan.control:
            gathered = from_trends(outcome, trends, measurements, plan, plan.treated[0])
            repeats = gathered.arms.control
        else:
            repeats = from_trends(outcome, trends, measurements, plan, arm).arms.treated
        columns.append({r.name: r.summary for r in repeats})
    shared = sorted(set.intersection(*(set(c) for c in columns)))
    values = np.array([[column[name] for column in columns] for name in shared])
    return DoseTable(np.array([doses[a] for a in arms]), tuple(arms), tuple(shared), values)


def dose_comparison(outcome: Outcome, table: DoseTable, plan: Plan) -> Comparison | None:
    """Test a steady step from dose to dose, repeats as the n.

    Jonckheere's trend test, Dunnett's comparisons with the control and, from five doses on, the
    dose of half the effect stand beside it in ``assumptions``. None where fewer than two repeats
    have every dose.
    """
    try:
        trend = linear_contrast(table.values, level=plan.level)
    except (NotEnoughData, ValueError):
        return None
    if trend.estimate is None or trend.ci is None:
        return None
    scale = np.exp if outcome.is_ratio else float
    n = len(table.repeats)
    doses = ", ".join(f"{d:g}" for d in table.doses_um)
    whole = Comparison(
        outcome=outcome.name,
        contrast=f"{table.arms[-1]} over {len(table.arms)} doses ({doses} µmol/L)",
        effect=f"{outcome.effect} per dose step",
        estimate=float(scale(trend.estimate)),
        ci_low=float(scale(trend.ci[0])),
        ci_high=float(scale(trend.ci[1])),
        unit=outcome.unit,
        p_value=trend.p_value,
        p_adjusted=None,
        n=(n, n),
        unit_of_replication=plan.unit,
        test="linear contrast over doses, paired t test",
        statistic=trend.statistic,
        assumptions=("steps between doses count alike", *_beside(table)),
        flags=(info("exploratory", f"{outcome.name} over doses was not named in the plan"),),
    )
    return _with_sentence(whole, outcome)


def _beside(table: DoseTable) -> list[str]:
    """Say what the other dose analyses find, each where it applies."""
    dose = np.broadcast_to(table.doses_um, table.values.shape).ravel()
    flat = table.values.ravel()
    found = []
    try:
        order = jonckheere(dose, flat)
        found.append(f"Jonckheere-Terpstra z = {order.statistic:.3g}, {p_words(order.p_value)}")
        each = dunnett(table.values[:, 0], list(table.values[:, 1:].T))
        found += [_dunnett(arm, one) for arm, one in zip(table.arms[1:], each, strict=True)]
        fit = fit_four_parameters(dose, flat)
        ec50, se = fit.estimates["EC50"], fit.se["EC50"]
        if se < ec50:
            found.append(f"half the effect at {number(ec50)} µmol/L (standard error {number(se)})")
    except NotEnoughData:
        pass
    return found


def _dunnett(arm: str, one: TrendTest) -> str:
    return f"Dunnett, {arm} against control: {p_words(one.p_value)}"


def _with_sentence(one: Comparison, outcome: Outcome) -> Comparison:
    words = (
        f"{outcome.title[:1].upper()}{outcome.title[1:]}, {one.contrast}: {one.effect} "
        f"{number(one.estimate)} (95 % CI {number(one.ci_low)} to {number(one.ci_high)}; "
        f"{p_words(one.p_value)}; {n_words(one.n, one.unit_of_replication)}; {one.test}). "
        f"Exploratory: not named in the plan. {'; '.join(one.assumptions[1:])}."
    )
    return replace(one, sentence=words)
