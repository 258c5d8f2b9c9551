"""How one event is stored: datatype, width, mask and byte order of every parameter."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from labproc.errors import ParseError
from labproc.model.flag import Flag, review, warning

WORDS = (8, 16, 32, 64)  # bits of the words that narrower integers are often stored in
FREE = 0  # width of $DATATYPE A with $PnB *: numbers between blanks or commas
_FLOAT_BITS = {"F": 32, "D": 64}
MOST_CHARACTERS = 64  # of one number in $DATATYPE A


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter as stored.

    ``kind`` is I, F, D or A; ``bits`` what it takes in DATA (for A: 8 a character, ``FREE`` for
    free format); ``mask`` the bits of an integer that are its value, None for all.
    """

    kind: str
    bits: int
    mask: int | None = None


@dataclass(frozen=True)
class Layout:
    """One event as stored.

    ``order`` gives each stored byte's significance, 1 the least: ``(1, 2, 3, 4)`` is
    little-endian. ``n_events`` is $TOT, None where TEXT does not say.
    """

    fields: tuple[Field, ...]
    order: tuple[int, ...]
    n_events: int | None

    @cached_property
    def event_bits(self) -> int:
        """Bits of one event; 0 in free format."""
        return sum(f.bits for f in self.fields)

    @property
    def is_free(self) -> bool:
        """Whether the numbers are text of any length."""
        return any(f.bits == FREE for f in self.fields)

    @cached_property
    def is_packed(self) -> bool:
        """Whether parameters do not begin on whole bytes."""
        return any(f.bits % 8 for f in self.fields)

    def n_bytes(self, n_events: int) -> int:
        """Bytes that so many events take."""
        return -(-n_events * self.event_bits // 8)

    def in_words(self) -> "Layout":
        """Return the layout with every integer in the next whole word (10 bits in 16)."""
        fields = tuple(
            replace(f, bits=next(w for w in WORDS if w >= f.bits)) if f.kind == "I" else f
            for f in self.fields
        )
        return replace(self, fields=fields)


Get = Callable[[str], str]


def read_layout(values: Mapping[str, str], *, where: str) -> Layout:
    """Return the layout that TEXT states.

    Raises
    ------
    ParseError
        If a keyword that shapes DATA is missing or makes no sense; the message names it.
    """
    _list_mode(values.get("$MODE"), where=where)
    n = count(values, "$PAR", where=where)
    if not 1 <= n <= len(values):
        raise ParseError(
            f"{where}: $PAR is {n} but TEXT holds {len(values)} keywords, "
            "expected a $PnB for every parameter"
        )
    kind = values.get("$DATATYPE", "").upper()
    fields = tuple(_field(values, i, kind, where=where) for i in range(1, n + 1))
    order = _order(values.get("$BYTEORD", ""), fields, where=where)
    total = count(values, "$TOT", where=where) if "$TOT" in values else None
    return Layout(fields, order, total)


def count(values: Mapping[str, str], key: str, *, where: str) -> int:
    """Return a keyword that must be a whole number from 0 on."""
    text = values.get(key)
    if text is None:
        raise ParseError(f"{where}: TEXT has no {key}, expected a whole number")
    if not re.fullmatch(r"[0-9]{1,30}(\.0*)?", text):
        raise ParseError(f"{where}: {key} is {text!r}, expected a whole number")
    return int(text.partition(".")[0])


def _list_mode(mode: str | None, *, where: str) -> None:
    if mode and mode.upper() != "L":
        raise ParseError(f"{where}: $MODE is {mode!r}, expected 'L' (a list of events)")


def _field(values: Mapping[str, str], number: int, kind: str, *, where: str) -> Field:
    """Return one parameter's storage; $PnDATATYPE (FCS 3.2) wins over $DATATYPE."""
    key = f"$P{number}B"
    kind = values.get(f"$P{number}DATATYPE", "").upper() or kind
    if kind not in ("I", "F", "D", "A"):
        raise ParseError(f"{where}: $DATATYPE is {kind!r}, expected 'I', 'F', 'D' or 'A'")
    if kind == "A":
        return _characters(values, key, where=where)
    bits = count(values, key, where=where)
    if bits != _FLOAT_BITS.get(kind, bits) or not 1 <= bits <= WORDS[-1]:
        wanted = _FLOAT_BITS.get(kind, "1 to 64")
        raise ParseError(f"{where}: {key} is {bits}, expected {wanted} bits for $DATATYPE {kind}")
    return Field(kind, bits, _mask(values, number, bits) if kind == "I" else None)


def _characters(values: Mapping[str, str], key: str, *, where: str) -> Field:
    if values.get(key) == "*":
        return Field("A", FREE)
    width = count(values, key, where=where)
    if not 1 <= width <= MOST_CHARACTERS:
        raise ParseError(f"{where}: {key} is {width}, expected 1 to {MOST_CHARACTERS} characters")
    return Field("A", 8 * width)


def range_of(values: Mapping[str, str], number: int) -> float | None:
    """Return $PnR, or None where it is missing or no positive number."""
    try:
        largest = float(values.get(f"$P{number}R", ""))
    except ValueError:
        return None
    return largest if 0 < largest < float("inf") else None


def _mask(values: Mapping[str, str], number: int, bits: int) -> int | None:
    """Return the bits below the next power of two of $PnR; None where those are all."""
    largest = range_of(values, number)
    if largest is None or largest < 2:
        return None
    used = (int(largest) - 1).bit_length()
    return (1 << used) - 1 if used < bits else None


def _order(text: str, fields: tuple[Field, ...], *, where: str) -> tuple[int, ...]:
    """Return the byte order; it does not matter where every value is one byte or text."""
    parts = tuple(int(p) for p in re.findall(r"[0-9]+", text)) if len(text) < 40 else ()
    known = len(parts) in (2, 4, 8) and sorted(parts) == list(range(1, len(parts) + 1))
    widest = max((-(-f.bits // 8) for f in fields if f.kind != "A"), default=0)
    if known and (is_plain(parts) or widest <= len(parts)):
        return parts
    if _order_is_idle(fields):
        return (1,)
    raise ParseError(f"{where}: $BYTEORD is {text!r}, expected '1,2,3,4' or '4,3,2,1'")


def is_plain(order: tuple[int, ...]) -> bool:
    """Whether the bytes of a value stand in order, the least significant first or last."""
    return list(order) in (sorted(order), sorted(order, reverse=True))


def _order_is_idle(fields: tuple[Field, ...]) -> bool:
    return all(f.kind == "A" or f.bits == 8 for f in fields)


# Keywords that change which number a byte becomes; two different values need a proof.
SHAPING = re.compile(
    r"\$(PAR|TOT|DATATYPE|BYTEORD|MODE|BEGINDATA|ENDDATA|P\d+B|P\d+R|P\d+DATATYPE)"
)


def layout_flags(values: Mapping[str, str], layout: Layout) -> list[Flag]:
    """Say what TEXT leaves open or states oddly about how the events are stored."""
    found = _range_flags(values, layout)
    if not values.get("$MODE"):
        found.append(warning("mode_missing", "TEXT does not say $MODE; taken as a list of events"))
    if not _order_is_idle(layout.fields) and not is_plain(layout.order):
        text = f"$BYTEORD is {values.get('$BYTEORD')!r}, neither 1,2,3,4 nor 4,3,2,1"
        found.append(review("byte_order_odd", f"{text}; compare the values with another program"))
    elif layout.order == (1,) and values.get("$BYTEORD", "1") != "1":
        text = f"$BYTEORD is {values['$BYTEORD']!r}; every value is one byte, so it does not matter"
        found.append(warning("byte_order_unreadable", text))
    return found


def _range_flags(values: Mapping[str, str], layout: Layout) -> list[Flag]:
    missing, large = [], []
    for number, field in enumerate(layout.fields, start=1):
        largest = range_of(values, number)
        if largest is None:
            missing.append(f"$P{number}R={values.get(f'$P{number}R', '')!r}")
        elif field.kind == "I" and largest > 2 ** int(values.get(f"$P{number}B", "64")):
            large.append(f"$P{number}R={values[f'$P{number}R']!r}")
    found = []
    if missing:
        text = f"{', '.join(missing[:3])}: expected the largest value; nothing is masked"
        found.append(warning("range_unreadable", text))
    if large:
        text = f"{', '.join(large[:3])}: more than its bits can hold"
        found.append(warning("range_too_large", text))
    return found
