"""The reference pages that are made from the code: ``make docs`` writes them, a test holds them.

``python -m labproc.cli._reference docs/reference``
"""

import sys
from pathlib import Path

import click

from labproc.cli import app

HEAD = "<!-- Made by `make docs` from the code; change it there. -->\n"


def commands_page() -> str:
    """Return the page of every command with its options."""
    context = click.Context(app, info_name="labproc", **app.context_settings)
    parts = [HEAD, "# Commands\n"]
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        assert command is not None
        with click.Context(command, context, name, max_content_width=96) as inner:
            parts.append(f"## {name}\n\n```\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


def formats_page() -> str:
    """Return the page of every file family that can be read."""
    from labproc.parsers import PARSERS

    rows = [
        "| name | kind | what it is | usual endings | note |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, parser in PARSERS.items():
        endings = " ".join(parser.extensions)
        instruments = ", ".join(parser.instruments)
        note = ". ".join(n for n in (instruments, parser.note) if n).replace("|", "/")
        rows.append(f"| `{name}` | {parser.kind} | {parser.title} | {endings} | {note} |")
    return "\n".join([HEAD, "# What can be read\n", *rows, ""])


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "formats.md").write_text(formats_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
