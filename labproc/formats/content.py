"""A first look at a file: what decides which parser reads it."""

import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from labproc.errors import ParseError

HEAD_BYTES = 65_536  # enough for every preamble seen in a text export


@dataclass(frozen=True)
class Content:
    """A regular file's path, size and first bytes."""

    path: Path
    size: int
    head: bytes

    @cached_property
    def is_zip(self) -> bool:
        """Whether the file starts like a zip archive (xlsx, eds, rdml)."""
        return self.head.startswith(b"PK\x03\x04")


def look(path: Path) -> Content:
    """Open a regular file for reading and take its first bytes.

    Raises
    ------
    ParseError
        If there is no such file, it is not a regular file, it is empty, or it may not be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ParseError(f"{path.name}: not a regular file, expected an instrument's file")
        if not status.st_size:
            raise ParseError(f"{path.name}: empty (0 bytes), expected an instrument's file")
        with path.open("rb") as file:
            return Content(path, status.st_size, file.read(HEAD_BYTES))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ParseError(f"{path.name}: {reason}, expected a readable file") from error
