"""Schema 3: samples held against the user's release table."""

from typing import Any

from alembic.operations import Operations
from sqlalchemy import REAL, BigInteger, Column, Double, Integer, Text
from sqlalchemy.types import TypeEngine

WHOLE = ("day", "n_events_or_wells")
NUMBERS = ("value", "ci_low", "ci_high", "limit_low", "limit_high")
COLUMNS = (
    "donor", "experiment", "arm", "day", "replicate", "panel", "specification", "metric", "parent",
    "value", "ci_low", "ci_high", "unit", "found", "n_events_or_wells", "limit_low", "limit_high",
    "expected", "verdict", "reason", "specified_in", "file", "sha256", "version_of_gate_or_curve",
)  # fmt: skip


def upgrade(op: Operations) -> None:
    """Add the table of schema 3; what is there stays as it is."""
    whole: TypeEngine[Any] = BigInteger().with_variant(Integer(), "sqlite")
    number: TypeEngine[Any] = Double().with_variant(REAL(), "sqlite")
    kinds = dict.fromkeys(WHOLE, whole) | dict.fromkeys(NUMBERS, number)
    op.create_table(
        "release",
        Column("row", whole, primary_key=True),
        *(Column(name, kinds.get(name, Text())) for name in COLUMNS),
        sqlite_strict=True,
    )
