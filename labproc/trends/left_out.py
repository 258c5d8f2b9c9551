"""What a comparison may not leave out: with these there is an effect to see, and no P.

A culture without a cell has no logarithm. Left out, its arm is judged by the survivors. A culture
that was followed for half the time has another summary than its partner, not a noisier one.
"""

from collections.abc import Iterable, Sequence
from itertools import product

from labproc.model import Flag
from labproc.model.flag import fail
from labproc.trends.courses import Course

SHARED = 0.75  # of the time of two cultures together; a day more or less changes no rate
ZERO = "zero_value"  # the flag of a course that had to leave a zero out
Culture = tuple[str, str, str, str]
Span = tuple[float, float]


def zeros(found: Iterable[tuple[Culture, Sequence[Flag]]], *, paired: bool) -> list[Flag]:
    """Name the cultures whose zeros a log scale cannot hold.

    Parameters
    ----------
    found : iterable
        Every culture of both arms with its flags, those without a summary too.
    paired : bool
        A culture whose donor and experiment are in one arm only is then in no pair, whatever it
        counted.
    """
    cultures = list(found)
    arms: dict[tuple[str, str], set[str]] = {}
    for culture, _ in cultures:
        arms.setdefault(culture[:2], set()).add(culture[2])
    return [
        fail(
            "zero_left_out",
            f"{flag.message.partition(', not used')[0]}; without it its arm is judged by the "
            "survivors, so no P; reject the sample if the zero is wrong",
        )
        for culture, flags in cultures
        if not paired or len(arms[culture[:2]]) > 1
        for flag in flags
        if flag.code == ZERO
    ]


def short_courses(courses: Sequence[Course], control: str, *, paired: bool) -> list[Flag]:
    """Name the cultures whose days do not cover those of the cultures they are held against.

    In pairs these are the cultures of the same donor and experiment in the other arm.
    """
    sides = [[c for c in courses if (c.culture[2] == control) == is_c] for is_c in (True, False)]
    for one, other in product(*sides):
        if paired and one.culture[:2] != other.culture[:2]:
            continue
        if _shared(_span(one), _span(other)) < SHARED:
            short, long = sorted((one, other), key=lambda c: _length(_span(c)))
            message = (
                f"{short.label}: days {_words(short)}, {long.label} days {_words(long)}; summaries "
                "over such different times are not compared, so no P; set window_days to days "
                "that both have, or leave the culture out"
            )
            return [fail("days_differ", message)]
    return []


def _span(course: Course) -> Span:
    return float(course.days[0]), float(course.days[-1])


def _length(span: Span) -> float:
    return span[1] - span[0]


def _shared(one: Span, other: Span) -> float:
    """Return the share of the time of two spans that both cover."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    whole = max(one[1], other[1]) - min(one[0], other[0])
    return max(both, 0.0) / whole if whole else 1.0


def _words(course: Course) -> str:
    return f"{course.days[0]:g} to {course.days[-1]:g}"
