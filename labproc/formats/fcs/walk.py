"""From data set to data set of one file: HEADER, TEXT with its supplement, ANALYSIS."""

from dataclasses import dataclass, replace

from labproc.errors import ParseError
from labproc.formats.fcs.header import HEADER_BYTES, Header, Segment, offset, read_header
from labproc.formats.fcs.reading import SLACK_BYTES
from labproc.formats.fcs.source import Source
from labproc.formats.fcs.text import Text, merge, read_more, read_text
from labproc.model.flag import Flag, warning

MOST_DATASETS = 1000
LARGEST_TEXT = 16 << 20  # bytes; the largest real TEXT is below 1 MB


@dataclass(frozen=True)
class Opened:
    """Where a data set starts, and what its HEADER and TEXT say.

    ``core`` is TEXT up to its last delimiter, where what follows may be DATA already.
    """

    start: int
    header: Header
    text: Text
    core: Segment
    flags: tuple[Flag, ...] = ()


def walk(source: Source) -> tuple[list[Opened], list[Flag]]:
    """Follow $NEXTDATA from data set to data set; a later one that is broken ends the walk."""
    sets = [_open_at(source, 0, where=source.path.name)]
    flags: list[Flag] = []
    while len(sets) < MOST_DATASETS:
        start, doubt = _next(source, sets[-1])
        flags += doubt
        if start is None:
            break
        try:
            sets.append(_open_at(source, start, where=f"{source.path.name}, byte {start}"))
        except ParseError as error:
            text = f"another data set is said to follow but cannot be read: {error}"
            flags.append(warning("next_dataset_unreadable", text))
            break
    return sets, flags


def _next(source: Source, opened: Opened) -> tuple[int | None, list[Flag]]:
    """Return where the next data set starts, or None and what is odd about $NEXTDATA."""
    written = opened.text.get("$NEXTDATA", "0")
    step = offset(written) if written else 0
    if step == 0:
        return None, []
    if step is not None:
        for start in (opened.start + step, step):
            if start > opened.start and source.read(start, 3).upper() == b"FCS":
                return start, []
    text = f"$NEXTDATA is {written!r}, expected 0 or where another data set starts; ignored"
    return None, [warning("next_dataset_missing", text)]


def _open_at(source: Source, start: int, *, where: str) -> Opened:
    header = read_header(source.read(start, HEADER_BYTES), where=where)
    if header.text.n_bytes > LARGEST_TEXT:
        raise ParseError(
            f"{where}: HEADER puts TEXT at {header.text}, expected at most {LARGEST_TEXT} bytes"
        )
    if start + header.text.end >= source.size:
        raise ParseError(
            f"{where}: HEADER puts TEXT at {header.text} but the file has "
            f"{source.size - start} bytes, expected it inside; the copy is incomplete"
        )
    raw = source.read(start + header.text.begin, header.text.n_bytes)
    text = read_text(raw, where=where)
    core = Segment(header.text.begin, header.text.end - _tail(raw, text.delimiter))
    return _with_more_text(source, Opened(start, header, text, core))


def _tail(raw: bytes, delimiter: bytes) -> int:
    """Count the last bytes of TEXT that may be the first of DATA already.

    Some programs write where DATA begins as the end of TEXT, so that the last delimiter is
    followed by a byte of an event; that may look like one more delimiter.
    """
    tail = len(raw) - 1 - raw.rfind(delimiter)
    if tail == 0 and raw.endswith(delimiter * 2):
        return 1
    return tail if tail <= SLACK_BYTES else 0


def _with_more_text(source: Source, opened: Opened) -> Opened:
    """Add supplemental TEXT; what the primary TEXT says stands."""
    start, header, text = opened.start, opened.header, opened.text
    segment, flags = _stated(source, start, text, "STEXT", header)
    if segment is None:
        return replace(opened, flags=tuple(flags))
    raw = source.read(start + segment.begin, segment.n_bytes)
    pairs = read_more(raw, delimiter=text.delimiter)
    flat = [(k, v) for k, first in text.values.items() for v in (first, *text.others.get(k, ()))]
    both = merge([*flat, *pairs], delimiter=text.delimiter, flags=text.flags)
    return replace(opened, text=both, flags=tuple(flags))


def _stated(
    source: Source, start: int, text: Text, name: str, header: Header
) -> tuple[Segment | None, list[Flag]]:
    """Return a segment that TEXT names ($BEGINSTEXT, $BEGINANALYSIS) if it can be there."""
    words = [text.get(f"${edge}{name}", "0") or "0" for edge in ("BEGIN", "END")]
    begin, end = (offset(w) for w in words)
    if begin == 0 or end == 0:
        return None, []
    if begin is not None and end is not None:
        segment = Segment(begin, end)
        if header.text.begin <= begin and end <= header.text.end:
            return None, []  # the primary TEXT once more
        fits = HEADER_BYTES <= begin < end < source.size - start
        if fits and not segment.overlaps(header.text) and segment.n_bytes <= LARGEST_TEXT:
            return segment, []
    message = f"$BEGIN{name} and $END{name} are {words[0]!r} and {words[1]!r}, no place in the file"
    return None, [warning("segment_misplaced", f"{message}; left out")]


def read_analysis(source: Source, opened: Opened) -> tuple[dict[str, str], list[Flag]]:
    """Return the keywords of ANALYSIS; HEADER's offsets first, then TEXT's."""
    segment, flags = opened.header.analysis, list[Flag]()
    room = source.size - opened.start
    if segment is None or not HEADER_BYTES <= segment.begin < segment.end < room:
        segment, flags = _stated(source, opened.start, opened.text, "ANALYSIS", opened.header)
    if segment is None or segment.n_bytes > LARGEST_TEXT:
        return {}, flags
    raw = source.read(opened.start + segment.begin, segment.n_bytes)
    pairs = read_more(raw, delimiter=opened.text.delimiter)
    return {k: v for k, v in pairs if k.isprintable()}, flags
