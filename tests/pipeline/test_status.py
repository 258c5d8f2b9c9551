"""What lies in raw/ is told apart: new, changed, duplicate, replaced, gone, away, waiting, ..."""

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from labproc.pipeline.runner import run_study
from labproc.pipeline.status import study_status
from labproc.simulate import Design, write_study
from labproc.store import ResultKey, Store, current_results
from labproc.store.leases import Worker, lease_of, take
from labproc.study import load_study

TINY = Design(donors=1, days=(0, 4), panels=("count",), n_events=500, with_patient=False)
OLD = 1_000_000_000


def written_long_ago(folder: Path) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (OLD, OLD))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("status") / "study"
    write_study(folder, TINY)
    written_long_ago(folder / "raw")
    run_study(folder, workers=1)
    return folder


@pytest.fixture
def study(ran: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ran, tmp_path / "study"))


def states(study: Path) -> Counter[str]:
    return Counter(s.state for s in study_status(study))


def state_of(study: Path, name: str) -> list[str]:
    return [s.state for s in study_status(study) if s.path == name]


def tubes(study: Path) -> list[str]:
    return sorted(p.relative_to(study / "raw").as_posix() for p in (study / "raw").rglob("*.fcs"))


def test_a_study_that_ran_is_done(study: Path) -> None:
    assert states(study) == {"done": 5}


def test_a_new_file_a_young_one_and_an_incomplete_one(study: Path) -> None:
    first = study / "raw" / tubes(study)[0]
    data = first.read_bytes()
    (study / "raw" / "new.fcs").write_bytes(data + b" ")
    os.utime(study / "raw" / "new.fcs", (OLD, OLD))
    (study / "raw" / "young.fcs").write_bytes(data + b"  ")
    (study / "raw" / "torn.fcs").write_bytes(data[:-200])
    os.utime(study / "raw" / "torn.fcs", (OLD, OLD))
    (study / "raw" / "empty.fcs").write_bytes(b"")
    assert state_of(study, "new.fcs") == ["new"]
    assert state_of(study, "young.fcs") == ["waiting"]
    assert state_of(study, "torn.fcs") == ["waiting"]
    assert state_of(study, "empty.fcs") == ["set_aside"]


def test_changed_then_replaced(study: Path) -> None:
    name = tubes(study)[0]
    path = study / "raw" / name
    path.write_bytes(path.read_bytes() + b" ")
    os.utime(path, (OLD + 60, OLD + 60))
    assert state_of(study, name) == ["changed"]
    run_study(study, workers=1)
    assert sorted(state_of(study, name)) == ["done", "replaced"]


def test_a_duplicate_and_a_file_that_has_gone(study: Path) -> None:
    first, second = tubes(study)[:2]
    shutil.copy2(study / "raw" / first, study / "raw" / "zz copy.fcs")
    (study / "raw" / second).unlink()
    assert state_of(study, second) == ["gone"]  # at once, before any run
    run_study(study, workers=1)
    assert state_of(study, second) == ["gone"]
    assert state_of(study, "zz copy.fcs") == ["duplicate"]


def test_everything_deleted_is_gone_and_the_folder_itself_away(study: Path) -> None:
    (study / "raw").rename(study / "unplugged")
    assert states(study) == {"away": 5}
    assert run_study(study, workers=1).away == ("",)
    (study / "unplugged").rename(study / "raw")
    assert states(study) == {"done": 5}
    for path in [p for p in (study / "raw").rglob("*") if p.is_file()]:
        path.unlink()
    assert run_study(study, workers=1).away == ()
    assert states(study) == {"gone": 5}


@pytest.fixture
def mounted(study: Path) -> Iterator[Path]:
    """Return the study with raw/ on a device of its own."""
    raw, kept = study / "raw", study / "kept"
    raw.rename(kept)
    raw.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "labproc-test", str(raw)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("left out: mounting a share needs root, and the right to mount")
    shutil.copytree(kept, raw, dirs_exist_ok=True)
    yield study
    subprocess.run(["umount", "--lazy", raw], check=False, capture_output=True)


def test_an_unplugged_share_is_away_and_its_results_stay(mounted: Path) -> None:
    before = (run_study(mounted, workers=1), (mounted / "results/tables/files.csv").read_bytes())
    subprocess.run(["umount", mounted / "raw"], check=True)
    assert list((mounted / "raw").iterdir()) == []
    report = run_study(mounted, workers=1)
    assert report.away == ("",)
    assert report.n_files == before[0].n_files
    assert (mounted / "results/tables/files.csv").read_bytes() == before[1]
    assert states(mounted) == {"away": 5}


def test_a_share_mounted_read_only_is_enough(mounted: Path) -> None:
    raw = mounted / "raw"
    subprocess.run(["mount", "-o", "remount,ro", raw], check=True)
    shutil.rmtree(mounted / "results")
    with pytest.raises(OSError, match="Read-only"):
        (raw / "x").write_bytes(b"x")
    before = {p: (p.stat().st_mtime_ns, p.stat().st_atime_ns) for p in raw.rglob("*.fcs")}
    assert run_study(mounted, workers=1).exit_code == 0
    assert states(mounted) == {"done": 5}
    assert {p: (p.stat().st_mtime_ns, p.stat().st_atime_ns) for p in before} == before


def test_what_another_process_works_on_is_running(study: Path) -> None:
    with Store.open(load_study(study).store_url) as store:
        one = current_results(store, payloads=False)[0]
        with store.writing() as connection:
            connection.exec_driver_sql("DELETE FROM results WHERE path = ?", (one.path,))
        take(store, [lease_of(one.key)], owner=str(Worker("another computer", 1, "1")))
    assert state_of(study, one.path) == ["running"]
    assert states(study)["done"] == 4


def test_another_inode_alone_is_no_change(study: Path) -> None:
    path = study / "raw" / tubes(study)[0]
    kept = path.stat()
    other = path.with_name("other")
    shutil.copy(path, other)
    other.replace(path)
    os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    assert path.stat().st_ino != kept.st_ino
    assert states(study) == {"done": 5}


def test_a_status_is_quick_enough_to_ask_often(study: Path) -> None:
    for n in range(3000):
        (study / "raw" / f"{n}.fcs").write_bytes(b"x")
    began = time.monotonic()
    assert states(study)["waiting"] == 3000
    assert time.monotonic() - began < 10


def test_a_key_is_its_lease() -> None:
    assert lease_of(ResultKey("a", "1", "b")) == "a:1:b"
