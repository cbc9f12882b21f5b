"""Halls of alike racks: each rack is one link that follows the law of its kind.

A rack of a kind is solved once in full at many flows, inlet temperatures and loads; what it takes in pressure and how warm
its hottest chip of each kind becomes are kept as curves. A hall is then headers, CDUs and one link a rack. Type, load and
inlet temperature of every rack are part of the law, so racks need not be at the same point of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.cooling.hall import (
    Cdu,
    Headers,
    RackLoop,
    add_cdus,
    add_headers,
    coolers_of,
    single_rack,
)
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import Cooler, WarmSolution, lagrange, solve_warm
from rackwright.rack.cooling.hydraulics.build import NetworkBuilder
from rackwright.rack.cooling.hydraulics.network import Floats, Ints, Law, Network
from rackwright.rack.cooling.state import HallState, solve_rack

#: Points of a law over the flow, from none to `MOST_SHARE` of the design flow.
POINTS = 160
LEAST_SHARE, MOST_SHARE = 0.01, 4.0


@dataclass(frozen=True, eq=False)
class RackLaw:
    """A kind of rack, condensed.

    `rise_k` is how much the hottest case of each chip kind lies above the rack's inlet, `margin_k` the least margin that
    kind has to its limit at an inlet of 0 K (limit less rise); both (chips, corners, points) over the law's flows.
    """

    rack: RackLoop
    law: Law
    chips: tuple[str, ...]
    rise_k: Floats
    limit_k: Floats
    beyond: NDArray[np.bool_]


def condense(
    rack: RackLoop,
    fluid: Fluid,
    *,
    design_kg_s: float,
    temperatures_k: Sequence[float],
    loads: Sequence[float],
    friction: str = "colebrook",
    fixed_properties_k: float | None = None,
) -> RackLaw:
    """Solve a rack over its flows and corners, and keep its curves.

    Parameters
    ----------
    design_kg_s : float
        The flow about which points lie densest; the law reaches from no flow to four times it.
    temperatures_k, loads : sequence of float
        Corners: inlet temperatures and shares of the design heat, rising; three to five of each are enough, because the
        law between them is a polynomial through all.
    """
    network, found = single_rack(rack, law=friction)
    flows = design_kg_s * np.geomspace(LEAST_SHARE, MOST_SHARE, POINTS)
    drops, rises, below = [], [], []
    start: HallState | None = None
    chips = tuple(dict.fromkeys(spot.chip for spot, *_ in found))
    for kelvin in temperatures_k:
        for load in loads:
            state = solve_rack(
                network, found, fluid, flows_kg_s=flows, inlet_k=kelvin, load_share=load, start=start,
                fixed_properties_k=fixed_properties_k,
            )  # fmt: skip
            start = state
            node = network.node_number
            drops.append(
                state.warm.flows.pressure_pa[:, node["supply"]] - state.warm.flows.pressure_pa[:, node["return"]]
            )
            kind = np.array([chips.index(spot.chip) for spot in state.hall.spots])
            rise = state.case_k - kelvin
            rises.append(
                [
                    np.where(np.isfinite(rise[:, kind == at]).all(1), rise[:, kind == at].max(1), 1e6)
                    for at in range(len(chips))
                ]
            )
            below.append([state.beyond[:, kind == at].any(1) for at in range(len(chips))])
    law = _law(flows, np.array(drops), tuple(temperatures_k), tuple(loads))
    limits = {spot.chip: spot.plates.limit_k or np.inf for spot, *_ in found}
    zero = np.full((len(chips), len(drops), 1), 1e6)
    return RackLaw(
        rack=rack,
        law=law,
        chips=chips,
        rise_k=np.concatenate((zero, np.array(rises).transpose(1, 0, 2)), axis=2),
        limit_k=np.array([limits[chip] for chip in chips]),
        beyond=np.concatenate((zero > 0, np.array(below).transpose(1, 0, 2)), axis=2),
    )


def _law(flows: Floats, drops: Floats, temperatures_k: tuple[float, ...], loads: tuple[float, ...]) -> Law:
    """A cubic spline through no flow and the points, by its values and slopes at them."""
    from scipy.interpolate import CubicSpline

    grid = np.concatenate(([0.0], flows))
    values = np.concatenate((np.zeros((drops.shape[0], 1)), drops), axis=1)
    slopes = CubicSpline(grid, values, axis=1).derivative()(grid)
    return Law(grid, values, np.ascontiguousarray(slopes), temperatures_k, loads)


@dataclass(frozen=True, eq=False)
class CondensedHall:
    """A hall whose racks are links; `rack_link[n]` is rack n's."""

    network: Network
    racks: tuple[RackLoop, ...]
    laws: Mapping[str, RackLaw]
    cdus: tuple[Cdu, ...]
    rack_link: Ints
    cdu_link: Ints
    heat_w: Floats
    coolers: tuple[Cooler, ...]


def build_condensed(
    racks: Sequence[RackLoop],
    laws: Mapping[str, RackLaw],
    cdus: Sequence[Cdu],
    headers: Headers,
    *,
    vessel_pa: float,
    friction: str = "colebrook",
    places: Sequence[int] | None = None,
) -> CondensedHall:
    """Like `build_hall`, each rack by the law of its name."""
    build = NetworkBuilder(law=friction)
    add_headers(build, len(racks), headers, vessel_pa)
    for number, rack in enumerate(racks):
        law = laws[rack.name].law
        build.condensed(f"rack {number + 1}", f"supply {number + 1}", f"return {number + 1}", law=law)
    add_cdus(build, cdus, len(racks), places)
    network = build.network()
    at = network.link_number
    return CondensedHall(
        network=network,
        racks=tuple(racks),
        laws=laws,
        cdus=tuple(cdus),
        rack_link=np.array([at[f"rack {number + 1}"] for number in range(len(racks))], np.int32),
        cdu_link=np.array([at[f"cdu {number + 1}/exchanger"] for number in range(len(cdus))], np.int32),
        heat_w=np.array([rack.heat_w for rack in racks]),
        coolers=coolers_of(cdus),
    )


@dataclass(frozen=True, eq=False)
class CondensedState:
    """Racks by scenario: (scenarios, racks). `chip` numbers the kind of the chip with the least margin in `laws`."""

    hall: CondensedHall
    warm: WarmSolution
    inlet_k: Floats
    margin_k: Floats
    case_k: Floats
    chip: Ints
    beyond: NDArray[np.bool_]

    @property
    def rack_kg_s(self) -> Floats:
        """Flow of every rack."""
        return self.warm.flows.flow_kg_s[:, self.hall.rack_link]


def solve_condensed(
    hall: CondensedHall,
    fluid: Fluid,
    *,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    primary_kg_s: ArrayLike,
    load_share: ArrayLike = 1.0,
    start: CondensedState | None = None,
    **more: Any,
) -> CondensedState:
    """Solve a condensed hall; parameters as in `solve_hall`."""
    racks = len(hall.racks)
    load = np.atleast_2d(np.asarray(load_share, np.float64))
    load = np.broadcast_to(load, (load.shape[0], racks)) if load.shape[1] == 1 else load
    source_w = np.zeros((load.shape[0], len(hall.network.links)))
    source_w[:, hall.rack_link] = load * hall.heat_w
    warm = solve_warm(
        hall.network,
        fluid,
        source_w=source_w,
        coolers=hall.coolers,
        wanted_k=wanted_k,
        primary_k=primary_k,
        primary_kg_s=primary_kg_s,
        outside_k=np.asarray(wanted_k, np.float64).mean(),
        law_loads=load,
        start=start.warm if start else None,
        **{name: value for name, value in more.items() if value is not None},
    )
    return _racks(hall, warm, load)


def _racks(hall: CondensedHall, warm: WarmSolution, load: Floats) -> CondensedState:
    inlet_k = warm.inlet_k(hall.rack_link)
    flow = np.abs(warm.flows.flow_kg_s[:, hall.rack_link])
    load = np.broadcast_to(load, flow.shape)
    margin_k, case_k = np.full(flow.shape, np.inf), np.zeros(flow.shape)
    chip, beyond = np.zeros(flow.shape, np.int32), np.zeros(flow.shape, np.bool_)
    names = [rack.name for rack in hall.racks]
    for name, law in hall.laws.items():
        at = np.array([number for number, own in enumerate(names) if own == name], np.intp)
        if not len(at):
            continue
        warm_weights = lagrange(inlet_k[:, at], law.law.temperatures_k)
        load_weights = lagrange(load[:, at], law.law.loads)
        weights = (warm_weights[..., :, None] * load_weights[..., None, :]).reshape(*warm_weights.shape[:2], -1)
        left = np.clip(np.searchsorted(law.law.flows_kg_s, flow[:, at]) - 1, 0, len(law.law.flows_kg_s) - 2)
        part = (flow[:, at] - law.law.flows_kg_s[left]) / (law.law.flows_kg_s[left + 1] - law.law.flows_kg_s[left])
        part = np.minimum(part, 1.0)
        for kind in range(len(law.chips)):
            low = np.einsum("srk,srk->sr", weights, law.rise_k[kind].T[left])
            high = np.einsum("srk,srk->sr", weights, law.rise_k[kind].T[left + 1])
            case = inlet_k[:, at] + np.where(load[:, at] > 0, low + part * (high - low), 0.0)
            margin = law.limit_k[kind] - case
            same = (margin == margin_k[:, at]) & (case > case_k[:, at])
            worse = (margin < margin_k[:, at]) | same | (kind == 0)
            margin_k[:, at] = np.where(worse, margin, margin_k[:, at])
            case_k[:, at] = np.where(worse, case, case_k[:, at])
            chip[:, at] = np.where(worse, kind, chip[:, at])
            beyond[:, at] |= law.beyond[kind].any(0)[left]
    return CondensedState(hall, warm, inlet_k, margin_k, case_k, chip, beyond)
