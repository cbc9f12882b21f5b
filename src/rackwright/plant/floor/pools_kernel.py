"""How pools are shared: by priority and order of asking; one who waits keeps later ones from what he waits for."""

from __future__ import annotations

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.agenda_kernel import say, schedule
from rackwright.plant.floor.arrays import FIRST, REPAIR, RUN, Records
from rackwright.plant.floor.draws_kernel import draw
from rackwright.plant.floor.hours_kernel import next_change_s
from rackwright.plant.floor.records_kernel import int_at, law_at, place_at, pool_at, queue_at, station_at


@kernel
def ask(f: Records, asker: int, queue: int) -> None:
    """To the end of those who wait for the same; `asker` is a place, or places + p for the repair of place p."""
    f.scan = 1
    f.asks += 1
    int_at(f.asked, asker).n = f.asks
    int_at(f.next_wait, asker).n = -1
    row = queue_at(f.queue, queue)
    if row.count > 0:
        int_at(f.next_wait, row.last).n = asker
    else:
        row.first = asker
        int_at(f.active, f.waiting).n = queue
        f.waiting += 1
    row.last = asker
    row.count += 1


@scalar
def hand_out(f: Records, now: float) -> None:
    """Pools to those who wait, by priority and order of asking; one who must wait on closes his pools to those behind."""
    closed = 0
    while True:
        best, priority, asked = -1, 0, 0
        for n in range(f.waiting):
            i = int_at(f.active, n).n
            row = queue_at(f.queue, i)
            if row.pools & closed:
                continue
            order = int_at(f.asked, row.first).n
            if best < 0 or row.priority < priority or (row.priority == priority and order < asked):
                best, priority, asked = i, row.priority, order
        if best < 0:
            return
        row = queue_at(f.queue, best)
        asker = row.first
        enough = True
        for q in range(f.pools):
            rise = int_at(f.rise, best * f.pools + q).n
            if rise > 0 and pool_at(f.pool, q).free < rise:
                enough = False
        if not enough:
            closed |= row.pools
            if f.risky > 0 and asker < f.places and place_at(f.place, asker).held >= 0:
                f.suspect += 1
            continue
        for q in range(f.pools):
            pool_at(f.pool, q).free -= int_at(f.rise, best * f.pools + q).n
        _no_longer_asks(f, best)
        if asker < f.places:
            place_at(f.place, asker).held = place_at(f.place, asker).phase
            say(f, RUN, asker)
        else:
            p = asker - f.places
            place_at(f.place, p).charged = 1
            place_at(f.place, p).change_s = now + place_draw(
                f, p, station_at(f.station, place_at(f.place, p).station).repair, REPAIR
            )
            schedule(f, p, place_at(f.place, p).change_s)


@scalar
def _no_longer_asks(f: Records, queue: int) -> None:
    """The first of the queue is served; an empty queue leaves the active ones."""
    row = queue_at(f.queue, queue)
    row.first = int_at(f.next_wait, row.first).n
    row.count -= 1
    if row.count > 0:
        return
    for n in range(f.waiting):
        if int_at(f.active, n).n == queue:
            f.waiting -= 1
            int_at(f.active, n).n = int_at(f.active, f.waiting).n
            return


@kernel
def give_back(f: Records, p: int) -> None:
    """All that the place holds of the pools."""
    held = place_at(f.place, p).held
    if held < 0:
        return
    for q in range(f.pools):
        pool_at(f.pool, q).free += int_at(f.need, held * f.pools + q).n
    place_at(f.place, p).held = -1
    f.scan = 1


@scalar
def shift(f: Records, q: int, now: float) -> None:
    """A pool's hours begin or end."""
    pool_at(f.pool, q).open = 1 - pool_at(f.pool, q).open
    pool_at(f.pool, q).free += pool_at(f.pool, q).size if pool_at(f.pool, q).open else -pool_at(f.pool, q).size
    f.scan = 1
    schedule(
        f, f.places + f.sources + q,
        next_change_s(f, pool_at(f.pool, q).calendar, now, pool_at(f.pool, q).open == 0),
    )  # fmt: skip


@kernel
def place_draw(f: Records, p: int, law: int, purpose: int) -> float:
    """A time to failure or of repair: by the place and its number of failures so far."""
    place = place_at(f.place, p)
    return draw(
        law_at(f.law, law), f.value, int_at(f.key, place.station).n, place.failures, place.number, FIRST, purpose
    )
