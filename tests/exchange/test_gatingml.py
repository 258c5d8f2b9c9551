"""GatingML that flowkit opens, with every mask identical, event for event."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from gating.boundary import inside
from gating.columns import Columns
from gating.engine import gate_tube
from gating.geometry import in_polygon
from gating.strategy import load_strategy
from labproc.exchange._gates import gates_of, outwards
from labproc.exchange._text import xml_id
from labproc.exchange.gatingml import gatingml
from labproc.formats.fcs.write import write_fcs
from labproc.model import Boundary, GateResult, Populations, Spillover
from labproc.parsers.fcs import read_tube
from labproc.simulate import TubeSpec, simulate_tube
from labproc.simulate.panels import SPILL

MARKERS = {"CAR": "BL1-A", "CD3": "YL2-A", "CD4": "VL1-A", "CD8": "RL1-A", "viability": "RL2-A"}


@pytest.fixture(scope="session")
def flowkit():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies
        import flowkit
    return flowkit


def write_tube(path, spec=None, seed=0, spillover=SPILL):
    events = simulate_tube(spec or TubeSpec(volume_ul=40.0), seed=seed).tube.events
    keywords = {"$TIMESTEP": "0.001", "$VOL": "40000"}
    write_fcs(path, events.values, events.channels, keywords=keywords, spillover=spillover)
    return read_tube(path)


def regate(flowkit, path, document):
    file = path.with_suffix(".xml")
    file.write_bytes(document)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return flowkit.parse_gating_xml(str(file)).gate_sample(flowkit.Sample(str(path)))


def assert_same(flowkit, path, populations, document):
    result = regate(flowkit, path, document)
    compared = 0
    for gate in populations:
        if gate.boundary.kind != "none":
            found = result.get_gate_membership(xml_id(gate.population))
            assert np.array_equal(found, gate.mask), gate.population
            compared += 1
    return compared


@pytest.mark.parametrize(
    ("strategy", "panel", "n"),
    [("car_t", "car", 5), ("cd4_cd8", "subset", 8), ("live", "count", 3)],
)
def test_automatic_gates_select_the_same_events(flowkit, tmp_path, strategy, panel, n):
    path = tmp_path / "tube.fcs"
    tube = write_tube(path, TubeSpec(panel=panel, volume_ul=40.0))
    known = {m: c for m, c in MARKERS.items() if panel == "subset" or m not in ("CD4", "CD8")}
    known = {m: c for m, c in known.items() if panel == "car" or m != "CAR"}
    known = {"viability": "RL2-A"} if panel == "count" else known
    populations = gate_tube(tube, load_strategy(strategy), markers=known, draws=0)
    document = gatingml(gates_of(populations, tube), tube)
    assert assert_same(flowkit, path, populations, document) >= n


def test_time_that_quality_control_dropped_stays_dropped(flowkit, tmp_path):
    path = tmp_path / "clog.fcs"
    spec = TubeSpec(panel="count", cells_per_ul=250.0, volume_ul=100.0, clog=(0.4, 0.48))
    tube = write_tube(path, spec)
    populations = gate_tube(tube, load_strategy("live"), markers={"viability": "RL2-A"}, draws=0)
    assert populations.kept_time < 1.0
    document = gatingml(gates_of(populations, tube), tube)
    result = regate(flowkit, path, document)
    steady = populations.get("Steady")
    assert np.array_equal(result.get_gate_membership("Steady"), steady.mask)
    assert_same(flowkit, path, populations, document)


def drawn(tube, boundary, parameters=None, spillover=None):
    columns = Columns(tube, spillover)
    above = (parameters or {}).get("side", "above") == "above"
    mask = inside(boundary, [columns.values(c) for c in boundary.channels], above=above)
    assert 0 < mask.sum() < mask.size
    gate = GateResult(
        "drawn+", "All events", mask, mask.size, "by hand", boundary=boundary,
        parameters=parameters or {},
    )  # fmt: skip
    return Populations("by hand", mask.size, (gate,))


LOGICLE = "logicle:T=1048575,W=0.6,M=4.5,A=0"
ASINH = "asinh:cofactor=150"
STAR = [[0.3, 0.1], [0.55, 0.35], [0.8, 0.2], [0.6, 0.5], [0.75, 0.9], [0.45, 0.6], [0.2, 0.7]]


@pytest.mark.parametrize(
    ("boundary", "parameters"),
    [
        (Boundary("threshold", ("VL1-A",), (LOGICLE,), np.array([[5e3]])), {"side": "below"}),
        (Boundary("interval", ("FSC-A",), ("linear",), np.array([[2e5], [4e5]])), {}),
        (
            Boundary("rectangle", ("VL1-A", "YL2-A"), (LOGICLE,) * 2,
                     np.array([[900, 5e3], [3e4, 6e4]])),
            {},
        ),
        (Boundary("polygon", ("VL1-A", "RL1-A"), (LOGICLE,) * 2, np.array(STAR)), {}),
        (
            Boundary("polygon", ("VL1-A", "YL2-A"), (ASINH,) * 2,
                     np.array([[4, 4], [7, 4.5], [6, 7]])),
            {},
        ),
        (
            Boundary("ellipse", ("FSC-A", "SSC-A"), ("linear",) * 2,
                     np.array([[3.3e5, 1.5e5], [4.4e5, 1.9e5], [3.1e5, 1.9e5]])),
            {},
        ),
    ],
)  # fmt: skip
def test_every_kind_of_outline(flowkit, tmp_path, boundary, parameters):
    path = tmp_path / "drawn.fcs"
    tube = write_tube(path, TubeSpec(panel="subset", volume_ul=40.0))
    populations = drawn(tube, boundary, parameters)
    document = gatingml(gates_of(populations, tube), tube)
    assert assert_same(flowkit, path, populations, document) == 1


def test_another_spillover_than_the_files_is_written_out(flowkit, tmp_path):
    path = tmp_path / "own.fcs"
    tube = write_tube(path)
    own = Spillover(("BL1-A", "YL2-A"), np.array([[1.0, 0.2], [0.05, 1.0]]))
    boundary = Boundary("threshold", ("YL2-A",), (LOGICLE,), np.array([[9000.0]]))
    populations = drawn(tube, boundary, spillover=own)
    document = gatingml(gates_of(populations, tube), tube, spillover=own)
    assert assert_same(flowkit, path, populations, document) == 1


def test_events_on_a_cut_lie_below_it(flowkit, tmp_path):
    path = tmp_path / "on.fcs"
    tube = write_tube(path, spillover=None)
    value = float(np.median(tube.events.column("BL1-A")))
    boundary = Boundary("threshold", ("BL1-A",), ("linear",), np.array([[value]]))
    populations = drawn(tube, boundary)
    assert not populations.gates[0].mask[tube.events.column("BL1-A") == value].any()
    document = gatingml(gates_of(populations, tube), tube)
    assert assert_same(flowkit, path, populations, document) == 1


def test_names_survive_beside_their_identifiers(tmp_path):
    tube = write_tube(tmp_path / "names.fcs")
    boundary = Boundary("threshold", ("BL1-A",), ("linear",), np.array([[2500.0]]))
    populations = drawn(tube, boundary)
    hostile = replace(populations.gates[0], population="<CAR+ & 'friends'>\x00")
    document = gatingml(gates_of([hostile], tube), tube).decode()
    assert "&lt;CAR+ &amp; 'friends'&gt;" in document
    assert "<CAR+" not in document


SHAPES = {
    "square": [[0, 0], [4, 0], [4, 4], [0, 4]],
    "L": [[0, 0], [4, 0], [4, 4], [2, 4], [2, 2], [0, 2]],
    "arrow, clockwise": [[0, 0], [1, 2], [0, 4], [4, 2]],
    "spike": [[0, 0], [4, 0], [4, 4], [3, 1], [2, 4], [1, 1], [0, 4]],
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("scale", [(1.0, 1.0), (65_536.0, 0.25)])
def test_events_on_an_exported_outline_are_inside_for_flowkit_too(flowkit, name, scale):
    """flowkit itself leaves out the right and upper edges: on whole numbers that is a column."""
    from flowutils.gating import points_in_polygon

    corners = np.array(SHAPES[name]) * scale
    steps = np.arange(-0.5, 5.0, 0.25)
    events = np.array([(x, y) for x in steps for y in steps]) * scale
    ours = in_polygon(events[:, 0], events[:, 1], corners)
    assert np.array_equal(points_in_polygon(outwards(corners), events), ours)
    assert ours.sum() > points_in_polygon(corners, events).sum()


def test_an_outline_without_an_inside_stays_where_it_is():
    flat = np.array([[0.0, 1.0], [4.0, 1.0], [2.0, 1.0]])
    assert np.array_equal(outwards(flat), flat)
