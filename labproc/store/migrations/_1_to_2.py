"""Schema 2: users, signatures, leases."""

from alembic.operations import Operations
from sqlalchemy import BigInteger, Column, Integer, Text
from sqlalchemy.types import TypeEngine


def upgrade(op: Operations) -> None:
    """Add the tables of schema 2; what is there stays as it is."""
    whole: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
    op.create_table(
        "leases",
        Column("name", Text(), primary_key=True),
        Column("owner", Text(), nullable=False),
        Column("until_ms", whole, nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "users",
        Column("name", Text(), primary_key=True),
        Column("role", Text(), nullable=False),
        Column("password_hash", Text(), nullable=False),
        Column("is_active", whole, nullable=False),
        Column("n_failures", whole, nullable=False),
        Column("failed_ms", whole, nullable=False),
        Column("created_at", Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "signatures",
        Column("seq", whole, primary_key=True, autoincrement=True),
        Column("sha256", Text(), nullable=False),
        Column("meaning", Text(), nullable=False),
        Column("who", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("content_sha256", Text(), nullable=False),
        Column("signed_at", Text(), nullable=False),
        sqlite_strict=True,
    )
