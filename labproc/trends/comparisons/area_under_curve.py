"""Area under each culture's course, then a paired t test."""

from dataclasses import replace

import numpy as np

from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.comparisons._courses import paired_table
from labproc.trends.comparisons.two_stage_paired import t_contrast
from labproc.trends.lines import area


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the mean of each course over its shared days (its area divided by their span)."""
    days, control, treated, flags = paired_table(arms)
    differences = (area(days, treated) - area(days, control)) / (days[-1] - days[0])
    n = differences.size
    se = float(differences.std(ddof=1) / np.sqrt(n))
    contrast = t_contrast(float(differences.mean()), se, n - 1, (n, n), level)
    return replace(contrast, test="paired t test on areas under the curve", flags=flags)


COMPARISONS.register("area_under_curve")(
    ComparisonTest("paired t test on areas under each culture's curve", "course", True, run, "mean")
)
