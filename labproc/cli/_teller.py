"""What a watcher says: to the screen, and with date and time into a log that people read."""

from datetime import datetime
from pathlib import Path

from labproc.cli._output import say

LOG = "watch.log"  # under results/
FULL_AT = 5_000_000  # bytes; then the log begins anew beside the old one


class Teller:
    """Say each thing on one line; a trouble that stays is said once."""

    def __init__(self, log: Path | None = None) -> None:
        self.log = log
        self.trouble = ""
        self.n_lost = 0

    def say(self, text: str, *, quiet: bool = False) -> None:
        """Say something; ``quiet`` lines stand in the log only."""
        line = plain(text)
        if not quiet:
            say(line)
        if self.log is not None:
            self._write(line)

    def is_new(self, trouble: str) -> bool:
        """Whether a trouble is not the one that was said last; it is said then."""
        if trouble == self.trouble:
            return False
        self.trouble = trouble
        self.say(trouble)
        return True

    def over(self) -> None:
        """Say that a trouble is over."""
        if self.trouble:
            self.trouble = ""
            self.say("working again")

    def _write(self, line: str) -> None:
        assert self.log is not None
        now = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
        try:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            if self.log.exists() and self.log.stat().st_size > FULL_AT:
                self.log.replace(self.log.with_suffix(".old.log"))
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{now}  {line}\n")
        except OSError:  # the disk is full: the log must not stop what it speaks of
            self.n_lost += 1


def plain(text: str) -> str:
    """Return text on one line; what an instrument wrote must not move a terminal's cursor."""
    words = " ".join(text.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)
