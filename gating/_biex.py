"""FlowJo's biex: a table of 4097 nodes, read by straight lines between them."""

from functools import lru_cache
from math import exp, log, log10

import numpy as np
from numpy.typing import NDArray

from gating._logicle import matching_decay

CHANNELS = 4_096  # FlowJo's display resolution behind the table


@lru_cache(maxsize=64)  # 32 KB each
def biex_nodes(top: float, positive: float, negative: float, width: float) -> NDArray[np.float64]:
    """Return the linear value at each of the 4097 display channels.

    A logicle whose zero is moved to a whole channel: the decades are stretched so that zero falls
    on one, negatives mirror positives about it, and exponents are counted in 4097ths although the
    channels are 4096ths. All of that shows in where a gate cuts, so it is kept as FlowJo has it.

    Parameters
    ----------
    top : float
        Linear value at the top of the scale (``maxRange``).
    positive, negative : float
        Decades above and additional decades below zero (``pos``, ``neg``).
    width : float
        Width basis, negative, e.g. -10 or -100 (``width``).
    """
    linear = log10(-width)
    below = max(negative, 0.0) + linear / 2.0
    decades = positive - linear / 2.0
    zero = min(int(below * CHANNELS / (below + decades)), CHANNELS // 2)
    if zero > 0:
        decades = below * CHANNELS / zero
    w = linear / (2.0 * decades)
    b = log(10.0) * decades
    d = matching_decay(b, w)
    at = np.arange(CHANNELS + 1) / (CHANNELS + 1)
    curve = np.exp(b * at) - exp((b + d) * (w + below / decades)) * np.exp(-d * at)
    values: NDArray[np.float64] = top * exp(-b) * (curve - curve[zero])
    values[:zero] = -values[2 * zero - np.arange(zero)]
    values.flags.writeable = False
    return values
