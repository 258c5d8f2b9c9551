"""Which bytes are the events: HEADER, TEXT and repeated keywords weighed against the file."""

from collections.abc import Sequence
from dataclasses import replace

from labproc.errors import ParseError
from labproc.formats.fcs.channels import read_channels
from labproc.formats.fcs.layout import SHAPING
from labproc.formats.fcs.plausible import Look, bits_above_range, sample, take_look
from labproc.formats.fcs.reading import Place, Reading, readings, stated_pairs
from labproc.formats.fcs.text import Text
from labproc.model.flag import Flag, info, review, warning

SOUND = 0.02  # share of strange values up to which a reading may be right ...
WORSE = 0.05  # ... and how many more the others must have


def find_data(place: Place, text: Text) -> Reading:
    """Return the one reading of DATA that the file proves.

    A pair of offsets counts when it does not overlap TEXT, lies within the file and holds
    ``$TOT x sum($PnB)`` bits (up to 8 bytes more are a checksum or a vendor's slip). Where
    several readings fit, their values decide: within $PnR, finite, time running forward.

    Raises
    ------
    ParseError
        If none fits, or several do and nothing decides; both sides are printed.
    """
    found = readings(place, text)
    least = min(r.slack for r in found)
    found = [r for r in found if r.slack == least]
    if len({r.key for r in found}) == 1:
        return found[0]
    return _by_values(place, list({r.key: r for r in reversed(found)}.values())[::-1])


def _by_values(place: Place, found: Sequence[Reading]) -> Reading:
    """Choose between readings that fit equally well by what their values look like.

    Where the values say nothing, one that begins directly behind TEXT is taken, for review.
    """
    looks = [_look(place, r) for r in found]
    clean = [r for r, look in zip(found, looks, strict=True) if look.n_impossible == 0]
    if len({r.stored_as for r in clean}) == 1:
        return clean[0]
    order = sorted(range(len(found)), key=lambda i: looks[i].share)
    best, second = looks[order[0]].share, looks[order[1]].share
    if best <= SOUND and second >= best + WORSE:
        return found[order[0]]
    behind = [r for r in found if r.begin == place.header.text.end + 1]
    if len(behind) == 1:
        return replace(behind[0], flags=(_unproved(behind[0]),))
    shown = "; or ".join(f"{r.origin}: {r}" for r in found[:3])
    raise ParseError(
        f"{place.where}: DATA can be read in {len(found)} ways and the values do not tell which "
        f"is right, expected one ({shown})"
    )


def _look(place: Place, reading: Reading) -> Look:
    spot = (place.source, reading.layout, place.start + reading.begin, reading.n_events)
    channels = read_channels(reading.values, len(reading.layout.fields))
    return take_look(sample(*spot), channels, reading.layout, bits_above_range(*spot))


def _unproved(reading: Reading) -> Flag:
    text = f"the values do not tell where DATA begins; {reading.origin} was used"
    return review("data_begin_unproved", f"{text}, which lies directly behind TEXT")


def data_flags(reading: Reading, place: Place, text: Text) -> list[Flag]:
    """Name every repair that the chosen reading stands on."""
    found = list(reading.flags)
    pairs = stated_pairs(place.header, reading.values)
    shown = ", ".join(f"{n} {s}" for n, s in pairs.items())
    if len(pairs) > 1:
        what = f"HEADER and TEXT put DATA at different bytes ({shown}); {reading.origin} was used"
        found.append(warning("data_offsets_disagree", what))
    if reading.slack:
        what = f"DATA is said to be {reading.slack} bytes longer than its events need"
        found.append(warning("data_end_slack", f"{what} ({shown}); they were left out"))
    if place.text.end != place.header.text.end and reading.begin <= place.header.text.end:
        what = f"TEXT is said to end at {place.header.text.end}, where DATA has begun"
        found.append(warning("text_end_slack", f"{what}; it ends with its last delimiter"))
    if reading.layout.n_events is None:
        what = f"TEXT has no $TOT; {reading.n_events} events follow from the length of DATA"
        found.append(warning("tot_missing", what))
    if reading.n_events == 0:
        found.append(warning("no_events", "the file holds no events"))
    return [*found, *_in_words(reading), *_repeated(reading, text)]


def _in_words(reading: Reading) -> list[Flag]:
    """Say that integers are narrower than the words they stand in."""
    stated = [
        reading.values.get(f"$P{number}B", "").partition(".")[0]
        for number, field in enumerate(reading.layout.fields, start=1)
        if field.kind == "I" and not reading.layout.is_packed
    ]
    held = [str(f.bits) for f in reading.layout.fields if f.kind == "I"]
    narrow = sorted({s for s, h in zip(stated, held, strict=False) if int(s) < int(h)})
    if not narrow:
        return []
    message = f"integers of {'/'.join(narrow)} bits ($PnB) stand in words of whole bytes"
    return [warning("integers_in_words", message)]


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
