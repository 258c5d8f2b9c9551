"""Electronic signatures on a file's results; what is signed is locked.

Designed to support 21 CFR Part 11: a signature names its person, its time and its meaning, and is
bound to the result by the hash of what was signed. Whoever calls this has asked for the password.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from labproc.errors import StoreError
from labproc.registry import nearest
from labproc.store import audit as chain
from labproc.store.audit import AuditEntry, now_utc
from labproc.store.schema import gates, results, signatures
from labproc.store.store import Store, set_meta

MEANINGS = ("performed", "reviewed", "approved")
WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature; ``content_sha256`` is the hash of the results and gates that were signed."""

    sha256: str
    meaning: str
    who: str
    reason: str
    content_sha256: str
    signed_at: str


def sign(
    store: Store,
    sha256: str,
    meaning: str,
    *,
    who: str,
    reason: str = "",
    two_persons: bool = False,
    subject: str = "",
) -> Signature:
    """Sign a file's current results.

    Parameters
    ----------
    meaning : str
        ``performed``, ``reviewed`` or ``approved``, in this order; earlier ones may be left out.
    two_persons : bool
        Whoever reviews or approves must not be who performed.

    Raises
    ------
    StoreError
        If the meaning is unknown or already signed, the file has no result, or one person signs
        for two.
    """
    if meaning not in MEANINGS:
        raise StoreError(f"signature: meaning is {meaning!r}; {nearest(meaning, list(MEANINGS))}")
    with store.writing() as connection:
        standing = standing_signatures(connection, sha256)
        _check(standing, meaning, who, two_persons=two_persons, name=subject or sha256)
        content = content_sha256(connection, sha256)
        if not content:
            raise StoreError(f"{subject or sha256}: no result to sign, expected one")
        return _write(
            connection, Signature(sha256, meaning, who, reason, content, now_utc()), subject
        )


def withdraw(store: Store, sha256: str, *, who: str, reason: str, subject: str = "") -> Signature:
    """Take a file's signatures back, so that it can be changed; they stay in the record.

    Raises
    ------
    StoreError
        If no reason is given, or nothing is signed.
    """
    if not reason.strip():
        raise StoreError(f"{subject or sha256}: no reason given, expected why it is withdrawn")
    with store.writing() as connection:
        if not standing_signatures(connection, sha256):
            raise StoreError(f"{subject or sha256}: not signed, expected a signature to withdraw")
        content = content_sha256(connection, sha256)
        return _write(
            connection, Signature(sha256, WITHDRAWN, who, reason, content, now_utc()), subject
        )


def signature_history(store: Store) -> list[Signature]:
    """Return every signature, oldest first, the withdrawn ones too."""
    with store.reading() as connection:
        return [_signature(row) for row in connection.execute(_ordered())]


def standing_signatures(connection: Connection, sha256: str) -> list[Signature]:
    """Return a file's signatures since the last withdrawal."""
    rows = connection.execute(_ordered().where(signatures.c.sha256 == sha256))
    standing: list[Signature] = []
    for one in map(_signature, rows):
        standing = [] if one.meaning == WITHDRAWN else [*standing, one]
    return standing


def refuse_signed(connection: Connection, sha256: str, subject: str = "") -> None:
    """Raise where a file's results are signed: a change then needs the signature withdrawn."""
    standing = standing_signatures(connection, sha256)
    if standing:
        last = standing[-1]
        raise StoreError(
            f"{subject or sha256}: {last.meaning} and signed by {last.who}, expected an open "
            "result; withdraw the signature first"
        )


def changed_since_signed(store: Store) -> list[Signature]:
    """Return standing signatures whose results are no longer what was signed."""
    with store.reading() as connection:
        files = connection.execute(select(signatures.c.sha256).distinct()).scalars().all()
        return [
            one
            for sha256 in files
            for one in standing_signatures(connection, sha256)
            if one.content_sha256 != content_sha256(connection, sha256)
        ]


def content_sha256(connection: Connection, sha256: str) -> str:
    """Return the hash of a file's current results and gates; empty where there is no result."""
    mine = (results.c.sha256 == sha256) & (results.c.is_current == 1)
    columns = (results.c.pipeline_version, results.c.parameter_hash, results.c.payload)
    found = connection.execute(select(*columns).where(mine).order_by(results.c.seq)).all()
    moved = connection.execute(
        select(gates.c.population, gates.c.version, gates.c.points)
        .where(gates.c.sha256 == sha256)
        .order_by(gates.c.seq)
    ).all()
    if not found:
        return ""
    parts = [[v, p, hashlib.sha256(payload or b"").hexdigest()] for v, p, payload in found]
    return hashlib.sha256(json.dumps([parts, [list(m) for m in moved]]).encode()).hexdigest()


def _check(
    standing: list[Signature], meaning: str, who: str, *, two_persons: bool, name: str
) -> None:
    if standing and MEANINGS.index(meaning) <= MEANINGS.index(standing[-1].meaning):
        last = standing[-1]
        raise StoreError(f"{name}: already {last.meaning} by {last.who}, expected a later meaning")
    if two_persons and meaning != "performed" and who in {s.who for s in standing}:
        raise StoreError(f"{name}: {who} has signed before, expected a second person")


def _write(connection: Connection, one: Signature, subject: str) -> Signature:
    names = ("sha256", "meaning", "who", "reason", "content_sha256", "signed_at")
    connection.execute(signatures.insert().values({n: getattr(one, n) for n in names}))
    name = chain.about(subject, one.sha256)
    action = f"signed {one.meaning}"
    entry = AuditEntry(one.who, action, name, "", one.content_sha256, one.reason)
    set_meta(connection, "audit_head", chain.append(connection, entry))
    return one


def _ordered() -> Select[Any]:
    c = signatures.c
    columns = (c.sha256, c.meaning, c.who, c.reason, c.content_sha256, c.signed_at)
    return select(*columns).order_by(c.seq)


def _signature(row: Row[Any]) -> Signature:
    fields: list[str] = list(row)
    return Signature(*fields)
