"""Display scales: each with its inverse and a text that writes and reads it.

Gates are placed on a display scale, where negatives and positives are both visible, and stored
on the linear scale wherever they are parallel to the axes.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gating._biex import Biex as Biex
from gating._biex import shortest
from gating._logicle import Biexponential, forward_table, look_up, solve
from gating._parts import parts
from labproc.errors import SettingsError

LN10 = log(10.0)
EXACT_BELOW = 2_048  # below this many values the exact solution costs nothing


class Transform(Protocol):
    """A display scale."""

    @property
    def spec(self) -> str:
        """The scale as text, e.g. ``asinh:cofactor=150``."""

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Turn linear fluorescence into the display scale."""

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Turn the display scale into linear fluorescence."""

    def __hash__(self) -> int:
        """Equal scales are one key."""


@dataclass(frozen=True, slots=True)
class Linear:
    """The identity: scatter, time, and channels that were stored on a log scale already."""

    @property
    def spec(self) -> str:
        """``linear``."""
        return "linear"

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return the values."""
        return np.asarray(values)

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return the values."""
        return np.asarray(values, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Log:
    """log10 over ``decades`` decades below ``top``, 0 to 1; values below the range lie at 0."""

    top: float = 262_144.0
    decades: float = 4.0

    @property
    def spec(self) -> str:
        """``log:T=...,M=...``."""
        return f"log:T={shortest(self.top)},M={shortest(self.decades)}"

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return 1 + log10(x / top) / decades."""
        floor = self.top * 10.0**-self.decades
        held = np.maximum(np.asarray(values, dtype=np.float64), floor)
        return np.asarray(1.0 + np.log10(held / self.top) / self.decades)

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return top x 10^((y - 1) x decades)."""
        display = np.asarray(values, dtype=np.float64)
        return np.asarray(self.top * 10.0 ** ((display - 1.0) * self.decades))


@dataclass(frozen=True, slots=True)
class Asinh:
    """asinh(x / cofactor)."""

    cofactor: float = 150.0

    @property
    def spec(self) -> str:
        """``asinh:cofactor=...``."""
        return f"asinh:cofactor={shortest(self.cofactor)}"

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return asinh(x / cofactor)."""
        return np.arcsinh(np.asarray(values) / self.cofactor)

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return cofactor x sinh(y)."""
        return self.cofactor * np.sinh(np.asarray(values, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Logicle:
    """The logicle scale, 0 to 1: linear around zero, logarithmic above.

    ``top`` (T) is the value shown at 1, ``width`` (W) the linear half-width in decades, ``decades``
    (M) the whole scale, ``negative`` (A) extra negative decades.

    References
    ----------
    Moore and Parks, Cytometry A 2012, doi:10.1002/cyto.a.22030.
    """

    top: float = 262_144.0
    width: float = 0.5
    decades: float = 4.5
    negative: float = 0.0

    def __post_init__(self) -> None:
        if not (self.top > 0 and self.decades > 0 and 0 <= 2 * self.width <= self.decades):
            raise SettingsError(
                f"logicle: T={self.top:g}, W={self.width:g}, M={self.decades:g}; "
                "expected T > 0, M > 0 and 0 <= W <= M/2"
            )
        if not -self.width <= self.negative <= self.decades - 2 * self.width:
            raise SettingsError(f"logicle: A={self.negative:g}, expected -W <= A <= M - 2W")

    @property
    def spec(self) -> str:
        """``logicle:T=...,W=...,M=...,A=...``."""
        return (
            f"logicle:T={self.top:.12g},W={self.width:.12g},"
            f"M={self.decades:.12g},A={self.negative:.12g}"
        )

    @property
    def _curve(self) -> Biexponential:
        return _curve("logicle", self.top, self.width, self.decades, self.negative)

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return the display position; from a table for many values, error below 1e-6.

        The table has a node at every float32 of 8 mantissa bits, so that the segment of a value
        is read from its bits.
        """
        linear = np.asarray(values)
        if linear.size < EXACT_BELOW:
            return solve(self._curve, linear)
        table = _table("logicle", self.top, self.width, self.decades, self.negative)
        display = np.empty(linear.size, dtype=np.float32)
        for part in parts(linear.size):
            look_up(table, linear.reshape(-1)[part], out=display[part])
        return display.reshape(linear.shape)

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return linear fluorescence, exactly."""
        return self._curve.at(np.asarray(values, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Hyperlog:
    """The hyperlog scale, 0 to 1: log-like, with a linear term instead of the logicle's sinh.

    Parameters are the logicle's; ``width`` is more than 0.

    References
    ----------
    Bagwell, Cytometry A 2005, doi:10.1002/cyto.a.20114.
    """

    top: float = 262_144.0
    width: float = 0.5
    decades: float = 4.5
    negative: float = 0.0

    def __post_init__(self) -> None:
        if not (self.top > 0 and self.decades > 0 and 0 < 2 * self.width <= self.decades):
            raise SettingsError(
                f"hyperlog: T={self.top:g}, W={self.width:g}, M={self.decades:g}; "
                "expected T > 0, M > 0 and 0 < W <= M/2"
            )

    @property
    def spec(self) -> str:
        """``hyperlog:T=...,W=...,M=...,A=...``."""
        return (
            f"hyperlog:T={self.top:.12g},W={self.width:.12g},"
            f"M={self.decades:.12g},A={self.negative:.12g}"
        )

    def forward(self, values: ArrayLike) -> NDArray[Any]:
        """Return the display position."""
        return solve(
            _curve("hyperlog", self.top, self.width, self.decades, self.negative),
            np.asarray(values),
        )

    def inverse(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return linear fluorescence, exactly."""
        curve = _curve("hyperlog", self.top, self.width, self.decades, self.negative)
        return curve.at(np.asarray(values, dtype=np.float64))


@lru_cache(maxsize=256)
def _curve(kind: str, top: float, width: float, decades: float, negative: float) -> Biexponential:
    make = Biexponential.hyperlog if kind == "hyperlog" else Biexponential.of
    return make(top, width, decades, negative)


@lru_cache(maxsize=64)  # 1 MB each
def _table(
    kind: str, top: float, width: float, decades: float, negative: float
) -> NDArray[np.complex64]:
    return forward_table(_curve(kind, top, width, decades, negative))


_LETTERS = {
    "log": (Log, {"T": "top", "M": "decades"}),
    "asinh": (Asinh, {"cofactor": "cofactor"}),
    "logicle": (Logicle, {"T": "top", "W": "width", "M": "decades", "A": "negative"}),
    "hyperlog": (Hyperlog, {"T": "top", "W": "width", "M": "decades", "A": "negative"}),
    "biex": (Biex, {"T": "top", "pos": "positive", "neg": "negative", "width": "width"}),
    "linear": (Linear, {}),
}


def parse_transform(spec: str) -> Transform:
    """Read a display scale back from its text.

    Raises
    ------
    SettingsError
        If the text names no scale, or a parameter that the scale does not have.

    Examples
    --------
    >>> parse_transform("asinh:cofactor=150").spec
    'asinh:cofactor=150'
    """
    name, _, rest = spec.partition(":")
    if name not in _LETTERS:
        raise SettingsError(f"scale {spec!r}: found {name!r}, expected {', '.join(_LETTERS)}")
    kind, letters = _LETTERS[name]
    settings: dict[str, float] = {}
    for part in filter(None, rest.split(",")):
        letter, _, text = part.partition("=")
        try:
            settings[letters[letter.strip()]] = float(text)
        except (KeyError, ValueError):
            wanted = ", ".join(letters) or "no parameters"
            raise SettingsError(
                f"scale {spec!r}: found {part!r}, expected {wanted} as numbers"
            ) from None
    made: Transform = kind(**settings)
    return made
