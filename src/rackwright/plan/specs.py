"""The plan's tables and headlines, declared once."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

WEEK = Column("week", "ISO week", type="week")
QUARTER = Column("quarter", "first week of 13", type="week")
GENERATION = Column("generation", "of rack", type="text")
PLANT = Column("plant", "where it is built", type="text")
LIMIT = Column("what", "the limit: kind and names", type="text")
OWNER = Column("owner", "whose move it is", type="text")

BUILD = TableSpec(
    "plan.build",
    "good racks finished, by week, plant and generation; rows of zero left out",
    (WEEK, PLANT, GENERATION, Column("racks", "finished", "rack")),
)
DELIVERIES = TableSpec(
    "plan.deliveries",
    "racks required and live at the end of each half-year, and what happened in it",
    (
        Column("half_year", "of the week's Thursday", type="text"),
        GENERATION,
        Column("required", "racks that must be live at its end", "rack"),
        Column("live", "racks live at its end", "rack"),
        Column("late", "racks late at its end, after stand-ins of other generations", "rack"),
        Column("built", "good racks finished in it", "rack"),
        Column("arrived", "racks that arrived at sites in it", "rack"),
        Column("late_rack_weeks", "racks late, summed over its weeks", "rack*week"),
    ),
)
LIVE = TableSpec(
    "plan.live",
    "racks required, live and late at the end of each week",
    (
        WEEK,
        GENERATION,
        Column("required", "racks that must be live", "rack"),
        Column("live", "racks live", "rack"),
        Column("waiting", "racks on site that no energised power is left for", "rack"),
        Column("lent", "racks that do the work of another generation", "rack"),
        Column("late", "racks late, after stand-ins of other generations", "rack"),
    ),
)
LATE = TableSpec(
    "plan.late",
    "racks late by week, generation and commitment; rows of zero left out",
    (
        WEEK,
        GENERATION,
        Column("commitment", "contract or forecast", type="text"),
        Column("racks", "late", "rack"),
    ),
)
CAUSES = TableSpec(
    "plan.late_causes",
    "the first late week of each generation in each half-year: what holds the next rack back, and whose move it is",
    (
        WEEK,
        GENERATION,
        Column("racks", "late in that week", "rack"),
        LIMIT,
        Column("path", "where the program says it", type="text"),
        OWNER,
        Column("share", "part of the next rack's lateness value that this limit takes", "", shown="%"),
        Column("cause", "in words", type="text"),
    ),
)
PURCHASES = TableSpec(
    "plan.purchases",
    "pieces that arrive in each quarter, by family and source, and what they cost",
    (
        QUARTER,
        Column("family", "of parts", type="text"),
        Column("source", "a supplier, `own line`, or `on order` at the start", type="text"),
        Column("basis", "chosen, declared, or assumed (inside the lead, no order on the way declared)", type="text"),
        Column("pieces", "that arrive", "piece"),
        Column("cost_usd", "what they cost", "USD", shown="MUSD"),
    ),
)
STOCK = TableSpec(
    "plan.stock",
    "part stock at the end of each quarter, and its value",
    (
        QUARTER,
        Column("family", "of parts", type="text"),
        Column("pieces", "in stock", "piece"),
        Column("value_usd", "at the catalogue's cost", "USD", shown="MUSD"),
    ),
)
EXPANSIONS = TableSpec(
    "plan.expansions",
    "modules and own lines ordered, whole, and what the linear program wanted of them",
    (
        Column("what", "module, or own line of a family", type="text"),
        Column("plant", "where", type="text"),
        Column("ordered", "first week in which money is spent", type="week"),
        Column("finished", "first week of use", type="week"),
        Column("count", "whole modules or lines", "module"),
        Column("lp_count", "of the linear program", "module"),
        Column("cost_usd", "of the whole ones", "USD", shown="MUSD"),
    ),
)
CAPEX = TableSpec(
    "plan.capex",
    "capital expenditure on modules and own lines by year against its limit",
    (
        Column("year", "ISO year", type="text"),
        Column("spent_usd", "spread evenly over each lead time", "USD", shown="MUSD"),
        Column("limit_usd", "of the program", "USD", shown="MUSD"),
    ),
)
SHIP = TableSpec(
    "plan.ship",
    "racks that leave in each quarter, by plant, site and generation",
    (
        QUARTER,
        PLANT,
        Column("site", "to", type="text"),
        GENERATION,
        Column("racks", "that leave", "rack"),
        Column("freight_usd", "their freight", "USD", shown="kUSD"),
    ),
)
IDLE = TableSpec(
    "plan.idle",
    "load of each plant resource by quarter; the rest is idle",
    (
        QUARTER,
        PLANT,
        Column("resource", "which", type="text"),
        Column("unit", "of the two columns that follow", type="text"),
        Column("available", "mean of the quarter"),
        Column("used", "mean of the quarter"),
        Column("load", "used over available", "", shown="%"),
    ),
)
MONEY = TableSpec(
    "plan.money",
    "cost by year and category; its sum is level 2's objective and the pieces on the way at the start",
    (
        Column("year", "ISO year", type="text"),
        Column("category", "of cost", type="text"),
        Column("cost_usd", "in the year", "USD", shown="MUSD"),
    ),
)
LEVELS = TableSpec(
    "plan.levels",
    "both objectives: a bound that no plan beats, and the plan with whole modules",
    (
        Column("level", "1 lateness, 2 cost", type="text"),
        Column("lp_usd", "bound: with shares of modules, or refined; of cost, at that lateness", "USD", shown="MUSD"),
        Column("whole_usd", "with whole modules: the plan", "USD", shown="MUSD"),
        Column("difference_usd", "what whole modules cost at most", "USD", shown="MUSD"),
        Column("gap", "difference over the cost less each rack's cheapest bill", "", shown="%"),
        Column("modules", "difference in modules of the cheapest expansion", "module"),
    ),
)
BOTTLENECKS = TableSpec(
    "plan.bottlenecks",
    "what holds the plan back, largest first: price times what is available, summed over its weeks",
    (
        LIMIT,
        Column("path", "where the program says it", type="text"),
        OWNER,
        Column("first", "first week with a price", type="week"),
        Column("last", "last week with a price", type="week"),
        Column("lateness_usd", "price of lateness times available", "USD", shown="MUSD"),
        Column(
            "cost_usd",
            "the same by the price of cost, where more would not lessen lateness",
            "USD",
            shown="MUSD",
        ),
        Column("relief", "share by which all its weeks are relieved", "", shown="%"),
        Column("first_order_usd", "lateness that the price promises for the relief", "USD", shown="MUSD"),
        Column("relief_usd", "lateness that it really saves, by solving again; empty: not solved", "USD", shown="MUSD"),
        Column("relief_rack_weeks", "rack-weeks of lateness that it really saves", "rack*week"),
    ),
)
PRICES = TableSpec(
    "plan.prices",
    "what one more unit of a limit is worth in a week; rows without a price left out",
    (
        WEEK,
        LIMIT,
        Column("unit", "one more of this", type="text"),
        Column("available", "in that week, in units"),
        Column("lateness_usd", "lateness saved by one more unit (level 1)", "USD"),
        Column("rack_weeks", "contract rack-weeks that this week of it keeps on time", "rack*week"),
        Column("cost_usd", "cost saved by one more unit at the same lateness (level 2)", "USD"),
    ),
)
EXERCISE = TableSpec(
    "plan.exercise",
    "racks exercised at each window of the option: as late as the deliveries allow",
    (
        WEEK,
        Column("racks", "exercised", "rack"),
        Column("delivered_from", "a lead time later", type="week"),
        Column("total", "exercised so far", "rack"),
        Column("cap", "of the option", "rack"),
    ),
)
TABLES: tuple[TableSpec, ...] = (
    BUILD, DELIVERIES, LIVE, LATE, CAUSES, PURCHASES, STOCK, EXPANSIONS, CAPEX, SHIP, IDLE, MONEY, LEVELS, BOTTLENECKS,
    PRICES, EXERCISE,
)  # fmt: skip

HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("plan.racks_built", "rack", "good racks over the horizon, sample racks excluded"),
    ("plan.peak_racks_per_week", "rack/week", "good racks finished in the largest week"),
    ("plan.late_rack_weeks", "rack*week", "racks late, summed over weeks, after stand-ins of other generations"),
    ("plan.late_racks_at_end", "rack", "racks late in the horizon's last week"),
    ("plan.waiting_for_power", "rack", "most racks on site in one week that no energised power is left for"),
    (
        "plan.binding",
        "",
        "the limit with the largest price times available, summed over its weeks: by the price of lateness, "
        "by that of cost where nothing is late; the first cause where there is none of what is missing",
    ),
)
