"""The rack stage's tables and headlines: names, units and meanings, declared once."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

_GENERATION = Column("generation", "name of the rack in the program", type="text")

RACK_SUMMARY = TableSpec(
    "rack.summary",
    "One generation's rack: what it is and needs.",
    (
        _GENERATION,
        Column("accelerators", "accelerators in the rack", type="count"),
        Column("power_w", "AC power at the rack's input at the design load", "W", shown="kW"),
        Column("declared_power_w", "power that the program declares for it", "W", shown="kW"),
        Column("dc_power_w", "DC power that the shelves give", "W", shown="kW"),
        Column("liquid_heat_w", "heat to the liquid", "W", shown="kW"),
        Column("air_heat_w", "heat to the room's air", "W", shown="kW"),
        Column("shared_power_w", "share of switches, optics and CDU pumps outside the rack", "W", shown="kW"),
        Column("shelves", "power shelves installed", type="number"),
        Column("flow_m3_s", "coolant flow", "m**3/s", shown="L/min"),
        Column("height_ru", "rack units of trays and shelves", "RU"),
        Column("mass_kg", "mass with frame, coolant left out", "kg"),
        Column("cost_usd", "purchase cost of what is in the rack", "USD", shown="MUSD"),
        Column("cost_with_shared_usd", "the same with its share of the block and the cluster", "USD", shown="MUSD"),
        Column("quote_usd", "published or quoted price of the whole rack, for comparison", "USD", shown="MUSD"),
        Column("findings_failed", "failed findings", type="count"),
    ),
)

RACK_POWER = TableSpec(
    "rack.power",
    "The ledger of a rack's power: lines that add sum up to its AC power, each loss once; the others are subtotals.",
    (
        _GENERATION,
        Column("path", "where it is drawn or lost", type="text"),
        Column("what", "part, other, tray, loss or subtotal", type="text"),
        Column("count", "pieces in the rack"),
        Column("unit_w", "power of one at the design load", "W"),
        Column("power_w", "power of all", "W", shown="kW"),
        Column("liquid_w", "of it, heat to the liquid", "W", shown="kW"),
        Column("air_w", "of it, heat to the air", "W", shown="kW"),
        Column("adds", "true where the line is part of the sum", type="flag"),
    ),
)

RACK_FEED = TableSpec(
    "rack.feed",
    "Shelves, busbar and AC input of a rack.",
    (
        _GENERATION,
        Column("architecture", "kind of DC distribution", type="text"),
        Column("redundancy", "N, N+1 or N+N", type="text"),
        Column("shelf", "power shelf", type="text"),
        Column("shelves_needed", "shelves that carry the rack", type="number"),
        Column("shelves", "shelves installed", type="number"),
        Column("load_share", "load of each shelf, all working", shown="%"),
        Column("efficiency", "of the shelves at that load", shown="%"),
        Column("load_share_after_loss", "load of each shelf after the covered loss", shown="%"),
        Column("shelf_v", "voltage at the shelves", "V"),
        Column("lowest_v", "lowest voltage at a tray", "V"),
        Column("busbar_a", "current at the busbar's foot", "A"),
        Column("busbar_loss_w", "ohmic loss of busbar and joints", "W"),
        Column("shelf_a", "current of a shelf, all working", "A"),
        Column("cord_a", "AC current of a cord, all working", "A"),
        Column("cord_after_loss_a", "AC current of a cord after the covered loss", "A"),
    ),
)

RACK_BUSBAR = TableSpec(
    "rack.busbar",
    "Voltage and current along the busbar, from the shelves outward.",
    (
        _GENERATION,
        Column("number", "place along the bar, 1 nearest the shelves", type="count"),
        Column("load", "kind of tray or component", type="text"),
        Column("distance_m", "way along the bar", "m"),
        Column("power_w", "power drawn there", "W", shown="kW"),
        Column("voltage_v", "voltage there", "V"),
        Column("current_a", "current drawn there", "A"),
        Column("bar_a", "current of the stretch of the bar that leads there", "A"),
        Column("bar_k", "temperature of that stretch", "K", shown="degC"),
    ),
)

RACK_BACKUP = TableSpec(
    "rack.power_backup",
    "What carries a rack when its input is lost, and what smooths its power.",
    (
        _GENERATION,
        Column("what", "battery or store", type="text"),
        Column("part", "name in the catalogue", type="text"),
        Column("count", "pieces in or beside the rack", type="count"),
        Column("power_w", "power that a battery carries, or that the stores can give together", "W", shown="kW"),
        Column("energy_j", "energy at that power", "J", shown="kJ"),
        Column("seconds", "of the rack's DC power that this energy is", "s"),
        Column("charge_w", "drawn while charging again, above the rack's own power", "W", shown="kW"),
    ),
)

RACK_GROWTH = TableSpec(
    "rack.power_growth",
    "How far all loads of a rack may grow together, supplies held to their rating: each limit, the first to bind first.",
    (
        _GENERATION,
        Column("number", "order in which they bind", type="count"),
        Column("limit", "source (supplies' rating), window (least voltage), line (a rating), collapse", type="text"),
        Column("factor", "on all loads; at the collapse the Jacobian turns singular"),
        Column("load_w", "load of the rack there", "W", shown="kW"),
        Column("element", "where it binds", type="text"),
    ),
)

RACK_COOLING = TableSpec(
    "rack.cooling",
    "Cold plates of a rack: what they need, what they get and how hot the chips become.",
    (
        _GENERATION,
        Column("path", "where the chip sits", type="text"),
        Column("plate", "cold plate", type="text"),
        Column("count", "plates in the rack"),
        Column("heat_w", "heat of one chip into its plate", "W"),
        Column("least_m3_s", "least flow measured or recommended", "m**3/s", shown="L/min"),
        Column("needed_m3_s", "flow at which the case limit is met", "m**3/s", shown="L/min"),
        Column("flow_m3_s", "flow that it gets", "m**3/s", shown="L/min"),
        Column("resistance_k_w", "case to inlet at that flow; empty below everything measured", "K/W"),
        Column("case_k", "case temperature", "K", shown="degC"),
        Column("case_limit_k", "highest case temperature", "K", shown="degC"),
    ),
)

RACK_LOOP = TableSpec(
    "rack.loop",
    "The liquid loop of a rack and the CDUs of its block.",
    (
        _GENERATION,
        Column("coolant", "fluid", type="text"),
        Column("liquid_heat_w", "heat to the liquid", "W", shown="kW"),
        Column("supply_k", "supply temperature", "K", shown="degC"),
        Column("return_k", "mixed return temperature", "K", shown="degC"),
        Column("return_limit_k", "highest return temperature", "K", shown="degC"),
        Column("branch_flow_m3_s", "flow that the plates need together", "m**3/s", shown="L/min"),
        Column("return_flow_m3_s", "flow that the return limit asks for", "m**3/s", shown="L/min"),
        Column("flow_m3_s", "flow taken", "m**3/s", shown="L/min"),
        Column("set_by", "what set the flow", type="text"),
        Column("drop_pa", "pressure drop of the rack", "Pa", shown="kPa"),
        Column("head_pa", "head that the CDU leaves for it", "Pa", shown="kPa"),
        Column("cdu", "coolant distribution unit", type="text"),
        Column("block_racks", "racks that share CDUs and leaf switches"),
        Column("cdus_needed", "CDUs that carry the block"),
        Column("cdus_per_block", "CDUs installed for the block"),
        Column("facility_supply_k", "facility water that the CDU's approach asks for", "K", shown="degC"),
        Column("pump_power_w", "power of the running CDUs per rack", "W"),
    ),
)

RACK_BLOCK_LOOP = TableSpec(
    "rack.cooling_block",
    "The loop of a block, racks and CDUs as one network: at the pump speed that the worst plate asks for, and one CDU short.",
    (
        _GENERATION,
        Column("racks", "racks on the loop"),
        Column("cdus", "CDUs on the loop, all running"),
        Column("speed", "speed of the pumps, of full speed", shown="%"),
        Column("wanted_m3_s", "flow wanted by a rack", "m**3/s", shown="L/min"),
        Column("rack_least_m3_s", "flow of the worst rack", "m**3/s", shown="L/min"),
        Column("rack_most_m3_s", "flow of the best rack", "m**3/s", shown="L/min"),
        Column("header_pa", "pressure between the headers", "Pa", shown="kPa"),
        Column("supply_k", "warmest supply of a rack", "K", shown="degC"),
        Column("return_k", "warmest return of a rack", "K", shown="degC"),
        Column("heat_w", "heat of all racks into the liquid", "W", shown="kW"),
        Column("pump_w", "shaft power of all pumps into the liquid", "W", shown="kW"),
        Column("closure", "heat that the balance misses, as a share"),
        Column("dead_head_pa", "pressure with all racks shut, absolute", "Pa", shown="kPa"),
        Column("lost_m3_s", "one CDU lost, pumps at full speed: flow of the worst rack", "m**3/s", shown="L/min"),
        Column("lost_supply_k", "one CDU lost: warmest supply of a rack", "K", shown="degC"),
        Column("lost_margin_k", "one CDU lost: margin of the hottest chip", "delta_K"),
    ),
)

RACK_BRANCH = TableSpec(
    "rack.cooling_branch",
    "Cold plates where they hang in the block: flow, pressure and temperature of the hottest of each kind.",
    (
        _GENERATION,
        Column("tray", "kind of tray", type="text"),
        Column("chip", "chip under the plate", type="text"),
        Column("count", "plates in a rack"),
        Column("wanted_m3_s", "flow wanted by a plate", "m**3/s", shown="L/min"),
        Column("least_m3_s", "least flow of a plate in the block", "m**3/s", shown="L/min"),
        Column("most_m3_s", "most flow of a plate in the block", "m**3/s", shown="L/min"),
        Column("coupling_pa", "drop of the tray's two couplings", "Pa", shown="kPa"),
        Column(
            "plates_pa",
            "drop of the plates between them, with the trim that gives the tray its flow",
            "Pa",
            shown="kPa",
        ),
        Column("inlet_k", "inlet of the hottest plate", "K", shown="degC"),
        Column("case_k", "its chip's case temperature", "K", shown="degC"),
        Column("case_limit_k", "highest case temperature", "K", shown="degC"),
        Column("rack", "rack in which it stands"),
    ),
)

RACK_PIPING = TableSpec(
    "rack.cooling_piping",
    "Hoses, manifolds and headers of a block: size, highest velocity, drop of supply and return to the worst rack.",
    (
        _GENERATION,
        Column("what", "hose, manifold or header", type="text"),
        Column("diameter_m", "inner diameter", "m", shown="mm"),
        Column("velocity_m_s", "highest velocity", "m/s"),
        Column("drop_pa", "drop, supply and return together, to the worst rack", "Pa", shown="kPa"),
    ),
)

RACK_NETWORK = TableSpec(
    "rack.network",
    "The scale-out fabric of a generation's cluster, all planes together.",
    (
        _GENERATION,
        Column("cluster_racks", "racks that one fabric joins"),
        Column("adapters", "scale-out adapters in a rack"),
        Column("planes", "equal copies of the fabric, each with a part of an adapter's rate", type="count"),
        Column("link_bit_s", "rate of a link", "bit/s", shown="Gbit/s"),
        Column("switch", "switch of every tier", type="text"),
        Column("ports", "ports of a switch at that rate"),
        Column("tiers", "tiers of switches", type="count"),
        Column("leaf_per_block", "leaves that stand with one block"),
        Column("leaves", "leaf switches of the cluster"),
        Column("spines", "spine switches of the cluster"),
        Column("cores", "core switches of the cluster"),
        Column("links", "links of the cluster"),
        Column("optics", "optical modules of the cluster, both ends of every link"),
        Column("oversubscription", "endpoint rate over uplink rate at the fullest leaf, as built"),
        Column("adapters_bit_s", "scale-out rate of an accelerator by its adapters", "bit/s", shown="Gbit/s"),
        Column("delivered_bit_s", "through the fabric, all sending at once", "bit/s", shown="Gbit/s"),
        Column("declared_bit_s", "declared for the generation", "bit/s", shown="Gbit/s"),
    ),
)

RACK_BLOCK = TableSpec(
    "rack.block",
    "What racks have in common, and the share of it that falls to one rack.",
    (
        _GENERATION,
        Column("what", "cdu, leaf, spine, core or optic", type="text"),
        Column("part", "name in the catalogue", type="text"),
        Column("per_rack", "pieces per rack"),
        Column("cost_usd", "cost per rack", "USD", shown="kUSD"),
        Column("power_w", "power per rack, outside the rack", "W"),
    ),
)

RACK_BILL = TableSpec(
    "rack.bill",
    "The bill of materials of a rack; shared lines hold the rack's share. A line's cost leaves out the lines below it.",
    (
        _GENERATION,
        Column("level", "0 in the rack or shared, 1 tray, 2 part in a tray", type="count"),
        Column("path", "where it stands", type="text"),
        Column("part", "name in the catalogue or of the tray", type="text"),
        Column("kind", "kind of part", type="text"),
        Column("family", "family that the plan buys it as", type="text"),
        Column("count", "pieces per rack"),
        Column("unit_cost_usd", "cost of one", "USD"),
        Column("cost_usd", "cost of all", "USD", shown="kUSD"),
        Column("unit_mass_kg", "mass of one", "kg"),
        Column("shared", "true outside the rack", type="flag"),
    ),
)

RACK_LAYOUT = TableSpec(
    "rack.layout",
    "Where shelves and trays stand.",
    (
        _GENERATION,
        Column("position_ru", "lower edge above the frame's foot", "RU"),
        Column("height_ru", "height", "RU"),
        Column("what", "shelf, compute tray, switch tray or tray", type="text"),
        Column("name", "power shelf, or kind of tray", type="text"),
        Column("number", "which of its kind, from the foot", type="count"),
    ),
)

RACK_MASS = TableSpec(
    "rack.mass",
    "Rack units, masses and the floor.",
    (
        _GENERATION,
        Column("height_ru", "rack units of trays and shelves", "RU"),
        Column("frame_ru", "rack units of the frame", "RU"),
        Column("frame_mass_kg", "empty frame", "kg"),
        Column("payload_kg", "what stands in it, coolant left out", "kg"),
        Column("payload_limit_kg", "what the frame carries", "kg"),
        Column("mass_kg", "frame and payload", "kg"),
        Column("floor_load_kg_m2", "mass over footprint", "kg/m**2"),
        Column("floor_limit_kg_m2", "what the hall's floor carries", "kg/m**2"),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    RACK_SUMMARY,
    RACK_POWER,
    RACK_FEED,
    RACK_BUSBAR,
    RACK_BACKUP,
    RACK_GROWTH,
    RACK_COOLING,
    RACK_LOOP,
    RACK_BLOCK_LOOP,
    RACK_BRANCH,
    RACK_PIPING,
    RACK_NETWORK,
    RACK_BLOCK,
    RACK_BILL,
    RACK_LAYOUT,
    RACK_MASS,
)

HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("rack.<generation>.power_w", "W", "AC power at the rack's input at the declared design load"),
    ("rack.<generation>.cost_usd", "USD", "purchase cost of what is in the rack, its power shelves included"),
    (
        "rack.<generation>.cost_with_shared_usd",
        "USD",
        "the same with its share of the block's CDUs and of the cluster's switches and optics",
    ),
    ("rack.<generation>.findings_failed", "", "failed findings of the rack"),
)
