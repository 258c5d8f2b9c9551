"""What is written is read back by flowio, bit for bit."""

from pathlib import Path

import flowio
import numpy as np
import pytest

from labproc.errors import LabprocError
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel, Spillover

VALUES = np.array([[0.1, -2.5], [3e5, 1e-3], [7.0, 65535.25]], dtype=np.float32)
CHANNELS = (Channel("FSC-A", range=1_048_576), Channel("BL1-A", label="CAR FITC", voltage=350))


def test_flowio_reads_the_written_values_and_keywords(tmp_path: Path) -> None:
    path = tmp_path / "a.fcs"
    words = {"$CYT": "Attune | NxT", "$VOL": "46000", "$tot": "99", "empty": " "}
    write_fcs(path, VALUES, CHANNELS, keywords=words)
    read = flowio.FlowData(path)
    assert np.array_equal(np.reshape(read.events, (3, 2)), VALUES.astype(float))
    assert read.text["cyt"] == "Attune | NxT"
    assert (read.text["tot"], read.text["vol"]) == ("3", "46000")
    assert read.text["p2v"] == "350"
    assert "empty" not in read.text


def test_doubles_keep_every_bit(tmp_path: Path) -> None:
    values = np.array([[1 / 3, 2**40 + 1.0]])
    write_fcs(tmp_path / "d.fcs", values, CHANNELS, datatype="D")
    read = flowio.FlowData(tmp_path / "d.fcs")
    assert np.array_equal(np.reshape(read.events, (1, 2)), values)


def test_spillover_is_written_in_the_order_of_its_detectors(tmp_path: Path) -> None:
    matrix = Spillover(("BL1-A", "FSC-A"), np.array([[1, 0.25], [0, 1]]))
    write_fcs(tmp_path / "s.fcs", VALUES, CHANNELS, spillover=matrix)
    assert flowio.FlowData(tmp_path / "s.fcs").text["spillover"] == "2,BL1-A,FSC-A,1,0.25,0,1"


def test_spillover_of_a_channel_that_is_not_there_is_refused(tmp_path: Path) -> None:
    matrix = Spillover(("YL1-A",), np.eye(1))
    with pytest.raises(LabprocError, match="spillover names 'YL1-A', expected a channel"):
        write_fcs(tmp_path / "s.fcs", VALUES, CHANNELS, spillover=matrix)


def test_the_range_holds_the_largest_value_and_floats_are_linear(tmp_path: Path) -> None:
    channels = (Channel("A", decades=4.0, offset=1.0), Channel("B"))
    write_fcs(tmp_path / "r.fcs", VALUES, channels)
    text = flowio.FlowData(tmp_path / "r.fcs").text
    assert (text["p1r"], text["p2r"]) == ("524288", "262144")  # 300,000 lies below 2^19
    assert text["p1e"] == "0,0"


def test_values_that_do_not_fit_the_channels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LabprocError, match=r"shape \(3, 2\), expected \(events, 1\)"):
        write_fcs(tmp_path / "x.fcs", VALUES, CHANNELS[:1])
