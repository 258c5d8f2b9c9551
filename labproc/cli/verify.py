"""``labproc verify``: check that raw files, copies and record are what they were."""

from pathlib import Path

import click

from labproc.cli._output import say
from labproc.cli._study import study_argument


@click.command()
@study_argument
@click.option("--recompute", is_flag=True, help="Derive every number again and compare.")
@click.option("--head", "heads", multiple=True, help="An audit head that a report printed.")
def command(study: Path, recompute: bool, heads: tuple[str, ...]) -> int:
    """Check raw hashes and the audit chain; with --recompute every number too."""
    from labproc.pipeline.verify import verify_study

    checked = verify_study(study, recompute=recompute, heads=heads)
    for problem in checked.problems:
        say(problem)
    click.echo(checked.summary)
    return 3 if checked.problems else 0
