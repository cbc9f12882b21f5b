"""A generation's fabric in stages: sized alone at each, or with the last stage's spines first; and the cables that move."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from rackwright.errors import ProgramError
from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.network.cabling.regrowth import refitted, relaid
from rackwright.rack.network.clos import usable_ports
from rackwright.rack.network.laid import placed_cluster
from rackwright.rack.network.topology.growth import Shape, Stage, final_growth, minimal_growth
from rackwright.rack.network.topology.wiring import FabricProblem
from rackwright.rack.pieces import pieces_of
from rackwright.tables import Finding, finding

Way = Literal["minimal", "final"]
WAYS: tuple[Way, ...] = ("minimal", "final")


def grown(case: Case, design: RackDesign, racks: int) -> dict[Way, list[Stage]]:
    """The stages of both ways to grow; `racks` of the cluster where the program names no stages.

    Raises
    ------
    FabricProblem
        Where the stages do not grow, or the switch is too small for the last.
    """
    network = case.rack[design.generation].network
    stages = network.stages or default_stages(racks, min(case.rack[design.generation].block.racks, racks))
    shape = _shape(case, design, max(stages))
    return {"minimal": minimal_growth(stages, shape), "final": final_growth(stages, shape)}


def default_stages(racks: int, block: int) -> tuple[int, ...]:
    """A quarter, a half and all of the racks, in whole blocks but for the last.

    >>> default_stages(56, 14), default_stages(10, 14)
    ((14, 28, 56), (10,))
    """
    parts = {max(racks // part // block, 1) * block for part in (4, 2)}
    return (*sorted(one for one in parts if one < racks), racks)


def _shape(case: Case, design: RackDesign, racks: int) -> Shape:
    rack, network = case.rack[design.generation], design.network
    switch = case.catalogue.switches[rack.network.switch]
    if not network.link_bit_s > 0:
        raise FabricProblem(f"{design.generation} has no scale-out adapters: one in a tray with accelerators would do")
    return {
        "per_rack": network.adapters,
        "ports": usable_ports(switch.ports, switch.rate_bit_s, network.link_bit_s, switch.ports_most),
        "link_bit_s": network.link_bit_s,
        "rails": rack.network.rails,
        "planes": rack.network.planes,
        "block_racks": min(rack.block.racks, racks),
        "oversubscription": rack.network.oversubscription,
        "dual_tor": rack.network.twins == 2,
    }


def growth_rows(case: Case, design: RackDesign, found: dict[Way, list[Stage]]) -> Iterator[tuple[Any, ...]]:
    """One row a way and stage; what becomes of cables is empty where the last stage cannot be placed."""
    own = case.rack[design.generation].network.growth
    for way in WAYS:
        cables = cables_of_growth(case, design, found[way])
        for number, stage in enumerate(found[way], start=1):
            yield (
                design.generation, way, "yes" if way == own else "no", number, stage.racks,
                int(stage.wiring.tier.max()), stage.switches, len(stage.laid), len(stage.added), len(stage.moved),
                *cables[number - 1],
            )  # fmt: skip


def cables_of_growth(
    case: Case, design: RackDesign, stages: list[Stage]
) -> list[tuple[int | None, int | None, int | None, int | None]]:
    """Of each stage: links kept, pulled anew with the cable there is, replaced; and kept ones that a new floor would change."""
    rack, catalogue = case.rack[design.generation], case.catalogue
    pieces = pieces_of(rack, catalogue)
    stock_m = np.unique([metres for part in catalogue.media.values() for metres in part.stock_m])
    try:
        places = {id(stage.wiring): placed_cluster(stage.wiring, rack, catalogue, pieces)[0] for stage in stages}
    except ProgramError:
        return [(None, None, None, None)] * len(stages)
    last = stages[-1].wiring
    found: list[tuple[int | None, int | None, int | None, int | None]] = [(0, 0, 0, 0)]
    for before, stage in itertools.pairwise(stages):
        refit = refitted(before, stage, last, places[id(last)], stock_m)
        anew = relaid(before, stage, places[id(before.wiring)], places[id(stage.wiring)], stock_m)
        found.append((*refit, anew))
    return found


def growth_findings(case: Case, design: RackDesign, found: dict[Way, list[Stage]]) -> Iterator[Finding]:
    """Cables that move in the program's own way, and switches that wait for the last stage in the first."""
    own = case.rack[design.generation].network.growth
    moved = sum(len(stage.moved) for stage in found[own])
    early = found["final"][0].switches - found["minimal"][0].switches
    yield finding(
        "rack.network.growth", design.generation, float(moved), 0.0, "", standing="user", severity="note",
        source=f"rack.{design.generation}.network.growth",
        text=f"links that the stages move, growing {own}; `final` moves none and places {early:,} more switches at the "
        "first stage than `minimal`",
    )  # fmt: skip


def write_moved(design: RackDesign, found: dict[Way, list[Stage]], folder: Path) -> Path:
    """Every link that minimal growth moves, with the ends it has before, as CSV."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{design.generation}.moved.csv"
    moved_links(found["minimal"]).write_csv(path)
    return path


def moved_links(stages: list[Stage]) -> pl.DataFrame:
    """Stage that moves the link, its device and port below, and above (before), in the words of the cut list's ends."""
    tables = []
    for number, (before, stage) in enumerate(itertools.pairwise(stages), start=2):
        wiring, links = before.wiring, stage.moved
        tables.append(
            pl.DataFrame(
                {
                    "stage": [number] * len(links),
                    "a_end": wiring.labels(wiring.lower[links].tolist()),
                    "a_port": wiring.lower_port[links].tolist(),
                    "b_end_before": wiring.labels(wiring.upper[links].tolist()),
                    "b_port_before": wiring.upper_port[links].tolist(),
                },
                schema={
                    "stage": pl.Int64, "a_end": pl.String, "a_port": pl.Int64, "b_end_before": pl.String,
                    "b_port_before": pl.Int64,
                },
            )
        )  # fmt: skip
    return pl.concat(tables) if tables else pl.DataFrame({"stage": [], "a_end": []})
