"""``labproc sign``: electronic signatures on the results of files."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli._output import json_line
from labproc.errors import SettingsError

if TYPE_CHECKING:
    from labproc.pipeline.results import SignatureView

SAID = {
    "covers": "covers the results as they are",
    "changed": "no longer covers: the results have changed since",
    "withdrawn": "withdrawn since",
    "withdrawal": "",
}


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--all", "everything", is_flag=True, help="Every file that has a result.")
@click.option("--meaning", default="", help="performed, reviewed or approved.")
@click.option("--withdraw", is_flag=True, help="Take the signatures back; needs a reason.")
@click.option("--as", "name", default="", help="The user who signs; your login by default.")
@click.option("--password", default="", envvar="LABPROC_PASSWORD", help="Asked for; stays unseen.")
@click.option("--reason", default="", help="Why, or a remark; it goes into the audit trail.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a signature.")
def command(
    study: Path,
    files: tuple[str, ...],
    everything: bool,
    meaning: str,
    withdraw: bool,
    name: str,
    password: str,
    reason: str,
    as_json: bool,
) -> int:
    """Sign the results of files, or say what is signed.

    STUDY is a folder that holds study.toml. FILE is a path as labproc status shows it, a name, or
    the first digits of its SHA-256. Without FILE and --all every signature is listed, with
    whether the results are still what was signed.

    What is signed is locked: a gate cannot be moved until the signature is withdrawn. Where a
    setting, a sheet or a control changes, a new version of the result is computed; the old
    signature stays in the record and no longer covers it.
    """
    from labproc.cli._study import write_report
    from labproc.pipeline.runner import load_results
    from labproc.pipeline.signing import study_signatures

    if not files and not everything:
        if meaning or withdraw:
            raise SettingsError("sign: no file named, expected FILE... or --all")
        _show(study_signatures(study), as_json)
        return 0
    who = name or getpass.getuser()
    word = password or click.prompt(f"Password of {who}", hide_input=True, err=True)
    _show(_signed(study, files, everything, meaning, withdraw, who, word, reason), as_json)
    write_report(load_results(study))
    return 0


def _signed(
    study: Path,
    files: tuple[str, ...],
    everything: bool,
    meaning: str,
    withdraw: bool,
    who: str,
    password: str,
    reason: str,
) -> "list[SignatureView]":
    from labproc.pipeline.signing import (
        file_named,
        files_with_results,
        sign_files,
        withdraw_files,
    )

    known = files_with_results(study)
    chosen = [file_named(known, name) for name in files]  # none: every file of the study
    if withdraw:
        return withdraw_files(study, chosen, who=who, password=password, reason=reason)
    return sign_files(study, chosen, meaning, who=who, password=password, reason=reason)


def _show(signatures: "tuple[SignatureView, ...] | list[SignatureView]", as_json: bool) -> None:
    for one in signatures:
        click.echo(json_line(asdict(one)) if as_json else sentence(one))
    if not signatures and not as_json:
        click.echo("nothing is signed")


def sentence(one: "SignatureView") -> str:
    """Return one signature on one line: when, what, as what, by whom, what it is worth now."""
    parts = [f"{one.path}: {one.meaning} by {one.who}"]
    parts += [f"({one.reason})"] if one.reason else []
    worth = f": {SAID[one.state]}" if SAID[one.state] else ""
    return f"{one.signed_at[:19]}Z  {' '.join(' '.join(parts).split())}{worth}"
