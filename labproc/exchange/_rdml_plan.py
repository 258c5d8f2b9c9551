"""How a plate's wells are laid out in RDML: runs, samples, targets.

RDML allows one sample and each target once in a reaction. A file of several plates, or with two
targets of one name, holds more; what does not fit goes to a further run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from labproc.exchange._text import distinct, xml_text
from labproc.model import Task, Well

UNNAMED = "unnamed"
Role = tuple[Task, float | None]


@dataclass(slots=True)
class RdmlSample:
    """One sample: what it is for each target; ``id`` is unique in the document."""

    name: str
    roles: dict[str, Role] = field(default_factory=dict)
    id: str = ""

    def fits(self, name: str, roles: dict[str, Role]) -> bool:
        """Whether wells of this name and these roles hold the same sample."""
        return self.name == name and all(
            self.roles.get(target, role) == role for target, role in roles.items()
        )

    @property
    def by_target(self) -> dict[str, Role]:
        """Roles by target; under the empty name where all targets share one."""
        shared = set(self.roles.values())
        return {"": shared.pop()} if len(shared) == 1 else self.roles


def target_of(well: Well) -> str:
    """Return the target, or the dye where the file names none."""
    return xml_text(well.target or well.dye) or UNNAMED


def dye_of(well: Well) -> str:
    """Return the dye; RDML asks for one."""
    return xml_text(well.dye) or "unknown"


def runs_of(wells: Iterable[Well]) -> list[list[Well]]:
    """Share wells out to as few runs as hold one sample and each target once in a reaction."""
    runs: list[list[Well]] = []
    taken: list[set[tuple[str, str]]] = []
    held: list[dict[str, str]] = []
    for well in wells:
        place = (well.position, target_of(well))
        free = (
            i
            for i, names in enumerate(held)
            if place not in taken[i] and names.get(well.position, well.sample) == well.sample
        )
        at = next(free, len(runs))
        if at == len(runs):
            runs.append([])
            taken.append(set())
            held.append({})
        runs[at].append(well)
        taken[at].add(place)
        held[at][well.position] = well.sample
    return runs


def samples_of(runs: Sequence[Sequence[Well]]) -> tuple[list[RdmlSample], list[dict[str, str]]]:
    """Return the samples, and for every run the sample's id in each position.

    Wells of one name are one sample unless they contradict each other: a name that is standard and
    unknown, or stands for several quantities, becomes as many samples.
    """
    found: list[RdmlSample] = []
    places: list[dict[str, RdmlSample]] = []
    for run in runs:
        places.append({})
        for position, wells in by_position(run).items():
            places[-1][position] = _sample_for(found, wells)
    names = distinct([xml_text(s.name) for s in found])
    for sample, name in zip(found, names, strict=True):
        sample.id = name
    return found, [{p: s.id for p, s in run.items()} for run in places]


def _sample_for(found: list[RdmlSample], wells: Sequence[Well]) -> RdmlSample:
    name = wells[0].sample or UNNAMED
    roles = {target_of(w): _role(w) for w in wells}
    sample = next((s for s in found if s.fits(name, roles)), None)
    if sample is None:
        found.append(sample := RdmlSample(name))
    sample.roles |= roles
    return sample


def _role(well: Well) -> Role:
    """Return task and quantity; a quantity that was found belongs to no sample."""
    return well.task, well.quantity if well.task is Task.STANDARD else None


def by_position(wells: Iterable[Well]) -> dict[str, list[Well]]:
    """Return the wells of each position, in order of first appearance."""
    found: dict[str, list[Well]] = {}
    for well in wells:
        found.setdefault(well.position, []).append(well)
    return found
