"""Two-stage: one summary per culture, then a paired t test on the repeats' differences."""

import numpy as np

from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.comparisons._floors import paired_floor
from labproc.trends.lines import t_quantile, t_two_sided


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the repeats' differences with 0 by Student's t."""
    differences = arms.differences()
    n = differences.size
    return t_contrast(
        float(differences.mean()),
        float(differences.std(ddof=1) / np.sqrt(n)),
        n - 1,
        (n, n),
        level,
    )


SAME = 1e-12
"""A standard error this small beside the estimate is rounding: the repeats do not differ."""


def t_contrast(
    estimate: float, se: float, dof: float, n: tuple[int, int], level: float
) -> Contrast:
    """Return a t test of the estimate; a standard error of 0 gives no P."""
    half = t_quantile(1.0 - level, dof) * se
    t = estimate / se if se > SAME * abs(estimate) else None
    return Contrast(
        estimate,
        estimate - half,
        estimate + half,
        None if t is None else t_two_sided(t, dof),
        t,
        n,
        "paired t test",
        ("differences of the repeats are roughly normal",),
        dof,
        floor=paired_floor(n[0]),
    )


COMPARISONS.register("two_stage_paired")(
    ComparisonTest("two-stage: paired t test on one summary per culture", "summary", True, run)
)
