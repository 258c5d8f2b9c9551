"""FlowJo's display scales."""

from xml.etree.ElementTree import Element

from gating.transforms import Biex, Hyperlog, Linear, Log, Logicle
from labproc.errors import ParseError, SettingsError
from labproc.exchange.incoming.drawings import Scale
from labproc.exchange.incoming.gatingml import asinh_scale, attribute

NO_SCALE = "unknown"  # the scale of a channel is none that is known


def read_scale(element: Element) -> Scale | str:
    """Return a channel's scale, or in words why it cannot be used for outlines.

    Positions on it run from 0 to 1 over what FlowJo shows.
    """

    def number(name: str) -> float:
        try:
            return float(attribute(element, name))
        except ValueError:
            raise ParseError(f"scale {element.tag}: no number {name}") from None

    try:
        match element.tag:
            case "linear":
                low, high = number("minRange"), number("maxRange")
                return Scale(Linear(), high - low, low)
            case "log":
                decades = number("decades")
                return Scale(Log(number("offset") * 10.0**decades, decades), piles=True)
            case "logicle":
                return Scale(Logicle(number("T"), number("W"), number("M"), number("A")))
            case "hyperlog":
                return Scale(Hyperlog(number("T"), number("W"), number("M"), number("A")))
            case "biex":
                numbers = (number("maxRange"), number("pos"), number("neg"), number("width"))
                return Scale(Biex(*numbers), piles=True)
            case "fasinh" | "asinh":
                return asinh_scale(number("T"), number("M"), number("A"))
    except (ParseError, SettingsError, ArithmeticError) as error:
        return str(error)
    return NO_SCALE
