"""GatingML 2.0 as a strategy: the standard's compliance set, and flowkit as judge beside it."""

import warnings

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.errors import ParseError
from labproc.exchange.incoming.reading import import_gates, read_gate_file
from labproc.parsers.fcs import read_tube

GML = [
    "all_gates", "boolean_and1", "boolean_and2", "boolean_and3_complement", "boolean_and4_not",
    "boolean_not1", "boolean_or1", "boolean_or2", "ellipse1", "ellipse2", "ellipsoid3d",
    "log_ratio_range1", "matrix_poly4", "matrix_rect3", "matrix_rect4", "matrix_rect5",
    "matrix_transform_asinh_range1c", "matrix_transform_asinh_range6c",
    "matrix_transform_hyperlog_range2c", "matrix_transform_hyperlog_range7c",
    "matrix_transform_linear_range3c", "matrix_transform_logicle_range4c",
    "matrix_transform_logicle_range5c", "matrix_transform_logicle_range8c",
    "matrix_transform_logicle_rect1", "parent_poly1_boolean_and2", "parent_quadrant_rect",
    "parent_range1_boolean_and3", "parent_rect1_rect_par1", "poly1", "poly2", "poly3ns",
    "quadrant1", "quadrant2", "range", "ratio_range1", "ratio_range2", "rect1", "rect2",
    "time_range", "transform_asinh_range1", "transform_hyperlog_range2",
    "transform_linear_range3", "transform_log_range6", "transform_logicle_range4",
    "transform_logicle_range5",
]  # fmt: skip
# gates of the set that are to hold the same events as another (its own comments say so)
ALIKE = {"ParAnd2": "And2", "ParAnd3": "And3", "Rectangle2": "Rectangle1", "And4": "And3"}
NO_TRUTH = {"myEllipse2", "ParRectangle1"}


def document(shared, case):
    end = ".xml" if case == "all_gates" else "_gate.xml"
    return shared / "data/fcs/flowkit/gate_ref/gml" / f"gml_{case}{end}"


@pytest.fixture(scope="module")
def tube(shared):
    return read_tube(shared / "data/fcs/flowkit/data1.fcs")


def truth(shared, population):
    folder = shared / "data/fcs/flowkit/gate_ref/truth"
    for name in (population, ALIKE.get(population, "")):
        if (path := folder / f"Results_{name}.txt").is_file():
            return np.array(path.read_text().split(), dtype=int).astype(bool)
    return None


def test_no_case_of_the_compliance_set_is_forgotten(shared):
    there = {p.name for p in document(shared, "range").parent.glob("*.xml")}
    assert there == {document(shared, c).name for c in GML} | {"gml_range_gate_attr_testing.xml"}


@pytest.mark.parametrize("case", GML)
def test_the_compliance_set_is_met_event_for_event(shared, tube, tmp_path, case):
    imported = import_gates(read_gate_file(document(shared, case)), name=case)
    written = tmp_path / "strategy.toml"
    written.write_text(imported.text, encoding="utf-8")
    populations = gate_tube(tube, load_strategy(written), draws=0)
    assert populations.gates
    for gate in populations:
        expected = truth(shared, gate.population)
        if expected is None:
            assert gate.population in NO_TRUTH
            continue
        assert np.array_equal(gate.mask, expected), gate.population


@pytest.mark.parametrize("case", ["ellipse2", "parent_quadrant_rect", "all_gates"])
def test_flowkit_selects_the_same_events(shared, tube, case):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit

        strategy = flowkit.parse_gating_xml(str(document(shared, case)))
        if case == "all_gates":  # flowkit cannot mix compensations in one gate
            strategy.remove_gate("Polygon3NS")
        judged = strategy.gate_sample(flowkit.Sample(str(shared / "data/fcs/flowkit/data1.fcs")))
    imported = import_gates(read_gate_file(document(shared, case)), name=case)
    for gate in gate_tube(tube, imported.strategy, draws=0):
        if gate.population != "Polygon3NS":
            found = judged.get_gate_membership(gate.population)
            assert np.array_equal(found, gate.mask), gate.population


def test_what_is_no_gatingml_is_refused_in_one_line(shared):
    # it has an element and an attribute that the standard does not know
    path = document(shared, "range").with_name("gml_range_gate_attr_testing.xml")
    with pytest.raises(ParseError, match=r"attr_testing\.xml: .*expected GatingML 2\.0"):
        import_gates(read_gate_file(path), name="x")


HEAD = """<?xml version="1.0"?><g:Gating-ML
 xmlns:g="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
 xmlns:t="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
 xmlns:d="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">"""
RANGE = """<g:RectangleGate g:id="{id}" {more}>
 <g:dimension g:compensation-ref="{comp}" g:min="10"><d:fcs-dimension d:name="FL1-H"/></g:dimension>
</g:RectangleGate>"""


def gates(tmp_path, body, **options):
    path = tmp_path / "made.xml"
    path.write_text(f"{HEAD}{body}</g:Gating-ML>", encoding="utf-8")
    return import_gates(read_gate_file(path), name="made", **options)


def test_a_gate_that_cannot_be_said_is_named_or_left_out_with_what_rests_on_it(tmp_path):
    body = RANGE.format(id="Good", more="", comp="uncompensated")
    body += RANGE.format(id="Lost", more="", comp="nowhere")
    body += RANGE.format(id="Below", more='g:parent_id="Lost"', comp="uncompensated")
    with pytest.raises(ParseError, match=r"made\.xml: gate 'Lost': compensation 'nowhere' is not"):
        gates(tmp_path, body)
    imported = gates(tmp_path, body, leave_out=True)
    assert imported.strategy.populations == ("Good",)
    assert [r.name for r in imported.left_out] == ["Lost", "Below"]
    assert "# LEFT OUT: Lost: compensation 'nowhere'" in imported.text


def test_names_of_cytobank_and_of_labproc_stand_for_the_identifiers(tmp_path):
    info = "<d:custom_info>{}</d:custom_info>"
    body = RANGE.format(id="Gate_1_Q0Q0", more="", comp="FCS").replace(
        "<g:dimension", info.format("<cytobank><name>CD4 T</name></cytobank>") + "<g:dimension", 1
    )
    body += RANGE.format(id="CD4pos", more="", comp="FCS").replace(
        "<g:dimension", info.format("CD4+") + "<g:dimension", 1
    )
    body += RANGE.format(id="x", more="", comp="FCS").replace(
        "<g:dimension", info.format("a remark") + "<g:dimension", 1
    )
    assert gates(tmp_path, body).strategy.populations == ("CD4 T", "CD4+", "x")


def test_limits_of_a_log_scale_leave_negative_events_out(tmp_path):
    # flog is defined above 0 only: a gate with an upper limit alone holds no negative event
    body = """<t:transformation t:id="L"><t:flog t:T="1000" t:M="3"/></t:transformation>
    <g:RectangleGate g:id="Low"><g:dimension g:compensation-ref="uncompensated"
     g:transformation-ref="L" g:max="0.5"><d:fcs-dimension d:name="FL1-H"/></g:dimension>
    </g:RectangleGate>"""
    options = gates(tmp_path, body).steps[0].options
    assert options["low"] == [0.0]
    assert options["high"] == [pytest.approx(1000 * 10**-1.5)]


HOSTILE = {
    "doctype": '<!DOCTYPE x [<!ENTITY a "b">]><Workspace>&a;</Workspace>',
    "deep": "<Workspace>" + "<a>" * 300 + "</a>" * 300 + "</Workspace>",
    "cut": HEAD,
    "other": "<rdml/>",
    "old": '<Workspace flowJoVersion="9.1"/>',
    "empty workspace": '<Workspace flowJoVersion="10.8"/>',
    "empty gates": f"{HEAD}</g:Gating-ML>",
    "text": "hello",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_in_one_line(tmp_path, text):
    path = tmp_path / "hostile.xml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParseError) as error:
        import_gates(read_gate_file(path), name="x")
    assert str(error.value).startswith("hostile.xml: ")
    assert "\n" not in str(error.value)


def test_folders_and_missing_files_are_refused(tmp_path):
    with pytest.raises(ParseError, match="a folder, expected a GatingML file"):
        read_gate_file(tmp_path)
    with pytest.raises(ParseError, match="no such file"):
        read_gate_file(tmp_path / "none.xml")
