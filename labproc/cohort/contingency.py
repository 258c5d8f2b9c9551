"""Counts in tables: exact and asymptotic tests, exact intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import lgamma, prod

import numpy as np
from numpy.typing import NDArray

from labproc.errors import NotEnoughData

Counts = NDArray[np.int64]
TIES = 1.0 + 1e-7
"""R's tolerance: tables this close to the one seen are as likely as it."""
MOST_TABLES = 300_000
"""Tables of the same margins that are listed one by one (about 2 s); beyond it they are sampled."""
SAMPLED = 50_000


@dataclass(frozen=True, slots=True)
class TableTest:
    """A test of a table of counts; ``effect`` is the odds ratio of a 2 x 2 table."""

    test: str
    p_value: float
    statistic: float | None = None
    effect: float | None = None
    ci: tuple[float, float] | None = None
    is_sampled: bool = False


def fisher(counts: Counts) -> TableTest:
    """Return Fisher's exact two-sided test of an r x c table.

    P adds up every table with the same margins that is no more likely than the one seen. A
    2 x 2 table also has its conditional odds ratio with the exact 95 % interval.

    Parameters
    ----------
    counts : ndarray of int, shape (n_rows, n_columns)
        Rows and columns without counts do not matter.

    Raises
    ------
    NotEnoughData
        If fewer than two rows or columns have counts.
    """
    table = _checked(counts)
    p, sampled = _fisher_p(table)
    if counts.shape != (2, 2):
        return TableTest("fisher", p, is_sampled=sampled)
    effect, ci = odds_ratio(counts)
    return TableTest("fisher", p, None, effect, ci)


def odds_ratio(counts: Counts) -> tuple[float, tuple[float, float]]:
    """Return the conditional odds ratio of a 2 x 2 table with its exact 95 % interval."""
    from scipy.stats.contingency import odds_ratio as scipy_odds_ratio

    found = scipy_odds_ratio(counts.astype(int), kind="conditional")
    band = found.confidence_interval(0.95)
    return float(found.statistic), (float(band.low), float(band.high))


def chi_square(counts: Counts) -> TableTest:
    """Return Pearson's chi-square test, without Yates' correction.

    Raises
    ------
    NotEnoughData
        If fewer than two rows or columns have counts.
    """
    from scipy.special import chdtrc

    table = _checked(counts).astype(float)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    dof = (table.shape[0] - 1) * (table.shape[1] - 1)
    return TableTest("chi_square", float(chdtrc(dof, statistic)), statistic)


def smallest_expected(counts: Counts) -> float:
    """Return the smallest expected count; under 5 the chi-square P is not to be trusted."""
    table = _checked(counts).astype(float)
    return float((np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()).min())


def boschloo(counts: Counts) -> TableTest:
    """Return Boschloo's exact test of a 2 x 2 table, which is never weaker than Fisher's.

    Raises
    ------
    NotEnoughData
        If the table is not 2 x 2 with counts in every row and column.
    """
    from scipy.stats import boschloo_exact

    if counts.shape != (2, 2) or _checked(counts).shape != (2, 2):
        raise NotEnoughData("Boschloo's test needs a 2 x 2 table with counts in both arms")
    effect, ci = odds_ratio(counts)
    p = float(boschloo_exact(counts.astype(int)).pvalue)
    return TableTest("boschloo", p, None, effect, ci)


def clopper_pearson(k: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a proportion.

    >>> low, high = clopper_pearson(13, 16)
    >>> round(low, 6), round(high, 6)
    (0.543543, 0.959526)
    """
    from scipy.special import betaincinv

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(k, n - k + 1, tail)) if k else 0.0
    high = float(betaincinv(k + 1, n - k, 1.0 - tail)) if k < n else 1.0
    return low, high


def _checked(counts: Counts) -> Counts:
    """Return the table without empty rows and columns."""
    table: Counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    if min(table.shape, default=0) < 2:
        raise NotEnoughData(
            f"counts in {table.shape[0]} levels and {table.shape[1]} arms, "
            "expected at least 2 of each to compare"
        )
    return table


def _fisher_p(table: Counts) -> tuple[float, bool]:
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    constant = _ln_factorials(rows) + _ln_factorials(columns) - lgamma(int(table.sum()) + 1)
    seen = constant - _ln_factorials(table)
    threshold = seen + np.log(TIES)
    if _n_tables(rows, columns) > MOST_TABLES:
        return _sampled_p(rows, columns, threshold - constant), True
    logs = np.fromiter(_log_weights(tuple(rows), tuple(columns)), dtype=float) + constant
    return min(float(np.exp(logs[logs <= threshold]).sum()), 1.0), False


def _n_tables(rows: Counts, columns: Counts) -> float:
    """Return an upper bound of the number of tables with these margins."""
    free = [min(int(r), int(c)) + 1.0 for r in rows[:-1] for c in columns[:-1]]
    return prod(free)


def _ln_factorials(counts: Counts | Sequence[int]) -> float:
    return sum(lgamma(int(c) + 1) for c in np.ravel(counts))


def _log_weights(rows: tuple[int, ...], columns: tuple[int, ...]) -> Iterator[float]:
    """Yield -sum(ln n_ij!) of every table with these margins."""
    if len(rows) == 1:
        yield -_ln_factorials(columns)
        return
    for first in _splits(int(rows[0]), columns):
        rest = tuple(int(c) - f for c, f in zip(columns, first, strict=True))
        own = -_ln_factorials(first)
        for weight in _log_weights(rows[1:], rest):
            yield own + weight


def _splits(total: int, limits: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yield every way to put ``total`` into places with these limits."""
    if len(limits) == 1:
        if total <= limits[0]:
            yield (total,)
        return
    for here in range(min(total, int(limits[0])) + 1):
        for rest in _splits(total - here, limits[1:]):
            yield (here, *rest)


def _sampled_p(rows: Counts, columns: Counts, threshold: float) -> float:
    """Return the P value over random tables of these margins."""
    from scipy.special import gammaln
    from scipy.stats import random_table

    drawn = random_table.rvs(rows, columns, size=SAMPLED, random_state=np.random.default_rng(0))
    weights = -gammaln(drawn + 1.0).sum(axis=(1, 2))
    return float((np.sum(weights <= threshold) + 1) / (SAMPLED + 1))
