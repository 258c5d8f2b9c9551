"""What was measured, as rows: files, populations, measurements, curves, copies and release."""

import json
from collections.abc import Mapping
from typing import Any

from labproc.model import Measurement, ReleaseRow, SampleKey, SourceFile
from labproc.pipeline.flags_text import flags_text
from labproc.pipeline.results import FileStatus, PlateView, TubeView

Row = dict[str, Any]


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
