"""Table 1 and 2 of a cohort as lines of text, the same in the report and on the page."""

from collections.abc import Iterator

from labproc.cohort.result import CohortTest
from labproc.cohort.words import test_name
from labproc.pipeline.cohort_view import CohortView

TITLES = {
    "characteristics": "Table 1. Who the patients were",
    "response": "Table 2. Response",
    "toxicity": "Table 2, continued. Toxicity",
}


def table_heads(view: CohortView) -> tuple[str, ...]:
    """Return what stands above the columns: a column an arm, P and its test."""
    sizes = [view.cohort.members().count(arm) for arm in view.arms]
    arms = (f"{a} (n = {n})" for a, n in zip(view.arms, sizes, strict=True))
    return ("", *arms, "P", "Test")


def table_lines(view: CohortView, name: str) -> Iterator[tuple[str, ...]]:
    """Yield a table line by line; a variable's test stands on its first level."""
    seen = ""
    for row in (r for r in view.rows if r.table == name):
        test = view.test(name, row.variable) if row.variable != seen else None
        seen = row.variable
        level = f"{row.variable}: {row.level}"
        yield (level, *row.cells, p_words(test), test_name(test.test) if test else "")


def p_words(test: CohortTest | None) -> str:
    """Return a P value for people; nothing where there is none."""
    return "" if test is None or test.p_value is None else f"{test.p_value:.4f}"
