"""A whole study whose store is a PostgreSQL server, against the same study on SQLite."""

import os
import shutil
from pathlib import Path

from labproc.pipeline.runner import run_study
from labproc.simulate import Design, write_study
from labproc.store import TABLES, Store
from labproc.store.backup import backup, restore

TINY = Design(donors=1, days=(0, 4), panels=("count",), n_events=500, with_patient=False)


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / "results/tables" / f"{name}.csv").read_bytes() for name in TABLES}


def test_a_study_gives_the_same_tables_on_a_server(tmp_path: Path, postgres_url: str) -> None:
    local, shared = tmp_path / "local", tmp_path / "shared"
    write_study(local, TINY)
    for path in (local / "raw").rglob("*"):
        os.utime(path, (1e9, 1e9))  # long finished: no run has to wait for it
    shutil.copytree(local, shared)
    with (shared / "study.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[store]\nurl = "{postgres_url}"\n')
    for folder in (local, shared):
        assert run_study(folder, workers=1).n_done > 0
        assert run_study(folder, workers=1).n_done == 0
    assert tables(shared) == tables(local)
    with Store.open(postgres_url) as store:
        assert store.verify_audit() == []


def test_a_restored_study_has_nothing_left_to_do(tmp_path: Path) -> None:
    write_study(tmp_path / "study", TINY)
    for path in (tmp_path / "study" / "raw").rglob("*"):
        os.utime(path, (1e9, 1e9))
    run_study(tmp_path / "study", workers=1)
    with Store.open(tmp_path / "study" / "results" / "labproc.sqlite") as store:
        backup(store, tmp_path / "study", tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again")
    assert run_study(tmp_path / "again", workers=1).n_done == 0
    assert tables(tmp_path / "again") == tables(tmp_path / "study")
