"""The tables of the power study: names, units and meanings."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

_GENERATION = Column("generation", "rack generation", type="text")
_LOSS = (
    _GENERATION,
    Column("loss", "what is lost", type="text"),
    Column("alike", "losses of this kind that come to the same, this one counted", type="count"),
    Column("kind", "none, feed, shelf, supply or pair", type="text"),
    Column("covered", "yes where the redundancy claims to cover it", type="text"),
    Column("carried", "whether every tray gets its power above its least voltage", type="text"),
    Column("asked_share", "power that the loads ask for over what the supplies left may give", shown="%"),
    Column("lowest_v", "lowest voltage at a tray; empty, as what follows, where nothing carries the loads", "V"),
    Column("supply_share", "current of the most loaded supply, of its rating", shown="%"),
    Column("shelf_a", "current of the most loaded shelf", "A"),
    Column("bar_a", "most current along the bar", "A"),
    Column("tap_a", "most current of a tray's connector", "A"),
    Column("cord_a", "AC current of a cord of the most loaded shelf", "A"),
)

POWER_LOSSES = TableSpec(
    "rack.power_losses",
    "Every loss of a feed, a shelf or a supply, each solved anew with supplies held to their rating; worst first, those alike in one row.",
    _LOSS,
)

POWER_PAIRS = TableSpec(
    "rack.power_pairs",
    "Every pair of losses of which neither holds the other, each solved anew; worst first, those alike in one row.",
    _LOSS,
)

TABLES: tuple[TableSpec, ...] = (POWER_LOSSES, POWER_PAIRS)
