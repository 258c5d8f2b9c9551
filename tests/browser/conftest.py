"""A served review app and a real browser; without one the tests say so (and fail in CI)."""

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from dashboards.app import build_app
from dashboards.people import Person
from gating.transforms import parse_transform
from labproc.exchange._flowjo_table import Pair
from labproc.pipeline.earlier import Moment
from labproc.pipeline.results import GateView, Results, TubeView
from labproc.pipeline.setup import SheetLine
from labproc.store import Omission
from labproc.study.sheet_edit import Problem

from ._serving import served

SHOTS = Path(__file__).parents[2] / "results" / "screenshots"  # CI keeps them, git does not
ARGS = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


def builder() -> ModuleType:
    path = Path(__file__).parents[1] / "dashboards" / "conftest.py"
    spec = importlib.util.spec_from_file_location("invented_study", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class InventedDesk:
    """The invented study held in memory: a threshold counts the histogram's bins above it."""

    held: Results
    log: list[dict[str, str]] = field(default_factory=list)

    def results(self) -> Results:
        return self.held

    def version(self) -> str:
        return str(len(self.log))

    def hold(self, tube: TubeView) -> None:
        pass

    def quick(self, tube: TubeView, population: str, points: list[list[float]]) -> TubeView:
        return self.preview(tube.source.sha256, population, points)

    def preview(self, sha256: str, population: str, points: list[list[float]]) -> TubeView:
        tube = next(t for t in self.held.tubes if t.source.sha256 == sha256)
        gates = tuple(regate(g, points) if g.population == population else g for g in tube.gates)
        return replace(tube, gates=gates)

    def measured(self, sha256: str, population: str, points: list[list[float]]) -> tuple:
        gate = next(
            g for g in self.preview(sha256, population, points).gates if g.population == population
        )
        rows = [
            m for m in self.held.measurements if m.source.sha256 == sha256 and "cart" in m.metric
        ]
        return tuple(replace(m, value=float(gate.n_events)) for m in rows)

    def save(
        self, sha256s: list[str], population: str, points: list, *, who: str, reason: str
    ) -> None:
        for sha256 in sha256s:
            self.save_one(sha256, population, points, who=who, reason=reason)

    def save_one(
        self, sha256: str, population: str, points: list, *, who: str, reason: str
    ) -> None:
        new = replace(
            self.preview(sha256, population, points), version=f"{who} {len(self.log) + 1}"
        )
        tubes = tuple(new if t.source.sha256 == sha256 else t for t in self.held.tubes)
        rows = {(m.metric, m.key): m for m in self.measured(sha256, population, points)}
        kept = tuple(rows.get((m.metric, m.key), m) for m in self.held.measurements)
        self.held = replace(self.held, tubes=tubes, measurements=kept)
        self.note(sha256, who, f"gate {population} {points}", reason)

    def decide(self, sha256: str, verdict: str, *, who: str, reason: str) -> None:
        tubes = tuple(
            replace(t, review=verdict) if t.source.sha256 == sha256 else t for t in self.held.tubes
        )
        self.held = replace(self.held, tubes=tubes)
        self.note(sha256, who, verdict, reason)

    def omit(
        self, sha256: str, wells: list[str], *, who: str, reason: str, omitted: bool = True
    ) -> None:
        verdict = "omitted" if omitted else "restored"
        for well in wells:
            kept = self.held.omissions.get(sha256, {})
            n = kept[well].version + 1 if well in kept else 1
            one = Omission(well, n, omitted, who, reason, f"2026-03-02T10:00:{len(self.log):02}")
            omissions = {**self.held.omissions, sha256: {**kept, well: one}}
            self.held = replace(self.held, omissions=omissions)
            self.note(sha256, who, f"{verdict} {well}", reason)

    def sheet(self) -> list[SheetLine]:
        tubes = [(t.source.path, {"donor": t.key.donor, "arm": t.key.arm}) for t in self.held.tubes]
        return [SheetLine({"file": path, **said}, said, {}) for path, said in tubes]

    def check(self, rows: list[dict[str, str]]) -> list[Problem]:
        wrong = [i for i, row in enumerate(rows) if row.get("day", "0") == "x9"]
        return [Problem(i, "day", "day is 'x9', expected whole days") for i in wrong]

    def save_sheet(self, rows: list[dict[str, str]], *, who: str, reason: str) -> int:
        self.note("samples.csv", who, f"{len(rows)} rows", reason)
        return len(rows)

    def settings(self) -> dict[str, object]:
        return {"study": {"title": self.held.title, "control": "C"}, "arms": {"C": {}}}

    def working(self) -> str:
        return ""

    def moments(self) -> list[Moment]:
        return []

    def siblings(self) -> list[str]:
        return []

    def before(self, chosen: str) -> Results:
        return self.held

    def flowjo(self) -> tuple[list[Pair], list[str]]:
        tube = self.held.tubes[0]
        return [Pair(tube, tube.gates[-1], 0.5, tube.gates[-1].parent)], [
            "nobody.fcs: no such tube"
        ]

    def note(self, sha256: str, who: str, what: str, reason: str) -> None:
        self.log.append({"who": who, "subject": sha256, "action": what, "reason": reason})

    def audit(self) -> list[dict[str, str]]:
        return list(self.log)


def regate(gate: GateView, points: list[list[float]]) -> GateView:
    boundary = replace(gate.boundary, points=np.array(points))
    if boundary.kind != "threshold":
        return replace(gate, boundary=boundary, n_events=gate.n_events - 100)
    at = parse_transform(boundary.scales[0]).forward(np.array([points[0][0]]))[0]
    counts, edges = gate.density.counts, gate.density.edges[0]
    n = int(counts[edges[:-1] >= at].sum() * gate.n_parent / counts.sum())
    return replace(gate, boundary=boundary, n_events=n, fraction=n / gate.n_parent)


@pytest.fixture(scope="session")
def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((p for p in map(shutil.which, names) if p), None)
    if found is None:
        why = "no chromium on this machine; try: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[BrowserContext]:
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, headless=True, args=list(ARGS))
        yield opened.new_context(viewport={"width": 1280, "height": 860})  # one cache for all
        opened.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> InventedDesk:
    held = builder().study(tmp_path_factory.mktemp("study"))
    whole = InventedDesk(held)
    tubes = tuple(whole.preview(t.source.sha256, "CAR+", [[3000.0]]) for t in held.tubes)
    whole.held = replace(held, tubes=tubes)
    return whole


@pytest.fixture(scope="module")
def address(desk: InventedDesk) -> Iterator[str]:
    with served(build_app(desk, person=Person("ada", "reviewer"))) as where:
        yield where


@pytest.fixture(scope="session")
def shoot() -> Callable[[Page, str], None]:
    """Keep a picture of a page."""
    SHOTS.mkdir(parents=True, exist_ok=True)

    def kept(page: Page, name: str) -> None:
        page.screenshot(path=SHOTS / f"{name}.png")

    return kept


@dataclass
class Watched:
    """A page with what it said and asked; loaded once, then led by its own links."""

    page: Page
    address: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def go(self, title: str) -> Page:
        """Follow a link of the menu."""
        self.page.click(f".menu a >> text={title}")
        self.page.wait_for_selector(f".menu a.on >> text={title}")
        self.page.wait_for_selector("main h1")
        return self.page


@pytest.fixture(scope="module")
def opened(browser: BrowserContext, address: str) -> Iterator[Watched]:
    page = browser.new_page()
    seen = Watched(page, address)
    page.on("console", lambda m: seen.said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: seen.said.append(str(e)))
    page.on("request", lambda r: seen.asked.append(r.url))
    page.goto(address)
    page.wait_for_selector("main h1", timeout=30_000)
    yield seen
    page.close()


@pytest.fixture
def watched(opened: Watched) -> Watched:
    opened.said.clear()
    opened.asked.clear()
    return opened
