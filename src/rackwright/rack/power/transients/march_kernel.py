"""The row through time: steps between reporting instants, thresholds found within the least step, events as they come."""

from __future__ import annotations

import math

from rackwright.compiled import kernel
from rackwright.rack.power.transients import arrays
from rackwright.rack.power.transients.arrays import Floats, Records, Tree
from rackwright.rack.power.transients.control_kernel import (
    feed_changes,
    limit_at,
    loads_ask,
    next_due,
    react_loads,
    react_sources,
    say,
    set_point,
    source_fails,
    sources_ask,
)
from rackwright.rack.power.transients.method_kernel import TINY_S, March, accept, error_share, try_step
from rackwright.rack.power.transients.step_kernel import prepare, solve_stage
from rackwright.rack.power.transients.store_kernel import measure

DONE, FAILED = 0, 1
#: Thresholds are located to the least step; what jumps there may ask for this share of it to keep within the error.
FINE = 0.1


@kernel
def settle(tree: Tree, src: Records, feeds: Records, clock: Floats) -> int:
    """The row at rest under the powers in `tree.load_w`: inductances shorted, capacitors open. 0 where there is none."""
    dh = 1e9
    prepare(tree, src, clock, dh)
    tree.cap_g[:] = 0.0
    tree.line_star[:] = 0.0
    tree.inner_star[:] = 0.0
    for k in range(len(src)):
        src[k].star_a = 0.0
        src[k].lag_w = 1.0
        src[k].stage_v[1] = set_point(src, k, 0.0)
        src[k].stage_limit_a[1] = limit_at(src, feeds, k, 0.0)
    steps = solve_stage(tree, src, 1)
    for _ in range(3):
        if steps > 0:
            steps = solve_stage(tree, src, 1)
    for n in range(len(tree.parent)):
        tree.volt[n] = tree.stage_v[1, n]
        tree.line_a[n] = tree.stage_a[1, n] if tree.parent[n] >= 0 else 0.0
        tree.inner_v[n] = tree.stage_v[1, n]
        tree.rate[n] = 0.0
    for k in range(len(src)):
        src[k].now_a = src[k].stage_a[1]
    clock[arrays.USED_DH] = -1.0
    return steps


@kernel
def march(run: March, begin: int, end: int, step_s: float, least_s: float, tolerance_v: float) -> int:
    """Reporting steps `begin` to `end`; FAILED where no voltage carries the row even in the smallest step."""
    clock = run.clock
    for number in range(begin, end):
        _samples(run.place, run.wave, number)
        measure(run.place, run.stores, run.followed)
        from_s, until_s = number * step_s, (number + 1) * step_s
        clock[arrays.TIME] = from_s
        while clock[arrays.TIME] < until_s:
            _happen(run, least_s)
            t = clock[arrays.TIME]
            stop_s = min(until_s, clock[arrays.DUE], _next_event(run.happen, run.clock))
            if not _advance_once(run, from_s, step_s, stop_s, least_s, tolerance_v):
                return FAILED
            if clock[arrays.TIME] <= t:
                return FAILED
        _write(run, number + 1, step_s)
    return DONE


@kernel
def _samples(place: Records, wave: Floats, number: int) -> None:
    """The loads' powers at both ends of a reporting step; before and after its samples a load keeps the nearest."""
    last = wave.shape[0] - 1
    for n in range(len(place)):
        if place[n].has_load:
            at = number - place[n].skew
            place[n].left_w = place[n].factor * wave[min(max(at, 0), last), place[n].column]
            place[n].right_w = place[n].factor * wave[min(max(at + 1, 0), last), place[n].column]


@kernel
def _next_event(happen: Records, clock: Floats) -> float:
    at = int(clock[arrays.NEXT_EVENT])
    return happen[at].time_s if at < len(happen) else math.inf


@kernel
def _happen(run: March, least_s: float) -> None:
    """Events from outside and timers that are due now."""
    src, feeds, clock, log = run.src, run.feeds, run.clock, run.log
    changed = False
    while _next_event(run.happen, run.clock) <= clock[arrays.TIME] + TINY_S:
        at = int(clock[arrays.NEXT_EVENT])
        clock[arrays.NEXT_EVENT] += 1.0
        changed = True
        what, where, value = run.happen[at].what, run.happen[at].at, run.happen[at].value
        if what == 0:
            feed_changes(src, feeds, clock, log, where, value)
        elif what == 1:
            source_fails(src, feeds, clock, log, where, value > 0.5)
        else:
            run.place[where].jump = value
            say(clock, log, arrays.SAYS_JUMP, where)
    while changed or clock[arrays.DUE] <= clock[arrays.TIME] + TINY_S:
        if clock[arrays.DUE] > clock[arrays.TIME] and clock[arrays.DUE] <= clock[arrays.TIME] + TINY_S:
            clock[arrays.TIME] = clock[arrays.DUE]
        _react(run, least_s)
        changed = False


@kernel
def _react(run: March, least_s: float) -> None:
    """Modes change; the next step is the least one, and does not look back."""
    react_loads(run.place, run.tree, run.clock, run.log)
    react_sources(run.src, run.tree, run.clock, run.log)
    measure(run.place, run.stores, run.followed)
    clock = run.clock
    clock[arrays.DUE] = next_due(run.place, run.src, run.clock)
    clock[arrays.STEP] = least_s
    clock[arrays.SMOOTH] = 0.0


@kernel
def _advance_once(run: March, from_s: float, step_s: float, stop_s: float, least_s: float, tolerance_v: float) -> bool:
    """One accepted step towards `stop_s`; False where there is none."""
    clock = run.clock
    t = clock[arrays.TIME]
    whole = stop_s - t
    h = min(clock[arrays.STEP], step_s)
    h = whole if whole <= 1.01 * h else (0.5 * whole if whole < 2.0 * h else h)
    while True:
        solved = try_step(run, (t - from_s) / step_s, t, h, h / step_s)
        if not solved:
            clock[arrays.REFUSED] += 1.0
            h *= 0.25
            if h < 1e-3 * least_s:
                return False
            continue
        v = run.tree.stage_v[1]
        asks = loads_ask(run.place, v, run.tree.stage_inner_v[1]) or sources_ask(run.src, v)
        error = error_share(run.tree, clock, h, tolerance_v)
        if asks and h > 1.5 * least_s:
            clock[arrays.REFUSED] += 1.0
            h = max(0.25 * h, least_s)
            continue
        if error > 1.0 and h > 1.5 * FINE * least_s:
            clock[arrays.REFUSED] += 1.0
            h = max(max(0.2, 0.9 * error ** (-1.0 / 3.0)) * h, FINE * least_s)
            continue
        break
    accept(run, stop_s if h >= whole - TINY_S else t + h, h)
    grown = min(3.0, 0.9 * max(error, 1e-6) ** (-1.0 / 3.0))
    clock[arrays.STEP] = (
        max(h * grown, FINE * least_s) if h > 0.5 * clock[arrays.STEP] or error > 0.5 else clock[arrays.STEP]
    )
    if asks:
        _react(run, least_s)
    return True


@kernel
def _write(run: March, at: int, step_s: float) -> None:
    """The report of an instant; a feed's power is the mean of the step that ends there."""
    report, tree, src, stores, feeds, clock = run.report, run.tree, run.src, run.stores, run.feeds, run.clock
    for column in range(len(report.asked)):
        report.volt[at, column] = tree.volt[report.asked[column]]
    for k in range(len(src)):
        report.source_a[at, k] = src[k].now_a
        report.source_j[at, k] = src[k].joules
    for f in range(len(feeds)):
        report.feed_w[at, f] = (feeds[f].joules - feeds[f].reported_j) / step_s
        feeds[f].reported_j = feeds[f].joules
    for m in range(len(stores)):
        report.store_w[at, m] = stores[m].now_w
        report.store_j[at, m] = stores[m].joules
    report.lowest_v[at] = clock[arrays.LOWEST_V]
    clock[arrays.LOWEST_V] = math.inf
