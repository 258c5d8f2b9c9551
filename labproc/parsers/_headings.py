"""Column headings of result tables, in every spelling that instruments use."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from labproc.formats.grid import Line, as_text
from labproc.parsers._numbers import is_numeric

MAX_HEADING = 120  # characters; a longer cell is no heading
# Letters that look like the Latin ones: Cyrillic т, Т, с, С, р, and the small capital T.
_LOOKALIKES = str.maketrans("тТсСрРᴛ", "tTcCpPt")

DYE = (
    r"sybr(?:green)?i?|evagreen|fam|vic|hex|joe|tet|rox|cy3|cy35|cy5|cy55|ned|tamra|pet|liz|"
    r"texasred|texred|txr|txrd|aby|jun|mustangpurple|quasar\d+|cal(?:fluor)?(?:gold|orange|red)\d*|"
    r"alexa\d+|atto\d+|lc(?:red)?\d+|yellow|green|orange|red|crimson|blue"
)
_CQ = (
    r"c[tqp]|crt|c\?|c\([tqp]\)|crossingpoint|crossingpt|thresholdcycle|quantificationcycle|"
    r"cycleofquantification|cyclethreshold(?:result)?"
)
_CQ_UNIT = r"\((?:c\(?[tqp]\)?|d?rn?|cycles?|δrn)\)"
_AMOUNT = (
    r"quantity|qty|startingquantity|inputquantity|sq|conc|concentration|startingconcentration|"
    r"amount|copies|copynumber|拷贝数|浓度|数量|moles|calcconc|calculatedconc|calculatedconcentration|calcconcentration"
)
_GIVEN = (
    r"standard|given(?:conc|concentration|quantity)|std(?:conc|quantity)|std/ctrlconc|"
    r"known(?:conc|concentration|quantity)|std/conc|standardconc(?:entration)?|"
    r"standardquantity|nominal(?:quantity|conc|concentration)"
)
_UNIT = r"(?:\(.*\)|\[.*\])?"

# The order within a field is the order of preference where a table has several.
_PATTERNS: Mapping[str, tuple[str, ...]] = {
    "cq": (
        rf"(?:{_CQ})(?:{_CQ_UNIT})?(?:value|值)?",
        rf"(?:{_CQ})(?:{_CQ_UNIT})?\(?(?P<after>{DYE})\)?",
        rf"(?P<before>{DYE})(?:{_CQ})(?:{_CQ_UNIT})?",
        rf"(?P<allele>allele\d)(?:{_CQ})",
    ),
    "well": (
        "wellposition",
        "wellpos",
        "well|well/set|孔位?|孔号",
        "wellid",
        "wells",
        "pos",
        "position",
        "siteid",
        "wellno|wellnumber|well#",
        "welllocation|welllocationid",
        "wellname",  # of MxPro it is the sample's name
        "no",
        "tubeposition|tubepos",
        "#",
    ),
    "sample": (
        "samplename|nameofsample|样[品本](?:名称?)?",
        "sampleid",
        "sample",
        "samples",
        "name",
        "identifier",
        "samplelabel|sampledescription|description",
        "wellname",
    ),
    "target": (
        rf"(?:targetname|target)(?:\(?(?P<after>{DYE})\)?)?",
        "detectorname|detector",
        "genename|gene|geneofinterest|(?:目的|靶)?基因|靶标",
        "assayname|assay|snpassayname",
        "primerset|primers?|primerpair|amplicon|probe|genesymbol|targetgene",
    ),
    "task": (
        "task|任务",
        "content",
        "assayrole",
        "welltype|sampletype|samplerole|wellcontent",
        "type|类型",
        "role",
    ),
    "quantity": (
        rf"(?:{_AMOUNT}){_UNIT}",
        rf"(?:{_AMOUNT})\(?(?P<after>{DYE})\)?",
        rf"(?P<before>{DYE})std/res",
    ),
    "given": (rf"(?:{_GIVEN}){_UNIT}",),
    "omit": ("omit|omitted|exclude|excluded",),
    "include": ("include|included|inc",),
    "dye": ("reporter|reporterdye|reporterdyename|fluor|fluorophore|dye|dyename|filter|channel",),
    "slope": (rf"slope{_UNIT}",),
    "intercept": (rf"(?:y?intercept|yint){_UNIT}",),
    "r_squared": (r"r\(superscript2\)|r\^?2|rsquared|r2value|" + rf"rsq{_UNIT}",),
    "efficiency": (r"(?:pcr|amplification)?eff(?:iciency)?(?:\(%\)|%)?",),
    "plate": ("platename|plateid|plate|platebarcode",),
    "number": ("well|wellno|wellnumber",),
    "cycle": (r"cycle|cyclenumber|cycleno|cycles",),
    "fluorescence": ("deltarn|drn|δrn|rfu", "rn", "fluorescence"),
}
_COMPILED = {name: tuple(re.compile(p) for p in patterns) for name, patterns in _PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: where it stands, its heading, and the dye or allele it names."""

    index: int
    heading: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table by what they hold, the preferred spelling first; ``n`` in all."""

    by_field: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    n: int = 0
    _places: dict[tuple[str, str], int | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )  # asked for each row of a table

    def all(self, name: str) -> tuple[Column, ...]:
        """Return every column of that kind."""
        return self.by_field.get(name, ())

    def index(self, name: str, part: str = "") -> int | None:
        """Return the preferred column of that kind, that of a dye where there is one."""
        if (name, part) not in self._places:
            found = self.all(name)
            own = [c for c in found if part and c.part == part]
            plain = [c for c in found if not c.part]
            best = own or plain
            self._places[name, part] = best[0].index if best else None
        return self._places[name, part]

    def __contains__(self, name: str) -> bool:
        return name in self.by_field


def fold(heading: str) -> str:
    """Return a heading in lower-case Latin letters without spaces, dots, dashes or underscores."""
    text = unicodedata.normalize("NFKC", heading).translate(_LOOKALIKES)
    return re.sub(r"[\s_.\-:*\"'®™]+", "", text).casefold()


@lru_cache(maxsize=4096)
def _meanings(heading: str) -> tuple[tuple[str, int, str], ...]:
    """Return what a heading may mean: field, rank within it, and the dye or allele it names."""
    folded = fold(heading)
    found = []
    for name, patterns in _COMPILED.items() if folded else ():
        for rank, pattern in enumerate(patterns):
            match = pattern.fullmatch(folded)
            if match is not None:
                found.append((name, rank, next((g for g in match.groups() if g), "")))
                break
    return tuple(found)


def columns_of(line: Line) -> Columns:
    """Say which column of a row of headings holds what; nothing where the row holds a number."""
    if any(not isinstance(c, str) or (c[:1].isdigit() and is_numeric(c)) for c in line.cells):
        return Columns()
    found: dict[str, list[tuple[int, Column]]] = {}
    for index, heading in enumerate(map(as_text, line.cells)):
        for name, rank, part in _meanings(heading) if len(heading) < MAX_HEADING else ():
            found.setdefault(name, []).append((rank, Column(index, heading, part)))
    ranked = {n: tuple(c for _, c in sorted(cs, key=lambda x: x[0])) for n, cs in found.items()}
    return Columns(ranked, len(line.cells))


def is_heading(line: Line) -> bool:
    """Whether a row names a column of wells or cycles, whatever else stands in it."""
    names = {"well", "cycle"}
    texts = (c for c in line.cells if isinstance(c, str) and 2 < len(c) < MAX_HEADING)
    return any(name in names for text in texts for name, _, _ in _meanings(text))
