"""Deadlock by reduction: take away whoever can still go on and what he holds; who is left waits for ever.

A place goes on when it works, is being mended or waits for the clock. A blocked one goes on when the station it leads to has
room or a place there goes on, and one that leads into a store as long as anything else goes on; one that waits for pools when what those in standstill hold leaves enough; one that waits for
parts when anything else on the line goes on. A part with two ways on (it may fail) is taken to go on: what is found is certain.
"""

from __future__ import annotations

from rackwright.compiled import kernel
from rackwright.plant.floor.arrays import ALWAYS, BLOCKED, FOR_BATCH, FOR_KIT, FOR_POOLS, SERIES, STORE, WAITS, Records
from rackwright.plant.floor.records_kernel import (
    int_at,
    op_at,
    part_at,
    place_at,
    pool_at,
    source_at,
    station_at,
    store_at,
)  # fmt: skip


@kernel
def find_stuck(f: Records) -> int:
    """Marks in `f.stuck` the places that nothing can set free any more; how many."""
    for q in range(f.pools):
        pool_at(f.pool, q).locked = 0
    for p in range(f.places):
        int_at(f.stuck, p).n = 1 if place_at(f.place, p).parts > 0 or place_at(f.place, p).down else 0
        if int_at(f.stuck, p).n:
            _lock(f, p, 1)
    left = f.places
    while True:
        any_goes = _source_can_give(f)
        for p in range(f.places):
            goes = int_at(f.stuck, p).n == 0 and (place_at(f.place, p).parts > 0 or place_at(f.place, p).down > 0)
            any_goes = any_goes or goes
        now_left = 0
        for p in range(f.places):
            if int_at(f.stuck, p).n and _goes(f, p, any_goes):
                int_at(f.stuck, p).n = 0
                _lock(f, p, -1)
            now_left += int_at(f.stuck, p).n
        if now_left == left:
            return now_left
        left = now_left


@kernel
def _goes(f: Records, p: int, any_goes: bool) -> bool:
    place = place_at(f.place, p)
    if place.parts > 0 and place.state == BLOCKED:
        to = part_at(f.part, place.part).op
        if to >= 0:
            return _lets_in(f, op_at(f.op, to).station)
        if to > STORE:
            return True
        store = store_at(f.store, STORE - to)
        return bool(store.room < 0 or store.held < store.room) or any_goes
    if place.state == WAITS and place.why == FOR_POOLS:
        return _enough(f, p, place.phase, True)
    if place.state == WAITS and (place.why == FOR_KIT or place.why == FOR_BATCH):
        return any_goes
    crew = station_at(f.station, place.station).crew
    if place.down and crew >= 0 and not place.charged:
        return _enough(f, p, crew, False)
    return True


@kernel
def _lets_in(f: Records, k: int) -> bool:
    """Whether a station has room, or a place of it will be free."""
    row = station_at(f.station, k)
    if row.capacity < 0 or row.queued < row.capacity:
        return True
    free = row.filling >= 0
    for p in range(row.first, row.first + row.places):
        free = free or int_at(f.stuck, p).n == 0
    return bool(free)


@kernel
def _enough(f: Records, p: int, phase: int, own: bool) -> bool:
    """Whether the pools suffice for a phase when all but those in standstill have given back."""
    held = place_at(f.place, p).held
    for q in range(f.pools):
        locked = pool_at(f.pool, q).locked
        if own and held >= 0:
            locked -= _held(f, p, q)
        if int_at(f.need, phase * f.pools + q).n > pool_at(f.pool, q).size - locked:
            return False
    return True


@kernel
def _lock(f: Records, p: int, sign: int) -> None:
    """Counts what a place holds among what those in standstill hold, or takes it out."""
    if place_at(f.place, p).held < 0:
        return
    for q in range(f.pools):
        pool_at(f.pool, q).locked += sign * _held(f, p, q)


@kernel
def _held(f: Records, p: int, q: int) -> int:
    """What a place holds of a pool; while it waits for a phase it keeps only what that phase needs too."""
    held = int_at(f.need, (place_at(f.place, p).held) * f.pools + q).n
    if place_at(f.place, p).state == WAITS and place_at(f.place, p).why == FOR_POOLS:
        held = min(held, int_at(f.need, (place_at(f.place, p).phase) * f.pools + q).n)
    return int(held)


@kernel
def _source_can_give(f: Records) -> bool:
    """Whether a part can still come onto the line."""
    for s in range(f.sources):
        source = source_at(f.source, s)
        if source.kind == ALWAYS and source.most_inside < 0:
            row = station_at(f.station, source.station)
            for p in range(row.first, row.first + row.places):
                if int_at(f.stuck, p).n == 0:
                    return True
        elif source.kind == ALWAYS:
            if source.inside < source.most_inside and _lets_in(f, source.station):
                return True
        elif source.kind != SERIES or source.items < source.count:
            return True
    return False
