"""From named numpy blocks to the arrays that HiGHS takes. Knows nothing of plans.

A block of columns or rows is an array of indexes of some shape, with a name and labels for each axis; entries are
triplets of whole arrays. Nothing loops over single columns but the writing of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Indexes = NDArray[np.int64]
Floats = NDArray[np.float64]
INFINITY = float("inf")


@dataclass(frozen=True, slots=True)
class Block:
    """`index` holds the number of each column or row, -1 where there is none; labels name the axes."""

    name: str
    index: Indexes
    labels: tuple[Sequence[str], ...]

    def names(self) -> dict[int, str]:
        """Number -> `built[gb300,ohio,2026-W14]`."""
        places = np.argwhere(self.index >= 0)
        return {
            int(
                self.index[tuple(place)]
            ): f"{self.name}[{','.join(self.labels[axis][at] for axis, at in enumerate(place))}]"
            for place in places
        }


@dataclass(frozen=True, slots=True)
class Arrays:
    """A linear program: min c x, row_lower <= A x <= row_upper, lower <= x <= upper; A by columns."""

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    starts: Indexes
    rows: Indexes
    values: Floats


@dataclass(slots=True)
class Builder:
    """Collects blocks and entries; `arrays` puts them together."""

    columns: dict[str, Block] = field(default_factory=dict)
    rows: dict[str, Block] = field(default_factory=dict)
    lower: list[Floats] = field(default_factory=list)
    upper: list[Floats] = field(default_factory=list)
    row_lower: list[Floats] = field(default_factory=list)
    row_upper: list[Floats] = field(default_factory=list)
    column_count: int = 0
    row_count: int = 0
    entry_rows: list[Indexes] = field(default_factory=list)
    entry_columns: list[Indexes] = field(default_factory=list)
    entry_values: list[Floats] = field(default_factory=list)

    def add_columns(
        self,
        name: str,
        labels: tuple[Sequence[str], ...],
        *,
        lower: Floats | float = 0.0,
        upper: Floats | float = INFINITY,
        where: NDArray[np.bool_] | None = None,
    ) -> Indexes:
        """A block of columns shaped by its labels; only those `where` is true exist, the others are -1."""
        shape = tuple(len(axis) for axis in labels)
        index, chosen = _number(shape, where, self.column_count)
        self.lower.append(np.broadcast_to(lower, shape)[chosen].astype(np.float64))
        self.upper.append(np.broadcast_to(upper, shape)[chosen].astype(np.float64))
        self.column_count += int(chosen.sum())
        self.columns[name] = Block(name, index, labels)
        return index

    def add_rows(
        self,
        name: str,
        labels: tuple[Sequence[str], ...],
        *,
        lower: Floats | float = -INFINITY,
        upper: Floats | float = INFINITY,
        where: NDArray[np.bool_] | None = None,
    ) -> Indexes:
        """A block of rows, like `add_columns`."""
        shape = tuple(len(axis) for axis in labels)
        index, chosen = _number(shape, where, self.row_count)
        self.row_lower.append(np.broadcast_to(lower, shape)[chosen].astype(np.float64))
        self.row_upper.append(np.broadcast_to(upper, shape)[chosen].astype(np.float64))
        self.row_count += int(chosen.sum())
        self.rows[name] = Block(name, index, labels)
        return index

    def put(self, rows: Indexes, columns: Indexes, values: Floats | float) -> None:
        """Entries; the three broadcast to one shape, and those of a row or column that does not exist are left out."""
        shape = np.broadcast_shapes(rows.shape, columns.shape, np.shape(values))
        flat_rows = np.broadcast_to(rows, shape).ravel()
        flat_columns = np.broadcast_to(columns, shape).ravel()
        flat_values = np.broadcast_to(np.asarray(values, dtype=np.float64), shape).ravel()
        kept = (flat_rows >= 0) & (flat_columns >= 0) & (flat_values != 0.0)
        self.entry_rows.append(flat_rows[kept])
        self.entry_columns.append(flat_columns[kept])
        self.entry_values.append(flat_values[kept])

    def arrays(self) -> Arrays:
        """The program by columns; entries at one place are added up."""
        rows = np.concatenate(self.entry_rows) if self.entry_rows else np.zeros(0, np.int64)
        columns = np.concatenate(self.entry_columns) if self.entry_columns else np.zeros(0, np.int64)
        values = np.concatenate(self.entry_values) if self.entry_values else np.zeros(0)
        key = columns * max(self.row_count, 1) + rows
        order = np.argsort(key, kind="stable")
        key, values = key[order], values[order]
        first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if key.size else np.zeros(0, np.int64)
        summed = np.add.reduceat(values, first) if key.size else values
        kept_columns, kept_rows = key[first] // max(self.row_count, 1), key[first] % max(self.row_count, 1)
        starts = np.concatenate(([0], np.cumsum(np.bincount(kept_columns, minlength=self.column_count))))
        return Arrays(
            lower=_joined(self.lower),
            upper=_joined(self.upper),
            row_lower=_joined(self.row_lower),
            row_upper=_joined(self.row_upper),
            starts=starts.astype(np.int64),
            rows=kept_rows,
            values=summed,
        )

    def costs(self, by_block: dict[str, Floats | float]) -> Floats:
        """A cost vector from costs by block of columns; blocks that are not named cost nothing."""
        cost = np.zeros(self.column_count)
        for name, amount in by_block.items():
            index = self.columns[name].index
            chosen = index >= 0
            cost[index[chosen]] = np.broadcast_to(amount, index.shape)[chosen]
        return cost

    def column_names(self) -> list[str]:
        """The name of every column, in order."""
        return _names(self.columns, self.column_count)

    def row_names(self) -> list[str]:
        """The name of every row, in order."""
        return _names(self.rows, self.row_count)


def _number(shape: tuple[int, ...], where: NDArray[np.bool_] | None, start: int) -> tuple[Indexes, NDArray[np.bool_]]:
    chosen = np.ones(shape, dtype=bool) if where is None else np.broadcast_to(where, shape)
    index = np.full(shape, -1, dtype=np.int64)
    index[chosen] = start + np.arange(int(chosen.sum()))
    return index, chosen


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


def _names(blocks: dict[str, Block], count: int) -> list[str]:
    names = [""] * count
    for block in blocks.values():
        for number, name in block.names().items():
            names[number] = name
    return names


def values_of(index: Indexes, solution: Floats) -> Floats:
    """A block's values in its own shape; zero where a column does not exist."""
    padded = np.append(solution, 0.0)
    return np.asarray(padded[index], dtype=np.float64)
