"""The symbolic phase: in which order to eliminate the nodes, and where each number of the factor comes to stand.

Done once per topology. The numeric phase then walks through flat arrays and never searches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Elimination:
    """A lower factor's pattern by columns, in the order of elimination.

    `place[node]` is the column of an unknown node. Column k holds rows `row[start[k]:start[k + 1]]`, rising. Eliminating
    column k changes the entries `target` for each pair of its rows, in the order in which the numeric phase walks.
    """

    place: Ints
    start: Ints
    row: Ints
    target: NDArray[np.int64]


def eliminate(count: int, first: Ints, second: Ints) -> Elimination:
    """Order the nodes of a graph for least fill (minimum degree) and find the pattern of its Cholesky factor.

    Parameters
    ----------
    count : int
        Unknown nodes.
    first, second : ndarray, shape (edges,)
        Nodes joined by each edge; parallel edges may stand more than once.
    """
    order = _minimum_degree(count, first, second)
    place = np.empty(count, np.int32)
    place[order] = np.arange(count, dtype=np.int32)
    low = np.minimum(place[first], place[second])
    high = np.maximum(place[first], place[second])
    below: list[set[int]] = [set() for _ in range(count)]
    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        if a != b:
            below[a].add(b)
    for rows in below:
        if rows:
            parent = min(rows)
            below[parent] |= rows
            below[parent].discard(parent)
    start = np.zeros(count + 1, np.int32)
    start[1:] = np.cumsum([len(rows) for rows in below])
    row = np.fromiter((r for rows in below for r in sorted(rows)), np.int32, int(start[-1]))
    return Elimination(place, start, row, _targets(start, row))


def _minimum_degree(count: int, first: Ints, second: Ints) -> NDArray[np.intp]:
    """Nodes in an order of small fill: SuperLU's minimum degree on A + A^T; its pivots are thrown away."""
    if count < 3:
        return np.arange(count)
    from scipy.sparse import coo_array, csc_array
    from scipy.sparse.linalg import splu

    ends = np.concatenate((first, second, np.arange(count, dtype=np.int32)))
    others = np.concatenate((second, first, np.arange(count, dtype=np.int32)))
    values = np.concatenate((np.full(2 * len(first), -1.0), np.full(count, 2.0 * len(first) + 1.0)))
    matrix = csc_array(coo_array((values, (ends, others)), shape=(count, count)))
    factor = splu(
        matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True, "Equil": False}
    )
    # perm_c tells to which column each node goes
    return np.argsort(factor.perm_c)


def _targets(start: Ints, row: Ints) -> NDArray[np.int64]:
    """Where each product of two entries of a column is subtracted: entry (lower row, upper row) of the upper's column."""
    found: list[int] = []
    positions = [
        {int(r): int(p) for p, r in enumerate(row[start[k] : start[k + 1]], start=int(start[k]))}
        for k in range(len(start) - 1)
    ]
    for k in range(len(start) - 1):
        rows = row[start[k] : start[k + 1]].tolist()
        for at, upper in enumerate(rows):
            column = positions[upper]
            found.extend(column[lower] for lower in rows[at + 1 :])
    return np.asarray(found, np.int64)
