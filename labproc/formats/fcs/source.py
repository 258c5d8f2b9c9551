"""The bytes of one regular file; never more of them than there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labproc.errors import ParseError

LARGE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Source:
    """A file's path and size when it was opened."""

    path: Path
    size: int

    def read(self, begin: int, n_bytes: int) -> bytes:
        """Return up to ``n_bytes`` from ``begin``; fewer where the file ends."""
        return self.read_pieces([(begin, n_bytes)])

    def read_pieces(self, pieces: Sequence[tuple[int, int]]) -> bytes:
        """Return several pieces of (begin, n_bytes) as one; the file is opened once."""
        wanted = [(at, min(n, self.size - at)) for at, n in pieces]
        wanted = [(at, n) for at, n in wanted if n > 0 and at >= 0]
        if not wanted:
            return b""
        read = []
        try:
            with self.path.open("rb", buffering=0) as file:
                for at, n in wanted:
                    file.seek(at)
                    read.append(file.read(n))
        except OSError as error:
            raise unreadable(self.path, error) from error
        return b"".join(read)


def refuse_holes(source: Source) -> None:
    """Refuse a large file of which almost nothing was ever written to the disk.

    Raises
    ------
    ParseError
        If less than a hundredth is there; no compression makes events so small.
    """
    blocks = getattr(source.path.stat(), "st_blocks", None)  # Windows does not say
    if source.size >= LARGE_BYTES and blocks is not None and blocks * 512 < source.size // 100:
        raise ParseError(
            f"{source.path.name}: says {source.size} bytes but {blocks * 512} are on the disk, "
            "expected a file that was written to its end; copy it again"
        )


def unreadable(path: Path, error: OSError) -> ParseError:
    """Return the error for a file that the system does not let us read."""
    reason = error.strerror or type(error).__name__
    return ParseError(f"{path.name}: {reason}, expected a readable file")
