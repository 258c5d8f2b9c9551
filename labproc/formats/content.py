"""A first look at a file: what decides which parser reads it."""

import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from labproc.errors import ParseError
from labproc.formats.archive import Archive, open_archive
from labproc.formats.grid import Grid
from labproc.formats.text import MAX_TEXT_BYTES, looks_like_text, read_grid
from labproc.formats.workbook import OLE_MAGIC, Workbook, is_workbook, open_workbook

HEAD_BYTES = 65_536  # enough for every preamble seen in a text export
T = TypeVar("T")


@dataclass(frozen=True)
class Content:
    """A regular file's path, size and first bytes; more of it is read when it is asked for.

    Asking never raises: what cannot be read is None, and ``problem`` says why.
    """

    path: Path
    size: int
    head: bytes

    @property
    def is_zip(self) -> bool:
        """Whether the file starts like a zip archive (xlsx, eds, rdml)."""
        return self.head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))

    @property
    def is_ole(self) -> bool:
        """Whether the file starts like an OLE document (xls)."""
        return self.head.startswith(OLE_MAGIC)

    @cached_property
    def text_grid(self) -> Grid | None:
        """The cells of a text file."""
        if self.is_zip or self.is_ole or self.head.startswith(b"FCS"):
            return None
        return self._attempt(self._read_text) if looks_like_text(self.head) else None

    @cached_property
    def archive(self) -> Archive | None:
        """The directory of a zip archive."""
        return self._attempt(lambda: open_archive(self.path)) if self.is_zip else None

    @cached_property
    def workbook(self) -> Workbook | None:
        """The workbook, whatever the file is called."""
        if not (self.is_ole or (self.archive and is_workbook(self.archive))):
            return None
        return self._attempt(lambda: open_workbook(self.path))

    @property
    def problem(self) -> ParseError | None:
        """The first thing that could not be read."""
        problems: list[ParseError] = self._memory.get("problems", [])
        return problems[0] if problems else None

    def once(self, make: "Callable[[Content], T]") -> T | None:
        """Return what a function makes of this content, made once; None where it cannot be."""
        if make not in self._memory:
            self._memory[make] = self._attempt(lambda: make(self))
        found: T | None = self._memory[make]
        return found

    def _read_text(self) -> Grid:
        if self.size > MAX_TEXT_BYTES:
            raise ParseError(
                f"{self.path.name}: a text of {self.size >> 20} MiB, "
                f"expected at most {MAX_TEXT_BYTES >> 20} MiB"
            )
        return read_grid(self.path.read_bytes(), name=self.path.name)

    def _attempt(self, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ParseError as error:
            self._memory.setdefault("problems", []).append(error)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            problem = ParseError(f"{self.path.name}: {reason}, expected a readable file")
            self._memory.setdefault("problems", []).append(problem)
        return None

    @cached_property
    def _memory(self) -> dict[Any, Any]:
        return {}


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
