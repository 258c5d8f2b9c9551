"""Channel names that say more than a detector: a ratio of two, or a compensation of its own.

``FSC-A/FSC-H`` is a ratio where the second is above 0; ``ratio(FL2-H, FL2-A, A=1, B=0, C=-1)`` is
GatingML's A x (x - B) / (y - C); ``FL1-H [none]`` is a channel compensated otherwise than the rest.
"""

import re
from dataclasses import dataclass

FILE, NONE = "file", "none"  # the file's own spillover; no compensation
_NUMBER = r"([-+0-9.eE]+)"
_RATIO = re.compile(rf"ratio\((.+), (.+), A={_NUMBER}, B={_NUMBER}, C={_NUMBER}\)")
_TAG = re.compile(r"(.+) \[([^\[\]]+)\]")


@dataclass(frozen=True, slots=True)
class Ratio:
    """factor x (above - above_offset) / (below - below_offset), GatingML's A, B and C."""

    above: str
    below: str
    factor: float = 1.0
    above_offset: float = 0.0
    below_offset: float = 0.0

    @property
    def name(self) -> str:
        """The ratio as a channel name."""
        numbers = (self.factor, self.above_offset, self.below_offset)
        a, b, c = (repr(float(v)).removesuffix(".0") for v in numbers)
        return f"ratio({self.above}, {self.below}, A={a}, B={b}, C={c})"


def parse_ratio(name: str) -> Ratio | None:
    """Return the ratio that a channel name stands for; None where it is none.

    Examples
    --------
    >>> parse_ratio("ratio(FL2-H, FL2-A, A=1, B=0, C=-1)").below_offset
    -1.0
    """
    found = _RATIO.fullmatch(name)
    if found is None:
        return None
    try:
        a, b, c = (float(found[k]) for k in (3, 4, 5))
    except ValueError:
        return None
    return Ratio(found[1], found[2], a, b, c)


def split_tag(name: str) -> tuple[str, str]:
    """Return a channel without its compensation, and that ('' where it has none of its own).

    Examples
    --------
    >>> split_tag("FL1-H [none]"), split_tag("FL1-H")
    (('FL1-H', 'none'), ('FL1-H', ''))
    """
    found = _TAG.fullmatch(name)
    return (found[1], found[2]) if found else (name, "")


def tagged(name: str, compensation: str) -> str:
    """Return a channel name with a compensation of its own."""
    return f"{name} [{compensation}]" if compensation else name
