"""What lies in a drop folder now: the scan is the truth, file events are only a hint."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# what operating systems, editors and Excel leave in every folder, and this folder's own README
IGNORED_NAMES = frozenset({"thumbs.db", "desktop.ini", "readme.md", "readme.txt", "readme"})
IGNORED_STARTS = (".", "~$")
IGNORED_ENDS = (".tmp", ".part", ".partial", ".crdownload", "~")


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as a scan sees it; ``path`` is relative to the folder, with forward slashes."""

    path: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def state(self) -> tuple[int, int, int]:
        """What must stay the same while a file is written no more."""
        return (self.size, self.mtime_ns, self.inode)


def scan(folder: Path) -> list[Seen]:
    """Return every file under a folder, sorted by path; links to folders are not followed.

    Hidden files, lock files and half-written downloads are left out. A name that is no regular
    file (a FIFO, a dangling link) is given with size -1, so that it can be refused by name.
    """
    return sorted(_walk(folder, ""), key=lambda seen: seen.path)


def is_ignored(name: str) -> bool:
    """Whether a name is one that no instrument writes."""
    word = name.casefold()
    return word in IGNORED_NAMES or word.startswith(IGNORED_STARTS) or word.endswith(IGNORED_ENDS)


def _walk(folder: Path, prefix: str) -> Iterator[Seen]:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError:
        if prefix:  # a folder within; raw/ itself is the caller's to know of
            yield Seen(prefix, -1, 0, 0)
            return
        raise
    for entry in entries:
        if is_ignored(entry.name):
            continue
        name = entry.name.encode("utf-8", "backslashreplace").decode()
        path = f"{prefix}{name}"
        if name != entry.name:  # bytes that are no UTF-8: no database takes them
            yield Seen(path, -1, 0, 0)
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{path}/")
        else:
            yield from _seen(entry, path)


def _seen(entry: "os.DirEntry[str]", path: str) -> Iterator[Seen]:
    try:
        status = entry.stat()
    except FileNotFoundError:
        # deleted since the folder was listed, or a link to nothing
        if entry.is_symlink():
            yield Seen(path, -1, 0, 0)
        return
    except OSError:
        yield Seen(path, -1, 0, 0)
        return
    size = status.st_size if stat.S_ISREG(status.st_mode) else -1
    yield Seen(path, size, status.st_mtime_ns, status.st_ino)
