"""Two channels between given values."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import corner_points, drawn


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events between the corners ``low`` and ``high``, in linear fluorescence."""
    return (drawn(request, "rectangle", corner_points(request, ["low", "high"])),)


METHODS.register("rectangle")(
    Method("within a rectangle", place, n_channels=(2,), options={"low": None, "high": None})
)
