"""FlowJo workspaces that flowkit opens, with every mask identical, event for event."""

import warnings

import numpy as np
import pytest

from gating.boundary import inside
from gating.columns import Columns
from gating.engine import gate_tube
from gating.strategy import load_strategy
from labproc.errors import LabprocError
from labproc.exchange._gates import gates_of
from labproc.exchange.flowjo import Workspace
from labproc.formats.fcs.write import write_fcs
from labproc.model import Boundary, GateResult, Populations
from labproc.parsers.fcs import read_tube
from labproc.simulate import TubeSpec, simulate_tube
from labproc.simulate.panels import SPILL

MARKERS = {
    "car": {"CAR": "BL1-A", "CD3": "YL2-A", "viability": "RL2-A"},
    "subset": {"CD4": "VL1-A", "CD8": "RL1-A", "CD3": "YL2-A", "viability": "RL2-A"},
    "count": {"viability": "RL2-A"},
}
LOGICLE = "logicle:T=1048575,W=0.6,M=4.5,A=0"


def write_tube(path, spec, spillover=SPILL):
    events = simulate_tube(spec).tube.events
    keywords = {"$TIMESTEP": "0.001", "$VOL": "40000", "$FIL": path.name}
    write_fcs(path, events.values, events.channels, keywords=keywords, spillover=spillover)
    return read_tube(path)


def open_in_flowkit(folder, workspace):
    """Open a workspace beside its files and gate every sample."""
    file = folder / "study.wsp"
    file.write_bytes(workspace.xml())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit

        samples = [flowkit.Sample(str(p)) for p in sorted(folder.glob("*.fcs"))]
        opened = flowkit.Workspace(str(file), fcs_samples=samples)
        opened.analyze_samples(use_mp=False)
    return opened


def assert_same(opened, name, populations):
    compared = 0
    for gate in populations:
        if gate.boundary.kind == "none":
            continue
        paths = dict(opened.get_gate_ids(name))
        found = opened.get_gate_membership(name, gate.population, paths[gate.population])
        assert np.array_equal(found, gate.mask), gate.population
        compared += 1
    return compared


def test_automatic_gates_of_several_tubes_in_one_workspace(tmp_path):
    workspace, expected = Workspace(), {}
    for panel, strategy in (("car", "car_t"), ("subset", "cd4_cd8"), ("count", "live")):
        name = f"{panel}.fcs"
        tube = write_tube(tmp_path / name, TubeSpec(panel=panel, volume_ul=40.0))
        populations = gate_tube(tube, load_strategy(strategy), markers=MARKERS[panel], draws=0)
        workspace.add(name, name, tube, gates_of(populations, tube))
        expected[name] = populations
    opened = open_in_flowkit(tmp_path, workspace)
    assert [assert_same(opened, n, p) for n, p in expected.items()] == [5, 8, 3]


def test_time_that_quality_control_dropped_stays_dropped(tmp_path):
    spec = TubeSpec(panel="count", cells_per_ul=250.0, clog=(0.4, 0.48))
    tube = write_tube(tmp_path / "clog.fcs", spec)
    populations = gate_tube(tube, load_strategy("live"), markers=MARKERS["count"], draws=0)
    assert populations.kept_time < 1.0
    workspace = Workspace()
    workspace.add("clog.fcs", "clog.fcs", tube, gates_of(populations, tube))
    opened = open_in_flowkit(tmp_path, workspace)
    steady = opened.get_gate_membership("clog.fcs", "Steady")
    assert np.array_equal(steady, populations.get("Steady").mask)
    assert_same(opened, "clog.fcs", populations)


def drawn(tube, boundary, name="drawn+"):
    columns = Columns(tube)
    mask = inside(boundary, [columns.values(c) for c in boundary.channels])
    assert 0 < mask.sum() < mask.size
    return GateResult(name, "All events", mask, mask.size, "by hand", boundary=boundary)


STAR = [[0.3, 0.1], [0.55, 0.35], [0.8, 0.2], [0.6, 0.5], [0.75, 0.9], [0.45, 0.6], [0.2, 0.7]]


@pytest.mark.parametrize(
    "boundary",
    [
        Boundary("polygon", ("VL1-A", "RL1-A"), (LOGICLE,) * 2, np.array(STAR)),
        Boundary("polygon", ("VL1-A", "YL2-A"), ("asinh:cofactor=150",) * 2,
                 np.array([[4, 4], [7, 4.5], [6, 7]])),
        Boundary("rectangle", ("VL1-A", "YL2-A"), (LOGICLE,) * 2,
                 np.array([[900, 5e3], [3e4, 6e4]])),
    ],
)  # fmt: skip
def test_drawn_outlines(tmp_path, boundary):
    tube = write_tube(tmp_path / "a.fcs", TubeSpec(panel="subset", volume_ul=40.0))
    populations = Populations("by hand", tube.events.n_events, (drawn(tube, boundary),))
    workspace = Workspace()
    workspace.add("a.fcs", "a.fcs", tube, gates_of(populations, tube))
    assert assert_same(open_in_flowkit(tmp_path, workspace), "a.fcs", populations) == 1


def test_an_ellipse_becomes_a_polygon_that_holds_nearly_the_same_events(tmp_path):
    points = np.array([[3.3e5, 1.5e5], [4.4e5, 1.9e5], [3.1e5, 1.9e5]])
    boundary = Boundary("ellipse", ("FSC-A", "SSC-A"), ("linear",) * 2, points)
    tube = write_tube(tmp_path / "a.fcs", TubeSpec(volume_ul=40.0))
    gate = drawn(tube, boundary)
    workspace = Workspace()
    populations = Populations("by hand", tube.events.n_events, (gate,))
    workspace.add("a.fcs", "a.fcs", tube, gates_of(populations, tube))
    opened = open_in_flowkit(tmp_path, workspace)
    found = opened.get_gate_membership("a.fcs", "drawn+")
    assert np.count_nonzero(found != gate.mask) <= 2


def test_two_scales_of_one_channel_are_refused(tmp_path):
    tube = write_tube(tmp_path / "a.fcs", TubeSpec(panel="subset", volume_ul=40.0))
    first = Boundary("polygon", ("VL1-A", "RL1-A"), (LOGICLE,) * 2, np.array(STAR))
    scales = ("asinh:cofactor=150", LOGICLE)
    second = Boundary("polygon", ("VL1-A", "RL1-A"), scales, np.array(STAR) * [10, 1])
    gates = (drawn(tube, first, "one"), drawn(tube, second, "two"))
    populations = Populations("by hand", tube.events.n_events, gates)
    with pytest.raises(LabprocError, match=r"a\.fcs, two: VL1-A is drawn on asinh"):
        Workspace().add("a.fcs", "a.fcs", tube, gates_of(populations, tube))
