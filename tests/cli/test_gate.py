"""``labproc gate`` as outsiders call it."""

import json
from dataclasses import replace

import flowio
import numpy as np
import pytest
from click.testing import CliRunner

from labproc.cli import app
from labproc.errors import SettingsError
from tests.gating._tubes import LABELS, NAMES, culture

KEYS = {
    "file", "path", "population", "parent", "n_events", "fraction_of_parent", "estimate", "ci_low",
    "ci_high", "method", "flags",
}  # fmt: skip


def write(path, tube, labels=LABELS):
    with path.open("wb") as out:
        flowio.create_fcs(
            out,
            tube.events.values.ravel().tolist(),
            list(NAMES),
            opt_channel_names=list(labels),
            metadata_dict={"timestep": "0.001", "cyt": "Attune NxT"},
        )
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gate")
    write(folder / "sample.fcs", culture(4_000, seed=1)[0])
    write(folder / "control.fcs", culture(4_000, car=0.0, seed=2)[0])
    (folder / "broken.fcs").write_bytes(b"not a cytometer's file")
    return folder


def run(*args):
    return CliRunner().invoke(app, ["gate", *map(str, args)], catch_exceptions=False)


def test_one_line_for_each_population(files):
    done = run(
        files / "sample.fcs", "--strategy", "car_t", "--json",
        "--control", f"untransduced={files / 'control.fcs'}",
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 0
    assert all(set(r) >= KEYS for r in rows)
    names = [r["population"] for r in rows]
    assert {"Cells", "Singlets", "Live", "T cells", "CAR+", "CD4+", "CD8+"} <= set(names)
    car = next(r for r in rows if r["population"] == "CAR+")
    assert car["file"] == "sample.fcs"
    assert car["parent"] == "T cells"
    assert car["ci_low"] <= car["estimate"] <= car["ci_high"]
    assert "no_control" not in {f["code"] for f in car["flags"]}


def test_masks_are_written_and_nested(files, tmp_path):
    run(files / "sample.fcs", "--strategy", "cd4_cd8", "--masks", tmp_path / "masks")
    with np.load(tmp_path / "masks" / "sample.fcs.npz") as file:
        masks = dict(file)
    assert masks["CD4+"].shape == (4_000,)
    assert not np.any(masks["CD4+"] & ~masks["T cells"])
    assert not np.any(masks["T cells"] & ~masks["Cells"])


def test_a_broken_file_is_said_and_the_others_are_done(files):
    done = run(files / "broken.fcs", files / "sample.fcs", "--strategy", "live", "--json")
    assert done.exit_code == 3
    assert {json.loads(line)["file"] for line in done.stdout.splitlines()} == {"sample.fcs"}
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("broken.fcs: ")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--strategy", "cd4cd8"], "did you mean 'cd4_cd8'"),
        (["--strategy", "live", "--marker", "CD4"], "--marker: found 'CD4', expected CD4=CHANNEL"),
        (["--strategy", "live", "--control", "blank=x.fcs"], "'blank' is no role"),
        (["--strategy", "cd4_cd8", "--marker", "CD4=VL9-A"], "no channel 'VL9-A'"),
    ],
)
def test_wrong_usage_is_named(files, args, message):
    with pytest.raises(SettingsError, match=message):
        run(files / "sample.fcs", *args)


def test_people_get_percentages(files):
    done = run(files / "sample.fcs", "--strategy", "live")
    assert "Live" in done.stdout
    assert "%" in done.stdout


def test_a_population_may_have_any_name(files, tmp_path):
    step = '[[step]]\npopulation = "{}"\nmethod = "threshold"\nchannels = ["FSC-A"]\nat = {}\n'
    names = {"file": 1e5, "CD4+/IFNg+": 2e5}  # numpy's savez takes no array called file
    strategy = tmp_path / "names.toml"
    strategy.write_text("".join(step.format(n, at) for n, at in names.items()), encoding="utf-8")
    run(files / "sample.fcs", "--strategy", strategy, "--masks", tmp_path)
    with np.load(tmp_path / "sample.fcs.npz") as file:
        counts = {name: int(file[name].sum()) for name in file.files}
    assert set(counts) == set(names)
    assert counts["file"] > counts["CD4+/IFNg+"] > 0


def test_a_matrix_is_used_instead_of_the_files(files, tmp_path):
    (tmp_path / "m.csv").write_text("dye,BL1-A,YL2-A\nBL1-A,1,0.2\nYL2-A,0,1\n", encoding="utf-8")

    def codes(word):
        asked = ("--strategy", "live", "--json", "--compensation", word)
        first = run(files / "sample.fcs", *asked).stdout.splitlines()[0]
        return {f["code"] for f in json.loads(first)["flags"]}

    assert "uncompensated" not in codes(tmp_path / "m.csv")
    assert "uncompensated" in codes("none")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("fiel", "--compensation: fiel: no such file, .*; or say file or none"),
        ("bad.csv", "--compensation: bad.csv, line 2, B: found 'x', expected a number"),
        ("far.csv", "spillover: no channel 'QQ-A'"),
    ],
)
def test_a_matrix_that_cannot_be_used_is_refused(files, tmp_path, monkeypatch, word, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.csv").write_text("dye,A,B\nA,1,x\nB,0,1\n", encoding="utf-8")
    (tmp_path / "far.csv").write_text("dye,BL1-A,QQ-A\nBL1-A,1,0\nQQ-A,0.1,1\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        run(files / "sample.fcs", "--strategy", "live", "--compensation", word)


def test_a_control_that_no_step_leans_on_is_said(files):
    done = run(
        files / "sample.fcs", "--strategy", "live", "--control", f"fmo={files / 'control.fcs'}"
    )
    assert "no step of live leans on a tube of the role fmo" in done.stderr


def test_a_shared_threshold_is_one_for_all_files_but_the_odd_one(tmp_path):
    files = [write(tmp_path / f"s{k}.fcs", culture(3_000, seed=k)[0]) for k in range(4)]
    odd = culture(3_000, seed=9)[0]
    values = odd.events.values.copy()
    values[:, NAMES.index("RL2-A")] *= 8.0  # the viability dye of one tube was eight times as much
    files.append(
        write(tmp_path / "odd.fcs", replace(odd, events=replace(odd.events, values=values)))
    )
    done = run(*files, "--strategy", "live", "--share", "Live", "--json")
    rows = [r for r in map(json.loads, done.stdout.splitlines()) if r["population"] == "Live"]
    thresholds = [r["parameters"]["threshold"] for r in rows]
    codes = [{f["code"] for f in r["flags"]} for r in rows]
    assert done.exit_code == 0
    assert len(set(thresholds[:4])) == 1
    assert all("gate_shared" in c and "gate_off_group" not in c for c in codes[:4])
    assert thresholds[4] > 4 * thresholds[0]
    assert "gate_off_group" in codes[4]
    assert "gate_shared" not in codes[4]


@pytest.mark.parametrize(
    ("name", "said"), [("Alive", "did you mean 'Live'"), ("Cells", "not cut by a threshold")]
)
def test_what_cannot_be_shared_is_said(files, name, said):
    with pytest.raises(SettingsError, match=said):
        run(files / "sample.fcs", "--strategy", "live", "--share", name)
