"""RDML 1.3: every qPCR run with its wells, for any qPCR program."""

import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labproc.exchange import EXPORTS, Export
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

SampleId = tuple[str, Task, float | None]


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
    """Return one run as an RDML 1.3 document.

    A sample that stands on the plate in several tasks or with several nominal quantities becomes
    as many RDML samples. A well without a Cq has none in RDML either.
    """
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}rdml", nsmap={None: NAMESPACE}, version="1.3")  # type: ignore[dict-item]
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    _leaf(root, "dateMade", made)
    ids = _sample_ids(plate.wells)
    curves = {c.target: c for c in plate.curves}
    for dye in _dyes(plate.wells):
        _leaf(root, "dye", id=dye)
    for sample, name in ids.items():
        _sample(root, sample, name)
    for target in dict.fromkeys(_target(w) for w in plate.wells):
        _target_element(root, target, plate.wells, curves.get(target))
    _run(root, plate, ids)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


def _leaf(parent: Any, tag: str, text: str | None = None, **attributes: str) -> Any:
    """Add an element; text and attributes lose what XML cannot hold."""
    from lxml import etree

    clean = {k: xml_text(v) for k, v in attributes.items()}
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{tag}", clean)
    element.text = None if text is None else xml_text(text)
    return element


def _sample_of(well: Well) -> SampleId:
    """Say which RDML sample a well holds: quantities belong to standards only."""
    quantity = well.quantity if well.task is Task.STANDARD else None
    return (well.sample or "unnamed", well.task, quantity)


def _sample_ids(wells: Sequence[Well]) -> dict[SampleId, str]:
    """Give every sample a name of its own; the plain name goes to the first."""
    samples = list(dict.fromkeys(_sample_of(w) for w in wells))
    names = distinct([xml_text(s[0]) for s in samples])
    return dict(zip(samples, names, strict=True))


def _dyes(wells: Sequence[Well]) -> list[str]:
    return list(dict.fromkeys(_dye(w) for w in wells))


def _dye(well: Well) -> str:
    return xml_text(well.dye) or "unknown"


def _target(well: Well) -> str:
    return xml_text(well.target) or "unnamed"


def _sample(root: Any, sample: SampleId, name: str) -> None:
    element = _leaf(root, "sample", id=name)
    if name != sample[0]:
        _leaf(element, "description", sample[0])
    _leaf(element, "type", TYPES[sample[1]])
    if sample[2] is not None:
        quantity = _leaf(element, "quantity")
        _leaf(quantity, "value", repr(float(sample[2])))
        _leaf(quantity, "unit", "other")  # the file's own unit; RDML has no word for it


def _target_element(
    root: Any, target: str, wells: Sequence[Well], curve: StandardCurve | None
) -> None:
    element = _leaf(root, "target", id=target)
    _leaf(element, "type", "toi")
    if curve is not None:
        # RDML counts 2 for doubling where labproc says 1.0
        _leaf(element, "amplificationEfficiencyMethod", "standard curve")
        _leaf(element, "amplificationEfficiency", repr(1.0 + curve.efficiency))
    dye = next(_dye(w) for w in wells if _target(w) == target)
    _leaf(element, "dyeId", id=dye)


def _run(root: Any, plate: PlateView, ids: Mapping[SampleId, str]) -> None:
    experiment = _leaf(root, "experiment", id="experiment")
    run = _leaf(experiment, "run", id=file_name(plate.name, default="run"))
    _leaf(run, "description", f"{Path(plate.source.path).name} (SHA-256 {plate.source.sha256})")
    if plate.source.instrument:
        _leaf(run, "instrument", plate.source.instrument)
    rows, columns = _shape(plate.wells)
    form = _leaf(run, "pcrFormat")
    _leaf(form, "rows", str(rows))
    _leaf(form, "columns", str(columns))
    _leaf(form, "rowLabel", "ABC")
    _leaf(form, "columnLabel", "123")
    if plate.source.acquired_at is not None:
        _leaf(run, "runDate", plate.source.acquired_at.strftime("%Y-%m-%dT%H:%M:%S"))
    _reactions(run, plate, ids, columns)


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


def _numbers(wells: Sequence[Well], columns: int) -> dict[str, int]:
    """Give every well its number as RDML counts: row by row, from 1."""
    positions = list(dict.fromkeys(w.position for w in wells))
    rows, _ = _shape(wells)
    if rows == 1:
        return {position: n for n, position in enumerate(positions, start=1)}
    places = {position: _place(position) or (0, 0) for position in positions}
    return {position: r * columns + c + 1 for position, (r, c) in places.items()}


def _reactions(run: Any, plate: PlateView, ids: Mapping[SampleId, str], columns: int) -> None:
    numbers = _numbers(plate.wells, columns)
    curves = {(a.position, a.target): a for a in plate.amplification}
    by_position: dict[str, list[Well]] = {}
    for well in plate.wells:
        by_position.setdefault(well.position, []).append(well)
    for position in sorted(by_position, key=numbers.__getitem__):
        wells = by_position[position]
        react = _leaf(run, "react", id=str(numbers[position]))
        _leaf(react, "sample", id=ids[_sample_of(wells[0])])
        for well in wells:
            _data(react, well, curves.get((well.position, well.target)))


def _data(react: Any, well: Well, curve: Amplification | None) -> None:
    data = _leaf(react, "data")
    _leaf(data, "tar", id=_target(well))
    if well.cq is not None:
        _leaf(data, "cq", repr(float(well.cq)))
    if well.omitted:
        _leaf(data, "excl", "omitted in the instrument's software")
    if curve is None:
        return
    for cycle, signal in zip(curve.cycles.tolist(), curve.fluorescence.tolist(), strict=True):
        point = _leaf(data, "adp")
        _leaf(point, "cyc", f"{cycle:g}")
        _leaf(point, "fluor", repr(signal))


EXPORTS.register("rdml")(Export("RDML 1.3, a file a qPCR run", write))
