"""Spillover from every keyword that carries it."""

import numpy as np
import pytest

from labproc.formats.fcs.spillover import read_spillover
from labproc.model import Channel

NAMES = ("FSC-A", "BL1-A", "YL2-A", "Time")
CHANNELS = tuple(Channel(n) for n in NAMES)


@pytest.mark.parametrize("key", ["$SPILLOVER", "SPILL", "SPILLOVER"])
def test_rows_are_dyes_and_columns_detectors(key: str) -> None:
    found, doubts = read_spillover({key: "2,BL1-A,YL2-A,1,0.25,0.01,1"}, CHANNELS)
    assert doubts == []
    assert found is not None
    assert found.detectors == ("BL1-A", "YL2-A")
    assert found.matrix.tolist() == [[1, 0.25], [0.01, 1]]


def test_detectors_may_be_given_by_parameter_number() -> None:
    found, _ = read_spillover({"$SPILLOVER": "2,2,3,1,0.25,0.01,1"}, CHANNELS)
    assert found is not None
    assert found.detectors == ("BL1-A", "YL2-A")


def test_an_identity_is_said_to_be_one() -> None:
    found, doubts = read_spillover({"$SPILLOVER": "2,BL1-A,YL2-A,1,0,0,1"}, CHANNELS)
    assert found is not None
    assert found.is_identity
    assert [d.code for d in doubts] == ["spillover_identity"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3,a,b", "begins with '3' and has 3 parts"),
        ("1000000,FSC-A", "begins with '1000000'"),
        ("-1", "begins with '-1'"),
        ("2,a,b,1,0,0,1", "names 'a', which is no channel"),
        ("2,BL1-A,BL1-A,1,0,0,1", "names a detector twice"),
        ("2,BL1-A,YL2-A,1,x,0,1", "holds what is not a number"),
        ("2,BL1-A,YL2-A,nan,inf,0,1", "diagonal"),
        ("2,BL1-A,YL2-A,1,1,1,1", "no usable inverse"),
        ("2,BL1-A,YL2-A", "names detectors but holds no numbers"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_left_out_and_said(text: str, said: str) -> None:
    found, doubts = read_spillover({"$SPILLOVER": text}, CHANNELS)
    assert found is None
    assert doubts[0].code == "spillover_unusable"
    assert said in doubts[0].message


def test_a_second_keyword_helps_out_where_the_first_is_broken() -> None:
    words = {"$SPILLOVER": "3,a,b", "SPILL": "2,BL1-A,YL2-A,1,0.25,0.01,1"}
    found, doubts = read_spillover(words, CHANNELS)
    assert found is not None
    assert [d.code for d in doubts] == ["spillover_unusable"]


def test_per_cent_between_numbered_dyes_is_read_for_review() -> None:
    words = {"$DFC1TO2": "22.2", "$DFC2TO1": "0.7", "$DFC1TO1": "0.0"}
    found, doubts = read_spillover(words, CHANNELS)
    assert found is not None
    assert found.detectors == ("BL1-A", "YL2-A")
    assert np.allclose(found.matrix, [[1, 0.222], [0.007, 1]])
    assert [d.code for d in doubts] == ["spillover_old_form"]


def test_comp_of_all_parameters_is_read_for_review() -> None:
    numbers = np.eye(4)
    numbers[1, 2] = 0.3
    words = {"$COMP": "4," + ",".join(str(v) for v in numbers.ravel())}
    found, doubts = read_spillover(words, CHANNELS)
    assert found is not None
    assert found.detectors == NAMES
    assert found.matrix[1, 2] == 0.3
    assert [d.code for d in doubts] == ["spillover_old_form"]


def test_comp_for_another_number_of_dyes_is_not_used() -> None:
    found, doubts = read_spillover({"$COMP": "3," + ",".join("1" * 9)}, CHANNELS)
    assert found is None
    assert "is for 3 parameters, the file has 2 dyes" in doubts[0].message


def test_no_keyword_is_no_matrix_and_no_doubt() -> None:
    assert read_spillover({"$DFC1TO2": "0.0"}, CHANNELS) == (None, [])
