"""Two watchers, the dashboard and its users, and a reviewer, on one study while files arrive."""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from labproc.pipeline.runner import run_study
from labproc.store import Store, current_results, decide

PAGES = ("inbox", "plates", "trends", "audit")
N_CLIENTS = 4
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/")


@dataclass
class Load:
    """People before the dashboard; what they were answered, and what went wrong."""

    address: str
    stop: threading.Event = field(default_factory=threading.Event)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=60) as answer:
            self.answers[f"GET {answer.status}"] += 1
            return bytes(answer.read())

    def open_page(self, name: str) -> None:
        """Ask for a page as the browser does: by the callback that writes it."""
        every = json.loads(self.get("_dash-dependencies"))
        output = next(d["output"] for d in every if "page.children" in d["output"])
        names = [part.split(".") for part in output.strip(".").split("...")]
        body = {
            "output": output,
            "outputs": [{"id": i, "property": p.split("@")[0]} for i, p in names],
            "inputs": [{"id": "location", "property": "pathname", "value": f"/{name}"}],
            "changedPropIds": ["location.pathname"],
        }
        asked = urllib.request.Request(
            f"{self.address}_dash-update-component",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Origin": self.address.rstrip("/")},
        )
        with urllib.request.urlopen(asked, timeout=120) as answer:
            page = json.loads(answer.read())["response"]["page"]["children"]
            self.answers[f"page {answer.status}"] += 1
            if "✕ failed" in json.dumps(page, ensure_ascii=False):
                self.wrong.append(f"{name}: {json.dumps(page)[:300]}")

    def go(self, n: int) -> None:
        while not self.stop.is_set():
            try:
                self.open_page(PAGES[n % len(PAGES)])
            except Exception as error:
                self.wrong.append(f"{type(error).__name__}: {error}")
            n += 1
            self.stop.wait(0.3)


@pytest.fixture
def dashboard(plates: Path, tmp_path: Path) -> Iterator[str]:
    said = tmp_path / "dashboard.txt"
    program = [sys.executable, "-m", "labproc", "review", str(plates), "--port", "0"]
    with said.open("wb") as out, subprocess.Popen(program, stdout=out, stderr=out) as running:
        end = time.monotonic() + 120
        while not (found := ADDRESS.search(said.read_text())) and time.monotonic() < end:
            time.sleep(0.2)
        assert found, said.read_text()
        yield found[0]
        running.terminate()
    assert "Traceback" not in said.read_text()


def review(folder: Path, stop: threading.Event, wrong: list[str]) -> int:
    """Approve and reopen plates for as long as it lasts; return how often."""
    n = 0
    while not stop.is_set():
        try:
            with Store.open(folder / "results/labproc.sqlite") as store:
                done = [r.key.sha256 for r in current_results(store, payloads=False)]
                if done:
                    verdict = ("approved", "reopened")[n // len(done) % 2]
                    decide(store, done[n % len(done)], verdict, who="ann", reason="looked at")
                    n += 1
        except Exception as error:
            wrong.append(f"review: {type(error).__name__}: {error}")
        stop.wait(0.5)
    return n


def under_load(
    seconds: float, plates: Path, watchers: Any, address: str, plate_of: Any, tables: Any,
    until: Any, results_in: Any,
) -> str:  # fmt: skip
    """Work for so long, then check that nothing was lost; return what was done in words."""
    load = Load(address)
    for _ in range(2):
        watchers.start("--workers", "1")
    until(lambda: watchers.said().count("ready") == 2, 120)
    reviews: list[int] = []
    people = [threading.Thread(target=load.go, args=(n,)) for n in range(N_CLIENTS)]
    people.append(
        threading.Thread(target=lambda: reviews.append(review(plates, load.stop, load.wrong)))
    )
    for one in people:
        one.start()
    n, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        (plates / "raw" / f"plate{n:04d}.csv").write_bytes(plate_of(n))
        n += 1
        time.sleep(2.0)
    until(lambda: results_in(plates) == n, 300)
    load.stop.set()
    for one in people:
        one.join(120)
    until(lambda: f"plate{n - 1:04d}.csv" in tables(plates)["files"].decode(), 120)
    until(lambda: tables(plates)["files"].count(b",done,") == n, 120)
    assert watchers.stop() == [0, 0]
    check_nothing_lost(n, plates, watchers, load, tables)
    did = f"{n} files, {dict(load.answers)}, {sum(reviews)} reviews, {len(load.wrong)} errors"
    return f"{seconds:.0f} s: {did}"


def check_nothing_lost(n: int, plates: Path, watchers: Any, load: Load, tables: Any) -> None:
    assert load.wrong == []
    assert {answer.split()[1] for answer in load.answers} == {"200"}
    said = watchers.said()
    assert not [x for x in said.splitlines() if "error" in x.lower() or "locked" in x], said
    with Store.open(plates / "results/labproc.sqlite") as store:
        assert store.verify_audit() == []
        subjects = [r["subject"] for r in store.audit_rows() if r["action"].startswith("file ")]
        assert len(subjects) == len(set(subjects)) == n
    alone = plates.parent / "alone"
    shutil.copytree(plates, alone, ignore=shutil.ignore_patterns("results"))
    run_study(alone, workers=1, hold=())
    assert tables(plates)["copies"] == tables(alone)["copies"]
    assert tables(plates)["measurements"] == tables(alone)["measurements"]


def test_half_a_minute_under_load(
    plates: Path, watchers: Any, dashboard: str, plate_of: Any, tables: Any, until: Any,
    results_in: Any,
) -> None:  # fmt: skip
    done = under_load(20, plates, watchers, dashboard, plate_of, tables, until, results_in)
    assert done.endswith("0 errors"), done


@pytest.mark.soak
def test_ten_minutes_under_load(
    plates: Path, watchers: Any, dashboard: str, plate_of: Any, tables: Any, until: Any,
    results_in: Any, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    done = under_load(600, plates, watchers, dashboard, plate_of, tables, until, results_in)
    with capsys.disabled():
        sys.stdout.write(f"\nunder load for {done}\n")
    assert done.endswith("0 errors"), done
