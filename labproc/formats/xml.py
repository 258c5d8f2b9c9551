"""XML from strangers: no document types, no entities, nothing fetched, bounded depth."""

from collections.abc import Iterator
from typing import IO, Any
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XmlError

from labproc.errors import ParseError

MAX_DEPTH = 100  # RDML and plate set-ups nest 12 deep


def walk(stream: Any, *, where: str) -> Iterator[tuple[str, Element]]:
    """Yield ``start`` and ``end`` of every element, tags without namespace.

    An element is complete at its end. Clear it there to keep memory small.

    Parameters
    ----------
    stream : object with ``read``
        Bytes of an XML document.
    where : str
        File and part, to begin messages with.

    Raises
    ------
    ParseError
        If the document is broken, declares a document type or entities, or nests too deep.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    depth = 0
    try:
        for event, element in iterparse(_Reader(stream), ("start", "end"), forbid_dtd=True):
            depth += 1 if event == "start" else -1
            if depth > MAX_DEPTH:
                raise ParseError(f"{where}: elements nest deeper than {MAX_DEPTH}")
            if "}" in element.tag:
                element.tag = element.tag.rpartition("}")[2]
            yield event, element
    except DefusedXmlException as error:
        raise ParseError(
            f"{where}: {type(error).__name__}, expected XML without document type and entities"
        ) from error
    except (XmlError, UnicodeError, LookupError, ValueError) as error:
        raise ParseError(
            f"{where}: {error}, expected whole XML; the copy may be damaged"
        ) from error


def root(stream: Any, *, where: str) -> Element:
    """Return a small document's root element.

    Raises
    ------
    ParseError
        As `walk` does, and if there is no element.
    """
    first: Element | None = None
    for _, element in walk(stream, where=where):
        first = element if first is None else first
    if first is None:
        raise ParseError(f"{where}: empty, expected XML")
    return first


class _Reader:
    """Gives `iterparse` nothing but ``read``, so that it opens and closes nothing itself."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)
