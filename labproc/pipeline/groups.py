"""Which tubes share a gate, as the study says, and the gate they share."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from labproc.errors import StudyError
from labproc.model import ROOT, Boundary, Flag, SampleKey, SharedGate
from labproc.model.flag import warning
from labproc.registry import nearest
from labproc.study import Study

if TYPE_CHECKING:
    from labproc.pipeline.results import TubeView

Outlines = Mapping[str, Mapping[str, Boundary]]
"""By the SHA-256 of a tube: each population that is shared, with the tube's own outline."""
Place = tuple[str, str, tuple[str, ...]]  # panel, population, and the group's values


def populations_of(study: Study, panel: str) -> dict[str, str]:
    """Return each population of a panel's strategy with its parent, without loading methods."""
    from gating.strategy import strategy_text

    return dict(_parents(strategy_text(study.strategy_path(study.settings.panels[panel].strategy))))


@lru_cache(maxsize=32)
def _parents(text: str) -> tuple[tuple[str, str], ...]:
    found = []
    for step in tomllib.loads(text).get("step", []):
        names = step.get("populations", step.get("population", []))
        for name in [names] if isinstance(names, str) else names:
            found.append((name, step.get("parent", ROOT)))
    return tuple(found)


def check_groups(study: Study) -> None:
    """Refuse a shared gate or an exception of a population that the panel does not have.

    Raises
    ------
    StudyError
        With the setting, the name and the nearest that exists.
    """
    for panel, settings in study.settings.panels.items():
        if not settings.shared and not settings.own:
            continue
        known = list(populations_of(study, panel))
        for name in settings.shared:
            if name not in known:
                where = f"study.toml, [panels.{panel}.shared]"
                raise StudyError(f"{where}: no population {name!r}; {nearest(name, known)}")
        for file, exceptions in settings.own.items():
            for name in exceptions:
                if name not in settings.shared:
                    where = f"study.toml, [panels.{panel}.own.{file!r}]"
                    shared = ", ".join(settings.shared) or "none"
                    raise StudyError(f"{where}: {name!r} is not shared (shared: {shared})")


def grouped(study: Study, panel: str) -> tuple[str, ...]:
    """Return the populations whose gate a panel's tubes share."""
    return tuple(sorted(study.settings.panels[panel].shared))


def is_exception(study: Study, key: SampleKey, path: str, population: str) -> bool:
    """Say whether the study gates this tube by itself, whatever its group does."""
    names = {path.casefold(), path.rpartition("/")[2].casefold()}
    own = study.settings.panels[key.panel].own
    return any(population in found for file, found in own.items() if file.casefold() in names)


def place(study: Study, key: SampleKey, plate: str, population: str) -> Place:
    """Return the group of a tube for one population."""
    by = study.settings.panels[key.panel].shared[population]
    values = {"plate": plate, "day": "" if key.day is None else f"day {key.day}"}
    return key.panel, population, tuple(values.get(n, f"{getattr(key, n, '')}") for n in by)


def shared_gates(
    study: Study, tubes: Iterable[tuple[str, str, SampleKey, str]], outlines: Outlines
) -> dict[Place, SharedGate]:
    """Return the gate of every group of two tubes or more.

    Parameters
    ----------
    tubes : iterable of (sha256, path, key, plate)
        Exceptions do not count: a tube that is not like the others must not move their gate.
    outlines : mapping
        Each tube's own gates, as far as they are known.
    """
    from gating.outlines import shared_outline

    members: dict[Place, list[Boundary]] = defaultdict(list)
    for sha256, path, key, plate in sorted(tubes, key=lambda t: t[0]):
        for population, outline in outlines.get(sha256, {}).items():
            is_grouped = population in study.settings.panels[key.panel].shared
            if is_grouped and not is_exception(study, key, path, population):
                members[place(study, key, plate, population)].append(outline)
    found = {where: shared_outline(own) for where, own in members.items()}
    return {
        where: SharedGate(outline, len(members[where]), _words(where))
        for where, outline in found.items()
        if outline is not None
    }


def _words(where: Place) -> str:
    panel, _, values = where
    return ", ".join(v for v in values if v) or f"panel {panel}"


def group_flags(
    study: Study, tubes: Sequence["TubeView"], plates: Mapping[str, str]
) -> dict[str, tuple[Flag, ...]]:
    """Hold every tube's own gate against its group's.

    Parameters
    ----------
    plates : mapping
        The plate of each file, by its SHA-256.

    Returns
    -------
    dict
        By SHA-256 the tubes whose own gate is off its group.
    """
    from gating.outlines import off_group

    own = [(t, name, outline) for t in tubes for name, outline in t.own.items()]
    groups: dict[Place, dict[str, Boundary]] = defaultdict(dict)
    for tube, name, outline in own:
        if name in study.settings.panels[tube.key.panel].shared:
            sha256 = tube.source.sha256
            groups[place(study, tube.key, plates.get(sha256, ""), name)][sha256] = outline
    off: dict[str, list[Flag]] = defaultdict(list)
    for where, outlines in groups.items():
        for sha256, words in off_group(outlines).items():
            off[sha256].append(warning("gate_off_group", f"{where[1]}: {words} ({_words(where)})"))
    return {sha256: tuple(flags) for sha256, flags in off.items()}
