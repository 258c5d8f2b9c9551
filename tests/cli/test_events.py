"""``labproc events``: the same numbers in every format, on the scale asked for."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from labproc.cli.events import command
from labproc.errors import SettingsError
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel, Spillover

VALUES = np.array([[10.0, 100.0, 50.0], [20.0, 1 / 3, -7.0]], dtype=np.float32)


@pytest.fixture
def tube(tmp_path: Path) -> Path:
    channels = [Channel("Time"), Channel("BL1-A", gain=2.0), Channel("=BL2-A")]
    spill = Spillover(("BL1-A", "=BL2-A"), np.array([[1, 0.5], [0, 1]]))
    words = {"$TIMESTEP": "0.01"}
    write_fcs(tmp_path / "a.fcs", VALUES, channels, keywords=words, spillover=spill)
    return tmp_path / "a.fcs"


def write(tube: Path, out: str, *options: str) -> Path:
    path = tube.parent / out
    done = CliRunner().invoke(command, [str(tube), "--to", str(path), *options])
    assert done.exit_code == 0, done.output
    return path


def test_raw_events_are_those_of_the_file(tube: Path) -> None:
    assert np.array_equal(np.load(write(tube, "e.npy")), VALUES.astype(float))


def test_csv_keeps_every_digit_and_disarms_formulas(tube: Path) -> None:
    rows = list(csv.reader(write(tube, "e.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["Time", "BL1-A", "'=BL2-A"]
    assert np.array_equal(np.array(rows[1:], float), VALUES.astype(float))


def test_parquet_keeps_names_and_type(tube: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.read_table(write(tube, "e.parquet"))
    assert table.column_names == ["Time", "BL1-A", "=BL2-A"]
    assert np.array_equal(table.column("BL1-A").to_numpy(), VALUES[:, 1])


def test_compensated_applies_step_gain_and_spillover_once(tube: Path) -> None:
    found = np.load(write(tube, "e.npy", "--scale", "compensated"))
    assert np.allclose(found[0], [0.1, 50.0, 50.0 - 0.5 * 50.0])


def test_logicle_grows_with_the_signal(tube: Path) -> None:
    found = np.load(write(tube, "e.npy", "--scale", "logicle"))
    assert 0 < found[1, 1] < found[0, 1] < 1


def test_channels_are_picked_by_name(tube: Path) -> None:
    found = np.load(write(tube, "e.npy", "--channel", "BL1-A"))
    assert np.array_equal(found[:, 0], VALUES[:, 1].astype(float))


def test_json_says_what_was_written(tube: Path) -> None:
    out = tube.parent / "e.npy"
    done = CliRunner().invoke(command, [str(tube), "--to", str(out), "--json"])
    line = json.loads(done.stdout)
    assert (line["n_events"], line["n_params"], line["scale"]) == (2, 3, "raw")


def test_an_unknown_ending_and_the_file_itself_are_refused(tube: Path) -> None:
    done = CliRunner().invoke(command, [str(tube), "--to", "e.xls"])
    assert isinstance(done.exception, SettingsError)
    assert "ends with '.xls', expected one of .parquet, .csv, .npy" in str(done.exception)
    itself = tube.with_suffix(".npy")
    itself.write_bytes(tube.read_bytes())
    done = CliRunner().invoke(command, [str(itself), "--to", str(itself)])
    assert "this is the file itself" in str(done.exception)


def test_nothing_is_left_behind_where_writing_fails(tube: Path) -> None:
    out = tube.parent / "missing" / "e.npy"
    done = CliRunner().invoke(command, [str(tube), "--to", str(out)])
    assert "expected a place to write" in str(done.exception)
    assert [p.name for p in tube.parent.iterdir()] == ["a.fcs"]
