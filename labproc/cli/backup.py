"""``labproc backup``: a copy of a study that verify accepts."""

from pathlib import Path

import click

from labproc.wording import counted


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path), metavar="DIR")
def command(study: Path, target: Path) -> int:
    """Copy a study, its results and its record to DIR.

    Content that an earlier backup in DIR holds is not copied again.
    """
    from labproc.store import Store
    from labproc.store.backup import backup
    from labproc.study import load_study

    known = load_study(study)
    with Store.open(known.store_url) as store:
        kept = backup(store, known.folder, target.resolve())
    click.echo(f"{counted(len(kept), 'file')} kept in {target}")
    return 0
