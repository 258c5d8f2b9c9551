"""The bytes of some events to numbers: any datatype, width and byte order."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from labproc.errors import ParseError
from labproc.formats.fcs.layout import WORDS, Field, Layout, is_plain

EXACT_FLOAT32_BITS = 24  # integers up to 2**24 are exact in float32

Matrix = NDArray[Any]


def value_type(layout: Layout, columns: Sequence[int] | None = None) -> np.dtype[Any]:
    """Return float32 where every stored value is exact in it, else float64."""
    fields = layout.fields if columns is None else [layout.fields[c] for c in columns]
    return np.dtype(np.float32 if all(_is_exact(f) for f in fields) else np.float64)


def _is_exact(field: Field) -> bool:
    if field.kind == "I":
        return (field.mask or (1 << field.bits) - 1).bit_length() <= EXACT_FLOAT32_BITS
    return field.kind == "F"


def decode(
    raw: bytes, layout: Layout, rows: int, columns: Sequence[int], *, masked: bool = True
) -> Matrix:
    """Turn the bytes of some events into numbers, shape (rows, len(columns))."""
    if layout.is_packed:
        return _packed(raw, layout, rows, columns, masked=masked)
    if (word := uniform_type(layout)) is not None:
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
    if is_plain(order):
        return slice(None) if _sign(order) == "<" else slice(None, None, -1)
    return sorted(range(width), key=lambda place: order[place])


def _sign(order: tuple[int, ...]) -> str:
    return "<" if order[0] == 1 else ">"


def _characters(cells: NDArray[np.uint8]) -> Matrix:
    """Turn fixed-width decimal text into numbers."""
    words = np.ascontiguousarray(cells).view(f"S{cells.shape[1]}")[:, 0]
    return numbers(words.tolist())


def numbers(words: Sequence[bytes]) -> Matrix:
    """Turn decimal text into numbers."""
    try:
        return np.array([float(w) for w in words], dtype=np.float64)
    except ValueError as error:
        raise ParseError(f"DATA of $DATATYPE A: {error}, expected decimal numbers") from error


def uniform_type(layout: Layout) -> np.dtype[Any] | None:
    """Return the one type of all parameters where numpy knows it, else None."""
    kinds = {(f.kind, f.bits) for f in layout.fields}
    kind, bits = next(iter(kinds))
    if len(kinds) > 1 or kind == "A" or bits not in WORDS or not is_plain(layout.order):
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
