"""One replication of a line by the event loop, with what it left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.plant.floor import arrays as a
from rackwright.plant.floor.build import QUARTER_S, build_floor
from rackwright.plant.floor.line import WEEK_S, Line

Floats = NDArray[np.float64]

#: More events than this are not played: the line ends with a finding.
MOST_EVENTS = 500_000_000
#: Events between two looks at `watch`.
AT_A_GO = 5_000_000
#: Events played after a deadlock, so that those who run into it are named too.
JOIN = 100_000


@dataclass(frozen=True)
class Standing:
    """A place that waits for ever, and what for."""

    station: str
    place: int
    waits_for: str


@dataclass(frozen=True)
class Played:
    """What one replication did.

    left: one record per part that left, in order of leaving (`finish_s`, `release_s`, `item`, `source`, `route`, `good`).
    spent_s: (weeks, stations, 6) place-seconds starved, at work, blocked, waiting, down and off; `arrays.SPENT` names them.
    inside_s: (weeks,) part-seconds inside. load_j: energy by quarter of an hour. trace: changes of places, where asked for. came, inside: parts that
    came in all, and those inside at the end.
    ended: `done`, `enough` (parts wanted), `too many events`, `no time passes` or `deadlock`; `until_s` is how far it came.
    standing: who waits for ever, those included who ran into a deadlock soon after.
    """

    left: NDArray[Any]
    spent_s: Floats
    inside_s: Floats
    load_j: Floats
    trace: NDArray[Any]
    setups: NDArray[np.int64]
    failures: NDArray[np.int64]
    tries_failed: NDArray[np.int64]
    setup_s: Floats
    ended: str
    until_s: float
    events: int
    came: int
    inside: int
    standing: tuple[Standing, ...]
    busiest: str

    @property
    def finish_s(self) -> Floats:
        """When good parts left, in order. [s]"""
        good: Floats = self.left["finish_s"][self.left["good"] == 1]
        return good

    @property
    def flow_s(self) -> Floats:
        """Time on the line of good parts, in order of leaving. [s]"""
        good = self.left[self.left["good"] == 1]
        flow: Floats = good["finish_s"] - good["release_s"]
        return flow

    @property
    def load_w(self) -> Floats:
        """Mean load by quarter of an hour. [W]"""
        return self.load_j / QUARTER_S


ENDED = {
    a.DONE: "done", a.ENOUGH: "enough", a.TOO_MANY: "too many events", a.ZERO_LOOP: "no time passes", a.DEADLOCK: "deadlock",
}  # fmt: skip
GROWS = {a.PARTS_FULL: "part", a.OUT_FULL: "out", a.TRACE_FULL: "seen"}


def play_events(
    line: Line, *, weeks: float, seed: int = 0, replication: int = 0, most_events: int = MOST_EVENTS,
    most_parts: int | None = None, trace: bool = False, watch: Callable[[float], None] | None = None,
) -> Played:  # fmt: skip
    """Plays a line for `weeks`, or until `most_parts` good parts have left.

    The line is taken to be sound (`check` finds nothing); one that is not ends with what `ended` says, never in a hang.
    `watch` is told the share of the time that has been played, every few million events.
    """
    from rackwright.plant.floor.events_kernel import play

    floor = build_floor(line, weeks=weeks, seed=seed, replication=replication, trace=4096 if trace else 0)
    until_s = weeks * WEEK_S
    while True:
        at_most = min(floor.number("events") + AT_A_GO, most_events)
        ended = play(floor.table[0], until_s, at_most, np.iinfo(np.int64).max if most_parts is None else most_parts)
        if ended in GROWS:
            _grow(floor, GROWS[ended])
        elif ended == a.TOO_MANY and at_most < most_events:
            if watch is not None:
                watch(float(floor.table[0]["now"]) / until_s)
        else:
            locked_s = float(floor.table[0]["now"])
            if ended == a.DEADLOCK:
                floor.table[0]["risky"] = 0
                play(floor.table[0], until_s, floor.number("events") + JOIN, np.iinfo(np.int64).max)
            return _played(line, floor, ended, locked_s)


def _grow(floor: a.Floor, name: str) -> None:
    before = len(floor[name])
    floor.grow(name)
    if name != "part":
        return
    floor.grow("visits")
    part, table = floor["part"], floor.table[0]
    part["next"][before:] = np.arange(before + 1, len(part) + 1)
    part["next"][-1] = table["free_part"]
    table["free_part"] = before
    table["free_parts"] += before


def _played(line: Line, floor: a.Floor, ended: int, until_s: float) -> Played:
    from rackwright.plant.floor.standstill_kernel import find_stuck

    stuck = find_stuck(floor.table[0])
    station = floor["station"]
    busiest = line.stations[int(np.argmax(station["started"]))].name
    return Played(
        left=floor["out"][: floor.number("left")].copy(), spent_s=floor["spent"], inside_s=floor["inside_s"],
        load_j=floor["load"], trace=floor["seen"][: max(floor.number("traced"), 0)].copy(), setups=station["setups"],
        failures=station["failed"], tries_failed=station["reworked"], setup_s=station["setup_s"], ended=ENDED[ended],
        until_s=until_s, events=floor.number("events"), came=int(floor["source"]["items"].sum()), inside=floor.number("inside"),
        standing=_standing(line, floor) if stuck else (), busiest=busiest,
    )  # fmt: skip


def _standing(line: Line, floor: a.Floor) -> tuple[Standing, ...]:
    """Everybody in standstill, by name, with what each waits for."""
    found = []
    for p in np.flatnonzero(floor["stuck"]):
        place = floor["place"][p]
        found.append(Standing(line.stations[place["station"]].name, int(place["number"]), _wanted(line, floor, place)))
    return tuple(found)


def _wanted(line: Line, floor: a.Floor, place: Any) -> str:
    if place["state"] == a.BLOCKED:
        to = floor["part"][place["part"]]["op"]
        if to >= 0:
            return f"room at {line.stations[floor['op'][to]['station']].name}"
        return f"room for parts at {line.stations[floor['store'][a.STORE - to]['station']].name}"
    if place["state"] == a.WAITS and place["why"] == a.FOR_POOLS:
        short = floor["need"][place["phase"]]
        if place["held"] >= 0:
            short = short - floor["need"][place["held"]]
        return " and ".join(line.pools[q].name for q in np.flatnonzero(short > 0))
    if place["state"] == a.WAITS:
        return "parts"
    return "a repair crew"
