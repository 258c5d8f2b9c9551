"""``labproc events``: a tube's events for other programs."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from labproc.cli._output import json_line, say
from labproc.errors import ParseError, SettingsError
from labproc.model import Events, FlowTube

SCALES = ("raw", "compensated", "logicle")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "out", required=True, type=click.Path(path_type=Path), help="The new file.")
@click.option("--scale", type=click.Choice(SCALES), default="raw", show_default=True)
@click.option("--dataset", default=1, show_default=True, help="Which data set of the file.")
@click.option("--channel", "channels", multiple=True, help="Only this detector; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Say what was written as a JSON object.")
def command(
    file: Path, out: Path, scale: str, dataset: int, channels: tuple[str, ...], as_json: bool
) -> None:
    """Write the events of FILE as .parquet, .csv or .npy.

    raw: as the file stores them. compensated: time step, gain and log amplification applied,
    spillover taken out. logicle: compensated, the dyes on the logicle display scale.
    """
    from labproc.parsers.fcs import read_tube

    write = _writer(out)
    if out.exists() and file.exists() and out.samefile(file):
        raise SettingsError(f"--to {out}: this is the file itself, expected a new one")
    tube = read_tube(file, dataset=dataset)
    events = on_scale(tube, scale)
    names = [events.names[events.index(c)] for c in channels] or list(events.names)
    _save(write, out, events.select(names) if channels else events.values, names)
    if as_json:
        shape = {"n_events": events.n_events, "n_params": len(names)}
        click.echo(json_line({"file": file.name, "to": str(out), "scale": scale, **shape}))
    say(f"{out}: {events.n_events} events x {len(names)} channels, {scale}")


def on_scale(tube: FlowTube, scale: str) -> Events:
    """Return a tube's events on the scale asked for."""
    if scale == "raw":
        return tube.events
    from gating.compensation import compensate, linearise

    return compensate(linearise(tube)) if scale == "compensated" else _logicle(tube)


def _logicle(tube: FlowTube) -> Events:
    """Return the events as gates are drawn on them: every dye on its own logicle scale.

    Scatter, time and channels that the instrument stored on a log scale keep the display that
    gating gives them.
    """
    import numpy as np

    from gating.columns import Columns

    columns = Columns(tube)
    shown = [columns.scale(n).forward(columns.values(n)) for n in tube.events.names]
    return replace(tube.events, values=np.stack(shown, axis=1), scale="logicle")


Write = Callable[[Path, Any, Sequence[str]], None]


def _writer(out: Path) -> Write:
    write = WRITERS.get(out.suffix.casefold())
    if write is None:
        known = ", ".join(WRITERS)
        raise SettingsError(f"--to {out}: ends with {out.suffix!r}, expected one of {known}")
    return write


def _save(write: Write, out: Path, values: Any, names: Sequence[str]) -> None:
    """Write beside the target and rename, so that nobody ever sees half a file."""
    beside = out.with_name(f".{out.name}.{os.getpid()}{out.suffix}")
    try:
        write(beside, values, names)
        beside.replace(out)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ParseError(f"{out}: {reason}, expected a place to write") from error
    finally:
        beside.unlink(missing_ok=True)


def _npy(out: Path, values: Any, names: Sequence[str]) -> None:
    import numpy as np

    np.save(out, np.ascontiguousarray(values, dtype="<f8"), allow_pickle=False)


def _csv(out: Path, values: Any, names: Sequence[str]) -> None:
    """Write a table that reads back to the same float64; names cannot run as formulas."""
    import csv

    with out.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([f"'{n}" if n.startswith(_FORMULA) else n for n in names])
        for block in range(0, len(values), 4096):
            table.writerows(values[block : block + 4096].astype(float).tolist())


def _parquet(out: Path, values: Any, names: Sequence[str]) -> None:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise SettingsError(
            f"--to {out}: parquet needs pyarrow; pip install 'labproc[parquet]'"
        ) from error
    columns = [pyarrow.array(values[:, i]) for i in range(len(names))]
    pyarrow.parquet.write_table(pyarrow.table(columns, names=list(names)), out)


WRITERS: Mapping[str, Write] = {".parquet": _parquet, ".csv": _csv, ".npy": _npy}
