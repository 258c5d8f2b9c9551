"""Applied Biosystems .eds: a zip with the plate's set-up and, where analysed, its results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

import numpy as np

from labproc.errors import ParseError
from labproc.formats.archive import Archive
from labproc.formats.content import Content
from labproc.formats.grid import Line
from labproc.formats.text import read_grid
from labproc.formats.xml import root
from labproc.model import Amplification, QpcrRun, Task, Well
from labproc.model.flag import info
from labproc.parsers import PARSERS, Parser
from labproc.parsers import _numbers as numbers
from labproc.parsers import _positions as positions
from labproc.parsers import _words as words
from labproc.parsers._headings import Columns, columns_of
from labproc.parsers._layout import Layout
from labproc.parsers._multicomponent import normalised, read_light
from labproc.parsers._reactions import Reaction
from labproc.parsers._run import finish

_FOLDER = "apldbio/sds/"
_SETUP = _FOLDER + "plate_setup.xml"
_RESULTS = _FOLDER + "analysis_result.txt"
_LIGHT = _FOLDER + "multicomponent_data.txt"
_EXPERIMENT = _FOLDER + "experiment.xml"
_JSON = "setup/plate_setup.json"  # Design & Analysis 2


@dataclass(slots=True)
class _Result:
    """What the analysis says of one well and target; ``rn`` and ``delta_rn`` by cycle."""

    cq: float | None = None
    quantity: float | None = None
    rn: tuple[float, ...] = ()
    delta_rn: tuple[float, ...] = ()

    @property
    def detected(self) -> float | None:
        """The Cq; at the last cycle or beyond stands for not detected."""
        if self.cq is None or self.cq <= 0 or (self.rn and self.cq >= len(self.rn)):
            return None
        return self.cq


Results = Mapping[tuple[int, str], _Result]
# Leaving a well out is part of an analysis; without one there is nothing to leave it out of.
_MARKED = info("omitted_before_analysis", "a well is marked to be omitted but not yet analysed")


def _sniff(content: Content) -> bool:
    if not content.is_zip:
        return False
    if content.archive is None:
        return _FOLDER.encode() in content.head
    return any(n.startswith(_FOLDER) or n == _JSON for n in content.archive.names)


def _read(content: Content) -> QpcrRun:
    archive = content.archive
    if archive is None:
        raise content.problem or ParseError(f"{content.path.name}: not a zip archive")
    if _SETUP not in archive.names:
        raise ParseError(
            f"{content.path.name}: no plate set-up that can be read ({_SETUP}); in Design & "
            "Analysis 2 export Results and Standard Curve Result as xlsx"
        )
    plate = _xml(archive, _SETUP)
    experiment = _xml(archive, _EXPERIMENT) if _EXPERIMENT in archive.names else None
    results = _results(archive) if _RESULTS in archive.names else {}
    wells = list(_wells(plate, results))
    curves = tuple(_amplification(wells, results)) or tuple(_unanalysed(archive, plate, wells))
    return finish(
        content,
        [Reaction(well, f"well {well.position}") for _, well in wells],
        Layout("eds", "Applied Biosystems"),
        amplification=curves,
        instrument=_text(experiment, "InstrumentTypeId"),
        details={"experiment_name": _text(experiment, "Name")},
        plate=_text(plate, "BarCode"),
    )


def _xml(archive: Archive, part: str) -> Element:
    with archive.open(part) as stream:
        return root(stream, where=f"{archive.path.name}, part {part!r}")


def _text(element: Element | None, path: str) -> str:
    return "" if element is None else (element.findtext(path) or "").strip()


def _wells(plate: Element, results: Results) -> Iterator[tuple[int, Well]]:
    """Yield the number of each well, counted from 0, with each of its targets."""
    columns = positions.whole(_text(plate, "Columns")) or 12
    samples = {i: _text(item, "Sample/Name") for i, item in _features(plate, "sample")}
    omitted = {
        positions.whole(_text(w, "Index"))
        for w in plate.iter("Well")
        if words.truth(_text(w, "IsOmit")) is True
    }
    for index, item in sorted(_features(plate, "detector-task"), key=lambda pair: pair[0]):
        for task in item.iter("DetectorTask"):
            target = _text(task, "Detector/Name")
            result = results.get((index, target), _Result())
            yield (
                index,
                Well(
                    position=positions.by_rows(index + 1, columns),
                    sample=samples.get(index, ""),
                    target=target,
                    task=words.task_of(_text(task, "Task")) or Task.UNKNOWN,
                    cq=result.detected,
                    quantity=_quantity(task, result),
                    omitted=bool(results) and index in omitted,
                    flags=() if results or index not in omitted else (_MARKED,),
                    dye=_text(task, "Detector/Reporter"),
                    task_as_written=_text(task, "Task"),
                ),
            )


def _features(plate: Element, kind: str) -> Iterator[tuple[int, Element]]:
    for feature in plate.iter("FeatureMap"):
        if _text(feature, "Feature/Id") != kind:
            continue
        for value in feature.iter("FeatureValue"):
            item = value.find("FeatureItem")
            index = positions.whole(_text(value, "Index"))
            if item is not None and index is not None:
                yield index, item


def _quantity(task: Element, result: _Result) -> float | None:
    """Return a standard's concentration; for any other well what the analysis found."""
    if words.task_of(_text(task, "Task")) is Task.STANDARD:
        return numbers.parse(_text(task, "Concentration"), ".")
    return result.quantity


def _results(archive: Archive) -> Results:
    """Read the analysis: a row for each well and target, its fluorescence on rows below it."""
    grid = read_grid(archive.read(_RESULTS), name=f"{archive.path.name}, part {_RESULTS!r}")
    found: dict[tuple[int, str], _Result] = {}
    columns, current = Columns(), _Result()
    for line in grid.lines:
        first, well = line.text(0), positions.whole(line.text(0))
        if first == "Well":
            columns = columns_of(line)
        elif well is not None and "cq" in columns:
            current = _Result(_number(line, columns, "cq"), _number(line, columns, "quantity"))
            found[well, line.text(columns.index("target"))] = current
        elif first == "Rn values":
            current.rn = _values(line)
        elif first == "Delta Rn values":
            current.delta_rn = _values(line)
    return found


def _number(line: Line, columns: Columns, name: str) -> float | None:
    return numbers.parse(line.text(columns.index(name)), ".")


def _values(line: Line) -> tuple[float, ...]:
    values = (numbers.parse(line.text(i), ".") for i in range(1, len(line.cells)))
    return tuple(v for v in values if v is not None)


def _amplification(wells: Sequence[tuple[int, Well]], results: Results) -> Iterator[Amplification]:
    for index, well in wells:
        result = results.get((index, well.target), _Result())
        values = result.delta_rn or result.rn
        if values:
            cycles = np.arange(1.0, len(values) + 1)
            yield Amplification(well.position, well.target, cycles, np.array(values))


def _unanalysed(
    archive: Archive, plate: Element, wells: Sequence[tuple[int, Well]]
) -> Iterator[Amplification]:
    """Yield Rn from the light itself, where no analysis has left curves."""
    if _LIGHT not in archive.names:
        return
    light = read_light(archive.read(_LIGHT).decode("latin-1"))
    passive = _text(plate, "PassiveReferenceDye")
    for index, well in wells:
        values = normalised(light, index, reporter=well.dye, passive=passive)
        if values.size:
            cycles = np.arange(1.0, values.size + 1)
            yield Amplification(well.position, well.target, cycles, values)


PARSERS.register("eds")(
    Parser(
        "qpcr",
        "Applied Biosystems experiment (.eds)",
        _sniff,
        _read,
        extensions=(".eds",),
        instruments=("StepOne, StepOnePlus", "7500, 7500 Fast", "QuantStudio (software 1)"),
        note="Not analysed it gives curves and no Cq: analyse and save it first; of Design & "
        "Analysis 2 export the results as xlsx.",
    )
)
