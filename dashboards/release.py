"""A study's release table in words: the same in the report and in the app."""

from collections.abc import Sequence

from dashboards import theme
from labproc.model import ReleaseRow, Verdict
from labproc.pipeline.results import Results
from labproc.wording import counted

SIGNS = {
    Verdict.PASS: ("✓", "accepted"),
    Verdict.FAIL: ("✕", "failed"),
    Verdict.CANNOT_SAY: ("▲", "look"),
}
HEADS = (
    "Sample",
    "Verdict",
    "Specification",
    "Limits",
    "Value (95 % interval)",
    "n",
    "Why",
    "From",
)
NOTHING = (
    "This study has no release table. Write your own specifications in release.csv beside "
    "study.toml, or in a sheet called release, one a line. The limits below are an example of the "
    "form, not a recommendation:"
)
EXAMPLE = """metric,parent,panel,day,low,high,expected,unit
transduction,Live,car,last,20,80,,%
purity,Live,car,last,90,,,%
viability,,car,last,70,,,%
CD4:CD8,,,last,0.25,4,,
VCN,,,last,,5,,copies/cell
sterility,,,last,,,negative,"""


def rows(results: Results) -> list[ReleaseRow]:
    """Return the rows of every sample together, in the order of the release table."""
    return sorted(results.release, key=lambda r: (r.key.culture, _day(r)))


def _day(row: ReleaseRow) -> int:
    return -1 if row.key.day is None else row.key.day


def sample(row: ReleaseRow) -> str:
    """Return whose cells a row is about."""
    return row.key.label


def value(row: ReleaseRow) -> str:
    """Return the value with its interval, as it is read."""
    if isinstance(row.value, str):
        return row.value
    if row.value is None:
        return "–" if row.ci_high is None else f"under {theme.number(row.ci_high)}"
    return theme.with_interval(row.value, row.ci_low, row.ci_high)


def origin(row: ReleaseRow) -> str:
    """Return the file or the sheet's line that a row rests on, without its folders."""
    return row.origin.rsplit("/", 1)[-1]


def counts(found: Sequence[Verdict]) -> str:
    """Return how many products have which verdict."""
    words = {Verdict.PASS: "pass", Verdict.FAIL: "fail", Verdict.CANNOT_SAY: "cannot be judged"}
    said = ", ".join(f"{n} {words[v]}" for v in words if (n := found.count(v)))
    return f"{counted(len(found), 'product')}: {said}"
