"""GatingML 2.0: the gates of every tube, for flowkit, Cytobank and others."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from labproc.errors import LabprocError
from labproc.exchange import EXPORTS, Export
from labproc.exchange._gates import Gate, gates_of, raw_file
from labproc.exchange._gatingml_document import GATING, NAMESPACES, Document, qualified
from labproc.exchange._gatingml_gates import GateWriter
from labproc.exchange._text import distinct, file_name
from labproc.model import FlowTube, Spillover
from labproc.pipeline.results import Results, TubeView


def write(results: Results, folder: Path) -> list[Path]:
    """Write one file for every tube that was gated.

    Raises
    ------
    LabprocError
        After all others were written, if raw files were not where they were.
    """
    names = distinct(
        [file_name(Path(t.source.path).with_suffix("").as_posix()) for t in results.tubes]
    )
    paths, missing = [], []
    for view, name in zip(results.tubes, names, strict=True):
        try:
            paths.append(_write_tube(results, view, folder / f"{name}.xml"))
        except LabprocError as error:
            missing.append(str(error))
    if missing:
        raise LabprocError("\n".join(missing))
    return paths


def _write_tube(results: Results, view: TubeView, path: Path) -> Path:
    from labproc.parsers.fcs import read_tube

    tube = read_tube(raw_file(results, view))
    gates = gates_of(view.every_gate, tube)
    document = gatingml(gates, tube, spillover=view.spillover, matrices=view.matrices)
    path.write_bytes(document)
    return path


def gatingml(
    gates: Iterable[Gate],
    tube: FlowTube,
    *,
    spillover: Spillover | None = None,
    matrices: Mapping[str, Spillover] | None = None,
) -> bytes:
    """Return gates as a GatingML 2.0 document.

    Gates that are parallel to the axes stand on the linear, compensated scale, so that no
    transformation comes between the numbers and the events; polygons and ellipses on the display
    scales they were drawn on.

    Parameters
    ----------
    spillover : Spillover, optional
        Written into the document; without it the file's own $SPILLOVER is referred to.
    matrices : mapping, optional
        Those of single channels, by the name in brackets behind them.
    """
    from lxml import etree

    listed = list(gates)
    root = etree.Element(qualified(GATING, "Gating-ML"), nsmap=NAMESPACES)
    document = Document(root, tube, spillover, matrices or {})
    writer = GateWriter(document, listed)
    document.transformations(listed)
    for gate in listed:
        writer.gate(gate)
    text: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return text


EXPORTS.register("gatingml")(Export("GatingML 2.0, a file a tube", write))
