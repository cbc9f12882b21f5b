"""Which ends hang together: components of ends joined by links, by union and find."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel


@kernel
def components(a: NDArray[np.int64], b: NDArray[np.int64], ends: int) -> NDArray[np.int64]:
    """Component of each link (links,), numbered from 0 in the order of first appearance.

    Links join end `a[i]` to end `b[i]`, both below `ends`.
    """
    above = np.arange(ends)
    for i in range(len(a)):
        x, y = a[i], b[i]
        while above[x] != x:
            above[x] = above[above[x]]
            x = above[x]
        while above[y] != y:
            above[y] = above[above[y]]
            y = above[y]
        if x < y:
            above[y] = x
        elif y < x:
            above[x] = y
    number = np.full(ends, -1, np.int64)
    found = np.empty(len(a), np.int64)
    count = 0
    for i in range(len(a)):
        x = a[i]
        while above[x] != x:
            above[x] = above[above[x]]
            x = above[x]
        if number[x] < 0:
            number[x] = count
            count += 1
        found[i] = number[x]
    return found
