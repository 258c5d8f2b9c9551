"""The results database while it is open: its transactions, result tables and audit trail."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DatabaseError, OperationalError

from labproc.errors import StoreError
from labproc.store import audit as chain
from labproc.store.agreement import changed_payloads, changed_reviews
from labproc.store.audit import AuditEntry
from labproc.store.connect import connect, plain_error, sqlite_url
from labproc.store.rows import Row, cells
from labproc.store.schema import audit, meta, result_tables


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
