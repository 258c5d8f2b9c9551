"""study.toml found and read: every wrong key named with its line and the nearest right one."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labproc.errors import StudyError
from labproc.registry import nearest
from labproc.study.settings import Settings
from labproc.study.where import key_lines, line_of


def find_settings(folder: Path) -> Path:
    """Return a folder's ``study.toml``; a folder that holds none is refused."""
    path = folder / "study.toml"
    if path.is_file():
        return path
    if not folder.is_dir():
        raise StudyError(f"{folder}: no such folder, expected a study that holds study.toml")
    near = sorted(p.name for p in folder.glob("*.toml"))
    hint = f"; found {', '.join(map(repr, near))}" if near else ""
    raise StudyError(
        f"{folder}: no study.toml{hint}; `labproc new {folder.name}` makes a study with one"
    )


def read_settings(path: Path) -> Settings:
    """Read ``study.toml``; every wrong key is named with its line and the nearest right one."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return Settings.model_validate(tomllib.loads(text))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StudyError(f"{path.name}: {reason}, expected a readable file") from error
    except UnicodeDecodeError as error:
        raise StudyError(
            f"{path.name}: byte {error.start} is not UTF-8, expected UTF-8; save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{path.name}: {error}, expected TOML") from error
    except ValidationError as error:
        lines = [_say(path.name, key_lines(text), one) for one in error.errors()]
        raise StudyError("\n".join(lines)) from None


def _say(name: str, lines: Mapping[tuple[str, ...], int], error: Any) -> str:
    """Return one line for one wrong key."""
    place = [str(part) for part in error["loc"]]
    key = ".".join(place)
    line = line_of(lines, place)
    where = f"{name}, line {line}" if line else name
    if error["type"] == "extra_forbidden":
        return f"{where}: no setting is called {key!r}; {nearest(place[-1], _known_keys(place))}"
    if error["type"] == "missing":
        return f"{where}: {key} is missing, expected it to be set"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where}: {key} is {error['input']!r}, {message[:1].lower()}{message[1:]}"


def _known_keys(place: list[str]) -> list[str]:
    """Return the keys that are known where a wrong one stands."""
    model: Any = Settings
    for part in place[:-1]:
        fields = getattr(model, "model_fields", {})
        model = _model_within(fields[part].annotation) if part in fields else model
    return list(getattr(model, "model_fields", {}))


def _model_within(annotation: Any) -> Any:
    """Return the settings class inside ``dict[str, X]`` or ``X | None``."""
    if hasattr(annotation, "model_fields"):
        return annotation
    inner = [a for a in getattr(annotation, "__args__", ()) if hasattr(a, "model_fields")]
    return inner[0] if inner else annotation
