"""The display scales of GatingML and of FlowJo as ours."""

from math import log, sinh
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from gating.transforms import Asinh, Biex, Hyperlog, Linear, Log, Logicle
from labproc.errors import ParseError, SettingsError
from labproc.exchange.incoming.drawings import Scale
from labproc.exchange.incoming.elements import attribute

LN10 = log(10.0)
NO_SCALE = "unknown"  # the scale of a channel is none that is known


def flowjo_scale(element: Element) -> Scale | str:
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


def gatingml_scale(found: Any, ref: str, *, least: float) -> Scale:
    """Return the scale of a transformation as flowkit read it.

    ``least`` is the lowest position of an outline on it: our log scale has to reach down to it.
    """
    match type(found).__name__:
        case "LinearTransform":
            t, a = found.param_t, found.param_a
            return Scale(Linear(), t + a, -a, position=lambda x: (x + a) / (t + a))
        case "LogTransform":
            return endless_log(found.param_t, found.param_m, least)
        case "AsinhTransform":
            return asinh_scale(found.param_t, found.param_m, found.param_a)
        case "LogicleTransform":
            return Scale(Logicle(found.param_t, found.param_w, found.param_m, found.param_a))
        case "HyperlogTransform":
            return Scale(Hyperlog(found.param_t, found.param_w, found.param_m, found.param_a))
    raise ParseError(f"transformation {ref!r} is not in the document")


def endless_log(top: float, decades: float, least: float) -> Scale:
    """Return a log scale that reaches below the lowest point of an outline.

    Ours ends at its bottom, GatingML's goes on for ever; negative events are on neither.
    """
    below = max(0.0, -least) if np.isfinite(least) else 0.0
    ours = decades * (1.0 + below) + 1.0
    return Scale(
        Log(top, ours), decades / ours, 1.0 - decades / ours, defined_from=0.0,
        position=lambda x: np.log10(x / top) / decades + 1.0,
    )  # fmt: skip


def asinh_scale(t: float, m: float, a: float) -> Scale:
    """Return (asinh(x sinh(M ln 10) / T) + A ln 10) / ((M + A) ln 10), GatingML's and FlowJo's."""

    def position(x: Any) -> Any:
        return (np.arcsinh(x * (sinh(m * LN10) / t)) + a * LN10) / ((m + a) * LN10)

    return Scale(Asinh(t / sinh(m * LN10)), (m + a) * LN10, -a * LN10, position=position)
