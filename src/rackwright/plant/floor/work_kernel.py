"""How a place works: phase after phase, breakdowns and repairs, and what becomes of a part at the end."""

from __future__ import annotations

import math

from rackwright.compiled import kernel, scalar
from rackwright.plant.floor.agenda_kernel import account, say, schedule, set_free, spread_load, take_free
from rackwright.plant.floor.arrays import (
    AHEAD,
    AHEAD_BITS,
    BEGIN,
    BLOCKED,
    FIRST,
    FOR_NOTHING,
    FOR_OPENING,
    FOR_POOLS,
    FOUND_AT,
    GO,
    GOES_TO_BENCH,
    IS_REWORKED,
    IS_SCRAPPED,
    LEAVE,
    OPENS,
    PASS,
    PASSES_ALWAYS,
    REPAIR,
    SCRAPPED,
    SERVE,
    SETUP,
    UP,
    WAITS,
    WORK_ENDS,
    WORKS,
    Records,
)  # fmt: skip
from rackwright.plant.floor.draws_kernel import draw, fill_ahead, share
from rackwright.plant.floor.hours_kernel import after_open_s, is_open, next_change_s, open_before_s
from rackwright.plant.floor.pools_kernel import ask, give_back, place_draw
from rackwright.plant.floor.records_kernel import (
    float_at,
    int_at,
    law_at,
    op_at,
    part_at,
    phase_at,
    place_at,
    pool_at,
    station_at,
)  # fmt: skip


@scalar
def begin(f: Records, p: int, now: float) -> bool:
    """The place's next phase: waits for open hours, gives back what it needs no more, asks for what it needs more.

    True where it may run at once.
    """
    place = place_at(f.place, p)
    c = station_at(f.station, place.station).calendar
    if c >= 0 and not is_open(f, c, now):
        account(f, p, WAITS, FOR_OPENING, now)
        place.comes, place.act_s = OPENS, next_change_s(f, c, now, True)
        schedule(f, p, min(place.act_s, place.change_s))
        return False
    held, phase = place.held, phase_at(f.phase, place.phase)
    if held < 0 and phase.needs == 0:
        return True
    queue = phase.fresh
    if held >= 0:
        queue = phase.again if held == op_at(f.op, place.op).rework else phase.onward
        for q in range(f.pools):
            less = int_at(f.need, held * f.pools + q).n - int_at(f.need, place.phase * f.pools + q).n
            if less > 0:
                pool_at(f.pool, q).free += less
                f.scan = 1
    if queue < 0:
        place.held = place.phase
        return True
    account(f, p, WAITS, FOR_POOLS, now)
    ask(f, p, queue)
    return False


@kernel
def run(f: Records, p: int, now: float) -> None:
    """The phase has all it needs: its time is drawn, and the work runs unless the place is down."""
    place = place_at(f.place, p)
    row, op, phase = station_at(f.station, place.station), op_at(f.op, place.op), phase_at(f.phase, place.phase)
    part, key = part_at(f.part, place.part), int_at(f.key, place.station).n
    if phase.ahead and place.visit == 0:
        work_s = _drawn_ahead(f, place.phase, key, part.item, part.tag)
    else:
        work_s = draw(law_at(f.law, phase.law), f.value, key, part.item, part.tag, place.visit, phase.purpose)
    if place.phase != op.rework:
        if part.tries > 0:
            work_s = place.base_s if op.during and op.resume else work_s * op.retest
        place.base_s = work_s
        if op.during and op.on_fail != PASSES_ALWAYS:
            place.fails = fails_test(f, place.part, p)
            if place.fails:
                u, _ = share(key, part.item, part.tag, place.visit, FOUND_AT, FIRST)
                work_s = u * work_s
                place.base_s -= work_s
        if place.phase == op.phase and place.route != op.route:
            if row.setup >= 0 and place.route >= 0:
                setup_s = draw(law_at(f.law, row.setup), f.value, key, part.item, part.tag, place.visit, SETUP)
                row.setups += 1
                row.setup_s += setup_s
                work_s += setup_s
            place.route = op.route
    place.whole_s = place.left_s = work_s
    account(f, p, WORKS, FOR_NOTHING, now)


@scalar
def _drawn_ahead(f: Records, phase: int, key: int, item: int, tag: int) -> float:
    """A first-visit time out of a block that is drawn at once; two blocks are kept, for parts that pass each other."""
    block = item >> AHEAD_BITS
    side = 2 * phase + (block & 1)
    known = (block << 32) | tag
    if int_at(f.known, side).n != known:
        int_at(f.known, side).n = known
        row = phase_at(f.phase, phase)
        fill_ahead(
            law_at(f.law, row.law), f.value, key, block << AHEAD_BITS, tag, row.purpose, f.ahead + 8 * AHEAD * side
        )
    return float(float_at(f.ahead, AHEAD * side + (item & (AHEAD - 1))).x)


@kernel
def fails_test(f: Records, slot: int, p: int) -> int:
    """1 where the part fails this try."""
    part, k = part_at(f.part, slot), place_at(f.place, p).station
    op = op_at(f.op, part.op)
    column = station_at(f.station, k).visits
    visit = int_at(f.visits, slot * f.columns + column).n if column >= 0 else 0
    u, _ = share(int_at(f.key, k).n, part.item, part.tag, visit, PASS, FIRST)
    return 1 if u >= (op.first_pass if part.tries == 0 else op.later_pass) else 0


@kernel
def go_on(f: Records, p: int, now: float) -> None:
    """The place works from now on, until the work is done or it fails."""
    place = place_at(f.place, p)
    row = station_at(f.station, place.station)
    place.runs, place.begin_s, place.comes = 1, now, WORK_ENDS
    place.act_s = after_open_s(f, row.calendar, now, place.left_s)
    if row.up >= 0 and not row.by_time:
        place.change_s = math.inf
        if place.up_s < place.left_s:
            place.change_s = after_open_s(f, row.calendar, now, place.up_s)
    schedule(f, p, min(place.act_s, place.change_s))
    if f.load_bin_s > 0.0:
        spread_load(f, phase_at(f.phase, place.phase).power_w, now)


@scalar
def fails(f: Records, p: int, now: float) -> None:
    """The place breaks down; work in hand is kept or lost; the repair begins, or waits for its crew."""
    place = place_at(f.place, p)
    row = station_at(f.station, place.station)
    account(f, p, place.state, place.why, now)
    place.down = 1
    row.failed += 1
    if place.runs:
        done_s = place.up_s
        if row.by_time:
            done_s = now - place.begin_s
            if row.calendar >= 0:
                done_s = open_before_s(f, row.calendar, now) - open_before_s(f, row.calendar, place.begin_s)
        place.left_s = place.whole_s if row.loses else max(place.left_s - done_s, 0.0)
        place.runs, place.act_s = 0, math.inf
        if f.load_bin_s > 0.0:
            spread_load(f, -phase_at(f.phase, place.phase).power_w, now)
    elif place.parts == 0:
        take_free(f, p)
    if row.crew >= 0:
        place.change_s = math.inf
        ask(f, f.places + p, phase_at(f.phase, row.crew).fresh)
    else:
        place.change_s = now + place_draw(f, p, row.repair, REPAIR)
    schedule(f, p, min(place.act_s, place.change_s))


@scalar
def mended(f: Records, p: int, now: float) -> None:
    """The place is up again; its next failure is drawn; work in hand goes on."""
    place = place_at(f.place, p)
    row = station_at(f.station, place.station)
    account(f, p, place.state, place.why, now)
    place.down = 0
    place.failures += 1
    if place.charged:
        place.charged = 0
        for q in range(f.pools):
            pool_at(f.pool, q).free += int_at(f.need, row.crew * f.pools + q).n
        f.scan = 1
    place.up_s = place_draw(f, p, row.up, UP)
    place.change_s = now + place.up_s if row.by_time else math.inf
    if place.parts == 0:
        set_free(f, p)
        say(f, SERVE, place.station)
    elif place.state == WORKS:
        say(f, GO, p)
    schedule(f, p, min(place.act_s, place.change_s))


@scalar
def work_ends(f: Records, p: int, now: float) -> None:
    """A phase is done: the next one, another try, or the way on for every part of the place."""
    place = place_at(f.place, p)
    row = station_at(f.station, place.station)
    op = op_at(f.op, place.op)
    place.runs, place.act_s = 0, math.inf
    if row.up >= 0:
        if row.by_time:
            schedule(f, p, place.change_s)
        else:
            place.up_s -= place.left_s
    if f.load_bin_s > 0.0:
        spread_load(f, -phase_at(f.phase, place.phase).power_w, now)
    if place.phase == op.rework:
        place.phase = op.phase
        say(f, BEGIN, p)
        return
    if place.phase < op.last and not (op.during and place.fails):
        place.phase += 1
        say(f, BEGIN, p)
        return
    if _judge(f, p):
        place.phase = op.rework
        say(f, BEGIN, p)
        return
    if not row.keeps:
        give_back(f, p)
    account(f, p, BLOCKED, FOR_NOTHING, now)
    say(f, LEAVE, p)


@scalar
def _judge(f: Records, p: int) -> bool:
    """Sends every part of the place on its way; True where the part stays to be reworked."""
    place = place_at(f.place, p)
    row = station_at(f.station, place.station)
    slot = place.part
    while slot >= 0:
        part = part_at(f.part, slot)
        op = op_at(f.op, part.op)
        fails = 0
        if op.on_fail != PASSES_ALWAYS:
            fails = place.fails if op.during else fails_test(f, slot, p)
        if row.visits >= 0:
            int_at(f.visits, slot * f.columns + row.visits).n += 1
        if fails == 0:
            part.tries = part.tries if op.detour else 0
            part.op = op.next
        else:
            row.reworked += 1
            part.tries += 1
            if op.on_fail == IS_SCRAPPED or (op.most_tries > 0 and part.tries >= op.most_tries):
                part.op = SCRAPPED
            elif op.on_fail == GOES_TO_BENCH:
                part.op = op.fail_next
            elif op.on_fail == IS_REWORKED:
                place.visit += 1
                return True
        slot = part.next
    return False
