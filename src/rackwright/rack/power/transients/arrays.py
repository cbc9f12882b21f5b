"""The row as arrays and records: what stands at each place, each source and each store, and how it moves.

Places are the nodes of the tree, parents first; a place's line is the one towards its parent. What the elimination
touches is an array of its own (`Tree`); what only decides is a record, because a compiled function takes long to
compile when it is handed a hundred arrays. Kernels are compiled with the constants below, so this file must count
among their sources: `compiled.kernel_folder` looks for the words "from rackwright.compiled import".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A structured array of one of the kinds below; compiled functions read its fields by name.
Records = Any

#: Modes of a load; it takes power in the first and the last.
LOAD_ON, LOAD_OFF, LOAD_WAITS, LOAD_CHARGES, LOAD_RISES = range(5)
#: Hot-swap of a place's capacitor.
CLOSED, OPEN, CHARGING = range(3)
#: Modes of a shelf and of a battery.
SHELF_ON, SHELF_HOLDS, SHELF_OFF, SHELF_RESTARTS, SHELF_FAILED = range(5)
STANDBY, LOW, STARTS, GIVES, QUIET, EMPTY, BATTERY_FAILED = range(10, 17)
#: What the log says; the words stand in `simulate.py`.
(
    SAYS_LET_GO, SAYS_WAITS, SAYS_CHARGES, SAYS_TAKES_UP, SAYS_INPUT_LOST, SAYS_INPUT_BACK, SAYS_STEPPED_DOWN,
    SAYS_HOLD_UP_EMPTY, SAYS_RESTARTS, SAYS_OVERLOAD_OVER, SAYS_OVERLOAD_AGAIN, SAYS_TRIGGERED, SAYS_GIVES,
    SAYS_STANDS_BY, SAYS_EMPTY, SAYS_CHARGING, SAYS_CHARGED, SAYS_FAILED, SAYS_WORKS, SAYS_FEED, SAYS_JUMP,
) = range(21)  # fmt: skip
#: Places of the clock.
TIME, STEP, SMOOTH, DUE, STEPS, REFUSED, LOGGED, NEXT_EVENT, SOLVES, LOWEST_V, CAPACITOR_J, USED_DH, CLAMP_J = range(13)
CLOCK = 13
#: Levels of overload that a shelf may have.
LEVELS = 4
#: Places of a set-point's ramp: from, to, begin, end; its limit walks in between the last two.
FROM_V, TO_V, RAMP_BEGIN_S, RAMP_END_S, WALK_BEGIN_S, WALK_END_S = range(6)

F, N = np.float64, np.int64


def _fields(kind: type, names: str) -> list[tuple[str, type]]:
    return [(name, kind) for name in names.split()]


#: What stands at a place and decides: the load, its timers, its sums.
PLACE = np.dtype(
    [
        *_fields(F, "off_v on_v restart_s ramp_s factor due since scale jump left_w right_w load_j lowest_v lowest_s"),
        *_fields(N, "has_load column skew mode"),
    ]
)
#: Shelves and batteries: figures, state, sums, and what both stages of a step found.
SOURCE = np.dtype(
    [
        *_fields(F, "volt siemens lag limit_a rest_s full_j step_v step_s least_input full_input restart_s walk_in_s"),
        *_fields(F, "refill_w trigger_v trigger_s start_s charges_w charge_above_v release_s loss_share"),
        *_fields(F, "now_a joules due rest_due charge_due given_j loss_j taken_j lag_w star_a then_j charge_w"),
        *_fields(N, "place battery feed levels signal mode charging stepped level over region"),
        ("loss", F, (3,)),
        ("share", F, (LEVELS + 1,)),
        ("allowed_s", F, (LEVELS,)),
        ("level_due", F, (LEVELS,)),
        ("set_v", F, (6,)),
        ("stage_a", F, (2,)),
        ("stage_v", F, (2,)),
        ("stage_limit_a", F, (2,)),
    ]
)
#: Banks of capacitors behind converters; store m follows the places `followed[first:last]`.
STORE = np.dtype(
    [
        *_fields(F, "farad full_j least_j home_j most_w ohm average_s restore_s lag loss_share"),
        *_fields(F, "mean_w now_w joules then_mean_w given_j loss_j"),
        *_fields(N, "place first last"),
        ("measured_w", F, (2,)),
        ("stage_w", F, (2,)),
        ("stage_inner_w", F, (2,)),
    ]
)
FEED = np.dtype(_fields(F, "left joules reported_j"))
#: A line of the log; an event from outside (0 feed, 1 source, 2 load).
SAID = np.dtype([*_fields(F, "time_s"), *_fields(N, "what at")])
HAPPENING = np.dtype([*_fields(F, "time_s value"), *_fields(N, "what at")])


class Tree(NamedTuple):
    """What the elimination touches, by place; arrays of two rows hold both stages of a step."""

    parent: Ints
    ohm: Floats
    henry: Floats
    farad: Floats
    esr: Floats
    least_v: Floats
    inrush_a: Floats
    #: Outside a hot-swap: voltage above which a clamp carries, and its conductance there and below the return.
    clamp_v: Floats
    clamp_s: Floats
    swap: Ints
    #: The state at the last accepted instant: voltage, current of the line, voltage inside the capacitor, its slope.
    volt: Floats
    line_a: Floats
    inner_v: Floats
    rate: Floats
    line_j: Floats
    #: Companion conductances and what a line and a capacitor keep of the past.
    g: Floats
    keep: Floats
    cap_g: Floats
    cap_gain: Floats
    line_star: Floats
    inner_star: Floats
    push: Floats
    balance: Floats
    pivot: Floats
    before: Floats
    load_w: Floats
    demand_w: Floats
    stage_v: Floats
    stage_a: Floats
    stage_inner_v: Floats


class Report(NamedTuple):
    """What is written at every reporting instant; (samples, asked) and so on."""

    asked: Ints
    volt: Floats
    source_a: Floats
    source_j: Floats
    feed_w: Floats
    store_w: Floats
    store_j: Floats
    lowest_v: Floats
