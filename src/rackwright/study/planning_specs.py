"""The tables of what a plan is asked beyond itself."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

MENDS = TableSpec(
    "plan.mends",
    "the cheapest sets of the program's levers that bring the lateness to the target, each proven by solving again",
    (
        Column("rank", "cheapest first", type="count"),
        Column("steps", "what is done", type="text"),
        Column("levers", "where the program declares them", type="text"),
        Column("owner", "whose moves they are", type="text"),
        Column("price_usd", "paid for the steps, with modules they order", "USD", shown="kUSD"),
        Column("cost_usd", "change of the plan's own cost beside it", "USD", shown="kUSD"),
        Column("lateness_usd", "weighted lateness of the mended plan", "USD", shown="kUSD"),
        Column("rack_weeks", "its late rack-weeks", "rack*week"),
        Column("before_usd", "weighted lateness of the plan as it is", "USD", shown="kUSD"),
        Column("target_usd", "weighted lateness to come down to", "USD", shown="kUSD"),
    ),
)
TABLES: tuple[TableSpec, ...] = (MENDS,)
