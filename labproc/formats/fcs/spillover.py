"""The spillover matrix, from whichever keyword carries it."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from labproc.model import Channel, Spillover
from labproc.model.flag import Flag, info, review

KEYS = ("$SPILLOVER", "SPILL", "SPILLOVER", "$SPILL")  # one form: n, names, n x n numbers
MOST_DETECTORS = 512
_OLD = re.compile(r"\$DFC(\d+)TO(\d+)")
_NO_DYE = ("fs", "ss", "time", "hdr", "event", "index", "width")  # names that begin so are no dye

Found = tuple[Spillover | None, list[Flag]]


def read_spillover(values: Mapping[str, str], channels: Sequence[Channel]) -> Found:
    """Return the spillover that TEXT states, and what is doubtful about it.

    $SPILLOVER and its older names first, then $COMP (FCS 3.0) and $DFCmTOn (FCS 2.0, per cent).
    A matrix that cannot be matched to the channels is left out, and said to be.
    """
    doubts: list[Flag] = []
    for key in KEYS:
        if values.get(key, "").strip():
            try:
                return _checked(_named(values[key], channels), key, doubts)
            except ValueError as error:
                doubts.append(_unusable(key, str(error)))
    for key, read in (("$COMP", _numbered), ("$DFCmTOn", _percent)):
        try:
            found = read(values, channels)
        except ValueError as error:
            doubts.append(_unusable(key, str(error)))
            continue
        if found is not None and not found.is_identity:
            text = f"spillover comes from {key}, which may have been applied on the cytometer"
            return _checked(found, key, [*doubts, review("spillover_old_form", text)])
    return None, doubts


def _unusable(key: str, reason: str) -> Flag:
    return review("spillover_unusable", f"{key}: {reason}; nothing can be compensated with it")


def _checked(spillover: Spillover, key: str, doubts: list[Flag]) -> Found:
    """Flag what compensation must know: identity, or a matrix that has no inverse."""
    if spillover.is_identity:
        text = f"{key} is the identity: the file is uncompensated, nothing was set"
        return spillover, [*doubts, info("spillover_identity", text)]
    if np.linalg.cond(spillover.matrix) > 1e8:
        text = f"{key} has no usable inverse"
        return None, [*doubts, _unusable(key, text)]
    return spillover, doubts


def _named(text: str, channels: Sequence[Channel]) -> Spillover:
    """Read ``n,name1,...,namen,v11,...,vnn``; names are $PnN, or parameter numbers."""
    parts = [p.strip() for p in text.split(",")]
    n = int(parts[0]) if re.fullmatch(r"[0-9]{1,3}", parts[0]) else 0
    if n and len(parts) == 1 + n:
        raise ValueError("names detectors but holds no numbers")
    if not 1 <= n <= MOST_DETECTORS or len(parts) < 1 + n + n * n:
        raise ValueError(f"begins with {parts[0]!r} and has {len(parts)} parts, expected n+n*n+1")
    names = tuple(_detector(p, channels) for p in parts[1 : 1 + n])
    if len(set(names)) < n:
        raise ValueError("names a detector twice")
    return Spillover(names, _matrix(parts[1 + n : 1 + n + n * n], n))


def _matrix(words: Sequence[str], n: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return n x n finite numbers with a diagonal of more than 0."""
    try:
        matrix = np.array([float(w) for w in words], dtype=np.float64).reshape(n, n)
    except ValueError:
        raise ValueError("holds what is not a number") from None
    if not np.all(np.isfinite(matrix)) or np.any(np.diag(matrix) <= 0):
        raise ValueError("has a diagonal that is not above 0, or is not finite")
    return matrix


def _detector(word: str, channels: Sequence[Channel]) -> str:
    """Return the channel that a name or a parameter number means."""
    exact = [c.name for c in channels if c.name.strip() == word]
    folded = [c.name for c in channels if c.name.strip().casefold() == word.casefold()]
    if exact or folded:
        return (exact or folded)[0]
    labelled = [c.name for c in channels if c.label and c.label == word]
    if len(labelled) == 1:
        return labelled[0]
    if word.isdecimal() and 1 <= int(word) <= len(channels):
        return channels[int(word) - 1].name
    raise ValueError(f"names {word!r}, which is no channel")


def _numbered(values: Mapping[str, str], channels: Sequence[Channel]) -> Spillover | None:
    """Read $COMP: ``n`` and n x n numbers, for all parameters or all dyes in their order."""
    parts = values.get("$COMP", "").split(",")
    if len(parts) < 2 or not re.fullmatch(r"[0-9]{1,3}", parts[0].strip()):
        return None
    n = int(parts[0])
    dyes = _dyes(channels) if n != len(channels) else [c.name for c in channels]
    if len(dyes) != n or len(parts) < 1 + n * n:
        raise ValueError(f"is for {n} parameters, the file has {len(dyes)} dyes")
    return Spillover(tuple(dyes), _matrix(parts[1 : 1 + n * n], n))


def _percent(values: Mapping[str, str], channels: Sequence[Channel]) -> Spillover | None:
    """Read $DFCmTOn: per cent of dye m's signal in detector n, dyes counted as FL1, FL2, ..."""
    found = {
        (int(m[1]), int(m[2])): float(value)
        for key, value in values.items()
        if (m := _OLD.fullmatch(key)) and _is_number(value) and float(value)
    }
    if not found:
        return None
    dyes = _dyes(channels)
    largest = max(max(pair) for pair in found)
    if largest > len(dyes):
        raise ValueError(f"counts {largest} dyes, the file has {len(dyes)}")
    matrix = np.eye(len(dyes))
    for (dye, detector), percent in found.items():
        if dye != detector:
            matrix[dye - 1, detector - 1] = percent / 100
    return Spillover(tuple(dyes), matrix)


def _dyes(channels: Sequence[Channel]) -> list[str]:
    """Return the channels that are neither scatter nor time."""
    return [c.name for c in channels if not c.name.casefold().startswith(_NO_DYE)]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
