"""The user's own release table, and the measures that came from elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labproc.errors import StudyError
from labproc.model import METRICS, OutsideValue, SampleKey, Specification
from labproc.model.release import EVERY, LAST, UNITS
from labproc.registry import nearest
from labproc.study.patterns import read_day
from labproc.study.settings import Settings
from labproc.study.sheets import SheetRow, rows_of
from labproc.study.where import key_lines, line_of

RELEASE_COLUMNS = (
    "metric", "parent", "panel", "day", "low", "high", "expected", "unit", "arm", "donor", "title",
)  # fmt: skip
MEASURED_COLUMNS = (
    "measure", "donor", "experiment", "arm", "replicate", "day", "value", "ci_low", "ci_high",
    "unit", "source", "note",
)  # fmt: skip
# What a release table calls a measure, with what labproc calls it and the parent it is meant of.
WORDS: Mapping[str, tuple[str, str]] = {
    "transduction": ("CAR+", ""),
    "car_fraction": ("CAR+", ""),
    "purity": ("T cells", "Live"),
    "t_cell_fraction": ("T cells", ""),
    "viability": ("Live", ""),
    "cd4_fraction": ("CD4+", ""),
    "cd8_fraction": ("CD8+", ""),
    "cd4:cd8": ("cd4_cd8_ratio", ""),
    "cd4_cd8": ("cd4_cd8_ratio", ""),
    "cell_dose": ("cart_total", ""),
    "dose": ("cart_total", ""),
}


def release_table(
    folder: Path, settings: Settings, outside: Sequence[OutsideValue]
) -> tuple[Specification, ...]:
    """Return the specifications of ``[[release]]`` in study.toml, or of the sheet ``release``.

    Raises
    ------
    StudyError
        If a line cannot be used as it stands, two lines say the same, or both tables are there.
    """
    written = _of_settings(folder, settings)
    rows = rows_of(folder, "release", RELEASE_COLUMNS)
    if written and rows:
        raise StudyError(
            f"{written[0].where}: [[release]], and {rows[0].where}: two release tables, "
            "expected one; take one away"
        )
    others = {o.measure.casefold(): o for o in outside}
    names = settings.arm_names()
    found: dict[Specification, str] = {}
    for row in written or rows:
        made = _specification(row, settings, names, others)
        if made in found:
            raise StudyError(f"{row.where}: says the same as {found[made]}, expected it once")
        found[made] = row.where
    return tuple(found)


def _of_settings(folder: Path, settings: Settings) -> list[SheetRow]:
    """Return study.toml's tables as rows, each with its line."""
    if not settings.release:
        return []
    lines = key_lines((folder / "study.toml").read_text(encoding="utf-8-sig"))
    return [
        SheetRow(
            f"study.toml, line {line_of(lines, ('release', str(k)))}",
            {name: f"{value}" for name, value in one.model_dump(exclude_none=True).items()},
        )
        for k, one in enumerate(settings.release)
    ]


def _specification(
    row: SheetRow,
    settings: Settings,
    arms: Mapping[str, str],
    outside: Mapping[str, OutsideValue],
) -> Specification:
    asked = row.get("metric")
    if not asked:
        raise StudyError(f"{row.where}: no metric, expected one such as transduction or viability")
    plain = asked.casefold().replace(" ", "_")
    metric, parent = WORDS.get(plain, (plain if plain in METRICS else asked, ""))
    if asked.casefold() in outside:
        metric = outside[asked.casefold()].measure
    low, high = row.number("low"), row.number("high")
    _check_limits(row, asked, low, high)
    return Specification(
        metric=metric,
        day=_day(row),
        low=low,
        high=high,
        expected=row.get("expected"),
        unit=_unit(row, metric, outside),
        parent=row.get("parent") or parent,
        panel=_known(row, "panel", settings.panels),
        arm=arms.get(row.get("arm").casefold(), "") or _known(row, "arm", settings.arms),
        donor=row.get("donor"),
        title=row.get("title") or asked,
        where=row.where,
    )


def _check_limits(row: SheetRow, asked: str, low: float | None, high: float | None) -> None:
    word = row.get("expected")
    if low is None and high is None and not word:
        raise StudyError(f"{row.where}: {asked} has no limit, expected low, high or both")
    if word and not (low is None and high is None):
        raise StudyError(f"{row.where}: {asked} has limits and expected = {word!r}, expected one")
    if low is not None and high is not None and low > high:
        raise StudyError(f"{row.where}: low is {low:g}, high is {high:g}, expected low below high")


def _day(row: SheetRow) -> int | str:
    text = row.get("day").casefold()
    if text in (LAST, EVERY):
        return text
    day = read_day(text) if text else None
    if day is None:
        found = f"day is {text!r}" if text else "no day"
        raise StudyError(f"{row.where}: {found}, expected a whole day, {LAST!r} or {EVERY!r}")
    return day


def _known(row: SheetRow, column: str, names: Iterable[str]) -> str:
    word = row.get(column)
    if word and word not in names:
        raise StudyError(f"{row.where}: no {column} is called {word!r}; {nearest(word, [*names])}")
    return word


def _unit(row: SheetRow, metric: str, outside: Mapping[str, OutsideValue]) -> str:
    """Return the unit of the limits: said where 20 could be a fraction or a percentage."""
    unit = row.get("unit")
    if metric.casefold() in outside:
        theirs = outside[metric.casefold()].unit
        if unit and unit != theirs:
            raise StudyError(f"{row.where}: unit is {unit!r}, {metric} is measured in {theirs!r}")
        return theirs
    if row.get("expected") and metric not in METRICS:
        return unit  # a word, of a measure that nobody has written down yet
    own = METRICS.get(metric, "fraction")
    known = UNITS.get(own, {own: 1.0})
    if not unit and own != "fraction":
        return own
    if unit not in known:
        found = f"unit is {unit!r}" if unit else "no unit"
        raise StudyError(f"{row.where}: {found} for {metric}, expected {' or '.join(known)}")
    _check_fraction(row, known[unit] if own == "fraction" else None)
    return unit


def _check_fraction(row: SheetRow, whole: float | None) -> None:
    for name in ("low", "high"):
        limit = row.number(name)
        if whole is not None and limit is not None and not 0 <= limit <= whole:
            raise StudyError(f"{row.where}: {name} is {limit:g}, expected 0 to {whole:g}")


def outside_values(folder: Path, arms: Mapping[str, str]) -> tuple[OutsideValue, ...]:
    """Return the measures that labproc did not make, from the sheet ``measured``.

    Raises
    ------
    StudyError
        If a line cannot be read, has the name of one of labproc's own metrics, or stands twice.
    """
    rows = rows_of(folder, "measured", MEASURED_COLUMNS)
    first: dict[tuple[Any, ...], str] = {}
    units: dict[str, tuple[str, str]] = {}
    made = []
    for row in rows:
        value = _outside(row, arms)
        what = (value.key, value.measure.casefold())
        if what in first:
            raise StudyError(
                f"{row.where}: {value.measure} of {value.key.label} stands in {first[what]} too, "
                "expected once"
            )
        first[what] = row.where
        unit, where = units.setdefault(value.measure.casefold(), (value.unit, row.where))
        if unit != value.unit:
            raise StudyError(
                f"{row.where}: {value.measure} is in {value.unit!r}, in {where} it is in {unit!r}, "
                "expected one unit"
            )
        made.append(value)
    return tuple(made)


def _outside(row: SheetRow, arms: Mapping[str, str]) -> OutsideValue:
    measure, text, day = row.get("measure"), row.get("value"), row.day()
    for name in ("measure", "donor", "value"):
        if not row.get(name):
            raise StudyError(f"{row.where}: no {name}, expected one")
    if day is None:
        raise StudyError(f"{row.where}: no day, expected one")
    plain = measure.casefold().replace(" ", "_")
    if plain in METRICS or plain in WORDS:
        raise StudyError(
            f"{row.where}: {measure!r} is measured by labproc, expected another name for a value "
            "from elsewhere"
        )
    word = row.get("arm")
    if word and word.casefold() not in arms:
        raise StudyError(
            f"{row.where}: arm is {word!r}; {nearest(word, sorted(set(arms.values())))}"
        )
    key = SampleKey(
        row.get("donor"), row.get("experiment"), arms.get(word.casefold(), ""), day,
        row.get("replicate"),
    )  # fmt: skip
    value, low, high = _value(row, text)
    return OutsideValue(
        key, measure, value, low, high, row.get("unit"), row.get("source") or row.where
    )


def _value(row: SheetRow, text: str) -> tuple[float | str, float | None, float | None]:
    """Return a word, ``<0.5`` as what lies below it, or a number with the interval stated."""
    if text[:1] == "<":
        limit = SheetRow(row.where, {"value": text[1:]}).number("value", low=0.0)
        return text, 0.0, limit
    if not any(c.isdigit() for c in text):
        return text, None, None
    value = row.number("value")
    assert value is not None
    return value, row.number("ci_low"), row.number("ci_high")
