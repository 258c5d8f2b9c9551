"""An error is said in a line, and by the exit code where no line can be written."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("arguments", [("status", "nowhere"), ("status", "--no-such-option")])
def test_a_stderr_that_cannot_be_written_to_leaves_the_exit_code(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    program = [sys.executable, "-m", "labproc", *arguments]
    told = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr
    with Path("/dev/full").open("w") as full:
        silent = subprocess.run(program, cwd=tmp_path, stderr=full, check=False)
    assert silent.returncode == told.returncode
