"""The audit trail: appended to, never changed, each row holding the hash of the row before."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from sqlalchemy import Connection, text

from labproc.store.schema import audit

HASHED = ("seq", "at", "who", "action", "subject", "old", "new", "reason", "software")


PAYLOAD = "payload sha256 "  # begins what the audit trail says of a result


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change: who did what to what, from what to what, and why."""

    who: str
    action: str
    subject: str
    old: str = ""
    new: str = ""
    reason: str = ""


def now_utc() -> str:
    """Return the time in UTC, to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def append(connection: Connection, entry: AuditEntry) -> str:
    """Add a row to the chain, in the transaction of the change it speaks of; return its hash."""
    last = (
        connection.execute(audit.select().order_by(audit.c.seq.desc()).limit(1)).mappings().first()
    )
    row: dict[str, Any] = {
        "seq": 1 if last is None else last["seq"] + 1,
        "at": now_utc(),
        "who": entry.who,
        "action": entry.action,
        "subject": entry.subject,
        "old": entry.old,
        "new": entry.new,
        "reason": entry.reason,
        "software": f"labproc {version('labproc')}",
    }
    before = "" if last is None else last["sha256"]
    sha256 = row_hash(row, before)
    connection.execute(audit.insert().values(**row, previous_sha256=before, sha256=sha256))
    return sha256


def row_hash(row: Mapping[str, Any], previous: str) -> str:
    """Return the SHA-256 of a row's content and of the row before."""
    content = json.dumps([previous, *(row[name] for name in HASHED)], ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()


def problems(
    rows: Sequence[Mapping[str, Any]], *, head: str | None = None, heads: Iterable[str] = ()
) -> list[str]:
    """Return what is wrong with a chain: edited, missing, swapped or cut rows.

    Parameters
    ----------
    rows : sequence of mappings
        The audit rows in the order of ``seq``.
    head : str, optional
        The last row's hash as ``meta`` holds it; with it rows that were cut off are found too.
    heads : iterable of str
        Heads that were written down outside the database (in a report, in a backup): each must
        stand in the chain. They find a chain that was cut or made anew together with ``meta``.
    """
    found: list[str] = []
    previous = ""
    for expected, row in enumerate(rows, start=1):
        if row["seq"] != expected:
            found.append(f"audit row {expected}: missing, the next one is {row['seq']}")
            break
        if row["previous_sha256"] != previous:
            found.append(f"audit row {expected}: does not follow the row before")
        if row["sha256"] != row_hash(row, row["previous_sha256"]):
            found.append(f"audit row {expected}: its content was changed")
        previous = row["sha256"]
    if head is not None and previous != head:
        end, expected_end = previous[:12] or "nothing", head[:12] or "nothing"
        found.append(f"audit: ends in {end}, expected {expected_end}")
    known = {row["sha256"] for row in rows}
    lost = [h for h in heads if h and h not in known]
    return found + [f"audit: head {h[:12]} was written down and is not in the chain" for h in lost]


def about(subject: str, sha256: str) -> str:
    """Return what a review is about: the name for people, the hash for the record."""
    return f"{subject} {sha256}".strip()


def result_entry(key: Sequence[str], path: str, payload: bytes | None, **more: str) -> AuditEntry:
    """Return what is recorded of a result: with the hash of its payload, which verify compares.

    Parameters
    ----------
    key : sequence of str
        SHA-256 of the file, pipeline version, parameter hash.
    more : str
        The entry's ``who`` and ``action``, and its ``new`` where there is no payload.
    """
    if payload is not None:
        more["new"] = f"{PAYLOAD}{hashlib.sha256(payload).hexdigest()}"
    return AuditEntry(subject=f"{path} {':'.join(key)}", **more)


def recorded_payloads(rows: Sequence[Mapping[Any, Any]]) -> dict[str, str]:
    """Return a result's key (joined by colons) -> the hash that the trail holds of its payload."""
    return {
        row["subject"].rpartition(" ")[2]: row["new"].removeprefix(PAYLOAD)
        for row in rows
        if row["new"].startswith(PAYLOAD)
    }


def protect_audit(connection: Connection) -> None:
    """Make the database refuse to change or delete audit rows."""
    for verb in ("UPDATE", "DELETE"):
        for statement in _TRIGGERS[connection.dialect.name]:
            connection.execute(text(statement.format(verb=verb, name=verb.lower())))


_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER IF NOT EXISTS audit_no_{name} BEFORE {verb} ON audit "
        "BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit rows are never changed'; END $$",
        "DROP TRIGGER IF EXISTS audit_no_{name} ON audit",
        "CREATE TRIGGER audit_no_{name} BEFORE {verb} OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ),
}
