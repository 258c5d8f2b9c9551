"""``labproc run``: process whatever is new or changed."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli._output import json_line, say
from labproc.cli._study import ProgressBar, run_and_report, say_failed
from labproc.wording import counted

if TYPE_CHECKING:
    from labproc.pipeline.runner import RunReport


@click.command()
@click.argument("studies", nargs=-1, type=click.Path(path_type=Path), metavar="[STUDY]...")
@click.option("--workers", type=click.IntRange(1), help="Worker processes; one a core by default.")
@click.option("--scheduler", default="", help="Run on Dask, e.g. tcp://host:8786.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a study.")
def command(studies: tuple[Path, ...], workers: int | None, scheduler: str, as_json: bool) -> int:
    """Process whatever in raw/ is new or changed; does nothing twice.

    STUDY is a folder that holds study.toml; it defaults to the current folder.
    """
    codes = [_run(study, workers, scheduler, as_json) for study in studies or (Path(),)]
    return max(codes, key=_gravity)


def _gravity(code: int) -> int:
    """Rank exit codes: a bug over failed files over a study where nothing was recognised."""
    return (0, 4, 3, 1).index(code)


def _run(study: Path, workers: int | None, scheduler: str, as_json: bool) -> int:
    bar = ProgressBar()
    try:
        report = run_and_report(study, workers=workers, scheduler=scheduler, progress=bar)
    finally:
        bar.stop()
    say_failed([(s.path, s.reason) for s in (*report.failed, *report.waiting)])
    for line in (*bug_lines(report), *report.untold):
        say(line)
    if report.away:
        say(shares_away(report))
    click.echo(json_line(as_dict(report)) if as_json else summary(report))
    return report.exit_code


def bug_lines(report: "RunReport") -> list[str]:
    """Write the tracebacks of labproc's own mistakes to the log, and return where they are."""
    from labproc.cli._bug import write_report
    from labproc.home import log_folder

    log = log_folder() / "bugs.log"
    return [f"a bug in labproc, report {write_report(bug)}: see {log}" for bug in report.bugs]


def shares_away(report: "RunReport") -> str:
    """Say which shares are not there."""
    names = " and ".join(f"raw/{name}" if name else "raw/" for name in report.away)
    return f"{names} is away: an empty folder where files lay; their results are kept"


def summary(report: "RunReport") -> str:
    """Return what a run did in a few lines."""
    results = report.folder / "results"
    if not report.n_files:
        return f"{report.folder / 'raw'}: no files yet; drop instrument files there and run again"
    failed = f", {counted(len(report.failed), 'file')} not done (above)" if report.failed else ""
    if not report.n_done and not report.changed:
        return f"nothing to do: {counted(report.n_files, 'file')} known{failed}"
    took = f"{counted(report.n_done, 'file')} processed in {report.seconds:.1f} s{failed}"
    return f"{took}\nreport: {results / 'report.html'}\ntables: {results / 'tables'}"


def as_dict(report: "RunReport") -> dict[str, object]:
    """Return what a run did for a script."""
    return {
        "study": str(report.folder),
        "n_files": report.n_files,
        "n_processed": report.n_done,
        "n_failed": len(report.failed),
        "changed": report.changed,
        "failed": [{"file": s.path, "state": s.state, "reason": s.reason} for s in report.failed],
    }
