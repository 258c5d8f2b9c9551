"""Tell people by webhook or e-mail that a file was set aside or a run has finished.

Nothing here may stop a run: what goes wrong is said in a line. Addresses of webhooks are secrets;
no line holds more of them than the computer's name.
"""

import http.client
import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from labproc.errors import LabprocError
from labproc.pipeline.results import FileStatus
from labproc.pipeline.runner import RunReport
from labproc.store import Store
from labproc.study import Study, load_study
from labproc.study.notify_settings import NotifySettings
from labproc.wording import counted

WAIT_S = 10.0  # for a server that does not answer
MOST_FILES = 20  # named in one message
TOLD = "told"  # in the store: what has been set aside and said
PASSWORD = "LABPROC_SMTP_PASSWORD"  # noqa: S105  the name of a variable
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TROUBLES = (OSError, ValueError, http.client.HTTPException, smtplib.SMTPException)


@dataclass(frozen=True, slots=True)
class News:
    """What is told: a sentence, and the facts behind it for programs."""

    event: str  # run_finished, set_aside or trouble
    sentence: str
    facts: Mapping[str, Any]
    lines: tuple[str, ...] = ()


def notify_of_run(report: RunReport) -> list[str]:
    """Tell of what a run did and of files newly set aside; return what kept it from being told."""
    study = load_study(report.folder)
    if not _wanted(study.settings.notify):
        return []
    with Store.open(study.store_url) as store:
        new = _newly_failed(store, report.failed)
    if not report.n_done and not new:
        return []
    return send(study.settings.notify, _news(study, report.n_done, new))


def notify_of_trouble(folder: Path, trouble: str) -> list[str]:
    """Tell of what keeps a watcher from its work: a full disk, a server that is away."""
    try:
        study = load_study(folder)
    except LabprocError:  # the trouble is study.toml itself: there is nobody to tell
        return []
    sentence = f"{_name(study)}: {' '.join(trouble.split())}"
    facts = {"study": _name(study), "reason": trouble}
    return send(study.settings.notify, News("trouble", sentence, facts))


def send(settings: NotifySettings, news: News) -> list[str]:
    """Send news wherever the settings say; return a line for each way that failed."""
    return [*_by_webhook(settings, news), *_by_email(settings, news)]


def _wanted(settings: NotifySettings) -> bool:
    return bool(settings.webhook or settings.email)


def _newly_failed(store: Store, failed: Sequence[FileStatus]) -> list[FileStatus]:
    """Return what no run has told of; written down at once, so that one process tells it."""
    now = {f"{s.path} {s.sha256} {s.reason}": s for s in failed}
    before = store.change_meta(TOLD, json.dumps(sorted(now)))
    known = set(json.loads(before or "[]"))
    return [status for name, status in now.items() if name not in known]


def _news(study: Study, n_done: int, new: Sequence[FileStatus]) -> News:
    parts = [f"{counted(n_done, 'file')} processed"] if n_done else []
    parts += [f"{counted(len(new), 'file')} set aside"] if new else []
    files = [{"file": s.path, "reason": s.reason} for s in new[:MOST_FILES]]
    more = len(new) - len(files)
    lines = (*(s.reason for s in new[:MOST_FILES]), *([f"and {more} more"] if more > 0 else []))
    facts = {
        "study": _name(study),
        "n_processed": n_done,
        "n_set_aside": len(new),
        "set_aside": files,
    }
    event = "set_aside" if new else "run_finished"
    return News(event, f"{_name(study)}: {', '.join(parts)}", facts, lines)


def _name(study: Study) -> str:
    return " ".join((study.settings.study.title or study.folder.name).split())


def _by_webhook(settings: NotifySettings, news: News) -> Iterator[str]:
    if not settings.webhook:
        return
    address, where = from_environment(settings.webhook), "an address that cannot be read"
    try:
        where = urlsplit(address).hostname or where
        if urlsplit(address).scheme not in ("http", "https"):
            raise ValueError("no http or https address")
        text = "\n".join([news.sentence, *news.lines])
        body = json.dumps({"event": news.event, "text": text, **news.facts}, ensure_ascii=False)
        request = urllib.request.Request(  # noqa: S310  its scheme was looked at
            address,
            data=body.encode(),
            headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "labproc"},
        )
        urllib.request.urlopen(request, timeout=WAIT_S).close()  # noqa: S310
    except TROUBLES as error:
        yield f"webhook at {where}: {_said(error)}; nobody was told"


def _by_email(settings: NotifySettings, news: News) -> Iterator[str]:
    if not settings.email:
        return
    server = settings.server()
    try:
        message = EmailMessage()
        message["Subject"] = f"labproc: {news.sentence}"[:200]
        message["From"] = settings.sender or f"labproc@{server.host}"
        message["To"] = settings.email
        message.set_content("\n".join([news.sentence, "", *news.lines]))
        _deliver(message, server.host, server.port, server.user, is_tls=server.is_tls)
    except TROUBLES as error:
        yield f"e-mail by {server.host}: {_said(error)}; nobody was told"


def _deliver(message: EmailMessage, host: str, port: int, user: str, *, is_tls: bool) -> None:
    """Hand a message to a server; a password goes over an encrypted line only."""
    context = ssl.create_default_context()
    open_it = (
        smtplib.SMTP_SSL(host, port, timeout=WAIT_S, context=context)
        if is_tls
        else smtplib.SMTP(host, port, timeout=WAIT_S)
    )
    with open_it as server:
        server.ehlo()
        if not is_tls and server.has_extn("starttls") and host not in LOOPBACK:
            server.starttls(context=context)
            is_tls = True
        if user:
            if not is_tls and host not in LOOPBACK:
                raise ValueError("the line is not encrypted, expected smtps:// for a password")
            server.login(user, os.environ.get(PASSWORD, ""))
        server.send_message(message)


def from_environment(value: str) -> str:
    """Return a setting, read from a variable where it names one (``$LABPROC_WEBHOOK``)."""
    return os.environ.get(value[1:], "") if value.startswith("$") else value


def _said(error: Exception) -> str:
    """Say what went wrong without the address, which a library may repeat."""
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code}"
    if isinstance(error, urllib.error.URLError):
        reason = error.reason
        return getattr(reason, "strerror", None) or type(reason).__name__
    if isinstance(error, smtplib.SMTPResponseException):
        return f"answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "the recipient was refused"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if type(error) is ValueError else type(error).__name__
