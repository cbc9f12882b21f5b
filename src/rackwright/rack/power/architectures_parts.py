"""Building an architecture from the trays back to the utility: conductors sized, supplies counted, parts kept.

A `Path` starts with the power at the tray inputs and walks toward the source; each step adds a stage whose output is
what the steps before it ask for, so every size follows from the power that really passes there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rackwright.figures import Status, weakest
from rackwright.physics.busbars import DENSITY_KG_M3, FlatBar, Surroundings, ampacity_a, loop_ohm, mass_kg
from rackwright.physics.conductors import resistivity_ohm_m
from rackwright.rack.power.architectures_figures import Fact
from rackwright.rack.power.chain import Stage
from rackwright.rack.power.chain_stages import ConductorLoss
from rackwright.rack.power.supplies import Curve
from rackwright.rack.power.supplies.staging import RULES, Rule

#: Cables run this much over ambient at their design current; 75 degC at 35 (assumed).
CABLE_RISE_K = 40.0
#: Bars are 10 mm thick, up to 200 mm wide, up to six a pole (assumed; usual bar stock).
BAR_THICKNESS_M, BAR_WIDEST_M, MOST_BARS = 0.010, 0.200, 6
#: Loads spread evenly along a bar lose a third of what all of them at its end would.
SPREAD_SHARE = 1 / 3


@dataclass(frozen=True, slots=True)
class Basis:
    """What is equal for every architecture: the load, its redundancy, its ride-through, its ambient, its distances.

    `rack_w` is at the tray inputs of one rack. Distances are assumed unless the user gives them. With
    `trays_at_800_v` the 800 V architectures end at trays that take 800 V; else every tray takes 50 V.
    """

    rack_w: float
    racks: int = 36
    redundancy: Rule = "N+1"
    ride_through_s: float = 90.0
    ambient_k: float = 308.15
    bar_rise_k: float = 50.0
    mv_v: float = 13.8e3
    line_v: float = 415.0
    power_factor: float = 0.99
    hall_m: float = 30.0
    row_m: float = 10.0
    whip_m: float = 5.0
    link_m: float = 1.2
    bar_m: float = 2.0
    trays_at_800_v: bool = False
    #: Difference of the halves of a three-wire feeder over their sum, for the mid-point's current (assumed).
    unbalance_share: float = 0.1
    #: How firm the distances are: "given" where the user states them.
    distance_status: Status = "assumed"

    def __post_init__(self) -> None:
        """Refuse what is no basis, naming it."""
        names = ("rack_w", "ambient_k", "bar_rise_k", "mv_v", "line_v", "hall_m", "row_m", "whip_m", "link_m", "bar_m")
        for name in names:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value}, not a finite number above zero")
        if not 0 <= self.unbalance_share <= 1:
            raise ValueError(f"unbalance_share is {self.unbalance_share}, not from 0 to 1")
        if self.racks < 1 or self.ride_through_s < 0 or not 0 < self.power_factor <= 1:
            raise ValueError("racks, ride_through_s and power_factor want 1 or more, 0 or more, and above 0 up to 1")
        if self.redundancy not in RULES:
            raise ValueError(f"redundancy is {self.redundancy!r}, not one of {', '.join(RULES)}")

    @property
    def load_w(self) -> float:
        """All racks at their tray inputs."""
        return self.racks * self.rack_w

    @property
    def feeds(self) -> int:
        """Feeds that each carry everything: two under N+N."""
        return 2 if self.redundancy == "N+N" else 1


@dataclass(frozen=True, slots=True)
class Conductor:
    """One kind of run: how many, how long, of which section, and its copper."""

    name: str
    runs: int
    wires: int
    length_m: float
    section_m2: float
    volt: float
    design_a: float
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Item:
    """Equipment counted: where it stands and what it takes; None where nobody says."""

    name: str
    count: int
    each_w: float
    rack_units: float | None = 0.0
    floor_positions: float | None = 0.0
    usd: float | None = None
    usd_low: float | None = None
    usd_high: float | None = None
    status: Status = "assumed"
    source: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit beside what is asked of it."""

    name: str
    value: float
    most: float
    unit: str
    standing: str
    source: str

    @property
    def holds(self) -> bool:
        """Whether the value is within it."""
        return self.value <= self.most * (1 + 1e-9)


@dataclass(slots=True)
class Path:
    """An architecture in the making; `wanted_w` is what the next step toward the source must give, all racks."""

    basis: Basis
    facts: Mapping[str, Fact]
    wanted_w: float = 0.0
    stages: list[Stage] = field(default_factory=list)
    conductors: list[Conductor] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    amps: dict[str, float] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    #: Facts whose status a stage already carries.
    counted: int = 0
    bus_w: float = 0.0
    ride_through_s: float | None = None
    ride_status: Status = "estimate"

    def __post_init__(self) -> None:
        """Start at the trays."""
        self.wanted_w = self.basis.load_w
        self.said.append("copper is that of conductors: windings, boards, neutral and earth wires are left out")
        self.said.append("fans, control and float charge, and derating of supplies by the ambient: no figure was found")
        self.said.append("bars and links are fed at 50 V; the supplies' droop to 49 V at full load is left out")

    def fact(self, name: str) -> float:
        """A fact's value; its status counts for the whole path."""
        found = self.facts[name]
        self.statuses.append(found.status)
        return found.needed(name)

    def add(self, stage: Stage) -> None:
        """Put a stage before the others and ask the next for its input.

        Its standing is the weakest of the facts that were used since the stage behind it.
        """
        self.stages.insert(0, replace(stage, standing=weakest(self.statuses[self.counted :])))
        self.counted = len(self.statuses)
        self.wanted_w += float(stage.units * stage.curve.loss_w(self.wanted_w / stage.units))

    def convert(
        self, name: str, curve: Curve, units: int, *, volt: float, phases: int = 0, constant: bool = False
    ) -> None:
        """A conversion by `units` equal devices."""
        factor = self.basis.power_factor if phases == 3 else 1.0
        self.add(
            Stage(
                name,
                curve,
                units,
                volt=volt,
                phases=phases,
                power_factor=factor,
                load_dependent=not constant,
            )
        )

    def bar(self, name: str, volt: float, length_m: float, *, spread: bool) -> None:
        """A 50 V bar in or to every rack, sized for its rise; liquid-cooled where the air-cooled one cannot carry it."""
        basis = self.basis
        rack_w = self.wanted_w / basis.racks
        current_a = rack_w / volt
        air_most_w = self.fact("bar_air_most_w")
        joint_ohm = self.fact("joint_ohm")
        if rack_w <= air_most_w:
            made = size_bar(current_a, basis.bar_rise_k, Surroundings(basis.ambient_k))
            ohm = loop_ohm(made, length_m, basis.ambient_k + basis.bar_rise_k)
            section_m2, kg = made.section_m2, mass_kg(made, length_m)
        else:
            section_m2, at_k = self.fact("bar_liquid_m2"), self.fact("bar_liquid_k")
            ohm = 2 * length_m * resistivity_ohm_m("copper", at_k) / section_m2
            kg = 2 * length_m * section_m2 * DENSITY_KG_M3["copper"]
            self.limit("liquid-cooled 50 V bar", rack_w, "bar_liquid_most_w")
        self.limit("air-cooled 50 V bar", rack_w, "bar_air_most_w")
        loss = ConductorLoss(volt, ohm * (SPREAD_SHARE if spread else 1.0) + joint_ohm, volt * current_a)
        self.conductors.append(Conductor(name, basis.racks, 2, length_m, section_m2, volt, current_a, basis.racks * kg))
        self.amps.setdefault("bar_foot_a", current_a)
        self.statuses.append(basis.distance_status)
        self.add(Stage(name, loss, basis.racks, volt=volt))

    def direct(
        self, name: str, volt: float, length_m: float, runs: int, *, drop: str = "drop_share", spare_wires: int = 0
    ) -> None:
        """Runs of two wires; under N+N twice as many, each for everything."""
        each_w = self.wanted_w / runs
        current_a = each_w / volt
        at_k = self.basis.ambient_k + CABLE_RISE_K
        section_m2 = self._section_m2(current_a, 2 * length_m * current_a / volt, drop, at_k)
        ohm = 2 * length_m * resistivity_ohm_m("copper", at_k) / section_m2
        self._run(name, ConductorLoss(volt, ohm, each_w), runs, 2 + spare_wires, length_m, section_m2, current_a)

    def three_phase(self, name: str, length_m: float, runs: int, *, volt: float | None = None) -> None:
        """Runs of three wires (earth and neutral left out); under N+N twice as many, each for everything."""
        line_v = self.basis.line_v if volt is None else volt
        each_w = self.wanted_w / runs
        current_a = each_w / (math.sqrt(3) * line_v * self.basis.power_factor)
        at_k = self.basis.ambient_k + CABLE_RISE_K
        section_m2 = self._section_m2(current_a, math.sqrt(3) * length_m * current_a / line_v, "drop_share", at_k)
        ohm = length_m * resistivity_ohm_m("copper", at_k) / section_m2
        loss = ConductorLoss(line_v, ohm, each_w, self.basis.power_factor)
        self._run(name, loss, runs, 3, length_m, section_m2, current_a, phases=3)

    def price(self, name: str, scale: float) -> tuple[float | None, float | None, float | None]:
        """A priced fact times something: value, low, high; Nones where it was not found."""
        fact = self.facts[name]
        if fact.value is None:
            return None, None, None
        low = fact.value if fact.low is None else fact.low
        high = fact.value if fact.high is None else fact.high
        return fact.value * scale, low * scale, high * scale

    def item(
        self,
        name: str,
        count: int,
        each_w: float,
        price: tuple[str, float],
        *,
        rack_units: float | None = 0.0,
        floor_positions: float | None = 0.0,
    ) -> None:
        """Equipment, with its place and its price."""
        usd, low, high = self.price(*price)
        fact = self.facts[price[0]]
        self.items.append(
            Item(name, count, each_w, rack_units, floor_positions, usd, low, high, fact.status, fact.source)
        )

    def limit(self, name: str, value: float, fact: str, unit: str = "W") -> None:
        """Keep a limit beside its value."""
        found = self.facts[fact]
        self.limits.append(Limit(name, value, self.fact(fact), unit, found.standing or found.status, found.source))

    def _section_m2(self, current_a: float, metres_per_volt_a: float, drop: str, at_k: float) -> float:
        by_density = current_a / self.fact("density_a_m2")
        by_drop = resistivity_ohm_m("copper", at_k) * metres_per_volt_a / self.fact(drop)
        return max(by_density, by_drop)

    def _run(
        self,
        name: str,
        loss: ConductorLoss,
        runs: int,
        wires: int,
        length_m: float,
        section_m2: float,
        current_a: float,
        phases: int = 0,
    ) -> None:
        total = runs * self.basis.feeds
        self.statuses.append(self.basis.distance_status)
        kg = total * wires * length_m * section_m2 * DENSITY_KG_M3["copper"]
        self.conductors.append(Conductor(name, total, wires, length_m, section_m2, loss.volt, current_a, kg))
        self.add(
            Stage(
                name,
                loss,
                total,
                volt=loss.volt,
                phases=phases,
                power_factor=loss.power_factor,
            )
        )


def size_bar(current_a: float, rise_k: float, around: Surroundings) -> FlatBar:
    """The least upright bars of 10 mm that carry a current within a rise, by their heat balance.

    Raises
    ------
    ValueError
        Where six bars of 200 mm a pole do not.

    Examples
    --------
    >>> bar = size_bar(2600.0, 50.0, Surroundings(308.15))
    >>> bar.bars, 0.12 < bar.width_m < 0.15
    (1, True)
    """
    for bars in range(1, MOST_BARS + 1):
        widest = FlatBar(BAR_WIDEST_M, BAR_THICKNESS_M, bars=bars, run="upright")
        if ampacity_a(widest, rise_k, around) < current_a:
            continue
        low, high = 0.02, BAR_WIDEST_M
        while high - low > 1e-6:
            middle = 0.5 * (low + high)
            enough = ampacity_a(replace(widest, width_m=middle), rise_k, around) >= current_a
            low, high = (low, middle) if enough else (middle, high)
        return replace(widest, width_m=high)
    raise ValueError(f"{current_a:.0f} A: no {MOST_BARS} bars of 200 x 10 mm a pole carry it within {rise_k:g} K")


def count_devices(power_w: float, each_w: float, slots: int, redundancy: Rule) -> int:
    """Devices installed for one bank, in whole shelves of `slots`.

    N+1: of every shelf one supply is spare (so HPR's 33 kW shelf carries 27.5 kW); of devices without a shelf, one in
    all. N+N: two whole halves.

    >>> [count_devices(130e3, 5500.0, 6, rule) for rule in ("N", "N+1", "N+N")]  # 4, 5 and 8 shelves of six
    [24, 30, 48]
    >>> [count_devices(4e6, 2.5e6, 1, rule) for rule in ("N", "N+1", "N+N")]
    [2, 3, 4]
    """
    if slots == 1:
        needed = max(math.ceil(power_w / each_w * (1 - 1e-9)), 1)
        return {"N": needed, "N+1": needed + 1, "N+N": 2 * needed}[redundancy]
    working = slots - 1 if redundancy == "N+1" else slots
    shelves = max(math.ceil(power_w / (working * each_w) * (1 - 1e-9)), 1)
    return shelves * slots * (2 if redundancy == "N+N" else 1)
