"""Payloads: what is stored comes back the same."""

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from labproc.model import Boundary, Measurement, SampleKey, SourceFile
from labproc.model.flag import review
from labproc.pipeline.payload import decode, encode, plain_json
from labproc.pipeline.results import Density, GateView, TubeView


@dataclass(frozen=True)
class Held:
    values: NDArray[np.generic]


@pytest.fixture
def measurement() -> Measurement:
    source = SourceFile("a.fcs", "ab", "fcs", "Attune", datetime(2026, 3, 1, tzinfo=UTC))
    return Measurement(
        SampleKey("D1", "1", "C", None),
        "car_fraction",
        0.25,
        0.2,
        0.3,
        flags=(review("low_separation", "1.8"),),
        source=source,
        parameters={"threshold": 1500.0, "method": "a0"},
        draws=np.array([0.24, 0.26]),
    )


def test_a_measurement_comes_back_the_same(measurement: Measurement) -> None:
    again = decode(encode(measurement), Measurement)
    assert again == measurement
    assert again.draws is not None
    np.testing.assert_array_equal(again.draws, [0.24, 0.26])


def test_a_text_that_looks_like_an_array_name_stays_text(measurement: Measurement) -> None:
    assert decode(encode(measurement), Measurement).parameters["method"] == "a0"


def test_arrays_stand_written_out_in_plain_json(measurement: Measurement) -> None:
    assert plain_json(measurement)["draws"] == [0.24, 0.26]
    assert plain_json(measurement)["parameters"]["method"] == "a0"


def test_a_tube_view_comes_back_with_its_grid() -> None:
    counts = np.arange(6, dtype=np.uint32).reshape(2, 3)
    edges = (np.arange(4.0), np.arange(3.0))
    grid = Density(("A", "B"), ("A", "B"), ("linear", "linear"), counts, edges)
    boundary = Boundary("polygon", ("A", "B"), ("linear", "linear"), np.zeros((3, 2)))
    gate = GateView("Cells", "All events", 1, 2, 0.5, None, None, None, "m", boundary, grid)
    tube = TubeView(SourceFile("a", "b", "fcs"), SampleKey("D1"), "car_t", 2, (gate,))
    again = decode(encode(tube), TubeView)
    np.testing.assert_array_equal(again.gates[0].density.counts, counts)
    assert again.gates[0].boundary.points.shape == (3, 2)
    assert again.key == SampleKey("D1")


def test_arrays_of_every_kind_come_back_the_same() -> None:
    rng = np.random.default_rng(0)
    arrays = (
        rng.random(5),
        rng.random((3, 4), dtype=np.float32)[:, ::2],  # not in one piece
        np.arange(7, dtype=">u2"),
        np.array([True, False, True]),
        np.empty((0, 3)),
    )
    for values in arrays:
        again = decode(encode(Held(values)), Held).values
        np.testing.assert_array_equal(again, values)
        assert again.dtype == values.dtype
        assert not again.flags.writeable


def test_a_payload_of_an_earlier_store_is_read() -> None:
    # as stores before 2026-11-28 hold it: an npz whose member "json" stands for the values
    text = json.dumps({"values": "a0"}).encode()
    out = io.BytesIO()
    np.savez_compressed(out, json=np.frombuffer(text, dtype=np.uint8), a0=np.array([1.5, 2.5]))
    np.testing.assert_array_equal(decode(out.getvalue(), Held).values, [1.5, 2.5])
