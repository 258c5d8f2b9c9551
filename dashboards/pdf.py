"""The report as a PDF, printed by a browser that is on the machine."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from labproc.errors import SettingsError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
DRAWING_MS = 20_000  # of the page's own time: every figure is drawn long before
PATIENCE_S = 120


def print_pdf(report: Path) -> Path:
    """Print a report to ``report.pdf`` beside it and return where it is.

    Raises
    ------
    SettingsError
        If no browser is found, or it prints nothing.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SettingsError(
            "report --pdf: no browser found, expected chromium or chrome; open report.html and "
            "print it from your browser instead"
        )
    target = report.with_suffix(".pdf")
    with tempfile.TemporaryDirectory() as profile:
        draft = Path(profile) / "report.pdf"
        _print(browser, report, draft, profile)
        if not draft.is_file():
            raise SettingsError(f"report --pdf: {Path(browser).name} printed nothing")
        shutil.copyfile(draft, target)
    return target


def _print(browser: str, report: Path, draft: Path, profile: str) -> None:
    options = [
        "--headless",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--no-pdf-header-footer",
        f"--user-data-dir={profile}",
        f"--virtual-time-budget={DRAWING_MS}",
        f"--print-to-pdf={draft}",
    ]
    # chromium refuses its sandbox to root, as in a container
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")
    subprocess.run(  # noqa: S603 - the browser's path comes from PATH, the rest is ours
        [browser, *options, report.resolve().as_uri()],
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
