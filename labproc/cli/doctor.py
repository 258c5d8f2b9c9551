"""``labproc doctor``: what is missing on this machine and how to get it."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import click

from labproc.cli._output import json_line

OLDEST_PYTHON = (3, 11)
OLDEST_SQLITE = (3, 37)  # STRICT tables
ENOUGH_FREE_GB = 5.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
EXTRAS = {
    "kaleido": ("figures as SVG, PNG and PDF", "pip install 'labproc[figures]'"),
    "pyarrow": ("parquet files", "pip install 'labproc[parquet]'"),
    "psycopg": ("a PostgreSQL store", "pip install 'labproc[postgres]'"),
    "distributed": ("work spread over several computers", "pip install 'labproc[dask]'"),
}
REQUIRED = ("numpy", "pandas", "scipy", "statsmodels", "lmfit", "sklearn", "flowkit", "dash")
SECOND_OPINIONS = ("flowio", "fcsparser")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for: ``ok``, ``missing`` (optional) or ``problem``."""

    name: str
    state: str
    found: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say what is missing on this machine and how to get it.

    Ends with 3 where something is a problem, with 0 where only optional parts are missing.
    """
    findings = list(examine())
    for finding in findings:
        if as_json:
            click.echo(json_line(asdict(finding)))
            continue
        remedy = f" -> {finding.remedy}" if finding.remedy else ""
        click.echo(f"{finding.state:8} {finding.name}: {finding.found}{remedy}")
    ctx.exit(3 if any(f.state == "problem" for f in findings) else 0)


def examine() -> Iterator[Finding]:
    """Look at Python, its libraries, SQLite, the disk and the browser."""
    yield _python()
    yield from (_package(name) for name in REQUIRED)
    yield from (_reader(name) for name in SECOND_OPINIONS)
    yield from (_extra(name) for name in EXTRAS)
    yield _sqlite()
    yield _disk()
    yield _browser()


def _python() -> Finding:
    state = "ok" if sys.version_info[:2] >= OLDEST_PYTHON else "problem"
    wanted = ".".join(map(str, OLDEST_PYTHON))
    remedy = "" if state == "ok" else f"install Python {wanted} or newer"
    return Finding("Python", state, f"{platform.python_version()} on {platform.system()}", remedy)


def _version(name: str) -> str | None:
    """Return a package's version without importing it (flowkit takes 2 s)."""
    if importlib.util.find_spec(name) is None:
        return None
    try:
        return importlib.metadata.version({"sklearn": "scikit-learn"}.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return "version not stated"


def _package(name: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(name, "problem", "not installed", "pip install labproc")
    return Finding(name, "ok", version)


def _reader(name: str) -> Finding:
    version = _version(name)
    if version is None:
        return Finding(name, "missing", "no second opinion from it", f"pip install {name}")
    return Finding(name, "ok", f"{version}, for `labproc check --second-opinion`")


def _extra(name: str) -> Finding:
    purpose, remedy = EXTRAS[name]
    version = _version(name)
    if version is None:
        return Finding(name, "missing", f"needed for {purpose}", remedy)
    return Finding(name, "ok", f"{version}, for {purpose}")


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return Finding("SQLite", "ok", sqlite3.sqlite_version)
    wanted = ".".join(map(str, OLDEST_SQLITE))
    return Finding("SQLite", "problem", sqlite3.sqlite_version, f"expected {wanted} or newer")


def _disk() -> Finding:
    free = shutil.disk_usage(os.getcwd()).free / 1e9  # noqa: PTH109
    state = "ok" if free >= ENOUGH_FREE_GB else "problem"
    remedy = "" if state == "ok" else f"expected {ENOUGH_FREE_GB:g} GB; free some space"
    return Finding("disk", state, f"{free:.1f} GB free here", remedy)


def _browser() -> Finding:
    path = next((p for name in BROWSERS if (p := shutil.which(name))), None)
    if path:
        return Finding("browser", "ok", f"{path}, for PDF reports and figures")
    remedy = "install Chromium or Chrome"
    return Finding("browser", "missing", "needed for PDF reports and figures", remedy)
