"""Results as rows: the tables under ``results/tables`` and in the store."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

from labproc.formats.drafts import clean_drafts, write_whole
from labproc.formats.inert import inert
from labproc.model import (
    Comparison,
    Measurement,
    ReleaseRow,
    SampleKey,
    SourceFile,
    Trend,
)
from labproc.pipeline.cohort_tables import cohort_tables
from labproc.pipeline.flags_text import flags_text
from labproc.pipeline.limits import limits_row
from labproc.pipeline.results import FileStatus, PlateView, Results, TubeView
from labproc.store import columns_of

Row = dict[str, Any]
Culture = tuple[str, str, str, str]

COUNT_METRICS = frozenset(
    {
        "cells_per_ul",
        "cart_per_ul",
        "cart_cd4_per_ul",
        "cart_cd8_per_ul",
        "cells_total",
        "cart_total",
        "cart_cd4_total",
        "cart_cd8_total",
    }
)


def all_tables(results: Results) -> dict[str, list[Row]]:
    """Return every table of a study, rows in a fixed order."""
    measured = sorted(results.measurements, key=lambda m: (m.key.order, m.metric))
    tubes = sorted(results.tubes, key=lambda t: (t.key.order, t.source.path))
    plates = sorted(results.plates, key=lambda p: (p.source.path, p.source.sha256))
    files = sorted(results.files, key=lambda f: (f.path, f.sha256))
    sources = [*(t.source for t in tubes), *(p.source for p in plates)]
    courses: dict[tuple[Culture, str], list[Measurement]] = defaultdict(list)
    for m in measured:  # each trend then looks at its own, not at all
        courses[m.key.culture, m.metric].append(m)
    instruments = {s.sha256: s.instrument or "" for s in sources}
    tables = {
        "files": [file_row(f, instruments.get(f.sha256, "")) for f in files],
        "populations": [row for t in tubes for row in population_rows(t)],
        "counts": [measurement_row(m) for m in measured if m.metric in COUNT_METRICS],
        "curves": [row for p in plates for row in curve_rows(p)],
        "limits": [limits_row(x) for x in results.limits.values()],
        "copies": [row for p in plates for row in copy_rows(p)],
        "measurements": [measurement_row(m) for m in measured],
        "trends": [trend_row(t, courses[_course(t)]) for t in results.trends],
        "comparisons": [comparison_row(c, measured) for c in results.comparisons],
        **cohort_tables(results.cohort),
        "release": [release_row(r) for r in results.release],
    }
    return {name: [_known(row) for row in rows] for name, rows in tables.items()}


def _known(row: Row) -> Row:
    """Return a row whose numbers are numbers: what could not be computed is left empty."""
    return {k: None if isinstance(v, float) and not isfinite(v) else v for k, v in row.items()}


def _who(key: SampleKey | None) -> Row:
    key = key or SampleKey()
    day = "" if key.day is None else key.day
    who = {"donor": key.donor, "experiment": key.experiment, "arm": key.arm, "day": day}
    return {**who, "replicate": key.replicate}


def _file(source: SourceFile | None) -> Row:
    return {"file": source.path if source else "", "sha256": source.sha256 if source else ""}


def file_row(status: FileStatus, instrument: str) -> Row:
    """Return one line of ``files.csv``."""
    key = status.key
    tube = {"panel": key.panel, "well": key.well, "role": key.role.value} if key else {}
    return {
        "file": status.path,
        "sha256": status.sha256,
        "kind": status.kind,
        "state": status.state,
        "reason": status.reason,
        **_who(key),
        "panel": "",
        "well": "",
        "role": "",
        **tube,
        "instrument": instrument,
        "flags": flags_text(status.flags),
    }


def population_rows(tube: TubeView) -> list[Row]:
    """Return one line of ``populations.csv`` for every gate of a tube."""
    tube_flags = tube.flags
    return [
        {
            **_who(tube.key),
            "panel": tube.key.panel,
            "well": tube.key.well,
            "role": tube.key.role.value,
            "population": g.population,
            "parent": g.parent,
            "n_events": g.n_events,
            "n_parent": g.n_parent,
            "fraction_of_parent": g.fraction,
            "estimate": g.estimate,
            "ci_low": g.ci_low,
            "ci_high": g.ci_high,
            "method": g.method,
            "median_fluorescence": g.median_fluorescence,
            "version_of_gate": tube.version,
            "control_file": g.control_name,
            "parameters": _parameters(g.parameters),
            "flags": flags_text((*g.flags, *(f for f in tube_flags if f not in g.flags))),
            **_file(tube.source),
        }
        for g in tube.every_gate
    ]


def _parameters(parameters: Mapping[str, float | str]) -> str:
    return json.dumps(dict(parameters), ensure_ascii=False, sort_keys=True) if parameters else ""


def measurement_row(m: Measurement) -> Row:
    """Return one line of ``measurements.csv`` (and of ``counts.csv``)."""
    return {
        **_who(m.key),
        "panel": m.key.panel,
        "metric": m.metric,
        "value": m.value,
        "ci_low": m.ci_low,
        "ci_high": m.ci_high,
        "interval_of": m.interval_of,
        "unit": m.unit,
        "n_events_or_wells": m.n,
        "parent": m.parent,
        "status": m.status,
        "flags": flags_text(m.flags),
        **_file(m.source),
        "version_of_gate_or_curve": m.version,
        "control_file": m.control_file,
        "parameters": _parameters(m.parameters),
    }


def curve_rows(plate: PlateView) -> list[Row]:
    """Return one line of ``curves.csv`` for every standard curve of a run."""
    reported = {r.target: r for r in plate.reported}
    return [
        {
            "plate": plate.name,
            "target": c.target,
            "slope": c.slope,
            "slope_ci_low": c.slope_ci[0] if c.slope_ci else None,
            "slope_ci_high": c.slope_ci[1] if c.slope_ci else None,
            "intercept": c.intercept,
            "residual_sd": c.residual_sd,
            "r_squared": c.r_squared,
            "efficiency": c.efficiency,
            "efficiency_ci_low": c.efficiency_ci[0] if c.efficiency_ci else None,
            "efficiency_ci_high": c.efficiency_ci[1] if c.efficiency_ci else None,
            "lack_of_fit_p": c.lack_of_fit_p,
            "n_points": c.n_points,
            "n_levels": c.n_levels,
            "reported_slope": getattr(reported.get(c.target), "slope", None),
            "reported_intercept": getattr(reported.get(c.target), "intercept", None),
            "flags": flags_text(c.flags),
            **_file(plate.source),
        }
        for c in plate.curves
    ]


def copy_rows(plate: PlateView) -> list[Row]:
    """Return one line of ``copies.csv`` for every sample and target of a run."""
    return [
        {
            "plate": plate.name,
            "sample": s.sample,
            "target": s.target,
            "task": s.task.value,
            "wells": " ".join(s.wells),
            "n_wells": s.n_wells,
            "n_detected": s.n_detected,
            "copies_per_well": s.copies,
            "ci_low": s.ci_low,
            "ci_high": s.ci_high,
            "method": s.method,
            "status": s.status.value,
            "reported_copies": s.reported_copies,
            "flags": flags_text(s.flags),
            **_file(plate.source),
        }
        for s in plate.samples
    ]


def _hashes(behind: Iterable[Measurement]) -> str:
    """Return the hashes of all raw files behind a summary, in a fixed order."""
    return " ".join(sorted({m.source.sha256 for m in behind if m.source}))


def _course(t: Trend) -> tuple[Culture, str]:
    return (t.donor, t.experiment, t.arm, t.replicate), t.metric


def trend_row(t: Trend, behind: Sequence[Measurement]) -> Row:
    """Return one line of ``trends.csv``; ``sha256`` lists every raw file behind it."""
    return {
        "donor": t.donor,
        "experiment": t.experiment,
        "arm": t.arm,
        "replicate": t.replicate,
        "kind": t.kind,
        "metric": t.metric,
        "estimate": t.estimate,
        "ci_low": t.ci_low,
        "ci_high": t.ci_high,
        "unit": t.unit,
        "n_days": t.n_days,
        "window_from_day": t.window[0] if t.window else None,
        "window_to_day": t.window[1] if t.window else None,
        "method": t.method,
        "flags": flags_text(t.flags),
        "sha256": _hashes(behind),
    }


def comparison_row(c: Comparison, measured: Sequence[Measurement]) -> Row:
    """Return one line of ``comparisons.csv``; ``sha256`` lists every raw file behind it."""
    robust = c.robustness
    return {
        "outcome": c.outcome,
        "contrast": c.contrast,
        "day": c.day,
        "effect": c.effect,
        "estimate": c.estimate,
        "ci_low": c.ci_low,
        "ci_high": c.ci_high,
        "unit": c.unit,
        "p_value": c.p_value,
        "p_adjusted": c.p_adjusted,
        "n_control": c.n[0],
        "n_treated": c.n[1],
        "unit_of_replication": c.unit_of_replication,
        "test": c.test,
        "planned": c.planned,
        "assumptions": "; ".join(c.assumptions),
        "holds_in_draws": robust.holds_in if robust else None,
        "n_draws": robust.n_draws if robust else None,
        "draws_low": robust.low if robust else None,
        "draws_high": robust.high if robust else None,
        "sentence": c.sentence,
        "flags": flags_text(c.flags),
        "sha256": _behind(c, measured),
    }


def _behind(c: Comparison, measured: Sequence[Measurement]) -> str:
    """Return the hashes of the raw files that hold a comparison's own metric."""
    from labproc.trends.outcomes import DAILY, OUTCOMES

    known = {**OUTCOMES, **{o.name: o for o in DAILY}}
    metric = known[c.outcome].metric if c.outcome in known else ""
    return _hashes(
        m for m in measured if m.metric == metric and (c.day is None or m.key.day == c.day)
    )


def release_row(r: ReleaseRow) -> Row:
    """Return one line of ``release.csv``: one specification held against one sample."""
    one = r.specification
    is_word = isinstance(r.value, str)
    return {
        **_who(r.key),
        "panel": r.key.panel,
        "specification": one.title,
        "metric": one.metric,
        "parent": r.parent or one.parent,
        "value": None if is_word else r.value,
        "ci_low": r.ci_low,
        "ci_high": r.ci_high,
        "unit": one.unit,
        "found": r.value if is_word else "",
        "n_events_or_wells": r.n,
        "limit_low": one.low,
        "limit_high": one.high,
        "expected": one.expected,
        "verdict": r.verdict.value,
        "reason": r.reason,
        "specified_in": one.where,
        "file": r.origin,
        "sha256": r.source.sha256 if r.source else "",
        "version_of_gate_or_curve": r.version,
    }


def write_tables(tables: Mapping[str, Sequence[Row]], folder: Path) -> None:
    """Write every table as CSV: each to a temporary name first, so that none is ever half there."""
    folder.mkdir(parents=True, exist_ok=True)
    clean_drafts(folder)
    for name, rows in tables.items():
        columns = columns_of(name)
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)
        write_whole(folder / f"{name}.csv", text.getvalue())


def _cell(value: Any) -> Any:
    return "" if value is None else inert(value)
