"""``labproc import-gates``: what it writes, what it says, what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]  # gives code, out and err
DIAMOND = "data/fcs/flowkit/simple_diamond_example/simple_diamond_example_quad_gate.wsp"
FCS = "data/fcs/flowkit"


def test_a_workspace_becomes_a_strategy_that_gates(
    shared: Path, tmp_path: Path, labproc: Run
) -> None:
    target = tmp_path / "new" / "quad.toml"
    ran = labproc(
        "import-gates", shared / DIAMOND, "--to", target, "--fcs", shared / FCS,
        "--rename", "Q1: channel_A- , channel_B+=CD4+", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert f"wrote {target}" in ran.err
    rows = {r["population"]: r for r in map(json.loads, ran.out.splitlines())}
    # FlowJo's own count, as it stands in the workspace
    assert rows["CD4+"]["flowjo_count"] == rows["CD4+"]["count"] == 49_671
    assert [r["difference"] for r in rows.values()] == [0, 0, 0, 0]
    assert rows["CD4+"]["method"] == "cross"
    tube = shared / FCS / "test_data_diamond_01.fcs"
    gated = labproc("gate", tube, "--strategy", target, "--masks", tmp_path, "--json")
    assert gated.code == 0, gated.err
    counts = {r["population"]: r["n_events"] for r in map(json.loads, gated.out.splitlines())}
    assert counts["CD4+"] == 49_671


def test_people_get_a_line_for_each_population(shared: Path, tmp_path: Path, labproc: Run) -> None:
    target = tmp_path / "quad"
    ran = labproc("import-gates", shared / DIAMOND, "--to", target, "--fcs", shared / FCS)
    assert (tmp_path / "quad.toml").is_file()
    assert ran.out.count("equal") == 4
    assert "cross    channel_A x channel_B  FlowJo 49,671  here 49,671  equal" in ran.out


def test_a_strategy_is_not_written_over_unless_asked(
    shared: Path, tmp_path: Path, labproc: Run
) -> None:
    target = tmp_path / "mine.toml"
    target.write_text("kept", encoding="utf-8")
    ran = labproc("import-gates", shared / DIAMOND, "--to", target)
    assert ran.code == 2
    assert "mine.toml exists, expected a new file; --replace writes over it" in ran.err
    assert target.read_text(encoding="utf-8") == "kept"
    assert labproc("import-gates", shared / DIAMOND, "--to", target, "--replace").code == 0
    assert "[[step]]" in target.read_text(encoding="utf-8")


def test_tubes_and_groups_are_listed(shared: Path, labproc: Run) -> None:
    path = shared / "data/fcs/flowkit/8_color_data_set/8_color_ICS_simple.wsp"
    rows = [
        json.loads(x)
        for x in labproc("import-gates", path, "--list", "--json").out.split("\n")
        if x
    ]
    assert [r["n_gates"] for r in rows if "sample" in r] == [4, 4, 4]
    assert {"group": "DEN", "n_gates": 4, "n_samples": 3} in rows


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "expected --to STRATEGY"),
        (["--to", "x", "--rename", "a"], 2, "found 'a', expected OLD=NEW"),
        (["--to", "x", "--rename", "Q9=CD4+"], 2, "--rename: no population 'Q9'"),
        (["--to", "x", "--sample", "no.fcs"], 2, "no tube is called 'no.fcs'"),
        (["--to", "x", "--group", "no"], 2, "no group is called 'no'"),
        (["--to", "x", "--group", "All Samples"], 2, "group 'All Samples' has no gates"),
        (["--to", "x", "--fcs", "."], 3, "test_data_diamond_01.fcs is not in ."),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_written(
    shared: Path, tmp_path: Path, labproc: Run, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], code: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ran = labproc("import-gates", shared / DIAMOND, *arguments)
    assert ran.code == code
    assert message in ran.err
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_no_gates_are_refused(tmp_path: Path, labproc: Run) -> None:
    path = tmp_path / "plate.xml"
    path.write_text("<rdml/>", encoding="utf-8")
    ran = labproc("import-gates", path, "--to", tmp_path / "x")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith("plate.xml: found XML of <rdml>, expected GatingML 2.0")
    assert labproc("import-gates", tmp_path / "none.wsp", "--to", tmp_path / "x").code == 3


def test_gatingml_is_compared_with_one_file(shared: Path, tmp_path: Path, labproc: Run) -> None:
    folder = shared / FCS
    path = folder / "gate_ref/gml/gml_quadrant1_gate.xml"
    ran = labproc(
        "import-gates", path, "--to", tmp_path / "q", "--fcs", folder / "data1.fcs", "--json"
    )
    assert ran.code == 0, ran.err
    rows = {r["population"]: r for r in map(json.loads, ran.out.splitlines())}
    truth = (folder / "gate_ref/truth/Results_FL2P-FL4P.txt").read_text().split().count("1")
    assert rows["FL2P-FL4P"]["count"] == truth
    assert rows["FL2P-FL4P"]["flowjo_count"] is None
    ran = labproc("import-gates", path, "--to", tmp_path / "z", "--sample", "a")
    assert (ran.code, "are for FlowJo workspaces" in ran.err) == (2, True)
