"""Results by their key: each saved once, and which of them the study stands on now."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select

from labproc.store import audit as chain
from labproc.store.audit import now_utc
from labproc.store.rows import (
    KEY_COLUMNS,
    ResultKey,
    StoredResult,
    key_words,
    lease_of,
    named,
    result_seq,
    stored,
)
from labproc.store.schema import leases, results, tries
from labproc.store.store import Store, set_meta

MOST_ASKED = 500  # values in one question: databases bound them


def known_results(store: Store) -> dict[ResultKey, str]:
    """Return the status of every result there is."""
    columns = (results.c.sha256, results.c.pipeline_version, results.c.parameter_hash)
    with store.reading() as connection:
        rows = connection.execute(select(*columns, results.c.status))
        return {ResultKey(*row[:3]): row[3] for row in rows}


def with_result(store: Store, keys: Sequence[ResultKey]) -> set[ResultKey]:
    """Return those of some keys that have a result, done or set aside."""
    files = sorted({key.sha256 for key in keys})
    columns = (results.c.sha256, results.c.pipeline_version, results.c.parameter_hash)
    found: set[ResultKey] = set()
    with store.reading() as connection:
        for i in range(0, len(files), MOST_ASKED):
            asked = results.c.sha256.in_(files[i : i + MOST_ASKED])
            found |= {ResultKey(*row) for row in connection.execute(select(*columns).where(asked))}
    return found & set(keys)


def save_result(
    store: Store,
    key: ResultKey,
    *,
    path: str,
    kind: str,
    payload: bytes | None,
    status: str = "done",
    reason: str = "",
    who: str = "labproc",
) -> None:
    """Save one file's result with its audit row; a result that is there already stays."""
    with store.writing() as connection:
        if result_seq(connection, key) is not None:
            return
        connection.execute(
            results.insert().values(
                **named(key),
                path=path,
                kind=kind,
                status=status,
                reason=reason,
                payload=payload,
                is_current=1,
                done_at=now_utc(),
            )
        )
        entry = chain.result_entry(
            key_words(key), path, payload, who=who, action=f"file {status}", new=reason
        )
        set_meta(connection, "audit_head", chain.append(connection, entry))
        connection.execute(leases.delete().where(leases.c.name == lease_of(key)))


def set_current(
    store: Store, keys: Iterable[ResultKey], *, files: Collection[str] | None = None
) -> None:
    """Say which results the study stands on now; the others stay readable.

    Parameters
    ----------
    files : collection of str, optional
        Only results of these files (SHA-256) are touched: another process may know more.
    """
    wanted = set(keys)
    with store.writing() as connection:
        rows = connection.execute(
            select(
                results.c.seq,
                results.c.sha256,
                results.c.pipeline_version,
                results.c.parameter_hash,
                results.c.is_current,
            )
        ).all()
        for seq, *name, current in rows:
            now = int(ResultKey(*name) in wanted)
            if now != current and (files is None or name[0] in files):
                chosen = results.update().where(results.c.seq == seq)
                connection.execute(chosen.values(is_current=now))


def current_results(
    store: Store, *, payloads: bool = True, kinds: Sequence[str] = ()
) -> list[StoredResult]:
    """Return the results the study stands on, by path; without payloads where not asked."""
    names = ("sha256", "pipeline_version", "parameter_hash", "path", "kind", "status", "reason")
    columns = [results.c[name] for name in names]
    query = select(*columns, *([results.c.payload] if payloads else []))
    query = query.where(results.c.is_current == 1).order_by(results.c.path, results.c.sha256)
    if kinds:
        query = query.where(results.c.kind.in_(kinds))
    with store.reading() as connection:
        return [stored(row) for row in connection.execute(query).mappings()]


def results_with(store: Store, keys: Iterable[ResultKey]) -> list[StoredResult]:
    """Return the results that these keys name, current or not, by path."""
    wanted = set(keys)
    columns = [results.c[n] for n in (*KEY_COLUMNS, "path", "kind", "status", "reason")]
    query = select(*columns, results.c.payload).order_by(results.c.path, results.c.sha256)
    query = query.where(results.c.sha256.in_({key.sha256 for key in wanted}))
    with store.reading() as connection:
        found = [stored(row) for row in connection.execute(query).mappings()]
    return [one for one in found if one.key in wanted]


def count_try(store: Store, key: ResultKey, reason: str) -> int:
    """Record that a file took its worker down, and return how often it has."""
    where = (tries.c.sha256 == key.sha256) & (tries.c.parameter_hash == key.parameter_hash)
    with store.writing() as connection:
        n = connection.execute(select(tries.c.n).where(where)).scalar()
        if n is None:
            connection.execute(
                tries.insert().values(
                    sha256=key.sha256, parameter_hash=key.parameter_hash, n=1, reason=reason
                )
            )
            return 1
        connection.execute(tries.update().where(where).values(n=n + 1, reason=reason))
        return int(n) + 1
