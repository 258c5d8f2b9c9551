"""The report's tables: every number with its interval, its flags and where it came from."""

from collections.abc import Iterable, Sequence

from dashboards import release, theme, wording
from dashboards.markup import Markup, flag_list, join, table, tag
from labproc.model import Comparison, Measurement, ReleaseRow, Severity, Verdict
from labproc.pipeline.results import Results
from labproc.release import overall
from labproc.trends.outcomes import title_of
from labproc.wording import counted

plain_table = table
ORDER = (
    "cumulative_cart", "cart_total", "cart_per_ul", "cells_per_ul", "cumulative_fold",
    "population_doublings", "viability", "car_fraction", "cd4_cd8_ratio", "cart_cd4_cd8_ratio",
    "cd4_fraction", "cd8_fraction", "copies_per_ug", "vcn", "copies_per_well",
)  # fmt: skip
NAMES = {
    "cumulative_cart": "CAR-T cells, cumulative", "cart_total": "CAR-T cells in the culture",
    "cart_per_ul": "CAR-T cells per µL", "cells_per_ul": "Cells per µL",
    "cumulative_fold": "Cumulative fold", "population_doublings": "Population doublings",
    "viability": "Viability", "car_fraction": "CAR+ fraction", "cd4_cd8_ratio": "CD4:CD8",
    "cart_cd4_cd8_ratio": "CD4:CD8 of CAR-T cells", "cd4_fraction": "CD4+ fraction",
    "cd8_fraction": "CD8+ fraction", "copies_per_ug": "CAR copies per µg DNA",
    "vcn": "Vector copies per genome", "copies_per_well": "Copies per well",
    "cells_fold": "Cumulative fold of all cells", "cells_doublings": "Doublings of all cells",
    "cart_cd4_fold": "Cumulative fold of CD4+ CAR-T cells",
    "cart_cd8_fold": "Cumulative fold of CD8+ CAR-T cells",
    "cart_cd4_doublings": "Doublings of CD4+ CAR-T cells",
    "cart_cd8_doublings": "Doublings of CD8+ CAR-T cells",
    "cells_total": "Cells in the culture", "cumulative_cells": "Cells, cumulative",
    "t_cell_fraction": "T cells", "car_median_fluorescence": "CAR+ median fluorescence",
    "cart_cd4_per_ul": "CD4+ CAR-T cells per µL", "cart_cd8_per_ul": "CD8+ CAR-T cells per µL",
    "cart_cd4_total": "CD4+ CAR-T cells in the culture",
    "cart_cd8_total": "CD8+ CAR-T cells in the culture",
    "copies_per_100ng": "CAR copies per 100 ng DNA", "vcn_per_cart": "Vector copies per CAR+ cell",
    "copies_per_ul_blood": "CAR copies per µL blood",
    "copies_per_ul_eluate": "CAR copies per µL eluate",
    "copies_in_eluate": "CAR copies in the eluate",
    "dna_ng_by_reference": "DNA by the reference gene",
}  # fmt: skip
HEADS = ("Donor", "Experiment", "Arm", "Day", "Rep.", "Value (95 % interval)", "n", "Of", "Flags")


def metric_name(metric: str) -> str:
    """Return a metric's name for people."""
    return NAMES.get(metric, metric.replace("_", " "))


def numbers(results: Results, later: dict[str, Markup]) -> Markup:
    """Return one folded table per metric, and the comparisons with all they rest on.

    The rows of the metrics go into ``later``: packed they take a tenth of the room.
    """
    there = dict.fromkeys(m.metric for m in results.measurements)
    ranked = sorted(there, key=lambda m: ORDER.index(m) if m in ORDER else len(ORDER))
    folded = [_metric(results.of(metric), metric, later) for metric in ranked]
    if not folded:
        return tag("p", "No number was measured yet.", cls="quiet")
    return join((_comparisons(results.comparisons), *folded))


def _metric(rows: Sequence[Measurement], metric: str, later: dict[str, Markup]) -> Markup:
    unit = "%" if rows[0].unit == "fraction" else rows[0].unit
    asked = sum(1 for r in rows if r.severity in (Severity.REVIEW, Severity.FAIL))
    note = f" · {asked} to look at" if asked else ""
    intervals = " / ".join(dict.fromkeys(r.interval_of for r in rows if r.interval_of))
    heads = list(HEADS)
    heads[5] = f"Value, {unit} (95 % interval)"
    written = (_row(r) for r in sorted(rows, key=lambda r: r.key.order))
    count = tag("span", f"{counted(len(rows), 'row')}{note}", cls="quiet")
    summary = tag("summary", f"{metric_name(metric)} ", count)
    caption = tag("p", f"Interval: {intervals}.", cls="caption") if intervals else ""
    later[metric] = table(heads, written, right="3,5,6")
    return tag("details", summary, caption, tag("div", data_later=metric))


def _row(row: Measurement) -> tuple[object, ...]:
    key = row.key
    day = "" if key.day is None else key.day
    n = "" if row.n is None else f"{row.n:,}"
    return (
        key.donor, key.experiment, key.arm, day, key.replicate,
        wording.value_words(row).replace(" %", ""), n, row.parent,
        flag_list(f for f in row.flags if f.severity is not Severity.INFO),
    )  # fmt: skip


def _comparisons(found: Iterable[Comparison]) -> Markup:
    rows = [
        (title_of(c.outcome), "" if c.day is None else c.day, c.contrast, c.effect,
         theme.with_interval(c.estimate, c.ci_low, c.ci_high), c.unit, wording.p_value(c),
         f"{c.n[0]}, {c.n[1]} {c.unit_of_replication}s", c.test,
         "planned" if c.planned else "exploratory")
        for c in found
    ]  # fmt: skip
    if not rows:
        return Markup("")
    heads = (
        "Outcome",
        "Day",
        "Contrast",
        "Effect",
        "Estimate (95 % interval)",
        "Unit",
        "P",
        "n",
        "Test",
        "Plan",
    )
    summary = tag("summary", "Comparisons ", tag("span", counted(len(rows), "row"), cls="quiet"))
    return tag("details", summary, table(heads, rows, right="1,4"), open="open")


def release_table(results: Results) -> Markup:
    """Return the verdict of every product, and each specification with what was found."""
    verdicts = overall(results.release)
    told = tag("p", release.counts(list(verdicts.values())), ". The limits are the study's own.")
    whole = [(key.label, _verdict(v)) for key, v in verdicts.items()]
    lines = [_release(row) for row in release.rows(results)]
    summary = tag("summary", "Line by line ", tag("span", counted(len(lines), "row"), cls="quiet"))
    each = tag("details", summary, table(release.HEADS, lines, right="4,5"), open="open")
    return join((told, table(("Product", "All specifications"), whole), each))


def _release(row: ReleaseRow) -> tuple[object, ...]:
    n = "" if row.n is None else f"{row.n:,}"
    return (
        release.sample(row), _verdict(row.verdict), row.name,
        row.specification.limits, release.value(row), n, row.reason, release.origin(row),
    )  # fmt: skip


def _verdict(one: Verdict) -> Markup:
    sign, css = release.SIGNS[one]
    return tag("span", f"{sign} {one.value}", cls=css)


def origin(results: Results) -> Markup:
    """Return versions, the audit head, the study's flags and every raw file with its hash."""
    versions = (
        table(("What", "Version"), list(results.versions.items())) if results.versions else ""
    )
    head = tag("p", "Audit head: ", tag("code", results.audit_head or "no change was made by hand"))
    flags = tag("p", flag_list(results.flags)) if results.flags else ""
    rows = [
        (
            f.path,
            f.kind,
            f.key.label if f.key else "",
            wording.STATES.get(f.state, f.state),
            tag("code", f.sha256),
        )
        for f in results.files
    ]
    summary = tag("summary", "Raw files ", tag("span", counted(len(rows), "file"), cls="quiet"))
    files = table(("File", "Kind", "Sample", "State", "SHA-256"), rows)
    signed = signatures(results)
    return join((flags, head, signed, versions, tag("details", summary, files)))


def signatures(results: Results) -> Markup:
    """Return who signed what as what, and whether the results are still what was signed."""
    rows = [
        (s.path, s.meaning, s.who, s.signed_at[:19].replace("T", " "), s.reason,
         wording.SIGNED.get(s.state, s.state))
        for s in results.signatures
    ]  # fmt: skip
    if not rows:
        return Markup("")
    summary = tag("summary", "Signatures ", tag("span", counted(len(rows), "row"), cls="quiet"))
    heads = ("File", "Signed as", "By", "At (UTC)", "Remark", "Now")
    return tag("details", summary, table(heads, rows), open="open")
