"""Results in words, the same on every page, in the report and in the exports."""

from collections.abc import Sequence

from dashboards import theme
from labproc.model import Comparison, Flag, Measurement, Severity
from labproc.pipeline.results import FileStatus, PlateView, Results, TubeView
from labproc.trends.dose_trend import SERIES

FAMILIES = {
    "growth": ("growth", "fold", "doubling"),
    "ratio": ("cd4_cd8",),
    "copies": ("copies", "vcn"),
    "dose": ("",),
}
"""Which outcomes stand under which figure, by a part of their name."""

STATES = {
    "done": "read",
    "waiting": "waiting",
    "running": "being processed",
    "set_aside": "set aside",
    "not_assigned": "not assigned",
    "duplicate": "same content as another file",
    "replaced": "replaced by newer content",
    "gone": "no longer in raw/",
    "new": "not looked at yet",
    "changed": "changed since it was read",
    "away": "on a share that is away",
}
SIGNED = {
    "covers": "covers the results as they are",
    "changed": "no longer covers: the results have changed since",
    "withdrawn": "withdrawn since",
    "withdrawal": "takes the earlier ones back",
}
"""What a signature is worth now."""
TROUBLE = ("set_aside", "not_assigned")


def under(results: Results, family: str) -> list[Comparison]:
    """Return the comparisons that stand under a figure: planned first, no single days."""
    words = FAMILIES.get(family, ())
    found = [c for c in results.comparisons if c.day is None and any(w in c.outcome for w in words)]
    found = [c for c in found if of_doses(c) == (family == "dose")]
    return sorted(found, key=lambda c: not c.planned)


def of_doses(one: Comparison) -> bool:
    """Whether a comparison is part of a dose series."""
    return any(flag.code == SERIES for flag in one.flags)


def by_day(results: Results, family: str) -> list[Comparison]:
    """Return the day-by-day comparisons of a figure."""
    words = FAMILIES.get(family, ())
    found = [c for c in results.comparisons if c.day is not None]
    return [c for c in found if any(w in c.outcome for w in words)]


def sentence(one: Comparison) -> str:
    """Return a comparison as a sentence with its effect, interval, P, n and test."""
    if one.sentence:
        return one.sentence
    size = theme.with_interval(one.estimate, one.ci_low, one.ci_high)
    n = f"n = {one.n[0]} and {one.n[1]} {one.unit_of_replication}s"
    effect = f"{one.effect} {size} {one.unit}"
    return f"{one.outcome}, {one.contrast}: {effect}, {p_value(one)}, {n}, {one.test}."


def head_and_rest(one: Comparison) -> tuple[str, str]:
    """Split a comparison's words into the sentence to paste and what stands below it."""
    words = sentence(one)
    head, dot, rest = words.partition("). ")
    plan = (
        ""
        if "Exploratory" in rest
        else "Planned before looking. "
        if one.planned
        else "Exploratory. "
    )
    held = "" if "draws" in rest else robustness(one)
    parts = (plan.strip(), rest, held, flag_words(one.flags))
    return head + dot.rstrip(), " ".join(p for p in parts if p)


def flag_words(flags: Sequence[Flag]) -> str:
    """Return flags in words, many of one kind as a count: nobody reads six alike sentences."""
    kinds: dict[str, list[str]] = {}
    for flag in flags:
        if flag.severity is not Severity.INFO:
            kinds.setdefault(flag.code, []).append(flag.message)
    many = {"rests_on_unreviewed": "{n} courses hold values that wait for someone's look."}
    return " ".join(
        many[code].format(n=len(said)) if code in many and len(said) > 1 else "; ".join(said) + "."
        for code, said in kinds.items()
    )


def p_value(one: Comparison) -> str:
    """Write P as papers do; the adjusted one beside it where they differ."""
    if one.p_value is None:
        return "no P"
    text = _p(one.p_value, "P")
    differs = one.p_adjusted is not None and abs(one.p_adjusted - one.p_value) > 1e-9
    return f"{text} ({_p(one.p_adjusted, 'adjusted')})" if differs and one.p_adjusted else text


def _p(value: float, name: str) -> str:
    return f"{name} < 0.0001" if value < 1e-4 else f"{name} = {value:.2g}"


def robustness(one: Comparison) -> str:
    """Say how a conclusion fares when gates and curves move within their uncertainty."""
    held = one.robustness
    if held is None:
        return ""
    spread = f"{theme.number(held.low)} to {theme.number(held.high)}"
    return (
        f"With every gate and curve moved within its own uncertainty the effect ran from {spread}; "
        f"the conclusion held in {held.holds_in} of {held.n_draws} draws."
    )


def doubts(one: TubeView | PlateView) -> tuple[Flag, ...]:
    """Return a tube's or a plate's flags that ask for care or for a look, its gates' among them."""
    gates = one.gates if isinstance(one, TubeView) else ()
    flags = (*one.flags, *(f for g in gates for f in g.flags))
    return tuple(f for f in dict.fromkeys(flags) if f.severity is not Severity.INFO)


def needs_look(one: TubeView | PlateView) -> bool:
    """Whether someone has to look at a tube or a plate and nobody has yet."""
    return bool(grave(one)) and not one.review


def grave(one: TubeView | PlateView) -> tuple[Flag, ...]:
    """Return the doubts that ask for a look."""
    return tuple(f for f in doubts(one) if f.severity.rank >= Severity.REVIEW.rank)


def odd_first(results: Results) -> list[TubeView]:
    """Return the tubes, those that need a look first, the oddest at the top."""
    return sorted(results.tubes, key=lambda t: (not needs_look(t), -t.oddness, t.key.order))


def trouble(results: Results) -> list[FileStatus]:
    """Return the files that gave no result and why: set aside, or not assigned to a sample."""
    return [f for f in results.files if f.state in TROUBLE]


def value_words(row: Measurement) -> str:
    """Write a measurement with its interval, or what can be said where there is no number."""
    if row.value is None:
        limit = "" if row.ci_high is None else f" (under {theme.number(row.ci_high)})"
        return f"{row.status.replace('_', ' ')}{limit}"
    if row.unit == "fraction":
        parts: Sequence[float | None] = (row.value, row.ci_low, row.ci_high)
        if None in parts:
            return theme.percent(row.value)
        low, high = (theme.percent(v).removesuffix(" %") for v in parts[1:])
        return f"{theme.percent(row.value)} ({low}–{high})"
    return theme.with_interval(row.value, row.ci_low, row.ci_high)
