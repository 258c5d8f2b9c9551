"""The reference pages say what the program says."""

import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs/reference"


@pytest.mark.parametrize("name", ["commands.md", "formats.md"])
def test_the_page_is_as_the_code_has_it(tmp_path: Path, name: str) -> None:
    # a process of its own: click keeps a command's help option as it was first asked for
    program = [sys.executable, "-m", "labproc.cli._reference", str(tmp_path)]
    subprocess.run(program, check=True)
    assert (tmp_path / name).read_text("utf-8") == (DOCS / name).read_text("utf-8"), "`make docs`"
