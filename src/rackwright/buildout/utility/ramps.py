"""Ramps and ranges of a site's power within windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Order of the high-pass behind which some limits are set; no text found states it. Assumed.
ORDER = 2


@dataclass(frozen=True, slots=True)
class Extreme:
    """A worst value and the end of the window in which it was found."""

    value: float
    at_s: float


def ramps(power_w: Floats, step_s: float, window_s: float) -> tuple[Extreme, Extreme]:
    """Steepest ramps up and down, both as numbers of 0 or more: largest rise and fall within a window, over it. [W/s]

    Between any two samples no farther apart than the window, so that a swing whose period divides the window is seen
    whole; a change between the window's ends alone would read nothing. A window shorter than one step is one step.
    Sliding minimum and maximum in O(samples).

    >>> up, down = ramps(np.array([0.0, 10.0, 20.0, 20.0, 0.0]), 0.5, 1.0)
    >>> up.value, up.at_s, down.value
    (20.0, 1.0, 20.0)
    >>> square = np.tile([4.0, 10.0], 100)  # a period of 2 s, a window of three periods
    >>> [worst.value for worst in ramps(square, 1.0, 6.0)]
    [1.0, 1.0]
    """
    from scipy.ndimage import maximum_filter1d, minimum_filter1d

    steps = window_steps(step_s, window_s)
    if steps >= power_w.size:
        raise ValueError(f"a ramp over {window_s:g} s needs a longer record than {power_w.size * step_s:g} s")
    # windows that end at a sample; those that would begin before the record repeat its first sample, which adds nothing
    count, origin = steps + 1, steps // 2
    rise_w = power_w - minimum_filter1d(power_w, count, mode="nearest", origin=origin)
    fall_w = maximum_filter1d(power_w, count, mode="nearest", origin=origin) - power_w
    window = steps * step_s
    rising, falling = int(np.argmax(rise_w)), int(np.argmax(fall_w))
    return (
        Extreme(float(rise_w[rising]) / window, rising * step_s),
        Extreme(float(fall_w[falling]) / window, falling * step_s),
    )


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


def above(power_w: Floats, step_s: float, corner_hz: float) -> Floats:
    """What is left of a record above a frequency: a Butterworth high-pass of second order, causal, as a meter has it.

    Before its start the record is taken as mirrored over five periods of the corner, so that the filter has settled on
    its level; the break of its rhythm there dies out within two periods of the corner, which nobody should judge. A jump comes out whole and swings back below zero by 21 %, so a range behind the filter may be wider than that of
    the record: a step of 1 W leaves 1.2 W.

    >>> left = above(np.concatenate([np.zeros(5000), np.ones(5000)]), 0.01, 0.1)
    >>> round(float(np.ptp(left)), 2)
    1.2
    """
    from scipy.signal import butter, sosfilt, sosfilt_zi

    sections = butter(ORDER, corner_hz, "highpass", fs=1.0 / step_s, output="sos")
    lead = min(window_steps(step_s, 5.0 / corner_hz), power_w.size)
    before = power_w[:lead][::-1]
    found, _ = sosfilt(sections, np.concatenate([before, power_w]), zi=sosfilt_zi(sections) * before[0])
    return np.asarray(found[lead:], dtype=np.float64)


def window_steps(step_s: float, window_s: float) -> int:
    """Steps in a window, one at least."""
    return max(round(window_s / step_s), 1)
