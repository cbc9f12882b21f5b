"""A line as arrays: one record per station, place, step, phase, part, source, store and pool; what the event loop works on.

Kernels are compiled with the constants below, so this file must count among their sources: `compiled.kernel_folder` looks
for the words "from rackwright.compiled import".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: A structured array of one of the kinds below; compiled functions read its fields by name.
Records = Any


def plain(count: int) -> tuple[int, ...]:
    """0, 1, 2 ... as 64-bit numbers: a function that is handed a literal is compiled once more for each."""
    return tuple(cast("int", np.int64(number)) for number in range(count))


#: What a place's time goes to: the columns of `Floor.spent`.
IDLE, WORKS, BLOCKED, WAITS, DOWN, OFF = plain(6)
SPENT = ("starved", "work", "blocked", "waits", "down", "off")
#: Why a place waits.
FOR_NOTHING, FOR_OPENING, FOR_POOLS, FOR_KIT, FOR_BATCH = plain(5)
#: What comes next at a place's due time.
NOTHING, WORK_ENDS, OPENS = plain(3)
#: What becomes of a part that fails.
PASSES_ALWAYS, IS_REWORKED, GOES_TO_BENCH, IS_SCRAPPED = plain(4)
#: Ends of a route; -3 - k is store k.
FINISHED, SCRAPPED = -1, -2
STORE = -3
#: Kinds of sources.
ALWAYS, APART, SERIES = plain(3)
#: Jobs of the agenda.
SERVE, BEGIN, LEAVE, KIT, RUN, GO = plain(6)
#: How a call of the loop ended.
DONE, PARTS_FULL, OUT_FULL, TRACE_FULL, TOO_MANY, ZERO_LOOP, DEADLOCK, ENOUGH = plain(8)
#: Laws of times, and what a draw is for; a phase's work is WORK + the phase's number.
CONSTANT, EXPONENTIAL, GAMMA, LOGNORMAL, TRIANGULAR, EMPIRICAL = plain(6)
PASS, FOUND_AT, REWORK, SETUP, UP, REPAIR, BETWEEN, MIX, WORK = plain(9)
#: A first visit, a first attempt.
FIRST = plain(1)[0]
#: Items whose times are drawn at once where a station sees them nearly in order; a power of two.
AHEAD_BITS = 4
AHEAD = 1 << AHEAD_BITS

_I, _F = "i8", "f8"
LAW = np.dtype([("kind", _I), ("a", _F), ("b", _F), ("c", _F), ("first", _I), ("count", _I)])
STATION = np.dtype(
    [(name, _I) for name in (
        "first", "places", "capacity", "batch", "calendar", "visits", "keeps", "source", "setup", "up", "repair", "by_time",
        "loses", "crew", "queue", "queue_last", "queued", "blocked", "blocked_last", "yard", "yard_last", "free", "free_last",
        "frees", "filling", "kit", "kit_last", "store", "stores", "pending", "kit_pending", "setups", "started", "failed", "reworked",
        "risky",
    )] + [("setup_s", _F)]
)  # fmt: skip
PLACE = np.dtype(
    [(name, _I) for name in (
        "station", "number", "part", "parts", "op", "phase", "state", "why", "down", "runs", "comes", "failures", "held",
        "next_free", "last_free", "next_blocked", "is_blocked", "next_kit", "route", "fails", "pending", "visit", "charged",
    )] + [(name, _F) for name in ("begin_s", "left_s", "whole_s", "change_s", "act_s", "up_s", "since_s", "base_s")]
)  # fmt: skip
OP = np.dtype(
    [(name, _I) for name in (
        "station", "phase", "last", "next", "on_fail", "fail_next", "during", "resume", "rework", "most_tries", "route", "detour",
    )] + [(name, _F) for name in ("first_pass", "later_pass", "retest")]
)  # fmt: skip
PHASE = np.dtype(
    [(name, _I) for name in ("law", "purpose", "needs", "priority", "fresh", "onward", "again", "ahead")]
    + [("power_w", _F)]
)
#: Who waits for the same amounts at the same priority; `pools` has a bit for each pool that is asked for.
QUEUE = np.dtype([(name, _I) for name in ("first", "last", "count", "priority", "pools")])
PART = np.dtype(
    [(name, _I) for name in ("item", "source", "op", "next", "route", "tag", "tries")] + [("released_s", _F)]
)
SOURCE = np.dtype(
    [(name, _I) for name in (
        "kind", "station", "law", "first", "count", "items", "key", "tag", "campaign", "most_inside", "inside", "routes",
        "route_first", "due",
    )]
)  # fmt: skip
STORE_OF = np.dtype([(name, _I) for name in ("station", "held", "room", "per", "blocked", "blocked_last", "item")])
POOL = np.dtype([(name, _I) for name in ("size", "free", "calendar", "open", "locked")])
CALENDAR = np.dtype([("first", _I), ("count", _I), ("period_s", _F), ("open_s", _F)])
#: A match of the winner tree: who wins it, and by which time and order.
MATCH = np.dtype([("time_s", _F), ("seq", _I), ("entity", _I)])
LEFT = np.dtype([("finish_s", _F), ("release_s", _F), ("item", _I), ("source", _I), ("route", _I), ("good", _I)])
SEEN = np.dtype([("time_s", _F), ("place", _I), ("state", _I), ("item", _I), ("source", _I)])


#: Arrays that the loop reaches by their address, and how many rows some of them have.
ADDRESSES = (
    "station", "place", "op", "phase", "queue", "need", "rise", "part", "visits", "source", "share", "start", "store", "pool", "calendar",
    "opens", "law", "value", "ahead", "known", "series", "tree", "agenda", "active", "next_wait", "asked", "stuck", "key", "spent",
    "inside_s", "load", "out", "seen",
)  # fmt: skip
SIZES = ("stations", "places", "sources", "pools", "columns", "leaves", "ring", "bins", "outs", "seens")
#: Running numbers of the loop: `left` parts out of the line, `good` of them finished; `traced` -1: no trace; `suspect`: look
#: for a deadlock; `current`: whose event is worked off; `due_s`: when it is
#: due next.
RUNNING = (
    "seq", "asks", "events", "inside", "left", "good", "free_part", "free_parts", "waiting", "scan", "head", "tail", "same_time",
    "current", "traced", "risky", "suspect", "patience", "week",
)  # fmt: skip
CLOCK = ("now", "due_s", "inside_since", "load_w", "load_since", "load_bin_s")
TABLE = np.dtype([(name, _I) for name in (*ADDRESSES, *SIZES, *RUNNING)] + [(name, _F) for name in CLOCK])


@dataclass
class Floor:
    """Everything the event loop reads and writes; a loop that was left can go on from it.

    `table` is one record with the address of every array, so that a compiled function is handed one pointer: handing over
    forty arrays costs more than an event.
    """

    rows: dict[str, NDArray[Any]]
    table: NDArray[np.void]

    def __getitem__(self, name: str) -> Any:
        """An array by its name in `ADDRESSES`."""
        return self.rows[name]

    def number(self, name: str) -> int:
        """A running number or size by its name."""
        return int(self.table[0][name])

    def bind(self) -> None:
        """Writes addresses and sizes anew, after an array has been exchanged."""
        table, rows = self.table[0], self.rows
        for name in ADDRESSES:
            table[name] = rows[name].ctypes.data
        table["stations"], table["places"], table["sources"] = (
            len(rows["station"]),
            len(rows["place"]),
            len(rows["source"]),
        )
        table["pools"], table["columns"], table["leaves"] = (
            len(rows["pool"]),
            rows["visits"].shape[1],
            len(rows["tree"]) // 2,
        )
        table["ring"], table["bins"] = len(rows["agenda"]), len(rows["load"])
        table["outs"], table["seens"] = len(rows["out"]), len(rows["seen"])

    def grow(self, name: str) -> None:
        """Twice the rows of the room for parts or for what left."""
        old = self.rows[name]
        new = np.zeros((2 * len(old), *old.shape[1:]), old.dtype)
        new[: len(old)] = old
        self.rows[name] = new
        self.bind()
