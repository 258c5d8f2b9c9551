"""``labproc import-gates``: gates of GatingML or FlowJo as a strategy file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli._output import json_line, say
from labproc.errors import ParseError, SettingsError

if TYPE_CHECKING:
    from labproc.exchange.incoming.counts import CountRow
    from labproc.exchange.incoming.reading import GateFile, Imported


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "strategy", metavar="STRATEGY", help="The strategy file (.toml) to write.")
@click.option("--sample", help="Of a FlowJo workspace: the tube whose gates to take.")
@click.option("--group", help="Of a FlowJo workspace: the group whose own gates to take.")
@click.option("--list", "as_list", is_flag=True, help="Only list the tubes and groups with gates.")
@click.option(
    "--fcs",
    "places",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The tube's FCS file, or a folder with it: gate it, compare with FlowJo's counts. "
    "Repeatable.",
)
@click.option(
    "--rename",
    "renamed",
    multiple=True,
    metavar="OLD=NEW",
    help="Another name for a population, e.g. Q1=CD4+, by which counts find it. Repeatable.",
)
@click.option("--leave-out", is_flag=True, help="Leave out gates that cannot be imported.")
@click.option("--replace", "overwrite", is_flag=True, help="Replace STRATEGY where it exists.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a population.")
def command(
    file: Path,
    strategy: str | None,
    sample: str | None,
    group: str | None,
    as_list: bool,
    places: tuple[Path, ...],
    renamed: tuple[str, ...],
    leave_out: bool,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Turn the gates of FILE, GatingML 2.0 or a FlowJo workspace, into a strategy file.

    Prints a line for each population. The strategy is used by its path: labproc gate --strategy
    STRATEGY, or strategy = "STRATEGY" in study.toml. A gate that a strategy cannot say is named
    and nothing is written, unless --leave-out.
    """
    from labproc.exchange.incoming.reading import import_gates, read_gate_file

    gates = read_gate_file(file)
    if as_list:
        return _list(gates, as_json=as_json)
    target = _target(strategy, overwrite=overwrite)
    names = dict(_pair(text) for text in renamed)
    imported = import_gates(
        gates, name=target.stem, sample=sample, group=group, leave_out=leave_out, names=names
    )
    counts = _counts(imported, places) if places else {}
    _write(target, imported.text)
    for line in (*imported.drawings.notes, *_lost(imported), f"wrote {target}"):
        say(line)
    for row in _rows(imported, counts, compared=bool(places)):
        click.echo(json_line(row) if as_json else _line(row))
    return None


def _target(strategy: str | None, *, overwrite: bool) -> Path:
    if not strategy:
        raise click.UsageError("expected --to STRATEGY, the file to write (or --list)")
    target = Path(strategy)
    target = target if target.suffix == ".toml" else target.with_name(f"{target.name}.toml")
    if target.exists() and not overwrite:
        raise SettingsError(f"--to: {target} exists, expected a new file; --replace writes over it")
    return target


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.rpartition("=")
    if not (old and equals and new.strip()):
        raise SettingsError(f"--rename: found {text!r}, expected OLD=NEW")
    return old, new.strip()


def _list(gates: "GateFile", *, as_json: bool) -> None:
    """Print the tubes and groups of a workspace that have gates."""
    if gates.workspace is None:
        raise SettingsError(f"{gates.name}: --list is for FlowJo workspaces, this is GatingML")
    rows: list[dict[str, Any]] = [
        {"sample": s.name, "id": s.id, "file": s.file_name, "n_gates": s.n_gates,
         "n_events": s.n_events}
        for s in gates.workspace.samples
    ]  # fmt: skip
    rows += [
        {"group": g.name, "n_gates": g.n_gates, "n_samples": len(g.members)}
        for g in gates.workspace.groups
    ]
    for row in rows:
        click.echo(json_line(row) if as_json else "  ".join(f"{k} {v}" for k, v in row.items()))


def _counts(imported: "Imported", places: Sequence[Path]) -> dict[str, "CountRow"]:
    from labproc.exchange.incoming.counts import compare_counts, find_fcs
    from labproc.parsers.fcs import read_tube

    return {
        r.population: r for r in compare_counts(imported, read_tube(find_fcs(places, imported)))
    }


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ParseError(f"{target}: {error.strerror}, expected a file to write") from error


def _lost(imported: "Imported") -> list[str]:
    return [f"LEFT OUT {r.name!r}: {r.reason}" for r in imported.left_out]


def _rows(
    imported: "Imported", counts: Mapping[str, "CountRow"], *, compared: bool
) -> list[dict[str, Any]]:
    rows = []
    for step in imported.steps:
        for population, gate in zip(step.populations, step.gates, strict=True):
            row = {
                "population": population,
                "parent": step.parent,
                "method": step.method,
                "channels": list(step.channels),
                "scales": list(step.scales),
                "compensation": list(step.compensation) or [imported.drawings.compensation],
                "gate": gate.name,
                "flowjo_count": gate.count,
            }
            if compared:
                found = counts[population]
                row |= {"count": found.found, "difference": found.difference,
                        "reasons": list(found.reasons)}  # fmt: skip
            rows.append(row)
    return rows


def _line(row: Mapping[str, Any]) -> str:
    """Return one population as a line for people."""
    where = " x ".join(row["channels"]) or "other gates"
    text = f"{row['population']:<16} of {row['parent']:<12} {row['method']:<8} {where}"
    if row["flowjo_count"] is not None:
        text += f"  FlowJo {row['flowjo_count']:,}"
    if "count" not in row:
        return text
    text += f"  here {row['count']:,}"
    if row["difference"] is None:
        return text
    if not row["difference"]:
        return f"{text}  equal"
    return f"{text}  {row['difference']:+,}: {'; '.join(row['reasons'])}"
