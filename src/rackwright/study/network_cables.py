"""The cables of a generation's fabric: laid on a floor by rule, each with its medium and length, and what a loss costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from rackwright.figures import Status
from rackwright.program.case import Case
from rackwright.program.load import Program, status_of
from rackwright.program.sections.parts import Catalogue
from rackwright.rack.design import RackDesign
from rackwright.rack.network import scale_out
from rackwright.rack.network.cabling.blast import survey
from rackwright.rack.network.cabling.cut_list import CutList
from rackwright.rack.network.cabling.media import Medium
from rackwright.rack.network.cabling.structured import FibreFigures, loss_table
from rackwright.rack.network.cabling.totals import cable_totals, module_totals
from rackwright.rack.network.cabling.trays import tray_loads
from rackwright.rack.network.laid import catalogue_media, cluster_wiring, laid_cluster
from rackwright.rack.network.topology.wiring import Wiring
from rackwright.rack.pieces import pieces_of
from rackwright.tables import Finding, finding, not_modelled

#: Pairs of panels between the ends of a fibre, for the loss. Assumed: none, cords go from module to module.
PANEL_PAIRS = 0
TIERS = ("adapters", "leaves", "spines", "cores")


def whole_wiring(case: Case, design: RackDesign, racks: int) -> Wiring:
    """All planes of a cluster of so many racks: modules and shuffles serve several planes at once."""
    return cluster_wiring(design.generation, case.rack[design.generation], case.catalogue, design.network, racks)


def cuts_of(program: Program, case: Case, design: RackDesign, racks: int) -> CutList:
    """The cut list of a cluster of so many racks on a floor with as many rows as they need.

    Raises
    ------
    ProgramError
        Where no medium joins two cages, reaches, or comes in the form that is wanted; where a rack is too low.
    FabricProblem
        Where the switch is too small.
    """
    rack, catalogue = case.rack[design.generation], case.catalogue
    wiring = cluster_wiring(design.generation, rack, catalogue, design.network, racks)
    return laid_cluster(wiring, rack, catalogue, pieces_of(rack, catalogue), media_of(program, catalogue))


def media_of(program: Program, catalogue: Catalogue) -> list[Medium]:
    """The catalogue's media, each with the standing of its reach, its price and its loss."""

    def source(path: str) -> str:
        found = getattr(program.at(path), "items", {}).get("source")
        return getattr(found, "text", "")

    return catalogue_media(catalogue, lambda path: _status(program, path), source)


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


def cable_findings(case: Case, design: RackDesign, racks: int, cuts: CutList) -> Iterator[Finding]:
    """Modules of the cut list beside the count by rate of a cluster of the same size; the heaviest tray."""
    cages = int(np.count_nonzero(cuts.choice.cage_kind >= 0))
    rack = case.rack[design.generation]
    by_rate = scale_out(rack, case.catalogue, pieces_of(rack, case.catalogue), racks).optics
    yield finding(
        "rack.network.modules",
        design.generation,
        float(cages),
        float(by_rate),
        "",
        standing="estimate",
        severity="note",
        source=f"rack.{design.generation}.network.optic",
        text=f"modules and plugs of {racks:,} racks by the cut list, one to a cage, against the count by rate of as many "
        f"racks in modules of {rack.network.optic}",
    )
    heaviest = tray_loads(cuts).heaviest_kg_m()
    text = f"{cuts.cables:,} cables; at most {heaviest:.0f} kg on a metre of tray; a tray's limit is not stated"
    yield not_modelled("rack.network.trays", design.generation, text, f"rack.{design.generation}.network.floor")
