"""What TEXT says of the acquisition: instrument, date, volume, time, sample."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time

from labproc.model.flag import Flag, info, review, warning

NL_PER_UL = 1000.0
SMALLEST_UL = 1.0  # the granularity of volumetric cytometers
ROUNDING_UL = 0.5
LARGEST_UL = 100_000.0
RATE_TOLERANCE = 0.10
DEFAULT_STEP_S = 0.01
_RATE_KEYS = ("#FLOWRATE", "$FLOWRATE", "FLOWRATE", "FLOW RATE")
_VOLUMETRIC = ("attune", "macsquant", "cyflow", "accuri")  # cytometers that write $VOL
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def first(values: Mapping[str, str], *keys: str) -> str:
    """Return the first of several keywords that says something; ``NA`` says nothing."""
    texts = (values.get(key, "").strip() for key in keys)
    return next((t for t in texts if t and t.upper() not in ("NA", "N/A")), "")


def acquired_at(values: Mapping[str, str]) -> datetime | None:
    """Return when acquisition began: $BEGINDATETIME, or $DATE with $BTIM."""
    try:
        return datetime.fromisoformat(first(values, "$BEGINDATETIME"))
    except ValueError:
        pass
    day = _day(first(values, "$DATE"))
    return datetime.combine(day, clock(first(values, "$BTIM")) or time()) if day else None


def _day(text: str) -> date | None:
    """Return a date written ``02-Mar-2020``, ``2013-Jul-19``, ``2020-03-02`` or so."""
    words = re.findall(r"[0-9]+|[A-Za-z]+", text)
    if len(words) < 3:
        return None
    months = [w for w in words[:3] if w[:3].casefold() in _MONTHS and w.isalpha()]
    numbers = [int(w) for w in words[:3] if w.isdecimal()]
    if months and len(numbers) == 2:
        year_first = numbers[0] > 31
        year, day = numbers if year_first else numbers[::-1]
        month = _MONTHS.index(months[0][:3].casefold()) + 1
    elif len(numbers) == 3 and numbers[0] > 31:
        year, month, day = numbers
    else:
        return None  # 02/03/2020 is two days: nobody can tell
    year += 0 if year > 99 else 1900 if year > 69 else 2000
    try:
        return date(year, month, day)
    except ValueError:
        return None


def clock(text: str) -> time | None:
    """Return a time of day written ``09:50:15``, ``09:50:15:30`` (60ths) or ``09:50:15.25``."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2}):(\d{2})(?:([:.])(\d{1,6}))?", text.strip())
    if not match:
        return None
    hour, minute, second = (int(match[i]) for i in (1, 2, 3))
    part = 0.0
    if match[5]:
        part = int(match[5]) / 60 if match[4] == ":" else float(f"0.{match[5]}")
    try:
        return time(hour, minute, second, int(min(part, 0.999999) * 1e6))
    except ValueError:
        return None


def number(text: str) -> float | None:
    """Return a finite number, or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def time_step_s(values: Mapping[str, str]) -> float | None:
    """Return $TIMESTEP in seconds, or None where it is missing or not above 0."""
    step = number(values.get("$TIMESTEP", ""))
    return step if step is not None and step > 0 else None


def flow_rate_ul_min(values: Mapping[str, str]) -> float | None:
    """Return the sample flow in µL per minute where the instrument states it as a number."""
    rate = number(first(values, *_RATE_KEYS))
    return rate if rate is not None and 0 < rate <= LARGEST_UL else None


def volume(
    values: Mapping[str, str], *, instrument: str, seconds: float | None
) -> tuple[float | None, list[Flag]]:
    """Return the volume acquired in µL ($VOL is in nL), and what is doubtful about it.

    Parameters
    ----------
    seconds : float or None
        How long acquisition took by the events' own clock.
    """
    text = values.get("$VOL", "").strip()
    stated = number(text) if text else None
    if stated is None or stated <= 0:
        return None, _no_volume(text, instrument)
    found = stated / NL_PER_UL
    if not SMALLEST_UL <= found <= LARGEST_UL:
        message = f"$VOL is {text!r}, as nanolitres {found:g} µL, which no cytometer can meter"
        return None, [review("volume_unit_unclear", f"{message}; enter the volume by hand")]
    return found, _rate_flags(values, found, seconds)


def _no_volume(text: str, instrument: str) -> list[Flag]:
    """Say that the volume is missing where it is said to be 0 or the instrument measures it."""
    if text:
        message = f"$VOL is {text!r}, expected nanolitres above 0"
        return [warning("volume_missing", f"{message}; counting needs beads or a manual count")]
    if any(name in instrument.casefold() for name in _VOLUMETRIC):
        message = f"{instrument} measures its volume but the file has no $VOL"
        return [info("volume_missing", f"{message}; counting needs beads or a manual count")]
    return []


def _rate_flags(values: Mapping[str, str], found: float, seconds: float | None) -> list[Flag]:
    rate = flow_rate_ul_min(values)
    if rate is None or not seconds:
        return []
    expected = rate * seconds / 60
    if abs(found - expected) <= max(RATE_TOLERANCE * expected, ROUNDING_UL):
        return []
    message = f"$VOL says {found:g} µL, {rate:g} µL/min for {seconds:.1f} s gives {expected:.1f}"
    return [review("volume_disagrees", f"{message}; was the flow stopped or changed?")]
