"""What a TOML beside a patient table says of its columns, infusions and doses."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labproc.errors import SettingsError

if TYPE_CHECKING:
    from labproc.cohort.dosing import Protocol
    from labproc.cohort.infusion import Infusion

APART = ("dosing", "infusion")
"""Tables of the TOML that are about no column."""
TESTS = ("fisher", "chi_square", "boschloo")


@dataclass(frozen=True, slots=True)
class Given:
    """The settings of a cohort: of its columns, and the tables ``[dosing]`` and ``[infusion]``."""

    columns: dict[str, Any] = field(default_factory=dict)
    test: str = "fisher"
    landmarks: tuple[float, ...] = ()
    dosing: Mapping[str, Any] = field(default_factory=dict)
    infusion: Mapping[str, Any] = field(default_factory=dict)


def read_given(table: Path, roles: Path | None) -> Given:
    """Read the TOML that was named, the one beside the table, or the study's.

    Raises
    ------
    SettingsError
        If it cannot be read or a part of it is no table.
    """
    beside = (table.with_suffix(".toml"), table.with_name("study.toml"))
    path = roles or next((p for p in beside if p.is_file()), None)
    if path is None:
        return Given()
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name}: {error}, expected a TOML file") from error
    flat = {k: v for k, v in said.items() if k not in APART}
    inner = said.get("cohort", {} if path.name == "study.toml" else flat)
    parts = {"cohort": inner, **{name: said.get(name, {}) for name in APART}}
    for name, part in parts.items():
        if not isinstance(part, dict):
            raise SettingsError(f"{path.name}: {name} is {part!r}, expected a table [{name}]")
    columns = {key: value for key, value in inner.items() if value not in ("", [])}
    return Given(
        columns,
        _test(path.name, columns.pop("test", TESTS[0])),
        _landmarks(path.name, columns.pop("landmark", [])),
        parts["dosing"],
        parts["infusion"],
    )


def _test(name: str, said: object) -> str:
    from labproc.registry import nearest

    if said not in TESTS:
        raise SettingsError(f"{name}, test: {nearest(str(said), list(TESTS))}")
    return str(said)


def _landmarks(name: str, said: object) -> tuple[float, ...]:
    given: list[object] = said if isinstance(said, list) else [said]
    days = [d for d in given if isinstance(d, int | float) and not isinstance(d, bool) and d >= 0]
    if len(days) < len(given):
        raise SettingsError(f"{name}, landmark: {said!r}, expected days of 0 or more")
    return tuple(map(float, days))


def protocol_of(given: Given, limits: Sequence[str]) -> "Protocol":
    """Return the protocol with the settings of ``[dosing]`` and of ``--limit``, which wins.

    Raises
    ------
    SettingsError
        If a name is no limit, or a value no number of 0 or more.
    """
    from labproc.cohort.dosing import Protocol
    from labproc.registry import nearest

    said = dict(given.dosing)
    for text in limits:
        name, _, value = text.partition("=")
        said[name.strip()] = value
    known = [one.name for one in fields(Protocol)]
    values: dict[str, float] = {}
    for name, value in said.items():
        if name not in known:
            raise SettingsError(f"[dosing]: no setting {name!r}; {nearest(name, known)}")
        values[name] = _limit(name, value)
    whole = {n: int(v) if n in ("days_on", "cycle_days") else v for n, v in values.items()}
    return Protocol(**whole)  # type: ignore[arg-type]  # days are the only integers


def _limit(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise SettingsError(f"[dosing] {name}: {value!r}, expected a number") from error
    if not 0 <= number < float("inf"):
        raise SettingsError(f"[dosing] {name}: {value}, expected a number of 0 or more")
    return number


def infusion_of(given: Given, percent: str | None, day_zero: str | None) -> "Infusion":
    """Return how the cells were given; the options win over ``[infusion]``.

    Raises
    ------
    SettingsError
        If the parts are no numbers or do not add up to 100 %.
    """
    from labproc.cohort.infusion import read_infusion

    said = dict(given.infusion)
    if percent:
        try:
            said["percent"] = [float(part) for part in percent.split(",")]
        except ValueError as error:
            message = f"--infusion {percent}: expected parts in percent such as 10,30,60"
            raise SettingsError(message) from error
    if day_zero:
        said["day_zero"] = day_zero
    return read_infusion(said)
