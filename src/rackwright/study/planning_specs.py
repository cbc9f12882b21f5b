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
WORTH = TableSpec(
    "plan.worth",
    "what one more and one fewer of a limit in a week is worth, modules held, by solving again",
    (
        Column("what", "the limit: kind and names", type="text"),
        Column("path", "where the program says it", type="text"),
        Column("week", "in which there is more or less of it", type="week"),
        Column("unit", "one more of this", type="text"),
        Column("available", "in that week, in units"),
        Column("more_lateness_usd", "lateness that one more saves", "USD"),
        Column("more_rack_weeks", "late rack-weeks that it saves", "rack*week"),
        Column("more_cost_usd", "cost that it saves at the least lateness", "USD"),
        Column("up_to", "whole units that are worth as much each; empty: no end found", type="count"),
        Column("fewer_lateness_usd", "lateness that one fewer adds", "USD"),
        Column("fewer_rack_weeks", "late rack-weeks that it adds", "rack*week"),
        Column("fewer_cost_usd", "cost that it adds at the least lateness", "USD"),
        Column("down_to", "whole units that cost as much each", type="count"),
    ),
)
PROMISE = TableSpec(
    "plan.promise",
    "racks more at a site: the first week that is possible and the first in which nobody slips, modules held",
    (
        Column("site", "that asks", type="text"),
        Column("generation", "of rack", type="text"),
        Column("racks", "more, from the week on", "rack"),
        Column("when", "`nobody slips`, or `soonest`", type="text"),
        Column("week", "first week; empty: none in the horizon", type="week"),
        Column("lateness_usd", "weighted lateness that others bear", "USD", shown="kUSD"),
        Column("cost_usd", "what the plan costs more", "USD", shown="MUSD"),
        Column("slips", "who slips by how many rack-weeks, shared among equals by what they require", type="text"),
    ),
)
TABLES: tuple[TableSpec, ...] = (MENDS, WORTH, PROMISE)
