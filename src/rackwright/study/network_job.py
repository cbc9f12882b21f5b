"""A job's traffic on the fabric: the exact load that each collective's own pattern puts on the worst link, and a step's times."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rackwright.program.sections.roadmap import TrainingSpread
from rackwright.rack.design import RackDesign
from rackwright.rack.network.collectives import Machine, Spread, Use, calibrate, group_machine, nearest, use_s, uses
from rackwright.rack.network.load.links import link_load
from rackwright.rack.network.load.routed import Graph
from rackwright.rack.network.load.traffic import Traffic, pairs, uniform

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Domains:
    """A plane's adapters by scale-up domain: `count` domains of `adapters` each, in the order of racks."""

    graph: Graph
    count: int
    adapters: int

    def between(self, source: Ints, target: Ints, rate_bit_s: float) -> Traffic:
        """Every adapter of a source domain sends so much to the same adapter of its target domain."""
        inside = np.arange(self.adapters)
        ends = [(domain[:, None] * self.adapters + inside).reshape(-1) for domain in (source, target)]
        return pairs(ends[0], ends[1], np.full(len(ends[0]), rate_bit_s))

    def worst(self, traffic: Traffic) -> float:
        """Load of the most loaded link between switches, of its rate; infinite where some of the traffic has no path."""
        load = link_load(self.graph, traffic)
        if load.delivered_share < 1.0 - 1e-9:
            return math.inf
        wiring = self.graph.wiring
        between = wiring.tier[wiring.lower] > 0
        busier = np.maximum(load.up_bit_s, load.down_bit_s)[between]
        return float(busier.max(initial=0.0)) / wiring.link_bit_s


def domains_of(graph: Graph, design: RackDesign, machine: Machine) -> Domains:
    """The studied plane's domains; a domain of no whole number of adapters is taken as a rack."""
    per, rest = divmod(design.network.adapters * machine.per_domain, max(design.accelerators, 1))
    adapters = design.network.adapters if rest or not per else per
    return Domains(graph, graph.wiring.endpoints // adapters, adapters)


def worst_shares(domains: Domains) -> dict[str, float]:
    """By algorithm: load of the worst link when every adapter sends all it can in that algorithm's pattern.

    Rings (and the outer ring of two levels): each domain to the next. Double tree: every edge of both trees takes a quarter of
    the rate each way, which makes a domain inside a tree send all of it. All-to-all: to all others alike, over
    what of it leaves the domain. Sums in the network put one copy on each link: 1.
    """
    if domains.count < 2:
        return {}
    rate_bit_s, every = domains.graph.wiring.end_bit_s, np.arange(domains.count)
    ring = domains.worst(domains.between(every, (every + 1) % domains.count, rate_bit_s))
    low, high = double_tree(domains.count)
    edges = domains.between(np.concatenate([low, high]), np.concatenate([high, low]), rate_bit_s / 4)
    leaving = (domains.count - 1) * domains.adapters / (domains.count * domains.adapters - 1)
    return {
        "ring": ring, "hierarchical": ring, "double tree": domains.worst(edges),
        "direct": domains.worst(uniform(rate_bit_s)) / leaving, "in-network": 1.0,
    }  # fmt: skip


def double_tree(count: int) -> tuple[Ints, Ints]:
    """Edges (child, parent) of two binary trees over so many domains, as NCCL lays them: the second mirrors the first, or, of an odd number, is shifted by one
    (src/graph/trees.cc at 18a07ee).

    >>> low, high = double_tree(4)
    >>> list(zip(low.tolist(), high.tolist()))
    [(1, 2), (2, 0), (3, 2), (2, 1), (1, 3), (0, 1)]
    """
    number = np.arange(1, count)
    bit = number & -number
    above = number - bit  # the lowest bit cleared; set one place higher it is the parent, where there is one
    parent = np.where(above | 2 * bit < count, above | 2 * bit, above)
    other = [(ends + 1) % count if count % 2 else count - 1 - ends for ends in (number, parent)]
    return np.concatenate([number, other[0]]), np.concatenate([parent, other[1]])


def group_share(use: Use, domains: Domains, machine: Machine) -> float:
    """Load of the worst link under one use's traffic, every adapter sending all it can; 1 within a domain.

    Rings and sends go to the next member; an all-to-all from every domain of a group to each other one. Groups
    that the studied cluster does not hold whole close there.
    """
    if group_machine(use, machine).domains == 1 or domains.count < 2:
        return 1.0
    inside, every = machine.per_domain, np.arange(domains.count)
    apart = max(use.stride // inside, 1)
    rate_bit_s = domains.graph.wiring.end_bit_s
    if use.collective != "all-to-all":
        target = (every + (apart % domains.count or max(domains.count // 2, 1))) % domains.count
        return domains.worst(domains.between(every, target, rate_bit_s))
    ways = min(max(use.ways * use.stride // inside // apart, 2), -(-domains.count // apart))
    base, place = every // (apart * ways) * (apart * ways) + every % apart, every % (apart * ways) // apart
    steps = np.arange(1, ways)
    target = (base[:, None] + (place[:, None] + steps) % ways * apart) % domains.count
    source = np.repeat(every, len(steps))
    kept = source != target.reshape(-1)
    sent = domains.between(source[kept], target.reshape(-1)[kept], rate_bit_s / max(len(steps), 1))
    return domains.worst(sent)


@dataclass(frozen=True, slots=True)
class StepPart:
    """One use of a step: the domains its groups meet, the worst link's load, and its time."""

    use: Use
    machine: Machine
    worst: float
    total_s: float

    @property
    def exposed_s(self) -> float:
        """What does not hide behind compute."""
        return self.total_s * (1.0 - self.use.overlap_share) if math.isfinite(self.total_s) else math.inf


def spread_of(given: TrainingSpread) -> Spread:
    """The program's spread with its ways; absent sizes are 0."""
    tensor, expert, pipeline = given.ways
    return Spread(
        tensor, expert, pipeline, given.layers or 0, given.width or 0, given.batch or 0.0, given.micro_batch or 0.0,
        given.experts_per_token, given.interleave, given.activation_byte, given.gradient_byte, given.weight_byte,
        given.overlap_share, given.tensor_overlap_share, given.expert_overlap_share, given.pipeline_overlap_share,
    )  # fmt: skip


def step_parts(given: TrainingSpread, parameters: float, machine: Machine, domains: Domains) -> list[StepPart]:
    """Every use of a step with its time, slowed by the worst link of its own traffic.

    Raises
    ------
    ValueError
        Where sizes are missing or groups and domains do not divide each other.
    """
    found = []
    for use in uses(spread_of(given), parameters, machine.ranks):
        group = group_machine(use, machine)
        worst = group_share(use, domains, machine)
        group = replace(group, worst_share=worst)
        constants = calibrate(nearest("ring", machine))
        total_s = use_s(use, group, efficiency=constants.efficiency, start_s=constants.start_s)
        found.append(StepPart(use, group, worst, total_s))
    return found


def step_rows(design: RackDesign, run: str, parts: list[StepPart], step_s: float) -> Iterator[tuple[Any, ...]]:
    """A row for each use."""
    for part in parts:
        use = part.use
        yield (
            design.generation, run, use.what, use.collective, use.ways, use.stride, part.machine.domains, use.times,
            use.size_byte, part.worst, part.total_s, part.exposed_s, part.exposed_s / step_s,
        )  # fmt: skip
