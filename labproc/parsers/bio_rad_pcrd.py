"""Bio-Rad .pcrd: encrypted by the software; recognised to say what to export instead."""

from typing import NoReturn

from labproc.errors import ParseError
from labproc.formats.content import Content
from labproc.parsers import PARSERS, Parser

_NOTE = (
    "encrypted by CFX Manager or Maestro; open it there and use Export > Export All Data Sheets "
    "(csv or xlsx), or Export > RDML"
)


def _sniff(content: Content) -> bool:
    return content.is_zip and b"datafile.pcrd" in content.head[:512]


def _read(content: Content) -> NoReturn:
    raise ParseError(f"{content.path.name}: a .pcrd file is {_NOTE}")


PARSERS.register("bio_rad_pcrd")(
    Parser(
        "qpcr",
        "Bio-Rad .pcrd (encrypted: export it)",
        _sniff,
        _read,
        extensions=(".pcrd",),
        instruments=("CFX96, CFX384, CFX Opus",),
        note=f"Cannot be read: {_NOTE}.",
    )
)
