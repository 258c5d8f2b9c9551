"""Table 1 (who the patients were) and Table 2 (response and toxicity), on one evaluable n."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labproc.cohort.contingency import (
    TableTest,
    boschloo,
    chi_square,
    clopper_pearson,
    fisher,
    smallest_expected,
)
from labproc.cohort.patients import NO, YES, Cohort
from labproc.cohort.result import FEWEST, CohortTest, TableRow, enough
from labproc.errors import NotEnoughData
from labproc.model import Flag
from labproc.model.flag import info, warning

RESPONSES = ("CR", "PR", "SD", "PD", "NR")
RESPONDERS = frozenset({"CR", "CRI", "CRU", "SCR", "VGPR", "PR"})
NO_TOXICITY = frozenset({"0", "none", "no"}) | NO


@dataclass(frozen=True, slots=True)
class Levels:
    """Counts of one variable: levels by arms, patients without a value left out.

    ``counts`` has shape (n_levels, n_arms).
    """

    table: str
    variable: str
    levels: tuple[str, ...]
    counts: NDArray[np.int64]
    arms: tuple[str, ...]
    n_missing: int = 0

    @property
    def n(self) -> tuple[int, ...]:
        """Evaluable patients of each arm."""
        return tuple(int(v) for v in self.counts.sum(axis=0))


def characteristics(cohort: Cohort, *, test: str = "fisher") -> Iterator[CohortTest]:
    """Yield the comparison of every characteristic: who the arms were.

    Numbers are compared by Mann-Whitney's exact test and, where a cut is set, by how many lie
    above it; everything else by the test that is asked for.
    """
    for column in cohort.roles.characteristics:
        if cohort.is_numeric(column):
            yield _ranked(cohort, column)
            if column in cohort.roles.cut:
                yield compare_levels(_above(cohort, column), test)
        else:
            yield compare_levels(count_levels(cohort, "characteristics", column), test)


def response(cohort: Cohort, *, test: str = "fisher") -> Iterator[CohortTest]:
    """Yield each response against all others, the overall response, and all at once."""
    column = cohort.roles.response
    if not column:
        return
    whole = count_levels(cohort, "response", column, order=RESPONSES)
    for level in whole.levels:
        yield compare_levels(_against_rest(whole, level, {level}), test)
    responders = _responders(whole)
    if responders and len(responders) < len(whole.levels):
        yield compare_levels(_against_rest(whole, "ORR", responders), test)
    if len(whole.levels) > 2:
        yield compare_levels(whole, test)


def toxicity(cohort: Cohort, *, test: str = "fisher") -> Iterator[CohortTest]:
    """Yield every toxicity, and for graded ones also any grade against none."""
    for column in cohort.roles.toxicity:
        whole = count_levels(cohort, "toxicity", column)
        yield compare_levels(whole, test)
        if some := _any_grade(whole):
            yield compare_levels(_against_rest(whole, f"{column} any grade", some), test)


def _responders(whole: Levels) -> set[str]:
    """Return the levels that are a response."""
    return {one for one in whole.levels if one.upper() in RESPONDERS}


def _any_grade(whole: Levels) -> set[str]:
    """Return the grades above none of a graded toxicity, nothing where there are no grades."""
    some = {level for level in whole.levels if level.casefold() not in NO_TOXICITY}
    return some if 2 < len(whole.levels) > len(some) else set()


def count_levels(cohort: Cohort, table: str, column: str, *, order: Sequence[str] = ()) -> Levels:
    """Count a column's levels in each arm."""
    values, members = cohort.text(column), cohort.members()
    seen = {v for v in values if v is not None}
    first = [level for level in order if level in seen]
    levels = (*first, *sorted(seen - set(first), key=_level_order))
    counts = np.zeros((len(levels), len(cohort.arms)), dtype=np.int64)
    for value, arm in zip(values, members, strict=True):
        if value is not None:
            counts[levels.index(value), cohort.arms.index(arm)] += 1
    missing = sum(v is None for v in values)
    return Levels(table, column, levels, counts, cohort.arms, missing)


def _level_order(level: str) -> tuple[int, str]:
    """Sort yes before no, then by name."""
    return (0 if level.casefold() in YES else 1, level)


def _against_rest(whole: Levels, variable: str, chosen: set[str]) -> Levels:
    inside = np.array([level in chosen for level in whole.levels])
    counts = np.stack([whole.counts[inside].sum(axis=0), whole.counts[~inside].sum(axis=0)])
    return replace(whole, variable=variable, levels=("yes", "no"), counts=counts)


def _above(cohort: Cohort, column: str) -> Levels:
    cut = cohort.roles.cut[column]
    values, members = cohort.numbers(column), cohort.members()
    counts = np.zeros((2, len(cohort.arms)), dtype=np.int64)
    for value, arm in zip(values, members, strict=True):
        if np.isfinite(value):
            counts[0 if value > cut else 1, cohort.arms.index(arm)] += 1
    missing = int(np.isnan(values).sum())
    name = f"{column} > {cut:g}"
    return Levels("characteristics", name, ("yes", "no"), counts, cohort.arms, missing)


def compare_levels(levels: Levels, test: str = "fisher") -> CohortTest:
    """Compare the arms on counts; without two levels there is no P and a flag."""
    flags = [_missing(levels)] if levels.n_missing else []
    empty = CohortTest(levels.table, levels.variable, test, levels.arms, levels.n, None)
    try:
        enough(levels.n)
        found = _tested(levels, test)
    except NotEnoughData as error:
        reason = info("nothing_to_compare", f"{levels.variable}: {error}")
        return replace(empty, flags=(*flags, reason))
    if test == "chi_square" and (least := smallest_expected(levels.counts)) < 5:
        message = f"{levels.variable}: an expected count of {least:.1f}; prefer Fisher's test"
        flags.append(warning("small_expected_counts", message))
    if found.is_sampled:
        message = f"{levels.variable}: too many tables to list; P from 50,000 random ones"
        flags.append(info("sampled_p", message))
    return replace(
        empty,
        test=found.test,
        p_value=found.p_value,
        statistic=found.statistic,
        effect=f"odds ratio of {levels.levels[0]}" if found.effect is not None else "",
        estimate=found.effect,
        ci=found.ci,
        flags=tuple(flags),
    )


def _tested(levels: Levels, test: str) -> TableTest:
    """Test the table as it lies; an odds ratio is of the treated arm's odds of the first level."""
    treated_first = levels.counts[:, ::-1].T
    if test == "chi_square":
        return chi_square(treated_first)
    if test == "boschloo" and levels.counts.shape == (2, 2):
        return boschloo(treated_first)
    return fisher(treated_first)


def _missing(levels: Levels) -> Flag:
    total = sum(levels.n)
    message = f"{levels.variable}: {levels.n_missing} without a value; n = {total} evaluable"
    return info("not_evaluable", message)


def _ranked(cohort: Cohort, column: str) -> CohortTest:
    """Compare a number between two arms by Mann-Whitney, more by Kruskal-Wallis."""
    from scipy.stats import kruskal, mannwhitneyu

    groups = _groups(cohort, column)
    n = tuple(g.size for g in groups)
    missing = len(cohort.patients) - sum(n)
    flags = (
        (info("not_evaluable", f"{column}: {missing} without a value; n = {sum(n)} evaluable"),)
        if missing
        else ()
    )
    name = "mann_whitney" if len(groups) == 2 else "kruskal_wallis"
    empty = CohortTest("characteristics", column, name, cohort.arms, n, None, flags=flags)
    pooled = np.concatenate(groups)
    if min(n) < FEWEST or np.ptp(pooled) == 0:
        words = f"{column}: an arm with fewer than {FEWEST} values, or all are equal"
        reason = info("nothing_to_compare", words)
        return replace(empty, flags=(*flags, reason))
    if len(groups) == 2:
        tied = np.unique(pooled).size < pooled.size
        rough = tied or pooled.size > 60
        two = mannwhitneyu(groups[1], groups[0], method="asymptotic" if rough else "exact")
        return replace(empty, statistic=float(two.statistic), p_value=float(two.pvalue))
    more = kruskal(*groups)
    return replace(empty, statistic=float(more.statistic), p_value=float(more.pvalue))


def _groups(cohort: Cohort, column: str) -> list[NDArray[np.float64]]:
    values, members = cohort.numbers(column), np.array(cohort.members())
    return [values[(members == arm) & np.isfinite(values)] for arm in cohort.arms]


def table_rows(cohort: Cohort) -> list[TableRow]:
    """Return Table 1 and Table 2 as they are printed: counts of the evaluable, exact intervals."""
    roles, rows = cohort.roles, []
    for column in roles.characteristics:
        if cohort.is_numeric(column):
            rows.append(_median_row(cohort, column))
            if column in roles.cut:
                rows += _rows(_above(cohort, column))[:1]
        else:
            rows += _rows(count_levels(cohort, "characteristics", column))
    if roles.response:
        rows += _response_rows(count_levels(cohort, "response", roles.response, order=RESPONSES))
    for column in roles.toxicity:
        rows += _toxicity_rows(count_levels(cohort, "toxicity", column))
    return rows


def _response_rows(whole: Levels) -> list[TableRow]:
    """Return each response and the overall response as rows of their own, then all at once."""
    each = [_against_rest(whole, level, {level}) for level in whole.levels]
    responders = _responders(whole)
    each += [_against_rest(whole, "ORR", responders)] if responders else []
    rows = [row for levels in each for row in _rows(levels)[:1]]
    if len(whole.levels) > 2:
        rows.append(TableRow("response", whole.variable, "all at once", ("",) * len(whole.arms)))
    return rows


def _toxicity_rows(whole: Levels) -> list[TableRow]:
    rows = _rows(whole)
    some = _any_grade(whole)
    if some:
        rows += _rows(_against_rest(whole, f"{whole.variable} any grade", some))[:1]
    return rows


def _median_row(cohort: Cohort, column: str) -> TableRow:
    cells = []
    for group in _groups(cohort, column):
        middle = f"{np.median(group):g} ({group.min():g}-{group.max():g})" if group.size else "-"
        cells.append(f"{middle}, n = {group.size}")
    return TableRow("characteristics", column, "median (range)", tuple(cells))


def _rows(levels: Levels) -> list[TableRow]:
    return [
        TableRow(
            levels.table,
            levels.variable,
            level,
            tuple(_share(int(k), n) for k, n in zip(counts, levels.n, strict=True)),
        )
        for level, counts in zip(levels.levels, levels.counts, strict=True)
    ]


def _share(k: int, n: int) -> str:
    """Write a count of evaluable patients with its percentage and exact interval.

    >>> _share(6, 7)
    '6/7 (86 %, 42-100)'
    """
    if not n:
        return "0/0"
    low, high = clopper_pearson(k, n)
    return f"{k}/{n} ({100 * k / n:.0f} %, {100 * low:.0f}-{100 * high:.0f})"
