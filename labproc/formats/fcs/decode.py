"""DATA read whole, by columns or in blocks that stay small."""

import errno
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from labproc.errors import ParseError
from labproc.formats.fcs.block import Matrix, decode, numbers, uniform_type, value_type
from labproc.formats.fcs.layout import Layout
from labproc.formats.fcs.source import Source, unreadable

BLOCK_BYTES = 4 << 20
CACHED_BYTES = 1 << 18
MAP_FROM_BYTES = 32 << 20  # below it a copy costs less than a page fault for every 4 kB
HUGE_PAGE = 2 << 20
ASKED_FROM_BYTES = 4 << 20  # from this size on numpy asks the system for huge pages

_SEPARATORS = re.compile(rb"[\s,\0]+")


def read_matrix(
    source: Source,
    layout: Layout,
    begin: int,
    n_events: int,
    columns: Sequence[int] | None = None,
) -> Matrix:
    """Return the events, shape (n_events, n_columns); only the columns asked for.

    Uniform floats are read where they are to stay; everything else is converted block by block.

    Raises
    ------
    ParseError
        If the file ends before the events do, or text holds what is no number.
    """
    wanted = range(len(layout.fields)) if columns is None else columns
    try:
        if (word := uniform_type(layout)) is not None and word.kind == "f":
            every = _floats(source, word, begin, (n_events, len(layout.fields)))
            return every if columns is None else every[:, list(wanted)]
        out = np.empty((n_events, len(wanted)), dtype=value_type(layout, wanted))
    except MemoryError:
        raise ParseError(
            f"{source.path.name}: {n_events} events x {len(wanted)} channels, expected what fits "
            "into this computer's memory; read fewer channels"
        ) from None
    row = 0
    for block in read_blocks(source, layout, begin, n_events, wanted):
        out[row : row + len(block)] = block
        row += len(block)
    return out


def _floats(source: Source, word: np.dtype[Any], begin: int, shape: tuple[int, int]) -> Matrix:
    """Read floats of one type; large ones are mapped, so that only what is used is loaded."""
    n = shape[0] * shape[1]
    try:
        if word.isnative and n * word.itemsize >= MAP_FROM_BYTES and begin % word.itemsize == 0:
            return np.asarray(np.memmap(source.path, word, "r", begin, shape))
        return _by_channel(source, word, begin, shape)
    except ValueError:  # the file is shorter than it was
        raise _ended(source) from None
    except OSError as error:
        if error.errno == errno.ENOMEM:  # a limit on this process's address space
            raise MemoryError from None
        raise unreadable(source.path, error) from error


def _by_channel(source: Source, word: np.dtype[Any], begin: int, shape: tuple[int, int]) -> Matrix:
    """Read floats and lay each channel out in one piece, as everything that follows reads them.

    The file goes through a block that stays in the cache, so that this costs no more than reading
    the events as they are stored.
    """
    values = _room(word.newbyteorder("="), shape)
    rows = max(CACHED_BYTES // (shape[1] * word.itemsize), 1)
    block = np.empty((rows, shape[1]), word)
    with source.path.open("rb") as file:
        file.seek(begin)
        for start in range(0, shape[0], rows):
            part = block[: shape[0] - start]
            if file.readinto(part.view(np.uint8).data) != part.nbytes:
                raise _ended(source)
            values[start : start + rows] = part
    return values


def _room(word: np.dtype[Any], shape: tuple[int, int]) -> Matrix:
    """Return an empty matrix, each channel in one piece, on huge pages where there are any.

    The system hands fresh memory out page by page: a thousand of them for a tube cost a fifth of
    the time that reading and gating it takes.
    """
    n_bytes = shape[0] * shape[1] * word.itemsize
    if n_bytes < HUGE_PAGE:
        return np.empty(shape, word, order="F")
    pages = -(-n_bytes // HUGE_PAGE) + 1  # one more: they begin at multiples of their size
    room = np.empty(max(pages * HUGE_PAGE, ASKED_FROM_BYTES), np.uint8)
    start = -room.__array_interface__["data"][0] % HUGE_PAGE
    return room[start : start + n_bytes].view(word).reshape(shape, order="F")


def read_blocks(
    source: Source,
    layout: Layout,
    begin: int,
    n_events: int,
    columns: Sequence[int],
    *,
    masked: bool = True,
) -> Iterator[Matrix]:
    """Yield the events in order, in blocks of about 4 MB; unmasked integers come as uint64."""
    if layout.is_free:
        for block in _free_text(source, layout, begin, n_events):
            yield block[:, list(columns)]
        return
    step = max(BLOCK_BYTES * 8 // layout.event_bits, 1)
    step += -step % 8  # so that packed events begin on a whole byte
    for row in range(0, n_events, step):
        rows = min(step, n_events - row)
        raw = source.read(begin + row * layout.event_bits // 8, layout.n_bytes(rows))
        if len(raw) != layout.n_bytes(rows):
            raise _ended(source)
        yield decode(raw, layout, rows, columns, masked=masked)


def _ended(source: Source) -> ParseError:
    return ParseError(
        f"{source.path.name}: DATA ended while it was read, expected {source.size} bytes as "
        "before; was the file being written?"
    )


def _free_text(source: Source, layout: Layout, begin: int, n_events: int) -> Iterator[Matrix]:
    """Yield events of numbers between blanks or commas; what follows the last is not read."""
    n, left = len(layout.fields), n_events
    words: list[bytes] = []
    rest = b""
    while left:
        raw = source.read(begin, BLOCK_BYTES)
        begin += len(raw)
        parts = _SEPARATORS.split(rest + raw)
        rest = parts.pop() if raw else b""  # may go on in the next block
        found = [p for p in parts if p]
        words += found
        rows = min(len(words) // n, left)
        yield numbers(words[: rows * n]).reshape(rows, n)
        words, left = words[rows * n :], left - rows
        if left and not (found or rest):
            raise _ended(source)
