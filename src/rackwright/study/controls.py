"""How a block's CDUs hold their loop: at falling load, and with racks out of service, by either place of the sensor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rackwright.program.sections.rack import Control, Rack
from rackwright.rack.cooling.block import BlockHall, speed_for_plates
from rackwright.rack.cooling.controls import (
    Controlled,
    control_flow,
    control_pressure,
    farthest_sensor,
    set_point_rows,
)
from rackwright.rack.cooling.envelope import Limit, Row, rack_outlets
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.state import HallState
from rackwright.rack.cooling.valves import PrimaryBranch, low_load, primary_side, valve_rows

#: Shares of the design load at which the control is asked.
LOADS = (1.0, 0.75, 0.5, 0.35, 0.2, 0.1)
#: Shares of racks in service; the others are shut at their return hoses, those next to the CDUs first.
IN_SERVICE = (1.0, 0.75, 0.5, 0.25)
#: Where flow follows load, it does down to this share: plates want some flow.
LEAST_FLOW_SHARE = 0.3


def control_rows_of(generation: str, made: BlockHall, rack: Rack) -> Iterator[tuple[Any, ...]]:
    """Flow after load; then the pressure between the headers held, sensed far away and at the CDUs."""
    held, design = rack.cooling.control, speed_for_plates(made)[1]
    given = _given(made)
    wanted_kg_s = _wanted_kg_s(made)
    loads = np.array(LOADS)
    by_load = np.repeat(loads[:, None], len(made.hall.racks), axis=1)
    flows = np.maximum(by_load, LEAST_FLOW_SHARE) * wanted_kg_s
    run = control_flow(
        made.hall, made.fluid, wanted_kg_s=flows, load_share=by_load, least_speed=held.least_speed_share, **given
    )
    yield from _rows(generation, "flow after load", loads, 1.0, made, run, wanted_kg_s)
    for sensor, between in (("farthest rack", farthest_sensor(made.hall)), ("at the CDUs", near_sensor(made))):
        set_point = _between(design, between)
        for share in IN_SERVICE:
            opened = in_service(made, share)
            run = control_pressure(
                made.hall, made.fluid, wanted_pa=set_point, between=between, opened=opened,
                least_speed=held.least_speed_share, load_share=_load_of(made, opened), **given,
            )  # fmt: skip
            yield from _rows(
                generation, f"{set_point / 1e3:.0f} kPa, {sensor}", np.ones(1), share, made, run, wanted_kg_s
            )


def _rows(
    generation: str, holds: str, loads: Any, service: float, made: BlockHall, run: Controlled, wanted_kg_s: float
) -> Iterator[tuple[Any, ...]]:
    state = run.state
    assert isinstance(state, HallState)
    side = primary_side(
        made.hall, made.fluid, state, wanted_k=made.loop.supply_k, primary_k=made.loop.facility_supply_k,
        primary_kg_s=made.cdu.primary_rated_kg_s,
    )  # fmt: skip
    words = {-1: "least speed is too much", 0: "held", 1: "full speed is not enough"}
    running = state.rack_kg_s > 1e-6 * wanted_kg_s
    for at in range(len(run.speed)):
        flow = state.rack_kg_s[at][running[at]]
        yield (
            generation,
            holds,
            float(loads[at]),
            service,
            float(run.speed[at]),
            words[int(run.saturated[at])],
            float(flow.min() / wanted_kg_s),
            float(flow.max() / wanted_kg_s),
            float(state.warm.work_w[at].sum()) / made.cdu.pump_efficiency,
            float(side.flow_kg_s[at].max() / made.cdu.primary_rated_kg_s),
            _margin(state, at, running[at]),
        )


def _margin(state: HallState, at: int, running: Any) -> float | None:
    """Least margin of the chips of racks in service."""
    mine = [running[spot.rack] for spot in state.hall.spots]
    margin = state.margin_k[at][np.array(mine)]
    return float(margin.min()) if len(margin) and np.isfinite(margin).all() else None


def control_checks(generation: str, made: BlockHall, rack: Rack) -> Iterator[Row]:
    """The set-point's range, the primary valve's authority, the lowest load that valve and pumps control, hunting."""
    held, here = rack.cooling.control, f"rack.{generation}.cooling.control"
    design = speed_for_plates(made)[1]
    if held.holds == "pressure":
        between = farthest_sensor(made.hall) if held.sensor == "farthest rack" else near_sensor(made)
        yield from set_point_rows(_between(design, between))
    branch = branch_of(made, held)
    if branch is None:
        yield from valve_rows(None, authority_least=None)
        return
    by_flow: dict[str, Any] = {"wanted_kg_s": _wanted_kg_s(made), "least_flow_share": LEAST_FLOW_SHARE}
    by_pressure: dict[str, Any] = {"wanted_pa": _between(design, farthest_sensor(made.hall))}
    low = low_load(
        made.hall, made.fluid, branch, loads=LOADS, wanted_k=made.loop.supply_k,
        primary_k=made.loop.facility_supply_k, least_speed=held.least_speed_share,
        **(by_flow if held.holds == "flow" else by_pressure),
    )  # fmt: skip
    yield from valve_rows(
        branch,
        authority_least=Limit(held.authority_least, "user", f"{here}.authority_least"),
        low=low,
        load_least=Limit(held.load_least, "user", f"{here}.load_least"),
        gain_most=Limit(held.gain_most, "user", f"{here}.gain_most"),
    )


def branch_of(made: BlockHall, held: Control) -> PrimaryBranch | None:
    """The CDU's facility side; None where its valve is not stated."""
    if held.valve_kv_m3_h is None or held.branch_drop_pa is None:
        return None
    return PrimaryBranch(
        held.valve_kv_m3_h, held.branch_drop_pa, made.cdu.primary_rated_kg_s, rangeability=held.rangeability
    )


def near_sensor(made: BlockHall) -> tuple[str, str]:
    """The headers where the first CDU stands."""
    network = made.hall.network
    supply = network.nodes[int(network.second[made.hall.cdu_link[0]])]
    return supply, f"return {supply.split(' ')[1]}"


def in_service(made: BlockHall, share: float) -> Any:
    """Links that are open with a share of the racks in service, the first ones shut; (1, links)."""
    opened = np.ones((1, len(made.hall.network.links)), np.bool_)
    outlets = rack_outlets(made.hall)
    for link in outlets[: len(outlets) - max(round(share * len(outlets)), 1)]:
        opened[0, link] = False
    return opened


def _load_of(made: BlockHall, opened: Any) -> Any:
    """Racks that are shut are off."""
    return opened[:, rack_outlets(made.hall)].astype(np.float64)


def _given(made: BlockHall) -> dict[str, Any]:
    return {
        "wanted_k": made.loop.supply_k,
        "primary_k": made.loop.facility_supply_k,
        "primary_kg_s": made.cdu.primary_rated_kg_s,
        "pump_efficiency": made.cdu.pump_efficiency,
    }


def _wanted_kg_s(made: BlockHall) -> float:
    return made.loop.flow_m3_s * float(density_of(made.fluid, np.array(made.loop.supply_k)))


def _between(state: HallState, between: tuple[str, str]) -> float:
    flows = state.warm.flows
    return float((flows.pressure_of(between[0]) - flows.pressure_of(between[1]))[0])
