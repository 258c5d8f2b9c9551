"""The ways to read DATA that fit the file: each pair of offsets with each layout."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from labproc.errors import ParseError
from labproc.formats.fcs.header import HEADER_BYTES, Header, Segment, offset
from labproc.formats.fcs.layout import SHAPING, Layout, read_layout
from labproc.formats.fcs.source import Source
from labproc.formats.fcs.text import Text
from labproc.model.flag import Flag

SLACK_BYTES = 8  # an end given one too far, or a checksum counted as DATA
MOST_PADDING = 1 << 16  # blanks or zeros that fill a block behind the events
MOST_READINGS = 64  # combinations of repeated keywords worth trying


@dataclass(frozen=True)
class Place:
    """A data set within its file: where it starts, its HEADER, and TEXT up to its last delimiter.

    ``where`` names file and data set in messages.
    """

    source: Source
    start: int
    header: Header
    text: Segment
    where: str

    @property
    def room(self) -> int:
        """Bytes from the start of the data set to the end of the file."""
        return self.source.size - self.start

    def holds(self, used: Segment) -> bool:
        """Whether bytes lie in the file, behind HEADER and outside TEXT."""
        inside = used.begin >= HEADER_BYTES and used.end < self.room
        return inside and not (used.n_bytes and used.overlaps(self.text))

    def is_padding(self, begin: int, n_bytes: int) -> bool:
        """Whether bytes hold nothing but blanks or zeros."""
        if n_bytes > MOST_PADDING:
            return False
        raw = self.source.read(self.start + begin, n_bytes)
        return not raw.strip(b"\0") or not raw.strip(b" ")


@dataclass(frozen=True)
class Reading:
    """One way to read DATA that fits the file: where it begins and how it is stored.

    ``slack`` counts the bytes that DATA is said to be longer than its events.
    """

    layout: Layout
    begin: int
    n_events: int
    slack: int
    origin: str
    values: Mapping[str, str]
    flags: tuple[Flag, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What two readings must share to give the same numbers."""
        return (self.layout.fields, self.layout.order, self.begin, self.n_events)

    @property
    def stored_as(self) -> tuple[object, ...]:
        """What they must share where no mask cuts off a bit that is set."""
        fields = tuple((f.kind, f.bits) for f in self.layout.fields)
        return (fields, self.layout.order, self.begin, self.n_events)

    def __str__(self) -> str:
        order = ",".join(map(str, self.layout.order))
        kinds = "/".join(sorted({f"{f.kind}{f.bits}" for f in self.layout.fields}))
        events = f"{self.n_events} events x {len(self.layout.fields)}"
        return f"{events} from byte {self.begin}, {kinds}, byte order {order}"


def readings(place: Place, text: Text) -> list[Reading]:
    """Return every reading that fits the file.

    A keyword that stands twice is tried with each of its values.

    Raises
    ------
    ParseError
        If none fits; the message says why the first values do not.
    """
    found: list[Reading] = []
    refusals: list[ParseError] = []
    for values in _versions(text):
        try:
            found += _fitting(place, values, read_layout(values, where=place.where))
        except ParseError as error:
            refusals.append(error)
    if not found:
        raise refusals[0]
    return found


def _versions(text: Text) -> Iterator[Mapping[str, str]]:
    """Yield TEXT with each combination of the repeated keywords that shape DATA."""
    keys = [k for k in text.others if SHAPING.fullmatch(k)]
    choices = [(text.values[k], *text.others[k]) for k in keys]
    for number, chosen in enumerate(product(*choices)):
        if number >= MOST_READINGS:
            return
        yield {**text.values, **dict(zip(keys, chosen, strict=True))}


def _fitting(place: Place, values: Mapping[str, str], layout: Layout) -> list[Reading]:
    """Return the readings of one layout that fit the file, or say why none does."""
    pairs = stated_pairs(place.header, values)
    layouts = [layout, layout.in_words()] if layout.is_packed else [layout]
    fit = _fit_free if layout.is_free else _fit
    tried = [(fit(place, pair, each), name) for each in layouts for name, pair in pairs.items()]
    found = [Reading(*spot, name, values) for spot, name in tried if spot is not None]
    if not found:
        raise ParseError(_refusal(place, pairs, layout))
    as_stated = [r for r in found if r.layout is layout and r.slack == 0 and layout.n_events]
    return as_stated or found  # a few packed bits may fill as many bytes as words would


def stated_pairs(header: Header, values: Mapping[str, str]) -> dict[str, Segment]:
    """Return the offsets of DATA that HEADER and TEXT give, by who gives them; equal ones once."""
    begin = offset(values.get("$BEGINDATA", ""))
    end = offset(values.get("$ENDDATA", ""))
    pairs = {"HEADER": header.data} if header.data else {}
    if begin and end is not None:
        stated = Segment(begin, end)
        if header.data == stated:
            return {"HEADER and TEXT": stated}
        pairs["TEXT"] = stated
    if not pairs and values.get("$TOT", "none").strip("0") == "":
        pairs["TEXT"] = Segment(header.text.end + 1, header.text.end)  # no events, no DATA
    return pairs


Spot = tuple[Layout, int, int, int]  # layout, begin, events, slack


def _fit(place: Place, pair: Segment, layout: Layout) -> Spot | None:
    """Return where the events of a pair of offsets are, or None where it cannot hold them."""
    n_events = layout.n_events
    if n_events is None:
        n_events = pair.n_bytes * 8 // layout.event_bits
    need = layout.n_bytes(n_events)
    slack = pair.n_bytes - need
    used = Segment(pair.begin, pair.begin + need - 1)
    if slack < 0 or not place.holds(used):
        return None
    if slack > SLACK_BYTES and not place.is_padding(used.end + 1, slack):
        return None
    return layout, pair.begin, n_events, slack


def _fit_free(place: Place, pair: Segment, layout: Layout) -> Spot | None:
    """Return where numbers in free format are; their length proves only that they may fit."""
    if layout.n_events is None or not place.holds(pair):
        return None
    fewest = layout.n_events * len(layout.fields) * 2 - 1  # a digit each, separators between
    return (layout, pair.begin, layout.n_events, 0) if pair.n_bytes >= fewest else None


def _refusal(place: Place, pairs: Mapping[str, Segment], layout: Layout) -> str:
    """Say both sides: what the offsets give and what the keywords need."""
    given = " and ".join(f"at {s} by {n} ({s.n_bytes} bytes)" for n, s in pairs.items())
    given = f"DATA is {given}" if given else "neither HEADER nor TEXT says where DATA is"
    tail = f"; TEXT lies at {place.header.text}, the file ends at {place.room}"
    if layout.n_events is None:
        return f"{place.where}: {given} and there is no $TOT, expected whole events{tail}"
    need = layout.n_bytes(layout.n_events)
    if pairs and all(p.begin + need > place.room for p in pairs.values()):
        tail += "; the copy is incomplete or the offsets are wrong"
    size = f"$TOT {layout.n_events} x {len(layout.fields)} parameters"
    return f"{place.where}: {given}, expected {need} bytes ({size}){tail}"
