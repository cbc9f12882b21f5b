"""Hashed flows: what a handful of flows per pair does to the worst link and to the goodput, by seeded sampling."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.load.links import RULES, Entries, Rule, entries_of
from rackwright.rack.network.load.routed import Graph, State, dead_links, graph_of, state_of
from rackwright.rack.network.load.traffic import Traffic
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

Floats = NDArray[np.float64]

#: Longest path in links that is followed.
HOPS = 64


@dataclass(frozen=True, slots=True)
class HashedLoad:
    """One row for each sample."""

    #: (samples,) load of the most loaded link over the link's rate, nothing held back.
    worst_share: Floats
    #: (samples,) what the flows get when links are shared max-min fairly, over what they ask.
    goodput_share: Floats
    #: (samples,) what the slowest pair gets, over what it asks: a collective waits for it.
    slowest_share: Floats

    def mean(self) -> tuple[float, float, float]:
        """Mean of worst link, goodput and slowest pair."""
        return float(self.worst_share.mean()), float(self.goodput_share.mean()), float(self.slowest_share.mean())

    def nearly_all(self) -> tuple[float, float, float]:
        """Worst link that 95 % of samples stay under, goodput and slowest pair that 95 % of samples exceed."""
        return (
            float(np.quantile(self.worst_share, 0.95)),
            float(np.quantile(self.goodput_share, 0.05)),
            float(np.quantile(self.slowest_share, 0.05)),
        )


def hashed_load(
    wiring: Wiring | Graph,
    traffic: Traffic,
    flows: int,
    *,
    rule: Rule = "ecmp",
    samples: int = 20,
    seed: int = 0,
    failed_links: Iterable[int] = (),
    failed_switches: Iterable[int] = (),
) -> HashedLoad:
    """Put `flows` equal flows of each pair on one path each, drawn hop by hop, and share the links.

    A flow keeps its path; a router's hash is taken as an even draw over what the rule would divide over. Goodput is the
    max-min fair share, with no flow getting more than it asks: an upper bound of what congestion control reaches.

    Parameters
    ----------
    traffic : Traffic
        Given pairs (`pairs`, `permutation`): a sample of a rule's load needs flows that can be counted.
    flows : int
        Flows of each pair.
    samples, seed : int
        Draws of all paths, and where they begin.
    """
    if traffic.kind != "pairs":
        raise FabricProblem("hashed flows need pairs: traffic made by `pairs` or `permutation` would do")
    if flows < 1 or samples < 1:
        raise FabricProblem(f"{flows} flows in {samples} samples show nothing: 1 of each would do")
    graph = wiring if isinstance(wiring, Graph) else graph_of(wiring)
    dead = dead_links(graph.wiring, failed_links, failed_switches)
    state = state_of(graph, dead, converged=True, by_rail=False)
    entries = entries_of(state, traffic)
    found = np.array([_sample(state, entries, flows, rule, seed + number) for number in range(samples)])
    return HashedLoad(*found.T)


def _sample(state: State, entries: Entries, flows: int, rule: Rule, seed: int) -> tuple[float, float, float]:
    from rackwright.rack.network.load.hashed_kernel import share_links

    start, link = paths_drawn(state, entries, flows, rule, seed)
    asked = np.repeat(entries.bit_s / flows, flows) / state.graph.wiring.link_bit_s
    ways = 2 * state.graph.wiring.links
    load = np.bincount(link, weights=np.repeat(asked, np.diff(start)), minlength=ways)
    # each flow's own wish is a link of its own, so that no flow gets more than it asks
    count, reached = len(asked), np.diff(start) > 0
    own_start = start + np.concatenate([[0], np.cumsum(reached)])
    own_link = np.empty(own_start[-1], dtype=np.int64)
    last = own_start[1:][reached] - 1
    own_link[last] = ways + np.flatnonzero(reached)
    rest = np.ones(len(own_link), dtype=bool)
    rest[last] = False
    own_link[rest] = link
    rate = share_links(own_start, own_link, ways + count, np.concatenate([np.ones(ways), asked]))
    of_pair = rate.reshape(-1, flows).sum(axis=1)
    wanted = asked.reshape(-1, flows).sum(axis=1)
    sends = wanted > 0
    if not sends.any():
        return 0.0, 1.0, 1.0
    return float(load.max()), float(of_pair.sum() / wanted.sum()), float((of_pair[sends] / wanted[sends]).min())


def paths_drawn(
    state: State, entries: Entries, flows: int, rule: Rule, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each flow's path begins, and its links: 2 x link, plus 1 from upper to lower. No path, no links."""
    from rackwright.rack.network.load.hashed_kernel import walk

    count = len(entries.bit_s) * flows
    length, path = np.zeros(count, dtype=np.int64), np.full((count, HOPS), -1, dtype=np.int64)
    widest = walk(
        state.net(), state.weight, state.live, RULES.index(rule), state.ports(),
        entries.asked(0, len(entries.targets)), flows, seed, length, path,
    )  # fmt: skip
    column = np.arange(HOPS)
    kept = column < length[:, None]
    first, last = kept & (column == 0), kept & (column == length[:, None] - 1)
    ports = state.graph.port_link.reshape(-1)
    ways = np.full(path.shape, -1, dtype=np.int64)
    ways[first] = _way(ports[path[first]], 0)
    ways[last] = _way(ports[path[last]], 1)
    inner = kept & ~first & ~last
    directed, place = np.divmod(path[inner], widest)
    ways[inner] = 2 * _live_links(state)[directed >> 1, place] + (directed & 1)
    kept &= ways >= 0
    return np.concatenate([[0], np.cumsum(kept.sum(axis=1))]), ways[kept]


def _way(link: NDArray[np.int64], back: int) -> NDArray[np.int64]:
    return np.where(link >= 0, 2 * link + back, -1)


def _live_links(state: State) -> NDArray[np.int64]:
    """(bundles, widest) ids of the live links of each bundle, in order."""
    graph = state.graph
    bundle = np.repeat(np.arange(len(graph.first)), np.diff(np.append(graph.bundle_start, len(graph.bundle_links))))
    fine = ~state.dead[graph.bundle_links]
    bundle, links = bundle[fine], graph.bundle_links[fine]
    place = np.arange(len(bundle)) - np.searchsorted(bundle, bundle)
    table = np.full((len(graph.first), int(place.max(initial=0)) + 1), -1, dtype=np.int64)
    table[bundle, place] = links
    return table
