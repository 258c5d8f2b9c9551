"""The reference pages say what the program says."""

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs/reference"


def test_the_pages_are_as_the_code_has_them(tmp_path: Path) -> None:
    # a process of its own: click keeps a command's help option as it was first asked for
    program = [sys.executable, "-m", "labproc.cli._reference", str(tmp_path)]
    subprocess.run(program, check=True)
    made = {p.relative_to(tmp_path): p.read_text("utf-8") for p in tmp_path.rglob("*.md")}
    assert len(made) > 10
    assert {p: (DOCS / p).read_text("utf-8") for p in made} == made, "run `make docs`"
    assert {p.name for p in (DOCS / "formats").iterdir()} == {p.name for p in made if p.parts[1:]}
