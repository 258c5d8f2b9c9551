"""Instrument files with hostile names through a whole study: inert on every page and export."""

import csv
import importlib.util
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType, SimpleNamespace

import openpyxl
import pytest

from dashboards.app import create_app
from dashboards.people import Person
from dashboards.report import build_report
from labproc.exchange import EXPORTS
from labproc.pipeline.results import Results
from labproc.pipeline.runner import load_results, run_study

TOML = """\
[study]
title = "<script>alert(1)</script>"
control = "C"
[arms.C]
[panels.car]
strategy = "car_t"
[qpcr]
standard_unit = "copies_per_well"
"""
N_INERT = 3  # files of the tool that load and whose text must do no harm
pytestmark = pytest.mark.shared
PAGES = ("inbox", "samples", "gates", "plates", "trends", "cohort", "compare", "finish", "audit")


def maker(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_bad_qpcr", path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def folder(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a study of the tool's inert files: formulas and markup as sample names."""
    where = tmp_path_factory.mktemp("hostile")
    (where / "raw").mkdir()
    (where / "study.toml").write_text(TOML, encoding="utf-8")
    made = maker(shared / "tools" / "make_bad_qpcr.py")
    small = SimpleNamespace(rows=10, bomb_mib=1)
    every = ((name, expected, content) for name, _, expected, _, content in made.cases(small))
    inert = ((name, content) for name, expected, content in every if expected == "inert")
    for name, content in islice(inert, N_INERT):
        (where / "raw" / name).write_bytes(content)
    run_study(where, hold=(), workers=1)
    return where


@pytest.fixture(scope="module")
def study(folder: Path) -> Results:
    return load_results(folder)


def test_hostile_names_are_kept_as_the_text_they_are(study: Results) -> None:
    names = {w.sample for p in study.plates for w in p.wells}
    assert any(n.startswith("=") for n in names)
    assert any("<" in n for n in names)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_carries_hostile_names_as_text_only(name: str, folder: Path) -> None:
    client = create_app(folder, person=Person("ada", "reviewer")).server.test_client()
    body = {
        "output": "..page.children...menu.children..",
        "outputs": [{"id": i, "property": "children"} for i in ("page", "menu")],
        "inputs": [{"id": "location", "property": "pathname", "value": f"/{name}"}],
        "changedPropIds": ["location.pathname"],
    }
    answer = client.post("/_dash-update-component", json=body, headers={"Host": "127.0.0.1"})
    assert answer.status_code == 200
    page = json.loads(answer.data)["response"]["page"]["children"]
    assert "kept the page" not in answer.text
    assert not list(_unsafe(page))


def _unsafe(part: object) -> Iterator[object]:
    """Yield components that would read text as markup: none may be there."""
    if isinstance(part, dict):
        if part.get("type") in ("Markdown", "DangerouslySetInnerHTML", "Iframe"):
            yield part
        if part.get("type") == "AgGrid" and part["props"].get("dangerously_allow_code"):
            yield part
        for value in part.values():
            yield from _unsafe(value)
    elif isinstance(part, list):
        for value in part:
            yield from _unsafe(value)


def test_the_report_and_the_exports_hold_no_live_text(study: Results, tmp_path: Path) -> None:
    report = build_report(study)
    assert "<script>alert(1)</script>" not in report
    assert "<img src=x" not in report
    for name in ("csv", "xlsx"):
        (tmp_path / name).mkdir()
        EXPORTS.get(name).write(study, tmp_path / name)
    for path in (tmp_path / "csv").rglob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [c for c in cells if c.startswith(("=", "@", "\t"))], path.name
    (book,) = (tmp_path / "xlsx").glob("*.xlsx")
    for sheet in openpyxl.load_workbook(book):
        kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
        assert "f" not in kinds
        assert not sheet._hyperlinks
