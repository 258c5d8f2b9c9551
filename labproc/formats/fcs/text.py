"""The TEXT segment: keywords and values between delimiters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labproc.errors import ParseError
from labproc.model.flag import Flag, info, warning

_BLANKS = b" \t\r\n\0"
_STANDARD = re.compile(rb"\$[A-Z][A-Z0-9_]*", re.IGNORECASE)  # a keyword of the standard
_AHEAD = 8  # tokens looked at to see whether keys and values have changed places

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Keywords (upper case) with values, both without the blanks around them.

    ``loose`` names the keywords whose value held a single delimiter; ``odd`` is a last keyword
    without a value.
    """

    pairs: list[Pair]
    loose: list[str] = field(default_factory=list)
    odd: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """Keywords in upper case with their first value.

    ``others`` holds the later, different values of keywords that stand twice.
    """

    values: Mapping[str, str]
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delimiter: bytes = b"/"
    flags: tuple[Flag, ...] = ()

    def get(self, key: str, default: str = "") -> str:
        """Return the first value of a keyword."""
        return self.values.get(key, default)


def read_text(raw: bytes, *, where: str) -> Text:
    """Split a TEXT segment into keywords and values.

    A doubled delimiter inside a value stands for itself; directly after a keyword it is an
    empty value, which the standard forbids and instruments write.

    Raises
    ------
    ParseError
        If no keyword can be found.
    """
    start = raw.lstrip(b" ") if raw[:1] == b" " else raw
    mark, body = start[:1], start[1:]
    tokens, flags = _tokens(body, mark) if body else ([], [])
    found = _pairs(tokens, mark)
    if found.odd is not None:
        flags.append(
            warning("text_odd", f"TEXT ends with {found.odd!r}, a keyword without a value")
        )
    if found.loose:
        what = f"the value of {found.loose[0]} holds the delimiter {_decode(mark)!r} undoubled"
        flags.append(warning("delimiter_undoubled", f"{what}; put together by what follows"))
    text = merge(found.pairs, delimiter=mark, flags=tuple(flags))
    if "$PAR" not in text.values:
        raise ParseError(
            f"{where}: TEXT begins with {raw[:24]!r} and holds no $PAR, expected keywords "
            "between delimiters; the segment is damaged or its offset wrong"
        )
    return text


def merge(pairs: Iterable[Pair], *, delimiter: bytes = b"/", flags: tuple[Flag, ...] = ()) -> Text:
    """Return the pairs as a mapping; the first value stands, different later ones are kept."""
    values: dict[str, str] = {}
    others: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        first = values.setdefault(key, value)
        if value != first and value not in others.get(key, ()):
            others[key] = (*others.get(key, ()), value)
    return Text(values, others, delimiter, flags)


def read_more(raw: bytes, *, delimiter: bytes) -> list[Pair]:
    """Split supplemental TEXT or ANALYSIS, which may leave its first delimiter out."""
    body = raw[1:] if raw[:1] == delimiter else raw
    return _pairs(_tokens(body, delimiter)[0], delimiter).pairs


def _tokens(body: bytes, mark: bytes) -> tuple[list[bytes], list[Flag]]:
    """Split at every delimiter; blanks after the last one are padding."""
    padding = _BLANKS.replace(mark, b"")
    body = body.rstrip(padding)
    if body.endswith(mark):
        return body[:-1].split(mark), []
    message = "TEXT does not end with its delimiter; the last value may be cut short"
    return body.split(mark), [info("text_unterminated", message)]


def _pairs(tokens: list[bytes], mark: bytes) -> _Pairs:
    """Pair the tokens; an empty token is one more delimiter in a run of them."""
    if _are_plain(tokens):
        return _Pairs([_pair(k, v) for k, v in zip(tokens[::2], tokens[1::2], strict=True)])
    pairs: list[Pair] = []
    loose: list[str] = []
    i, n = 0, len(tokens)
    while i < n:
        key = tokens[i].strip(_BLANKS)
        if not key:
            i += 1
        elif i + 1 >= n:
            return _Pairs(pairs, loose, odd=_decode(key))
        elif pairs and _belongs_to_value(tokens, i):
            last, begun = pairs[-1]
            pairs[-1] = (last, begun + _decode(mark + tokens[i]).rstrip())
            loose.append(last)
            i += 1
        else:
            value, i = _value(tokens, i + 1, mark)
            pairs.append(_pair(key, value))
    return _Pairs(pairs, loose)


def _are_plain(tokens: list[bytes]) -> bool:
    """Whether keys and values simply alternate, as in most files: no delimiter inside a value."""
    if len(tokens) % 2 or not all(tokens) or not all(k.strip(_BLANKS) for k in tokens[::2]):
        return False
    return not any(b"$" in v and _STANDARD.fullmatch(v.strip(_BLANKS)) for v in tokens[1::2])


def _pair(key: bytes, value: bytes) -> Pair:
    return _decode(key.strip(_BLANKS)).upper(), _decode(value).strip(" \t\r\n\0")


def _belongs_to_value(tokens: list[bytes], i: int) -> bool:
    """Whether token ``i`` is the rest of the value before it, whose delimiter was not doubled.

    It is when the standard's keywords stand where values should from here on.
    """
    if _STANDARD.fullmatch(tokens[i].strip(_BLANKS)) or not _is_key(tokens, i + 1):
        return False
    as_keys = sum(_is_key(tokens, i + step) for step in range(0, _AHEAD, 2))
    as_values = sum(_is_key(tokens, i + step) for step in range(1, _AHEAD, 2))
    return as_values > as_keys


def _is_key(tokens: list[bytes], i: int) -> bool:
    return i < len(tokens) and bool(_STANDARD.fullmatch(tokens[i].strip(_BLANKS)))


def _value(tokens: list[bytes], i: int, mark: bytes) -> tuple[bytes, int]:
    """Return the value that begins at token ``i`` and where the next keyword stands."""
    run, i = _empties(tokens, i)
    if run % 2:  # keyword, delimiter, (escaped delimiters), delimiter: the value ends here
        return mark * (run // 2), i
    value = mark * (run // 2)
    while i < len(tokens):
        value += tokens[i]
        run, i = _empties(tokens, i + 1)
        if run % 2 == 0 or i >= len(tokens):
            return value + mark * (run // 2), i
        value += mark * (run // 2 + 1)
    return value, i


def _empties(tokens: list[bytes], i: int) -> tuple[int, int]:
    """Count the empty tokens from ``i`` on; return the count and the first that is not."""
    start = i
    while i < len(tokens) and not tokens[i]:
        i += 1
    return i - start, i


def _decode(raw: bytes) -> str:
    """Decode UTF-8, and what is not UTF-8 as latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
