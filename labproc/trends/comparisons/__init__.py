"""One file a comparison of two arms; all take ``Arms`` and give a ``Contrast``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from labproc.model import Flag
from labproc.registry import Registry
from labproc.trends.arms import Arms


@dataclass(frozen=True, slots=True)
class Contrast:
    """What a comparison says about treated - control, on the scale of the analysis.

    ``days`` holds the contrast of each day where a comparison goes day by day, else nothing.
    ``assumptions`` are sentences a reader has to accept; ``floor`` is the smallest P the n allows
    for an exact test.
    """

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float | None
    statistic: float | None
    n: tuple[int, int]
    test: str
    assumptions: tuple[str, ...] = ()
    dof: float | None = None
    floor: float | None = None
    p_adjusted: float | None = None
    day: float | None = None
    days: tuple["Contrast", ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class ComparisonTest:
    """One way to compare two arms.

    Parameters
    ----------
    title : str
        The test as a paper names it.
    reads : str
        ``summary`` for one number a repeat, ``course`` for the values by day.
    paired : bool
        Whether only repeats present in both arms count.
    run : callable
        Arms and level to a Contrast; raises ``NotEnoughData`` where the data cannot answer.
    of : str
        What the estimate is a difference of: the summary itself, or the slope, the mean or the
        clearest day of the courses.
    is_slow : bool
        Whether it takes too long to be run over every draw.
    """

    title: str
    reads: Literal["summary", "course"]
    paired: bool
    run: Callable[[Arms, float], Contrast]
    of: Literal["summary", "slope", "mean", "day"] = "summary"
    is_slow: bool = False


COMPARISONS: Registry[ComparisonTest] = Registry("comparison", "labproc.trends.comparisons")
