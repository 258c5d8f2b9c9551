"""Two channels within a drawn ellipse, or more within an ellipsoid."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import drawn, numbers


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events within an ellipse: ``points`` are its centre and its half-axis ends."""
    n = len(request.channels)
    points = numbers(request, "points", (n + 1, n))
    return (drawn(request, "ellipse", points, side=request.word("side", "inside")),)


METHODS.register("ellipse")(
    Method(
        "within a drawn ellipse",
        place,
        n_channels=tuple(range(2, 100)),
        options={"points": None, "side": "inside"},
    )
)
