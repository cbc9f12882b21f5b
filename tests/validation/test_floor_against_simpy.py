"""The floor's engine against SimPy, fed the same draws: every departure of lines with all that a line may have.

The model here is written the other way round: a process for every part, SimPy's own `Resource` for room at a station and its
`Store` for places. Both play the same rules, so the same parts leave at the same times; 1e-9 relative leaves room for the
roundings of some thousand sums. Pools are handed out at the end of an instant, so SimPy wakes the one who does it last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from rackwright.plant.floor.draws import LawTable, source_tag, stream_key
from rackwright.plant.floor.events import play_events
from rackwright.plant.floor.line import (
    WEEK_S,
    Breakdown,
    Buffer,
    Line,
    Phase,
    Pool,
    Route,
    Source,
    Station,
    Step,
    Times,
    erlang,
    exponential,
    gamma,
    lognormal,
    serial,
    triangular,
)  # fmt: skip

simpy = pytest.importorskip("simpy", reason="SimPy is not installed: pip install simpy")

#: After everything else of an instant.
LAST = 10


class OurDraws:
    """Times and shares by our counters, one at a time."""

    def __init__(self, line: Line, seed: int) -> None:
        self.keys = {part.name: stream_key(seed, 0, part.name) for part in (*line.stations, *line.sources)}

    def time_s(self, times: Times, name: str, item: int, tag: int, visit: int, purpose: int) -> float:
        from rackwright.plant.floor.draws_kernel import draw

        table = LawTable()
        law = table.number(times)
        rows, values = table.arrays()
        return float(draw(rows[law], values.ctypes.data, self.keys[name], item, tag, visit, purpose))

    def share(self, name: str, item: int, tag: int, visit: int, purpose: int) -> float:
        return share_of(self.keys[name], item, tag, visit, purpose)


def share_of(key: int, item: int, tag: int, visit: int, purpose: int) -> float:
    """Philox in plain Python integers: the counter of ours, none of our code."""
    key &= 2**64 - 1
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    c0, c1, c2, c3 = item & 0xFFFFFFFF, tag & 0xFFFFFFFF, visit & 0xFFFFFFFF, int(purpose) << 16
    for _ in range(10):
        p, q = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (q >> 32) ^ c1 ^ k0, q & 0xFFFFFFFF, (p >> 32) ^ c3 ^ k1, p & 0xFFFFFFFF
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return (((c0 << 20) | (c1 >> 12)) + 0.5) / 2**52


@dataclass
class Pools:
    """Amounts handed out at the end of an instant, in order; who waits keeps later ones from what he waits for."""

    env: Any
    free: dict[str, float]
    waiting: list[tuple[int, int, dict[str, float], Any]] = field(default_factory=list)
    asked: int = 0
    woken: bool = False

    def ask(self, amounts: dict[str, float], priority: int) -> Any:
        self.asked += 1
        event = self.env.event()
        self.waiting.append((priority, self.asked, amounts, event))
        self.wake()
        return event

    def give(self, amounts: Mapping[str, float]) -> None:
        for name, amount in amounts.items():
            self.free[name] += amount
        self.wake()

    def wake(self) -> None:
        if not self.woken:
            self.woken = True
            event = self.env.event()
            event._ok, event._value = True, None
            event.callbacks.append(self.hand_out)
            self.env.schedule(event, priority=LAST)

    def hand_out(self, _: Any) -> None:
        self.woken = False
        closed: set[str] = set()
        for entry in sorted(self.waiting, key=lambda entry: entry[:2]):
            amounts, event = entry[2:]
            if all(name not in closed and self.free[name] >= amount for name, amount in amounts.items()):
                for name, amount in amounts.items():
                    self.free[name] -= amount
                self.waiting.remove(entry)
                event.succeed()
            else:
                closed |= set(amounts)


@dataclass
class Place:
    number: int
    up_s: float = 0.0
    failures: int = 0


class Floor:
    """A line as SimPy processes."""

    def __init__(self, line: Line, seed: int) -> None:
        self.line, self.env, self.draws = line, simpy.Environment(), OurDraws(line, seed)
        self.pools = Pools(self.env, {pool.name: pool.size for pool in line.pools})
        self.left: list[tuple[float, int, int]] = []
        self.room: dict[str, Any] = {}
        self.places: dict[str, Any] = {}
        for station in line.stations:
            bound = station.buffer.capacity
            self.room[station.name] = simpy.Resource(self.env, 10**9 if bound is None else station.places + bound)
            self.places[station.name] = store = simpy.Store(self.env)
            for number in range(station.places):
                place = Place(number)
                if station.breakdown:
                    place.up_s = self.place_s(station, place, station.breakdown.up, "up")
                store.put(place)
        for source in line.sources:
            self.env.process(self.comes(source))

    def place_s(self, station: Station, place: Place, times: Times, what: str) -> float:
        from rackwright.plant.floor.arrays import REPAIR, UP

        return self.draws.time_s(times, station.name, place.failures, place.number, 0, UP if what == "up" else REPAIR)

    def comes(self, source: Source) -> Iterator[Any]:
        from rackwright.plant.floor.arrays import BETWEEN, MIX

        tag, item = source_tag(source.name), 0
        shares = np.cumsum(source.shares or [1.0] * len(source.routes))
        while True:
            u = self.draws.share(source.name, item // source.campaign, tag, 0, MIX)
            name = source.routes[int(np.searchsorted(shares / shares[-1], u, side="right"))]
            route = next(route for route in self.line.routes if route.name == name)
            if source.kind == "always":
                first = route.steps[0].station
                place = yield self.places[first].get()
                self.env.process(self.part(item, tag, route, place))
            else:
                yield self.env.timeout(self.draws.time_s(source.between, source.name, item, tag, 0, BETWEEN))
                self.env.process(self.part(item, tag, route, None))
            item += 1

    def part(self, item: int, tag: int, route: Route, place: Place | None) -> Iterator[Any]:
        visits: dict[str, int] = {}
        behind: Callable[[], object] = list
        for number, step in enumerate(route.steps):
            station, tries = self.line.station(step.station), 0
            while True:
                if not (number == 0 and tries == 0 and place is not None):
                    room = self.room[station.name].request()
                    yield room
                    got = self.places[station.name].get()
                    behind()
                    place = yield got
                else:
                    room = None
                passes = yield from self.work(item, tag, station, step, place, visits, tries)
                behind = self.leaver(station, place, room)
                if passes or station.on_fail == "rework":
                    break
                tries += 1
                if station.on_fail == "scrap" or tries == station.most_tries:
                    behind()
                    self.left.append((self.env.now, item, 0))
                    return
                bench = self.line.station(station.bench)
                room = self.room[bench.name].request()
                yield room
                got = self.places[bench.name].get()
                behind()
                place = yield got
                yield from self.work(item, tag, bench, Step(bench.name), place, visits, 0)
                behind = self.leaver(bench, place, room)
        behind()
        self.left.append((self.env.now, item, 1))

    def leaver(self, station: Station, place: Place, room: Any) -> Callable[[], None]:
        def leave() -> None:
            self.places[station.name].put(place)
            if room is not None:
                self.room[station.name].release(room)

        return leave

    def work(
        self, item: int, tag: int, station: Station, step: Step, place: Place, visits: dict[str, int], tries: int
    ) -> Iterator[Any]:
        """All phases and all tries in one place; whether the part passes in the end."""
        from rackwright.plant.floor.arrays import PASS, REWORK, WORK

        held: dict[str, float] = {}
        name = station.name
        first = station.first_pass_share if step.first_pass_share is None else step.first_pass_share
        later = first if station.retest_pass_share is None else station.retest_pass_share
        phases = station.phases if step.work is None else (Phase("work", step.work, station.phases[0].needs),)
        while True:
            visit = visits.get(name, 0)
            for number, phase in enumerate(phases):
                held = yield from self.change(held, dict(phase.needs), station.priority)
                work_s = self.draws.time_s(phase.work, name, item, tag, visit, WORK + number)
                yield from self.run(station, place, work_s * (station.retest_share if tries else 1.0))
            visits[name] = visit + 1
            passes = self.draws.share(name, item, tag, visit, PASS) < (later if tries else first)
            if passes or station.on_fail != "rework":
                break
            tries += 1
            rework = station.rework
            needs = dict(rework.needs) if isinstance(rework, Phase) else {}
            held = yield from self.change(held, needs, station.priority)
            times = rework.work if isinstance(rework, Phase) else rework
            # Rework has the number of the try that it leads to.
            yield from self.run(station, place, self.draws.time_s(times, name, item, tag, visit + 1, REWORK))
        if held:
            self.pools.give(held)
        return passes

    def change(self, held: dict[str, float], wanted: dict[str, float], priority: int) -> Iterator[Any]:
        less = {k: held[k] - wanted.get(k, 0.0) for k in held if held[k] > wanted.get(k, 0.0)}
        more = {k: wanted[k] - held.get(k, 0.0) for k in wanted if wanted[k] > held.get(k, 0.0)}
        if less:
            self.pools.give(less)
        if more:
            yield self.pools.ask(more, priority)
        return wanted

    def run(self, station: Station, place: Place, work_s: float) -> Iterator[Any]:
        broken, left_s = station.breakdown, work_s
        while broken and place.up_s < left_s:
            yield self.env.timeout(place.up_s)
            left_s = work_s if broken.work == "lost" else left_s - place.up_s
            if broken.crew:
                yield self.pools.ask(dict(broken.crew), broken.priority)
            yield self.env.timeout(self.place_s(station, place, broken.repair, "repair"))
            if broken.crew:
                self.pools.give(broken.crew)
            place.failures += 1
            place.up_s = self.place_s(station, place, broken.up, "up")
        yield self.env.timeout(left_s)
        if broken:
            place.up_s -= left_s

    def play(self, until_s: float) -> list[tuple[float, int, int]]:
        self.env.run(until_s)
        return self.left


def rich_line() -> Line:
    """Parallel places, phases, rework in place, a debug bench, scrap, operators, technicians and a cap on power."""
    wears = Breakdown(exponential(40e3), gamma(2e3, 0.6))
    kept = Breakdown(exponential(60e3), exponential(3e3), crew={"technician": 1})
    lost = Breakdown(exponential(200e3), exponential(4e3), work="lost", crew={"technician": 1}, priority=-1)
    stations = (
        Station("trays", erlang(1500.0, 4), 4, breakdown=wears, needs={"operator": 1}),
        Station("rack", lognormal(2400.0, 0.3), 6, Buffer(4), kept, first_pass_share=0.95, on_fail="rework",
                rework=Phase("mend", exponential(900.0), {"operator": 2}), retest_share=0.4, needs={"operator": 2}),
        Station("leak", (Phase("fill", triangular(200.0, 300.0, 700.0), {"operator": 1, "power": 2e3}),
                         Phase("hold", gamma(1200.0, 0.1), {"power": 1e3})),
                4, Buffer(2), first_pass_share=0.9, on_fail="debug", bench="bench", needs={}, priority=1),
        Station("burn-in", (Phase("load", exponential(300.0), {"operator": 1}), Phase("soak", gamma(9e3, 0.2), {"power": 132e3})),
                24, Buffer(3), lost, first_pass_share=0.85, retest_pass_share=0.95, on_fail="debug", bench="bench",
                retest_share=0.5, most_tries=3, priority=-1),
        Station("pack", exponential(400.0), 2, Buffer(2), first_pass_share=0.99, needs={"operator": 1}),
        Station("bench", lognormal(3000.0, 0.8), 5, needs={"technician": 1}),
    )  # fmt: skip
    routes = (
        Route("old", tuple(Step(name) for name in ("trays", "rack", "leak", "burn-in", "pack"))),
        Route(
            "new",
            (Step("trays", gamma(700.0, 0.3)), Step("rack"), Step("leak"), Step("burn-in", None, 0.92), Step("pack")),
        ),
    )
    source = Source("racks", ("old", "new"), shares=(0.4, 0.6), campaign=5)
    return Line(stations, routes, (source,), (Pool("operator", 15), Pool("technician", 3), Pool("power", 16 * 132e3)))


def coming_line() -> Line:
    """Parts that come by themselves, bounded buffers, two places behind one."""
    broken = Breakdown(gamma(5e3, 0.7), lognormal(500.0, 1.0))
    line = serial(
        Station("a", exponential(50.0), 1, Buffer(None), broken),
        Station("b", gamma(120.0, 1.5), 2, Buffer(0), first_pass_share=0.8),
        Station("c", exponential(55.0), 1, Buffer(1), broken),
    )
    return Line(line.stations, line.routes, (Source("parts", ("part",), "times", exponential(75.0)),))


LINES = {
    "rich": (rich_line, 26),
    "coming": (coming_line, 2),
    "serial": (
        lambda: serial(
            *(
                Station(f"s{k}", exponential(60.0), 1, Buffer(3), Breakdown(exponential(3e3), exponential(300.0)))
                for k in range(20)
            )
        ),
        1,
    ),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_part_leaves_when_simpy_says_so(name: str, seed: int):
    make, weeks = LINES[name]
    line = make()
    ours = np.sort(play_events(line, weeks=weeks, seed=seed).left, order="item")
    theirs = sorted(Floor(line, seed).play(weeks * WEEK_S), key=lambda row: row[1])
    assert len(ours) == len(theirs) > 1000
    assert ours["item"].tolist() == [row[1] for row in theirs]
    assert ours["good"].tolist() == [row[2] for row in theirs]
    assert ours["finish_s"] == pytest.approx([row[0] for row in theirs], rel=1e-9)
