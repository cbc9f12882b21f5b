"""Power supplies through dips of the voltage, step by step."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel

Floats = NDArray[np.float64]

#: What a supply lives on.
GRID, STORED, BATTERY, RETURNING = 0, 1, 2, 3


@kernel
def ride(
    voltage: Floats,
    step_s: float,
    current_most: float,
    dropout: float,
    hold_up_s: float,
    refill_share: float,
    dips_most: int,
    dips_window_s: float,
    return_above: float,
    return_after_s: float,
    walk_in_s: float,
    grid: Floats,
    state: NDArray[np.int64],
) -> float:
    """Share of the load that the grid carries at each step, written to `grid`; returns the energy left out (s at load).

    Above `dropout` the input takes its load up to `current_most` times the rated current; what is missing comes out of
    `hold_up_s` seconds at full load. Empty, the battery takes over and the grid sees nothing, until the voltage has
    stood above `return_above` for `return_after_s`; then the load walks back in a straight line over `walk_in_s`.
    `dips_most` dips beginning within `dips_window_s` transfer at once (0: not counted).
    """
    stored_s, steady_s, walked, missing_s = hold_up_s, 0.0, 1.0, 0.0
    on_battery = False
    recent = np.full(max(dips_most, 1), -1e30)
    newest = 0
    low_before = False
    for at in range(voltage.size):
        v = voltage[at]
        low = v < return_above
        if dips_most > 0 and low and not low_before:
            recent[newest] = at * step_s
            newest = (newest + 1) % dips_most
            # the slot to be written next holds the oldest of the last `dips_most` dips
            if at * step_s - recent[newest] <= dips_window_s:
                on_battery = True
                walked = 0.0
        low_before = low
        can = min(1.0, v * current_most) if v > dropout else 0.0
        if on_battery:
            steady_s = 0.0 if low else steady_s + step_s
            grid[at], state[at] = 0.0, BATTERY
            if steady_s >= return_after_s:
                on_battery, steady_s, stored_s = False, 0.0, hold_up_s
            missing_s += step_s
            continue
        if walked < 1.0:
            middle = 1.0 if walk_in_s <= 0 else min(walked + step_s / walk_in_s / 2, 1.0)
            walked = 1.0 if walk_in_s <= 0 else min(walked + step_s / walk_in_s, 1.0)
            grid[at], state[at] = min(middle, can), RETURNING
            missing_s += (1.0 - grid[at]) * step_s
            if can < middle and low:
                on_battery, walked = True, 0.0
            continue
        need = 1.0 - can
        grid[at], state[at] = can, STORED if need > 0 else GRID
        missing_s += need * step_s
        if need > 0:
            stored_s -= need * step_s
            if stored_s < -1e-12:
                on_battery, walked = True, 0.0
        else:
            # what was lent is taken back as extra input current, slowly beside the load
            back = min(hold_up_s - stored_s, refill_share * step_s)
            stored_s += back
            grid[at] += back / step_s
    return missing_s
