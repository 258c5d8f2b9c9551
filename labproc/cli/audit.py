"""``labproc audit``: who changed what, when, from what to what, and why."""

from collections.abc import Mapping
from pathlib import Path

import click

from labproc.cli._output import json_line
from labproc.cli._study import study_argument

MACHINE = "labproc"  # the name under which labproc records what it did itself


@click.command()
@study_argument
@click.option("--all", "everything", is_flag=True, help="What labproc itself did, too.")
@click.option("--who", default="", help="Only this person's changes.")
@click.option("--about", default="", help="Only changes whose subject holds this text.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a change.")
def command(study: Path, everything: bool, who: str, about: str, as_json: bool) -> int:
    """Say who changed what, when, from what to what, and why; oldest first.

    STUDY is a folder that holds study.toml; it defaults to the current folder.
    """
    from labproc.pipeline.review import audit_rows

    rows = [r for r in audit_rows(study) if _wanted(r, everything, who, about)]
    for row in rows:
        click.echo(json_line(row) if as_json else _sentence(row))
    if not rows and not as_json:
        click.echo("no change by hand" if not everything else "nothing has been done yet")
    return 0


def _wanted(row: Mapping[str, str], everything: bool, who: str, about: str) -> bool:
    if not everything and not who and row["who"] == MACHINE:
        return False
    return (not who or row["who"] == who) and about in row["subject"]


def _sentence(row: Mapping[str, str]) -> str:
    """Return one change on one line; text of the instrument's is shown as it is, on one line."""
    change = f": {row['old'] or '-'} -> {row['new'] or '-'}" if row["old"] or row["new"] else ""
    reason = f" ({row['reason']})" if row["reason"] else ""
    text = f"{row['at'][:19]}Z  {row['who']}  {row['action']}  {row['subject']}{change}{reason}"
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
