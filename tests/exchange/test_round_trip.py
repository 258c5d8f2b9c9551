"""Our own exports, imported again: every mask identical, event for event."""

import numpy as np
import pytest

from gating.engine import gate_tube
from gating.strategy import load_strategy, parse_strategy
from labproc.exchange._gates import gates_of
from labproc.exchange.flowjo import Workspace
from labproc.exchange.gatingml import gatingml
from labproc.exchange.incoming.reading import import_gates, read_gate_file
from labproc.formats.fcs.write import write_fcs
from labproc.parsers.fcs import read_tube
from labproc.simulate import TubeSpec, simulate_tube
from labproc.simulate.panels import SPILL

MARKERS = {"CAR": "BL1-A", "CD3": "YL2-A", "CD4": "VL1-A", "CD8": "RL1-A", "viability": "RL2-A"}
STAR = "[[0.2, 0.2], [0.9, 0.1], [0.6, 0.5], [0.8, 0.9], [0.1, 0.8]]"
DRAWN = """
[[step]]
population = "Cells"
method = "ellipse"
channels = ["FSC-A", "SSC-A"]
scales = ["linear", "linear"]
points = [[3.3e5, 1.5e5], [5.4e5, 2.1e5], [3.0e5, 2.4e5]]
[[step]]
population = "Odd shape"
parent = "Cells"
method = "polygon"
channels = ["VL1-A", "RL1-A"]
scales = ["SCALE", "SCALE"]
points = STAR
[[step]]
population = "Not the shape"
parent = "Cells"
method = "polygon"
channels = ["VL1-A", "RL1-A"]
scales = ["SCALE", "SCALE"]
points = STAR
side = "outside"
[[step]]
population = "Three channels"
parent = "Cells"
method = "box"
channels = ["VL1-A", "RL1-A", "YL2-A"]
low = [100, -inf, 500]
high = [inf, 90000, 200000]
[[step]]
population = "Low/high"
method = "interval"
channels = ["YL2-A"]
low = 900
high = 60000
[[step]]
populations = ["a+", "b+", "both", "neither"]
parent = "Three channels"
method = "cross"
channels = ["VL1-A", "RL1-A"]
at = [2000, 3000]
line = "above"
[[step]]
population = "Mixed"
parent = "Cells"
method = "boolean"
within = ["Low/high"]
without = ["both"]
any_of = ["a+", "b+"]
any_not = ["Odd shape"]
[[step]]
population = "Below mixed"
parent = "Mixed"
method = "threshold"
channels = ["FSC-A"]
at = 300000
side = "below"
[[step]]
population = "Raw"
parent = "Mixed"
method = "box"
channels = ["YL2-A"]
compensation = "none"
low = 1000
""".replace("STAR", STAR)
ROUND = DRAWN.replace("ellipse", "rectangle").replace(
    "points = [[3.3e5, 1.5e5], [5.4e5, 2.1e5], [3.0e5, 2.4e5]]",
    "low = [1e5, 2e4]\nhigh = [6e5, 4e5]",
)


def write_tube(path, spec=None, *, seed=0):
    events = simulate_tube(spec or TubeSpec(volume_ul=40.0), seed=seed).tube.events
    keywords = {"$TIMESTEP": "0.001", "$VOL": "40000"}
    write_fcs(path, events.values, events.channels, keywords=keywords, spillover=SPILL)
    return read_tube(path)


def as_gatingml(path, tube, populations):
    file = path.with_suffix(".xml")
    matrix, matrices = populations.spillover, populations.matrices
    gates = gates_of(populations, tube)
    file.write_bytes(gatingml(gates, tube, spillover=matrix, matrices=matrices))
    return file


def as_flowjo(path, tube, populations):
    workspace = Workspace()
    gates = gates_of(populations, tube)
    workspace.add(path.name, path.name, tube, gates, spillover=populations.spillover)
    file = path.with_suffix(".wsp")
    file.write_bytes(workspace.xml())
    return file


def assert_same(file, tube, populations):
    imported = import_gates(read_gate_file(file), name="again")
    again = gate_tube(tube, imported.strategy, draws=0)
    for gate in populations:
        name = gate.population if file.suffix == ".xml" else gate.population.replace("/", "_")
        if gate.population == "Steady" and again.get(name) is None:
            assert gate.mask.all()  # nothing was dropped, so that nothing is drawn
            continue
        assert np.array_equal(again.get(name).mask, gate.mask), name
    return imported


@pytest.mark.parametrize("write", [as_gatingml, as_flowjo])
@pytest.mark.parametrize(
    ("strategy", "spec"),
    [
        ("car_t", TubeSpec(panel="car", volume_ul=40.0)),
        ("cd4_cd8", TubeSpec(panel="subset", volume_ul=40.0)),
        ("live", TubeSpec(panel="count", cells_per_ul=250.0, volume_ul=100.0, clog=(0.4, 0.48))),
        ("live_beads", TubeSpec(panel="subset", volume_ul=40.0)),
    ],
)
def test_shipped_strategies_come_back(tmp_path, write, strategy, spec):
    path = tmp_path / "tube.fcs"
    tube = write_tube(path, spec)
    labels = {c.name for c in tube.events.channels}
    markers = {m: c for m, c in MARKERS.items() if c in labels}
    if strategy == "live_beads":
        markers["beads"] = "VL1-A"  # any channel with two peaks will do here
    populations = gate_tube(tube, load_strategy(strategy), markers=markers, draws=0)
    assert_same(write(path, tube, populations), tube, populations)


LOGICLE = "logicle:T=1048575,W=0.6,M=4.5,A=0"
BIEX = "biex:T=1048576,pos=5,neg=0,width=-31.6"  # FlowJo's own: GatingML has no such scale
LOG = "log:T=1048576,M=4.5"


@pytest.mark.parametrize(
    ("write", "scale"),
    [
        (as_gatingml, LOGICLE),
        (as_gatingml, LOG),
        (as_gatingml, "asinh:cofactor=150"),
        (as_gatingml, "hyperlog:T=1048575,W=0.6,M=4.5,A=0"),
        (as_flowjo, LOGICLE),
        (as_flowjo, LOG),
        (as_flowjo, BIEX),
    ],
)
def test_drawn_gates_come_back(tmp_path, write, scale):
    path = tmp_path / "tube.fcs"
    tube = write_tube(path, TubeSpec(panel="subset", volume_ul=40.0))
    # FlowJo's ellipses are written as polygons of 720 corners: not the same events to the last one
    text = (DRAWN if write is as_gatingml else ROUND).replace("SCALE", scale)
    if scale.startswith("asinh"):
        text = text.replace(STAR, "[[1.6, 2], [7.4, 1], [5, 4], [6.6, 7], [1, 6.4]]")
    populations = gate_tube(tube, parse_strategy(text, name="drawn"), draws=0)
    assert all(0 < g.n_events < g.n_parent for g in populations if g.population != "Raw")
    assert_same(write(path, tube, populations), tube, populations)
