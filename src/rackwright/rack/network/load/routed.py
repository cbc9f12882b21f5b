"""A wiring as routers, links side by side taken together, and endpoints alike taken together as classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

if TYPE_CHECKING:
    from rackwright.rack.network.load.propagate_kernel import Net, Ports

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Graph:
    """What is true of a wiring whatever has failed.

    Routers are the switches, then the endpoints that are joined to another endpoint (a full mesh). Such endpoints take
    no traffic through: paths that would pass one do not count.
    """

    wiring: Wiring
    routers: int
    relays: NDArray[np.bool_]
    #: (bundles,) routers at both ends of links that lie side by side, and the first of these links in `bundle_links`.
    first: Ints
    second: Ints
    bundle_start: NDArray[np.int64]
    #: Links between routers, bundle after bundle.
    bundle_links: NDArray[np.int64]
    row_start: NDArray[np.int64]
    neighbour: Ints
    directed: Ints
    #: (endpoints, ports) router and link of each port of an endpoint; -1 where there is none.
    port_router: Ints
    port_link: NDArray[np.int64]
    #: (routers,) plane of a router.
    plane: NDArray[np.int16]


def graph_of(wiring: Wiring) -> Graph:
    """Take a wiring's links apart into those between routers and those of endpoints."""
    from rackwright.rack.network.load.propagate_kernel import adjacency

    ends = wiring.endpoints
    of_end, inner = wiring.lower < ends, wiring.upper < ends
    meshed = np.unique(np.concatenate([wiring.lower[inner], wiring.upper[inner]]))
    router = np.full(wiring.nodes, -1, dtype=np.int32)
    router[ends:] = np.arange(wiring.switches, dtype=np.int32)
    router[meshed] = wiring.switches + np.arange(len(meshed), dtype=np.int32)
    routers = wiring.switches + len(meshed)
    if (router[wiring.upper[of_end & ~inner]] < 0).any() or (of_end & ~inner & (router[wiring.lower] >= 0)).any():
        raise FabricProblem("an endpoint is joined to endpoints and to switches: either alone would do")
    links = np.flatnonzero(~of_end | inner)
    low, high = router[wiring.lower[links]], router[wiring.upper[links]]
    starts = np.flatnonzero(np.append(True, (low[1:] != low[:-1]) | (high[1:] != high[:-1]))[: len(links)])
    first, second = np.ascontiguousarray(low[starts]), np.ascontiguousarray(high[starts])
    row_start, neighbour, directed = adjacency(routers, first, second)
    port_router, port_link = _ports(wiring, router, meshed, np.flatnonzero(of_end & ~inner))
    relays = np.arange(routers) < wiring.switches
    planes = np.concatenate([wiring.plane[ends:], np.zeros(len(meshed), dtype=np.int16)])
    return Graph(
        wiring, routers, relays, first, second, starts, links, row_start, neighbour, directed, port_router, port_link,
        planes,
    )  # fmt: skip


def _ports(
    wiring: Wiring, router: Ints, meshed: NDArray[np.int32], links: NDArray[np.int64]
) -> tuple[Ints, NDArray[np.int64]]:
    """Ports of each endpoint in the order of their links; a meshed endpoint has one, to itself, with no link."""
    ends = wiring.endpoints
    lower = wiring.lower[links]
    order = np.argsort(lower, kind="stable")
    count = np.bincount(lower, minlength=ends)
    slots = max(int(count.max(initial=0)), 1)
    if len(links) == ends * slots and bool((count == slots).all()):
        port_link = links[order].reshape(ends, slots)
        return router[wiring.upper[port_link]], port_link
    port_link = np.full((ends, slots), -1, dtype=np.int64)
    slot = np.arange(len(links)) - np.repeat(np.cumsum(count) - count, count)
    port_link[lower[order], slot] = links[order]
    port_router = np.where(port_link >= 0, router[wiring.upper[np.maximum(port_link, 0)]], np.int32(-1))
    port_router[meshed, 0] = router[meshed]
    return port_router.astype(np.int32), port_link


def dead_links(wiring: Wiring, links: Iterable[int] = (), switches: Iterable[int] = ()) -> NDArray[np.bool_]:
    """(links,) True where the link itself or the switch (a node id) at one of its ends has failed."""
    gone, lost = np.fromiter(links, dtype=np.int64), np.fromiter(switches, dtype=np.int64)
    if len(gone) and not (gone.min() >= 0 and gone.max() < wiring.links):
        raise FabricProblem(
            f"a failed link is none of the {wiring.links} links: ids from 0 to {wiring.links - 1} would do"
        )
    if len(lost) and not (wiring.endpoints <= lost.min() and lost.max() < wiring.nodes):
        raise FabricProblem(
            f"a failed switch is none of the switches: node ids from {wiring.endpoints} to {wiring.nodes - 1} would do"
        )
    dead = np.zeros(wiring.links, dtype=bool)
    dead[gone] = True
    if len(lost):
        down = np.zeros(wiring.nodes, dtype=bool)
        down[lost] = True
        dead |= down[wiring.lower] | down[wiring.upper]
    return dead


@dataclass(frozen=True, slots=True)
class State:
    """Weights and losses of a graph with some links dead; `converged` says whether the routers know.

    Before they know, a dead link draws its share and loses it (`passes` below 1); after, it draws nothing.
    """

    graph: Graph
    #: (bundles,) links that draw traffic, and the share of what they draw that passes.
    weight: Floats
    passes: Floats
    #: Routers that have a link that draws traffic.
    alive: int
    #: (bundles,) live links of each bundle.
    live: Floats
    #: (classes, ports) of endpoints alike.
    on_router: Ints
    on_used: Floats
    on_passes: Floats
    on_plane: NDArray[np.int16]
    #: (planes,) for how many planes alike each plane stands.
    many: Floats
    #: (classes,) endpoints of each class; (endpoints,) class of each.
    size: NDArray[np.int64]
    member: NDArray[np.int64]
    dead: NDArray[np.bool_]

    def net(self) -> Net:
        """What kernels read of the routers."""
        from rackwright.rack.network.load.propagate_kernel import Net

        graph = self.graph
        alone = np.ones(graph.routers)
        return Net(graph.row_start, graph.neighbour, graph.directed, graph.relays, alone, self.alive)

    def ports(self) -> Ports:
        """What kernels read of the endpoints."""
        from rackwright.rack.network.load.propagate_kernel import Ports

        return Ports(self.on_router, self.on_used, self.on_passes, self.on_plane, self.many)


def state_of(
    graph: Graph, dead: NDArray[np.bool_], *, converged: bool, by_rail: bool, many: Floats | None = None
) -> State:
    """The graph with its dead links; `by_rail` keeps endpoints of different rails in different classes."""
    whole = np.diff(np.append(graph.bundle_start, len(graph.bundle_links))).astype(np.float64)
    live = whole.copy()
    hit = dead[graph.bundle_links]
    if hit.any():
        live -= np.add.reduceat(hit, graph.bundle_start, dtype=np.float64)
    weight, passes = (live, np.ones(len(live))) if converged else (whole, live / np.maximum(whole, 1.0))
    drawing = np.zeros(graph.routers, dtype=bool)
    drawing[graph.first[weight > 0]] = True
    drawing[graph.second[weight > 0]] = True
    works = (graph.port_link < 0) | ~dead[np.maximum(graph.port_link, 0)]
    member, example = _alike(graph, works, by_rail)
    on_router = graph.port_router[example]
    has, fine = on_router >= 0, works[example]
    return State(
        graph=graph,
        weight=weight,
        passes=passes,
        alive=int(drawing.sum()),
        live=live,
        on_router=np.ascontiguousarray(on_router),
        on_used=(has & fine if converged else has).astype(np.float64),
        on_passes=(has & fine).astype(np.float64),
        on_plane=graph.plane[np.maximum(on_router, 0)],
        many=np.ones(int(graph.plane.max(initial=0)) + 1) if many is None else many,
        size=np.bincount(member, minlength=len(example)),
        member=member,
        dead=dead,
    )


def _alike(graph: Graph, works: NDArray[np.bool_], by_rail: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Class of each endpoint, and one endpoint of each class: the same routers, links alive and (if asked) rail.

    A column that follows from the classes so far needs no sorting, as where planes are copies of each other.
    """
    ends = graph.wiring.endpoints
    member, example = np.zeros(ends, dtype=np.int64), np.zeros(min(ends, 1), dtype=np.int64)
    columns: list[NDArray[np.int64]] = [graph.wiring.rail[:ends].astype(np.int64)] if by_rail else []
    columns += [
        graph.port_router[:, slot].astype(np.int64) * 2 + works[:, slot] for slot in range(graph.port_router.shape[1])
    ]
    for column in columns:
        if bool((column == column[example][member]).all()):
            continue
        key = member * (column.max() - column.min() + 1) + (column - column.min())
        _, example, member = np.unique(key, return_index=True, return_inverse=True)
    return member, example
