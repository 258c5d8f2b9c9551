"""Run a command in this process, as the program itself does."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from labproc.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command gave back."""

    code: int
    out: str
    err: str


@pytest.fixture
def labproc(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Return a function that runs ``labproc ARGS``."""

    def run(*args: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["labproc", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ran(int(str(ended.value.code)), printed.out, printed.err)

    return run
