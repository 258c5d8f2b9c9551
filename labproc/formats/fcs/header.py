"""The HEADER of an FCS data set: its version and where its segments say they lie."""

import re
from dataclasses import dataclass

from labproc.errors import ParseError
from labproc.model.flag import Flag, warning

HEADER_BYTES = 58
KNOWN_VERSIONS = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")
_VERSION = re.compile(rb"FCS(\d)[.,](\d)", re.IGNORECASE)
_FIELDS = ("TEXT begin", "TEXT end", "DATA begin", "DATA end", "ANALYSIS begin", "ANALYSIS end")


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes from ``begin`` to ``end``, both included, counted from the start of the data set."""

    begin: int
    end: int

    @property
    def n_bytes(self) -> int:
        """Length in bytes; 0 where the end lies before the beginning."""
        return max(self.end - self.begin + 1, 0)

    def overlaps(self, other: "Segment") -> bool:
        """Whether the two share a byte."""
        return self.begin <= other.end and other.begin <= self.end

    def __str__(self) -> str:
        return f"{self.begin}-{self.end}"


@dataclass(frozen=True, slots=True)
class Header:
    """What the first 58 bytes say; ``data`` is None where they leave it to TEXT."""

    version: str
    text: Segment
    data: Segment | None
    analysis: Segment | None
    flags: tuple[Flag, ...] = ()


def read_header(raw: bytes, *, where: str) -> Header:
    """Read the HEADER.

    Parameters
    ----------
    raw : bytes
        The first 58 bytes of the data set, or fewer where the file ends.
    where : str
        File (and data set) for messages.

    Raises
    ------
    ParseError
        If it is not an FCS HEADER, or does not say where TEXT is.
    """
    match = _VERSION.match(raw)
    if not match:
        found = f"starts with {raw[:8]!r}"
        if n := bytes_before(raw):
            found = f"{n} bytes {raw[:n][:8]!r} stand before the HEADER, the copy was altered"
        raise ParseError(f"{where}: {found}, expected an FCS version like 'FCS3.1' first")
    if len(raw) < HEADER_BYTES:
        raise ParseError(
            f"{where}: ends inside the HEADER, after {len(raw)} bytes, expected {HEADER_BYTES}; "
            "the copy is incomplete"
        )
    version = f"FCS{match[1].decode()}.{match[2].decode()}"
    fields = [raw[10 + 8 * i : 18 + 8 * i] for i in range(6)]
    numbers = [offset(f) for f in fields]
    text = _text_segment(fields, numbers, where=where)
    flags = (*_version_flags(raw[:6], version), *_field_flags(fields, numbers))
    return Header(version, text, _pair(*numbers[2:4]), _pair(*numbers[4:6]), flags)


def bytes_before(raw: bytes) -> int:
    """Return how many bytes stand before an FCS version; 0 where it is first or not there."""
    match = _VERSION.search(raw[:HEADER_BYTES])
    return match.start() if match else 0


def looks_like_fcs(head: bytes) -> bool:
    """Whether a file begins as FCS does, or nearly does: what it says then names the damage."""
    return head[:3].upper() == b"FCS" or bytes_before(head) > 0


def offset(field: bytes | str) -> int | None:
    """Return a byte offset, or None where the field is blank or no plain number."""
    text = field.decode("latin-1") if isinstance(field, bytes) else field
    text = text.strip(" \0")
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def _text_segment(fields: list[bytes], numbers: list[int | None], *, where: str) -> Segment:
    begin, end = numbers[:2]
    if begin is None or end is None or begin < HEADER_BYTES or end <= begin:
        raise ParseError(
            f"{where}: HEADER puts TEXT at {_shown(fields[0])} to {_shown(fields[1])}, "
            f"expected two byte offsets from {HEADER_BYTES} on"
        )
    return Segment(begin, end)


def _pair(begin: int | None, end: int | None) -> Segment | None:
    return Segment(begin, end) if begin and end else None


def _shown(field: bytes) -> str:
    return repr(field.decode("latin-1").strip(" "))


def _version_flags(written: bytes, version: str) -> list[Flag]:
    if written.decode("latin-1") == version and version in KNOWN_VERSIONS:
        return []
    text = written.decode("latin-1")
    return [warning("fcs_version", f"version is {text!r}; read by the rules of FCS 2.0 to 3.2")]


def _field_flags(fields: list[bytes], numbers: list[int | None]) -> list[Flag]:
    """Flag offsets that are there but are not numbers."""
    bad = [
        f"{name} {_shown(field)}"
        for name, field, number in zip(_FIELDS, fields, numbers, strict=True)
        if number is None and field.strip(b" \0")
    ]
    message = f"HEADER holds what is not an offset: {', '.join(bad)}; TEXT's offsets count"
    return [warning("header_offset_unreadable", message)] if bad else []
