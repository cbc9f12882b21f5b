"""`rackwright rack FILE network`: a generation's scale-out fabric port by port, its load, and what failures do to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rackwright.errors import ProgramError
from rackwright.outcome import Outcome
from rackwright.program.case import Case
from rackwright.progress import SILENT, Progress
from rackwright.rack.design import RackDesign
from rackwright.rack.network.load.hashed import hashed_load
from rackwright.rack.network.load.links import LinkLoad, link_load
from rackwright.rack.network.load.routed import Graph, graph_of
from rackwright.rack.network.load.traffic import Traffic, permutation, uniform, within_rails
from rackwright.rack.network.scale_out import cluster_of
from rackwright.rack.network.shapes import LAID, wired_plane
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring
from rackwright.study import network_specs as specs
from rackwright.study.network_choice import choice_finding, choice_of, choice_rows
from rackwright.study.network_routes import port_rows, route_rows, whole_findings
from rackwright.tables import Finding, TableSpec, finding, not_modelled

#: Endpoints of a plane whose failures are studied, unless racks are given; a cluster's fabric repeats itself beyond.
STUDIED_ENDPOINTS = 16384
#: Flows of a pair that are tried, draws, and the share of leaf uplinks that fail at once in the last case.
FLOWS, SAMPLES, LOST_SHARE = (1, 4, 16), 20, 0.01
#: Endpoints of a plane whose flows are drawn: each flow's path is walked.
HASHED_ENDPOINTS = 4096
KNOW, NOT_YET = "know", "do not know yet"
ALL_TO_ALL, AWAY, WITHIN_RAILS = "all to all", "half the cluster away", "all to all of a rail"


@dataclass(frozen=True, slots=True)
class NetworkQuestions:
    """What a study of the fabric is asked. `racks` replaces the size of the cluster whose failures are studied."""

    load: bool = False
    hashed: bool = False
    choose: bool = False
    cables: bool = False
    racks: int | None = None
    #: Times of collectives, what a step leaves exposed, lossless ports' headroom.
    collectives: bool = False
    #: GPU-hours that jobs lose to the fabric.
    outages: bool = False
    #: Where the cut list is written, a file for each generation: a folder.
    cut_list: Path | None = None
    #: Where files for other programs go, and which (`network_export.EXPORTS`).
    export: Path | None = None
    export_as: tuple[str, ...] = ()
    #: An InfraGraph file: a fabric that is given.
    fabric: Path | None = None
    growth: bool = False


def study_network(outcome: Outcome, questions: NetworkQuestions, *, progress: Progress = SILENT) -> Outcome:
    """The outcome with the study's tables and findings among those of the rack stage."""
    assert outcome.rack is not None
    case = outcome.program.case()
    rows: dict[TableSpec, list[tuple[Any, ...]]] = {spec: [] for spec in _asked(questions)}
    findings: list[Finding] = []
    for design in outcome.rack.designs:
        try:
            progress.step(f"{design.generation}: {design.network.cluster_racks:,} racks, port by port")
            plane = plane_of(case, design, design.network.cluster_racks)
        except FabricProblem as problem:
            findings.append(not_modelled("rack.network.ports", design.generation, str(problem)))
            continue
        rows[specs.NETWORK_PORTS] += port_rows(design, plane)
        findings += whole_findings(design, plane)
        front = choice_of(outcome.program, case, design) if questions.choose else None
        if front is not None:
            rows[specs.NETWORK_CHOICE] += choice_rows(case, design, front)
            if not _plain(case, design):
                findings.append(
                    _not_of(design, "choice", "the designs beside it are plain folded Clos, its own is not among them")
                )
            findings.append(choice_finding(design, front))
        if questions.load or questions.hashed or questions.outages or questions.collectives:
            studied = graph_of(plane_of(case, design, studied_racks(case, design, questions.racks, STUDIED_ENDPOINTS)))
        if questions.load:
            progress.step(f"{design.generation}: loads and failures")
            found = list(load_rows(case, design, studied))
            rows[specs.NETWORK_LOAD] += found
            rows[specs.NETWORK_ROUTES] += route_rows(design, studied, traffics(studied.wiring, design))
            findings += _failures(design, found)
        if questions.hashed:
            progress.step(f"{design.generation}: hashed flows")
            rows[specs.NETWORK_HASHED] += hashed_rows(case, design, outcome.program.seed, questions.racks)
        if questions.outages:
            progress.step(f"{design.generation}: lost GPU-hours")
            _outages(case, design, studied, outcome.program.seed, rows, findings)
        if questions.collectives:
            progress.step(f"{design.generation}: collectives")
            _collectives(outcome, case, design, studied, questions, rows, findings)
        _beside(case, design, rows, findings)
        if questions.growth:
            progress.step(f"{design.generation}: growth")
            _growth(case, design, questions, rows, findings)
        if questions.export is not None:
            progress.step(f"{design.generation}: files for other programs")
            _export(case, design, questions, findings)
        if questions.cables:
            progress.step(f"{design.generation}: cables")
            _cables(outcome, case, design, questions, rows, findings)
    if questions.fabric is not None:
        progress.step(f"{questions.fabric.name}: the fabric that is given")
        _given(questions.fabric, rows, findings)
    tables = [spec.table(found) for spec, found in rows.items()]
    kept = replace(outcome.rack, tables=(*outcome.rack.tables, *tables), findings=(*outcome.rack.findings, *findings))
    return replace(outcome, rack=kept)


#: Racks whose cables are laid, unless racks are given.
LAID_ENDPOINTS = 16384


def _given(path: Path, rows: dict[TableSpec, list[tuple[Any, ...]]], findings: list[Finding]) -> None:
    """What the file's fabric has and carries."""
    from rackwright.study.network_given import given_findings, given_rows, given_wiring

    wiring = given_wiring(path)
    rows[specs.NETWORK_GIVEN] += given_rows(path.name, wiring)
    findings += given_findings(path.name, wiring)


def _beside(
    case: Case, design: RackDesign, rows: dict[TableSpec, list[tuple[Any, ...]]], findings: list[Finding]
) -> None:
    """Fabrics beside the scale-out one, and the scale-up domain, where the program names them."""
    from rackwright.study.network_beside import domain_findings, domain_rows, fabric_row

    network, generation = case.rack[design.generation].network, design.generation
    for name in network.fabrics:
        try:
            rows.setdefault(specs.NETWORK_FABRICS, []).append(fabric_row(case, design, name))
        except FabricProblem as problem:
            here = f"rack.{generation}.network.fabrics.{name}"
            findings.append(not_modelled("rack.network.fabrics", f"{generation} {name}", str(problem), here))
    if network.scale_up is not None:
        rows.setdefault(specs.NETWORK_SCALE_UP, []).extend(domain_rows(generation, network.scale_up))
        findings += domain_findings(design, network.scale_up)


def _growth(
    case: Case,
    design: RackDesign,
    questions: NetworkQuestions,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    """Stages both ways, the cables that move, and what stands against the program's own way."""
    from rackwright.study.network_growth import grown, growth_findings, growth_rows, write_moved

    if design.network.fabric.topology != "folded-clos":
        findings.append(_not_of(design, "growth", "growth in stages is worked out for folded Clos"))
        return
    if case.rack[design.generation].network.spine_oversubscription > 1.0 and design.network.fabric.tiers == 3:
        findings.append(_not_of(design, "growth", "growth is worked out without oversubscription above the spines"))
        return
    racks = studied_racks(case, design, questions.racks, LAID_ENDPOINTS)
    try:
        found = grown(case, design, racks)
    except FabricProblem as problem:
        here = f"rack.{design.generation}.network.stages"
        findings.append(not_modelled("rack.network.growth", design.generation, str(problem), here))
        return
    rows[specs.NETWORK_GROWTH] += growth_rows(case, design, found)
    findings += growth_findings(case, design, found)
    if questions.cut_list is not None:
        write_moved(design, found, questions.cut_list)


def _plain(case: Case, design: RackDesign) -> bool:
    """Whether the fabric is of the kind that the choice enumerates."""
    network = case.rack[design.generation].network
    return network.topology == "folded-clos" and network.twins == 1 and network.spine_oversubscription <= 1.0


def _not_of(design: RackDesign, rule: str, text: str) -> Finding:
    """What a topology cannot be asked."""
    here = f"rack.{design.generation}.network.topology"
    return not_modelled(f"rack.network.{rule}", design.generation, f"{design.network.fabric.topology}: {text}", here)


def _export(case: Case, design: RackDesign, questions: NetworkQuestions, findings: list[Finding]) -> None:
    """Addresses and InfraGraph of a cluster; what needs its cables is written with them."""
    from rackwright.study.network_cables import whole_wiring
    from rackwright.study.network_export import write_wiring

    assert questions.export is not None
    if design.network.fabric.topology not in LAID:
        said = f"files for other programs are written of {' and '.join(LAID)} fabrics"
        findings.append(_not_of(design, "export", said))
        return
    wiring = whole_wiring(case, design, studied_racks(case, design, questions.racks, LAID_ENDPOINTS))
    number = list(case.rack).index(design.generation)
    list(write_wiring(wiring, design.generation, number, questions.export, questions.export_as))


def _cables(
    outcome: Outcome,
    case: Case,
    design: RackDesign,
    questions: NetworkQuestions,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    """The cut list of a cluster, its sums, and what no medium joins said."""
    from rackwright.study.network_cables import (
        blast_rows,
        cable_findings,
        cable_rows,
        cuts_of,
        loss_rows,
        module_rows,
    )

    racks, generation = studied_racks(case, design, questions.racks, LAID_ENDPOINTS), design.generation
    try:
        cuts = cuts_of(outcome.program, case, design, racks)
    except (ProgramError, FabricProblem) as problem:
        from rackwright.rack.network.counted import reason

        text = reason(problem)
        findings.append(not_modelled("rack.network.cables", generation, text, f"rack.{generation}.network"))
        return
    rows[specs.NETWORK_CABLES] += cable_rows(generation, racks, cuts)
    rows[specs.NETWORK_MODULES] += module_rows(generation, racks, cuts)
    rows[specs.NETWORK_LOSS] += loss_rows(generation, racks, case, cuts)
    rows[specs.NETWORK_BLAST] += blast_rows(generation, racks, cuts)
    findings += cable_findings(case, design, racks, cuts)
    if questions.export is not None:
        from rackwright.study.network_export import write_cables

        list(write_cables(case, design, cuts, questions.export, questions.export_as))
    if questions.cut_list is not None:
        questions.cut_list.mkdir(parents=True, exist_ok=True)
        cuts.write(questions.cut_list / f"{generation}.cut_list.parquet")
        cuts.write(questions.cut_list / f"{generation}.cut_list.csv")


def _outages(
    case: Case,
    design: RackDesign,
    plane: Graph,
    seed: int,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    """What jobs of several sizes lose to the fabric."""
    from rackwright.study.network_outages import fault_rows, outage_finding, outage_rows, outages

    found = list(outages(case, design, plane, seed))
    for item in found:
        rows[specs.NETWORK_OUTAGES] += outage_rows(item)
        rows[specs.NETWORK_FAULTS] += fault_rows(item)
    findings.append(outage_finding(case, design, found))


def _collectives(
    outcome: Outcome,
    case: Case,
    design: RackDesign,
    plane: Graph,
    questions: NetworkQuestions,
    rows: dict[TableSpec, list[tuple[Any, ...]]],
    findings: list[Finding],
) -> None:
    """Times over the laid cluster's paths; without a scale-up rate only what the ports keep free."""
    from rackwright.study.network_collectives import (
        calibration_rows,
        collective_rows,
        exposure,
        headroom_rows,
        machine_of,
        paths_of,
    )
    from rackwright.study.network_job import domains_of, worst_shares

    paths = paths_of(outcome, case, design, questions.racks)
    machine = machine_of(case, design, paths)
    if machine is not None:
        worst = worst_shares(domains_of(plane, design, machine)) if machine.domains > 1 else {}
        rows[specs.NETWORK_COLLECTIVES] += collective_rows(design, machine, worst)
        if any(not math.isfinite(share) for share in worst.values()):
            apart = ", ".join(name for name, share in worst.items() if not math.isfinite(share))
            findings.append(_not_of(design, "collectives", f"no path over the fabric alone for {apart} across domains"))
        rows[specs.NETWORK_CALIBRATION] = list(calibration_rows())
    if paths is not None:
        rows[specs.NETWORK_HEADROOM] += headroom_rows(case, design, paths)
    else:
        text = "the cluster's cables cannot be laid (--cables says why): headroom and routed metres are not known"
        findings.append(
            not_modelled("rack.network.headroom", design.generation, text, f"rack.{design.generation}.network")
        )
    step, exposed = exposure(case, design, machine, plane)
    rows[specs.NETWORK_STEP] += step
    findings.append(exposed)


def _asked(questions: NetworkQuestions) -> Iterator[TableSpec]:
    yield specs.NETWORK_PORTS
    if questions.fabric is not None:
        yield specs.NETWORK_GIVEN
    if questions.growth:
        yield specs.NETWORK_GROWTH
    if questions.load:
        yield from (specs.NETWORK_LOAD, specs.NETWORK_ROUTES)
    if questions.hashed:
        yield specs.NETWORK_HASHED
    if questions.choose:
        yield specs.NETWORK_CHOICE
    if questions.outages:
        yield from (specs.NETWORK_OUTAGES, specs.NETWORK_FAULTS)
    if questions.collectives:
        yield from (
            specs.NETWORK_COLLECTIVES, specs.NETWORK_STEP, specs.NETWORK_CALIBRATION, specs.NETWORK_HEADROOM,
        )  # fmt: skip
    if questions.cables:
        yield from (specs.NETWORK_CABLES, specs.NETWORK_MODULES, specs.NETWORK_LOSS, specs.NETWORK_BLAST)


def plane_of(case: Case, design: RackDesign, racks: int) -> Wiring:
    """One plane of a cluster of so many racks; the others are copies of it.

    Raises
    ------
    FabricProblem
        Where three tiers of the switch do not hold it.
    """
    rack, network = case.rack[design.generation], design.network
    if not network.link_bit_s > 0:
        raise FabricProblem(f"{design.generation} has no scale-out adapters: one in a tray with accelerators would do")
    cluster = cluster_of(rack, network, racks)
    return wired_plane(rack.network, cluster, name=f"{design.generation} scale-out")


def studied_racks(case: Case, design: RackDesign, given: int | None, most: int) -> int:
    """Racks of the cluster whose failures are studied: whole blocks, two at least, the cluster's own at most."""
    network = design.network
    if given is not None:
        return max(1, min(given, network.cluster_racks))
    block = max(case.rack[design.generation].block.racks, 1)
    racks = most // max(network.adapters, 1) // block * block
    return min(max(racks, 2 * block), network.cluster_racks)


def failures_of(plane: Wiring) -> Iterator[tuple[str, list[int], list[int]]]:
    """What fails: (words, links, switches), each by itself; then some uplinks at once."""
    yield "nothing", [], []
    up, spine = plane.links_of_tier(1), plane.switches_of_tier(2)
    where = "leaf and spine" if len(spine) else "switches"
    if len(up):
        yield f"one link between {where}", [int(up[0])], []
    if len(spine):
        yield "one spine", [], [int(spine[0])]
    core, above = plane.switches_of_tier(3), plane.links_of_tier(2)
    if len(above):
        yield f"one link between {'spine and core' if len(core) else 'groups'}", [int(above[0])], []
    if len(core):
        yield "one core", [], [int(core[0])]
    leaves = plane.switches_of_tier(1)
    if len(leaves) > 1:
        yield "one leaf", [], [int(leaves[0])]
    lost = round(LOST_SHARE * len(up))
    if lost > 1:
        drawn = np.random.default_rng(0).choice(up, lost, replace=False)
        yield f"{lost:,} links between {where}", sorted(drawn.tolist()), []


def load_rows(case: Case, design: RackDesign, graph: Graph) -> Iterator[tuple[Any, ...]]:
    """Loads of each traffic after each failure, before routers know and after."""
    plane = graph.wiring
    racks = plane.endpoints // design.network.adapters
    for name, traffic in traffics(plane, design):
        for words, links, switches in failures_of(plane):
            for converged in (True,) if words == "nothing" else (False, True):
                load = link_load(graph, traffic, failed_links=links, failed_switches=switches, converged=converged)
                yield _load_row(design.generation, racks, name, words, KNOW if converged else NOT_YET, plane, load)


def traffics(plane: Wiring, design: RackDesign) -> Iterator[tuple[str, Traffic]]:
    """All to all, and each adapter to the one of the rack half the cluster away; where nothing joins rails, within them."""
    if design.network.fabric.topology == "rail-only":
        yield WITHIN_RAILS, within_rails(plane.end_bit_s)
        return
    yield ALL_TO_ALL, uniform(plane.end_bit_s)
    per_rack = design.network.adapters
    racks = plane.endpoints // per_rack
    away = (np.arange(plane.endpoints) + racks // 2 * per_rack) % plane.endpoints
    yield AWAY, permutation(away, plane.end_bit_s)


def _load_row(
    generation: str, racks: int, traffic: str, words: str, routers: str, plane: Wiring, load: LinkLoad
) -> tuple[Any, ...]:
    busier = np.maximum(load.up_bit_s, load.down_bit_s) / plane.link_bit_s
    tier = plane.tier[plane.lower]

    def most(number: int) -> float | None:
        here = busier[tier == number]
        return float(here.max()) if len(here) else None

    return (
        generation, racks, traffic, words, routers, float(busier[tier == 0].mean()), most(1), most(2),
        load.delivered_share, load.carried_share,
    )  # fmt: skip


def _failures(design: RackDesign, rows: list[tuple[Any, ...]]) -> Iterator[Finding]:
    """The worst single failure, once routers know of it: what all to all still gets."""
    single = [
        row for row in rows if row[2] in (ALL_TO_ALL, WITHIN_RAILS) and row[4] == KNOW and row[3].startswith("one ")
    ]
    if not single:
        return
    worst = min(single, key=lambda row: float(row[9]))
    yield finding(
        "rack.network.single_failure",
        design.generation,
        float(worst[9]),
        design.network.fabric.delivered_share,
        "",
        standing="user",
        severity="note",
        at_least=True,
        source=f"rack.{design.generation}.network.switch",
        text=f"share of the rate that all to all gets after the worst single failure of a plane ({worst[3]}), "
        f"{worst[1]:,} racks; with {design.network.fabric.planes} planes an adapter may send around it",
    )


def hashed_rows(case: Case, design: RackDesign, seed: int, given: int | None) -> Iterator[tuple[Any, ...]]:
    """Flows hashed to one path each, half the cluster away."""
    plane = plane_of(case, design, studied_racks(case, design, given, HASHED_ENDPOINTS))
    graph, per_rack = graph_of(plane), design.network.adapters
    traffic = dict(traffics(plane, design)).get(AWAY)
    if traffic is None:
        return
    for flows in FLOWS:
        found = hashed_load(graph, traffic, flows, samples=SAMPLES, seed=seed)
        columns = zip(found.mean(), found.nearly_all(), strict=True)
        yield (design.generation, plane.endpoints // per_rack, flows, SAMPLES, *(v for pair in columns for v in pair))
