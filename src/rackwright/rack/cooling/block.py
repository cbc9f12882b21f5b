"""The loop of a block: its racks and CDUs as one network, at the pump speed that the worst plate asks for, and one CDU short."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.branches import BlockLoop, Branch, Line
from rackwright.rack.cooling.condensed import CondensedHall, build_condensed, condense
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, RackLoop, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.hydraulics.network import Floats
from rackwright.rack.cooling.loop import Loop
from rackwright.rack.cooling.piping import cdu_of, coolant_of, fluid_of, headers_of, rack_of, sizes_of
from rackwright.rack.cooling.state import HallState, solve_hall
from rackwright.rack.pieces import Piece

#: Pump speeds tried at once, and rounds of them; each round narrows the span to one step.
SPEEDS, ROUNDS = 15, 3
LEAST_SPEED = 0.05
#: Share of its flow that a plate may lack and still count as served.
SERVED = 1e-4


@dataclass(frozen=True)
class BlockHall:
    """A block's network with what it was made of."""

    hall: Hall
    fluid: Fluid
    rack: RackLoop
    cdu: Cdu
    headers: Headers
    loop: Loop
    room_for_plates: bool

    def solve(self, **how: Any) -> HallState:
        """Solve at the design's temperatures; `how` as for `solve_hall`."""
        given: dict[str, Any] = {
            "wanted_k": self.loop.supply_k,
            "primary_k": self.loop.facility_supply_k,
            "primary_kg_s": self.cdu.primary_rated_kg_s,
            "pump_efficiency": self.cdu.pump_efficiency,
            **how,
        }
        return solve_hall(self.hall, self.fluid, **given)


def block_hall(
    generation: str, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], loop: Loop
) -> BlockHall | None:
    """The network of a block; None where there are no plates, no flow, or the CDU's head is not stated."""
    if not loop.plates or loop.flow_m3_s <= 0 or loop.liquid_heat_w <= 0 or not loop.cdus_per_block:
        return None
    coolant = catalogue.fluids[rack.cooling.coolant]
    cdu = cdu_of(catalogue.cdus[rack.cooling.cdu], coolant, loop)
    if cdu is None:
        return None
    fluid = fluid_of(coolant_of(coolant))
    own, room = rack_of(rack, catalogue, pieces, loop, fluid, generation)
    headers = headers_of(rack, loop)
    hall = build_hall(
        [own] * rack.block.racks, [cdu] * loop.cdus_per_block, headers, vessel_pa=rack.cooling.piping.vessel_pa
    )
    return BlockHall(hall, fluid, own, cdu, headers, loop, room)


def block_loop(made: BlockHall) -> BlockLoop:
    """Solve a block at the least speed that gives every plate the flow of the design, and with one CDU lost."""
    loop, hall = made.loop, made.hall
    supply_density = float(density_of(made.fluid, np.array(loop.supply_k)))
    speed, state = speed_for_plates(made)
    racks_m3_s = state.rack_kg_s[0] / supply_density
    pressure = state.warm.flows.pressure_pa[0]
    node = hall.network.node_number
    lost = _one_lost(made)
    branches = tuple(_branches(made, state))
    return BlockLoop(
        racks=len(hall.racks),
        cdus=len(hall.cdus),
        speed=speed,
        enough=bool(all(branch.least_m3_s >= branch.wanted_m3_s * (1 - SERVED) for branch in branches)),
        wanted_m3_s=loop.flow_m3_s,
        rack_least_m3_s=float(racks_m3_s.min()),
        rack_most_m3_s=float(racks_m3_s.max()),
        header_pa=float(
            max(pressure[node[f"supply {n + 1}"]] - pressure[node[f"return {n + 1}"]] for n in range(len(hall.racks)))
        ),
        supply_k=float(max(state.warm.node_k[0, node[f"supply {n + 1}"]] for n in range(len(hall.racks)))),
        return_k=float(max(state.warm.node_k[0, node[f"rack {n + 1}/out"]] for n in range(len(hall.racks)))),
        pump_w=float(state.warm.work_w.sum()),
        heat_w=float(hall.source_w.sum()),
        closure_share=float(state.warm.closure_share.max()),
        room_for_plates=made.room_for_plates,
        dead_head_pa=float(hall.network.fixed_pa.max()) + made.cdu.shutoff_pa,
        branches=branches,
        lines=tuple(_lines(made, state)),
        lost_margin_k=None if lost is None else _finite(lost.margin_k.min()),
        lost_flow_m3_s=None if lost is None else float(lost.rack_kg_s.min()) / supply_density,
        lost_supply_k=None
        if lost is None
        else float(max(lost.warm.node_k[0, node[f"supply {n + 1}"]] for n in range(len(hall.racks)))),
    )


def condensed_block(made: BlockHall, *, warmest_k: float) -> CondensedHall:
    """The same block with its racks as one law: for hours and failures by the thousand.

    The law reaches from 15 K below the supply to `warmest_k`, and from no load to a tenth over the design's.
    """
    loop = made.loop
    low, high = loop.supply_k - 15.0, max(warmest_k, loop.supply_k + 5.0)
    law = condense(
        made.rack,
        made.fluid,
        design_kg_s=loop.flow_m3_s * float(density_of(made.fluid, np.array(loop.supply_k))),
        temperatures_k=tuple(float(k) for k in np.linspace(low, high, 4)),
        loads=(0.0, 0.55, 1.1),
    )
    return build_condensed(
        made.hall.racks,
        {made.rack.name: law},
        made.hall.cdus,
        made.headers,
        vessel_pa=float(made.hall.network.fixed_pa[0]),
    )


def speed_for_plates(made: BlockHall) -> tuple[float, HallState]:
    """Least speed of all pumps at which every plate gets the flow that it wants; full speed where none does.

    Flow rises with speed, so rounds of speeds side by side close in on it, and a straight line does the rest.
    """
    low, high = LEAST_SPEED, 1.0
    pumps = len(made.hall.network.pumps)
    wanted_m3_s = np.array([spot.plates.flow_m3_s for spot in made.hall.spots])
    for _ in range(ROUNDS):
        speeds = np.linspace(low, high, SPEEDS)
        state = made.solve(speed=np.repeat(speeds[:, None], pumps, axis=1))
        served = (state.plate_m3_s / wanted_m3_s).min(axis=1)
        above = np.flatnonzero(served >= 1.0)
        if not len(above):
            return 1.0, made.solve(speed=np.full((1, pumps), 1.0))
        at = int(above[0])
        if at == 0:
            break
        low, high = float(speeds[at - 1]), float(speeds[at])
    before = max(at - 1, 0)
    rise = served[at] - served[before]
    part = (1.0 - served[before]) / rise if rise > 0 else 1.0
    speed = float(speeds[before] + min(max(part, 0.0), 1.0) * (speeds[at] - speeds[before]))
    return speed, made.solve(speed=np.full((1, pumps), speed))


def _one_lost(made: BlockHall) -> HallState | None:
    """The first CDU shut off, the others at full speed."""
    hall = made.hall
    if len(hall.cdus) < 2:
        return None
    opened = np.ones((1, len(hall.network.links)), np.bool_)
    opened[0, [n for name, n in hall.network.link_number.items() if name.startswith("cdu 1/")]] = False
    return made.solve(opened=opened)


def _branches(made: BlockHall, state: HallState) -> Iterator[Branch]:
    """Kinds of plates in the order of the rack's trays, each by its hottest chip."""
    spots = state.hall.spots
    pressure = state.warm.flows.pressure_pa[0]
    network = state.hall.network
    for kind in dict.fromkeys((spot.tray, spot.chip) for spot in spots):
        at = np.array([n for n, spot in enumerate(spots) if (spot.tray, spot.chip) == kind])
        hottest = int(at[np.argmax(state.case_k[0, at])])
        spot = spots[hottest]
        link = int(state.hall.spot_link[hottest])
        tray = network.links[link].rsplit("/", 1)[0]
        ends = [network.node_number[f"{tray}/{end}"] for end in ("port in", "in", "out", "port out")]
        yield Branch(
            tray=spot.tray,
            chip=spot.chip,
            per_rack=spot.plates.per_tray * next(t.count for t in made.rack.trays if t.name == spot.tray),
            wanted_m3_s=spot.plates.flow_m3_s,
            least_m3_s=float(state.plate_m3_s[0, at].min()),
            most_m3_s=float(state.plate_m3_s[0, at].max()),
            coupling_pa=float(pressure[ends[0]] - pressure[ends[1]] + pressure[ends[2]] - pressure[ends[3]]),
            plates_pa=float(pressure[ends[1]] - pressure[ends[2]]),
            inlet_k=float(state.inlet_k[0, hottest]),
            case_k=_finite(state.case_k[0, hottest]),
            limit_k=spot.plates.limit_k,
            rack=spot.rack + 1,
            beyond=bool(state.beyond[0, at].any()),
        )


def _lines(made: BlockHall, state: HallState) -> Iterator[Line]:
    """Hoses, manifolds and headers with their highest velocity; drops along the worst rack."""
    network = state.hall.network
    flow = np.abs(state.warm.flows.flow_kg_s[0]) / density_of(made.fluid, state.warm.mean_k[0])
    pressure = state.warm.flows.pressure_pa[0]
    drop = np.abs(pressure[network.first] - pressure[network.second])
    worst = int(np.argmin(state.rack_kg_s[0])) + 1
    inside = {"hose": " hose", "manifold": "/manifold ", "header": " header "}
    node = network.node_number
    feeds = [made.hall.cdu_link[number] for number in range(len(made.hall.cdus))]
    highest = float(max(pressure[network.second[link]] for link in feeds))
    lowest = float(min(pressure[network.first[network.link_number[name]]] for name in network.pumps))
    along_headers = (highest - lowest) - float(pressure[node[f"supply {worst}"]] - pressure[node[f"return {worst}"]])
    for what, diameter_m in sizes_of(made.rack, made.headers):
        named = np.array([inside[what] in name for name in network.links])
        own = named & np.array([name.startswith(f"rack {worst}/") for name in network.links])
        area = np.pi / 4 * diameter_m**2
        fastest = float(flow[named].max() / area) if named.any() else 0.0
        yield Line(what, diameter_m, fastest, along_headers if what == "header" else float(drop[own].sum()))


def _finite(value: Floats | float) -> float | None:
    return float(value) if np.isfinite(value) else None
