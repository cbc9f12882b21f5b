"""The liquid loop of a rack: flow by its hottest plate or its return limit, pressure, and the block's CDUs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.physics import fluids, machines, plates
from rackwright.program.sections.parts import Catalogue, Chip, Fluid, Plate
from rackwright.program.sections.rack import Rack
from rackwright.rack.pieces import Piece
from rackwright.tables import Finding, finding, not_modelled


@dataclass(frozen=True, slots=True)
class PlateState:
    """One kind of cold plate in the rack: what it needs, what it gets, and how hot its chip becomes."""

    path: str
    chip: str
    plate: str
    count: int
    heat_w: float
    #: Lowest and highest flow at which the plate may be read: measured curve and maker's range together.
    least_m3_s: float
    most_m3_s: float
    needed_m3_s: float
    flow_m3_s: float
    #: None where the flow lies below everything that was measured.
    resistance_k_w: float | None
    case_k: float | None
    #: The stated one, or what the junction's limit leaves at this heat; and the chip's key that says so.
    case_limit_k: float | None
    limit_key: str
    #: False when the limit is not met at the plate's highest flow.
    meets: bool
    #: Highest flow that the maker recommends; 0 for none stated.
    maker_most_m3_s: float


@dataclass(frozen=True, slots=True)
class Loop:
    """The rack's loop and the CDUs that its block shares."""

    plates: tuple[PlateState, ...]
    coolant: str
    liquid_heat_w: float
    air_heat_w: float
    supply_k: float
    #: None where heat meets no flow.
    return_k: float | None
    return_limit_k: float
    branch_flow_m3_s: float
    #: Flow that the return limit asks for; None where the limit is not above the supply.
    return_flow_m3_s: float | None
    flow_m3_s: float
    #: What set the flow: "hottest plate", "least flow of the plates", "return limit", "given", "no liquid".
    set_by: str
    hottest_chip: str
    hottest_case_k: float | None
    drop_pa: float
    head_pa: float
    cdu: str
    cdus_needed: int
    cdus_per_block: int
    cdu_approach_k: float
    facility_supply_k: float
    #: Pumps and controls of the running CDUs, per rack.
    pump_power_w: float


def loop_of(
    rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], liquid_heat_w: float, air_heat_w: float
) -> Loop:
    """Size the flow and find the temperatures.

    All plates hang in parallel between the manifolds, each fed with the flow that it needs itself (two plates in
    series, as some trays have them, are left out). `auto` takes the larger of the plates' sum and of the flow that
    keeps the mixed return at its limit; a flow above the plates' sum is shared in proportion to their needs.
    """
    cooling = rack.cooling
    fluid, cdu = catalogue.fluids[cooling.coolant], catalogue.cdus[cooling.cdu]
    wanted = [_plate_need(rack, catalogue, *plated) for plated in _plated(pieces)]
    branch_m3_s = math.fsum(state.needed_m3_s * state.count for state in wanted)
    return_m3_s = _return_flow_m3_s(rack, fluid, liquid_heat_w)
    flow_m3_s, set_by = _flow(rack, wanted, branch_m3_s, return_m3_s)
    share = flow_m3_s / branch_m3_s if branch_m3_s > 0 else 0.0
    states = tuple(_plate_at(catalogue, state, state.needed_m3_s * share, cooling.supply_k) for state in wanted)
    hottest = max(states, key=_closeness, default=None)
    return_k = fluids.mixed_return_k(
        cooling.supply_k, liquid_heat_w, flow_m3_s, lambda k: density(fluid, k), lambda k: heat_capacity(fluid, k)
    )
    block_w, block_m3_s = liquid_heat_w * rack.block.racks, flow_m3_s * rack.block.racks
    needed = max(
        machines.pieces_needed(block_w, cdu.capacity_w), machines.pieces_needed(block_m3_s, cdu.flow_most_m3_s)
    )
    return Loop(
        plates=states,
        coolant=cooling.coolant,
        liquid_heat_w=liquid_heat_w,
        air_heat_w=air_heat_w,
        supply_k=cooling.supply_k,
        return_k=return_k if math.isfinite(return_k) else None,
        return_limit_k=cooling.return_limit_k,
        branch_flow_m3_s=branch_m3_s,
        return_flow_m3_s=return_m3_s,
        flow_m3_s=flow_m3_s,
        set_by=set_by,
        hottest_chip=hottest.chip if hottest else "",
        hottest_case_k=hottest.case_k if hottest else None,
        drop_pa=fluids.pressure_drop_pa(flow_m3_s, cooling.drop_quadratic_kpa, cooling.drop_linear_kpa),
        head_pa=cdu.head_pa,
        cdu=cooling.cdu,
        cdus_needed=needed,
        cdus_per_block=machines.pieces_with_spares(needed, cooling.redundancy),
        cdu_approach_k=cdu.approach_k,
        facility_supply_k=cooling.supply_k - cdu.approach_k,
        pump_power_w=needed * cdu.power_w / rack.block.racks,
    )


def density(fluid: Fluid, temperature_k: float) -> float:
    """Of the coolant, in kg/m3, between its rows."""
    return fluids.property_at(
        temperature_k, [row.temperature_k for row in fluid.rows], [row.density for row in fluid.rows]
    )


def heat_capacity(fluid: Fluid, temperature_k: float) -> float:
    """Of the coolant, in J/(kg K), between its rows."""
    return fluids.property_at(
        temperature_k, [row.temperature_k for row in fluid.rows], [row.heat_capacity for row in fluid.rows]
    )


def plate_curve(plate: Plate) -> tuple[list[float], list[float]]:
    """Flows and resistances of a plate: a larger one takes more flow and has less resistance, by its area."""
    flows = [point.flow_m3_s * plate.area_ratio for point in plate.curve]
    return flows, [point.resistance_k_w / plate.area_ratio for point in plate.curve]


def plate_range_m3_s(plate: Plate) -> tuple[float, float]:
    """Lowest and highest flow of a plate: within what was measured and what the maker recommends."""
    flows, _ = plate_curve(plate)
    least = max(flows[0], plate.flow_least_m3_s)
    most = min(flows[-1], plate.flow_most_m3_s) if plate.flow_most_m3_s else flows[-1]
    return least, max(least, most)


def _plated(pieces: tuple[Piece, ...]) -> Iterator[tuple[Piece, Chip, str]]:
    """Pieces with a cold plate, each with its chip and the plate's name."""
    for piece in pieces:
        if isinstance(piece.part, Chip) and piece.part.plate is not None and piece.count:
            yield piece, piece.part, piece.part.plate


def _plate_need(rack: Rack, catalogue: Catalogue, piece: Piece, chip: Chip, plate_name: str) -> PlateState:
    """The flow at which the chip's case limit is met, between the plate's lowest and highest."""
    plate = catalogue.plates[plate_name]
    heat_w = chip.power_w * rack.design_load_share * chip.liquid_share
    least, most = plate_range_m3_s(plate)
    needed = least
    case_most_k = chip.case_most_k(heat_w)
    if case_most_k is not None and heat_w > 0:
        allowed_k_w = (case_most_k - rack.cooling.supply_k) / heat_w
        needed = plates.flow_for_resistance_m3_s(allowed_k_w, *plate_curve(plate))
    return PlateState(
        path=piece.path,
        chip=piece.name,
        plate=plate_name,
        count=piece.count,
        heat_w=heat_w,
        least_m3_s=least,
        most_m3_s=most,
        needed_m3_s=min(max(needed, least), most),
        flow_m3_s=0.0,
        resistance_k_w=None,
        case_k=None,
        case_limit_k=case_most_k,
        limit_key=chip.binding_limit(heat_w),
        meets=needed <= most * (1 + 1e-12),
        maker_most_m3_s=plate.flow_most_m3_s,
    )


def _plate_at(catalogue: Catalogue, state: PlateState, flow_m3_s: float, supply_k: float) -> PlateState:
    resistance_k_w = plates.resistance_at_k_w(flow_m3_s, *plate_curve(catalogue.plates[state.plate]))
    known = math.isfinite(resistance_k_w)
    return PlateState(
        path=state.path,
        chip=state.chip,
        plate=state.plate,
        count=state.count,
        heat_w=state.heat_w,
        least_m3_s=state.least_m3_s,
        most_m3_s=state.most_m3_s,
        needed_m3_s=state.needed_m3_s,
        flow_m3_s=flow_m3_s,
        resistance_k_w=resistance_k_w if known else None,
        case_k=plates.case_k(supply_k, state.heat_w, resistance_k_w) if known else None,
        case_limit_k=state.case_limit_k,
        limit_key=state.limit_key,
        meets=state.meets,
        maker_most_m3_s=state.maker_most_m3_s,
    )


def _closeness(state: PlateState) -> tuple[bool, float, float]:
    """How near a chip is to trouble: unknown temperature first, then least margin, then the hottest case."""
    if state.case_k is None:
        return True, 0.0, 0.0
    over_k = state.case_k - state.case_limit_k if state.case_limit_k is not None else -math.inf
    return False, over_k, state.case_k


def _return_flow_m3_s(rack: Rack, fluid: Fluid, liquid_heat_w: float) -> float | None:
    rise_k = rack.cooling.return_limit_k - rack.cooling.supply_k
    if rise_k <= 0:
        return None
    mean_k = (rack.cooling.return_limit_k + rack.cooling.supply_k) / 2
    return fluids.flow_for_rise_m3_s(liquid_heat_w, rise_k, density(fluid, mean_k), heat_capacity(fluid, mean_k))


def _flow(rack: Rack, wanted: list[PlateState], branch_m3_s: float, return_m3_s: float | None) -> tuple[float, str]:
    if rack.cooling.flow_m3_s is not None:
        return rack.cooling.flow_m3_s, "given"
    if (return_m3_s or 0.0) > branch_m3_s:
        return return_m3_s or 0.0, "return limit"
    if branch_m3_s <= 0:
        return 0.0, "no liquid"
    above_least = any(state.needed_m3_s > state.least_m3_s * (1 + 1e-12) for state in wanted)
    return branch_m3_s, "hottest plate" if above_least else "least flow of the plates"


def cooling_findings(generation: str, rack: Rack, catalogue: Catalogue, loop: Loop) -> list[Finding]:
    """Every check of the loop."""
    here, cdu_path = f"rack.{generation}.cooling", f"catalogue.cdus.{rack.cooling.cdu}"
    found = [item for state in loop.plates for item in _plate_findings(generation, state)]
    if loop.liquid_heat_w > 0:
        found += _loop_findings(generation, rack, catalogue.fluids[rack.cooling.coolant], loop, here, cdu_path)
        if not loop.plates:
            found.append(
                not_modelled(
                    "rack.cooling.case_temperature",
                    generation,
                    "heat goes to the liquid and no part names a cold plate",
                )
            )
    found += [
        not_modelled(
            "rack.cooling.air",
            generation,
            f"{loop.air_heat_w / 1e3:,.1f} kW go to the room's air; fans, air flow and temperatures are not computed",
        ),
        _dew_finding(generation, rack, loop),
        not_modelled(
            "rack.cooling.transients",
            generation,
            "a pump's coast-down and water quality are not part of the plan; `rackwright rack FILE cooling --transient`",
        ),
    ]
    return found


def _dew_finding(generation: str, rack: Rack, loop: Loop) -> Finding:
    """The supply over the hall's dew point: a colder pipe sweats."""
    rule, here = "rack.cooling.dew_point", f"rack.{generation}.cooling"
    dew_k = rack.cooling.dew_point_k
    if dew_k is None:
        return not_modelled(rule, generation, "the hall's dew point is not stated", f"{here}.dew_point")
    return finding(
        rule,
        generation,
        loop.supply_k - dew_k,
        rack.cooling.dew_margin_k,
        "delta_K",
        standing="user",
        at_least=True,
        source=f"{here}.dew_margin",
        text=f"supply over the hall's dew point of {dew_k - 273.15:.1f} degC",
    )


def _plate_findings(generation: str, state: PlateState) -> list[Finding]:
    subject = f"{generation}.{state.path}"
    chip_path, plate_path = f"catalogue.chips.{state.chip}.{state.limit_key}", f"catalogue.plates.{state.plate}"
    found: list[Finding] = []
    if state.case_limit_k is None:
        text = "no highest case temperature is stated; the plate gets its least flow"
        found.append(not_modelled("rack.cooling.case_temperature", subject, text, chip_path))
    elif state.case_k is not None:
        text = "case temperature at the flow that the plate gets"
        if not state.meets:
            text += "; not met even at the plate's highest flow"
        found.append(
            finding(
                "rack.cooling.case_temperature",
                subject,
                state.case_k,
                state.case_limit_k,
                "K",
                standing="estimate",
                source=chip_path,
                text=text,
            )
        )
    found.append(
        finding(
            "rack.cooling.plate_flow",
            subject,
            state.flow_m3_s,
            state.least_m3_s,
            "m**3/s",
            standing="user",
            source=plate_path,
            at_least=True,
            text="flow through each plate against the least that was measured or recommended",
        )
    )
    if state.maker_most_m3_s:
        found.append(
            finding(
                "rack.cooling.plate_flow_most",
                subject,
                state.flow_m3_s,
                state.maker_most_m3_s,
                "m**3/s",
                standing="user",
                source=f"{plate_path}.flow_most",
                severity="warning",
                text="flow through each plate against the most that its maker recommends",
            )
        )
    return found


def _loop_findings(generation: str, rack: Rack, fluid: Fluid, loop: Loop, here: str, cdu_path: str) -> list[Finding]:
    coldest_k, hottest_k = fluid.rows[0].temperature_k, fluid.rows[-1].temperature_k
    fluid_path = f"catalogue.fluids.{rack.cooling.coolant}"
    found = [
        finding(
            "rack.cooling.coolant_known_cold",
            generation,
            loop.supply_k,
            coldest_k,
            "K",
            standing="user",
            severity="warning",
            source=f"{fluid_path}.rows",
            at_least=True,
            text="supply against the coldest row of the coolant's properties",
        ),
        finding(
            "rack.cooling.freezing",
            generation,
            loop.facility_supply_k,
            fluid.freezing_k,
            "K",
            standing="user",
            source=f"{fluid_path}.freezing",
            at_least=True,
            text="facility supply, below which the coolant does not get, against its freezing point",
        ),
    ]
    if loop.return_k is None:
        found.append(
            Finding(
                "rack.cooling.return_temperature",
                generation,
                "failed",
                None,
                loop.return_limit_k,
                "K",
                None,
                "error",
                "user",
                f"{here}.return_limit",
                "there is heat for the liquid and no flow",
            )
        )
    else:
        found += [
            finding(
                "rack.cooling.return_temperature",
                generation,
                loop.return_k,
                loop.return_limit_k,
                "K",
                standing="user",
                source=f"{here}.return_limit",
                text="mixed return temperature",
            ),
            finding(
                "rack.cooling.coolant_known_hot",
                generation,
                (loop.supply_k + loop.return_k) / 2,
                hottest_k,
                "K",
                standing="user",
                severity="warning",
                source=f"{fluid_path}.rows",
                text="mean of supply and return against the hottest row of the coolant's properties",
            ),
        ]
    if loop.head_pa:
        found.append(
            finding(
                "rack.cooling.pressure",
                generation,
                loop.drop_pa,
                loop.head_pa,
                "Pa",
                standing="user",
                source=f"{cdu_path}.head",
                text="pressure drop of the rack against what the CDU's pumps leave for it",
            )
        )
    else:
        found.append(
            not_modelled("rack.cooling.pressure", generation, "the CDU's head is not stated", f"{cdu_path}.head")
        )
    return found
