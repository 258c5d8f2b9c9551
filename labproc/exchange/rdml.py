"""RDML 1.3: every qPCR run with its wells, for any qPCR program."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from labproc.exchange import EXPORTS, Export
from labproc.exchange._rdml_plan import (
    RdmlSample,
    by_position,
    dye_of,
    runs_of,
    samples_of,
    target_of,
)
from labproc.exchange._text import distinct, file_name, xml_text
from labproc.model import Amplification, StandardCurve, Task, Well
from labproc.pipeline.results import PlateView, Results

NAMESPACE = "http://www.rdml.org"
TYPES = {
    Task.UNKNOWN: "unkn",
    Task.STANDARD: "std",
    Task.NTC: "ntc",
    Task.POSITIVE: "pos",
    Task.NRT: "nrt",
    Task.IPC: "pos",
}
SHAPES = ((8, 12), (16, 24), (32, 48))  # rows and columns of 96, 384 and 1536 wells
PLACE = re.compile(r"^([A-Za-z]{1,2})0*(\d{1,2})$")

Curves = dict[tuple[str, str], list[Amplification]]


def write(results: Results, folder: Path) -> list[Path]:
    """Write one ``.rdml`` for every run."""
    names = distinct([file_name(Path(p.source.path).stem or p.name) for p in results.plates])
    paths = []
    for plate, name in zip(results.plates, names, strict=True):
        path = folder / f"{name}.rdml"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("rdml_data.xml", rdml(plate))
        paths.append(path)
    return paths


def rdml(plate: PlateView) -> bytes:
    """Return one run as an RDML 1.3 document, as the consortium's schema has it.

    A sample that stands on the plate in several tasks or with several nominal quantities of one
    target becomes as many RDML samples. A well without a Cq has none in RDML either.
    """
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}rdml", nsmap={None: NAMESPACE}, version="1.3")  # type: ignore[dict-item]
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    _leaf(root, "dateMade", made)
    runs = runs_of(plate.wells)
    samples, places = samples_of(runs)
    curves = {c.target: c for c in plate.curves}
    for dye in dict.fromkeys(map(dye_of, plate.wells)):
        _leaf(root, "dye", id=dye)
    for sample in samples:
        _sample(root, sample)
    for target in dict.fromkeys(map(target_of, plate.wells)):
        _target_element(root, target, plate.wells, curves.get(target))
    _experiment(root, plate, runs, places)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def _leaf(parent: Any, tag: str, text: str | None = None, **attributes: str) -> Any:
    """Add an element; text and attributes lose what XML cannot hold."""
    from lxml import etree

    clean = {k: xml_text(v) for k, v in attributes.items()}
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", clean)
    element.text = None if text is None else xml_text(text)
    return element


def _sample(root: Any, sample: RdmlSample) -> None:
    """Write a sample; type and quantity name their target where targets differ."""
    element = _leaf(root, "sample", id=sample.id)
    if sample.id != sample.name:
        _leaf(element, "description", sample.name)
    roles = sample.by_target
    for target, (task, _) in roles.items():
        _leaf(element, "type", TYPES[task], **_for(target))
    for target, (_, value) in roles.items():
        if value is not None:
            quantity = _leaf(element, "quantity", **_for(target))
            _leaf(quantity, "value", repr(float(value)))
            _leaf(quantity, "unit", "other")  # the file's own unit; RDML has no word for it


def _for(target: str) -> dict[str, str]:
    return {"targetId": target} if target else {}


def _target_element(
    root: Any, target: str, wells: Sequence[Well], curve: StandardCurve | None
) -> None:
    element = _leaf(root, "target", id=target)
    _leaf(element, "type", "toi")
    if curve is not None:
        # RDML counts 2 for doubling where labproc says 1.0
        _leaf(element, "amplificationEfficiencyMethod", "standard curve")
        _leaf(element, "amplificationEfficiency", repr(1.0 + curve.efficiency))
    dye = next(dye_of(w) for w in wells if target_of(w) == target)
    _leaf(element, "dyeId", id=dye)


def _experiment(
    root: Any, plate: PlateView, runs: Sequence[Sequence[Well]], places: Sequence[Mapping[str, str]]
) -> None:
    experiment = _leaf(root, "experiment", id="experiment")
    curves: Curves = {}
    for curve in plate.amplification:
        curves.setdefault((curve.position, curve.target), []).append(curve)
    name = file_name(plate.name, default="run")
    for n, (wells, ids) in enumerate(zip(runs, places, strict=True), start=1):
        run = _leaf(experiment, "run", id=name if n == 1 else f"{name}_{n}")
        _about(run, plate, wells)
        _reactions(run, wells, ids, curves)


def _about(run: Any, plate: PlateView, wells: Sequence[Well]) -> None:
    _leaf(run, "description", f"{Path(plate.source.path).name} (SHA-256 {plate.source.sha256})")
    if plate.source.instrument:
        _leaf(run, "instrument", plate.source.instrument)
    rows, columns = _shape(wells)
    form = _leaf(run, "pcrFormat")
    _leaf(form, "rows", str(rows))
    _leaf(form, "columns", str(columns))
    _leaf(form, "rowLabel", "ABC")
    _leaf(form, "columnLabel", "123")
    if plate.source.acquired_at is not None:
        _leaf(run, "runDate", plate.source.acquired_at.strftime("%Y-%m-%dT%H:%M:%S"))


def _place(position: str) -> tuple[int, int] | None:
    """Return row and column of a well, counted from 0; None where the name is no such place."""
    found = PLACE.match(position)
    if found is None:
        return None
    letters = found[1].upper()
    row = ord(letters[-1]) - 65 + (26 if len(letters) == 2 else 0)
    return row, int(found[2]) - 1


def _shape(wells: Sequence[Well]) -> tuple[int, int]:
    """Return the smallest plate that holds all wells; one long row for wells of other names."""
    places = [_place(w.position) for w in wells]
    for rows, columns in SHAPES:
        if all(p is not None and p[0] < rows and p[1] < columns for p in places):
            return rows, columns
    return 1, max(len({w.position for w in wells}), 1)


def _numbers(wells: Sequence[Well]) -> dict[str, int]:
    """Give every well its number as RDML counts: row by row, from 1."""
    positions = list(dict.fromkeys(w.position for w in wells))
    rows, columns = _shape(wells)
    if rows == 1:
        return {position: n for n, position in enumerate(positions, start=1)}
    places = {position: _place(position) or (0, 0) for position in positions}
    return {position: r * columns + c + 1 for position, (r, c) in places.items()}


def _reactions(run: Any, wells: Sequence[Well], ids: Mapping[str, str], curves: Curves) -> None:
    numbers, placed = _numbers(wells), by_position(wells)
    for position in sorted(placed, key=numbers.__getitem__):
        react = _leaf(run, "react", id=str(numbers[position]))
        _leaf(react, "sample", id=ids[position])
        for well in placed[position]:
            drawn = curves.get((well.position, well.target))
            _data(react, well, drawn.pop(0) if drawn else None)


def _data(react: Any, well: Well, curve: Amplification | None) -> None:
    data = _leaf(react, "data")
    _leaf(data, "tar", id=target_of(well))
    if well.cq is not None:
        _leaf(data, "cq", repr(float(well.cq)))
    if well.omitted:
        _leaf(data, "excl", "left out of the analysis")
    if curve is None:
        return
    for cycle, signal in zip(curve.cycles.tolist(), curve.fluorescence.tolist(), strict=True):
        if not isfinite(signal):
            continue  # a gap in the export
        point = _leaf(data, "adp")
        _leaf(point, "cyc", f"{cycle:g}")
        _leaf(point, "fluor", repr(signal))


EXPORTS.register("rdml")(Export("RDML 1.3, a file a qPCR run", write))
