"""RDML 1.0 to 1.4: a zip (or plain XML) of samples, targets and reactions."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.formats.grid import quoted
from labproc.formats.text import MAX_TEXT_BYTES
from labproc.formats.xml import walk
from labproc.model import Amplification, Flag, QpcrRun, Task, Well
from labproc.model.flag import info, review
from labproc.parsers import PARSERS, Parser
from labproc.parsers import _positions as positions
from labproc.parsers import _words as words
from labproc.parsers._layout import Layout
from labproc.parsers._reactions import MAX_CYCLES, Reaction
from labproc.parsers._run import finish

_ROOT = re.compile(rb"<(?:\w+:)?rdml[\s>]")
_HEAD = 4096


@dataclass(slots=True)
class _Sample:
    """A sample with its type and quantity, for all targets or for one."""

    types: dict[str, str] = field(default_factory=dict)
    quantities: dict[str, float] = field(default_factory=dict)
    description: str = ""

    def type_for(self, target: str) -> str:
        return self.types.get(target) or self.types.get("", "")

    def quantity_for(self, target: str) -> float | None:
        return self.quantities.get(target, self.quantities.get(""))


@dataclass(slots=True)
class _Document:
    """What was read so far."""

    name: str
    version: str = ""
    samples: dict[str, _Sample] = field(default_factory=dict)
    dyes: dict[str, str] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    reactions: list[Reaction] = field(default_factory=list)
    curves: list[Amplification] = field(default_factory=list)
    doubts: list[Flag] = field(default_factory=list)
    run: str = ""
    columns: int | None = None
    n_reacts: int = 0

    @property
    def where(self) -> str:
        return f"run {self.run!r}, reaction {self.n_reacts}"


def _part(content: Content) -> str | None:
    """Return the part of the zip that is the RDML document, whatever it is called."""
    archive = content.archive
    if archive is None:
        return None
    xml = [n for n in archive.names if n.lower().endswith(".xml") and "/" not in n]
    for name in sorted(xml, key=lambda n: n != "rdml_data.xml"):
        try:
            if _ROOT.search(archive.head(name, _HEAD)):
                return name
        except ParseError:
            if name == "rdml_data.xml":
                return name
    return "rdml_data.xml" if "rdml_data.xml" in xml else None


def _sniff(content: Content) -> bool:
    if content.is_zip:
        return _part(content) is not None
    return _ROOT.search(content.head[:_HEAD]) is not None


def _read(content: Content) -> QpcrRun:
    document = _Document(content.path.name)
    with _open(content) as stream:
        for event, element in walk(stream, where=content.path.name):
            if event == "start":
                _starts(document, element)
            elif _ends(document, element):
                element.clear()
    if not document.reactions:
        raise ParseError(f"{document.name}: no reaction in it, expected a run with reactions")
    return _finished(content, document)


@contextmanager
def _open(content: Content) -> Iterator[Any]:
    part = _part(content)
    if part is not None and content.archive is not None:
        with content.archive.open(part) as stream:
            yield stream
    elif content.size > MAX_TEXT_BYTES or content.is_zip:
        raise ParseError(f"{content.path.name}: no RDML document that can be read in it")
    else:
        yield io.BytesIO(content.path.read_bytes())


def _finished(content: Content, document: _Document) -> QpcrRun:
    last = max((float(c.cycles[-1]) for c in document.curves if c.cycles.size), default=None)
    runs = {r.plate for r in document.reactions}
    return finish(
        content,
        document.reactions,
        Layout("rdml", "RDML"),
        amplification=document.curves,
        doubts=document.doubts,
        instrument=document.details.pop("instrument", ""),
        acquired=document.details.get("run_date", ""),
        details=document.details | {"version": document.version},
        plate=runs.pop() if len(runs) == 1 else "",
        last_cycle=last,
    )


def _starts(document: _Document, element: Element) -> None:
    """Note what holds for the elements within this one."""
    if element.tag == "rdml":
        document.version = element.get("version", "")
    elif element.tag == "run":
        document.run, document.columns, document.n_reacts = element.get("id", ""), None, 0


def _ends(document: _Document, element: Element) -> bool:
    """Take in a finished element; True if its memory can be given back."""
    reader = _READERS.get(element.tag)
    if reader is None:
        return element.tag in {"mdp", "thermalCyclingConditions", "documentation"}
    return reader(document, element)


def _sample(document: _Document, element: Element) -> bool:
    if len(element) == 0:
        return False  # a reaction's reference to a sample
    sample = _Sample(description=(element.findtext("description") or "").strip())
    for kind in element.findall("type"):
        sample.types[kind.get("targetId", "")] = (kind.text or "").strip()
    for quantity in element.findall("quantity"):
        value = _number(quantity.findtext("value"))
        if value is not None:
            sample.quantities[quantity.get("targetId", "")] = value
            document.details.setdefault("quantity_unit", quantity.findtext("unit") or "")
    name = element.get("id", "")
    document.samples[name] = sample
    if sample.description and sample.description != name:
        document.details[f"sample {name}"] = sample.description
    return True


def _target(document: _Document, element: Element) -> bool:
    dye = element.find("dyeId")
    if dye is not None:
        document.dyes[element.get("id", "")] = dye.get("id") or (dye.text or "").strip()
    return True


def _format(document: _Document, element: Element) -> bool:
    document.columns = positions.whole(element.findtext("columns")) or None
    return False


def _detail(key: str) -> Callable[[_Document, Element], bool]:
    def read(document: _Document, element: Element) -> bool:
        text = " ".join((t or "").strip() for t in element.itertext()).strip()
        if text:
            document.details.setdefault(key, " ".join(text.split()))
        return False

    return read


def _react(document: _Document, element: Element) -> bool:
    document.n_reacts += 1
    sample = element.find("sample")
    name = "" if sample is None else sample.get("id", "")
    position = _position(document, element.get("id", ""))
    for data in element.findall("data"):
        _data(document, data, position, name)
    return True


def _data(document: _Document, data: Element, position: str, name: str) -> None:
    found = data.find("tar")
    target = "" if found is None else found.get("id", "")
    sample = document.samples.get(name, _Sample())
    word = sample.type_for(target)
    excluded = data.find("excl")
    flags: list[Flag] = []
    well = Well(
        position=position,
        sample=name,
        target=target,
        task=words.task_of(word) or Task.UNKNOWN,
        cq=_cq(document, data.findtext("cq"), position, flags),
        quantity=sample.quantity_for(target),
        omitted=excluded is not None and words.truth(excluded.text or "yes") is not False,
        dye=document.dyes.get(target, ""),
        task_as_written=word,
        flags=tuple(flags),
    )
    document.reactions.append(Reaction(well, document.where, document.run))
    _curve(document, data, well)


def _curve(document: _Document, data: Element, well: Well) -> None:
    points = [(_number(p.findtext("cyc")), _number(p.findtext("fluor"))) for p in data.iter("adp")]
    whole = [(x, y) for x, y in points if x is not None and y is not None]
    if whole:
        x, y = np.array(whole).T
        document.curves.append(Amplification(well.position, well.target, x, y))


def _cq(document: _Document, text: str | None, position: str, flags: list[Flag]) -> float | None:
    """Read a Cq; below 0 and 100 stand for not detected, and so does a missing element."""
    written = (text or "").strip()
    value = _number(written)
    where = f"{document.name}, {document.where}, well {position}: Cq is {quoted(written)}"
    if value is None:
        if written.casefold() not in words.NOT_DETECTED:
            raise ParseError(f"{where}, expected a number")
        return None
    if value < 0 or value >= MAX_CYCLES:
        document.doubts.append(info("cq_sentinel", f"{document.name}: Cq {written} is no cycle"))
        return None
    if value == 0:
        flags.append(review("cq_out_of_range", f"{where}, taken as not detected"))
        return None
    return value


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _position(document: _Document, react: str) -> str:
    found = positions.split(react)
    if found is not None:
        return positions.name(*found)
    number = positions.number(react)
    if number is None:
        return react
    if document.columns == 1:
        return str(number)  # a rotor
    return positions.by_rows(number, document.columns or 12)


_READERS: dict[str, Callable[[_Document, Element], bool]] = {
    "sample": _sample,
    "target": _target,
    "pcrFormat": _format,
    "react": _react,
    "instrument": _detail("instrument"),
    "dataCollectionSoftware": _detail("software"),
    "cqDetectionMethod": _detail("cq_detection_method"),
    "runDate": _detail("run_date"),
}

PARSERS.register("rdml")(
    Parser(
        "qpcr",
        "RDML 1.0 to 1.4",
        _sniff,
        _read,
        extensions=(".rdml", ".rdm", ".xml"),
        instruments=("any that exports RDML, LightCycler 96 among them",),
        note="Several runs are kept apart; excluded data are omitted wells.",
    )
)
