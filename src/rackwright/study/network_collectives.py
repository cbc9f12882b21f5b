"""How long a cluster's collectives take, what a training step then leaves exposed, and what lossless ports keep free."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rackwright.errors import ProgramError
from rackwright.outcome import Outcome
from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.network.cabling.cut_list import CutList
from rackwright.rack.network.collectives import (
    COLLECTIVES,
    SYSTEMS,
    Calibration,
    Machine,
    Parallel,
    Use,
    algorithms_of,
    busbw_factor,
    calibrate,
    exposed,
    headroom_byte,
    nearest,
    time_s,
)
from rackwright.rack.network.load.routed import Graph
from rackwright.rack.network.topology.wiring import FabricProblem
from rackwright.rack.pieces import accelerators_of, is_role, pieces_of
from rackwright.study.network import LAID_ENDPOINTS, studied_racks
from rackwright.study.network_job import domains_of, group_share, step_parts, step_rows
from rackwright.study.utility import run_of
from rackwright.tables import Finding, finding, not_modelled

#: Sizes that are told. [byte]
SIZES = (2.0**26, 2.0**29, 2.0**33)
FIBRE_S_M = 4.9e-9


@dataclass(frozen=True, slots=True)
class Paths:
    """The laid cluster's links: for each tier of links, from the adapters up, rate and longest stocked length."""

    longest_m: tuple[float, ...]
    link_bit_s: float


def paths_of(outcome: Outcome, case: Case, design: RackDesign, racks: int | None) -> Paths | None:
    """Longest cable of each tier, of a cluster laid on a floor; None where it cannot be laid."""
    from rackwright.study.network_cables import cuts_of

    try:
        cuts = cuts_of(outcome.program, case, design, studied_racks(case, design, racks, LAID_ENDPOINTS))
    except (ProgramError, FabricProblem):
        return None
    return Paths(tuple(_longest(cuts)), design.network.link_bit_s)


def _longest(cuts: CutList) -> Iterator[float]:
    pieces, wiring = cuts.pieces, cuts.wiring
    of_link = np.bincount(pieces.link, weights=pieces.stocked_m, minlength=len(wiring.lower))
    legs = np.bincount(pieces.link, minlength=len(wiring.lower))
    for tier in range(3):
        links = wiring.links_of_tier(tier)
        links = links[legs[links] > 0]
        if len(links):
            yield float(of_link[links].max())


def machine_of(case: Case, design: RackDesign, paths: Paths | None) -> Machine | None:
    """A generation's cluster as domains; None where the accelerators' scale-up rate is not stated."""
    rack = case.rack[design.generation]
    pieces = pieces_of(rack, case.catalogue)
    accelerators = [piece for piece in pieces if is_role(piece, "accelerator")]
    rates = [case.catalogue.chips[piece.name].scale_up_byte_s for piece in accelerators]
    if not rates or not min(rates):
        return None
    in_rack, network = accelerators_of(pieces), design.network
    per_domain = min(rack.network.domain or in_rack, in_rack * network.cluster_racks)
    all_of_them = in_rack * network.cluster_racks
    fabric = network.fabric
    # a domain's adapters serve its accelerators evenly
    out_byte_s = network.adapters * network.link_bit_s * fabric.planes * rack.network.twins / 8 / in_rack
    tiers = 1 + bool(fabric.spines) + bool(fabric.cores)
    metres = 2 * sum(paths.longest_m[:tiers]) if paths else 0.0
    path_s = fabric.hops * rack.network.hop_s + (fabric.hops + 1) * rack.network.fec_s + metres * FIBRE_S_M
    return Machine(max(all_of_them // per_domain, 1), per_domain, min(rates) / 2, out_byte_s, path_s)


def collective_rows(design: RackDesign, machine: Machine, worst: Mapping[str, float]) -> Iterator[tuple[Any, ...]]:
    """Every collective in one domain and over the cluster, by each algorithm, with the constants that it takes.

    `worst` is the load of the fabric's worst link by algorithm; one over its rate slows what crosses.
    """
    fitted = {name: calibrate(system) for name, system in SYSTEMS.items()}
    scopes = [("one domain", replace(machine, domains=1))]
    if machine.domains > 1:
        scopes.append(("the cluster", machine))
    for scope, of in scopes:
        if of.ranks < 2:
            continue
        for collective in COLLECTIVES:
            for algorithm in algorithms_of(collective, of):
                constants = fitted[nearest(algorithm, of).name]
                load = worst.get(algorithm) if of.domains > 1 else None
                if load is not None and not math.isfinite(load):
                    continue  # the fabric has no path for it: said by a finding
                slowed = replace(of, worst_share=load or 1.0)
                for size in SIZES:
                    # a cluster is no faster than its domain, whose constants may be another system's
                    within = [replace(of, domains=1), slowed] if of.per_domain > 1 else [slowed]
                    taken_s = max(
                        _time_s(collective, algorithm, one, size, fitted)
                        for one in within
                        if algorithm in algorithms_of(collective, one)
                    )
                    yield (
                        design.generation, scope, of.ranks, collective, algorithm, size, load, taken_s,
                        size * busbw_factor(collective, of.ranks) / taken_s, constants.system.name,
                    )  # fmt: skip


def _time_s(
    collective: str, algorithm: str, machine: Machine, size_byte: float, fitted: dict[str, Calibration]
) -> float:
    constants = fitted[nearest(algorithm, machine).name]
    return time_s(collective, algorithm, machine, size_byte, efficiency=constants.efficiency, start_s=constants.start_s)


def calibration_rows() -> Iterator[tuple[Any, ...]]:
    """The constants, the rows that fixed them, and their error on the rows that did not."""
    for system in SYSTEMS.values():
        found: Calibration = calibrate(system)
        used = sum(row.used for row in system.rows)
        worst = found.worst_unused
        yield (
            system.name, system.algorithm, found.efficiency, found.start_s, used, len(system.rows) - used, worst,
            system.source,
        )  # fmt: skip


def headroom_rows(case: Case, design: RackDesign, paths: Paths) -> Iterator[tuple[Any, ...]]:
    """What a lossless class keeps free at a port, by the longest cable of each tier."""
    section = case.rack[design.generation].network
    for tier, metres in zip(("adapter to leaf", "leaf to spine", "spine to core"), paths.longest_m, strict=False):
        room = headroom_byte(
            paths.link_bit_s, metres, frame_byte=section.frame_byte, response_s=section.pause_s,
            extra_s=2 * section.fec_s,
        )  # fmt: skip
        yield design.generation, tier, paths.link_bit_s, metres, room


def exposure(
    case: Case, design: RackDesign, machine: Machine | None, graph: Graph
) -> tuple[list[tuple[Any, ...]], Finding]:
    """Rows of a step's traffic and the exposed share of it against what the roadmap assumes."""
    run = run_of(case, design.generation)
    spread = run[1].step.spread if run else None
    if machine is None or run is None or spread is None or run[1].model.parameters is None or max(spread.ways) == 1:
        return [], exposure_finding(case, design, machine, graph)
    name, found = run
    path, rule = f"roadmap.training.{name}.step", "rack.network.exposed"
    try:
        parts = step_parts(spread, found.model.parameters or 0.0, machine, domains_of(graph, design, machine))
    except ValueError as problem:
        return [], not_modelled(rule, design.generation, str(problem), f"{path}.spread")
    rows = list(step_rows(design, name, parts, found.step.time_s))
    open_s = math.fsum(part.exposed_s for part in parts)
    said = ", ".join(f"{part.use.what} {part.use.collective} {part.exposed_s:.3g} s" for part in parts)
    if not math.isfinite(open_s):
        return rows, not_modelled(
            rule, design.generation, f"{name}: the fabric has no path for some traffic ({said})", path
        )
    return rows, finding(
        rule, design.generation, open_s / found.step.time_s, found.step.exposed_share, "", standing="estimate",
        severity="warning", source=f"{path}.exposed",
        text=f"{name}: exposed in a step of {found.step.time_s:g} s: {said}; pipeline bubbles are not in it",
    )  # fmt: skip


def exposure_finding(case: Case, design: RackDesign, machine: Machine | None, graph: Graph) -> Finding:
    """The exposed share of a step's data-parallel collectives against what the roadmap assumes."""
    rule, generation = "rack.network.exposed", design.generation
    run = run_of(case, generation)
    if run is None:
        return not_modelled(rule, generation, "no training run names this generation", "roadmap.training")
    name, found = run
    path = f"roadmap.training.{name}.step"
    spread, parameters = found.step.spread, found.model.parameters
    if machine is None:
        text = "no scale-up rate of the accelerators is stated (chips: scale_up), so no collective is timed"
        return not_modelled(rule, generation, text, f"rack.{generation}.trays")
    if spread is None or parameters is None:
        text = "how the model is spread (spread: shards, overlap) or its parameters are not stated: the exposed share is taken as given"
        return not_modelled(rule, generation, text, path)
    constants = calibrate(nearest("ring", machine))
    try:
        copies = Use("data", "all-gather", machine.ranks // spread.shards, spread.shards, 0.0, 1.0, 0.0)
        if copies.ways > 1 and spread.shards % machine.per_domain == 0:
            machine = replace(machine, worst_share=group_share(copies, domains_of(graph, design, machine), machine))
        parallel = Parallel(spread.shards, spread.gradient_byte, spread.weight_byte, spread.overlap_share)
        total_s, open_s = exposed(
            parallel, parameters, machine, efficiency=constants.efficiency, start_s=constants.start_s
        )
    except ValueError as problem:
        return not_modelled(rule, generation, str(problem), path)
    return finding(
        rule,
        generation,
        open_s / found.step.time_s,
        found.step.exposed_share,
        "",
        standing="estimate",
        severity="warning",
        source=f"{path}.exposed",
        text=f"{name}: reduce-scatter and all-gather over {machine.ranks // spread.shards:,} copies take {total_s:.3g} s, "
        f"{open_s:.3g} s of a step of {found.step.time_s:g} s exposed; tensor, pipeline and expert traffic is not in it (spread: tensor, expert, pipeline)"
        if math.isfinite(open_s)
        else f"{name}: no scale-out fabric joins the copies",
    )
