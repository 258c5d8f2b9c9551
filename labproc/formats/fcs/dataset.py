"""An FCS file opened: its data sets, read as far as somebody asks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import ParseError
from labproc.formats.content import Content, look
from labproc.formats.fcs.block import Matrix, decode
from labproc.formats.fcs.channels import channel_flags, linear_floats, read_channels
from labproc.formats.fcs.decode import read_blocks, read_matrix
from labproc.formats.fcs.header import Segment, offset
from labproc.formats.fcs.layout import Layout, layout_flags
from labproc.formats.fcs.locate import data_flags, find_data
from labproc.formats.fcs.plausible import bits_above_range, sample, value_flags
from labproc.formats.fcs.reading import Place, Reading
from labproc.formats.fcs.source import Source, refuse_holes
from labproc.formats.fcs.tail import gap_flags, tail_flags
from labproc.formats.fcs.walk import Opened, read_analysis, walk
from labproc.model import Channel
from labproc.model.flag import Flag, unique


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
    sets, flags = walk(source)
    if not 1 <= dataset <= len(sets):
        raise ParseError(
            f"{content.path.name}: there is no data set {dataset}, expected 1 to {len(sets)}"
        )
    where = content.path.name if len(sets) == 1 else f"{content.path.name}, data set {dataset}"
    opened = sets[dataset - 1]
    end = sets[dataset].start if dataset < len(sets) else source.size
    return _dataset(source, opened, end, flags, where=where), len(sets)


def _dataset(
    source: Source, opened: Opened, end: int, flags: Sequence[Flag], *, where: str
) -> DataSet:
    """Find the events, look at a sample of them, and collect every doubt."""
    place = Place(source, opened.start, opened.header, opened.core, where)
    reading = find_data(place, opened.text)
    stated = read_channels(reading.values, len(reading.layout.fields))
    channels, scale_flags = linear_floats(stated, reading.layout)
    analysis, analysis_flags = read_analysis(source, opened)
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
