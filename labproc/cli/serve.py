"""``labproc serve``: the dashboard for a lab, with logins."""

import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from labproc.cli._output import say
from labproc.cli._serving import bracketed, is_any, is_loopback, listen
from labproc.errors import SettingsError

PORT = 8050


@click.command()
@click.argument("studies", nargs=-1, type=click.Path(path_type=Path), metavar="[STUDY]...")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True)
@click.option("--name", "names", multiple=True, help="Name under which it is reached; repeatable.")
@click.option("--https", is_flag=True, help="A proxy in front speaks HTTPS.")
def command(
    studies: tuple[Path, ...], host: str, port: int, names: tuple[str, ...], https: bool
) -> None:
    """Serve the dashboard for a lab; everybody logs in.

    STUDY is a folder that holds study.toml, by default the current folder; several studies take
    ports in a row. Add people with labproc user. An address that other computers can reach is
    refused while the study has no users.
    """
    known = allowed_hosts(host, names)
    with ExitStack() as open_stores:
        made = [
            (folder, _app(folder, host, port + i, known, https, open_stores))
            for i, folder in enumerate(studies or (Path(),))
        ]
        for i, (folder, app) in enumerate(made[1:], start=1):
            run = {"host": host, "port": port + i, "ready": _ready(folder)}
            threading.Thread(target=listen, args=(app,), kwargs=run, daemon=True).start()
        folder, first = made[0]
        listen(first, host=host, port=port, ready=_ready(folder))


def allowed_hosts(host: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names under which browsers may ask: loopback, the address, what was given.

    Examples
    --------
    >>> "lab.example" in allowed_hosts("0.0.0.0", ("lab.example",))
    True
    """
    from dashboards.guard import LOOPBACK

    own = () if is_loopback(host) else (socket.gethostname(),)
    listed = () if is_any(host) else (bracketed(host),)
    return tuple(dict.fromkeys((*LOOPBACK, *own, *listed, *names)))


def _ready(folder: Path) -> Any:
    return lambda address: say(f"serve: {folder} at {address}  (stop with Ctrl+C)")


def _app(
    folder: Path, host: str, port: int, known: tuple[str, ...], https: bool, stores: ExitStack
) -> Any:
    """Return one study's app behind its login.

    Raises
    ------
    SettingsError
        If other computers could reach it and the study has no users.
    """
    from dashboards.app import create_app
    from dashboards.login import protect, secret_key
    from labproc.store import Store
    from labproc.store.users import list_users
    from labproc.study import load_study

    study = load_study(folder)
    store = stores.enter_context(Store.open(study.store_url))
    if not any(user.is_active for user in list_users(store)):
        where = "an address that only this computer reaches" if is_loopback(host) else host
        raise SettingsError(
            f"{folder}: found no users, expected one at least to serve on {where}; add one with "
            "labproc user add, or use labproc review for yourself"
        )
    app = create_app(study.folder, hosts=known, warm=True)
    key = secret_key(study.folder / "results" / ".dashboard-key")
    protect(app.server, _accounts(store), secret=key, name=f"labproc-{port}", https=https)
    return app


def _accounts(store: Any) -> Any:
    """Return the study's users as the login asks for them."""
    from dashboards.login import Accounts
    from dashboards.people import Person
    from labproc.store.users import list_users, log_in

    def check(name: str, password: str) -> Person | None:
        user = log_in(store, name, password)
        return None if user is None else Person(user.name, user.role.value)

    def find(name: str) -> Person | None:
        user = next((u for u in list_users(store) if u.name == name and u.is_active), None)
        return None if user is None else Person(user.name, user.role.value)

    return Accounts(check, find)
