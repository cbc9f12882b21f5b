"""The event loop: the next due time of a winner tree, then whatever follows from it at once, and nothing else.

One event changes one place, source or pool. What it sets free is put on an agenda (serve a station, begin in a place, leave
a place, hand out a kit) that is worked off in order, first in, first out; when it is empty the pools are handed out once.
"""

from __future__ import annotations

import math

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.agenda_kernel import (
    account,
    climb,
    climb_whole,
    count_inside,
    say,
    schedule,
    set_free,
    spread_load,
)
from rackwright.plant.floor.arrays import (
    ALWAYS,
    BEGIN,
    DEADLOCK,
    DONE,
    ENOUGH,
    GO,
    KIT,
    LEAVE,
    OPENS,
    OUT_FULL,
    PARTS_FULL,
    RUN,
    SERVE,
    TOO_MANY,
    TRACE_FULL,
    UP,
    ZERO_LOOP,
    Records,
)  # fmt: skip
from rackwright.plant.floor.hours_kernel import is_open, next_change_s
from rackwright.plant.floor.parts_kernel import arrive, hand_out_kits, leave, next_arrival, serve
from rackwright.plant.floor.pools_kernel import hand_out, place_draw, shift
from rackwright.plant.floor.records_kernel import int_at, match_at, place_at, pool_at, source_at, station_at
from rackwright.plant.floor.standstill_kernel import find_stuck
from rackwright.plant.floor.work_kernel import begin, fails, go_on, mended, run, work_ends

WEEK_S = 604800.0
#: So many events at one instant, and a hundred for each place, are taken for a loop without time.
MANY_AT_ONCE = 100_000
#: A line that looks like a deadlock and is none is looked at less and less often, down to once in so many times.
MOST_PATIENCE = 63


@kernel
def at_rest(f: Records) -> None:
    """Everything free at time 0, the first failures drawn, the first parts on their way."""
    places = f.places
    f.current = -1
    for node in range(2 * f.leaves - 1, 0, -1):
        match = match_at(f.tree, node)
        match.time_s = math.inf
        match.entity = node - f.leaves if node >= f.leaves else match_at(f.tree, 2 * node).entity
    for p in range(places):
        k = place_at(f.place, p).station
        set_free(f, p)
        if station_at(f.station, k).up >= 0:
            place_at(f.place, p).up_s = place_draw(f, p, station_at(f.station, k).up, UP)
            if station_at(f.station, k).by_time:
                place_at(f.place, p).change_s = place_at(f.place, p).up_s
                climb(f, p, place_at(f.place, p).up_s)
    for s in range(f.sources):
        if source_at(f.source, s).kind == ALWAYS:
            say(f, SERVE, source_at(f.source, s).station)
        else:
            climb(f, places + s, next_arrival(f, s, 0.0))
    for q in range(f.pools):
        if pool_at(f.pool, q).calendar >= 0:
            if not is_open(f, pool_at(f.pool, q).calendar, 0.0):
                pool_at(f.pool, q).open, pool_at(f.pool, q).free = 0, 0
            change_s = next_change_s(f, pool_at(f.pool, q).calendar, 0.0, pool_at(f.pool, q).open == 0)
            climb(f, places + f.sources + q, change_s)
    climb(f, places + f.sources + f.pools, WEEK_S)


@kernel
def play(f: Records, until_s: float, most_events: int, most_good: int) -> int:
    """Plays on until a time, a number of events or of good parts; returns how it ended (`DONE`, `PARTS_FULL` ...).

    Every job is called in one place only, here: code that is written out twice does not fit the processor's cache, and what
    is a function of its own is compiled once more.
    """
    places = f.places
    room = 2
    for k in range(f.stations):
        room += station_at(f.station, k).places * station_at(f.station, k).batch
    parts_room = room
    for s in range(f.sources):
        parts_room += max(source_at(f.source, s).most_inside, 0)
    while True:
        now = f.now
        while f.head != f.tail or f.scan:
            if f.head == f.tail:
                f.scan = 0
                hand_out(f, now)
                continue
            job, index = int_at(f.agenda, 2 * f.head).n, int_at(f.agenda, 2 * f.head + 1).n
            f.head = f.head + 1 if f.head + 1 < f.ring else 0
            if job == SERVE:
                station_at(f.station, index).pending = 0
                serve(f, index, now)
            elif job == LEAVE:
                place_at(f.place, index).pending = 0
                leave(f, index, now)
            elif job == KIT:
                station_at(f.station, index).kit_pending = 0
                hand_out_kits(f, index)
            else:
                if job == BEGIN and begin(f, index, now):
                    job = RUN
                if job == RUN:
                    run(f, index, now)
                    job = GO
                if job == GO and place_at(f.place, index).down == 0:
                    go_on(f, index, now)
        if f.current >= 0:
            e = f.current
            f.current = -1
            climb_whole(f, e, f.due_s)
        if f.suspect > f.patience:
            f.suspect, f.patience = 0, min(2 * f.patience + 1, MOST_PATIENCE)
            if find_stuck(f) > 0:
                return DEADLOCK
        e, now = match_at(f.tree, 1).entity, match_at(f.tree, 1).time_s
        why = _why_stop(f, now, until_s, most_events, most_good, room, parts_room)
        if why >= 0:
            return why
        f.same_time = f.same_time + 1 if now == f.now else 0
        f.events += 1
        f.now, f.current, f.due_s = now, e, math.inf
        if e < places:
            _place_event(f, e, now)
        elif e < places + f.sources:
            arrive(f, e - places, now)
        elif e < places + f.sources + f.pools:
            shift(f, e - places - f.sources, now)
        else:
            _flush(f, now)
            f.week += 1
            f.due_s = (f.week + 1) * WEEK_S


@scalar
def _why_stop(
    f: Records, next_s: float, until_s: float, most_events: int, most_good: int, room: int, parts_room: int
) -> int:
    """How the loop ends before the next event; -1: it goes on."""
    why = -1
    if next_s > until_s or next_s == math.inf:
        why = DONE
    elif f.free_parts < parts_room:
        return PARTS_FULL
    elif f.outs - f.left < room:
        return OUT_FULL
    elif f.traced >= 0 and f.seens - f.traced < 8 * room:
        return TRACE_FULL
    elif f.events >= most_events:
        why = TOO_MANY
    elif f.good >= most_good:
        why = ENOUGH
    elif f.same_time > MANY_AT_ONCE + 100 * f.places:
        why = ZERO_LOOP
    if why == DONE and f.risky > 0 and find_stuck(f) > 0:
        return DEADLOCK
    if why >= 0:
        _flush(f, until_s if why == DONE else f.now)
    return why


@scalar
def _place_event(f: Records, p: int, now: float) -> None:
    place = place_at(f.place, p)
    if place.change_s <= place.act_s:
        if place.down:
            mended(f, p, now)
        else:
            fails(f, p, now)
    elif place.comes == OPENS:
        place.act_s = math.inf
        say(f, BEGIN, p)
        schedule(f, p, place.change_s)
    else:
        work_ends(f, p, now)


@kernel
def _flush(f: Records, now: float) -> None:
    """Brings every running total up to a time."""
    for p in range(f.places):
        account(f, p, place_at(f.place, p).state, place_at(f.place, p).why, now)
    count_inside(f, 0, now)
    if f.load_bin_s > 0.0:
        spread_load(f, 0.0, now)
    f.now = max(f.now, now)
