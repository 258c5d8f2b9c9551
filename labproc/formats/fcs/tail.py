"""Bytes that no segment accounts for: a checksum, a second file, a text-mode transfer."""

from collections.abc import Sequence

from labproc.formats.fcs.header import Segment
from labproc.formats.fcs.source import Source
from labproc.model.flag import Flag, fail, info, review, warning

CHECKSUM_BYTES = 8
BLOCK_BYTES = 1 << 20
SMALL_GAP_BYTES = 64  # larger ones hold segments of the vendor's own
PADDING = b" \0\r\n\t\x1a0"
ENOUGH_LINE_ENDS = 8  # chance finds this many line feeds all behind a carriage return never


def tail_flags(source: Source, start: int, end: int, segments: Sequence[Segment]) -> list[Flag]:
    """Say what lies behind the last segment of a data set, where something does."""
    last = start + max(s.end for s in segments) + 1
    rest = end - last
    if rest <= 0:
        return []
    tail = source.read(last, min(rest, BLOCK_BYTES))
    if rest > CHECKSUM_BYTES and tail.lstrip(PADDING)[:3] == b"FCS":
        text = f"another data set starts behind this one, at byte {last}, but $NEXTDATA is 0"
        return [warning("dataset_behind", f"{text}; it is not read")]
    if _is_text_transfer(source, start, end):
        text = "every line feed in the file stands behind a carriage return"
        return [fail("text_mode_transfer", f"{text}; the file was copied in text mode, copy again")]
    if rest > CHECKSUM_BYTES and tail.strip(PADDING):
        return [info("trailing_bytes", f"{rest} bytes behind the last segment are not read")]
    return []


def gap_flags(source: Source, start: int, text_end: int, begin: int) -> list[Flag]:
    """Say when a few bytes between TEXT and DATA are neither blank nor anything known.

    They may be the first of the events, where HEADER and TEXT agree on a wrong offset.
    """
    between = source.read(start + text_end, begin - text_end) if begin > text_end else b""
    if not between.strip(PADDING) or len(between) > SMALL_GAP_BYTES:
        return []
    text = f"{len(between)} bytes between TEXT and DATA are not blank: {between[:8]!r}"
    return [review("gap_not_blank", f"{text}; DATA may begin earlier than it is said to")]


def _is_text_transfer(source: Source, start: int, end: int) -> bool:
    """Whether LF was turned into CR LF throughout, which shifts and spoils DATA."""
    feeds = pairs = 0
    carried = b""
    for at in range(start, end, BLOCK_BYTES):
        block = carried + source.read(at, min(BLOCK_BYTES, end - at))
        feeds += block.count(b"\n") - carried.count(b"\n")
        pairs += block.count(b"\r\n")
        carried = block[-1:] if block.endswith(b"\r") else b""
        if feeds > pairs:
            return False
    return feeds >= ENOUGH_LINE_ENDS
