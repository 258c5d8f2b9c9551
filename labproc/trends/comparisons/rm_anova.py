"""Repeated-measures ANOVA, with each donor in both arms or with independent cultures."""

from dataclasses import replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Flag
from labproc.model.flag import warning
from labproc.trends.anova import FTest, between, within
from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.comparisons._courses import paired_table, shared_days, table
from labproc.trends.comparisons.two_stage_paired import t_contrast

SPHERICITY = ("days vary and correlate alike (sphericity) for the interaction",)


def run_within(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare arms over all days within donors; the interaction stands in the assumptions."""
    _, control, treated, flags = paired_table(arms)
    n = control.shape[0]
    mean = (treated - control).mean(axis=1)
    se = float(mean.std(ddof=1) / np.sqrt(n))
    found = t_contrast(float(mean.mean()), se, n - 1, (n, n), level)
    tests = within(control, treated)
    return _contrast(found, tests, flags, "repeated-measures ANOVA, arm and day within donors")


def run_between(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare arms over all days, cultures as independent subjects (GraphPad's usual layout)."""
    if min(arms.n) < 2:
        raise NotEnoughData(f"{arms.n[0]} and {arms.n[1]} cultures, expected 2 in each arm")
    sides = [list(arms.control), list(arms.treated)]
    days, flags = shared_days([*sides[0], *sides[1]])
    control, treated = (table(side, days) for side in sides)
    means = control.mean(axis=1), treated.mean(axis=1)
    dof = sum(arms.n) - 2
    pooled = sum(float(((m - m.mean()) ** 2).sum()) for m in means) / dof
    se = float(np.sqrt(pooled * sum(1 / m.size for m in means)))
    estimate = float(means[1].mean() - means[0].mean())
    found = t_contrast(estimate, se, dof, arms.n, level)
    tests = between(control, treated)
    title = "repeated-measures ANOVA, arm between cultures"
    return _contrast(found, tests, (*flags, *_paired_data(arms)), title)


def _contrast(
    found: Contrast, tests: dict[str, FTest], flags: tuple[Flag, ...], title: str
) -> Contrast:
    both = tests["arm:day"]
    p = both.p_value if both.p_corrected is None else both.p_corrected
    interaction = (
        f"arm x day F({both.dof[0]:g}, {both.dof[1]:g}) = {both.f:.4g}, P = {p:.3g}"
        f"{'' if both.epsilon is None else ' (Greenhouse-Geisser)'}"
    )
    arm = tests["arm"]
    return replace(
        found,
        statistic=None if found.p_value is None else arm.f,
        test=title,
        assumptions=(*SPHERICITY, interaction),
        floor=None,
        flags=flags,
    )


def _paired_data(arms: Arms) -> tuple[Flag, ...]:
    if not {r.name for r in arms.control} & {r.name for r in arms.treated}:
        return ()
    message = "the same donors are in both arms, and this analysis takes them as independent"
    return (warning("pairing_ignored", message),)


COMPARISONS.register("rm_anova")(
    ComparisonTest(
        "repeated-measures ANOVA, donors in both arms", "course", True, run_within, "mean"
    )
)
COMPARISONS.register("rm_anova_unpaired")(
    ComparisonTest(
        "repeated-measures ANOVA, independent cultures", "course", False, run_between, "mean"
    )
)
