"""A copy of a study that ``verify`` accepts: every file by its content, the store as one moment.

``content/ab/<sha256>`` holds each content once, ``manifest.json`` which file it belongs to, so
that a file in ``raw/`` and its staged copy take their room once and the next backup into the same
folder adds only what is new.
"""

import hashlib
import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labproc.errors import StoreError
from labproc.store.audit import now_utc
from labproc.store.files import observation_history
from labproc.store.schema import metadata
from labproc.store.store import Store

MANIFEST = "manifest.json"
DATABASE = "results/labproc.sqlite"
CHUNK = 1 << 20
LEFT_OUT = (f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", DATABASE)


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup: its place in the study, its content, when it was written."""

    path: str
    sha256: str
    mtime_ns: int


def backup(store: Store, study: Path, target: Path) -> list[Kept]:
    """Copy a study's settings, raw files, results and store to a folder.

    Parameters
    ----------
    store : Store
        The study's store; a PostgreSQL one is kept as SQLite, which ``restore`` reads.
    study, target : Path
        The study's folder, and where the backup goes; made where it is missing.

    Raises
    ------
    StoreError
        If the target lies within the study or holds something else.
    """
    _check_target(study.resolve(), target.resolve())
    target.mkdir(parents=True, exist_ok=True)
    # the store first: every file that it speaks of is then there to be copied
    head = store.audit_head()
    with tempfile.TemporaryDirectory(dir=target) as folder:
        snapshot = Path(folder) / "labproc.sqlite"
        _snapshot(store, snapshot)
        kept = [_keep(snapshot, DATABASE, target)]
    kept += [_keep(path, name, target) for name, path in _files(study)]
    rows = [{"path": k.path, "sha256": k.sha256, "mtime_ns": k.mtime_ns} for k in kept]
    manifest = {"made_at": now_utc(), "audit_head": head, "files": rows}
    draft = target / f".{MANIFEST}"
    draft.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(target / MANIFEST)
    return kept


def read_manifest(source: Path) -> tuple[list[Kept], str]:
    """Return the files of a backup and the audit head it was made at.

    Raises
    ------
    StoreError
        If there is no backup, or its list cannot be read.
    """
    try:
        found = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        files = [Kept(r["path"], r["sha256"], r["mtime_ns"]) for r in found["files"]]
        return files, str(found["audit_head"])
    except FileNotFoundError:
        raise StoreError(f"{source}: no {MANIFEST}, expected a backup") from None
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{source / MANIFEST}: damaged ({error}), expected a backup") from error


def check_backup(source: Path) -> list[str]:
    """Return what is missing from a backup or no longer what it was; nothing where it is whole."""
    kept, _ = read_manifest(source)
    return [p for one in {k.sha256: k for k in kept}.values() for p in _problem(source, one)]


def restore(source: Path, study: Path) -> list[Kept]:
    """Bring a backup back as a study folder.

    Raises
    ------
    StoreError
        If the folder holds something already, or anything in the backup is damaged: then nothing
        is written.
    """
    kept, _ = read_manifest(source)
    if study.exists() and any(study.iterdir()):
        raise StoreError(f"{study}: not empty, expected an empty place to restore to")
    if problems := check_backup(source):
        raise StoreError("; ".join(problems[:3]))
    for one in kept:
        path = _within(study, one.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        _copy(_content(source, one.sha256), path)
        os.utime(path, ns=(one.mtime_ns, one.mtime_ns))
    return kept


def load_snapshot(source: Path, store: Store) -> None:
    """Fill an empty PostgreSQL store with a backup's.

    Raises
    ------
    StoreError
        If the store holds results already.
    """
    if store.audit_rows() or observation_history(store):
        raise StoreError("store: holds results, expected an empty database to restore to")
    kept, _ = read_manifest(source)
    one = next(k for k in kept if k.path == DATABASE)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labproc.sqlite"
        _copy(_content(source, one.sha256), path)
        with Store.open(path) as snapshot:
            _copy_tables(snapshot, store)


def _check_target(study: Path, target: Path) -> None:
    if target.is_relative_to(study):
        raise StoreError(f"{target}: within the study, expected a folder outside {study}")
    if target.is_dir() and any(target.iterdir()) and not (target / MANIFEST).is_file():
        raise StoreError(f"{target}: holds other files, expected an empty folder or a backup")


def _files(study: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file of a study but the database itself and what is half written."""
    for path in sorted(study.rglob("*")):
        name = path.relative_to(study).as_posix()
        if path.is_file() and name not in LEFT_OUT and not path.name.startswith("."):
            yield name, path


def _keep(path: Path, name: str, target: Path) -> Kept:
    mtime_ns = path.stat().st_mtime_ns
    draft = target / f".{os.getpid()}.part"
    try:
        sha256 = _copy(path, draft)
        content = _content(target, sha256)
        if not content.is_file():
            content.parent.mkdir(parents=True, exist_ok=True)
            draft.replace(content)
    finally:
        draft.unlink(missing_ok=True)
    return Kept(name, sha256, mtime_ns)


def _content(folder: Path, sha256: str) -> Path:
    return folder / "content" / sha256[:2] / sha256


def _copy(source: Path, target: Path) -> str:
    hasher = hashlib.sha256()
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(CHUNK):
            hasher.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return hasher.hexdigest()


def _problem(source: Path, one: Kept) -> Iterator[str]:
    path = _content(source, one.sha256)
    if not path.is_file():
        yield f"{one.path}: its content {one.sha256[:12]} is missing from the backup"
        return
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != one.sha256:
            yield f"{one.path}: its content {one.sha256[:12]} was changed in the backup"


def _within(study: Path, name: str) -> Path:
    path = (study / name).resolve()
    if not path.is_relative_to(study.resolve()):
        raise StoreError(f"{name!r}: leads out of the study, expected a path within it")
    return path


def _snapshot(store: Store, path: Path) -> None:
    """Copy a store as it is at one moment to an SQLite file."""
    if store.engine.dialect.name != "sqlite":
        with Store.open(path) as copy:
            _copy_tables(store, copy)
        return
    source = str(store.engine.url.database)
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(path)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE")


def _copy_tables(source: Store, target: Store) -> None:
    with source.reading() as reading, target.writing() as writing:
        for table in metadata.sorted_tables:
            rows: list[Mapping[Any, Any]] = list(reading.execute(table.select()).mappings())
            if table.name == "meta":  # a new store has its schema's number there
                writing.execute(table.delete())
            if rows:
                writing.execute(table.insert(), [dict(row) for row in rows])
        if writing.dialect.name == "postgresql":
            _set_sequences(writing)


def _set_sequences(connection: Any) -> None:
    """Let PostgreSQL number new rows after the restored ones."""
    for table in metadata.sorted_tables:
        if "seq" in table.c:
            newest = f"(SELECT COALESCE(MAX(seq), 0) + 1 FROM {table.name})"  # noqa: S608
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'seq'), {newest}, false)"
            )
