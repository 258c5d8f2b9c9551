"""One file checked in this process, for scorers that fork once per file."""

from pathlib import Path

from labproc.cli._output import for_each_file, json_line
from labproc.cli.check import check_file


def check(path: str) -> int:
    """Print the line of ``labproc check`` for one file and return its exit code."""
    return for_each_file([Path(path)], lambda p: print(json_line(check_file(p)), flush=True))  # noqa: T201
