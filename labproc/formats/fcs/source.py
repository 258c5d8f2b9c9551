"""The bytes of one regular file; never more of them than there are."""

from dataclasses import dataclass
from pathlib import Path

from labproc.errors import ParseError


@dataclass(frozen=True, slots=True)
class Source:
    """A file's path and size when it was opened."""

    path: Path
    size: int

    def read(self, begin: int, n_bytes: int) -> bytes:
        """Return up to ``n_bytes`` from ``begin``; fewer where the file ends."""
        n_bytes = min(n_bytes, self.size - begin)
        if n_bytes <= 0 or begin < 0:
            return b""
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(begin)
                return file.read(n_bytes)
        except OSError as error:
            raise unreadable(self.path, error) from error


def unreadable(path: Path, error: OSError) -> ParseError:
    """Return the error for a file that the system does not let us read."""
    reason = error.strerror or type(error).__name__
    return ParseError(f"{path.name}: {reason}, expected a readable file")
