"""Tables, survival and courses of a cohort in words."""

from collections.abc import Iterator, Sequence
from typing import Any

from labproc.cohort.patients import Cohort
from labproc.cohort.result import CohortTest

NAMES = {
    "gehan_breslow_wilcoxon": "Gehan-Breslow-Wilcoxon",
    "exact_gehan_breslow_wilcoxon": "exact Gehan-Breslow-Wilcoxon",
    "log_rank": "log-rank",
    "exact_log_rank": "exact log-rank",
    "cox": "Cox",
    "cox_firth": "Cox with Firth's penalty",
    "cox_time_dependent": "Cox, treated from its start on",
    "cox_time_dependent_firth": "Cox with Firth's penalty, treated from its start on",
    "restricted_mean": "restricted mean, asymptotic",
    "restricted_mean_permutation": "restricted mean, over assignments",
    "fisher": "Fisher",
    "boschloo": "Boschloo",
    "mann_whitney": "Mann-Whitney",
    "kruskal_wallis": "Kruskal-Wallis",
    "welch_of_logs": "Welch t of logs",
}
"""What tests are called by people."""


def test_name(test: str) -> str:
    """Return a test's name for people.

    >>> test_name("gehan_breslow_wilcoxon"), test_name("chi_square")
    ('Gehan-Breslow-Wilcoxon', 'chi square')
    """
    return NAMES.get(test, test.replace("_", " "))


def tables_text(cohort: Cohort, found: Sequence[CohortTest]) -> Iterator[str]:
    """Yield Table 1 and Table 2, then a line a test, then what has to be said."""
    from labproc.cohort.tables import table_rows

    sizes = [cohort.members().count(arm) for arm in cohort.arms]
    title = [f"{a} (n = {n})" for a, n in zip(cohort.arms, sizes, strict=True)]
    p_values = {(t.table, t.variable): t for t in found}
    yield f"{'':42}" + "".join(f"{name:28}" for name in title) + "P"
    seen = ""
    for row in table_rows(cohort):
        words = ""
        if row.variable != seen:
            words = _p(p_values.get((row.table, row.variable)))
            seen = row.variable
        label = f"{row.variable}: {row.level}"
        yield f"{label[:41]:42}" + "".join(f"{cell:28}" for cell in row.cells) + words
    yield ""
    for one in found:
        if one.table in ("survival", "copies", "timeline"):
            yield line_of(one)
    for message in dict.fromkeys(f.message for t in found for f in t.flags if f.severity != "info"):
        yield f"! {message}"


def _p(one: CohortTest | None) -> str:
    return (
        "" if one is None or one.p_value is None else f"{one.p_value:.4f} ({test_name(one.test)})"
    )


def line_of(one: CohortTest) -> str:
    """Return one test of survival, copies or a timeline."""
    where = f" from day {one.landmark:g}" if one.landmark is not None else ""
    p = "no P" if one.p_value is None else f"P = {one.p_value:.4f}"
    words = (
        f"{one.variable}{where}, {test_name(one.test)}: {p}, n = {' and '.join(map(str, one.n))}"
    )
    if one.estimate is not None and one.ci is not None:
        low, high = (f"{v:.3g}" if v is not None else "?" for v in one.ci)
        words += f"; {one.effect} {one.estimate:.3g} ({low} to {high})"
    elif one.estimate is not None:
        words += f"; {one.effect} {one.estimate:.3g}"
    for key, value in one.details.get("course", {}).items():
        words += f"\n  {key}: {value}"
    for curve in one.details.get("curves", ()):
        words += "".join(f"\n  {line}" for line in curve_lines(curve))
    return words


def curve_lines(curve: dict[str, Any]) -> Iterator[str]:
    """Yield an arm's events, median and one-year survival with intervals, and numbers at risk."""
    if not curve["n"]:
        yield f"{curve['arm']}: nobody"
        return
    arm, events, middle, at_year, followed = arm_words(curve)
    yield (
        f"{arm}: {events.replace('/', ' events in ')}; median {middle}; at one year {at_year}; "
        f"median follow-up {followed}"
    )
    risk = curve["at_risk"]
    pairs = zip(risk["at"], risk["n"], strict=True)
    yield f"  at risk: {', '.join(f'{n:g} at {at:g}' for at, n in pairs)} {curve['unit']}"


def arm_words(curve: dict[str, Any]) -> tuple[str, str, str, str, str]:
    """Return an arm's name, events, median, one-year survival and follow-up as they are read."""
    if not curve["n"]:
        return curve["arm"], "0/0", "-", "-", "-"
    unit = curve["unit"]
    middle = f"{_time(curve['median'], 'not reached', unit)}{_interval(curve['median_ci'])}"
    year = curve["one_year"]
    at_year = "not followed that long"
    if year is not None:
        span = _interval([y if y is None else round(100 * y) for y in year[1:]])
        at_year = f"{100 * year[0]:.0f} %{span}"
    followed = _time(curve["median_follow_up"], "not known", unit)
    return curve["arm"], f"{curve['events']}/{curve['n']}", middle, at_year, followed


def _time(value: float | None, otherwise: str, unit: str) -> str:
    return otherwise if value is None else f"{value:.3g} {unit}"


def _number(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.3g}"


def _interval(ends: Sequence[float | None]) -> str:
    low, high = ends[:2]
    if low is None and high is None:
        return ""
    return f" ({_number(low, '?')} to {_number(high, 'not reached')})"
