"""Gating strategies: TOML that a scientist reads, copies and changes."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from gating._matrices import check_compensation, read_matrices
from gating._step_checks import check_named, check_step
from gating.channel_names import FILE
from gating.compensation import UNCOMPENSATED
from gating.transforms import parse_transform
from labproc.errors import SettingsError, StrategyError, UnknownName
from labproc.model import ROOT, Spillover
from labproc.registry import nearest

Option = float | str | bool | tuple[Any, ...]
STEP_KEYS = (
    "population",
    "populations",
    "parent",
    "method",
    "channels",
    "or_channels",
    "control",
    "scales",
    "watch",
    "compensation",
)
KEYS = ("title", "compensation", "spillover", "step")


@dataclass(frozen=True, slots=True)
class Step:
    """One gate (or one cross of four): what it makes, from which parent, on which channels.

    ``channels`` are markers, roles (``forward``, ``side``) or detectors; ``or_channels`` are tried
    where the first are not in the panel, and ``watch`` are used besides, where the panel has them.
    ``scales`` are the display scales of a drawn gate. An ``optional`` step is left out where its
    channels are not there. ``control`` names the roles of the tubes the gate leans on, the best
    first. ``compensation`` stands where single channels are compensated otherwise than the rest.
    """

    populations: tuple[str, ...]
    method: str
    channels: tuple[str, ...] = ()
    parent: str = ROOT
    or_channels: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    scales: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    compensation: tuple[str, ...] = ()
    optional: bool = False
    options: Mapping[str, Option] = field(default_factory=dict)

    def names(self, option: str) -> tuple[str, ...]:
        """Return the populations that an option names, one or several."""
        return names_in(self.options.get(option, ()))


def names_in(said: object) -> tuple[str, ...]:
    """Return the names that an option holds: a text is one name, a list are several."""
    if isinstance(said, str):
        return (said,) if said else ()
    return tuple(str(name) for name in said) if isinstance(said, (tuple, list)) else ()


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named list of steps, parents before children, with the hash of its text.

    ``compensation`` is ``file`` (the file's own spillover, or what the study says in its place),
    ``none``, or the name of one of ``matrices``, on which the gates were drawn.
    """

    name: str
    steps: tuple[Step, ...]
    title: str = ""
    text: str = field(default="", repr=False, compare=False)
    compensation: str = FILE
    matrices: Mapping[str, Spillover] = field(default_factory=dict)

    def spillover(self, given: Spillover | None = None) -> Spillover | None:
        """Return the matrix to compensate with; None leaves it to the file.

        ``given`` stands for the file's own; a matrix of the strategy is part of its gates.
        """
        if self.compensation == FILE:
            return given
        return self.matrices.get(self.compensation, UNCOMPENSATED)

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text: the version of the strategy."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def populations(self) -> tuple[str, ...]:
        """Every population, parents before children."""
        return tuple(p for step in self.steps for p in step.populations)


def shipped() -> list[str]:
    """Return the names of the strategies that come with labproc."""
    folder = resources.files("gating") / "strategies"
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml"))


def load_strategy(name_or_path: str | Path) -> Strategy:
    """Read a shipped strategy by its name, or one of the user's by its path.

    Raises
    ------
    StrategyError
        If there is none of that name, or a step cannot be read; the message names the step.
    """
    return parse_strategy(strategy_text(name_or_path), name=Path(name_or_path).stem)


def strategy_text(name_or_path: str | Path) -> str:
    """Return a strategy's text as it stands, without reading its steps."""
    wanted = str(name_or_path)
    if wanted in shipped():
        return (resources.files("gating") / "strategies" / f"{wanted}.toml").read_text("utf-8")
    path = Path(name_or_path)
    if path.suffix != ".toml" and not path.is_file():
        raise StrategyError(f"strategy {wanted!r}: not one of ours, {nearest(wanted, shipped())}")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise StrategyError(f"strategy {wanted}: {reason}, expected a readable file") from error


def parse_strategy(text: str, *, name: str) -> Strategy:
    """Read a strategy from its text; every wrong key is named with its step."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StrategyError(f"strategy {name}: not TOML: {error}") from error
    unknown = set(document) - set(KEYS)
    if unknown:
        found = sorted(unknown)[0]
        raise StrategyError(
            f"strategy {name}: found key {found!r}, expected 'title', 'compensation', "
            "[spillover.NAME] and [[step]]"
        )
    rows = document.get("step", [])
    if not isinstance(rows, list) or not rows:
        raise StrategyError(f"strategy {name}: no steps, expected at least one [[step]]")
    steps = tuple(_read_step(name, number, row) for number, row in enumerate(rows, 1))
    _check_parents(name, steps)
    matrices = read_matrices(name, document.get("spillover", {}))
    compensation = str(document.get("compensation", FILE))
    words = {s.populations[0]: s.compensation for s in steps}
    check_compensation(name, compensation, matrices, words)
    title = str(document.get("title", name))
    return Strategy(name, steps, title, text, compensation, matrices)


def _read_step(strategy: str, number: int, row: Any) -> Step:
    # methods bring scipy with them: a run that has nothing to do needs a strategy's text only
    from gating.methods import METHODS

    where = f"strategy {strategy}, step {number}"
    if not isinstance(row, dict):
        raise StrategyError(f"{where}: found {row!r}, expected a table [[step]]")
    populations = _words(where, row, "populations") or _words(where, row, "population")
    if not populations:
        raise StrategyError(f'{where}: no population, expected population = "..."')
    where = f"strategy {strategy}, step {populations[0]!r}"
    method = str(row.get("method", ""))
    try:
        METHODS.get(method)
    except UnknownName as error:
        raise StrategyError(f"{where}: {error}") from None
    _one_for_each_channel(where, row, "compensation", may_be_one=True)
    options = {k: _option(v) for k, v in row.items() if k not in (*STEP_KEYS, "optional")}
    _check_options(where, method, options)
    step = Step(
        populations=populations,
        method=method,
        channels=_words(where, row, "channels"),
        parent=str(row.get("parent", ROOT)),
        or_channels=_words(where, row, "or_channels"),
        control=_words(where, row, "control"),
        scales=_scales(where, row),
        watch=_words(where, row, "watch"),
        compensation=_words(where, row, "compensation"),
        optional=bool(row.get("optional", False)),
        options=options,
    )
    check_step(where, step)
    return step


def _words(where: str, row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = row.get(key, [])
    words = [found] if isinstance(found, str) else found
    if not isinstance(words, list) or not all(isinstance(w, str) for w in words):
        raise StrategyError(f"{where}: {key} is {found!r}, expected text or a list of texts")
    return tuple(words)


def _scales(where: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the display scales of a drawn gate, one for each channel, checked."""
    specs = _one_for_each_channel(where, row, "scales")
    try:
        return tuple(parse_transform(s).spec for s in specs)
    except SettingsError as error:
        raise StrategyError(f"{where}: {error}") from None


def _one_for_each_channel(
    where: str, row: Mapping[str, Any], key: str, *, may_be_one: bool = False
) -> tuple[str, ...]:
    words, n = _words(where, row, key), len(_words(where, row, "channels"))
    if words and len(words) != n and not (may_be_one and len(words) == 1):
        raise StrategyError(f"{where}: {len(words)} {key}, expected one for each channel")
    return words


def _option(value: Any) -> Option:
    if isinstance(value, list):
        return tuple(_option(v) for v in value)
    return value if isinstance(value, (bool, str)) else float(value)


def _check_options(where: str, method: str, options: Mapping[str, Option]) -> None:
    from gating.methods import METHODS

    known = METHODS.get(method).options
    for key in options:
        if key not in known:
            hint = nearest(key, [*known, *STEP_KEYS, "optional"])
            raise StrategyError(f"{where}: method {method!r} has no option {key!r}; {hint}")


def _check_parents(name: str, steps: tuple[Step, ...]) -> None:
    known = [ROOT]
    for step in steps:
        where = f"strategy {name}, step {step.populations[0]!r}"
        if step.parent not in known:
            hint = nearest(step.parent, known)
            raise StrategyError(f"{where}: parent {step.parent!r} is not made before it; {hint}")
        twice = [p for p in step.populations if p in known]
        if twice:
            raise StrategyError(f"{where}: population {twice[0]!r} is made twice")
        check_named(where, step, known)
        known.extend(step.populations)
