"""Setting up a study without a text file: whose sample is whose, checked, written, recorded."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labproc.errors import StudyError
from labproc.intake import scan
from labproc.model import SampleKey
from labproc.pipeline.gather import known_files
from labproc.pipeline.planner import RawFile
from labproc.store import AuditEntry, Store
from labproc.study import Found, Study, load_study
from labproc.study.assign import KEY_FIELDS, Assigner, Rows
from labproc.study.patterns import read_day
from labproc.study.sheet_edit import Cells, Problem, problems, read_rows, write_rows
from labproc.study.toml_edit import edited, read_values, write_settings
from labproc.wording import counted, in_order

LONGEST = 4_000  # characters of a change that stand in the audit row


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One line of the sheet as it is shown: a file, a DNA sample or a well.

    ``cells`` is what counts, ``said`` what the name alone says, ``row`` what stands in
    samples.csv, ``place`` the plate and well that the file's head names, ``reason`` why it is not
    assigned.
    """

    cells: Cells
    said: Cells
    row: Cells
    place: tuple[str, str] = ("", "")
    reason: str = ""


def sheet_lines(folder: Path) -> list[SheetLine]:
    """Return every file of ``raw/`` and every row of samples.csv, the unassigned first."""
    study = load_study(folder)
    rows = read_rows(study.folder)
    files = _files(study)
    bare = _without_sheet(study.assigner)
    by_file = {r["file"].replace("\\", "/").casefold(): r for r in rows if r.get("file")}
    lines = [_of_file(study, bare, f, by_file.pop(f.path.casefold(), {})) for f in files]
    rest = [r for r in rows if not r.get("file") or r["file"].casefold() in by_file]
    lines += [SheetLine(r, {}, r, (r.get("plate", ""), r.get("well", ""))) for r in rest]
    return sorted(lines, key=lambda line: not line.reason)


def _files(study: Study) -> list[RawFile]:
    """Return the FCS files that the store knows, and those in ``raw/`` that no run has seen."""
    with Store.open(study.store_url) as store:
        known = known_files(study, store)
    seen = {f.path for f in known}
    new = [
        RawFile(s.path, "", "", "fcs")
        for s in (scan(study.raw) if study.raw.is_dir() else ())
        if s.path not in seen and s.path.casefold().endswith(".fcs")
    ]
    return sorted((*(f for f in known if f.kind == "fcs"), *new), key=lambda f: in_order(f.path))


def _without_sheet(assigner: Assigner) -> Assigner:
    """Return what reads names as if there were no samples.csv; plate grids still speak."""
    wells = {k: r for k, r in assigner.rows.by_well.items() if not r.where.startswith("samples.")}
    return replace(assigner, rows=Rows({}, wells, {}))


def _of_file(study: Study, bare: Assigner, file: RawFile, row: Cells) -> SheetLine:
    found = Found(file.path, file.plate, file.well, file.tube, file.date)
    now = study.assign(found)
    said = _words(bare, found)
    cells = {**said, **row, "file": file.path}
    return SheetLine(cells, said, row, (file.plate, file.well), "" if now.key else now.reason)


def _words(bare: Assigner, found: Found) -> dict[str, str]:
    """Return what a file's name and head say of it, as the sheet's columns."""
    key = bare.assign(found).key
    words = _as_cells(key) if key else bare.words_of(found)
    day = read_day(words.get("day", ""))
    return words if day is None else {**words, "day": str(day)}


def _as_cells(key: SampleKey) -> dict[str, str]:
    values = {name: getattr(key, name) for name in KEY_FIELDS}
    words = {k: v.value if hasattr(v, "value") else str(v) for k, v in values.items() if v != ""}
    return {
        k: v for k, v in words.items() if v not in ("", "None") and (k, v) != ("role", "sample")
    }


def rows_to_write(lines: Sequence[tuple[Cells, Cells, Cells]]) -> list[dict[str, str]]:
    """Return the rows of samples.csv: what the names say already is not repeated.

    Parameters
    ----------
    lines : sequence of (cells, said, before)
        What stands in the sheet now, what the name says, and the row as it was.
    """
    rows = []
    for cells, said, before in lines:
        kept = {
            c: text for c, text in cells.items()
            if text and (text != said.get(c, "") or before.get(c, "") == text)
        }  # fmt: skip
        if set(kept) - {"file"}:
            rows.append(kept)
    return rows


def check_rows(folder: Path, rows: Sequence[Cells]) -> list[Problem]:
    """Return every cell that cannot be used, without writing anything."""
    return problems(load_study(folder), rows)


def save_rows(folder: Path, rows: Sequence[Cells], *, who: str, reason: str) -> int:
    """Write samples.csv with its audit row and return how many rows differ from before.

    Raises
    ------
    StudyError
        If a cell cannot be used, no reason is given, or nothing differs; nothing is written then.
    """
    study = load_study(folder)
    wrong = problems(study, rows)
    if wrong:
        first = wrong[0]
        raise StudyError(
            f"samples.csv, row {first.row + 1}: {first.message}"
            + (f" (and {counted(len(wrong) - 1, 'more cell')})" if len(wrong) > 1 else "")
        )
    if not reason.strip():
        raise StudyError("samples.csv: no reason given, expected why it was changed")
    before = read_rows(study.folder)
    gone, come = _differing(before, rows), _differing(rows, before)
    if not gone and not come:
        raise StudyError("samples.csv: nothing was changed, expected a change to save")
    with Store.open(study.store_url) as store:
        text = write_rows(study.folder, rows)
        mark = hashlib.sha256(text.encode()).hexdigest()[:12]
        old, new = _told(gone), f"{_told(come)} (file {mark})"
        store.audit(AuditEntry(who, "samples changed", "samples.csv", old, new, reason))
    return max(len(gone), len(come))


def _differing(mine: Sequence[Cells], others: Sequence[Cells]) -> list[Cells]:
    kept = [{k: v for k, v in o.items() if v} for o in others]
    return [m for m in mine if {k: v for k, v in m.items() if v} not in kept]


def _told(rows: Sequence[Mapping[str, str]]) -> str:
    lines = ["; ".join(f"{k}={v}" for k, v in row.items() if v) for row in rows]
    text = " | ".join(lines)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({counted(len(rows), 'row')})"


def save_settings(
    folder: Path, changes: Mapping[tuple[str, ...], Any], *, who: str, reason: str
) -> None:
    """Change settings in study.toml, comments kept, with an audit row; a new study is begun.

    Raises
    ------
    StudyError
        If a setting cannot be used, no reason is given, or nothing differs; nothing is written.
    """
    path = folder / "study.toml"
    before = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    text = edited(before, changes)
    if not reason.strip():
        raise StudyError("study.toml: no reason given, expected why it was changed")
    if text == before:
        raise StudyError("study.toml: nothing was changed, expected a change to save")
    old, new = read_values(folder), tomllib.loads(text)
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    write_settings(folder, text)
    keys = [k for k in changes if _at(old, k) != _at(new, k)]
    with Store.open(load_study(folder).store_url) as store:
        said = (_said(old, keys), _said(new, keys))
        store.audit(AuditEntry(who, "settings changed", "study.toml", said[0], said[1], reason))


def _at(values: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _said(values: Mapping[str, Any], keys: Sequence[tuple[str, ...]]) -> str:
    text = "; ".join(f"{'.'.join(k)} = {_at(values, k)!r}" for k in keys)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
