"""The report's parts in order: figures, doubts, gates, plates, numbers, methods, origin."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import plotly.graph_objects as go

from dashboards import report_cohort, report_tables, theme, wording
from dashboards.figures import FIGURES, acquisition
from dashboards.figures.gates import example_tubes, gating
from dashboards.markup import Markup, join, tag
from dashboards.report_plates import plates
from labproc.model import Comparison
from labproc.pipeline.results import Results, TubeView
from labproc.wording import counted

Figures = dict[str, go.Figure]
Later = dict[str, Markup]  # markup that the browser puts in place once it is unpacked
FOUR = (
    ("growth", "1. CAR-T cells over the days of the culture"),
    ("ratio", "2. CD4:CD8 ratio"),
    ("copies", "3. CAR copies per µg DNA"),
    ("timeline", "4. One course with its events"),
)
DOSE = (("dose", "5. Response to the dose of lenalidomide"),)
PARTS = (
    ("figures", "Figures"),
    ("patients", "Patients"),
    ("look", "To look at"),
    ("release", "Release"),
    ("gates", "Gating"),
    ("plates", "qPCR plates"),
    ("numbers", "Numbers"),
    ("methods", "Methods"),
    ("origin", "Origin"),
)
MOST_TUBES = 6  # drawn step by step; every tube stands on the Gates page


def body(results: Results, figures: Figures, later: Later) -> Markup:
    """Return the whole body; figures are put into ``figures`` by name, long tables in ``later``."""
    write = {
        "figures": lambda: _four(results, figures),
        "patients": lambda: _patients(results, figures),
        "look": lambda: _look(results),
        "release": lambda: report_tables.release_table(results),
        "gates": lambda: _gates(results, figures),
        "plates": lambda: plates(results, partial(slot, figures=figures)),
        "numbers": lambda: report_tables.numbers(results, later),
        "methods": lambda: _methods(results),
        "origin": lambda: report_tables.origin(results),
    }
    parts = [
        tag("section", tag("h2", title), write[name](), id=name) for name, title in shown(results)
    ]
    return tag("main", _head(results), *parts)


def shown(results: Results) -> list[tuple[str, str]]:
    """Return the parts that a study has: patients and release only where it has a table of them."""
    there = {"patients": results.cohort is not None, "release": bool(results.release)}
    return [part for part in PARTS if there.get(part[0], True)]


def _head(results: Results) -> Markup:
    patients = results.patients
    donors = {m.key.donor for m in results.measurements if m.key.donor} - patients
    kept = [m.key for m in results.measurements if m.key.donor in donors or not donors]
    days = sorted({key.day for key in kept if key.day is not None})
    colours = theme.arm_colours(results.arms)
    arms = join(
        (
            join((Markup(f'<i class="swatch" style="background:{colours[a.name]}"></i>'), a.label))
            for a in results.main_arms
        ),
        " &nbsp; ",
    )
    span = f"{days[0]}–{days[-1]}" if days else "–"
    n_look = sum(map(wording.needs_look, results.tubes))
    n_look += sum(map(wording.needs_look, results.plates))
    facts = (
        ("Arms", arms), ("Donors", len(donors)), ("Patients", len(patients)), ("Days", span),
        ("Tubes", len(results.tubes)), ("Plates", len(results.plates)),
        ("To look at", n_look + len(wording.trouble(results))),
    )  # fmt: skip
    summary = tag(
        "div", *(tag("span", f"{k} ", tag("b", v)) for k, v in facts if v != 0), cls="summary"
    )
    links = tag("nav", *(tag("a", title, href=f"#{name}") for name, title in shown(results)))
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
        for name, title in (*FOUR, *(DOSE if results.doses else ()))
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


def _patients(results: Results, figures: Figures) -> Markup:
    """Return curves, copies and lanes of the patients, then their tables."""
    view = results.cohort
    if view is None:
        return Markup("")
    drawn = [
        tag("figure", tag("h3", title), slot(name, figure, figures))
        for name, title, figure in report_cohort.drawings(results, view)
    ]
    return join((tag("div", *drawn, cls="four"), report_cohort.words(view)))


def _look(results: Results) -> Markup:
    """Return the samples and plates that need a look and the files that gave nothing."""
    odd = [t for t in wording.odd_first(results) if wording.needs_look(t)]
    rows = [
        (
            t.key.label,
            join(t.reasons or [f.message for f in wording.doubts(t)], "<br>"),
            _file(t.source.path),
        )
        for t in odd
    ]
    rows += [
        (p.name, join((f.message for f in wording.grave(p)), "<br>"), _file(p.source.path))
        for p in results.plates
        if wording.needs_look(p)
    ]
    calm = tag("p", tag("span", "✓ ", cls="accepted"), "No sample and no plate asks for a look.")
    heads = ("Sample or plate", "Why", "File")
    samples = report_tables.plain_table(heads, rows) if rows else calm
    lost = [
        (f.path, wording.STATES.get(f.state, f.state), f.reason) for f in wording.trouble(results)
    ]
    files = report_tables.plain_table(("File", "State", "Reason"), lost)
    return join((samples, join((tag("h3", "Files without a result"), files)) if lost else ""))


def _file(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _gates(results: Results, figures: Figures) -> Markup:
    """Return every panel's steps, the tubes that need a look, and the flow over time."""
    words = "Each column is a step, each row a tube; the percentage is of the gate's parent."
    panels = sorted({t.key.panel for t in results.tubes})
    drawn = [_panel(results, panel, figures) for panel in panels]
    doubtful = _doubtful(results, figures)
    return join((tag("p", words, cls="quiet"), *drawn, doubtful, _flow(results, figures)))


def _panel(results: Results, panel: str, figures: Figures) -> Markup:
    """Return the steps of one panel on the tubes of one day that need the least look."""
    mine = [t for t in results.tubes if t.key.panel == panel]
    chosen = example_tubes(replace(results, tubes=tuple(mine)))
    name = f"{panel or 'no panel'}, strategy {chosen[0].strategy}"
    drawn = slot(f"gating-{panel}", gating(results, tubes=chosen), figures)
    return join((tag("h3", f"Panel {name}"), drawn))


def _doubtful(results: Results, figures: Figures) -> Markup:
    """Return the steps of the tubes that need a look, the oddest first."""
    odd = [t for t in wording.odd_first(results) if wording.needs_look(t)]
    shown = odd[:MOST_TUBES]
    if not shown:
        return Markup("")
    rows = [
        join(
            (
                tag("p", tag("b", t.key.label), " ", "; ".join(t.reasons), cls="sentence"),
                slot(f"odd{i}", gating(results, tubes=[t]), figures),
            )
        )
        for i, t in enumerate(shown)
    ]
    left = f", the {len(shown)} oddest of {len(odd)}" if len(odd) > len(shown) else ""
    summary = tag("summary", f"Tubes to look at{left}")
    return tag("details", summary, *rows)


def _flow(results: Results, figures: Figures) -> Markup:
    """Return what quality control left out of each tube, drawn where it left out anything."""
    followed = sorted((t for t in results.tubes if t.course), key=acquisition.kept_time)
    if not followed:
        return Markup("")
    cut = [t for t in followed if acquisition.kept_time(t) < 1.0]
    shown = (cut or followed)[: MOST_TUBES if cut else 1]
    lost = len(results.tubes) - len(followed)
    few = f" Not followed, for too few events or no time: {counted(lost, 'tube')}." if lost else ""
    part = f"{len(cut)} of {counted(len(followed), 'tube')}"
    words = f"In {part} a part of the time was left out.{few}"
    rows = [_cut(t) for t in cut]
    heads = ("Sample", "Time left out", "Events left out", "Why")
    listed = report_tables.plain_table(heads, rows) if rows else ""
    drawn = [
        slot(f"flow{i}", acquisition.acquisition(results, tube=t), figures)
        for i, t in enumerate(shown)
    ]
    title = tag("summary", "Acquisition over time")
    return tag("details", title, tag("p", words, cls="quiet"), listed, *drawn)


def _cut(tube: TubeView) -> tuple[object, ...]:
    steady = next(g for g in tube.every_gate if "kept_time" in g.parameters)
    left = f"{steady.n_parent - steady.n_events:,}"
    why = "; ".join(f.message for f in steady.flags)
    return tube.key.label, theme.percent(1.0 - acquisition.kept_time(tube)), left, why


def _methods(results: Results) -> Markup:
    sentences: Sequence[str] = results.methods or ("No methods were recorded.",)
    return join(tag("p", s) for s in sentences)
