"""The buildout stage's tables and headlines: names, units and meanings, declared once."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

_SITE = Column("site", "name in the program", type="text")
_GENERATION = Column("generation", "of rack", type="text")
_WEEK = Column("week", "ISO week", type="week")

SITES = TableSpec(
    "buildout.sites",
    "racks and power live by site and week",
    (
        _WEEK,
        _SITE,
        Column("racks", "live at the end of the week", "rack"),
        Column("live_w", "facility power of those at the design hour", "W", shown="MW"),
        Column("energised_w", "facility power that the site has", "W", shown="MW"),
        Column("mean_w", "facility power that they draw, mean over a year", "W", shown="MW"),
    ),
)
WEEKLY = TableSpec(
    "buildout.weekly",
    "all sites together, by week",
    (
        _WEEK,
        Column("racks", "live at the end of the week", "rack"),
        Column("live_w", "facility power of those at the design hour", "W", shown="GW"),
        Column("energised_w", "facility power that the sites have", "W", shown="GW"),
        Column("target_share", "power live over the target", shown="%"),
        Column("capex_usd", "money so far, within the boundary", "USD", shown="BUSD"),
        Column("energy_j", "electricity of the week", "J", shown="GWh"),
    ),
)
PUE = TableSpec(
    "buildout.pue",
    "how a site does with racks of a generation: facility power over IT power, hours with a chiller, water",
    (
        _SITE,
        _GENERATION,
        Column("racks", "live in the last week", "rack"),
        Column("pue", "facility over IT energy of a year at the mean load"),
        Column("design_pue", "facility over IT power at the design hour and full load"),
        Column("design_over_racks", "facility over the power of racks and their fabric at the design hour"),
        Column("declared_over_racks", "the same as declared: what the plan allots"),
        Column("design_w", "facility power of one rack at the design hour", "W", shown="kW"),
        Column("mean_w", "facility power of one rack, mean over a year", "W", shown="kW"),
        Column("outdoor_k", "outdoor temperature of the design hour", "K", shown="degC"),
        Column("wanted_k", "facility water that the racks' coolant wants", "K", shown="degC"),
        Column(
            "liquid_free_k", "outdoor temperature up to which the racks' liquid needs no chiller", "K", shown="degC"
        ),
        Column("liquid_chiller_share", "of a year's hours with a chiller for the liquid", shown="%"),
        Column("air_chiller_share", "of a year's hours with a chiller for the room's air", shown="%"),
        Column("wue_m3_j", "water evaporated over IT energy", "m**3/J", shown="L/kWh"),
    ),
)
POWER = TableSpec(
    "buildout.power",
    "the ledger of a rack at a site: lines add up to the facility's power",
    (
        _SITE,
        _GENERATION,
        Column("line", "where the power goes", type="text"),
        Column("design_w", "at the design hour and full load", "W", shown="kW"),
        Column("mean_w", "mean over a year at the mean load", "W", shown="kW"),
    ),
)
ENERGY = TableSpec(
    "buildout.energy",
    "electricity and water by year and site",
    (
        Column("year", "ISO year", type="text"),
        _SITE,
        Column("weeks", "of the year within the horizon", "week"),
        Column("energy_j", "electricity of the facility", "J", shown="GWh"),
        Column("it_j", "of it, IT", "J", shown="GWh"),
        Column("pue", "the first over the second"),
        Column("electricity_usd", "at the state's price", "USD", shown="MUSD"),
        Column("water_m3", "evaporated", "m**3"),
    ),
)
CAPEX = TableSpec(
    "buildout.capex",
    "money by year, within the boundary",
    (
        Column("year", "ISO year", type="text"),
        Column("category", "racks, shared or facility", type="text"),
        Column("amount_usd", "in the year", "USD", shown="BUSD"),
    ),
)
COMPARE = TableSpec(
    "buildout.compare",
    "published figures beside ours; compared, never added, each in its own price year",
    (
        Column("figure", "in the catalogue's costs", type="text"),
        _GENERATION,
        Column("unit", "of both", type="text"),
        Column("published", "by its source, in the unit beside it"),
        Column("ours", "by this program, in the same unit"),
        Column("ratio", "ours over published"),
        Column("price_year", "of the published figure", type="text"),
        Column("source", "id", type="text"),
    ),
)
TARGET = TableSpec(
    "buildout.target",
    "the distance to the target at the end of the horizon",
    (
        Column("what", "line", type="text"),
        Column("power_w", "facility power", "W", shown="GW"),
        Column("money_usd", "within the boundary", "USD", shown="BUSD"),
        Column("usd_per_w", "the second over the first", "USD/W"),
        Column("weeks", "to the target at the pace of the last 13 weeks; none = never", "week"),
    ),
)
TABLES: tuple[TableSpec, ...] = (SITES, WEEKLY, PUE, POWER, ENERGY, CAPEX, COMPARE, TARGET)

BOUNDARY = (
    "racks that arrive at sites within the horizon, at the purchase cost of their parts; their share of CDUs, switches "
    "and optics; the sites' facility cost for power energised within the horizon. Left out: what was there before the "
    "start, assembly, margin and freight, other IT, land, grid connection, power plants, financing, staff, taxes"
)
LIVE = "facility power of the racks live in the last week, at full load in each site's design hour"
HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("buildout.live_w", "W", LIVE),
    ("buildout.capex_usd", "USD", f"money over the horizon: {BOUNDARY}"),
)
