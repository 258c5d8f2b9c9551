"""Open the results database: SQLite on a local disk by default, or PostgreSQL by url."""

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from labproc.errors import DiskFailed, StoreError
from labproc.store.audit import (
    AuditEntry,
    append,
    protect_audit,
    recorded_payloads,
    result_entry,
)
from labproc.store.migrations import migrate
from labproc.store.schema import SCHEMA_VERSION, audit, meta, metadata, result_tables, results

WRITER_LOCK = 0x6C616270  # "labp": PostgreSQL's own locks go by number
BUSY_S = 30  # another writer holds the database this long at most
NO_ROOM = 1 << 18  # bytes; SQLite makes its files grow by up to 64 KiB at once
FULL = "the disk is full; free some room and run again, nothing is lost"
NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "9p", "afs", "davfs"})


def connect(url: str) -> Engine:
    """Open a database and make its tables where they are missing.

    Raises
    ------
    StoreError
        If an SQLite file would lie on a network share, the server cannot be reached, or the
        database was written by a newer labproc.
    """
    engine = _sqlite(url) if url.startswith("sqlite") else _server(url)
    try:
        _prepare(engine)
    except BaseException as error:
        engine.dispose()  # or its file stays open, and a disk cannot be taken away
        if isinstance(error, DBAPIError):
            raise plain_error(engine, error) from error
        raise
    return engine


def sqlite_url(path: Path) -> str:
    """Return the url of an SQLite file."""
    # a folder may be called "50% done?": the url's own letters have to be escaped
    return URL.create("sqlite", database=str(path)).render_as_string()


def _server(url: str) -> Engine:
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except (ArgumentError, ImportError) as error:
        what = " ".join(str(error).split())
        raise StoreError(f"[store] url: {what}, expected postgresql+psycopg://...") from error
    event.listen(engine, "begin", _one_writer)
    return engine


def _one_writer(connection: Connection) -> None:
    """Let one writer in at a time, as SQLite does: the audit chain has one end only."""
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _sqlite(url: str) -> Engine:
    path = Path(make_url(url).database or "")
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
    if _version(engine) == SCHEMA_VERSION and _is_whole(engine):
        return
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        found = _known_version(connection)
        steps = migrate(connection, found, SCHEMA_VERSION) if found else []
        metadata.create_all(connection)
        protect_audit(connection)
        if steps:
            _record_migration(connection, found)
        connection.execute(meta.delete().where(meta.c.name == "schema"))
        connection.execute(meta.insert().values(name="schema", value=SCHEMA_VERSION))


def _is_whole(engine: Engine) -> bool:
    """Whether every result table is there: they are made anew from results, so may be added."""
    return set(result_tables) <= set(inspect(engine).get_table_names())


def _record_migration(connection: Connection, found: str) -> None:
    """Write into the audit trail that the schema changed, and what results it held by then."""
    entries = [AuditEntry("labproc", "store migrated", "schema", found, SCHEMA_VERSION)]
    known = recorded_payloads(connection.execute(audit.select()).mappings().all())
    columns = ("sha256", "pipeline_version", "parameter_hash")
    for row in connection.execute(results.select().order_by(results.c.seq)).mappings():
        key, payload = [row[column] for column in columns], row["payload"]
        if payload is not None and ":".join(key) not in known:
            done = {"who": "labproc", "action": "result recorded"}
            entries.append(result_entry(key, row["path"], payload, **done))
    head = [append(connection, entry) for entry in entries][-1]
    connection.execute(meta.delete().where(meta.c.name == "audit_head"))
    connection.execute(meta.insert().values(name="audit_head", value=head))


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


def plain_error(engine: Engine, error: DBAPIError) -> StoreError:
    """Return the error to show for what the database refused."""
    # two writes of SQLite's that a disk did not keep, by SQLite's own names for them
    unsynced = {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}
    kind = getattr(error.orig, "sqlite_errorname", "")
    made = DiskFailed if kind in unsynced else StoreError
    said = FULL if kind.startswith("SQLITE_IOERR") and _is_full(engine) else plain_reason(error)
    return made(f"{engine.url.render_as_string()}: {said}")


def _is_full(engine: Engine) -> bool:
    """Whether SQLite's "disk I/O error" was one of no room: it says so where it cannot grow."""
    folder = Path(str(engine.url.database)).parent
    try:
        return shutil.disk_usage(folder).free < NO_ROOM
    except OSError:
        return False


def plain_reason(error: DBAPIError) -> str:
    """Say why the database refused, and what to do, in a line for people."""
    said = " ".join(str(error.orig).split())
    hints = {
        "disk is full": "free some room and run again, nothing is lost",
        "is locked": "another program holds it; close it, or wait",
        "readonly database": "expected a folder that can be written",
        "malformed": "it is damaged; bring a backup back with `labproc restore`",
        "disk I/O error": "look at the disk, then run again, nothing is lost",
        "unable to open": "expected a folder that can be written; run again, nothing is lost",
    }
    hint = next((h for words, h in hints.items() if words in said), "")
    return f"{said}; {hint}" if hint else said


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
