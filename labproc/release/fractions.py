"""A population as a fraction of any population above it."""

from math import exp, inf, log, sqrt

from labproc.model import GatedTube, Share

Value = tuple[float | None, float | None, float | None]


def chain(tube: GatedTube, population: str, parent: str) -> list[Share]:
    """Return the shares from a population up to a parent; empty where it is not within it.

    Without a parent it is the population's own.
    """
    steps: list[Share] = []
    name = population
    while name in tube.shares:
        steps.append(tube.shares[name])
        name = steps[-1].parent
        if name == parent or not parent:
            return steps
    return []


def fraction(steps: list[Share]) -> Value:
    """Multiply the shares; each has an error of its own, added on the logarithmic scale.

    Events of a population are a binomial part of its parent's, whatever the parent's number, so
    the errors of the steps are independent.

    Examples
    --------
    >>> half = Share("Live", 500, 0.5, 0.45, 0.55)
    >>> [round(v, 4) for v in fraction([half, Share("Singlets", 900, 0.9, 0.9, 0.9)])]
    [0.45, 0.405, 0.495]
    """
    if any(s.value is None for s in steps):
        return None, None, None
    if len(steps) == 1:
        return steps[0].value, steps[0].ci_low, steps[0].ci_high
    if any(s.ci_low is None or s.ci_high is None for s in steps):
        return _product([s.value for s in steps]), None, None
    if any(not s.value for s in steps):
        return 0.0, 0.0, _product([s.ci_high for s in steps])
    value = _product([s.value for s in steps])
    down = sqrt(sum(_log_ratio(s.value, s.ci_low) ** 2 for s in steps))
    up = sqrt(sum(_log_ratio(s.ci_high, s.value) ** 2 for s in steps))
    return value, value * exp(-down), min(1.0, value * exp(up))


def _product(values: list[float | None]) -> float:
    product = 1.0
    for value in values:
        product *= float(value or 0.0)
    return product


def _log_ratio(high: float | None, low: float | None) -> float:
    return log(high / low) if high and low else inf
