"""Control tubes: which of them a gate may lean on, and how far."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labproc.errors import SettingsError
from labproc.model import FlowTube, Role

SAME_ARM = "same_arm"
SAME_DAY = "same_day"
OTHER = "other"
_RANK = {SAME_ARM: 0, SAME_DAY: 1, OTHER: 2}


@dataclass(frozen=True, slots=True)
class Control:
    """A control tube and how it is matched to the sample.

    ``matched``: ``same_arm`` (same donor, day and arm), ``same_day`` (same donor and day) or
    ``other``. ``channel`` names the dye of a ``compensation`` tube.
    """

    role: Role
    tube: FlowTube
    matched: str = SAME_ARM
    channel: str = ""

    def __post_init__(self) -> None:
        if self.matched not in _RANK:
            raise SettingsError(
                f"control {self.role.value}: matched is {self.matched!r}, "
                f"expected {', '.join(_RANK)}"
            )


def best_first(controls: Iterable[Control], roles: Sequence[str]) -> tuple[Control, ...]:
    """Sort the controls of these roles: by role in the order given, then by how they match."""
    usable = [c for c in controls if c.role.value in roles]
    return tuple(sorted(usable, key=lambda c: (roles.index(c.role.value), _RANK[c.matched])))


def differences(sample: FlowTube, control: FlowTube, channels: Sequence[str]) -> tuple[str, ...]:
    """Say how a control's acquisition differs from the sample's on the step's channels."""
    found = []
    if sample.cytometer and control.cytometer and sample.cytometer != control.cytometer:
        found.append(f"another cytometer ({control.cytometer!r})")
    days = (sample.keywords.get("$DATE"), control.keywords.get("$DATE"))
    if all(days) and days[0] != days[1]:
        found.append(f"another day ({days[1]})")
    for name in channels:
        if not (sample.events.has(name) and control.events.has(name)):
            continue
        volts = [t.events.channels[t.events.index(name)].voltage for t in (sample, control)]
        if None not in volts and volts[0] != volts[1]:
            found.append(f"{name} at {volts[1]:g} V, sample at {volts[0]:g} V")
    return tuple(found)
