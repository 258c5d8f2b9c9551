"""One number with its interval against the limits of one specification."""

from math import inf

from labproc.model import Specification, Verdict

Interval = tuple[float | None, float | None]


def verdict(
    one: Specification,
    value: float | str | None,
    interval: Interval = (None, None),
    *,
    doubt: str = "",
    status: str = "",
) -> tuple[Verdict, str]:
    """Return the verdict and its reason in words.

    Parameters
    ----------
    value : float, str or None
        In the specification's unit. None with an upper end is a value that lies below it.
    doubt : str
        Why the number cannot be used, whatever it is.

    Examples
    --------
    >>> spec = Specification("viability", day=14, low=70.0, unit="%")
    >>> verdict(spec, 74.0, (68.0, 79.0))[0].value
    'cannot say'
    """
    if doubt:
        return Verdict.CANNOT_SAY, doubt
    if one.expected:
        return _word(one, value)
    low, high = _span(value, interval)
    if low is None or high is None:
        found = f"is {value!r}" if value is not None else (status or "none").replace("_", " ")
        return Verdict.CANNOT_SAY, f"the value {found}, expected a number"
    floor, top = (-inf if one.low is None else one.low), (inf if one.high is None else one.high)
    alone = "; it has no interval" if None in interval else ""
    what = "the value" if alone else "the whole interval"
    if floor <= low and high <= top:
        return Verdict.PASS, f"{what} lies within the limits{alone}"
    if high < floor:
        return Verdict.FAIL, f"{what} lies below {floor:g}{_unit(one)}{alone}"
    if low > top:
        return Verdict.FAIL, f"{what} lies above {top:g}{_unit(one)}{alone}"
    crossed = floor if low < floor else top
    return Verdict.CANNOT_SAY, f"the interval crosses {crossed:g}{_unit(one)}"


def _unit(one: Specification) -> str:
    return f" {one.unit}" if one.unit else ""


def _span(value: float | str | None, interval: Interval) -> Interval:
    """Return the ends to judge by: no measure of labproc can be less than 0."""
    low, high = interval
    if isinstance(value, float | int) and (low is None or high is None):
        return float(value), float(value)
    if value is None and low is None and high is not None:
        return 0.0, high
    return low, high


def _word(one: Specification, value: float | str | None) -> tuple[Verdict, str]:
    found = f"{value}".strip()
    if value is None:
        return Verdict.CANNOT_SAY, f"no value, expected {one.expected!r}"
    if found.casefold() == one.expected.strip().casefold():
        return Verdict.PASS, f"as expected: {found}"
    return Verdict.FAIL, f"found {found!r}, expected {one.expected!r}"
