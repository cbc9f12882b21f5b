"""The lines of an EPANET .inp file become records in SI units: what may stand where, and what refers to what.

Unit rules: EPANET 2.2 Users Manual, table "Units of Measurement"; rounded factors: as EPANET's own source has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rackwright.rack.cooling.epanet_text import (
    Junction,
    Line,
    Pipe,
    Points,
    Pump,
    Reading,
    Source,
    Units,
    Valve,
    as_number,
    seconds,
)

FOOT_M = 0.3048
VISCOSITY_M2_S = 1.1e-5 * FOOT_M**2  # what EPANET takes for water at 20 degC

# cubic feet per second in each unit, rounded as EPANET rounds them, and our exact factors
EPANET_PER_CFS = {
    "CFS": 1.0,
    "GPM": 448.831,
    "MGD": 0.64632,
    "IMGD": 0.5382,
    "AFD": 1.9837,
    "LPS": 28.317,
    "LPM": 1699.0,
    "MLD": 2.4466,
    "CMH": 101.94,
    "CMD": 2446.6,
}
FLOW_M3_S = {
    "CFS": FOOT_M**3,
    "GPM": 3.785411784e-3 / 60.0,
    "MGD": 3785.411784 / 86400.0,
    "IMGD": 4546.09 / 86400.0,
    "AFD": 43560.0 * FOOT_M**3 / 86400.0,
    "LPS": 1e-3,
    "LPM": 1e-3 / 60.0,
    "MLD": 1e3 / 86400.0,
    "CMH": 1.0 / 3600.0,
    "CMD": 1.0 / 86400.0,
}
_FEET = {"CFS", "GPM", "MGD", "IMGD", "AFD"}
_PSI_PER_FOOT, _KPA_PER_PSI = 0.4333, 6.895  # EPANET's: they turn a valve's pressure setting into head
HORSEPOWER_KW = 0.7457
_VALVES = ("PRV", "PSV", "PBV", "FCV", "TCV", "GPV")
_OPTIONS = [
    "UNITS", "HEADLOSS", "PRESSURE", "VISCOSITY", "SPECIFIC", "DEMAND", "PATTERN", "QUALITY", "DIFFUSIVITY", "HYDRAULICS", "TRIALS",
    "ACCURACY", "HEADERROR", "FLOWCHANGE", "MINIMUM", "REQUIRED", "EMITTER", "TOLERANCE", "MAP", "UNBALANCED", "CHECKFREQ",
    "MAXCHECK", "DAMPLIMIT", "BACKFLOW", "SEGMENTS", "VERIFY",
]  # fmt: skip


@dataclass(frozen=True)
class Rows:
    """All that a file says, in SI units; controls and rules as text."""

    title: str
    units: Units
    junctions: tuple[Junction, ...]
    sources: tuple[Source, ...]
    pipes: tuple[Pipe, ...]
    pumps: tuple[Pump, ...]
    valves: tuple[Valve, ...]
    patterns: dict[str, tuple[float, ...]]
    times_s: dict[str, float]
    controls: tuple[str, ...]
    rules: tuple[str, ...]
    coordinates: dict[str, tuple[float, float]]
    as_epanet_rounds: bool


def read_rows(reading: Reading, lines: dict[str, list[Line]], as_epanet_rounds: bool) -> Rows:
    """The records of a file's sections, or `ProgramError` with all that `reading` was told."""
    return _File(reading, lines, as_epanet_rounds).rows()


class _File:
    """The sections of one file while they become records; every method notes problems in `reading` and goes on."""

    def __init__(self, reading: Reading, lines: dict[str, list[Line]], as_epanet_rounds: bool) -> None:
        self.reading = reading
        self.as_epanet_rounds = as_epanet_rounds
        self.lines = lines
        self.nodes = self._names("junction", "reservoir", "tank")
        self.links = self._names("pipe", "pump", "valve")
        self.units = self._units()
        self.curves = self._curves()
        self.patterns = self._patterns()
        self.status = self._status()

    def rows(self) -> Rows:
        """All records, or all problems."""
        self._refuse_emitters()
        junctions = self._junctions()
        sources = self._sources()
        pipes, pumps, valves = self._pipes(), self._pumps(), self._valves()
        times = self._times()
        self._check_feeds(pipes, pumps, valves)
        self.reading.stop_if_any()
        return Rows(
            "\n".join(line.text for line in self.lines["TITLE"]).strip(),
            self.units,
            junctions,
            sources,
            pipes,
            pumps,
            valves,
            self.patterns,
            times,
            tuple(line.text for line in self.lines["CONTROLS"]),
            tuple(line.text for line in self.lines["RULES"]),
            self._coordinates(),
            self.as_epanet_rounds,
        )

    def _names(self, *kinds: str) -> dict[str, tuple[str, Line]]:
        """Name -> (kind, line) of all nodes or links; a name that comes twice is a problem."""
        seen: dict[str, tuple[str, Line]] = {}
        for kind in kinds:
            for line in self.lines[f"{kind.upper()}S"]:
                before = seen.setdefault(line.words[0], (kind, line))[1]
                if before is not line:
                    expected = f"a name of its own: line {before.number} has it"
                    self.reading.tell(line.number, kind, line.words[0], expected)
        return seen

    def _known(self, line: Line, place: int, path: str, names: Sequence[str], what: str) -> bool:
        if line.word(place) in names:
            return True
        self.reading.tell(line.number, path, line.word(place), what, names)
        return False

    def _units(self) -> Units:
        words = self._options()
        flow = words["UNITS"]
        feet = flow in _FEET
        gravity = self._option_number("SPECIFIC GRAVITY", 1.0)
        viscosity = self._option_number("VISCOSITY", 1.0)
        kpa = words["PRESSURE"] == "KPA" and not feet
        per_m = _PSI_PER_FOOT / FOOT_M if feet else _PSI_PER_FOOT * _KPA_PER_PSI / FOOT_M if kpa else 1.0
        length = FOOT_M if feet else 1.0
        return Units(
            flow_m3_s=FOOT_M**3 / EPANET_PER_CFS[flow] if self.as_epanet_rounds else FLOW_M3_S[flow],
            length_m=length,
            diameter_m=FOOT_M / 12.0 if feet else 1e-3,
            roughness_m=1e-3 * length,
            power_w=HORSEPOWER_KW * 1e3 if feet else 1e3,
            setting_m=1.0 / (per_m * gravity),
            hazen_williams=words["HEADLOSS"] == "H-W",
            specific_gravity=gravity,
            viscosity_m2_s=viscosity * (VISCOSITY_M2_S if viscosity > 1e-3 else length**2),
            demand_multiplier=self._option_number("DEMAND MULTIPLIER", 1.0),
            pattern=words["PATTERN"],
        )

    def _options(self) -> dict[str, str]:
        """The options that are words; the last line of each counts."""
        said = {"UNITS": "GPM", "HEADLOSS": "H-W", "PRESSURE": "PSI", "PATTERN": "1"}
        fits = {"UNITS": [*FLOW_M3_S, "SI"], "HEADLOSS": ["H-W", "D-W"], "PRESSURE": ["PSI", "KPA", "METERS"]}
        for line in self.lines["OPTIONS"]:
            name, value = line.words[0].upper(), line.word(1)
            if name not in _OPTIONS and name not in {"IF"}:
                self.reading.tell(line.number, "OPTIONS", line.words[0], "an option of EPANET 2.2", _OPTIONS)
            if name == "DEMAND" and value.upper() == "MODEL" and line.word(2).upper() != "DDA":
                self.reading.tell(
                    line.number, "OPTIONS DEMAND MODEL", line.word(2), "DDA: demands that pressure does not change"
                )
            if (
                name in {"MINIMUM", "REQUIRED"}
                or name not in said
                or (name == "PRESSURE" and value.upper() == "EXPONENT")
            ):
                continue
            allowed = fits.get(name)
            if allowed and value.upper() not in allowed:
                self.reading.tell(line.number, f"OPTIONS {name}", value, "one of " + ", ".join(allowed), allowed)
            elif value:
                said[name] = "LPS" if (name, value.upper()) == ("UNITS", "SI") else value.upper() if allowed else value
        return said

    def _option_number(self, name: str, default: float) -> float:
        words = name.split()
        value = default
        for line in self.lines["OPTIONS"]:
            if [word.upper() for word in line.words[: len(words)]] == words:
                value = self.reading.number(line, len(words), f"OPTIONS {name}", least=0.0, above=True, most=1e6)
        return value

    def _curves(self) -> dict[str, list[tuple[float, float]]]:
        curves: dict[str, list[tuple[float, float]]] = {}
        for line in self.lines["CURVES"]:
            path = f"CURVES {line.words[0]}"
            x, y = self.reading.number(line, 1, path), self.reading.number(line, 2, path)
            points = curves.setdefault(line.words[0], [])
            if points and x <= points[-1][0]:
                self.reading.tell(
                    line.number, path, line.word(1), f"a value above the one before it, {points[-1][0]:g}"
                )
            points.append((x, y))
        return curves

    def _patterns(self) -> dict[str, tuple[float, ...]]:
        patterns: dict[str, tuple[float, ...]] = {}
        for line in self.lines["PATTERNS"]:
            places = range(1, max(2, len(line.words)))
            values = tuple(self.reading.number(line, place, f"PATTERNS {line.words[0]}") for place in places)
            patterns[line.words[0]] = patterns.get(line.words[0], ()) + values
        return patterns

    def _pattern(self, line: Line, place: int, path: str) -> str:
        """The pattern named at `place`, or nothing; a name that no pattern carries is a problem."""
        if line.word(place) and not self._known(line, place, path, list(self.patterns), "the name of a pattern"):
            return ""
        return line.word(place)

    def _status(self) -> dict[str, str]:
        """Link -> OPEN, CLOSED or a number; the last line of each counts."""
        status: dict[str, str] = {}
        for line in self.lines["STATUS"]:
            path, word = f"STATUS {line.words[0]}", line.word(1).upper()
            if not self._known(line, 0, path, list(self.links), "the name of a link"):
                continue
            kind, link = self.links[line.words[0]]
            if kind == "pipe" and (link.word(7).upper() == "CV" or link.word(6).upper() == "CV"):
                self.reading.tell(line.number, path, word, "no status: a check valve opens and closes itself")
            elif word in {"OPEN", "CLOSED", "ACTIVE"} or (
                kind != "pipe" and (as_number(word) or -1.0 + (word == "0")) >= 0.0
            ):
                status[line.words[0]] = word
            else:
                self.reading.tell(line.number, path, word, "OPEN, CLOSED or a setting", ["OPEN", "CLOSED"])
        return status

    def _refuse_emitters(self) -> None:
        for line in self.lines["EMITTERS"]:
            if as_number(line.word(1)) != 0.0:
                expected = "no emitter: a flow that depends on pressure is not modelled"
                self.reading.tell(line.number, f"EMITTERS {line.words[0]}", line.word(1), expected)

    def _junctions(self) -> tuple[Junction, ...]:
        """[DEMANDS], where it names a junction, replaces the demand of the junction's own line."""
        unit, named = self.units.flow_m3_s, list(self.nodes)
        replaced: dict[str, list[tuple[float, str]]] = {}
        for line in self.lines["DEMANDS"]:
            path = f"DEMANDS {line.words[0]}"
            if line.words[0].upper() == "MULTIPLY":
                self.reading.tell(line.number, path, line.text, "DEMAND MULTIPLIER in [OPTIONS]")
            elif self._known(line, 0, path, named, "the name of a junction"):
                flow = unit * self.reading.number(line, 1, path)
                replaced.setdefault(line.words[0], []).append((flow, self._pattern(line, 2, path)))
        junctions = []
        for line in self.lines["JUNCTIONS"]:
            name, path = line.words[0], f"JUNCTIONS {line.words[0]}"
            elevation = self.units.length_m * self.reading.number(line, 1, path, otherwise=0.0)
            own = (unit * self.reading.number(line, 2, path, otherwise=0.0), self._pattern(line, 3, path))
            junctions.append(Junction(name, elevation, tuple(replaced.get(name, [own]))))
        return tuple(junctions)

    def _sources(self) -> tuple[Source, ...]:
        length, number = self.units.length_m, self.reading.number
        sources = []
        for line in self.lines["RESERVOIRS"]:
            path = f"RESERVOIRS {line.words[0]}"
            sources.append(
                Source(line.words[0], length * number(line, 1, path), 0.0, self._pattern(line, 2, path), False)
            )
        for line in self.lines["TANKS"]:
            path = f"TANKS {line.words[0]}"
            elevation = number(line, 1, path)
            level = number(line, 2, path, least=0.0, otherwise=0.0)
            sources.append(Source(line.words[0], length * elevation, length * level, "", True))
        return tuple(sources)

    def _ends(self, line: Line, path: str) -> tuple[str, str]:
        names = list(self.nodes)
        fit = [self._known(line, place, path, names, "the name of a node") for place in (1, 2)]
        if all(fit) and line.word(1) == line.word(2):
            self.reading.tell(line.number, path, line.word(2), "two different nodes")
        return line.word(1), line.word(2)

    def _pipes(self) -> tuple[Pipe, ...]:
        units, pipes = self.units, []
        for line in self.lines["PIPES"]:
            name, path = line.words[0], f"PIPES {line.words[0]}"
            first, second = self._ends(line, path)
            length = units.length_m * self.reading.number(line, 3, path, least=0.0, above=True)
            diameter = units.diameter_m * self.reading.number(line, 4, path, least=0.0, above=True)
            rough = self.reading.number(line, 5, path, least=0.0, above=units.hazen_williams)
            rough *= 1.0 if units.hazen_williams else units.roughness_m
            if not units.hazen_williams and rough >= diameter:
                self.reading.tell(line.number, path, line.word(5), "a roughness below the diameter")
            status = "" if as_number(line.word(6)) is not None else line.word(6).upper()
            minor = 0.0 if status else self.reading.number(line, 6, path, least=0.0, otherwise=0.0)
            status = status or line.word(7).upper() or "OPEN"
            if status not in {"OPEN", "CLOSED", "CV"}:
                self.reading.tell(line.number, path, status, "OPEN, CLOSED or CV", ["OPEN", "CLOSED", "CV"])
            shut = self.status.get(name, status) == "CLOSED"
            pipes.append(Pipe(name, first, second, length, diameter, rough, minor, status == "CV", not shut))
        return tuple(pipes)

    def _pumps(self) -> tuple[Pump, ...]:
        pumps = []
        for line in self.lines["PUMPS"]:
            name, path = line.words[0], f"PUMPS {line.words[0]}"
            first, second = self._ends(line, path)
            points: Points = ()
            power, speed, pattern = 0.0, 1.0, ""
            for place in range(3, len(line.words), 2):
                word = line.words[place].upper()
                if word == "HEAD":
                    points = self._pump_points(line, place + 1, path)
                elif word == "POWER":
                    power = self.units.power_w * self.reading.number(line, place + 1, path, least=0.0, above=True)
                elif word == "SPEED":
                    speed = self.reading.number(line, place + 1, path, least=0.0, most=100.0)
                elif word == "PATTERN":
                    pattern = self._pattern(line, place + 1, path)
                else:
                    words = ["HEAD", "POWER", "SPEED", "PATTERN"]
                    self.reading.tell(line.number, path, line.words[place], "HEAD, POWER, SPEED or PATTERN", words)
            asked = {word.upper() for word in line.words[3::2]}
            if not asked & {"HEAD", "POWER"}:
                self.reading.tell(line.number, path, line.text, "HEAD with a curve, or POWER")
            said = self.status.get(name, "OPEN")
            speed = speed if as_number(said) is None else float(said)
            pumps.append(Pump(name, first, second, points, power, speed, pattern, said != "CLOSED"))
        return tuple(pumps)

    def _pump_points(self, line: Line, place: int, path: str) -> Points:
        """Points of a pump's curve in SI: rising flow, falling head."""
        if not self._known(line, place, path, list(self.curves), "the name of a curve"):
            return ()
        points = self.curves[line.word(place)]
        falls = all(high > low for (_, high), (_, low) in pairwise(points))
        starts = points[0][0] >= 0.0 and (len(points) > 1 or points[0][0] > 0.0)
        if not falls or not starts or points[0][1] <= 0.0 or points[-1][1] < 0.0 or not _power_law_fits(points):
            self.reading.tell(
                line.number, path, f"curve {line.word(place)}", "flows from 0 up, heads above 0 that fall"
            )
        return tuple((x * self.units.flow_m3_s, y * self.units.length_m) for x, y in points)

    def _valves(self) -> tuple[Valve, ...]:
        units, valves = self.units, []
        for line in self.lines["VALVES"]:
            name, path = line.words[0], f"VALVES {line.words[0]}"
            first, second = self._ends(line, path)
            diameter = units.diameter_m * self.reading.number(line, 3, path, least=0.0, above=True)
            kind = line.word(4).upper()
            if kind not in _VALVES:
                self.reading.tell(line.number, path, line.word(4), "one of " + ", ".join(_VALVES), _VALVES)
                continue
            self._check_valve_ends(line, kind, path)
            points = self._loss_points(line, path) if kind == "GPV" else ()
            setting = 0.0 if kind == "GPV" else self.reading.number(line, 5, path, least=0.0, otherwise=0.0)
            minor = self.reading.number(line, 6, path, least=0.0, otherwise=0.0)
            said = self.status.get(name, "ACTIVE")
            setting = setting if as_number(said) is None else float(said)
            status = said.lower() if said in {"OPEN", "CLOSED"} else "active"
            factor = units.flow_m3_s if kind == "FCV" else 1.0 if kind in {"TCV", "GPV"} else units.setting_m
            valves.append(Valve(name, first, second, kind.lower(), diameter, setting * factor, points, minor, status))
        return tuple(valves)

    def _check_valve_ends(self, line: Line, kind: str, path: str) -> None:
        for place in (1, 2):
            if kind in {"PRV", "PSV", "FCV"} and self.nodes.get(line.word(place), ("junction",))[0] != "junction":
                self.reading.tell(line.number, path, line.word(place), f"a junction at both ends of a {kind}")

    def _loss_points(self, line: Line, path: str) -> Points:
        if not self._known(line, 5, path, list(self.curves), "the name of a curve"):
            return ()
        points = self.curves[line.word(5)]
        rises = all(low <= high for (_, low), (_, high) in pairwise(points))
        if len(points) < 2 or points[0][0] < 0.0 or points[0][1] < 0.0 or not rises:
            self.reading.tell(
                line.number, path, f"curve {line.word(5)}", "two points or more, losses that rise with flow"
            )
        return tuple((x * self.units.flow_m3_s, y * self.units.length_m) for x, y in points)

    def _times(self) -> dict[str, float]:
        times = {"DURATION": 0.0, "HYDRAULIC TIMESTEP": 3600.0, "PATTERN TIMESTEP": 3600.0, "PATTERN START": 0.0}
        for line in self.lines["TIMES"]:
            said = [word.upper() for word in line.words]
            name = next((name for name in times if said[: len(name.split())] == name.split()), "")
            if not name:
                continue
            value = seconds(line.words[len(name.split()) :])
            if value is None or (value < 1.0 and name.endswith("TIMESTEP")):
                self.reading.tell(
                    line.number, f"TIMES {name}", " ".join(said[len(name.split()) :]), "a time such as 1:30"
                )
            else:
                times[name] = value
        return times

    def _coordinates(self) -> dict[str, tuple[float, float]]:
        """For drawing only, so a line that cannot be read is left out."""
        read = {line.words[0]: (as_number(line.word(1)), as_number(line.word(2))) for line in self.lines["COORDINATES"]}
        return {name: (x, y) for name, (x, y) in read.items() if name in self.nodes and x is not None and y is not None}

    def _check_feeds(self, pipes: Sequence[Pipe], pumps: Sequence[Pump], valves: Sequence[Valve]) -> None:
        """Every junction is joined, over links open or shut, to a reservoir or tank."""
        beside: dict[str, list[str]] = {name: [] for name in self.nodes}
        links: list[Pipe | Pump | Valve] = [*pipes, *pumps, *valves]
        for link in links:
            if link.first in beside and link.second in beside:
                beside[link.first].append(link.second)
                beside[link.second].append(link.first)
        fed = {name for name, (kind, _) in self.nodes.items() if kind != "junction"}
        reached = list(fed)
        while reached:
            fresh = [name for name in beside[reached.pop()] if name not in fed]
            fed.update(fresh)
            reached += fresh
        for name, (_, line) in self.nodes.items():
            if name not in fed:
                self.reading.tell(line.number, f"JUNCTIONS {name}", name, "a way over links to a reservoir or a tank")
        if not any(kind == "junction" for kind, _ in self.nodes.values()):
            self.reading.tell(0, "JUNCTIONS", "none", "one junction or more")


def _power_law_fits(points: Sequence[tuple[float, float]]) -> bool:
    """EPANET takes three points that start at no flow as shut-off, design and largest flow of a power law."""
    if len(points) != 3 or points[0][0] != 0.0:
        return True
    (_, shutoff), (design, high), (largest, low) = points
    if not shutoff > high > low or not 0.0 < design < largest:
        return False
    exponent = math.log((shutoff - low) / (shutoff - high)) / math.log(largest / design)
    return 0.0 < exponent <= 20.0
