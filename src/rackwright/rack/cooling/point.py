"""One solved scenario of a hall with all that was given to it, its residuals, and their rates of change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.cooling.hall import Hall
from rackwright.rack.cooling.heat.transport import STILL_SHARE, Fluid, effectiveness
from rackwright.rack.cooling.heat.warm import Cooler
from rackwright.rack.cooling.hydraulics.lanes import Scenario, evaluate
from rackwright.rack.cooling.hydraulics.network import Floats, Kind, Network, Rule
from rackwright.rack.cooling.hydraulics.solve import GRAVITY_M_S2, topology_of
from rackwright.rack.cooling.state import HallState

#: Relative step of central differences of scalar functions: error about 1e-10 of the value.
STEP = 1e-5
PUMPS = (Kind.PUMP, Kind.PUMP_TABLE, Kind.PUMP_POWER)


@dataclass(frozen=True)
class Point:
    """Unknowns and givens of one scenario. Links, nodes, CDUs, pumps and spots in the hall's order.

    `holding` (CDUs) says which coolers are to be taken as holding their set-point, whether they could or not; as the
    state has it where it is None.
    """

    hall: Hall
    fluid: Fluid
    flow_kg_s: Floats
    pressure_pa: Floats
    enthalpy: Floats
    valve_status: NDArray[np.int32]
    source_w: Floats
    wanted_k: Floats
    primary_k: Floats
    primary_kg_s: Floats
    cooler_share: Floats
    speed: Floats
    opened: NDArray[np.bool_]
    factor: Floats
    efficiency: Floats
    plate_factor: Floats
    holding: NDArray[np.bool_] | None = None

    @cached_property
    def still_kg_s(self) -> float:
        """Flows up to this carry no heat, as in the solver."""
        return float(np.abs(self.flow_kg_s).max() * STILL_SHARE)


def point_of(
    state: HallState,
    fluid: Fluid,
    *,
    scenario: int = 0,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    primary_kg_s: ArrayLike,
    load_share: ArrayLike = 1.0,
    speed: ArrayLike | None = None,
    opened: ArrayLike | None = None,
    factor: ArrayLike | None = None,
    cooler_share: ArrayLike = 1.0,
    plate_factor: ArrayLike = 1.0,
    pump_efficiency: ArrayLike = 1.0,
) -> Point:
    """A scenario of a solved hall; the rest as it was given to `solve_hall`, for this one scenario.

    Raises
    ------
    ValueError
        When the network holds a pressure-regulating valve at work: its residual is another one.
    """
    hall, network = state.hall, state.hall.network
    status = state.warm.flows.valve_status[scenario]
    if ((network.valve_rule <= Rule.PSV) & (status == 0)).any():
        raise ValueError("the adjoint has no pressure-regulating valves; use picv, fcv or tcv")
    rack = hall.rack_of_link
    load = np.broadcast_to(np.asarray(load_share, np.float64), (len(hall.racks),))
    links, cdus, pumps = len(network.links), len(hall.coolers), len(network.pumps)
    pressure = state.warm.flows.pressure_pa[scenario]
    return Point(
        hall=hall,
        fluid=fluid,
        flow_kg_s=state.warm.flows.flow_kg_s[scenario],
        pressure_pa=pressure,
        enthalpy=enthalpy_of(fluid, network, state.warm.node_k[scenario], pressure),
        valve_status=status,
        source_w=hall.source_w * np.where(rack >= 0, load[np.maximum(rack, 0)], 0.0),
        wanted_k=_wide(wanted_k, cdus),
        primary_k=_wide(primary_k, cdus),
        primary_kg_s=_wide(primary_kg_s, cdus),
        cooler_share=_wide(cooler_share, cdus),
        speed=_wide(network.pump_speed if speed is None else speed, pumps),
        opened=np.array(np.broadcast_to(np.asarray(True if opened is None else opened, np.bool_), (links,))),
        factor=_wide(1.0 if factor is None else factor, links),
        efficiency=_wide(pump_efficiency, pumps),
        plate_factor=_wide(plate_factor, len(hall.spots)),
    )


def _wide(value: ArrayLike, width: int) -> Floats:
    return np.array(np.broadcast_to(np.asarray(value, np.float64), (width,)))


def _polynomials(fluid: Fluid, kelvin: Floats) -> tuple[Floats, Floats]:
    """Place within the fluid's range, and whether it is inside."""
    held = np.clip(kelvin, fluid.least_k, fluid.most_k)
    return (held - fluid.centre_k) / fluid.scale_k, np.asarray(held == kelvin, np.float64)


def _value(coefficients: Floats, x: Floats, order: int = 0) -> Floats:
    polynomial = np.polynomial.polynomial
    return np.asarray(polynomial.polyval(x, polynomial.polyder(coefficients, order) if order else coefficients))


def density_and_slope(fluid: Fluid, kelvin: Floats) -> tuple[Floats, Floats]:
    """Density and its derivative by temperature, zero beyond the fluid's range."""
    x, inside = _polynomials(fluid, kelvin)
    return _value(fluid.density, x), inside * _value(fluid.density, x, 1) / fluid.scale_k


def viscosity_and_slope(fluid: Fluid, kelvin: Floats) -> tuple[Floats, Floats]:
    """Viscosity and its derivative by temperature."""
    x, inside = _polynomials(fluid, kelvin)
    viscosity = np.exp(_value(fluid.log_viscosity, x))
    return viscosity, inside * viscosity * _value(fluid.log_viscosity, x, 1) / fluid.scale_k


def capacity_and_slope(fluid: Fluid, kelvin: Floats) -> tuple[Floats, Floats]:
    """Heat capacity and its derivative by temperature."""
    x, inside = _polynomials(fluid, kelvin)
    return _value(fluid.energy, x, 1) / fluid.scale_k, inside * _value(fluid.energy, x, 2) / fluid.scale_k**2


def energy_of(fluid: Fluid, kelvin: Floats) -> Floats:
    """Internal energy; beyond the range on the end's heat capacity. [J/kg]"""
    x, _ = _polynomials(fluid, kelvin)
    held = fluid.centre_k + x * fluid.scale_k
    return _value(fluid.energy, x) + _value(fluid.energy, x, 1) / fluid.scale_k * (kelvin - held)


def enthalpy_of(fluid: Fluid, network: Network, kelvin: Floats, pressure_pa: Floats) -> Floats:
    """Total enthalpy of nodes. [J/kg]"""
    density = density_and_slope(fluid, kelvin)[0]
    return energy_of(fluid, kelvin) + pressure_pa / density + GRAVITY_M_S2 * network.elevation_m


def kelvin_of(fluid: Fluid, enthalpy: Floats, pressure_pa: Floats, lift_j_kg: Floats) -> tuple[Floats, Floats, Floats]:
    """Temperature of total enthalpies, and its derivatives by enthalpy and pressure."""
    kelvin = np.full(np.shape(enthalpy), fluid.centre_k)
    for _ in range(12):
        density, by_k = density_and_slope(fluid, kelvin)
        rate = capacity_and_slope(fluid, kelvin)[0] - pressure_pa * by_k / density**2
        kelvin = kelvin + (enthalpy - lift_j_kg - pressure_pa / density - energy_of(fluid, kelvin)) / rate
    density, by_k = density_and_slope(fluid, kelvin)
    rate = capacity_and_slope(fluid, kelvin)[0] - pressure_pa * by_k / density**2
    return kelvin, 1.0 / rate, -1.0 / (density * rate)


@dataclass(frozen=True)
class Rates:
    """Everything about a point that its residuals and their Jacobian are made of; by link unless it says node.

    `push` is drop less static lift; `mean` the temperature half-way along a link; `up` and `down` its ends by the flow.
    Nodes: `fed` have an inflow, `held_pressure` have a given pressure or none that anything sets.
    """

    up: NDArray[np.intp]
    down: NDArray[np.intp]
    moving: NDArray[np.bool_]
    fed: NDArray[np.bool_]
    held_pressure: NDArray[np.bool_]
    kelvin: Floats
    kelvin_by_enthalpy: Floats
    kelvin_by_pressure: Floats
    density: Floats
    viscosity: Floats
    mean_by_flow: Floats
    mean_by_up: Floats
    drop: Floats
    slope: Floats
    push_by_mean: Floats
    outlet: Floats
    outlet_by_flow: Floats
    outlet_by_enthalpy: Floats
    outlet_by_up_pa: Floats
    outlet_by_down_pa: Floats


@dataclass(frozen=True)
class Exchange:
    """A cooler at a point: whether it holds its set-point, and its outlet enthalpy's derivatives.

    `by` are derivatives by wanted_k, primary_k, primary_kg_s and share of UA. [J/kg per unit]
    """

    link: int
    holds: bool
    outlet: float
    by_flow: float
    by_enthalpy: float
    by_up_pa: float
    by_down_pa: float
    by: dict[str, float]


def drops_of(point: Point, density: Floats, viscosity: Floats, **other: Any) -> tuple[Floats, Floats]:
    """Drop and slope of every link by the solver's own kernels; (lanes, links).

    `density`, `viscosity`, and among `other` `factor` and `speed`, are (lanes, n); `slots` replaces the parameters.
    """
    network = point.hall.network
    lanes = density.shape[0]
    shape = (len(network.links), lanes)
    net = topology_of(network, GRAVITY_M_S2)
    if "slots" in other:
        net = net._replace(slots=other["slots"])
    case = Scenario(
        demand=np.zeros((len(network.nodes), lanes)),
        density=np.ascontiguousarray(density.T),
        viscosity=np.ascontiguousarray(viscosity.T),
        factor=np.ascontiguousarray(np.broadcast_to(other.get("factor", point.factor), (lanes, shape[0])).T),
        opened=np.repeat(point.opened[:, None], lanes, axis=1),
        any_shut=False,
        speed=np.ascontiguousarray(np.broadcast_to(other.get("speed", point.speed), (lanes, len(network.pumps))).T),
        setting=np.repeat(network.valve_setting[:, None], lanes, axis=1),
        fixed_status=np.repeat(network.valve_status[:, None] != 0, lanes, axis=1),
        law_weights=np.zeros((0, 1, lanes)),
    )
    flow = np.repeat(point.flow_kg_s[:, None], lanes, axis=1)
    status = np.repeat(point.valve_status[:, None], lanes, axis=1)
    drop, slope = np.zeros(shape), np.zeros(shape)
    evaluate(net, case, status, flow, np.zeros((0, lanes), np.int32), np.zeros((0, 4, lanes)), drop, slope)
    return drop.T, slope.T


def rates_of(point: Point) -> Rates:
    """Temperatures, drops, outlets and all their derivatives at a point."""
    network, fluid, flow = point.hall.network, point.fluid, point.flow_kg_s
    up = np.where(flow > 0, network.first, network.second).astype(np.intp)
    down = np.where(flow > 0, network.second, network.first).astype(np.intp)
    cut_off = _cut_off(point)
    moving = (np.abs(flow) > point.still_kg_s) & ~cut_off[up]
    held = cut_off.copy()
    held[network.fixed_nodes] = True
    fed = np.zeros(len(network.nodes), np.bool_)
    fed[down[moving]] = True
    lift = GRAVITY_M_S2 * network.elevation_m
    kelvin, by_enthalpy, by_pressure = kelvin_of(fluid, point.enthalpy, point.pressure_pa, lift)
    mean, mean_by_flow, mean_by_up = _mean(point, moving, kelvin[up])
    density, density_by = density_and_slope(fluid, mean)
    viscosity, viscosity_by = viscosity_and_slope(fluid, mean)
    shifts = np.array([[1, 1], [1 + STEP, 1], [1 - STEP, 1], [1, 1 + STEP], [1, 1 - STEP]])
    drop, slope = drops_of(point, shifts[:, :1] * density, shifts[:, 1:] * viscosity)
    by_density = (drop[1] - drop[2]) / (2 * STEP * density)
    by_viscosity = (drop[3] - drop[4]) / (2 * STEP * viscosity)
    static = lift[network.first] - lift[network.second]
    rates = Rates(
        up=up, down=down, moving=moving, fed=fed, held_pressure=held, kelvin=kelvin,
        kelvin_by_enthalpy=by_enthalpy, kelvin_by_pressure=by_pressure, density=density, viscosity=viscosity,
        mean_by_flow=mean_by_flow, mean_by_up=mean_by_up, drop=drop[0] - density * static, slope=slope[0],
        push_by_mean=(static - by_density) * density_by - by_viscosity * viscosity_by,
        outlet=point.enthalpy[up], outlet_by_flow=np.zeros(len(flow)), outlet_by_enthalpy=np.ones(len(flow)),
        outlet_by_up_pa=np.zeros(len(flow)), outlet_by_down_pa=np.zeros(len(flow)),
    )  # fmt: skip
    return _with_outlets(point, rates, density_by)


def _mean(point: Point, moving: NDArray[np.bool_], inlet_k: Floats) -> tuple[Floats, Floats, Floats]:
    """Temperature half-way along links, as the sweep takes it, and its derivatives by flow and inlet."""
    capacity, capacity_by = capacity_and_slope(point.fluid, inlet_k)
    m = np.where(moving, np.abs(point.flow_kg_s), 1.0)
    half = np.where(moving, 0.5 * point.source_w / (m * capacity), 0.0)
    return inlet_k + half, -half / np.where(moving, point.flow_kg_s, 1.0), 1.0 - half * capacity_by / capacity


def _cut_off(point: Point) -> NDArray[np.bool_]:
    """Nodes that shut links cut off from every given pressure: nothing flows there."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    network = point.hall.network
    size = len(network.nodes)
    ends = (network.first[point.opened], network.second[point.opened])
    part = connected_components(coo_matrix((np.ones(len(ends[0])), ends), shape=(size, size)), directed=False)[1]
    return np.asarray(~np.isin(part, part[network.fixed_nodes]))


def _with_outlets(point: Point, rates: Rates, density_by: Floats) -> Rates:
    """Add heat, pumps' work and coolers to what links bring."""
    network, flow = point.hall.network, point.flow_kg_s
    m = np.where(rates.moving, np.abs(flow), 1.0)
    added = np.where(rates.moving, point.source_w / m, 0.0)
    outlet = rates.outlet + added
    by_flow = -added / np.where(rates.moving, flow, 1.0)
    by_enthalpy, by_up, by_down = np.ones(len(flow)), np.zeros(len(flow)), np.zeros(len(flow))
    pump = np.flatnonzero((network.speed_at >= 0) & rates.moving & (flow > 0))
    rise = point.pressure_pa[network.second[pump]] - point.pressure_pa[network.first[pump]]
    rise = rise + rates.density[pump] * GRAVITY_M_S2 * (
        network.elevation_m[network.second[pump]] - network.elevation_m[network.first[pump]]
    )
    pump, rise = pump[rise > 0], rise[rise > 0]
    per_pa = 1.0 / (rates.density[pump] * point.efficiency[network.speed_at[pump]])
    outlet[pump] += rise * per_pa
    by_up[pump] -= per_pa
    by_down[pump] += per_pa
    # the static part of the rise cancels with the density; what is left falls as it grows
    steady = (point.pressure_pa[network.second[pump]] - point.pressure_pa[network.first[pump]]) * per_pa
    by_mean = -steady * density_by[pump] / rates.density[pump]
    by_flow[pump] += by_mean * rates.mean_by_flow[pump]
    by_inlet = by_mean * rates.mean_by_up[pump]
    by_enthalpy[pump] += by_inlet * rates.kelvin_by_enthalpy[rates.up[pump]]
    by_up[pump] += by_inlet * rates.kelvin_by_pressure[rates.up[pump]]
    rates = replace(
        rates, outlet=outlet, outlet_by_flow=by_flow, outlet_by_enthalpy=by_enthalpy, outlet_by_up_pa=by_up,
        outlet_by_down_pa=by_down,
    )  # fmt: skip
    for swap in exchanges(point, rates):
        outlet[swap.link], by_flow[swap.link] = swap.outlet, swap.by_flow
        by_enthalpy[swap.link], by_up[swap.link], by_down[swap.link] = swap.by_enthalpy, swap.by_up_pa, swap.by_down_pa
    return rates


def exchanges(point: Point, rates: Rates) -> tuple[Exchange, ...]:
    """Every cooler that has a flow."""
    network = point.hall.network
    found = []
    for number, cooler in enumerate(point.hall.coolers):
        link = network.link_number[cooler.link]
        if rates.moving[link]:
            found.append(_exchange(point, rates, number, cooler, link))
    return tuple(found)


def _exchange(point: Point, rates: Rates, number: int, cooler: Cooler, link: int) -> Exchange:
    fluid, network = point.fluid, point.hall.network
    up, down, m = int(rates.up[link]), int(rates.down[link]), abs(float(point.flow_kg_s[link]))
    inlet, start_k, wanted_k = float(point.enthalpy[up]), float(rates.kelvin[up]), float(point.wanted_k[number])
    wanted = np.array([wanted_k])
    density, by_k = (float(a[0]) for a in density_and_slope(fluid, wanted))
    pressure = float(point.pressure_pa[down])
    aimed = float(energy_of(fluid, wanted)[0]) + pressure / density + GRAVITY_M_S2 * float(network.elevation_m[down])
    given = {
        "flow": m, "start_k": start_k, "wanted_k": wanted_k, "primary_k": float(point.primary_k[number]),
        "primary_kg_s": float(point.primary_kg_s[number]), "cooler_share": float(point.cooler_share[number]),
    }  # fmt: skip
    most = duty_w(fluid, cooler, **given) / m
    holds = 0.0 < inlet - aimed <= most if point.holding is None else bool(point.holding[number])
    if not holds and min(inlet - aimed, most) <= 0.0:
        return Exchange(link, False, inlet, 0.0, 1.0, 0.0, 0.0, {})
    if holds:
        capacity = float(capacity_and_slope(fluid, wanted)[0][0])
        by = {"wanted_k": capacity - pressure * by_k / density**2}
        return Exchange(link, True, aimed, 0.0, 0.0, 0.0, 1.0 / density, by)
    by_value = {name: _difference(fluid, cooler, given, name) / m for name in given}
    sign = 1.0 if point.flow_kg_s[link] > 0 else -1.0
    return Exchange(
        link=link,
        holds=False,
        outlet=inlet - most,
        by_flow=-sign * (by_value["flow"] - most / m),
        by_enthalpy=1.0 - by_value["start_k"] * float(rates.kelvin_by_enthalpy[up]),
        by_up_pa=-by_value["start_k"] * float(rates.kelvin_by_pressure[up]),
        by_down_pa=0.0,
        by={name: -by_value[name] for name in ("wanted_k", "primary_k", "primary_kg_s", "cooler_share")},
    )


def _difference(fluid: Fluid, cooler: Cooler, given: dict[str, float], name: str) -> float:
    """Central difference of a cooler's most duty by one of what it is given."""
    step = STEP * abs(given[name]) if name not in ("start_k", "wanted_k", "primary_k") else 1e-2
    if step == 0.0:
        return 0.0
    high = duty_w(fluid, cooler, **{**given, name: given[name] + step})
    return (high - duty_w(fluid, cooler, **{**given, name: given[name] - step})) / (2 * step)


def duty_w(
    fluid: Fluid,
    cooler: Cooler,
    *,
    flow: float,
    start_k: float,
    wanted_k: float,
    primary_k: float,
    primary_kg_s: float,
    cooler_share: float,
) -> float:
    """Most heat that a cooler takes from its stream: `transport.cooler_duty` for one cooler. [W]"""
    if flow <= 0.0 or primary_kg_s <= 0.0:
        return 0.0
    wall = 1.0 - cooler.secondary_share - cooler.primary_share + cooler.fouling_share
    resistance = (
        cooler.secondary_share * (cooler.rated_kg_s / flow) ** 0.8
        + wall
        + cooler.primary_share * (cooler.primary_rated_kg_s / primary_kg_s) ** 0.8
    )
    own = flow * float(capacity_and_slope(fluid, np.array([0.5 * (start_k + wanted_k)]))[0][0])
    other = primary_kg_s * cooler.primary_heat_j_kg_k
    least, most = min(own, other), max(own, other)
    share = effectiveness(cooler.ua_w_k * cooler_share / resistance / least, least / most)
    return float(share * least * (start_k - primary_k))


def chip_heat_w(point: Point) -> Floats:
    """Heat of one chip of every spot: its design heat times its link's share of the design heat."""
    hall = point.hall
    design_w = np.array([spot.plates.heat_w for spot in hall.spots])
    own_w = hall.source_w[hall.spot_link]
    share = np.divide(point.source_w[hall.spot_link], own_w, out=np.zeros(len(own_w)), where=own_w > 0)
    return np.asarray(share * design_w)


def case_of(point: Point) -> tuple[Floats, Floats, Floats]:
    """Case temperature of every spot, and its derivatives by its link's flow and its inlet temperature."""
    hall, network = point.hall, point.hall.network
    link = hall.spot_link
    flow = point.flow_kg_s[link]
    up = np.where(flow >= 0, network.first[link], network.second[link])
    lift = GRAVITY_M_S2 * network.elevation_m[up]
    inlet_k = kelvin_of(point.fluid, point.enthalpy[up], point.pressure_pa[up], lift)[0]
    density, density_by = density_and_slope(point.fluid, inlet_k)
    volume = np.abs(flow) / hall.spot_paths / density
    heat_w = chip_heat_w(point) * point.plate_factor
    resistance, slope = np.empty(len(link)), np.empty(len(link))
    curves: dict[int, list[int]] = {}
    for number, spot in enumerate(hall.spots):
        curves.setdefault(id(spot.plates), []).append(number)
    for numbers in curves.values():
        plates = hall.spots[numbers[0]].plates
        value, by = plate_resistance(plates.curve_m3_s, plates.curve_k_w, volume[numbers])
        resistance[numbers], slope[numbers] = value + plates.junction_k_w, by
    with np.errstate(invalid="ignore", divide="ignore"):
        by_flow = np.where(flow != 0, heat_w * slope * volume / flow, 0.0)
        warmed = np.where(heat_w > 0, heat_w * resistance, 0.0)
        by_inlet = np.where(heat_w > 0, 1.0 - heat_w * slope * volume * density_by / density, 1.0)
    return inlet_k + warmed, by_flow, by_inlet


def plate_resistance(flows_m3_s: Any, resistances_k_w: Any, volume_m3_s: Floats) -> tuple[Floats, Floats]:
    """A plate's resistance and its slope: straight between points, R V constant below them, constant above.

    >>> plate_resistance((1.0, 2.0), (0.4, 0.2), np.array([0.5, 1.5, 3.0]))
    (array([0.8, 0.3, 0.2]), array([-1.6, -0.2,  0. ]))
    """
    x, y = np.asarray(flows_m3_s, np.float64), np.asarray(resistances_k_w, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        below = y[0] * x[0] / volume_m3_s
        below_by = -below / volume_m3_s
    at = np.clip(np.searchsorted(x, volume_m3_s, side="right") - 1, 0, len(x) - 2)
    steep = (np.diff(y) / np.diff(x))[at]
    inside = np.where(volume_m3_s > x[-1], 0.0, steep)
    value = np.where(volume_m3_s < x[0], below, np.interp(volume_m3_s, x, y))
    return value, np.where(volume_m3_s < x[0], below_by, inside)


def residuals(point: Point) -> Floats:
    """Energy of links, mass of nodes, enthalpy flow of nodes: all zero where the point is solved."""
    network, flow = point.hall.network, point.flow_kg_s
    rates = rates_of(point)
    push = point.pressure_pa[network.first] - point.pressure_pa[network.second] - rates.drop
    energy = np.where(point.opened, push, flow)
    mass = np.zeros(len(network.nodes))
    np.add.at(mass, network.second, flow)
    np.subtract.at(mass, network.first, flow)
    mass[rates.held_pressure] = 0.0
    heat = np.zeros(len(network.nodes))
    brought = np.where(rates.moving, np.abs(flow) * (point.enthalpy[rates.down] - rates.outlet), 0.0)
    np.add.at(heat, rates.down, brought)
    return np.concatenate((energy, mass, heat))
