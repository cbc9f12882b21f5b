"""A line as it is declared: stations with places, buffers, breakdowns and yields; pools; routes; sources; calendars.

Plain frozen values in SI units, no behaviour: `check` says what is wrong with them, `simulate` plays them.

How a line behaves. A part stands in the buffer of a station until a place is free (first come, first served; of several free
places the one that has been free longest). In the place it waits until the station is open, until the pools have what its
phase needs, works, and leaves as soon as the next station has room; until then it blocks its place (blocking after service).
All that a phase needs is taken at once. Who waits for a pool is served by priority, then by the order of asking, and one
that waits keeps later ones from the pools that it waits for: nothing big starves behind many small ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

WEEK_S = 7 * 24 * 3600.0

Law = Literal["constant", "exponential", "gamma", "erlang", "lognormal", "triangular", "empirical"]


@dataclass(frozen=True, slots=True)
class Times:
    """A distribution of times above zero by its law, mean and coefficient of variation (standard deviation over mean).

    `triangular` reads `least_s`, `mode_s`, `most_s`; `empirical` draws one of `values_s`, each equally likely. The
    functions below make one of each law with its mean and cv filled in.
    """

    law: Law
    mean_s: float
    cv: float = 0.0
    least_s: float = 0.0
    mode_s: float = 0.0
    most_s: float = 0.0
    values_s: tuple[float, ...] = ()


def constant(mean_s: float) -> Times:
    """Always the same time."""
    return Times("constant", mean_s)


def exponential(mean_s: float) -> Times:
    """Without memory: cv 1."""
    return Times("exponential", mean_s, 1.0)


def gamma(mean_s: float, cv: float) -> Times:
    """Gamma of shape 1/cv²."""
    return Times("gamma", mean_s, cv)


def erlang(mean_s: float, stages: int) -> Times:
    """The sum of `stages` exponential times: cv 1/sqrt(stages).

    >>> erlang(60.0, 4).cv
    0.5
    """
    return Times("erlang", mean_s, stages**-0.5)


def lognormal(mean_s: float, cv: float) -> Times:
    """The exponential of a normal number, with this mean and cv."""
    return Times("lognormal", mean_s, cv)


def triangular(least_s: float, mode_s: float, most_s: float) -> Times:
    """Triangle over `least_s`..`most_s` with its top at `mode_s`.

    >>> triangular(0.0, 30.0, 60.0).mean_s
    30.0
    """
    mean_s = (least_s + mode_s + most_s) / 3
    spread = least_s**2 + mode_s**2 + most_s**2 - least_s * mode_s - least_s * most_s - mode_s * most_s
    cv = (spread / 18) ** 0.5 / mean_s if mean_s > 0 and spread > 0 else 0.0
    return Times("triangular", mean_s, cv, least_s, mode_s, most_s)


def empirical(values_s: tuple[float, ...]) -> Times:
    """One of the observed values, each as likely as the other."""
    mean_s = sum(values_s) / len(values_s)
    spread = sum((value - mean_s) ** 2 for value in values_s) / len(values_s)
    return Times("empirical", mean_s, spread**0.5 / mean_s if mean_s > 0 else 0.0, values_s=values_s)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """When places fail and how long they are mended.

    clock: `operation`: the time to failure runs only while the place works; `time`: it runs always, from the last repair on,
    and a place may fail while it stands idle or holds a part that waits.
    work: what is done on the part in hand is `kept`, or is `lost` and its phase begins again with the same time.
    crew: what a repair takes from pools; it waits for it, the lowest `priority` first.
    """

    up: Times
    repair: Times
    clock: Literal["operation", "time"] = "operation"
    work: Literal["kept", "lost"] = "kept"
    crew: Mapping[str, float] = field(default_factory=dict)
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Phase:
    """A piece of the work with what it needs of the pools (`{"crew": 2, "test power": 132e3}`) and what it draws [W]."""

    name: str
    work: Times
    needs: Mapping[str, float] = field(default_factory=dict)
    power_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Buffer:
    """Room for parts before a station; None is room without end."""

    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class Station:
    """One station: `places` alike, each working on one part (or `batch` parts) at a time.

    work: one time, or phases one after the other. With one time, `needs` and `power_w` are those of its only phase.
    first_pass_share: share of parts that pass at the first try; `retest_pass_share` at later ones (None: the same).
    on_fail: `rework`: mended in the place (a time, or a phase with what it needs) and tried again; `debug`: to station `bench`, then back into this
    station's buffer; `scrap`: it leaves the line.
    found: a failure shows at the `end` of the work or `during` it, anywhere with the same likelihood; after rework a part
    found during work `restart`s its clock or `resume`s it (`soak`). Only for stations of one phase.
    retest_share: share of the work time that a later try takes. most_tries: after so many a part is scrapped.
    reserve: pools are taken as each `phase` asks (a phase that rises holds what it has while it waits), or the `peak` of all
    phases from the start. keeps_pools: they are kept while the part is blocked.
    setup: time before a part of another route than the place's last; it needs what the first phase needs.
    priority: whose asking for pools is served first, the lowest before the others. batch: parts worked on at once; a place
    begins when it has them all, with the time of the first.
    """

    name: str
    work: Times | tuple[Phase, ...]
    places: int = 1
    buffer: Buffer = Buffer()
    breakdown: Breakdown | None = None
    first_pass_share: float = 1.0
    retest_pass_share: float | None = None
    on_fail: Literal["rework", "debug", "scrap"] = "scrap"
    bench: str | None = None
    rework: Times | Phase | None = None
    found: Literal["end", "during"] = "end"
    soak: Literal["restart", "resume"] = "restart"
    retest_share: float = 1.0
    most_tries: int | None = None
    needs: Mapping[str, float] = field(default_factory=dict)
    power_w: float = 0.0
    reserve: Literal["phase", "peak"] = "phase"
    keeps_pools: bool = False
    priority: int = 0
    setup: Times | None = None
    batch: int = 1
    calendar: str | None = None

    @property
    def phases(self) -> tuple[Phase, ...]:
        """The phases of the work, one at least."""
        if isinstance(self.work, Times):
            return (Phase("work", self.work, self.needs, self.power_w),)
        return self.work


@dataclass(frozen=True, slots=True)
class Pool:
    """People, robots, watts or litres a second that stations share; off its calendar's hours it has nothing to give.

    What is out when the hours end is kept until it is given back: nobody drops a part.
    """

    name: str
    size: float
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open hours within a period, again and again: `((start_s, end_s), ...)` in order, the default period a week."""

    name: str
    open_s: tuple[tuple[float, float], ...]
    period_s: float = WEEK_S


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a route; `work` and `first_pass_share` in place of the station's where they differ by generation."""

    station: str
    work: Times | None = None
    first_pass_share: float | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The way of one kind of part (a rack generation, a tray) through the stations.

    into: the part ends as a component of this station, which takes `per` of them for each part of its own; up to `room`
    lie there. None: the part leaves the line finished.
    """

    name: str
    steps: tuple[Step, ...]
    into: str | None = None
    per: int = 1
    room: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where parts come from.

    kind: `always`: one is there whenever the first station has room; `times`: `between` apart, the first after one such
    time; `series`: at `at_s`. shares: of the routes, drawn part by part, or `campaign` parts in a row of one route.
    most_inside: no more parts of this source than this are on the line (a closed line; `always` only).
    """

    name: str
    routes: tuple[str, ...]
    kind: Literal["always", "times", "series"] = "always"
    between: Times | None = None
    at_s: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    campaign: int = 1
    most_inside: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line. Parts of all sources share its stations and pools."""

    stations: tuple[Station, ...]
    routes: tuple[Route, ...]
    sources: tuple[Source, ...]
    pools: tuple[Pool, ...] = ()
    calendars: tuple[Calendar, ...] = ()

    def station(self, name: str) -> Station:
        """The station of this name."""
        return next(station for station in self.stations if station.name == name)


def serial(*stations: Station, source: Source | None = None) -> Line:
    """A line that every part walks from the first station to the last; never short of parts unless `source` says so."""
    route = Route("part", tuple(Step(station.name) for station in stations))
    return Line(stations, (route,), (source or Source("parts", ("part",)),))
