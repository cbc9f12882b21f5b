"""GPU-hours that jobs lose to their fabric: by size, by kind of fault, as built and with one plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rackwright.program.case import Case
from rackwright.rack.design import RackDesign
from rackwright.rack.network.load.routed import Graph
from rackwright.rack.network.load.scenarios import Failure, scenario_loads
from rackwright.rack.network.load.traffic import uniform
from rackwright.rack.network.outages import Fault, FaultRates, Job, Lost, expected_share, fabric_faults, simulate
from rackwright.rack.pieces import accelerators_of, pieces_of
from rackwright.study.utility import run_of
from rackwright.tables import Finding, finding, not_modelled

#: Wall-clock time that a job is played through, and how often.
LENGTH_S, REPLICATIONS = 30 * 86400.0, 200
#: Sizes of jobs beside the whole cluster. [accelerators]
SIZES = (1024, 16384)


@dataclass(frozen=True, slots=True)
class Outage:
    """One job on one fabric: what it meets and what it loses."""

    generation: str
    fabric: str
    job: Job
    faults: tuple[Fault, ...]
    lost: Lost

    @property
    def stops_per_s(self) -> float:
        """Rate of all stops together."""
        return sum(fault.per_s for fault in self.faults if fault.effect == "stops")


def outages(case: Case, design: RackDesign, plane: Graph, seed: int) -> Iterator[Outage]:
    """Jobs of several sizes, as built and with one plane that carries all; nothing without a training run.

    Parts are those of the job's share of the cluster. What a lost link or switch above the leaves leaves of a plane's
    traffic is solved on the studied plane, all to all.
    """
    run = run_of(case, design.generation)
    if run is None:
        return
    name, found = run
    rack, network = case.rack[design.generation], design.network
    in_rack = accelerators_of(pieces_of(rack, case.catalogue))
    whole = in_rack * network.cluster_racks
    faults = rack.network.faults
    rates = FaultRates(
        faults.adapter_year, faults.link_year, faults.switch_year, faults.flap_year, faults.repair_s, faults.flap_s,
        faults.retry_s,
    )  # fmt: skip
    link_left, switch_left = _left(plane)
    step = found.step
    for size in (*(size for size in SIZES if size < whole), whole):
        share, fabric = size / whole, network.fabric
        job = Job(f"{name}, {size:,}", size, step.checkpoint_every_s, step.checkpoint_s, faults.restart_s)
        built = "as built, 1 plane" if fabric.planes == 1 else f"{fabric.planes} planes"
        for word, planes in [(built, fabric.planes), ("1 plane", 1)][: 1 if fabric.planes == 1 else 2]:
            kinds = tuple(
                fabric_faults(
                    rates,
                    adapters=round(network.adapters * network.cluster_racks * share),
                    planes=planes,
                    twins=rack.network.twins,
                    leaves=round(fabric.leaves * planes * share),
                    uppers=round((fabric.spines + fabric.cores) * planes * share),
                    fabric_links=round((fabric.leaf_spine_links + fabric.spine_core_links) * planes * share),
                    exposed_share=step.exposed_share,
                    link_left=link_left,
                    switch_left=switch_left,
                )
            )
            lost = simulate(job, kinds, length_s=LENGTH_S, replications=REPLICATIONS, seed=seed)
            yield Outage(design.generation, word, job, kinds, lost)


def _left(plane: Graph) -> tuple[float, float]:
    """What one lost link, and one lost switch, above the leaves leaves of all-to-all traffic; 1 where there are none."""
    wiring = plane.wiring
    links, switches = wiring.links_of_tier(1), wiring.switches_of_tier(2)
    if not len(links):
        return 1.0, 1.0
    failures = [Failure(), Failure(links=(int(links[0]),)), Failure(switches=tuple(switches[:1].tolist()))]
    carried = scenario_loads(plane, uniform(wiring.end_bit_s), failures).carried_share
    return float(carried[1] / carried[0]), float(carried[2] / carried[0])


def outage_rows(item: Outage) -> Iterator[tuple[Any, ...]]:
    """A row a job: how often it stops, what it loses and to what, beside the closed form of its stops."""
    mean, low, high = item.lost.interval()
    hours = item.job.gpus * 24.0
    yield (
        item.generation, item.job.gpus, item.fabric, float(item.lost.stops.mean()) / (LENGTH_S / 86400.0), mean, low, high,
        float(item.lost.stopped_share.mean()), expected_share(item.job, item.stops_per_s),
        float(item.lost.waited_share.mean()), float(item.lost.slowed_share.mean()), mean * hours,
    )  # fmt: skip


def fault_rows(item: Outage) -> Iterator[tuple[Any, ...]]:
    """The faults that a job meets."""
    for fault in item.faults:
        yield (
            item.generation, item.job.gpus, item.fabric, fault.what, round(fault.parts), fault.per_s * 86400.0,
            fault.effect, fault.open_s, fault.slower,
        )  # fmt: skip


def outage_finding(case: Case, design: RackDesign, found: list[Outage]) -> Finding:
    """What the largest job loses to its fabric as built, against the time that the roadmap leaves for all losses."""
    rule, generation = "rack.network.lost_time", design.generation
    if not found or case.roadmap is None:
        return not_modelled(rule, generation, "no training run names this generation", "roadmap.training")
    largest = max(item.job.gpus for item in found)
    built = next(item for item in found if item.job.gpus == largest)
    mean, low, high = built.lost.interval()
    return finding(
        rule,
        generation,
        mean,
        1.0 - case.roadmap.effective_time_share,
        "",
        standing="user",
        severity="warning",
        source="roadmap.effective_time",
        text=f"share of time that a job of {largest:,} accelerators loses to its fabric ({low:.2%} to {high:.2%}), against what "
        "the roadmap leaves for all faults; accelerators and hosts fail more often and are not in it",
    )
