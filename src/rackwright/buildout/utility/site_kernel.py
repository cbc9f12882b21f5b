"""Sum of the racks of one job: each its own delay and scale, one common waveform."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Samples that are summed at a time: 8 kB, so that they and what is added to them stay in the fastest cache.
BLOCK = 1024


@kernel
def sliding_means(wave_w: Floats, first: int, count: int, many: int, repeats: bool) -> Floats:
    """Means over `many` fine samples, as one row for each place within a coarse step: (many, count).

    Row r, column u is the mean of the fine samples from `(first + u) * many + r` on. Beyond its ends the wave repeats,
    or stands still.
    """
    size = wave_w.size
    need = (count + 1) * many
    fine = np.empty(need)
    start = first * many
    for sample in range(need):
        place = start + sample
        fine[sample] = wave_w[place % size] if repeats else wave_w[min(max(place, 0), size - 1)]
    rows = np.empty((many, count))
    for column in range(count):
        for row in range(many):
            total = 0.0
            for sample in range(column * many + row, column * many + row + many):
                total += fine[sample]
            rows[row, column] = total / many
    return rows


@kernel
def add_taps(out: Floats, rows: Floats, row: Ints, shift: Ints, weight: Floats) -> None:
    """Add `weight[k] * rows[row[k], t + shift[k]]` to every `out[t]`; four taps at a time, block by block."""
    count, taps = out.size, row.size
    for begin in range(0, count, BLOCK):
        size = min(BLOCK, count - begin)
        part = out[begin : begin + size]
        tap = 0
        while tap + 4 <= taps:
            at0, at1 = begin + shift[tap], begin + shift[tap + 1]
            at2, at3 = begin + shift[tap + 2], begin + shift[tap + 3]
            one = rows[row[tap], at0 : at0 + size]
            two = rows[row[tap + 1], at1 : at1 + size]
            three = rows[row[tap + 2], at2 : at2 + size]
            four = rows[row[tap + 3], at3 : at3 + size]
            w0, w1, w2, w3 = weight[tap], weight[tap + 1], weight[tap + 2], weight[tap + 3]
            for t in range(size):
                part[t] += (w0 * one[t] + w1 * two[t]) + (w2 * three[t] + w3 * four[t])
            tap += 4
        while tap < taps:
            at0 = begin + shift[tap]
            one = rows[row[tap], at0 : at0 + size]
            w0 = weight[tap]
            for t in range(size):
                part[t] += w0 * one[t]
            tap += 1
