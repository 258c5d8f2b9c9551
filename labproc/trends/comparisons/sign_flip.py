"""Exact sign-flip test on paired differences: no assumption but symmetry."""

from dataclasses import replace

import numpy as np

from labproc.model._arrays import Floats
from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast, two_stage_paired
from labproc.trends.comparisons._floors import TIES, paired_floor

EXACT_UP_TO = 16  # pairs: 65,536 choices of signs; beyond it they are sampled
SAMPLED = 20_000  # choices of signs, beside the one that was seen


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the mean difference with its value under every choice of signs."""
    t = two_stage_paired.run(arms, level)
    differences = arms.differences()
    n = differences.size
    return replace(
        t,
        p_value=sign_flip_p(differences) if differences.any() else None,
        statistic=float(differences.mean()),
        dof=None,
        test=f"{'exact' if n <= EXACT_UP_TO else 'sampled'} sign-flip test",
        assumptions=("differences are symmetric when arms do not differ", "interval by Student t"),
        floor=paired_floor(n),
    )


def sign_flip_p(differences: Floats) -> float:
    """Return the two-sided P of the mean of paired differences, shape (n_pairs,)."""
    n = differences.size
    seen = abs(differences.sum())
    if n <= EXACT_UP_TO:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float(np.mean(np.abs(signs @ differences) >= seen * TIES))
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=(SAMPLED, n))
    reached = int(np.sum(np.abs(signs @ differences) >= seen * TIES))
    return (reached + 1) / (SAMPLED + 1)


COMPARISONS.register("sign_flip")(
    ComparisonTest("exact sign-flip test on one summary per culture", "summary", True, run)
)
