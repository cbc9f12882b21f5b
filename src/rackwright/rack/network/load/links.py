"""Exact expected load of every link, both ways, for given traffic, rule and failures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.load.planes import distinct_planes
from rackwright.rack.network.load.routed import Graph, State, dead_links, graph_of, state_of
from rackwright.rack.network.load.traffic import Traffic
from rackwright.rack.network.load.twins import routed
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

if TYPE_CHECKING:
    from rackwright.rack.network.load.propagate_kernel import Asked

Floats = NDArray[np.float64]
Rule = Literal["ecmp", "wcmp", "spray"]
RULES: tuple[Rule, ...] = ("ecmp", "wcmp", "spray")

#: Parts into which destinations are cut, each summed apart; fixed, so that no result depends on the machine's cores.
PARTS = 4


@dataclass(frozen=True, slots=True)
class LinkLoad:
    """Expected load of each link, and what became of the traffic."""

    link_bit_s: float
    #: (links,) from `lower` to `upper`, and back; 0 on a dead link. [bit/s]
    up_bit_s: Floats
    down_bit_s: Floats
    offered_bit_s: float
    #: Sent into a dead link by a router that does not know. [bit/s]
    lost_bit_s: float
    #: Not sent, for no path is known. [bit/s]
    unreached_bit_s: float

    @property
    def worst_bit_s(self) -> float:
        """Load of the most loaded link in its worse direction."""
        return float(max(self.up_bit_s.max(initial=0.0), self.down_bit_s.max(initial=0.0)))

    @property
    def worst_link(self) -> int:
        return int(np.argmax(np.maximum(self.up_bit_s, self.down_bit_s)))

    @property
    def delivered_share(self) -> float:
        """Share of the offered traffic that arrives, links taken as wide as their load."""
        if self.offered_bit_s == 0.0:
            return 1.0
        return 1.0 - (self.lost_bit_s + self.unreached_bit_s) / self.offered_bit_s

    @property
    def carried_share(self) -> float:
        """Largest share of the offered traffic, all pairs cut alike, with which no link is loaded over its rate."""
        return min(1.0, self.link_bit_s / self.worst_bit_s) if self.worst_bit_s > 0 else 1.0


def link_load(
    wiring: Wiring | Graph,
    traffic: Traffic,
    rule: Rule = "ecmp",
    *,
    failed_links: Iterable[int] = (),
    failed_switches: Iterable[int] = (),
    converged: bool = True,
) -> LinkLoad:
    """Expected load of each link under a rule, exactly (no sampling).

    Parameters
    ----------
    wiring : Wiring or Graph
        The fabric; a `Graph` (of `graph_of`) saves time where one fabric is studied often.
    traffic : Traffic
        Who sends what to whom.
    rule : "ecmp", "wcmp" or "spray"
        `ecmp`: each router, and each adapter over its ports, divides equally over the live links that begin a shortest
        path. `wcmp`: weighted by the number of live shortest paths that begin there, so all of these carry alike.
        `spray`: an adapter divides over the planes that lead to the destination, by the lesser of the two adapters'
        live rates on the plane, then equally within the plane.
    failed_links, failed_switches : ids
        Link ids, and node ids of switches.
    converged : bool
        False: nobody knows of the failures yet, and what goes into a dead link is lost.

    Notes
    -----
    Paths are shortest by links over live routers; endpoints take no traffic through. Loads are expected values: they may
    exceed the links' rate, nothing is held back on the way. In a dragonfly a path through a third group may be as short as
    the one within the two groups, and then takes its share.

    Examples
    --------
    Two leaves of two endpoints under two spines: each endpoint sends 2/3 of its traffic over the top, and each of a
    leaf's two uplinks takes half of that of both endpoints.

    >>> from rackwright.rack.network.topology.clos import clos_wiring
    >>> from rackwright.rack.network.load.traffic import uniform
    >>> fabric = clos_wiring(racks=2, per_rack=4, ports=4, link_bit_s=1.0)
    >>> load = link_load(fabric, uniform(1.0))
    >>> round(float(load.up_bit_s[fabric.links_of_tier(1)].max()), 4)
    0.8571
    """
    if rule not in RULES:
        raise FabricProblem(f"{rule!r} is no rule of routing: {', '.join(RULES)} would do")
    whole = wiring.wiring if isinstance(wiring, Graph) else wiring
    dead, by_rail = dead_links(whole, failed_links, failed_switches), traffic.kind == "rail"
    copies = distinct_planes(whole, dead)
    if copies is None:
        graph = wiring if isinstance(wiring, Graph) else graph_of(wiring)
        return load_of_state(state_of(graph, dead, converged=converged, by_rail=by_rail), traffic, rule)
    few = graph_of(copies.wiring)
    state = state_of(few, copies.dead, converged=converged, by_rail=by_rail, many=copies.many)
    load = load_of_state(state, traffic, rule)
    return replace(load, up_bit_s=copies.spread(load.up_bit_s), down_bit_s=copies.spread(load.down_bit_s))


@dataclass(frozen=True, slots=True)
class Entries:
    """Traffic in the order of its destinations, as the kernel reads it."""

    targets: NDArray[np.int64]
    start: NDArray[np.int64]
    sender: NDArray[np.int64]
    row: NDArray[np.int64]
    to: NDArray[np.int64]
    bit_s: Floats
    #: Rows are endpoints and the receiving port of each pair is followed; otherwise rows are classes.
    spread: bool

    def asked(self, low: int, high: int) -> Asked:
        """What kernels read of the targets from `low` to `high`."""
        from rackwright.rack.network.load.propagate_kernel import Asked

        start = self.start[low : high + 1]
        return Asked(self.targets[low:high], start, self.sender, self.row, self.to, self.bit_s, self.spread)


def entries_of(state: State, traffic: Traffic) -> Entries:
    """Traffic by class of destination: classes as wholes where endpoints of a class all do the same."""
    if traffic.kind == "pairs":
        return _pair_entries(state, traffic)
    classes = len(state.size)
    rail = np.zeros(classes, dtype=np.int64)
    if traffic.kind == "rail":
        rail[state.member] = state.graph.wiring.rail[: state.graph.wiring.endpoints]
    order = np.argsort(rail, kind="stable")
    together = np.split(order, np.flatnonzero(np.diff(rail[order])) + 1)
    sizes = [len(part) for part in together]
    sender = np.concatenate([np.tile(part, len(part)) for part in together])
    bit_s = np.concatenate([_all_to_all(state.size[part], traffic.rate_bit_s).reshape(-1) for part in together])
    start = np.concatenate([[0], np.cumsum(np.repeat(sizes, sizes))])
    return Entries(order, start, sender, sender, np.empty(0, np.int64), bit_s, spread=False)


def _all_to_all(size: NDArray[np.int64], rate_bit_s: float) -> Floats:
    """(targets, senders) traffic between classes when each endpoint sends the same to all others of them."""
    ends = int(size.sum())
    each = rate_bit_s / (ends - 1) if ends > 1 else 0.0
    among = np.multiply.outer(size, size).astype(np.float64)
    among[np.diag_indices(len(size))] -= size
    return np.asarray(each * among)


def _pair_entries(state: State, traffic: Traffic) -> Entries:
    ends = state.graph.wiring.endpoints
    named = np.concatenate([traffic.source, traffic.target])
    if len(named) and not (named.min() >= 0 and named.max() < ends):
        raise FabricProblem(f"traffic names an endpoint that is not there: ids from 0 to {ends - 1} would do")
    kept = np.flatnonzero(traffic.source != traffic.target)
    source, target = traffic.source[kept], traffic.target[kept]
    order = np.lexsort((state.member[source], state.member[target]))
    source, target, bit_s = source[order], target[order], traffic.bit_s[kept][order]
    targets, start = np.unique(state.member[target], return_index=True)
    return Entries(targets, np.append(start, len(source)), state.member[source], source, target, bit_s, spread=True)


def load_of_state(state: State, traffic: Traffic, rule: Rule) -> LinkLoad:
    """The load with failures already worked into a state."""
    return load_of_entries(state, entries_of(state, traffic), rule, len(state.size))


def load_of_entries(state: State, entries: Entries, rule: Rule, classes: int) -> LinkLoad:
    """The load of given entries; classes of the state beyond the first `classes` stand for no endpoints."""
    more = len(state.on_router) - classes
    rows = len(state.member) if entries.spread else classes
    flow, sent, got, lost, unreached = propagated(state, entries, rows + more, rule)
    up, down = _by_link(state, flow)
    _end_links(state, entries, sent[:rows], up)
    _end_links(state, entries, got[:rows], down)
    return LinkLoad(state.graph.wiring.link_bit_s, up, down, float(entries.bit_s.sum()), lost, unreached)


def propagated(state: State, entries: Entries, rows: int, rule: Rule) -> tuple[Floats, Floats, Floats, float, float]:
    """Flow of each directed bundle, of each row's ports out and in, traffic lost and traffic without a path."""
    from rackwright.rack.network.load.propagate_kernel import propagate

    few = routed(state)
    cuts = parts_of(len(entries.targets))
    shape = (rows, state.graph.port_router.shape[1])

    def part(number: int) -> tuple[Floats, Floats, Floats, float, float]:
        asked = entries.asked(cuts[number], cuts[number + 1])
        flow, sent, got = np.zeros(2 * len(few.weight)), np.zeros(shape), np.zeros(shape)
        lost, unreached = propagate(
            few.net, few.weight, few.passes, RULES.index(rule), few.ports, asked, flow, sent, got
        )
        return flow, sent, got, lost, unreached

    with ThreadPoolExecutor(min(len(cuts) - 1, os.cpu_count() or 1)) as pool:
        flow, sent, got, lost, unreached = zip(*pool.map(part, range(len(cuts) - 1)), strict=True)
    return few.spread(_sum(flow)), _sum(sent), _sum(got), float(sum(lost)), float(sum(unreached))


def _sum(arrays: Sequence[Floats]) -> Floats:
    """The arrays added up in their order."""
    return np.asarray(sum(arrays[1:], start=arrays[0]))


def parts_of(count: int, parts: int = PARTS) -> list[int]:
    """Where each part of so many begins, and the end; a number of parts that no machine's cores change."""
    return [int(cut) for cut in np.linspace(0, count, min(parts, max(count, 1)) + 1).astype(int)]


def _by_link(state: State, flow: Floats) -> tuple[Floats, Floats]:
    """Flow of bundles over their live links: (links,) up and down, nothing yet on endpoints' links."""
    graph = state.graph
    each = flow.reshape(-1, 2) / np.maximum(state.live, 1.0)[:, None]
    of_bundle = np.diff(np.append(graph.bundle_start, len(graph.bundle_links)))
    up, down = np.zeros(graph.wiring.links), np.zeros(graph.wiring.links)
    up[graph.bundle_links] = np.repeat(each[:, 0], of_bundle)
    down[graph.bundle_links] = np.repeat(each[:, 1], of_bundle)
    up[state.dead] = 0.0
    down[state.dead] = 0.0
    return up, down


def _end_links(state: State, entries: Entries, through: Floats, load: Floats) -> None:
    """Put what went through endpoints' ports onto their links."""
    whose = through if entries.spread else (through / np.maximum(state.size, 1)[:, None])[state.member]
    has = state.graph.port_link >= 0
    load[state.graph.port_link[has]] = whose[has]
