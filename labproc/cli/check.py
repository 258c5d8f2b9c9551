"""``labproc check``: what each instrument file is, and what is wrong with it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from labproc.cli._output import for_each_file, json_line
from labproc.formats.content import Content, look
from labproc.formats.fcs.about import first
from labproc.formats.fcs.header import looks_like_fcs
from labproc.model import FlowTube, QpcrRun, Well
from labproc.parsers import recognise


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dataset", default=1, show_default=True, help="Which data set of an FCS file.")
@click.option("--wells", is_flag=True, help="Add every reaction of a qPCR export.")
@click.option("--second-opinion", is_flag=True, help="Compare with flowio and fcsparser.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, also on a screen.")
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    dataset: int,
    wells: bool,
    second_opinion: bool,
    as_json: bool,
) -> None:
    """Say what each instrument FILE is, and what is wrong with it.

    On a screen in words; otherwise, or with --json, one JSON object per file. A file that cannot
    be read gives one line on stderr and exit code 3; the others are done.
    """
    in_words = sys.stdout.isatty() and not as_json

    def work(path: Path) -> None:
        line = check_file(path, dataset=dataset, wells=wells)
        if second_opinion and line["kind"] == "fcs":
            from labproc.formats.second_opinion import compare

            line["second_opinion"] = compare(path, dataset=dataset)
        click.echo(describe(line) if in_words else json_line(line))

    ctx.exit(for_each_file(files, work))


def check_file(path: Path, *, dataset: int = 1, wells: bool = False) -> dict[str, Any]:
    """Read one file and return its line, as the command line's contract lays it down."""
    content = look(path)
    if looks_like_fcs(content.head):  # without importing the other parsers
        return _fcs_line(content, dataset)
    name, parser = recognise(content)
    found = parser.read(content)
    line: dict[str, Any] = {"file": path.name, "path": str(path), "kind": parser.kind}
    if isinstance(found, QpcrRun):
        return line | _qpcr_fields(found, wells=wells)
    return line | {"format": name, "warnings": [f.as_dict() for f in found.flags]}


def _fcs_line(content: Content, dataset: int) -> dict[str, Any]:
    """Return the line of an FCS file; its events are hashed block by block, never held."""
    from labproc.formats.fcs.dataset import open_content
    from labproc.parsers.fcs import describe as describe_tube
    from labproc.parsers.fcs import events_sha256

    data, n_datasets = open_content(content, dataset=dataset)
    tube = describe_tube(data, n_datasets, dataset=dataset)
    return {
        "file": content.path.name,
        "path": str(content.path),
        "kind": "fcs",
        "n_events": data.n_events,
        "n_params": len(data.channels),
        **_tube_fields(tube),
        "data_sha256": events_sha256(data.blocks()),
        "warnings": [f.as_dict() for f in tube.flags],
    }


def _tube_fields(tube: FlowTube) -> dict[str, Any]:
    """Return what a tube says of itself; what it does not say is null."""
    acquired = tube.source.acquired_at
    return {
        "version": tube.version,
        "instrument": tube.source.instrument,
        "channels": list(tube.events.names),
        "markers": _markers(tube),
        "volume_ul": tube.events.volume_ul,
        "acquired_at": acquired.isoformat() if acquired else None,
        "tube": tube.tube or None,
        "well": tube.well or None,
        "plate": tube.plate or None,
        "flow_rate_ul_min": tube.flow_rate_ul_min,
        "time_step_s": tube.time_step_s,
        "has_spillover": tube.events.spillover is not None,
        "dataset": tube.dataset,
        "n_datasets": tube.n_datasets,
    }


def _markers(tube: FlowTube) -> list[str | None]:
    """Return what each channel measures: the stated target, or a label that is not its name."""
    found: list[str | None] = []
    for number, channel in enumerate(tube.events.channels, start=1):
        target = first(tube.keywords, f"#P{number}TARGET", f"$P{number}ANALYTE")
        says_more = channel.label.casefold() != channel.name.casefold()
        found.append(target or (channel.label if says_more else "") or None)
    return found


def _qpcr_fields(run: QpcrRun, *, wells: bool) -> dict[str, Any]:
    """Return what a qPCR export holds; ``n_wells`` counts reactions that have a result."""
    reactions = run.table.wells
    counted = [w for w in reactions if not w.omitted]
    fields: dict[str, Any] = {
        "format": run.format,
        "instrument": run.source.instrument,
        "n_wells": len(reactions),
        "n_cq": sum(w.cq is not None for w in reactions),
        "n_undetermined": sum(w.cq is None for w in reactions),
        "n_omitted": len(reactions) - len(counted),
        "targets": list(run.table.targets),
    }
    if wells:
        fields["wells"] = [_well(w) for w in reactions]
        fields["reported_curves"] = [
            {
                "target": c.target,
                "slope": c.slope,
                "intercept": c.intercept,
                "r_squared": c.r_squared,
                "efficiency": c.efficiency,
            }
            for c in run.reported_curves
        ]
    return fields | {"warnings": [f.as_dict() for f in run.flags]}


def _well(well: Well) -> dict[str, Any]:
    return {
        "well": well.position,
        "sample": well.sample,
        "target": well.target,
        "task": well.task.value,
        "cq": well.cq,
        "quantity": well.quantity,
        "omitted": well.omitted,
    }


def describe(line: Mapping[str, Any]) -> str:
    """Put a line into words for the screen."""
    what = line.get("version") or line.get("format") or line["kind"]
    head = f"{line['file']}: {what}, {line.get('instrument') or 'instrument not stated'}"
    if line["kind"] == "fcs":
        head += f", {line['n_events']} events x {line['n_params']} channels"
        if line["volume_ul"]:
            head += f", {line['volume_ul']:g} µL"
        if line["n_datasets"] > 1:
            head += f", data set {line['dataset']} of {line['n_datasets']}"
    elif "n_wells" in line:
        head += f", {line['n_wells']} wells, {line['n_cq']} with a Cq"
        head += f", targets {', '.join(line['targets']) or 'not named'}"
    doubts = [f"  {w['severity']}: {w['message']}" for w in line["warnings"]]
    others = [f"  {o['reader']}: {o['says']}" for o in line.get("second_opinion", ())]
    return "\n".join([head, *doubts, *others])
