"""What ``samples.csv`` says of the blood behind a sample of DNA, and of its extraction."""

from collections.abc import Iterable
from dataclasses import dataclass

from labproc.errors import StudyError
from labproc.study.sheets import SheetRow

BLOOD = ("dna_yield_ug", "blood_ul")
WELL = ("dilution", "template_ul", "elution_ul")


@dataclass(frozen=True, slots=True)
class Blood:
    """Blood that DNA came from: its volume, and the DNA's weight or the eluate's volume."""

    blood_ul: float
    dna_ug: float | None = None
    elution_ul: float | None = None


@dataclass(frozen=True, slots=True)
class Extracted:
    """How a sample's DNA came into its wells: ``dilution`` is 10 for 1 part in 10."""

    dilution: float = 1.0
    template_ul: float | None = None
    elution_ul: float | None = None


def extracts_of(samples: Iterable[SheetRow]) -> dict[str, Extracted]:
    """Return dilution and volumes of each qPCR sample that the sheet states any for.

    Raises
    ------
    StudyError
        If a number is not more than 0.
    """
    named = [row for row in samples if row.get("sample") and any(map(row.get, WELL))]
    return {row.get("sample"): _extracted(row) for row in named}


def _extracted(row: SheetRow) -> Extracted:
    dilution, template, elution = (_positive(row, name) for name in WELL)
    return Extracted(dilution or 1.0, template, elution)


def blood_of(samples: Iterable[SheetRow]) -> dict[str, Blood]:
    """Return the blood of each qPCR sample that the sheet states one for.

    Raises
    ------
    StudyError
        If a number is not more than 0, or what is stated gives no copies per µL blood.
    """
    named = [row for row in samples if row.get("sample") and any(map(row.get, BLOOD))]
    return {row.get("sample"): _blood(row) for row in named}


def _blood(row: SheetRow) -> Blood:
    yielded, blood = (_positive(row, name) for name in BLOOD)
    _, template, elution = (_positive(row, name) for name in WELL)
    by_volumes = elution is not None and template is not None
    if blood is None or not (yielded is not None or by_volumes):
        said = [n for n in (*BLOOD, "elution_ul", "template_ul", "dilution") if row.get(n)]
        raise StudyError(
            f"{row.where}: {' and '.join(said)} alone give no copies per µL blood, expected "
            "blood_ul with dna_yield_ug, or with elution_ul and template_ul"
        )
    return Blood(blood, yielded, elution)


def _positive(row: SheetRow, name: str) -> float | None:
    value = row.number(name)
    if value is not None and not value > 0:
        raise StudyError(f"{row.where}: {name} is {value:g}, expected more than 0")
    return value
