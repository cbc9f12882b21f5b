"""What is wrong with a declared line: all of it at once, by the name of the station."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rackwright.plant.floor.line import Calendar, Line, Phase, Pool, Route, Source, Station, Times

#: Pools that a line may have: who waits for which is kept in the bits of one number.
MOST_POOLS = 62


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong: `error`, the line cannot be played; `risk`, it can, but may come to a standstill."""

    where: str
    what: str
    severity: Literal["error", "risk"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class LineError(ValueError):
    """The line cannot be played; `problems` says why, all of it."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


def check(line: Line) -> list[Problem]:
    """All problems of a line, in the order of its declaration; empty for a sound one."""
    found = [*_names(line)]
    for calendar in line.calendars:
        found.extend(_calendar(calendar))
    for pool in line.pools:
        found.extend(_pool(line, pool))
    for station in line.stations:
        found.extend(_station(line, station))
    for route in line.routes:
        found.extend(_route(line, route))
    for source in line.sources:
        found.extend(_source(line, source))
    if not any(problem.severity == "error" for problem in found):
        found.extend(_no_time(line))
    return found


def _names(line: Line) -> Iterator[Problem]:
    kinds: dict[str, Sequence[Station | Route | Source | Pool | Calendar]] = {
        "station": line.stations, "route": line.routes, "source": line.sources, "pool": line.pools, "calendar": line.calendars,
    }  # fmt: skip
    for kind, members in kinds.items():
        for name, count in Counter(member.name for member in members).items():
            if count > 1:
                yield Problem(name, f"{count} {kind}s of this name")
    for kind in ("station", "route", "source"):
        if not kinds[kind]:
            yield Problem("line", f"no {kind}")
    if len(line.pools) > MOST_POOLS:
        yield Problem("line", f"{len(line.pools)} pools, more than {MOST_POOLS}")


def _calendar(calendar: Calendar) -> Iterator[Problem]:
    ends = [value for interval in calendar.open_s for value in interval]
    if not (math.isfinite(calendar.period_s) and calendar.period_s > 0):
        yield Problem(calendar.name, f"a period of {calendar.period_s} s")
    elif not all(math.isfinite(end) for end in ends) or any(b < a for a, b in itertools.pairwise(ends)):
        yield Problem(calendar.name, "open hours that are not in order")
    elif ends and (ends[0] < 0 or ends[-1] > calendar.period_s):
        yield Problem(calendar.name, f"open hours outside 0 to {calendar.period_s:g} s")
    elif sum(end - start for start, end in calendar.open_s) <= 0:
        yield Problem(calendar.name, "no open hour")


def _pool(line: Line, pool: Pool) -> Iterator[Problem]:
    if not (math.isfinite(pool.size) and pool.size >= 0):
        yield Problem(pool.name, f"a size of {pool.size}")
    yield from _known_calendar(line, pool.name, pool.calendar)


def _known_calendar(line: Line, where: str, name: str | None) -> Iterator[Problem]:
    if name is not None and name not in {calendar.name for calendar in line.calendars}:
        yield Problem(where, f"no calendar of the name {name!r}")


def _times(where: str, what: str, times: Times | None, *, above: bool = False) -> Iterator[Problem]:
    """A distribution of times from 0 on; `above`: with a mean above 0."""
    if times is None:
        return
    numbers = (times.mean_s, times.cv, times.least_s, times.mode_s, times.most_s, *times.values_s)
    if any(not math.isfinite(number) for number in numbers):
        yield Problem(where, f"{what} with a value that is not a finite number")
    elif any(number < 0 for number in numbers):
        yield Problem(where, f"{what} below 0")
    elif times.law == "triangular" and not times.least_s <= times.mode_s <= times.most_s:
        yield Problem(
            where, f"{what} from {times.least_s:g} over {times.mode_s:g} to {times.most_s:g} s is no triangle"
        )
    elif times.law == "empirical" and not times.values_s:
        yield Problem(where, f"{what} without a value")
    elif above and times.mean_s <= 0:
        yield Problem(where, f"{what} of 0 s")


def _needs(line: Line, where: str, needs: Mapping[str, float]) -> Iterator[Problem]:
    sizes = {pool.name: pool.size for pool in line.pools}
    for name, amount in needs.items():
        if name not in sizes:
            yield Problem(where, f"no pool of the name {name!r}")
        elif not (math.isfinite(amount) and amount >= 0):
            yield Problem(where, f"{amount} of {name}")
        elif amount > sizes[name]:
            yield Problem(where, f"needs {amount:g} of {name}, there are {sizes[name]:g}: it would never begin")


def _station(line: Line, station: Station) -> Iterator[Problem]:
    name = station.name
    if station.places < 1:
        yield Problem(name, "no place")
    if station.batch < 1:
        yield Problem(name, f"a batch of {station.batch}")
    if station.buffer.capacity is not None and station.buffer.capacity < 0:
        yield Problem(name, f"a buffer of {station.buffer.capacity}")
    if not station.phases:
        yield Problem(name, "no phase")
    yield from _known_calendar(line, name, station.calendar)
    for phase in station.phases:
        yield from _phase(line, station, phase)
    yield from _times(name, "a setup", station.setup)
    yield from _breakdown(line, station)
    yield from _tries(line, station)


def _phase(line: Line, station: Station, phase: Phase) -> Iterator[Problem]:
    yield from _times(station.name, f"time of {phase.name}", phase.work)
    yield from _needs(line, station.name, phase.needs)
    if not (math.isfinite(phase.power_w) and phase.power_w >= 0):
        yield Problem(station.name, f"power of {phase.name} of {phase.power_w} W")


def _breakdown(line: Line, station: Station) -> Iterator[Problem]:
    broken = station.breakdown
    if broken is None:
        return
    problems = [
        *_times(station.name, "time to failure", broken.up, above=True),
        *_times(station.name, "repair", broken.repair),
    ]
    yield from problems
    yield from _needs(line, station.name, broken.crew)
    if problems or broken.work == "kept":
        return
    for phase in station.phases:
        if _most_s(broken.up) <= _least_s(phase.work):
            yield Problem(station.name, f"{phase.name} never ends: it is lost at each failure, and those come sooner")


def _most_s(times: Times) -> float:
    if times.law == "triangular":
        return times.most_s
    return max(times.values_s) if times.law == "empirical" else (times.mean_s if times.cv == 0 else math.inf)


def _least_s(times: Times) -> float:
    if times.law == "triangular":
        return times.least_s
    return min(times.values_s) if times.law == "empirical" else (times.mean_s if times.cv == 0 else 0.0)


def _tries(line: Line, station: Station) -> Iterator[Problem]:
    name, first, later = station.name, station.first_pass_share, station.retest_pass_share
    for what, share in (("first-pass share", first), ("pass share of retests", later)):
        if share is not None and not 0 <= share <= 1:
            yield Problem(name, f"{what} of {share}, outside 0 to 1")
    if not (math.isfinite(station.retest_share) and station.retest_share >= 0):
        yield Problem(name, f"a retest of {station.retest_share} of the time")
    yield from _endless(name, station, first)
    if station.on_fail == "rework":
        rework = (
            station.rework
            if isinstance(station.rework, Phase)
            else Phase("rework", station.rework or Times("constant", 0))
        )
        yield from _phase(line, station, rework)
        if station.batch > 1:
            yield Problem(name, "a batch is not reworked in its place: send its parts to a bench")
    if station.found == "during" and (station.batch > 1 or len(station.phases) > 1):
        yield Problem(name, "failures during the work are found on one part in one phase only")
    if station.on_fail == "debug":
        yield from _bench(line, station)


def _endless(where: str, station: Station, first: float) -> Iterator[Problem]:
    later = first if station.retest_pass_share is None else station.retest_pass_share
    if station.on_fail != "scrap" and first < 1 and later <= 0 and not station.most_tries:
        yield Problem(where, "the route never ends: no retest passes and the number of tries has no bound")


def _bench(line: Line, station: Station) -> Iterator[Problem]:
    benches = {other.name: other for other in line.stations}
    if station.bench not in benches:
        yield Problem(station.name, f"no bench of the name {station.bench!r}")
        return
    bench = benches[station.bench]
    if bench is station or bench.on_fail == "debug":
        yield Problem(station.name, f"the bench {bench.name} sends failed parts to a bench itself")
    if bench.buffer.capacity is not None and station.buffer.capacity is not None:
        yield Problem(
            station.name, f"its buffer and that of its bench {bench.name} are bounded: when both are full, each waits for the "
            "other for ever", "risk",
        )  # fmt: skip


def _route(line: Line, route: Route) -> Iterator[Problem]:
    names = {station.name: station for station in line.stations}
    if not route.steps:
        yield Problem(route.name, "a route without a step")
    for step in route.steps:
        if step.station not in names:
            yield Problem(route.name, f"no station of the name {step.station!r}")
            continue
        station = names[step.station]
        yield from _times(step.station, f"time on route {route.name}", step.work)
        if step.work is not None and len(station.phases) > 1:
            yield Problem(
                step.station, f"route {route.name} gives one time, the station has {len(station.phases)} phases"
            )
        if step.first_pass_share is not None:
            if not 0 <= step.first_pass_share <= 1:
                yield Problem(
                    step.station, f"first-pass share of {step.first_pass_share} on route {route.name}, outside 0 to 1"
                )
            yield from _endless(step.station, station, step.first_pass_share)
    if route.into is None:
        return
    if route.into not in names:
        yield Problem(route.name, f"goes into {route.into!r}, no station of that name")
    elif not any(
        step.station == route.into for other in line.routes if other.into != route.into for step in other.steps
    ):
        yield Problem(route.into, f"takes parts of route {route.name}, but nothing to build them into comes there")
    if route.per < 1 or (route.room is not None and route.room < route.per):
        yield Problem(route.name, f"{route.per} to each part, room for {route.room}")


def _source(line: Line, source: Source) -> Iterator[Problem]:
    routes = {route.name: route for route in line.routes}
    known = [routes[name] for name in source.routes if name in routes]
    for name in source.routes:
        if name not in routes:
            yield Problem(source.name, f"no route of the name {name!r}")
    if not source.routes:
        yield Problem(source.name, "no route")
    if source.shares and (
        len(source.shares) != len(source.routes)
        or any(not (math.isfinite(share) and share >= 0) for share in source.shares)
        or sum(source.shares) <= 0
    ):
        yield Problem(source.name, f"shares {source.shares} of {len(source.routes)} routes")
    if source.campaign < 1:
        yield Problem(source.name, f"campaigns of {source.campaign}")
    if len({route.steps[0].station for route in known if route.steps}) > 1:
        yield Problem(source.name, "its routes begin at several stations: one source for each")
    yield from _coming(line, source, routes)


def _coming(line: Line, source: Source, routes: Mapping[str, Route]) -> Iterator[Problem]:
    if source.kind == "times":
        if source.between is None:
            yield Problem(source.name, "no times between its parts")
        yield from _times(source.name, "time between parts", source.between, above=True)
    if source.kind == "series" and (
        any(not (math.isfinite(time) and time >= 0) for time in source.at_s)
        or any(b < a for a, b in zip(source.at_s, source.at_s[1:], strict=False))
    ):
        yield Problem(source.name, "times of coming that are not in order from 0 on")
    if source.most_inside is not None and (source.kind != "always" or source.most_inside < 1):
        yield Problem(source.name, f"at most {source.most_inside} inside: for sources that are never short, from 1 on")
    if source.kind == "always":
        begin = _begin(source, routes)
        others = [other for other in line.sources if other.kind == "always" and _begin(other, routes) == begin]
        if begin is not None and others[0] is not source:
            yield Problem(begin, f"two sources that are never short: {others[0].name} and {source.name}")


def _begin(source: Source, routes: Mapping[str, Route]) -> str | None:
    route = routes.get(source.routes[0]) if source.routes else None
    return route.steps[0].station if route is not None and route.steps else None


def _no_time(line: Line) -> Iterator[Problem]:
    """Parts that are always there and meet no time before they are out of the way: without end at one instant."""
    routes = {route.name: route for route in line.routes}
    for source in line.sources:
        if source.kind != "always":
            continue
        for route in (routes[name] for name in source.routes):
            for number, step in enumerate(route.steps):
                station = line.station(step.station)
                if number and station.buffer.capacity is None and source.most_inside is None:
                    yield Problem(
                        route.steps[0].station,
                        f"parts without end at one instant: no time passes before {station.name}",
                    )
                    break
                work = [step.work] if step.work is not None else [phase.work for phase in station.phases]
                if any(times.mean_s > 0 for times in work):
                    break
            else:
                yield Problem(route.steps[0].station, f"a loop without time: no step of route {route.name} takes any")
