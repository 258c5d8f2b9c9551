"""``labproc restore``: bring a backup back."""

from pathlib import Path

import click

from labproc.wording import counted


@click.command()
@click.argument("source", type=click.Path(path_type=Path), metavar="DIR")
@click.argument("study", type=click.Path(path_type=Path))
def command(source: Path, study: Path) -> int:
    """Bring a backup back as a study folder, checked file by file before anything is written.

    A study whose results are kept by a PostgreSQL server is loaded into its empty database too.
    """
    from labproc.store import Store
    from labproc.store.backup import load_snapshot, restore
    from labproc.study import load_study

    kept = restore(source.resolve(), study.resolve())
    url = load_study(study).store_url
    if isinstance(url, str):
        with Store.open(url) as store:
            load_snapshot(source.resolve(), store)
    click.echo(f"{counted(len(kept), 'file')} restored to {study}; `labproc verify {study}` checks")
    return 0
