"""``labproc review``: the dashboard on this computer, for one person."""

import getpass
from pathlib import Path

import click

from labproc.cli._output import say
from labproc.cli._serving import listen
from labproc.cli._study import study_argument

PORT = 8050


@click.command()
@study_argument
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option("--as", "name", default="", help="Your name in the audit trail; else your login.")
@click.option("--open", "open_it", is_flag=True, help="Open it in the browser.")
def command(study: Path, port: int, name: str, open_it: bool) -> None:
    """Serve the dashboard on 127.0.0.1 for one person.

    STUDY is a folder that holds study.toml; it defaults to the current folder. In a folder without
    one the Samples page sets the study up. Only this computer can reach it. Stop it with Ctrl+C.
    """
    from dashboards.app import create_app
    from dashboards.people import Person
    from labproc.study import load_study

    folder = study.resolve()
    if (folder / "study.toml").exists() or not folder.is_dir():
        folder = load_study(study).folder
    else:
        say(f"review: {folder} holds no study.toml yet; set the study up on the Samples page")
    person = Person(name or getpass.getuser(), "reviewer")
    app = create_app(folder, person=person, warm=True)

    def ready(address: str) -> None:
        say(f"review: {address}  (as {person.name}; stop with Ctrl+C)")
        if open_it:
            click.launch(address)

    listen(app, host="127.0.0.1", port=port, ready=ready)
