"""The report opened from a disk: it draws itself and asks no network."""

from pathlib import Path

import pytest

from dashboards.report import build_report


@pytest.fixture(scope="module")
def file(desk, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(build_report(desk.held), encoding="utf-8")
    return path


def test_the_figures_draw_and_no_request_leaves_the_file(browser, file: Path) -> None:
    page = browser.new_page()
    asked, said = [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(file.as_uri())
    page.wait_for_selector(".plot.drawn .main-svg", timeout=20_000)
    for place in page.locator(".plot").all()[:6]:
        place.scroll_into_view_if_needed()
    page.wait_for_function(
        "() => document.querySelectorAll('.plot.drawn').length >= 5", timeout=20_000
    )
    assert asked == [file.as_uri()]
    assert said == []
    assert page.locator('[data-title*="Share"], [data-title*="loud"]').count() == 0
    assert page.evaluate("document.images.length") == 0
    page.close()


def test_it_prints_every_figure(browser, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    page.wait_for_selector(".plot.drawn", timeout=20_000)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    script = "() => document.querySelectorAll('.plot:not(.drawn)').length === 0"
    page.wait_for_function(script, timeout=20_000)
    page.close()
