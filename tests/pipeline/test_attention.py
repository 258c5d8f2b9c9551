"""A tube's thresholds are held against its panel's, and a drift is said at the last tube."""

from datetime import datetime, timedelta

from labproc.model import SampleKey, SourceFile
from labproc.pipeline.attention import by_attention
from labproc.pipeline.results import TubeView

START = datetime(2025, 1, 1, 9)


def tube(number, threshold):
    source = SourceFile(
        f"t{number:02}.fcs", f"{number:064}", "fcs", acquired_at=START + timedelta(minutes=number)
    )
    key = SampleKey(donor="D1", arm="control", day=number, panel="car")
    return TubeView(source, key, "car_t", 5_000, (), features={"Live, threshold": threshold})


def codes(tubes):
    return {t.source.path: {f.code for f in t.flags} for t in by_attention(tubes)}


def test_a_threshold_off_its_group_is_flagged():
    tubes = [tube(k, 0.50 + 0.001 * (k % 3)) for k in range(5)] + [tube(5, 0.8)]
    found = codes(tubes)
    assert "gate_off_group" in found.pop("t05.fcs")
    assert not any("gate_off_group" in c for c in found.values())


def test_a_drift_is_said_at_the_last_tube_whatever_the_order_of_the_files():
    tubes = [tube(k, 0.40 + 0.01 * k) for k in range(10)]
    found = codes(tubes[::-1])
    assert [name for name, said in found.items() if "gate_drift" in said] == ["t09.fcs"]
