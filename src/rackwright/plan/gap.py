"""How far a plan may be from the best: of what a plan decides about, in dollars and in modules."""

from __future__ import annotations

import numpy as np

from rackwright.plan.compile import Floats
from rackwright.plan.question import Numbers


def cheapest_bill_usd(n: Numbers) -> Floats:
    """Least that the parts of a rack of each generation can cost (G,): each piece from its cheapest source."""
    piece = np.full(len(n.families), np.inf)
    for item in n.offers:
        row = n.families.index(item.family)
        piece[row] = min(piece[row], item.price_usd)
    for line, price in zip(n.lines, n.make_usd, strict=True):
        row = n.families.index(line.name)
        piece[row] = min(piece[row], float(price))
    ordered = (n.on_order.sum(axis=1) > 0) | (n.opening_stock > 0) | ~np.isfinite(piece)
    piece = np.where(ordered, np.minimum(piece, n.order_price_usd), piece)
    return np.asarray(n.rest_usd + n.use.T @ piece)


def controllable_usd(n: Numbers, total_usd: float, built: Floats) -> float:
    """The plan's cost less the cheapest bill of every rack that it builds (G, P, weeks): what a plan decides about."""
    return max(total_usd - float(cheapest_bill_usd(n) @ built.sum(axis=(1, 2))), 0.0)


def in_modules(n: Numbers, usd: float) -> float | None:
    """Dollars in modules of the cheapest expansion, None where the program has none."""
    costs = [item.cost_usd for item in n.expansions if item.cost_usd > 0]
    return usd / min(costs) if costs else None
