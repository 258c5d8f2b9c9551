"""The FCS files of a simulated study: every culture and day, every panel, and the controls."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from math import ceil
from pathlib import Path

import numpy as np

from labproc.formats.fcs.write import write_fcs
from labproc.simulate.cultures import CultureDay
from labproc.simulate.design import CONTROL, Design
from labproc.simulate.panels import DETECTORS, DYES, PANELS, SPILL, channels
from labproc.simulate.spec import TubeSpec
from labproc.simulate.tubes import FLOW_UL_MIN, TIME_STEP_S, simulate_tube

SAMPLE_UL, FINAL_UL = 20.0, 200.0
LARGEST_UL = 150.0  # what a tube of 200 µL lets the cytometer take
CLOG_RATE = 0.05  # of the tubes
CONTROL_EVENTS = 0.5  # of what a sample aims at
CYTOMETER = "4486521 Attune NxT Acoustic Focusing Cytometer (Lasers: BRVY)"


@dataclass(frozen=True, slots=True)
class Acquired:
    """One file to write: its path in ``raw/``, its tube, and what a sheet must say of it."""

    path: str
    spec: TubeSpec
    donor: str
    arm: str
    day: int
    role: str = "sample"


def acquired(
    cultures: list[CultureDay], design: Design, rng: np.random.Generator
) -> Iterator[Acquired]:
    """Yield every tube of the study in the order of acquisition, the dose series last."""
    series = [c for c in cultures if c.arm in design.dose_arms]
    main = [c for c in cultures if c.arm in design.arms]
    for culture in sorted(main, key=lambda c: (c.day, c.donor, c.arm)):
        for panel in design.panels:
            path = file_path(culture, panel, design)
            spec = _spec(culture, panel, design, rng)
            yield Acquired(path, spec, culture.donor, culture.arm, culture.day)
        if "car" in design.panels:
            yield from _controls(culture, design, rng)

    for culture in sorted(series, key=lambda c: (c.day, c.donor, c.arm)):
        if culture.day in design.window:
            yield from _counted(culture, design, rng)


def _counted(culture: CultureDay, design: Design, rng: np.random.Generator) -> Iterator[Acquired]:
    """Yield the tubes of a culture of the dose series: stained, counted, and its own control."""
    for panel in ("car", "count"):
        if panel in design.panels:
            spec = _spec(culture, panel, design, rng)
            path = file_path(culture, panel, design)
            yield Acquired(path, spec, culture.donor, culture.arm, culture.day)
    if "car" in design.panels:
        yield from _controls(culture, design, rng)


def folder(day: int, start: date) -> str:
    """Return the dated subfolder of a counting day."""
    return (start + timedelta(days=day)).isoformat()


def file_path(culture: CultureDay, panel: str, design: Design) -> str:
    """Return where a sample's file lies below ``raw/``."""
    name = f"{culture.donor}_{culture.arm}_d{culture.day:02d}_{panel}.fcs"
    return f"{folder(culture.day, design.start)}/{name}"


def _spec(culture: CultureDay, panel: str, design: Design, rng: np.random.Generator) -> TubeSpec:
    """Return what one tube of a culture holds."""
    spec = TubeSpec(
        panel=panel,
        viability=culture.viability,
        t_fraction=culture.t_fraction,
        car_fraction=culture.car_fraction,
        cd4_fraction=_cd4(culture),
        double_negative=culture.double_negative,
        double_positive=culture.double_positive,
        debris=float(rng.uniform(0.10, 0.22)),
        drift=float(rng.normal(0.02, 0.01)),
        clog=_clog(rng),
    )
    if panel == "count":
        return _no_wash(spec, culture, design, rng)
    return _washed(spec, design.n_events, rng)


def _cd4(culture: CultureDay) -> float:
    ratio = culture.cd4_cd8_ratio
    return ratio / (1 + ratio) * (1 - culture.double_negative - culture.double_positive)


def _clog(rng: np.random.Generator) -> tuple[float, float] | None:
    where, width, hit = rng.uniform(0.15, 0.75), rng.uniform(0.04, 0.09), rng.random()
    return (float(where), float(where + width)) if hit < CLOG_RATE else None


def _no_wash(
    spec: TubeSpec, culture: CultureDay, design: Design, rng: np.random.Generator
) -> TubeSpec:
    """Dilute the culture for the count; the dilution errs by the stated pipetting CV."""
    exact = culture.live_per_ul / culture.viability * SAMPLE_UL / FINAL_UL
    pipetted = exact * float(np.exp(rng.normal(0.0, design.pipetting_cv)))
    return replace(
        spec,
        cells_per_ul=pipetted,
        volume_ul=_volume(pipetted / (1 - spec.debris), design.n_events),
        doublets=0.004,  # diluted ten times, cells hardly ever pass in pairs
    )


def _washed(spec: TubeSpec, n_events: float, rng: np.random.Generator) -> TubeSpec:
    """Stain and wash; the loss of cells makes the density say nothing."""
    density = float(rng.uniform(180.0, 420.0))
    volume = _volume(density / (1 - spec.debris), n_events)
    return replace(spec, cells_per_ul=density, volume_ul=volume, doublets=0.035)


def _volume(events_per_ul: float, n_events: float) -> float:
    return float(min(ceil(n_events / events_per_ul), LARGEST_UL))


def _controls(culture: CultureDay, design: Design, rng: np.random.Generator) -> Iterator[Acquired]:
    """Yield the fully stained untransduced tube of the culture and, once a day, the unstained."""
    spec = replace(_spec(culture, "car", design, rng), car_fraction=0.0, clog=None)
    n = CONTROL_EVENTS * design.n_events
    stained = replace(_washed(spec, n, rng), control_shift=float(rng.normal(1.0, 0.03)))
    name = f"{folder(culture.day, design.start)}/{culture.donor}_{culture.arm}_d{culture.day:02d}"
    who = (culture.donor, culture.arm, culture.day)
    yield Acquired(f"{name}_car_untransduced.fcs", stained, *who, "untransduced")
    if culture.arm == CONTROL:
        bare = replace(_washed(spec, n, rng), stained=False)
        yield Acquired(f"{name}_car_unstained.fcs", bare, *who, "unstained")


def write_tube(raw: Path, tube: Acquired, design: Design, *, number: int) -> None:
    """Simulate one tube and write it as the cytometer would."""
    simulated = simulate_tube(tube.spec, seed=np.random.default_rng([design.seed, number])).tube
    path = raw / tube.path
    path.parent.mkdir(parents=True, exist_ok=True)
    keywords = _keywords(path, tube, design, number)
    write_fcs(path, simulated.events.values, channels(), keywords=keywords, spillover=SPILL)


def _keywords(path: Path, tube: Acquired, design: Design, number: int) -> dict[str, str]:
    """Return what an Attune NxT says of a tube; $VOL is in nL."""
    day = design.start + timedelta(days=tube.day)
    begin = datetime.combine(day, time(9)) + timedelta(minutes=3 * (number % 120))
    end = begin + timedelta(minutes=tube.spec.volume_ul / FLOW_UL_MIN)
    names = [c.name for c in channels()]
    stained = PANELS[tube.spec.panel] if tube.spec.stained else {}
    targets = {d: dye for d, dye in zip(DETECTORS, DYES, strict=True) if dye in stained}
    return {
        "$CYT": CYTOMETER,
        "$CYTSN": "SIMULATED",
        "$FIL": path.name,
        "$DATE": day.strftime("%d-%b-%Y"),
        "$BTIM": begin.strftime("%H:%M:%S"),
        "$ETIM": end.strftime("%H:%M:%S"),
        "$TIMESTEP": f"{TIME_STEP_S:g}",
        "$VOL": str(round(1000 * max(round(tube.spec.volume_ul), 1))),
        "$LOST": "0",
        "$SMNO": path.stem,
        "$COM": "simulated by labproc",
        "#FLOWRATE": f"{FLOW_UL_MIN:g}",
        "#TR1": "OR_FSC,25000",
        **{f"#P{names.index(d) + 1}TARGET": dye for d, dye in targets.items()},
    }
