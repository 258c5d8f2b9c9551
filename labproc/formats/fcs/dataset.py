"""An FCS file opened: its data sets, read as far as somebody asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from labproc.errors import ParseError
from labproc.formats.content import Content, look
from labproc.formats.fcs.channels import channel_flags, linear_floats, read_channels
from labproc.formats.fcs.decode import Matrix, decode, read_blocks, read_matrix
from labproc.formats.fcs.header import HEADER_BYTES, Header, Segment, offset, read_header
from labproc.formats.fcs.layout import Layout, layout_flags
from labproc.formats.fcs.locate import data_flags, find_data
from labproc.formats.fcs.plausible import bits_above_range, sample, value_flags
from labproc.formats.fcs.reading import SLACK_BYTES, Place, Reading
from labproc.formats.fcs.source import Source, refuse_holes
from labproc.formats.fcs.tail import gap_flags, tail_flags
from labproc.formats.fcs.text import Text, merge, read_more, read_text
from labproc.model import Channel
from labproc.model.flag import Flag, unique, warning

MOST_DATASETS = 1000
LARGEST_TEXT = 16 << 20  # bytes; the largest real TEXT is below 1 MB


@dataclass(frozen=True)
class DataSet:
    """One data set: its keywords, its channels and where its events are.

    ``begin`` is the first byte of DATA in the file; ``analysis`` the keywords of ANALYSIS.
    ``flags`` name every repair and every doubt.
    """

    source: Source
    version: str
    keywords: Mapping[str, str]
    analysis: Mapping[str, str]
    channels: tuple[Channel, ...]
    layout: Layout
    begin: int
    n_events: int
    flags: tuple[Flag, ...]

    def matrix(self, columns: Sequence[int] | None = None) -> Matrix:
        """Return the events as stored, shape (n_events, n_columns), float32 or float64.

        No gain, log amplification, time step or compensation is applied. Only the columns
        asked for are converted.
        """
        return read_matrix(self.source, self.layout, self.begin, self.n_events, columns)

    def blocks(self) -> Iterator[Matrix]:
        """Yield the events in order, in blocks of a few MB."""
        columns = range(len(self.channels))
        yield from read_blocks(self.source, self.layout, self.begin, self.n_events, columns)

    def ends(self, column: int) -> tuple[float, float]:
        """Return the first and the last event's value of one channel."""
        if self.layout.is_free or self.layout.is_packed:
            values = self.matrix([column])
            return float(values[0, 0]), float(values[-1, 0])
        n_bytes = self.layout.n_bytes(1)
        found = []
        for event in (0, self.n_events - 1):
            raw = self.source.read(self.begin + event * n_bytes, n_bytes)
            found.append(float(decode(raw, self.layout, 1, [column])[0, 0]))
        return found[0], found[1]


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


def open_fcs(path: Path, *, dataset: int = 1) -> tuple[DataSet, int]:
    """Open one data set of an FCS file.

    Returns
    -------
    DataSet
    int
        How many data sets the file holds.

    Raises
    ------
    ParseError
        If the file is not FCS, is damaged, or has no such data set.
    """
    return open_content(look(path), dataset=dataset)


def open_content(content: Content, *, dataset: int = 1) -> tuple[DataSet, int]:
    """Open one data set of a file that was looked at; see `open_fcs`."""
    source = Source(content.path, content.size)
    refuse_holes(source)
    sets, flags = _walk(source)
    if not 1 <= dataset <= len(sets):
        raise ParseError(
            f"{content.path.name}: there is no data set {dataset}, expected 1 to {len(sets)}"
        )
    where = content.path.name if len(sets) == 1 else f"{content.path.name}, data set {dataset}"
    opened = sets[dataset - 1]
    end = sets[dataset].start if dataset < len(sets) else source.size
    return _dataset(source, opened, end, flags, where=where), len(sets)


def _walk(source: Source) -> tuple[list[Opened], list[Flag]]:
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
    tail = len(raw) - 1 - raw.rfind(text.delimiter)
    core = Segment(header.text.begin, header.text.end - (tail if tail <= SLACK_BYTES else 0))
    return _with_more_text(source, Opened(start, header, text, core))


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


def _analysis(source: Source, opened: Opened) -> tuple[dict[str, str], list[Flag]]:
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


def _dataset(
    source: Source, opened: Opened, end: int, flags: Sequence[Flag], *, where: str
) -> DataSet:
    """Find the events, look at a sample of them, and collect every doubt."""
    place = Place(source, opened.start, opened.header, opened.core, where)
    reading = find_data(place, opened.text)
    stated = read_channels(reading.values, len(reading.layout.fields))
    channels, scale_flags = linear_floats(stated, reading.layout)
    analysis, analysis_flags = _analysis(source, opened)
    begin = opened.start + reading.begin
    spot = (source, reading.layout, begin, reading.n_events)
    looks = (sample(*spot), channels, reading.layout, bits_above_range(*spot), reading.n_events)
    found = [
        *flags,
        *opened.header.flags,
        *opened.text.flags,
        *opened.flags,
        *analysis_flags,
        *data_flags(reading, place, opened.text),
        *layout_flags(reading.values, reading.layout),
        *channel_flags(reading.values, len(channels)),
        *scale_flags,
        *value_flags(*looks),
        *gap_flags(source, opened.start, opened.header.text.end + 1, reading.begin),
        *tail_flags(source, opened.start, end, _used(opened, reading)),
    ]
    return DataSet(
        source,
        opened.header.version,
        dict(reading.values),
        analysis,
        channels,
        reading.layout,
        begin,
        reading.n_events,
        unique(found),
    )


def _used(opened: Opened, reading: Reading) -> list[Segment]:
    """Return the segments that account for bytes of the file."""
    data = Segment(
        reading.begin, reading.begin + reading.layout.n_bytes(reading.n_events) + reading.slack - 1
    )
    segments = [opened.header.text, data, opened.header.analysis]
    for name in ("STEXT", "ANALYSIS"):
        begin, end = (offset(opened.text.get(f"${e}{name}", "")) for e in ("BEGIN", "END"))
        segments.append(Segment(begin, end) if begin and end else None)
    return [s for s in segments if s is not None]
