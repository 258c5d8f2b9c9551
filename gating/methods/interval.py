"""One channel between two given values."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import corner_points, drawn


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events from ``low`` to ``high``, in linear fluorescence."""
    return (drawn(request, "interval", corner_points(request, ["low", "high"])),)


METHODS.register("interval")(
    Method("between two given values", place, options={"low": None, "high": None})
)
