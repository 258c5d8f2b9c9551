"""Numbers and names as people write and order them: on screens, in reports, on the terminal."""

import re

_NUMBER = re.compile(r"(\d+)")


def counted(n: int, noun: str) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> counted(1, "file"), counted(1200, "more file")
    ('1 file', '1,200 more files')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def any_counted(numbers: set[int], noun: str) -> str:
    """Return numbers of which each holds somewhere, with their noun.

    Examples
    --------
    >>> any_counted({3, 1}, "well"), any_counted({1}, "well")
    ('1 or 3 wells', '1 well')
    """
    *others, most = sorted(numbers)
    return " or ".join([*(f"{n:,}" for n in others), counted(most, noun)])


def with_article(noun: str) -> str:
    """Return a noun with its indefinite article.

    Examples
    --------
    >>> with_article("analyst"), with_article("reviewer")
    ('an analyst', 'a reviewer')
    """
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"


def in_order(name: str) -> list[tuple[int, str]]:
    """Return what sorts names as people count: the numbers within them as numbers.

    Examples
    --------
    >>> sorted(["A10.fcs", "B1.fcs", "a2.fcs"], key=in_order)
    ['a2.fcs', 'A10.fcs', 'B1.fcs']
    """
    parts = _NUMBER.split(name.casefold())
    return [(int(p), "") if i % 2 else (0, p) for i, p in enumerate(parts)]
