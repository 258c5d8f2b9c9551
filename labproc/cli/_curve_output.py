"""What ``curve`` says of one target of a plate: as a row of JSON, and as text for people."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from labproc.cli._output import say

if TYPE_CHECKING:
    from labproc.model import CopyNumber, Flag
    from labproc.qpcr import RunAnalysis, StandardPoint
    from labproc.qpcr.results import TargetFit


def target_row(path: Path, fit: "TargetFit", analysis: "RunAnalysis") -> dict[str, Any]:
    """Return what is known of one target of one file, as it stands in the JSON line."""
    curve, reported = fit.curve, fit.reported
    names = ("slope", "intercept", "r_squared", "efficiency")
    row: dict[str, Any] = {"file": path.name, "path": str(path), "target": fit.target}
    row |= {name: getattr(curve, name) if curve else None for name in names}
    for name in ("efficiency_ci", "n_points", "n_levels", "cq_range", "residual_sd"):
        row[name] = getattr(curve, name) if curve else None
    row["lack_of_fit_p"] = curve.lack_of_fit_p if curve else None
    row["reported"] = {name: getattr(reported, name) for name in names} if reported else None
    row["quantities"] = [_quantity(q) for q in analysis.quantities if q.target == fit.target]
    row["standards"] = [_standard(p) for p in fit.standards]
    row["samples"] = [_sample(s) for s in analysis.samples if s.target == fit.target]
    row["flags"] = [*_of_target(fit, analysis)]
    return row


def _of_target(fit: "TargetFit", analysis: "RunAnalysis") -> list["Flag"]:
    """Return the target's flags and those of the whole plate, not those of other targets."""
    others = [t for t in analysis.targets if t.target != fit.target]
    elsewhere = {f for t in others for f in t.flags} - set(fit.flags)
    starts = tuple(f"{t.target}:" for t in others if t.target)
    return [
        f
        for f in analysis.flags
        if f not in elsewhere and not (starts and f.message.startswith(starts))
    ]


def limits_row(fit: "TargetFit") -> dict[str, Any] | None:
    """Return LOD and LOQ of the standards, None where they bound none."""
    from labproc.errors import NotEnoughData
    from labproc.qpcr.lod_loq import limits_of

    try:
        found = limits_of(fit)
    except NotEnoughData as error:
        say(f"{fit.target}: no limit of detection: {error}")
        return None
    names = ("model", "lod", "low", "high", "aic")
    return {
        "fits": [{name: getattr(f, name) for name in names} for f in found.fits],
        "loq": found.loq,
        "levels": [{"copies": x.copies, "n": x.n, "k": x.k, "cv": x.cv} for x in found.levels],
    }


def _quantity(found: "CopyNumber") -> dict[str, Any]:
    return {
        "well": found.wells[0],
        "sample": found.sample,
        "task": found.task.value,
        "cq": found.cq,
        "copies": found.copies,
        "ci_low": found.ci_low,
        "ci_high": found.ci_high,
        "reported_copies": found.reported_copies,
        "status": found.status.value,
        "flags": [f.as_dict() for f in found.flags],
    }


def _standard(point: "StandardPoint") -> dict[str, Any]:
    return {
        "well": point.position,
        "sample": point.sample,
        "cq": point.cq,
        "nominal_copies": point.copies,
        "copies": point.found,
        "error": point.error,
        "residual_cycles": point.residual,
        "outlier": point.is_outlier,
        "omitted": point.omitted,
    }


def _sample(found: "CopyNumber") -> dict[str, Any]:
    names = ("sample", "n_wells", "n_detected", "copies", "ci_low", "ci_high", "method")
    row: dict[str, Any] = {name: getattr(found, name) for name in names}
    for name in ("fieller_copies", "fieller_low", "fieller_high"):
        row[name] = getattr(found, name)
    wells = {"task": found.task.value, "wells": found.wells, "cq": found.cq}
    flags = {"flags": [f.as_dict() for f in found.flags]}
    return row | {"status": found.status.value} | wells | flags


def target_text(row: dict[str, Any]) -> str:
    """Return the same for people: the curve, the samples, the flags."""
    lines = [f"{row['file']}  {row['target']}".rstrip()]
    if row["slope"] is not None:
        lines.append(
            f"  slope {row['slope']:.4f}  intercept {row['intercept']:.3f}  "
            f"R² {_fixed(row['r_squared'])}  efficiency {row['efficiency']:.1%}{_ends(row)}  "
            f"{row['n_points']} standards on {row['n_levels']} levels"
        )
    if row["reported"] is not None:
        lines.append(f"  the instrument's own: {_reported(row['reported'])}")
    lines += [f"  {_sample_text(s)}" for s in row["samples"]]
    if row.get("lod"):
        best = row["lod"]["fits"][0]
        ends = " to ".join("?" if best[e] is None else f"{best[e]:.3g}" for e in ("low", "high"))
        lines.append(
            f"  LOD {best['lod']:.3g} copies per well ({ends}; {best['model']}), "
            f"LOQ {row['lod']['loq'] or 'not reached'}"
        )
    lines += [f"  {r['section']}: {r['item']}: {r['answer']}" for r in row.get("miqe", [])]
    lines += [f"  {f['severity']}: {f['message']} [{f['code']}]" for f in row["flags"]]
    return "\n".join(lines)


def _fixed(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _ends(row: dict[str, Any]) -> str:
    ends = row["efficiency_ci"]
    return "" if ends is None else f" ({ends[0]:.1%} to {ends[1]:.1%})"


def _reported(told: dict[str, float | None]) -> str:
    """Return what the file says of its curve, part by part."""
    gain = told["efficiency"]
    parts = [
        f"{name} {told[name]:.4g}" for name in ("slope", "intercept") if told[name] is not None
    ]
    parts += [f"R² {_fixed(told['r_squared'])}"] if told["r_squared"] is not None else []
    return "  ".join([*parts, *([f"efficiency {gain:.1%}"] if gain is not None else [])])


def _sample_text(sample: dict[str, Any]) -> str:
    name = sample["sample"] or ",".join(sample["wells"])
    if sample["task"] != "unknown":
        name = f"{name} [{sample['task']}]"
    wells = f"{sample['n_detected']}/{sample['n_wells']} wells"
    copies = "-" if sample["copies"] is None else f"{sample['copies']:.4g}"
    low, high = sample["ci_low"], sample["ci_high"]
    interval = "" if high is None else f" ({low or 0:.4g} to {high:.4g})"
    codes = ", ".join(dict.fromkeys(f["code"] for f in sample["flags"]))
    doubts = f" [{codes}]" if codes else ""
    return f"{name:<20} {copies}{interval} copies per well, {wells}, {sample['status']}{doubts}"
