"""The report's plates: curves, heat maps, amplification, copies with status, acceptance, MIQE."""

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

import plotly.graph_objects as go

from dashboards import theme
from dashboards.figures.agreement import agreement, agreement_ratio, pairs
from dashboards.figures.amplification import amplification
from dashboards.figures.control_chart import control_chart
from dashboards.figures.detection import detection, limit_words
from dashboards.figures.plates import plate_copies, plate_map, standard_curve
from dashboards.markup import Markup, flag_list, join, table, tag
from labproc.model import CopyNumber, Flag, ReportedCurve, Severity, StandardCurve
from labproc.pipeline.results import PlateView, Results
from labproc.qpcr import StandardPoint
from labproc.qpcr.results import RecomputedCq
from labproc.wording import counted

Slot = Callable[[str, go.Figure], Markup]
MOST_PLATES = 12  # drawn in full; the numbers of all stand in the tables
MOST_MAPS = 4  # targets of one plate
RULES = {
    "r_squared": "R²",
    "level_error": "error per level",
    "ntc_clean": "no-template control",
    "untransduced_clean": "untransduced DNA without vector",
    "untransduced_has_dna": "untransduced DNA with reference gene",
    "extraction_blank_clean": "extraction blank",
    "positive_control_trend": "positive control over plates",
}
"""Rules whose names are no words."""
AWAY = 0.5  # cycles between the file's Cq and the curve's


def plates(results: Results, slot: Slot) -> Markup:
    """Return what all plates say together, then every plate; ``slot`` places a figure."""
    if not results.plates:
        return tag("p", "No qPCR plate was read.", cls="quiet")
    shown = results.plates[:MOST_PLATES]
    left = len(results.plates) - len(shown)
    more = tag("p", f"In the tables: {counted(left, 'more plate')}.", cls="quiet") if left else ""
    each = (_plate(results, p, i, slot) for i, p in enumerate(shown))
    of_all = (_trends(results, slot), _limits(results, slot), _beside(results, slot))
    return join((*of_all, *each, more))


def _trends(results: Results, slot: Slot) -> Markup:
    """Return the positive control over the plates, for each target that has enough."""
    charts = [
        slot(f"trend{i}", control_chart(results, target=target))
        for i, target in enumerate(results.control_charts)
    ]
    return join((tag("h3", "Positive control over the plates"), *charts)) if charts else Markup("")


def _limits(results: Results, slot: Slot) -> Markup:
    """Return LOD and LOQ of the study's dilution series, or why there are none."""
    if not results.limits:
        return Markup("")
    drawn = [
        slot(f"lod{i}", detection(results, target=target))
        for i, (target, found) in enumerate(results.limits.items())
        if found.limits is not None
    ]
    words = [tag("p", limit_words(x), cls="quiet") for x in results.limits.values()]
    return join((tag("h3", "Limits of detection and quantification"), *drawn, *words))


def _beside(results: Results, slot: Slot) -> Markup:
    """Return flow cytometry and qPCR of the same cultures against each other."""
    if not pairs(results):
        return Markup("")
    pair = tag(
        "div",
        tag("div", slot("agreement", agreement(results))),
        tag("div", slot("agreement-ratio", agreement_ratio(results))),
        cls="pair",
    )
    return join((tag("h3", "CAR+ cells by flow cytometry beside copies by qPCR"), pair))


def _plate(results: Results, plate: PlateView, i: int, slot: Slot) -> Markup:
    parts = (
        tag("h3", f"{plate.name} ({plate.format})"),
        _flags(plate.flags),
        _drawings(results, plate, i, slot),
        _curves(plate),
        _acceptance(plate),
        _copies(results, plate, i, slot),
        _standards(plate.standards),
        _recomputed(plate.recomputed),
        _checklist(plate),
    )
    return join(parts)


def _flags(flags: Sequence[Flag]) -> Markup:
    """Return what someone has to look at, and fold what is only good to know."""
    asked = [f for f in flags if f.severity is not Severity.INFO]
    notes = [f for f in flags if f.severity is Severity.INFO]
    shown = tag("p", flag_list(asked)) if asked else ""
    return join((shown, _unfold(counted(len(notes), "note"), tag("p", flag_list(notes)), notes)))


def _unfold(title: str, content: Markup, rows: Sequence[Any]) -> Markup:
    return tag("details", tag("summary", title), content) if rows else Markup("")


def _drawings(results: Results, plate: PlateView, i: int, slot: Slot) -> Markup:
    """Return curve, plate maps and amplification, two in a row."""
    targets = list(dict.fromkeys(w.target for w in plate.wells))[:MOST_MAPS]
    maps = [
        slot(f"map{i}-{n}", plate_map(results, plate=plate, target=t))
        for n, t in enumerate(targets)
    ]
    rise = amplification(results, plate=plate)
    drawn = [slot(f"curve{i}", standard_curve(results, plate=plate)), *maps]
    drawn += [slot(f"rise{i}", rise)] if plate.amplification else []
    return tag("div", *(tag("div", one) for one in drawn), cls="pair")


def _curves(plate: PlateView) -> Markup:
    """Return every curve beside the instrument's own."""
    own = {r.target: r for r in plate.reported}
    rows = [_curve(c, own.get(c.target)) for c in plate.curves]
    heads = ("Target", "Slope (95 %)", "Instrument's slope", "Efficiency (95 %)",
             "Instrument's", "R²", "Lack of fit", "SD (cycles)", "Wells, levels")  # fmt: skip
    return table(heads, rows) if rows else Markup("")


def _curve(curve: StandardCurve, reported: ReportedCurve | None) -> tuple[Any, ...]:
    gain = curve.efficiency_ci or (None, None)
    its = reported.efficiency if reported else None
    return (
        curve.target,
        _signed(curve.slope, curve.slope_ci),
        _minus(f"{reported.slope:.4f}") if reported and reported.slope is not None else "–",
        _percents(curve.efficiency, *gain),
        "–" if its is None else theme.percent(its),
        "–" if curve.r_squared is None else f"{curve.r_squared:.4f}",
        "–" if curve.lack_of_fit_p is None else f"P = {curve.lack_of_fit_p:.2g}",
        f"{curve.residual_sd:.3f}",
        f"{curve.n_points}, {curve.n_levels}",
    )


def _signed(value: float, ends: tuple[float, float] | None) -> str:
    interval = f" ({ends[0]:.3f} to {ends[1]:.3f})" if ends else ""
    return _minus(f"{value:.4f}{interval}")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _percents(value: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None else f" ({theme.percent(low)} to {theme.percent(high)})"
    return f"{theme.percent(value)}{ends}"


def _acceptance(plate: PlateView) -> Markup:
    rows = [
        (RULES.get(r.rule, _words(r.rule)), r.target, r.limit, r.found, verdict(r.verdict))
        for r in plate.acceptance
    ]
    heads = ("Rule", "Target", "Limit", "Found", "Verdict")
    failed = sum(r.verdict == "fail" for r in plate.acceptance)
    found = f"{counted(failed, 'rule')} failed" if failed else "every rule passed"
    words = tag("summary", f"Acceptance: {found}")
    listed = tag("details", words, table(heads, rows), **_open(failed))
    return listed if rows else Markup("")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _open(failed: int) -> dict[str, str]:
    return {"open": "open"} if failed else {}


def verdict(word: str) -> Markup:
    """Return a verdict with its sign and colour."""
    sign, css = {"pass": ("✓", "accepted"), "warn": ("▲", "look"), "fail": ("✕", "failed")}.get(
        word, ("", "quiet")
    )
    return tag("span", f"{sign} {word}", cls=css)


def _copies(results: Results, plate: PlateView, i: int, slot: Slot) -> Markup:
    rows = [_sample(s) for s in plate.samples]
    heads = ("Sample", "Target", "Detected", "Cq (cycles)", "Copies per well (95 %)", "Status",
             "Method", "Flags")  # fmt: skip
    drawn = slot(f"copies{i}", plate_copies(results, plate=plate))
    listed = table(heads, rows, right="3")
    return _unfold(f"Copies per well: {_counts(plate.samples)}", join((drawn, listed)), rows)


def _counts(samples: Sequence[CopyNumber]) -> str:
    words = [_words(s.status.value) for s in samples]
    return ", ".join(f"{words.count(w)} {w}" for w in dict.fromkeys(words))


def _sample(found: CopyNumber) -> tuple[Any, ...]:
    if found.copies is not None:
        copies = theme.with_interval(found.copies, found.ci_low, found.ci_high)
    else:
        copies = "–" if found.ci_high is None else f"under {theme.number(found.ci_high)}"
    return (
        found.sample or ", ".join(found.wells),
        found.target,
        f"{found.n_detected} of {found.n_wells}",
        theme.number(found.cq, 4),
        copies,
        _words(found.status.value),
        _words(found.method),
        flag_list(found.flags),
    )


def _standards(points: Sequence[StandardPoint]) -> Markup:
    rows = [
        (
            p.position, p.target, theme.number(p.copies), theme.number(p.cq, 4),
            theme.number(p.found), "–" if p.error is None else _minus(f"{100 * p.error:+.1f} %"),
            "left out" if p.omitted else "off the line" if p.is_outlier else "",
        )
        for p in points
    ]  # fmt: skip
    heads = ("Well", "Target", "Copies per well", "Cq (cycles)", "Read back", "Error", "")
    odd = sum(p.is_outlier for p in points), sum(p.omitted for p in points)
    title = f"Standards read back: {odd[0]} off the line, {odd[1]} left out"
    return _unfold(title, table(heads, rows, right="2,3,4,5"), rows)


def _recomputed(found: Sequence[RecomputedCq]) -> Markup:
    """Return how near the Cq of the fluorescence are, and the wells where they are not."""
    rows = [row for r in found if (row := _disagreement(r)) is not None]
    heads = ("Well", "Target", "Cq of the file", "Cq at the threshold",
             "Second derivative maximum", "Gain per cycle")  # fmt: skip
    words = [tag("p", sentence) for sentence in _nearness(found)]
    listed = table(heads, rows, right="2,3,4,5") if rows else ""
    title = f"Cq from the fluorescence: differs in {len(rows)} of {counted(len(found), 'well')}"
    return _unfold(title, join((*words, listed)), found)


def _disagreement(one: RecomputedCq) -> tuple[str, ...] | None:
    both = one.stated is not None and one.threshold_cq is not None
    if both and abs((one.stated or 0) - (one.threshold_cq or 0)) <= AWAY:
        return None
    if one.stated is None and one.threshold_cq is None:
        return None
    numbers = (one.stated, one.threshold_cq, one.maximum_cq)
    gain = "–" if one.efficiency is None else theme.percent(one.efficiency)
    return (one.position, one.target, *(theme.number(n, 4) for n in numbers), gain)


def _nearness(found: Sequence[RecomputedCq]) -> Iterator[str]:
    for target in dict.fromkeys(r.target for r in found):
        own = [r for r in found if r.target == target]
        away = [abs(r.stated - r.threshold_cq) for r in own if r.stated and r.threshold_cq]
        gains = sorted(r.efficiency for r in own if r.efficiency is not None)
        if away:
            gain = "" if not gains else (
                f"; gain per cycle of single wells {theme.percent(gains[0])} to "
                f"{theme.percent(gains[-1])}, median {theme.percent(median(gains))}"
            )  # fmt: skip
            yield (
                f"{target}: {counted(len(away), 'well')}, recomputed Cq {median(away):.2f} cycles "
                f"from the file's in the median, {max(away):.2f} at most{gain}."
            )


def _checklist(plate: PlateView) -> Markup:
    rows = [(r.section, r.item, r.answer) for r in plate.checklist]
    known = sum(r.is_known for r in plate.checklist)
    title = f"MIQE checklist: {known} of {counted(len(rows), 'item')} known"
    return _unfold(title, table(("Section", "Item", "Answer"), rows), rows)
