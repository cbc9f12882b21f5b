"""Slices in Python's notation: links gathered into them, and expanded again."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
#: One end of a run: instance, slice of its nodes, slice of its ports.
End = tuple[int, str, str]


def expanded(text: str, count: int) -> Whole:
    """Numbers of a slice among `count`.

    >>> expanded("1:5:2", 8).tolist(), expanded("", 3).tolist(), expanded("-1", 4).tolist()
    ([1, 3], [0, 1, 2], [3])
    """
    parts = [int(part) if part.strip() else None for part in text.split(":")]
    if len(parts) == 1:
        if parts[0] is None:
            return np.arange(count)
        return np.array([parts[0] if parts[0] >= 0 else parts[0] + count])
    return np.arange(count)[slice(*parts)]


def runs(columns: tuple[Whole, Whole, Whole, Whole, Whole, Whole]) -> Iterator[tuple[End, End]]:
    """Links gathered into runs, in their order; columns: instance, node in it and port below, the same three above.

    A run is links of one pair of instances in which on each side either the node or the port moves by one even step
    (above zero) and the other stands, or both stand; so an expansion node by node, port by port, gives them back in order.
    """
    table = np.stack([np.asarray(column, dtype=np.int64) for column in columns], axis=1)
    if not len(table):
        return
    steps = np.diff(table, axis=0)
    fits = (steps[:, 0] == 0) & (steps[:, 3] == 0)
    for node, port in ((1, 2), (4, 5)):
        fits &= (steps[:, node] >= 0) & (steps[:, port] >= 0)
        fits &= (steps[:, node] > 0) != (steps[:, port] > 0)
    begins = np.flatnonzero(np.concatenate(([True], np.any(steps[1:] != steps[:-1], axis=1))))[: len(steps)]
    ends = np.append(begins[1:], len(steps))[: len(begins)]
    at = 0
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        if at > end:
            continue
        if fits[begin] and end - at >= 1:
            yield _run(table[at], steps[begin], end - at + 1)
            at = end + 1
        else:
            for one in range(at, end):
                yield _run(table[one], np.zeros(6, dtype=np.int64), 1)
            at = max(at, end)
    for one in range(at, len(table)):
        yield _run(table[one], np.zeros(6, dtype=np.int64), 1)


def _run(first: Whole, step: Whole, count: int) -> tuple[End, End]:
    start, by = first.tolist(), step.tolist()
    low = (start[0], _slice(start[1], by[1], count), _slice(start[2], by[2], count))
    return low, (start[3], _slice(start[4], by[4], count), _slice(start[5], by[5], count))


def _slice(first: int, step: int, count: int) -> str:
    """`first:stop:step` of `count` numbers, or of one where the step is zero."""
    if step == 0 or count == 1:
        return f"{first}:{first + 1}"
    stop = first + step * (count - 1) + 1
    return f"{first}:{stop}" if step == 1 else f"{first}:{stop}:{step}"
