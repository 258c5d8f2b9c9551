"""Open the results database: SQLite on a local disk by default, or PostgreSQL by url."""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from labproc.errors import StoreError
from labproc.store.audit import protect_audit
from labproc.store.schema import SCHEMA_VERSION, meta, metadata

BUSY_S = 30  # another writer holds the database this long at most
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "davfs"})


def connect(url: str) -> Engine:
    """Open a database and make its tables where they are missing.

    Raises
    ------
    StoreError
        If an SQLite file would lie on a network share, the server cannot be reached, or the
        database was written by a newer labproc.
    """
    engine = _sqlite(url) if url.startswith("sqlite") else create_engine(url)
    try:
        _prepare(engine)
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        raise StoreError(f"{engine.url.render_as_string()}: {reason}") from error
    return engine


def sqlite_url(path: Path) -> str:
    """Return the url of an SQLite file."""
    return f"sqlite:///{path}"


def _sqlite(url: str) -> Engine:
    path = Path(url.removeprefix("sqlite:///"))
    refuse_network_share(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_S})
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    # sqlite3 would begin transactions by itself, and deferred ones: see _begin
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin writers IMMEDIATE: a deferred writer that waits its turn is thrown out instead."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare(engine: Engine) -> None:
    if _version(engine) == SCHEMA_VERSION:
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        found = _known_version(connection)
        if found not in ("", SCHEMA_VERSION):
            raise StoreError(
                f"{engine.url.render_as_string()}: written by schema {found}, this labproc "
                f"knows {SCHEMA_VERSION}; use the newer labproc"
            )
        metadata.create_all(connection)
        protect_audit(connection)
        if not found:
            connection.execute(meta.insert().values(name="schema", value=SCHEMA_VERSION))


def _version(engine: Engine) -> str:
    with engine.connect() as connection:
        return _known_version(connection)


def _known_version(connection: Connection) -> str:
    if not engine_has_meta(connection):
        return ""
    found = connection.execute(text("SELECT value FROM meta WHERE name = 'schema'")).scalar()
    return str(found or "")


def engine_has_meta(connection: Connection) -> bool:
    """Whether the database has been set up."""
    return connection.dialect.has_table(connection, "meta")


def refuse_network_share(path: Path) -> None:
    """Raise where SQLite's locks cannot be trusted: they fail silently on network shares."""
    kind = file_system(path)
    if kind in NETWORK:
        raise StoreError(
            f"{path}: on a network share ({kind}), expected a local disk; keep the study's "
            "results/ on this computer, or name a PostgreSQL server under [store] url"
        )


def file_system(path: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the type of the file system a path is on, empty where the platform does not say."""
    try:
        lines = mounts.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    absolute = path.resolve()
    found = [(Path(point), kind) for _, point, kind, *_ in (line.split() for line in lines)]
    holding = [(p, k) for p, k in found if absolute.is_relative_to(p)]
    return max(holding, key=lambda pk: len(pk[0].parts), default=(Path(), ""))[1]
