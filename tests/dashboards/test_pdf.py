"""The report on paper."""

import os
import shutil
from pathlib import Path

import pytest

from dashboards.pdf import BROWSERS, print_pdf
from labproc.errors import SettingsError


def test_a_report_is_printed_by_the_browser_that_is_there(tmp_path: Path) -> None:
    if not any(map(shutil.which, BROWSERS)):
        if os.environ.get("CI") == "true":
            pytest.fail("a browser must be there in CI")
        pytest.skip("no browser is installed")
    report = tmp_path / "report.html"
    report.write_text("<!doctype html><title>T</title><p>CAR-T cells</p>", encoding="utf-8")
    pdf = print_pdf(report)
    assert pdf == tmp_path / "report.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-")


def test_without_a_browser_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.pdf.shutil.which", lambda name: None)
    with pytest.raises(SettingsError, match=r"no browser found, .*print it from your browser"):
        print_pdf(tmp_path / "report.html")
