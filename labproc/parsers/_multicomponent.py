"""Fluorescence of an .eds that was not analysed: each dye's share of the light, well by well."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Light = Mapping[tuple[int, str], Floats]

# Well, cycle, dye, error of the unmixing, signal. Between cycles the software leaves out line
# ends, so that records are told by their form and not by lines.
_RECORD = re.compile(
    r"(?:^|[\t\r\n])(\d{1,4})\t(\d{1,4})\t([A-Za-z][^\t\r\n]{0,30})\t([-+.\dEe]{1,24})\t([-+.\dEe]{1,24})"
)


def read_light(text: str) -> dict[tuple[int, str], Floats]:
    """Return each well's signal over the cycles by well (counted from 0) and dye.

    A well and dye whose cycles are not whole, without a gap, are left out.
    """
    found: dict[tuple[int, str], dict[int, float]] = {}
    for well, cycle, dye, _, signal in _RECORD.findall(text):
        if (value := _number(signal)) is not None:
            found.setdefault((int(well), dye.strip()), {})[int(cycle)] = value
    return {key: values for key, by_cycle in found.items() if (values := _whole(by_cycle)).size}


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _whole(by_cycle: Mapping[int, float]) -> Floats:
    cycles = sorted(by_cycle)
    if cycles[-1] - cycles[0] + 1 != len(cycles):
        return np.empty(0)
    return np.array([by_cycle[c] for c in cycles])


def normalised(light: Light, well: int, *, reporter: str, passive: str) -> Floats:
    """Return the reporter over the passive reference (Rn); the reporter alone without one.

    Empty where the well has no light of the reporter, or the reference is dark.
    """
    signal = light.get((well, reporter), np.empty(0))
    if not passive or passive == reporter:
        return signal
    reference = light.get((well, passive), np.empty(0))
    if reference.size != signal.size or not (reference > 0).all():
        return np.empty(0)
    return np.asarray(signal / reference)
