"""Departure times of a serial line, part by part, without events.

With F the end of work of part n at a station, its departure is max(F, the time at which the next station has room for it),
and that is when part n - B has begun there (B the next buffer) or, without a buffer, when a place there is free: blocking
after service. A part begins at max(its coming, the earliest time at which a place is free). Parts pass each other only at a
station of several places, and none of those may be blocked: so each piece of line that ends at a buffer without end is
worked through in order of coming, and sorted by departure before the next.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel
from rackwright.plant.floor.arrays import (
    BLOCKED,
    DOWN,
    FIRST,
    IDLE,
    PASS,
    REPAIR,
    REWORK,
    UP,
    WORK,
    WORKS,
    Floats,
    Ints,
    Records,
)
from rackwright.plant.floor.draws_kernel import draw, fill, share

STEP = np.dtype(
    [(name, "i8") for name in (
        "key", "places", "first", "room", "ring", "mask", "law", "laws", "up", "repair", "rework", "starts", "failed",
        "reworked", "seq", "week",
    )] + [(name, "f8") for name in ("first_pass", "later_pass", "retest", "week_s")]
)  # fmt: skip
SLOT = np.dtype([("free_s", "f8"), ("seq", "i8"), ("number", "i8"), ("failures", "i8"), ("up_s", "f8")])
BLOCK = 128
WEEK_S = 604800.0


@kernel
def begin(steps: Records, slots: Records, laws: Records, values: int) -> None:
    """Every place free at 0, its first failure drawn as the event loop draws it."""
    for k in range(len(steps)):
        for n in range(steps[k].places):
            slot = slots[steps[k].first + n]
            slot.number, slot.seq, slot.free_s, slot.failures = n, n, 0.0, 0
            if steps[k].up >= 0:
                slot.up_s = draw(laws[steps[k].up], values, steps[k].key, 0, n, FIRST, UP)


@kernel
def advance(
    steps: Records, slots: Records, laws: Records, values: int, ring: Floats, item: Ints, tag: int, come_s: Floats, always: bool,
    first_part: int, until_s: float, release_s: Floats, leave_s: Floats, spent_s: NDArray[np.float64],
) -> int:  # fmt: skip
    """Parts `first_part` ... of a piece of line through all its steps; how many were begun by `until_s`.

    come_s: when they come, in order (not read where parts are `always` there). release_s, leave_s: when each began its way
    and left the piece. spent_s: (weeks, steps, 6) place-seconds, added to.
    """
    parts, count = len(item), len(steps)
    work_s = np.empty((count, BLOCK))
    more_s = np.empty(BLOCK)
    for start in range(0, parts, BLOCK):
        size = min(BLOCK, parts - start)
        for k in range(count):
            items = item[start : start + size]
            fill(laws[steps[k].law], values, steps[k].key, items, tag, FIRST, WORK, work_s[k])
            for phase in range(1, steps[k].laws):
                fill(laws[steps[k].law + phase], values, steps[k].key, items, tag, FIRST, WORK + phase, more_s)
                work_s[k] += more_s
        for i in range(size):
            n = first_part + start + i
            come = -1.0 if always else come_s[start + i]
            for k in range(count):
                step = steps[k]
                top = step.first
                slot = slots[top]
                begins = max(come, slot.free_s)
                if k == 0:
                    release = begins if always else come
                    if release > until_s:
                        return start + i
                    release_s[start + i] = release
                if step.mask > 0:
                    ring[step.ring + (n & step.mask)] = begins
                w = work_s[k, i]
                if step.first_pass < 1.0:
                    w = _tries(step, laws, values, item[start + i], tag, w)
                down_s = 0.0
                if step.up >= 0:
                    if slot.up_s < w:
                        down_s = _breakdowns(step, slot, laws, values, w)
                    else:
                        slot.up_s -= w
                ends = begins + w + down_s
                leaves = ends
                if k + 1 < count:
                    after = steps[k + 1]
                    if after.room == 0:
                        leaves = max(ends, slots[after.first].free_s)
                    elif after.room > 0 and n >= after.room:
                        leaves = max(ends, ring[after.ring + ((n - after.room) & after.mask)])
                _add(spent_s, k, step, slot.free_s, begins, w, down_s, ends, leaves, until_s)
                slot.free_s = leaves
                if step.places > 1:
                    step.seq += 1
                    slot.seq = step.places + step.seq
                    _sift(slots, top, step.places)
                come = leaves
            leave_s[start + i] = come
    return parts


@kernel
def _tries(step: Records, laws: Records, values: int, item: int, tag: int, work_s: float) -> float:
    """The work with all reworks and retests until the part passes."""
    total_s, visit, passes = work_s, 0, step.first_pass
    while True:
        u, _ = share(step.key, item, tag, visit, PASS, FIRST)
        if u < passes:
            return total_s
        visit += 1
        passes = step.later_pass
        step.reworked += 1
        total_s += draw(laws[step.rework], values, step.key, item, tag, visit, REWORK)
        for phase in range(step.laws):
            again_s = draw(laws[step.law + phase], values, step.key, item, tag, visit, WORK + phase)
            total_s += step.retest * again_s


@kernel
def _breakdowns(step: Records, slot: Records, laws: Records, values: int, work_s: float) -> float:
    """Repair time while a place works so long; its time to the next failure moves on."""
    down_s, left_s = 0.0, work_s
    while slot.up_s < left_s:
        left_s -= slot.up_s
        down_s += draw(laws[step.repair], values, step.key, slot.failures, slot.number, FIRST, REPAIR)
        slot.failures += 1
        step.failed += 1
        slot.up_s = draw(laws[step.up], values, step.key, slot.failures, slot.number, FIRST, UP)
    slot.up_s -= left_s
    return down_s


@kernel
def _sift(slots: Records, first: int, count: int) -> None:
    """The place on top of the heap has a later free time: down to where it belongs."""
    at = 0
    free_s, seq, number = slots[first].free_s, slots[first].seq, slots[first].number
    failures, up_s = slots[first].failures, slots[first].up_s
    while True:
        child = 2 * at + 1
        if child >= count:
            break
        if child + 1 < count and _earlier(slots[first + child + 1], slots[first + child]):
            child += 1
        below = slots[first + child]
        if free_s < below.free_s or (free_s == below.free_s and seq < below.seq):
            break
        here = slots[first + at]
        here.free_s, here.seq, here.number = below.free_s, below.seq, below.number
        here.failures, here.up_s = below.failures, below.up_s
        at = child
    here = slots[first + at]
    here.free_s, here.seq, here.number, here.failures, here.up_s = free_s, seq, number, failures, up_s


@kernel
def _earlier(one: Records, other: Records) -> bool:
    return bool(one.free_s < other.free_s or (one.free_s == other.free_s and one.seq < other.seq))


@kernel
def _add(
    spent_s: NDArray[np.float64], k: int, step: Records, free_s: float, begins: float, work_s: float, down_s: float, ends: float,
    leaves: float, until_s: float,
) -> None:  # fmt: skip
    """What a place did from `free_s` to `leaves` into its weeks; work and repairs are spread evenly over their hours."""
    if free_s >= step.week_s and leaves < step.week_s + WEEK_S and leaves <= until_s:
        spent_s[step.week, k, IDLE] += begins - free_s
        spent_s[step.week, k, WORKS] += work_s
        spent_s[step.week, k, DOWN] += down_s
        spent_s[step.week, k, BLOCKED] += leaves - ends
        return
    _spread(spent_s, k, IDLE, free_s, min(begins, until_s), 1.0)
    if ends > begins:
        _spread(spent_s, k, WORKS, begins, min(ends, until_s), work_s / (ends - begins))
        _spread(spent_s, k, DOWN, begins, min(ends, until_s), down_s / (ends - begins))
    _spread(spent_s, k, BLOCKED, ends, min(leaves, until_s), 1.0)
    step.week = min(int(leaves / WEEK_S), len(spent_s) - 1)
    step.week_s = step.week * WEEK_S


@kernel
def _spread(spent_s: NDArray[np.float64], k: int, what: int, start_s: float, end_s: float, rate: float) -> None:
    while start_s < end_s:
        week = int(start_s / WEEK_S)
        stop_s = max(min((week + 1) * WEEK_S, end_s), start_s + 1e-9)
        spent_s[min(week, len(spent_s) - 1), k, what] += rate * (stop_s - start_s)
        start_s = stop_s


@kernel
def close(steps: Records, slots: Records, until_s: float, spent_s: NDArray[np.float64]) -> None:
    """The time that places stand idle after their last part."""
    for k in range(len(steps)):
        for n in range(steps[k].places):
            _spread(spent_s, k, IDLE, slots[steps[k].first + n].free_s, until_s, 1.0)
