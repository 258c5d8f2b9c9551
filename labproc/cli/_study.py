"""What the commands that work on a study share."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from labproc.cli._output import say

if TYPE_CHECKING:
    from labproc.pipeline.results import Results
    from labproc.pipeline.runner import RunReport


def study_argument(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the argument STUDY: a folder that holds study.toml, by default this one."""
    kind = click.Path(path_type=Path)
    return click.argument("study", type=kind, default=Path(), required=False)(function)


class ProgressBar:
    """A bar on stderr that says what is done and when the rest will be; silent in a pipe."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __call__(self, done: int, total: int, path: str) -> None:
        """Show that ``done`` of ``total`` files are done, ``path`` the last."""
        if self._bar is None:
            self._start(total)
        self._bar.update(0, completed=done, description=Path(path).name[:40])

    def _start(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as Remaining

        columns = (BarColumn(), MofNCompleteColumn(), Remaining(), TextColumn("{task.description}"))
        # the file's name is the instrument's text: it must not be read as markup
        columns[-1].markup = False
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
        self._bar.add_task("", total=total)
        self._bar.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def say_failed(rows: list[tuple[str, str]]) -> None:
    """Write one line for each file that was not done."""
    for line in one_line_each(rows):
        say(line)


def one_line_each(rows: list[tuple[str, str]]) -> list[str]:
    """Return one line for each file that was not done, beginning with its path."""
    texts = ((path, " ".join(reason.split())) for path, reason in rows)
    return [text if text.startswith(path) else f"{path}: {text}" for path, text in texts]


def run_and_report(folder: Path, **options: Any) -> "RunReport":
    """Run a study, write its report where anything has changed, tell whom the settings name."""
    from labproc.pipeline.notify import notify_of_run
    from labproc.pipeline.runner import load_results, run_study

    report = run_study(folder, **options)
    results = report.results
    if results is None and _report_is_old(report.folder):
        results = load_results(report.folder)
    if results is not None:
        write_report(results)
    return replace(report, untold=tuple(notify_of_run(report)))


def _report_is_old(folder: Path) -> bool:
    """Whether the tables are newer than the report: the run that wrote them was cut short."""
    report, tables = (folder / "results" / name for name in ("report.html", "tables/files.csv"))
    if not tables.exists():
        return False
    return not report.exists() or report.stat().st_mtime_ns < tables.stat().st_mtime_ns


def write_report(results: "Results") -> Path:
    """Write ``results/report.html``, whole or not at all, and return where it is."""
    from dashboards.report import build_report
    from labproc.formats.drafts import clean_drafts, write_whole
    from labproc.pipeline.disk import plain_disk_errors

    path = results.folder / "results" / "report.html"
    with plain_disk_errors(path.parent):
        clean_drafts(path.parent)
        write_whole(path, build_report(results))
    return path
