"""A share that is away is told from files that were deleted."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labproc.intake import away, devices


@pytest.mark.parametrize(
    ("known", "now", "seen", "missing"),
    [
        ({"": 1}, {"": 1}, ["a.fcs"], set()),
        ({"": 1}, {"": 1}, [], set()),  # the same device: somebody deleted the files
        ({"": 1}, {"": 2}, [], {""}),  # an empty mount point
        ({"": 1}, {}, [], {""}),  # no folder at all
        ({"": 1}, {"": 2}, ["a.fcs"], set()),  # mounted again: systems number devices anew
        ({"": 1, "attune": 2}, {"": 1}, ["a.fcs"], {"attune"}),
        ({"": 1, "attune": 2}, {"": 1, "attune": 3}, ["a.fcs", "attune/b.fcs"], set()),
        ({}, {"": 1}, [], set()),  # nothing was ever seen there
    ],
)
def test_what_is_away(
    known: dict[str, int], now: dict[str, int], seen: list[str], missing: set[str]
) -> None:
    assert away(known, now, seen) == missing


def test_a_folder_without_shares_is_one_device(tmp_path: Path) -> None:
    (tmp_path / "day 1" / "more").mkdir(parents=True)
    assert devices(tmp_path) == {"": tmp_path.stat().st_dev}
    assert devices(tmp_path / "nothing") == {}


@pytest.fixture
def share(tmp_path: Path) -> Iterator[Path]:
    """Return a folder that another device is mounted on, below raw/."""
    point = tmp_path / "raw" / "attune"
    point.mkdir(parents=True)
    mounted = os.name == "posix" and os.geteuid() == 0 and mount(point)
    if not mounted:
        pytest.skip("left out: mounting a share needs root, and the right to mount")
    yield point
    subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)


def mount(point: Path) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "labproc-test", str(point)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_real_share_that_is_unplugged(share: Path) -> None:
    raw = share.parent
    (raw / "a.fcs").write_bytes(b"x")
    (share / "b.fcs").write_bytes(b"x")
    known = devices(raw)
    assert set(known) == {"", "attune"}
    subprocess.run(["umount", share], check=True)
    assert away(known, devices(raw), ["a.fcs"]) == {"attune"}
