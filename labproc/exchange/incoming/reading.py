"""Which kind of gate file it is, read through the guarded XML reader, as a strategy."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from gating.strategy import Strategy, parse_strategy
from labproc.errors import ParseError, SettingsError, StrategyError
from labproc.exchange.incoming.drawings import Drawings, Refused
from labproc.exchange.incoming.gatingml import read_gatingml
from labproc.exchange.incoming.steps import ImportedStep, renamed, steps_of
from labproc.exchange.incoming.toml import strategy_text
from labproc.exchange.incoming.trees import choose
from labproc.exchange.incoming.workspace import Sample, Workspace, read_workspace
from labproc.formats import xml

MOST_BYTES = 256 * 1024**2  # workspaces of hundreds of tubes are 50 MB
GATINGML, WORKSPACE = "Gating-ML", "Workspace"


@dataclass(frozen=True, slots=True)
class GateFile:
    """A gate file that was read: its XML, and the workspace if it is one of FlowJo's."""

    name: str
    data: bytes
    tree: Element
    workspace: Workspace | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A strategy made of drawn gates, its text, and what is to know about it.

    ``sample`` is the tube that the gates were taken from, in a workspace.
    """

    strategy: Strategy
    text: str
    drawings: Drawings
    steps: tuple[ImportedStep, ...]
    left_out: tuple[Refused, ...] = ()
    sample: Sample | None = None


def read_gate_file(path: Path) -> GateFile:
    """Read a GatingML 2.0 document or a FlowJo workspace.

    Raises
    ------
    ParseError
        If it is neither, is damaged, declares document types or entities, or is too large.
    """
    data = _bytes(path)
    tree = xml.root(io.BytesIO(data), where=path.name)
    if tree.tag == WORKSPACE:
        return GateFile(path.name, data, tree, read_workspace(tree, where=path.name))
    if tree.tag != GATINGML:
        raise ParseError(
            f"{path.name}: found XML of <{tree.tag}>, expected GatingML 2.0 or a FlowJo workspace"
        )
    return GateFile(path.name, data, tree)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would hang
            what = "a folder" if path.is_dir() else "no such file"
            raise ParseError(f"{path.name}: {what}, expected a GatingML file or FlowJo workspace")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ParseError(f"{path.name}: {size:,} bytes, expected at most {MOST_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise ParseError(f"{path.name}: {error.strerror}, expected a readable file") from error


def import_gates(
    file: GateFile,
    *,
    name: str,
    sample: str | None = None,
    group: str | None = None,
    leave_out: bool = False,
    names: Mapping[str, str] | None = None,
) -> Imported:
    """Return the strategy that a gate file's gates make.

    Parameters
    ----------
    name : str
        What the strategy will be called.
    sample, group : str, optional
        Which tree of a workspace to take.
    leave_out : bool
        Leave out what cannot be said, with all that rests on it, in place of refusing.
    names : mapping, optional
        Populations to be called otherwise than they would be.

    Raises
    ------
    ParseError
        If a gate cannot be said in a strategy; the message names it.
    SettingsError
        If it is not clear which tree to take.
    """
    tube = None
    if file.workspace is not None:
        drawings, tube = choose(file.workspace, sample=sample, group=group)
    elif sample is not None or group is not None:
        raise SettingsError(f"{file.name}: --sample and --group are for FlowJo workspaces")
    else:
        drawings = read_gatingml(file.data, file.tree, where=file.name)
    steps, lost = steps_of(drawings, where=file.name, leave_out=leave_out)
    steps = renamed(steps, names or {}, where=file.name)
    text = strategy_text(
        drawings, steps, title=_title(drawings, file), head=_head(drawings, file, lost)
    )
    try:
        strategy = parse_strategy(text, name=name)
    except StrategyError as error:
        raise ParseError(f"{file.name}: {error}") from error
    return Imported(strategy, text, drawings, steps, lost, tube)


def _title(drawings: Drawings, file: GateFile) -> str:
    return f"Gates of {file.name}" + (f", {drawings.sample}" if drawings.sample else "")


def _head(drawings: Drawings, file: GateFile, lost: tuple[Refused, ...]) -> list[str]:
    """Return what stands on top of the file: where its gates are from, and what is not in it."""
    sha256 = hashlib.sha256(file.data).hexdigest()
    tube = f", sample {drawings.sample}" if drawings.sample else ""
    return [
        f"Made by labproc import-gates from {file.name} ({drawings.program}{tube}).",
        f"SHA-256 of that file: {sha256}",
        *drawings.notes,
        *(f"LEFT OUT: {r.name}: {r.reason}" for r in lost),
    ]
