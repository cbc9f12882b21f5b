"""A cluster's cables laid on its floor by rule: the cut list that the bill counts and the study shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import Problem, ProgramError
from rackwright.figures import Status
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.parts import Medium as MediumPart
from rackwright.program.sections.rack import Rack
from rackwright.rack.network.cabling.cut_list import CutList, cut_list
from rackwright.rack.network.cabling.ends import link_ends
from rackwright.rack.network.cabling.floor import FloorPlan, Placement
from rackwright.rack.network.cabling.media import Cage, Medium, MediumEnd
from rackwright.rack.network.cabling.placement import RackFill, place_by_rule
from rackwright.rack.network.cabling.totals import cable_totals, module_totals
from rackwright.rack.network.scale_out import LaidPart, ScaleOut, cluster_of
from rackwright.rack.network.shapes import wired_cluster
from rackwright.rack.network.topology.wiring import Wiring
from rackwright.rack.pieces import Piece, adapters_of

#: Rows are added to the floor, two at a time, until its racks fit; more than this is no hall.
MOST_ROWS = 2000
#: Lowest unit of a tray with adapters, and of a shuffle's box.
FIRST_TRAY_RU = 2
#: Height of a rack unit (EIA-310), and of the first one above the floor (assumed: feet and frame).
RACK_UNIT_M, FIRST_UNIT_M = 0.04445, 0.1


def cluster_wiring(generation: str, rack: Rack, catalogue: Catalogue, network: ScaleOut, racks: int) -> Wiring:
    """All planes of a cluster of so many racks, port by port.

    Raises
    ------
    FabricProblem
        For a topology whose cables are not laid.
    """
    switch = catalogue.switches[rack.network.switch]
    return wired_cluster(
        rack.network,
        cluster_of(rack, network, racks),
        port_group=max(round(switch.ports_per_cage * switch.rate_bit_s / network.link_bit_s), 1),
        name=f"{generation} scale-out",
    )


def laid_cluster(
    wiring: Wiring, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], media: list[Medium]
) -> CutList:
    """The cut list of a cluster's wiring on a floor with as many rows as its racks need.

    Raises
    ------
    ProgramError
        Where no medium joins two cages, reaches, or comes in the form that is wanted; where a rack is too low.
    """
    placement, cages = placed_cluster(wiring, rack, catalogue, pieces)
    return cut_list(wiring, placement, cages, media, hub_ru=placement.floor.rack_ru)


def placed_cluster(
    wiring: Wiring, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...]
) -> tuple[Placement, tuple[Cage, ...]]:
    """Where every device stands, and the cages of adapters, leaves, spines and cores."""
    fill = _fill(rack, catalogue, pieces)
    floor = _floor(rack, catalogue, wiring, fill)
    switch = catalogue.switches[rack.network.switch]
    adapter = Cage(rack.network.adapter_cage, links=rack.network.planes * rack.network.twins)
    above = Cage(rack.network.switch_cage, links=wiring.port_group, most_ports=switch.ports_most)
    return place_by_rule(wiring, floor, fill), (adapter, above, above, above)


def laid_bill(
    wiring: Wiring, rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], media: list[Medium], *, most: int
) -> tuple[tuple[LaidPart, ...], tuple[LaidPart, ...]]:
    """Modules and cables of a cluster, counted part by part, so that at most some `most` links are laid at a time.

    Raises
    ------
    ProgramError
        As `laid_cluster`; also where parts share a cage, so that they cannot be counted apart.
    """
    placement, cages = placed_cluster(wiring, rack, catalogue, pieces)
    used = np.zeros(link_ends(_only(wiring, np.arange(0)), cages).cages, dtype=bool)
    modules: list[LaidPart] = []
    cables: list[LaidPart] = []
    for links in closed_parts(wiring, most):
        cuts = cut_list(_only(wiring, links), placement, cages, media, hub_ru=placement.floor.rack_ru)
        here = cuts.choice.cage_kind >= 0
        if (used & here).any():
            found, wanted = (
                "a cage whose links go to several tiers",
                "cages of one tier each: switches with ports to spare",
            )
            raise ProgramError([Problem(wiring.name, 0, "network.switch", found, wanted)])
        used |= here
        modules += laid_modules(cuts)
        cables += laid_cables(cuts)
    return _summed(modules), _summed(cables)


def _only(wiring: Wiring, links: NDArray[np.int64]) -> Wiring:
    """The wiring with some of its links."""
    return replace(
        wiring, lower=wiring.lower[links], upper=wiring.upper[links], lower_port=wiring.lower_port[links],
        upper_port=wiring.upper_port[links],
    )  # fmt: skip


def closed_parts(wiring: Wiring, most: int) -> Iterator[NDArray[np.int64]]:
    """Links in parts of some `most` that share no cage: by block below leaves, by pod below spines, by place below cores."""
    below = wiring.tier[wiring.lower]
    planes = max(wiring.planes, 1)
    for tier in range(int(below.max(initial=-1)) + 1):
        links = np.flatnonzero(below == tier)
        lower, upper = wiring.lower[links], wiring.upper[links]
        if tier == 0:
            key = wiring.group[lower].astype(np.int64)
        else:
            by = wiring.group[upper] if tier == 1 else wiring.number[lower]
            key = by.astype(np.int64) * planes + wiring.plane[upper]
        before = np.cumsum(np.bincount(key)) - 1
        part = (before // max(most, 1))[key]
        for one in np.unique(part).tolist():
            yield links[part == one]


def _summed(parts: list[LaidPart]) -> tuple[LaidPart, ...]:
    """Parts of the same name as one, at their mean power and price."""
    found: dict[str, list[LaidPart]] = {}
    for part in parts:
        found.setdefault(part.name, []).append(part)
    return tuple(
        LaidPart(
            name, count, math.fsum(one.count * one.unit_power_w for one in same) / count,
            math.fsum(one.count * one.unit_cost_usd for one in same) / count,
        )
        for name, same in sorted(found.items())
        if (count := sum(one.count for one in same))
    )  # fmt: skip


def laid_modules(cuts: CutList) -> tuple[LaidPart, ...]:
    """Modules by name, and plugs of attached cables by their medium's; one to a used cage."""
    columns = ("module", "count", "power_w", "cost_usd")
    rows = module_totals(cuts).select(columns).group_by("module").sum().sort("module").iter_rows()
    return tuple(LaidPart(name, count, power_w / count, usd / count) for name, count, power_w, usd in rows)


def laid_cables(cuts: CutList) -> tuple[LaidPart, ...]:
    """Cables by medium, of mean length; a breakout counts once, boxes of shuffles are in their cords' price."""
    boxes: dict[str, float] = {}
    for part in cuts.choice.parts:
        share, kind = part.variant.cord_share[part.cables], part.variant.kind[part.cables]
        for number, medium in enumerate(part.family.of_kind):
            if medium is not None and medium.box_usd:
                usd = medium.box_usd * float(share[kind == number].sum())
                boxes[medium.name] = boxes.get(medium.name, 0.0) + usd
    table = cable_totals(cuts).select("medium", "cables", "cost_usd").group_by("medium").sum().sort("medium")
    return tuple(
        LaidPart(name, count, 0.0, (usd + boxes.get(name, 0.0)) / count) for name, count, usd in table.iter_rows()
    )


def _fill(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...]) -> RackFill:
    adapters = adapters_of(pieces)
    piece = next(iter(adapters))
    tray = rack.trays[piece.tray]
    switch_ru = max(math.ceil(catalogue.switches[rack.network.switch].height_ru), 1)
    return RackFill(
        per_rack=sum(one.count for one in adapters),
        per_tray=max(piece.per_tray, 1),
        first_tray_ru=FIRST_TRAY_RU,
        tray_ru=max(math.floor(tray.height_ru), 1),
        switch_ru=(switch_ru, switch_ru, switch_ru),
        switches_per_rack=rack.network.floor.switches_per_rack,
    )


def _floor(rack: Rack, catalogue: Catalogue, wiring: Wiring, fill: RackFill) -> FloorPlan:
    """The floor as given, or with the least even number of rows on which the racks fit, by doubling and halving."""
    section, frame = rack.network.floor, catalogue.frames[rack.frame]
    least_m = FIRST_UNIT_M + RACK_UNIT_M * math.floor(frame.height_ru)
    if section.tray_height_m < least_m:
        found, expected = (
            f"trays at {section.tray_height_m:g} m",
            f"{least_m:.2f} m at least, above racks of {frame.height_ru:g} RU",
        )
        raise ProgramError([Problem(wiring.name, 0, "floor.tray_height", found, expected)])
    plan = FloorPlan(
        rows=2, positions=section.positions, rack_pitch_m=section.rack_pitch_m, rack_depth_m=section.rack_depth_m,
        cold_aisle_m=section.cold_aisle_m, hot_aisle_m=section.hot_aisle_m, tray_height_m=section.tray_height_m,
        rack_ru=math.floor(frame.height_ru), first_ru_m=FIRST_UNIT_M, in_rack_m=section.in_rack_m, slack_share=section.slack_share,
        slack_m=section.slack_m, tray_levels=section.tray_levels, tray_spacing_m=section.tray_spacing_m,
    )  # fmt: skip

    if section.rows is not None:
        return replace(plan, rows=section.rows)

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


def _assumed(path: str) -> Status:
    return "assumed"


def _unnamed(path: str) -> str:
    return ""


def catalogue_media(
    catalogue: Catalogue,
    standing: Callable[[str], Status] = _assumed,
    source: Callable[[str], str] = _unnamed,
) -> list[Medium]:
    """The catalogue's media; `standing` and `source` tell those of a figure by its path, where the reader has them."""
    return [_medium(catalogue, name, part, standing, source) for name, part in catalogue.media.items()]


def _medium(
    catalogue: Catalogue,
    name: str,
    part: MediumPart,
    standing: Callable[[str], Status],
    source: Callable[[str], str],
) -> Medium:
    here = f"catalogue.media.{name}"
    if part.modules:
        a, b = (_module_end(catalogue, module, standing) for module in part.modules)
    else:
        a, b = (MediumEnd(cage, part.rate_bit_s or 0.0, 1, part.end_power_w) for cage in part.ends)
    return Medium(
        name, part.kind, a, b, part.stock_m, part.reach_m, part.cost_usd, part.cost_usd_m,
        family=part.family, fibre=part.fibre or "", forms=tuple(_form(text) for text in part.forms), box_usd=part.box_usd,
        fibres=part.fibres, loss_db=part.allowed_loss_db, diameter_m=part.diameter_m, mass_kg_m=part.mass_kg_m,
        status=standing(f"{here}.reach"), price_status=standing(f"{here}.cost"),
        loss_status=standing(f"{here}.allowed_loss_db"), source=source(f"{here}.reach"),
    )  # fmt: skip


def _module_end(catalogue: Catalogue, name: str, standing: Callable[[str], Status]) -> MediumEnd:
    part = catalogue.modules[name]
    status = standing(f"catalogue.modules.{name}.cost")
    return MediumEnd(part.cage, part.rate_bit_s, part.connectors, part.power_w, part.cost_usd, name, status)


def _form(text: str) -> tuple[int, int]:
    one, other = text.split("+")
    return int(one), int(other)
