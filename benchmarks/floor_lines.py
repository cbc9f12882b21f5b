"""The factory floor beside SimPy: finished parts per second of processor time on the same line, in one run.

Serial: 20 stations of exponential times, each with breakdowns that run with the work (down 9 % of the time) and a buffer of
five before it. SimPy's model is the quickest that we know to write: one process for each station, a bounded store between
two, the standard library's `random`; it counts what we count (time at work, blocked, down, each part's time on the line).
Rich: parallel places, rework, a debug bench, operators, technicians and a cap on test power; SimPy's model is a process
for each part, pools by a container of our own that grants as the engine does. The tests feed that model our own draws and
find every departure; here it draws by `random`.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

from benchmarks.table import Row
from rackwright.plant.floor.events import Played, play_events
from rackwright.plant.floor.line import WEEK_S, Breakdown, Buffer, Line, Station, exponential, serial
from rackwright.plant.floor.recursion import play_recursion

STATIONS, WORK_S, UP_S, REPAIR_S, BUFFER = 20, 60.0, 3000.0, 300.0, 5
#: Times of SimPy that must hold, and the goals.
SERIAL, SERIAL_GOAL, RECURSION, RECURSION_GOAL, RICH, RICH_GOAL = 40, 80, 200, 285, 40, 150
GOES = 5
#: Weeks played by SimPy, by the event loop and by the recursion: some tenths of a second each.
PEER_WEEKS, WEEKS, LONG_WEEKS = 1, 26, 104


def run() -> Iterator[Row]:
    """The rows; the first call of every kernel, which may compile it, is not timed."""
    line = serial(
        *(
            Station(
                f"station {k}",
                exponential(WORK_S),
                1,
                Buffer(BUFFER),
                Breakdown(exponential(UP_S), exponential(REPAIR_S)),
            )
            for k in range(STATIONS)
        )
    )
    if find_spec("simpy") is None:
        yield Row("factory floor, serial line of 20 stations", "", "", "SimPy is not installed")
        return
    ways: list[Callable[[], int]] = [
        lambda: _gone(play_events(line, weeks=WEEKS)),
        lambda: _gone(play_recursion(line, weeks=LONG_WEEKS)),
        lambda: simpy_serial(PEER_WEEKS * WEEK_S),
    ]
    ours, recursion, peer = parts_per_s(ways)
    yield _row("factory floor, 20 stations with breakdowns, event loop", ours, peer, SERIAL, SERIAL_GOAL)
    yield _row("  the same by the recursion", recursion, peer, RECURSION, RECURSION_GOAL)
    yield _rich()


def _gone(played: Played) -> int:
    return len(played.left)


def _rich() -> Row:
    from tests.validation.test_floor_against_simpy import Floor, rich_line

    line = rich_line()

    class Drawn(Floor):
        """The tests' model with the standard library's random numbers."""

        def __init__(self, line: Line) -> None:
            super().__init__(line, 0)

        def quick(self) -> Drawn:
            self.draws = Quick()
            return self

    ours, peer = parts_per_s([
        lambda: _gone(play_events(line, weeks=WEEKS)),
        lambda: len(Drawn(line).quick().play(4 * PEER_WEEKS * WEEK_S)),
    ])  # fmt: skip
    return _row("  rich line: places, rework, bench, operators, cap on power", ours, peer, RICH, RICH_GOAL)


class Quick:
    """Times by `random`, laws bound once."""

    def __init__(self) -> None:
        self.laws: dict[int, Callable[[], float]] = {}

    def time_s(self, times: Any, name: str, item: int, tag: int, visit: int, purpose: int) -> float:
        law = self.laws.get(id(times))
        if law is None:
            law = self.laws[id(times)] = _law(times)
        return law()

    def share(self, name: str, item: int, tag: int, visit: int, purpose: int) -> float:
        return random.random()


def _law(times: Any) -> Callable[[], float]:
    import math

    mean_s, variance = times.mean_s, times.cv**2
    if times.law == "exponential":
        rate = 1 / mean_s
        return lambda: random.expovariate(rate)
    if times.law == "lognormal":
        spread = math.log1p(variance)
        middle, sigma = math.log(mean_s) - spread / 2, math.sqrt(spread)
        return lambda: random.lognormvariate(middle, sigma)
    if times.law == "triangular":
        return lambda: random.triangular(times.least_s, times.most_s, times.mode_s)
    return lambda: random.gammavariate(1 / variance, mean_s * variance)


def parts_per_s(ways: list[Callable[[], int]]) -> list[float]:
    """Finished parts per second of processor time, the best of some goes in turns."""
    best = [0.0] * len(ways)
    for way in ways:
        way()
    for _ in range(GOES):
        for n, way in enumerate(ways):
            begun = time.process_time()
            parts = way()
            best[n] = max(best[n], parts / (time.process_time() - begun))
    return best


def _row(what: str, ours: float, peer: float, must: float, goal: float) -> Row:
    ratio = ours / peer
    met = "met" if ratio >= goal else "missed"
    return Row(
        what,
        f"{ratio:.0f}x",
        f">= {must:.0f}x",
        f"{ours:,.0f} parts/s, SimPy {peer:,.0f}; goal {goal:.0f}x {met}",
        ratio >= must,
    )


def simpy_serial(until_s: float) -> int:
    """The serial line as one SimPy process per station."""
    import simpy

    env = simpy.Environment()
    stores = [simpy.Store(env, capacity=BUFFER) for _ in range(STATIONS - 1)]
    work_s, blocked_s, down_s = [0.0] * STATIONS, [0.0] * STATIONS, [0.0] * STATIONS
    flow_s: list[float] = []
    draw, rate, up_rate, repair_rate = random.expovariate, 1 / WORK_S, 1 / UP_S, 1 / REPAIR_S

    def station(k: int) -> Iterator[Any]:
        before, after = (stores[k - 1] if k else None), (stores[k] if k < STATIONS - 1 else None)
        up_s = draw(up_rate)
        while True:
            came_s = (yield before.get()) if before is not None else env.now
            left_s = draw(rate)
            work_s[k] += left_s
            while up_s < left_s:
                yield env.timeout(up_s)
                left_s -= up_s
                repair_s = draw(repair_rate)
                yield env.timeout(repair_s)
                down_s[k] += repair_s
                up_s = draw(up_rate)
            yield env.timeout(left_s)
            up_s -= left_s
            if after is not None:
                done_s = env.now
                yield after.put(came_s)
                blocked_s[k] += env.now - done_s
            else:
                flow_s.append(env.now - came_s)

    for k in range(STATIONS):
        env.process(station(k))
    env.run(until_s)
    return len(flow_s)


def main() -> int:
    """Print the rows; 1 when a must is missed."""
    missed = 0
    for row in run():
        missed += not row.holds
        said = "" if row.holds else "  MISSED"
        print(f"{row.what:<62} {row.measured:>8} {row.goal:>8}  {row.beside}{said}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
