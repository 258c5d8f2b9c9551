"""Copy a file out of the drop folder while its hash is taken; everything reads the copy."""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from labproc.errors import ParseError
from labproc.formats.drafts import draft_path

CHUNK = 1 << 20


class TornFile(ParseError):
    """A file changed while it was copied; it is taken up again at the next look."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A copy that can be trusted: named by its content, on disk for good."""

    sha256: str
    path: Path


def staged_path(folder: Path, sha256: str) -> Path:
    """Return where content of that hash lies; two letters a folder keep listings short."""
    return folder / sha256[:2] / sha256


def stage(source: Path, folder: Path) -> Staged:
    """Copy a file under its SHA-256 and return where it lies.

    The copy is made under a temporary name, flushed to disk, and takes its final name only when
    the source has not changed meanwhile. ``source`` is only read.

    Raises
    ------
    TornFile
        If the source changed while it was copied.
    ParseError
        If it cannot be read.
    OSError
        If the copy cannot be written (the disk is full): nothing half-written stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = draft_path(folder / os.urandom(4).hex())
    try:
        return _copy(source, folder, draft)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _copy(source: Path, folder: Path, draft: Path) -> Staged:
    hasher = hashlib.sha256()
    with _open(source) as reading:
        before = os.fstat(reading.fileno())
        with draft.open("wb") as writing:
            while chunk := reading.read(CHUNK):
                hasher.update(chunk)
                writing.write(chunk)
            writing.flush()
            os.fsync(writing.fileno())
    _check_same(source, before)
    target = staged_path(folder, hasher.hexdigest())
    target.parent.mkdir(exist_ok=True)
    draft.replace(target)
    _sync_folder(target.parent)
    return Staged(hasher.hexdigest(), target)


def _open(source: Path) -> BinaryIO:
    try:
        return source.open("rb")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ParseError(f"{source.name}: {reason}, expected a readable file") from error


def _check_same(source: Path, before: os.stat_result) -> None:
    try:
        after = source.stat()
    except FileNotFoundError as error:
        raise TornFile(f"{source.name}: gone while it was read") from error
    if (after.st_size, after.st_mtime_ns, after.st_ino) != (
        before.st_size,
        before.st_mtime_ns,
        before.st_ino,
    ):
        raise TornFile(f"{source.name}: changed while it was read, expected a finished file")


def _sync_folder(folder: Path) -> None:
    """Make a new name last through a power cut; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
