"""An imported strategy as a TOML file that a person reads and changes."""

import json
from collections.abc import Sequence
from typing import Any

from gating.strategy import Strategy, parse_strategy
from labproc.exchange.incoming.drawings import Drawings
from labproc.exchange.incoming.steps import ImportedStep
from labproc.model import ROOT, Spillover

ROWS = ("points", "covariance")  # options that are written a row a line


def strategy_text(
    drawings: Drawings, steps: Sequence[ImportedStep], *, title: str, head: Sequence[str]
) -> str:
    """Return the file: what it was made of as comments, the compensation, the steps."""
    lines = [f"# {' '.join(line.split())}" for line in head]
    lines += [f"title = {_text(title)}", f"compensation = {_text(drawings.compensation)}"]
    used = {drawings.compensation, *(w for s in steps for w in s.compensation)}
    for name, matrix in drawings.matrices.items():
        if name in used:
            lines += ["", *_matrix(name, matrix)]
    for step in steps:
        lines += ["", *_step(step)]
    return "\n".join(lines) + "\n"


def imported_strategy(text: str, name: str) -> Strategy:
    """Read back what was written: a strategy that cannot be read is never handed out."""
    return parse_strategy(text, name=name)


def _matrix(name: str, matrix: Spillover) -> list[str]:
    return [
        f"[spillover.{_text(name)}]",
        f"detectors = {_value(list(matrix.detectors))}",
        *_rows("matrix", matrix.matrix.tolist()),
    ]


def _step(step: ImportedStep) -> list[str]:
    lines = ["[[step]]"]
    if len(step.populations) == 1:
        lines.append(f"population = {_text(step.populations[0])}")
    else:
        lines.append(f"populations = {_value(list(step.populations))}")
    if step.parent != ROOT:
        lines.append(f"parent = {_text(step.parent)}")
    lines.append(f"method = {_text(step.method)}")
    for key in ("channels", "scales", "compensation"):
        if value := getattr(step, key):
            lines.append(f"{key} = {_value(list(value))}")
    for key, value in step.options.items():
        lines += _rows(key, value) if key in ROWS else [f"{key} = {_value(value)}"]
    return lines


def _rows(key: str, rows: Sequence[Sequence[float]]) -> list[str]:
    return [f"{key} = [", *(f"  {_value(list(row))}," for row in rows), "]"]


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    return _text(value) if isinstance(value, str) else repr(float(value)).removesuffix(".0")


def _text(text: str) -> str:
    """Return a TOML string: JSON's, but for the one character that TOML wants escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
