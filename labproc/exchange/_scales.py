"""Display scales under the names that GatingML and FlowJo give them."""

from collections.abc import Sequence
from math import log, sinh
from typing import Any

import numpy as np

from labproc.errors import LabprocError

LN10 = log(10.0)


def _parse(spec: str) -> tuple[str, dict[str, float]]:
    """Take a scale's text apart: ``logicle:T=1048575,W=0.5,M=4.5,A=0``."""
    name, _, rest = spec.partition(":")
    pairs = (part.partition("=") for part in rest.split(",") if part)
    return name, {key: float(value) for key, _, value in pairs}


def _asinh(cofactor: float) -> dict[str, float]:
    """Return asinh(x / cofactor) / ln 10 as fasinh, with M one decade."""
    return {"T": cofactor * sinh(LN10), "M": 1.0, "A": 0.0}


def in_gatingml(spec: str) -> tuple[str, dict[str, float]]:
    """Return a display scale as GatingML 2.0 names it.

    Raises
    ------
    LabprocError
        If GatingML has no such scale.
    """
    name, numbers = _parse(spec)
    if name in ("logicle", "hyperlog"):
        return name, numbers
    if name == "log":
        return "flog", numbers
    if name == "asinh":
        return "fasinh", _asinh(numbers["cofactor"])
    raise LabprocError(f"scale {spec!r}: GatingML 2.0 has no such scale; draw the gate on another")


def in_flowjo(spec: str) -> tuple[str, dict[str, float]]:
    """Return a display scale as FlowJo names it; nothing for the linear one.

    Raises
    ------
    LabprocError
        If FlowJo has no such scale.
    """
    name, numbers = _parse(spec)
    if name == "linear":
        return "", {}
    if name == "logicle":
        return name, {"length": 256.0, **numbers}
    if name == "log":
        return name, {"offset": numbers["T"] * 10.0 ** -numbers["M"], "decades": numbers["M"]}
    if name == "asinh":
        return "fasinh", _asinh(numbers["cofactor"])
    if name == "biex":
        letters = {"maxRange": "T", "pos": "pos", "neg": "neg", "width": "width"}
        return name, {"length": 256.0, **{k: numbers[v] for k, v in letters.items()}}
    raise LabprocError(f"scale {spec!r}: FlowJo has no such scale; draw the gate on another")


def points_in_gatingml(points: Any, scales: Sequence[str]) -> Any:
    """Return points of display scales as GatingML counts them: its asinh is in decades."""
    factors = [1.0 / LN10 if s.startswith("asinh") else 1.0 for s in scales]
    return np.asarray(points, dtype=np.float64) * np.array(factors)
