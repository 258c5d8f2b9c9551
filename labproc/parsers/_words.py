"""The words of exports: not detected, tasks, yes and no."""

import re

from labproc.model import Task

NOT_DETECTED = frozenset(
    {
        "", "undetermined", "undet", "undet.", "n/a", "na", "nan", "no ct", "noct", "no cq", "nocq",
        "no cp", "nd", "n.d.", "-", "none", "null", "not detected", "negative", "neg", "no amp",
        "no result", "noresult", "nc",
    }
)  # fmt: skip
MAX_LENGTH = 200  # characters of a word or name that patterns are tried on
DOUBTFUL = re.compile(
    r"#.+|n/d|-{2,}|\?+|[<>≤≥].*|\d+([.,]\d+)?\+|[-+]?inf(inity)?|.*#inf|error|err"
)
"""What stands in Cq cells that were edited, or that a spreadsheet broke."""

_TASKS: tuple[tuple[Task, str], ...] = (
    (Task.UNKNOWN, r"unknown|unkn|unk|u|sample|smp|test|unbekannt|inconnu|endo|unused"),
    (Task.STANDARD, r"standard|stnd|std|s|standards|qstd|quantification standard"),
    (
        Task.NTC,
        r"ntc|no[ -]?template( control)?|negative( control)?|neg( ctrl| control)?|nc|blank|"
        r"water|h2o|ntp|nac|no target present",
    ),
    (Task.NRT, r"nrt|no[ -]?rt( control)?|-rt|minus rt|rt-|nrt ctrl"),
    (
        Task.POSITIVE,
        r"pos(itive)?[ _]?(ctrl|control)?|pc|pc_allele_\w+|positive[ _]control|"
        r"pos\. control",
    ),
    (Task.IPC, r"ipc|blocked ?ipc|internal( positive)? control|ic"),
)
_TASK = tuple((task, re.compile(rf"(?:{words})(?:[- ]?\d+)?")) for task, words in _TASKS)
_STANDARD_NAME = re.compile(
    r"(std|standard|stnd)s?([ _\-.#]*[\d.,e+^\-]+|[ _\-.#]+[a-z])?", re.IGNORECASE
)
_NTC_NAME = re.compile(
    r"(ntc|h2o|water|no[ -]?template([ -]?control)?|neg(ative)?[ -]?(ctrl|control))([ _\-.]?\d*)",
    re.IGNORECASE,
)
_TRUE = frozenset({"true", "yes", "y", "1", "x", "omit", "omitted", "excluded"})
_FALSE = frozenset({"false", "no", "n", "0", "", "-", "included"})
_DATE_LIKE = re.compile(
    r"\d{1,2}-(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|"
    r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)-\d{2}|\d\.\d{2}e\+\d{2}",
    re.IGNORECASE,
)


def task_of(word: str) -> Task | None:
    """Return what a task word means; None for free text, which labs write for unknowns."""
    folded = word.strip().casefold()[:MAX_LENGTH]
    return next((task for task, pattern in _TASK if pattern.fullmatch(folded)), None)


def task_of_name(sample: str) -> Task | None:
    """Return the task that a sample's name says, where a file has no column for it."""
    name = sample.strip()
    if len(name) > MAX_LENGTH:
        return None
    if _NTC_NAME.fullmatch(name):
        return Task.NTC
    return Task.STANDARD if _STANDARD_NAME.fullmatch(name) else None


def truth(word: str) -> bool | None:
    """Return whether a yes-or-no cell says yes; None where it is neither."""
    folded = word.strip().casefold()
    if folded in _TRUE:
        return True
    return False if folded in _FALSE else None


def was_turned_into_a_date(sample: str) -> bool:
    """Whether a name looks as if a spreadsheet had changed it (1-Mar, 1.00E+05)."""
    return _DATE_LIKE.fullmatch(sample.strip()) is not None
