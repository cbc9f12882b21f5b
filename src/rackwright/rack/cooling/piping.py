"""From the program's words to the network's elements: coolant, plates, trays, racks, CDUs, headers of a block."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.physics.coolants import Coolant, from_rows
from rackwright.physics.exchangers import calibrated
from rackwright.program.sections import parts
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray, single_rack
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.build import KV_DENSITY
from rackwright.rack.cooling.loop import Loop, PlateState, density, heat_capacity, plate_curve
from rackwright.rack.cooling.state import solve_rack
from rackwright.rack.pieces import Piece

Floats = NDArray[np.float64]

#: Inner diameters that hoses, manifolds and headers are made in. [m]
USUAL_M = (
    0.019, 0.025, 0.032, 0.038, 0.050, 0.065, 0.080, 0.100, 0.125, 0.150, 0.200, 0.250, 0.300, 0.350, 0.400, 0.500,
)  # fmt: skip
#: Least share of a rack's stated drop that its plates must keep once couplings, manifolds and hoses have theirs.
LEAST_PLATE_SHARE = 0.02
#: Water's heat capacity about 40 degC, for a facility side that nobody stated. [J/(kg K)]
WATER_HEAT_J_KG_K, WATER_KG_M3 = 4179.0, 992.0


def coolant_of(fluid: parts.Fluid) -> Coolant:
    """A coolant from the catalogue's rows (see `coolants.from_rows`); its conductivity is not used here."""
    rows = fluid.rows
    return from_rows(
        [row.temperature_k for row in rows],
        [row.density for row in rows],
        [row.heat_capacity for row in rows],
        [row.viscosity for row in rows],
        [0.5] * len(rows),
        name=fluid.name,
        freezing_k=fluid.freezing_k,
    )


def fluid_of(coolant: Coolant) -> Fluid:
    """What the heat kernels read of a coolant."""

    def six(coefficients: NDArray[np.floating[Any]]) -> Floats:
        return np.concatenate((coefficients, np.zeros(6 - len(coefficients))))

    energy = np.polynomial.polynomial.polyint(coolant.heat_capacity_coefficients) * coolant.scale_k
    return Fluid(
        coolant.reference_k,
        coolant.scale_k,
        six(coolant.density_coefficients),
        six(energy),
        six(coolant.log_viscosity_coefficients),
        coolant.least_k,
        coolant.most_k,
    )


def trays_of(
    rack: Rack, catalogue: parts.Catalogue, pieces: tuple[Piece, ...], loop: Loop, port_pa: float
) -> tuple[tuple[Tray, ...], bool]:
    """Trays with plates, each trimmed so that its plates get their flow at `port_pa` from port to port.

    What the couplings do not take at that flow is the plates' and their trim; the flag is False where that is next to
    nothing in some tray. Liquid heat of parts without a plate goes with their tray; that of trays without any plate, and of components outside
    trays, is spread over the trays with plates by their heat.
    """
    kv = catalogue.couplings[rack.cooling.piping.coupling].kv_m3_h
    series = rack.cooling.piping.plates_in_series
    rho = density(catalogue.fluids[rack.cooling.coolant], loop.supply_k)
    kinds: dict[str, list[tuple[PlateState, int]]] = {}
    for state in loop.plates:
        tray, per_tray = _where(pieces, state)
        kinds.setdefault(tray, []).append((state, per_tray))
    trays, room = [], True
    spread = _other_share(loop)
    for tray, states in kinds.items():
        flow_m3_s = sum(state.flow_m3_s * -(-per_tray // min(series, per_tray)) for state, per_tray in states)
        couplings_pa = 2 * 1e5 * rho / KV_DENSITY * (3600.0 * flow_m3_s / kv) ** 2
        left_pa = port_pa - couplings_pa
        room = room and left_pa >= LEAST_PLATE_SHARE * port_pa
        drop_pa = max(left_pa, LEAST_PLATE_SHARE * port_pa)
        plates = tuple(_plates(catalogue, state, per_tray, series, drop_pa) for state, per_tray in states)
        other_w = spread * sum(item.per_tray * item.heat_w for item in plates)
        trays.append(Tray(tray, _count(pieces, tray), kv, plates, other_w))
    return tuple(trays), room


def _other_share(loop: Loop) -> float:
    """Liquid heat that passes no plate, as a share of what does."""
    plated_w = sum(state.count * state.heat_w for state in loop.plates)
    return max(loop.liquid_heat_w / plated_w - 1.0, 0.0) if plated_w > 0 else 0.0


def _where(pieces: tuple[Piece, ...], state: PlateState) -> tuple[str, int]:
    for piece in pieces:
        if piece.path == state.path:
            return piece.tray or "rack", piece.per_tray if piece.tray else piece.count
    raise KeyError(state.path)


def _count(pieces: tuple[Piece, ...], tray: str) -> int:
    return next((piece.trays for piece in pieces if (piece.tray or "rack") == tray), 1)


def _plates(catalogue: parts.Catalogue, state: PlateState, per_tray: int, series: int, drop_pa: float) -> Plates:
    flows, resistances = plate_curve(catalogue.plates[state.plate])
    return Plates(
        chip=state.chip,
        per_tray=per_tray,
        heat_w=state.heat_w,
        flow_m3_s=state.flow_m3_s,
        drop_pa=drop_pa,
        curve_m3_s=tuple(flows),
        curve_k_w=tuple(resistances),
        limit_k=state.case_limit_k,
        series=min(series, per_tray),
    )


def usual_m(flow_m3_s: float, velocity_m_s: float) -> float:
    """The least usual inner diameter that keeps to a velocity; the largest one where none does.

    >>> usual_m(130 / 60e3, 2.1)
    0.038
    """
    least = math.sqrt(4 * flow_m3_s / (math.pi * velocity_m_s))
    return next((size for size in USUAL_M if size >= least * (1 - 1e-9)), USUAL_M[-1])


def rack_of(
    rack: Rack, catalogue: parts.Catalogue, pieces: tuple[Piece, ...], loop: Loop, fluid: Fluid, name: str
) -> tuple[RackLoop, bool]:
    """The rack's elements, and whether its stated drop leaves room for its plates.

    The stated drop of the whole rack is taken as it is: what couplings, manifolds and hoses do not take at the loop's flow
    is that of the plates and of the trim that gives each tray its flow.
    """
    piping = rack.cooling.piping
    velocity = piping.velocity_most_m_s
    hose_m = piping.hose_diameter_m or usual_m(loop.flow_m3_s, velocity)
    manifold_m = piping.manifold_diameter_m or usual_m(loop.flow_m3_s, velocity)

    def trimmed(port_pa: float) -> tuple[RackLoop, bool]:
        trays, room = trays_of(rack, catalogue, pieces, loop, port_pa)
        own = RackLoop(
            name=name,
            trays=trays,
            hose_m=piping.hose_length_m,
            hose_diameter_m=hose_m,
            manifold_diameter_m=manifold_m,
            port_pitch_m=piping.port_pitch_m,
        )
        return own, room

    def drop_of(own: RackLoop) -> float:
        network, found = single_rack(own)
        flow_kg_s = loop.flow_m3_s * float(np.polynomial.polynomial.polyval(_x(fluid, loop.supply_k), fluid.density))
        state = solve_rack(network, found, fluid, flows_kg_s=np.array([flow_kg_s]), inlet_k=loop.supply_k)
        at = network.node_number
        return float(state.warm.flows.pressure_pa[0, at["supply"]] - state.warm.flows.pressure_pa[0, at["return"]])

    port_pa = 0.9 * loop.drop_pa
    for _ in range(4):
        port_pa = max(port_pa + loop.drop_pa - drop_of(trimmed(port_pa)[0]), LEAST_PLATE_SHARE * loop.drop_pa)
    return trimmed(port_pa)


def _x(fluid: Fluid, kelvin: float) -> float:
    return (min(max(kelvin, fluid.least_k), fluid.most_k) - fluid.centre_k) / fluid.scale_k


def cdu_of(unit: parts.Cdu, fluid: parts.Fluid, loop: Loop) -> Cdu | None:
    """A CDU by its rated point; None where its head is not stated.

    `head` is what its pumps leave outside at the rated flow. The exchanger's own drop there stands beside it: pumps and
    exchanger together have the stated curve. None also where the stated approach cannot be: the facility's water would
    leave warmer than the racks' liquid enters.
    """
    if unit.head_pa <= 0 or unit.shutoff_share <= 1:
        return None
    mean_k = loop.supply_k + 5.0
    rated_m3_s = unit.rated_flow_m3_s or unit.flow_most_m3_s
    rated_kg_s = rated_m3_s * density(fluid, mean_k)
    heat = heat_capacity(fluid, mean_k)
    primary_kg_s = unit.primary_flow_m3_s * WATER_KG_M3 or rated_kg_s * heat / WATER_HEAT_J_KG_K
    try:
        exchanger = calibrated(unit.capacity_w, unit.approach_k, primary_kg_s, rated_kg_s, WATER_HEAT_J_KG_K, heat)
    except ValueError:
        return None
    ua = float(exchanger.conductance_w_k(primary_kg_s, rated_kg_s))
    own_pa = unit.exchanger_drop_pa or 0.01 * unit.head_pa
    shutoff_pa = unit.shutoff_share * unit.head_pa
    per_pump = rated_m3_s / unit.pumps
    return Cdu(
        name=unit.name,
        pumps=unit.pumps,
        shutoff_pa=shutoff_pa,
        # less the exchanger's part, so that what is left outside is the stated curve
        falloff=(shutoff_pa - unit.head_pa - own_pa) / per_pump**2,
        exchanger_pa_s2_m6=own_pa / rated_m3_s**2,
        ua_w_k=ua,
        rated_kg_s=unit.flow_most_m3_s * density(fluid, mean_k),
        primary_rated_kg_s=primary_kg_s,
        capacity_w=unit.capacity_w,
        pump_efficiency=unit.pump_efficiency,
        primary_heat_j_kg_k=WATER_HEAT_J_KG_K,
        secondary_share=ua / exchanger.film_secondary_w_k,
    )


def headers_of(rack: Rack, loop: Loop) -> Headers:
    """Headers of the block as rings; each half of a ring carries half of the block's flow."""
    piping = rack.cooling.piping
    most = loop.flow_m3_s * rack.block.racks / (2 if rack.block.racks > 2 else 1)
    return Headers(
        diameter_m=piping.header_diameter_m or usual_m(most, piping.velocity_most_m_s), pitch_m=piping.header_pitch_m
    )


def sizes_of(own: RackLoop, headers: Headers) -> Iterator[tuple[str, float]]:
    """Inner diameters by what they are of."""
    yield "hose", own.hose_diameter_m
    yield "manifold", own.manifold_diameter_m
    yield "header", headers.diameter_m
