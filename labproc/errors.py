"""Every error a user can act on.

The tree::

    LabprocError               exit code 3 for a file, 2 for a setting
    +-- ParseError             an instrument file that is not what it says, or is damaged
    |   +-- UnknownFormat      no parser knows the file
    +-- SettingsError          study.toml, a sheet, a strategy or an option; exit code 2
    |   +-- StudyError         study.toml, samples.csv, culture.csv, plate grids, patients
    |   +-- StrategyError      a gating strategy
    |   +-- UnknownName        no plug-in, marker, arm or column of that name
    +-- GatingError            events that a strategy cannot be applied to
    +-- StandardCurveError     a standard curve that cannot be fitted or read
    +-- CountError             no volume, beads or manual count to count with
    +-- NotEnoughData          a trend or comparison that the data do not support
    +-- StoreError             the results database, and the disk it lies on
        +-- DiskFailed         a disk that no longer keeps what is written; ends a watcher

Messages read *where: what was found, what was expected[; what to do]*. Anything that is not a
``LabprocError`` is a bug in labproc.
"""


class LabprocError(Exception):
    """An error whose message tells the user where it is and what was expected there."""

    exit_code = 3


class ParseError(LabprocError):
    """An instrument file is damaged, incomplete or not what it claims to be."""


class UnknownFormat(ParseError):
    """No parser recognises the content of a file."""


class SettingsError(LabprocError):
    """Something a person wrote (a setting, a sheet, an option) cannot be used as it stands."""

    exit_code = 2


class StudyError(SettingsError):
    """``study.toml`` or one of the study's tables cannot be used as it stands."""


class StrategyError(SettingsError):
    """A gating strategy cannot be used as it stands, or does not fit the panel."""


class UnknownName(SettingsError):
    """Nothing of that name exists; the message names the nearest one."""


class GatingError(LabprocError):
    """Events do not allow what a gating step needs."""


class StandardCurveError(LabprocError):
    """A standard curve cannot be fitted, or not be read backwards at this Cq."""


class CountError(LabprocError):
    """A tube gives no way to turn events into cells per µL."""


class NotEnoughData(LabprocError):
    """The data do not support the trend or comparison that was asked for."""


class StoreError(LabprocError):
    """The results database cannot be opened, or holds something it should not."""


class DiskFailed(StoreError):
    """The disk failed to keep what was written: nothing that was not read back can be trusted.

    After a failed sync a system may report the next one as done although the data are lost, so
    that whoever meets this ends and begins anew from what is on the disk.
    """
