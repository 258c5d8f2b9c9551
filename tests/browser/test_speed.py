"""The dashboard's bars, timed in a real browser on a quiet machine: ``make bench``."""

import gzip
import json
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest
from dash import Dash

from dashboards.app import create_app
from dashboards.figures.gates import gate_figure
from dashboards.people import Person
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

from ._serving import served

pytestmark = pytest.mark.bench
LARGE = Design(
    donors=1, days=(0, 2), panels=("car",), n_events=200_000, with_qpcr=False, with_patient=False
)
MANY = Design(
    donors=6, panels=("car",), n_events=4_000, with_qpcr=False, with_patient=False
)  # 96 cultures' tubes, and the untransduced ones beside them
LINE = "#gates-graph .shapelayer path"
COUNT = 'tr[data-population="CAR+"]'


def say(line: str) -> None:
    sys.stderr.write(f"\n{line}\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("large")
    with pytest.MonkeyPatch.context() as more:  # than a cytometer's tube holds
        more.setattr("labproc.simulate.acquisition.LARGEST_UL", 2_000.0)
        write_study(where, LARGE)
    run_study(where, workers=2, hold=())
    return where


def as_the_command_does(folder: Path) -> Dash:
    return create_app(folder, person=Person("ada", "reviewer"), warm=True)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    where = tmp_path_factory.mktemp("many")
    write_study(where, MANY)
    run_study(where, workers=2, hold=())
    assert len(load_results(where).tubes) >= 96
    with served(as_the_command_does(where)) as site:
        yield site


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    with served(as_the_command_does(folder)) as where:
        yield where


def test_the_first_page_is_ready_within_3_seconds(browser, site: str) -> None:
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(site)
    page.wait_for_selector(LINE, state="attached", timeout=20_000)
    took = time.perf_counter() - start
    say(f"first page, cold: {took:.2f} s (bar 3)")
    page.close()
    assert took <= 3.0


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("/samples", "text=all assigned"),
        ("/gates", LINE),
        ("/inbox", "text=✓"),
    ],
)
def test_a_page_of_96_samples_is_shown_within_one_and_a_half_seconds(
    browser, many: str, link: str, shown: str
) -> None:
    page = browser.new_page()
    page.goto(f"{many}/audit")
    page.wait_for_selector("h1:has-text('Audit')", timeout=20_000)
    start = time.perf_counter()
    page.click(f'a[href="{link}"]')
    page.wait_for_selector(shown, state="attached", timeout=20_000)
    took = time.perf_counter() - start
    say(f"{link} of 96 samples and more: {took:.2f} s (bar 1.5)")
    page.close()
    assert took <= 1.5


# The clock runs in the page: from the release of the mouse to the frame that shows the new count.
WATCH = """(row) => {
  window.took = [];
  let from = 0;
  document.addEventListener('mouseup', () => { from = performance.now(); }, true);
  new MutationObserver(() => requestAnimationFrame(() => {
    if (from) { window.took.push(performance.now() - from); from = 0; }
  })).observe(document.getElementById('gates-tree'), { childList: true, subtree: true });
}"""


def test_a_drag_shows_its_number_within_150_ms(browser, site: str, folder: Path) -> None:
    tubes = [t for t in load_results(folder).tubes if t.gates[-1].population == "CAR+"]
    tube = max(tubes, key=lambda t: t.n_events)
    assert tube.n_events >= 100_000
    page = browser.new_page()
    page.goto(f"{site}/gates/{tube.source.sha256[:16]}/CAR+")
    page.wait_for_selector(LINE, state="attached", timeout=20_000)
    page.wait_for_timeout(1_500)
    page.evaluate(WATCH, COUNT)
    for turn in range(24):
        box = page.locator(LINE).first.bounding_box()
        x, y = box["x"], box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (14 if turn % 2 else -15), y, steps=3)
        page.mouse.up()
        page.wait_for_function("(n) => window.took.length > n", arg=turn, timeout=10_000)
        page.wait_for_timeout(700)
    took = page.evaluate("window.took")
    page.close()
    p95 = quantiles(took, n=20)[-1]
    middle = sorted(took)[len(took) // 2]
    say(f"drag, {tube.n_events:,} events: median {middle:.0f} ms, 95 % {p95:.0f} ms (bar 150)")
    assert p95 <= 150


def test_a_density_is_at_most_60_kb_gzipped(folder: Path) -> None:
    gates = [g for t in load_results(folder).tubes for g in t.gates if len(g.density.channels) == 2]
    size = max(len(gzip.compress(gate_figure(g).to_json().encode())) for g in gates)
    say(f"largest density: {size / 1e3:.1f} KB gzipped (bar 60)")
    assert size <= 60_000


def test_20_clients_for_a_minute(site: str) -> None:
    took: list[float] = []
    failed: list[str] = []
    end = time.monotonic() + 60

    def client() -> None:
        body = {
            "output": "..page.children...menu.children..",
            "outputs": [{"id": i, "property": "children"} for i in ("page", "menu")],
            "inputs": [{"id": "location", "property": "pathname", "value": "/audit"}],
            "changedPropIds": ["location.pathname"],
        }  # fmt: skip
        url, data = f"{site}/_dash-update-component", json.dumps(body).encode()
        while time.monotonic() < end:
            asked = urllib.request.Request(
                url, data, {"Content-Type": "application/json", "Origin": site}
            )
            start = time.perf_counter()
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    answer.read()
            except OSError as error:
                failed.append(str(error))
            took.append(time.perf_counter() - start)
            time.sleep(0.5)  # a person who clicks twice a second

    clients = [threading.Thread(target=client) for _ in range(20)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    p95 = 1e3 * quantiles(took, n=20)[-1]
    say(f"20 clients, {len(took)} answers: 95 % {p95:.0f} ms (bar 300), {len(failed)} failed")
    assert not failed, failed[:3]
    assert p95 <= 300
