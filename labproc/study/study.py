"""A study folder that was read: its settings, its sheets, and what they say of a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from labproc.formats.table import Table
from labproc.model import CultureEvent, OutsideValue, PatientEvent, Plan, Specification
from labproc.study.assign import Assigner, Assignment, Found
from labproc.study.blood import Blood, Extracted
from labproc.study.settings import Settings


@dataclass(frozen=True)
class Study:
    """A study folder that was read and checked.

    ``patients`` and ``doses`` are the user's own tables with their titles, None without them.
    """

    folder: Path
    settings: Settings
    assigner: Assigner
    culture_log: tuple[CultureEvent, ...]
    patient_events: tuple[PatientEvent, ...]
    dna_ng: Mapping[str, float]
    sheets_sha256: str
    blood: Mapping[str, Blood] = field(default_factory=dict)
    patients: tuple[str, Table] | None = None
    doses: tuple[str, Table] | None = None
    extracts: Mapping[str, Extracted] = field(default_factory=dict)
    release: tuple[Specification, ...] = ()
    outside: tuple[OutsideValue, ...] = ()
    weights_kg: Mapping[str, float] = field(default_factory=dict)
    release_sha256: str = ""

    @property
    def raw(self) -> Path:
        """Where the instruments write; labproc only reads here."""
        return self.folder / "raw"

    @property
    def results(self) -> Path:
        """Where everything that labproc writes lies."""
        return self.folder / "results"

    @cached_property
    def store_url(self) -> str | Path:
        """The results database: the server of ``[store]``, or the file under results."""
        return self.settings.store.url or self.results / "labproc.sqlite"

    def assign(self, found: Found) -> Assignment:
        """Say whose cells a file holds."""
        return self.assigner.assign(found)

    def assign_qpcr_sample(self, name: str) -> Assignment:
        """Say whose DNA a qPCR sample is."""
        return self.assigner.assign_sample(name)

    def plate_samples(self, plate: str) -> Mapping[str, str]:
        """Return well -> sample name as the plate's grid says, for exports without names."""
        return {
            well: row.get("sample")
            for (name, well), row in self.assigner.rows.by_well.items()
            if name in (plate.strip().casefold(), "") and row.get("sample")
        }

    def strategy_path(self, strategy: str) -> str | Path:
        """Return a strategy's own file in the study folder, else its name as shipped."""
        for path in (self.folder / strategy, self.folder / f"{strategy}.toml"):
            if path.is_file():
                return path
        return strategy

    def plan(self) -> Plan | None:
        """Return what the study set out to test, None where it does not say."""
        plan = self.settings.plan
        if plan is None:
            return None
        control = self.settings.study.control
        doses = [(name, arm.lenalidomide_um) for name, arm in self.settings.arms.items()]
        return Plan(
            unit=plan.unit,
            primary=plan.primary,
            control=control,
            treated=plan.treated or tuple(n for n in self.settings.arms if n != control),
            window_days=plan.window_days,
            test=plan.test,
            secondary=plan.secondary,
            correction=plan.correction,
            level=plan.level,
            dose_um=tuple(doses),
        )
