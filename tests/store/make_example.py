"""Write a small store of the schema of today as SQL text, kept to test migrations on.

Run once for each schema before it changes: ``python tests/store/make_example.py
tests/data/store/schema_1.sql``. What stands there is never made anew.
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from labproc import store as stores
from labproc.store import (
    Observation,
    ResultKey,
    Store,
    count_try,
    observe,
    save_result,
    set_current,
)


def fill(store: Store) -> None:
    """Write one of everything that a study leaves behind."""
    key = ResultKey("ab" * 32, "1", "cd" * 32)
    observe(store, [Observation("day 1/a.fcs", key.sha256, 10, 20, 30, {"kind": "fcs"})])
    save_result(store, key, path="day 1/a.fcs", kind="fcs", payload=b"numbers")
    set_current(store, [key])
    count_try(store, ResultKey("ef" * 32, "1", "cd" * 32), "died")
    stores.save_gate(store, key.sha256, "CAR+", [[1234.5]], who="ann", reason="tail")
    stores.decide(store, key.sha256, "approved", who="bob", reason="fine")
    row = {"donor": "D1", "arm": "C", "day": 7, "metric": "car_fraction", "value": 0.25}
    store.replace_tables({"measurements": [row]}, fingerprint="f")


def dump(path: Path) -> str:
    """Return a database as SQL text."""
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "labproc.sqlite"
        with Store.open(database) as opened:
            fill(opened)
        Path(sys.argv[1]).write_text(dump(database), encoding="utf-8")
