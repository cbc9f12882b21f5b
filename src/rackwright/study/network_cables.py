"""The cables of a generation's fabric: laid on a floor by rule, each with its medium and length, and what a loss costs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rackwright.errors import ProgramError
from rackwright.figures import Status
from rackwright.program.case import Case
from rackwright.program.load import Program, status_of
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.parts import Medium as MediumPart
from rackwright.rack.design import RackDesign
from rackwright.rack.network.cabling.blast import survey
from rackwright.rack.network.cabling.cut_list import CutList, cut_list
from rackwright.rack.network.cabling.floor import FloorPlan
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.structured import FibreFigures, loss_table
from rackwright.rack.network.cabling.totals import cable_totals, module_totals
from rackwright.rack.network.cabling.trays import tray_loads
from rackwright.rack.network.clos import usable_ports
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import Wiring
from rackwright.rack.pieces import adapters_of, pieces_of
from rackwright.tables import Finding, finding, not_modelled

#: Rows are added to the floor, two at a time, until its racks fit; more than this is no hall.
MOST_ROWS = 2000
#: Lowest unit of a tray with adapters, and of a shuffle's box.
FIRST_TRAY_RU = 2
#: Pairs of panels between the ends of a fibre, for the loss. Assumed: none, cords go from module to module.
PANEL_PAIRS = 0
TIERS = ("adapters", "leaves", "spines", "cores")


def whole_wiring(case: Case, design: RackDesign, racks: int) -> Wiring:
    """All planes of a cluster of so many racks: modules and shuffles serve several planes at once."""
    rack, network = case.rack[design.generation], design.network
    switch = case.catalogue.switches[rack.network.switch]
    ports = usable_ports(switch.ports, switch.rate_bit_s, network.link_bit_s, switch.ports_most)
    return clos_wiring(
        racks=racks,
        per_rack=network.adapters,
        ports=ports,
        link_bit_s=network.link_bit_s,
        rails=rack.network.rails,
        planes=rack.network.planes,
        block_racks=min(rack.block.racks, racks),
        oversubscription=rack.network.oversubscription,
        port_group=max(round(switch.ports_per_cage * switch.rate_bit_s / network.link_bit_s), 1),
        name=f"{design.generation} scale-out",
    )


def cuts_of(program: Program, case: Case, design: RackDesign, racks: int) -> CutList:
    """The cut list of a cluster of so many racks on a floor with as many rows as they need.

    Raises
    ------
    ProgramError
        Where no medium joins two cages, reaches, or comes in the form that is wanted; where a rack is too low.
    FabricProblem
        Where the switch is too small.
    """
    wiring = whole_wiring(case, design, racks)
    rack = case.rack[design.generation]
    fill = _fill(case, design)
    floor = _floor(case, design, wiring, fill)
    switch = case.catalogue.switches[rack.network.switch]
    adapter = Cage(rack.network.adapter_cage, links=rack.network.planes)
    above = Cage(rack.network.switch_cage, links=wiring.port_group, most_ports=switch.ports_most)
    media = media_of(program, case.catalogue)
    placement = place_by_rule(wiring, floor, fill)
    return cut_list(wiring, placement, (adapter, above, above, above), media, hub_ru=floor.rack_ru)


def _fill(case: Case, design: RackDesign) -> RackFill:
    rack = case.rack[design.generation]
    piece = next(iter(adapters_of(pieces_of(rack, case.catalogue))))
    tray = rack.trays[piece.tray]
    switch_ru = max(math.ceil(case.catalogue.switches[rack.network.switch].height_ru), 1)
    return RackFill(
        per_rack=design.network.adapters,
        per_tray=max(piece.per_tray, 1),
        first_tray_ru=FIRST_TRAY_RU,
        tray_ru=max(math.floor(tray.height_ru), 1),
        switch_ru=(switch_ru, switch_ru, switch_ru),
        switches_per_rack=rack.network.floor.switches_per_rack,
    )


def _floor(case: Case, design: RackDesign, wiring: Wiring, fill: RackFill) -> FloorPlan:
    """The least even number of rows on which the racks fit, found by doubling and halving."""
    section = case.rack[design.generation].network.floor
    frame = case.catalogue.frames[case.rack[design.generation].frame]
    plan = FloorPlan(
        rows=2, positions=section.positions, rack_pitch_m=section.rack_pitch_m, rack_depth_m=section.rack_depth_m,
        cold_aisle_m=section.cold_aisle_m, hot_aisle_m=section.hot_aisle_m, tray_height_m=section.tray_height_m,
        rack_ru=math.floor(frame.height_ru), first_ru_m=0.1, in_rack_m=section.in_rack_m, slack_share=section.slack_share,
        slack_m=section.slack_m, tray_levels=section.tray_levels, tray_spacing_m=section.tray_spacing_m,
    )  # fmt: skip

    def fits(rows: int) -> bool:
        try:
            place_by_rule(wiring, replace(plan, rows=rows), fill)
        except ProgramError as problem:
            if rows >= MOST_ROWS or not _too_small(problem):
                raise
            return False
        return True

    high = 2
    while not fits(high):
        high = min(2 * high, MOST_ROWS)
    low = max(high // 2, 2)
    while high - low > 2:
        middle = (low + high) // 4 * 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return replace(plan, rows=low if high > low and fits(low) else high)


def _too_small(problem: ProgramError) -> bool:
    return any("row" in one.expected for one in problem.problems)


def media_of(program: Program, catalogue: Catalogue) -> list[Medium]:
    """The catalogue's media, each with the standing of its reach, its price and its loss."""
    return [_medium(program, catalogue, name, part) for name, part in catalogue.media.items()]


def _medium(program: Program, catalogue: Catalogue, name: str, part: MediumPart) -> Medium:
    here = f"catalogue.media.{name}"
    if part.modules:
        a, b = (_module_end(program, catalogue, module) for module in part.modules)
    else:
        a, b = (MediumEnd(cage, part.rate_bit_s or 0.0, 1, part.end_power_w) for cage in part.ends)
    reach = program.at(f"{here}.reach")
    source = getattr(reach, "items", {}).get("source")
    return Medium(
        name, part.kind, a, b, part.stock_m, part.reach_m, part.cost_usd, part.cost_usd_m,
        family=part.family, fibre=part.fibre or "", forms=tuple(_form(text) for text in part.forms), box_usd=part.box_usd,
        fibres=part.fibres, loss_db=part.allowed_loss_db, diameter_m=part.diameter_m, mass_kg_m=part.mass_kg_m,
        status=_status(program, f"{here}.reach"), price_status=_status(program, f"{here}.cost"),
        loss_status=_status(program, f"{here}.allowed_loss_db"), source=getattr(source, "text", ""),
    )  # fmt: skip


def _module_end(program: Program, catalogue: Catalogue, name: str) -> MediumEnd:
    part = catalogue.modules[name]
    status = _status(program, f"catalogue.modules.{name}.cost")
    return MediumEnd(part.cage, part.rate_bit_s, part.connectors, part.power_w, part.cost_usd, name, status)


def _form(text: str) -> tuple[int, int]:
    one, other = text.split("+")
    return int(one), int(other)


def _status(program: Program, path: str) -> Status:
    try:
        return status_of(program.at(path))
    except KeyError:
        return "assumed"


def cable_rows(generation: str, racks: int, cuts: CutList) -> Iterator[tuple[Any, ...]]:
    """What is ordered: cables by SKU."""
    for row in cable_totals(cuts).iter_rows(named=True):
        yield (
            generation, racks, row["sku"], row["medium"], row["cables"], row["stocked_m"], row["metres"], row["cost_usd"],
            row["status"], row["price_status"],
        )  # fmt: skip


def module_rows(generation: str, racks: int, cuts: CutList) -> Iterator[tuple[Any, ...]]:
    """Modules by name and the devices that they sit in."""
    for row in module_totals(cuts).iter_rows(named=True):
        yield (
            generation, racks, row["module"], TIERS[row["tier"]], row["count"], row["power_w"], row["cost_usd"],
            row["status"], row["price_status"],
        )  # fmt: skip


def loss_rows(generation: str, racks: int, case: Case, cuts: CutList) -> Iterator[tuple[Any, ...]]:
    """The worst loss of each medium against what its modules allow."""
    fibres = [
        FibreFigures(name, part.loss_db_km / 1e3, part.connector_loss_db, part.bend, "estimate", "")
        for name, part in case.catalogue.fibres.items()
    ]
    for row in loss_table(cuts, fibres, PANEL_PAIRS).iter_rows(named=True):
        yield generation, racks, *(row[key] for key in ("medium", "worst_m", "worst_db", "allowed_db"))


def blast_rows(generation: str, racks: int, cuts: CutList) -> Iterator[tuple[Any, ...]]:
    """The worst rack of switches, row and tray: what its loss takes of all adapters' rate."""
    for kind in ("row", "tray"):
        worst = survey(cuts, kind).row(0, named=True)
        yield (
            generation, racks, kind, str(worst[kind]), worst["mean_lost_share"], worst["endpoints_0"],
            worst["endpoints_0.5"], worst["endpoints_1"],
        )  # fmt: skip


def cable_findings(design: RackDesign, racks: int, cuts: CutList) -> Iterator[Finding]:
    """Modules of the cut list beside the bill's count by rate; the heaviest tray."""
    cages = int(np.count_nonzero(cuts.choice.cage_kind >= 0))
    network = design.network
    share = racks / max(network.cluster_racks, 1)
    yield finding(
        "rack.network.modules",
        design.generation,
        float(cages),
        network.optics * share * 1.1,
        "",
        standing="estimate",
        severity="note",
        source=f"rack.{design.generation}.network.optic",
        text=f"modules and plugs of {racks:,} racks by the cut list, against the bill's count by rate and a tenth",
    )
    heaviest = tray_loads(cuts).heaviest_kg_m()
    text = f"{cuts.cables:,} cables; at most {heaviest:.0f} kg on a metre of tray; a tray's limit is not stated"
    yield not_modelled("rack.network.trays", design.generation, text, f"rack.{design.generation}.network.floor")
