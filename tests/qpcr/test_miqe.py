"""What is known is filled in, what is not is said."""

from dataclasses import replace

from labproc.qpcr import analyse_run
from labproc.qpcr.miqe import UNKNOWN, miqe_checklist


def test_known_items_are_filled_and_the_rest_asks(make_run, standards, unknowns, rules):
    run = make_run([*standards(), *unknowns("S1", [24.0] * 3)])
    run = replace(run, details={"chemistry": "TAQMAN"})
    rows = {r.item: r for r in miqe_checklist(run, analyse_run(run, rules), rules)}
    assert rows["chemistry"].answer == "TAQMAN"
    assert rows["DNA per reaction"].answer == "200 ng"
    assert rows["CAR: calibration curve"].answer.startswith("slope -3.3200")
    assert rows["CAR: linear range"].answer == "100 to 1e+06 copies per well"
    assert rows["technical replicates"].answer == "3"
    assert (rows["extraction"].answer, rows["extraction"].is_known) == (UNKNOWN, False)


def test_the_users_answers_count(make_run, standards, rules):
    run = make_run(standards())
    told = {"extraction": "column kit"}
    rows = miqe_checklist(run, analyse_run(run, rules), rules, answers=told)
    row = next(r for r in rows if r.item == "extraction")
    assert (row.answer, row.is_known) == ("column kit", True)
