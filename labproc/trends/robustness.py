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

    A draw holds the conclusion when its P lies on the same side of ``level`` and, below it, its
    effect points the same way. Comparisons that read the course itself have no draws.

    Returns
    -------
    Robustness
        On the scale of the contrast; ``n_draws`` is 0 where there were no draws.
    """
    found = [] if test.reads == "course" else _over_draws(gathered, test, level)
    effects = np.array([c.estimate for c in found])
    low, high = (
        np.percentile(effects, [2.5, 97.5]) if found else (contrast.estimate, contrast.estimate)
    )
    return Robustness(
        len(found),
        sum(_agrees(one, contrast, level) for one in found),
        float(low),
        float(high),
        _leave_one_out(gathered, test, level),
    )


def _over_draws(gathered: Gathered, test: ComparisonTest, level: float) -> list[Contrast]:
    found = []
    for index in range(n_draws(gathered)):
        arms = with_draw(gathered, index)
        if all(np.isfinite(r.summary) for r in (*arms.control, *arms.treated)):
            found.append(test.run(arms, level))
    return found


def _agrees(one: Contrast, other: Contrast, level: float) -> bool:
    below = [c.p_value is not None and c.p_value < level for c in (one, other)]
    if below[0] != below[1]:
        return False
    return not below[0] or (one.estimate > 0) == (other.estimate > 0)


def _leave_one_out(
    gathered: Gathered, test: ComparisonTest, level: float
) -> tuple[float, float] | None:
    effects = []
    for name in gathered.arms.names:
        try:
            effects.append(test.run(gathered.arms.without(name), level).estimate)
        except NotEnoughData:
            return None
    return (min(effects), max(effects)) if effects else None
