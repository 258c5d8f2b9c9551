"""The report's part on patients: who they were, how they fared, and their copies."""

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from dashboards.cohort_tables import TITLES, p_words, table_heads, table_lines
from dashboards.figures.patients import copies_by_arm, endpoint, swimmer
from dashboards.markup import Markup, flag_list, join, table, tag
from labproc.cohort.result import CohortTest
from labproc.cohort.words import arm_words, line_of, test_name
from labproc.model import Severity
from labproc.pipeline.cohort_view import CohortView
from labproc.pipeline.results import Results
from labproc.wording import counted

MAIN = ("gehan_breslow_wilcoxon", "log_rank")
NOTE = "Doses held against the protocol afterwards: not advice."


def drawings(results: Results, view: CohortView) -> Iterator[tuple[str, str, go.Figure]]:
    """Yield name, title and figure: survival of each endpoint, copies by arm, lanes."""
    for i, one in enumerate(view.followed):
        yield f"survival{i}", f"{one.endpoint.name}, Kaplan-Meier", endpoint(results, i)
    if view.copies:
        yield "copies_by_arm", "CAR copies per µg DNA by arm", copies_by_arm(results)
    if view.lanes:
        yield "swimmer", "Every patient: response, events, who goes on", swimmer(results)


def words(view: CohortView) -> Markup:
    """Return Table 1 and 2, then every test as a line, then what has to be said of them."""
    parts = [_survival(view), *_tables(view), _tests(view), _doubts(view.tests), _doses(view)]
    return join(parts)


def _tables(view: CohortView) -> Iterator[Markup]:
    heads = table_heads(view)
    for name, title in TITLES.items():
        rows = list(table_lines(view, name))
        if rows:
            yield join((tag("h3", title), table(heads, rows)))


def _survival(view: CohortView) -> Markup:
    """Return each endpoint's arms in numbers, and the P values of its main tests."""
    rows = [
        (test.variable, *arm_words(curve), "", "")
        for test in view.tests
        for curve in test.details.get("curves", ())
    ]
    rows += [
        (f"{t.variable}{_from(t)}", "", "", "", "", "", p_words(t), test_name(t.test))
        for t in view.tests
        if t.table == "survival" and t.test in MAIN
    ]
    if not rows:
        return Markup("")
    heads = ("Endpoint", "Arm", "Events", "Median", "At one year", "Follow-up", "P", "Test")
    ranked = sorted(rows, key=lambda row: str(row[0]).partition(" ")[0])
    return join((tag("h3", "Survival"), table(heads, ranked)))


def _from(test: CohortTest) -> str:
    return "" if test.landmark is None else f" from day {test.landmark:g}"


def _tests(view: CohortView) -> Markup:
    """Return survival, copies and courses as lines, folded: the figures come first."""
    lines = [line_of(t) for t in view.tests if t.table in ("survival", "copies", "timeline")]
    if not lines:
        return Markup("")
    shown = [tag("p", join(line.splitlines(), "<br>"), cls="sentence") for line in lines]
    n = tag("span", counted(len(lines), "line"), cls="quiet")
    return tag("details", tag("summary", "Survival, copies and courses, every test ", n), *shown)


def _doubts(tests: Sequence[CohortTest]) -> Markup:
    flags = dict.fromkeys(f for t in tests for f in t.flags if f.severity is not Severity.INFO)
    return tag("p", flag_list(flags)) if flags else Markup("")


def _doses(view: CohortView) -> Markup:
    if not view.doses:
        return Markup("")
    rows = [
        (d.patient, d.day, _mg(d.given_mg), _mg(d.foreseen_mg), d.reason, VERDICTS[d.agrees])
        for d in view.doses
    ]
    differ = sum(d.agrees is False for d in view.doses)
    heads = ("Patient", "Day", "Given, mg", "Foreseen, mg", "Why", "Verdict")
    words = f"{counted(len(rows), 'day')}, {differ} different"
    summary = tag("summary", "Doses ", tag("span", words, cls="quiet"))
    return tag("details", summary, tag("p", NOTE, cls="caption"), table(heads, rows, right="1,2,3"))


VERDICTS = {True: "agrees", False: "differs", None: "cannot be judged"}


def _mg(dose: float | None) -> str:
    return "not known" if dose is None else f"{dose:g}"
