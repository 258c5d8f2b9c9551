"""When a file is finished: it has stopped changing, and by its own format nothing is missing."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from labproc.intake.scan import Seen

QUIET_S = 5.0  # cytometers write a file in one go
TEXT_QUIET_S = 10.0  # qPCR software appends to text exports in several goes
TEXT_ENDS = (".csv", ".txt", ".tsv")
NS_PER_S = 1_000_000_000
# end of central directory: 22 bytes, then a comment of at most 64 KiB whose length they state
ZIP_START, ZIP_END, ZIP_TAIL, ZIP_RECORD = b"PK\x03\x04", b"PK\x05\x06", 66_000, 22
# Windows makes room for a whole file before it copies: what has not come yet reads as zeros
UNWRITTEN = 4096


def quiet_s(path: str) -> float:
    """Return how long a file of that name must stay unchanged, in seconds."""
    return TEXT_QUIET_S if path.casefold().endswith(TEXT_ENDS) else QUIET_S


def is_quiet(seen: Seen, *, now_ns: int) -> bool:
    """Whether a file was last written longer ago than it needs; a future time counts as quiet.

    Instruments' clocks go wrong: a file from tomorrow must not wait until tomorrow. Whoever
    needs more than this looks twice (``unchanged``).
    """
    age_s = (now_ns - seen.mtime_ns) / NS_PER_S
    return age_s < 0 or age_s >= quiet_s(seen.path)


def unchanged(before: Iterable[Seen], after: Iterable[Seen]) -> set[str]:
    """Return the paths that two looks saw with equal size, time and inode."""
    states = {seen.path: seen.state for seen in before}
    return {seen.path for seen in after if states.get(seen.path) == seen.state}


def is_complete(path: Path) -> bool:
    """Whether a file holds all that its own format says it has; True where it does not say.

    A file that ends in 4 KiB of zeros is not: room was made for it that is not filled yet.
    """
    try:
        with path.open("rb") as file:
            head = file.read(58)
            size = path.stat().st_size
            file.seek(max(0, size - ZIP_TAIL))
            tail = file.read()
    except OSError:
        return False
    if len(tail) >= UNWRITTEN and not any(tail[-UNWRITTEN:]):
        return False
    if head.startswith(b"FCS"):
        return _fcs_is_complete(path)
    return not head.startswith(ZIP_START) or _has_end_record(tail)


def _has_end_record(tail: bytes) -> bool:
    """Whether an end record stands there with nothing but its comment behind it."""
    at = tail.rfind(ZIP_END)
    while at >= 0:
        comment = int.from_bytes(tail[at + ZIP_RECORD - 2 : at + ZIP_RECORD], "little")
        if at + ZIP_RECORD + comment == len(tail):
            return True
        at = tail.rfind(ZIP_END, 0, at)
    return False


def _fcs_is_complete(path: Path) -> bool:
    from labproc.errors import ParseError
    from labproc.formats.fcs.dataset import open_fcs

    try:
        open_fcs(path)
    except ParseError as error:
        return "incomplete" not in str(error)
    return True


def wait_until_quiet(
    look: Callable[[], list[Seen]], young: Mapping[str, Seen], *, patience_s: float = 30.0
) -> set[str]:
    """Look again until young files have stopped changing; return those that have.

    Parameters
    ----------
    look : callable
        Gives what lies in the folder now.
    young : mapping
        Path to file, for those that were written a moment ago.
    patience_s : float
        How long to go on in all, in seconds.
    """
    end = time.monotonic() + patience_s
    since = dict.fromkeys(young, time.monotonic())
    states = dict(young)
    settled: set[str] = set()
    while len(settled) < len(states) and time.monotonic() < end:
        time.sleep(0.5)
        now = {s.path: s for s in look()}
        for path in set(states) - settled:
            if path not in now:
                settled.add(path)
            elif now[path].state != states[path].state:
                states[path], since[path] = now[path], time.monotonic()
            elif time.monotonic() - since[path] >= quiet_s(path):
                settled.add(path)
    return settled
