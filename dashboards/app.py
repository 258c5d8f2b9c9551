"""The review app: pages on the left, the thing in the middle, what is selected on the right."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from dashboards import theme
from dashboards.desk import Desk
from dashboards.downloads import serve_downloads
from dashboards.guard import LIMIT, LOOPBACK, guard
from dashboards.pages import PAGES
from dashboards.pages._parts import aria, trouble
from dashboards.people import KEY, Person
from dashboards.study_desk import StudyDesk
from labproc.errors import LabprocError

FIRST = "gates"
PAGE = """<!doctype html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}<footer>{%config%}
<script src="/_dash-component-suites/plotly/package_data/plotly.min.js"></script>
{%scripts%}{%renderer%}</footer></body>
</html>"""
# Left to itself dash has every graph of a page load plotly.js once more, and gives up after 30 s.
THREADS = 8  # of waitress: two cores compute, the others send


def create_app(
    folder: Path, *, person: Person | None = None, hosts: Sequence[str] = LOOPBACK,
    warm: bool = False,
) -> Dash:  # fmt: skip
    """Return the review app of one study folder.

    Parameters
    ----------
    folder : Path
        The study; it holds ``study.toml``.
    person : Person or None
        Who sits before it when no login is asked.
    hosts : sequence of str
        Names under which it may be reached.
    warm : bool
        Read the results at once, so that the first page need not wait for them.
    """
    desk = StudyDesk(folder, shows_siblings=person is not None)
    if warm:
        threading.Thread(target=_warm, args=(desk,), daemon=True).start()
    return build_app(desk, person=person, hosts=hosts)


def _warm(desk: Desk) -> None:
    with suppress(LabprocError):  # the page itself says what is wrong
        desk.results()


def build_app(desk: Desk, *, person: Person | None = None, hosts: Sequence[str] = LOOPBACK) -> Dash:
    """Return the review app on top of any desk."""
    assets = str(resources.files("dashboards").joinpath("assets", "app"))
    app = Dash(
        "dashboards", assets_folder=assets, title="labproc", update_title="",
        index_string=PAGE, suppress_callback_exceptions=True, serve_locally=True, compress=False,
    )  # fmt: skip
    app.layout = lambda: shell(desk)
    app.server.config[KEY] = person or Person("nobody", "viewer")
    _route(app, desk)
    for _, page in PAGES.items():
        page.connect(app, desk)
    serve_downloads(app.server, desk.results)
    guard(app.server, hosts=hosts, scripts=[f"'{h.strip(chr(39))}'" for h in app.csp_hashes()])
    return app


def shell(desk: Desk) -> Any:
    """Return the frame of every page: the study's name, the menu, a place for the page."""
    face = {"fontFamily": theme.FACE, "primaryColor": "dark", "defaultRadius": "sm"}
    return dmc.MantineProvider(
        theme=face,
        forceColorScheme="light",
        children=html.Div(
            className="shell",
            children=[
                dcc.Location(id="location", refresh="callback-nav"),
                dcc.Store(id="signed", data=0),
                html.Nav(id="menu", className="menu", **aria(label="Pages")),
                html.Main(id="page", className="page", children=html.P("reading the study …")),
            ],
        ),
    )


def _route(app: Dash, desk: Desk) -> None:
    @app.callback(
        Output("page", "children"), Output("menu", "children"), Input("location", "pathname")
    )
    def show(path: str | None) -> tuple[Any, Any]:
        name, _, rest = (path or "/").strip("/").partition("/")
        chosen = name if name in PAGES.names() else first_page(desk)
        return _page(desk, chosen, rest), _menu(desk, chosen)


def first_page(desk: Desk) -> str:
    """Return the page to begin on: the samples where there is no study yet, else the gates."""
    try:
        return FIRST if desk.settings() else "samples"
    except (LabprocError, ValueError, OSError):
        return FIRST


def _page(desk: Desk, name: str, rest: str) -> Any:
    """Return a page, or in its place what keeps it from being shown."""
    try:
        return PAGES.get(name).layout(desk, rest)
    except LabprocError as error:
        return trouble(str(error))
    except Exception:  # a bug of ours: the other pages still work, the log says where it is
        logging.getLogger(__name__).exception("page %s", name)
        return trouble(f"a bug in labproc kept the page {name!r} from being shown; see the log")


def _menu(desk: Desk, chosen: str) -> list[Any]:
    pages = sorted(PAGES.items(), key=lambda item: item[1].place)
    links = [
        dcc.Link(
            page.title, href=f"/{name}", className="on" if name == chosen else "",
        )
        for name, page in pages
    ]  # fmt: skip
    try:
        title = desk.results().title
    except LabprocError:
        title = "labproc"
    return [html.Div(title, className="study"), *links, *_who()]


def _who() -> list[Any]:
    """Return who is logged in and the way out; nothing where no login is asked."""
    from flask import g

    person = getattr(g, "person", None)
    if person is None:
        return []
    out = html.Form(html.Button("Log out", type="submit"), action="/logout", method="post")
    return [html.Div([f"{person.name}, {person.role}", out], className="who")]


def make_server(app: Dash, *, host: str, port: int) -> Any:
    """Return a server that listens already; ``run()`` answers until stopped."""
    import waitress

    return waitress.create_server(
        app.server, host=host, port=port, threads=THREADS, ident="labproc",
        max_request_body_size=LIMIT, clear_untrusted_proxy_headers=True,
    )  # fmt: skip
