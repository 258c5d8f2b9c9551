import pytest

from labproc.model import Task
from labproc.parsers._words import task_of, task_of_name, truth, was_turned_into_a_date


@pytest.mark.parametrize(
    ("word", "task"),
    [
        ("UNKNOWN", Task.UNKNOWN), ("Unkn-12", Task.UNKNOWN), ("unkn", Task.UNKNOWN),
        ("STANDARD", Task.STANDARD), ("Std-101", Task.STANDARD), ("std", Task.STANDARD),
        ("STND", Task.STANDARD), ("NTC", Task.NTC), ("Neg Ctrl", Task.NTC), ("Blank", Task.NTC),
        ("Negative control", Task.NTC), ("ntp", Task.NTC), ("NRT", Task.NRT), ("NoRT", Task.NRT),
        ("POSITIVE_CONTROL", Task.POSITIVE), ("Pos Ctrl-1", Task.POSITIVE),
        ("PC_ALLELE_BOTH", Task.POSITIVE), ("pos", Task.POSITIVE), ("IPC", Task.IPC),
        ("BlockedIPC", Task.IPC), ("miR-101", None), ("Custom1", None), ("", None),
    ],
)  # fmt: skip
def test_task_words_have_one_meaning(word, task):
    assert task_of(word) is task


@pytest.mark.parametrize(
    ("sample", "task"),
    [
        ("NTC", Task.NTC), ("no template control", Task.NTC), ("H2O", Task.NTC),
        ("STD_10000", Task.STANDARD), ("Standard 1", Task.STANDARD), ("Std", Task.STANDARD),
        ("D1 C+Len d7", None), ("Stdev", None), ("patient NTC-like", None), ("", None),
    ],
)  # fmt: skip
def test_a_name_says_its_task_only_where_it_is_plain(sample, task):
    assert task_of_name(sample) is task


def test_yes_and_no_in_every_spelling():
    assert [truth(w) for w in ("true", "TRUE", "1", "Excluded", "yes")] == [True] * 5
    assert [truth(w) for w in ("false", "0", "", "-", "No")] == [False] * 5
    assert truth("maybe") is None


def test_names_that_a_spreadsheet_changed():
    assert [was_turned_into_a_date(n) for n in ("1-Mar", "Sep-02", "1.00E+05")] == [True] * 3
    assert [was_turned_into_a_date(n) for n in ("007", "NA", "D1-7", "1E5")] == [False] * 4
