"""A comparison as a scientist would paste it into a paper."""

import math
from collections.abc import Sequence

from labproc.model import Comparison
from labproc.trends.outcomes import Outcome

FEW = 6
"""Repeats below which an exact test is near its floor (2 / 2^6 = 0.03) and the floor is said."""


def digits(low: float, high: float, *, no_effect: float = 0.0) -> int:
    """Return the decimals an interval deserves: two digits of its width.

    Up to two more where an end would otherwise round onto no effect.

    >>> digits(0.015984, 0.085219), digits(1.0315, 1.0474), digits(0.00496, 0.108)
    (3, 3, 3)
    >>> digits(1.004, 1.9, no_effect=1.0), digits(2, 250)
    (3, 0)
    """
    width = high - low
    if not math.isfinite(width) or width <= 0:
        return 3
    enough = max(0, 1 - math.floor(math.log10(width)))
    for decimals in (enough, enough + 1, enough + 2):
        if all(round(end, decimals) != no_effect or end == no_effect for end in (low, high)):
            return decimals
    return enough


def span(values: Sequence[float], decimals: int) -> str:
    """Write numbers with so many decimals, and ``to`` between them.

    >>> span((0.0159, 0.0852), 3), span((-0.0001, 2.0), 1)
    ('0.016 to 0.085', '0.0 to 2.0')
    """
    rounded = (round(value, decimals) + 0.0 for value in values)
    return " to ".join(f"{value:.{decimals}f}" for value in rounded)


def number(value: float) -> str:
    """Write a number with three significant digits.

    >>> number(0.045745), number(-12.3456), number(1234567.0)
    ('0.0457', '-12.3', '1.23e+06')
    """
    return f"{value:#.3g}".rstrip(".") if value else "0"


def p_words(p: float | None) -> str:
    """Write a P value as journals ask for it.

    >>> p_words(0.0883), p_words(0.00004), p_words(None)
    ('P = 0.088', 'P < 0.001', 'no P')
    """
    if p is None:
        return "no P"
    if p < 0.001:
        return "P < 0.001"
    return f"P = {p:.3f}" if p < 0.1 else f"P = {p:.2f}"


def n_words(n: tuple[int, int], unit: str) -> str:
    """Write how many repeats there were, and of what.

    >>> n_words((3, 3), "donor"), n_words((9, 7), "donor"), n_words((1, 1), "donor")
    ('n = 3 donors', 'n = 9 and 7 donors', 'n = 1 donor')
    """
    if n[0] == n[1]:
        return f"n = {n[0]} {unit}{'' if n[0] == 1 else 's'}"
    return f"n = {n[0]} and {n[1]} {unit}s"


def sentence(
    comparison: Comparison,
    outcome: Outcome,
    *,
    window: tuple[float, float] | None = None,
    floor: float | None = None,
    needed: int | None = None,
    level: float = 0.05,
) -> str:
    """Return effect, interval, P, n with its unit, test, and what that n can show.

    Parameters
    ----------
    comparison : Comparison
    outcome : Outcome
    window : pair of float or None
        Days the summaries were taken over.
    floor : float or None
        The smallest P of an exact test with this n.
    needed : int or None
        Repeats that would find an effect of this size in 80 % of studies.
    level : float
        The nominal level, for the coverage of the interval.
    """
    when = f" on day {comparison.day}" if comparison.day is not None else _window(window)
    head = f"{_capital(outcome.title)}{when}, {comparison.contrast}: {comparison.effect}"
    no_effect = 1.0 if comparison.unit.startswith("ratio") else 0.0
    decimals = digits(comparison.ci_low, comparison.ci_high, no_effect=no_effect)
    adjusted = ""
    if comparison.p_adjusted is not None and comparison.p_adjusted != comparison.p_value:
        adjusted = f", adjusted {p_words(comparison.p_adjusted)}"
    body = (
        f"{head} {span([comparison.estimate], decimals)}{_unit(comparison)} ({_percent(level)} % "
        f"CI {span([comparison.ci_low, comparison.ci_high], decimals)}; "
        f"{p_words(comparison.p_value)}{adjusted}; "
        f"{n_words(comparison.n, comparison.unit_of_replication)}; {comparison.test})."
    )
    return " ".join([body, *_caveats(comparison, floor, needed, decimals)])


def untested(comparison: Comparison, outcome: Outcome, reasons: Sequence[str]) -> str:
    """Return what was seen and why it has neither interval nor P."""
    when = f" on day {comparison.day}" if comparison.day is not None else ""
    return (
        f"{_capital(outcome.title)}{when}, {comparison.contrast}: not tested: "
        f"{'; '.join(reasons)}. "
        f"Seen: {comparison.effect} {number(comparison.estimate)}{_unit(comparison)}, "
        f"{n_words(comparison.n, comparison.unit_of_replication)}."
    )


def _percent(level: float) -> str:
    return f"{100 * (1 - level):g}"


def _caveats(
    comparison: Comparison, floor: float | None, needed: int | None, decimals: int
) -> list[str]:
    found = [] if comparison.planned else ["Exploratory: not named in the plan."]
    if any(flag.code == "sensitivity" for flag in comparison.flags):
        found = ["Sensitivity analysis beside the planned test."]
    unit = comparison.unit_of_replication
    if floor is not None and min(comparison.n) < FEW:
        found.append(
            f"With {n_words(comparison.n, unit)} an exact test cannot go below P = {floor:.2g}."
        )
    if needed is not None:
        found.append(
            f"About {needed} {unit}s would find an effect of this size in 80 % of studies."
        )
    robust = comparison.robustness
    if robust is not None and robust.n_draws:
        found.append(
            f"The conclusion holds in {robust.holds_in} of {robust.n_draws} draws of the gates' "
            f"and curves' own uncertainty ({_narrow(robust.low, robust.high, decimals)})."
        )
    if robust is not None and robust.leave_one_out is not None:
        spread = _narrow(*robust.leave_one_out, decimals)
        found.append(
            f"Leaving out one {unit} at a time gives {spread}; the conclusion holds in "
            f"{robust.holds_left_out} of {robust.n_left_out}."
        )
    return found


def _narrow(low: float, high: float, decimals: int) -> str:
    """Write a range that may be narrower than the interval: enough decimals to tell its ends."""
    return span((low, high), min(max(decimals, digits(low, high)), decimals + 1))


def _window(window: tuple[float, float] | None) -> str:
    return "" if window is None else f" over days {window[0]:g} to {window[1]:g}"


def _unit(comparison: Comparison) -> str:
    return "" if comparison.unit.startswith("ratio") else f" {comparison.unit}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
