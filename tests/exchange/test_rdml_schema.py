"""RDML files against the consortium's own schema and program (the package rdmlpython, MIT)."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from labproc.exchange import EXPORTS
from labproc.exchange.rdml import rdml
from labproc.model import Amplification, QpcrRun, Task, Well
from labproc.parsers import read_file
from labproc.pipeline.results import PlateView

# The package stands in a process of its own: importing it warns, and takes seconds.
OPEN = """
import sys, rdmlpython
for path in sys.argv[1:]:
    found = rdmlpython.Rdml(path)
    runs = found.experiments()[0].runs()
    print(found.version(), found.isvalid(), len(found.samples()), len(found.targets()), len(runs))
"""
NOT_EXPORTS = {".json", ".py", ".md"}


@pytest.fixture(scope="session")
def schema() -> etree.XMLSchema:
    spec = find_spec("rdmlpython")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    (folder,) = spec.submodule_search_locations
    return etree.XMLSchema(etree.parse(Path(folder) / "schema" / "RDML_v1_3_REC.xsd"))


def check(schema, plate):
    document = etree.fromstring(rdml(plate))
    schema.assertValid(document)
    return document


def of_wells(plate, *wells, amplification=()):
    return replace(plate, wells=wells, amplification=amplification)


def test_a_plate_with_hostile_names_is_valid(schema, results):
    check(schema, results.plates[0])


def test_two_dyes_without_target_names_become_two_targets(schema, results):
    wells = (Well("A1", "x", dye="FAM", cq=30.0), Well("A1", "x", dye="VIC", cq=25.0))
    document = check(schema, of_wells(results.plates[0], *wells))
    assert document.xpath("//*[local-name()='tar']/@id") == ["FAM", "VIC"]


def test_a_target_twice_in_a_well_goes_to_a_second_run(schema, results):
    wells = (Well("A1", "x", "CAR", cq=30.0), Well("A1", "y", "CAR", cq=25.0))
    curves = tuple(Amplification("A1", "CAR", np.arange(1, 3.0), np.full(2, v)) for v in (0.1, 9))
    document = check(schema, of_wells(results.plates[0], *wells, amplification=curves))
    assert document.xpath("//*[local-name()='cq']/text()") == ["30.0", "25.0"]
    assert document.xpath("//*[local-name()='fluor']/text()") == ["0.1", "0.1", "9.0", "9.0"]
    assert len(document.xpath("//*[local-name()='run']")) == 2


def test_a_standard_of_two_targets_keeps_both_quantities(schema, results, tmp_path):
    wells = (
        Well("A1", "S1", "CAR", Task.STANDARD, 30.0, 1000.0),
        Well("A1", "S1", "ALB", Task.STANDARD, 28.0, 4000.0),
        Well("A2", "S2", "CAR", Task.STANDARD, 33.0, 100.0),
        Well("A2", "S2", "ALB", Task.UNKNOWN, 28.0),
    )
    plate = of_wells(results.plates[0], *wells)
    check(schema, plate)
    EXPORTS.get("rdml").write(replace(results, plates=(plate,)), tmp_path)
    run = read_file(next(tmp_path.iterdir()))
    assert isinstance(run, QpcrRun)
    back = [(w.target, w.task, w.quantity) for w in run.table.wells]
    assert back == [(w.target, w.task, w.quantity) for w in wells]


def test_a_gap_in_the_fluorescence_is_left_out(schema, results):
    curve = Amplification("A1", "CAR", np.arange(1, 4.0), np.array([0.1, np.nan, np.inf]))
    plate = of_wells(results.plates[0], Well("A1", "x", "CAR", cq=3.0), amplification=(curve,))
    assert check(schema, plate).xpath("//*[local-name()='cyc']/text()") == ["1"]


@pytest.mark.shared
def test_every_real_export_is_valid_as_rdml_and_none_of_its_wells_is_lost(schema, shared):
    root = shared / "data/qpcr"
    files = [p for p in root.rglob("*") if p.is_file() and p.suffix not in NOT_EXPORTS]
    files = [p for p in files if not {"lod", "LICENSES"} & set(p.parts)]
    assert len(files) >= 40
    for path in files:
        run = read_file(path)
        assert isinstance(run, QpcrRun)
        plate = PlateView(run.source, run.plate, run.format, run.table.wells, (), ())
        document = check(schema, replace(plate, amplification=run.amplification))
        written = Counter(map(float, document.xpath("//*[local-name()='cq']/text()")))
        assert written == Counter(w.cq for w in run.table.wells if w.cq is not None), path.name


def test_the_consortiums_program_opens_it(results, tmp_path):
    (path,) = EXPORTS.get("rdml").write(results, tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", OPEN, path], capture_output=True, text=True
    )
    # two standards, an unknown, the NTC and the well left out; CAR and ALB; one run
    assert done.stdout.split() == ["1.3", "True", "5", "2", "1"], done.stderr
