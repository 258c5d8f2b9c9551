"""``labproc demo``: a simulated study with known truth, run from end to end."""

from pathlib import Path

import click

from labproc.cli._output import json_line, say
from labproc.cli._study import ProgressBar, run_and_report, say_failed
from labproc.cli.run import bug_lines

DOSES_UM = (0.1, 0.5, 2.0)  # beside 0 and 10: five doses, half the effect between the middle ones


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("labproc-demo"))
@click.option("--open", "open_it", is_flag=True, help="Open the report in the browser.")
@click.option("--workers", type=click.IntRange(1), help="Worker processes; one a core by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each result scored.")
def command(folder: Path, open_it: bool, workers: int | None, as_json: bool) -> int:
    """Write a simulated study with known truth, run it, and say how near the results come.

    FOLDER is labproc-demo in the current folder by default. It must be empty, or hold a demo
    that was written before.
    """
    from labproc.simulate import Design, write_study
    from labproc.simulate.truth import score

    _refuse_others_folder(folder)
    say(f"writing a simulated study to {folder} ...")
    write_study(folder, Design(doses_um=DOSES_UM))
    bar = ProgressBar()
    try:
        report = run_and_report(folder, workers=workers, hold=(), progress=bar)
    finally:
        bar.stop()
    say_failed([(s.path, s.reason) for s in report.failed])
    for line in bug_lines(report):
        say(line)
    rows = score(folder)
    for row in rows:
        click.echo(json_line(row.as_dict()) if as_json else row.sentence)
    where = folder.resolve() / "results"
    say(f"{report.n_done} files in {report.seconds:.1f} s")
    say(f"report:  {where / 'report.html'}\ntables:  {where / 'tables'}")
    say(f"truth:   {folder.resolve() / 'truth'}\nreview:  labproc review {folder}")
    if open_it:
        click.launch(str(where / "report.html"))
    return report.exit_code


def _refuse_others_folder(folder: Path) -> None:
    """Keep out of a folder that holds somebody's own files."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "truth").is_dir():
        raise click.UsageError(f"{folder} is not empty and holds no demo; name another folder")
