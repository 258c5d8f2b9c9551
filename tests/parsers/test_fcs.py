"""Real FCS files against decodings that were made independently of labproc."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from labproc.errors import LabprocError, ParseError
from labproc.formats.content import look
from labproc.formats.fcs.dataset import open_fcs
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel, FlowTube, Spillover
from labproc.parsers import recognise
from labproc.parsers.fcs import events_sha256, file_sha256, read_tube

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "fcs"
EXPECTED = sorted(SHARED.rglob("*.expected.json"))
TOLERANCE = 1e-6  # relative, of the expected files


def _id(path: Path) -> str:
    return str(path.relative_to(SHARED)).removesuffix(".expected.json")


def _close(found: np.ndarray, wanted: list[float | None]) -> bool:
    numbers = np.array([np.nan if w is None else w for w in wanted], np.float64)
    return np.allclose(found, numbers, rtol=TOLERANCE, atol=0, equal_nan=True)


def _assert_equal(tube: FlowTube, wanted: dict[str, Any]) -> None:
    values = tube.events.values.astype(np.float64)
    assert values.shape == (wanted["tot"], wanted["par"])
    finite = np.where(np.isfinite(values), values, 0)
    assert _close(values[0], wanted["first"])
    assert _close(values[-1], wanted["last"])
    assert _close(finite.sum(axis=0), wanted["colsum"])
    assert _close(values.min(axis=0), wanted["colmin"])
    assert _close(values.max(axis=0), wanted["colmax"])
    for name, stated in zip(tube.events.names, wanted["names"], strict=True):
        assert stated is None or name == stated or name.startswith(f"{stated}_")
    assert tube.keywords.get("$VOL", "") == (wanted["vol"] or "")


@pytest.mark.shared
@pytest.mark.parametrize("expected", EXPECTED, ids=_id)
def test_real_files_equal_their_independent_decoding(expected: Path) -> None:
    wanted = json.loads(expected.read_text())
    path = expected.with_name(expected.name.removesuffix(".expected.json"))
    if wanted["status"] in ("must_refuse", "refuse_or_warn"):
        with pytest.raises(LabprocError, match=path.name[:8]) as caught:
            read_tube(path)
        assert "\n" not in str(caught.value)
        return
    for number, data_set in enumerate(wanted["datasets"], start=1):
        tube = read_tube(path, dataset=number)
        assert tube.n_datasets == len(wanted["datasets"])
        _assert_equal(tube, data_set)
    if wanted["status"] == "ok_or_refuse":
        assert "duplicate_keyword_settled" in [f.code for f in tube.flags]


def test_there_are_expected_files_where_the_reference_data_are(shared: Path) -> None:
    assert len(EXPECTED) == len(list(shared.rglob("data/fcs/**/*.expected.json"))) > 90


@pytest.mark.shared
def test_an_attune_file_says_volume_rate_well_plate_and_day(shared: Path) -> None:
    path = shared / "data" / "fcs" / "flowio" / "G11.fcs"
    tube = read_tube(path)
    assert (tube.events.volume_ul, tube.flow_rate_ul_min, tube.time_step_s) == (46.0, 200.0, 0.001)
    assert (tube.well, tube.cytometer.split()[1:3]) == ("G11", ["Attune", "NxT"])
    assert tube.plate == "20200302 HEK-GFP Benchmarking Plate 1"
    assert str(tube.source.acquired_at) == "2020-03-02 09:50:15"
    assert tube.source.sha256 == json.loads(Path(f"{path}.expected.json").read_text())["sha256"]
    assert tube.events.channels[3].label == "GFP-A"
    assert tube.events.channels[3].voltage == 300
    assert [f.code for f in tube.flags] == ["spillover_identity"]


@pytest.mark.shared
def test_every_text_of_the_catalogue_is_recognised_by_content(shared: Path) -> None:
    path = shared / "data" / "fcs" / "cytoflow" / "Beckman Coulter - Gallios.LMD"
    assert recognise(look(path))[0] == "fcs"


def test_only_the_channels_asked_for_are_read(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float32).reshape(4, 3)
    matrix = Spillover(("A", "C"), np.array([[1, 0.5], [0, 1]]))
    write_fcs(tmp_path / "a.fcs", values, [Channel(n) for n in "ABC"], spillover=matrix)
    tube = read_tube(tmp_path / "a.fcs", channels=["C", "A"])
    assert tube.events.names == ("C", "A")
    assert np.array_equal(tube.events.values, values[:, [2, 0]])
    assert tube.events.spillover is not None
    assert tube.events.spillover.matrix[0, 1] == 0.5
    with pytest.raises(ParseError, match=r"a\.fcs: no channel 'D'; known: A, B, C"):
        read_tube(tmp_path / "a.fcs", channels=["D"])


def test_the_hash_of_the_events_does_not_depend_on_how_they_are_stored(tmp_path: Path) -> None:
    values = np.arange(12, dtype=np.float64).reshape(4, 3)
    channels = [Channel(n) for n in "ABC"]
    hashes = set()
    for kind in ("F", "D"):
        write_fcs(tmp_path / "a.fcs", values, channels, datatype=kind)  # type: ignore[arg-type]
        hashes.add(events_sha256(open_fcs(tmp_path / "a.fcs")[0].blocks()))
    assert hashes == {events_sha256([values])}


def test_reading_changes_nothing_on_disk(tmp_path: Path) -> None:
    write_fcs(tmp_path / "a.fcs", np.ones((2, 1)), [Channel("A")])
    before = ((tmp_path / "a.fcs").stat().st_mtime_ns, file_sha256(tmp_path / "a.fcs"))
    read_tube(tmp_path / "a.fcs")
    assert before == ((tmp_path / "a.fcs").stat().st_mtime_ns, file_sha256(tmp_path / "a.fcs"))
    assert [p.name for p in tmp_path.iterdir()] == ["a.fcs"]
