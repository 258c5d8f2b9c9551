"""``[notify]``: what ``study.toml`` says of who is told, and by which mail server."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import field_validator

from labproc.study._part import Part


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over; ``is_tls`` says that the line is encrypted from the start."""

    host: str
    port: int
    user: str = ""
    is_tls: bool = False


class NotifySettings(Part):
    """``[notify]``: who is told when a file is set aside or a run has finished."""

    webhook: str = ""
    email: str = ""
    smtp: str = "localhost"
    sender: str = ""

    @field_validator("webhook")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Check that a webhook is one, or names the variable that holds it."""
        if value and not value.startswith(("http://", "https://", "$")):
            # the value itself may be a secret
            raise ValueError("[notify] webhook: expected http://..., https://... or $VARIABLE")
        return value

    @field_validator("email", "sender")
    @classmethod
    def is_email(cls, value: str) -> str:
        """Check that every address has its two parts; commas separate several."""
        for address in filter(None, value.split(",")):
            if not re.fullmatch(r"[^@\s]+@[^@\s]+", address.strip()):
                raise ValueError(f"[notify] {address.strip()!r} is no e-mail address")
        return value

    @field_validator("smtp")
    @classmethod
    def is_a_server(cls, value: str) -> str:
        """Check that the mail server can be read."""
        _mail_server(value)
        return value

    def server(self) -> MailServer:
        """Return the mail server: ``host``, ``host:port`` or ``smtps://user@host:port``."""
        return _mail_server(self.smtp)


def _mail_server(text: str) -> MailServer:
    parts = urlsplit(text if "://" in text else f"smtp://{text}")
    is_tls = parts.scheme == "smtps"
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.password is not None:
        raise ValueError(
            "[notify] smtp: expected host, host:port or smtps://user@host:port; the password "
            "stands in the variable LABPROC_SMTP_PASSWORD"
        )
    port = parts.port or (465 if is_tls else 25)
    return MailServer(parts.hostname, port, parts.username or "", is_tls)
