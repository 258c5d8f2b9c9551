"""The walk on a simulated study: the sample mended in the browser is mended in the store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from dashboards.app import create_app
from dashboards.people import Person
from labproc.exchange._flowjo_keep import MOST_BYTES
from labproc.exchange._flowjo_table import find_table
from labproc.pipeline.review import audit_rows
from labproc.pipeline.runner import load_results, run_study
from labproc.simulate import Design, write_study

from ._serving import served

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
    with served(create_app(folder, person=Person("ada", "reviewer"))) as where:
        yield where


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


def table(folder: Path, percent: str) -> bytes:
    """Return FlowJo's table of the study's first CAR tube."""
    tube = next(
        t for t in load_results(folder).tubes if any(g.population == "CAR+" for g in t.gates)
    )
    name = tube.source.path.rpartition("/")[2]
    return f",Live/CAR+ | Freq. of Parent\n{name},{percent}\n".encode()


def choose(page: Page, name: str, content: bytes) -> None:
    """Choose a file as a keyboard does."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose FlowJo's table").press("Enter")
    chooser.value.set_files({"name": name, "mimeType": "text/csv", "buffer": content})


def drop(page: Page, name: str, content: str) -> None:
    """Drop a file on the page's area."""
    made = """([name, text]) => { const held = new DataTransfer();
      held.items.add(new File([text], name, {type: "text/csv"})); return held; }"""
    held = page.evaluate_handle(made, [name, content])
    for kind in ("dragenter", "dragover", "drop"):
        page.dispatch_event("#compare-flowjo-choose", kind, {"dataTransfer": held})


def test_flowjo_s_table_is_dropped_on_the_page_and_compared_at_once(
    browser: BrowserContext, site: str, folder: Path
) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.goto(f"{site}/compare/flowjo")
    page.wait_for_selector("text=No table of FlowJo's is here yet", timeout=30_000)
    line = page.locator("#compare-flowjo-said")
    choose(page, "plate.csv", b"Well,Cq\nA1,25\n")
    page.wait_for_selector("#compare-flowjo-said >> text=✕ plate.csv: no column of percentages")
    assert find_table(folder) is None
    drop(page, "<b>large</b>.csv", "x" * (MOST_BYTES + 1))
    page.wait_for_selector("#compare-flowjo-said >> text=at most 5 MB")
    assert line.inner_text().startswith("✕ <b>large</b>.csv: 5.0 MB")
    assert page.locator("#compare-flowjo-upload .over").count() == 0
    choose(page, "Table 7.csv", table(folder, "12.5"))
    page.wait_for_selector("#compare-flowjo-shown .js-plotly-plot", timeout=30_000)
    assert line.inner_text() == "✓ 1 percentage kept in flowjo.csv"
    drop(page, "Table 8.csv", table(folder, "14").decode())
    page.wait_for_selector("#compare-flowjo-said >> text=the earlier one is flowjo.earlier-")
    page.wait_for_selector("#compare-flowjo-shown td >> text=14.0 %")
    assert find_table(folder).read_bytes() == table(folder, "14")
    rows = [row for row in audit_rows(folder) if row["action"] == "flowjo table kept"]
    assert [row["who"] for row in rows] == ["ada", "ada"]
    page.goto(f"{site}/audit")
    page.wait_for_selector("#audit-grid >> text=flowjo table kept")
    assert said == []
    page.close()
