"""Controls: what must stay empty, what must come up, and inhibition."""

import numpy as np
import pytest

from labproc.model import Role, SampleKey, Status, Task, Well
from labproc.qpcr import analyse_run, sample_measurements


def codes(flags):
    return {f.code for f in flags}


def verdicts(analysis):
    return {(r.rule, r.target): r.verdict for r in analysis.acceptance}


def test_untransduced_dna_with_vector_is_flagged_on_every_sample(
    make_run, standards, unknowns, rules
):
    wells = [*standards(), *unknowns("S1", [24.0] * 2), *unknowns("UTD", [33.0, None], row="D")]
    run = make_run(wells)
    analysis = analyse_run(run, rules, roles={"UTD": Role.UNTRANSDUCED_GDNA})
    assert verdicts(analysis)["untransduced_clean", "CAR"] == "fail"
    assert "untransduced_amplified" in codes(analysis.flags)
    keys = {"S1": SampleKey("D1", day=9), "UTD": SampleKey("D1", role=Role.UNTRANSDUCED_GDNA)}
    rows = sample_measurements(analyse_run(run, rules), run=run, rules=rules, keys=keys, dna_ng={})
    assert all("untransduced_amplified" in codes(m.flags) for m in rows)


def test_clean_untransduced_dna_passes_only_with_dna_in_it(make_run, standards, unknowns, rules):
    wells = [
        *standards(),
        *standards("ALB", row="B"),
        *unknowns("UTD", [None, None], row="D"),
        *unknowns("UTD", [None, None], "ALB", row="E"),
    ]
    analysis = analyse_run(make_run(wells), rules, roles={"UTD": Role.UNTRANSDUCED_GDNA})
    assert verdicts(analysis)["untransduced_clean", "CAR"] == "pass"
    assert "untransduced_without_dna" in codes(analysis.flags)


def test_extraction_blank_must_hold_neither_target(make_run, standards, unknowns, rules):
    wells = [
        *standards("ALB", row="B"),
        *unknowns("EB", [34.0, None], "ALB", row="E"),
    ]
    analysis = analyse_run(make_run(wells), rules, roles={"EB": Role.EXTRACTION_BLANK})
    assert "extraction_blank_amplified" in codes(analysis.flags)


def test_positive_control_must_come_up(make_run, standards, unknowns, rules):
    wells = [*standards(), *unknowns("PC", [24.0, None], task=Task.POSITIVE)]
    assert "positive_control_negative" in codes(analyse_run(make_run(wells), rules).flags)


@pytest.mark.parametrize(("ipc", "is_late"), [([25.0, 25.1], False), ([27.0, 27.2], True)])
def test_late_inhibition_control_flags_its_sample(
    make_run, standards, unknowns, rules, ipc, is_late
):
    control = [Well(f"E{i}", "NTC", "IPC", Task.IPC, 25.0) for i in (1, 2)]
    control += [Well(f"C{i + 1}", "S1", "IPC", Task.IPC, cq) for i, cq in enumerate(ipc)]
    wells = [*standards(), *unknowns("S1", [24.0] * 2), *control]
    analysis = analyse_run(make_run(wells), rules)
    sample = next(s for s in analysis.samples if (s.sample, s.target) == ("S1", "CAR"))
    assert ("inhibited" in codes(sample.flags)) is is_late
    assert verdicts(analysis)["inhibition", "IPC"] == ("warn" if is_late else "pass")


def test_negative_sample_without_inhibition_control_is_invalid(
    make_run, standards, unknowns, rules
):
    control = [Well(f"E{i}", "NTC", "IPC", Task.IPC, 25.0) for i in (1, 2)]
    control += [Well(f"C{i}", "S1", "IPC", Task.IPC, None) for i in (1, 2)]
    wells = [*standards(), *unknowns("S1", [None] * 2), *control]
    sample = analyse_run(make_run(wells), rules).samples[0]
    assert (sample.sample, sample.status, sample.ci_high) == ("S1", Status.INVALID, None)


def test_a_sample_is_held_against_what_the_blank_holds(make_run, standards, unknowns, rules):
    # 20 copies in the NTC; 15 copies cannot be told from it, 2,000 can
    cq = [float(38.0 - 3.32 * np.log10(q)) for q in (20.0, 15.0, 2000.0)]
    run = make_run(
        [
            *standards(),
            *unknowns("NTC", [cq[0]] * 3, row="C", task=Task.NTC),
            *unknowns("few", [cq[1]] * 3, row="D"),
            *unknowns("many", [cq[2]] * 3, row="E"),
        ]
    )
    found = {s.sample: {f.code for f in s.flags} for s in analyse_run(run, rules).samples}
    assert "not_above_blank" in found["few"]
    assert "not_above_blank" not in found["many"]
    assert "not_above_blank" not in found["NTC"]
