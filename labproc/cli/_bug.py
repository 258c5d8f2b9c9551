"""What a user sees of a bug: one line with a report id; the traceback goes to a log."""

import hashlib
import traceback
from datetime import UTC, datetime

from labproc.home import log_folder


def write_report(text: str) -> str:
    """Write a traceback to the log and return its report id."""
    now = datetime.now(UTC).isoformat()
    report = hashlib.sha256(f"{now}{text}".encode()).hexdigest()[:8]
    folder = log_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "bugs.log").open("a", encoding="utf-8") as log:
        log.write(f"--- {report} {now}\n{text}\n")
    return report


def report_bug(error: BaseException) -> str:
    """Write the traceback to the log and return the line to show."""
    line = f"a bug in labproc ({type(error).__name__})"
    try:
        report = write_report("".join(traceback.format_exception(error)))
    except OSError:
        return f"{line}; run again with --debug to see where"
    log = log_folder() / "bugs.log"
    return f"{line}, report {report}: the traceback is in {log}; --debug shows it"
