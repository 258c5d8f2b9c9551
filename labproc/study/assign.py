"""Whose cells a file holds: what its name says, corrected by the sheet; never guessed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labproc.errors import StudyError
from labproc.model import Flag, Role, SampleKey
from labproc.model.flag import info, review
from labproc.registry import nearest
from labproc.study.patterns import Pattern, doubtful_parts, read_date, read_day, read_name
from labproc.study.plates import well_name
from labproc.study.settings import Settings
from labproc.study.sheets import SheetRow

KEY_FIELDS = ("donor", "experiment", "arm", "day", "replicate", "panel", "role")
NUMBERS = ("sample_ul", "final_ul", "manual_count_per_ml", "bead_count", "dna_ng")
Words = dict[str, str]
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

    def text(self, column: str) -> str:
        """Return a cell from the row in the sheet, empty where there is none."""
        return self.sheet.get(column) if self.sheet else ""

    def number(self, column: str) -> float | None:
        """Return a number from the row in the sheet, None where there is none."""
        return self.sheet.number(column, low=0.0) if self.sheet else None


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of samples.csv and of the plate grids, found by what they name."""

    by_file: Mapping[str, SheetRow]
    by_well: Mapping[tuple[str, str], SheetRow]
    by_sample: Mapping[str, SheetRow]

    @classmethod
    def of(cls, rows: Iterable[SheetRow], plates: Iterable[SheetRow] = ()) -> "Rows":
        """File the rows; where both speak of a well, samples.csv wins."""
        listed = list(rows)
        wells = {_place(row): row for row in plates}
        for row in listed:
            if row.get("well") and not row.get("file"):
                beneath = wells.get(_place(row))
                said = {k: v for k, v in row.cells.items() if v.strip()}
                cells = {**(beneath.cells if beneath else {}), **said}
                wells[_place(row)] = SheetRow(row.where, cells)
        files = {_slashes(row.get("file")): row for row in listed if row.get("file")}
        return cls(files, wells, {r.get("sample"): r for r in listed if r.get("sample")})

    def of_file(self, path: str, plate: str, well: str) -> SheetRow | None:
        """Return the row of a file: by its path, else by plate and well, else by well alone."""
        place = (plate.strip().casefold(), well_name(well))
        by_place = self.by_well.get(place) or self.by_well.get(("", place[1]))
        return self.by_file.get(_slashes(path)) or (by_place if place[1] else None)

    def near(self, path: str) -> SheetRow | None:
        """Return the row that names a file without its folder, for a hint."""
        return self.by_file.get(_slashes(path).rpartition("/")[2]) if "/" in path else None


def _slashes(path: str) -> str:
    return path.replace("\\", "/").casefold()


def _place(row: SheetRow) -> tuple[str, str]:
    return (row.get("plate").casefold(), well_name(row.get("well")))


@dataclass(frozen=True, slots=True)
class Assigner:
    """Reads names and sheet rows into sample keys."""

    settings: Settings
    file_patterns: tuple[Pattern, ...]
    well_patterns: tuple[Pattern, ...]
    sample_patterns: tuple[Pattern, ...]
    rows: Rows
    patient_arms: Mapping[str, str]
    days_zero: Mapping[str, date]  # by donor; the empty name stands for all others

    def assign(self, found: Found) -> Assignment:
        """Say whose cells a file holds."""
        said, row = self._said(found)
        twice = doubtful_parts(found.path, self.file_patterns)
        assignment = self._assignment(said, row, found.path, twice)
        near = self.rows.near(found.path) if assignment.key is None and row is None else None
        if near is None:
            return assignment
        hint = f"{near.where} names it without its folder; write {found.path!r}"
        return Assignment(None, None, assignment.missing, f"{found.path}: {hint}", assignment.flags)

    def words_of(self, found: Found) -> Words:
        """Return what name, head and plate grid say of a file by column, be it enough or not."""
        said, row = self._said(found)
        given = {f: row.get(f) for f in KEY_FIELDS if row.get(f)} if row else {}
        return {k: v for k, v in {**said, **given}.items() if k in KEY_FIELDS and v}

    def _said(self, found: Found) -> tuple[Words, SheetRow | None]:
        said = _plain(read_name(found.path, self.file_patterns))
        plate, well = found.plate or said.get("plate", ""), found.well or said.get("well", "")
        row = self.rows.of_file(found.path, plate, well)
        if row is not None and (cell := row.get("sample")):
            said |= {k: v for k, v in self._cell(cell).items() if v}
        return {"date": found.date, **said, "well": well}, row

    def assign_sample(self, name: str) -> Assignment:
        """Say whose DNA a qPCR sample is, by its name."""
        said = _plain(read_name(name, self.sample_patterns))
        twice = doubtful_parts(name, self.sample_patterns)
        return self._assignment(
            said | {"panel": "qpcr"}, self.rows.by_sample.get(name), name, twice
        )

    def _cell(self, text: str) -> Words:
        """Return what a cell of a plate grid says: a role's word, or a sample's name."""
        word = text.strip().casefold().replace(" ", "_")
        if word in {role.value for role in Role}:
            return {"role": word}
        return _plain(read_name(text, (*self.well_patterns, *self.sample_patterns)))

    def _assignment(
        self,
        said: Mapping[str, str],
        row: SheetRow | None,
        name: str,
        twice: Mapping[str, tuple[str, str]],
    ) -> Assignment:
        given = {f: row.get(f) for f in (*KEY_FIELDS, "well") if row.get(f)} if row else {}
        words = {**said, **given}
        if unclear := {k: v for k, v in twice.items() if k not in given}:
            return Assignment(None, row, tuple(unclear), _two_ways(name, unclear))
        try:
            key, flags = self._key(words, row.where if row else name)
            _check_numbers(row)
        except StudyError as error:
            return Assignment(None, row, (), str(error))
        missing = self._missing(key, words)
        if missing:
            return Assignment(None, row, missing, _reason(name, missing, words, self), flags)
        return Assignment(key, row, flags=flags)

    def _key(self, words: Mapping[str, str], where: str) -> tuple[SampleKey, tuple[Flag, ...]]:
        day, flags = self._day(words, where)
        key = SampleKey(
            donor=words.get("donor", ""),
            experiment=words.get("experiment", ""),
            arm=self._arm(words) or "",
            day=day,
            replicate=words.get("replicate", ""),
            panel=self._panel(words.get("panel", "")) or "",
            well=words.get("well", ""),
            role=_role(words.get("role", ""), where),
        )
        return key, flags

    def _arm(self, words: Mapping[str, str]) -> str | None:
        word = words.get("arm", "") or self.patient_arms.get(words.get("donor", ""), "")
        names = self.settings.arm_names()
        if not word and len(self.settings.arms) == 1:
            return next(iter(self.settings.arms))
        return names.get(word.casefold()) if word else ""

    def _panel(self, word: str) -> str | None:
        panels = self.settings.panels
        return {"qpcr": "qpcr", **{name.casefold(): name for name in panels}}.get(word.casefold())

    def _day(self, words: Mapping[str, str], where: str) -> tuple[int | None, tuple[Flag, ...]]:
        zero = self.days_zero.get(words.get("donor", ""), self.days_zero.get(""))
        when = read_date(words.get("date", ""))
        by_date = (when - zero).days if when and zero else None
        text = words.get("day", "")
        if not text:
            return by_date, ()
        day = read_day(text)
        if day is None:
            raise StudyError(f"{where}: day is {text!r}, expected whole days such as 7 or d07")
        if by_date is None or by_date == day or not _is_plain_day(text):
            return day, _visit_flag(text, day)
        said = f"{where}: day {day} is said, but the date {words['date']} is day {by_date}"
        return day, (review("day_and_date_differ", f"{said}; day {day} was used"),)

    def _missing(self, key: SampleKey, words: Mapping[str, str]) -> tuple[str, ...]:
        has_arms = bool(self.settings.arms)
        empty = {
            "donor": not key.donor,
            "arm": (not key.arm and has_arms) or (bool(words.get("arm")) and not key.arm),
            "day": key.day is None,
            "panel": not key.panel,
        }
        return tuple(name for name in NEEDED.get(key.role, ("panel",)) if empty[name])


def _plain(found: Mapping[str, str | None] | None) -> Words:
    return {k: v or "" for k, v in (found or {}).items()}


def _two_ways(name: str, unclear: Mapping[str, tuple[str, str]]) -> str:
    ways = "; ".join(f"{part} is {a!r} or {b!r}" for part, (a, b) in unclear.items())
    return f"{name}: can be read in two ways ({ways}); add it to samples.csv"


def _check_numbers(row: SheetRow | None) -> None:
    for name in NUMBERS if row is not None else ():
        assert row is not None
        row.number(name, low=0.0)


def _is_plain_day(text: str) -> bool:
    word = text.strip()
    return word[:1].isdigit() or word.casefold().startswith(("d", "-", "+"))


def _visit_flag(text: str, day: int) -> tuple[Flag, ...]:
    if _is_plain_day(text):
        return ()
    return (info("visit_as_day", f"visit {text.strip()!r} is taken as day {day}"),)


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
