"""Permutation test between cultures that are not paired."""

from dataclasses import replace
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from labproc.model._arrays import Floats
from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast, two_stage_unpaired
from labproc.trends.comparisons._floors import TIES, unpaired_floor

EXACT_UP_TO = 50_000  # arrangements: all of 9 against 9; beyond it they are sampled
SAMPLED = 20_000  # arrangements, beside the one that was seen


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the difference of means with its value under every arrangement of the labels."""
    welch = two_stage_unpaired.run(arms, level)
    control, treated = arms.summaries()
    exact = comb(sum(arms.n), arms.n[0]) <= EXACT_UP_TO
    varied = bool(np.ptp(np.concatenate([control, treated])))
    return replace(
        welch,
        p_value=permutation_p(control, treated) if varied else None,
        statistic=float(treated.mean() - control.mean()),
        dof=None,
        test=f"{'exact' if exact else 'sampled'} permutation test",
        assumptions=("repeats could have been in either arm", "interval by Welch's t"),
        floor=unpaired_floor(arms.n),
    )


def permutation_p(control: Floats, treated: Floats) -> float:
    """Return the two-sided P of the difference of means."""
    pooled = np.concatenate([control, treated])
    seen = abs(treated.mean() - control.mean())
    n, m = pooled.size, treated.size
    if comb(n, m) <= EXACT_UP_TO:
        chosen = np.array(list(combinations(range(n), m)))
        return float(np.mean(_differences(pooled, chosen) >= seen * TIES))
    rng = np.random.default_rng(0)
    chosen = np.array([rng.permutation(n)[:m] for _ in range(SAMPLED)])
    reached = int(np.sum(_differences(pooled, chosen) >= seen * TIES))
    return (reached + 1) / (SAMPLED + 1)


def _differences(pooled: Floats, chosen: NDArray[np.intp]) -> Floats:
    m = chosen.shape[1]
    sums = pooled[chosen].sum(axis=1)
    return np.asarray(np.abs(sums / m - (pooled.sum() - sums) / (pooled.size - m)))


COMPARISONS.register("permutation")(
    ComparisonTest("permutation test on one summary per culture", "summary", False, run)
)
