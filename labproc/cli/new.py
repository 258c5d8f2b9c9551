"""``labproc new``: an empty study, every setting explained."""

from pathlib import Path

import click

from labproc.errors import StudyError


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--workbook", is_flag=True, help="One study.xlsx instead of csv files.")
def command(folder: Path, workbook: bool) -> int:
    """Make an empty study in DIR: study.toml with every setting explained, sheets, raw/.

    Nothing that is there is overwritten.
    """
    from labproc.study.template import csv_files

    files = dict(csv_files())
    if workbook:
        files = {name: text for name, text in files.items() if not name.endswith(".csv")}
    _refuse_what_is_there(folder, [*files, *(["study.xlsx"] if workbook else [])])
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    if workbook:
        _write_workbook(folder / "study.xlsx")
    click.echo(
        f"{folder / 'study.toml'}: say what the study is\n"
        f"{folder / 'raw'}: drop the instruments' files\nthen: labproc run {folder}"
    )
    return 0


def _refuse_what_is_there(folder: Path, names: list[str]) -> None:
    there = [name for name in names if (folder / name).exists()]
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder}: a file, expected a folder or nothing")
    if there:
        raise StudyError(
            f"{folder}: {', '.join(there)} already there, expected an empty place; "
            "nothing was written"
        )


def _write_workbook(path: Path) -> None:
    import xlsxwriter

    from labproc.study.template import sheets

    with xlsxwriter.Workbook(str(path)) as book:
        for name, headings in sheets().items():
            book.add_worksheet(name).write_row(0, 0, headings)
