"""Electronic signatures on a file's results; what is signed is locked.

Designed to support 21 CFR Part 11: a signature names its person, its time and its meaning, and is
bound to the result by the hash of what was signed. Whoever calls this has asked for the password.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
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


class SignatureState(StrEnum):
    """What a signature says of a file's results as they are now."""

    COVERS = "covers"  # the results are what was signed
    CHANGED = "changed"  # a newer version stands in their place
    WITHDRAWN = "withdrawn"  # it was taken back
    WITHDRAWAL = "withdrawal"  # the row that takes the earlier ones back


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
    many = {sha256: subject}
    return sign_each(store, many, meaning, who=who, reason=reason, two_persons=two_persons)[0]


def sign_each(
    store: Store,
    files: Mapping[str, str],
    meaning: str,
    *,
    who: str,
    reason: str = "",
    two_persons: bool = False,
) -> list[Signature]:
    """Sign the current results of several files, all or none.

    Parameters
    ----------
    files : mapping
        SHA-256 of a file -> its name for people.

    Raises
    ------
    StoreError
        As ``sign`` does, for the first file that cannot be signed.
    """
    if meaning not in MEANINGS:
        raise StoreError(f"signature: meaning is {meaning!r}; {nearest(meaning, list(MEANINGS))}")
    with store.writing() as connection:
        return [
            _sign(connection, sha256, name, meaning, who, reason, two_persons=two_persons)
            for sha256, name in files.items()
        ]


def _sign(
    connection: Connection,
    sha256: str,
    subject: str,
    meaning: str,
    who: str,
    reason: str,
    *,
    two_persons: bool,
) -> Signature:
    content = content_sha256(connection, sha256)
    if not content:
        raise StoreError(f"{subject or sha256}: no result to sign, expected one")
    standing = [
        one for one in standing_signatures(connection, sha256) if one.content_sha256 == content
    ]
    _check(standing, meaning, who, two_persons=two_persons, name=subject or sha256)
    one = Signature(sha256, meaning, who, reason, content, now_utc())
    return _write(connection, one, subject)


def withdraw(store: Store, sha256: str, *, who: str, reason: str, subject: str = "") -> Signature:
    """Take a file's signatures back, so that it can be changed; they stay in the record.

    Raises
    ------
    StoreError
        If no reason is given, or nothing is signed.
    """
    return withdraw_each(store, {sha256: subject}, who=who, reason=reason)[0]


def withdraw_each(
    store: Store, files: Mapping[str, str], *, who: str, reason: str
) -> list[Signature]:
    """Take the signatures of several files back, all or none."""
    with store.writing() as connection:
        return [_withdraw(connection, sha, name, who, reason) for sha, name in files.items()]


def _withdraw(
    connection: Connection, sha256: str, subject: str, who: str, reason: str
) -> Signature:
    name = subject or sha256
    if not reason.strip():
        raise StoreError(f"{name}: no reason given, expected why it is withdrawn")
    if not standing_signatures(connection, sha256):
        raise StoreError(f"{name}: not signed, expected a signature to withdraw")
    content = content_sha256(connection, sha256)
    one = Signature(sha256, WITHDRAWN, who, reason, content, now_utc())
    return _write(connection, one, subject)


def signature_history(store: Store) -> list[Signature]:
    """Return every signature, oldest first, the withdrawn ones too."""
    with store.reading() as connection:
        return [_signature(row) for row in connection.execute(_ordered())]


def standing_signatures(connection: Connection, sha256: str) -> list[Signature]:
    """Return a file's signatures since the last withdrawal, of older results too."""
    rows = connection.execute(_ordered().where(signatures.c.sha256 == sha256))
    standing: list[Signature] = []
    for one in map(_signature, rows):
        standing = [] if one.meaning == WITHDRAWN else [*standing, one]
    return standing


def standing_by_file(store: Store) -> dict[str, tuple[Signature, ...]]:
    """Return file -> its signatures since the last withdrawal, for the files that have any."""
    standing: dict[str, tuple[Signature, ...]] = {}
    for one in signature_history(store):
        before = standing.get(one.sha256, ())
        standing[one.sha256] = () if one.meaning == WITHDRAWN else (*before, one)
    return {sha256: signed for sha256, signed in standing.items() if signed}


def refuse_signed(connection: Connection, sha256: str, subject: str = "") -> None:
    """Raise where a file's results are signed: a change then needs the signature withdrawn.

    A signature of an older version holds nothing up: what stands now nobody has signed.
    """
    content = content_sha256(connection, sha256)
    signed = [s for s in standing_signatures(connection, sha256) if s.content_sha256 == content]
    if signed:
        last = signed[-1]
        raise StoreError(
            f"{subject or sha256}: {last.meaning} and signed by {last.who}, expected an open "
            "result; withdraw the signature first"
        )


def changed_since_signed(store: Store) -> list[Signature]:
    """Return standing signatures whose results are no longer what was signed."""
    return [one for one, state in signature_states(store) if state is SignatureState.CHANGED]


def signature_states(store: Store) -> list[tuple[Signature, SignatureState]]:
    """Return every signature, oldest first, with what it says of the results of now."""
    with store.reading() as connection:
        rows = [_signature(row) for row in connection.execute(_ordered())]
        now = {sha: content_sha256(connection, sha) for sha in {one.sha256 for one in rows}}
    return list(_states(rows, now))


def _states(
    rows: list[Signature], now: Mapping[str, str]
) -> Iterator[tuple[Signature, SignatureState]]:
    last = {one.sha256: n for n, one in enumerate(rows) if one.meaning == WITHDRAWN}
    for n, one in enumerate(rows):
        if one.meaning == WITHDRAWN:
            yield one, SignatureState.WITHDRAWAL
        elif n < last.get(one.sha256, -1):
            yield one, SignatureState.WITHDRAWN
        else:
            same = one.content_sha256 == now[one.sha256]
            yield one, SignatureState.COVERS if same else SignatureState.CHANGED


def signed_now(store: Store, files: Iterable[str]) -> dict[str, Signature]:
    """Return file -> its last signature, for those whose results of now are signed."""
    wanted = set(files)
    states = signature_states(store)
    covering = (one for one, state in states if state is SignatureState.COVERS)
    return {one.sha256: one for one in covering if one.sha256 in wanted}


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
