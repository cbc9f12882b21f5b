"""What decides: thresholds that ask for a reaction, and the reactions of loads, shelves and batteries."""

from __future__ import annotations

import math

from rackwright.compiled import kernel
from rackwright.rack.power.transients import arrays
from rackwright.rack.power.transients.arrays import Floats, Records, Tree

#: A current this share of the limit is nil; one this share above a level is above it.
NIL, SLACK = 1e-3, 1e-6
NEVER = math.inf
#: A hot-swap closes on an input charged to this share of the bus.
CHARGED = 0.9998
#: A battery's charging starts again this share above the voltage at which it stops.
ROOM = 0.002


@kernel
def say(clock: Floats, log: Records, what: int, at: int) -> None:
    """A line of the log, while there is room; the count goes on."""
    line = int(clock[arrays.LOGGED])
    if line < len(log):
        log[line].time_s = clock[arrays.TIME]
        log[line].what = what
        log[line].at = at
    clock[arrays.LOGGED] += 1.0


@kernel
def levels_above(src: Records, current_a: float, k: int) -> int:
    """How many levels of its overload a shelf's current uses."""
    over = 0
    for level in range(src[k].levels):
        if current_a > src[k].limit_a * src[k].share[level] * (1.0 + SLACK):
            over = level + 1
    return over


@kernel
def load_asks(place: Records, n: int, volt: float, inner_v: float) -> bool:
    """Whether a load passed a threshold of its mode."""
    mode = place[n].mode
    if mode == arrays.LOAD_OFF:
        return bool(volt > place[n].on_v)
    if mode == arrays.LOAD_CHARGES and inner_v >= CHARGED * volt:
        return True
    return bool(volt < place[n].off_v)


@kernel
def loads_ask(place: Records, v: Floats, inner_v: Floats) -> bool:
    """Whether any load did."""
    asks = False
    for n in range(len(place)):
        asks |= place[n].has_load > 0 and load_asks(place, n, v[n], inner_v[n])
    return bool(asks)


@kernel
def source_asks(src: Records, k: int, volt: float, current_a: float, joules: float) -> bool:
    """Whether a shelf or battery passed a threshold of its mode."""
    mode = src[k].mode
    if not src[k].battery:
        if mode == arrays.SHELF_HOLDS:
            halved = src[k].step_v > 0.0 and not src[k].stepped and joules <= 0.5 * src[k].full_j
            if halved or joules <= 0.0:
                return True
        return bool(levels_above(src, current_a, k) != src[k].over)
    if mode == arrays.STANDBY:
        if src[k].charging and (joules >= src[k].full_j or volt < src[k].charge_above_v):
            return True
        return bool(volt < src[k].trigger_v)
    if mode == arrays.LOW:
        return bool(volt >= src[k].trigger_v)
    if mode == arrays.GIVES:
        return bool(joules <= 0.0 or current_a <= NIL * src[k].limit_a)
    if mode == arrays.QUIET:
        return bool(current_a > 2.0 * NIL * src[k].limit_a)
    return False


@kernel
def sources_ask(src: Records, v: Floats) -> bool:
    """Whether any source did."""
    asks = False
    for k in range(len(src)):
        asks |= source_asks(src, k, v[src[k].place], src[k].stage_a[1], src[k].then_j)
    return bool(asks)


@kernel
def react_loads(place: Records, tree: Tree, clock: Floats, log: Records) -> None:
    """Loads whose threshold was passed change their mode; timers that are due end."""
    t = clock[arrays.TIME]
    for n in range(len(place)):
        if not place[n].has_load:
            continue
        if load_asks(place, n, tree.volt[n], tree.inner_v[n]):
            _load_threshold(place, tree, clock, log, n, t)
        if place[n].due <= t:
            _load_due(place, tree, clock, log, n, t)


@kernel
def _swap(tree: Tree, clock: Floats, n: int, to: int) -> None:
    if tree.inrush_a[n] > 0.0 and tree.swap[n] != to:
        tree.swap[n] = to
        clock[arrays.USED_DH] = -1.0


@kernel
def _load_threshold(place: Records, tree: Tree, clock: Floats, log: Records, n: int, t: float) -> None:
    mode = place[n].mode
    if mode == arrays.LOAD_OFF:
        place[n].mode = arrays.LOAD_WAITS
        place[n].due = t + place[n].restart_s
        say(clock, log, arrays.SAYS_WAITS, n)
    elif tree.volt[n] < place[n].off_v:
        place[n].mode = arrays.LOAD_OFF
        place[n].due = NEVER
        place[n].scale = 0.0
        _swap(tree, clock, n, arrays.OPEN)
        say(clock, log, arrays.SAYS_LET_GO, n)
    else:
        _swap(tree, clock, n, arrays.CLOSED)
        _take_up(place, clock, log, n, t)


@kernel
def _load_due(place: Records, tree: Tree, clock: Floats, log: Records, n: int, t: float) -> None:
    if place[n].mode == arrays.LOAD_WAITS:
        if tree.inrush_a[n] > 0.0 and tree.inner_v[n] < tree.volt[n]:
            place[n].mode = arrays.LOAD_CHARGES
            place[n].due = NEVER
            _swap(tree, clock, n, arrays.CHARGING)
            say(clock, log, arrays.SAYS_CHARGES, n)
        else:
            _swap(tree, clock, n, arrays.CLOSED)
            _take_up(place, clock, log, n, t)
    else:
        place[n].mode = arrays.LOAD_ON
        place[n].due = NEVER
        place[n].scale = 1.0


@kernel
def _take_up(place: Records, clock: Floats, log: Records, n: int, t: float) -> None:
    place[n].mode = arrays.LOAD_RISES
    place[n].since = t
    place[n].due = t + place[n].ramp_s
    place[n].scale = 0.0
    say(clock, log, arrays.SAYS_TAKES_UP, n)


@kernel
def ramp_set_point(src: Records, k: int, to_v: float, begin_s: float, end_s: float) -> None:
    """The set-point of a source from where it is to another voltage."""
    now = set_point(src, k, begin_s)
    src[k].set_v[arrays.FROM_V] = now
    src[k].set_v[arrays.TO_V] = to_v
    src[k].set_v[arrays.RAMP_BEGIN_S] = begin_s
    src[k].set_v[arrays.RAMP_END_S] = end_s


@kernel
def set_point(src: Records, k: int, t: float) -> float:
    """No-load voltage of a source at a time."""
    if t >= src[k].set_v[arrays.RAMP_END_S]:
        return float(src[k].set_v[arrays.TO_V])
    through = max(t - src[k].set_v[arrays.RAMP_BEGIN_S], 0.0) / (
        src[k].set_v[arrays.RAMP_END_S] - src[k].set_v[arrays.RAMP_BEGIN_S]
    )
    return float(src[k].set_v[arrays.FROM_V] + (src[k].set_v[arrays.TO_V] - src[k].set_v[arrays.FROM_V]) * through)


@kernel
def limit_at(src: Records, feeds: Records, k: int, t: float) -> float:
    """What a source may give at a time, in amperes; none where it does not work."""
    mode = src[k].mode
    if src[k].battery:
        return float(src[k].limit_a if mode == arrays.GIVES or mode == arrays.QUIET else 0.0)
    if mode != arrays.SHELF_ON and mode != arrays.SHELF_HOLDS:
        return 0.0
    limit = src[k].limit_a * src[k].share[src[k].level]
    if mode == arrays.SHELF_ON:
        limit *= min(1.0, feeds[src[k].feed].left / src[k].full_input)
    if t < src[k].set_v[arrays.WALK_END_S]:
        limit *= max(t - src[k].set_v[arrays.WALK_BEGIN_S], 0.0) / (
            src[k].set_v[arrays.WALK_END_S] - src[k].set_v[arrays.WALK_BEGIN_S]
        )
    return float(limit)


@kernel
def react_sources(src: Records, tree: Tree, clock: Floats, log: Records) -> None:
    """Shelves and batteries whose threshold was passed change their mode; timers that are due end."""
    t = clock[arrays.TIME]
    for k in range(len(src)):
        volt = tree.volt[src[k].place]
        asks = source_asks(src, k, volt, src[k].now_a, src[k].joules)
        if src[k].battery:
            if asks:
                _battery_threshold(src, clock, log, k, volt, t)
            if src[k].due <= t:
                _battery_due(src, clock, log, k, volt, t)
            if src[k].charge_due <= t:
                _charge(src, clock, log, k, volt, t)
        else:
            if asks:
                _shelf_threshold(src, clock, log, k, t)
            _overload_due(src, clock, log, k, t)
            if src[k].due <= t:
                _shelf_due(src, clock, log, k, t)


@kernel
def _shelf_threshold(src: Records, clock: Floats, log: Records, k: int, t: float) -> None:
    if src[k].mode == arrays.SHELF_HOLDS:
        if src[k].joules <= 0.0:
            _shelf_off(src, k)
            say(clock, log, arrays.SAYS_HOLD_UP_EMPTY, k)
        elif src[k].step_v > 0.0 and not src[k].stepped and src[k].joules <= 0.5 * src[k].full_j:
            src[k].stepped = True
            ramp_set_point(src, k, src[k].volt - src[k].step_v, t, t + src[k].step_s)
            say(clock, log, arrays.SAYS_STEPPED_DOWN, k)
    over = levels_above(src, src[k].now_a, k)
    for level in range(src[k].levels):
        if level >= over:
            src[k].level_due[level] = NEVER
        elif level >= src[k].over:
            src[k].level_due[level] = t + src[k].allowed_s[level]
    if over == 0 and src[k].level < src[k].levels:
        src[k].rest_due = t + src[k].rest_s
    elif over > 0:
        src[k].rest_due = NEVER
    src[k].over = over


@kernel
def _overload_due(src: Records, clock: Floats, log: Records, k: int, t: float) -> None:
    for level in range(src[k].levels):
        if src[k].level_due[level] <= t:
            src[k].level_due[level] = NEVER
            if src[k].level > level:
                src[k].level = level
                say(clock, log, arrays.SAYS_OVERLOAD_OVER, k)
    if src[k].rest_due <= t:
        src[k].rest_due = NEVER
        src[k].level = src[k].levels
        say(clock, log, arrays.SAYS_OVERLOAD_AGAIN, k)


@kernel
def _shelf_off(src: Records, k: int) -> None:
    src[k].mode = arrays.SHELF_OFF
    src[k].now_a = 0.0


@kernel
def _shelf_due(src: Records, clock: Floats, log: Records, k: int, t: float) -> None:
    """The restart: full voltage at once, the limit walks in."""
    src[k].due = NEVER
    if src[k].mode != arrays.SHELF_RESTARTS:
        return
    src[k].mode = arrays.SHELF_ON
    src[k].stepped = False
    src[k].set_v[arrays.FROM_V] = src[k].volt
    src[k].set_v[arrays.TO_V] = src[k].volt
    src[k].set_v[arrays.WALK_BEGIN_S] = t
    src[k].set_v[arrays.WALK_END_S] = t + src[k].walk_in_s
    src[k].level = src[k].levels
    say(clock, log, arrays.SAYS_RESTARTS, k)


@kernel
def feed_changes(src: Records, feeds: Records, clock: Floats, log: Records, feed: int, left: float) -> None:
    """A feed stands at another share of its voltage: its shelves hold, go on, or start again."""
    t = clock[arrays.TIME]
    feeds[feed].left = left
    say(clock, log, arrays.SAYS_FEED, feed)
    lost = False
    for k in range(len(src)):
        if src[k].battery or src[k].feed != feed:
            continue
        mode = src[k].mode
        if left < src[k].least_input:
            if mode == arrays.SHELF_ON:
                lost = True
                src[k].mode = arrays.SHELF_HOLDS
                say(clock, log, arrays.SAYS_INPUT_LOST, k)
                if src[k].joules <= 0.0:
                    _shelf_off(src, k)
            elif mode == arrays.SHELF_RESTARTS:
                src[k].mode = arrays.SHELF_OFF
                src[k].due = NEVER
        elif mode == arrays.SHELF_HOLDS:
            src[k].mode = arrays.SHELF_ON
            if src[k].stepped:
                src[k].stepped = False
                ramp_set_point(src, k, src[k].volt, t, t + src[k].step_s)
            say(clock, log, arrays.SAYS_INPUT_BACK, k)
        elif mode == arrays.SHELF_OFF:
            src[k].mode = arrays.SHELF_RESTARTS
            src[k].due = t + src[k].restart_s
            say(clock, log, arrays.SAYS_INPUT_BACK, k)
    if lost:
        for k in range(len(src)):
            if src[k].battery and src[k].signal and src[k].mode in (arrays.STANDBY, arrays.LOW):
                _trigger(src, clock, log, k, t)


@kernel
def source_fails(src: Records, feeds: Records, clock: Floats, log: Records, k: int, works: bool) -> None:
    """A shelf or battery fails, or comes back."""
    t = clock[arrays.TIME]
    say(clock, log, arrays.SAYS_WORKS if works else arrays.SAYS_FAILED, k)
    src[k].due = NEVER
    src[k].charging = False
    if src[k].battery:
        src[k].mode = arrays.STANDBY if works else arrays.BATTERY_FAILED
        src[k].charge_due = t + src[k].release_s if works else NEVER
    elif works:
        fed = feeds[src[k].feed].left >= src[k].least_input
        src[k].mode = arrays.SHELF_RESTARTS if fed else arrays.SHELF_OFF
        src[k].due = t + src[k].restart_s if fed else NEVER
    else:
        src[k].mode = arrays.SHELF_FAILED
    if not works:
        src[k].now_a = 0.0


@kernel
def _trigger(src: Records, clock: Floats, log: Records, k: int, t: float) -> None:
    if src[k].joules <= 0.0:
        src[k].mode = arrays.EMPTY
        return
    src[k].mode = arrays.STARTS
    src[k].due = t + src[k].start_s
    src[k].charging = False
    say(clock, log, arrays.SAYS_TRIGGERED, k)


@kernel
def _battery_threshold(src: Records, clock: Floats, log: Records, k: int, volt: float, t: float) -> None:
    mode = src[k].mode
    if mode == arrays.STANDBY:
        if src[k].charging and src[k].joules >= src[k].full_j:
            src[k].charging = False
            say(clock, log, arrays.SAYS_CHARGED, k)
        elif src[k].charging and volt < src[k].charge_above_v:
            src[k].charging = False
            src[k].charge_due = t + src[k].release_s
        if volt < src[k].trigger_v:
            src[k].mode = arrays.LOW
            src[k].due = t + src[k].trigger_s
    elif mode == arrays.LOW:
        src[k].mode = arrays.STANDBY
        src[k].due = NEVER
    elif mode == arrays.GIVES and src[k].joules <= 0.0:
        src[k].mode = arrays.EMPTY
        src[k].now_a = 0.0
        src[k].charge_due = t + src[k].release_s
        say(clock, log, arrays.SAYS_EMPTY, k)
    elif mode == arrays.GIVES:
        src[k].mode = arrays.QUIET
        src[k].due = t + src[k].release_s
    elif mode == arrays.QUIET:
        src[k].mode = arrays.GIVES
        src[k].due = NEVER


@kernel
def _battery_due(src: Records, clock: Floats, log: Records, k: int, volt: float, t: float) -> None:
    src[k].due = NEVER
    mode = src[k].mode
    if mode == arrays.LOW:
        _trigger(src, clock, log, k, t)
    elif mode == arrays.STARTS:
        src[k].mode = arrays.GIVES if volt < src[k].volt else arrays.QUIET
        src[k].due = NEVER if volt < src[k].volt else t + src[k].release_s
        say(clock, log, arrays.SAYS_GIVES, k)
    elif mode == arrays.QUIET:
        src[k].mode = arrays.STANDBY
        src[k].now_a = 0.0
        src[k].charge_due = t
        say(clock, log, arrays.SAYS_STANDS_BY, k)


@kernel
def _charge(src: Records, clock: Floats, log: Records, k: int, volt: float, t: float) -> None:
    """Charging starts where the bus stands high enough, else it is asked again."""
    src[k].charge_due = NEVER
    mode = src[k].mode
    wanted = src[k].charges_w > 0.0 and src[k].joules < src[k].full_j
    if not wanted or (mode != arrays.STANDBY and mode != arrays.EMPTY and mode != arrays.LOW):
        return
    if mode != arrays.LOW and volt > src[k].charge_above_v * (1.0 + ROOM):
        src[k].mode = arrays.STANDBY
        src[k].charging = True
        say(clock, log, arrays.SAYS_CHARGING, k)
    else:
        src[k].charge_due = t + src[k].release_s


@kernel
def next_due(place: Records, src: Records, clock: Floats) -> float:
    """The earliest timer; corners of set-points and limits count."""
    t = clock[arrays.TIME]
    first = NEVER
    for n in range(len(place)):
        if place[n].due < first:
            first = place[n].due
    for k in range(len(src)):
        first = min(first, src[k].due, src[k].charge_due, src[k].rest_due)
        for level in range(src[k].levels):
            first = min(first, src[k].level_due[level])
        for corner in (arrays.RAMP_END_S, arrays.WALK_END_S):
            if src[k].set_v[corner] > t:
                first = min(first, src[k].set_v[corner])
    return first
