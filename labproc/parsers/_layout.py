"""What differs between families of exports once their tables are found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between families once the tables are found.

    ``format`` is the layout's name, ``instrument`` what to call it where the file does not say;
    ``plate_wells`` the plate's size where the family fixes it; ``keep_numbers`` for rotors,
    whose tubes have numbers and no names; ``default_target`` and ``default_dye`` for wells that
    name none; ``type_is_target`` where a column Type names genes; ``zero_is_undetected`` where
    a Cq of 0 is how the software writes that nothing was found.
    """

    format: str
    instrument: str = ""
    plate_wells: int | None = None
    keep_numbers: bool = False
    default_target: str = ""
    default_dye: str = ""
    type_is_target: bool = False
    zero_is_undetected: bool = False
