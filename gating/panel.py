"""Which channel carries a marker, and which are forward and side scatter."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from gating.channel_names import parse_ratio
from labproc.errors import StrategyError
from labproc.model import Channel, Events

# Scatter names with everything but letters and digits taken out, the best first.
ROLES: Mapping[str, tuple[str, ...]] = {
    "forward": ("FSCA", "FSA", "FSCAREA", "FSAREA", "FSC", "FS", "FSCH", "FSH", "FSLIN", "FSPEAK"),
    "side": ("SSCA", "SSA", "SSCAREA", "SSAREA", "SSC", "SS", "SSCH", "SSH", "SSLIN", "SSPEAK"),
    "forward_area": ("FSCA", "FSA", "FSCAREA", "FSAREA"),
    "forward_height": ("FSCH", "FSH", "FSCHEIGHT", "FSHEIGHT", "FSPEAK"),
    "forward_width": ("FSCW", "FSW", "FSCWIDTH", "FSWIDTH", "WIDTH"),
    "side_area": ("SSCA", "SSA", "SSCAREA", "SSAREA"),
    "side_height": ("SSCH", "SSH", "SSCHEIGHT", "SSHEIGHT", "SSPEAK"),
    "time": ("TIME", "HDRT", "HDRTIME"),
}
# What a marker is called on labels besides its own name.
WORDS: Mapping[str, tuple[str, ...]] = {
    "viability": (
        "viability",
        "viab",
        "live",
        "dead",
        "livedead",
        "l/d",
        "ld",
        "zombie",
        "7-aad",
        "7aad",
        "pi",
        "dapi",
        "sytox",
        "fvd",
        "fvs",
        "dcm",
        "draq7",
        "aqua",
    ),
    "CAR": ("car", "protein l", "proteinl", "protl", "protein-l", "fmc63", "scfv"),
    "CD8": ("cd8", "cd8a", "cd8b"),
    "CD3": ("cd3", "cd3e"),
}


def find_channel(word: str, events: Events, markers: Mapping[str, str]) -> str | None:
    """Return the detector of a role, marker or detector name; None where the panel has none.

    The user's own assignment comes first, then scatter roles, then detectors of that name, then
    labels on which the marker stands as a word of its own (the area signal first).

    Raises
    ------
    StrategyError
        If the user assigned the marker to a channel that is not there.
    """
    assigned = {k.casefold(): v for k, v in markers.items()}.get(word.casefold())
    if assigned is not None:
        if not events.has(assigned):
            has = ", ".join(events.names)
            raise StrategyError(f"marker {word}: no channel {assigned!r} (has: {has})")
        return events.names[events.index(assigned)]
    if word in ROLES:
        return _by_role(word, events)
    if word.casefold() in {n.casefold() for n in events.names}:
        return events.names[events.index(word)]
    if (ratio := parse_ratio(word)) is not None:
        above, below = (find_channel(p, events, markers) for p in (ratio.above, ratio.below))
        return replace(ratio, above=above, below=below).name if above and below else None
    if "/" in word:
        parts = [find_channel(p, events, markers) for p in word.split("/")]
        return None if None in parts else "/".join(p for p in parts if p)
    return _by_label(word, events.channels)


def _by_role(role: str, events: Events) -> str | None:
    plain = {_plain(n): n for n in reversed(events.names)}
    return next((plain[n] for n in ROLES[role] if n in plain), None)


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())


def _by_label(marker: str, channels: Sequence[Channel]) -> str | None:
    alone = _alone(marker)
    named = [c.name for c in channels if alone.search(c.label.casefold())]
    area = [n for n in named if n.upper().endswith("A")]
    candidates = area or named
    return candidates[0] if len(candidates) == 1 else None


@lru_cache(maxsize=256)
def _alone(marker: str) -> re.Pattern[str]:
    """Match a marker's words where they stand alone."""
    words = WORDS.get(marker, (marker.casefold(),))
    pattern = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])")
