"""One channel cut at a given value."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import corner_points, drawn


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events on the asked side of ``at``, in linear fluorescence."""
    points = corner_points(request, ["at"])
    return (drawn(request, "threshold", points, side=request.word("side", "above")),)


METHODS.register("threshold")(
    Method("cut at a given value", place, options={"at": None, "side": "above"})
)
