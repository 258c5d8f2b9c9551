"""Webhook and e-mail: told once, to local servers; a failure stops nothing and leaks nothing."""

import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from labproc.cli._study import run_and_report
from labproc.errors import StudyError
from labproc.pipeline import notify
from labproc.pipeline.notify import notify_of_trouble
from labproc.study import load_study

SECRET = "T0K3N-that-nobody-may-see"
PLATE = b"Well;Sample;Gene;Type;Cq;Copies\nA1;STD;CAR;Standard;20,5;1000\nA2;7;CAR;Unknown;27,2;\n"
SETTINGS = '[study]\ntitle = "CAR-T"\n[qpcr]\nstandard_unit = "copies_per_well"\n[notify]\n'


class Hook(BaseHTTPRequestHandler):
    """A chat server's webhook."""

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.got.append((self.path, json.loads(self.rfile.read(length))))  # type: ignore[attr-defined]
        self.send_response(self.server.answer)  # type: ignore[attr-defined]
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    """The part of an SMTP server that takes one message (RFC 5321)."""

    def handle(self) -> None:
        self.wfile.write(b"220 local\r\n")
        while line := self.rfile.readline():
            word = line.strip().upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self.server.got.append(b"".join(self._message()))  # type: ignore[attr-defined]
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
            if word == b"QUIT":
                return

    def _message(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) != b".\r\n":
            yield line


def served(server: Any) -> Iterator[Any]:
    server.got, server.answer = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hook() -> Iterator[Any]:
    yield from served(ThreadingHTTPServer(("127.0.0.1", 0), Hook))


@pytest.fixture
def mail() -> Iterator[Any]:
    yield from served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mail))


def study(folder: Path, settings: str) -> Path:
    (folder / "raw").mkdir()
    (folder / "study.toml").write_text(SETTINGS + settings, encoding="utf-8")
    (folder / "raw" / "plate.csv").write_bytes(PLATE)
    (folder / "raw" / "bad.fcs").write_bytes(b"no cytometer wrote this")
    for path in (folder / "raw").iterdir():
        os.utime(path, (1e9, 1e9))
    return folder


def address(hook: Any) -> str:
    return f"http://127.0.0.1:{hook.server_port}/services/{SECRET}"


def test_a_webhook_is_told_once_of_each_file_that_is_set_aside(tmp_path: Path, hook: Any) -> None:
    folder = study(tmp_path, f'webhook = "{address(hook)}"\n')
    assert run_and_report(folder, workers=1).untold == ()
    ((path, said),) = hook.got
    assert path.endswith(SECRET)
    assert said["event"] == "set_aside"
    assert (said["n_processed"], said["n_set_aside"]) == (2, 1)
    assert said["text"].startswith("CAR-T: 2 files processed, 1 file set aside\nbad.fcs: ")
    assert [f["file"] for f in said["set_aside"]] == ["bad.fcs"]
    run_and_report(folder, workers=1)
    assert len(hook.got) == 1
    (folder / "raw" / "second.csv").write_bytes(PLATE + b"A3;8;CAR;Unknown;28,1;\n")
    run_and_report(folder, workers=1, hold=())
    assert hook.got[1][1]["event"] == "run_finished"
    assert hook.got[1][1]["text"] == "CAR-T: 1 file processed"


def test_the_webhook_may_stand_in_a_variable(
    tmp_path: Path, hook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABPROC_WEBHOOK", address(hook))
    folder = study(tmp_path, 'webhook = "$LABPROC_WEBHOOK"\n')
    assert run_and_report(folder, workers=1).untold == ()
    assert len(hook.got) == 1


def test_an_e_mail_says_what_was_set_aside(tmp_path: Path, mail: Any) -> None:
    port = mail.server_address[1]
    to = "ann@example.org, bob@example.org"
    folder = study(tmp_path, f'email = "{to}"\nsmtp = "127.0.0.1:{port}"\n')
    assert run_and_report(folder, workers=1).untold == ()
    (message,) = (message_from_bytes(m, policy=policy.default) for m in mail.got)
    assert message["To"] == to
    assert message["Subject"] == "labproc: CAR-T: 2 files processed, 1 file set aside"
    assert "bad.fcs: " in message.get_content()


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "WAIT_S", 0.5)


@pytest.mark.parametrize("trouble", ["refused", "silent", "error 500"])
def test_a_server_that_fails_stops_no_run_and_no_secret_is_said(
    tmp_path: Path, hook: Any, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    quick(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = {"refused": 1, "silent": deaf.getsockname()[1], "error 500": hook.server_port}
        hook.answer = 500
        webhook = f"http://127.0.0.1:{port[trouble]}/services/{SECRET}"
        smtp = f'email = "a@example.org"\nsmtp = "127.0.0.1:{min(port[trouble], 1)}"\n'
        folder = study(tmp_path, f'webhook = "{webhook}"\n{smtp}')
        began = time.monotonic()
        report = run_and_report(folder, workers=1)
    assert report.n_done == 2
    assert (folder / "results/report.html").exists()
    assert len(report.untold) == 2
    assert report.untold[0].startswith("webhook at 127.0.0.1: ")
    assert report.untold[1].startswith("e-mail by 127.0.0.1: ")
    assert SECRET not in "".join(report.untold)
    assert time.monotonic() - began < 60


def test_no_page_table_or_record_holds_the_secret(tmp_path: Path, hook: Any) -> None:
    folder = study(tmp_path, f'webhook = "{address(hook)}"\n')
    run_and_report(folder, workers=1)
    written = [p for p in (folder / "results").rglob("*") if p.is_file()]
    assert len(written) > 5
    assert not [p.name for p in written if SECRET.encode() in p.read_bytes()]


def test_a_title_cannot_write_headers(tmp_path: Path, mail: Any) -> None:
    port = mail.server_address[1]
    folder = study(tmp_path, f'email = "a@example.org"\nsmtp = "127.0.0.1:{port}"\n')
    text = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(text.replace("CAR-T", "x\\r\\nBcc: eve@example.org"))
    assert run_and_report(folder, workers=1).untold == ()
    message = message_from_bytes(mail.got[0], policy=policy.default)
    assert message["Bcc"] is None


def test_a_password_goes_over_an_encrypted_line_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Plain:
        """A server far away that offers no encryption."""

        def __init__(self, *_: object, **__: object) -> None: ...
        def __enter__(self) -> "Plain":
            return self

        def __exit__(self, *_: object) -> None: ...
        def ehlo(self) -> None: ...
        def has_extn(self, _name: str) -> bool:
            return False

        def login(self, *_: object) -> None:
            pytest.fail("the password was sent")

    monkeypatch.setattr("smtplib.SMTP", Plain)
    monkeypatch.setenv("LABPROC_SMTP_PASSWORD", SECRET)
    folder = study(tmp_path, 'email = "a@example.org"\nsmtp = "smtp://ann@mail.example:587"\n')
    (said,) = run_and_report(folder, workers=1).untold
    assert "the line is not encrypted" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (f'webhook = "ftp://x/{SECRET}"', "webhook: expected http"),
        ('email = "ann"', "'ann' is no e-mail address"),
        (f'smtp = "smtps://ann:{SECRET}@mail.example"', "LABPROC_SMTP_PASSWORD"),
        ('smtp = "http://mail.example"', "expected host, host:port"),
    ],
)
def test_a_wrong_setting_is_refused_without_repeating_a_secret(
    tmp_path: Path, setting: str, message: str
) -> None:
    folder = study(tmp_path, f"{setting}\n")
    with pytest.raises(StudyError, match=message) as refused:
        load_study(folder)
    assert SECRET not in str(refused.value)


def test_a_trouble_is_told_too(tmp_path: Path, hook: Any) -> None:
    folder = study(tmp_path, f'webhook = "{address(hook)}"\n')
    assert notify_of_trouble(folder, "results: the disk is full") == []
    assert hook.got[0][1]["event"] == "trouble"
    (folder / "study.toml").write_text("[study\n", encoding="utf-8")
    assert notify_of_trouble(folder, "study.toml: no TOML") == []
