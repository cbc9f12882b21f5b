"""The text of an EPANET .inp file: sections, lines, words, numbers and times, with every bad line told at once.

Also the records that lines become, in SI units. Nothing here knows hydraulics. Grammar: EPANET 2.2 Users Manual, appendix C.2 (US EPA / OpenWaterAnalytics).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from rackwright.errors import Problem, ProgramError

LARGEST = 1e12  # a length, flow or coefficient beyond this is a slip of the keyboard
SHOWN = 60  # letters of a bad word that a message repeats

READ = [
    "TITLE", "JUNCTIONS", "RESERVOIRS", "TANKS", "PIPES", "PUMPS", "VALVES", "CURVES", "PATTERNS", "DEMANDS", "STATUS", "CONTROLS",
    "RULES", "EMITTERS", "OPTIONS", "TIMES", "COORDINATES",
]  # fmt: skip
PASSED_OVER = [
    "SOURCES", "QUALITY", "ROUGHNESS", "ENERGY", "REACTIONS", "MIXING", "REPORT", "VERTICES", "LABELS", "BACKDROP", "TAGS", "END",
]  # fmt: skip

Points = tuple[tuple[float, float], ...]

_WORD = re.compile(r'"([^"]*)"|([^\s,"]+)')
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_CLOCK = re.compile(r"(\d{1,6}):(\d{1,2})(?::(\d{1,2}))?")
_SECONDS = {"SEC": 1.0, "MIN": 60.0, "HOU": 3600.0, "DAY": 86400.0}


@dataclass(frozen=True, slots=True)
class Line:
    """One line that says something: number from 1, the words before `;`, and the text as written."""

    number: int
    words: tuple[str, ...]
    text: str

    def word(self, place: int) -> str:
        """The word at `place`, or nothing when the line is shorter."""
        return self.words[place] if place < len(self.words) else ""


@dataclass(slots=True)
class Reading:
    """Where the problems of one file are gathered while it is read to its end."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def tell(self, line: int, path: str, found: str, expected: str, names: Iterable[str] = ()) -> None:
        """Note one problem; `names` are the words that would do, the nearest is offered."""
        near = get_close_matches(found, list(names), n=1, cutoff=0.6) if found else []
        shown = found if len(found) <= SHOWN else found[: SHOWN - 1] + "…"
        self.problems.append(Problem(self.file, line, path, shown or "nothing", expected, near[0] if near else None))

    def stop_if_any(self) -> None:
        """Raise what was gathered, all at once."""
        if self.problems:
            raise ProgramError(self.problems)

    def number(
        self,
        line: Line,
        place: int,
        path: str,
        *,
        least: float = -LARGEST,
        above: bool = False,
        most: float = LARGEST,
        otherwise: float | None = None,
    ) -> float:
        """The number at `place` of the line; `otherwise` where the line ends before it (None: it must be there)."""
        word = line.word(place)
        if not word and otherwise is not None:
            return otherwise
        value = as_number(word)
        low = -math.inf if value is None else value
        if value is None or not (least < low if above else least <= low) or low > most:
            self.tell(line.number, path, word, "a number" + _bounds(least, most, above))
            return otherwise if otherwise is not None else max(least, min(most, 1.0))
        return value


def _bounds(least: float, most: float, above: bool) -> str:
    low = f"{'above' if above else 'from'} {least:g}" if least > -LARGEST else ""
    high = f"up to {most:g}" if most < LARGEST else ""
    return f" {low} {high}".rstrip().replace("  ", " ") if low or high else f" of at most {LARGEST:g} either way"


def as_number(word: str) -> float | None:
    """The number that a word writes, None when it writes none (no `nan`, `inf`, `1_000` or `0x1f`)."""
    if not _NUMBER.fullmatch(word) or len(word) > 40:
        return None
    value = float(word)
    return value if abs(value) <= LARGEST else None


def seconds(words: tuple[str, ...]) -> float | None:
    """A time of the [TIMES] section: `1:30`, `1:30:15`, `90 MIN`, `1.5` hours, `6 PM`; None when it is none.

    >>> seconds(("1:30",)), seconds(("90", "min")), seconds(("12", "am"))
    (5400.0, 5400.0, 0.0)
    """
    clock = _CLOCK.fullmatch(words[0]) if words else None
    hours = as_number(words[0]) if words else None
    if clock:
        total = 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + int(clock[3] or 0)
    elif hours is not None and 0.0 <= hours <= 1e6:
        total = 3600.0 * hours
    else:
        return None
    unit = words[1].upper() if len(words) > 1 else ""
    if unit in {"AM", "PM"}:
        return total % 43200.0 + (43200.0 if unit == "PM" else 0.0) if total < 46800.0 else None
    if unit[:3] in _SECONDS and not clock:
        return total / 3600.0 * _SECONDS[unit[:3]]
    return total if not unit else None


def text_of(source: Path | str) -> tuple[str, str]:
    """File name and text: of a path, or of a string that holds a line break and so is the text itself."""
    if isinstance(source, str) and "\n" in source:
        return "text", source
    path = Path(source)
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as cause:
        found = getattr(cause, "strerror", None) or str(cause)
        raise ProgramError([Problem(str(path), 0, "", found, "an EPANET .inp file that can be read")]) from cause
    try:
        return str(path), raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return str(path), raw.decode("latin-1")


def sections_of(text: str, reading: Reading) -> dict[str, list[Line]]:
    """The lines of every section by its full name; unknown section names and words before the first are problems.

    EPANET knows a section by its first letters (`[JUNC]`), and a section may come more than once.
    """
    known = READ + PASSED_OVER
    found: dict[str, list[Line]] = {name: [] for name in known}
    name = ""
    for number, raw in enumerate(text.splitlines(), start=1):
        if name == "TITLE" and not raw.lstrip().startswith("["):
            found[name].append(Line(number, tuple(raw.split()), raw.strip()))
            continue
        said = raw.split(";", 1)[0].strip()
        if said.startswith("["):
            name = _section(said, number, known, reading)
            if name == "END":
                break
        elif said and name in found:
            words = tuple(quoted or plain for quoted, plain in _WORD.findall(said))
            found[name] += [Line(number, words, said)] if words else []
        elif said and not name:
            reading.tell(number, "", said, "a section such as [JUNCTIONS] before the first line")
            name = "?"
    return found


def _section(said: str, number: int, known: list[str], reading: Reading) -> str:
    asked = said.strip("[]").split("]")[0].strip().upper()
    fits = [name for name in known if asked and (name.startswith(asked) or asked.startswith(name))]
    if fits and (len(asked) >= 4 or asked in known):
        return fits[0]
    reading.tell(number, said, asked, "a section of EPANET 2.2", known)
    return "?"


@dataclass(frozen=True, slots=True)
class Units:
    """Factors from the file's units to SI, and the options that change the physics."""

    flow_m3_s: float
    length_m: float
    diameter_m: float
    roughness_m: float
    power_w: float
    setting_m: float  # metres of head per unit of a valve's pressure setting
    hazen_williams: bool
    specific_gravity: float
    viscosity_m2_s: float
    demand_multiplier: float
    pattern: str


@dataclass(frozen=True, slots=True)
class Junction:
    """A node that takes flow out of the network: (base flow in m³/s, name of its pattern) for each demand."""

    name: str
    elevation_m: float
    demands: tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A reservoir (level 0, any pattern) or a tank at its starting level; its pressure is given in a snapshot."""

    name: str
    elevation_m: float
    level_m: float
    pattern: str
    tank: bool


@dataclass(frozen=True, slots=True)
class Pipe:
    """`roughness` is the Hazen-Williams coefficient, or metres under Darcy-Weisbach."""

    name: str
    first: str
    second: str
    length_m: float
    diameter_m: float
    roughness: float
    minor_k: float
    check: bool
    opened: bool


@dataclass(frozen=True, slots=True)
class Pump:
    """Constant `power_w`, or `points` of flow (m³/s) and head (m); a pattern, where named, gives the speed."""

    name: str
    first: str
    second: str
    points: Points
    power_w: float
    speed: float
    pattern: str
    opened: bool


@dataclass(frozen=True, slots=True)
class Valve:
    """`setting`: metres of head for prv, psv, pbv; m³/s for fcv; loss coefficient for tcv; `points` for gpv."""

    name: str
    first: str
    second: str
    kind: str
    diameter_m: float
    setting: float
    points: Points
    minor_k: float
    status: str
