"""FlowJo's biex: a table of 4097 nodes, read by straight lines between them."""

from dataclasses import dataclass
from functools import lru_cache
from math import exp, isfinite, log, log10
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating._logicle import matching_decay
from labproc.errors import SettingsError

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


def shortest(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return repr(float(value)).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Biex:
    """The biexponential scale as FlowJo 10 draws it, 0 to 1; values off the scale lie at its ends.

    ``top`` (T) is the value shown at 1, ``positive`` the decades above zero, ``negative`` further
    decades below it, ``width`` the width basis, -1 or less.
    """

    top: float = 262_144.0
    positive: float = 4.5
    negative: float = 0.0
    width: float = -10.0

    def __post_init__(self) -> None:
        numbers = (self.top, self.positive, self.negative, self.width)
        fits = all(map(isfinite, numbers)) and self.top > 0 and self.width <= -1
        if (
            not fits
            or not self.positive > log(-self.width, 10)
            or np.any(np.diff(self._nodes) <= 0)
        ):
            raise SettingsError(
                f"biex: T={self.top:g}, pos={self.positive:g}, neg={self.negative:g}, "
                f"width={self.width:g}; expected T > 0, width <= -1 and pos > log10(-width)"
            )

    @property
    def spec(self) -> str:
        """``biex:T=...,pos=...,neg=...,width=...``."""
        return (
            f"biex:T={shortest(self.top)},pos={shortest(self.positive)},"
            f"neg={shortest(self.negative)},width={shortest(self.width)}"
        )

    @property
    def _nodes(self) -> NDArray[np.float64]:
        return biex_nodes(self.top, self.positive, self.negative, self.width)

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return the display position."""
        channels = np.arange(CHANNELS + 1) / CHANNELS
        return np.asarray(np.interp(np.asarray(values), self._nodes, channels))

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return linear fluorescence."""
        channels = np.arange(CHANNELS + 1) / CHANNELS
        display = np.asarray(values, dtype=np.float64)
        return np.asarray(np.interp(display, channels, self._nodes))
