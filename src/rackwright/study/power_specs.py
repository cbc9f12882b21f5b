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

POWER_SUPPLIES = TableSpec(
    "rack.power_supplies",
    "A supply's curve: at its device's own points, what is fitted and how far off it is.",
    (
        _GENERATION,
        Column("shelf", "shelf in the catalogue", type="text"),
        Column("load_share", "output over its rating", shown="%"),
        Column("efficiency", "stated by the device's maker or the user at that load", shown="%"),
        Column("curve", "of the curve that the ledger uses", shown="%"),
        Column("polynomial", "of a + b P + c P^2 fitted with a, b, c of zero or more; empty without a fit", shown="%"),
        Column("off_points", "polynomial less stated, in percentage points"),
    ),
)

POWER_STAGING = TableSpec(
    "rack.power_staging",
    "How many supplies would best be on at a share of the design load, still covering the redundancy; all are on in the ledger.",
    (
        _GENERATION,
        Column("load_share", "of the rack's design load", shown="%"),
        Column("on", "supplies on that lose least", type="count"),
        Column("of", "supplies installed", type="count"),
        Column("loss_w", "their loss", "W", shown="kW"),
        Column("all_on_w", "loss with all on", "W", shown="kW"),
        Column("saved_w", "what switching the others off saves", "W", shown="kW"),
    ),
)

POWER_CHAIN = TableSpec(
    "rack.power_chain",
    "From the medium-voltage terminals to the accelerators' cores, the racks of a block together, stage by stage.",
    (
        _GENERATION,
        Column("load_share", "of the design load", shown="%"),
        Column("stage", "conversion or conductor; the last row of a load is the whole chain", type="text"),
        Column("units", "devices that share it", type="count"),
        Column("output_w", "what it gives", "W", shown="kW"),
        Column("side_w", "what is taken at its output beside the next stage", "W", shown="kW"),
        Column("loss_w", "its loss", "W", shown="kW"),
        Column("rating_share", "output over rating; empty where it has none", shown="%"),
        Column("efficiency", "output over input", shown="%"),
        Column("output_a", "current at its output, all units", "A"),
        Column("copper_kg", "copper of its conductors", "kg"),
        Column("curve", "own curve, or one efficiency at every load", type="text"),
        Column("standing", "standing of its figures", type="text"),
    ),
)

POWER_FEEDS = TableSpec(
    "rack.power_feeds",
    "What each feed gives a rack: all working, with another feed lost, and with one supply lost; each supply between a phase and neutral, spread shelf by shelf (assumed).",
    (
        _GENERATION,
        Column("state", "what is lost", type="text"),
        Column("feed", "feed", type="text"),
        Column("power_w", "power that it gives", "W", shown="kW"),
        Column("a_a", "current of phase a", "A"),
        Column("b_a", "current of phase b", "A"),
        Column("c_a", "current of phase c", "A"),
        Column("neutral_a", "current of the neutral, fundamental", "A"),
        Column("unbalance", "negative over positive sequence of the currents", shown="%"),
        Column("cord_a", "current of the most loaded cord's most loaded phase", "A"),
        Column("cord_most_a", "what a cord may carry all the time", "A"),
    ),
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
        Column(
            "of",
            "record that is held against the limits: training, all racks in one job, or a job's start and stop",
            type="text",
        ),
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

POWER_EVENTS = TableSpec(
    "rack.power_events",
    "A rack's bus through training and through what may happen to its input, inner steps down to 10 us.",
    (
        _GENERATION,
        Column("event", "what happens", type="text"),
        Column("lowest_v", "lowest voltage of a tray; empty for a cold start and where the bus was not followed", "V"),
        Column("where", "the tray", type="text"),
        Column("at_s", "when", "s"),
        Column("let_go", "trays whose input let go", type="count"),
        Column("shelf_share", "most current of a shelf, of its rating", shown="%"),
        Column("feed_w", "most power of the feeds together", "W", shown="kW"),
        Column("store_j", "joules that the stores moved between", "J", shown="kJ"),
        Column("battery_j", "joules drawn from the batteries", "J", shown="kJ"),
        Column("unclosed", "what the run's energy balance misses, as a share"),
    ),
)

POWER_WAVE = TableSpec(
    "rack.power_wave",
    "A rack in training, every fifth millisecond.",
    (
        _GENERATION,
        Column("time_s", "time", "s"),
        Column("load_w", "power that the trays ask for", "W", shown="kW"),
        Column("feed_w", "power of the feeds", "W", shown="kW"),
        Column("lowest_v", "lowest voltage of a tray", "V"),
        Column("store_j", "joules in the stores", "J", shown="kJ"),
    ),
)

POWER_STABILITY = TableSpec(
    "rack.power_stability",
    "Small-signal stability of a rack's bus at its design load.",
    (
        _GENERATION,
        Column("stable", "every eigenvalue to the left", type="text"),
        Column("mode_hz", "frequency of the least damped mode", "Hz"),
        Column("damping", "its damping ratio"),
        Column("element", "the part that takes part most", type="text"),
        Column("tray", "the load nearest to Middlebrook's limit", type="text"),
        Column("gain_db", "its gain margin; above zero proves stability, below proves nothing"),
        Column("gain_hz", "where", "Hz"),
        Column("phase_deg", "its phase margin; empty where the impedances never meet"),
        Column("load_factor", "factor on all loads at which it turns unstable; empty beyond the search"),
        Column("ends", "what ends the search", type="text"),
    ),
)

POWER_FAULTS = TableSpec(
    "rack.power_faults",
    "Prospective current of a bolted fault on a rack's bus: no arc voltage, no device, capacitors as stated or assumed; an upper estimate.",
    (
        _GENERATION,
        Column("place", "where", type="text"),
        Column("peak_a", "largest current", "A", shown="kA"),
        Column("peak_s", "when", "s"),
        Column("i2t_a2s", "I2t over 20 ms, in A^2 s"),
        Column("last_a", "current after 20 ms", "A", shown="kA"),
        Column("from_what", "who gives it at the peak", type="text"),
    ),
)

POWER_PROTECTION = TableSpec(
    "rack.power_protection",
    "Every protective device in every fault: what it breaks, lets through, and whether the nearer one is done first.",
    (
        _GENERATION,
        Column("place", "where the fault is", type="text"),
        Column("check", "device and what is asked of it; in a pair, the nearer to the fault first", type="text"),
        Column("outcome", "passed, failed or not modelled", type="text"),
        Column("value", "found"),
        Column("limit", "allowed; empty where nothing is"),
        Column("unit", "unit of both", type="text"),
        Column("text", "in words", type="text"),
    ),
)

POWER_EARTH = TableSpec(
    "rack.power_earth",
    "A fault of either pole to earth, then one of the other pole in another rack; of a bus above 60 V.",
    (
        _GENERATION,
        Column("pole", "faulted pole", type="text"),
        Column("fault_a", "current of the first fault", "A"),
        Column("healthy_v", "voltage of the other pole to earth", "V"),
        Column("connection_a", "current in the system's connection to earth", "A"),
        Column("frame_v", "voltage of the faulted frame to earth; empty without its resistance", "V"),
        Column("body_a", "lasting current through a person of 1 kOhm who touches that pole", "A", shown="mA"),
        Column("capacitive_j", "energy that the poles' capacitance moves in the first instant", "J"),
        Column("seen_by", "relay, monitor or nothing", type="text"),
        Column("seen_after_s", "after how long", "s"),
        Column(
            "second_a",
            "current of a second fault on the other pole; empty without the frames' resistance",
            "A",
            shown="kA",
        ),
        Column("second_frame_v", "voltage of its frame to earth", "V"),
    ),
)

POWER_ARCHITECTURES = TableSpec(
    "rack.power_architectures",
    "Ways to feed racks of a generation, from the medium-voltage terminals to the tray inputs, at equal load, redundancy, ride-through and ambient.",
    (
        _GENERATION,
        Column("architecture", "how", type="text"),
        Column("efficiency", "from end to end at that load", shown="%"),
        Column("loss_w", "lost on the way", "W", shown="kW"),
        Column("copper_kg", "copper of the conductors", "kg"),
        Column("rack_units", "units taken in each rack", "RU"),
        Column("floor_positions", "positions taken beside them; empty where not found"),
        Column("cost_usd", "cost of what has a price", "USD", shown="MUSD"),
        Column("mv_a", "current at medium voltage", "A"),
        Column("lv_a", "current at low voltage", "A"),
        Column("rack_feed_a", "current of one rack's feed", "A"),
        Column("bar_foot_a", "current at the foot of a 50 V bar", "A"),
        Column("mid_a", "mid-point current of a rack", "A"),
        Column("ride_through_s", "ride-through; empty where not found", "s"),
        Column(
            "holds",
            "whether every limit holds: yes, no, or not known where the ride-through was not found",
            type="text",
        ),
        Column("weakest", "standing of the weakest figure of the efficiency", type="text"),
        Column("unpriced", "what has no price", type="text"),
    ),
)

UTILITY_DIPS = TableSpec(
    "rack.power_dips",
    "Dips of the grid's voltage at a site full of one generation: what goes to batteries, and the way back.",
    (
        Column("site", "site", type="text"),
        _GENERATION,
        Column("residual", "voltage that is left", shown="%"),
        Column("duration_s", "how long", "s"),
        Column("dips", "how many of them, 5 s apart", type="count"),
        Column("dropped_w", "power that leaves the grid: to batteries, or lost", "W", shown="MW"),
        Column("back_s", "until it is back; empty where it is not within the record", "s"),
        Column("ramp_w_s", "steepest way back over a second", "W/s", shown="MW/min"),
        Column("curve", "what asks for riding through", type="text"),
        Column("outcome", "passed, failed, or told only", type="text"),
        Column("text", "in words", type="text"),
    ),
)

UTILITY_SMOOTHING = TableSpec(
    "rack.power_smoothing",
    "The cheapest mix of power floor, joules and battery with which a site passes its utility's limits.",
    (
        Column("site", "site", type="text"),
        _GENERATION,
        Column("mix", "the mix, or one device alone", type="text"),
        Column("passes", "yes or no", type="text"),
        Column("what", "sizes", type="text"),
        Column("cost_usd", "money over the years, prices mostly assumed", "USD", shown="MUSD"),
        Column("binding", "the limit that is used most", type="text"),
        Column("use", "how much of it is used"),
        Column("floor_share", "power floor over full power", shown="%"),
        Column("joules_gpu", "joules a GPU", "J"),
        Column("bess_w", "battery's power", "W", shown="MW"),
        Column("bess_j", "battery's energy", "J", shown="MWh"),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    POWER_SUPPLIES,
    POWER_STAGING,
    POWER_CHAIN,
    POWER_FEEDS,
    POWER_LOSSES,
    POWER_PAIRS,
    POWER_FAULTS,
    POWER_PROTECTION,
    POWER_EARTH,
    POWER_EVENTS,
    POWER_WAVE,
    POWER_STABILITY,
    POWER_ARCHITECTURES,
    UTILITY_LINES,
    UTILITY_SPECTRUM,
    UTILITY_DIPS,
    UTILITY_SMOOTHING,
)
