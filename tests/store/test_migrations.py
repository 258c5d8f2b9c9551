"""Stores of older versions are brought to the schema of today, and nothing in them is lost."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from labproc import store as stores
from labproc.store import Store, current_results, observation_history
from labproc.store.migrations import STEPS
from labproc.store.schema import SCHEMA_VERSION

KEPT = Path(__file__).resolve().parents[1] / "data" / "store"


def old(path: Path, schema: str) -> Path:
    text = (KEPT / f"schema_{schema}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(text)
    return path


def shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Tables with their columns: name, type, not null, part of the key."""
    with closing(sqlite3.connect(path)) as connection:
        names = [r[1] for r in connection.execute("PRAGMA table_list") if r[2] == "table"]
        return {
            name: [
                (r[1], r[2], r[3], r[5]) for r in connection.execute(f"PRAGMA table_info({name})")
            ]
            for name in names
            if not name.startswith("sqlite_")
        }


@pytest.mark.parametrize("schema", STEPS)
def test_an_older_store_gets_the_shape_of_a_new_one(tmp_path: Path, schema: str) -> None:
    for path in (tmp_path / "new.sqlite", old(tmp_path / "old.sqlite", schema)):
        with Store.open(path):
            pass
    assert shape(tmp_path / "old.sqlite") == shape(tmp_path / "new.sqlite")


@pytest.mark.parametrize("schema", STEPS)
def test_everything_in_an_older_store_is_still_there(tmp_path: Path, schema: str) -> None:
    with Store.open(old(tmp_path / "old.sqlite", schema)) as store:
        assert store.get_meta("schema") == SCHEMA_VERSION
        assert [o.path for o in observation_history(store)] == ["day 1/a.fcs"]
        assert [r.payload for r in current_results(store)] == [b"numbers"]
        assert stores.current_gates(store) == {"ab" * 32: {"CAR+": (1, ((1234.5,),))}}
        assert stores.current_decisions(store)["ab" * 32].who == "bob"
        assert [r["value"] for r in store.table("measurements")] == [0.25]
        assert store.get_meta("fingerprint") == "f"
        assert store.verify_audit() == []


def test_a_migrated_store_goes_on(tmp_path: Path) -> None:
    with Store.open(old(tmp_path / "old.sqlite", "1")) as store:
        stores.decide(store, "s", "rejected", who="ann", reason="clog")
        assert store.verify_audit() == []


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old(tmp_path / "old.sqlite", "1")
    before = shape(path)

    def broken(connection: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("labproc.store.connect.protect_audit", broken)
    with pytest.raises(RuntimeError):
        Store.open(path)
    assert shape(path) == before


def test_every_schema_before_this_one_has_its_kept_example() -> None:
    kept = {re.sub(r"\D", "", p.stem) for p in KEPT.glob("schema_*.sql")}
    assert kept >= set(STEPS)
    assert SCHEMA_VERSION in {after for after, _ in STEPS.values()}
