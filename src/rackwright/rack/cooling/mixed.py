"""Racks of different generations on one loop: the supply and the pressure that serve them all, and what each kind costs.

Every kind has a highest supply temperature and a flow that it wants at full load. The loop has one supply and one pump
control: the kind with the lowest limit sets the temperature for all, the rack that is worst off sets the speed, and the
others get more than they want unless they are trimmed. Nothing here is estimated from shares: every answer is a solved hall.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from rackwright.rack.cooling.controls import Controlled, control_flow, control_picv
from rackwright.rack.cooling.envelope import Limit, Row, check
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, RackLoop, build_hall, single_rack
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.hydraulics.build import KV_DENSITY
from rackwright.rack.cooling.hydraulics.network import Floats
from rackwright.rack.cooling.state import HallState, solve_rack

Trim = Literal["none", "orifice", "picv"]
#: Rounds in which the set-point settles on the warmest rack's inlet, and orifices on their racks' flows.
SET_POINT_ROUNDS, ORIFICE_ROUNDS = 3, 8
#: A rack's flow meets what it wants to this share; inlets meet their limit to this many kelvin.
FLOW_TOLERANCE, SUPPLY_TOLERANCE_K = 1e-5, 1e-6
#: An orifice that would take less than this share of its rack's drop is left out.
LEAST_TRIM_SHARE = 1e-3
HOURS_OF_YEAR = 8760.0


@dataclass(frozen=True, slots=True)
class RackKind:
    """A kind of rack on the loop: what one wants at full load. `loop.name` names the kind.

    `supply_most_k` is the highest temperature at which the maker lets coolant enter, with `flow_kg_s`. Where a maker asks
    for less flow of cooler liquid, `flow_points` are supply temperatures and flows, rising; straight between them, which
    errs on the high side because flow rises ever faster as the supply nears the chips' limit.
    """

    loop: RackLoop
    flow_kg_s: float
    supply_most_k: float
    flow_points: tuple[tuple[float, float], ...] = ()

    def at_supply(self, supply_k: float) -> RackKind:
        """The kind with the flow that it wants at a supply temperature; below the first point that point's flow."""
        if not self.flow_points:
            return self
        points = np.array(self.flow_points, np.float64)
        if (np.diff(points, axis=0) <= 0).any():
            raise ValueError(f"kind {self.loop.name!r}: flow_points must rise in supply and flow")
        return replace(self, flow_kg_s=float(np.interp(supply_k, points[:, 0], points[:, 1])))


@dataclass(frozen=True)
class MixedLoop:
    """A row of places, each with a kind by name, and the loop that feeds them."""

    kinds: Mapping[str, RackKind]
    places: tuple[str, ...]
    cdus: tuple[Cdu, ...]
    headers: Headers
    fluid: Fluid
    vessel_pa: float
    primary_k: float
    primary_kg_s: float
    law: str = "colebrook"

    def __post_init__(self) -> None:
        strangers = sorted(set(self.places) - set(self.kinds))
        if strangers:
            raise ValueError(f"places name kinds that are not there: {', '.join(strangers)}")
        for name, kind in self.kinds.items():
            if not kind.flow_kg_s > 0:
                raise ValueError(f"kind {name!r} wants a flow of {kind.flow_kg_s} kg/s, not above zero")

    @property
    def wanted_kg_s(self) -> Floats:
        """Flow that each place's rack wants."""
        return np.array([self.kinds[name].flow_kg_s for name in self.places])

    def at_supply(self, supply_k: float) -> MixedLoop:
        """The loop with every kind's flow at a common supply temperature."""
        return replace(self, kinds={name: kind.at_supply(supply_k) for name, kind in self.kinds.items()})

    @property
    def supply_most_k(self) -> Floats:
        """Highest supply of each place's rack."""
        return np.array([self.kinds[name].supply_most_k for name in self.places])

    def hall(self, loops: Mapping[str, RackLoop]) -> Hall:
        """The hall with these racks, one loop a kind."""
        racks = [loops[name] for name in self.places]
        return build_hall(racks, self.cdus, self.headers, vessel_pa=self.vessel_pa, law=self.law)


@dataclass(frozen=True, slots=True)
class KindState:
    """How the racks of one kind fare. `over_share` is how much more than wanted the best-fed of them gets.

    `drop_pa` is from header to header at the worst-fed of them; `chip_margin_k` the least margin of its chips (infinity
    where no chip states a limit); `orifice_kv_m3_h` None without an orifice.
    """

    kind: str
    racks: int
    wanted_kg_s: float
    least_kg_s: float
    most_kg_s: float
    over_share: float
    inlet_k: float
    supply_most_k: float
    drop_pa: float
    chip_margin_k: float
    orifice_kv_m3_h: float | None = None

    @property
    def served(self) -> bool:
        """Whether every rack of the kind has its flow and none is fed too warm."""
        enough = self.least_kg_s >= self.wanted_kg_s * (1 - 10 * FLOW_TOLERANCE)
        return enough and self.inlet_k <= self.supply_most_k + 1e-3


@dataclass(frozen=True)
class Served:
    """A mixed loop solved under its controls.

    `set_point_k` is the CDUs' set-point at which the warmest rack's inlet just meets its limit; `drop_pa` the pressure
    between the headers at the rack that sets the speed.
    """

    trim: Trim
    controlled: Controlled
    set_point_k: float
    speed: float
    drop_pa: float
    pump_w: float
    flow_kg_s: float
    binding_supply: str
    binding_flow: str
    binding_rack: int
    kinds: tuple[KindState, ...]

    @property
    def served(self) -> bool:
        """Whether all kinds are served and the pumps are within their speeds."""
        return all(kind.served for kind in self.kinds) and int(self.controlled.saturated[0]) <= 0

    def of(self, kind: str) -> KindState:
        """The state of one kind."""
        return next(item for item in self.kinds if item.kind == kind)


def serve(mixed: MixedLoop, *, trim: Trim = "none", only: Sequence[str] | None = None, **how: Any) -> Served:
    """The highest common supply and the least pump speed that serve every rack.

    Parameters
    ----------
    trim : none, orifice (one size a kind, so that its worst-fed rack gets just what it wants) or picv
        What stands in the racks' supply hoses.
    only : sequence of str, optional
        Kinds that are there; the others' hoses are shut and their chips off.
    how
        As for `control`: least_speed, most_speed, pump_efficiency ...
    """
    present = np.array([only is None or name in only for name in mixed.places])
    if not present.any():
        raise ValueError("no rack is left on the loop")
    mixed = mixed.at_supply(float(mixed.supply_most_k[present].min()))
    loops = {name: _bare(kind.loop) for name, kind in mixed.kinds.items()}
    if trim == "picv":
        loops = {name: replace(loop, picv_kg_s=mixed.kinds[name].flow_kg_s) for name, loop in loops.items()}
        return _settled(mixed, mixed.hall(loops), trim, present, {}, how)
    found = _settled(mixed, mixed.hall(loops), trim, present, {}, how)
    if trim == "none":
        return found
    return _with_orifices(mixed, loops, present, found, how)


def _bare(loop: RackLoop) -> RackLoop:
    return replace(loop, orifice_kv_m3_h=None, picv_kg_s=None)


def _with_orifices(
    mixed: MixedLoop, loops: dict[str, RackLoop], present: Any, found: Served, how: dict[str, Any]
) -> Served:
    """Sizes one orifice a kind: what the headers give at its worst-fed rack less the rack's own drop at its wanted flow.

    The kind that is hardest to serve untrimmed has none, and sets the pressure. Headers' drops change as the easy kinds' flows fall, so sizing and
    solving take turns until every kind's worst-fed rack has its flow.
    """
    own_pa = {
        name: _own_drop_pa(mixed, mixed.kinds[name], loop, found.set_point_k)
        for name, loop in loops.items()
        if any(state.kind == name for state in found.kinds)
    }
    hardest = found.binding_flow
    for _ in range(ORIFICE_ROUNDS):
        kv = {
            state.kind: _orifice_kv(mixed, state, own_pa[state.kind], found.set_point_k)
            for state in found.kinds
            if state.kind != hardest
        }
        sized = {name: replace(loop, orifice_kv_m3_h=kv.get(name)) for name, loop in loops.items()}
        found = _settled(mixed, mixed.hall(sized), "orifice", present, kv, how)
        trimmed = [state for state in found.kinds if kv.get(state.kind) is not None]
        off = max((abs(state.least_kg_s / state.wanted_kg_s - 1.0) for state in trimmed), default=0.0)
        if off <= FLOW_TOLERANCE:
            break
    return found


def _own_drop_pa(mixed: MixedLoop, kind: RackKind, loop: RackLoop, inlet_k: float) -> float:
    """A rack's own drop at the flow that it wants, hoses and couplings with it."""
    network, spots = single_rack(loop, law=mixed.law)
    state = solve_rack(network, spots, mixed.fluid, flows_kg_s=np.array([kind.flow_kg_s]), inlet_k=inlet_k)
    flows = state.warm.flows
    return float((flows.pressure_of("supply") - flows.pressure_of("return"))[0])


def _orifice_kv(mixed: MixedLoop, state: KindState, own_pa: float, inlet_k: float) -> float | None:
    """Kv that takes what the rack leaves of the headers' drop: drop [bar] = rho / 1000 (V [m3/h] / Kv)^2."""
    left_pa = state.drop_pa - own_pa
    if left_pa < LEAST_TRIM_SHARE * own_pa:
        return None
    rho = float(density_of(mixed.fluid, np.array(inlet_k)))
    return 3600.0 * state.wanted_kg_s / rho * math.sqrt(1e5 * rho / KV_DENSITY / left_pa)


def _settled(
    mixed: MixedLoop, hall: Hall, trim: Trim, present: Any, kv: Mapping[str, float | None], how: dict[str, Any]
) -> Served:
    """Speed by control and set-point by the warmest rack's limit, until the inlets meet it."""
    network = hall.network
    opened = np.ones((1, len(network.links)), np.bool_)
    for rack in np.flatnonzero(~present):
        for name in (f"rack {rack + 1}/supply hose", f"rack {rack + 1}/return hose"):
            opened[0, network.link_number[name]] = False
    limit = mixed.supply_most_k[present].min()
    set_point_k = float(limit)
    for _ in range(SET_POINT_ROUNDS):
        given = {
            "wanted_k": set_point_k,
            "primary_k": mixed.primary_k,
            "primary_kg_s": mixed.primary_kg_s,
            "load_share": np.where(present, 1.0, 0.0)[None, :],
            "opened": opened,
            **how,
        }
        if trim == "picv":
            controlled = control_picv(hall, mixed.fluid, counted=present, **given)
        else:
            wanted = np.where(present, mixed.wanted_kg_s, 0.0)
            controlled = control_flow(hall, mixed.fluid, wanted_kg_s=wanted[None, :], **given)
        inlets = controlled.state.warm.inlet_k(hall.rack_link)[0]
        over_k = float((inlets - mixed.supply_most_k)[present].max())
        short = bool(controlled.state.warm.short.any())
        if abs(over_k) <= SUPPLY_TOLERANCE_K or short:
            break
        set_point_k -= over_k
    return _served(mixed, hall, trim, present, controlled, set_point_k, kv)


def _served(
    mixed: MixedLoop,
    hall: Hall,
    trim: Trim,
    present: Any,
    controlled: Controlled,
    set_point_k: float,
    kv: Mapping[str, float | None],
) -> Served:
    state = controlled.state
    assert isinstance(state, HallState)
    flow = state.rack_kg_s[0]
    inlets = state.warm.inlet_k(hall.rack_link)[0]
    pressure, node = state.warm.flows.pressure_pa[0], hall.network.node_number
    drops = np.array(
        [pressure[node[f"supply {n + 1}"]] - pressure[node[f"return {n + 1}"]] for n in range(len(mixed.places))]
    )
    margins = np.full(len(mixed.places), np.inf)
    np.minimum.at(margins, [spot.rack for spot in hall.spots], state.margin_k[0])
    kinds = []
    for name, kind in mixed.kinds.items():
        at = np.flatnonzero(present & np.array([place == name for place in mixed.places]))
        if not len(at):
            continue
        worst = at[np.argmin(flow[at])]
        kinds.append(
            KindState(
                kind=name,
                racks=len(at),
                wanted_kg_s=kind.flow_kg_s,
                least_kg_s=float(flow[at].min()),
                most_kg_s=float(flow[at].max()),
                over_share=float(flow[at].max() / kind.flow_kg_s - 1.0),
                inlet_k=float(inlets[at].max()),
                supply_most_k=kind.supply_most_k,
                drop_pa=float(drops[worst]),
                chip_margin_k=float(margins[at].min()),
                orifice_kv_m3_h=kv.get(name),
            )
        )
    need = np.where(present, _need(mixed, hall, state), np.inf)
    binding = int(np.argmin(need))
    warm = int(np.argmax(np.where(present, inlets - mixed.supply_most_k, -np.inf)))
    return Served(
        trim=trim,
        controlled=controlled,
        set_point_k=set_point_k,
        speed=float(controlled.speed[0]),
        drop_pa=float(drops[binding]),
        pump_w=float(state.warm.work_w[0].sum()),
        flow_kg_s=float(flow[present].sum()),
        binding_supply=mixed.places[warm],
        binding_flow=mixed.places[binding],
        binding_rack=binding + 1,
        kinds=tuple(kinds),
    )


def _need(mixed: MixedLoop, hall: Hall, state: HallState) -> Floats:
    """What the control looks at, rack by rack: flow over wanted, or a valve's drop over its least."""
    network = hall.network
    if not network.valves:
        return np.asarray(state.rack_kg_s[0] / mixed.wanted_kg_s, np.float64)
    links = np.array([network.link_number[f"rack {n + 1}/picv"] for n in range(len(mixed.places))])
    pressure = state.warm.flows.pressure_pa[0]
    least = np.array([rack.picv_least_pa for rack in hall.racks])
    return np.asarray((pressure[network.first[links]] - pressure[network.second[links]]) / least, np.float64)


# --- what each kind costs the others -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KindCost:
    """What sharing a loop with one kind costs: each loop solved anew, with that kind gone and with it alone.

    `supply_k` is how much warmer the others' supply could be; `pump_w` the shaft power of the shared loop over that of
    two loops apart (of the same CDUs and headers). `free_k_hours` is that kelvin over the hours in which the outdoor air
    would have allowed the warmer supply for nothing: all hours of a year where no outdoor series was given, else the sum
    over hours of what the supply set-point leaves unused; `free_hours` are hours that free cooling alone would carry with
    the warmer supply and does not now.
    """

    kind: str
    without: Served
    alone: Served
    supply_k: float
    pump_w: float
    pump_saved_w: float
    free_k_hours: float
    free_hours: float | None


def costs(
    mixed: MixedLoop,
    shared: Served,
    *,
    outdoor_k: ArrayLike | None = None,
    stack_k: float = 0.0,
    **how: Any,
) -> tuple[KindCost, ...]:
    """For every kind on the loop, what the others would gain without it; empty where there is one kind only.

    Parameters
    ----------
    outdoor_k : array_like, optional
        Outdoor temperature of every hour (dry or wet bulb, as the heat rejection needs it).
    stack_k : float
        Approaches from the outdoor air to the racks' supply: rejection and CDU together.
    """
    names = [state.kind for state in shared.kinds]
    if len(names) < 2:
        return ()
    return tuple(_cost(mixed, shared, name, names, outdoor_k, stack_k, how) for name in names)


def _cost(
    mixed: MixedLoop,
    shared: Served,
    name: str,
    names: Sequence[str],
    outdoor_k: ArrayLike | None,
    stack_k: float,
    how: dict[str, Any],
) -> KindCost:
    without = serve(mixed, trim=shared.trim, only=[other for other in names if other != name], **how)
    alone = serve(mixed, trim=shared.trim, only=[name], **how)
    gain_k = without.set_point_k - shared.set_point_k
    free_hours = None
    k_hours = gain_k * HOURS_OF_YEAR
    if outdoor_k is not None:
        room = np.asarray(outdoor_k, np.float64) + stack_k
        free_hours = float(((room > shared.set_point_k) & (room <= without.set_point_k)).sum())
        k_hours = float(np.clip(without.set_point_k - np.maximum(room, shared.set_point_k), 0.0, None).sum())
    return KindCost(
        kind=name,
        without=without,
        alone=alone,
        supply_k=gain_k,
        pump_w=shared.pump_w - without.pump_w - alone.pump_w,
        pump_saved_w=shared.pump_w - without.pump_w,
        free_k_hours=k_hours,
        free_hours=free_hours,
    )


def mixed_rows(served: Served, *, over_most: Limit | None = None) -> list[Row]:
    """Flow and supply of every kind against what it wants, and how much more the easy ones get."""
    rows = []
    for state in served.kinds:
        wanted = Limit(state.wanted_kg_s * (1 - 10 * FLOW_TOLERANCE), "user", f"rack.{state.kind}.cooling.flow")
        limit = Limit(state.supply_most_k + 1e-3, "user", f"rack.{state.kind}.cooling.supply")
        text = f"least flow of {state.racks} racks, trim: {served.trim}"
        rows.append(check(state.kind, "flow", state.least_kg_s, wanted, "kg/s", text, at_least=True))
        text = f"warmest inlet; the common supply is set by {served.binding_supply}"
        rows.append(check(state.kind, "supply", state.inlet_k, limit, "K", text))
        rows.append(_chip_row(state))
        text = "flow of the best-fed rack over what it wants"
        rows.append(check(state.kind, "overflow", state.over_share, over_most, "", text))
    return rows


def _chip_row(state: KindState) -> Row:
    """The kind's hottest chip in the solved hall, its plates at the flow that they get."""
    stated = state.chip_margin_k != math.inf
    limit = Limit(0.0, "estimate", f"rack.{state.kind}.chips.case_limit") if stated else None
    text = "limit less case temperature of the hottest chip"
    return check(state.kind, "chips", state.chip_margin_k, limit, "delta_K", text, at_least=True)
