"""The small hands of the event loop: due times, the agenda, what time goes to, and the load."""

from __future__ import annotations

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.arrays import DOWN, KIT, LEAVE, OFF, SERVE, Records
from rackwright.plant.floor.hours_kernel import open_before_s
from rackwright.plant.floor.records_kernel import float_at, int_at, match_at, part_at, place_at, seen_at, station_at


@kernel
def climb(f: Records, e: int, time_s: float) -> None:
    """A new due time of an entity goes up the winner tree: by time, then by when it was set.

    It stops where it loses a match that it had lost before.
    """
    f.seq += 1
    seq, entity = f.seq, e
    node = f.leaves + e
    match = match_at(f.tree, node)
    match.time_s, match.seq = time_s, seq
    while node > 1:
        other = match_at(f.tree, node ^ 1)
        if other.time_s < time_s or (other.time_s == time_s and other.seq < seq):
            if match_at(f.tree, node >> 1).entity != e:
                return
            time_s, seq, entity = other.time_s, other.seq, other.entity
        node >>= 1
        match = match_at(f.tree, node)
        match.time_s, match.seq, match.entity = time_s, seq, entity


@kernel
def climb_whole(f: Records, e: int, time_s: float) -> None:
    """The same for the entity that stood at the top: every match on its way is played again, without a branch."""
    f.seq += 1
    seq, entity = f.seq, e
    node = f.leaves + e
    match = match_at(f.tree, node)
    match.time_s, match.seq = time_s, seq
    while node > 1:
        other = match_at(f.tree, node ^ 1)
        other_s, other_seq, other_entity = other.time_s, other.seq, other.entity
        wins = (other_s < time_s) | ((other_s == time_s) & (other_seq < seq))
        time_s = other_s if wins else time_s
        seq = other_seq if wins else seq
        entity = other_entity if wins else entity
        node >>= 1
        match = match_at(f.tree, node)
        match.time_s, match.seq, match.entity = time_s, seq, entity


@scalar
def schedule(f: Records, e: int, time_s: float) -> None:
    """Sets an entity's due time. That of the one whose event is being worked off goes up the tree at the event's end."""
    if e == f.current:
        f.due_s = time_s
    else:
        climb(f, e, time_s)


@scalar
def say(f: Records, job: int, index: int) -> None:
    """Puts a job on the agenda, unless it stands there already."""
    if job == SERVE:
        if station_at(f.station, index).pending:
            return
        station_at(f.station, index).pending = 1
    elif job == LEAVE:
        if place_at(f.place, index).pending:
            return
        place_at(f.place, index).pending = 1
    elif job == KIT:
        if station_at(f.station, index).kit_pending:
            return
        station_at(f.station, index).kit_pending = 1
    tail = f.tail
    int_at(f.agenda, 2 * tail).n, int_at(f.agenda, 2 * tail + 1).n = job, index
    f.tail = tail + 1 if tail + 1 < f.ring else 0


@scalar
def account(f: Records, p: int, state: int, why: int, now: float) -> None:
    """What the place did until now is added up; from now on it is in `state`."""
    place = place_at(f.place, p)
    if now != place.since_s or f.traced >= 0:
        _add_up(f, p, now)
    place.state, place.why = state, why
    if f.traced >= 0:
        _note(f, p, now)


@kernel
def _add_up(f: Records, p: int, now: float) -> None:
    place = place_at(f.place, p)
    k = place.station
    week = f.week
    gone_s = now - place.since_s
    before = DOWN if place.down else place.state
    if station_at(f.station, k).calendar >= 0 and gone_s > 0.0:
        c = station_at(f.station, k).calendar
        open_s = open_before_s(f, c, now) - open_before_s(f, c, place.since_s)
        float_at(f.spent, (week * f.stations + k) * 6 + OFF).x += gone_s - open_s
        gone_s = open_s
    float_at(f.spent, (week * f.stations + k) * 6 + before).x += gone_s
    place.since_s = now


@kernel
def _note(f: Records, p: int, now: float) -> None:
    """A change of a place into the trace."""
    place = place_at(f.place, p)
    seen = seen_at(f.seen, f.traced)
    seen.time_s, seen.place, seen.state = now, p, DOWN if place.down else place.state
    seen.item = part_at(f.part, place.part).item if place.parts > 0 else -1
    seen.source = part_at(f.part, place.part).source if place.parts > 0 else -1
    f.traced += 1


@kernel
def spread_load(f: Records, more_w: float, now: float) -> None:
    """The load until now goes into its bins; from now on it is `more_w` larger."""
    bin_s = f.load_bin_s
    since, load_w = f.load_since, f.load_w
    if load_w != 0.0:
        n = int(since / bin_s)
        while since < now and n < f.bins:
            end = min((n + 1) * bin_s, now)
            float_at(f.load, n).x += load_w * (end - since)
            since = end
            n += 1
    f.load_since = now
    f.load_w = load_w + more_w


@scalar
def count_inside(f: Records, more: int, now: float) -> None:
    """Parts inside times time until now; from now on so many more."""
    float_at(f.inside_s, f.week).x += f.inside * (now - f.inside_since)
    f.inside_since = now
    f.inside += more


@kernel
def set_free(f: Records, p: int) -> None:
    """To the end of its station's free places."""
    k = place_at(f.place, p).station
    last = station_at(f.station, k).free_last if station_at(f.station, k).frees > 0 else -1
    place_at(f.place, p).next_free, place_at(f.place, p).last_free = -1, last
    if last >= 0:
        place_at(f.place, last).next_free = p
    else:
        station_at(f.station, k).free = p
    station_at(f.station, k).free_last = p
    station_at(f.station, k).frees += 1


@scalar
def take_free(f: Records, p: int) -> None:
    """Out of its station's free places, wherever it stands among them."""
    k = place_at(f.place, p).station
    before, after = place_at(f.place, p).last_free, place_at(f.place, p).next_free
    if before >= 0:
        place_at(f.place, before).next_free = after
    else:
        station_at(f.station, k).free = after
    if after >= 0:
        place_at(f.place, after).last_free = before
    else:
        station_at(f.station, k).free_last = before
    station_at(f.station, k).frees -= 1
