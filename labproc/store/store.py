"""Reading and writing the results database; every write is one transaction."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.exc import DatabaseError, OperationalError

from labproc.errors import StoreError
from labproc.store import audit as chain
from labproc.store.agreement import changed_payloads, changed_reviews
from labproc.store.audit import AuditEntry, now_utc
from labproc.store.connect import connect, plain_error, sqlite_url
from labproc.store.rows import (
    KEY_COLUMNS,
    Observation,
    ResultKey,
    Row,
    StoredResult,
    as_seen,
    cells,
    key_words,
    lease_of,
    named,
    observation,
    result_seq,
    stored,
)
from labproc.store.schema import (
    audit,
    leases,
    meta,
    observations,
    result_tables,
    results,
    tries,
)

MOST_ASKED = 500  # values in one question: databases bound them


class Store:
    """The results database of one study; use it in a ``with`` block."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str | Path) -> "Store":
        """Open a database by url, or an SQLite file by path; made where it is missing."""
        return cls(connect(url if isinstance(url, str) else sqlite_url(url)))

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection whose reads all see one moment."""
        with self._plain_errors(), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":  # SQLite's reads are of one moment anyway
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose writes all happen or none."""
        with self._plain_errors():
            connection = self.engine.connect().execution_options(writes=True)
            with connection, connection.begin():
                yield connection

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        """Say what the database refused: a full disk, a damaged file, a server that is away."""
        try:
            yield
        except DatabaseError as error:
            # its other kinds are ours to answer for: a wrong statement, a broken rule of a table
            if type(error) not in (DatabaseError, OperationalError):
                raise
            raise plain_error(self.engine, error) from error

    # files ------------------------------------------------------------------------------------

    def observations(self) -> list[Observation]:
        """Return every file ever seen, the current ones and those replaced or gone."""
        with self.reading() as connection:
            rows = connection.execute(observations.select().order_by(observations.c.seq)).mappings()
            return [observation(row) for row in rows]

    def observe(self, seen: Iterable[Observation]) -> None:
        """Record files as they are seen now; a path's older content becomes ``replaced``."""
        at = now_utc()
        # the last look at a path counts, should it be given twice
        looks = {one.path: one for one in seen}.values()
        c = observations.c
        with self.writing() as connection:
            known = connection.execute(select(c.path, c.sha256, c.seq, c.state)).all()
            seqs = {(path, sha256): seq for path, sha256, seq, _ in known}
            now = {one.path: one.sha256 for one in looks}
            replaced = [
                {"at_seq": seq, "state": "replaced"}
                for path, sha256, seq, state in known
                if state == "current" and now.get(path, sha256) != sha256
            ]
            again = [
                {"at_seq": seqs[one.path, one.sha256], **as_seen(one, at)}
                for one in looks
                if (one.path, one.sha256) in seqs
            ]
            new = [
                {"path": o.path, "sha256": o.sha256, "first_seen_at": at, **as_seen(o, at)}
                for o in looks
                if (o.path, o.sha256) not in seqs
            ]
            chosen = observations.update().where(c.seq == bindparam("at_seq"))
            for rows in filter(None, (replaced, again)):
                connection.execute(chosen, rows)
            if new:
                connection.execute(observations.insert(), new)

    def mark_gone(self, paths: Iterable[str]) -> None:
        """Record that files are no longer in ``raw/``; their results are kept."""
        with self.writing() as connection:
            for path in paths:
                connection.execute(
                    observations.update()
                    .where(observations.c.path == path, observations.c.state == "current")
                    .values(state="gone")
                )

    # results ----------------------------------------------------------------------------------

    def known_results(self) -> dict[ResultKey, str]:
        """Return the status of every result there is."""
        columns = (results.c.sha256, results.c.pipeline_version, results.c.parameter_hash)
        with self.reading() as connection:
            rows = connection.execute(select(*columns, results.c.status))
            return {ResultKey(*row[:3]): row[3] for row in rows}

    def with_result(self, keys: Sequence[ResultKey]) -> set[ResultKey]:
        """Return those of some keys that have a result, done or set aside."""
        files = sorted({key.sha256 for key in keys})
        columns = (results.c.sha256, results.c.pipeline_version, results.c.parameter_hash)
        found: set[ResultKey] = set()
        with self.reading() as connection:
            for i in range(0, len(files), MOST_ASKED):
                asked = results.c.sha256.in_(files[i : i + MOST_ASKED])
                found |= {
                    ResultKey(*row) for row in connection.execute(select(*columns).where(asked))
                }
        return found & set(keys)

    def save_result(
        self,
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
        with self.writing() as connection:
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
            self._audit(connection, entry)
            connection.execute(leases.delete().where(leases.c.name == lease_of(key)))

    def set_current(
        self, keys: Iterable[ResultKey], *, files: Collection[str] | None = None
    ) -> None:
        """Say which results the study stands on now; the others stay readable.

        Parameters
        ----------
        files : collection of str, optional
            Only results of these files (SHA-256) are touched: another process may know more.
        """
        wanted = set(keys)
        with self.writing() as connection:
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
        self, *, payloads: bool = True, kinds: Sequence[str] = ()
    ) -> list[StoredResult]:
        """Return the results the study stands on, by path; without payloads where not asked."""
        names = ("sha256", "pipeline_version", "parameter_hash", "path", "kind", "status", "reason")
        columns = [results.c[name] for name in names]
        query = select(*columns, *([results.c.payload] if payloads else []))
        query = query.where(results.c.is_current == 1).order_by(results.c.path, results.c.sha256)
        if kinds:
            query = query.where(results.c.kind.in_(kinds))
        with self.reading() as connection:
            return [stored(row) for row in connection.execute(query).mappings()]

    def results_with(self, keys: Iterable[ResultKey]) -> list[StoredResult]:
        """Return the results that these keys name, current or not, by path."""
        wanted = set(keys)
        columns = [results.c[n] for n in (*KEY_COLUMNS, "path", "kind", "status", "reason")]
        query = select(*columns, results.c.payload).order_by(results.c.path, results.c.sha256)
        query = query.where(results.c.sha256.in_({key.sha256 for key in wanted}))
        with self.reading() as connection:
            found = [stored(row) for row in connection.execute(query).mappings()]
        return [one for one in found if one.key in wanted]

    def count_try(self, key: ResultKey, reason: str) -> int:
        """Record that a file took its worker down, and return how often it has."""
        where = (tries.c.sha256 == key.sha256) & (tries.c.parameter_hash == key.parameter_hash)
        with self.writing() as connection:
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

    # tables -----------------------------------------------------------------------------------

    def replace_tables(self, tables: Mapping[str, Sequence[Row]], *, fingerprint: str) -> None:
        """Write the result tables anew, with the fingerprint of what they were made from."""
        with self.writing() as connection:
            for name, rows in tables.items():
                table = result_tables[name]
                connection.execute(table.delete())
                if rows:
                    numbered = [{**cells(r), "row": i} for i, r in enumerate(rows, start=1)]
                    connection.execute(table.insert(), numbered)
            set_meta(connection, "fingerprint", fingerprint)

    def table(self, name: str) -> list[dict[str, Any]]:
        """Return a result table's rows in order."""
        if name not in result_tables:
            raise StoreError(f"no table {name!r}, expected one of {', '.join(result_tables)}")
        table = result_tables[name]
        with self.reading() as connection:
            rows = connection.execute(table.select().order_by(table.c.row)).mappings()
            return [{k: v for k, v in row.items() if k != "row"} for row in rows]

    def get_meta(self, name: str) -> str:
        """Return a named value, empty where there is none."""
        with self.reading() as connection:
            return get_meta(connection, name)

    def put_meta(self, name: str, value: str) -> None:
        """Write a named value."""
        with self.writing() as connection:
            set_meta(connection, name, value)

    def change_meta(self, name: str, value: str) -> str:
        """Write a named value and return the one before; of several at once each sees another."""
        with self.writing() as connection:
            before = get_meta(connection, name)
            set_meta(connection, name, value)
            return before

    # audit ------------------------------------------------------------------------------------

    def audit(self, entry: AuditEntry) -> None:
        """Append one row to the audit trail."""
        with self.writing() as connection:
            self._audit(connection, entry)

    def _audit(self, connection: Connection, entry: AuditEntry) -> None:
        set_meta(connection, "audit_head", chain.append(connection, entry))

    def audit_rows(self) -> list[dict[str, Any]]:
        """Return the whole audit trail, oldest first."""
        with self.reading() as connection:
            return _trail(connection)

    def audit_head(self) -> str:
        """Return the hash of the last audit row, for reports."""
        return self.get_meta("audit_head")

    def verify_audit(self, heads: Iterable[str] = ()) -> list[str]:
        """Return what is wrong with the audit trail and what it speaks of; nothing where whole.

        Parameters
        ----------
        heads : iterable of str
            Heads of the chain that were written down elsewhere, e.g. in reports.
        """
        # one moment for all of it: a watcher may save a result between two looks
        with self.reading() as connection:
            rows = _trail(connection)
            found = chain.problems(rows, head=get_meta(connection, "audit_head"), heads=heads)
            return [*found, *changed_reviews(connection, rows), *changed_payloads(connection, rows)]


def _trail(connection: Connection) -> list[dict[str, Any]]:
    rows = connection.execute(audit.select().order_by(audit.c.seq)).mappings()
    return [dict(row) for row in rows]


def get_meta(connection: Connection, name: str) -> str:
    """Return a named value, empty where there is none."""
    found = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
    return str(found or "")


def set_meta(connection: Connection, name: str, value: str) -> None:
    """Write a named value, in the transaction of the change it belongs to."""
    connection.execute(meta.delete().where(meta.c.name == name))
    connection.execute(meta.insert().values(name=name, value=value))
