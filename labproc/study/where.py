"""The line of ``study.toml`` that sets a key, so that a message can name it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

_PART = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_PATH = rf"{_PART}(?:\s*\.\s*{_PART})*"
_TABLE = re.compile(rf"\s*\[(\[?)\s*({_PATH})\s*\]\]?")
_KEY = re.compile(rf"\s*({_PATH})\s*=")
_INLINE = re.compile(rf"[{{,]\s*({_PATH})\s*=")

Path = tuple[str, ...]


def key_lines(text: str) -> Mapping[Path, int]:
    r"""Return every key's path (``arms``, ``C+Len``, ``label``) with the line that sets it first.

    Examples
    --------
    >>> key_lines('[arms."C+Len"]\nlabel = "x"')
    {('arms', 'C+Len'): 1, ('arms', 'C+Len', 'label'): 2}
    >>> key_lines('[[release]]\nday = 7\n[[release]]\nday = 9')[("release", "1", "day")]
    4
    """
    lines: dict[Path, int] = {}
    for path, number in _paths(text):
        lines.setdefault(path, number)
    return lines


def line_of(lines: Mapping[Path, int], place: Sequence[str]) -> int | None:
    """Return the line of a key, or of the nearest table around it that is written down."""
    for end in range(len(place), 0, -1):
        if (found := lines.get(tuple(place[:end]))) is not None:
            return found
    return None


def _paths(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    seen: Counter[Path] = Counter()  # tables of a list are numbered from 0
    for number, line in enumerate(text.splitlines(), start=1):
        if head := _TABLE.match(line):
            table = _parts(head[2])
            yield table, number
            if head[1]:
                seen[table] += 1
                table = (*table, str(seen[table] - 1))
                yield table, number
        elif key := _KEY.match(line):
            path = table + _parts(key[1])
            yield path, number
            for inner in _INLINE.finditer(line, key.end()):
                yield path + _parts(inner[1]), number


def _parts(path: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, path))
