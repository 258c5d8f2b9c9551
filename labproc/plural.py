"""Numbers with their nouns, as people write them on screens, in reports and on the terminal."""


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
