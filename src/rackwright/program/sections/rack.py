"""One rack of each generation, and the block of racks that shares CDUs and leaf switches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, model_validator
from pydantic import Field as Named

from rackwright.program import fields as f

Redundancy = Literal["N", "N+1", "N+N"]
Architecture = Literal["orv3-48v", "orv3-51v", "orv3-54v", "hpr-50v", "800vdc", "400vdc"]


class Declared(f.Section):
    """What the maker declares of a generation: the roadmap reads this, the rack stage checks it."""

    #: Dense peak of the rack by precision.
    peak: dict[Literal["bf16", "fp8", "fp4"], f.OperationRate]
    memory_byte: f.Bytes
    memory_bandwidth_byte_s: f.ByteRate
    #: Scale-out rate of one accelerator.
    scale_out_bit_s: f.BitRate
    power_w: f.Power


class Tray(f.Section):
    """A kind of tray: `count` of them, each with `parts` (name in chips or components: how many)."""

    count: f.UpTo1000
    height_ru: f.Height
    mass_kg: f.Mass
    cost_usd: f.Money
    parts: dict[Annotated[str, f.refers("chips", "components")], f.Count]
    #: Fans, drives' backplanes and the like that are not listed as parts; all to air.
    other_power_w: f.Power = 0.0


class Motion(f.Section):
    """How a rack's power moves while it trains. Shares are of its design power."""

    #: While accelerators wait for their collectives, and while the job stands still (checkpoints, restarts).
    waiting_share: f.Share
    idle_share: f.Share
    #: From waiting to full power, and back.
    rise_s: f.Duration
    #: Above the design power at the start of each step, and for how long.
    overshoot_share: f.Share
    overshoot_s: f.Duration = Named(alias="overshoot_time")
    #: A step is longer or shorter by at most this share of it, evenly drawn.
    jitter_share: f.Share
    #: Between the racks of one job, standard deviation.
    skew_s: f.Duration
    #: Energy in a tray's input capacitors over its power, and in a shelf's output capacitors over its rating.
    input_hold_s: f.Duration
    output_hold_s: f.Duration
    #: A tray's hot-swap that had opened charges its input capacitors with this; at 0 they stay on the bus.
    inrush_a: f.Current = 0.0
    #: Series resistance of capacitors times their capacitance.
    esr_s: f.Duration
    #: Of a supply: bandwidth of its voltage loop, and hold-up at full load after its input is lost.
    bandwidth_hz: f.Frequency
    hold_up_s: f.Duration
    #: Of the busbar, go and return.
    inductance_h_m: f.InductancePerLength
    #: Inductance of a tray's input filter over its load's resistance (V^2/P).
    filter_s: f.Duration
    #: Trays start so far apart after the bus was dark.
    stagger_s: f.Duration
    #: The input must have been back for so long before batteries hand the rack over, in a walk.
    return_after_s: f.Duration
    walk_in_s: f.Duration
    #: A job's power comes and goes so when it starts, and when it stops or fails.
    start_s: f.Duration
    stop_s: f.Duration


class Protection(f.Section):
    """What cuts a fault off in a rack: between the shelves and the bar, and at each tray's input."""

    bus: Annotated[str, f.refers("protectors")] | None = None
    tray: Annotated[str, f.refers("protectors")] | None = None
    #: I2t that a tray's input wiring bears.
    tray_bears_a2s: f.LetThrough | None = None
    #: A tray's input wiring behind its device, there and back; and its inductance.
    tray_ohm: f.Ohms = Named(default=0.2e-3, alias="tray_resistance")
    tray_henry: Annotated[float, f.Field("scalar", f.quantity("an inductance", "H", "0.2 uH", 0.0, 1.0))] = Named(
        default=0.2e-6, alias="tray_inductance"
    )


class Earthing(f.Section):
    """How a bus of 800 V or +/-400 V stands to earth, and what watches it."""

    point: Literal["mid-point", "negative", "none"]
    #: Of the connection to earth, electrode included; none for a floating system.
    resistance_ohm: f.Ohms | None = Named(default=None, alias="resistance")
    #: Of each pole to earth.
    insulation_ohm: f.Ohms = Named(default=10e6, alias="insulation")
    capacitance_f: f.Capacitance = 0.0
    #: Insulation monitoring: its threshold, its response.
    monitor_ohm: f.Ohms | None = Named(default=None, alias="monitor")
    monitor_s: f.Duration = Named(default=10.0, alias="monitor_time")
    #: Current in the connection to earth that trips or alarms.
    relay_a: f.Current | None = None
    #: From a rack's frame to earth.
    frame_ohm: f.Ohms | None = Named(default=None, alias="frame")
    #: What the poles' insulation to earth is rated for.
    insulation_v: f.Voltage | None = Named(default=None, alias="insulation_rating")

    @model_validator(mode="after")
    def _connected(self) -> Earthing:
        if (self.point == "none") != (self.resistance_ohm is None):
            found = (
                "a floating system with a resistance" if self.point == "none" else f"{self.point} without a resistance"
            )
            raise f.refuse(found, "resistance of the connection to earth, for mid-point and negative")
        return self


class RackPower(f.Section):
    """The power path: feeds -> shelves -> busbar -> trays."""

    architecture: Architecture
    shelf: Annotated[str, f.refers("shelves")]
    redundancy: Redundancy
    #: Line-to-line voltage of the AC feed; three phases.
    feed_v: f.Voltage
    feeds: f.OneOrMore
    power_factor: f.PositiveShare
    #: Breaker rating of one feed's cord to one shelf, and the share of it that a continuous load may use.
    cord_a: f.Current
    cords_per_shelf: f.OneOrMore
    continuous_share: f.PositiveShare
    busbar: Annotated[str, f.refers("busbars")]
    #: Lowest voltage at which a tray still works.
    tray_least_v: f.Voltage
    #: Highest voltage that a tray bears.
    tray_most_v: f.Voltage | None = None
    #: Where the shelves stand: in the rack, or in a power rack beside it (then they take no rack units here).
    shelves_in: Literal["rack", "sidecar"] = "rack"
    #: Battery shelves on the busbar, as many as carry the rack for `ride_through_s`; they stand with the shelves.
    battery: Annotated[str, f.refers("batteries")] | None = None
    ride_through_s: f.Duration = Named(default=90.0, alias="ride_through")
    #: Battery shelves beyond those that carry it so long.
    battery_spares: f.Count = Named(default=0, alias="battery_spares")
    #: Capacitors that smooth, and how many of them.
    store: Annotated[str, f.refers("stores")] | None = None
    stores: f.Count = Named(default=0, alias="stores")
    protection: Protection | None = None
    earthing: Earthing | None = None
    motion: Motion


class NetworkFloor(f.Section):
    """The floor that the fabric's cables cross: rows in pairs at a hot aisle, trays above, racks of switches among them."""

    #: Places in a row, and rows of the hall; absent: as many rows as the racks need.
    positions: f.OneOrMore
    rows: f.OneOrMore | None = Named(default=None, alias="rows")
    rack_pitch_m: f.Length
    rack_depth_m: f.Length
    cold_aisle_m: f.Length
    hot_aisle_m: f.Length
    tray_height_m: f.Length
    tray_levels: f.OneOrMore
    tray_spacing_m: f.Length
    #: From a port to the side of its rack, both ends together; what is added to a route, and at each end of it.
    in_rack_m: f.Length
    slack_share: f.Share
    slack_m: f.Length = Named(alias="slack_each_end")
    switches_per_rack: f.OneOrMore = Named(alias="switches_per_rack")


FailureRate = Annotated[float, f.Field("scalar", f.quantity("a failure rate", "1/year", "0.007 /year", 0.0, 1e3))]


class NetworkFaults(f.Section):
    """How often parts of the fabric fail, and how long that lasts."""

    adapter_year: FailureRate = Named(alias="adapter")
    link_year: FailureRate = Named(alias="link")
    switch_year: FailureRate = Named(alias="switch")
    #: A link that is down for moments and comes back by itself.
    flap_year: FailureRate = Named(alias="flap")
    repair_s: f.Duration
    flap_s: f.Duration = Named(alias="flap_time")
    #: A transport that sends again carries a job over a flap that is no longer.
    retry_s: f.Duration
    #: A job's restart after a stop.
    restart_s: f.Duration


class OtherFabric(f.Section):
    """A fabric beside the scale-out one: front end, storage, management out of band. A folded Clos of its own switch."""

    #: Ports of a rack that it joins, and the rate of each.
    per_rack: f.OneOrMore = Named(alias="per_rack")
    rate_bit_s: f.PositiveBitRate
    switch: Annotated[str, f.refers("switches")]
    oversubscription: f.PositiveRatio = 1.0
    #: Module at both ends of its links; absent: its modules are not in the bill.
    optic: Annotated[str, f.refers("optics")] | None = None


#: A choice whose source can be named.
Topology = Annotated[
    Literal["folded-clos", "rail-only", "dragonfly+", "torus", "circuits"], BeforeValidator(f.choice_in)
]


class Dragonfly(f.Section):
    """The shape of a dragonfly+; what is absent follows from the blocks and from the switch's ports."""

    #: Groups of racks; absent: one for each block.
    groups: f.OneOrMore | None = Named(default=None, alias="groups")
    #: Spines of a group; absent: as few as leave half of their ports for other groups.
    spines: f.OneOrMore | None = Named(default=None, alias="spines")
    #: Links of a spine to other groups; absent: as many as it has to its leaves.
    global_links: f.OneOrMore | None = Named(default=None, alias="global_links")


class Torus(f.Section):
    """The shape of a torus; what is absent follows from the switch's ports: as many adapters a switch as all to all lets."""

    #: Switches along each dimension; absent: three, as alike as can be.
    sizes: tuple[f.OneOrMore, ...] = ()
    #: Adapters on a switch, and links side by side between two switches.
    per_switch: f.OneOrMore | None = Named(default=None, alias="per_switch")
    side_links: f.OneOrMore | None = Named(default=None, alias="side_links")


class Circuits(f.Section):
    """Optical circuit switches between leaves, set once and evenly."""

    #: Ports of an optical circuit switch, each of which takes a link's both ways.
    switch_ports: f.OneOrMore = Named(alias="switch_ports")


class RackNetwork(f.Section):
    """The scale-out fabric, apportioned to racks: a folded Clos unless `topology` says otherwise."""

    topology: Topology = "folded-clos"
    dragonfly: Dragonfly = Dragonfly()
    torus: Torus = Torus()
    circuits: Circuits | None = None
    rails: f.UpTo1000
    planes: f.UpTo1000
    switch: Annotated[str, f.refers("switches")]
    optic: Annotated[str, f.refers("optics")]
    oversubscription: f.PositiveRatio
    #: Each adapter has two links on a plane, to twin leaves (a folded Clos or rail-only).
    dual_tor: Literal["yes", "no"] = Named(default="no", alias="dual_tor")
    #: Downlinks over uplinks of a spine, where a folded Clos has three tiers.
    spine_oversubscription: f.PositiveRatio = Named(default=1.0, alias="spine_oversubscription")
    racks_per_cluster: f.OneOrMore | None = Named(default=None, alias="racks_per_cluster")
    #: Accelerators of a scale-up domain; all of a rack where nobody says.
    domain: f.OneOrMore | None = None
    #: What a switch takes from port to port, and FEC with the physical layer of a link's two ends.
    hop_s: f.Duration
    fec_s: f.Duration
    #: Of a lossless class: the longest frame, and what a sender takes to stop after a pause frame.
    frame_byte: f.Bytes
    pause_s: f.Duration
    faults: NetworkFaults
    #: Modules by rate, one kind for all; or modules and cables by port, each as its routed length on the floor wants it.
    counted: Literal["rate", "ports"] = "rate"
    #: How it grows: every stage sized alone, and cables that move; or the last stage's spines first, and none that move.
    growth: Literal["minimal", "final"] = "minimal"
    #: Racks of the cluster at each stage, growing; absent: a quarter, a half and all of it.
    stages: tuple[f.OneOrMore, ...] = ()
    #: Cages of its adapters and of its switches, as the media's modules name them.
    adapter_cage: str = "osfp-twin"
    switch_cage: str = "osfp-twin"
    floor: NetworkFloor
    #: The scale-up domain inside the rack, where it is one whose links are known.
    scale_up: Literal["gb200-nvl72", "hgx-h100", "hgx-b200", "mi300x", "mi355x"] | None = None
    #: Fabrics beside the scale-out one, by names such as front-end, storage, management.
    fabrics: dict[str, OtherFabric] = {}

    @property
    def twins(self) -> int:
        """Links of an adapter on one plane."""
        return 2 if self.dual_tor == "yes" else 1

    @model_validator(mode="after")
    def _twinned(self) -> RackNetwork:
        if self.dual_tor == "yes" and self.topology not in ("folded-clos", "rail-only"):
            raise f.refuse(f"dual_tor with {self.topology}", "dual_tor with folded-clos or rail-only")
        return self

    @model_validator(mode="after")
    def _growing(self) -> RackNetwork:
        if list(self.stages) != sorted(set(self.stages)):
            wanted = ", ".join(str(racks) for racks in sorted(set(self.stages)))
            raise f.refuse(
                f"stages of {', '.join(str(racks) for racks in self.stages)} racks", f"stages that grow: {wanted}"
            )
        return self


class Piping(f.Section):
    """What lies between the CDUs and the plates: couplings, hoses, manifolds, headers. Diameters are inner ones."""

    coupling: Annotated[str, f.refers("couplings")]
    hose_length_m: f.Length
    #: `auto`: the least usual size that keeps to the velocity at the rack's flow.
    hose_diameter_m: f.AutoLength = None
    manifold_diameter_m: f.AutoLength = None
    #: From one tray's port to the next.
    port_pitch_m: f.Length
    header_diameter_m: f.AutoLength = None
    #: From one rack to the next along the headers.
    header_pitch_m: f.Length
    #: Cold plates of a kind that the coolant passes one after the other in a tray.
    plates_in_series: f.OneOrMore = Named(alias="plates_in_series")
    #: Highest velocity that hoses, manifolds and headers are sized for.
    velocity_most_m_s: Annotated[float, f.Field("scalar", f.VELOCITY)]
    #: Absolute pressure of the expansion vessel, at the return header.
    vessel_pa: f.Pressure
    #: The vessel's whole volume, and its gas before the fill; without them its final pressure is not worked out.
    vessel_m3: f.Volume | None = Named(default=None, alias="vessel_volume")
    precharge_pa: f.Pressure | None = None
    #: Highest absolute pressure that the loop may stand at: the relief valve's.
    relief_pa: f.Pressure | None = None
    #: Temperature at which it is filled.
    fill_k: f.Temperature = 293.15
    #: Suction head that the CDU's pumps want at their greatest flow.
    suction_m: f.Length | None = None


class Control(f.Section):
    """How CDUs hold their loop: what their pumps look at, and the valve on the facility's side."""

    #: Racks' flow after their load, or the pressure between the headers at one place.
    holds: Literal["flow", "pressure"]
    #: Where the pressure is sensed.
    sensor: Literal["farthest rack", "at the CDUs"] = "farthest rack"
    least_speed_share: f.PositiveShare
    #: Kv of the primary valve when open, and the drop of the rest of its branch at the CDU's facility flow.
    valve_kv_m3_h: f.Kv | None = Named(default=None, alias="valve_kv")
    branch_drop_pa: f.Pressure | None = None
    #: Greatest over least flow that the valve controls.
    rangeability: f.PositiveRatio
    #: Share of the open branch's drop that the valve should take, the lowest load that it should control,
    #: and by how much its loop's gain may grow at low load.
    authority_least: f.Share = Named(alias="authority_least")
    load_least: f.Share = Named(alias="load_least")
    gain_most: f.Ratio = Named(alias="gain_most")


class Seconds(f.Section):
    """What decides the seconds after a pump stops; none of it is published, so all of it is shown over its range."""

    #: Heat capacities of chip package and of cold plate, and coolant within a plate, per watt of the chip's heat.
    package_j_k_w: Annotated[float, f.Field("scalar", f.INERTIA)]
    plate_j_k_w: Annotated[float, f.Field("scalar", f.INERTIA)]
    coolant_m3_w: Annotated[float, f.Field("scalar", f.VOLUME_PER_POWER)]
    #: Part of a plate's resistance between case and plate.
    interface_share: f.Share
    #: Time in which a tripped pump falls to half of its speed.
    coast_down_s: f.Duration
    #: Share of its heat that a throttled chip still has.
    throttled_share: f.Share


class RackCooling(f.Section):
    """The rack's liquid loop. `flow: auto` takes the least flow that cools the hottest plate."""

    coolant: Annotated[str, f.refers("fluids")]
    supply_k: f.Temperature
    #: Highest return temperature that the loop accepts.
    return_limit_k: f.Temperature
    flow_m3_s: f.AutoFlow = None
    cdu: Annotated[str, f.refers("cdus")]
    redundancy: Redundancy
    #: Pressure drop of a rack: quadratic x (L/min)^2 + linear x (L/min), in kPa.
    drop_quadratic_kpa: f.Number = Named(alias="drop_quadratic")
    drop_linear_kpa: f.Number = Named(alias="drop_linear")
    #: Dew point of the hall's air, and how far above it the supply stays; without it nothing is checked.
    dew_point_k: f.Temperature | None = None
    dew_margin_k: Annotated[float, f.Field("scalar", f.RISE)] = Named(default=3.0, alias="dew_margin")
    piping: Piping
    control: Control
    seconds: Seconds


class Block(f.Section):
    """Racks that share CDUs and leaf switches."""

    racks: f.OneOrMore = Named(alias="racks")


class StepWork(f.Section):
    """What one factory step takes for one piece: `per` a rack or a kind of tray."""

    time_s: f.Duration
    per: str = "rack"
    #: People at the piece for that time.
    crew: f.Ratio


class Rack(f.Section):
    """One generation of rack."""

    owner: str = ""
    name: str = ""
    base: str = ""
    maker: str = ""
    volume_from_week: f.Week
    volume_until_week: f.Week | None = None
    #: Share of the parts' nameplate power that the rack is designed to draw.
    design_load_share: f.PositiveShare
    declared: Declared
    frame: Annotated[str, f.refers("frames")]
    trays: dict[str, Tray]
    #: Things in the rack outside its trays: manifolds, cable cartridges (name in chips or components: how many).
    components: dict[Annotated[str, f.refers("chips", "components")], f.Count] = {}
    power: RackPower
    network: RackNetwork
    cooling: RackCooling
    block: Block
    #: Floor load that the hall carries.
    floor_limit_kg_m2: f.FloorLoad
    #: Factory steps: l10, l11, leak_test, burn_in, l12, pack_out.
    build: dict[str, StepWork]
    #: A published or quoted price of the whole rack: compared, never added.
    quote_usd: f.Money | None = None
