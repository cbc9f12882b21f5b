"""What can hold the plan back, week by week: its price, what it carries, and what more of it really saves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rackwright.plan.compile import Floats, Indexes
from rackwright.plan.model import KILO_USD, Model
from rackwright.plan.question import MEGA, OPEN_MARKET, Numbers, Question
from rackwright.plan.solve import Answer

#: What a price of pieces, places or megawatts below this is: nothing. [USD]
NOTHING_USD = 1e-3


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit over its weeks: rows whose right side, or columns whose upper bound, is `available`.

    A `relaxed` limit (money, most modules) binds in the program with shares of modules only: once whole modules are
    taken, it is their number that binds.
    """

    key: str
    kind: str
    unit: str
    path: str
    owner: str
    weeks: Indexes
    rows: Indexes
    columns: Indexes
    available: Floats
    relaxed: bool = False


def limits_of(q: Question, n: Numbers, model: Model, modules: Floats, lines: Floats) -> tuple[Limit, ...]:
    """Every limit, with the whole modules and lines that the plan takes counted as available."""
    return (
        *_plants(q, n, model, modules),
        *_suppliers(n, model),
        *_arrivals(q, n, model),
        *_lines(n, model, lines),
        *_sites(q, n, model),
        *_option(q, n, model),
        *_money(q, n, model),
    )


def price(limit: Limit, answer: Answer) -> Floats:
    """What one more unit in each of its weeks takes off the objective, in the objective's unit; never below zero."""
    raw = -answer.price[limit.rows] if limit.rows.size else -answer.reduced[limit.columns]
    return np.maximum(raw, 0.0)


def lateness_price_usd(limit: Limit, model: Model, answer: Answer) -> Floats:
    """Level 1's price by week. [USD of lateness per unit]"""
    usd = price(limit, answer) * model.usd_per_lateness
    return np.where(usd > NOTHING_USD, usd, 0.0)


def cost_price_usd(limit: Limit, model: Model, lateness: Answer, cost: Answer) -> Floats:
    """Level 2's price by week [USD per unit]; zero where more would lessen lateness, which comes before cost."""
    usd = price(limit, cost) * KILO_USD
    return np.where((usd > NOTHING_USD) & (lateness_price_usd(limit, model, lateness) == 0.0), usd, 0.0)


def _none() -> Indexes:
    return np.zeros(0, np.int64)


def added_units(n: Numbers, row: int, modules: Floats) -> Floats:
    """Units that finished modules add to a resource, by week."""
    at, added = np.arange(len(n.weeks)), np.zeros(len(n.weeks))
    plant = n.plants.index(n.resources[row].plant)
    for column in np.flatnonzero(n.added[row]):
        begins = np.maximum(n.quarters + n.expansions[column].lead, n.opens[plant])
        added += n.added[row, column] * (modules[column][:, None] * (at[None, :] >= begins[:, None])).sum(axis=0)
    return added


def made_capacity(n: Numbers, row: int, lines: Floats) -> Floats:
    """Pieces a week that finished own lines can make."""
    at = np.arange(len(n.weeks))
    done = at[None, :] >= (n.quarters + n.lines[row].lead)[:, None]
    return np.asarray(n.line_capacity[row] * (lines[row][:, None] * done).sum(axis=0))


def _plants(q: Question, n: Numbers, model: Model, modules: Floats) -> Iterator[Limit]:
    tail = {"burn_in": "burn_in.places", "test_power": "burn_in.power", "crew": "crew"}
    for row, item in enumerate(n.resources):
        yield Limit(
            key=f"plant.{item.plant}.{item.name}",
            kind="plant",
            unit=n.unit[row],
            path=f"plant.{item.plant}.{tail.get(item.name, f'stations.{item.name}.places')}",
            owner=q.plants[item.plant].owner or q.plan.owner or item.plant,
            weeks=np.arange(len(n.weeks)),
            rows=model.rows("plant")[row],
            columns=_none(),
            available=n.available[row] + added_units(n, row, modules),
        )


def _suppliers(n: Numbers, model: Model) -> Iterator[Limit]:
    for number, item in enumerate(n.offers):
        weeks = np.flatnonzero(item.open)
        if item.supplier != OPEN_MARKET and weeks.size:
            yield Limit(
                key=f"supplier.{item.supplier}.{item.family}",
                kind="supplier",
                unit="piece",
                path=f"plan.suppliers.{item.supplier}.parts.{item.family}.cap",
                owner=item.owner,
                weeks=weeks,
                rows=_none(),
                columns=model.columns("buy")[number][weeks],
                available=item.cap[weeks],
            )


def _arrivals(q: Question, n: Numbers, model: Model) -> Iterator[Limit]:
    """Opening stock and orders on the way: what no decision of the plan can change."""
    for row, family in enumerate(n.families):
        supply = n.on_order[row].copy()
        supply[:1] += n.opening_stock[row]
        declared = family in q.plan.start.on_order
        weeks = np.flatnonzero(supply > 0)
        if weeks.size:
            yield Limit(
                key=f"on_order.{family}",
                kind="on order",
                unit="piece",
                path=f"plan.start.{'on_order' if declared else 'stock'}.{family}",
                owner=next((item.owner for item in n.offers if item.family == family), q.plan.owner or "the planner"),
                weeks=weeks,
                rows=model.rows("part")[row][weeks],
                columns=_none(),
                available=supply[weeks],
            )


def _lines(n: Numbers, model: Model, lines: Floats) -> Iterator[Limit]:
    for row, item in enumerate(n.lines):
        capacity = made_capacity(n, row, lines)
        weeks = np.flatnonzero(capacity > 0)
        if weeks.size:
            yield Limit(
                key=f"make.{item.name}",
                kind="make",
                unit="piece",
                path=f"plan.make.{item.name}.capacity",
                owner=item.owner,
                weeks=weeks,
                rows=model.rows("line_capacity")[row][weeks],
                columns=_none(),
                available=capacity[weeks],
            )


def _sites(q: Question, n: Numbers, model: Model) -> Iterator[Limit]:
    for row, name in enumerate(n.sites):
        yield Limit(
            key=f"site.{name}",
            kind="site",
            unit="MW",
            path=f"buildout.sites.{name}.energised",
            owner=q.buildout.sites[name].owner or q.buildout.owner or name,
            weeks=np.arange(len(n.weeks)),
            rows=model.rows("energised")[row],
            columns=_none(),
            available=n.energised_w[row] / MEGA,
        )


def _option(q: Question, n: Numbers, model: Model) -> Iterator[Limit]:
    if q.option is None or n.option_row < 0 or not n.windows.size:
        return
    owner = "the option's holder"
    if q.option.per_window_racks is not None:
        yield Limit(
            key=f"option.{q.option.of}.window",
            kind="option",
            unit="rack",
            path="agreement.option.per_window",
            owner=owner,
            weeks=n.windows,
            rows=_none(),
            columns=model.columns("exercise"),
            available=np.full(n.windows.size, n.per_window),
        )
    yield Limit(
        key=f"option.{q.option.of}.cap",
        kind="option",
        unit="rack",
        path="agreement.option.cap",
        owner=owner,
        weeks=n.windows[:1],
        rows=model.rows("option_cap"),
        columns=_none(),
        available=np.array([n.option_cap]),
    )


def _money(q: Question, n: Numbers, model: Model) -> Iterator[Limit]:
    """Yearly capital, and the most modules at a plant."""
    owner = q.plan.owner or "the planner"
    for row, year in enumerate(n.years):
        week = np.flatnonzero(n.year_of[: len(n.weeks)] == row)[:1]
        yield Limit(
            f"capex.{year}", "money", "MUSD", "plan.capex", owner, week, model.rows("capex")[row : row + 1], _none(),
            n.capex_limit_usd[row : row + 1] / MEGA, relaxed=True,
        )  # fmt: skip
    for name, items in (("module_most", n.expansions), ("line_most", n.lines)):
        for row, item in enumerate(items):
            section = "expansions" if item.kind == "expansion" else "make"
            yield Limit(
                f"most.{item.name}.{item.plant}", "most", "module", f"plan.{section}.{item.name}.most", item.owner,
                np.zeros(1, np.int64), model.rows(name)[row : row + 1], _none(), np.array([float(item.most)]),
                relaxed=True,
            )  # fmt: skip
