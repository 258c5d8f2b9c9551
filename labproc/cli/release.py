"""``labproc release``: hold every sample against the study's own release table."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli._output import json_line, say
from labproc.cli._study import study_argument
from labproc.wording import counted

if TYPE_CHECKING:
    from labproc.model import ReleaseRow


@click.command()
@study_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(study: Path, as_json: bool) -> int:
    """Say which samples pass the study's release table, fail it, or cannot be judged.

    The table stands in release.csv (or a sheet of study.xlsx) or as [[release]] in study.toml.
    Results are taken as the last run left them. A verdict is `cannot say` where the interval
    crosses a limit, nothing was measured, or someone has to look at the number first.
    """
    from labproc.pipeline.release import check_release
    from labproc.pipeline.runner import load_results
    from labproc.pipeline.sample_tables import release_row
    from labproc.release import overall
    from labproc.study import load_study

    check_release(load_study(study))
    results = load_results(study)
    rows = [release_row(r) for r in results.release]
    if as_json:
        for row in rows:
            click.echo(json_line(row))
        return 0
    if not rows:
        say("no release table, or nothing was measured yet; write one in release.csv")
        return 0
    for line in _aligned([_cells(row) for row in results.release]):
        click.echo(line)
    for key, verdict in overall(results.release).items():
        click.echo(f"{key.label}: {verdict.value}")
    say(counted(len(rows), "line"))
    return 0


def _cells(row: "ReleaseRow") -> tuple[str, ...]:
    """Return one specification and one sample in words."""
    said = (row.verdict.value, row.key.label, row.name, _value(row), row.specification.limits)
    return (*said, row.reason)


def _value(row: "ReleaseRow") -> str:
    if isinstance(row.value, str):
        return row.value
    if row.value is None:
        return "-" if row.ci_high is None else f"under {row.ci_high:.4g}"
    if row.ci_low is None or row.ci_high is None:
        return f"{row.value:.4g}"
    return f"{row.value:.4g} ({row.ci_low:.4g} to {row.ci_high:.4g})"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows as lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
