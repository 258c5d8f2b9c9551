"""``labproc sign``: who may, what is locked, what a signature is worth after a change."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labproc.errors import StoreError
from labproc.pipeline.review import save_gate
from labproc.pipeline.runner import load_results, run_study
from labproc.pipeline.signing import files_with_results
from labproc.simulate import Design, write_study
from labproc.store import Store, current_results, known_results
from labproc.store.users import add_user
from labproc.study import load_study

Run = Callable[..., Any]  # gives code, out and err
TINY = Design(donors=1, days=(0, 4), panels=("count",), n_events=800, with_patient=False)
WORD = "a long enough password"
PEOPLE = {"ann": "reviewer", "bob": "reviewer", "cem": "analyst", "vic": "viewer"}


@pytest.fixture(scope="module")
def signed_by(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a study that ran, with its users."""
    folder = tmp_path_factory.mktemp("signed") / "study"
    write_study(folder, TINY)
    for path in (folder / "raw").rglob("*"):
        os.utime(path, (1e9, 1e9))
    run_study(folder, workers=1)
    with Store.open(load_study(folder).store_url) as store:
        for name, role in PEOPLE.items():
            add_user(store, name, WORD, role, who="test")
    return folder


@pytest.fixture
def study(signed_by: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABPROC_PASSWORD", WORD)
    shutil.copytree(signed_by, tmp_path / "study")
    return tmp_path / "study"


def tube(study: Path) -> str:
    return next(p for p in files_with_results(study) if p.endswith(".fcs"))


def plate(study: Path) -> str:
    return next(p for p in files_with_results(study) if not p.endswith(".fcs"))


def states(labproc: Run, study: Path) -> list[tuple[str, str]]:
    rows = map(json.loads, labproc("sign", study, "--json").out.splitlines())
    return [(r["meaning"], r["state"]) for r in rows]


def test_a_file_is_signed_listed_locked_and_taken_back(study: Path, labproc: Run) -> None:
    name = tube(study)
    assert labproc("sign", study).out == "nothing is signed\n"
    done = labproc("sign", study, name, "--meaning", "performed", "--as", "cem")
    assert done.code == 0, done.err
    assert f"{name}: performed by cem: covers the results as they are" in done.out
    sha256 = files_with_results(study)[name]
    with pytest.raises(StoreError, match="performed and signed by cem"):
        save_gate(study, sha256, "Cells", None, who="ann", reason="debris")
    refused = labproc("sign", study, name, "--withdraw", "--as", "cem")
    assert refused.code == 3
    assert "no reason given" in refused.err
    back = labproc("sign", study, name, "--withdraw", "--as", "cem", "--reason", "debris seen")
    assert back.code == 0, back.err
    save_gate(study, sha256, "Cells", None, who="ann", reason="debris")
    assert states(labproc, study) == [("performed", "withdrawn"), ("withdrawn", "withdrawal")]
    assert labproc("verify", study).code == 0


def test_a_change_after_signing_is_a_new_version_that_the_signature_does_not_cover(
    study: Path, labproc: Run
) -> None:
    name, other = plate(study), tube(study)
    for one in (name, other):
        assert labproc("sign", study, one, "--meaning", "performed", "--as", "cem").code == 0
    toml = study / "study.toml"
    toml.write_text(toml.read_text().replace("dna_ng_per_well = 200", "dna_ng_per_well = 100"))
    assert "dna_ng_per_well = 100" in toml.read_text()
    run_study(study, workers=1)
    listed = labproc("sign", study)
    assert f"{name}: performed by cem: no longer covers" in listed.out
    assert f"{other}: performed by cem: covers" in listed.out
    with Store.open(load_study(study).store_url) as store:  # the signed version is kept
        assert len(known_results(store)) > len(current_results(store, payloads=False))
    again = labproc("sign", study, name, "--meaning", "performed", "--as", "cem")
    assert again.code == 0, again.err
    assert states(labproc, study)[-1] == ("performed", "covers")


def test_who_is_told_and_who_signs_change_no_signed_plate(study: Path, labproc: Run) -> None:
    name = plate(study)
    labproc("sign", study, name, "--meaning", "performed", "--as", "cem")
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[signatures]\ntwo_persons = true\n[notify]\nemail = "lab@example.org"\n')
    assert run_study(study, workers=1).n_done == 0
    assert states(labproc, study) == [("performed", "covers")]


def test_two_persons_where_the_study_says_so(study: Path, labproc: Run) -> None:
    with (study / "study.toml").open("a", encoding="utf-8") as file:
        file.write("\n[signatures]\ntwo_persons = true\n")
    name = tube(study)
    labproc("sign", study, name, "--meaning", "performed", "--as", "ann")
    alone = labproc("sign", study, name, "--meaning", "reviewed", "--as", "ann")
    assert alone.code == 3
    assert "ann has signed before, expected a second person" in alone.err
    assert labproc("sign", study, name, "--meaning", "reviewed", "--as", "bob").code == 0


@pytest.mark.parametrize(
    ("name", "meaning", "password", "message"),
    [
        ("vic", "performed", WORD, "vic is viewer, expected an analyst to sign as performed"),
        ("cem", "approved", WORD, "cem is analyst, expected a reviewer to sign as approved"),
        ("ann", "approved", "a wrong password", "name 'ann' and password do not fit"),
        ("eve", "approved", WORD, "name 'eve' and password do not fit"),
        ("ann", "aproved", WORD, "did you mean 'approved'"),
    ],
)
def test_who_may_not_sign_is_told_why(
    study: Path, labproc: Run, name: str, meaning: str, password: str, message: str
) -> None:
    options = ("--meaning", meaning, "--as", name, "--password", password)
    refused = labproc("sign", study, "--all", *options)
    assert refused.code == 2
    assert message in refused.err
    assert states(labproc, study) == []


def test_several_are_signed_or_none(study: Path, labproc: Run) -> None:
    name, other = tube(study), plate(study)
    labproc("sign", study, name, "--meaning", "performed", "--as", "ann")
    refused = labproc("sign", study, other, name, "--meaning", "performed", "--as", "bob")
    assert refused.code == 3
    assert f"{name}: already performed by ann" in refused.err
    assert len(states(labproc, study)) == 1


def test_all_are_those_that_are_not_signed_so_yet(study: Path, labproc: Run) -> None:
    labproc("sign", study, tube(study), "--meaning", "performed", "--as", "ann")
    assert labproc("sign", study, "--all", "--meaning", "performed", "--as", "bob").code == 0
    assert len(states(labproc, study)) == len(files_with_results(study))
    again = labproc("sign", study, "--all", "--meaning", "performed", "--as", "bob")
    assert again.code == 3
    assert "nothing left to be signed as performed" in again.err
    assert labproc("sign", study, "--all", "--meaning", "approved", "--as", "bob").code == 0
    back = labproc("sign", study, "--all", "--withdraw", "--as", "bob", "--reason", "wrong day")
    assert back.code == 0
    assert {state for _, state in states(labproc, study)} == {"withdrawn", "withdrawal"}


def test_only_the_signer_or_a_reviewer_withdraws(study: Path, labproc: Run) -> None:
    name = tube(study)
    labproc("sign", study, name, "--meaning", "performed", "--as", "ann")
    refused = labproc("sign", study, name, "--withdraw", "--as", "cem", "--reason", "x")
    assert refused.code == 2
    assert "cem is analyst, expected a reviewer to withdraw" in refused.err


def test_files_are_named_as_people_do(study: Path, labproc: Run) -> None:
    name = tube(study)
    sha256 = files_with_results(study)[name]
    for said in (f"raw/{name}", name.rpartition("/")[2], sha256[:10]):
        options = ("--meaning", "performed", "--as", "ann")
        assert labproc("sign", study, said, *options).code == 0, said
        labproc("sign", study, said, "--withdraw", "--as", "ann", "--reason", "again")
    unknown = labproc("sign", study, "nothing.fcs", "--meaning", "performed", "--as", "ann")
    assert unknown.code == 2
    assert "nothing.fcs: no file with a result" in unknown.err


def test_the_report_says_who_signed(study: Path, labproc: Run) -> None:
    labproc("sign", study, "--all", "--meaning", "approved", "--as", "ann", "--reason", "<b>fine")
    page = (study / "results/report.html").read_text(encoding="utf-8")
    assert "covers the results as they are" in page
    assert "&lt;b&gt;fine" in page
    assert {s.who for s in load_results(study).signatures} == {"ann"}


def test_a_study_without_users_says_how_to_get_one(study: Path, labproc: Run) -> None:
    with Store.open(load_study(study).store_url) as store, store.writing() as connection:
        connection.exec_driver_sql("DELETE FROM users")
    refused = labproc("sign", study, "--all", "--meaning", "approved", "--as", "ann")
    assert refused.code == 2
    assert "the study has no users" in refused.err
