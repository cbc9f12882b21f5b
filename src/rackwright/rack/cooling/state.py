"""A hall solved: flows, temperatures and the heat of every chip, for any number of scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.cooling.hall import Hall, Spot
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import WarmSolution, density_of, solve_warm
from rackwright.rack.cooling.hydraulics.network import Floats, Network

#: Share of its flow that a plate may lack and still stand on its measured curve: the precision of the pumps' speed.
SERVED = 2e-4


@dataclass(frozen=True)
class HallState:
    """Chips by scenario and spot; K, m3/s and W.

    `beyond` marks plates whose flow lies below everything that was measured: there the resistance is taken to rise as
    the flow falls, R V = constant, which is the most that it can (the coolant's own warming). `case_k` of a plate without
    any flow is infinity, never an average.
    """

    hall: Hall
    warm: WarmSolution
    inlet_k: Floats
    plate_m3_s: Floats
    heat_w: Floats
    case_k: Floats
    beyond: NDArray[np.bool_]

    @property
    def limit_k(self) -> Floats:
        """Case limit of every spot; infinity where none is stated. Shape (spots,)"""
        return np.array([spot.plates.limit_k or np.inf for spot in self.hall.spots])

    @property
    def margin_k(self) -> Floats:
        """Case limit less case temperature, shape (scenarios, spots); minus infinity for a chip with heat and no flow."""
        return np.where(
            np.isinf(self.case_k), -np.inf, self.limit_k - np.where(np.isinf(self.case_k), 0.0, self.case_k)
        )

    @property
    def hottest(self) -> NDArray[np.intp]:
        """The spot with the least margin, per scenario."""
        return np.asarray(np.argmin(self.margin_k, axis=1))

    @property
    def rack_kg_s(self) -> Floats:
        """Flow of every rack."""
        return self.warm.flows.flow_kg_s[:, self.hall.rack_link]


def solve_hall(
    hall: Hall,
    fluid: Fluid,
    *,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    primary_kg_s: ArrayLike,
    load_share: ArrayLike = 1.0,
    speed: ArrayLike | None = None,
    opened: ArrayLike | None = None,
    factor: ArrayLike | None = None,
    cooler_share: ArrayLike = 1.0,
    plate_factor: ArrayLike = 1.0,
    start: HallState | None = None,
    **more: Any,
) -> HallState:
    """Solve a hall's loop with its heat.

    Parameters
    ----------
    wanted_k, primary_k, primary_kg_s, cooler_share : array_like
        Of the CDUs: set-point of the supply, facility water's inlet and most flow, share of the exchanger's UA;
        (cdus,) or (S, cdus).
    load_share : array_like
        Share of the design heat: one number, (racks,) or (S, racks).
    speed, opened, factor : array_like, optional
        Pumps' speeds (S, pumps), links open (S, links), multipliers of links' drops (S, links).
    plate_factor : array_like
        Multiplies the plates' resistance: fouling, spread; one number, (spots,) or (S, spots).
    more
        Passed on to `solve_warm`: fixed_properties_k, pump_efficiency, workers, must_converge.
    """
    load = np.asarray(load_share, np.float64)
    if not np.isfinite(np.asarray(plate_factor, np.float64)).all():
        raise ValueError("plate_factor holds a value that is not a finite number")
    if load.ndim and load.shape[-1] != len(hall.racks):
        raise ValueError(f"load_share has {load.shape[-1]} columns, not one for each of {len(hall.racks)} racks")
    load_rows = np.atleast_2d(np.broadcast_to(load, (*load.shape[:-1], len(hall.racks))) if load.ndim else load[None])
    per_link = _by_link(hall, load_rows)
    source_w = hall.source_w * per_link
    given: dict[str, Any] = {"speed": speed, "opened": opened, "factor": factor, **more}
    options = {name: value for name, value in given.items() if value is not None}
    warm = solve_warm(
        hall.network,
        fluid,
        source_w=source_w,
        coolers=hall.coolers,
        wanted_k=wanted_k,
        primary_k=primary_k,
        primary_kg_s=primary_kg_s,
        cooler_share=cooler_share,
        outside_k=np.asarray(wanted_k, np.float64).mean(),
        start=start.warm if start else None,
        **options,
    )
    return _chips(hall, fluid, warm, source_w, np.asarray(plate_factor, np.float64))


def solve_rack(
    network: Network,
    found: Sequence[tuple[Spot, str, float, float]],
    fluid: Fluid,
    *,
    flows_kg_s: Floats,
    inlet_k: float,
    load_share: float = 1.0,
    start: HallState | None = None,
    **more: Any,
) -> HallState:
    """One rack (`single_rack`) at S flows through it, an inlet temperature and a share of its heat."""
    demands = np.zeros((len(flows_kg_s), len(network.nodes)))
    demands[:, network.node_number["return"]] = flows_kg_s
    at = network.link_number
    source_w = np.zeros(len(network.links))
    for _, link, _, heat_w in found:
        source_w[at[link]] += heat_w
    warm = solve_warm(
        network, fluid, source_w=source_w * load_share, outside_k=inlet_k, demands_kg_s=demands, start=start.warm if start else None,
        **{name: value for name, value in more.items() if value is not None},
    )  # fmt: skip
    hall = Hall(
        network=network, racks=(), cdus=(), spots=tuple(spot for spot, *_ in found),
        spot_link=np.array([at[link] for _, link, _, _ in found], np.int32),
        spot_paths=np.array([paths for _, _, paths, _ in found]),
        rack_link=np.array([at["rack 1/supply hose"]], np.int32), cdu_link=np.zeros(0, np.int32), source_w=source_w,
        coolers=(), coupling_links=np.zeros(0, np.int32),
    )  # fmt: skip
    return _chips(hall, fluid, warm, source_w[None, :] * load_share, np.asarray(1.0))


def _by_link(hall: Hall, load: Floats) -> Floats:
    rack = hall.rack_of_link
    if load.shape[1] == 1:
        return np.asarray(load, np.float64)
    return np.where(rack >= 0, load[:, np.maximum(rack, 0)], 0.0)


def _chips(hall: Hall, fluid: Fluid, warm: WarmSolution, source_w: Floats, plate_factor: Floats) -> HallState:
    links = hall.spot_link
    inlet_k = warm.inlet_k(links)
    flow = np.abs(warm.flows.flow_kg_s[:, links]) / hall.spot_paths / density_of(fluid, inlet_k)
    design_w = np.array([spot.plates.heat_w for spot in hall.spots])
    own_w = hall.source_w[links]
    load = np.divide(source_w[:, links], own_w, out=np.zeros((source_w.shape[0], len(links))), where=own_w > 0)
    heat_w = np.broadcast_to(load * design_w, inlet_k.shape)
    resistance, beyond = np.empty_like(inlet_k), np.zeros(inlet_k.shape, np.bool_)
    for plates, at in _by_plates(hall):
        x, y = np.asarray(plates.curve_m3_s), np.asarray(plates.curve_k_w)
        own = flow[:, at]
        beyond[:, at] = own < x[0] * (1 - SERVED)
        with np.errstate(divide="ignore"):
            below = y[0] * x[0] / own
        resistance[:, at] = np.where(own < x[0], below, np.interp(own, x, y)) + plates.junction_k_w
    warmed = np.where(heat_w > 0, heat_w * np.where(heat_w > 0, resistance * plate_factor, 0.0), 0.0)
    case_k = np.where(warm.dry[:, links] & (heat_w > 0), np.inf, inlet_k + warmed)
    return HallState(hall, warm, inlet_k, flow, heat_w, case_k, beyond)


def _by_plates(hall: Hall) -> list[tuple[Any, NDArray[np.intp]]]:
    """Spots that share a curve, so that it is read once."""
    groups: dict[int, tuple[Any, list[int]]] = {}
    for number, spot in enumerate(hall.spots):
        groups.setdefault(id(spot.plates), (spot.plates, []))[1].append(number)
    return [(plates, np.array(numbers)) for plates, numbers in groups.values()]
