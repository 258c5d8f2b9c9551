"""The review app in a real browser: every page, a gate moved, undone, saved, a sample judged."""

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

if TYPE_CHECKING:
    from conftest import Watched

LINE = "#gates-graph .shapelayer path"  # an upright line is 0 px wide: there, never "visible"
PAGES = (
    "Inbox", "Samples", "Gates", "Plates", "Trends", "Cohort", "Compare", "Release",
    "Sign and export",
    "Audit",
)  # fmt: skip


def open_gates(watched: "Watched") -> Page:
    """Open the Gates page anew, on the sample that needs a look most."""
    watched.go("Audit")
    page = watched.go("Gates")
    page.wait_for_selector(LINE, state="attached", timeout=15_000)
    return page


def car_count(page) -> int:
    return int(page.get_attribute('tr[data-population="CAR+"]', "data-count"))


def wait_for_another_count(page, before: int) -> int:
    script = """(n) => document.querySelector('tr[data-population="CAR+"]').dataset.count != n"""
    page.wait_for_function(script, arg=str(before), timeout=10_000)
    return car_count(page)


def drag(page, across: float, down: float = 0.0) -> None:
    """Drag the gate's line by pixels."""
    box = page.locator(LINE).first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across / 2, y + down / 2, steps=4)
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()


NAMELESS = """() => [...document.querySelectorAll('button, input, textarea, select, [role=button]')]
  .filter(e => e.offsetParent !== null && !e.closest('.ag-root-wrapper, .modebar, [aria-hidden]'))
  .filter(e => !(e.textContent || '').trim() && !e.getAttribute('aria-label') && !e.title
    && !e.getAttribute('aria-labelledby') && !(e.labels && e.labels.length))
  .map(e => e.outerHTML.slice(0, 160))"""


GRAVE = ("serious", "critical")  # of axe-core's faults
ACROSS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.mark.parametrize("name", PAGES)
def test_every_page_loads_whole_named_and_asks_no_other_host(name: str, watched: "Watched") -> None:
    watched.go("Audit" if name == "Inbox" else "Inbox")
    page = watched.go(name)
    page.wait_for_load_state("networkidle")
    assert watched.said == []
    assert all(url.startswith((watched.address, "data:", "blob:")) for url in watched.asked)
    assert page.locator('[data-title*="Share"], [data-title*="loud"]').count() == 0
    assert "onerror" not in str(page.evaluate("[...document.images].map(i => i.outerHTML)"))
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.lang") == "en"
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(names) == len(set(names))
    assert page.evaluate(ACROSS) <= 0
    grave = [v for v in Axe().run(page).response["violations"] if v["impact"] in GRAVE]
    assert [(v["id"], v["nodes"][0]["html"]) for v in grave] == []


def test_the_sample_that_needs_a_look_comes_first(watched: "Watched") -> None:
    page = open_gates(watched)
    assert page.inner_text("#gates-title").startswith("D2 E1 C d12")


def test_dragging_a_threshold_changes_the_count_and_undo_brings_it_back(watched: "Watched") -> None:
    page = open_gates(watched)
    stored = car_count(page)
    drag(page, across=90)
    moved = wait_for_another_count(page, stored)
    assert moved < stored
    typed = page.locator("#gates-typed input").first.input_value()
    assert float(typed.replace(",", "")) > 3000
    page.click("#gates-undo")
    assert wait_for_another_count(page, moved) == stored
    page.click("#gates-redo")
    assert wait_for_another_count(page, stored) == moved
    assert watched.said == []


DRAFT = "window.dash_component_api.getLayout('gates-draft').props.data.now[0][0]"
HELD = """([late, asked]) => {
  const busy = (ms) => { const from = performance.now(); while (performance.now() - from < ms); };
  const ask = window.fetch;
  window.fetch = async (...what) => {
    const answer = await ask(...what);
    const [, changed] = /"changedPropIds":(.*?)\\]/.exec((what[1] || {}).body) || [];
    if (!changed || !changed.includes(asked)) return answer;
    await new Promise((go) => setTimeout(go, late));
    busy(40);
    return answer;
  };
  window.answerAtOnce = () => { window.fetch = ask; };
}"""


@pytest.mark.parametrize("late", [80, 128])
def test_a_late_undo_is_not_undone_by_the_number_in_the_field(
    late: int, watched: "Watched"
) -> None:
    page = open_gates(watched)
    stored = car_count(page)
    drag(page, across=90)
    moved = wait_for_another_count(page, stored)
    page.wait_for_timeout(150)
    # fields that told their number back 400 ms later did so about when this answer comes
    page.evaluate(HELD, [late, "gates-undo"])
    page.click("#gates-undo")
    wait_for_another_count(page, moved)
    page.wait_for_timeout(600)
    page.evaluate("window.answerAtOnce()")
    assert car_count(page) == stored


def test_a_typed_number_counts_once_it_is_entered_or_left(watched: "Watched") -> None:
    page = open_gates(watched)
    before = page.evaluate(DRAFT)
    page.locator("#gates-typed input").first.fill("20000")
    page.wait_for_timeout(600)
    assert page.evaluate(DRAFT) == before
    page.locator("#gates-title").click()
    page.wait_for_function(f"() => {DRAFT} === 20000")


def test_a_plot_that_tells_of_its_size_takes_no_number_back(watched: "Watched") -> None:
    page = open_gates(watched)
    page.evaluate(HELD, [500, "gate-typed"])
    field = page.locator("#gates-typed input").first
    field.fill("19000")
    field.press("Enter")
    told = "{ relayoutData: { autosize: true, 'xaxis.range[0]': 1.5 } }"
    page.evaluate(f"window.dash_clientside.set_props('gates-graph', {told})")
    page.wait_for_timeout(1_500)
    page.evaluate("window.answerAtOnce()")
    assert page.evaluate(DRAFT) == 19_000


def test_numbers_of_a_gate_that_has_moved_on_are_not_shown(watched: "Watched") -> None:
    page = open_gates(watched)
    script = """(of) => {
      const { gates } = window.dash_clientside;
      gates.measured({ of, numbers: 'numbers told', tree: 'tree told' });
      return ['gates-numbers', 'gates-tree'].map(
        id => window.dash_component_api.getLayout(id).props.children);
    }"""
    gate = page.evaluate("window.dash_component_api.getLayout('gates-draft').props.data")
    for other in ({"now": [[2500.0]]}, {"sample": "b"}, {"population": "Live"}):
        assert page.evaluate(script, {**gate, **other}) != ["numbers told", "tree told"]
    assert page.evaluate(script, {**gate, "past": [[[1.0]]]}) == ["numbers told", "tree told"]


def test_a_diagonal_drag_keeps_the_line_upright(watched: "Watched") -> None:
    page = open_gates(watched)
    stored = car_count(page)
    drag(page, across=70, down=60)
    wait_for_another_count(page, stored)
    page.wait_for_timeout(150)
    line = page.evaluate("document.querySelector('#gates-graph .js-plotly-plot').layout.shapes[0]")
    assert (line["y0"], line["y1"]) == (0, 1)
    assert line["x0"] == line["x1"]


def test_a_typed_threshold_changes_the_count(watched: "Watched") -> None:
    page = open_gates(watched)
    stored = car_count(page)
    field = page.locator("#gates-typed input").first
    field.fill("20000")
    field.press("Enter")
    assert wait_for_another_count(page, stored) < stored


ON_THE_OUTLINE = """() => {
  const line = document.querySelector('#gates-graph .shapelayer path');
  const at = line.getPointAtLength(line.getTotalLength() * 0.3), to = line.getScreenCTM();
  return [at.x * to.a + to.e, at.y * to.d + to.f];
}"""


def test_a_corner_of_a_polygon_can_be_dragged(watched: "Watched") -> None:
    page = open_gates(watched)
    page.click("#gates-steps button >> nth=0")
    page.wait_for_function(
        "() => document.querySelector('#gates-graph .heatmaplayer image') !== null"
    )
    before = page.get_attribute('tr[data-population="Cells"]', "data-count")
    page.mouse.click(*page.evaluate(ON_THE_OUTLINE))
    corner = page.wait_for_selector("#gates-graph circle[data-j='0']").bounding_box()
    x, y = corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y + 20, steps=5)
    page.mouse.up()
    changed = """(n) => document.querySelector('tr[data-population="Cells"]').dataset.count != n"""
    page.wait_for_function(changed, arg=before, timeout=10_000)
    assert page.get_attribute('tr[data-population="Cells"]', "data-count") != before
    assert watched.said == []


def test_a_gate_is_not_saved_without_a_reason(watched: "Watched", desk: Any) -> None:
    page = open_gates(watched)
    stored, log = car_count(page), len(desk.log)
    drag(page, across=60)
    wait_for_another_count(page, stored)
    page.click("#gates-save")
    page.wait_for_selector("#gates-message >> text=no reason given")
    assert len(desk.log) == log


def test_a_saved_gate_stands_in_the_store_the_audit_and_the_history(
    watched: "Watched", desk: Any
) -> None:
    page = open_gates(watched)
    stored = car_count(page)
    drag(page, across=60)
    moved = wait_for_another_count(page, stored)
    page.fill("#gates-reason", "the control's tail reached 4,000")
    page.click("#gates-save")
    page.wait_for_selector("#gates-message >> text=saved CAR+", timeout=10_000)
    assert desk.log[-1]["who"] == "ada"
    kept = next(t for t in desk.held.tubes if t.source.sha256 == desk.log[-1]["subject"])
    assert kept.gates[-1].n_events == moved == car_count(page)
    page.wait_for_selector("#gates-history >> text=the control's tail")
    page.click(".menu a >> text=Audit")
    page.wait_for_selector("#audit-grid >> text=the control's tail reached 4,000")
    assert watched.said == []


def test_a_number_saved_before_it_was_answered_is_the_one_saved(
    watched: "Watched", desk: Any
) -> None:
    page = open_gates(watched)
    page.fill("#gates-reason", "a number read off the protocol")
    page.evaluate(HELD, [1500, "gate-typed"])
    page.locator("#gates-typed input").first.fill("21000")
    page.click("#gates-save")
    page.wait_for_selector("#gates-message >> text=saved CAR+", timeout=10_000)
    page.evaluate("window.answerAtOnce()")
    assert desk.log[-1]["action"] == "gate CAR+ [[21000.0]]"
    page.wait_for_timeout(1700)
    assert page.evaluate(DRAFT) == 21_000


def test_the_keyboard_leads_through_the_samples_and_approves(watched: "Watched", desk: Any) -> None:
    page = open_gates(watched)
    first = page.inner_text("#gates-title")
    page.keyboard.press("n")
    page.wait_for_function(
        "(t) => document.getElementById('gates-title').innerText != t", arg=first
    )
    page.keyboard.press("p")
    page.wait_for_function(
        "(t) => document.getElementById('gates-title').innerText == t", arg=first
    )
    page.keyboard.press("a")
    page.wait_for_selector("#gates-message >> text=approved")
    assert desk.log[-1]["action"] == "approved"
    page.wait_for_selector("#gates-title >> text=approved")


def test_a_click_on_a_point_of_a_trend_leads_to_its_gate(watched: "Watched") -> None:
    watched.go("Audit")
    page = watched.go("Trends")
    page.wait_for_selector(".scatterlayer .point", timeout=15_000)
    point = page.locator(".scatterlayer .point").nth(5).bounding_box()
    page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
    page.wait_for_url(re.compile(r"/gates/[0-9a-f]{16}"), timeout=10_000)
    page.wait_for_selector(LINE, state="attached", timeout=15_000)
    assert page.inner_text("main h1") == "Gates"
    assert watched.said == []


def test_donors_can_be_left_out_of_a_trend(watched: "Watched") -> None:
    watched.go("Audit")
    page = watched.go("Trends")
    page.wait_for_selector("text=n = 3 donors", timeout=15_000)
    page.click("#trends-choice label:has-text('D3')")
    page.wait_for_selector("text=n = 2 donors; no interval under 3 donors", timeout=10_000)
    assert watched.said == []


def test_a_well_is_left_out_with_a_reason_and_comes_back(watched: "Watched", desk: Any) -> None:
    watched.go("Audit")
    page = watched.go("Plates")
    page.wait_for_selector("#plate-map .heatmaplayer image", timeout=15_000)
    box = page.locator("#plate-map .heatmaplayer image").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 24, box["y"] + box["height"] / 16)
    page.wait_for_selector("text=A1 · CAR")
    page.click("#plates-omit")
    page.wait_for_selector("#plates-message >> text=no reason given")
    page.fill("#plates-reason", "bubble")
    page.click("#plates-omit")
    page.wait_for_selector("#plates-message >> text=CAR:A1 left out")
    page.wait_for_selector("#plates-told >> text=bubble")
    assert desk.log[-1]["action"] == "omitted CAR:A1"
    page.click("#plates-undo")
    page.wait_for_selector("#plates-message >> text=CAR:A1 back in")
    assert desk.log[-1]["reason"] == "undo: bubble"
    assert watched.said == []


def cell(row: int, column: str, grid: str = "samples-grid") -> str:
    return f"#{grid} .ag-row[row-index='{row}'] [col-id='{column}']"


PASTE = """([grid, text]) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true });
  document.activeElement.dispatchEvent(event);
}"""


def test_cells_are_typed_pasted_undone_and_wrong_ones_named(watched: "Watched", desk: Any) -> None:
    watched.go("Audit")
    page = watched.go("Samples")
    page.wait_for_selector(cell(0, "donor"), timeout=15_000)
    first = page.inner_text(cell(0, "donor"))
    page.dblclick(cell(0, "day"))
    page.keyboard.type("x9")
    page.keyboard.press("Enter")
    page.wait_for_selector("#samples-said >> text=1 wrong: row 1, day is 'x9'")
    page.wait_for_selector(cell(0, "day") + ".wrong")
    page.click(cell(0, "donor"))
    page.evaluate(PASTE, ["samples-grid", "Q7\tE1\nQ8\tE1"])
    page.wait_for_selector(cell(1, "donor") + " >> text=Q8")
    assert page.inner_text(cell(0, "experiment")) == "E1"
    page.click("#samples-undo")
    page.wait_for_selector(cell(0, "donor") + f" >> text={first}")
    page.click("#samples-undo")
    page.wait_for_function("() => !document.getElementById('samples-said').innerText.includes('✕')")
    page.click("#samples-redo")
    page.wait_for_selector("#samples-said >> text=1 wrong")
    page.click("#samples-save")
    page.wait_for_selector("#samples-message >> text=saved")
    assert watched.said == []


def test_a_plate_drawn_in_a_spreadsheet_is_pasted_with_its_rulers(watched: "Watched") -> None:
    watched.go("Audit")
    page = watched.go("Samples")
    page.click("#samples-view >> text=Plate map")
    page.wait_for_selector(cell(0, "1", "samples-plate"))
    page.click(cell(1, "3", "samples-plate"))
    page.evaluate(PASTE, ["samples-plate", "\t1\t2\nA\tS1\tS2\nB\tS3\t"])
    page.wait_for_selector(cell(1, "4", "samples-plate") + " >> text=S2")
    assert page.inner_text(cell(2, "3", "samples-plate")) == "S3"


def test_flowjo_s_percentage_is_explained_by_an_overlay(watched: "Watched") -> None:
    watched.go("Audit")
    page = watched.go("Compare")
    page.click("#compare-view >> text=FlowJo")
    page.wait_for_selector("text=is what a threshold at", timeout=15_000)
    page.wait_for_selector("text=No partner here: 1 percentage of FlowJo's")
    page.click("#compare-view >> text=Earlier and now")
    page.wait_for_selector("text=Nothing differs")
    assert watched.said == []
