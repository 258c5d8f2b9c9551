"""What ``samples.csv`` says of the blood behind a sample of DNA."""

from collections.abc import Iterable
from dataclasses import dataclass

from labproc.errors import StudyError
from labproc.study.sheets import SheetRow

VOLUMES = ("dna_yield_ug", "blood_ul", "elution_ul", "template_ul", "dilution")


@dataclass(frozen=True, slots=True)
class Blood:
    """Blood that DNA was extracted from: its volume, and the yield or the extraction's volumes.

    ``dilution`` is 1 for none, 10 for 1 part in 10.
    """

    blood_ul: float
    dna_ug: float | None = None
    elution_ul: float | None = None
    template_ul: float | None = None
    dilution: float = 1.0


def blood_of(samples: Iterable[SheetRow]) -> dict[str, Blood]:
    """Return the blood of each qPCR sample that the sheet states one for.

    Raises
    ------
    StudyError
        If a number is not more than 0, or what is stated gives no copies per µL blood.
    """
    named = [row for row in samples if row.get("sample") and any(map(row.get, VOLUMES))]
    return {row.get("sample"): _blood(row) for row in named}


def _blood(row: SheetRow) -> Blood:
    yielded, blood, elution, template, dilution = (_positive(row, name) for name in VOLUMES)
    by_volumes = elution is not None and template is not None
    if blood is None or not (yielded is not None or by_volumes):
        raise StudyError(
            f"{row.where}: {' and '.join(n for n in VOLUMES if row.get(n))} alone give no copies "
            "per µL blood, expected blood_ul with dna_yield_ug, or with elution_ul and template_ul"
        )
    return Blood(blood, yielded, elution, template, dilution or 1.0)


def _positive(row: SheetRow, name: str) -> float | None:
    value = row.number(name)
    if value is not None and not value > 0:
        raise StudyError(f"{row.where}: {name} is {value:g}, expected more than 0")
    return value
