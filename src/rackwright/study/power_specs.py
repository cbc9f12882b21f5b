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

UTILITY_LINES = TableSpec(
    "rack.power_utility",
    "Each site full of one generation, its jobs in the rhythm of their training steps, against its utility's limits.",
    (
        Column("site", "site", type="text"),
        _GENERATION,
        Column("racks", "racks that the contracted power feeds", type="count"),
        Column("jobs", "jobs that run side by side; the racks of a job are locked by their collectives", type="count"),
        Column("specification", "whose limits", type="text"),
        Column("line", "what is limited", type="text"),
        Column("value", "found"),
        Column("limit", "allowed; empty where nothing is"),
        Column("unit", "unit of both", type="text"),
        Column("outcome", "passed, failed, no limit or not modelled", type="text"),
        Column("text", "in words", type="text"),
    ),
)

UTILITY_SPECTRUM = TableSpec(
    "rack.power_spectrum",
    "The spectrum of a site's power: the strongest line of each stretch of frequency, as a sine's rms.",
    (
        Column("site", "site", type="text"),
        _GENERATION,
        Column("frequency_hz", "frequency", "Hz"),
        Column("rms_w", "rms of a sine there", "W", shown="MW"),
    ),
)

TABLES: tuple[TableSpec, ...] = (POWER_LOSSES, POWER_PAIRS, UTILITY_LINES, UTILITY_SPECTRUM)
