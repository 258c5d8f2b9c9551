"""The reference pages that are made from the code: ``make docs`` writes them, a test holds them.

``python -m labproc.cli._reference docs/reference``
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from labproc.cli import app

if TYPE_CHECKING:
    from labproc.parsers import Parser

MORE = "[how exports are understood](../qpcr-exports.md)"
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
    """Return the page that lists every file family that can be read."""
    from labproc.parsers import PARSERS

    rows = ["| family | kind | usual endings | name |", "| --- | --- | --- | --- |"]
    for name, parser in PARSERS.items():
        endings = " ".join(parser.extensions)
        title = f"[{parser.title}](formats/{name}.md)"
        rows.append(f"| {title} | {parser.kind} | {endings} | `{name}` |")
    text = "Files are recognised by their content; endings are only what they are usually called.\n"
    return "\n".join([HEAD, "# What can be read\n", text, *rows, ""])


def family_pages() -> dict[str, str]:
    """Return file name -> page for every family."""
    from labproc.parsers import PARSERS

    return {f"{name}.md": _family_page(name, parser) for name, parser in PARSERS.items()}


def _family_page(name: str, parser: "Parser") -> str:
    gives = {
        "fcs": "Events of a tube, gated and counted.",
        "qpcr": "Reactions of a plate: curves, quantities and copies.",
        "dna": "DNA concentrations, the source of `dna_ng`.",
    }
    details = {
        "Instruments": ", ".join(parser.instruments),
        "Usual endings": " ".join(parser.extensions),
        "Gives": gives[parser.kind],
        "To know": parser.note,
        "More": "[all FCS files](../fcs.md)" if parser.kind == "fcs" else MORE,
    }
    lines = [f"- **{what}:** {text}" for what, text in details.items() if text]
    check = f"`labproc check FILE` names such a file `{name}` and says what is wrong with it."
    return "\n".join([HEAD, f"# {parser.title}\n", *lines, "", check, ""])


def main(folder: Path) -> None:
    """Write the pages into a folder."""
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "formats.md").write_text(formats_page(), encoding="utf-8")
    families = folder / "formats"
    families.mkdir(exist_ok=True)
    for name, page in family_pages().items():
        (families / name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
