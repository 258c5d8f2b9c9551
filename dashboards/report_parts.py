"""The report's parts in order: figures, doubts, gates, plates, numbers, methods, origin."""

from collections.abc import Sequence
from functools import partial

import plotly.graph_objects as go

from dashboards import report_tables, theme, wording
from dashboards.figures import FIGURES
from dashboards.markup import Markup, join, tag
from dashboards.report_plates import plates
from labproc.model import Comparison
from labproc.pipeline.results import Results

Figures = dict[str, go.Figure]
FOUR = (
    ("growth", "1. CAR-T cells over the days of the culture"),
    ("ratio", "2. CD4:CD8 ratio"),
    ("copies", "3. CAR copies per µg DNA"),
    ("timeline", "4. One course with its events"),
)
PARTS = (
    ("figures", "Figures"),
    ("look", "To look at"),
    ("gates", "Gating"),
    ("plates", "qPCR plates"),
    ("numbers", "Numbers"),
    ("methods", "Methods"),
    ("origin", "Origin"),
)


def body(results: Results, figures: Figures) -> Markup:
    """Return the whole body; every figure drawn is put into ``figures`` by its name."""
    write = {
        "figures": lambda: _four(results, figures),
        "look": lambda: _look(results),
        "gates": lambda: _gates(results, figures),
        "plates": lambda: plates(results, partial(slot, figures=figures)),
        "numbers": lambda: report_tables.numbers(results),
        "methods": lambda: _methods(results),
        "origin": lambda: report_tables.origin(results),
    }
    parts = [tag("section", tag("h2", title), write[name](), id=name) for name, title in PARTS]
    return tag("main", _head(results), *parts)


def _head(results: Results) -> Markup:
    patients = results.patients
    donors = {m.key.donor for m in results.measurements if m.key.donor} - patients
    kept = [m.key for m in results.measurements if m.key.donor in donors or not donors]
    days = sorted({key.day for key in kept if key.day is not None})
    colours = theme.arm_colours(results.arms)
    arms = join(
        (
            join((Markup(f'<i class="swatch" style="background:{colours[a.name]}"></i>'), a.label))
            for a in results.arms
        ),
        " &nbsp; ",
    )
    span = f"{days[0]}–{days[-1]}" if days else "–"
    n_look = sum(wording.needs_look(t) for t in results.tubes)
    facts = (
        ("Arms", arms), ("Donors", len(donors)), ("Patients", len(patients)), ("Days", span),
        ("Tubes", len(results.tubes)), ("Plates", len(results.plates)),
        ("To look at", n_look + len(wording.trouble(results))),
    )  # fmt: skip
    summary = tag(
        "div", *(tag("span", f"{k} ", tag("b", v)) for k, v in facts if v != 0), cls="summary"
    )
    links = tag("nav", *(tag("a", title, href=f"#{name}") for name, title in PARTS))
    return tag("header", tag("h1", results.title or "Study"), summary, links)


def slot(name: str, figure: go.Figure, figures: Figures) -> Markup:
    """Keep a figure and return the place where the browser draws it, its caption below."""
    figures[name] = figure
    caption = (figure.layout.meta or {}).get("caption", "")
    height = f"height:{int(figure.layout.height or 380)}px"
    waiting = tag("span", "drawing …", cls="waiting")
    place = tag("div", waiting, cls="plot", data_figure=name, style=height)
    return join((place, tag("p", caption, cls="caption") if caption else ""))


def _four(results: Results, figures: Figures) -> Markup:
    drawn = [
        tag(
            "figure", tag("h3", title), slot(name, FIGURES.get(name)(results), figures),
            tag("figcaption", compared(results, name)),
        )
        for name, title in FOUR
    ]  # fmt: skip
    return tag("div", *drawn, cls="four")


def compared(results: Results, family: str) -> Markup:
    """Return the comparisons of a figure as sentences, planned and exploratory told apart."""
    found = wording.under(results, family)
    if not found and family in wording.FAMILIES:
        return tag("p", "The arms were not compared: see the flags of the study.", cls="quiet")
    planned = [one for one in found if one.planned] or found[:1]
    others = [one for one in found if one not in planned]
    more = tag("summary", f"{len(others)} exploratory")
    folded = tag("details", more, *(_compared(one) for one in others)) if others else ""
    return join((*(_compared(one) for one in planned), folded))


def _compared(one: Comparison) -> Markup:
    head, rest = wording.head_and_rest(one)
    return tag("p", head, tag("span", rest, cls="why"), cls="sentence")


def _look(results: Results) -> Markup:
    """Return the samples that need a look and the files that gave nothing."""
    odd = [t for t in wording.odd_first(results) if wording.needs_look(t)]
    rows = [
        (
            t.key.label,
            join(t.reasons or [f.message for f in wording.doubts(t)], "<br>"),
            _file(t.source.path),
        )
        for t in odd
    ]
    calm = tag("p", tag("span", "✓ ", cls="accepted"), "No sample asks for a look.")
    samples = report_tables.plain_table(("Sample", "Why", "File"), rows) if rows else calm
    lost = [
        (f.path, wording.STATES.get(f.state, f.state), f.reason) for f in wording.trouble(results)
    ]
    files = report_tables.plain_table(("File", "State", "Reason"), lost)
    return join((samples, join((tag("h3", "Files without a result"), files)) if lost else ""))


def _file(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _gates(results: Results, figures: Figures) -> Markup:
    words = "Each column is a step, each row a tube; the percentage is of the column before."
    drawn = slot("gating", FIGURES.get("gating")(results), figures)
    return join((tag("p", words, cls="quiet"), drawn))


def _methods(results: Results) -> Markup:
    sentences: Sequence[str] = results.methods or ("No methods were recorded.",)
    return join(tag("p", s) for s in sentences)
