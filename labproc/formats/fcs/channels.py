"""The parameters of a data set as channels, every one with a name of its own."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from labproc.formats.fcs.layout import Layout, range_of
from labproc.model import Channel
from labproc.model.flag import Flag, info, review, warning

_SHOWN = 4


def read_channels(values: Mapping[str, str], n: int) -> tuple[Channel, ...]:
    """Return the channels that TEXT describes; missing names become ``P3``, repeated ``FL1_2``."""
    seen: Counter[str] = Counter()
    taken = {values.get(f"$P{i}N", "").strip() for i in range(1, n + 1)}
    channels = []
    for number in range(1, n + 1):
        name = values.get(f"$P{number}N", "").strip() or f"P{number}"
        seen[name] += 1
        if seen[name] > 1:
            name = _another(name, seen[name], taken)
        taken.add(name)
        channels.append(_channel(values, number, name))
    return tuple(channels)


def _another(name: str, number: int, taken: set[str]) -> str:
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"


def _channel(values: Mapping[str, str], number: int, name: str) -> Channel:
    decades, offset = amplification(values.get(f"$P{number}E", ""))
    gain = _float(values.get(f"$P{number}G", ""))
    bits = values.get(f"$P{number}B", "")
    return Channel(
        name,
        label=values.get(f"$P{number}S", "").strip(),
        range=range_of(values, number),
        gain=gain if gain is not None and gain > 0 else 1.0,
        decades=decades,
        offset=offset,
        voltage=_float(values.get(f"$P{number}V", "")),
        bits=int(bits) if bits.isdecimal() and len(bits) < 4 else 32,
    )


def amplification(text: str) -> tuple[float, float]:
    """Return decades and offset of $PnE; (0, 0) is linear, and what makes no sense is linear.

    ``4,0`` is what many instruments write for ``4,1``: zero has no place on a log scale.
    """
    parts = [_float(p) for p in text.split(",")]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return 0.0, 0.0
    decades, offset = parts[0], parts[1]
    if not 0 < decades <= MOST_DECADES:
        return 0.0, 0.0
    return decades, offset if offset > 0 else 1.0


MOST_DECADES = 20.0  # more than any amplifier


def _float(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None


def linear_floats(
    channels: tuple[Channel, ...], layout: Layout
) -> tuple[tuple[Channel, ...], list[Flag]]:
    """Take floating point channels as linear, as the standard says, whatever their $PnE is."""
    odd = [
        c.name
        for c, f in zip(channels, layout.fields, strict=True)
        if f.kind in ("F", "D") and c.is_log
    ]
    if not odd:
        return channels, []
    kept = tuple(replace(c, decades=0.0, offset=0.0) if c.name in odd else c for c in channels)
    text = f"{', '.join(odd[:_SHOWN])}: $PnE says log but the values are floating point"
    return kept, [review("log_scale_on_floats", f"{text}; taken as linear, as the standard says")]


def channel_flags(values: Mapping[str, str], n: int) -> list[Flag]:
    """Say which names are missing or stand twice, and which scales cannot be read."""
    names = [values.get(f"$P{i}N", "").strip() for i in range(1, n + 1)]
    found: list[Flag] = []
    missing = [f"$P{i}N" for i, name in enumerate(names, start=1) if not name]
    if missing:
        text = f"{', '.join(missing[:_SHOWN])} missing; such channels are named P1, P2, ..."
        found.append(warning("channel_name_missing", text))
    twice = sorted({n for n in names if n and names.count(n) > 1})
    if twice:
        text = f"{', '.join(twice[:_SHOWN])} stands for several channels; later ones are numbered"
        found.append(warning("channel_name_repeated", text))
    return found + _scale_flags(values, n)


def _scale_flags(values: Mapping[str, str], n: int) -> list[Flag]:
    odd, zero = [], []
    for number in range(1, n + 1):
        text = values.get(f"$P{number}E", "")
        parts = [_float(p) for p in text.split(",")]
        if len(parts) != 2 or None in parts or not 0 <= (parts[0] or 0) <= MOST_DECADES:
            odd.append(f"$P{number}E={text!r}")
        elif parts[0] and not (parts[1] or 0) > 0:
            zero.append(f"$P{number}E={text!r}")
    found = []
    if odd:
        text = f"{', '.join(odd[:_SHOWN])}: expected 'decades,offset'; taken as linear"
        found.append(warning("scale_unreadable", text))
    if zero:
        text = f"{', '.join(zero[:_SHOWN])}: a log scale cannot begin at 0; taken as 1"
        found.append(info("log_offset_zero", text))
    return found
