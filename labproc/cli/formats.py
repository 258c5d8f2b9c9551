"""``labproc formats``: what can be read."""

import click

from labproc.cli._output import json_line
from labproc.parsers import PARSERS


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(as_json: bool) -> None:
    """List the instrument files that can be read; the content decides, not the name."""
    for name, parser in sorted(PARSERS.items(), key=lambda item: (item[1].kind, item[0])):
        if as_json:
            row = {
                "name": name,
                "kind": parser.kind,
                "title": parser.title,
                "extensions": parser.extensions,
                "instruments": parser.instruments,
                "note": parser.note,
            }
            click.echo(json_line(row))
            continue
        click.echo(f"{parser.kind:5} {name}: {parser.title} ({' '.join(parser.extensions)})")
        if parser.note:
            click.echo(f"      {parser.note}")
