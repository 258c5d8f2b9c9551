"""Damaged FCS files: refused in one line or loaded with a named doubt, never in silence."""

import collections
import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from labproc.cli.check import check_file
from labproc.errors import LabprocError
from labproc.fuzz import check

GIVEN_SEED = 20240607
SLOWEST_S = 0.5
LARGEST_MIB = 512
SILENT = ("wrong_shape", "wrong_data", "unflagged")
BAD = ("raw", "hang", "memory", "crash", "mute")


def _mutate(shared: Path, out: Path, *, n: int, seed: int) -> list[dict[str, Any]]:
    tool, seeds = shared / "tools" / "mutate_fcs.py", shared / "data" / "fcs_fuzz_seeds"
    call = [sys.executable, str(tool), "--seeds", str(seeds), "--out", str(out)]
    subprocess.run([*call, "--n", str(n), "--seed", str(seed)], check=True, capture_output=True)
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def _score(shared: Path, mutants: Path) -> list[dict[str, Any]]:
    out = mutants / "scores.jsonl"
    tool = shared / "tools" / "score_fuzz.py"
    call = [sys.executable, str(tool), "--mutants", str(mutants), "--out", str(out)]
    root = Path(__file__).resolve().parents[1]
    subprocess.run(
        [*call, "--fork", "labproc.fuzz:check"], check=True, capture_output=True, cwd=root
    )
    return [json.loads(line) for line in out.read_text().splitlines()]


def _read_all(manifest: list[dict[str, Any]], folder: Path) -> dict[str, dict[str, Any] | str]:
    """Return each file's line, or the message that refused it."""
    found: dict[str, dict[str, Any] | str] = {}
    for row in manifest:
        try:
            found[row["file"]] = check_file(folder / row["file"])
        except LabprocError as error:
            found[row["file"]] = str(error)
    return found


def _codes(line: dict[str, Any]) -> set[str]:
    return {w["code"] for w in line["warnings"]}


def _assert_sound(manifest: list[dict[str, Any]], folder: Path) -> None:
    """Hold every mutant against its untouched seed, more strictly than the scorer does.

    A damaged file counts as flagged only by a doubt that its seed did not raise already.
    """
    found = _read_all(manifest, folder)
    seeds = {r["seed"]: found[r["file"]] for r in manifest if r["cls"] == "_seed"}
    quiet = []
    for row in manifest:
        line, seed = found[row["file"]], seeds[row["seed"]]
        assert isinstance(seed, dict)
        if isinstance(line, str):
            assert row["expect"] != "same", (row["file"], row["note"], line)
            assert "\n" not in line
            assert len(line) < 600
            continue
        if row["expect"] == "same":
            assert line["data_sha256"] == seed["data_sha256"], (row["file"], row["note"])
        elif row["expect"] == "flag":
            assert line["warnings"], (row["file"], row["note"])
            quiet += [row["file"]] if _codes(line) <= _codes(seed) else []
    damaged = sum(r["expect"] == "flag" for r in manifest)
    assert len(quiet) <= 0.01 * damaged, quiet


def _best_time(path: Path) -> float:
    """Return the shortest of three checks: what a busy machine adds is not the file's."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        with contextlib.suppress(LabprocError):
            check_file(path)
        times.append(time.perf_counter() - begun)
    return min(times)


@pytest.mark.shared
def test_500_mutants_are_refused_flagged_or_exact(shared: Path, tmp_path: Path) -> None:
    _assert_sound(_mutate(shared, tmp_path, n=500, seed=GIVEN_SEED), tmp_path)


@pytest.mark.shared
@pytest.mark.soak
@pytest.mark.parametrize("seed", [GIVEN_SEED, 11, 987654321])
def test_2000_mutants_meet_the_bar(shared: Path, tmp_path: Path, seed: int) -> None:
    manifest = _mutate(shared, tmp_path, n=2000, seed=seed)
    _assert_sound(manifest, tmp_path)
    scores = _score(shared, tmp_path)
    counts = collections.Counter(r["result"] for r in scores)
    assert {k: counts[k] for k in (*SILENT, *BAD)} == dict.fromkeys((*SILENT, *BAD), 0)
    slow = [r["file"] for r in scores if r["s"] >= SLOWEST_S]
    assert len(slow) <= 0.01 * len(scores)
    assert {f for f in slow if _best_time(tmp_path / f) >= SLOWEST_S} == set()
    assert max(r["rss_mib"] for r in scores) < LARGEST_MIB


def test_the_entry_for_scorers_prints_a_line_or_a_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.fcs").write_bytes(b"FCS3.1")
    assert check(str(tmp_path / "a.fcs")) == 3
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("a.fcs: ends inside the HEADER")
