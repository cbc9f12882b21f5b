"""The agreement stage's tables and headline: names, units and meanings, declared once."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

OPTION = TableSpec(
    "agreement.option",
    "the right to buy beside committing now and never buying; today's values",
    (
        Column("what", "alternative", type="text"),
        Column("value_usd", "to the lab", "USD", shown="MUSD"),
        Column("value_per_rack_usd", "the same for a rack of the cap", "USD/rack", shown="kUSD/rack"),
        Column("strike_paid_usd", "price expected to be paid", "USD", shown="MUSD"),
        Column("worth_received_usd", "worth expected to be received", "USD", shown="MUSD"),
        Column("racks", "expected to be bought, risk-neutral", "rack"),
    ),
)
WINDOWS = TableSpec(
    "agreement.windows",
    "the rule of exercise by window: buy when worth over price is above the boundary",
    (
        Column("week", "of the window", type="week"),
        Column("delivered", "week of delivery", type="week"),
        Column("boundary_all", "worth over price, with all rights left; none = never buy at this window"),
        Column("boundary_last", "the same with the last right left"),
        Column(
            "worth_usd_per_rack",
            "worth at the boundary, all rights left, at today's price",
            "USD/rack",
            shown="MUSD/rack",
        ),
        Column("probability", "risk-neutral expected share of the cap that is bought", shown="%"),
        Column("racks", "the same in racks", "rack"),
    ),
)
SIDES = TableSpec(
    "agreement.sides",
    "what the right is worth to each side; today's values",
    (
        Column("side", "lab or maker", type="text"),
        Column("what", "line", type="text"),
        Column("value_usd", "amount", "USD", shown="MUSD"),
    ),
)
TABLES: tuple[TableSpec, ...] = (OPTION, WINDOWS, SIDES)
HEADLINES: tuple[tuple[str, str, str], ...] = (
    (
        "agreement.option_value_usd",
        "USD",
        "value of the option to its holder at the program's start, for all racks of its cap, by the verdict known",
    ),
)
