"""What is said about one culture over its days, and about two arms."""

from dataclasses import dataclass, field

from labproc.model._arrays import Floats
from labproc.model.flag import Flag


@dataclass(frozen=True, slots=True)
class Trend:
    """One summary of one culture or patient over time (a growth rate, a slope, an area).

    ``kind`` names the summary (``growth_rate``, ``doubling_time``, ``ln_ratio_slope``, ``auc``,
    ``half_life``), ``metric`` what it was computed from.
    """

    kind: str
    metric: str
    donor: str
    experiment: str
    arm: str
    replicate: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    unit: str
    n_days: int
    window: tuple[float, float] | None = None
    method: str = ""
    flags: tuple[Flag, ...] = ()
    draws: Floats | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Robustness:
    """How a conclusion fares when gates and curves move within their own uncertainty.

    ``holds_in`` of ``n_draws`` draws lie on the same side of the level; ``low`` and ``high`` are
    the range (2.5 to 97.5 %) of the effect; ``leave_one_out`` its range when each donor is left
    out in turn, and ``holds_left_out`` of ``n_left_out`` times the conclusion stays.
    """

    n_draws: int
    holds_in: int
    low: float
    high: float
    leave_one_out: tuple[float, float] | None = None
    holds_left_out: int = 0
    n_left_out: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two arms compared on one outcome: never a P without an estimate, an interval and an n.

    Parameters
    ----------
    outcome : str
        What was compared, e.g. ``cart_growth_rate``.
    contrast : str
        ``C+Len - C``; the sign of the estimate goes with it.
    effect : str
        What the estimate is: ``difference``, ``ratio`` or ``geometric mean ratio per day``.
    unit_of_replication : str
        ``donor``, ``experiment`` or ``well``; ``n`` counts these per arm.
    planned : bool
        True for what the study's plan named before looking; else exploratory.
    sentence : str
        The result as a scientist would paste it into a paper.
    """

    outcome: str
    contrast: str
    effect: str
    estimate: float
    ci_low: float
    ci_high: float
    unit: str
    p_value: float | None
    p_adjusted: float | None
    n: tuple[int, int]
    unit_of_replication: str
    test: str
    planned: bool = False
    day: int | None = None
    statistic: float | None = None
    assumptions: tuple[str, ...] = ()
    sentence: str = ""
    robustness: Robustness | None = None
    flags: tuple[Flag, ...] = ()
