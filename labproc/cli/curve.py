"""``labproc curve``: standard curves and quantities from qPCR exports, outside any study."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli import COMMANDS
from labproc.cli._output import for_each_file, json_line, say
from labproc.errors import ParseError

if TYPE_CHECKING:
    from labproc.model import CopyNumber, Flag, QpcrRun
    from labproc.qpcr import QpcrRules, RunAnalysis, StandardPoint
    from labproc.qpcr.results import TargetFit

COPIES = "copies_per_well"  # what most exports count their standards in


@click.command("curve", help=COMMANDS["curve"])
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--unit",
    type=click.Choice(["copies_per_well", "copies_per_ul", "ng"]),
    help="What the standards' quantities are; copies_per_well, with a flag, unless you say it.",
)
@click.option("--template-ul", type=float, help="Template per well, for copies_per_ul.")
@click.option("--copies-per-ng", type=float, help="Copies in 1 ng of standard DNA, for ng.")
@click.option(
    "--omit", multiple=True, metavar="WELL=REASON", help="Leave a well out (A1 or TARGET:A1)."
)
@click.option("--pooled", is_flag=True, help="One curve for all plates, an effect of each.")
@click.option("--calibrator", help="With --pooled: a sample that plates without standards share.")
@click.option("--lod", is_flag=True, help="Limits of detection and quantification as well.")
@click.option("--miqe", is_flag=True, help="The MIQE checklist of each plate as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per target and file.")
def command(
    files: tuple[Path, ...],
    unit: str | None,
    template_ul: float | None,
    copies_per_ng: float | None,
    omit: tuple[str, ...],
    pooled: bool,
    calibrator: str | None,
    lod: bool,
    miqe: bool,
    as_json: bool,
) -> int:
    """Fit, read and print every file."""
    from labproc.qpcr import QpcrRules

    _check_unit(unit or COPIES, template_ul, copies_per_ng)
    if calibrator is not None and not pooled:
        raise click.UsageError(
            "--calibrator: nothing is read through it, expected --pooled as well"
        )
    rules = QpcrRules(
        standard_unit=unit or COPIES,
        template_ul_per_well=template_ul,
        copies_per_ng=copies_per_ng,
        omitted=_omissions(omit),
    )
    show = Show(rules, lod=lod, miqe=miqe, as_json=as_json, unit_said=unit is not None)
    if pooled:
        return _together(files, calibrator=calibrator, show=show)
    return for_each_file(files, lambda path: _one(path, show=show))


@dataclass(frozen=True, slots=True)
class Show:
    """What is printed of a plate and its targets."""

    rules: "QpcrRules"
    lod: bool
    miqe: bool
    as_json: bool
    unit_said: bool = True


def _together(files: tuple[Path, ...], *, calibrator: str | None, show: Show) -> int:
    """Read every file, then fit one curve for all."""
    from labproc.qpcr.plates import analyse_plates

    runs: dict[Path, QpcrRun] = {}
    code = for_each_file(files, lambda path: runs.update({path: _read(path)}))
    found = analyse_plates(list(runs.values()), show.rules, calibrator=calibrator, draws=0)
    for (path, run), analysis in zip(runs.items(), found, strict=True):
        _print(path, run, analysis, show=show)
    return code


def _check_unit(unit: str, template_ul: float | None, copies_per_ng: float | None) -> None:
    needed = {
        "copies_per_ul": ("--template-ul", template_ul),
        "ng": ("--copies-per-ng", copies_per_ng),
    }
    option, value = needed.get(unit, ("", 1.0))
    if value is None or not value > 0:
        raise click.UsageError(f"--unit {unit}: {option} is {value}, expected a number more than 0")


def _omissions(words: Iterable[str]) -> dict[str, str]:
    pairs = [w.rpartition("=")[::2] if "=" in w else (w, "") for w in words]
    if any(not well or not reason for well, reason in pairs):
        raise click.UsageError("--omit: a well without a reason, expected WELL=REASON")
    return dict(pairs)


def _one(path: Path, *, show: Show) -> None:
    from labproc.qpcr import analyse_run

    run = _read(path)
    _print(path, run, analyse_run(run, show.rules, draws=0), show=show)


def _read(path: Path) -> "QpcrRun":
    from labproc.model import QpcrRun
    from labproc.parsers import read_file

    run = read_file(path)
    if not isinstance(run, QpcrRun):
        raise ParseError(f"{path.name}: a flow cytometry file, expected a qPCR export")
    return run


def _print(path: Path, run: "QpcrRun", analysis: "RunAnalysis", *, show: Show) -> None:
    for fit in analysis.targets:
        row = target_row(path, fit, analysis)
        assumed = () if show.unit_said or fit.curve is None else (_assumed(fit.target),)
        row["flags"] = [f.as_dict() for f in (*run.flags, *row["flags"], *assumed)]
        if show.lod:
            row["lod"] = limits_row(fit)
        if show.miqe:
            row["miqe"] = _checklist(run, analysis, show, fit)
        click.echo(json_line(row) if show.as_json else _text(row))


def _assumed(target: str) -> "Flag":
    from labproc.model.flag import info

    text = f"{target}: quantities are taken as copies per well; --unit says what they are"
    return info("standard_unit_assumed", text)


def _checklist(
    run: "QpcrRun", analysis: "RunAnalysis", show: Show, fit: "TargetFit"
) -> list[dict[str, Any]]:
    """Return the plate's checklist, with the target's limits where they were asked for."""
    from labproc.errors import NotEnoughData
    from labproc.qpcr.lod_loq import limits_of
    from labproc.qpcr.miqe import miqe_checklist

    found = None
    if show.lod:
        with suppress(NotEnoughData):  # said by ``limits_row``
            found = limits_of(fit)
    rows = miqe_checklist(run, analysis, show.rules, limits=found)
    return [{"section": r.section, "item": r.item, "answer": r.answer} for r in rows]


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


def _text(row: dict[str, Any]) -> str:
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
