"""Open hours: how much of them lies before a time, and when so much more of them will have passed."""

from __future__ import annotations

import math

from rackwright.compiled import kernel
from rackwright.plant.floor.arrays import Records
from rackwright.plant.floor.records_kernel import calendar_at, float_at

#: A time so little before an opening [s] counts as open: times of a year are kept to 4e-9 s.
NEAR_S = 1e-6


@kernel
def is_open(f: Records, c: int, time_s: float) -> bool:
    """Whether calendar `c` is open at a time."""
    x = (
        time_s
        - math.floor((time_s + NEAR_S) / calendar_at(f.calendar, c).period_s) * calendar_at(f.calendar, c).period_s
    )
    for n in range(
        calendar_at(f.calendar, c).first, calendar_at(f.calendar, c).first + calendar_at(f.calendar, c).count
    ):
        if float_at(f.opens, 3 * n + 0).x - NEAR_S <= x < float_at(f.opens, 3 * n + 1).x - NEAR_S:
            return True
    return False


@kernel
def next_change_s(f: Records, c: int, time_s: float, opening: bool) -> float:
    """The next opening after a time, or else the next closing. Hours that touch the period's end are not joined."""
    period = calendar_at(f.calendar, c).period_s
    whole = math.floor((time_s + NEAR_S) / period) * period
    column = 0 if opening else 1
    for around in range(2):
        for n in range(
            calendar_at(f.calendar, c).first, calendar_at(f.calendar, c).first + calendar_at(f.calendar, c).count
        ):
            at_s = whole + around * period + float_at(f.opens, 3 * n + column).x
            if at_s > time_s + NEAR_S:
                return float(at_s)
    return math.inf


@kernel
def open_before_s(f: Records, c: int, time_s: float) -> float:
    """Open time from 0 to `time_s`."""
    periods = math.floor(time_s / calendar_at(f.calendar, c).period_s)
    x = time_s - periods * calendar_at(f.calendar, c).period_s
    total = periods * calendar_at(f.calendar, c).open_s
    for n in range(
        calendar_at(f.calendar, c).first, calendar_at(f.calendar, c).first + calendar_at(f.calendar, c).count
    ):
        total += min(
            max(x - float_at(f.opens, 3 * n + 0).x, 0.0),
            float_at(f.opens, 3 * n + 1).x - float_at(f.opens, 3 * n + 0).x,
        )
    return float(total)


@kernel
def after_open_s(f: Records, c: int, time_s: float, work_s: float) -> float:
    """The time by which `work_s` of open time has passed since `time_s`; no calendar (c < 0) is open always."""
    if c < 0 or work_s == 0.0:
        return time_s + work_s
    period = calendar_at(f.calendar, c).period_s
    x = time_s - math.floor((time_s + NEAR_S) / period) * period
    first, count = calendar_at(f.calendar, c).first, calendar_at(f.calendar, c).count
    for n in range(first, first + count):
        if float_at(f.opens, 3 * n + 0).x - NEAR_S <= x and x + work_s <= float_at(f.opens, 3 * n + 1).x:
            return time_s + work_s
    wanted = open_before_s(f, c, time_s) + work_s
    periods = math.floor(wanted / calendar_at(f.calendar, c).open_s)
    rest = wanted - periods * calendar_at(f.calendar, c).open_s
    if rest <= 0.0:
        periods, rest = periods - 1, calendar_at(f.calendar, c).open_s
    for n in range(first, first + count):
        if rest <= float_at(f.opens, 3 * n + 2).x + float_at(f.opens, 3 * n + 1).x - float_at(f.opens, 3 * n + 0).x:
            return float(periods * period + float_at(f.opens, 3 * n + 0).x + rest - float_at(f.opens, 3 * n + 2).x)
    return float(periods * period + float_at(f.opens, 3 * (first + count - 1) + 1).x)
