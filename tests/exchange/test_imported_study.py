"""An imported strategy in a study: run, moved by a reviewer, drawn, exported, imported again."""

import csv

import pytest

from gating.boundary import OPEN
from gating.engine import gate_tube
from labproc.exchange.flowjo import write as write_flowjo
from labproc.exchange.gatingml import write as write_gatingml
from labproc.exchange.incoming.reading import import_gates, read_gate_file
from labproc.parsers.fcs import read_tube
from labproc.pipeline.quick import hold, quick_gate
from labproc.pipeline.review import save_gate
from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study

GML = "http://www.isac-net.org/std/Gating-ML/v2.0/"


def box(name, *limits, parent=""):
    above = f' gating:parent_id="{parent}"' if parent else ""
    axes = "".join(
        f'<gating:dimension gating:compensation-ref="{comp}" {ends}>'
        f'<data-type:fcs-dimension data-type:name="{channel}"/></gating:dimension>'
        for channel, comp, ends in limits
    )
    return f'<gating:RectangleGate gating:id="{name}"{above}>{axes}</gating:RectangleGate>'


DOCUMENT = (
    f'<gating:Gating-ML xmlns:gating="{GML}gating" xmlns:data-type="{GML}datatypes">'
    + box("Cells", ("FSC-A", "uncompensated", 'gating:min="100000"'))
    + box("Live", ("RL2-A", "FCS", 'gating:max="12000"'), parent="Cells")
    + box("CD4", ("VL1-A", "FCS", 'gating:min="3000"'), ("RL1-A", "FCS", 'gating:max="4000"'),
          parent="Live")
    + box("Raw", ("YL2-A", "uncompensated", 'gating:min="4000"'), parent="Live")
    + box("Three", *((c, "FCS", 'gating:min="500"') for c in ("VL1-A", "RL1-A", "YL2-A")),
          parent="Live")
    + '<gating:BooleanGate gating:id="Other" gating:parent_id="Live"><gating:not>'
    '<gating:gateReference gating:ref="CD4"/></gating:not></gating:BooleanGate>'
    + box("Deep", ("RL1-A", "FCS", 'gating:min="9000"'), parent="Other")
    + "</gating:Gating-ML>"
)  # fmt: skip


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, Design(donors=1, days=(0, 2), panels=("subset",), n_events=1_500,
                               with_patient=False))  # fmt: skip
    drawn = folder / "drawn.xml"
    drawn.write_text(DOCUMENT, encoding="utf-8")
    imported = import_gates(read_gate_file(drawn), name="drawn")
    (folder / "drawn.toml").write_text(imported.text, encoding="utf-8")
    settings = folder / "study.toml"
    text = settings.read_text(encoding="utf-8").replace('"cd4_cd8"', '"drawn.toml"')
    settings.write_text(text, encoding="utf-8")
    return folder, run_study(folder, workers=1, hold=()).results


def counts(folder, path):
    with (folder / "results/tables/populations.csv").open(newline="", encoding="utf-8") as file:
        return {r["population"]: int(r["n_events"]) for r in csv.DictReader(file)
                if r["file"] == path}  # fmt: skip


def test_every_population_stands_in_the_table_after_its_parent(study):
    folder, results = study
    tube = results.tubes[0]
    order = [g.population for g in tube.every_gate]
    assert set(order) == {"Cells", "Live", "CD4", "Raw", "Three", "Other", "Deep"}
    assert all(g.parent in order[: order.index(g.population)] for g in tube.every_gate[1:])
    found = counts(folder, tube.source.path)
    assert found["Other"] == found["Live"] - found["CD4"]
    assert {g.population for g in tube.undrawn} == {"Three", "Other"}
    raw = next(g for g in tube.gates if g.population == "Raw")
    assert raw.boundary.channels == ("YL2-A [none]",)
    assert raw.density.counts.sum() == found["Live"]
    assert any("gated with the gates drawn by hand in the strategies drawn" in m
               for m in results.methods)  # fmt: skip


def test_what_a_study_gates_is_exported_and_comes_back(study, tmp_path):
    folder, results = study
    documents = write_gatingml(results, tmp_path)
    (workspace,) = write_flowjo(results, tmp_path)
    for tube, document in zip(results.tubes, documents, strict=True):
        events = read_tube(folder / "raw" / tube.source.path)
        name = tube.source.path.rpartition("/")[2]
        for path, sample in ((document, None), (workspace, name)):
            imported = import_gates(read_gate_file(path), name="again", sample=sample)
            again = gate_tube(events, imported.strategy, draws=0)
            for gate in tube.every_gate:
                assert again.get(gate.population).n_events == gate.n_events, gate.population


def test_a_reviewer_moves_an_imported_gate(study):
    folder, results = study
    view = results.tubes[0]
    before = counts(folder, view.source.path)
    points = [[24_000.0, -OPEN], [OPEN, 4000.0]]
    quick = quick_gate(hold(folder, view), view, "CD4", points)
    moved = next(g for g in quick.gates if g.population == "CD4")
    save_gate(folder, view.source.sha256, "CD4", points, who="A", reason="too low")
    after = counts(folder, view.source.path)
    assert after["CD4"] == moved.n_events
    assert 0 < after["CD4"] < before["CD4"]
    assert after["Other"] == after["Live"] - after["CD4"]
    assert after["Live"] == before["Live"]
