"""Whether what the store holds is what the audit trail says was done."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from labproc.store.audit import recorded_payloads
from labproc.store.rows import KEY_COLUMNS
from labproc.store.schema import decisions, gates, results, signatures

Row = Mapping[Any, Any]
Words = tuple[str, ...]


def changed_reviews(connection: Connection, trail: Sequence[Row]) -> Iterator[str]:
    """Yield gates, decisions and signatures that were changed, added or taken away by hand.

    Each was written together with its row of the trail, so that both stand in one order.

    Parameters
    ----------
    trail : sequence of mappings
        The audit rows, oldest first.
    """
    for table, name, action, told in (
        (gates, "moved gate", "gate moved", _gate),
        (decisions, "decision", "reviewed", _decision),
        (signatures, "signature", "signed ", _signature),
    ):
        rows = connection.execute(table.select().order_by(table.c.seq)).mappings()
        kept = [told(row) for row in rows]
        said = [_said(row) for row in trail if row["action"].startswith(action)]
        if len(kept) != len(said):
            yield f"{name}s: {len(kept)} in the store, {len(said)} in the audit trail"
        for n, (mine, its) in enumerate(zip(kept, said, strict=False), start=1):
            if mine[2:] != its[1:] or not _same_subject(its[0], mine[0], mine[1]):
                yield f"{name} {n}: not what the audit trail says of it"


def changed_payloads(connection: Connection, trail: Sequence[Row]) -> Iterator[str]:
    """Yield results whose payload is not the one that the trail speaks of, or is gone."""
    recorded = recorded_payloads(trail)
    for row in connection.execute(results.select()).mappings():
        name = ":".join(row[column] for column in KEY_COLUMNS)
        expected = recorded.pop(name, "")
        payload = row["payload"]
        if payload is not None and hashlib.sha256(payload).hexdigest() != expected:
            yield f"{row['path']}: its stored result was changed"
    for name in recorded:
        yield f"result {name[:12]}: recorded in the audit trail and gone from the store"


def _same_subject(subject: str, sha256: str, ending: str) -> bool:
    """Whether a row of the trail speaks of this file; before schema 2 it held no hash."""
    names_a_hash = re.search(r"\b[0-9a-f]{64}\b", subject) is not None
    return subject.endswith(ending) and (sha256 in subject or not names_a_hash)


def _said(row: Row) -> Words:
    return (row["subject"], row["who"], row["reason"], row["new"])


def _gate(row: Row) -> Words:
    told = (f" gate {row['population']}", row["who"], row["reason"])
    return (row["sha256"], *told, row["points"] or "automatic")


def _decision(row: Row) -> Words:
    return (row["sha256"], "", row["who"], row["reason"], row["verdict"])


def _signature(row: Row) -> Words:
    return (row["sha256"], "", row["who"], row["reason"], row["content_sha256"])
