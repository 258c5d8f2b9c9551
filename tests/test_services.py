"""The services that the documentation describes: read from its own text."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click import Command

from labproc.cli import app

HOW_TO = Path(__file__).resolve().parents[1] / "docs" / "how-to"


def unit() -> str:
    text = (HOW_TO / "watch.md").read_text(encoding="utf-8")
    return re.search(r"```ini\n(.*?)```", text, re.DOTALL)[1]  # type: ignore[index]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("left out: systemd-analyze is not here")
    program = tmp_path / "labproc"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    path = tmp_path / "labproc-watch@srv-study.service"
    lines = unit().replace("/opt/labproc/bin/labproc", str(program)).replace("User=labproc\n", "")
    path.write_text(lines)
    checked = subprocess.run(
        [analyze, "verify", "--man=no", path], capture_output=True, text=True, check=False
    )
    about = [line for line in checked.stderr.splitlines() if "labproc" in line]
    assert about == []


def test_the_unit_uses_options_that_there_are() -> None:
    line = re.search(r"^ExecStart=\S+ (\w+) %I (.*)$", unit(), re.MULTILINE)
    assert line is not None
    command = app.get_command(None, line[1])  # type: ignore[arg-type]
    assert isinstance(command, Command)
    known = {name for parameter in command.params for name in parameter.opts}
    assert set(line[2].split()) <= known


def test_the_windows_recipe_uses_options_that_there_are() -> None:
    text = (HOW_TO / "watch.md").read_text(encoding="utf-8")
    line = re.search(r"-Argument 'watch \"[^\"]+\" (.*?)'", text)
    assert line is not None
    command = app.get_command(None, "watch")  # type: ignore[arg-type]
    assert isinstance(command, Command)
    assert line[1] in {name for parameter in command.params for name in parameter.opts}
