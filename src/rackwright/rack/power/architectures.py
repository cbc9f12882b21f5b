"""Power architectures side by side, from the medium-voltage terminals to the tray inputs, on one basis.

Every architecture carries the same racks with the same redundancy, ride-through and ambient. Conductors are sized by
current density, voltage drop and, for 50 V bars, by their heat balance; supplies are counted; losses follow from
load-dependent curves where one is known, else from one efficiency (the ledger's rows say which).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rackwright.figures import Status, weakest
from rackwright.physics.conductors import resistivity_ohm_m
from rackwright.rack.power.architectures_bipolar import Bipolar, bipolar
from rackwright.rack.power.architectures_figures import BBU_SOURCE, FACTS, Fact, bbu_shelf_w, supply_curve
from rackwright.rack.power.architectures_parts import CABLE_RISE_K, Basis, Conductor, Item, Limit, Path, count_devices
from rackwright.rack.power.chain import ChainRow, Stage, solve_chain
from rackwright.rack.power.chain_stages import transformer_from_full
from rackwright.rack.power.supplies import constant_efficiency, fit_polynomial

#: The figures of a row, as a table shows them: field and heading.
COLUMNS: tuple[tuple[str, str], ...] = (
    ("efficiency", "efficiency, medium voltage to trays"),
    ("loss_w", "loss"),
    ("copper_kg", "copper of conductors"),
    ("rack_units", "units in each rack"),
    ("floor_positions", "floor positions beside"),
    ("cost_usd", "cost of priced parts"),
    ("mv_a", "medium voltage"),
    ("lv_a", "low voltage"),
    ("rack_feed_a", "feed of a rack"),
    ("bar_foot_a", "50 V bar of a rack"),
    ("mid_a", "mid-point of a rack"),
    ("ride_through_s", "ride-through"),
    ("stored_j", "energy for it"),
)
BOUNDARY = "from the medium-voltage terminals to the tray inputs"


@dataclass(frozen=True, slots=True)
class Architecture:
    """One row of the comparison. A figure that is None was not found; `said` says what is missing and why.

    `rack_units` are taken in each IT rack, `floor_positions` beside the IT racks, by all of them. `stored_j` is what
    the ride-through asks of the storage at its bus, losses behind it included. `cost_usd` is the sum of what has a
    price; `unpriced` names the rest.
    """

    name: str
    what: str
    efficiency: Fact
    loss_w: Fact
    input_w: Fact
    copper_kg: Fact
    rack_units: Fact
    floor_positions: Fact
    cost_usd: Fact
    mv_a: Fact
    lv_a: Fact
    rack_feed_a: Fact
    bar_foot_a: Fact
    #: Of one rack, at the basis' unbalance; None without a mid-point.
    mid_a: Fact
    ride_through_s: Fact
    stored_j: Fact
    unpriced: tuple[str, ...]
    ledger: tuple[ChainRow, ...]
    residual_share: float
    conductors: tuple[Conductor, ...]
    items: tuple[Item, ...]
    limits: tuple[Limit, ...]
    said: tuple[str, ...]
    stages: tuple[Stage, ...]

    @property
    def holds(self) -> bool:
        """Whether every limit holds (a 50 V bar's air limit gives way to a liquid-cooled bar that holds)."""
        broken = [limit.name for limit in self.limits if not limit.holds]
        liquid = any(limit.name == "liquid-cooled 50 V bar" and limit.holds for limit in self.limits)
        return all(name == "air-cooled 50 V bar" and liquid for name in broken)

    @property
    def outcome(self) -> str:
        """ "yes", "no", or "not known" where every limit holds that is known but the ride-through was not found."""
        if not self.holds:
            return "no"
        return "not known" if self.ride_through_s.value is None else "yes"

    def efficiency_at(self, share: float) -> float:
        """Efficiency at a share of the basis' load, the same equipment running.

        Storage draws nothing while it is full; supplies are not staged.
        """
        load_w = share * float(self.efficiency.needed("efficiency") * self.input_w.needed("input_w"))
        return float(solve_chain(self.stages, load_w).efficiency[0])


def compare(basis: Basis, facts: Mapping[str, Fact] = FACTS) -> tuple[Architecture, ...]:
    """Every architecture on one basis, in one table.

    Examples
    --------
    >>> rows = compare(Basis(rack_w=130e3))
    >>> [row.name for row in rows]
    ['in-rack shelves', 'in-rack shelves, central UPS', '50 V power rack', '+/-400 V power rack', '800 V row', '800 V SST']
    >>> all(0.8 < row.efficiency.value < 1 and row.residual_share < 1e-9 for row in rows)
    True
    """
    return tuple(architecture(name, basis, facts) for name in BUILDERS)


def architecture(name: str, basis: Basis, facts: Mapping[str, Fact] = FACTS) -> Architecture:
    """One architecture by its name.

    Raises
    ------
    ValueError
        For an unknown name, and where a figure that it needs is None or a bar cannot be sized.
    """
    if name not in BUILDERS:
        raise ValueError(f"architecture {name!r} is not one of {', '.join(BUILDERS)}")
    what, builder = BUILDERS[name]
    path = Path(basis, facts)
    builder(path)
    return _row(name, what, path)


def alternating_side(
    basis: Basis, input_w: float, facts: Mapping[str, Fact] = FACTS
) -> tuple[tuple[Stage, ...], tuple[Conductor, ...]]:
    """Transformer, low-voltage feeders and rack whips before supplies that take `input_w`, all racks together.

    >>> stages, _ = alternating_side(Basis(rack_w=130e3), 5e6)
    >>> [stage.name for stage in stages]
    ['transformer', 'low-voltage feeders', 'rack whips']
    """
    path = Path(basis, facts)
    path.wanted_w = input_w
    _whips(path)
    _substation(path)
    return tuple(path.stages), tuple(path.conductors)


def _in_rack(path: Path) -> None:
    _bar_50(path)
    _bbu(path, "in each rack")
    _shelves(path, "shelf_psu_w", "shelf_usd")
    _whips(path)
    _substation(path)


def _central_ups(path: Path) -> None:
    _bar_50(path)
    _shelves(path, "shelf_psu_w", "shelf_usd")
    _whips(path)
    efficiency = path.fact("ups_efficiency")
    path.bus_w = path.wanted_w
    units = count_devices(path.wanted_w, 1e6, 1, path.basis.redundancy)
    path.item(
        "central UPS, 1 MW (size assumed)", units, 1e6, ("ups_usd_w", units * 1e6), rack_units=0.0, floor_positions=None
    )
    path.statuses.append("assumed")
    curve = constant_efficiency(1e6, efficiency)
    path.convert("UPS, double conversion", curve, units, volt=path.basis.line_v, phases=3, constant=True)
    path.said.append("seconds of the UPS battery: not found; its share of the price is inside")
    _substation(path)


def _sidecar(path: Path) -> None:
    basis = path.basis
    _bar_50(path)
    path.bar("50 V cross link", path.fact("rack_v"), basis.link_m, spread=False)
    rack_w, most_w = path.wanted_w / basis.racks, path.fact("sidecar_most_w")
    path.limit("50 V sidecar for one rack", rack_w, "sidecar_most_w")
    _bbu(path, "in the sidecars")
    sidecars = math.ceil(basis.racks / max(int(most_w / rack_w), 1))
    _shelves(path, "sidecar_psu_w", "sidecar_shelf_usd", banks=sidecars)
    path.items.append(Item("50 V sidecar", sidecars, most_w, floor_positions=sidecars, status="published"))
    _whips(path)
    _substation(path)


def _bipolar(path: Path) -> None:
    basis = path.basis
    _trays_800(path)
    rack_w = path.wanted_w / basis.racks
    links = math.ceil(rack_w / path.fact("diablo_link_w") * (1 - 1e-9))
    path.amps["rack_feed_a"] = rack_w / 800.0
    path.direct("+/-400 V links", 800.0, basis.whip_m, links * basis.racks, drop="link_drop_share", spare_wires=1)
    _mid_point(path, rack_w, path.conductors[-1])
    most_w = path.fact("diablo_most_w")
    power_racks = math.ceil(basis.racks / max(int(most_w / rack_w), 1)) * basis.feeds
    supply_w, slots = path.fact("diablo_supply_w"), int(path.fact("shelf_slots"))
    halves = power_racks // basis.feeds
    supplies = halves * count_devices(path.wanted_w / halves, supply_w, slots, basis.redundancy)
    curve = fit_polynomial(supply_curve(supply_w, path.fact("diablo_efficiency")))
    path.statuses.append("estimate")
    price = ("power_rack_usd_w", supplies * supply_w)
    path.item("+/-400 V power rack", power_racks, most_w, price, floor_positions=power_racks)
    path.limit("+/-400 V power rack for one rack", rack_w, "diablo_most_w")
    path.bus_w, path.ride_through_s = path.wanted_w, min(path.fact("diablo_ride_s"), basis.ride_through_s)
    path.ride_status = "published"
    path.limit("ride-through of the +/-400 V power rack", basis.ride_through_s, "diablo_ride_s", "s")
    path.convert("rectifiers to +/-400 V", curve, supplies, volt=800.0)
    _row_feeder(path, power_racks)
    _substation(path)


def _mid_point(path: Path, rack_w: float, links: Conductor) -> None:
    """Current of one rack's mid-point wires with unequal halves, and what a lost pole leaves."""
    basis = path.basis
    at_k = basis.ambient_k + CABLE_RISE_K
    per_rack = links.runs / basis.racks / basis.feeds
    ohm = resistivity_ohm_m("copper", at_k) * links.length_m / links.section_m2 / per_rack
    feeder = Bipolar(400.0, pole_ohm=ohm, mid_ohm=ohm)
    upper_w, lower_w = (0.5 * rack_w * (1 + sign * basis.unbalance_share) for sign in (1, -1))
    path.amps["mid_a"] = bipolar(feeder, upper_w=upper_w, lower_w=lower_w).mid_a
    left = bipolar(feeder, upper_w=0.5 * rack_w, lower_w=0.5 * rack_w, lost="lower")
    path.said.append(
        "a lost pole: converters between the poles get nothing; were they on halves, half of the load would go on, "
        f"{left.mid_a:.0f} A a rack through the mid-point, which is as thick as a pole for that"
    )


def _row_800(path: Path) -> None:
    basis = path.basis
    _trays_800(path)
    path.amps["rack_feed_a"] = path.wanted_w / basis.racks / 800.0
    path.direct("800 V rack whips", 800.0, basis.whip_m, basis.racks)
    each_w = path.fact("power_rack_bbu_w" if basis.ride_through_s else "power_rack_w")
    power_racks = count_devices(path.wanted_w, each_w, 1, basis.redundancy)
    path.direct("800 V row busway", 800.0, basis.row_m, power_racks)
    efficiency = path.fact("rectifier_efficiency")
    rated_w = path.fact("power_rack_w")
    path.item(
        "800 V in-row power rack",
        power_racks,
        rated_w,
        ("power_rack_usd_w", power_racks * rated_w),
        floor_positions=power_racks,
    )
    path.bus_w = path.wanted_w
    path.convert(
        "rectifiers to 800 V", constant_efficiency(rated_w, efficiency), power_racks, volt=800.0, constant=True
    )
    path.said.append("seconds of the power rack's 480 kW of BBU: not found; racks are counted by its watts")
    _row_feeder(path, power_racks)
    _substation(path)


def _sst(path: Path) -> None:
    basis = path.basis
    _trays_800(path)
    path.amps["rack_feed_a"] = path.wanted_w / basis.racks / 800.0
    path.direct("800 V rack whips", 800.0, basis.whip_m, basis.racks)
    rated_w = path.fact("sst_w")
    units = count_devices(path.wanted_w, rated_w, 1, basis.redundancy)
    path.direct("800 V feeders", 800.0, basis.hall_m + basis.row_m, max(units // basis.feeds, 1))
    if basis.ride_through_s:
        path.item(
            "battery racks on the 800 V bus",
            1,
            path.wanted_w,
            ("battery_usd_w", path.wanted_w),
            floor_positions=path.facts["battery_positions"].value,
        )
        path.said.append("seconds of the battery racks: not found; they are priced by their watts")
    path.bus_w = path.wanted_w
    path.item(
        "solid-state transformer",
        units,
        rated_w,
        ("sst_usd_w", units * rated_w),
        floor_positions=path.facts["sst_positions"].value,
    )
    curve = constant_efficiency(rated_w, path.fact("sst_efficiency"))
    path.convert("SST to 800 V", curve, units, volt=800.0, constant=True)
    path.said.append("SST: one efficiency for 50 to 100 % load; below half load it loses a larger share than shown")


def _bar_50(path: Path) -> None:
    path.bar("50 V bar", path.fact("rack_v"), path.basis.bar_m, spread=True)


def _trays_800(path: Path) -> None:
    """What an 800 V architecture has in the rack: a shelf of converters and a 50 V bar, or trays that take 800 V."""
    if path.basis.trays_at_800_v:
        path.direct("800 V bar", 800.0, path.basis.bar_m, path.basis.racks)
        path.said.append("trays take 800 V: their first conversion is outside the boundary, unlike the 50 V rows'")
        return
    _bar_50(path)
    basis = path.basis
    each_w, efficiency = path.fact("converter_w"), path.fact("converter_efficiency")
    per_rack = count_devices(path.wanted_w / basis.racks, each_w, 1, basis.redundancy)
    units = basis.racks * per_rack
    taken_u = per_rack * path.fact("converter_u")
    path.item("800 to 50 V shelf", units, each_w, ("converter_usd", units), rack_units=taken_u)
    path.convert("800 to 50 V shelves", constant_efficiency(each_w, efficiency), units, volt=50.0, constant=True)


def _shelves(path: Path, psu: str, price: str, *, banks: int | None = None) -> None:
    """Shelves of supplies, bank by bank; in the racks themselves where no other banks are told."""
    basis, rated_w, slots = path.basis, path.fact(psu), int(path.fact("shelf_slots"))
    each = basis.racks if banks is None else banks
    units = each * count_devices(path.wanted_w / each, rated_w, slots, basis.redundancy)
    shelves = units // slots
    taken_u = shelves / basis.racks * path.fact("shelf_u") if banks is None else 0.0
    path.item(f"{slots * rated_w / 1e3:g} kW shelf", shelves, slots * rated_w, (price, shelves), rack_units=taken_u)
    path.statuses.append("estimate")
    path.convert("supplies to 50 V", fit_polynomial(supply_curve(rated_w)), units, volt=path.fact("rack_v"))


def _bbu(path: Path, where: str) -> None:
    """BBU shelves on the 50 V bus for the ride-through, rack by rack."""
    basis = path.basis
    path.bus_w = path.wanted_w
    if not basis.ride_through_s:
        path.ride_through_s = 0.0
        return
    each_w = bbu_shelf_w(basis.ride_through_s, basis.redundancy)
    per_rack = math.ceil(path.wanted_w / basis.racks / each_w * (1 - 1e-9)) * basis.feeds
    count = per_rack * basis.racks
    taken_u = per_rack * path.fact("bbu_u") if where == "in each rack" else 0.0
    path.item(f"BBU shelf {where}", count, each_w, ("bbu_shelf_usd", count), rack_units=taken_u)
    path.ride_through_s, path.ride_status = basis.ride_through_s, "published"


def _whips(path: Path) -> None:
    """Alternating-current whips of every rack, and the feeders to them."""
    basis = path.basis
    path.amps["rack_feed_a"] = path.wanted_w / basis.racks / (math.sqrt(3) * basis.line_v * basis.power_factor)
    path.three_phase("rack whips", basis.whip_m, basis.racks)
    _row_feeder(path, max(math.ceil(path.wanted_w / path.fact("transformer_va")), 1))


def _row_feeder(path: Path, runs: int) -> None:
    basis = path.basis
    path.amps["lv_a"] = path.wanted_w / (math.sqrt(3) * basis.line_v * basis.power_factor)
    path.three_phase("low-voltage feeders", basis.hall_m + basis.row_m, runs)


def _substation(path: Path) -> None:
    rated_va = path.fact("transformer_va")
    factor = path.basis.power_factor
    curve = transformer_from_full(
        rated_va, path.fact("transformer_efficiency"), path.fact("transformer_best_share"), factor
    )
    units = count_devices(path.wanted_w, rated_va * factor, 1, path.basis.redundancy)
    path.item("unit transformer", units, rated_va, ("transformer_usd", units), floor_positions=0.0)
    path.convert("transformer", curve, units, volt=path.basis.line_v, phases=3)
    path.said.append("transformers and switchgear stand outside the hall: no floor positions counted, no price found")


def _row(name: str, what: str, path: Path) -> Architecture:
    basis = path.basis
    solved = solve_chain(path.stages, basis.load_w, boundary=BOUNDARY)
    input_w = float(solved.input_w[0])
    status = weakest([*path.statuses, "estimate"])
    taken_u = _total([item.rack_units for item in path.items])
    if taken_u is not None:
        path.limit("power equipment in each rack", taken_u, "rack_u_most", "U")
    path.items.append(Item("conductors", len(path.conductors), 0.0, usd=path.facts["conductor_usd"].value))
    unpriced = tuple(item.name for item in path.items if item.usd is None)

    def made(value: float | None, unit: str, of: Status = status, note: str = "") -> Fact:
        return Fact(
            value, unit, of, "computed from the facts on this basis" if value is not None else "not found", note=note
        )

    return Architecture(
        name=name,
        what=what,
        efficiency=made(float(solved.efficiency[0]), "", note=BOUNDARY),
        loss_w=made(input_w - basis.load_w, "W"),
        input_w=made(input_w, "W"),
        copper_kg=made(math.fsum(run.mass_kg for run in path.conductors), "kg", note="conductors only"),
        rack_units=made(taken_u, "U", note="in each IT rack"),
        floor_positions=made(_total([item.floor_positions for item in path.items]), "", note="beside the IT racks"),
        cost_usd=_cost(path, unpriced, status),
        mv_a=made(input_w / (math.sqrt(3) * basis.mv_v * basis.power_factor), "A"),
        lv_a=made(_amps(path, "lv_a"), "A", note="all feeders"),
        rack_feed_a=made(_amps(path, "rack_feed_a"), "A", note="of one rack"),
        bar_foot_a=made(_amps(path, "bar_foot_a"), "A", path.facts["rack_v"].status, "of one rack's 50 V bar"),
        mid_a=made(_amps(path, "mid_a"), "A", note=f"halves {basis.unbalance_share:.0%} apart"),
        ride_through_s=made(path.ride_through_s, "s", path.ride_status, note=BBU_SOURCE if path.ride_through_s else ""),
        stored_j=made(path.bus_w * basis.ride_through_s, "J"),
        unpriced=unpriced,
        ledger=solved.ledger(),
        residual_share=float(solved.residual_share[0]),
        conductors=tuple(path.conductors),
        items=tuple(path.items),
        limits=tuple(path.limits),
        said=tuple(path.said),
        stages=tuple(path.stages),
    )


def _cost(path: Path, unpriced: tuple[str, ...], status: Status) -> Fact:
    priced = [item for item in path.items if item.usd is not None]
    total, low, high = (
        math.fsum(value for item in priced if (value := getattr(item, kind)) is not None)
        for kind in ("usd", "usd_low", "usd_high")
    )
    years = [fact.price_year for fact in path.facts.values() if fact.price_year is not None]
    note = f"without a price: {', '.join(unpriced)}" if unpriced else ""
    value = total if priced else None
    return Fact(
        value, "USD", status, "sum of priced parts", low=low, high=high, price_year=max(years, default=None), note=note
    )


def _total(values: list[float | None]) -> float | None:
    """The sum; None where any part was not found."""
    known = [value for value in values if value is not None]
    return math.fsum(known) if len(known) == len(values) else None


def _amps(path: Path, name: str) -> float | None:
    value = path.amps.get(name, math.nan)
    return None if math.isnan(value) else value


BUILDERS: Mapping[str, tuple[str, Callable[[Path], None]]] = {
    "in-rack shelves": ("415 VAC to shelves and BBU in every rack, 50 V bar", _in_rack),
    "in-rack shelves, central UPS": ("UPS on 415 VAC, shelves in every rack, 50 V bar", _central_ups),
    "50 V power rack": ("415 VAC to sidecars with shelves and BBU, 50 V cross links", _sidecar),
    "+/-400 V power rack": ("415 VAC to power racks, three-wire links, 800 to 50 V shelves", _bipolar),
    "800 V row": ("415 VAC to in-row power racks, 800 V busway, 800 to 50 V shelves", _row_800),
    "800 V SST": ("medium voltage to 800 V by solid-state transformers, 800 to 50 V shelves", _sst),
}
