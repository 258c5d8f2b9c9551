"""The command line: each command parses options, calls, prints."""

import importlib
import importlib.util
import sys
from collections.abc import Callable

import click

from labproc.errors import LabprocError

# Help lines stand here so that `labproc --help` imports no command (0.12 s against 2 s).
COMMANDS = {
    "demo": "Write a simulated study with known truth, run it and report on it.",
    "new": "Make an empty study folder, every setting explained.",
    "run": "Process whatever in raw/ is new or changed.",
    "watch": "Run, then go on as files arrive.",
    "review": "Serve the dashboard on this computer for one person.",
    "serve": "Serve the dashboard for a lab, with logins.",
    "status": "Say what is done, waiting, set aside and running.",
    "release": "Hold the samples against your own release table.",
    "report": "Write the self-contained report.html again.",
    "export": "Write results for Excel, Prism, FlowJo and others.",
    "import-gates": "Turn GatingML or FlowJo gates into a strategy file.",
    "sign": "Sign results as performed, reviewed or approved.",
    "verify": "Check raw hashes and the audit chain.",
    "audit": "Say who changed what, when, from what to what, and why.",
    "backup": "Copy a study's results so that verify accepts the copy.",
    "restore": "Bring a backup back.",
    "check": "Say what each instrument file is, and what is wrong with it.",
    "events": "Write a tube's events as parquet, csv or npy.",
    "gate": "Gate FCS files outside any study.",
    "curve": "Fit standard curves and quantities outside any study.",
    "cohort": "Tables, survival and swimmer figures from a patient table.",
    "power": "Say how many donors the next run needs.",
    "formats": "List what can be read.",
    "doctor": "Say what is missing on this machine and how to get it.",
    "user": "Add, list and remove the dashboard's users.",
}
"""Every command with its line of help. ``import-gates`` lives in ``labproc.cli.import_gates``."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands that are installed, in the order of a day's work."""
        return [name for name in COMMANDS if _module_exists(name)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command, or None where there is none of that name."""
        if cmd_name not in COMMANDS or not _module_exists(cmd_name):
            return None
        module = importlib.import_module(f"labproc.cli.{_module(cmd_name)}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        rows = [(name, COMMANDS[name]) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _module(name: str) -> str:
    return name.replace("-", "_")


def _module_exists(name: str) -> bool:
    return importlib.util.find_spec(f"labproc.cli.{_module(name)}") is not None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of a bug in labproc.")
@click.version_option(package_name="labproc")
@click.pass_context
def app(ctx: click.Context, debug: bool) -> None:
    """Turn the files of a CAR-T lab's instruments into numbers that can be traced.

    Counts, CD4:CD8 ratios and CAR copies per µg DNA, each with an interval, a reason to trust or
    doubt it, and a way back to the raw file.
    """
    ctx.obj = {"debug": debug}


def main() -> None:
    """Run the command line: one clear line for an error of the user's, a report id for a bug."""
    debug = "--debug" in sys.argv
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.Abort:
        _say("stopped")
        code = 130
    except click.ClickException as error:
        _tell(error.show)
        code = error.exit_code
    except LabprocError as error:
        _say("\n".join([str(error), *getattr(error, "__notes__", [])]))
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:  # `labproc check ... | head`
        sys.stderr.close()
        code = 0
    except Exception as error:
        if debug:
            raise
        if line := _machines_trouble(error):
            _say(line)
            sys.exit(LabprocError.exit_code)
        from labproc.cli._bug import report_bug

        _say(report_bug(error))
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def _say(text: str) -> None:
    _tell(lambda: click.echo(text, err=True))


def _tell(write: Callable[[], None]) -> None:
    """Write to stderr; where that fails too (a full log disk), the exit code has to say it."""
    try:
        write()
    except OSError:
        sys.stderr = None  # Python would flush it once more at the end, and exit with 120


def _machines_trouble(error: Exception) -> str:
    """Return what a disk or the system said where that stopped a command, empty where not."""
    if not isinstance(error, OSError):
        return ""
    from pathlib import Path

    from labproc.pipeline.disk import PASSING, disk_error

    return str(disk_error(error, Path())) if error.errno in PASSING else ""
