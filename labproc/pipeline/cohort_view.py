"""The patients of a study, compared: what tables, report and dashboard show of them."""

from dataclasses import dataclass, field

from labproc.cohort.dosing import DoseFinding, Protocol
from labproc.cohort.infusion import Infusion
from labproc.cohort.patients import Cohort
from labproc.cohort.result import CohortTest, TableRow
from labproc.cohort.survival import Followed
from labproc.cohort.swimmer import Lane
from labproc.model import Measurement


@dataclass(frozen=True, slots=True)
class CohortView:
    """Patients by arm: tests, Table 1 and 2, curves, lanes, copies, and doses that were checked.

    ``copies`` are the patients' samples, days counted from the infusion's day 0; ``sha256`` and
    ``doses_sha256`` are of the sheets that were read.
    """

    cohort: Cohort
    tests: tuple[CohortTest, ...]
    rows: tuple[TableRow, ...]
    followed: tuple[Followed, ...] = ()
    lanes: tuple[Lane, ...] = ()
    copies: tuple[Measurement, ...] = ()
    doses: tuple[DoseFinding, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    infusion: Infusion = field(default_factory=Infusion)
    sha256: str = ""
    doses_sha256: str = ""

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, the control first."""
        return self.cohort.arms

    def test(self, table: str, variable: str) -> CohortTest | None:
        """Return the first test of a variable: the one that stands in its table."""
        return next((t for t in self.tests if (t.table, t.variable) == (table, variable)), None)
