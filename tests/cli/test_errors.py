"""An error is said in a line, and by the exit code where no line can be written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("arguments", [("status", "nowhere"), ("status", "--no-such-option")])
def test_a_stderr_that_cannot_be_written_to_leaves_the_exit_code(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    program = [sys.executable, "-m", "labproc", *arguments]
    told = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 2
    assert told.stderr
    nobody, to_nobody = os.pipe()
    os.close(nobody)  # what is written to it from now on fails
    silent = subprocess.run(program, cwd=tmp_path, stderr=to_nobody, check=False)
    os.close(to_nobody)
    assert silent.returncode == told.returncode
