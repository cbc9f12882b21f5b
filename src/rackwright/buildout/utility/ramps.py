"""Ramps and ranges of a site's power within windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Extreme:
    """A worst value and the end of the window in which it was found."""

    value: float
    at_s: float


def ramps(power_w: Floats, step_s: float, window_s: float) -> tuple[Extreme, Extreme]:
    """Steepest ramps up and down, both as numbers of 0 or more: change over the window, divided by it. [W/s]

    That is the mean slope of every window; a window shorter than one step is one step. O(samples).

    >>> up, down = ramps(np.array([0.0, 10.0, 20.0, 20.0, 0.0]), 0.5, 1.0)
    >>> up.value, up.at_s, down.value
    (20.0, 1.0, 20.0)
    """
    steps = window_steps(step_s, window_s)
    if steps >= power_w.size:
        raise ValueError(f"a ramp over {window_s:g} s needs a longer record than {power_w.size * step_s:g} s")
    slope_w_s = (power_w[steps:] - power_w[:-steps]) / (steps * step_s)
    rising, falling = int(np.argmax(slope_w_s)), int(np.argmin(slope_w_s))
    up = Extreme(max(float(slope_w_s[rising]), 0.0), (rising + steps) * step_s)
    return up, Extreme(max(-float(slope_w_s[falling]), 0.0), (falling + steps) * step_s)


def widest_range(power_w: Floats, step_s: float, window_s: float) -> Extreme:
    """Highest less lowest within any window of `window_s`, both its ends included. [W]

    Sliding maximum and minimum in O(samples). A window longer than the record is the record.

    >>> widest_range(np.array([5.0, 0.0, 3.0, 9.0]), 1.0, 1.0)
    Extreme(value=6.0, at_s=3.0)
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    count = min(window_steps(step_s, window_s) + 1, power_w.size)
    # origin: the window ends at its sample; the first windows, which would begin before the record, fall away
    origin = (count - 1) // 2
    highest = maximum_filter1d(power_w, count, mode="nearest", origin=origin)[count - 1 :]
    lowest = minimum_filter1d(power_w, count, mode="nearest", origin=origin)[count - 1 :]
    at = int(np.argmax(highest - lowest))
    return Extreme(float(highest[at] - lowest[at]), (at + count - 1) * step_s)


def window_steps(step_s: float, window_s: float) -> int:
    """Steps in a window, one at least."""
    return max(round(window_s / step_s), 1)
