"""Frozen dataclasses to bytes and back: JSON for the values, npz for the arrays, never pickle."""

import dataclasses
import io
import json
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
Reader = Callable[[Any, Any], Any]  # plain value and archive of arrays to the value it was
_AS_THEY_ARE = frozenset({str, int, float, bool})
_JSON = "json"  # the archive's member that holds everything but the arrays


def encode(value: object) -> bytes:
    """Return a dataclass as bytes: an npz archive whose first member is its JSON."""
    arrays: dict[str, NDArray[Any]] = {}
    plain = _to_plain(value, arrays)
    text = np.frombuffer(json.dumps(plain, ensure_ascii=False).encode(), dtype=np.uint8)
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **{_JSON: text}, **arrays)
    return out.getvalue()


def decode(data: bytes, kind: type[T]) -> T:
    """Return the dataclass of type ``kind`` that ``encode`` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        plain = json.loads(archive[_JSON].tobytes().decode())
        read: Reader = _reader(typing.cast("Any", kind))
        result: T = read(plain, archive)
        return result


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
    """The name of an array in the archive: told apart from a text that looks like one."""

    __slots__ = ()


def _to_plain(value: Any, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, np.ndarray):
        name = _ArrayName(f"a{len(arrays)}")
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
        return lambda plain, archive: archive[plain]
    if origin is tuple:
        return _tuple_reader(typing.get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        of = _reader(typing.get_args(kind)[1])
        return lambda plain, archive: {k: of(v, archive) for k, v in plain.items()}
    return _type_reader(kind) if isinstance(kind, type) else _as_it_is


def _as_it_is(plain: Any, archive: Any) -> Any:
    return plain


def _union_reader(kind: Any) -> Reader:
    """Read an optional value; of ``float | str`` JSON already knows which it is."""
    options = [k for k in typing.get_args(kind) if k is not type(None)]
    if len(options) > 1:
        return _as_it_is
    of = _reader(options[0])
    return lambda plain, archive: None if plain is None else of(plain, archive)


def _tuple_reader(args: tuple[Any, ...]) -> Reader:
    if len(args) == 2 and args[1] is Ellipsis:
        of = _reader(args[0])
        return lambda plain, archive: tuple(of(v, archive) for v in plain)
    each = [_reader(k) for k in args]
    return lambda plain, archive: tuple(
        read(v, archive) for read, v in zip(each, plain, strict=True)
    )


def _type_reader(kind: type[Any]) -> Reader:
    if dataclasses.is_dataclass(kind):
        of = {name: _reader(hint) for name, hint in _hints(kind).items()}
        return lambda plain, archive: kind(**{k: of[k](v, archive) for k, v in plain.items()})
    if issubclass(kind, datetime):
        return lambda plain, archive: datetime.fromisoformat(plain)
    if issubclass(kind, (Enum, Path)):
        return lambda plain, archive: kind(plain)
    if kind is float:
        return lambda plain, archive: plain if plain is None else float(plain)
    return _as_it_is


@lru_cache(maxsize=128)
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


@lru_cache(maxsize=128)
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)
