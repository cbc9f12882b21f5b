"""How parts move: they come, stand in buffers, take places, wait for kits, leave, or block the place that they are in."""

from __future__ import annotations

import math

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.agenda_kernel import account, count_inside, say, schedule, set_free, take_free
from rackwright.plant.floor.arrays import (
    APART,
    BEGIN,
    BETWEEN,
    BLOCKED,
    FINISHED,
    FIRST,
    FOR_BATCH,
    FOR_KIT,
    FOR_NOTHING,
    IDLE,
    KIT,
    LEAVE,
    MIX,
    SERIES,
    SERVE,
    STORE,
    WAITS,
    Records,
)  # fmt: skip
from rackwright.plant.floor.draws_kernel import draw, share
from rackwright.plant.floor.pools_kernel import give_back
from rackwright.plant.floor.records_kernel import (
    float_at,
    int_at,
    law_at,
    op_at,
    out_at,
    part_at,
    place_at,
    source_at,
    station_at,
    store_at,
)  # fmt: skip


@kernel
def next_arrival(f: Records, s: int, now: float) -> float:
    row = source_at(f.source, s)
    if row.kind == APART:
        return now + draw(law_at(f.law, row.law), f.value, row.key, row.items, row.tag, FIRST, BETWEEN)
    if row.kind == SERIES and row.items < row.count:
        return float(max(float_at(f.series, row.first + row.items).x, now))
    return math.inf


@kernel
def _create(f: Records, s: int, now: float) -> int:
    """A new part of a source; its route by the source's shares."""
    slot = int(f.free_part)
    f.free_part = part_at(f.part, slot).next
    f.free_parts -= 1
    item = source_at(f.source, s).items
    source_at(f.source, s).items += 1
    source_at(f.source, s).inside += 1
    chosen = source_at(f.source, s).route_first
    if source_at(f.source, s).routes > 1:
        u, _ = share(
            source_at(f.source, s).key,
            item // source_at(f.source, s).campaign,
            source_at(f.source, s).tag,
            FIRST,
            MIX,
            FIRST,
        )
        while (
            u >= float_at(f.share, chosen).x
            and chosen + 1 < source_at(f.source, s).route_first + source_at(f.source, s).routes
        ):
            chosen += 1
    part = part_at(f.part, slot)
    part.item, part.source, part.tag = item, s, source_at(f.source, s).tag
    part.op, part.next, part.tries, part.released_s = int_at(f.start, chosen).n, -1, 0, now
    part.route = op_at(f.op, part.op).route
    for column in range(f.columns):
        int_at(f.visits, slot * f.columns + column).n = 0
    count_inside(f, 1, now)
    return slot


@kernel
def _remove(f: Records, slot: int, now: float, counts: bool) -> None:
    """A part that leaves the line, or lies in a store from now on."""
    s = part_at(f.part, slot).source
    if counts:
        out = out_at(f.out, f.left)
        good = 1 if part_at(f.part, slot).op == FINISHED else 0
        out.finish_s, out.release_s, out.item = now, part_at(f.part, slot).released_s, part_at(f.part, slot).item
        out.source, out.route, out.good = s, part_at(f.part, slot).route, good
        f.left += 1
        f.good += good
    count_inside(f, -1, now)
    source_at(f.source, s).inside -= 1
    if source_at(f.source, s).most_inside >= 0:
        say(f, SERVE, source_at(f.source, s).station)
    part_at(f.part, slot).next = f.free_part
    f.free_part = slot
    f.free_parts += 1


@scalar
def _has_room(f: Records, k: int) -> bool:
    """Whether one more part can come to a station: into its buffer or straight into a place."""
    row = station_at(f.station, k)
    if row.capacity < 0:
        return True
    places = row.frees * row.batch
    if row.filling >= 0:
        places += row.batch - place_at(f.place, row.filling).parts
    return bool(row.queued < row.capacity + places)


@scalar
def _append(f: Records, slot: int, k: int) -> None:
    """To the end of a station's buffer; the station takes it from there into a place as soon as it is served."""
    row = station_at(f.station, k)
    part_at(f.part, slot).next = -1
    if row.queued > 0:
        part_at(f.part, row.queue_last).next = slot
    else:
        row.queue = slot
    row.queue_last = slot
    row.queued += 1
    say(f, SERVE, k)


@kernel
def _put(f: Records, slot: int, k: int, now: float) -> None:
    """A part into the place that is being filled, or into the one that has been free longest."""
    row = station_at(f.station, k)
    p = row.filling
    if p < 0:
        p = row.free
        take_free(f, p)
    place = place_at(f.place, p)
    part_at(f.part, slot).next = -1
    if place.parts == 0:
        place.part = slot
    else:
        last = place.part
        while part_at(f.part, last).next >= 0:
            last = part_at(f.part, last).next
        part_at(f.part, last).next = slot
    place.parts += 1
    if place.parts < row.batch:
        row.filling = p
        account(f, p, WAITS, FOR_BATCH, now)
        return
    row.filling = -1
    place.op = part_at(f.part, place.part).op
    place.phase = op_at(f.op, place.op).phase
    place.visit = int_at(f.visits, place.part * f.columns + row.visits).n if row.visits >= 0 else 0
    row.started += 1
    if row.stores == 0:
        say(f, BEGIN, p)
        return
    account(f, p, WAITS, FOR_KIT, now)
    place.next_kit = -1
    if row.kit >= 0:
        place_at(f.place, row.kit_last).next_kit = p
    else:
        row.kit = p
    row.kit_last = p
    say(f, KIT, k)


@scalar
def hand_out_kits(f: Records, k: int) -> None:
    """Components to the places that wait for them, first come, first served."""
    row = station_at(f.station, k)
    while row.kit >= 0:
        for n in range(row.store, row.store + row.stores):
            if store_at(f.store, n).held < store_at(f.store, n).per:
                return
        for n in range(row.store, row.store + row.stores):
            store_at(f.store, n).held -= store_at(f.store, n).per
            if store_at(f.store, n).blocked >= 0:
                say(f, LEAVE, store_at(f.store, n).blocked)
        p = row.kit
        row.kit = place_at(f.place, p).next_kit
        say(f, BEGIN, p)


@scalar
def serve(f: Records, k: int, now: float) -> None:
    """Fills free places from the buffer; then lets in who is blocked, who waits outside, or a new part."""
    row = station_at(f.station, k)
    while row.queued > 0 and (row.frees > 0 or row.filling >= 0):
        slot = row.queue
        row.queue = part_at(f.part, slot).next
        row.queued -= 1
        _put(f, slot, k, now)
    if not _has_room(f, k):
        return
    if row.blocked >= 0:
        say(f, LEAVE, row.blocked)
        return
    slot = -1
    if row.yard >= 0:
        slot = row.yard
        row.yard = part_at(f.part, slot).next
    elif row.source >= 0:
        s = row.source
        most = source_at(f.source, s).most_inside
        free = row.frees > 0 or row.filling >= 0
        if (most < 0 and free) or (most >= 0 and source_at(f.source, s).inside < most):
            slot = _create(f, s, now)
    if slot >= 0:
        _append(f, slot, k)
        say(f, SERVE, k)


@scalar
def arrive(f: Records, s: int, now: float) -> None:
    """A part of a source with times of its own comes; where there is no room it waits outside."""
    slot = _create(f, s, now)
    k = source_at(f.source, s).station
    row = station_at(f.station, k)
    part_at(f.part, slot).next = -1
    if row.yard >= 0:
        part_at(f.part, row.yard_last).next = slot
    else:
        row.yard = slot
    row.yard_last = slot
    say(f, SERVE, k)
    schedule(f, source_at(f.source, s).due, next_arrival(f, s, now))


@scalar
def leave(f: Records, p: int, now: float) -> None:
    """The parts of a place go on, one after the other, as far as there is room; an empty place is free again."""
    place = place_at(f.place, p)
    if place.state != BLOCKED:
        return
    while place.parts > 0:
        slot = place.part
        to = part_at(f.part, slot).op
        following = part_at(f.part, slot).next
        if to >= 0:
            k = op_at(f.op, to).station
            row = station_at(f.station, k)
            if not ((row.blocked < 0 or (place.is_blocked and row.blocked == p)) and _has_room(f, k)):
                _block(f, p, to)
                return
            if place.is_blocked:
                row.blocked = place.next_blocked
                place.is_blocked = 0
            _append(f, slot, k)
        else:
            if to <= STORE:
                store = store_at(f.store, STORE - to)
                room = store.room < 0 or store.held < store.room
                if not ((store.blocked < 0 or (place.is_blocked and store.blocked == p)) and room):
                    _block(f, p, to)
                    return
                if place.is_blocked:
                    store.blocked = place.next_blocked
                    place.is_blocked = 0
                    if store.blocked >= 0:
                        say(f, LEAVE, store.blocked)
                store.held += 1
                say(f, KIT, store.station)
            _remove(f, slot, now, to > STORE)
        place.part = following
        place.parts -= 1
    place.part = -1
    give_back(f, p)
    account(f, p, IDLE, FOR_NOTHING, now)
    if not place.down:
        set_free(f, p)
        say(f, SERVE, place.station)


@kernel
def _block(f: Records, p: int, to: int) -> None:
    """The place stands in line for room where its first part goes."""
    place = place_at(f.place, p)
    if place.is_blocked:
        return
    place.is_blocked, place.next_blocked = 1, -1
    if to >= 0:
        row = station_at(f.station, op_at(f.op, to).station)
        if row.blocked >= 0:
            place_at(f.place, row.blocked_last).next_blocked = p
        else:
            row.blocked = p
        row.blocked_last = p
        for other in range(row.first, row.first + row.places):
            if place_at(f.place, other).runs:
                return
    else:
        store = store_at(f.store, STORE - to)
        if store.blocked >= 0:
            place_at(f.place, store.blocked_last).next_blocked = p
        else:
            store.blocked = p
        store.blocked_last = p
    if f.risky > 0:
        f.suspect += 1
