"""Every kind of part, declared once: for the catalogue's files and for the user's own under `catalogue:`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field as Named
from pydantic import field_validator, model_validator

from rackwright.program import fields as f


def _check_rising(values: Sequence[float], what: str) -> None:
    if not values:
        raise f.refuse("an empty list", f"at least one point, {what} rising")
    if any(after <= before for before, after in pairwise(values)):
        raise f.refuse(f"{what} that does not rise from point to point", f"points in order, {what} rising")


class Part(f.Section):
    """What every part has. `power_w` is drawn at the tray's DC input, conversion on the part's board included."""

    name: str = ""
    power_w: f.Power = 0.0
    mass_kg: f.Mass = 0.0
    cost_usd: f.Money = 0.0
    #: Share of its heat that goes to the liquid loop; the rest goes to the room's air.
    liquid_share: f.Share = 0.0
    #: The family that the plan buys it as; "" = not planned, bought when needed at its cost.
    family: str = ""


class Chip(Part):
    """An accelerator, processor, network adapter, switch chip or drive; one with a plate is cooled by liquid."""

    role: Literal["accelerator", "cpu", "nic", "dpu", "switch", "storage", "other"] = "other"
    plate: Annotated[str, f.refers("plates")] | None = None
    #: Highest case temperature under load.
    case_limit_k: f.Temperature | None = None
    #: From the hottest junction to the case, and the junction's limit: the case may then be so much cooler.
    junction_k_w: f.Resistance | None = Named(default=None, alias="junction_resistance")
    junction_limit_k: f.Temperature | None = None
    #: Scale-out rate of an adapter.
    rate_bit_s: f.BitRate = 0.0
    #: Scale-up rate of an accelerator, both ways together as makers state it.
    scale_up_byte_s: f.ByteRate = 0.0

    @model_validator(mode="after")
    def _junction(self) -> Chip:
        if (self.junction_k_w is None) != (self.junction_limit_k is None):
            raise f.refuse("one of junction_resistance and junction_limit", "both of them or none")
        return self

    def case_most_k(self, heat_w: float) -> float | None:
        """Highest case temperature at a heat: the stated one, or what the junction leaves, whichever is lower.

        >>> chip = Chip.model_construct(case_limit_k=353.15, junction_k_w=0.02, junction_limit_k=378.15)
        >>> chip.case_most_k(1000.0), round(chip.case_most_k(1400.0), 2)
        (353.15, 350.15)
        """
        limits = [] if self.case_limit_k is None else [self.case_limit_k]
        if self.junction_k_w is not None and self.junction_limit_k is not None:
            limits.append(self.junction_limit_k - heat_w * self.junction_k_w)
        return min(limits, default=None)

    def binding_limit(self, heat_w: float) -> str:
        """The key of the limit that `case_most_k` comes from."""
        most_k = self.case_most_k(heat_w)
        return "case_limit" if most_k is None or most_k == self.case_limit_k else "junction_limit"


class Component(Part):
    """Any other thing in a rack: board, fan, manifold, cable cartridge, busbar, frame part."""


class Switch(Part):
    """A scale-out switch: `ports` at `rate_bit_s`; a breakout multiplies ports and divides the rate."""

    ports: f.OneOrMore
    rate_bit_s: f.PositiveBitRate
    ports_per_cage: f.OneOrMore = 1
    height_ru: f.Height = 0.0
    #: Most ports after breakout.
    ports_most: f.OneOrMore | None = None


class Module(f.Section):
    """What sits in a cage: an optical module, or a co-packaged port."""

    name: str = ""
    #: Which cages it fits.
    cage: str
    rate_bit_s: f.PositiveBitRate
    #: Its fibre connectors.
    connectors: f.OneOrMore
    power_w: f.Power
    cost_usd: f.Money


class Medium(f.Section):
    """Two ends and what lies between them: two `modules` and fibre, or a cable with its plugs (`ends`, by cage)."""

    name: str = ""
    kind: Literal["dac", "acc", "aec", "aoc", "sr", "dr", "fr", "cpo"]
    #: Media of one family have the same module at the same cage.
    family: str = ""
    fibre: Annotated[str, f.refers("fibres")] | None = None
    fibres: f.Count = Named(default=0, alias="fibres")
    ends: tuple[str, ...] = ()
    modules: tuple[Annotated[str, f.refers("modules")], ...] = ()
    #: Of an attached cable, what its cage carries.
    rate_bit_s: f.PositiveBitRate | None = None
    reach_m: f.Length
    #: Lengths that are stocked, rising, in metres: "0.5, 1, 2 m".
    stock: Annotated[str, f.Field("word", f.LENGTHS)]
    end_power_w: f.Power = 0.0
    cost_usd: f.Money
    cost_usd_m: Annotated[float, f.Field("scalar", f.quantity("money per length", "USD/m", "20 USD/m", 0.0, 1e6))] = (
        Named(default=0.0, alias="cost_per_metre")
    )
    #: Insertion loss that its modules allow from end to end.
    allowed_loss_db: f.Number | None = Named(default=None, alias="allowed_loss_db")
    diameter_m: f.Length = 0.0
    mass_kg_m: Annotated[float, f.Field("scalar", f.quantity("a mass per length", "kg/m", "0.2 kg/m", 0.0, 1e3))] = (
        Named(default=0.0, alias="mass_per_metre")
    )
    #: Ends of an assembly: cable 1+1, breakout 1+n, shuffle m+n.
    forms: tuple[str, ...] = ("1+1",)
    box_usd: f.Money = Named(default=0.0, alias="box_cost")

    @property
    def stock_m(self) -> tuple[float, ...]:
        """Stocked lengths."""
        return tuple(float(part) for part in self.stock.removesuffix("m").split(","))

    @model_validator(mode="after")
    def _two_ends(self) -> Medium:
        if len(self.modules or self.ends) != 2 or (self.modules and self.ends):
            raise f.refuse("other than two ends", "two modules, or two ends by cage")
        if self.ends and self.rate_bit_s is None:
            raise f.refuse("an attached cable without a rate", "rate")
        try:
            lengths = self.stock_m
        except ValueError:
            raise f.refuse(f"stock {self.stock!r}", 'lengths such as "0.5, 1, 2 m"') from None
        _check_rising(lengths, "stock")
        if lengths[-1] > self.reach_m:
            raise f.refuse(f"a stock of {lengths[-1]:g} m", f"lengths within the reach of {self.reach_m:g} m")
        if not all(re.fullmatch(r"[1-9]\d*\+[1-9]\d*", form) for form in self.forms):
            raise f.refuse(f"forms {', '.join(self.forms)}", "forms such as 1+1, 1+4, 8+8")
        return self


class Fibre(f.Section):
    """A kind of fibre: its loss, that of a connector pair, and how tight its cords bend at rest."""

    loss_db_km: f.Number = Named(alias="loss_db_km")
    connector_loss_db: f.Number = Named(alias="connector_loss_db")
    #: Least radius over the cord's diameter.
    bend: f.Ratio


class Optic(Part):
    """One end of a link: module and its half of the cable. Power, mass and cost are per end."""

    rate_bit_s: f.PositiveBitRate
    reach_m: f.Length = 0.0


class CurvePoint(f.Section):
    """One point of a cold plate's curve."""

    flow_m3_s: f.PositiveFlow
    resistance_k_w: f.Resistance


class Plate(f.Section):
    """A cold plate: thermal resistance, case to coolant inlet, against flow through it; monotone, not extrapolated."""

    name: str = ""
    #: Rows of [flow, resistance], flow rising.
    curve: tuple[CurvePoint, ...]
    #: Area relative to the plate that the curve was measured on; resistance divides by it, flow multiplies by it.
    area_ratio: f.PositiveRatio = 1.0
    #: Lowest and highest flow that the maker recommends.
    flow_least_m3_s: f.Flow = 0.0
    flow_most_m3_s: f.Flow = 0.0

    @field_validator("curve")
    @classmethod
    def _monotone(cls, curve: tuple[CurvePoint, ...]) -> tuple[CurvePoint, ...]:
        _check_rising([point.flow_m3_s for point in curve], "flow")
        resistance = [point.resistance_k_w for point in curve]
        if any(after > before for before, after in pairwise(resistance)):
            raise f.refuse("a resistance that rises with flow", "a curve whose resistance never rises with flow")
        return curve


class EfficiencyPoint(f.Section):
    """One point of an efficiency curve."""

    load_share: f.PositiveShare = Named(alias="load")
    efficiency: f.PositiveShare


class Overload(f.Section):
    """How long a supply gives more than its rating."""

    load_share: f.PositiveRatio = Named(alias="load")
    time_s: f.Duration


class Shelf(Part):
    """A power shelf (or, for 800 VDC, the share of a power rack that counts as one): AC in, DC out."""

    psu_w: f.PositivePower
    psu_count: f.OneOrMore
    height_ru: f.Height = 0.0
    output_v: f.Voltage
    #: Fall of the output voltage from no load to full load.
    droop_v: Annotated[float, f.Field("scalar", f.quantity("a voltage fall", "V", "0.5 V", 0.0, 100.0))] = 0.0
    #: How far its supplies' set-points may lie from the output voltage, either way.
    set_point_share: f.Share = Named(default=0.0, alias="set_point")
    #: Highest current of its output connector.
    connector_a: f.Current | None = None
    #: Input of its supplies, phase to neutral: they let go below the first and give full power from the second. Where
    #: nobody states them, 80 and 90 % of the feed.
    input_least_v: f.Voltage | None = None
    input_full_v: f.Voltage | None = None
    #: What its supplies give for a while beyond their rating: [{load: 140 %, time: 50 ms}].
    overloads: tuple[Overload, ...] = ()
    #: Efficiency against share of rated load; read between the points linearly.
    efficiency: tuple[EfficiencyPoint, ...]

    @field_validator("overloads")
    @classmethod
    def _briefer_the_higher(cls, overloads: tuple[Overload, ...]) -> tuple[Overload, ...]:
        _check_rising([point.load_share for point in overloads], "load")
        if overloads and overloads[0].load_share <= 1.0:
            raise f.refuse(f"{overloads[0].load_share:.0%}", "an overload above 100 %")
        return overloads

    @field_validator("efficiency")
    @classmethod
    def _in_order(cls, efficiency: tuple[EfficiencyPoint, ...]) -> tuple[EfficiencyPoint, ...]:
        _check_rising([point.load_share for point in efficiency], "load")
        return efficiency


class BackupPoint(f.Section):
    """How long a battery shelf carries a power, new or at the end of its life as its maker says."""

    output_w: f.PositivePower
    time_s: f.Duration


class Battery(Part):
    """A battery shelf on the busbar: it takes over when the supplies' input is lost."""

    height_ru: f.Height = 0.0
    #: Rows of [power, seconds], power rising; between them the energy is read linearly.
    backup: tuple[BackupPoint, ...]
    #: It starts when the bus has been below this for `trigger_time_s`, or by the supplies' signal where it is 0.
    trigger_v: Annotated[float, f.Field("scalar", f.quantity("a voltage", "V", "48.5 V", 0.0, 1e5))] = 0.0
    trigger_time_s: f.Duration = 0.0
    #: From the trigger to full power.
    start_s: f.Duration = 0.0
    #: Power that it draws while it is charged again.
    charge_w: f.Power = 0.0

    @field_validator("backup")
    @classmethod
    def _in_order(cls, backup: tuple[BackupPoint, ...]) -> tuple[BackupPoint, ...]:
        _check_rising([point.output_w for point in backup], "power")
        return backup


class Store(Part):
    """Capacitors that smooth: joules between their highest and lowest voltage, and the power that they give or take."""

    height_ru: f.Height = 0.0
    energy_j: f.Energy
    output_w: f.PositivePower
    #: Energy given over energy taken.
    efficiency_share: f.PositiveShare = 0.95


class TripPoint(f.Section):
    """A steady current and the time after which it opens (a fuse: melts)."""

    current_a: f.Current
    time_s: f.Duration


class Protector(Part):
    """What cuts a direct current off: a fuse, a mechanical breaker, or a solid-state breaker or hot-swap.

    A fuse wants `melting` and `clearing` (pre-arcing and total I2t), a breaker `trip` and `opening`, an electronic one
    `trip` and `opening` from the trip to no more rise; `hold` is how long the current has to stand above the trip.
    """

    kind: Literal["fuse", "breaker", "electronic"]
    rating_a: f.Current
    voltage_v: f.Voltage
    #: Highest current that it can break.
    breaking_a: f.Current
    melting_a2s: f.LetThrough | None = None
    clearing_a2s: f.LetThrough | None = None
    #: Largest L/R for which a fuse's rating holds.
    time_constant_s: f.Duration | None = None
    trip_a: f.Current | None = None
    opening_s: f.Duration | None = None
    hold_s: f.Duration = 0.0
    fall_s: f.Duration = 0.0
    #: Steady currents, rising, and the time to open at each.
    curve: tuple[TripPoint, ...] = ()

    @field_validator("curve")
    @classmethod
    def _in_order(cls, curve: tuple[TripPoint, ...]) -> tuple[TripPoint, ...]:
        _check_rising([point.current_a for point in curve], "current")
        return curve

    @model_validator(mode="after")
    def _whole(self) -> Protector:
        wanted = ("melting", "clearing") if self.kind == "fuse" else ("trip", "opening")
        stated = {
            "melting": self.melting_a2s,
            "clearing": self.clearing_a2s,
            "trip": self.trip_a,
            "opening": self.opening_s,
        }
        missing = [name for name in wanted if stated[name] is None]
        if missing:
            raise f.refuse(f"a {self.kind} without {' and '.join(missing)}", f"{' and '.join(wanted)} of a {self.kind}")
        if self.kind == "fuse" and (self.clearing_a2s or 0.0) < (self.melting_a2s or 0.0):
            raise f.refuse("a clearing I2t below the melting one", "clearing: total I2t, of its melting I2t or more")
        return self


class Busbar(Part):
    """A rack busbar: one conductor go, one return, both of `section_m2` and `length_m`."""

    length_m: f.Length
    section_m2: f.PositiveArea
    rating_a: f.Current | None = None
    #: Resistance of all joints together, go and return.
    joint_ohm: Annotated[float, f.Field("scalar", f.quantity("a resistance", "ohm", "20 uohm", 0.0, 1.0))] = 0.0
    conductor: Literal["copper", "aluminium"] = "copper"
    #: Temperature of the bar where no rise at its rating is stated.
    temperature_k: f.Temperature = 348.15
    #: Rise over the ambient of its rating at its rated current: with it the bar warms by its own loss.
    rise_k: f.Rise | None = None
    rated_ambient_k: f.Temperature = 308.15
    #: Air about it in the rack.
    ambient_k: f.Temperature = 308.15
    #: One load's clips and hot-swap, there and back, and the current that they are rated for.
    tap_ohm: Annotated[float, f.Field("scalar", f.quantity("a resistance", "ohm", "20 uohm", 0.0, 1.0))] = 0.0
    tap_rating_a: f.Current | None = None

    @property
    def allowed_a(self) -> float | None:
        """Current at which it is as warm in its own air as at its rating: cooling goes with the rise to the power 1.22.

        >>> bar = Busbar.model_construct(rating_a=1000.0, rise_k=50.0, rated_ambient_k=308.15, ambient_k=318.15)
        >>> round(bar.allowed_a)
        873
        """
        if self.rating_a is None or self.rise_k is None:
            return self.rating_a
        left_k = max(self.rise_k + self.rated_ambient_k - self.ambient_k, 0.0)
        return self.rating_a * float((left_k / self.rise_k) ** (1.22 / 2))


class Cdu(Part):
    """A coolant distribution unit; its capacity holds at its approach, fluid and flow only."""

    capacity_w: f.PositivePower
    approach_k: Annotated[float, f.Field("scalar", f.RISE)]
    flow_most_m3_s: f.PositiveFlow
    #: Flow at which head, approach and capacity hold; the highest flow where nobody says.
    rated_flow_m3_s: f.Flow = 0.0
    #: Pressure that its pumps leave for the racks at that flow.
    head_pa: f.Pressure = 0.0
    #: Head at no flow over the head at the rated flow; 0 where nobody said.
    shutoff_share: f.Ratio = Named(default=0.0, alias="shutoff")
    #: Of the stated head, what the exchanger and its strainer take inside, at the rated flow.
    exchanger_drop_pa: f.Pressure = 0.0
    #: Its own pumps, all running.
    pumps: f.OneOrMore = 1
    #: Hydraulic power over what the pumps draw.
    pump_efficiency: f.PositiveShare = Named(default=0.6, alias="pump_efficiency")
    #: Facility water at its rating; as much heat-capacity flow as the racks' side where nobody said.
    primary_flow_m3_s: f.Flow = 0.0


class Coupling(f.Section):
    """A quick disconnect: its flow at one bar, and what it is rated for."""

    name: str = ""
    kv_m3_h: f.Kv
    pressure_most_pa: f.Pressure = 0.0
    temperature_most_k: f.Temperature | None = None


class FluidRow(f.Section):
    """Properties at one temperature."""

    temperature_k: f.Temperature
    density: Annotated[float, f.Field("scalar", f.quantity("a density", "kg/m**3", "1010 kg/m3", 1.0, 1e4))]
    heat_capacity: Annotated[float, f.Field("scalar", f.quantity("a heat capacity", "J/kg/K", "3970 J/kg/K", 1.0, 1e5))]
    viscosity: Annotated[float, f.Field("scalar", f.quantity("a viscosity", "Pa*s", "1.35 mPa*s", 1e-6, 10.0))]


class Fluid(f.Section):
    """A coolant: properties at temperatures, read between the rows linearly."""

    name: str = ""
    freezing_k: f.Temperature = 273.15
    rows: tuple[FluidRow, ...]

    @field_validator("rows")
    @classmethod
    def _in_order(cls, rows: tuple[FluidRow, ...]) -> tuple[FluidRow, ...]:
        _check_rising([row.temperature_k for row in rows], "temperature")
        return rows


class Frame(Part):
    """A rack's frame: what it holds and the floor it stands on."""

    height_ru: f.Height
    payload_kg: f.Mass
    footprint_m2: f.PositiveArea


class Climate(f.Section):
    """A place's climate: temperatures exceeded in a share of the hours of a year, extremes, means, height."""

    name: str = ""
    #: ASHRAE's climate zone, such as 5A.
    zone: str = ""
    #: Dry bulb exceeded 1 % and 99 % of the hours.
    hot_1pct_k: f.Temperature = Named(alias="hot_1pct")
    cold_99pct_k: f.Temperature = Named(alias="cold_99pct")
    #: Exceeded 0.4 % and 99.6 % of the hours.
    hot_04pct_k: f.Temperature | None = Named(default=None, alias="hot_04pct")
    cold_996pct_k: f.Temperature | None = Named(default=None, alias="cold_996pct")
    dry_bulb_mean_k: f.Temperature | None = None
    #: Mean span of a day's temperatures in the hottest month.
    daily_range_k: f.Rise | None = None
    #: Hottest hour of a year: once in 20 years, and mean and standard deviation over the years.
    hot_20yr_k: f.Temperature | None = Named(default=None, alias="hot_20yr")
    hot_yearly_mean_k: f.Temperature | None = None
    hot_yearly_deviation_k: f.Rise | None = None
    #: Wet bulb exceeded 0.4 % of the hours (needed by wet rejection), and its mean.
    wet_bulb_k: f.Temperature | None = None
    wet_bulb_mean_k: f.Temperature | None = None
    #: Mean wet bulb of the hours at the dry bulb exceeded 0.4 %.
    wet_bulb_coincident_k: f.Temperature | None = None
    #: Highest wet bulb in 20 years.
    wet_20yr_k: f.Temperature | None = Named(default=None, alias="wet_20yr")
    #: Height above the sea, which sets the pressure.
    elevation_m: f.Length = 0.0
    #: Degree days a year, below 18 degC and above 10 degC: with them the year's mean and swing are known. [K d]
    hdd18: f.Ratio | None = None
    cdd10: f.Ratio | None = None


class UtilityBand(f.Section):
    """Limits on the content of a site's power between two frequencies; what nobody states is no limit."""

    low_hz: f.Frequency
    high_hz: f.Frequency
    rms_w: f.Power | None = None
    worst_bin_w: f.Power | None = None
    #: The same as a share of the contracted power; the smaller of the two holds.
    worst_bin_share: f.Share | None = Named(default=None, alias="worst_bin_share")
    #: Of the `base` below: the band's rms over mean or contracted power, or its energy over that of all fluctuation.
    most_share: f.Share | None = Named(default=None, alias="share")
    base: Literal["mean power", "contracted power", "all fluctuation"] = "mean power"


class Utility(f.Section):
    """What a utility asks of a site's power; what nobody states is no limit."""

    name: str = ""
    standing: Literal["accepted standard", "draft", "roadmap", "estimate", "assumed", "user"] = "user"
    #: Largest change of power within the window, over the window; the smaller of power and share of the contracted power holds.
    ramp_up_w_s: f.PowerRamp | None = None
    ramp_up_share: f.ShareRamp | None = Named(default=None, alias="ramp_up_share")
    ramp_down_w_s: f.PowerRamp | None = None
    ramp_down_share: f.ShareRamp | None = Named(default=None, alias="ramp_down_share")
    ramp_window_s: f.Duration = 60.0
    #: Highest less lowest power within any such window.
    range_w: f.Power | None = None
    range_window_s: f.Duration = 5.0
    #: The range is taken of what a high-pass of this corner leaves.
    range_above_hz: f.Frequency | None = None
    bands: tuple[UtilityBand, ...] = ()
    #: Short-term and long-term flicker at the point of common coupling.
    pst: f.Ratio | None = Named(default=None, alias="pst")
    plt: f.Ratio | None = Named(default=None, alias="plt")


class State(f.Section):
    """A state's industrial electricity price."""

    name: str = ""
    electricity_usd_per_j: f.EnergyPrice


class Catalogue(f.Section):
    """All parts by kind: the shipped entries, amended by the program's `catalogue:` section."""

    chips: dict[str, Chip] = {}
    components: dict[str, Component] = {}
    switches: dict[str, Switch] = {}
    optics: dict[str, Optic] = {}
    modules: dict[str, Module] = {}
    media: dict[str, Medium] = {}
    fibres: dict[str, Fibre] = {}
    plates: dict[str, Plate] = {}
    shelves: dict[str, Shelf] = {}
    batteries: dict[str, Battery] = {}
    stores: dict[str, Store] = {}
    protectors: dict[str, Protector] = {}
    busbars: dict[str, Busbar] = {}
    cdus: dict[str, Cdu] = {}
    couplings: dict[str, Coupling] = {}
    fluids: dict[str, Fluid] = {}
    frames: dict[str, Frame] = {}
    climates: dict[str, Climate] = {}
    states: dict[str, State] = {}
    utilities: dict[str, Utility] = {}
