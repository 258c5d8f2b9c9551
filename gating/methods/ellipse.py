"""Two channels within a drawn ellipse."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import drawn, numbers


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events within an ellipse: ``points`` are its centre and two half-axis ends."""
    return (drawn(request, "ellipse", numbers(request, "points", (3, 2))),)


METHODS.register("ellipse")(
    Method("within a drawn ellipse", place, n_channels=(2,), options={"points": None})
)
