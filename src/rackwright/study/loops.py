"""A block's loop under pressure, under its controls, and shared with another generation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling.block import BlockHall, speed_for_plates
from rackwright.rack.cooling.controls import cdu_rows
from rackwright.rack.cooling.envelope import (
    COUPLING,
    Expansion,
    Limit,
    Row,
    Setting,
    Vessel,
    boiling_rows,
    expand,
    expansion_row,
    freezing_row,
    pipes_m3,
    rating_of,
    rating_rows,
    seen_pressures,
    suction_rows,
    velocity_rows,
)
from rackwright.rack.cooling.heat.warm import density_of
from rackwright.rack.cooling.mixed import MixedLoop, RackKind, Served, costs, mixed_rows, serve
from rackwright.rack.cooling.piping import coolant_of
from rackwright.tables import Finding

#: Room that a liquid keeps to boiling and to freezing. Assumed.
BOILING_PA, FREEZING_K = 20e3, 5.0
#: Names of the findings by what a row is about.
RULES = {
    "highest pressure": "rack.cooling.envelope",
    "lowest pressure": "rack.cooling.envelope",
    "warmest liquid": "rack.cooling.envelope",
    "velocity": "rack.cooling.envelope",
}


def pressure_checks(generation: str, made: BlockHall, rack: Rack, catalogue: Catalogue) -> list[Row]:
    """Pressures, velocities, suction, boiling, freezing, the vessel and the CDUs' rated points.

    Over the design's speed, full speed and a lost CDU, the vessel as filled and as the warm loop leaves it.
    """
    _, design = speed_for_plates(made)
    states: dict[str, Any] = {"at the design's speed": design, "at full speed": made.solve()}
    if len(made.hall.cdus) > 1:
        opened = np.ones((1, len(made.hall.network.links)), np.bool_)
        opened[0, [n for name, n in made.hall.network.link_number.items() if name.startswith("cdu 1/")]] = False
        states["one CDU lost"] = made.solve(opened=opened)
    piping = rack.cooling.piping
    expansion, vessel_rows = _vessel(generation, made, rack, states)
    final_pa = piping.vessel_pa if expansion is None or expansion.final_pa is None else expansion.final_pa
    setting = Setting(fill_pa=piping.vessel_pa, final_pa=final_pa, fill_k=piping.fill_k)
    suction = Limit(piping.suction_m, "user", f"rack.{generation}.cooling.piping.suction") if piping.suction_m else None
    key = rack.cooling.piping.coupling
    fluid = catalogue.fluids[rack.cooling.coolant]
    coolant = coolant_of(fluid)
    velocity = Limit(
        rack.cooling.piping.velocity_most_m_s, "estimate", f"rack.{generation}.cooling.piping.velocity_most"
    )
    boiling = Limit(BOILING_PA, "estimate", "assumed room to boiling")
    freezing = Limit(FREEZING_K, "estimate", "assumed room to freezing")
    seen = seen_pressures(states, made.fluid, setting)
    rows: list[Row] = [
        *rating_rows(seen, {COUPLING: rating_of(key, catalogue.couplings[key])}),
        *velocity_rows(states, made.fluid, dict.fromkeys(("header", "hose", "manifold"), velocity)),
        *suction_rows(states, made.fluid, setting, suction, vapour_pa=coolant.vapour_pressure_pa),
        *boiling_rows(states, made.fluid, setting, boiling, vapour_pa=coolant.vapour_pressure_pa),
        *vessel_rows,
        freezing_row(made.loop.facility_supply_k, fluid.freezing_k, freezing),
        *cdu_rows(
            made.hall,
            made.fluid,
            design,
            wanted_k=made.loop.supply_k,
            primary_k=made.loop.facility_supply_k,
            primary_kg_s=made.cdu.primary_rated_kg_s,
        ),
    ]
    if "one CDU lost" in states:
        lost = cdu_rows(
            made.hall,
            made.fluid,
            states["one CDU lost"],
            wanted_k=made.loop.supply_k,
            primary_k=made.loop.facility_supply_k,
            primary_kg_s=made.cdu.primary_rated_kg_s,
        )
        # the survivors' pumps, at full speed: beyond the rated flow their curve is no longer the maker's
        rows += [replace(row, text=f"one CDU lost: {row.text}") for row in lost if row.what == "flow"]
    return rows


def findings_of(generation: str, rows: Iterable[Row]) -> list[Finding]:
    """Rows as findings, named by what they are about."""
    return [
        row.as_finding(RULES.get(row.what, f"rack.cooling.{row.what.replace(' ', '_')}"), generation) for row in rows
    ]


def check_rows(generation: str, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    """Every check as a row of a table, those without a limit too."""
    for row in rows:
        told = row.outcome if row.limit is not None or row.failed else "no limit stated"
        if row.value is None and not row.failed:
            told = "not modelled"
        yield generation, row.element, row.what, row.value, row.limit, row.unit, told, row.text


def _vessel(
    generation: str, made: BlockHall, rack: Rack, states: Mapping[str, Any]
) -> tuple[Expansion | None, list[Row]]:
    """The vessel after the loop has warmed from its fill to the hottest liquid of any state."""
    piping = rack.cooling.piping
    if piping.vessel_m3 is None:
        text = "the vessel's volume is not stated: its pressure when warm is taken as that of the fill"
        return None, [Row("vessel", "final pressure", None, None, "Pa", "estimate", "", text)]
    hottest_k = max(float(np.nanmax(state.warm.node_k)) for state in states.values())
    vessel = Vessel(piping.vessel_m3, piping.precharge_pa or piping.vessel_pa, piping.vessel_pa)
    found = expand(
        made.fluid, vessel, system_m3=liquid_m3(made, rack), fill_k=piping.fill_k, hottest_k=hottest_k,
        final_most_pa=piping.relief_pa,
    )  # fmt: skip
    limit = Limit(piping.relief_pa, "user", f"rack.{generation}.cooling.piping.relief") if piping.relief_pa else None
    return found, [expansion_row(found, vessel, limit)]


def liquid_m3(made: BlockHall, rack: Rack) -> float:
    """Liquid of a block: its pipes, and its plates by the coolant volume that the program states per watt."""
    heat_w = float(made.hall.source_w.sum())
    return pipes_m3(made.hall.network) + rack.cooling.seconds.coolant_m3_w * heat_w


def mixed_loop(made: Mapping[str, BlockHall]) -> tuple[list[tuple[Any, ...]], list[Finding]]:
    """Generations alternating along one loop, with the first one's CDUs and headers: each trim, and what sharing costs.

    Returns the table's rows, and whether each kind gets its flow, its supply and cool chips under each trim.
    """
    kinds = {
        name: RackKind(one.rack, one.loop.flow_m3_s * _density(one), one.loop.supply_k) for name, one in made.items()
    }
    first = next(iter(made.values()))
    count = max(len(first.hall.racks), len(kinds))
    names = list(kinds)
    mixed = MixedLoop(
        kinds=kinds,
        places=tuple(names[place % len(names)] for place in range(count)),
        cdus=first.hall.cdus,
        headers=first.headers,
        fluid=first.fluid,
        vessel_pa=float(first.hall.network.fixed_pa[0]),
        primary_k=min(one.loop.facility_supply_k for one in made.values()),
        primary_kg_s=first.cdu.primary_rated_kg_s,
    )
    rows: list[tuple[Any, ...]] = []
    findings: list[Finding] = []
    for trim in ("none", "orifice", "picv"):
        served = serve(mixed, trim=trim, pump_efficiency=first.cdu.pump_efficiency)
        cost = {item.kind: item for item in costs(mixed, served, pump_efficiency=first.cdu.pump_efficiency)}
        rows += _trim_rows(served, cost)
        for row in mixed_rows(served):
            if row.limit is not None:
                findings.append(row.as_finding(f"rack.cooling.mixed_{row.what}", f"one loop, trim {trim}"))
    return rows, findings


def _trim_rows(served: Served, cost: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for kind in served.kinds:
        own = cost.get(kind.kind)
        yield (
            served.trim,
            kind.kind,
            kind.racks,
            kind.wanted_kg_s,
            kind.least_kg_s,
            kind.over_share,
            kind.orifice_kv_m3_h,
            kind.inlet_k,
            kind.supply_most_k,
            kind.chip_margin_k if np.isfinite(kind.chip_margin_k) else None,
            served.speed,
            served.pump_w,
            served.binding_supply,
            served.binding_flow,
            own.supply_k if own else None,
            own.pump_w if own else None,
        )


def _density(made: BlockHall) -> float:
    return float(density_of(made.fluid, np.array(made.loop.supply_k)))
