"""Two-stage for cultures that are not paired: one summary per culture, then Welch's t test."""

from dataclasses import replace

import numpy as np

from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.comparisons._floors import unpaired_floor
from labproc.trends.comparisons.two_stage_paired import t_contrast


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the arms' means by Welch's t, which lets the arms differ in spread."""
    control, treated = arms.summaries()
    parts = np.array([a.var(ddof=1) / a.size for a in (control, treated)])
    se = float(np.sqrt(parts.sum()))
    sizes = np.array([control.size - 1, treated.size - 1])
    dof = float(parts.sum() ** 2 / (parts**2 / sizes).sum()) if se > 0 else float(sizes.sum())
    contrast = t_contrast(float(treated.mean() - control.mean()), se, dof, arms.n, level)
    return replace(
        contrast,
        test="Welch's t test",
        assumptions=("repeats of the two arms are independent", "roughly normal in each arm"),
        floor=unpaired_floor(arms.n),
    )


COMPARISONS.register("two_stage_unpaired")(
    ComparisonTest("two-stage: Welch's t test on one summary per culture", "summary", False, run)
)
