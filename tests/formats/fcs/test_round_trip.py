"""Property: any valid FCS file of any datatype reads back to what went in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from labproc.formats.fcs.dataset import open_fcs
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel

from .conftest import fcs_bytes

CALM = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=12)


@CALM
@given(
    values=hnp.arrays(np.float64, SHAPES, elements=st.floats(allow_nan=False)),
    datatype=st.sampled_from("FD"),
    label=WORDS,
    order=st.sampled_from(["1,2,3,4", "4,3,2,1"]),
)
def test_floats(tmp_path: Path, values: np.ndarray, datatype: str, label: str, order: str) -> None:
    sign = "<" if order[0] == "1" else ">"
    with np.errstate(over="ignore"):
        stored = values.astype(f"{sign}f{4 if datatype == 'F' else 8}")
    path = tmp_path / "p.fcs"
    path.write_bytes(
        fcs_bytes(
            stored.tobytes(),
            tot=len(values),
            bits=[stored.itemsize * 8] * values.shape[1],
            datatype=datatype,
            order=order,
        )
    )
    assert np.array_equal(open_fcs(path)[0].matrix(), stored)
    channels = [Channel(f"C{i}", label=label.strip()) for i in range(values.shape[1])]
    write_fcs(path, stored, channels, keywords={"NOTE": label}, datatype=datatype)  # type: ignore[arg-type]
    again, _ = open_fcs(path)
    assert np.array_equal(again.matrix(), stored)
    assert again.channels[0].label == label.strip()


@st.composite
def integer_files(draw: st.DrawFn) -> dict[str, Any]:
    """Draw integers of any widths, packed as one number as the standard describes."""
    bits = draw(st.lists(st.integers(1, 64), min_size=1, max_size=6))
    rows = draw(st.integers(1, 9))
    events = [[draw(st.integers(0, 2**b - 1)) for b in bits] for _ in range(rows)]
    return {"bits": bits, "events": events, "little": draw(st.booleans())}


@CALM
@given(file=integer_files())
def test_integers_of_any_width(tmp_path: Path, file: dict[str, Any]) -> None:
    bits, events, little = file["bits"], file["events"], file["little"]
    whole, n_bits = 0, 0
    for value, width in ((v, b) for e in events for v, b in zip(e, bits, strict=True)):
        whole = whole | value << n_bits if little else whole << width | value
        n_bits += width
    n_bytes = -(-n_bits // 8)
    if not little:
        whole <<= 8 * n_bytes - n_bits
    data = whole.to_bytes(n_bytes, "little" if little else "big")
    if not little and all(b % 8 == 0 for b in bits):
        data = b"".join(
            v.to_bytes(b // 8, "big") for e in events for v, b in zip(e, bits, strict=True)
        )
    path = tmp_path / "i.fcs"
    path.write_bytes(
        fcs_bytes(
            data,
            tot=len(events),
            bits=bits,
            datatype="I",
            ranges=[2**b for b in bits],
            order="1,2,3,4" if little else "4,3,2,1",
        )
    )
    assert np.array_equal(open_fcs(path)[0].matrix(), np.array(events, np.float64))


@CALM
@given(
    events=hnp.arrays(np.int64, SHAPES, elements=st.integers(-999, 99999)),
    free=st.booleans(),
)
def test_decimal_text(tmp_path: Path, events: np.ndarray, free: bool) -> None:
    n = events.shape[1]
    data = "".join(f"{v:6d}" for v in events.ravel()).encode()
    path = tmp_path / "t.fcs"
    bits = ["*" if free else "6"] * n
    path.write_bytes(fcs_bytes(data, tot=len(events), bits=bits, datatype="A"))
    assert np.array_equal(open_fcs(path)[0].matrix(), events.astype(float))


@pytest.mark.parametrize("seed", range(3))
def test_flowkit_reads_what_is_written(tmp_path: Path, seed: int) -> None:
    flowkit = pytest.importorskip("flowkit")
    values = np.random.default_rng(seed).normal(0, 1e4, (500, 3)).astype(np.float32)
    channels = [Channel("FSC-A"), Channel("BL1-A", label="CAR"), Channel("SSC-A")]
    write_fcs(tmp_path / "k.fcs", values, channels)
    sample = flowkit.Sample(tmp_path / "k.fcs", sample_id="k")
    assert np.array_equal(sample.get_events(source="raw"), values.astype(np.float64))
    assert sample.pns_labels[1] == "CAR"
