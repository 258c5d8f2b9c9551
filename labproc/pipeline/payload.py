"""Frozen dataclasses to bytes and back: JSON for the values, npz for the arrays, never pickle."""

import dataclasses
import io
import json
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
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
        result: T = _from_plain(kind, plain, archive)
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


def _from_plain(kind: Any, plain: Any, archive: Any) -> Any:
    origin = typing.get_origin(kind)
    if origin in (types.UnionType, typing.Union):
        return _from_union(kind, plain, archive)
    if kind is np.ndarray or origin is np.ndarray:
        return archive[plain]
    if origin is tuple:
        return _from_tuple(typing.get_args(kind), plain, archive)
    if origin is not None and issubclass(origin, Mapping):
        of = typing.get_args(kind)[1]
        return {k: _from_plain(of, v, archive) for k, v in plain.items()}
    if isinstance(kind, type):
        return _from_type(kind, plain, archive)
    return plain


def _from_union(kind: Any, plain: Any, archive: Any) -> Any:
    """Read an optional value; of ``float | str`` JSON already knows which it is."""
    if plain is None:
        return None
    options = [k for k in typing.get_args(kind) if k is not type(None)]
    return _from_plain(options[0], plain, archive) if len(options) == 1 else plain


def _from_tuple(args: tuple[Any, ...], plain: Any, archive: Any) -> tuple[Any, ...]:
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_from_plain(args[0], v, archive) for v in plain)
    return tuple(_from_plain(k, v, archive) for k, v in zip(args, plain, strict=True))


def _from_type(kind: type[Any], plain: Any, archive: Any) -> Any:
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{k: _from_plain(hints[k], v, archive) for k, v in plain.items()})
    if issubclass(kind, datetime):
        return datetime.fromisoformat(plain)
    if issubclass(kind, (Enum, Path)):
        return kind(plain)
    return kind(plain) if kind is float and plain is not None else plain


@lru_cache(maxsize=128)
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


@lru_cache(maxsize=128)
def _hints(kind: type[Any]) -> dict[str, Any]:
    return typing.get_type_hints(kind)
