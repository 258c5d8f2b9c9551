"""``labproc watch``: run, then go on as files arrive."""

import threading
from pathlib import Path

import click

from labproc.cli._output import say
from labproc.cli._study import counted, run_and_report, say_failed, study_argument
from labproc.cli.run import log_bugs
from labproc.errors import LabprocError


@click.command()
@study_argument
@click.option("--every", default=2.0, show_default=True, help="Seconds between two looks at raw/.")
@click.option("--workers", type=click.IntRange(1), help="Worker processes; one a core by default.")
@click.option("--once", is_flag=True, hidden=True, help="Stop after the first quiet look.")
def command(study: Path, every: float, workers: int | None, once: bool) -> int:
    """Process what is in raw/, then go on as files arrive; stop with Ctrl-C."""
    from labproc.pipeline.watch import watch

    say(f"watching {study.resolve() / 'raw'}; stop with Ctrl-C")
    stop = threading.Event()
    said: set[tuple[str, str]] = set()
    for outcome in watch(study, run_and_report, every=every, workers=workers, stop=stop):
        if isinstance(outcome, LabprocError):
            say(" ".join(str(outcome).split()))
            continue
        news = [(s.path, s.reason) for s in outcome.failed if (s.path, s.reason) not in said]
        say_failed(news)
        said.update(news)
        log_bugs(outcome)
        if outcome.n_done:
            say(f"{counted(outcome.n_done, 'file')} processed in {outcome.seconds:.1f} s")
        if once:
            break
    return 0
