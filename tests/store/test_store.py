"""The store: what is written is there, once, and nobody can change the record unseen."""

import gc
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import psutil
import pytest
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import (
    AuditEntry,
    Observation,
    ResultKey,
    Store,
    count_try,
    current_results,
    known_results,
    mark_gone,
    observation_history,
    observe,
    save_result,
    set_current,
)
from labproc.store.audit import problems, row_hash
from labproc.store.connect import file_system, refuse_network_share

KEY = ResultKey("ab" * 32, "1", "cd" * 32)


def seen(path: str, sha256: str, state: str = "current") -> Observation:
    return Observation(path, sha256, 10, 20, 30, {"kind": "fcs"}, state)


def test_a_result_is_saved_once_with_one_audit_row(store: Store) -> None:
    for _ in range(2):
        save_result(store, KEY, path="a.fcs", kind="fcs", payload=b"x")
    assert known_results(store) == {KEY: "done"}
    assert [r["action"] for r in store.audit_rows()] == ["file done"]
    assert current_results(store)[0].payload == b"x"


def test_new_content_under_an_old_name_replaces_it_and_keeps_it(store: Store) -> None:
    observe(store, [seen("a.fcs", "1")])
    observe(store, [seen("a.fcs", "2")])
    assert [(o.sha256, o.state) for o in observation_history(store)] == [
        ("1", "replaced"),
        ("2", "current"),
    ]


def test_a_file_that_has_gone_is_kept(store: Store) -> None:
    observe(store, [seen("a.fcs", "1")])
    mark_gone(store, ["a.fcs"])
    assert [o.state for o in observation_history(store)] == ["gone"]


def test_only_the_results_of_now_are_current(store: Store) -> None:
    other = ResultKey(KEY.sha256, "1", "ee" * 32)
    save_result(store, KEY, path="a.fcs", kind="fcs", payload=b"x")
    save_result(store, other, path="a.fcs", kind="fcs", payload=b"y")
    set_current(store, [other])
    assert [r.key for r in current_results(store)] == [other]
    assert set(known_results(store)) == {KEY, other}


def test_tries_are_counted(store: Store) -> None:
    assert [count_try(store, KEY, "died") for _ in range(3)] == [1, 2, 3]


def test_many_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "labproc.sqlite"
    Store.open(path)

    def write(n: int) -> None:
        with Store.open(path) as mine:
            for i in range(10):
                key = ResultKey(f"{n:032d}{i:032d}", "1", "p")
                save_result(mine, key, path=f"{n}-{i}.fcs", kind="fcs", payload=None)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with Store.open(path) as mine:
        assert len(known_results(mine)) == 40
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


def test_tables_are_strict(tmp_path: Path) -> None:
    with Store.open(tmp_path / "labproc.sqlite") as store, store.reading() as connection:
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
    with Store.open(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    connection.commit()
    connection.close()
    gc.disable()  # what only a collection lets go of keeps a disk busy until then
    try:
        with pytest.raises(StoreError, match="written by schema 99"):
            Store.open(path)
        assert not [f for f in psutil.Process().open_files() if f.path.startswith(str(tmp_path))]
    finally:
        gc.enable()


def test_many_writers_on_either_database_keep_one_chain(url: str | Path) -> None:
    with Store.open(url):
        pass

    def write(n: int) -> None:
        with Store.open(url) as mine:
            for i in range(10):
                mine.audit(AuditEntry(f"writer {n}", f"act {i}", "x"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    with Store.open(url) as mine:
        assert len(mine.audit_rows()) == 40
        assert mine.verify_audit() == []


def test_a_result_saved_while_the_record_is_verified_is_no_tampering(url: str | Path) -> None:
    with Store.open(url) as writer, Store.open(url) as mine:
        save_result(writer, KEY, path="a.fcs", kind="fcs", payload=b"x")

        def save_another(_connection: Any, _cursor: Any, said: str, *_rest: Any) -> None:
            other = ResultKey(f"{len(known_results(writer)):064d}", "1", "p")
            save_result(writer, other, path="b.fcs", kind="fcs", payload=said.encode())

        event.listen(mine.engine, "after_cursor_execute", save_another)
        assert mine.verify_audit() == []
        assert len(known_results(writer)) > 3


@pytest.mark.parametrize(
    "verb", ["UPDATE audit SET who = 'eve'", "DELETE FROM audit", "TRUNCATE audit"]
)
def test_the_server_itself_refuses_to_change_the_record(postgres_url: str, verb: str) -> None:
    with Store.open(postgres_url) as store:
        store.audit(AuditEntry("ann", "act", "x"))
        with pytest.raises(DBAPIError, match="audit rows are never changed"), store.writing() as c:
            c.exec_driver_sql(verb)
        assert len(store.audit_rows()) == 1


def tampered(path: Path, *statements: str) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        for name in ("audit_no_update", "audit_no_delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    with Store.open(path) as opened:
        return opened.verify_audit()


def test_a_thousand_tamperings_are_all_found(tmp_path: Path) -> None:
    audited(tmp_path / "labproc.sqlite", n=20)
    with Store.open(tmp_path / "labproc.sqlite") as opened:
        rows, head = opened.audit_rows(), opened.audit_head()
    random = Random(7)
    missed = [name for name in (tamper(rows, head, random) for _ in range(1000)) if name]
    assert missed == []


def tamper(rows: list[dict[str, Any]], head: str, random: Random) -> str:
    """Change a copy of the chain in one random way; return how, if nothing was found."""
    mine = [dict(row) for row in rows]
    how = random.choice(["edit", "rehash", "delete", "swap", "cut", "insert", "renumber"])
    at = random.randrange(len(mine))
    if how in ("edit", "rehash"):
        column = random.choice(
            ["at", "who", "action", "subject", "old", "new", "reason", "software"]
        )
        mine[at][column] += random.choice("ab ")
        if how == "rehash":
            mine[at]["sha256"] = row_hash(mine[at], mine[at]["previous_sha256"])
    elif how == "delete":
        del mine[at]
    elif how == "swap":
        other = (at + random.randrange(1, len(mine))) % len(mine)
        mine[at]["seq"], mine[other]["seq"] = mine[other]["seq"], mine[at]["seq"]
        mine.sort(key=lambda row: row["seq"])
    elif how == "cut":
        mine = mine[: at or 1][: len(mine) - 1]
    elif how == "insert":
        mine.insert(at, dict(mine[at]))
    else:
        del mine[at]
        for seq, row in enumerate(mine, start=1):
            row["seq"] = seq
    return "" if problems(mine, head=head) else how


def test_a_chain_made_anew_with_its_head_is_found_by_a_head_in_a_report(tmp_path: Path) -> None:
    path = tmp_path / "labproc.sqlite"
    audited(path)
    with Store.open(path) as opened:
        printed = opened.audit_head()
        kept = opened.audit_rows()[3]["sha256"]
    cut = (
        "DELETE FROM audit WHERE seq > 4",
        f"UPDATE meta SET value = '{kept}' WHERE name = 'audit_head'",
    )
    assert tampered(path, *cut) == []  # nothing within the database can show this
    with Store.open(path) as opened:
        assert opened.verify_audit(heads=[printed]) == [
            f"audit: head {printed[:12]} was written down and is not in the chain"
        ]


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE results SET payload = x'79'", "a.fcs: its stored result was changed"),
        ("DELETE FROM results", "recorded in the audit trail and gone from the store"),
        ("DELETE FROM meta WHERE name = 'audit_head'", "expected nothing"),
        (
            "INSERT INTO results SELECT 9, 'new', '1', 'p', path, kind, status, '', x'79', 1, '' "
            "FROM results",
            "its stored result was changed",
        ),
    ],
)
def test_a_result_that_was_changed_is_found(tmp_path: Path, statement: str, problem: str) -> None:
    path = tmp_path / "labproc.sqlite"
    with Store.open(path) as opened:
        save_result(opened, KEY, path="a.fcs", kind="fcs", payload=b"x")
    assert [p for p in tampered(path, statement) if problem in p]


def test_a_full_disk_is_said_and_leaves_no_partial_row(tmp_path: Path) -> None:
    with Store.open(tmp_path / "labproc.sqlite") as store:
        # SQLite's own limit stands for the disk: the same error from the same place
        with store.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()

        def limit(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        event.listen(store.engine, "connect", limit)
        store.engine.dispose()
        with pytest.raises(StoreError, match="disk is full; free some room and run again"):
            save_result(store, KEY, path="a.fcs", kind="fcs", payload=b"x" * 100_000)
        assert known_results(store) == {}
        assert store.audit_rows() == []
        event.remove(store.engine, "connect", limit)
        store.engine.dispose()
        save_result(store, KEY, path="a.fcs", kind="fcs", payload=b"x" * 100_000)
        assert store.verify_audit() == []


def test_ten_thousand_files_are_registered_once_and_quickly(store: Store) -> None:
    files = [seen(f"{i:05d}.fcs", f"{i:064d}") for i in range(10_000)]
    began = time.monotonic()
    observe(store, files)
    observe(store, files)
    assert len(observation_history(store)) == 10_000
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("name", ["50% done?", "a#b", "Müller & Söhne", "x:y@z"])
def test_a_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with Store.open(tmp_path / name / "labproc.sqlite") as store:
        store.audit(AuditEntry("ann", "act", "x"))
    assert [p.name for p in (tmp_path / name).iterdir()] == ["labproc.sqlite"]


@pytest.mark.parametrize("url", ["postgresql+nothing://x", "nonsense"])
def test_a_wrong_url_is_said(url: str) -> None:
    with pytest.raises(StoreError, match=r"\[store\] url: .*expected postgresql"):
        Store.open(url)
