"""Spillover matrices from tables and from FlowJo, and what is no matrix."""

import re
from pathlib import Path

import numpy as np
import pytest

from labproc.errors import ParseError
from labproc.formats.spillover_matrix import read_spillover

FLOWJO_10 = """<?xml version="1.0" encoding="UTF-8"?>
<gating:gatingML xmlns:gating="g" xmlns:transforms="t" xmlns:data-type="d">
<transforms:spilloverMatrix prefix="Comp-" name="m" suffix="">
<data-type:parameters><data-type:parameter data-type:name="BL1-A"/>
<data-type:parameter data-type:name="YL2-A"/></data-type:parameters>
<transforms:spillover data-type:parameter="BL1-A">
<transforms:coefficient data-type:parameter="YL2-A" transforms:value="0.2"/>
<transforms:coefficient data-type:parameter="BL1-A" transforms:value="1"/>
</transforms:spillover>
<transforms:spillover data-type:parameter="YL2-A">
<transforms:coefficient data-type:parameter="BL1-A" transforms:value="0.05"/>
<transforms:coefficient data-type:parameter="YL2-A" transforms:value="1"/>
</transforms:spillover></transforms:spilloverMatrix></gating:gatingML>
"""
FLOWJO_9 = "m\n<\t>\nBL1-A\tYL2-A\n1\t0.2\n0.05\t1\n"
FORMS = {
    "detectors.csv": "dye,BL1-A,YL2-A\nBL1-A,1,0.2\nYL2-A,0.05,1\n",
    "other order.csv": "dye,BL1-A,YL2-A\nYL2-A,0.05,1\nBL1-A,1,0.2\n",
    "dyes.csv": "dye,BL1-A,YL2-A\nFITC,1,0.2\nPE,0.05,1\n",
    "no names.csv": "BL1-A,YL2-A\n1,0.2\n0.05,1\n",
    "german.csv": "dye;BL1-A;YL2-A\nBL1-A;1;0,2\nYL2-A;0,05;1\n",
    "labels.csv": "dye,Comp-BL1-A :: CAR,YL2-A :: CD3\nBL1-A :: CAR,1,0.2\nYL2-A :: CD3,0.05,1\n",
    "ten.mtx": FLOWJO_10,
    "nine.mtx": FLOWJO_9,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_one_matrix_is_read_alike(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8")
    found = read_spillover(tmp_path / name)
    assert found.detectors == ("BL1-A", "YL2-A")
    assert found.matrix.tolist() == [[1.0, 0.2], [0.05, 1.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dye,A,B\nA,1,0\n", "1 row under 3 headings, expected a square matrix"),
        ("dye,A,B\nA,1,x\nB,0,1\n", "line 2, B: found 'x', expected a number"),
        ("dye,A,B\nA,1,\nB,0,1\n", "line 2, B: found '', expected a number"),
        ("dye,A,B\nA,1,nan\nB,0,1\n", "found 'nan', expected a number"),
        ("dye,A,B\nA,1,0\nC,0,1\n", "'C' is not both a row and a heading"),
        ("m\n<\t>\nA\tB\n1\t0\n", "1 row for 2 detectors, expected a square"),
        ("<a><b/></a>", "no spilloverMatrix in it"),
        ("<a><b></a>", "expected whole XML"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "without document type"),
        ("", "expected"),
    ],
)
def test_what_is_no_matrix_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ParseError, match=re.escape(message)):
        read_spillover(tmp_path / "m.csv")


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(ParseError, match="no such file, expected a spillover matrix"):
            read_spillover(path)


@pytest.mark.shared
def test_the_matrix_inside_a_workspace_is_the_one_flowkit_reads(shared: Path) -> None:
    from flowkit._utils.wsp_utils import parse_wsp

    workspaces = [
        p
        for p in sorted((shared / "data/fcs").rglob("*.wsp"))
        if b"spilloverMatrix" in p.read_bytes()
    ]
    assert workspaces
    for path in workspaces:
        ours = read_spillover(path)
        told = [s["compensation"] for s in parse_wsp(str(path))["samples"].values()]
        theirs = [c["matrix"] for c in told if c and tuple(c["matrix"].detectors) == ours.detectors]
        assert any(np.allclose(m.matrix, ours.matrix) for m in theirs), path.name
