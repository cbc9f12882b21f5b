"""The bill of materials of a rack on several levels, and its share of what the block and the cluster have in common."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from rackwright.program.sections.parts import Catalogue, Part
from rackwright.program.sections.rack import Rack
from rackwright.rack.cooling import Loop
from rackwright.rack.network import ScaleOut
from rackwright.rack.pieces import Piece
from rackwright.rack.power import PowerPath
from rackwright.tables import Finding, finding, not_modelled


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line. `count` is per rack (a fraction where the part is shared); its cost does not hold the lines below it.

    Levels: 0 what stands in the rack itself or is shared, 1 trays, 2 parts in a tray.
    """

    path: str
    part: str
    kind: str
    family: str
    count: float
    unit_cost_usd: float
    unit_mass_kg: float
    shared: bool
    level: int

    @property
    def cost_usd(self) -> float:
        return self.count * self.unit_cost_usd


def bill_of(
    rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], path: PowerPath, loop: Loop, network: ScaleOut
) -> tuple[BillLine, ...]:
    """All lines. A rack's own power shelves are in its bill also where they stand in a sidecar."""
    return (
        *_in_rack(rack, catalogue, pieces, path),
        *_shared(rack, catalogue, loop, network),
        *_beside(catalogue, network),
    )


def cost_usd(bill: tuple[BillLine, ...], *, shared: bool) -> float:
    """Money of the lines in the rack, or of those that it shares."""
    return math.fsum(line.cost_usd for line in bill if line.shared is shared)


def families_of(bill: tuple[BillLine, ...]) -> dict[str, float]:
    """Pieces per rack by the family that the plan buys them as; parts without a family are left out."""
    families: dict[str, float] = {}
    for line in bill:
        if line.family and line.count:
            families[line.family] = families.get(line.family, 0.0) + line.count
    return families


def _part_line(where: str, name: str, kind: str, part: Part, count: float, shared: bool, level: int) -> BillLine:
    return BillLine(where, name, kind, part.family, count, part.cost_usd, part.mass_kg, shared, level)


def _in_rack(rack: Rack, catalogue: Catalogue, pieces: tuple[Piece, ...], path: PowerPath) -> Iterator[BillLine]:
    yield _part_line("frame", rack.frame, "frames", catalogue.frames[rack.frame], 1, False, 0)
    for name, tray in rack.trays.items():
        yield BillLine(f"trays.{name}", name, "trays", "", tray.count, tray.cost_usd, tray.mass_kg, False, 1)
        for piece in pieces:
            if piece.tray == name:
                yield _part_line(piece.path, piece.name, piece.kind, piece.part, piece.count, False, 2)
    for piece in pieces:
        if not piece.tray:
            yield _part_line(piece.path, piece.name, piece.kind, piece.part, piece.count, False, 0)
    shelf, busbar = rack.power.shelf, rack.power.busbar
    yield _part_line("power.shelf", shelf, "shelves", catalogue.shelves[shelf], path.shelves, False, 0)
    backup = path.backup
    if backup.battery and backup.batteries:
        part = catalogue.batteries[backup.battery]
        yield _part_line("power.battery", backup.battery, "batteries", part, backup.batteries, False, 0)
    if backup.store and backup.stores:
        yield _part_line("power.store", backup.store, "stores", catalogue.stores[backup.store], backup.stores, False, 0)
    yield _part_line("power.busbar", busbar, "busbars", catalogue.busbars[busbar], 1, False, 0)


def _shared(rack: Rack, catalogue: Catalogue, loop: Loop, network: ScaleOut) -> Iterator[BillLine]:
    switch, optic, cdu = (
        catalogue.switches[network.switch],
        catalogue.optics[network.optic],
        catalogue.cdus[loop.cdu],
    )
    yield _part_line("cooling.cdu", loop.cdu, "cdus", cdu, loop.cdus_per_block / rack.block.racks, True, 0)
    for tier, count in (
        ("leaf", network.leaf_per_rack),
        ("spine", network.spine_per_rack),
        ("core", network.core_per_rack),
    ):
        if count:
            yield _part_line(f"network.{tier}", network.switch, "switches", switch, count, True, 0)
    if not network.modules:
        yield _part_line("network.optic", network.optic, "optics", optic, network.optics_per_rack, True, 0)
    for kind, family, parts in (("modules", optic.family, network.modules), ("media", "", network.cables)):
        for one in parts:
            per_rack, where = one.count / network.cluster_racks, f"network.{kind}.{one.name}"
            own = catalogue.modules.get(one.name)
            bought = family if own is not None and own.rate_bit_s == optic.rate_bit_s else ""
            yield BillLine(where, one.name, kind, bought, per_rack, one.unit_cost_usd, 0.0, True, 0)


def _beside(catalogue: Catalogue, network: ScaleOut) -> Iterator[BillLine]:
    """Switches and modules of the fabrics beside the scale-out one."""
    for one in network.others:
        where, racks = f"network.fabrics.{one.name}", network.cluster_racks
        switch = catalogue.switches[one.switch]
        yield _part_line(f"{where}.switch", one.switch, "switches", switch, one.switches / racks, True, 0)
        if one.optics:
            optic = catalogue.optics[one.optic]
            yield _part_line(f"{where}.optic", one.optic, "optics", optic, one.optics / racks, True, 0)


def bill_findings(generation: str, rack: Rack, in_rack_usd: float) -> list[Finding]:
    """The bill beside a published or quoted price of the whole rack: compared, never added."""
    rule, source = "rack.bill.quote", f"rack.{generation}.quote"
    if rack.quote_usd is None:
        return [not_modelled(rule, generation, "no price of the whole rack is quoted to compare the bill with")]
    difference = f" ({in_rack_usd / rack.quote_usd - 1:+.0%})" if rack.quote_usd else ""
    return [
        finding(
            rule,
            generation,
            in_rack_usd,
            rack.quote_usd,
            "USD",
            standing="user",
            source=source,
            severity="note",
            text=f"cost of the bill's lines against the quoted price of the rack{difference}",
        )
    ]
