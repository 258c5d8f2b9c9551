"""The TEXT segment: keywords and values between delimiters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labproc.errors import ParseError
from labproc.model.flag import Flag, info, warning

_BLANKS = b" \t\r\n\0"
_SHOWN = 3  # keywords named in a message

Pair = tuple[str, str]


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
    mark, body = raw[:1], raw[1:]
    if not body:
        raise ParseError(f"{where}: TEXT is empty, expected keywords such as $PAR")
    tokens, flags = _tokens(body, mark)
    pairs, odd = _pairs(tokens, mark)
    if odd is not None:
        flags.append(warning("text_odd", f"TEXT ends with {odd!r}, a keyword without a value"))
    text = merge(pairs, delimiter=mark, flags=tuple(flags))
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
    return _pairs(_tokens(body, delimiter)[0], delimiter)[0]


def _tokens(body: bytes, mark: bytes) -> tuple[list[bytes], list[Flag]]:
    """Split at every delimiter; blanks after the last one are padding."""
    padding = _BLANKS.replace(mark, b"")
    body = body.rstrip(padding)
    if body.endswith(mark):
        return body[:-1].split(mark), []
    message = "TEXT does not end with its delimiter; the last value may be cut short"
    return body.split(mark), [info("text_unterminated", message)]


def _pairs(tokens: list[bytes], mark: bytes) -> tuple[list[Pair], str | None]:
    """Pair the tokens; an empty token is one more delimiter in a run of them.

    Returns
    -------
    pairs : list of (keyword in upper case, value), both without the blanks around them
    odd : str or None
        The last keyword, where it has no value.
    """
    pairs: list[Pair] = []
    i, n = 0, len(tokens)
    while i < n:
        key = tokens[i].strip(_BLANKS)
        i += 1
        if not key:
            continue
        if i >= n:
            return pairs, _decode(key)
        value, i = _value(tokens, i, mark)
        pairs.append((_decode(key).upper(), _decode(value).strip(" \t\r\n\0")))
    return pairs, None


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
