"""``labproc power``: how many repeats the next run of a study needs."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli import COMMANDS
from labproc.cli._output import json_line, say
from labproc.cli._study import study_argument
from labproc.errors import NotEnoughData, StudyError

if TYPE_CHECKING:
    from labproc.model import Plan, Trend
    from labproc.trends.outcomes import Outcome


@click.command("power", help=COMMANDS["power"])
@study_argument
@click.option("--outcome", help="Outcome; the plan's primary by default.")
@click.option(
    "--effect",
    type=float,
    help="Effect to find: a difference, or a ratio such as 1.2 where the outcome is one; "
    "the one that was seen by default.",
)
@click.option(
    "--power",
    type=click.FloatRange(0.5, 0.999),
    default=0.8,
    show_default=True,
    help="Share of studies that should find it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per arm.")
def command(
    study: Path, outcome: str | None, effect: float | None, power: float, as_json: bool
) -> int:
    """Read the study's trends and print the repeats needed."""
    from labproc.pipeline.patients import patients_of
    from labproc.study import load_study
    from labproc.trends.outcomes import get_outcome

    loaded = load_study(study)
    plan = loaded.plan()
    if plan is None:
        raise StudyError(f"{study}/study.toml: no [plan], expected unit and primary outcome")
    chosen = get_outcome(outcome or plan.primary)
    patients = patients_of(loaded)
    table = read_trends(study / "results" / "tables" / "trends.csv")
    trends = [t for t in table if (t.donor in patients) == (chosen.of_patients and bool(patients))]
    rows = list(_designs(chosen, trends, plan, effect, power))
    for row in rows:
        click.echo(json_line(row) if as_json else _words(row))
    return 0 if rows else 3


def _designs(
    outcome: "Outcome", trends: "list[Trend]", plan: "Plan", effect: float | None, power: float
) -> Iterator[dict[str, Any]]:
    import numpy as np

    from labproc.trends import COMPARISONS
    from labproc.trends.design import design
    from labproc.trends.gather import from_trends

    if effect is not None and outcome.is_ratio and effect <= 0:
        raise click.UsageError(f"--effect {effect:g}: {outcome.name} is a ratio, expected above 0")
    wanted = effect if effect is None or not outcome.is_ratio else float(np.log(effect))
    paired = COMPARISONS.get(plan.test).paired and not outcome.of_patients
    for treated in plan.treated:
        arms = from_trends(outcome, trends, (), plan, treated, paired=paired).arms
        try:
            found = design(arms, paired=paired, effect=wanted, power=power, level=plan.level)
        except NotEnoughData as error:
            say(f"{outcome.name}, {treated} against {plan.control}: {error}")
            continue
        yield {
            "outcome": outcome.name,
            "contrast": f"{treated} against {plan.control}",
            "effect": float(np.exp(found.effect)) if outcome.is_ratio else found.effect,
            "effect_is": outcome.effect,
            "effect_from": "this run" if effect is None else "given",
            "sd": found.sd,
            "sd_upper": found.sd_upper,
            "scale": "natural log" if outcome.is_ratio else outcome.unit,
            "n_seen": found.n_seen,
            "unit_of_replication": plan.unit,
            "power": power,
            "level": plan.level,
            "n_needed": found.repeats,
            "n_needed_cautious": found.repeats_cautious,
        }


def read_trends(path: Path) -> "list[Trend]":
    """Return the growth rates, slopes and areas of a study that was run.

    Raises
    ------
    StudyError
        If there is no such table; the message says how to make it.
    """
    from labproc.model import Trend

    if not path.is_file():
        raise StudyError(f"{path}: no such table, expected a study that was run (`labproc run`)")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["estimate"]]
    return [
        Trend(
            r["kind"],
            r["metric"],
            _plain(r["donor"]),
            _plain(r["experiment"]),
            _plain(r["arm"]),
            _plain(r["replicate"]),
            float(r["estimate"]),
            None,
            None,
            r["unit"],
            int(r["n_days"]),
            _window(r["window_from_day"], r["window_to_day"]),
        )
        for r in rows
    ]


def _plain(cell: str) -> str:
    """Return a name without the quote that keeps a spreadsheet from running it."""
    return cell[1:] if cell[:2] in ("'=", "'+", "'-", "'@") else cell


def _window(low: str, high: str) -> tuple[float, float] | None:
    return (float(low), float(high)) if low and high else None


def _words(row: dict[str, Any]) -> str:
    unit = f"{row['unit_of_replication']}s"
    seen = f"{row['effect_is']} {row['effect']:.3g}"
    plain, cautious = (_count(row[key], unit) for key in ("n_needed", "n_needed_cautious"))
    origin = (
        "The effect is the one this run saw, which is optimistic; name the smallest one that "
        "matters with --effect."
        if row["effect_from"] == "this run"
        else "The effect was given."
    )
    return (
        f"{row['outcome']}, {row['contrast']}: {seen}, standard deviation {row['sd']:.3g} "
        f"({row['scale']}) in {row['n_seen']} {unit}.\n"
        f"  {100 * row['power']:.0f} % power at P < {row['level']:g} needs {plain}; {cautious} "
        f"if the spread is as large as {row['n_seen']} {unit} still allow ({row['sd_upper']:.3g})."
        f"\n  {origin}"
    )


def _count(n: int | None, unit: str) -> str:
    return f"more than 1000 {unit}" if n is None else f"{n} {unit}"
