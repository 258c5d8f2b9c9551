"""The walk on a simulated study: the sample mended in the browser is mended in the store."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards.app import create_app, make_server
from dashboards.people import Person
from labproc.pipeline.review import audit_rows
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

SMALL = Design(
    donors=1, days=(0, 2, 4), panels=("car", "count"), n_events=4_000,
    with_qpcr=False, with_patient=False,
)  # fmt: skip
LINE = "#gates-graph .shapelayer path"
COUNT = 'tr[data-population="CAR+"]'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Path:
    where = tmp_path_factory.mktemp("walk")
    write_study(where, SMALL)
    run_study(where, workers=1, hold=())
    return where


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    server = make_server(
        create_app(folder, person=Person("ada", "reviewer")), host="127.0.0.1", port=0
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=0.5)


def cart(folder: Path, sha256: str) -> list[float | None]:
    kept = load_results(folder).measurements
    return [m.value for m in kept if m.metric == "car_fraction" and m.source.sha256 == sha256]


def curve(folder: Path) -> list[float | None]:
    return [m.value for m in load_results(folder).of("cumulative_cart")]


def test_a_gate_mended_in_the_browser_moves_the_store_the_trend_and_the_audit(
    browser, site: str, folder: Path
) -> None:
    tube = next(
        t for t in load_results(folder).tubes
        if t.key.role == "sample" and any(g.population == "CAR+" for g in t.gates)
    )  # fmt: skip
    sha256 = tube.source.sha256
    before, growth = cart(folder, sha256), curve(folder)
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.goto(f"{site}/gates/{sha256[:16]}/CAR+")
    page.wait_for_selector(LINE, state="attached", timeout=30_000)
    shown = page.get_attribute(COUNT, "data-count")
    box = page.locator(LINE).first.bounding_box()
    x, y = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=6)
    page.mouse.up()
    moved = f"(n) => document.querySelector('{COUNT}').dataset.count != n"
    page.wait_for_function(moved, arg=shown, timeout=20_000)
    count = int(page.get_attribute(COUNT, "data-count"))
    page.wait_for_selector("#gates-numbers >> text=With this gate", timeout=20_000)
    assert cart(folder, sha256) == before
    page.fill("#gates-reason", "the control's tail reaches further")
    page.click("#gates-save")
    page.wait_for_selector("#gates-message >> text=saved CAR+", timeout=60_000)
    kept = next(t for t in load_results(folder).tubes if t.source.sha256 == sha256)
    assert next(g for g in kept.gates if g.population == "CAR+").n_events == count
    assert cart(folder, sha256) != before
    assert curve(folder) != growth
    mine = [row for row in audit_rows(folder) if row["who"] == "ada"]
    assert [row["reason"] for row in mine] == ["the control's tail reaches further"]
    page.goto(f"{site}/audit")
    page.wait_for_selector("#audit-grid >> text=the control's tail reaches further")
    assert said == []
    page.close()
