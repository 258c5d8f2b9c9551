"""Malformed and hostile exports: refused, flagged or read right, and nothing else happens."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

READER = """
import json, resource, sys
from pathlib import Path
from labproc.errors import LabprocError
from labproc.parsers import read_file

folder, touched = Path(sys.argv[1]), []

def watch(event, args):
    if event.startswith("socket.") or event in {"os.remove", "os.rename", "os.mkdir", "os.symlink"}:
        touched.append([event, str(args)[:80]])
    named = event == "open" and not isinstance(args[0], int)  # a pipe has no name
    if named and isinstance(args[1], str) and set(args[1]) & set("wax+"):
        touched.append([event, str(args)[:80]])

lines = [json.loads(line) for line in (folder / "manifest.jsonl").open()]
read_file(folder / "good.xlsx")  # starts the worker that reads workbooks
sys.addaudithook(watch)
for line in lines:
    try:
        run = read_file(folder / line["file"])
        wells = [[w.position, w.target, w.task, w.cq, w.quantity] for w in run.table.wells]
        flags, names = [f.code for f in run.flags], {w.sample for w in run.table.wells}
        line |= {"outcome": "loaded", "flags": flags, "wells": wells, "names": len(names)}
    except LabprocError as error:
        line |= {"outcome": "refused", "message": str(error)}
    except BaseException as error:
        line |= {"outcome": "tripped", "message": repr(error)}
    print(json.dumps(line))
# VmHWM, not ru_maxrss: a child inherits the peak of the process that started it.
status = Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"touched": touched, "peak_mib": int(status) // 1024, "child_mib": child // 1024}))
"""


@pytest.fixture(scope="module")
def outcomes(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """Read the 76 files in a process of their own, workbooks in a worker of that."""
    folder = tmp_path_factory.mktemp("bad")
    maker = [sys.executable, str(shared / "tools" / "make_bad_qpcr.py"), "--out", str(folder)]
    maker += ["--rows", "10000", "--bomb-mib", "16"]
    subprocess.run(maker, check=True, capture_output=True)
    before = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    reader = [sys.executable, "-c", READER, str(folder)]
    done = subprocess.run(reader, check=True, capture_output=True, text=True, timeout=120)
    assert {p.name: p.stat().st_mtime_ns for p in folder.iterdir()} == before
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.shared
def test_nothing_trips_and_nothing_is_written_or_fetched(outcomes):
    *files, summary = outcomes
    assert len(files) == 76
    assert [f["file"] for f in files if f["outcome"] == "tripped"] == []
    assert summary["touched"] == []
    assert summary["peak_mib"] < 512
    assert summary["child_mib"] < 512


@pytest.mark.shared
def test_unusual_but_valid_files_give_the_same_wells(outcomes):
    good = next(f for f in outcomes if f.get("file") == "good.csv")["wells"]
    assert len(good) == 96
    for line in outcomes:
        if line.get("expect") != "same":
            continue
        assert line["outcome"] == "loaded", line
        differing = [w for w, g in zip(line["wells"], good, strict=True) if w != g]
        undetermined = line["file"] == "ct_undetermined.csv"
        assert [w[3] for w in differing] == ([None] if undetermined else [])


@pytest.mark.shared
def test_damaged_files_are_refused_or_flagged(outcomes):
    silent = [
        line["file"]
        for line in outcomes
        if line.get("expect") == "flag" and line["outcome"] == "loaded" and not line["flags"]
    ]
    assert silent == []


@pytest.mark.shared
def test_hostile_files_are_refused_in_one_line_that_names_them(outcomes):
    for line in outcomes:
        if line.get("expect") == "refuse":
            assert line["outcome"] == "refused", line["file"]
        if line.get("outcome") == "refused":
            assert line["message"].startswith(line["file"])
            assert "\n" not in line["message"]


@pytest.mark.shared
def test_text_that_could_do_harm_elsewhere_is_read_as_text(outcomes):
    inert = [line for line in outcomes if line.get("expect") == "inert"]
    assert len(inert) == 3
    assert all(line["outcome"] == "loaded" and line["names"] > 10 for line in inert)
