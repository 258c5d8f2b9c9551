"""The methods in words, ready for a paper, from what was really done."""

from collections.abc import Sequence

from labproc.cohort.words import test_name
from labproc.model import Comparison, Plan
from labproc.pipeline.cohort_view import CohortView
from labproc.pipeline.results import PlateView, TubeView
from labproc.pipeline.versions import PIPELINE_VERSION, software_versions
from labproc.study import Study
from labproc.wording import counted

LIVE = "Live"


def methods_text(
    study: Study,
    tubes: Sequence[TubeView],
    plates: Sequence[PlateView],
    comparisons: Sequence[Comparison],
    cohort: CohortView | None = None,
) -> tuple[str, ...]:
    """Return one paragraph each for flow cytometry, qPCR, statistics, patients and software."""
    paragraphs = [
        _flow(tubes) if tubes else "",
        _qpcr(study, plates) if plates else "",
        _statistics(study.plan(), comparisons),
        _patients(cohort) if cohort else "",
        _software(),
    ]
    return tuple(p for p in paragraphs if p)


def _flow(tubes: Sequence[TubeView]) -> str:
    strategies = sorted({t.strategy for t in tubes})
    gates = dict.fromkeys(g.population for t in tubes for g in t.gates)
    instruments = sorted({t.source.instrument for t in tubes if t.source.instrument})
    on = f" on {'; '.join(instruments)}" if instruments else ""
    were = "was" if len(tubes) == 1 else "were"
    return (
        f"Flow cytometry: {counted(len(tubes), 'tube')} acquired{on} {were} gated {_how(tubes)} "
        f"strategies {', '.join(strategies)} ({', '.join(gates)}). {_live(tubes)}"
        f"{_car(tubes)}{_moved(tubes)}"
        "Counts are events divided by the volume acquired, times the dilution."
    )


def _how(tubes: Sequence[TubeView]) -> str:
    """Say whether gates follow the events or were drawn, here or in another program."""
    placed = {str(g.parameters.get("placed", "")) for t in tubes for g in t.gates} - {"by hand"}
    fixed = {p == "drawn" for p in placed}
    if fixed == {True}:
        return "with the gates drawn by hand in the"
    return (
        "automatically with the" if True not in fixed else "with automatic and drawn gates of the"
    )


def _live(tubes: Sequence[TubeView]) -> str:
    held = sum(g.population == LIVE and bool(g.control_name) for t in tubes for g in t.gates)
    if not held:
        return ""
    return (
        f"In {counted(held, 'tube')} the live gate was held against an unstained tube of the same "
        "donor and day. "
    )


def _car(tubes: Sequence[TubeView]) -> str:
    positive = [g for t in tubes for g in t.gates if g.population == "CAR+"]
    leaning = [g for g in positive if g.parameters.get("placed") != "drawn"]
    held = sum(bool(g.control_name) for g in leaning)
    fixed = len(positive) - len(leaning)
    drawn = (
        f"In {counted(fixed, 'tube')} CAR+ is a gate drawn by hand, not held against a control. "
        if fixed
        else ""
    )
    if not leaning:
        return drawn
    return drawn + (
        f"CAR+ cells were gated against the fully stained untransduced control of the same donor "
        f"and day ({held} of {counted(len(leaning), 'tube')} had one); fractions are best "
        "estimates that account for the overlap of positives and negatives. "
    )


def _moved(tubes: Sequence[TubeView]) -> str:
    moved = [t for t in tubes if "moved" in t.version]
    return f"In {counted(len(moved), 'tube')} a reviewer moved a gate. " if moved else ""


def _qpcr(study: Study, plates: Sequence[PlateView]) -> str:
    rules = study.settings.qpcr
    reference = f" and {rules.reference.target} as reference" if rules and rules.reference else ""
    target = rules.transgene if rules else "the transgene"
    methods = dict.fromkeys(s.method for p in plates for s in p.samples if s.method)
    return (
        f"qPCR: {target} was quantified{reference} on {counted(len(plates), 'plate')}. "
        f"Standard curves are unweighted least squares of Cq on log10 copies{_shared(plates)}; "
        f"copies were read backwards ({', '.join(methods)}); non-detects entered as "
        "censored, never as 0 or 40."
    )


def _shared(plates: Sequence[PlateView]) -> str:
    """Say how many plates share a slope, nothing where each has its own."""
    codes = ("master_curve", "calibrated_plate")
    n = sum(any(f.code in codes for c in p.curves for f in c.flags) for p in plates)
    return f" with one slope for {counted(n, 'plate')} and an intercept for each" if n else ""


def _statistics(plan: Plan | None, comparisons: Sequence[Comparison]) -> str:
    if plan is None or not comparisons:
        return ""
    planned = [c.outcome for c in comparisons if c.planned]
    window = ""
    if plan.window_days:
        window = f" over days {plan.window_days[0]:g} to {plan.window_days[1]:g}"
    return (
        f"Statistics: the primary outcome was {plan.primary}{window}, compared between arms with "
        f"{plan.test.replace('_', ' ')}; one repeat is one {plan.unit}. Planned: "
        f"{', '.join(dict.fromkeys(planned))}; P values were adjusted by {plan.correction}. "
        "Everything else is exploratory."
    )


def _patients(view: CohortView) -> str:
    """Say how patients were compared, with the tests that were done."""
    n = [view.cohort.members().count(arm) for arm in view.arms]
    arms = ", ".join(f"{size} {arm}" for arm, size in zip(view.arms, n, strict=True))
    counts = next((t.test for t in view.tests if t.table in ("response", "toxicity")), "fisher")
    rank = [t for t in view.tests if t.table == "survival" and t.landmark is not None]
    days = ", ".join(f"{day:g}" for day in dict.fromkeys(t.landmark for t in rank if t.landmark))
    landmark = f", also from day {days} on (landmark)" if days else ""
    survival = (
        " Survival was estimated by Kaplan and Meier with log(-log) intervals and compared by "
        f"Gehan-Breslow-Wilcoxon and log-rank tests{landmark}."
        if view.followed
        else ""
    )
    copies = " Copies were compared on the log scale at nominal visits." if view.copies else ""
    return (
        f"Patients: {sum(n)} patients ({arms}) were compared without random assignment; counts by "
        f"{test_name(counts)}'s test on the evaluable patients, numbers by rank tests."
        f"{survival}{copies}"
    )


def _software() -> str:
    versions = software_versions()
    return (
        f"Software: labproc {versions['labproc']} (pipeline {PIPELINE_VERSION}), numpy "
        f"{versions['numpy']}, scipy {versions['scipy']}, scikit-learn {versions['scikit-learn']}."
    )
