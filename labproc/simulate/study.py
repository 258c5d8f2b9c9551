"""A whole simulated study folder, as a scientist would have it."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from labproc.simulate.acquisition import (
    FINAL_UL,
    SAMPLE_UL,
    Acquired,
    acquired,
    write_tube,
)
from labproc.simulate.answers import write_truth
from labproc.simulate.cohort import dosing_rows, event_rows, patients_of
from labproc.simulate.cultures import (
    RESTIMULATION_DAY,
    SAMPLE_ML,
    CultureDay,
    simulate_cultures,
)
from labproc.simulate.design import CONTROL, TREATED, Design
from labproc.simulate.patient import PATIENT, patient_course
from labproc.simulate.plates import (
    DNA_NG,
    POSITIVE,
    UNTRANSDUCED,
    DnaSample,
    simulate_plate,
)
from labproc.simulate.quantstudio import write_text, write_workbook

REDOSING_DAYS = (0, 6)
PLATE_SAMPLES = 23  # in triplicate beside standards and controls
Rows = Iterable[Mapping[str, Any]]


def write_study(folder: Path, design: Design | None = None) -> None:
    """Write a study with known truth: settings, sheets, ``raw/`` and ``truth/``.

    Parameters
    ----------
    folder : Path
        Made where it is missing; files of the same names are replaced.
    design : Design, optional
        Three donors, eight days and three panels when left out.
    """
    design = design or Design()
    folder.mkdir(parents=True, exist_ok=True)
    cultures = simulate_cultures(design, np.random.default_rng([design.seed, 1]))
    (folder / "study.toml").write_text(settings(design), encoding="utf-8")
    _write_flow(folder, cultures, design)
    _table(folder / "culture.csv", _culture_rows(cultures))
    if design.with_qpcr:
        _write_plates(folder, cultures, design)
    if design.with_patient:
        _write_patients(folder, design)
    write_truth(folder / "truth", cultures, design)


def _write_flow(folder: Path, cultures: list[CultureDay], design: Design) -> None:
    tubes = list(acquired(cultures, design, np.random.default_rng([design.seed, 2])))
    for number, tube in enumerate(tubes):
        write_tube(folder / "raw", tube, design, number=number)
    _table(folder / "samples.csv", [*_control_rows(tubes), *_dna_rows(design)])


def _control_rows(tubes: Sequence[Acquired]) -> Rows:
    """Yield the rows of the sheet for tubes whose names do not say their role."""
    for tube in tubes:
        if tube.role != "sample":
            yield {
                "file": tube.path,
                "sample": "",
                "donor": tube.donor,
                "arm": tube.arm,
                "day": tube.day,
                "panel": tube.spec.panel,
                "role": tube.role,
                "dna_ng": "",
            }


def _dna_rows(design: Design) -> Rows:
    """Yield the rows of the sheet for DNA controls, and for DNA of another amount."""
    if design.with_qpcr or design.with_patient:
        yield {"sample": UNTRANSDUCED, "role": "untransduced_gdna"}
        yield {"sample": POSITIVE, "role": "positive"}
    if design.with_patient:
        for day in patient_course():
            if day.dna_ng != DNA_NG:
                yield {"sample": patient_name(PATIENT, day.day), "dna_ng": f"{day.dna_ng:g}"}


def _write_plates(folder: Path, cultures: list[CultureDay], design: Design) -> None:
    """Write one plate per donor: both arms, every day, in triplicate."""
    raw = folder / "raw" / "qpcr"
    raw.mkdir(parents=True, exist_ok=True)
    for number, donor in enumerate(design.donor_names):
        rng = np.random.default_rng([design.seed, 3, number])
        mine = [c for c in cultures if c.donor == donor and c.arm in design.arms]
        samples = [DnaSample(dna_name(c), c.copies_per_ug) for c in mine]
        wells = simulate_plate(samples, rng)
        start = f"2026-03-{18 + number:02d} 10:05:00 AM CET"
        path = raw / f"{donor}_CAR_ALB.xlsx"
        write_workbook(path, wells, run_start=start, seed=design.seed + number)


def dna_name(culture: CultureDay) -> str:
    """Return the name of a culture's DNA sample on its plate."""
    return f"{culture.donor}_{culture.arm}_d{culture.day:02d}"


def _write_patients(folder: Path, design: Design) -> None:
    """Write the patients' plates (as text), the table of all patients and their events."""
    raw = folder / "raw" / "qpcr"
    raw.mkdir(parents=True, exist_ok=True)
    patients, courses = patients_of(design)
    samples = [
        DnaSample(patient_name(who, d.day), d.copies_per_ug, d.dna_ng)
        for who, course in courses.items()
        for d in course
    ]
    first = len(courses[PATIENT])
    plates = {PATIENT: samples[:first]}
    for number, start in enumerate(range(first, len(samples), PLATE_SAMPLES), start=1):
        plates[f"patients{number}"] = samples[start : start + PLATE_SAMPLES]
    for number, (name, held) in enumerate(plates.items()):
        wells = simulate_plate(held, np.random.default_rng([design.seed, 4, number]))
        start_of_run = f"2027-03-{22 + number:02d} 11:20:00 AM CET"
        write_text(raw / f"{name}_CAR_ALB.txt", wells, run_start=start_of_run)
    _table(folder / "patients.csv", patients)
    _table(folder / "events.csv", event_rows(patients))
    _table(folder / "dosing.csv", dosing_rows(patients))


def patient_name(patient: str, day: int) -> str:
    """Return the name of a patient's DNA sample on its plate."""
    return f"{patient}_d{day:03d}"


def _culture_rows(cultures: Sequence[CultureDay]) -> Rows:
    """Yield what was done to each culture, as a scientist would log it."""
    for c in cultures:
        where = {"donor": c.donor, "arm": c.arm, "day": c.day}
        yield {
            **where,
            "volume_before_ml": f"{c.volume_ml:g}",
            "sampled_ml": f"{SAMPLE_ML:g}",
            "kept_fraction": f"{c.kept_fraction:g}",
            "volume_after_ml": f"{c.volume_after_ml:g}",
            "event": c.event,
        }
        if c.arm != CONTROL and c.day in REDOSING_DAYS:
            yield {**where, "event": "drug"}
        if c.day == RESTIMULATION_DAY:
            yield {**where, "event": "restimulate"}


def _table(path: Path, rows: Rows) -> None:
    listed = list(rows)
    if not listed:
        return
    names = list(dict.fromkeys(name for row in listed for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(listed)


def settings(design: Design) -> str:
    """Return the text of the study's ``study.toml``."""
    series = (_DOSE.format(name=name, dose=dose) for name, dose in design.dose_arms.items())
    parts = [_HEAD, *series, _FILES, *(_PANELS[p] for p in design.panels)]
    if "count" in design.panels:
        parts.append(_COUNTS.format(sample=SAMPLE_UL, final=FINAL_UL, cv=design.pipetting_cv))
    if design.with_qpcr or design.with_patient:
        parts.append(_QPCR.format(dna=DNA_NG))
    last = max(design.days)
    plan = _PLAN.format(first=2 if last > 2 else 0, last=min(10, last))
    parts.append(plan + (_SERIES if design.doses_um else ""))
    if design.with_patient:
        parts.append(_COHORT)
    return "\n".join(parts)


_HEAD = f'''# A simulated study: the truth behind every number is in truth/.
[study]
title = "CAR-T cells with and without lenalidomide (simulated)"
control = "{CONTROL}"

[arms.{CONTROL}]
label = "Control"
vehicle = "DMSO 0.1 %"
aliases = ["ctrl", "DMSO"]

[arms."{TREATED}"]
label = "Lenalidomide 10 µmol/L"
lenalidomide_um = 10
from_day = 0
aliases = ["Len", "L10", "10uM"]
'''
_DOSE = """[arms."{name}"]
label = "Lenalidomide {dose:g} µmol/L"
lenalidomide_um = {dose:g}
"""
_FILES = """[files]
pattern = ["{date}/{donor}_{arm}_d{day}_{panel}.fcs"]
"""
_PANELS = {
    "car": """[panels.car]
strategy = "car_t"
markers = { CAR = "BL1-A", CD3 = "YL2-A", viability = "RL2-A" }
""",
    "subset": """[panels.subset]
strategy = "cd4_cd8"
markers = { CD3 = "YL2-A", CD4 = "VL1-A", CD8 = "RL1-A", viability = "RL2-A" }
""",
    "count": """[panels.count]
strategy = "live"
markers = { viability = "RL2-A" }
""",
}
_COUNTS = """[counts]
panel = "count"
method = "volume"
sample_ul = {sample:g}
final_ul = {final:g}
pipetting_cv = {cv:g}
"""
_QPCR = """[qpcr]
transgene = "CAR"
reference = {{ target = "ALB", copies_per_diploid_genome = 2 }}
sample_pattern = ["{{donor}}_{{arm}}_d{{day}}", "{{donor}}_d{{day}}"]
dna_ng_per_well = {dna:g}
standard_unit = "copies_per_well"
"""
_PLAN = """[plan]
unit = "donor"
primary = "cart_growth_rate"
window_days = [{first}, {last}]
test = "two_stage_paired"
secondary = ["ln_cd4_cd8_slope", "copies_per_ug_auc"]
correction = "holm"
"""
_SERIES = f"""treated = ["{TREATED}"]           # the other doses are compared as a series
"""
_COHORT = """[cohort]
arm = "arm"
response = "best_response"
toxicity = ["crs", "thrombocytopenia34"]
survival.OS = { time = "os_months", event = "os_event" }
survival.PFS = { time = "pfs_months", event = "pfs_event" }
start_day = "len_start_day"      # lenalidomide began here: immortal time is looked for
ongoing = "ongoing"

[dosing]                         # the protocol's limits; dosing.csv is held against them
hold_anc = 0.5
hold_platelets = 25
reduce_anc = 2
reduce_platelets = 50
"""
