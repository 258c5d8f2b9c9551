"""Whether a conclusion holds when gates, curves and the choice of donors move."""

import numpy as np

from labproc.errors import NotEnoughData
from labproc.model import Robustness
from labproc.trends.comparisons import ComparisonTest, Contrast
from labproc.trends.gather import Gathered, n_draws, with_draw


def robustness(
    gathered: Gathered, test: ComparisonTest, contrast: Contrast, level: float
) -> Robustness:
    """Recompute a comparison over every draw and with each repeat left out.

    A draw, or a comparison without one repeat, holds the conclusion when its P lies on the same
    side of ``level`` and, below it, its effect points the same way. The mixed model is not drawn:
    it is slow, and for sensitivity only.

    Returns
    -------
    Robustness
        On the scale of the contrast; ``n_draws`` is 0 where there were no draws.
    """
    found = [] if test.is_slow else _over_draws(gathered, test, level)
    effects = np.array([c.estimate for c in found])
    low, high = (
        np.percentile(effects, [2.5, 97.5]) if found else (contrast.estimate, contrast.estimate)
    )
    return Robustness(
        len(found),
        sum(_agrees(one, contrast, level) for one in found),
        float(low),
        float(high),
        *_leave_one_out(gathered, test, contrast, level),
    )


def _over_draws(gathered: Gathered, test: ComparisonTest, level: float) -> list[Contrast]:
    found = []
    for index in range(n_draws(gathered, reads=test.reads)):
        arms = with_draw(gathered, index, reads=test.reads)
        repeats = (*arms.control, *arms.treated)
        if all(np.isfinite(r.summary) and np.isfinite(r.values).all() for r in repeats):
            found.append(test.run(arms, level))
    return found


def _agrees(one: Contrast, other: Contrast, level: float) -> bool:
    below = [c.p_value is not None and c.p_value < level for c in (one, other)]
    if below[0] != below[1]:
        return False
    return not below[0] or (one.estimate > 0) == (other.estimate > 0)


def _leave_one_out(
    gathered: Gathered, test: ComparisonTest, contrast: Contrast, level: float
) -> tuple[tuple[float, float] | None, int, int]:
    """Return the range of the effect, and in how many of how many the conclusion holds."""
    found = []
    for name in gathered.arms.names:
        try:
            found.append(test.run(gathered.arms.without(name), level))
        except NotEnoughData:
            return None, 0, 0
    if not found:
        return None, 0, 0
    effects = [one.estimate for one in found]
    holds = sum(_agrees(one, contrast, level) for one in found)
    return (min(effects), max(effects)), holds, len(found)
