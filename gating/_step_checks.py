"""What a step of a strategy says beyond its keys, checked before any tube is gated."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labproc.errors import StrategyError
from labproc.model import Role
from labproc.registry import nearest

if TYPE_CHECKING:
    from gating.strategy import Step

CHOICES: Mapping[str, tuple[str, ...]] = {
    "line": ("below", "above"),
    "towards": ("high", "low", "high_low", "low_high"),
    "ends": ("both", "top"),
}
"""Options that are one word of a few, in whichever method they are."""

LIMITS: Mapping[str, tuple[float, float]] = {
    "keep": (0.5, 1.0),
    "quantile": (0.5, 0.99999),
    "lean": (0.0, 1.0),
    "sds": (0.0, 20.0),
    "clusters": (2, 20),
}
"""Options that are one number, with the lowest and the highest that make sense."""

SIDES: Mapping[str, tuple[str, ...]] = {
    "above": ("above", "below"),
    "inside": ("inside", "outside"),
}
"""The sides of a line and of an outline, by the side that a method takes by itself."""

POPULATIONS = (
    "within",
    "without",
    "any_of",
    "any_not",
    "of",
)  # options that name populations made before


def check_step(where: str, step: "Step") -> None:
    """Refuse a step whose channels, populations, control roles or options do not fit its method.

    Raises
    ------
    StrategyError
        With the step, what was found and what was expected.
    """
    from gating.methods import METHODS

    method = METHODS.get(step.method)
    if len(step.populations) != method.n_populations:
        raise StrategyError(
            f"{where}: {len(step.populations)} populations, method {step.method!r} makes "
            f"{method.n_populations}"
        )
    for key, channels in (("channels", step.channels), ("or_channels", step.or_channels)):
        if (key == "channels" or channels) and len(channels) not in method.n_channels:
            some = " or ".join(map(str, method.n_channels[:2]))
            wanted = some if len(method.n_channels) < 3 else f"{method.n_channels[0]} or more"
            raise StrategyError(
                f"{where}: {len(channels)} {key}, method {step.method!r} needs {wanted}"
            )
    roles = [r.value for r in Role]
    for role in step.control:
        if role not in roles:
            raise StrategyError(f"{where}: control {role!r} is no role; {nearest(role, roles)}")
    for name, value in step.options.items():
        _check_option(where, name, value)
    if "side" in step.options and step.method != "reference":  # there it is the other gate's
        sides = SIDES[str(method.options["side"])]
        if step.options["side"] not in sides:
            found = step.options["side"]
            raise StrategyError(f"{where}: side is {found!r}, expected {' or '.join(sides)}")


def _check_option(where: str, name: str, value: Any) -> None:
    if name in CHOICES and value not in CHOICES[name]:
        raise StrategyError(f"{where}: {name} is {value!r}, expected {' or '.join(CHOICES[name])}")
    if name not in LIMITS:
        return
    low, high = LIMITS[name]
    if isinstance(value, bool) or not isinstance(value, float | int) or not low <= value <= high:
        found = f"{value:g}" if isinstance(value, float) else repr(value)
        raise StrategyError(f"{where}: {name} is {found}, expected {low:g} to {high:g}")


def check_named(where: str, step: "Step", known: Sequence[str]) -> None:
    """Refuse a step that refers to a population that no step before it makes."""
    for option in POPULATIONS:
        for name in step.names(option):
            if name not in known:
                hint = nearest(name, list(known))
                raise StrategyError(f"{where}: {option} {name!r} is not made before it; {hint}")
