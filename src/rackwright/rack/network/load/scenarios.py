"""Many failure scenarios of one fabric: worst link and delivered traffic of each, by what each changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.load.links import Entries, Rule, entries_of, link_load, parts_of, propagated
from rackwright.rack.network.load.routed import Graph, State, dead_links, graph_of, state_of
from rackwright.rack.network.load.traffic import Traffic
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

if TYPE_CHECKING:
    from rackwright.rack.network.load.scenarios_kernel import Base, Found

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Parts into which scenarios are cut; each is worked by one thread.
SHIFTS = 8


@dataclass(frozen=True, slots=True)
class Failure:
    """What fails together: link ids and node ids of switches."""

    links: tuple[int, ...] = ()
    switches: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioLoads:
    """One row for each scenario, after the routers know."""

    link_bit_s: float
    offered_bit_s: float
    #: (scenarios,) load of the most loaded link in its worse direction. [bit/s]
    worst_bit_s: Floats
    #: (scenarios,) a link that carries it: where several carry the same, any of them.
    worst_link: Ints
    #: (scenarios,) traffic for which there is no path. [bit/s]
    unreached_bit_s: Floats
    #: (scenarios,) True where the fabric was solved anew as a whole.
    whole: NDArray[np.bool_]

    @property
    def delivered_share(self) -> Floats:
        """(scenarios,) share of the offered traffic that has a path."""
        return 1.0 - self.unreached_bit_s / max(self.offered_bit_s, 1e-300)

    @property
    def carried_share(self) -> Floats:
        """(scenarios,) largest share of the offered traffic with which no link is loaded over its rate."""
        return np.minimum(1.0, self.link_bit_s / np.maximum(self.worst_bit_s, 1e-300))


def scenario_loads(
    wiring: Wiring | Graph, traffic: Traffic, failures: Sequence[Failure], rule: Rule = "ecmp"
) -> ScenarioLoads:
    """Worst link and delivered share of each failure, each from the whole fabric, after re-convergence.

    Equal to `link_load` for every scenario. Under `ecmp` only the difference is reckoned; a
    scenario is solved whole where a switch that carries endpoints fails, where an endpoint with several ports loses one,
    and under other rules, whose splits change far from a failure.

    Parameters
    ----------
    traffic : Traffic
        `uniform` or `within_rails`; given pairs are solved whole, scenario after scenario.
    """
    graph = wiring if isinstance(wiring, Graph) else graph_of(wiring)
    state = state_of(graph, np.zeros(graph.wiring.links, dtype=bool), converged=True, by_rail=traffic.kind == "rail")
    told = [_hits(state, failure) for failure in failures]
    apart = rule == "ecmp" and traffic.kind != "pairs"
    whole = np.array([one is None or not apart for one in told], dtype=bool)
    entries = entries_of(state, traffic)
    count = len(failures)
    found = ScenarioLoads(
        graph.wiring.link_bit_s, float(entries.bit_s.sum()), np.zeros(count), np.zeros(count, dtype=np.int64),
        np.zeros(count), whole,
    )  # fmt: skip
    for number in np.flatnonzero(whole).tolist():
        failure = failures[number]
        load = link_load(graph, traffic, rule, failed_links=failure.links, failed_switches=failure.switches)
        found.worst_bit_s[number], found.worst_link[number] = load.worst_bit_s, load.worst_link
        found.unreached_bit_s[number] = load.unreached_bit_s
    rest = np.flatnonzero(~whole)
    if len(rest):
        _by_difference(state, entries, [one for one in told if one is not None], rest, found)
    return found


@dataclass(frozen=True, slots=True)
class _Hit:
    """A failure as the kernel reads it."""

    bundle: Ints
    live: Floats
    #: Routers, classes that lose an endpoint (once for each), and all dead links.
    dead: Ints
    gone: Ints
    links: Ints


def _hits(state: State, failure: Failure) -> _Hit | None:
    """Bundles with fewer live links, dead routers and classes that lose an endpoint; None if it must be solved whole."""
    graph, wiring = state.graph, state.graph.wiring
    if len(failure.switches):
        dead = np.flatnonzero(dead_links(wiring, failure.links, failure.switches))
    else:
        dead = np.unique(np.asarray(failure.links, dtype=np.int64))
        if len(dead) and not (dead[0] >= 0 and dead[-1] < wiring.links):
            raise FabricProblem(
                f"a failed link is none of the {wiring.links} links: ids from 0 to {wiring.links - 1} would do"
            )
    of_end = (wiring.lower[dead] < wiring.endpoints) & (wiring.upper[dead] >= wiring.endpoints)
    ends = wiring.lower[dead[of_end]]
    switches = np.asarray(failure.switches, dtype=np.int64) - wiring.endpoints
    if len(ends) and (graph.port_router.shape[1] > 1 or np.isin(wiring.upper[dead[of_end]], failure.switches).any()):
        return None
    place = np.searchsorted(graph.bundle_links, dead[~of_end])
    bundle, lost = np.unique(np.searchsorted(graph.bundle_start, place, side="right") - 1, return_counts=True)
    return _Hit(bundle, state.live[bundle] - lost, switches, state.member[ends], dead)


def _by_difference(state: State, entries: Entries, hits: list[_Hit], numbers: Ints, found: ScenarioLoads) -> None:
    if len(hits) != len(numbers):
        raise AssertionError("scenarios to be solved whole are none of these")
    graph = state.graph
    base = _base(state, entries)
    cuts = parts_of(len(hits), SHIFTS)

    def part(number: int) -> None:
        low, high = cuts[number], cuts[number + 1]
        some = _fail(state, entries, base, hits[low:high])
        at = numbers[low:high]
        found.worst_bit_s[at] = some.worst
        found.unreached_bit_s[at] = some.unreached
        found.worst_link[at] = [
            _worst_link(state, graph, hit, kind, place)
            for hit, kind, place in zip(hits[low:high], some.kind.tolist(), some.at.tolist(), strict=True)
        ]

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(part, range(len(cuts) - 1)))


def _base(state: State, entries: Entries) -> Base:
    """The fabric with nothing failed, as the kernel reads it."""
    from rackwright.rack.network.load.scenarios_kernel import Base, remember

    graph, targets, net, ports = state.graph, len(entries.targets), state.net(), state.ports()
    flow, sent, got, _, unreached = propagated(state, entries, len(state.size), "ecmp")
    distance = np.empty((targets, graph.routers), dtype=np.int16)
    held, total = np.empty((targets, graph.routers)), np.empty((targets, graph.routers))
    cuts = parts_of(targets)

    def part(number: int) -> None:
        low, high = cuts[number], cuts[number + 1]
        remember(
            net, state.weight, state.passes, ports, entries.asked(low, high),
            distance[low:high], held[low:high], total[low:high],
        )  # fmt: skip

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(part, range(len(cuts) - 1)))
    return Base(distance, held, total, flow, sent, got, unreached)


def _fail(state: State, entries: Entries, base: Base, hits: list[_Hit]) -> Found:
    from rackwright.rack.network.load.scenarios_kernel import Found, Hits, fail

    graph, count = state.graph, len(hits)
    gone = [np.unique(hit.gone, return_counts=True) for hit in hits]
    told = Hits(
        *_rows([hit.bundle for hit in hits]), np.concatenate([hit.live for hit in hits]),
        *_rows([hit.dead for hit in hits]),
        *_rows([classes for classes, _ in gone]), np.concatenate([counts for _, counts in gone]).astype(np.float64),
    )  # fmt: skip
    places = np.zeros((2, count), dtype=np.int64)
    found = Found(np.zeros(count), places[0], places[1], np.zeros(count))
    fail(
        state.net(), graph.first, graph.second, state.weight, state.ports(), state.size.astype(np.float64),
        entries.asked(0, len(entries.targets)), base, told, found,
    )  # fmt: skip
    return found


def _rows(parts: list[Ints]) -> tuple[Ints, Ints]:
    """Where each part begins, and all of them end to end."""
    return np.concatenate([[0], np.cumsum([len(part) for part in parts])]), np.concatenate(parts).astype(np.int64)


def _worst_link(state: State, graph: Graph, hit: _Hit, kind: int, at: int) -> int:
    """A live link of the worst bundle, or of an endpoint of the worst class."""
    if kind < 2:
        low, high = np.append(graph.bundle_start, len(graph.bundle_links))[at : at + 2]
        links = graph.bundle_links[low:high]
    else:
        alike, slot = divmod(at, graph.port_router.shape[1])
        links = graph.port_link[np.flatnonzero(state.member == alike), slot]
    return int(links[~np.isin(links, hit.links)][0])
