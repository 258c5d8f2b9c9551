"""Which bytes are the events: HEADER, TEXT and repeated keywords weighed against the file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from labproc.errors import ParseError
from labproc.formats.fcs.channels import read_channels
from labproc.formats.fcs.header import HEADER_BYTES, Header, Segment, offset
from labproc.formats.fcs.layout import SHAPING, Layout, read_layout
from labproc.formats.fcs.plausible import Look, sample, take_look
from labproc.formats.fcs.source import Source
from labproc.formats.fcs.text import Text
from labproc.model.flag import Flag, info, review, warning

SLACK_BYTES = 8  # an end given one too far, or a checksum counted as DATA
MOST_READINGS = 64  # combinations of repeated keywords worth trying
SOUND = 0.02  # share of strange values up to which a reading may be right ...
WORSE = 0.05  # ... and how many more the others must have


@dataclass(frozen=True)
class Reading:
    """One way to read DATA that fits the file: where it begins and how it is stored."""

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


def find_data(source: Source, start: int, header: Header, text: Text, *, where: str) -> Reading:
    """Return the one reading of DATA that the file proves.

    A pair of offsets counts when it does not overlap TEXT, lies within the file and holds
    ``$TOT x sum($PnB)`` bits (up to 8 bytes more are a checksum or a vendor's slip). Where
    several readings fit, their values decide: within $PnR, finite, time running forward.

    Raises
    ------
    ParseError
        If none fits, or several do and the values do not decide; both sides are printed.
    """
    readings, refusals = _readings(source, start, header, text, where=where)
    if not readings:
        raise ParseError(refusals[0])
    least = min(r.slack for r in readings)
    readings = [r for r in readings if r.slack == least]
    if len({r.key for r in readings}) == 1:
        return readings[0]
    return _by_values(source, start, readings, header.text.end, where=where)


def _readings(
    source: Source, start: int, header: Header, text: Text, *, where: str
) -> tuple[list[Reading], list[str]]:
    """Try every combination of repeated keywords; return what fits and why the rest does not."""
    readings: list[Reading] = []
    refusals: list[str] = []
    for values in _versions(text):
        try:
            layout = read_layout(values, where=where)
            readings += _fitting(source, start, header, values, layout, where=where)
        except ParseError as error:
            refusals.append(str(error))
    return readings, refusals


def _versions(text: Text) -> Iterator[Mapping[str, str]]:
    """Yield TEXT with each combination of the repeated keywords that shape DATA."""
    yield text.values
    keys = [k for k in text.others if SHAPING.fullmatch(k)]
    choices = [(text.values[k], *text.others[k]) for k in keys]
    for number, chosen in enumerate(product(*choices)):
        if 0 < number < MOST_READINGS:
            yield {**text.values, **dict(zip(keys, chosen, strict=True))}


def _fitting(
    source: Source,
    start: int,
    header: Header,
    values: Mapping[str, str],
    layout: Layout,
    *,
    where: str,
) -> list[Reading]:
    """Return the readings of one layout that fit the file, or say why none does."""
    pairs = _pairs(header, values)
    room = source.size - start
    layouts = [layout]
    if layout.is_packed:
        layouts.append(layout.in_words())
    if layout.is_free:
        found = [_free(p, layout, header, room, values, name) for name, p in pairs.items()]
    else:
        found = [
            _fit(pair, each, header, room, values, name)
            for each in layouts
            for name, pair in pairs.items()
        ]
    fitting = [r for r in found if r is not None]
    if not fitting:
        raise ParseError(_refusal(pairs, layout, header, room, where=where))
    return fitting


def _pairs(header: Header, values: Mapping[str, str]) -> dict[str, Segment]:
    """Return the offsets that HEADER and TEXT give; equal ones once."""
    begin = offset(values.get("$BEGINDATA", ""))
    end = offset(values.get("$ENDDATA", ""))
    pairs = {"HEADER": header.data} if header.data else {}
    if begin and end is not None:
        stated = Segment(begin, end)
        if header.data == stated:
            return {"HEADER and TEXT": stated}
        pairs["TEXT"] = stated
    if not pairs and values.get("$TOT", "").strip("0") == "" and "$TOT" in values:
        pairs["TEXT"] = Segment(header.text.end + 1, header.text.end)  # no events, no DATA
    return pairs


def _fit(
    pair: Segment,
    layout: Layout,
    header: Header,
    room: int,
    values: Mapping[str, str],
    name: str,
) -> Reading | None:
    """Return the reading of a pair of offsets, or None where it does not hold the events."""
    n_events = layout.n_events
    if n_events is None:
        n_events = pair.n_bytes * 8 // layout.event_bits
    need = layout.n_bytes(n_events)
    slack = pair.n_bytes - need
    used = Segment(pair.begin, pair.begin + need - 1)
    if not 0 <= slack <= SLACK_BYTES or not _is_free(used, header, room):
        return None
    return Reading(layout, pair.begin, n_events, slack, name, values)


def _free(
    pair: Segment,
    layout: Layout,
    header: Header,
    room: int,
    values: Mapping[str, str],
    name: str,
) -> Reading | None:
    """Return the reading of numbers in free format, whose length proves nothing."""
    if layout.n_events is None or not _is_free(pair, header, room):
        return None
    if layout.n_events * len(layout.fields) * 2 > pair.n_bytes + 1:  # a digit and a separator
        return None
    return Reading(layout, pair.begin, layout.n_events, 0, name, values)


def _is_free(used: Segment, header: Header, room: int) -> bool:
    """Whether the bytes lie in the file, behind HEADER and outside TEXT."""
    inside = used.begin >= HEADER_BYTES and used.end < room
    return inside and not (used.n_bytes and used.overlaps(header.text))


def _refusal(
    pairs: Mapping[str, Segment], layout: Layout, header: Header, room: int, *, where: str
) -> str:
    """Say both sides: what the offsets give and what the keywords need."""
    given = " and ".join(f"at {s} by {n} ({s.n_bytes} bytes)" for n, s in pairs.items())
    given = f"DATA is {given}" if given else "neither HEADER nor TEXT says where DATA is"
    tail = f"; TEXT lies at {header.text}, the file ends at {room}"
    if layout.n_events is None:
        return f"{where}: {given} and there is no $TOT, expected whole events{tail}"
    need = layout.n_bytes(layout.n_events)
    n = len(layout.fields)
    lost = ""
    if pairs and all(p.begin + need > room for p in pairs.values()):
        lost = "; the copy is incomplete or the offsets are wrong"
    return (
        f"{where}: {given}, expected {need} bytes "
        f"($TOT {layout.n_events} x {n} parameters){tail}{lost}"
    )


def _by_values(
    source: Source, start: int, readings: Sequence[Reading], text_end: int, *, where: str
) -> Reading:
    """Choose between readings that fit equally well by what their values look like.

    Where the values say nothing, one that begins directly behind TEXT is taken, for review.
    """
    distinct = list({r.key: r for r in reversed(readings)}.values())[::-1]
    looks = [_look(source, start, r) for r in distinct]
    clean = [i for i, look in enumerate(looks) if look.n_impossible == 0]
    if len(clean) == 1:
        return distinct[clean[0]]
    order = sorted(range(len(distinct)), key=lambda i: looks[i].share)
    best, second = looks[order[0]].share, looks[order[1]].share
    if best <= SOUND and second >= best + WORSE:
        return distinct[order[0]]
    behind = [r for r in distinct if r.begin == text_end + 1]
    if len(behind) == 1:
        return replace(behind[0], flags=(_unproved(behind[0]),))
    shown = "; ".join(_described(r) for r in distinct[:3])
    raise ParseError(
        f"{where}: DATA can be read in {len(distinct)} ways and the values do not tell which "
        f"is right ({shown}), expected one"
    )


def _unproved(reading: Reading) -> Flag:
    text = f"the values do not tell where DATA begins; {reading.origin} was used ({reading.begin})"
    return review("data_begin_unproved", f"{text}, directly behind TEXT")


def _look(source: Source, start: int, reading: Reading) -> Look:
    values, stored = sample(source, reading.layout, start + reading.begin, reading.n_events)
    return take_look(values, stored, read_channels(reading.values, len(reading.layout.fields)))


def _described(reading: Reading) -> str:
    order = ",".join(map(str, reading.layout.order))
    kinds = "/".join(sorted({f"{f.kind}{f.bits}" for f in reading.layout.fields}))
    return (
        f"{reading.origin}: {reading.n_events} events from byte {reading.begin}, {kinds}, {order}"
    )


def data_flags(reading: Reading, header: Header, text: Text) -> list[Flag]:
    """Name every repair that the chosen reading stands on."""
    found = list(reading.flags)
    pairs = _pairs(header, reading.values)
    shown = ", ".join(f"{n} {s}" for n, s in pairs.items())
    if len(set(pairs.values())) > 1:
        text_ = f"HEADER and TEXT put DATA at different bytes ({shown}); {reading.origin} was used"
        found.append(warning("data_offsets_disagree", text_))
    if reading.slack:
        text_ = f"DATA is said to be {reading.slack} bytes longer than its events need"
        found.append(warning("data_end_slack", f"{text_} ({shown}); they were left out"))
    if reading.layout.n_events is None:
        text_ = f"TEXT has no $TOT; {reading.n_events} events follow from the length of DATA"
        found.append(warning("tot_missing", text_))
    if reading.n_events == 0:
        found.append(warning("no_events", "the file holds no events"))
    return found + _repeated(reading, text)


def _repeated(reading: Reading, text: Text) -> list[Flag]:
    """Name the keywords that stand twice with different values."""
    found: list[Flag] = []
    for key, others in text.others.items():
        both = " and ".join(repr(v) for v in (text.values[key], *others))
        if SHAPING.fullmatch(key):
            used = reading.values[key]
            message = f"{key} stands twice ({both}); {used!r} is what the events fit"
            found.append(review("duplicate_keyword_settled", message))
        elif key.startswith("$"):
            found.append(warning("duplicate_keyword", f"{key} stands twice ({both}); first used"))
    plain = [k for k in text.others if not k.startswith("$")]
    if plain:
        message = f"{len(plain)} other keywords stand twice, such as {plain[0]}; first used"
        found.append(info("duplicate_keyword_other", message))
    return found
