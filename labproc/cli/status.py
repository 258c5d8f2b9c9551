"""``labproc status``: what is done, waiting, set aside."""

from collections import Counter
from pathlib import Path

import click

from labproc.cli._output import json_line
from labproc.cli._study import say_failed, study_argument
from labproc.wording import counted

SAID = {
    "done": "done",
    "waiting": "waiting",
    "set_aside": "set aside",
    "not_assigned": "not assigned to a sample",
    "duplicate": "with the same content as another",
    "gone": "no longer in raw/, results kept",
    "away": "on a share that is away, results kept",
    "changed": "changed since they were read",
    "running": "being processed now",
    "replaced": "replaced by newer content, results kept",
    "new": "new since the last run",
}

SAY_WHY = frozenset({"set_aside", "not_assigned", "changed", "waiting"})


@click.command()
@study_argument
@click.option("--json", "as_json", is_flag=True, help="One JSON object a file.")
def command(study: Path, as_json: bool) -> int:
    """Say what is done, running, waiting and set aside, and why.

    raw/ is looked at, nothing is done: files that are new, changed, duplicate, replaced, no
    longer there or on a share that is away are told apart.
    """
    from labproc.pipeline.status import study_status

    found = study_status(study)
    if as_json:
        for s in found:
            row = {"file": s.path, "sha256": s.sha256, "state": s.state, "reason": s.reason}
            click.echo(json_line(row))
        return 0
    for state, n in sorted(Counter(s.state for s in found).items()):
        click.echo(f"{counted(n, 'file')} {SAID.get(state, state)}")
    if not found:
        click.echo("no files yet; drop instrument files into raw/ and run")
    say_failed([(s.path, s.reason) for s in found if s.state in SAY_WHY])
    return 0
