"""Which column of a patient table is what: said, or recognised by its name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labproc.errors import StudyError
from labproc.registry import nearest

DAYS_PER: Mapping[str, float] = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
"""Days in each unit of time; a month is a twelfth of 365.25 days."""
TOXICITIES = (
    "crs|icans|leu[ck]openia|neutropenia|lymphopenia|an(a)?emia|thrombocytopenia|bilirubin|alt|ast"
    "|creatinine|infection|neurotox\\w*"
)
_TIME = re.compile(r"^(?P<name>.+?)[ _.-]*\(?(?P<unit>days?|weeks?|months?|years?|time)\)?$", re.I)
_EVENT = re.compile(r"^(?P<name>.+?)[ _.-]*(event|status|death|died)$", re.I)
_TOXICITY = re.compile(rf"^({TOXICITIES})([ _.-]*(grade)?[ _.-]*\d*([-_]\d)?|[ _.-]*grade)$", re.I)
NAMES: Mapping[str, tuple[str, ...]] = {
    "patient": ("patient", "patient_id", "id", "subject", "subject_id", "case", "no", "nr"),
    "arm": ("arm", "group", "treatment", "cohort"),
    "response": ("best_response", "response", "best_overall_response", "bor"),
    "start_day": ("len_start_day", "lenalidomide_start_day", "treatment_start_day", "start_day"),
    "ongoing": ("ongoing", "ongoing_response", "status_last"),
    "dose_per_kg": ("dose_per_kg", "cells_per_kg", "cart_per_kg", "dose_1e6_per_kg"),
}
SHORT = ("time", "event", "pfs_time", "pfs_event", "treatment_start_day")
"""Settings as ``[cohort]`` of a study writes them."""
SETTINGS = (*NAMES, "control", "survival", "toxicity", "characteristics", "cut", "ignore", *SHORT)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A time to an event: its name (OS), its two columns, the unit of the time."""

    name: str
    time: str
    event: str
    unit: str = "months"

    @property
    def days(self) -> float:
        """Days in one unit."""
        return DAYS_PER[self.unit]


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of a patient table by what they are; an empty name is a column nobody has.

    ``cut`` maps a numeric column to the value above which patients are counted (age above 60);
    ``control`` names the control arm, the first one found where it is empty.
    """

    arm: str
    patient: str = ""
    control: str = ""
    response: str = ""
    start_day: str = ""
    ongoing: str = ""
    dose_per_kg: str = ""
    survival: tuple[Endpoint, ...] = ()
    toxicity: tuple[str, ...] = ()
    characteristics: tuple[str, ...] = ()
    cut: Mapping[str, float] = field(default_factory=dict)


def find_roles(
    header: Sequence[str], given: Mapping[str, object] | None = None, *, where: str = "table"
) -> Roles:
    """Return the roles of a table's columns.

    What ``given`` says comes first; the rest is recognised by name: ``arm``, ``best_response``,
    pairs such as ``os_months`` and ``os_event``, toxicities such as ``anemia34``. Every other
    column is a characteristic, but for ``synthetic`` and free text called note or comment.

    Parameters
    ----------
    header : sequence of str
    given : mapping, optional
        ``arm``, ``patient``, ``control``, ``response``, ``start_day``, ``ongoing``,
        ``dose_per_kg``: a column; ``toxicity``, ``characteristics``, ``ignore``: lists of
        columns; ``survival``: name to ``{time, event, unit}``; ``cut``: column to a number.
    where : str
        The table's name, for messages.

    Raises
    ------
    StudyError
        If a setting or a column is not known, or no column is the arm.
    """
    said = dict(given or {})
    for key in said:
        if key not in SETTINGS:
            raise StudyError(f"{where}: no setting {key!r}; {nearest(key, list(SETTINGS))}")
    said = _from_short(said, where)
    single = {role: _single(header, said, role, where) for role in NAMES}
    if not single["arm"]:
        raise StudyError(
            f"{where}: no column of arms (has: {', '.join(header)}), expected arm, group or "
            "treatment; name it with --arm"
        )
    endpoints = _endpoints(header, said.get("survival"), where)
    taken = {name for role, name in single.items() if name and role != "dose_per_kg"}
    taken |= {c for e in endpoints for c in (e.time, e.event)}
    taken |= set(_listed(header, said, "ignore", where) or ())
    free = [c for c in header if c not in taken and not _is_free_text(c)]
    toxicity = _listed(header, said, "toxicity", where)
    if toxicity is None:
        toxicity = tuple(c for c in free if _TOXICITY.match(c))
    characteristics = _listed(header, said, "characteristics", where)
    if characteristics is None:
        characteristics = tuple(c for c in free if c not in toxicity)
    return Roles(
        **single,
        control=str(said.get("control", "")),
        survival=endpoints,
        toxicity=toxicity,
        characteristics=characteristics,
        cut=_cuts(header, said.get("cut"), where),
    )


def _from_short(said: Mapping[str, object], where: str) -> dict[str, object]:
    """Return the settings with time, event and so on as the survival endpoints they mean."""
    long = {k: v for k, v in said.items() if k not in SHORT}
    if "treatment_start_day" in said:
        long["start_day"] = said["treatment_start_day"]
    pairs = (("OS", "time", "event"), ("PFS", "pfs_time", "pfs_event"))
    endpoints = {}
    for name, time, event in pairs:
        if (time in said) != (event in said):
            raise StudyError(f"{where}: {time} and {event} go together, found only one of them")
        if time in said:
            endpoints[name] = {"time": said[time], "event": said[event]}
    return long | ({"survival": endpoints} if endpoints and "survival" not in long else {})


def _is_free_text(column: str) -> bool:
    return column.casefold() in ("note", "notes", "comment", "comments", "synthetic")


def _column(header: Sequence[str], name: object, setting: str, where: str) -> str:
    for column in header:
        if column.casefold() == str(name).casefold():
            return column
    hint = nearest(str(name), list(header))
    raise StudyError(f"{where}, {setting}: no column {str(name)!r}; {hint}")


def _single(header: Sequence[str], said: Mapping[str, object], role: str, where: str) -> str:
    if role in said:
        return _column(header, said[role], role, where)
    known = {c.casefold().replace(" ", "_"): c for c in header}
    return next((known[name] for name in NAMES[role] if name in known), "")


def _listed(
    header: Sequence[str], said: Mapping[str, object], role: str, where: str
) -> tuple[str, ...] | None:
    if role not in said:
        return None
    names = said[role]
    if not isinstance(names, list | tuple):
        raise StudyError(f"{where}, {role}: {names!r}, expected a list of columns")
    return tuple(_column(header, name, role, where) for name in names)


def _endpoints(header: Sequence[str], said: object, where: str) -> tuple[Endpoint, ...]:
    if said is not None:
        if not isinstance(said, Mapping):
            raise StudyError(f"{where}, survival: {said!r}, expected OS = {{ time, event }}")
        return tuple(_endpoint(header, str(n), one, where) for n, one in said.items())
    events = {m["name"].casefold(): c for c in header if (m := _EVENT.match(c))}
    found = []
    for column in header:
        match = _TIME.match(column)
        if match and match["name"].casefold() in events:
            event = events[match["name"].casefold()]
            name = match["name"].upper() if len(match["name"]) <= 4 else match["name"]
            found.append(Endpoint(name, column, event, _unit(match["unit"])))
    if not found and {"time", "event"} <= {c.casefold() for c in header}:
        time = _column(header, "time", "time", where)
        found.append(Endpoint("survival", time, _column(header, "event", "event", where)))
    return tuple(found)


def _endpoint(header: Sequence[str], name: str, one: object, where: str) -> Endpoint:
    setting = f"survival.{name}"
    if not isinstance(one, Mapping) or not {"time", "event"} <= set(one):
        raise StudyError(f"{where}, {setting}: {one!r}, expected {{ time = ..., event = ... }}")
    time = _column(header, one["time"], f"{setting}.time", where)
    match = _TIME.match(time)
    unit = str(one.get("unit") or (_unit(match["unit"]) if match else "months"))
    if unit not in DAYS_PER:
        hint = nearest(unit, list(DAYS_PER))
        raise StudyError(f"{where}, {setting}.unit: {unit!r}; {hint}")
    return Endpoint(name, time, _column(header, one["event"], f"{setting}.event", where), unit)


def _unit(word: str) -> str:
    plural = f"{word.casefold().removesuffix('s')}s"
    return plural if plural in DAYS_PER else "months"


def _cuts(header: Sequence[str], said: object, where: str) -> dict[str, float]:
    if said is None:
        return {c: 60.0 for c in header if c.casefold() in ("age", "age_years")}
    if not isinstance(said, Mapping):
        raise StudyError(f"{where}, cut: {said!r}, expected a column and a number")
    found = {}
    for name, value in said.items():
        if not isinstance(value, int | float):
            raise StudyError(f"{where}, cut.{name}: {value!r}, expected a number")
        found[_column(header, name, "cut", where)] = float(value)
    return found
