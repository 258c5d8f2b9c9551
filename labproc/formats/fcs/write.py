"""Write FCS 3.1 files that other programs read without options."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from labproc.errors import LabprocError
from labproc.model import Channel, Spillover

HEADER_BYTES = 58
LARGEST_OFFSET = 99_999_999  # eight digits; larger offsets stand in TEXT only
ALIGNMENT = 8  # DATA begins where a double may, so that it can be mapped
DELIMITERS = "|/\\!\x0c\x1e"  # the first that no keyword or value uses
MOST_BITS = 64  # of a range that other programs can read
DEFAULT_RANGE = 262_144.0  # 18 bits, what most digital cytometers state

# Written from the events themselves, whatever the caller's keywords say.
OWN_KEYWORDS = frozenset(
    {
        *("$BEGINDATA", "$ENDDATA", "$BEGINANALYSIS", "$ENDANALYSIS", "$BEGINSTEXT", "$ENDSTEXT"),
        *("$NEXTDATA", "$BYTEORD", "$DATATYPE", "$MODE", "$PAR", "$TOT"),
        *("$SPILLOVER", "SPILL", "SPILLOVER", "$COMP"),
    }
)
PARAMETER = re.compile(r"\$P\d+(B|E|N|R|G|S|V|DATATYPE|D)")


def write_fcs(
    path: Path,
    values: ArrayLike,
    channels: Sequence[Channel],
    *,
    keywords: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    datatype: Literal["F", "D"] = "F",
) -> None:
    """Write events as an FCS 3.1 file, little-endian.

    Parameters
    ----------
    path : Path
        Where to; an existing file is replaced.
    values : array, shape (n_events, n_channels)
        Stored as float32 (``datatype="F"``) or float64 (``"D"``).
    channels : sequence of Channel
        Names, labels, ranges, gains and voltages. Floating point is linear by the standard,
        so $PnE is always 0,0: linearise log channels first.
    keywords : mapping, optional
        What else to say ($CYT, $VOL, $DATE, ...). Those that follow from the events are
        written from them; empty values are left out, since FCS has none.
    spillover : Spillover, optional
        Written as $SPILLOVER.

    Raises
    ------
    LabprocError
        If channels, values and spillover do not fit together.
    """
    matrix = np.ascontiguousarray(values, dtype="<f8" if datatype == "D" else "<f4")
    if matrix.ndim != 2 or matrix.shape[1] != len(channels):
        raise LabprocError(
            f"{path.name}: values of shape {matrix.shape}, expected (events, {len(channels)})"
        )
    pairs = _pairs(matrix, channels, datatype=datatype)
    if spillover is not None:
        pairs["$SPILLOVER"] = _spillover(spillover, channels, where=path.name)
    pairs |= _others(keywords or {}, set(pairs))
    head = _header_and_text(pairs, matrix.nbytes)
    with path.open("wb") as file:
        file.write(head)
        matrix.tofile(file)


def _pairs(
    matrix: NDArray[np.floating], channels: Sequence[Channel], *, datatype: str
) -> dict[str, str]:
    """Return the keywords that describe the matrix."""
    pairs = {
        "$BEGINANALYSIS": "0",
        "$ENDANALYSIS": "0",
        "$BEGINSTEXT": "0",
        "$ENDSTEXT": "0",
        "$NEXTDATA": "0",
        "$BYTEORD": "1,2,3,4",
        "$DATATYPE": datatype,
        "$MODE": "L",
        "$PAR": str(matrix.shape[1]),
        "$TOT": str(matrix.shape[0]),
    }
    for number, channel in enumerate(channels, start=1):
        largest = channel.range or _range(matrix[:, number - 1])
        pairs |= _channel(number, channel, bits=8 * matrix.itemsize, largest=largest)
    return pairs


def _range(values: NDArray[np.floating]) -> float:
    """Return 18 bits, or the next power of two above the largest value."""
    top = float(np.max(values, initial=0.0, where=np.isfinite(values)))
    return max(DEFAULT_RANGE, 2.0 ** min(int(top).bit_length(), MOST_BITS))


def _channel(number: int, channel: Channel, *, bits: int, largest: float) -> dict[str, str]:
    """Return one channel's keywords."""
    pairs = {
        "B": str(bits),
        "E": "0,0",
        "N": channel.name.replace(",", "_") or f"P{number}",  # a comma would split $SPILLOVER
        "R": _number(largest),
        "G": _number(channel.gain) if channel.gain != 1 else "",
        "S": channel.label,
        "V": "" if channel.voltage is None else _number(channel.voltage),
    }
    return {f"$P{number}{letter}": value for letter, value in pairs.items() if value}


def _number(value: float) -> str:
    """Return the shortest text that reads back as the same number."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _spillover(spillover: Spillover, channels: Sequence[Channel], *, where: str) -> str:
    known = {c.name for c in channels}
    if lost := [d for d in spillover.detectors if d not in known]:
        raise LabprocError(f"{where}: spillover names {lost[0]!r}, expected a channel of the file")
    names = [d.replace(",", "_") for d in spillover.detectors]
    numbers = [_number(v) for v in spillover.matrix.ravel()]
    return ",".join([str(len(names)), *names, *numbers])


def _others(keywords: Mapping[str, str], written: set[str]) -> dict[str, str]:
    """Return the caller's keywords that neither repeat nor contradict the written ones."""
    upper = {key.strip().upper(): str(value) for key, value in keywords.items()}
    taken = {k for k in upper if k in OWN_KEYWORDS | written or PARAMETER.fullmatch(k)}
    return {k: v for k, v in upper.items() if k and v.strip() and k not in taken}


def _header_and_text(pairs: Mapping[str, str], n_bytes: int) -> bytes:
    """Return HEADER and TEXT; the offsets settle within a few rounds, as their digits grow."""
    begin = end = 0
    while True:
        text = _text({"$BEGINDATA": str(begin), "$ENDDATA": str(end), **pairs})
        text_end = HEADER_BYTES + len(text) - 1
        found = text_end + 1 + -(text_end + 1) % ALIGNMENT
        if found == begin:
            break
        begin, end = found, max(found + n_bytes - 1, 0)
    shown = (begin, end) if n_bytes and end <= LARGEST_OFFSET else (0, 0)
    offsets = (HEADER_BYTES, text_end, *shown, 0, 0)
    head = b"FCS3.1    " + b"".join(b"%8d" % o for o in offsets) + text
    return head.ljust(begin)


def _text(pairs: Mapping[str, str]) -> bytes:
    """Return the TEXT segment with its delimiter doubled wherever a value holds it."""
    content = "".join([*pairs, *pairs.values()])
    mark = next((d for d in DELIMITERS if d not in content), DELIMITERS[0])
    words = [w.replace(mark, mark * 2) for pair in pairs.items() for w in pair]
    return (mark + mark.join(words) + mark).encode()
