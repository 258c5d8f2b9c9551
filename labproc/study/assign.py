"""Whose cells a file holds: what its name says, corrected by the sheet; never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labproc.errors import StudyError
from labproc.model import Flag, Role, SampleKey
from labproc.model.flag import info
from labproc.registry import nearest
from labproc.study.patterns import Pattern, read_date, read_day, read_name
from labproc.study.settings import Settings
from labproc.study.sheets import SheetRow

KEY_FIELDS = ("donor", "experiment", "arm", "day", "replicate", "panel", "role")
# a control tube may belong to no arm and no day of its own
NEEDED = {Role.SAMPLE: ("donor", "arm", "day", "panel"), Role.UNTRANSDUCED: ("donor", "panel")}


@dataclass(frozen=True, slots=True)
class Found:
    """A file of ``raw/`` as it can be told apart: its path there, and what its head says."""

    path: str
    plate: str = ""
    well: str = ""
    tube: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Whose cells a file or a qPCR sample holds; ``key`` is None where that is not known.

    ``sheet`` is its row in ``samples.csv``; ``missing`` names what neither name nor sheet says.
    """

    key: SampleKey | None
    sheet: SheetRow | None = None
    missing: tuple[str, ...] = ()
    reason: str = ""
    flags: tuple[Flag, ...] = ()

    def number(self, column: str) -> float | None:
        """Return a number from the row in the sheet, None where there is none."""
        return self.sheet.number(column, low=0.0) if self.sheet else None


@dataclass(frozen=True, slots=True)
class Assigner:
    """Reads names and sheet rows into sample keys."""

    settings: Settings
    file_patterns: tuple[Pattern, ...]
    sample_patterns: tuple[Pattern, ...]
    rows: tuple[SheetRow, ...]
    patient_arms: Mapping[str, str]
    day_zero: date | None

    def assign(self, found: Found) -> Assignment:
        """Say whose cells a file holds."""
        row = self._row(found)
        said = dict(read_name(found.path, self.file_patterns) or {})
        if found.date and "date" not in said:
            said["date"] = found.date
        said["well"] = found.well
        return self._assignment(said, row, found.path)

    def assign_sample(self, name: str) -> Assignment:
        """Say whose DNA a qPCR sample is, by its name."""
        row = next((r for r in self.rows if r.get("sample") == name), None)
        said = dict(read_name(name, self.sample_patterns) or {})
        said["panel"] = "qpcr"
        return self._assignment(said, row, name)

    def _row(self, found: Found) -> SheetRow | None:
        path = found.path.casefold()
        for row in self.rows:
            if row.get("file").replace("\\", "/").casefold() == path and path:
                return row
            plate, well = row.get("plate"), row.get("well")
            if well and (plate, well) == (found.plate, found.well) and not row.get("file"):
                return row
        return None

    def _assignment(
        self, said: Mapping[str, str | None], row: SheetRow | None, name: str
    ) -> Assignment:
        words = {k: (v or "") for k, v in said.items()}
        if row is not None:
            words |= {f: row.get(f) for f in (*KEY_FIELDS, "well") if row.get(f)}
        where = row.where if row else name
        role = _role(words.get("role", ""), where)
        arm = self._arm(words)
        day, flags = self._day(words, where)
        panel = self._panel(words.get("panel", ""))
        key = SampleKey(
            words.get("donor", ""),
            words.get("experiment", ""),
            arm or "",
            day,
            words.get("replicate", ""),
            panel or "",
            words.get("well", ""),
            role,
        )
        missing = self._missing(key, words)
        if missing:
            return Assignment(None, row, missing, _reason(name, missing, words, self), flags)
        return Assignment(key, row, flags=flags)

    def _arm(self, words: Mapping[str, str]) -> str | None:
        word = words.get("arm", "")
        if not word:
            return self.patient_arms.get(words.get("donor", ""), "")
        names = {name.casefold(): name for name in self.settings.arms}
        for name, arm in self.settings.arms.items():
            names |= {alias.casefold(): name for alias in arm.aliases}
        return names.get(word.casefold())

    def _panel(self, word: str) -> str | None:
        names = {"qpcr": "qpcr", **{name.casefold(): name for name in self.settings.panels}}
        return names.get(word.casefold())

    def _day(self, words: Mapping[str, str], where: str) -> tuple[int | None, tuple[Flag, ...]]:
        if text := words.get("day", ""):
            day = read_day(text)
            if day is None:
                raise StudyError(f"{where}: day is {text!r}, expected whole days such as 7 or d07")
            return day, _visit_flag(text, day)
        when = read_date(words.get("date", ""))
        if when is None or self.day_zero is None:
            return None, ()
        return (when - self.day_zero).days, ()

    def _missing(self, key: SampleKey, words: Mapping[str, str]) -> tuple[str, ...]:
        has_arms = bool(self.settings.arms)
        empty = {
            "donor": not key.donor,
            "arm": (not key.arm and has_arms) or (bool(words.get("arm")) and not key.arm),
            "day": key.day is None,
            "panel": not key.panel,
        }
        return tuple(name for name in NEEDED.get(key.role, ("panel",)) if empty[name])


def _visit_flag(text: str, day: int) -> tuple[Flag, ...]:
    word = text.strip()
    if word[:1].isdigit() or word.casefold().startswith(("d", "-", "+")):
        return ()
    return (info("visit_as_day", f"visit {word!r} is taken as day {day}"),)


def _role(word: str, where: str) -> Role:
    try:
        return Role(word.strip().casefold() or "sample")
    except ValueError:
        hint = nearest(word, [r.value for r in Role])
        raise StudyError(f"{where}: role is {word!r}; {hint}") from None


def _reason(name: str, missing: Sequence[str], words: Mapping[str, str], assigner: Assigner) -> str:
    """Say what is missing and, where a word is there but unknown, which one was meant."""
    known = {"arm": list(assigner.settings.arms), "panel": list(assigner.settings.panels)}
    strange = [
        f"{part} {words[part]!r} is not in study.toml ({nearest(words[part], known[part])})"
        for part in ("arm", "panel")
        if part in missing and words.get(part)
    ]
    what = "; ".join(strange) or f"{', '.join(missing)} not known"
    return f"{name}: {what}; add it to samples.csv, or a pattern to study.toml that says it"
