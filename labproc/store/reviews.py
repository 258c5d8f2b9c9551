"""What reviewers decided: moved gates in versions, approvals, omitted wells; each with a reason."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from labproc.errors import StoreError
from labproc.store import audit as chain
from labproc.store.audit import AuditEntry, now_utc
from labproc.store.omissions import speaks_of_a_well
from labproc.store.schema import decisions, gates
from labproc.store.signatures import refuse_signed
from labproc.store.store import Store, set_meta

Points = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class GateVersion:
    """One version of a gate that a reviewer placed; without points it is automatic again."""

    sha256: str
    population: str
    version: int
    points: Points | None
    who: str
    reason: str
    saved_at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer said of a file: ``approved``, ``rejected``, or wells that were omitted."""

    sha256: str
    verdict: str
    who: str
    reason: str
    decided_at: str


def save_gate(
    store: Store,
    sha256: str,
    population: str,
    points: Sequence[Sequence[float]] | None,
    *,
    who: str,
    reason: str,
    subject: str = "",
) -> int:
    """Save a moved gate as a new version and return its number; the older ones stay.

    Raises
    ------
    StoreError
        If no reason is given, or the file's results are signed.
    """
    _need_reason(reason, f"gate {population}")
    new = None if points is None else tuple(tuple(float(x) for x in p) for p in points)
    with store.writing() as connection:
        refuse_signed(connection, sha256, subject)
        mine = (gates.c.sha256 == sha256) & (gates.c.population == population)
        last = connection.execute(select(func.max(gates.c.version)).where(mine)).scalar()
        old = connection.execute(
            select(gates.c.points).where(mine, gates.c.version == (last or 0))
        ).scalar()
        text = None if new is None else json.dumps(new)
        version = int(last or 0) + 1
        connection.execute(
            gates.insert().values(
                sha256=sha256,
                population=population,
                version=version,
                points=text,
                who=who,
                reason=reason,
                saved_at=now_utc(),
            )
        )
        name = f"{chain.about(subject, sha256)} gate {population}"
        entry = AuditEntry(who, "gate moved", name, old or "automatic", text or "automatic", reason)
        set_meta(connection, "audit_head", chain.append(connection, entry))
        return version


def gate_history(store: Store) -> list[GateVersion]:
    """Return every version of every moved gate, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(gates.select().order_by(gates.c.seq)).mappings()
        return [_gate(row) for row in rows]


def current_gates(store: Store) -> dict[str, dict[str, tuple[int, Points]]]:
    """Return file -> population -> (version, points) for the gates that stand moved."""
    latest = {(g.sha256, g.population): g for g in gate_history(store)}
    moved: dict[str, dict[str, tuple[int, Points]]] = {}
    for (sha256, population), gate in latest.items():
        if gate.points is not None:
            moved.setdefault(sha256, {})[population] = (gate.version, gate.points)
    return moved


def decide(
    store: Store, sha256: str, verdict: str, *, who: str, reason: str, subject: str = ""
) -> None:
    """Record a reviewer's word on a file, with its audit row.

    Raises
    ------
    StoreError
        If no reason is given, or the file's results are signed and would change.
    """
    _need_reason(reason, verdict)
    with store.writing() as connection:
        if verdict != "approved":
            refuse_signed(connection, sha256, subject)
        mine = decisions.select().where(decisions.c.sha256 == sha256)
        newest = connection.execute(mine.order_by(decisions.c.seq.desc())).mappings()
        last = next((row for row in newest if not speaks_of_a_well(row["verdict"])), None)
        values = {"sha256": sha256, "verdict": verdict, "who": who, "reason": reason}
        connection.execute(decisions.insert().values(**values, decided_at=now_utc()))
        old = last["verdict"] if last else ""
        entry = AuditEntry(who, "reviewed", chain.about(subject, sha256), old, verdict, reason)
        set_meta(connection, "audit_head", chain.append(connection, entry))


def decision_history(store: Store) -> list[Decision]:
    """Return every decision, oldest first."""
    with store.reading() as connection:
        rows = connection.execute(decisions.select().order_by(decisions.c.seq)).mappings()
        names = ("sha256", "verdict", "who", "reason", "decided_at")
        return [Decision(*(row[n] for n in names)) for row in rows]


def current_decisions(store: Store) -> dict[str, Decision]:
    """Return file -> the last decision about it as a whole, not about single wells."""
    found = decision_history(store)
    return {d.sha256: d for d in found if not speaks_of_a_well(d.verdict)}


def _need_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise StoreError(f"{what}: no reason given, expected why it was changed")


def _gate(row: Any) -> GateVersion:
    points = None if row["points"] is None else tuple(map(tuple, json.loads(row["points"])))
    return GateVersion(
        row["sha256"],
        row["population"],
        row["version"],
        points,
        row["who"],
        row["reason"],
        row["saved_at"],
    )
