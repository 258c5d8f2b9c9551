"""Controls of a DNA assay: blanks that must stay empty, positives that must not, inhibition."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from labproc.model import CopyNumber, Flag, Role, Status, Task
from labproc.model.flag import Severity, fail, review
from labproc.qpcr.acceptance import is_no_template
from labproc.qpcr.results import AcceptanceRow, Checked, TargetFit, Verdict
from labproc.qpcr.rules import QpcrRules

MakeFlag = Callable[[str], Flag]

GDNA_WITHOUT_VECTOR = (Role.UNTRANSDUCED_GDNA, Role.UNTRANSDUCED)


def check_controls(
    samples: Sequence[CopyNumber], *, roles: Mapping[str, Role], rules: QpcrRules
) -> Checked:
    """Check every control whose role is known from the sheet or from the file's own tasks.

    Parameters
    ----------
    samples : sequence of CopyNumber
        Of the whole plate, every target.
    roles : mapping of str to Role
        Sample name to role, as ``samples.csv`` says.
    """
    transgene = [s for s in samples if _is(s.target, rules.transgene)]
    reference = [s for s in samples if _is(s.target, rules.reference_target)]
    without = [s for s in transgene if roles.get(s.sample) in GDNA_WITHOUT_VECTOR]
    blanks = [s for s in (*transgene, *reference) if roles.get(s.sample) is Role.EXTRACTION_BLANK]
    ntc = [s for s in samples if roles.get(s.sample) is Role.NTC and s.task is Task.UNKNOWN]
    known = [s for s in samples if roles.get(s.sample) is Role.POSITIVE or s.task is Task.POSITIVE]
    empty = [s for s in reference if roles.get(s.sample) in GDNA_WITHOUT_VECTOR]
    return (
        _stays_empty("untransduced_clean", without, _untransduced)
        + _stays_empty("extraction_blank_clean", blanks, _blank)
        + _stays_empty("ntc_clean", ntc, _ntc)
        + _is_found("positive_control", known, _positive)
        + _is_found("untransduced_has_dna", empty, _without_dna)
    )


def _untransduced(text: str) -> Flag:
    return review("untransduced_amplified", text)


def _blank(text: str) -> Flag:
    return review("extraction_blank_amplified", text)


def _ntc(text: str) -> Flag:
    return review("ntc_amplified", text)


def _positive(text: str) -> Flag:
    return review("positive_control_negative", text)


def _without_dna(text: str) -> Flag:
    return review("untransduced_without_dna", text)


def _is(target: str, wanted: str | None) -> bool:
    return wanted is not None and target.casefold() == wanted.casefold()


def _by_target(samples: Sequence[CopyNumber]) -> dict[str, list[CopyNumber]]:
    found: dict[str, list[CopyNumber]] = {}
    for s in samples:
        found.setdefault(s.target, []).append(s)
    return found


def _stays_empty(rule: str, samples: Sequence[CopyNumber], flag: MakeFlag) -> Checked:
    checked = Checked()
    for target, own in _by_target(samples).items():
        dirty = [s for s in own if s.n_detected]
        found = f"{sum(s.n_detected for s in dirty)} of {sum(s.n_wells for s in own)} wells"
        row = AcceptanceRow(rule, target, "none amplified", found, "fail" if dirty else "pass")
        flags = tuple(flag(_amplified(s)) for s in dirty)
        checked = checked + Checked((row,), flags)
    return checked


def _amplified(found: CopyNumber) -> str:
    copies = "" if found.copies is None else f", about {found.copies:.3g} copies per well"
    return (
        f"{found.target}: {found.sample or found.wells[0]} amplified in {found.n_detected} of "
        f"{found.n_wells} wells (Cq {found.cq:.1f}{copies}), expected none"
    )


def _is_found(rule: str, samples: Sequence[CopyNumber], flag: MakeFlag) -> Checked:
    checked = Checked()
    for target, own in _by_target(samples).items():
        lost = [s for s in own if s.n_detected < s.n_wells]
        wells = sum(s.n_wells for s in own)
        found = f"{sum(s.n_detected for s in own)} of {wells} wells"
        verdict: Verdict = "fail" if lost else "pass"
        row = AcceptanceRow(rule, target, "all amplified", found, verdict)
        names = ", ".join(s.sample or s.wells[0] for s in lost)
        text = f"{target}: {names} amplified in {found}, expected all"
        checked = checked + Checked((row,), (flag(text),) if lost else ())
    return checked


def inhibition_delay(fits: Sequence[TargetFit], rules: QpcrRules) -> dict[str, float | None]:
    """Return how much later than without sample the inhibition control comes up, in cycles.

    The control is ``rules.ipc_target``, or the target that the file marks as IPC. Its Cq in wells
    without template is what it is without inhibition; without such wells the plate's median is.
    None where it did not come up at all. Empty without an inhibition control.
    """
    fit = next((f for f in fits if _is_ipc(f, rules)), None)
    if fit is None:
        return {}
    wells = [w for w in fit.wells if not w.omitted and "block" not in w.task_as_written.casefold()]
    free = [w.cq for w in wells if w.cq and (w.task is Task.NTC or is_no_template(w.sample))]
    known = free or [w.cq for w in wells if w.cq]
    if not known:
        return {}
    usual = float(np.median(known))
    cqs: dict[str, list[float | None]] = {}
    for w in wells:
        if w.sample and w.task is not Task.NTC and not is_no_template(w.sample):
            cqs.setdefault(w.sample, []).append(w.cq)
    return {name: _delay(found, usual) for name, found in cqs.items()}


def _is_ipc(fit: TargetFit, rules: QpcrRules) -> bool:
    if rules.ipc_target is not None:
        return _is(fit.target, rules.ipc_target)
    return fit.curve is None and any(w.task is Task.IPC for w in fit.wells)


def _delay(cqs: Sequence[float | None], usual: float) -> float | None:
    found = [cq for cq in cqs if cq is not None]
    return float(np.mean(found)) - usual if found else None


def with_inhibition(
    samples: Sequence[CopyNumber], delays: Mapping[str, float | None], rules: QpcrRules
) -> list[CopyNumber]:
    """Return the samples, those whose inhibition control is late or absent flagged.

    A negative sample in which the control did not come up either is ``invalid``: nothing would
    have been found in it.
    """
    return [_inhibited(s, delays, rules) if s.sample in delays else s for s in samples]


def _inhibited(
    found: CopyNumber, delays: Mapping[str, float | None], rules: QpcrRules
) -> CopyNumber:
    delay = delays[found.sample]
    if delay is not None and delay <= rules.ipc_delay_cycles:
        return found
    late = "did not come up" if delay is None else f"came up {delay:.1f} cycles late"
    text = (
        f"{found.sample} {found.target}: the inhibition control {late}, expected at most "
        f"{rules.ipc_delay_cycles:g}; dilute the DNA and repeat"
    )
    if delay is None and not found.n_detected:
        flag = fail("inhibited", text)
        return replace(
            found, status=Status.INVALID, ci_low=None, ci_high=None, flags=(*found.flags, flag)
        )
    return replace(found, flags=(*found.flags, review("inhibited", text)))


def inhibition_row(delays: Mapping[str, float | None], rules: QpcrRules) -> Checked:
    """Return the plate's row for the inhibition control."""
    if not delays:
        return Checked()
    late = [n for n, d in delays.items() if d is None or d > rules.ipc_delay_cycles]
    limit = f"at most {rules.ipc_delay_cycles:g} cycles late"
    found = f"{len(late)} of {len(delays)} samples later"
    row = AcceptanceRow("inhibition", rules.ipc_target or "IPC", limit, found, "warn")
    return Checked((row if late else replace(row, verdict="pass"),))


def with_blanks(samples: Sequence[CopyNumber], *, roles: Mapping[str, Role]) -> list[CopyNumber]:
    """Return the samples, those flagged whose copies are no more than a blank of theirs holds."""
    highest: dict[str, CopyNumber] = {}
    for s in samples:
        if _is_blank(s, roles) and s.copies:
            known = highest.get(s.target)
            highest[s.target] = s if known is None or s.copies > (known.copies or 0) else known
    return [
        _beside_blank(s, highest[s.target])
        if s.target in highest and s.task is Task.UNKNOWN and not _is_blank(s, roles)
        else s
        for s in samples
    ]


def _is_blank(found: CopyNumber, roles: Mapping[str, Role]) -> bool:
    is_named = found.task is Task.NTC or is_no_template(found.sample)
    return is_named or roles.get(found.sample) in (Role.NTC, Role.EXTRACTION_BLANK)


def _beside_blank(found: CopyNumber, blank: CopyNumber) -> CopyNumber:
    held = blank.copies or 0.0
    least = found.ci_low if found.ci_low is not None else found.copies
    if not found.copies or least is None or least > held:
        return found
    text = (
        f"{found.sample or found.wells[0]} {found.target}: {found.copies:.3g} copies, "
        f"{blank.sample or blank.wells[0]} without template holds {held:.3g}; the sample cannot be "
        "told from contamination"
    )
    return replace(found, flags=(*found.flags, review("not_above_blank", text)))


def matters(flag: Flag) -> bool:
    """Whether a reader of a number has to know the flag."""
    return flag.severity.rank >= Severity.WARNING.rank
