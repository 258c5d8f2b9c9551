"""Frozen dataclasses to bytes and back: JSON for the values, plain bytes for arrays, no pickle.

A payload is ``MAGIC`` and a zlib stream: the length of the JSON (8 bytes), the JSON, and each array
from the next multiple of 8 on. Stores of before 2026-11-28 hold npz archives; they are read too.
"""

import dataclasses
import io
import json
import types
import typing
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Arrays = Mapping[str, NDArray[Any]]
Reader = Callable[[Any, Arrays], Any]  # plain value and arrays to the value it was
_AS_THEY_ARE = frozenset({str, int, float, bool})
_JSON = "json"  # the member of an npz archive that holds everything but the arrays
MAGIC = b"labproc1"
PLACE = 8  # bytes: where the length stands, and what arrays begin at a multiple of
LEVEL = 1  # level 6 takes three times as long and saves a tenth


def encode(value: object) -> bytes:
    """Return a dataclass as bytes."""
    arrays: dict[str, NDArray[Any]] = {}
    plain = _to_plain(value, arrays)
    kinds = [(array.dtype.str, array.shape) for array in arrays.values()]
    text = json.dumps({"value": plain, "arrays": kinds}, ensure_ascii=False).encode()
    pieces = [len(text).to_bytes(PLACE, "little"), text]
    pieces += [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    padded = (piece + bytes(-len(piece) % PLACE) for piece in pieces)
    return MAGIC + zlib.compress(b"".join(padded), LEVEL)


def decode(data: bytes, kind: type[T]) -> T:
    """Return the dataclass of type ``kind`` that ``encode`` wrote."""
    plain, arrays = _unpacked(data) if data.startswith(MAGIC) else _unzipped(data)
    read: Reader = _reader(typing.cast("Any", kind))
    result: T = read(plain, arrays)
    return result


def _unpacked(data: bytes) -> tuple[Any, Arrays]:
    content = zlib.decompress(data[len(MAGIC) :])
    length = int.from_bytes(content[:PLACE], "little")
    head = json.loads(content[PLACE : PLACE + length])
    return head["value"], dict(_laid_out(content, PLACE + length, head["arrays"]))


def _laid_out(content: bytes, at: int, kinds: Any) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays, named as in the JSON; they cannot be written to."""
    for number, (dtype, shape) in enumerate(kinds):
        at += -at % PLACE
        count = int(np.prod(shape, dtype=np.int64))
        array = np.frombuffer(content, np.dtype(dtype), count, at)
        at += array.nbytes
        yield _array_name(number), array.reshape(shape)


def _unzipped(data: bytes) -> tuple[Any, Arrays]:
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    return json.loads(arrays.pop(_JSON).tobytes().decode()), arrays


def plain_json(value: object) -> Any:
    """Return a dataclass as dicts, lists and scalars, arrays written out as lists."""
    arrays: dict[str, NDArray[Any]] = {}
    plain = _to_plain(value, arrays)
    return _inline(plain, {name: array.tolist() for name, array in arrays.items()})


def _inline(plain: Any, arrays: Mapping[str, Any]) -> Any:
    if isinstance(plain, dict):
        return {k: _inline(v, arrays) for k, v in plain.items()}
    if isinstance(plain, list):
        return [_inline(v, arrays) for v in plain]
    if isinstance(plain, _ArrayName):
        return arrays[plain]
    return plain


class _ArrayName(str):
    """The name of an array in the arrays: told apart from a text that looks like one."""

    __slots__ = ()


def _array_name(number: int) -> _ArrayName:
    return _ArrayName(f"a{number}")


def _to_plain(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, np.ndarray):
        name = _array_name(len(arrays))
        arrays[name] = value
        return name
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _to_plain(getattr(value, name), arrays) for name in _names(type(value))}
    if isinstance(value, Mapping):
        return {str(k): _to_plain(v, arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_to_plain(v, arrays) for v in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value


@lru_cache(maxsize=512)
def _reader(kind: Any) -> Reader:
    """Return what reads a value of a type back: a type is looked at once, its values often."""
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _union_reader(kind)
    if kind is np.ndarray or origin is np.ndarray:
        return lambda plain, arrays: arrays[plain]
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        of = _reader(typing.get_args(kind)[1])
        return lambda plain, arrays: {k: of(v, arrays) for k, v in plain.items()}
    return _type_reader(kind) if isinstance(kind, type) else _as_it_is


def _as_it_is(plain: Any, arrays: Any) -> Any:
    return plain


def _union_reader(kind: Any) -> Reader:
    """Read an optional value; of ``float | str`` JSON already knows which it is."""
    options = [k for k in typing.get_args(kind) if k is not type(None)]
    if len(options) > 1:
        return _as_it_is
    of = _reader(options[0])
    return lambda plain, arrays: None if plain is None else of(plain, arrays)


def _tuple_reader(args: tuple[Any, ...]) -> Reader:
    if len(args) == 2 and args[1] is Ellipsis:
        of = _reader(args[0])
        return lambda plain, arrays: tuple(of(v, arrays) for v in plain)
    each = [_reader(k) for k in args]
    return lambda plain, arrays: tuple(read(v, arrays) for read, v in zip(each, plain, strict=True))


def _type_reader(kind: type[Any]) -> Reader:
    if dataclasses.is_dataclass(kind):
        of = {name: _reader(hint) for name, hint in _hints(kind).items()}
        return lambda plain, arrays: kind(**{k: of[k](v, arrays) for k, v in plain.items()})
    if issubclass(kind, datetime):
        return lambda plain, arrays: datetime.fromisoformat(plain)
    if issubclass(kind, (Enum, Path)):
        return lambda plain, arrays: kind(plain)
    if kind is float:
        return lambda plain, arrays: plain if plain is None else float(plain)
    return _as_it_is


@lru_cache(maxsize=128)
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


@lru_cache(maxsize=128)
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)
