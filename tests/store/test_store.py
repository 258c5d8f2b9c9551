"""The store: what is written is there, once, and nobody can change the record unseen."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import AuditEntry, Observation, ResultKey, Store
from labproc.store.connect import file_system, refuse_network_share

KEY = ResultKey("ab" * 32, "1", "cd" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "labproc.sqlite") as opened:
        yield opened


def seen(path: str, sha256: str, state: str = "current") -> Observation:
    return Observation(path, sha256, 10, 20, 30, {"kind": "fcs"}, state)


def test_a_result_is_saved_once_with_one_audit_row(store: Store) -> None:
    for _ in range(2):
        store.save_result(KEY, path="a.fcs", kind="fcs", payload=b"x")
    assert store.known_results() == {KEY: "done"}
    assert [r["action"] for r in store.audit_rows()] == ["file done"]
    assert store.current_results()[0].payload == b"x"


def test_new_content_under_an_old_name_replaces_it_and_keeps_it(store: Store) -> None:
    store.observe([seen("a.fcs", "1")])
    store.observe([seen("a.fcs", "2")])
    assert [(o.sha256, o.state) for o in store.observations()] == [
        ("1", "replaced"),
        ("2", "current"),
    ]


def test_a_file_that_has_gone_is_kept(store: Store) -> None:
    store.observe([seen("a.fcs", "1")])
    store.mark_gone(["a.fcs"])
    assert [o.state for o in store.observations()] == ["gone"]


def test_only_the_results_of_now_are_current(store: Store) -> None:
    other = ResultKey(KEY.sha256, "1", "ee" * 32)
    store.save_result(KEY, path="a.fcs", kind="fcs", payload=b"x")
    store.save_result(other, path="a.fcs", kind="fcs", payload=b"y")
    store.set_current([other])
    assert [r.key for r in store.current_results()] == [other]
    assert set(store.known_results()) == {KEY, other}


def test_tries_are_counted(store: Store) -> None:
    assert [store.count_try(KEY, "died") for _ in range(3)] == [1, 2, 3]


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labproc.sqlite"
    Store.open(path)

    def write(n: int) -> None:
        with Store.open(path) as mine:
            for i in range(10):
                key = ResultKey(f"{n:032d}{i:032d}", "1", "p")
                mine.save_result(key, path=f"{n}-{i}.fcs", kind="fcs", payload=None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with Store.open(path) as mine:
        assert len(mine.known_results()) == 40
        assert mine.verify_audit() == []


def test_tables_come_back_in_order(store: Store) -> None:
    rows = [{"outcome": "b", "day": 2, "estimate": 0.5}, {"outcome": "a", "day": "", "estimate": 1}]
    store.replace_tables({"comparisons": rows}, fingerprint="f")
    back = store.table("comparisons")
    assert [(r["outcome"], r["day"], r["estimate"]) for r in back] == [
        ("b", 2, 0.5),
        ("a", None, 1.0),
    ]
    assert store.get_meta("fingerprint") == "f"


def test_a_gate_is_saved_in_versions_with_who_and_why(store: Store) -> None:
    assert stores.save_gate(store, "s", "CAR+", [[1.0]], who="ann", reason="tail") == 1
    assert stores.save_gate(store, "s", "CAR+", [[2.0]], who="bob", reason="less") == 2
    assert stores.current_gates(store) == {"s": {"CAR+": (2, ((2.0,),))}}
    assert [(r["who"], r["old"], r["new"]) for r in store.audit_rows()] == [
        ("ann", "automatic", "[[1.0]]"),
        ("bob", "[[1.0]]", "[[2.0]]"),
    ]
    stores.save_gate(store, "s", "CAR+", None, who="ann", reason="back")
    assert stores.current_gates(store) == {}


def test_a_change_without_a_reason_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match=r"gate CAR\+: no reason given"):
        stores.save_gate(store, "s", "CAR+", [[1.0]], who="ann", reason=" ")
    with pytest.raises(StoreError, match="approved: no reason given"):
        stores.decide(store, "s", "approved", who="ann", reason="")


def test_the_last_decision_counts_and_the_others_stay(store: Store) -> None:
    stores.decide(store, "s", "approved", who="ann", reason="fine")
    stores.decide(store, "s", "rejected", who="bob", reason="clog")
    assert stores.current_decisions(store)["s"].verdict == "rejected"
    assert len(stores.decision_history(store)) == 2


def audited(path: Path, n: int = 6) -> None:
    with Store.open(path) as opened:
        for i in range(n):
            opened.audit(AuditEntry("ann", f"act {i}", "x"))


TAMPERINGS = {
    "edited": "UPDATE audit SET who = 'eve' WHERE seq = 3",
    "edited with its hash": "UPDATE audit SET who = 'eve', sha256 = 'x' WHERE seq = 3",
    "deleted": "DELETE FROM audit WHERE seq = 3",
    "first deleted": "DELETE FROM audit WHERE seq = 1",
    "cut off": "DELETE FROM audit WHERE seq > 4",
    "emptied": "DELETE FROM audit",
    "swapped": "UPDATE audit SET seq = CASE seq WHEN 2 THEN 30 ELSE seq END",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS)
def test_every_tampering_is_found(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "labproc.sqlite"
    audited(path)
    connection = sqlite3.connect(path)
    for name in ("audit_no_update", "audit_no_delete"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with Store.open(path) as opened:
        assert opened.verify_audit()


@pytest.mark.parametrize("verb", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_record(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "labproc.sqlite"
    audited(path)
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="audit rows are never changed"):
        connection.execute(verb)
    connection.close()


def test_a_whole_chain_is_accepted(tmp_path: Path) -> None:
    audited(tmp_path / "labproc.sqlite")
    with Store.open(tmp_path / "labproc.sqlite") as opened:
        assert opened.verify_audit() == []
        assert opened.audit_head() == opened.audit_rows()[-1]["sha256"]


def test_tables_are_strict(store: Store) -> None:
    with store.reading() as connection:
        rows = connection.exec_driver_sql("PRAGMA table_list").mappings().all()
    ours = [r for r in rows if r["type"] == "table" and not r["name"].startswith("sqlite_")]
    assert ours
    assert all(r["strict"] for r in ours)


def test_sqlite_on_a_network_share_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"none / ext4 rw 0 0\nsrv:/x {tmp_path} nfs4 rw 0 0\n")
    assert file_system(tmp_path / "a", mounts) == "nfs4"
    monkeypatch.setattr("labproc.store.connect.file_system", lambda path: "cifs")
    with pytest.raises(StoreError, match=r"on a network share \(cifs\), expected a local disk"):
        refuse_network_share(tmp_path)


def test_a_store_of_a_newer_labproc_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "labproc.sqlite"
    Store.open(path)
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="written by schema 99"):
        Store.open(path)
