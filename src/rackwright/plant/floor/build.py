"""From a declared line to the arrays of the event loop."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from rackwright.plant.floor import arrays as a
from rackwright.plant.floor.draws import LawTable, source_tag, stream_key
from rackwright.plant.floor.line import WEEK_S, Calendar, Line, Phase, Route, Source, Station, Step, Times

#: Amounts of pools are kept in whole millionths: what is given back is exactly what was taken.
UNIT = 1e6
QUARTER_S = 900.0
KINDS = {"always": a.ALWAYS, "times": a.APART, "series": a.SERIES}
ENDS = {"rework": a.IS_REWORKED, "debug": a.GOES_TO_BENCH, "scrap": a.IS_SCRAPPED}


@dataclass
class _Building:
    line: Line
    laws: LawTable = field(default_factory=LawTable)
    ops: list[dict[str, float]] = field(default_factory=list)
    phases: list[dict[str, float]] = field(default_factory=list)
    needs: list[list[int]] = field(default_factory=list)
    queues: dict[tuple[int, ...], int] = field(default_factory=dict)

    def station_number(self, name: str) -> int:
        return next(k for k, station in enumerate(self.line.stations) if station.name == name)

    def need(self, needs: dict[str, float]) -> list[int]:
        return [round(needs.get(pool.name, 0.0) * UNIT) for pool in self.line.pools]

    def queue(self, held: list[int], wanted: list[int], priority: int) -> int:
        """The queue of those who ask for the rise from one phase's needs to another's; -1 where nothing rises."""
        rise = tuple(max(more - less, 0) for less, more in zip(held, wanted, strict=True))
        return self.queues.setdefault((priority, *rise), len(self.queues)) if any(rise) else -1

    def add_phase(self, phase: Phase, purpose: int, needs: dict[str, float], priority: int) -> int:
        need = self.need(needs)
        self.phases.append({
            "law": self.laws.number(phase.work), "purpose": purpose, "needs": any(need), "priority": priority,
            "fresh": self.queue([0] * len(need), need, priority), "onward": -1, "again": -1, "ahead": 0, "power_w": phase.power_w,
        })  # fmt: skip
        self.needs.append(need)
        return len(self.phases) - 1


def build_floor(
    line: Line, *, weeks: float, seed: int = 0, replication: int = 0, parts: int = 256, out: int = 4096, trace: int = 0
) -> a.Floor:
    """The arrays of a line at rest at time 0: empty, every place up, the time to its first failure drawn.

    weeks: how long it may be played; parts, out, trace: room for parts inside, parts that left and seen changes. The first
    two grow as needed.
    """
    # What may come at one instant: the loop asks for more room before an instant, not within it.
    at_once = sum(station.places * station.batch for station in line.stations) + sum(
        s.most_inside or 0 for s in line.sources
    )
    parts, out, trace = parts + 2 * at_once, out + 2 * at_once, trace + 16 * at_once if trace else 0
    building = _Building(line)
    starts = _ops(building)
    stations, places, crews = _stations(building)
    for k, station in enumerate(line.stations):
        _feeds(line, stations[k], station, k)
    sources, shares, first_ops, series = _sources(building, starts, len(places))
    stores = _stores(line)
    for k in range(len(stations)):
        row = stations[k]
        mine = [n for n, store in enumerate(stores) if store["station"] == k]
        row["store"], row["stores"] = (mine[0], len(mine)) if mine else (0, 0)
        row["crew"] = crews.get(k, -1)
    revisited = _revisited(building)
    for k in range(len(stations)):
        row = stations[k]
        row["visits"] = revisited.index(k) if k in revisited else -1
    calendars, opens = _calendars(line)
    pools = _pools(line)
    laws, values = building.laws.arrays()
    entities = len(places) + len(line.sources) + len(line.pools) + 1
    leaves = 1 << max(entities - 1, 1).bit_length()
    loads = any(phase["power_w"] for phase in building.phases)
    _draw_ahead(building, laws)
    rows = {
        "station": stations, "place": places, "op": _records(a.OP, building.ops),
        "phase": _records(a.PHASE, building.phases),
        "need": np.array(building.needs, np.int64).reshape(len(building.phases), len(line.pools)),
        "part": np.zeros(parts, a.PART), "visits": np.zeros((parts, max(len(revisited), 1)), np.int64),
        "source": sources, "share": shares, "start": first_ops, "store": stores, "pool": pools, "calendar": calendars,
        "opens": opens, "law": laws, "value": values, "series": series, "tree": np.zeros(2 * leaves, a.MATCH),
        "ahead": np.zeros((len(building.phases), 2 * a.AHEAD)), "known": np.full((len(building.phases), 2), -1, np.int64),
        "agenda": np.zeros((4 * len(places) + 2 * len(stations) + 16, 2), np.int64),
        "queue": _queues(building), "rise": np.array([rise[1:] for rise in building.queues] or [(0,)], np.int64),
        "active": np.zeros(len(building.queues) + 1, np.int64), "next_wait": np.full(2 * len(places), -1, np.int64),
        "asked": np.zeros(2 * len(places), np.int64), "stuck": np.zeros(len(places), np.int64),
        "key": np.array([stream_key(seed, replication, station.name) for station in line.stations], np.int64),
        "spent": np.zeros((int(np.ceil(weeks)) + 1, len(stations), 6)), "inside_s": np.zeros(int(np.ceil(weeks)) + 1),
        "load": np.zeros(int(weeks * WEEK_S / QUARTER_S) + 2 if loads else 1), "out": np.zeros(out, a.LEFT),
        "seen": np.zeros(max(trace, 1), a.SEEN),
    }  # fmt: skip
    for k, source in enumerate(line.sources):
        sources[k]["key"] = stream_key(seed, replication, source.name)
    rows["part"]["next"] = np.arange(1, parts + 1)
    floor = a.Floor(rows, np.zeros(1, a.TABLE))
    floor.bind()
    table = floor.table[0]
    table["load_bin_s"] = QUARTER_S if loads else 0.0
    table["traced"] = 0 if trace else -1
    table["risky"], table["free_parts"] = _may_deadlock(building, stations), parts
    from rackwright.plant.floor.events_kernel import at_rest

    at_rest(table)
    return floor


def _draw_ahead(building: _Building, laws: a.Records) -> None:
    """Marks the phases whose station sees most items of one source in order: their times are drawn some at once."""
    routes = building.line.routes
    for source in building.line.sources:
        shares = np.array(source.shares or [1.0] * len(source.routes))
        for name, share in zip(source.routes, shares / shares.sum(), strict=True):
            if share < 0.5 and source.campaign < a.AHEAD:
                continue
            for op in building.ops:
                if routes[int(op["route"])].name == name and not op["detour"]:
                    for phase in building.phases[int(op["phase"]) : int(op["last"]) + 1]:
                        phase["ahead"] = laws[int(phase["law"])]["kind"] == a.EXPONENTIAL


def _queues(building: _Building) -> a.Records:
    rows = np.zeros(max(len(building.queues), 1), a.QUEUE)
    for row, (priority, *rise) in zip(rows, building.queues, strict=False):
        row["priority"], row["pools"] = priority, sum(1 << q for q, amount in enumerate(rise) if amount)
    return rows


def _records(dtype: np.dtype[np.void], rows: list[dict[str, float]]) -> a.Records:
    records = np.zeros(len(rows), dtype)
    for record, row in zip(records, rows, strict=True):
        for name, value in row.items():
            record[name] = value
    return records


def _ops(building: _Building) -> dict[str, int]:
    """Every step of every route, and the ways over benches; the first step of each route by its name."""
    starts: dict[str, int] = {}
    into = _into(building.line)
    for number, route in enumerate(building.line.routes):
        end = a.STORE - into.index(route) if route.into else a.FINISHED
        own = [_step(building, step, number) for step in route.steps]
        for op, following in zip(own, [*own[1:], end], strict=True):
            building.ops[op]["next"] = following
        starts[route.name] = own[0]
        for op, step in zip(own, route.steps, strict=True):
            station = building.line.station(step.station)
            if building.ops[op]["on_fail"] == a.GOES_TO_BENCH and station.bench:
                bench = _step(building, Step(station.bench), number)
                building.ops[bench]["next"] = op
                building.ops[bench]["detour"] = 1
                building.ops[op]["fail_next"] = bench
    return starts


def _step(building: _Building, step: Step, route: int) -> int:
    station = building.line.station(step.station)
    phases = station.phases
    if step.work is not None:
        phases = (Phase("work", step.work, phases[0].needs, phases[0].power_w),)
    peak = {pool: max(p.needs.get(pool, 0.0) for p in phases) for pool in {pool for p in phases for pool in p.needs}}
    for number, phase in enumerate(phases):
        needs = peak if station.reserve == "peak" else dict(phase.needs)
        last = building.add_phase(phase, a.WORK + number, needs, station.priority)
        if number:
            building.phases[last]["onward"] = building.queue(
                building.needs[last - 1], building.needs[last], station.priority
            )
    rework, first = -1, last - len(phases) + 1
    if station.on_fail == "rework":
        again = station.rework if station.rework is not None else Times("constant", 0.0)
        phase = again if isinstance(again, Phase) else Phase("rework", again)
        rework = building.add_phase(phase, a.REWORK, dict(phase.needs), station.priority)
        own, others = building.needs[rework], building.needs
        building.phases[rework]["onward"] = building.queue(others[last], own, station.priority)
        building.phases[first]["again"] = building.queue(own, others[first], station.priority)
    first_pass = station.first_pass_share if step.first_pass_share is None else step.first_pass_share
    later_pass = first_pass if station.retest_pass_share is None else station.retest_pass_share
    building.ops.append({
        "station": building.station_number(step.station), "phase": first, "last": last, "next": -1,
        "detour": 0, "on_fail": ENDS[station.on_fail] if min(first_pass, later_pass) < 1 else a.PASSES_ALWAYS, "fail_next": -1,
        "during": station.found == "during", "resume": station.soak == "resume", "rework": rework,
        "most_tries": station.most_tries or 0, "route": route, "first_pass": first_pass, "later_pass": later_pass,
        "retest": station.retest_share,
    })  # fmt: skip
    return len(building.ops) - 1


def _stations(building: _Building) -> tuple[a.Records, a.Records, dict[int, int]]:
    line = building.line
    stations = np.zeros(len(line.stations), a.STATION)
    places = np.zeros(sum(station.places for station in line.stations), a.PLACE)
    names = [calendar.name for calendar in line.calendars]
    crews: dict[int, int] = {}
    first = 0
    for k, station in enumerate(line.stations):
        row, broken = stations[k], station.breakdown
        for empty in (
            "queue",
            "queue_last",
            "blocked",
            "blocked_last",
            "yard",
            "yard_last",
            "kit",
            "kit_last",
            "filling",
        ):
            row[empty] = -1
        row["first"], row["places"], row["batch"] = first, station.places, station.batch
        row["capacity"] = -1 if station.buffer.capacity is None else station.buffer.capacity
        row["calendar"] = names.index(station.calendar) if station.calendar else -1
        row["keeps"], row["source"] = station.keeps_pools, -1
        row["setup"] = building.laws.number(station.setup) if station.setup else -1
        row["up"] = row["repair"] = -1
        if broken is not None:
            row["up"], row["repair"] = building.laws.number(broken.up), building.laws.number(broken.repair)
            row["by_time"], row["loses"] = broken.clock == "time", broken.work == "lost"
            if broken.crew:
                crews[k] = building.add_phase(Phase("repair", broken.repair), 0, dict(broken.crew), broken.priority)
        mine = places[first : first + station.places]
        mine["station"], mine["number"] = k, np.arange(station.places)
        first += station.places
    for empty in ("part", "held", "next_free", "last_free", "next_blocked", "next_kit", "route"):
        places[empty] = -1
    places["change_s"] = places["up_s"] = places["act_s"] = np.inf
    return stations, places, crews


def _feeds(line: Line, row: a.Records, station: Station, number: int) -> None:
    """The source that is never short, if one feeds this station."""
    for k, source in enumerate(line.sources):
        if source.kind == "always" and _first_station(line, source) == station.name:
            row["source"] = k


def _first_station(line: Line, source: Source) -> str:
    return next(route for route in line.routes if route.name == source.routes[0]).steps[0].station


def _sources(building: _Building, starts: dict[str, int], places: int) -> tuple[a.Records, a.Floats, a.Ints, a.Floats]:
    line = building.line
    rows = np.zeros(len(line.sources), a.SOURCE)
    shares: list[float] = []
    first_ops: list[int] = []
    series: list[float] = []
    for k, source in enumerate(line.sources):
        row = rows[k]
        row["kind"], row["station"] = KINDS[source.kind], building.station_number(_first_station(line, source))
        row["law"] = building.laws.number(source.between) if source.between else -1
        row["first"], row["count"] = len(series), len(source.at_s)
        row["tag"], row["campaign"] = source_tag(source.name), source.campaign
        row["most_inside"] = -1 if source.most_inside is None else source.most_inside
        row["routes"], row["route_first"], row["due"] = len(source.routes), len(shares), places + k
        share = np.array(source.shares or [1.0] * len(source.routes))
        shares.extend(np.cumsum(share) / share.sum())
        first_ops.extend(starts[name] for name in source.routes)
        series.extend(source.at_s)
    return rows, np.array(shares), np.array(first_ops, np.int64), np.array(series or [0.0])


def _stores(line: Line) -> a.Records:
    """One store per route that ends in a station, those of a station beside each other."""
    into = _into(line)
    rows = np.zeros(len(into), a.STORE_OF)
    for row, route in zip(rows, into, strict=True):
        row["station"] = next(k for k, station in enumerate(line.stations) if station.name == route.into)
        row["room"], row["per"] = -1 if route.room is None else route.room, route.per
        row["blocked"] = row["blocked_last"] = -1
    return rows


def _into(line: Line) -> list[Route]:
    """The routes that end as components, those of one station beside each other, as the stores must lie."""
    return sorted((route for route in line.routes if route.into), key=lambda route: route.into or "")


def _revisited(building: _Building) -> list[int]:
    """Stations that one part may see more than once: by a failed try, by a bench, or twice on a route."""
    seen: set[tuple[int, int]] = set()
    again: set[int] = set()
    for op in building.ops:
        here = int(op["station"]), int(op["route"])
        if here in seen or op["on_fail"] in (a.IS_REWORKED, a.GOES_TO_BENCH):
            again.add(here[0])
        seen.add(here)
    benches = {station.bench for station in building.line.stations if station.bench}
    again |= {building.station_number(name) for name in benches}
    if benches:
        again |= {int(op["station"]) for op in building.ops}
    return sorted(again)


def _calendars(line: Line) -> tuple[a.Records, a.Floats]:
    rows = np.zeros(len(line.calendars), a.CALENDAR)
    opens: list[tuple[float, float, float]] = []
    for row, calendar in zip(rows, line.calendars, strict=True):
        row["first"], row["count"], row["period_s"] = len(opens), len(calendar.open_s), calendar.period_s
        opens.extend(_intervals(calendar))
        row["open_s"] = sum(end - start for start, end in calendar.open_s)
    return rows, np.array(opens or [(0.0, 0.0, 0.0)])


def _intervals(calendar: Calendar) -> list[tuple[float, float, float]]:
    before, rows = 0.0, []
    for start, end in calendar.open_s:
        rows.append((start, end, before))
        before += end - start
    return rows


def _pools(line: Line) -> a.Records:
    rows = np.zeros(len(line.pools), a.POOL)
    names = [calendar.name for calendar in line.calendars]
    for row, pool in zip(rows, line.pools, strict=True):
        row["size"] = round(pool.size * UNIT)
        row["calendar"] = names.index(pool.calendar) if pool.calendar else -1
        row["free"], row["open"] = row["size"], 1
    return rows


def _may_deadlock(building: _Building, stations: a.Records) -> bool:
    """Whether places can wait for each other in a ring: a way back into a bounded buffer, or pools held while waiting."""
    holds = any(station.keeps_pools for station in building.line.stations)
    rises = any(
        (station.reserve == "phase" or isinstance(station.rework, Phase)) and _rises(station)
        for station in building.line.stations
    )
    into = [route.room is not None for route in _into(building.line)]
    return holds or rises or any(into) or ring_of_bounded(building.ops, stations)


def _rises(station: Station) -> bool:
    """Whether a phase asks for more while it keeps something of the phase before."""
    phases = list(station.phases)
    if isinstance(station.rework, Phase):
        phases += [station.rework, phases[0]]
    return any(
        any(min(before.needs.get(pool, 0.0), after.needs[pool]) > 0 for pool in after.needs)
        and any(after.needs[pool] > before.needs.get(pool, 0.0) for pool in after.needs)
        for before, after in itertools.pairwise(phases)
    )


def ring_of_bounded(ops: list[dict[str, float]], stations: a.Records) -> bool:
    """Whether blocked places can form a ring: stations with bounded buffers that lead to each other."""
    onward: dict[int, set[int]] = {}
    for op in ops:
        for following in (int(op["next"]), int(op["fail_next"])):
            if following >= 0 and stations[int(ops[following]["station"])]["capacity"] >= 0:
                onward.setdefault(int(op["station"]), set()).add(int(ops[following]["station"]))
    alive = set(onward)
    while True:
        ends = {k for k in alive if not onward[k] & alive}
        if not ends:
            return bool(alive)
        alive -= ends
