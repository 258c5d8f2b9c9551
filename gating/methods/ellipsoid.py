"""Channels within a given distance of a centre, as a covariance measures it: GatingML's rule."""

import numpy as np

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import drawn, numbers
from labproc.errors import StrategyError


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events whose (x - centre)' covariance^-1 (x - centre) is at most ``square``.

    Any matrix with an inverse will do, as GatingML has it; a true covariance gives an ellipse,
    which the method ``ellipse`` says so that it can be drawn.
    """
    n = len(request.channels)
    centre, matrix = numbers(request, "centre", (n,)), numbers(request, "covariance", (n, n))
    square = request.number("square", 1.0)
    if not (square > 0 and np.linalg.matrix_rank(matrix) == n):
        where = f"step {request.populations[0]!r}"
        raise StrategyError(f"{where}: expected a covariance with an inverse and square above 0")
    points = np.vstack([centre, matrix * square])
    return (drawn(request, "ellipsoid", points, side=request.word("side", "inside")),)


METHODS.register("ellipsoid")(
    Method(
        "within a distance that a covariance measures",
        place,
        n_channels=tuple(range(2, 100)),
        options={"centre": None, "covariance": None, "square": 1.0, "side": "inside"},
    )
)
