"""Copy a file out of the drop folder while its hash is taken; everything reads the copy."""

import contextlib
import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from labproc.errors import DiskFailed, ParseError
from labproc.formats.drafts import check_size, draft_path

CHUNK = 1 << 20


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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
    hasher, size = hashlib.sha256(), 0
    with _open(source) as reading:
        before = os.fstat(reading.fileno())
        with draft.open("wb") as writing:
            while chunk := _read(reading, source):
                hasher.update(chunk)
                writing.write(chunk)
                size += len(chunk)
            writing.flush()
            check_size(writing.fileno(), size, draft.parent)
            _sync(writing.fileno(), draft.parent)
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
        raise _unreadable(source, error) from error


def _read(reading: BinaryIO, source: Path) -> bytes:
    try:
        return reading.read(CHUNK)
    except OSError as error:  # a share that went away, a bad sector: this file's trouble only
        raise _unreadable(source, error) from error


def _unreadable(source: Path, error: OSError) -> ParseError:
    reason = error.strerror or type(error).__name__
    return ParseError(f"{source.name}: {reason}, expected a readable file")


def _sync(descriptor: int, folder: Path) -> None:
    """Have the disk keep what was written.

    Raises
    ------
    DiskFailed
        If it does not. What a failed sync leaves in memory may pass the next one unsaid, so that
        nobody goes on from there.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise DiskFailed(
            f"{folder}: the disk did not keep what was written ({error.strerror}), expected a "
            "disk that does; look at the disk, then run again, nothing is lost"
        ) from error


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
        _sync(descriptor, folder)
    finally:
        os.close(descriptor)
