"""What the store holds, as frozen dataclasses, and rows of its tables as these."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from labproc.store.schema import results

Row = Mapping[str, Any]
KEY_COLUMNS = ("sha256", "pipeline_version", "parameter_hash")


@dataclass(frozen=True, slots=True)
class ResultKey:
    """What names a result: the file's content, the pipeline's version, all parameters."""

    sha256: str
    pipeline_version: str
    parameter_hash: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A file as it was seen under a path; ``facts`` are what its head says (kind, plate, well)."""

    path: str
    sha256: str
    size: int
    mtime_ns: int
    inode: int
    facts: Mapping[str, str]
    state: str = "current"


@dataclass(frozen=True, slots=True)
class StoredResult:
    """One result as it stands in the store; ``status`` is ``done`` or ``set_aside``."""

    key: ResultKey
    path: str
    kind: str
    status: str
    reason: str
    payload: bytes | None


def key_words(key: ResultKey) -> tuple[str, str, str]:
    """Return a key as it stands in the audit trail and in KEY_COLUMNS."""
    return (key.sha256, key.pipeline_version, key.parameter_hash)


def named(key: ResultKey) -> dict[str, str]:
    """Return a key by column."""
    return {
        "sha256": key.sha256,
        "pipeline_version": key.pipeline_version,
        "parameter_hash": key.parameter_hash,
    }


def lease_of(key: ResultKey) -> str:
    """Return the name under which a result is worked on."""
    return ":".join(key_words(key))


def matches(table: Any, key: ResultKey) -> Any:
    """Return the condition that a row of a table is that of a key."""
    same = (table.c.sha256 == key.sha256) & (table.c.parameter_hash == key.parameter_hash)
    return same & (table.c.pipeline_version == key.pipeline_version)


def result_seq(connection: Connection, key: ResultKey) -> int | None:
    """Return the place of a result, None where there is none."""
    return connection.execute(select(results.c.seq).where(matches(results, key))).scalar()


def stored(row: Any) -> StoredResult:
    """Return a row of ``results`` as what it holds."""
    key = ResultKey(row["sha256"], row["pipeline_version"], row["parameter_hash"])
    rest = (row["path"], row["kind"], row["status"], row["reason"])
    return StoredResult(key, *rest, row.get("payload"))


def observation(row: Any) -> Observation:
    """Return a row of ``observations`` as what it holds."""
    facts = json.loads(row["facts"] or "{}")
    numbers = (row["size"], row["mtime_ns"], row["inode"])
    return Observation(row["path"], row["sha256"], *numbers, facts, row["state"])


def as_seen(one: Observation, at: str) -> dict[str, Any]:
    """Return what a look at a file changes in its row."""
    return {
        "size": one.size,
        "mtime_ns": one.mtime_ns,
        "inode": one.inode,
        "facts": json.dumps(dict(one.facts), ensure_ascii=False, sort_keys=True),
        "state": "current",
        "last_seen_at": at,
    }


def cells(row: Row) -> dict[str, Any]:
    """Return a row as the database holds it: no empty text where a number is missing."""
    return {k: None if v == "" else int(v) if isinstance(v, bool) else v for k, v in row.items()}
