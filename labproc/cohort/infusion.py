"""Which day counts as day 0 when cells were given on several days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

from labproc.errors import SettingsError
from labproc.registry import nearest

DayZero = Literal["first", "largest", "last"]
DAY_ZERO: tuple[str, ...] = get_args(DayZero)


@dataclass(frozen=True, slots=True)
class Infusion:
    """How the cells were given: days as the tables count them, and the percent of each.

    ``day_zero`` says which of them times are counted from: the first, the largest or the last.
    """

    percent: tuple[float, ...] = (100.0,)
    days: tuple[int, ...] = (0,)
    day_zero: str = "first"
    offset: int = field(init=False)

    def __post_init__(self) -> None:
        if self.day_zero not in DAY_ZERO:
            raise SettingsError(f"infusion day_zero: {nearest(self.day_zero, list(DAY_ZERO))}")
        if len(self.days) != len(self.percent) or any(b <= a for a, b in pairwise(self.days)):
            raise SettingsError(
                f"infusion: {len(self.percent)} parts on days {_listed(self.days)}, expected a "
                "day for each, in order"
            )
        if min(self.percent) <= 0 or abs(sum(self.percent) - 100.0) > 0.5:
            raise SettingsError(
                f"infusion percent: {_listed(self.percent)}, expected parts that add up to 100"
            )
        largest = self.days[self.percent.index(max(self.percent))]
        zero = {"first": self.days[0], "largest": largest, "last": self.days[-1]}
        object.__setattr__(self, "offset", zero[self.day_zero])

    def day(self, written: int) -> int:
        """Return a day as counted from day 0.

        >>> Infusion((10, 30, 60), (0, 1, 2), "last").day(28)
        26
        """
        return written - self.offset

    @property
    def words(self) -> str:
        """How the cells were given, for people."""
        if len(self.days) == 1:
            return f"one infusion on day {self.days[0]}, counted as day 0"
        return (
            f"{' + '.join(f'{p:g}' for p in self.percent)} % on days {_listed(self.days)}; the "
            f"{self.day_zero} counts as day 0"
        )


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{v:g}" for v in values)


def read_infusion(said: Mapping[str, object]) -> Infusion:
    """Return the infusion that ``[infusion]`` describes: percent, days and day_zero.

    Days follow each other from 0 on where they are not named.

    Raises
    ------
    SettingsError
        If a key or value is not one, or the parts do not add up to 100 %.
    """
    known = ["percent", "days", "day_zero"]
    for key in said:
        if key not in known:
            raise SettingsError(f"[infusion]: no setting {key!r}; {nearest(key, known)}")
    percent = _numbers("percent", said.get("percent", [100.0]))
    days = _numbers("days", said.get("days", list(range(len(percent)))))
    whole = tuple(int(d) for d in days)
    if any(d != w for d, w in zip(days, whole, strict=True)):
        raise SettingsError(f"[infusion] days: {_listed(days)}, expected whole days")
    return Infusion(percent, whole, str(said.get("day_zero", "first")))


def _numbers(key: str, values: object) -> tuple[float, ...]:
    if not isinstance(values, list) or not values or not all(map(_is_number, values)):
        raise SettingsError(f"[infusion] {key}: {values!r}, expected a list of numbers")
    return tuple(float(v) for v in values)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
