"""The frozen result of the plan: arrays with their axes, tables, prices."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.tables import Column, StageResult, TableSpec

Floats = NDArray[np.float64]


def _none(*shape: int) -> Floats:
    return np.zeros(shape)


WEEK = Column("week", "ISO week", type="week")
BUILD = TableSpec(
    "plan.build",
    "good racks finished, by week, plant and generation; rows of zero left out",
    (WEEK, Column("plant", "where", type="text"), Column("generation", "of rack", type="text"), Column("racks", "finished", "rack")),
)
DELIVERIES = TableSpec(
    "plan.deliveries",
    "racks live against racks required at the end of each half-year",
    (
        Column("half_year", "of the week's Thursday", type="text"),
        Column("generation", "of rack", type="text"),
        Column("required", "racks that must be live", "rack"),
        Column("live", "racks live", "rack"),
        Column("late", "racks late, after stand-ins of other generations", "rack"),
        Column("built", "good racks finished in the half-year", "rack"),
    ),
)
PURCHASES = TableSpec(
    "plan.purchases",
    "pieces that arrive, by family, supplier and year",
    (
        Column("year", "ISO year", type="text"),
        Column("family", "of parts", type="text"),
        Column("supplier", "who; `on order` is on the way at the start, `made` is our own line", type="text"),
        Column("pieces", "that arrive", "piece"),
        Column("cost_usd", "what they cost", "USD", shown="MUSD"),
    ),
)
STOCK = TableSpec(
    "plan.stock",
    "part stock at the end of each quarter",
    (WEEK, Column("family", "of parts", type="text"), Column("pieces", "in stock", "piece")),
)
EXPANSIONS = TableSpec(
    "plan.expansions",
    "modules and own lines bought: first week of the quarter, when they work, and what they cost",
    (
        Column("what", "module or line, and where", type="text"),
        Column("start", "money begins to be spent", type="week"),
        Column("works", "first week of use", type="week"),
        Column("count", "whole modules or lines", "piece"),
        Column("relaxed", "what the linear program wanted before rounding", "piece"),
        Column("cost_usd", "total", "USD", shown="MUSD"),
    ),
)
CAPEX = TableSpec(
    "plan.capex",
    "capital expenditure by year against its limit",
    (
        Column("year", "ISO year", type="text"),
        Column("spent_usd", "on modules and lines", "USD", shown="MUSD"),
        Column("limit_usd", "of the program", "USD", shown="MUSD"),
    ),
)
SHIP = TableSpec(
    "plan.ship",
    "racks shipped by quarter, plant and site",
    (
        WEEK,
        Column("plant", "from", type="text"),
        Column("site", "to", type="text"),
        Column("racks", "shipped in the quarter", "rack"),
    ),
)
LATE = TableSpec(
    "plan.late",
    "racks late by week, generation and commitment; rows of zero left out",
    (
        WEEK,
        Column("generation", "of rack", type="text"),
        Column("commitment", "contract or forecast", type="text"),
        Column("racks", "late", "rack"),
    ),
)
PRICES = TableSpec(
    "plan.prices",
    "what one more unit of a scarce thing is worth in a week; rows of zero left out",
    (
        WEEK,
        Column("what", "supplier cap, plant resource, energised site, capex limit", type="text"),
        Column("unit", "of the price", type="text"),
        Column("lateness_usd", "lateness saved by one more unit, at its weights (level 1)", "USD"),
        Column("cost_usd", "cost saved by one more unit at that lateness (level 2)", "USD"),
    ),
)
BOTTLENECKS = TableSpec(
    "plan.bottlenecks",
    "what holds the plan back, largest first: price times what is available, summed over its weeks",
    (
        Column("what", "supplier cap, plant resource, energised site, capex limit", type="text"),
        Column("path", "where the program says it", type="text"),
        Column("owner", "whose move it is", type="text"),
        Column("first", "first week with a price", type="week"),
        Column("last", "last week with a price", type="week"),
        Column("lateness_usd", "price of lateness times available", "USD", shown="MUSD"),
        Column("cost_usd", "price of cost times available", "USD", shown="MUSD"),
        Column("relief_rack_weeks", "rack-weeks of lateness that 5 % more of it saves, by solving again; none = not solved", "rack*week"),
        Column("relief_usd", "lateness that 5 % more of it saves, by solving again", "USD", shown="MUSD"),
    ),
)
MONEY = TableSpec(
    "plan.money",
    "cost by year and category; adds up to the objective of the second level plus pieces on order",
    (
        Column("year", "ISO year", type="text"),
        Column("category", "of cost", type="text"),
        Column("cost_usd", "in the year", "USD", shown="MUSD"),
    ),
)
IDLE = TableSpec(
    "plan.idle",
    "load of each plant resource by quarter",
    (
        WEEK,
        Column("plant", "which", type="text"),
        Column("resource", "which", type="text"),
        Column("load", "used over available in the quarter", "", shown="%"),
    ),
)
EXERCISE = TableSpec(
    "plan.exercise",
    "racks that the plan would have exercised at each window of the option",
    (WEEK, Column("racks", "exercised", "rack")),
)
LEVELS = TableSpec(
    "plan.levels",
    "both objectives before and after whole modules were taken",
    (
        Column("solve", "relaxed (shares of modules) or whole", type="text"),
        Column("lateness_usd", "level 1: weighted lateness", "USD", shown="MUSD"),
        Column("cost_usd", "level 2: cost at that lateness", "USD", shown="MUSD"),
    ),
)
TABLES: tuple[TableSpec, ...] = (
    BUILD, DELIVERIES, LATE, PURCHASES, STOCK, EXPANSIONS, CAPEX, SHIP, IDLE, MONEY, LEVELS, BOTTLENECKS, PRICES, EXERCISE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """A plant resource: what the plan uses of what is available, in pieces (places, watts, people), by week."""

    plant: str
    name: str
    used: Floats
    available: Floats


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """A scarce thing: weeks in which it has a price, what it carries, and what 5 % more of it buys."""

    key: str
    path: str
    owner: str
    kind: str
    first: int
    last: int
    lateness_usd: float
    cost_usd: float
    relief_rack_weeks: float | None
    relief_usd: float | None


@dataclass(frozen=True, slots=True)
class WeeklyPlan(StageResult):
    """The plan. Axes: G generations, P plants, S sites, F families, T weeks, 2 commitments (contract, forecast)."""

    generations: tuple[str, ...] = ()
    plants: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    solver: str = ""
    status: str = ""
    gap: float = 0.0
    built: Floats = field(default_factory=lambda: _none(0, 0, 0))  # (G, P, T)
    arrived: Floats = field(default_factory=lambda: _none(0, 0, 0))  # (G, S, T), in the week
    live: Floats = field(default_factory=lambda: _none(0, 0, 0))  # (G, S, T), stock
    finished: Floats = field(default_factory=lambda: _none(0, 0, 0))  # (G, P, T), stock at plants
    waiting: Floats = field(default_factory=lambda: _none(0, 0))  # (G, T): finished, late, and no power for them
    required: Floats = field(default_factory=lambda: _none(0, 2, 0))  # (G, 2, T), stock
    late: Floats = field(default_factory=lambda: _none(0, 2, 0))  # (G, 2, T)
    stock: Floats = field(default_factory=lambda: _none(0, 0))  # (F, T)
    years: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    cost_usd: Floats = field(default_factory=lambda: _none(0, 0))  # (categories, years)
    resources: tuple[Load, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()
    assumed_pipeline: tuple[str, ...] = ()
