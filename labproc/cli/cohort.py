"""``labproc cohort``: tables and survival from a patient table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli import COMMANDS
from labproc.cli._output import json_line, say

if TYPE_CHECKING:
    from labproc.cohort.dosing import DoseFinding, Protocol
    from labproc.cohort.patients import Cohort
    from labproc.cohort.result import CohortTest
    from labproc.model import Measurement


@click.command("cohort", help=COMMANDS["cohort"])
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--roles", type=click.Path(path_type=Path), help="A TOML that says the columns.")
@click.option("--sheet", help="Sheet of a workbook; the first by default.")
@click.option("--arm", metavar="COLUMN", help="The column of arms.")
@click.option("--control", metavar="ARM", help="The control arm.")
@click.option("--time", metavar="COLUMN", help="Time to the event, with --event.")
@click.option("--event", metavar="COLUMN", help="1 for an event, 0 for censored.")
@click.option(
    "--time-unit",
    type=click.Choice(["days", "weeks", "months", "years"]),
    help="Unit of --time, where its name does not say it.",
)
@click.option("--landmark", type=float, multiple=True, metavar="DAY", help="Follow from this day.")
@click.option(
    "--test",
    type=click.Choice(["fisher", "chi_square", "boschloo"]),
    help="How counts are compared; fisher unless the TOML says otherwise.",
)
@click.option("--copies", type=click.Path(path_type=Path), help="A table of copies per µg DNA.")
@click.option(
    "--infusion",
    metavar="PERCENT,...",
    help="Parts of a split infusion on consecutive days, such as 10,30,60.",
)
@click.option(
    "--day-zero",
    type=click.Choice(["first", "largest", "last"]),
    help="Which part of a split infusion is day 0 of --copies; the first by default.",
)
@click.option(
    "--dosing",
    type=click.Path(path_type=Path),
    help="Blood counts and doses by day, checked against a protocol; looks back, is no advice.",
)
@click.option(
    "--limit",
    "limits",
    multiple=True,
    metavar="NAME=VALUE",
    help="A limit of the protocol, such as hold_anc=0.75; the rest as in [dosing] of the TOML.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path),
    help="Draw survival, swimmer and copies there, with events.csv beside the table.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per comparison.")
def command(
    table: Path,
    roles: Path | None,
    sheet: str | None,
    arm: str | None,
    control: str | None,
    time: str | None,
    event: str | None,
    time_unit: str | None,
    landmark: tuple[float, ...],
    test: str | None,
    copies: Path | None,
    infusion: str | None,
    day_zero: str | None,
    dosing: Path | None,
    limits: tuple[str, ...],
    figures: Path | None,
    as_json: bool,
) -> int:
    """Read the table, compare its arms and print."""
    if bool(time) != bool(event):
        raise click.UsageError("--time and --event go together")
    from labproc.cli._cohort_dosing import dosing_row, dosing_text
    from labproc.cli._cohort_settings import infusion_of, protocol_of, read_given
    from labproc.cohort.words import tables_text
    from labproc.pipeline.cohort import compare_cohort
    from labproc.pipeline.cohort_copies import copies_tests, read_copies_table

    said = read_given(table, roles)
    given = said.columns | {k: v for k, v in (("arm", arm), ("control", control)) if v}
    if time and event:
        one = {"time": time, "event": event} | ({"unit": time_unit} if time_unit else {})
        given["survival"] = {"survival": one}
    protocol, given_as = protocol_of(said, limits), infusion_of(said, infusion, day_zero)
    cohort = _read(table, sheet, given)
    measured = [] if copies is None else read_copies_table(copies, cohort, given_as)
    days = landmark or said.landmarks
    found = list(compare_cohort(cohort, test=test or said.test, landmarks=days))
    found += copies_tests(cohort, measured, given_as) if copies is not None else ()
    doses = _doses(dosing, cohort, protocol)
    rows = [*(f.as_dict() for f in found), *map(dosing_row, doses)]
    said_of_doses = dosing_text(doses, protocol) if dosing else ()
    for line in map(json_line, rows) if as_json else (*tables_text(cohort, found), *said_of_doses):
        click.echo(line)
    if figures is not None:
        _draw(cohort, found, measured, figures, table.parent)
    return 0


def _doses(path: Path | None, cohort: "Cohort", protocol: "Protocol") -> "list[DoseFinding]":
    """Return what was given against what the protocol foresaw."""
    from labproc.cohort.dosing import check_dosing
    from labproc.formats.table import read_table
    from labproc.pipeline.cohort_doses import read_counts

    if path is None:
        return []
    return check_dosing(read_counts(path.name, read_table(path), cohort), protocol)


def _draw(
    cohort: "Cohort",
    found: "list[CohortTest]",
    measured: "list[Measurement]",
    folder: Path,
    beside: Path,
) -> None:
    """Write survival of every endpoint, the lanes with the events beside them, and copies."""
    from dashboards.cohort_copies import copies_figure
    from dashboards.cohort_figures import survival_figure, swimmer_figure
    from dashboards.static_figures import draw_all
    from labproc.cohort.survival import followed
    from labproc.cohort.swimmer import swimmer
    from labproc.cohort.words import line_of
    from labproc.study.sheets import patient_events

    lines = {t.variable: line_of(t) for t in reversed(found) if t.table == "survival"}
    drawings = {
        f"survival_{end.name}": survival_figure(
            followed(cohort, end), sentence=lines.get(end.name, "")
        )
        for end in cohort.roles.survival
    }
    if cohort.roles.survival:
        lanes = swimmer(cohort, events=patient_events(beside))
        drawings["swimmer"] = swimmer_figure(lanes, cohort.arms)
    if measured:
        drawings["copies_by_arm"] = copies_figure(measured, cohort.arms)
    folder.mkdir(parents=True, exist_ok=True)
    for path in draw_all(drawings, folder):
        say(str(path))


def _read(table: Path, sheet: str | None, given: dict[str, Any]) -> "Cohort":
    from labproc.formats.table import read_table
    from labproc.pipeline.cohort import cohort_from

    read = read_table(table, sheet=sheet)
    for flag in read.flags:
        say(f"{table.name}: {flag.message}")
    return cohort_from(table.name, read, given)
