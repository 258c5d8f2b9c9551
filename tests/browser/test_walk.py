"""The walk of a first day, on the demo study: look, mend, see what follows, sign, take it away.

Pictures of every page are kept in ``results/screenshots``.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from lxml import etree
from playwright.sync_api import BrowserContext, Page

from dashboards.app import create_app
from dashboards.people import Person
from labproc.pipeline.review import audit_rows
from labproc.pipeline.runner import load_results, run_study
from labproc.pipeline.verify import verify_study
from labproc.simulate import Design, write_study
from labproc.store import Store, current_results
from labproc.store.users import add_user
from labproc.study import load_study

from ._serving import served

LINE = "#gates-graph .shapelayer path"
COUNT = 'tr[data-population="CAR+"]'
Shoot = Callable[[Page, str], None]
SECRET = "a long enough password"
PLANNED = ("C", "C+Len")
REASON = "the control's tail reaches further"
CURVE = """() => [...document.querySelectorAll('.js-plotly-plot')]
  .find(g => JSON.stringify(g.layout.yaxis.title.text).includes('cumulative'))
  .calcdata.flat().map(point => point.y).filter(Number.isFinite)"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> Path:
    where = tmp_path_factory.mktemp("demo")
    write_study(where, Design())
    _lose_a_control(where)
    run_study(where, workers=2, hold=())
    with Store.open(load_study(where).store_url) as store:
        add_user(store, "ada", SECRET, "reviewer", who="test")
    return where


def _lose_a_control(where: Path) -> None:
    """Take away one tube's control, so that its CAR gate rests on the other arm's: to look at."""
    (lost,) = (where / "raw").rglob("D2_C+Len_d08_car_untransduced.fcs")
    lost.unlink()


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    with served(create_app(folder, person=Person("ada", "reviewer"), warm=True)) as where:
        yield where


@pytest.fixture(scope="module")
def page(browser: BrowserContext, site: str) -> Iterator[Page]:
    """A page that remembers what it said and asked."""
    opened = browser.new_page()
    opened.set_default_timeout(90_000)  # two cores may have much else to do
    opened.said, opened.asked = [], []  # type: ignore[attr-defined]
    opened.on("console", lambda m: opened.said.append(m.text) if m.type == "error" else None)
    opened.on("request", lambda r: opened.asked.append(r.url))
    opened.goto(site)
    yield opened
    opened.close()


def go(page: Page, title: str) -> None:
    page.click(f".menu a >> text={title}")
    page.wait_for_selector(f".menu a.on >> text={title}")
    page.wait_for_selector("main h1")
    page.wait_for_load_state("networkidle")


@contextmanager
def answered(page: Page, output: str) -> Iterator[None]:
    """Wait until the server has answered what is done within, and it is on the screen."""

    def is_it(answer: Any) -> bool:
        asked = answer.request.post_data or ""
        return "_dash-update-component" in answer.url and output in asked.partition('"inputs"')[0]

    with page.expect_response(is_it):
        yield
    page.wait_for_timeout(500)


def curve(page: Page) -> list[float]:
    go(page, "Trends")
    page.wait_for_selector(".scatterlayer .point")
    found: list[float] = page.evaluate(CURVE)
    return found


def flagged_cart(folder: Path) -> Any:
    """Return the sample that most needs a look among those that the planned comparison rests on."""
    tubes = load_results(folder).tubes
    return next(
        t for t in tubes
        if t.key.role == "sample" and t.key.arm in PLANNED and t.reasons
        and any(g.population == "CAR+" for g in t.gates)
    )  # fmt: skip


def test_the_flagged_sample_is_mended_and_the_growth_curve_moves(
    page: Page, folder: Path, shoot: Shoot
) -> None:
    before = curve(page)
    shoot(page, "trends")
    go(page, "Gates")
    page.wait_for_selector(LINE, state="attached")
    assert "to look at" in page.inner_text("#gates-count")
    tube = flagged_cart(folder)
    if page.inner_text("#gates-title") != tube.key.label:  # the first of the list is open already
        with answered(page, "gates-plot"):
            page.click(f"#gates-list .ag-row:has-text('{tube.key.label}') >> nth=0")
    page.wait_for_selector(f"#gates-title >> text={tube.key.label}")
    with answered(page, "gates-plot"):
        page.click("#gates-tree tr[data-population='CAR+']")
    page.wait_for_selector("#gates-steps button.on >> text=CAR+")
    page.wait_for_selector("#gates-typed input")
    assert tube.reasons[0][:40] in page.inner_text("#gates-about")
    shoot(page, "gates")
    shown = page.get_attribute(COUNT, "data-count")
    box = page.locator(LINE).first.bounding_box()
    assert box is not None
    x, y = box["x"], box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=6)
    page.mouse.up()
    moved = f"(n) => document.querySelector('{COUNT}').dataset.count != n"
    page.wait_for_function(moved, arg=shown)
    page.wait_for_selector("#gates-numbers >> text=With this gate")
    page.fill("#gates-reason", REASON)
    page.click("#gates-save")
    page.wait_for_selector("#gates-message >> text=saved CAR+")
    after = curve(page)
    assert len(after) == len(before)
    assert after != before
    kept = [m for m in load_results(folder).of("cumulative_cart") if m.key.arm in PLANNED]
    assert {round(m.value or 0) for m in kept} <= {round(v) for v in after}


def test_a_well_is_left_out_and_its_copies_follow(page: Page, folder: Path, shoot: Shoot) -> None:
    results = load_results(folder)
    sha256 = results.plates[0].source.sha256
    before = {m.key: m.value for m in results.of("copies_per_ug")}
    go(page, "Plates")
    page.wait_for_selector("#plate-map .heatmaplayer image")
    shoot(page, "plates")
    box = page.locator("#plate-map .heatmaplayer image").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 24, box["y"] + box["height"] / 16)
    page.wait_for_selector("text=A1 ·")
    page.fill("#plates-reason", "bubble in the well")
    page.click("#plates-omit")
    page.wait_for_selector("#plates-message >> text=left out")
    page.wait_for_selector("#plates-told >> text=bubble in the well")
    results = load_results(folder)
    (well,) = results.omissions[sha256].values()
    assert well.well.endswith(":A1")
    after = {m.key: m.value for m in results.of("copies_per_ug")}
    assert after.keys() == before.keys()
    assert after != before


def test_the_study_says_what_was_changed_since_it_was_computed(page: Page, shoot: Shoot) -> None:
    go(page, "Compare")
    shoot(page, "compare")
    page.click("#compare-view >> text=Earlier and now")
    page.wait_for_selector("text=numbers differ")
    shoot(page, "compare_earlier")
    go(page, "Audit")
    page.wait_for_selector(f"#audit-grid >> text={REASON}")
    shoot(page, "audit")
    assert REASON in page.inner_text("#audit-grid")


def test_the_study_is_signed_and_then_locked(page: Page, folder: Path, shoot: Shoot) -> None:
    go(page, "Sign and export")
    sign = """[id*='"page":"study"'][id*='sign-{}']"""
    page.fill("input" + sign.format("name"), "ada")
    page.fill(sign.format("password") + " input, input" + sign.format("password"), "wrong")
    page.click("button" + sign.format("sign"))
    page.wait_for_selector("text=name 'ada' and password do not fit")
    page.fill(sign.format("password") + " input, input" + sign.format("password"), SECRET)
    page.click("button" + sign.format("sign"))
    page.wait_for_selector("text=signed as performed by ada")
    with Store.open(load_study(folder).store_url) as store:
        files = len(current_results(store, kinds=("fcs", "qpcr"), payloads=False))
    page.wait_for_selector(f"#finish-signed >> text=performed: {files} of {files}")
    shoot(page, "sign_and_export")
    go(page, "Gates")
    page.wait_for_selector(LINE, state="attached")
    page.fill("#gates-reason", "second thoughts")
    page.click("#gates-automatic")
    page.wait_for_selector("#gates-message >> text=performed and signed by ada")
    assert "performed and signed by ada" in page.inner_text("#gates-message")


def taken(page: Page, name: str) -> bytes:
    go(page, "Sign and export")
    with page.expect_download() as waiting:
        page.click(f"a[href='/download/{name}']")
    return Path(waiting.value.path()).read_bytes()


def test_excel_and_prism_hold_the_mended_numbers(page: Page, folder: Path) -> None:
    with Store.open(load_study(folder).store_url) as store:
        kept = {(m["donor"], m["arm"], m["day"]): m["value"]
                for m in store.table("measurements") if m["metric"] == "cart_total"}  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(taken(page, "xlsx")), read_only=True)
    heads, *rows = book["measurements"].iter_rows(values_only=True)
    at = {name: i for i, name in enumerate(heads)}
    found = {
        (r[at["donor"]], r[at["arm"]], r[at["day"]]): r[at["value"]]
        for r in rows if r[at["metric"]] == "cart_total"
    }  # fmt: skip
    assert found == pytest.approx(kept)
    packed = zipfile.ZipFile(io.BytesIO(taken(page, "prism")))
    project = next(n for n in packed.namelist() if n.endswith(".pzfx"))
    root = etree.fromstring(packed.read(project))
    values = [float(d.text) for d in root.iter("d") if d.text and re.fullmatch(r"[\d.e+]+", d.text)]
    assert all(any(v == pytest.approx(k, rel=1e-6) for v in values) for k in kept.values() if k)


def test_every_other_page_is_pictured_and_nothing_left_this_computer(
    page: Page, site: str, folder: Path, shoot: Shoot
) -> None:
    for title in ("Inbox", "Samples", "Cohort"):
        go(page, title)
        page.wait_for_timeout(300)
        shoot(page, title.lower())
    assert all(u.startswith((site, "data:", "blob:")) for u in page.asked)  # type: ignore[attr-defined]
    assert page.said == []  # type: ignore[attr-defined]
    who = [(r["action"], r["reason"]) for r in audit_rows(folder) if r["who"] == "ada"]
    assert who[:2] == [("gate moved", REASON), ("reviewed", "bubble in the well")]
    assert {a for a, _ in who[2:]} == {"signed performed"}
    assert verify_study(folder).problems == ()
