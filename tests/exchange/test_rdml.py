"""RDML files: in the schema's order, and read back by the project's own RDML parser."""

import zipfile
from dataclasses import replace

import pytest
from lxml import etree

from labproc.exchange import EXPORTS
from labproc.exchange.rdml import rdml
from labproc.model import QpcrRun, Task, Well
from labproc.parsers import read_file

NS = {"r": "http://www.rdml.org"}
ORDER = {  # RDML 1.3, the elements that are written
    "rdml": ["dateMade", "dye", "sample", "target", "experiment"],
    "sample": ["description", "type", "quantity"],
    "quantity": ["value", "unit"],
    "target": ["type", "amplificationEfficiencyMethod", "amplificationEfficiency", "dyeId"],
    "run": ["description", "instrument", "pcrFormat", "runDate", "react"],
    "react": ["sample", "data"],
    "data": ["tar", "cq", "excl", "adp"],
    "adp": ["cyc", "fluor"],
}


@pytest.fixture
def document(results):
    return etree.fromstring(rdml(results.plates[0]))


def name_of(element):
    return etree.QName(element).localname


def test_elements_stand_in_the_order_of_the_schema(document):
    for element in document.iter(etree.Element):
        order = ORDER.get(name_of(element))
        if order and name_of(element.getparent() if element.getparent() is not None else element):
            places = [order.index(name_of(c)) for c in element if name_of(c) in order]
            assert places == sorted(places), name_of(element)
    assert document.get("version") == "1.3"


def test_identifiers_are_unique_and_every_reference_is_met(document):
    for kind, referring in (
        ("sample", "react/r:sample"),
        ("target", "data/r:tar"),
        ("dye", "dyeId"),
    ):
        ids = document.xpath(f"r:{kind}/@id", namespaces=NS)
        assert len(ids) == len(set(ids))
        assert set(document.xpath(f"//r:{referring}/@id", namespaces=NS)) <= set(ids)


def test_wells_by_number_with_their_cq(document):
    reacts = {r.get("id"): r for r in document.iterfind(".//r:react", NS)}
    assert list(reacts) == ["1", "2", "3", "13", "96"]  # A1, A2, A3, B1, H12 of 8 x 12
    both = reacts["3"].findall("r:data", NS)
    assert [d.findtext("r:cq", namespaces=NS) for d in both] == ["30.25", "24.5"]
    omitted = reacts["96"].find("r:data", NS)
    assert omitted.find("r:cq", NS) is None
    assert omitted.find("r:excl", NS) is not None
    light = both[0].findall("r:adp/r:fluor", NS)
    assert [float(f.text) for f in light] == [0.01, 0.02, 0.5]


def test_standards_keep_their_quantity_and_doubling_reads_2(document):
    quantities = document.xpath("r:sample[r:type='std']/r:quantity/r:value/text()", namespaces=NS)
    assert [float(q) for q in quantities] == [10.0, 1000.0]
    found = document.xpath("r:target[@id='CAR']/r:amplificationEfficiency/text()", namespaces=NS)
    assert float(found[0]) == pytest.approx(2.0)


def test_a_sample_in_two_tasks_becomes_two_samples(results):
    twice = (
        Well("A1", "x", "CAR", Task.STANDARD, 30.0, 100.0),
        Well("A2", "x", "CAR", Task.UNKNOWN, 30.0, 97.0),
    )
    document = etree.fromstring(rdml(replace(results.plates[0], wells=twice)))
    assert document.xpath("r:sample/@id", namespaces=NS) == ["x", "x_2"]


def test_wells_outside_a_plate_are_numbered_as_they_come(results):
    odd = (Well("tube 1", "x", "CAR", cq=30.0), Well("tube 2", "y", "CAR", cq=31.0))
    document = etree.fromstring(rdml(replace(results.plates[0], wells=odd)))
    assert document.xpath("//r:react/@id", namespaces=NS) == ["1", "2"]
    assert document.findtext(".//r:columns", namespaces=NS) == "2"


def test_the_projects_own_parser_reads_it_back(results, out):
    (path,) = EXPORTS.get("rdml").write(results, out)
    assert zipfile.ZipFile(path).namelist() == ["rdml_data.xml"]
    run = read_file(path)
    assert isinstance(run, QpcrRun)
    found = {(w.position, w.target): w for w in run.table.wells}
    for well in results.plates[0].wells:
        back = found[well.position, well.target]
        assert back.cq == well.cq
        assert back.task is well.task
    assert found["A1", "CAR"].quantity == 10.0
    assert found["A3", "CAR"].sample.endswith('=HYPERLINK("http://example.org","click")')
