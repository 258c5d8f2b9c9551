"""Random-intercept mixed model on the courses: sensitivity only, it rejects far too often."""

from dataclasses import replace

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Flag
from labproc.model.flag import info, warning
from labproc.trends.arms import Arms
from labproc.trends.comparisons import COMPARISONS, ComparisonTest, Contrast
from labproc.trends.lines import t_quantile, t_two_sided
from labproc.trends.mixed import MixedFit, fit_random_intercept

LIBERAL = (
    "a random-intercept model takes every day as new evidence: with slopes that vary between "
    "cultures, or errors that add up over passages, it finds effects that are not there in "
    "20-33 % of studies instead of 5 %; believe the two-stage comparison"
)


def run(arms: Arms, level: float = 0.05) -> Contrast:
    """Compare the arms' slopes over days, with one random intercept per donor.

    The fixed effects are day, arm and day x arm; degrees of freedom are those within donors.
    """
    arms = replace(
        arms,
        control=tuple(r for r in arms.control if r.days.size),
        treated=tuple(r for r in arms.treated if r.days.size),
    )
    if min(arms.n) < 2:
        raise NotEnoughData(f"{arms.n[0]} and {arms.n[1]} {arms.unit}s, expected 2 in each arm")
    fit = fit_slopes(arms)
    estimate, se, dof = float(fit.effects[3]), float(fit.se[3]), float(fit.dof[3])
    half = t_quantile(1.0 - level, dof) * se
    t = estimate / se if se > 0 else None
    return Contrast(
        estimate,
        estimate - half,
        estimate + half,
        None if t is None else t_two_sided(t, dof),
        t,
        arms.n,
        "mixed model with a random intercept (sensitivity only)",
        ("every culture of an arm has the same slope", "errors of days are independent"),
        dof,
        flags=(warning("mixed_model_is_liberal", LIBERAL), *_fallback(fit)),
    )


def fit_slopes(arms: Arms) -> MixedFit:
    """Fit value = day * arm + random intercept of the repeat; effect 3 is the slope difference."""
    names = list(arms.names)
    y, rows, groups = [], [], []
    for treated, side in enumerate((arms.control, arms.treated)):
        for repeat in side:
            for day, value in zip(repeat.days, repeat.values, strict=True):
                y.append(value)
                rows.append((1.0, day, treated, day * treated))
                groups.append(names.index(repeat.name))
    if not y:
        raise NotEnoughData("no values by day, expected a course for every culture")
    return fit_random_intercept(np.array(y), np.array(rows, dtype=float), np.array(groups))


def _fallback(fit: MixedFit) -> tuple[Flag, ...]:
    if not fit.is_singular:
        return ()
    message = "donors do not differ beyond the residual; least squares was used instead"
    return (info("mixed_model_singular", message),)


COMPARISONS.register("mixed_model")(
    ComparisonTest(
        "random-intercept mixed model, sensitivity only",
        "course",
        False,
        run,
        "slope",
        is_slow=True,
    )
)
