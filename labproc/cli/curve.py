"""``labproc curve``: standard curves and quantities from qPCR exports, outside any study."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli import COMMANDS
from labproc.cli._curve_output import limits_row, target_row, target_text
from labproc.cli._output import for_each_file, json_line
from labproc.errors import ParseError

if TYPE_CHECKING:
    from labproc.model import Flag, QpcrRun
    from labproc.qpcr import QpcrRules, RunAnalysis
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
        click.echo(json_line(row) if show.as_json else target_text(row))


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
