"""What reviewers left is what the trail says; a bit that flips in the database is found."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.exc import DBAPIError

from labproc import store as stores
from labproc.errors import StoreError
from labproc.store import Store
from labproc.store.signatures import sign
from tests.store.make_example import fill


@pytest.fixture
def path(tmp_path: Path) -> Path:
    where = tmp_path / "labproc.sqlite"
    with Store.open(where) as store:
        fill(store)
        stores.save_gate(store, "ab" * 32, "CAR+", None, who="ann", reason="back")
        sign(store, "ab" * 32, "approved", who="bob", reason="checked")
    return where


def test_untouched_reviews_agree(path: Path) -> None:
    with Store.open(path) as store:
        assert store.verify_audit() == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE gates SET points = '[[9.0]]' WHERE version = 1", "moved gate 1: not what"),
        ("UPDATE gates SET population = 'CD4+' WHERE version = 2", "moved gate 2: not what"),
        ("DELETE FROM gates WHERE version = 2", "moved gates: 1 in the store, 2 in the audit"),
        (f"UPDATE gates SET sha256 = '{'0' * 64}' WHERE version = 2", "moved gate 2: not what"),
        (f"UPDATE decisions SET sha256 = '{'0' * 64}'", "decision 1: not what"),
        ("UPDATE decisions SET who = 'eve'", "decision 1: not what"),
        ("UPDATE signatures SET reason = ''", "signature 1: not what"),
        ("DELETE FROM signatures", "signatures: 0 in the store, 1 in the audit"),
    ],
)
def test_a_review_changed_behind_the_trail_is_found(
    path: Path, statement: str, problem: str
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()
    with Store.open(path) as store:
        assert [p for p in store.verify_audit() if p.startswith(problem)]


RECORD = ("audit", "results", "gates", "decisions", "signatures")


def record(path: Path) -> list[tuple[object, ...]]:
    """Everything the trail vouches for; the time of a review is the trail's own."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [
            (table, *(row[c] for c in row.keys() if c == "at" or not c.endswith("_at")))  # noqa: SIM118
            for table in RECORD
            for row in connection.execute(f"SELECT * FROM {table} ORDER BY seq")
        ]


def test_a_bit_that_flips_in_the_record_is_found(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    data, before = path.read_bytes(), record(path)
    random, flipped = Random(11), tmp_path / "flipped.sqlite"
    hits, missed = 0, []
    while hits < 100:
        at, bit = random.randrange(len(data)), random.randrange(8)
        flipped.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        same = False
        with suppress(sqlite3.Error, UnicodeDecodeError, IndexError):
            same = record(flipped) == before
        if same:
            continue  # free space, another table, or an index: nothing of the record
        hits += 1
        if not found(flipped):
            missed.append((at, bit))
    assert missed == []


def found(path: Path) -> bool:
    try:
        with Store.open(path) as store, store.reading() as connection:
            rows = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            return rows != ["ok"] or bool(store.verify_audit())
    except (StoreError, DBAPIError, UnicodeDecodeError, ValueError, KeyError):
        return True
