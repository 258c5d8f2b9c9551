"""Zip archives from strangers: counted, streamed, never extracted."""

import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from labproc.errors import ParseError

MAX_ENTRIES = 1_000
MAX_BYTES = 256 << 20  # of everything in the archive, unpacked
_SYMLINK = 0o120000
_CHUNK = 1 << 20


class CountedStream:
    """A file within an archive that stops at a number of bytes, whatever the archive claims."""

    def __init__(self, stream: IO[bytes], *, limit: int, where: str) -> None:
        self._stream = stream
        self._left = limit
        self._where = where

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, at most 1 MiB at a time."""
        wanted = _CHUNK if size is None or size < 0 else min(size, _CHUNK)
        data = self._stream.read(wanted)
        self._left -= len(data)
        if self._left < 0:
            raise ParseError(f"{self._where}: more than {MAX_BYTES >> 20} MiB unpacked")
        return data


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive whose directory was checked."""

    path: Path
    names: tuple[str, ...]
    sizes: dict[str, int]

    @contextmanager
    def open(self, name: str) -> Iterator[CountedStream]:
        """Open one entry for reading in pieces.

        Raises
        ------
        ParseError
            If the entry is missing, damaged, or longer than 256 MiB.
        """
        where = f"{self.path.name}, part {name!r}"
        if name not in self.sizes:
            raise ParseError(f"{where}: not in the archive, expected it there")
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(name) as stream:
                yield CountedStream(stream, limit=MAX_BYTES, where=where)
        except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError) as error:
            raise ParseError(f"{where}: {error}; the copy may be damaged") from error
        except Exception as error:  # zlib.error, lzma.LZMAError: the stream itself is broken
            if type(error).__module__ in {"zlib", "_lzma", "lzma"}:
                raise ParseError(f"{where}: {error}; the copy may be damaged") from error
            raise

    def head(self, name: str, size: int) -> bytes:
        """Return the first bytes of one entry."""
        with self.open(name) as stream:
            return stream.read(size)

    def read(self, name: str) -> bytes:
        """Return one entry whole."""
        with self.open(name) as stream:
            return b"".join(iter(lambda: stream.read(), b""))


def open_archive(path: Path) -> Archive:
    """Check a zip archive's directory without unpacking anything.

    Raises
    ------
    ParseError
        If it is damaged, encrypted or nested, claims more than 256 MiB or 1,000 entries, names
        an entry twice or outside the archive, holds a link, or lets entries share bytes.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ParseError(
            f"{path.name}: {error}, expected a whole zip archive; the copy may be incomplete"
        ) from error
    _check(path.name, entries)
    files = [e for e in entries if not e.is_dir()]
    return Archive(path, tuple(e.filename for e in files), {e.filename: e.file_size for e in files})


def _check(name: str, entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise ParseError(f"{name}: an empty zip archive, expected an export")
    if len(entries) > MAX_ENTRIES:
        raise ParseError(f"{name}: {len(entries):,} entries, expected at most {MAX_ENTRIES:,}")
    total = sum(e.file_size for e in entries)
    if total > MAX_BYTES:
        raise ParseError(f"{name}: {total >> 20:,} MiB unpacked, expected at most 256 MiB")
    twice = [n for n, k in Counter(e.filename for e in entries).items() if k > 1]
    if twice:
        raise ParseError(f"{name}: entry {twice[0]!r} is there twice, expected once")
    if len({e.header_offset for e in entries}) < len(entries):
        raise ParseError(f"{name}: entries share the same bytes, expected one stream each")
    for entry in entries:
        _check_entry(name, entry)


def _check_entry(name: str, entry: zipfile.ZipInfo) -> None:
    where = f"{name}, part {entry.filename!r}"
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise ParseError(f"{where}: a name that leaves the archive")
    if entry.external_attr >> 16 & 0o170000 == _SYMLINK:
        raise ParseError(f"{where}: a link, expected a file")
    if entry.flag_bits & 1:
        raise ParseError(f"{where}: encrypted, expected a plain file; export it without a password")
    if path.suffix.lower() in {".zip", ".rdml", ".eds"}:
        raise ParseError(f"{where}: an archive within the archive")
