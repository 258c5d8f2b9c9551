"""``labproc watch`` as a service runs it: a log people read, one alert, a clean stop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labproc.cli._teller import FULL_AT, Teller, plain
from labproc.simulate import Design, write_study

TINY = Design(donors=1, days=(0, 4), panels=("count",), n_events=500, with_patient=False)
A_LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d  \S.*")


@pytest.fixture
def study(tmp_path: Path) -> Path:
    write_study(tmp_path / "study", TINY)
    for path in (tmp_path / "study" / "raw").rglob("*"):
        os.utime(path, (1e9, 1e9))
    return tmp_path / "study"


@pytest.fixture
def watching(study: Path) -> Iterator["subprocess.Popen[str]"]:
    program = [sys.executable, "-m", "labproc", "watch", str(study), "--log", "--workers", "1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdout=pipe, stderr=pipe, text=True) as running:
        yield running
        running.kill()


def log_of(study: Path) -> str:
    path = study / "results" / "watch.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def until(is_so: Callable[[], Any], patience_s: float = 90.0) -> None:
    end = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < end, "it never came to be so"
        time.sleep(0.2)


def test_the_log_says_what_happened_when(study: Path, watching: "subprocess.Popen[str]") -> None:
    until(lambda: "ready" in log_of(study))
    bad = study / "raw" / "note \x1b[2J.fcs"
    bad.write_bytes(b"no cytometer wrote this")
    until(lambda: "1 file processed" in log_of(study))
    (study / "study.toml").rename(study / "kept.toml")
    until(lambda: "no study.toml" in log_of(study))
    time.sleep(5)  # a trouble that stays is said once
    (study / "kept.toml").rename(study / "study.toml")
    until(lambda: "working again" in log_of(study))
    watching.send_signal(signal.SIGTERM)
    assert watching.wait(60) == 0
    lines = log_of(study).splitlines()
    assert all(A_LINE.fullmatch(line) for line in lines)
    assert "\x1b" not in log_of(study)
    said = [line.split("  ", 1)[1] for line in lines]
    assert said[0].startswith("watching ")
    assert said[-1] == "stopped"
    assert len([x for x in said if "no study.toml" in x]) == 1
    assert len([x for x in said if "note \\x1b[2J.fcs" in x and not x.startswith("read ")]) == 1
    assert [x for x in said if x.startswith("read qpcr/")]


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    tell = Teller(tmp_path / "file" / "watch.log")
    tell.say("going on")
    assert tell.n_lost == 1


def test_a_long_log_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "watch.log"
    log.write_bytes(b"x" * (FULL_AT + 1))
    Teller(log).say("first line of the new one")
    assert log.read_text().endswith("first line of the new one\n")
    assert (tmp_path / "watch.old.log").stat().st_size == FULL_AT + 1


def test_a_trouble_is_said_once_until_it_is_over(capsys: pytest.CaptureFixture[str]) -> None:
    tell = Teller()
    assert [tell.is_new("full") for _ in range(3)] == [True, False, False]
    tell.over()
    tell.over()
    assert tell.is_new("full")
    assert capsys.readouterr().err == "full\nworking again\nfull\n"


def test_what_an_instrument_wrote_moves_no_cursor() -> None:
    assert plain("a\tb\n c\x1b[2J") == "a b c\\x1b[2J"
