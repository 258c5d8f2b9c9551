"""Two channels within a drawn polygon."""

from gating.methods import METHODS, Method, Request, Selection
from gating.methods._drawn import drawn, numbers


def place(request: Request) -> tuple[Selection, ...]:
    """Take the events within the corners ``points``, on the display scale of the step."""
    points = numbers(request, "points", (-1, 2))
    return (drawn(request, "polygon", points, side=request.word("side", "inside")),)


METHODS.register("polygon")(
    Method(
        "within a drawn polygon",
        place,
        n_channels=(2,),
        options={"points": None, "side": "inside"},
    )
)
