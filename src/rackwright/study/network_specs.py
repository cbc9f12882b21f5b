"""The tables of the network study: names, units and meanings."""

from __future__ import annotations

from rackwright.tables import Column, TableSpec

_GENERATION = Column("generation", "rack generation", type="text")

NETWORK_PORTS = TableSpec(
    "rack.network_ports",
    "A cluster's scale-out fabric built port by port, one plane of it, beside the count by formula.",
    (
        _GENERATION,
        Column("racks", "racks of the cluster", type="count"),
        Column("planes", "planes alike", type="count"),
        Column("tier", "leaves, spines or cores; of a direct topology the links between its switches", type="text"),
        Column("switches", "switches of a plane, built", type="count"),
        Column("counted", "the same by formula", type="count"),
        Column("links", "links of a plane from below, built", type="count"),
        Column("links_counted", "the same by formula", type="count"),
        Column("ports_used", "most ports used on a switch", type="count"),
        Column("ports", "ports of a switch at the links' rate", type="count"),
    ),
)

NETWORK_GIVEN = TableSpec(
    "rack.network_given",
    "A fabric given as an InfraGraph file, beside our folded Clos for as many adapters of switches with as many ports.",
    (
        Column("file", "name of the file", type="text"),
        Column("endpoints", "adapters", type="count"),
        Column("planes", "planes", type="count"),
        Column("tier", "leaves, spines or cores", type="text"),
        Column("switches", "switches of the given fabric, all planes", type="count"),
        Column("ours", "the same of ours, one rail and nothing oversubscribed", type="count"),
        Column("links", "links from below of the given fabric", type="count"),
        Column("ours_links", "the same of ours", type="count"),
        Column("ports_used", "most ports used on a given switch", type="count"),
        Column("ports", "ports of a given switch", type="count"),
    ),
)

NETWORK_GROWTH = TableSpec(
    "rack.network_growth",
    "The fabric in stages: what is placed and laid at each, and the laid cables that a stage moves; both ways to grow.",
    (
        _GENERATION,
        Column("growth", "minimal: each stage sized alone; final: the last stage's spines first", type="text"),
        Column("own", "yes for the program's own way", type="text"),
        Column("stage", "stage, from 1", type="count"),
        Column("racks", "racks of the cluster at this stage", type="count"),
        Column("tiers", "tiers that are built for", type="count"),
        Column("switches", "switches placed so far, all planes", type="count"),
        Column("links", "links laid so far, all planes", type="count"),
        Column("added", "links laid at this stage, moved ones among them", type="count"),
        Column("moved", "links of the stage before that are pulled out and laid elsewhere", type="count"),
        Column(
            "kept",
            "links of the stage before that stay as they are, racks standing where the last stage has them",
            type="count",
        ),
        Column("repulled", "moved links whose stocked length does at their new place", type="count"),
        Column("replaced", "moved links that want a longer one, or whose switch is gone", type="count"),
        Column(
            "relaid", "kept links that want another stocked length where the rule places each stage anew", type="count"
        ),
    ),
)

NETWORK_FABRICS = TableSpec(
    "rack.network_fabrics",
    "Fabrics beside the scale-out one, as the program names them, for the same cluster; with its parts in the bill.",
    (
        _GENERATION,
        Column("fabric", "name in the program", type="text"),
        Column("racks", "racks of the cluster", type="count"),
        Column("ends", "ports of all racks", type="count"),
        Column("link_bit_s", "rate of a port", "bit/s", shown="Gbit/s"),
        Column("switch", "switch of every tier", type="text"),
        Column("tiers", "tiers", type="count"),
        Column("leaves", "leaves, built port by port", type="count"),
        Column("spines", "spines", type="count"),
        Column("cores", "cores", type="count"),
        Column("links", "links", type="count"),
        Column("carried", "share of its rate that a port gets when all send to all", shown="%"),
        Column("power_w", "power of its switches, modules left out", "W", shown="kW"),
        Column("cost_usd", "cost of its switches, modules left out", "USD", shown="kUSD"),
    ),
)

NETWORK_SCALE_UP = TableSpec(
    "rack.network_scale_up",
    "The scale-up domain port by port: what an accelerator's links carry, whole and with a switch chip or a tray lost.",
    (
        _GENERATION,
        Column("domain", "domain by name", type="text"),
        Column("lost", "what has failed", type="text"),
        Column("accelerators", "accelerators of the domain", type="count"),
        Column("chips", "switch chips; 0 for a full mesh", type="count"),
        Column("trays", "switch trays", type="count"),
        Column("links", "links of the domain", type="count"),
        Column("accelerator_bit_s", "rate of an accelerator one way", "bit/s", shown="Gbit/s"),
        Column("carried", "share of that rate that all to all gets", shown="%"),
        Column("status", "standing of the domain's figures", type="text"),
        Column("source", "their source", type="text"),
    ),
)

NETWORK_LOAD = TableSpec(
    "rack.network_load",
    "Expected load of every link of a plane, exactly: by traffic, by what has failed, before and after routers know.",
    (
        _GENERATION,
        Column("racks", "racks of the cluster that is studied", type="count"),
        Column("traffic", "who sends to whom, every adapter all it can", type="text"),
        Column("failed", "what has failed", type="text"),
        Column("routers", "whether routers know of it", type="text"),
        Column("adapters", "mean load of adapters' links, the busier way, of their rate", shown="%"),
        Column(
            "leaf_spine", "most load of a link above the leaves (of a direct topology: between switches)", shown="%"
        ),
        Column("spine_core", "most load of a link above the spines (of a dragonfly+: between groups)", shown="%"),
        Column("delivered", "share of the traffic that arrives, links as wide as their load", shown="%"),
        Column("carried", "share of the traffic, all pairs cut alike, that loads no link over its rate", shown="%"),
    ),
)

NETWORK_ROUTES = TableSpec(
    "rack.network_routes",
    "Minimal paths, and Valiant's by way of a switch drawn at random: how long they are and what they carry; bisection.",
    (
        _GENERATION,
        Column("topology", "topology of the plane", type="text"),
        Column("racks", "racks of the cluster that is studied", type="count"),
        Column("traffic", "who sends to whom, every adapter all it can", type="text"),
        Column("paths", "minimal by ECMP; of direct topologies also weighted by WCMP, and Valiant's", type="text"),
        Column("links", "mean links of a path, the adapters' own two among them"),
        Column("worst", "load of the most loaded link between switches, of its rate", shown="%"),
        Column("delivered", "share of the traffic that has a path", shown="%"),
        Column("carried", "share of the traffic, all pairs cut alike, that loads no link over its rate", shown="%"),
        Column(
            "bisection", "least rate between the halves of the racks, over the rate of a half's adapters", shown="%"
        ),
    ),
)

NETWORK_HASHED = TableSpec(
    "rack.network_hashed",
    "Flows that are hashed to one path each: worst link, and what flows get when links are shared max-min fairly.",
    (
        _GENERATION,
        Column("racks", "racks of the cluster that is studied", type="count"),
        Column("flows", "flows of each pair", type="count"),
        Column("samples", "draws of all paths", type="count"),
        Column("worst", "load of the worst link over its rate, mean of the draws"),
        Column("worst_95", "the same, that 95 % of the draws stay under"),
        Column("goodput", "what all flows together get, of what they ask, mean", shown="%"),
        Column("goodput_95", "the same, that 95 % of the draws exceed", shown="%"),
        Column("slowest", "what the slowest pair gets, of what it asks, mean", shown="%"),
        Column("slowest_95", "the same, that 95 % of the draws exceed", shown="%"),
    ),
)

NETWORK_CHOICE = TableSpec(
    "rack.network_choice",
    "Fabrics for the same cluster that no other beats in cost, power, optics, hops, blast radius and bisection at once, by cost.",
    (
        _GENERATION,
        Column("own", "yes for the program's own design", type="text"),
        Column("on_front", "in all: at every corner of the assumed figures' ranges; in some; or no", type="text"),
        Column("switch", "switch of every tier", type="text"),
        Column("planes", "planes", type="count"),
        Column("rails", "rails", type="count"),
        Column("oversubscription", "downlinks over uplinks of a leaf"),
        Column("tiers", "tiers", type="count"),
        Column("switches", "switches of all planes", type="count"),
        Column("cost_usd", "switches and modules", "USD", shown="MUSD"),
        Column("power_w", "switches and modules", "W", shown="kW"),
        Column("optics", "modules, slower links sharing them", type="count"),
        Column("hops", "most switches on a shortest path", type="count"),
        Column("blast", "most of all adapters' rate that one dead switch takes", shown="%"),
        Column("bisection", "share of its rate that an adapter gets when all send at once", shown="%"),
    ),
)

_RACKS = Column("racks", "racks of the cluster that is laid", type="count")

NETWORK_CABLES = TableSpec(
    "rack.network_cables",
    "Cables of a cluster laid on a floor by rule, by what is ordered; a breakout counts once.",
    (
        _GENERATION,
        _RACKS,
        Column("sku", "medium, form and stocked length", type="text"),
        Column("medium", "medium in the catalogue", type="text"),
        Column("cables", "pieces", type="count"),
        Column("stocked_m", "stocked length", "m"),
        Column("metres", "metres in all", "m"),
        Column("cost_usd", "cost without modules", "USD", shown="kUSD"),
        Column("reach_status", "standing of its reach", type="text"),
        Column("price_status", "standing of its price", type="text"),
    ),
)

NETWORK_MODULES = TableSpec(
    "rack.network_modules",
    "Modules and plugs of the same cables, one to a cage.",
    (
        _GENERATION,
        _RACKS,
        Column("module", "module in the catalogue, or the plug of a cable", type="text"),
        Column("at", "what they sit in", type="text"),
        Column("count", "pieces", type="count"),
        Column("power_w", "their power", "W", shown="kW"),
        Column("cost_usd", "their cost", "USD", shown="kUSD"),
        Column("reach_status", "standing of their rate and reach", type="text"),
        Column("price_status", "standing of their price", type="text"),
    ),
)

NETWORK_LOSS = TableSpec(
    "rack.network_loss",
    "The worst channel of each fibre medium and its loss, against what its modules allow from end to end.",
    (
        _GENERATION,
        _RACKS,
        Column("medium", "medium in the catalogue", type="text"),
        Column("worst_m", "metres of the channel with the worst loss, as stocked", "m"),
        Column("worst_db", "its loss in dB, connectors of boxes on its way included"),
        Column("allowed_db", "allowed, in dB"),
    ),
)

NETWORK_BLAST = TableSpec(
    "rack.network_blast",
    "The row and the tray whose loss takes most: of adapters' rate to the top of the fabric, when all send.",
    (
        _GENERATION,
        _RACKS,
        Column("kind", "row or tray", type="text"),
        Column("which", "the worst one", type="text"),
        Column("lost", "of all adapters' rate", shown="%"),
        Column("touched", "adapters that lose any", type="count"),
        Column("half", "adapters that lose half or more", type="count"),
        Column("dark", "adapters that lose all", type="count"),
    ),
)

NETWORK_COLLECTIVES = TableSpec(
    "rack.network_collectives",
    "How long collectives take in one scale-up domain and over the cluster, by algorithm and size.",
    (
        _GENERATION,
        Column("scope", "one domain, or the cluster", type="text"),
        Column("ranks", "accelerators that take part", type="count"),
        Column("collective", "collective", type="text"),
        Column("algorithm", "algorithm; in-network asks for switches that reduce", type="text"),
        Column("size_byte", "size as nccl-tests counts it", "B", shown="MB"),
        Column(
            "worst",
            "load of the fabric's worst link under this algorithm's traffic, of its rate; over 100 % it slows",
            shown="%",
        ),
        Column("time_s", "time, one job alone on its links", "s", shown="ms"),
        Column("busbw_byte_s", "bus bandwidth as nccl-tests counts it", "B/s", shown="GB/s"),
        Column("calibrated", "published system whose constants are taken", type="text"),
    ),
)

NETWORK_STEP = TableSpec(
    "rack.network_step",
    "What a training step sends as the roadmap spreads it: tensor, expert, pipeline and data-parallel traffic.",
    (
        _GENERATION,
        Column("run", "training run", type="text"),
        Column("traffic", "tensor, expert, pipeline or data", type="text"),
        Column("collective", "collective; send: to the next stage", type="text"),
        Column("ways", "members of a group", type="count"),
        Column("stride", "accelerators from one member to the next", type="count"),
        Column("domains", "scale-up domains that a group spans", type="count"),
        Column("times", "collectives of a step, one after the other"),
        Column("size_byte", "size of one, as nccl-tests counts it", "B", shown="MB"),
        Column(
            "worst", "load of the fabric's worst link under this traffic, of its rate; over 100 % it slows", shown="%"
        ),
        Column("time_s", "time of all of a step's", "s", shown="ms"),
        Column("exposed_s", "what does not hide behind compute", "s", shown="ms"),
        Column("share", "of the step's time", shown="%"),
    ),
)

NETWORK_CALIBRATION = TableSpec(
    "rack.network_calibration",
    "Constants of published systems, fitted on some of their rows and judged on the others.",
    (
        Column("system", "published system", type="text"),
        Column("algorithm", "algorithm", type="text"),
        Column("efficiency", "share of the line rates that is reached", shown="%"),
        Column("start_s", "start on top of the library's own constants", "s", shown="us"),
        Column("used", "rows that fixed the two", type="count"),
        Column("judged", "rows that did not", type="count"),
        Column("worst", "largest error of time on those", shown="%"),
        Column("source", "source of the rows", type="text"),
    ),
)

NETWORK_HEADROOM = TableSpec(
    "rack.network_headroom",
    "What one lossless class keeps free at a port for what arrives after a pause, by the longest cable of each tier.",
    (
        _GENERATION,
        Column("tier", "which links", type="text"),
        Column("rate_bit_s", "rate of the link", "bit/s", shown="Gbit/s"),
        Column("longest_m", "longest cable of the tier", "m"),
        Column("headroom_byte", "headroom of one class at one port", "B", shown="kB"),
    ),
)

NETWORK_OUTAGES = TableSpec(
    "rack.network_outages",
    "Time and GPU-hours that jobs lose to their fabric, simulated; accelerators and hosts are not in it.",
    (
        _GENERATION,
        Column("gpus", "accelerators of the job", type="count"),
        Column("fabric", "as built, or one plane that carries all", type="text"),
        Column("stops_day", "stops a day"),
        Column("lost", "share of time lost, checkpoints not counted", shown="%"),
        Column("lost_low", "lower end of its 95 % interval", shown="%"),
        Column("lost_high", "upper end", shown="%"),
        Column("stopped", "of it by stops: work done again, and restarts", shown="%"),
        Column("stopped_exact", "the same by Daly's closed form", shown="%"),
        Column("waited", "of it by waiting for links that flap", shown="%"),
        Column("slowed", "of it by going on more slowly until repairs", shown="%"),
        Column("gpu_hours_day", "GPU-hours lost a day"),
    ),
)

NETWORK_FAULTS = TableSpec(
    "rack.network_faults",
    "What fails in a job's part of the fabric, how often, and what that does to the job.",
    (
        _GENERATION,
        Column("gpus", "accelerators of the job", type="count"),
        Column("fabric", "as built, or one plane that carries all", type="text"),
        Column("fault", "what fails", type="text"),
        Column("parts", "how many there are", type="count"),
        Column("day", "faults a day of all of them"),
        Column("effect", "the job stops, waits, or slows", type="text"),
        Column("open_s", "how long it stays", "s"),
        Column("slower", "step's time while it is open, over its usual"),
    ),
)

TABLES: tuple[TableSpec, ...] = (
    NETWORK_CABLES,
    NETWORK_MODULES,
    NETWORK_LOSS,
    NETWORK_BLAST,
    NETWORK_PORTS,
    NETWORK_GIVEN,
    NETWORK_GROWTH,
    NETWORK_FABRICS,
    NETWORK_SCALE_UP,
    NETWORK_LOAD,
    NETWORK_ROUTES,
    NETWORK_HASHED,
    NETWORK_CHOICE,
    NETWORK_COLLECTIVES,
    NETWORK_STEP,
    NETWORK_CALIBRATION,
    NETWORK_HEADROOM,
    NETWORK_OUTAGES,
    NETWORK_FAULTS,
)
