"""The study's comparisons: planned first, then exploratory."""

from collections.abc import Collection, Iterable, Sequence

from labproc.errors import SettingsError
from labproc.model import Comparison, Flag, Measurement, Plan, Trend
from labproc.model.flag import fail, info, unique, warning
from labproc.trends.comparisons import COMPARISONS, ComparisonTest
from labproc.trends.corrections import adjust
from labproc.trends.dose_table import dose_arms
from labproc.trends.dose_trend import DoseResponse, dose_comparisons, dose_responses
from labproc.trends.gather import days_of, from_trends, on_day, repeat_name
from labproc.trends.outcomes import DAILY, OUTCOMES, Outcome, get_outcome
from labproc.trends.result import Draft, draft, finish

SENSITIVITY = {
    True: ("sign_flip", "rm_anova", "mixed_model"),
    False: ("permutation", "rm_anova_unpaired", "mixed_model"),
}
"""Tests that ask the primary question again, for cultures in pairs or not."""


def compare(
    measurements: Iterable[Measurement],
    trends: Iterable[Trend],
    plan: Plan,
    *,
    patients: Collection[str] = (),
    doses: Sequence[DoseResponse] | None = None,
) -> list[Comparison]:
    """Compare every treated arm with the control on every outcome the data have.

    The primary outcome comes first, then the secondary ones, then what the plan does not name;
    only the first two are planned. Days are compared one by one and are exploratory. P values are
    adjusted within a family: the primary over the arms, the secondary ones together, the days of
    one outcome together, the rest together. The primary question is asked again by other tests,
    which are labelled sensitivity and not adjusted.

    Parameters
    ----------
    measurements, trends : iterable
    plan : Plan
    patients : collection of str
        Donors who are patients: their courses are no cultures and are not compared with them.
        Summaries of a patient's course are compared between patients only, who make no pairs.
    doses : sequence of DoseResponse, optional
        Where they are known already; see ``doses_of``.

    Returns
    -------
    list of Comparison
        One without a P says why in its flags; an outcome that nobody measured is not in it (see
        ``plan_flags``).

    Raises
    ------
    UnknownName
        If the plan names an outcome, test or correction that does not exist.
    """
    measured, followed = list(measurements), list(trends)
    everything = [m for m in measured if m.key.donor not in patients]
    summaries = [t for t in followed if t.donor not in patients]
    in_patients = [t for t in followed if t.donor in patients]
    test = COMPARISONS.get(plan.test)
    primary = get_outcome(plan.primary)
    secondary = [get_outcome(name) for name in plan.secondary]
    rest = [o for o in OUTCOMES.values() if o.by_default and o not in (primary, *secondary)]

    def one_draft(outcome: Outcome, treated: str, *, planned: bool) -> Draft | None:
        pool, its_test = summaries, test
        if outcome.of_patients and patients:
            pool = in_patients
            its_test = COMPARISONS.get("two_stage_unpaired") if test.paired else test
        gathered = from_trends(outcome, pool, measured, plan, treated, paired=its_test.paired)
        return draft(outcome, gathered, its_test, plan, treated, planned=planned)

    def family(outcomes: Sequence[Outcome], *, planned: bool) -> list[Comparison]:
        found = [
            one_draft(outcome, treated, planned=planned)
            for outcome in outcomes
            for treated in plan.treated
        ]
        return _finished(found, plan)

    series = doses_of(everything, summaries, plan) if doses is None else doses
    return [
        *family([primary], planned=True),
        *family(secondary, planned=True),
        *family(rest, planned=False),
        *_by_day(everything, test, plan),
        *(c for one in series for c in dose_comparisons(one, plan)),
        *_sensitivity(primary, everything, summaries, plan),
    ]


def _by_day(
    measurements: Sequence[Measurement], test: ComparisonTest, plan: Plan
) -> list[Comparison]:
    """Compare day by day; a test of whole courses gives way to the t test of its pairing."""
    name = "two_stage_paired" if test.paired else "two_stage_unpaired"
    daily = test if test.reads == "summary" else COMPARISONS.get(name)
    found: list[Comparison] = []
    for outcome in DAILY:
        for treated in plan.treated:
            days = [
                draft(
                    outcome,
                    on_day(outcome, measurements, plan, treated, day, paired=daily.paired),
                    daily,
                    plan,
                    treated,
                    day=day,
                )
                for day in days_of(outcome, measurements, plan, treated)
            ]
            found += _finished(days, plan)
    return found


def _sensitivity(
    outcome: Outcome,
    measurements: Sequence[Measurement],
    trends: Sequence[Trend],
    plan: Plan,
) -> list[Comparison]:
    """Ask the primary question once more by other tests, P as they are."""
    paired = COMPARISONS.get(plan.test).paired
    found: list[Comparison] = []
    for name in SENSITIVITY[paired]:
        for treated in plan.treated if name != plan.test else ():
            test = COMPARISONS.get(name)
            gathered = from_trends(outcome, trends, measurements, plan, treated, paired=paired)
            one = draft(outcome, gathered, test, plan, treated, is_sensitivity=True)
            found += [] if one is None else [finish(one, one.comparison.p_value, plan)]
    return found


def doses_of(
    measurements: Iterable[Measurement],
    trends: Iterable[Trend],
    plan: Plan,
    *,
    patients: Collection[str] = (),
) -> list[DoseResponse]:
    """Return the planned outcomes over all doses of the study's cultures."""
    outcomes = [get_outcome(name) for name in (plan.primary, *plan.secondary)]
    cultures = [m for m in measurements if m.key.donor not in patients]
    summaries = [t for t in trends if t.donor not in patients]
    return dose_responses([o for o in outcomes if not o.of_patients], cultures, summaries, plan)


def _finished(family: Iterable[Draft | None], plan: Plan) -> list[Comparison]:
    there = [one for one in family if one is not None]
    adjusted = adjust([one.comparison.p_value for one in there], plan.correction)
    return [finish(one, p, plan) for one, p in zip(there, adjusted, strict=True)]


def check_plan(plan: Plan) -> None:
    """Refuse a plan that names what does not exist, before any file is read.

    Raises
    ------
    UnknownName
        If an outcome, the test or the correction is not known; the message names the nearest.
    SettingsError
        If the unit is none of donor, experiment and well, or the window ends before it begins.
    """
    for name in (plan.primary, *plan.secondary):
        get_outcome(name)
    COMPARISONS.get(plan.test)
    adjust([], plan.correction)
    repeat_name(("", "", "", ""), plan.unit)
    if plan.window_days is not None and plan.window_days[1] <= plan.window_days[0]:
        low, high = plan.window_days
        raise SettingsError(
            f"study.toml, [plan] window_days: [{low:g}, {high:g}], expected first day, last day"
        )


def plan_flags(
    measurements: Iterable[Measurement],
    trends: Iterable[Trend],
    plan: Plan,
    *,
    patients: Collection[str] = (),
) -> tuple[Flag, ...]:
    """Say where the plan and the data do not meet: arms, and outcomes that nothing answers.

    Patients do not stand in for cultures that are missing; those who were measured are named.
    """
    everything = list(measurements)
    arms = {m.key.arm for m in everything if m.key.arm}
    wanted = {plan.control, *plan.treated}
    found = [
        warning("arm_without_data", f"arm {arm!r} is in the plan and has no measurement")
        for arm in sorted(wanted - arms)
    ]
    found += [
        warning("arm_not_in_plan", f"arm {arm!r} is measured, not in the plan, and not compared")
        for arm in sorted(arms - wanted - set(dose_arms(plan)))
    ]
    found += _apart({m.key.donor for m in everything} & set(patients))
    summaries = list(trends)
    for name in (plan.primary, *plan.secondary):
        outcome = get_outcome(name)
        wanted_patients = outcome.of_patients and bool(patients)
        pool = [t for t in summaries if (t.donor in patients) == wanted_patients]
        found += _unanswered(outcome, pool, plan)
    return unique(found)


def _apart(patients: Collection[str]) -> list[Flag]:
    if not patients:
        return []
    message = f"{', '.join(sorted(patients))}: patients, so no donors of the cultures' comparisons"
    return [info("patients_apart", message)]


def _unanswered(outcome: Outcome, trends: Sequence[Trend], plan: Plan) -> list[Flag]:
    answered = {
        t.arm
        for t in trends
        if (t.kind, t.metric) == (outcome.kind, outcome.metric) and t.estimate is not None
    }
    missing = [arm for arm in (plan.control, *plan.treated) if arm not in answered]
    if not missing:
        return []
    message = f"{outcome.name}: planned, but no culture of arm {', '.join(missing)} answers it"
    return [fail("planned_outcome_without_data", message)]
