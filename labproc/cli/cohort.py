"""``labproc cohort``: tables and survival from a patient table."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli import COMMANDS
from labproc.cli._output import json_line, say
from labproc.errors import SettingsError, StudyError

if TYPE_CHECKING:
    from labproc.cohort.patients import Cohort
    from labproc.cohort.result import CohortTest


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
    default="fisher",
    show_default=True,
    help="How counts are compared.",
)
@click.option("--copies", type=click.Path(path_type=Path), help="A table of copies per µg DNA.")
@click.option(
    "--figures",
    type=click.Path(path_type=Path),
    help="Draw survival and swimmer figures there, with events.csv beside the table.",
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
    test: str,
    copies: Path | None,
    figures: Path | None,
    as_json: bool,
) -> int:
    """Read the table, compare its arms and print."""
    if bool(time) != bool(event):
        raise click.UsageError("--time and --event go together")
    given = _given(table, roles)
    given |= {k: v for k, v in (("arm", arm), ("control", control)) if v}
    if time and event:
        one = {"time": time, "event": event} | ({"unit": time_unit} if time_unit else {})
        given["survival"] = {"survival": one}
    cohort = _read(table, sheet, given)
    found = list(_comparisons(cohort, test, landmark))
    if copies is not None:
        from labproc.cli._cohort_copies import copies_tests, read_copies_table

        found += copies_tests(cohort, read_copies_table(copies, cohort))
    for line in map(json_line, (f.as_dict() for f in found)) if as_json else _text(cohort, found):
        click.echo(line)
    if figures is not None:
        _draw(cohort, found, figures, table.parent)
    return 0


def _draw(cohort: "Cohort", found: "list[CohortTest]", folder: Path, beside: Path) -> None:
    """Write the survival curves of every endpoint and the lanes, with the events beside them."""
    from dashboards.cohort_figures import survival_figure, swimmer_figure
    from labproc.cli._static_figures import draw_all
    from labproc.cohort.survival import followed
    from labproc.cohort.swimmer import swimmer
    from labproc.study.sheets import patient_events

    lines = {t.variable: _survival_line(t) for t in reversed(found) if t.table == "survival"}
    drawings = {
        f"survival_{end.name}": survival_figure(
            followed(cohort, end), sentence=lines.get(end.name, "")
        )
        for end in cohort.roles.survival
    }
    if cohort.roles.survival:
        lanes = swimmer(cohort, events=patient_events(beside))
        drawings["swimmer"] = swimmer_figure(lanes, cohort.arms)
    folder.mkdir(parents=True, exist_ok=True)
    for path in draw_all(drawings, folder):
        say(str(path))


def _given(table: Path, roles: Path | None) -> dict[str, Any]:
    """Return what the TOML beside the table, the study's or the one named says of its columns."""
    beside = (table.with_suffix(".toml"), table.with_name("study.toml"))
    path = roles or next((p for p in beside if p.is_file()), None)
    if path is None:
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name}: {error}, expected a TOML file") from error
    inner = said.get("cohort", {} if path.name == "study.toml" else said)
    if not isinstance(inner, dict):
        raise SettingsError(f"{path.name}: cohort is {inner!r}, expected a table [cohort]")
    return {key: value for key, value in inner.items() if value not in ("", [])}


def _read(table: Path, sheet: str | None, given: dict[str, Any]) -> "Cohort":
    from labproc.cohort.patients import Patient, read_cohort
    from labproc.cohort.roles import find_roles
    from labproc.formats.table import read_table

    read = read_table(table, sheet=sheet)
    for flag in read.flags:
        say(f"{table.name}: {flag.message}")
    found = find_roles(read.header, given, where=table.name)
    rows = [Patient(row.line, row.cells) for row in read.rows]
    return read_cohort(table.name, rows, found)


def _comparisons(cohort: "Cohort", test: str, landmarks: Sequence[float]) -> "Iterator[CohortTest]":
    from labproc.cohort.survival import survival
    from labproc.cohort.tables import characteristics, response, toxicity

    if any(day < 0 for day in landmarks):
        raise StudyError(f"--landmark: {min(landmarks):g}, expected a day of 0 or more")
    yield from characteristics(cohort, test=test)
    yield from response(cohort, test=test)
    yield from toxicity(cohort, test=test)
    yield from survival(cohort, landmarks=landmarks)


def _text(cohort: "Cohort", found: "list[CohortTest]") -> Iterator[str]:
    """Yield the tables for people."""
    from labproc.cohort.tables import table_rows

    sizes = [cohort.members().count(arm) for arm in cohort.arms]
    title = [f"{a} (n = {n})" for a, n in zip(cohort.arms, sizes, strict=True)]
    p_values = {(t.table, t.variable): t for t in found}
    yield f"{'':42}" + "".join(f"{name:28}" for name in title) + "P"
    seen = ""
    for row in table_rows(cohort):
        words = ""
        if row.variable != seen:
            words = _p(p_values.get((row.table, row.variable)))
            seen = row.variable
        label = f"{row.variable}: {row.level}"
        yield f"{label[:41]:42}" + "".join(f"{cell:28}" for cell in row.cells) + words
    yield ""
    for one in found:
        if one.table in ("survival", "copies", "timeline"):
            yield _survival_line(one)
    for message in dict.fromkeys(f.message for t in found for f in t.flags if f.severity != "info"):
        yield f"! {message}"


def _p(one: "CohortTest | None") -> str:
    return "" if one is None or one.p_value is None else f"{one.p_value:.4f} ({one.test})"


def _survival_line(one: "CohortTest") -> str:
    where = f" from day {one.landmark:g}" if one.landmark is not None else ""
    words = f"{one.variable}{where}, {one.test}: {_p(one) or 'no P'}, n = {one.n}"
    if one.estimate is not None and one.ci is not None:
        low, high = (f"{v:.3g}" if v is not None else "?" for v in one.ci)
        words += f"; {one.effect} {one.estimate:.3g} ({low} to {high})"
    for curve in one.details.get("curves", ()):
        words += f"\n  {_curve_line(curve)}"
    return words


def _curve_line(curve: dict[str, Any]) -> str:
    unit = curve.get("unit", "")
    middle = curve.get("median")
    year = curve.get("one_year")
    return (
        f"{curve['arm']}: {curve['events']} events in {curve['n']}; median "
        f"{'not reached' if middle is None else f'{middle:g} {unit}'}; at one year "
        f"{'not followed that long' if year is None else f'{100 * year[0]:.0f} %'}"
    )
