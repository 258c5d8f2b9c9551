"""``labproc gate``: gate FCS files outside any study."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli._output import for_each_file, json_line, say
from labproc.errors import GatingError, LabprocError, ParseError, SettingsError

if TYPE_CHECKING:
    from gating._moved import Moved
    from gating.controls import Control
    from gating.strategy import Strategy
    from labproc.model import Flag, FlowTube, Populations, Spillover

CONTROL_ROLES = ("untransduced", "fmo", "unstained", "compensation", "beads")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--strategy", required=True, help="A shipped strategy (car_t, cd4_cd8, live) or a file."
)
@click.option(
    "--marker",
    "markers",
    multiple=True,
    metavar="CD4=CHANNEL",
    help="The channel of a marker, where the labels do not say it. Repeatable.",
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="ROLE=FILE",
    help="A control tube: untransduced, fmo, unstained, beads, or compensation:CHANNEL.",
)
@click.option(
    "--compensation",
    default="file",
    metavar="file|none|MATRIX",
    help="The file's own matrix (default), none, or a matrix as csv, xlsx or FlowJo's mtx. "
    "Single stains are given as --control compensation:CHANNEL=FILE.",
)
@click.option(
    "--share",
    "shares",
    multiple=True,
    metavar="POPULATION",
    help="One threshold for all the files: the median of their own. A file whose own is far off "
    "keeps it, flagged. Repeatable.",
)
@click.option(
    "--masks",
    type=click.Path(path_type=Path, file_okay=False),
    help="Also write each file's masks here, as DIR/<file name>.npz.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    strategy: str,
    markers: tuple[str, ...],
    controls: tuple[str, ...],
    compensation: str,
    shares: tuple[str, ...],
    masks: Path | None,
    as_json: bool,
) -> None:
    """Gate FCS files and print one line for each population.

    n_events and fraction_of_parent are the gate's own; estimate, with its interval, is the best
    estimate of the true fraction.
    """
    from gating.strategy import load_strategy

    plan = load_strategy(strategy)
    panel = dict(_pair(m, "--marker", "CD4=CHANNEL") for m in markers)
    tubes = [_control(c) for c in controls]
    matrix = _matrix(compensation, tubes)
    _say_unused(plan, tubes)
    group = _group(files, plan, panel, tubes, matrix, shares)

    def work(path: Path) -> None:
        shared, off = group.get(path, ({}, ()))
        tube, populations = _gate(path, plan, panel, tubes, matrix, shared)
        populations = replace(populations, flags=(*populations.flags, *off))
        if masks is not None:
            _write_masks(masks / f"{path.name}.npz", populations)
        _print(path, tube, populations, as_json=as_json)

    ctx.exit(for_each_file(files, work))


def _pair(text: str, option: str, example: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise SettingsError(f"{option}: found {text!r}, expected {example}")
    return name, value


def _control(text: str) -> "Control":
    from gating.controls import SAME_ARM, Control
    from labproc.model import Role
    from labproc.parsers.fcs import read_tube
    from labproc.registry import nearest

    name, file = _pair(text, "--control", "untransduced=FILE")
    role, _, channel = name.partition(":")
    if role not in CONTROL_ROLES:
        raise SettingsError(f"--control: {role!r} is no role; {nearest(role, list(CONTROL_ROLES))}")
    if role == "compensation" and not channel:
        raise SettingsError(f"--control: found {text!r}, expected compensation:CHANNEL=FILE")
    return Control(Role(role), read_tube(Path(file)), SAME_ARM, channel)


def _say_unused(plan: "Strategy", controls: "list[Control]") -> None:
    """Say which controls change nothing, since no step of the strategy leans on their role."""
    used = {role for step in plan.steps for role in step.control} | {"compensation"}
    if any(c.role.value == "compensation" for c in controls):
        used.add("unstained")  # the blank of single stains
    for role in dict.fromkeys(c.role.value for c in controls):
        if role not in used:
            say(f"--control: no step of {plan.name} leans on a tube of the role {role}")


def _matrix(word: str, controls: "list[Control]") -> "Spillover | None":
    """Return the matrix that is asked for; None leaves it to the file or the single stains."""
    import numpy as np

    from labproc.formats.spillover_matrix import read_spillover
    from labproc.model import Role, Spillover

    if word == "file":
        return None
    if any(c.role is Role.COMPENSATION for c in controls):
        raise SettingsError(f"--compensation: {word!r} and single stains, expected one of them")
    if word == "none":
        return Spillover((), np.empty((0, 0)))
    try:
        return read_spillover(Path(word))
    except ParseError as error:
        raise SettingsError(f"--compensation: {error}; or say file or none") from None


def _gate(
    path: Path,
    plan: "Strategy",
    panel: Mapping[str, str],
    controls: "list[Control]",
    matrix: "Spillover | None",
    shared: "Moved | None" = None,
) -> "tuple[FlowTube, Populations]":
    from gating.engine import gate_tube
    from labproc.parsers.fcs import read_tube

    tube = read_tube(path)
    made = gate_tube(tube, plan, markers=panel, controls=controls, spillover=matrix, shared=shared)
    return tube, made


def _group(
    files: Sequence[Path],
    plan: "Strategy",
    panel: Mapping[str, str],
    controls: "list[Control]",
    matrix: "Spillover | None",
    shares: Sequence[str],
) -> "dict[Path, tuple[Moved, tuple[Flag, ...]]]":
    """Gate every file by itself, and return the gates it shares and what is off about its own."""
    from gating.groups import off_group, positions, shared_gates
    from labproc.registry import nearest

    for name in shares:
        if name not in plan.populations:
            raise SettingsError(f"--share: {name!r}: {nearest(name, list(plan.populations))}")
    if not shares:
        return {}
    found = {}
    for path in files:
        with suppress(LabprocError):  # said when its turn comes
            found[path] = _gate(path, plan, panel, controls, matrix)[1]
    common = shared_gates(list(found.values()), shares)
    lost = [s for s in shares if found and s not in common]
    if lost:
        raise SettingsError(f"--share: {lost[0]!r} is not cut by a threshold or a cross")
    placed = {str(path): positions(made) for path, made in found.items()}
    cut = {p: step.populations[:2] for step in plan.steps for p in step.populations if p in common}
    off = off_group(placed)
    return {path: _own(common, cut, off[str(path)]) for path in found}


def _own(
    common: "Moved", cut: Mapping[str, Sequence[str]], off: "Mapping[str, Flag]"
) -> "tuple[Moved, tuple[Flag, ...]]":
    """Return the shared gates but those from which a file's own lies far off, and why not."""
    kept = {p: points for p, points in common.items() if not set(cut[p]) & set(off)}
    flags = {q: off[q] for p in common if p not in kept for q in cut[p] if q in off}
    return kept, tuple(flags.values())


def _write_masks(path: Path, populations: "Populations") -> None:
    """Write an npz by hand: numpy's own takes no population that is called ``file``."""
    import zipfile

    import numpy as np

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for gate in populations:
                with archive.open(f"{gate.population}.npy", "w") as member:
                    np.lib.format.write_array(member, gate.mask)
    except OSError as error:
        raise GatingError(f"{path}: {error.strerror}, expected a folder to write to") from error


def _print(path: Path, tube: "FlowTube", populations: "Populations", *, as_json: bool) -> None:
    shared = [f.as_dict() for f in (*tube.flags, *populations.flags)]
    for gate in populations:
        row = {
            "file": path.name,
            "path": str(path),
            "population": gate.population,
            "parent": gate.parent,
            "n_events": gate.n_events,
            "fraction_of_parent": gate.fraction_of_parent,
            "estimate": gate.estimate,
            "ci_low": gate.ci_low,
            "ci_high": gate.ci_high,
            "method": gate.method,
            "parameters": dict(gate.parameters),
            "flags": [f.as_dict() for f in gate.flags] + shared,
        }
        click.echo(json_line(row) if as_json else _row(row))


def _row(row: Mapping[str, Any]) -> str:
    """Return one population as a line for people."""

    def percent(value: float | None) -> str:
        return "-" if value is None else f"{value:.2%}"

    span = f"{percent(row['ci_low'])} to {percent(row['ci_high'])}"
    codes = ", ".join(f["code"] for f in row["flags"] if f["severity"] != "info")
    return (
        f"{row['file']}  {row['population']:<10} of {row['parent']:<10} {row['n_events']:>8} "
        f"{percent(row['estimate'])} ({span})  {codes}"
    )
