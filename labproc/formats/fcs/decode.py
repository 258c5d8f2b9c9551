"""DATA to numbers: any datatype, width and byte order, in blocks that stay small."""

import errno
import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labproc.errors import ParseError
from labproc.formats.fcs.layout import WORDS, Field, Layout
from labproc.formats.fcs.source import Source, unreadable

BLOCK_BYTES = 4 << 20
MAP_FROM_BYTES = 32 << 20  # below it a copy costs less than a page fault for every 4 kB
EXACT_FLOAT32_BITS = 24  # integers up to 2**24 are exact in float32

_SEPARATORS = re.compile(rb"[\s,\0]+")

Matrix = NDArray[Any]


def value_type(layout: Layout, columns: Sequence[int] | None = None) -> np.dtype[Any]:
    """Return float32 where every stored value is exact in it, else float64."""
    fields = layout.fields if columns is None else [layout.fields[c] for c in columns]
    return np.dtype(np.float32 if all(_is_exact(f) for f in fields) else np.float64)


def _is_exact(field: Field) -> bool:
    if field.kind == "I":
        return (field.mask or (1 << field.bits) - 1).bit_length() <= EXACT_FLOAT32_BITS
    return field.kind == "F"


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
        if (word := _uniform(layout)) is not None and word.kind == "f":
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


def _uniform(layout: Layout) -> np.dtype[Any] | None:
    """Return the one type of all parameters where numpy knows it, else None."""
    kinds = {(f.kind, f.bits) for f in layout.fields}
    kind, bits = next(iter(kinds))
    if len(kinds) > 1 or kind == "A" or bits not in WORDS or not _is_plain(layout.order):
        return None
    return np.dtype(f"{_sign(layout.order)}{'u' if kind == 'I' else 'f'}{bits // 8}")


def _uniform_block(
    raw: bytes, layout: Layout, word: np.dtype[Any], columns: Sequence[int], *, masked: bool
) -> Matrix:
    """Turn the bytes of events of one type into numbers; a few times faster than by columns."""
    block = np.frombuffer(raw, word).reshape(-1, len(layout.fields))
    if len(columns) < len(layout.fields) or list(columns) != list(range(len(columns))):
        block = block[:, list(columns)]
    masks = [layout.fields[c].mask for c in columns]
    if masked and any(m is not None for m in masks):
        every = (1 << layout.fields[0].bits) - 1
        block = block & np.array([every if m is None else m for m in masks], word)
    return block.astype(_block_type(layout, columns, masked=masked), copy=False)


def _floats(source: Source, word: np.dtype[Any], begin: int, shape: tuple[int, int]) -> Matrix:
    """Read floats of one type; large ones are mapped, so that only what is used is loaded."""
    n = shape[0] * shape[1]
    try:
        if word.isnative and n * word.itemsize >= MAP_FROM_BYTES and begin % word.itemsize == 0:
            return np.asarray(np.memmap(source.path, word, "r", begin, shape))
        values = np.fromfile(source.path, word, n, offset=begin)
    except ValueError:  # the file is shorter than it was
        raise _ended(source) from None
    except OSError as error:
        if error.errno == errno.ENOMEM:  # a limit on this process's address space
            raise MemoryError from None
        raise unreadable(source.path, error) from error
    if values.size != n:
        raise _ended(source)
    if not word.isnative:
        values = values.byteswap(inplace=True).view(word.newbyteorder("="))
    return values.reshape(shape)


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


def decode(
    raw: bytes, layout: Layout, rows: int, columns: Sequence[int], *, masked: bool = True
) -> Matrix:
    """Turn the bytes of some events into numbers, shape (rows, len(columns))."""
    if layout.is_packed:
        return _packed(raw, layout, rows, columns, masked=masked)
    if (word := _uniform(layout)) is not None:
        return _uniform_block(raw, layout, word, columns, masked=masked)
    grid = np.frombuffer(raw, np.uint8).reshape(rows, layout.event_bits // 8)
    starts = np.cumsum([0, *(f.bits // 8 for f in layout.fields)])
    out = np.empty((rows, len(columns)), _block_type(layout, columns, masked=masked))
    for at, column in enumerate(columns):
        field = layout.fields[column]
        cells = grid[:, starts[column] : starts[column + 1]]
        with np.errstate(invalid="ignore"):  # a signalling NaN is still a NaN
            out[:, at] = _cells(cells, field, layout.order, masked=masked)
    return out


def _block_type(layout: Layout, columns: Sequence[int], *, masked: bool) -> np.dtype[Any]:
    if masked:
        return value_type(layout, columns)
    integers = all(layout.fields[c].kind == "I" for c in columns)
    return np.dtype(np.uint64 if integers else np.float64)


def _cells(
    cells: NDArray[np.uint8], field: Field, order: tuple[int, ...], *, masked: bool
) -> Matrix:
    """Turn one parameter's bytes, shape (rows, width), into its values."""
    width = cells.shape[1]
    if field.kind == "A":
        return _characters(cells)
    stored = cells[:, _byte_positions(order, width)]  # least significant byte first
    if width in (1, 2, 4, 8):
        kind = "u" if field.kind == "I" else "f"
        values = np.ascontiguousarray(stored).view(f"<{kind}{width}")[:, 0]
    else:
        values = np.zeros(len(cells), np.uint64)
        for place in range(width):
            values |= stored[:, place].astype(np.uint64) << np.uint64(8 * place)
    if masked and field.mask is not None:
        values = values & values.dtype.type(field.mask)
    return values


def _byte_positions(order: tuple[int, ...], width: int) -> list[int] | slice:
    """Return where the bytes of a value stand, the least significant first."""
    if _is_plain(order):
        return slice(None) if _sign(order) == "<" else slice(None, None, -1)
    pattern = order[:width] if len(order) >= width else order
    if len(pattern) == width:
        return sorted(range(width), key=lambda i: pattern[i])
    raise ParseError(f"$BYTEORD {order} does not say how {width} bytes are ordered")


def _is_plain(order: tuple[int, ...]) -> bool:
    return list(order) in (sorted(order), sorted(order, reverse=True))


def _sign(order: tuple[int, ...]) -> str:
    return "<" if order[0] == 1 else ">"


def _characters(cells: NDArray[np.uint8]) -> Matrix:
    """Turn fixed-width decimal text into numbers."""
    words = np.ascontiguousarray(cells).view(f"S{cells.shape[1]}")[:, 0]
    return _numbers(words.tolist())


def _numbers(words: Sequence[bytes]) -> Matrix:
    try:
        return np.array([float(w) for w in words], dtype=np.float64)
    except ValueError as error:
        raise ParseError(f"DATA of $DATATYPE A: {error}, expected decimal numbers") from error


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
        yield _numbers(words[: rows * n]).reshape(rows, n)
        words, left = words[rows * n :], left - rows
        if left and not (found or rest):
            raise _ended(source)


def _packed(
    raw: bytes, layout: Layout, rows: int, columns: Sequence[int], *, masked: bool
) -> Matrix:
    """Read parameters that follow each other bit by bit.

    In big-endian files the first bit is the most significant of its byte and value, in
    little-endian files the least.
    """
    little = _sign(layout.order) == "<"
    order: Literal["little", "big"] = "little" if little else "big"
    bits = np.unpackbits(np.frombuffer(raw, np.uint8), bitorder=order)
    grid = bits[: rows * layout.event_bits].reshape(rows, layout.event_bits)
    starts = np.cumsum([0, *(f.bits for f in layout.fields)])
    out = np.empty((rows, len(columns)), _block_type(layout, columns, masked=masked))
    for at, column in enumerate(columns):
        field = layout.fields[column]
        cells = grid[:, starts[column] : starts[column + 1]]
        places = range(field.bits) if little else range(field.bits - 1, -1, -1)
        values = np.zeros(rows, np.uint64)
        for place, bit in zip(places, range(field.bits), strict=True):
            values |= cells[:, bit].astype(np.uint64) << np.uint64(place)
        keep = field.mask if masked and field.mask is not None else None
        out[:, at] = values if keep is None else values & np.uint64(keep)
    return out
