"""The tables of the results database, the same for SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Column,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from labproc.store.columns import NUMBERS, TABLES, WHOLE, columns_of

SCHEMA_VERSION = "3"  # a new one needs a step in labproc.store.migrations

# STRICT tables know INTEGER, REAL, TEXT and BLOB only; PostgreSQL's REAL would lose half the digits
Number: TypeEngine[Any] = Double().with_variant(REAL(), "sqlite")
Whole: TypeEngine[Any] = BigInteger().with_variant(Integer(), "sqlite")
metadata = MetaData()


def _table(name: str, *parts: Column[object] | UniqueConstraint) -> Table:
    return Table(name, metadata, *parts, sqlite_strict=True)


def _text(name: str, *, default: str | None = "") -> Column[object]:
    return Column(name, Text(), nullable=default is None, default=default)


def _id() -> Column[object]:
    return Column("seq", Whole, primary_key=True, autoincrement=True)


meta = _table("meta", Column("name", Text(), primary_key=True), _text("value"))

observations = _table(
    "observations",
    _id(),
    _text("path"),
    _text("sha256"),
    Column("size", Whole, nullable=False),
    Column("mtime_ns", Whole, nullable=False),
    Column("inode", Whole, nullable=False),
    _text("facts"),
    _text("state"),  # current, replaced, gone
    _text("first_seen_at"),
    _text("last_seen_at"),
    UniqueConstraint("path", "sha256"),
)

results = _table(
    "results",
    _id(),
    _text("sha256"),
    _text("pipeline_version"),
    _text("parameter_hash"),
    _text("path"),
    _text("kind"),
    _text("status"),  # done, set_aside
    _text("reason"),
    Column("payload", LargeBinary()),
    Column("is_current", Whole, nullable=False, default=1),
    _text("done_at"),
    UniqueConstraint("sha256", "pipeline_version", "parameter_hash"),
)

tries = _table(
    "tries",
    Column("sha256", Text(), primary_key=True),
    Column("parameter_hash", Text(), primary_key=True),
    Column("n", Whole, nullable=False),
    _text("reason"),
)

gates = _table(
    "gates",
    _id(),
    _text("sha256"),
    _text("population"),
    Column("version", Whole, nullable=False),
    _text("points", default=None),  # null: back to the automatic gate
    _text("who"),
    _text("reason"),
    _text("saved_at"),
    UniqueConstraint("sha256", "population", "version"),
)

decisions = _table(
    "decisions",
    _id(),
    _text("sha256"),
    _text("verdict"),
    _text("who"),
    _text("reason"),
    _text("decided_at"),
)

leases = _table(
    "leases",
    Column("name", Text(), primary_key=True),
    _text("owner"),
    Column("until_ms", Whole, nullable=False),
)

users = _table(
    "users",
    Column("name", Text(), primary_key=True),
    _text("role"),
    _text("password_hash"),
    Column("is_active", Whole, nullable=False),
    Column("n_failures", Whole, nullable=False),
    Column("failed_ms", Whole, nullable=False),
    _text("created_at"),
)

signatures = _table(
    "signatures",
    _id(),
    _text("sha256"),
    _text("meaning"),  # performed, reviewed, approved, withdrawn
    _text("who"),
    _text("reason"),
    _text("content_sha256"),  # of what was signed
    _text("signed_at"),
)

audit = _table(
    "audit",
    _id(),
    _text("at"),
    _text("who"),
    _text("action"),
    _text("subject"),
    _text("old"),
    _text("new"),
    _text("reason"),
    _text("software"),
    _text("previous_sha256"),
    _text("sha256"),
)


def _result_column(name: str) -> Column[object]:
    kind: TypeEngine[Any] = Whole if name in WHOLE else Number if name in NUMBERS else Text()
    return Column(name, kind)


result_tables = {
    name: _table(
        name, Column("row", Whole, primary_key=True), *map(_result_column, columns_of(name))
    )
    for name in TABLES
}
"""``tables/*.csv`` as they stand in the database; ``row`` is the row's place in the file."""
