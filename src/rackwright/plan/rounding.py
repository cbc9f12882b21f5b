"""Whole modules and own lines out of the linear program's shares, within each year's money."""

from __future__ import annotations

import numpy as np

from rackwright.plan.compile import Floats
from rackwright.plan.model import spending
from rackwright.plan.question import Investment, Numbers

#: A share this close below a half counts as a half, so that noise does not decide.
TIE = 1e-6


def whole_counts(n: Numbers, modules: Floats, lines: Floats) -> tuple[Floats, Floats]:
    """Round the running totals of modules (expansions, Q) and lines (lines, Q); then keep to the yearly limits.

    The running total of whole ones is never more than half a module from the program's, so capacity comes about when
    the program wanted it. Where a year's money is overspent, the module that was rounded up most moves to its next
    quarter, and out of the plan after the last: so the result always fits.

    >>> np.diff(np.round(np.cumsum([0.4, 0.4, 0.4, 0.4])), prepend=0.0).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    shares = np.concatenate((modules, lines))
    items = (*n.expansions, *n.lines)
    money = np.array([spending(n, item) for item in items]).reshape(len(items), len(n.years), n.quarters.size)
    wanted = np.cumsum(shares, axis=1)
    counts = np.diff(np.floor(wanted + 0.5 + TIE), axis=1, prepend=0.0)
    while (year := _overspent(n, money, counts)) is not None:
        _move_later(items, money, wanted, counts, year)
    return counts[: len(n.expansions)], counts[len(n.expansions) :]


def spent_usd(n: Numbers, items: tuple[Investment, ...], counts: Floats) -> Floats:
    """Money by year for counts (items, Q). [USD]"""
    total = np.zeros(len(n.years))
    for item, row in zip(items, counts, strict=True):
        total += spending(n, item) @ row
    return total


def _overspent(n: Numbers, money: Floats, counts: Floats) -> int | None:
    """The first year whose limit the counts break by more than a dollar."""
    spent = np.einsum("iyq,iq->y", money, counts) if counts.size else np.zeros(len(n.years))
    over = np.flatnonzero(spent > n.capex_limit_usd + 1.0)
    return int(over[0]) if over.size else None


def _move_later(items: tuple[Investment, ...], money: Floats, wanted: Floats, counts: Floats, year: int) -> None:
    """Of those that spend in the year, the one rounded up most goes to its next quarter, or out."""
    taken = np.cumsum(counts, axis=1) - wanted
    taken[~((counts > 0) & (money[:, year, :] > 0))] = -np.inf
    row, quarter = np.unravel_index(int(np.argmax(taken)), taken.shape)
    counts[row, quarter] -= 1.0
    later = int(quarter) + 1
    if later < counts.shape[1] and items[int(row)].quarters[later]:
        counts[row, later] += 1.0
