"""Names that attack spreadsheets, browsers and shells come out as text in every export."""

import csv
import importlib.util
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType

import openpyxl
import pytest
from lxml import etree

from labproc.exchange import EXPORTS
from labproc.model import Measurement, QpcrRun, SampleKey
from labproc.parsers import read_file
from labproc.pipeline.results import Arm, FileStatus, PlateView
from labproc.qpcr import QpcrRules, analyse_run

RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
RULES = QpcrRules(transgene="VCN", reference_target="RPP30", standard_unit="copies_per_well")


@pytest.fixture(scope="module")
def tool(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("bad_qpcr", shared / "tools/make_bad_qpcr.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["formula_names.csv", "html_names.csv", "formula_names.xlsx"])
def hostile(request, tool, results, tmp_path):
    """Return a study's results whose every name comes from a hostile file."""
    evil = tool.EVIL_HTML if "html" in request.param else tool.EVIL_CELLS
    wells = [[r[0], evil[i % len(evil)], *r[2:]] for i, r in enumerate(tool.wells())]
    write = tool.xlsx if request.param.endswith("xlsx") else lambda rows: tool.csv(rows).encode()
    path = tmp_path / request.param
    path.write_bytes(write(wells))
    run = read_file(path)
    assert isinstance(run, QpcrRun)
    analysis = analyse_run(run, RULES, draws=10)
    plate = PlateView(
        run.source, evil[0], run.format, run.table.wells, tuple(analysis.curves),
        tuple(analysis.samples), flags=tuple(analysis.flags),
    )  # fmt: skip
    arm = evil[3]
    rows = [Measurement(SampleKey(e, e, arm, 1, e), "cart_total", 5.0, parent=e) for e in evil]
    files = tuple(FileStatus(e, "0" * 64, "set_aside", reason=e) for e in evil)
    named = replace(results, title=evil[1], arms=(Arm(arm, arm, True),), files=files)
    return replace(named, plates=(plate,), measurements=tuple(rows))


@pytest.mark.shared
def test_no_csv_cell_begins_like_a_formula(hostile, out, request):
    request.addfinalizer(partial(csv.field_size_limit, csv.field_size_limit(10**7)))
    for name in ("csv", "prism"):
        EXPORTS.get(name).write(hostile, out)
    for path in out.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        texts = [c for c in cells if not _is_number(c)]
        assert not [c for c in texts if c.lstrip(" ").startswith(RUN_BY_SPREADSHEETS)], path.name


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


@pytest.mark.shared
def test_no_workbook_cell_is_a_formula_or_a_link(hostile, out):
    (path,) = EXPORTS.get("xlsx").write(hostile, out)
    book = openpyxl.load_workbook(path)
    for sheet in book:
        assert not sheet._hyperlinks
        assert all(c.data_type in "sbn" for row in sheet.iter_rows() for c in row)
    with zipfile.ZipFile(path) as archive:
        parts = [archive.read(n) for n in archive.namelist() if n.startswith("xl/worksheets")]
    assert not any(b"<f>" in part or b"<hyperlink" in part for part in parts)


@pytest.mark.shared
def test_xml_holds_names_as_text_and_files_stay_in_their_folder(hostile, out):
    before = set(out.parent.iterdir())
    for name in ("prism", "rdml", "parquet"):
        EXPORTS.get(name).write(hostile, out)
    for path in out.glob("*.pzfx"):
        root = etree.parse(path).getroot()
        assert not [e for e in root.iter() if e.tag in ("script", "img", "svg", "a")]
    for path in out.glob("*.rdml"):
        root = etree.fromstring(zipfile.ZipFile(path).read("rdml_data.xml"))
        assert {etree.QName(e).namespace for e in root.iter()} == {"http://www.rdml.org"}
    assert set(out.parent.iterdir()) == before
