"""The seconds after a trip for a block: one CDU's loop with its share of the racks, from the program's words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rackwright.physics.exchangers import Exchanger
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.block import BlockHall
from rackwright.rack.cooling.branches import BlockLoop
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.piping import WATER_HEAT_J_KG_K
from rackwright.rack.cooling.transients import (
    Branch,
    Event,
    LoopDynamics,
    Plates,
    Pumps,
    TransientResult,
    buffer_for_ride_through_m3,
    over_range,
    run_transients,
)

EVENTS = (
    ("one pump trips", Event(kind="pump trip", pumps=1)),
    ("all pumps trip", Event(kind="pump trip", pumps=None)),
    ("CDU lost", Event(kind="cdu loss")),
    ("facility water lost", Event(kind="facility water loss", facility_decay_s=5.0)),
)
UNTIL_S = 600.0
#: Ranges over which the answer is shown: heat capacities, coast-down, and the case limit, about the program's own.
CAPACITY_SHARES, COAST_SHARES, LIMIT_K = (0.5, 1.0, 2.0), (0.5, 1.0, 2.0), (-5.0, 0.0, 5.0)
#: Liquid on each side of a plate exchanger and its metal, per watt of capacity: 30 L and 200 kg of steel for 2 MW, assumed.
EXCHANGER_M3_W, EXCHANGER_J_K_W = 15e-9, 0.05
#: Ride-through that a buffer is sized for.
WANTED_S = 60.0
#: Part of a rack's flow that the heat beside the plates is put on in the transient.
OTHERS, OTHERS_SHARE = "boards and the like", 0.01


@dataclass(frozen=True, slots=True)
class Seconds:
    """One event's answer; seconds are infinite where no chip throttles within the run."""

    event: str
    seconds: float
    earliest_s: float
    latest_s: float
    hottest_k: float
    ride_through_m3: float
    unclosed_share: float
    standing: str


def seconds_of(made: BlockHall, rack: Rack, block: BlockLoop) -> list[Seconds]:
    """Every event on one CDU's loop."""
    loop = dynamics_of(made, rack, block)
    limits = [plates.limit_k for branch in loop.branches for plates in branch.plates if np.isfinite(plates.limit_k)]
    limit_k = min(limits, default=np.inf)
    found = []
    for name, event in EVENTS:
        result = run_transients([loop], event, until_s=UNTIL_S)
        ride = over_range(
            loop,
            event,
            case_limit_k=[limit_k + by for by in LIMIT_K] if limits else (),
            capacity_share=CAPACITY_SHARES,
            coast_share=COAST_SHARES,
            until_s=UNTIL_S,
        )
        buffer_m3 = np.inf
        if np.isfinite(result.seconds_to_throttle[0]) and event.kind == "facility water loss":
            buffer_m3 = buffer_for_ride_through_m3(loop, event, WANTED_S)
        earliest, latest = ride.span_s
        found.append(
            Seconds(
                name,
                float(result.seconds_to_throttle[0]),
                earliest,
                latest,
                _hottest_k(result),
                float(buffer_m3),
                float(abs(result.unclosed_j[0]) / max(result.heat_j[0], 1.0)),
                ride.standing,
            )
        )
    return found


def _hottest_k(run: TransientResult) -> float:
    """Hottest case of a chip with a plate of its own."""
    chips = [number for number, name in enumerate(run.plate_name) if not name.endswith(OTHERS)]
    return float(run.case_k[chips].max())


def dynamics_of(made: BlockHall, rack: Rack, block: BlockLoop) -> LoopDynamics:
    """One CDU with its share of the block's racks, at the design point.

    The rack's stated drop is its law. Volumes are those of hoses, manifolds and headers; the CDU's own are left out,
    which errs to early throttling.
    """
    loop, own, cdu = made.loop, made.rack, made.cdu
    # as many CDUs as the hall that set the pumps' speed: all that stand there
    racks = block.racks / max(len(made.hall.cdus), 1)
    density = _at(made.fluid, loop.supply_k)
    hose_m3 = np.pi / 4 * own.hose_diameter_m**2 * own.hose_m
    trays = sum(tray.count for tray in own.trays)
    manifold_m3 = np.pi / 4 * own.manifold_diameter_m**2 * own.port_pitch_m * trays
    header_m3 = np.pi / 4 * made.headers.diameter_m**2 * made.headers.pitch_m * block.racks
    linear = 1e3 * rack.cooling.drop_linear_kpa * 60e3
    quadratic = 1e3 * rack.cooling.drop_quadratic_kpa * 60e3**2
    branch = Branch(
        name=own.name,
        racks=racks,
        plates=(*(_plates(made, rack, number) for number in range(len(loop.plates))), *_others(made, rack)),
        linear_pa_s_m3=linear,
        quadratic_pa_s2_m6=quadratic,
        supply_m3=hose_m3 + manifold_m3,
        return_m3=hose_m3 + manifold_m3,
        column_1_m=2 * own.hose_m / (np.pi / 4 * own.hose_diameter_m**2),
    )
    film = 2 * cdu.ua_w_k
    return LoopDynamics(
        name=cdu.name,
        density_kg_m3=density,
        heat_capacity_j_kg_k=_heat(made.fluid, loop.supply_k),
        pumps=Pumps(
            running=cdu.pumps,
            shutoff_pa=cdu.shutoff_pa,
            # the exchanger's own drop goes with the pumps' curve: exact while all of them run
            falloff=cdu.falloff + cdu.exchanger_pa_s2_m6 * cdu.pumps**2,
            rated_m3_s=cdu.rated_kg_s / density / cdu.pumps,
            coast_down_s=rack.cooling.seconds.coast_down_s,
            speed_share=min(block.speed, 1.0),
        ),
        branches=(branch,),
        supply_m3=header_m3,
        return_m3=header_m3,
        exchanger=Exchanger(film, film, cdu.primary_rated_kg_s, cdu.rated_kg_s),
        secondary_m3=EXCHANGER_M3_W * cdu.capacity_w,
        wall_j_k=EXCHANGER_J_K_W * cdu.capacity_w,
        primary_m3=EXCHANGER_M3_W * cdu.capacity_w,
        supply_k=loop.supply_k,
        facility_k=loop.facility_supply_k,
        facility_kg_s=cdu.primary_rated_kg_s,
        facility_heat_capacity_j_kg_k=WATER_HEAT_J_KG_K,
    )


def _plates(made: BlockHall, rack: Rack, number: int) -> Plates:
    state = made.loop.plates[number]
    spot = next(plates for tray in made.rack.trays for plates in tray.plates if plates.chip == state.chip)
    assumed = rack.cooling.seconds
    return Plates(
        chip=state.chip,
        count=state.count,
        heat_w=state.heat_w,
        flow_share=state.flow_m3_s / made.loop.flow_m3_s * (1 - (OTHERS_SHARE if _others_w(made) else 0.0)),
        flows_m3_s=spot.curve_m3_s,
        resistances_k_w=spot.curve_k_w,
        chip_j_k=assumed.package_j_k_w * state.heat_w,
        plate_j_k=assumed.plate_j_k_w * state.heat_w,
        fluid_m3=assumed.coolant_m3_w * state.heat_w,
        interface_k_w=assumed.interface_share * min(spot.curve_k_w),
        limit_k=state.case_limit_k if state.case_limit_k is not None else np.inf,
        throttled_share=assumed.throttled_share,
        limit_standing="estimate",
        capacity_standing="assumed",
    )


def _others_w(made: BlockHall) -> float:
    """Heat of one rack that reaches the liquid beside the plates: boards, memory, shelves."""
    plates_w = sum(state.count * state.heat_w for state in made.loop.plates)
    left_w = made.loop.liquid_heat_w - plates_w
    return left_w if left_w > 1e-6 * made.loop.liquid_heat_w else 0.0


def _others(made: BlockHall, rack: Rack) -> tuple[Plates, ...]:
    """That heat as a kind of its own without a limit, on a small part of the flow: what counts is where it mixes in."""
    heat_w, assumed = _others_w(made), rack.cooling.seconds
    if not heat_w:
        return ()
    flows_m3_s = (0.5 * OTHERS_SHARE * made.loop.flow_m3_s, 2 * OTHERS_SHARE * made.loop.flow_m3_s)
    carried = _at(made.fluid, made.loop.supply_k) * _heat(made.fluid, made.loop.supply_k)
    return (
        Plates(
            chip=OTHERS,
            count=1,
            heat_w=heat_w,
            flow_share=OTHERS_SHARE,
            flows_m3_s=flows_m3_s,
            # twice what the coolant's own warming leaves: a surface well above its coolant, without a limit
            resistances_k_w=(2 / (carried * flows_m3_s[0]), 2 / (carried * flows_m3_s[1])),
            chip_j_k=assumed.package_j_k_w * heat_w,
            plate_j_k=assumed.plate_j_k_w * heat_w,
            fluid_m3=assumed.coolant_m3_w * heat_w,
            throttled_share=assumed.throttled_share,
            limit_standing="assumed",
            capacity_standing="assumed",
        ),
    )


def _at(fluid: Fluid, kelvin: float) -> float:
    return float(density_of(fluid, np.array(kelvin)))


def _heat(fluid: Fluid, kelvin: float) -> float:
    x = (kelvin - fluid.centre_k) / fluid.scale_k
    return float(np.polynomial.polynomial.polyval(x, np.polynomial.polynomial.polyder(fluid.energy)) / fluid.scale_k)
