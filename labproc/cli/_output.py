"""How every command prints: data to stdout, messages to stderr, one bad file never a batch."""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from labproc.errors import LabprocError


def finite(value: Any) -> Any:
    """Return the value with numpy scalars plain and NaN or infinity as None, for JSON."""
    if isinstance(value, Mapping):
        return {str(k): finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_line(row: Mapping[str, Any]) -> str:
    """Return one JSON object on one line; what is not a number becomes null."""
    return json.dumps(finite(row), ensure_ascii=False, allow_nan=False)


def say(message: str) -> None:
    """Write a message for people to stderr."""
    click.echo(message, err=True)


def for_each_file(paths: Iterable[Path], work: Callable[[Path], None]) -> int:
    """Do the work for every file and say in one line what is wrong with those that fail.

    Returns
    -------
    int
        The exit code: 0 when all were done, 3 when some or all failed.
    """
    failed = 0
    for path in paths:
        try:
            work(path)
        except LabprocError as error:
            if error.exit_code == 2:
                raise
            say(one_line(path.name, error))
            failed += 1
    return 3 if failed else 0


def one_line(name: str, error: LabprocError) -> str:
    """Return an error on one line that begins with the file's name."""
    text = " ".join(str(error).split())
    return text if text.startswith(name) else f"{name}: {text}"
