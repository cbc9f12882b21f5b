"""The tables of the studies: names, units and meanings."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

_GENERATION = Column("generation", "rack generation", type="text")
_SITE = Column("site", "site", type="text")

COOLING_YEAR = TableSpec(
    "rack.cooling_year",
    "A block of racks at each site through 8,760 hours: cooling energy over IT energy, water, chillers, chips.",
    (
        _SITE,
        _GENERATION,
        Column("weather", "where the hours are from", type="text"),
        Column(
            "rejection", "dry coolers, adiabatic (behind wetted pads), wet (towers) or closed (towers)", type="text"
        ),
        Column("cells", "cells of the liquid's plant, one more than the extreme hours need"),
        Column("chiller", "whether the liquid's plant has chillers", type="text"),
        Column("partial_pue", "IT and cooling energy over IT energy; losses of the electrical path are outside"),
        Column("water_l_kwh", "water taken per IT energy, in litres per kWh"),
        Column("mechanical_hours", "hours with the liquid's chillers running", type="count"),
        Column("room_mechanical_hours", "hours with the room air's chillers running", type="count"),
        Column("short_hours", "hours in which the plant misses its wanted water", type="count"),
        Column("over_hours", "hours in which some chip is over its case limit", type="count"),
        Column("supply_k", "warmest supply of a rack", "K", shown="degC"),
        Column("margin_k", "least margin of a chip in any hour", "delta_K"),
        Column("hottest", "the chip with that margin", type="text"),
        Column("fan_share", "energy of rejection fans over IT energy", shown="%"),
        Column("pump_share", "energy of site pumps and CDU pumps over IT energy", shown="%"),
        Column("chiller_share", "energy of chillers over IT energy", shown="%"),
        Column("room_fan_share", "energy of room fans over IT energy", shown="%"),
    ),
)

COOLING_MONTHS = TableSpec(
    "rack.cooling_months",
    "The same by month: mean powers of a block, water, hours.",
    (
        _SITE,
        _GENERATION,
        Column("month", "month, 1 to 12", type="count"),
        Column("dry_bulb_k", "mean dry bulb", "K", shown="degC"),
        Column("wet_bulb_k", "mean wet bulb", "K", shown="degC"),
        Column("it_w", "mean power at the racks' inputs", "W", shown="kW"),
        Column("fan_w", "mean power of rejection fans", "W", shown="kW"),
        Column("pump_w", "mean power of site and CDU pumps", "W", shown="kW"),
        Column("chiller_w", "mean power of chillers", "W", shown="kW"),
        Column("room_fan_w", "mean power of room fans", "W", shown="kW"),
        Column("water_m3", "water taken in the month", "m**3"),
        Column("mechanical_hours", "hours with the liquid's chillers running", type="count"),
        Column("margin_k", "least margin of a chip", "delta_K"),
    ),
)

COOLING_PLANT = TableSpec(
    "rack.cooling_plant",
    "A site's plant at full load in its extreme hours, with something lost, each solved through to the chips.",
    (
        _SITE,
        _GENERATION,
        Column("lost", "cells or chillers of the liquid's plant", type="text"),
        Column("facility_k", "facility water that the plant gives in the worst of these hours", "K", shown="degC"),
        Column("wanted_k", "what the CDUs want", "K", shown="degC"),
        Column("margin_k", "least margin of a chip", "delta_K"),
    ),
)

COOLING_HOURS = TableSpec(
    "rack.cooling_hours",
    "Every hour of one block at one site.",
    (
        _SITE,
        _GENERATION,
        Column("hour", "hour of the year, from 1", type="count"),
        Column("dry_bulb_k", "dry bulb", "K", shown="degC"),
        Column("wet_bulb_k", "wet bulb", "K", shown="degC"),
        Column("it_w", "power at the racks' inputs", "W", shown="kW"),
        Column("facility_k", "facility water that the plant gives", "K", shown="degC"),
        Column("supply_k", "warmest supply of a rack", "K", shown="degC"),
        Column("margin_k", "least margin of a chip", "delta_K"),
        Column("mode", "idle, free, partial or mechanical", type="text"),
        Column("fan_w", "rejection fans", "W", shown="kW"),
        Column("pump_w", "site and CDU pumps", "W", shown="kW"),
        Column("chiller_w", "chillers", "W", shown="kW"),
        Column("room_fan_w", "room fans", "W", shown="kW"),
        Column("water_kg_s", "water taken", "kg/s"),
    ),
)

COOLING_FAILURES = TableSpec(
    "rack.cooling_failures",
    "Every single failure of the block's loop, each solved anew at the design hour; worst first.",
    (
        _GENERATION,
        Column("failure", "what fails", type="text"),
        Column("kind", "pump, CDU, facility water, strainer, exchanger, rack, coupling or header", type="text"),
        Column("response", "pumps as they are, or sped up to full speed", type="text"),
        Column("severity", "error, warning or note", type="text"),
        Column("margin_k", "least margin of a chip; empty where heat has no way out", "delta_K"),
        Column("lost_k", "margin lost by the failure", "delta_K"),
        Column("chip", "the chip with the least margin", type="text"),
        Column("rack", "its rack", type="count"),
        Column("racks_over", "racks with a chip over its limit", type="count"),
        Column("flow_share", "flow of the worst rack still in use, of its flow before", shown="%"),
        Column("short", "whether a CDU misses its set-point", type="text"),
    ),
)

COOLING_MENDS = TableSpec(
    "rack.cooling_mends",
    "What would cool the hottest chip: predicted by the adjoint of the solved loop, confirmed by solving anew.",
    (
        _GENERATION,
        Column("mend", "the change", type="text"),
        Column("size", "to how many elements", type="text"),
        Column("cost_usd", "its cost (assumed prices)", "USD"),
        Column("predicted_k", "cooler by, predicted", "delta_K"),
        Column("confirmed_k", "cooler by, confirmed", "delta_K"),
        Column("k_per_kusd", "confirmed kelvin per 1,000 USD"),
        Column("then_hottest", "the hottest chip afterwards", type="text"),
    ),
)

COOLING_MARGIN = TableSpec(
    "rack.cooling_margin",
    "The block's least margin with makers' spread, fouling, trim and sensor errors drawn at random.",
    (
        _GENERATION,
        Column("draws", "blocks drawn and solved", type="count"),
        Column("nominal_k", "margin as designed", "delta_K"),
        Column("p01_k", "margin that 1 % of blocks fall below", "delta_K"),
        Column("p50_k", "median margin", "delta_K"),
        Column("probability", "share of blocks in which some chip is over its limit", shown="%"),
        Column("probability_most", "upper end of its 95 % interval (Clopper and Pearson)", shown="%"),
        Column("matters_most", "the source that matters most, with its share of the variance", type="text"),
    ),
)

COOLING_SECONDS = TableSpec(
    "rack.cooling_seconds",
    "Seconds from an event to the first throttled chip of a CDU's loop, over the range of what nobody published.",
    (
        _GENERATION,
        Column("event", "pump trip, CDU loss or facility water loss", type="text"),
        Column("seconds", "seconds to the first throttled chip; empty where none throttles within the run", "s"),
        Column("earliest_s", "the same at the worst corner of the range", "s"),
        Column("latest_s", "the same at the best corner; empty where none throttles", "s"),
        Column("hottest_k", "hottest case in the run where none throttles", "K", shown="degC"),
        Column(
            "ride_through_m3", "buffer with which no chip throttles for a minute; empty where none would do", "m**3"
        ),
        Column("unclosed", "what the run's energy balance misses, as a share of its heat"),
        Column("standing", "standing of the weakest input", type="text"),
    ),
)

COOLING_LOOP = TableSpec(
    "rack.cooling_network",
    "A user's own loop, read from an EPANET file and solved at its opening hour.",
    (
        Column("element", "link by its name", type="text"),
        Column("first", "node that it starts from", type="text"),
        Column("second", "node that it leads to", type="text"),
        Column("flow_m3_s", "flow from first to second", "m**3/s", shown="L/min"),
        Column("first_pa", "pressure at the first node", "Pa", shown="kPa"),
        Column("second_pa", "pressure at the second node", "Pa", shown="kPa"),
    ),
)

_CHECKED = (
    _GENERATION,
    Column("element", "what is asked", type="text"),
    Column("what", "what about it", type="text"),
    Column("value", "found, worst of the design's speed, full speed and a lost CDU"),
    Column("limit", "allowed; empty where nobody states one"),
    Column("unit", "unit of both", type="text"),
    Column("outcome", "passed, failed, no limit stated or not modelled", type="text"),
    Column("text", "in words", type="text"),
)

COOLING_PRESSURE = TableSpec(
    "rack.cooling_pressure",
    "Pressures, velocities, suction, boiling, freezing, the vessel and the CDUs' rated points of a block's loop.",
    _CHECKED,
)

COOLING_CONTROLS = TableSpec(
    "rack.cooling_controls",
    "How the CDUs hold a block's loop: flow after load, and a pressure between the headers with racks out of service.",
    (
        _GENERATION,
        Column("holds", "what the pumps hold; of a pressure its set-point and where it is sensed", type="text"),
        Column("load_share", "load of every rack in service, of the design's", shown="%"),
        Column("in_service", "racks in service; those at the low end of the headers are shut first", shown="%"),
        Column("speed", "speed of the pumps, of full speed", shown="%"),
        Column("held", "whether the set-point is met", type="text"),
        Column("flow_least", "flow of the worst-fed rack in service, of the design's", shown="%"),
        Column("flow_most", "flow of the best-fed rack, of the design's", shown="%"),
        Column("pump_w", "power of all pumps", "W", shown="kW"),
        Column("primary_share", "facility water that the most loaded CDU takes, of its rated flow", shown="%"),
        Column("margin_k", "least margin of a chip in service; empty where heat has no way out", "delta_K"),
    ),
)

COOLING_VALVES = TableSpec(
    "rack.cooling_valves",
    "The primary valve and the pumps at falling load: authority, lowest load, growth of the loop's gain.",
    _CHECKED,
)

COOLING_MIXED = TableSpec(
    "rack.cooling_mixed",
    "Generations alternating along one loop: how each fares by trim, who binds, and what sharing costs the others.",
    (
        Column("trim", "none, orifice or picv in the racks' supply hoses", type="text"),
        _GENERATION,
        Column("racks", "its racks on the loop", type="count"),
        Column("wanted_kg_s", "flow that a rack wants", "kg/s"),
        Column("least_kg_s", "flow of its worst-fed rack", "kg/s"),
        Column("over", "how much more than wanted its best-fed rack gets", shown="%"),
        Column("orifice_kv_m3_h", "Kv of its orifice", "m**3/h"),
        Column("inlet_k", "warmest inlet of its racks", "K", shown="degC"),
        Column("supply_most_k", "highest supply that it takes", "K", shown="degC"),
        Column("margin_k", "least margin of its chips", "delta_K"),
        Column("speed", "speed of the pumps, of full speed", shown="%"),
        Column("pump_w", "shaft power of all pumps", "W", shown="kW"),
        Column("binds_supply", "the generation that sets the supply temperature", type="text"),
        Column("binds_flow", "the generation that sets the pressure", type="text"),
        Column("costs_k", "how much warmer the others' supply could be without it", "delta_K"),
        Column("costs_w", "pump power of the shared loop over that of two loops apart", "W"),
    ),
)

TABLES = (
    COOLING_PRESSURE,
    COOLING_CONTROLS,
    COOLING_VALVES,
    COOLING_MIXED,
    COOLING_SECONDS,
    COOLING_LOOP,
    COOLING_YEAR,
    COOLING_MONTHS,
    COOLING_PLANT,
    COOLING_HOURS,
    COOLING_FAILURES,
    COOLING_MENDS,
    COOLING_MARGIN,
)
