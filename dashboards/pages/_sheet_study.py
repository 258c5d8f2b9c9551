"""The study's settings as fields: title, arms, panels, names, plan; saved into study.toml."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html

from dashboards.desk import Desk
from dashboards.pages._parts import grid
from dashboards.people import require

Values = Mapping[str, Any]
Changes = dict[tuple[str, ...], Any]
FIELDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("study", "title"), "Title", "text"),
    (("study", "control"), "Control arm", "text"),
    (("files", "pattern"), "How file names read, one pattern a line", "lines"),
    (("counts", "panel"), "Panel that is counted", "text"),
    (("counts", "method"), "Counted by (volume, beads, manual)", "text"),
    (("counts", "sample_ul"), "Culture taken (µL)", "number"),
    (("counts", "final_ul"), "Volume on the cytometer (µL)", "number"),
    (("qpcr", "transgene"), "qPCR target", "text"),
    (("qpcr", "sample_pattern"), "How qPCR sample names read, one a line", "lines"),
    (("qpcr", "dna_ng_per_well"), "DNA per well (ng)", "number"),
    (("qpcr", "standard_unit"), "Standards in (copies_per_well, copies_per_ul, ng)", "text"),
    (("plan", "unit"), "One repeat is a (donor, experiment, well)", "text"),
    (("plan", "primary"), "Primary outcome, written before looking", "text"),
)
ARMS = ("name", "label", "lenalidomide_um", "from_day", "vehicle", "aliases")
PANELS = ("name", "strategy", "markers")
EXTRA = 2  # empty rows for what is added


def view(values: Values) -> Any:
    """Return the form, filled with what study.toml says."""
    fields = [_field(keys, label, kind, _at(values, keys)) for keys, label, kind in FIELDS]
    return html.Div(
        [
            html.P(
                "study.toml as fields; comments and settings that are not shown here stay as they "
                "are. Markers: CAR = BL1-A, CD3 = YL2-A. Aliases: other words for an arm, "
                "separated by commas.",
                className="small quiet",
            ),
            html.Div(fields[:2], className="two"),
            html.H2("Arms"),
            _table("samples-arms", ARMS, _arm_rows(values)),
            html.H2("Panels"),
            _table("samples-panels", PANELS, _panel_rows(values)),
            html.H2("Names, counts, qPCR and plan"),
            html.Div(fields[2:], className="two tight"),
        ],
        className="form",
    )


def _field(keys: tuple[str, ...], label: str, kind: str, value: Any) -> Any:
    shown = "\n".join(_as_list(value)) if kind == "lines" else "" if value is None else str(value)
    made = dmc.Textarea if kind == "lines" else dmc.TextInput
    more = {"autosize": True, "minRows": 1} if kind == "lines" else {}
    name = {"type": "setting", "key": ".".join(keys)}
    return made(id=name, label=label, value=shown, size="xs", **more)


def _as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(v) for v in value or ()]


def _table(name: str, columns: Sequence[str], rows: list[dict[str, str]]) -> Any:
    heads = [
        {
            "field": c, "headerName": c.replace("_um", " (µmol/L)").replace("_", " "),
            "editable": True, "flex": 3 if c in ("markers", "label") else 1, "sortable": False,
            "filter": False,
        }
        for c in columns
    ]  # fmt: skip
    full = [*rows, *(dict.fromkeys(columns, "") for _ in range(EXTRA))]
    numbered = [{**row, "id": str(i)} for i, row in enumerate(full)]
    return grid(
        name, heads, numbered, height=f"{36 + 31 * len(full)}px", getRowId="params.data.id",
        settings={"stopEditingWhenCellsLoseFocus": True, "enableCellTextSelection": False},
    )  # fmt: skip


def _arm_rows(values: Values) -> list[dict[str, str]]:
    return [
        {"name": name, **{c: _words(arm.get(c)) for c in ARMS[1:]}}
        for name, arm in values.get("arms", {}).items()
    ]


def _panel_rows(values: Values) -> list[dict[str, str]]:
    return [
        {
            "name": name, "strategy": str(panel.get("strategy", "")),
            "markers": ", ".join(f"{m} = {c}" for m, c in panel.get("markers", {}).items()),
        }
        for name, panel in values.get("panels", {}).items()
    ]  # fmt: skip


def _words(value: Any) -> str:
    return (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else ""
        if value is None
        else str(value)
    )


def _at(values: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def changes(values: Values, typed: Mapping[str, str], arms: Any, panels: Any) -> Changes:
    """Return the settings that differ from study.toml; an emptied one is taken away.

    Raises
    ------
    ValueError
        If a field or a row of a table cannot be read; the message names it.
    """
    found: Changes = {}
    for keys, label, kind in FIELDS:
        text = str(typed.get(".".join(keys), "")).strip()
        found[keys] = _typed(text, kind, label)
    found |= _arm_changes(values, arms) | _panel_changes(values, panels)
    return {k: v for k, v in found.items() if not _alike(_at(values, k), v)}


def _alike(old: Any, new: Any) -> bool:
    if isinstance(new, list):
        return _as_list(old) == new
    return bool(old == new)


def _typed(text: str, kind: str, label: str) -> Any:
    if not text:
        return None
    if kind == "lines":
        return [line.strip() for line in text.splitlines() if line.strip()]
    return _number(text, label) if kind == "number" else text


def _number(text: str, label: str) -> float | int:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"{label}: {text!r}, expected a number") from None
    return int(value) if value.is_integer() else value


def _arm_changes(values: Values, rows: Any) -> Changes:
    found: Changes = {}
    named = _named(rows, "arm")
    for name, row in named.items():
        for key in ARMS[1:]:
            text = str(row.get(key) or "").strip()
            value: Any = text or None
            if text and key in ("lenalidomide_um", "from_day"):
                value = _number(text, f"arm {name}, {key}")
            if key == "aliases":
                value = [a.strip() for a in text.split(",") if a.strip()] or None
            found["arms", name, key] = value
        found.setdefault(("arms", name, "label"), name)
    gone = set(values.get("arms", {})) - set(named)
    return found | {("arms", name): None for name in gone}


def _panel_changes(values: Values, rows: Any) -> Changes:
    found: Changes = {}
    named = _named(rows, "panel")
    for name, row in named.items():
        found["panels", name, "strategy"] = str(row.get("strategy") or "").strip() or None
        found["panels", name, "markers"] = _markers(name, str(row.get("markers") or ""))
    gone = set(values.get("panels", {})) - set(named)
    return found | {("panels", name): None for name in gone}


def _markers(panel: str, text: str) -> dict[str, str] | None:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not (m.strip() and c.strip()) for m, _, c in pairs):
        raise ValueError(f"panel {panel}: markers are {text!r}, expected such as CAR = BL1-A")
    return {m.strip(): c.strip() for m, _, c in pairs} or None


def _named(rows: Any, what: str) -> dict[str, Mapping[str, Any]]:
    named: dict[str, Mapping[str, Any]] = {}
    for row in rows or ():
        name = str(row.get("name") or "").strip()
        if name in named:
            raise ValueError(f"{what} {name!r} stands twice, expected once")
        if name:
            named[name] = row
        elif any(str(v or "").strip() for k, v in row.items() if k != "id"):
            raise ValueError(f"a row of the {what}s has no name, expected one")
    return named


def save_form(desk: Desk, keys: Sequence[str], typed: Sequence[Any], tables: Any, why: str) -> str:
    """Save the form for who is asking; return what was done."""
    person = require("analyst")
    fields = {k: str(v or "") for k, v in zip(keys, typed, strict=True)}
    found = changes(desk.settings(), fields, *tables)
    desk.save_settings(found, who=person.name, reason=why)
    return "study.toml saved"
