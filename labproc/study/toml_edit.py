"""study.toml edited by a program: only what differs is touched, comments and order stay."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from labproc.errors import StudyError
from labproc.formats.drafts import write_whole
from labproc.study.settings import Settings

NAME = "study.toml"
Keys = tuple[str, ...]


def read_values(folder: Path) -> dict[str, Any]:
    """Return study.toml as plain values; nothing where there is no such file."""
    path = folder / NAME
    return tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.is_file() else {}


def edited(text: str, changes: Mapping[Keys, Any]) -> str:
    r"""Return TOML with some values changed; None takes a key away.

    Examples
    --------
    >>> print(edited('[study]\ntitle = "A"  # mine\n', {("study", "title"): "B"}), end="")
    [study]
    title = "B"  # mine
    """
    import tomlkit

    document = tomlkit.parse(text)
    for keys, value in changes.items():
        table: Any = document
        for key in keys[:-1]:
            if key not in table:
                if value is None:
                    break
                table[key] = tomlkit.table(is_super_table=key in ("arms", "panels"))
            table = table[key]
        else:
            _put(table, keys[-1], value)
    return tomlkit.dumps(document)


def _put(table: Any, key: str, value: Any) -> None:
    """Set one value where it differs, its comment kept, or take it away."""
    import tomlkit

    if value is None:
        table.pop(key, None)
        return
    old = table.get(key)
    if old is not None and getattr(old, "unwrap", lambda: old)() == value:
        return
    new = tomlkit.item(value)
    if old is not None and hasattr(old, "trivia") and hasattr(new, "trivia"):
        new.trivia.comment, new.trivia.comment_ws = old.trivia.comment, old.trivia.comment_ws
    table[key] = new


def wrong_settings(text: str) -> dict[Keys, str]:
    """Return what is wrong with settings by their key; nothing where they can be used."""
    try:
        Settings.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return {(): str(error)}
    except ValidationError as error:
        return {
            tuple(map(str, one["loc"])): one["msg"].removeprefix("Value error, ")
            for one in error.errors()
        }
    return {}


def write_settings(folder: Path, text: str) -> None:
    """Write study.toml, whole or not at all.

    Raises
    ------
    StudyError
        If a setting cannot be used; nothing is written then.
    """
    for keys, said in wrong_settings(text).items():
        raise StudyError(f"{NAME}: {'.'.join(keys) or 'text'}: {said}")
    write_whole(folder / NAME, text, durable=True)
