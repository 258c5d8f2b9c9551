"""A small simulated study, written and run once for every test that only looks at it."""

import shutil
from pathlib import Path

import pytest

from labproc.pipeline.runner import RunReport, run_study
from labproc.simulate import Design, write_study

SMALL = Design(donors=2, days=(0, 2, 4), n_events=3000)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunReport]:
    """Return a study that was run, and what the run said. Look, do not touch."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, SMALL)
    return folder, run_study(folder, hold=(), workers=1)


@pytest.fixture
def study(finished: tuple[Path, RunReport], tmp_path: Path) -> Path:
    """Return a copy of the finished study that a test may change."""
    copy = tmp_path / "study"
    shutil.copytree(finished[0], copy)
    return copy
