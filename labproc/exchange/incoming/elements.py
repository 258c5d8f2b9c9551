"""XML elements of gate files, whatever namespace their attributes are in."""

from xml.etree.ElementTree import Element


def attribute(element: Element, name: str) -> str:
    """Return an attribute whatever its namespace; '' where there is none."""
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")
