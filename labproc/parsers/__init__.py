"""One file an instrument family: content recognised, bytes read into the model."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from labproc.errors import UnknownFormat
from labproc.formats.content import Content, look
from labproc.model import DnaTable, FlowTube, QpcrRun
from labproc.registry import Registry

Kind = Literal["fcs", "qpcr", "dna"]
Reading = FlowTube | QpcrRun | DnaTable


@dataclass(frozen=True, slots=True)
class Parser:
    """What labproc knows about one family of instrument files.

    Parameters
    ----------
    kind : str
        ``fcs``, ``qpcr`` or ``dna`` (NanoDrop, Qubit).
    title : str
        The family as a scientist calls it, for ``labproc formats`` and the docs.
    sniff : callable
        Content to bool: True for this family's files and no other's; never raises.
    read : callable
        Content to a ``FlowTube``, ``QpcrRun`` or ``DnaTable``; raises ``ParseError``, and
        nothing else.
    extensions : tuple of str
        What such files are usually called, for the docs only: content decides.
    """

    kind: Kind
    title: str
    sniff: Callable[[Content], bool]
    read: Callable[[Content], Reading]
    extensions: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()
    note: str = ""


PARSERS: Registry[Parser] = Registry("parser", "labproc.parsers")


def recognise(content: Content) -> tuple[str, Parser]:
    """Return the name and parser of the family a file belongs to.

    Raises
    ------
    UnknownFormat
        If no parser recognises the content.
    ParseError
        If it could not be looked into, with the reason.
    """
    for name, parser in PARSERS.items():
        if content.once(parser.sniff):
            return name, parser
    if content.problem is not None:
        raise content.problem
    from labproc.parsers._export import missing_column

    missing = missing_column(content)
    if missing:
        raise UnknownFormat(missing)
    raise UnknownFormat(
        f"{content.path.name}: starts with {content.head[:16]!r}, "
        "expected an FCS file or a qPCR export; `labproc formats` lists what can be read"
    )


def read_file(path: Path) -> Reading:
    """Recognise one instrument file and read it."""
    content = look(path)
    return recognise(content)[1].read(content)
