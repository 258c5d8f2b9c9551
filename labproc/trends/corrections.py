"""P values adjusted for having asked more than once."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from labproc.errors import UnknownName
from labproc.model._arrays import Floats
from labproc.registry import nearest


def holm(p: Floats) -> Floats:
    """Adjust by Holm's step-down."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def sidak(p: Floats) -> Floats:
    """Adjust by Šidák: 1 - (1 - P)^m."""
    return np.asarray(-np.expm1(p.size * np.log1p(-np.minimum(p, 1.0 - 1e-16))))


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjust by Benjamini and Hochberg's false discovery rate."""
    order = np.argsort(p)[::-1]
    ranks = np.arange(p.size, 0, -1)
    steps = np.minimum.accumulate(p[order] * p.size / ranks)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(steps, 1.0)
    return adjusted


def unadjusted(p: Floats) -> Floats:
    """Leave the P values as they are."""
    return p.copy()


CORRECTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "holm": holm,
    "sidak": sidak,
    "bh": benjamini_hochberg,
    "none": unadjusted,
}


def adjust(p_values: Sequence[float | None], method: str) -> list[float | None]:
    """Adjust a family of P values; those that do not exist stay so and do not count.

    Raises
    ------
    UnknownName
        If there is no correction of that name.
    """
    if method not in CORRECTIONS:
        hint = nearest(method, list(CORRECTIONS))
        raise UnknownName(f"[plan]: no correction called {method!r}; {hint}")
    there = [i for i, p in enumerate(p_values) if p is not None]
    result: list[float | None] = [None] * len(p_values)
    adjusted = CORRECTIONS[method](np.array([p_values[i] for i in there], dtype=float))
    for i, value in zip(there, adjusted, strict=True):
        result[i] = float(value)
    return result
