"""``labproc report``: write the report again."""

from pathlib import Path

import click

from labproc.cli._study import study_argument, write_report


@click.command()
@study_argument
@click.option("--pdf", is_flag=True, help="Write report.pdf beside it (needs chromium).")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
def command(study: Path, pdf: bool, open_it: bool) -> int:
    """Write one self-contained report.html that opens offline."""
    from labproc.pipeline.runner import load_results

    path = write_report(load_results(study))
    click.echo(str(path))
    if pdf:
        from dashboards.pdf import print_pdf

        click.echo(str(print_pdf(path)))
    if open_it:
        click.launch(str(path))
    return 0
