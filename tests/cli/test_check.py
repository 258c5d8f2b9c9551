"""``labproc check`` as its contract lays it down."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from labproc.cli.check import command, describe
from labproc.cli.events import command as events_command
from labproc.formats.fcs.write import write_fcs
from labproc.model import Channel

VALUES = np.array([[1.5, 2.0], [-3.0, 70000.0]], dtype=np.float32)


@pytest.fixture
def tube(tmp_path: Path) -> Path:
    channels = [Channel("FSC-A"), Channel("BL1-A", label="CAR")]
    words = {"$CYT": "Attune NxT", "$VOL": "46000", "$WELLID": "G11"}
    write_fcs(tmp_path / "a.fcs", VALUES, channels, keywords=words)
    return tmp_path / "a.fcs"


def test_one_json_line_per_file_with_everything_promised(tube: Path) -> None:
    done = CliRunner().invoke(command, ["--json", str(tube), str(tube)])
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert done.exit_code == 0
    assert first == second
    assert first["file"] == "a.fcs"
    assert first["path"] == str(tube)
    assert (first["kind"], first["version"], first["instrument"]) == ("fcs", "FCS3.1", "Attune NxT")
    assert (first["n_events"], first["n_params"], first["n_datasets"]) == (2, 2, 1)
    assert (first["channels"], first["markers"]) == (["FSC-A", "BL1-A"], [None, "CAR"])
    assert first["volume_ul"] == 46.0
    assert first["warnings"] == []


def test_the_data_hash_is_over_little_endian_doubles(tube: Path, tmp_path: Path) -> None:
    import hashlib

    line = json.loads(CliRunner().invoke(command, ["--json", str(tube)]).stdout)
    assert line["data_sha256"] == hashlib.sha256(VALUES.astype("<f8").tobytes()).hexdigest()
    CliRunner().invoke(events_command, [str(tube), "--to", str(tmp_path / "e.npy")])
    matrix = np.load(tmp_path / "e.npy")
    assert hashlib.sha256(matrix.tobytes()).hexdigest() == line["data_sha256"]


def test_a_bad_file_gives_one_line_on_stderr_and_the_others_are_done(
    tube: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.fcs"
    bad.write_bytes(tube.read_bytes()[:-1])
    done = CliRunner().invoke(command, ["--json", str(bad), str(tube)])
    assert done.exit_code == 3
    assert len(done.stdout.splitlines()) == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("bad.fcs: DATA is at ")
    assert CliRunner().invoke(command, [str(bad)]).exit_code == 3


def test_warnings_carry_code_severity_and_message(tmp_path: Path) -> None:
    write_fcs(tmp_path / "n.fcs", np.empty((0, 1)), [Channel("A")])
    (found,) = json.loads(CliRunner().invoke(command, [str(tmp_path / "n.fcs")]).stdout)["warnings"]
    assert found == {
        "code": "no_events",
        "severity": "warning",
        "message": "the file holds no events",
    }


@pytest.mark.shared
def test_a_data_set_is_picked_by_its_number(shared: Path) -> None:
    path = shared / "data" / "fcs" / "cytoflow" / "int-multiple_datasets.fcs"
    done = CliRunner().invoke(command, ["--json", "--dataset", "2", str(path)])
    line = json.loads(done.stdout)
    assert (line["channels"], line["dataset"], line["n_datasets"]) == (["FSC", "SSC"], 2, 2)
    done = CliRunner().invoke(command, ["--dataset", "3", str(path)])
    assert (done.exit_code, done.stdout) == (3, "")
    assert "no data set 3, expected 1 to 2" in done.stderr


def test_on_a_screen_the_line_is_put_into_words(tube: Path) -> None:
    line = json.loads(CliRunner().invoke(command, [str(tube)]).stdout)
    line["warnings"] = [{"code": "x", "severity": "review", "message": "look here"}]
    line["second_opinion"] = [{"reader": "flowio", "says": "reads the same"}]
    assert describe(line) == (
        "a.fcs: FCS3.1, Attune NxT, 2 events x 2 channels, 46 µL\n"
        "  review: look here\n"
        "  flowio: reads the same"
    )


def test_a_second_opinion_is_added_when_asked_for(tube: Path) -> None:
    line = json.loads(CliRunner().invoke(command, ["--second-opinion", str(tube)]).stdout)
    assert [o["verdict"] for o in line["second_opinion"]] == ["equal", "equal"]


def test_checking_a_file_imports_nothing_heavy(tube: Path) -> None:
    script = (
        "import sys; sys.argv = ['labproc', 'check', sys.argv[1]]\n"
        "from labproc.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: code = end.code\n"
        "heavy = {'pandas', 'scipy', 'sklearn', 'flowkit', 'plotly', 'dash'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    subprocess.run([sys.executable, "-c", script, str(tube)], check=True, capture_output=True)
