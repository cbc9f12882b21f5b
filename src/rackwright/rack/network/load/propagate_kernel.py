"""Traffic to one destination after the other, down the shortest paths that lead to it.

A destination is a class: endpoints on the same routers by links in the same state. A search from its routers visits the
others by distance and lists, for each router, the links over which farther ones send to it. Traffic is then drawn down
that list from the farthest router to the nearest, so every link of the list is met twice, however many flows there are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]

#: Rules of dividing, in the order of `links.RULES`.
ECMP, WCMP, SPRAY = 0, 1, 2


class Net(NamedTuple):
    """Routers and the links between them: for router v, rows start[v] to start[v + 1] of its neighbours."""

    start: Ints
    #: Neighbour u, and the directed bundle u to v: 2 bundle, plus 1 where u is the bundle's second router.
    neighbour: Shorts
    directed: Shorts
    #: (routers,) takes traffic through.
    relays: NDArray[np.bool_]
    #: (routers,) how many routers alike each stands for; its links weigh as those of all of them together.
    copies: Floats
    #: Routers with a link that draws traffic.
    alive: int


class Ports(NamedTuple):
    """(classes, ports) of endpoints alike."""

    #: Router at the other end, -1 where there is no port.
    router: Shorts
    #: 1 where the port draws traffic, and where what it draws passes.
    used: Floats
    passes: Floats
    plane: NDArray[np.int16]
    #: (planes,) for how many planes alike each plane stands.
    many: Floats


class Asked(NamedTuple):
    """Traffic in the order of its destinations: target i has entries start[i] to start[i + 1]."""

    targets: Ints
    start: Ints
    #: Class and row of the sender; row of the receiver, which is read only if `spread`.
    sender: Ints
    row: Ints
    to: Ints
    bit_s: Floats
    #: The receiving ports of each entry are followed one by one; otherwise the row is the target's own.
    spread: bool


class Search(NamedTuple):
    """Room for the search from one destination."""

    #: (routers,) links to the destination's endpoints, -1 where no path leads.
    distance: Shorts
    #: Routers found, nearest first.
    order: Shorts
    #: (routers,) sum of the weights of a router's next hops, and number of its shortest paths.
    total: Floats
    paths: Floats
    #: For each router found: who sends to it, over which directed bundle, with which weight.
    start: Ints
    sender: Shorts
    link: Shorts
    weight: Floats


@kernel
def adjacency(routers: int, first: Shorts, second: Shorts) -> tuple[Ints, Shorts, Shorts]:
    """Rows of neighbours and directed bundles, as in `Net`."""
    start = np.zeros(routers + 1, np.int64)
    for link in range(len(first)):
        start[first[link] + 1] += 1
        start[second[link] + 1] += 1
    for router in range(routers):
        start[router + 1] += start[router]
    at = start[:-1].copy()
    neighbour = np.empty(2 * len(first), np.int32)
    directed = np.empty(2 * len(first), np.int32)
    for link in range(len(first)):
        low, high = first[link], second[link]
        neighbour[at[high]] = low
        directed[at[high]] = 2 * link
        at[high] += 1
        neighbour[at[low]] = high
        directed[at[low]] = 2 * link + 1
        at[low] += 1
    return start, neighbour, directed


@kernel
def room(net: Net) -> Search:
    """Room for a search in a net."""
    routers, entries = len(net.relays), len(net.neighbour)
    return Search(
        np.empty(routers, np.int32),
        np.empty(routers, np.int32),
        np.empty(routers),
        np.empty(routers),
        np.empty(routers + 1, np.int64),
        np.empty(entries, np.int32),
        np.empty(entries, np.int32),
        np.empty(entries),
    )


@kernel
def shortest(net: Net, weight: Floats, ports: Ports, target: int, by_paths: bool, search: Search) -> int:
    """Find the routers by distance from a class, and the links of all shortest paths to it; their number."""
    distance, order, total, paths = search.distance, search.order, search.total, search.paths
    distance[:] = -1
    total[:] = 0.0
    paths[:] = 0.0
    found = 0
    for slot in range(ports.router.shape[1]):
        router = ports.router[target, slot]
        if router >= 0 and ports.used[target, slot] > 0.0:
            if distance[router] < 0:
                distance[router] = 1
                order[found] = router
                found += 1
            paths[router] += 1.0
    at = 0
    place = 0
    while place < found:
        here = order[place]
        search.start[place] = at
        place += 1
        level = distance[here]
        if (found >= net.alive and level == distance[order[found - 1]]) or (level > 1 and not net.relays[here]):
            continue
        for entry in range(net.start[here], net.start[here + 1]):
            link = net.directed[entry]
            share = weight[link >> 1]
            if share <= 0.0:
                continue
            sender = net.neighbour[entry]
            if distance[sender] < 0:
                distance[sender] = level + 1
                order[found] = sender
                found += 1
            if distance[sender] == level + 1:
                if by_paths:
                    share *= paths[here] / net.copies[here]
                    paths[sender] += share
                total[sender] += share
                search.sender[at] = sender
                search.link[at] = link
                search.weight[at] = share
                at += 1
    search.start[found] = at
    return found


@kernel
def plane_share(ports: Ports, source: int, target: int, slot: int, distance: Shorts) -> float:
    """Share of a sprayed port: its plane's rate between both endpoints over the plane's ports on a shortest path."""
    own, theirs, alike = 0.0, 0.0, 0.0
    far = distance[ports.router[source, slot]]
    for other in range(ports.router.shape[1]):
        if ports.plane[target, other] == ports.plane[source, slot]:
            theirs += ports.used[target, other]
        router = ports.router[source, other]
        if router < 0 or ports.used[source, other] <= 0.0 or ports.plane[source, other] != ports.plane[source, slot]:
            continue
        own += 1.0
        if 0 < distance[router] < far:
            return 0.0
        if distance[router] == far:
            alike += 1.0
    return min(own, theirs) / alike


@kernel
def slot_shares(rule: int, ports: Ports, source: int, target: int, search: Search, shares: Floats) -> bool:
    """How an endpoint of a class divides its traffic to another over its ports; False if none leads there."""
    slots = len(shares)
    nearest = -1
    for slot in range(slots):
        shares[slot] = 0.0
        router = ports.router[source, slot]
        if router >= 0 and ports.used[source, slot] > 0.0:
            far = search.distance[router]
            if far > 0 and (nearest < 0 or far < nearest):
                nearest = far
    if nearest < 0:
        return False
    whole = 0.0
    for slot in range(slots):
        router = ports.router[source, slot]
        if router < 0 or ports.used[source, slot] <= 0.0 or search.distance[router] < 0:
            continue
        part = 0.0
        if rule == SPRAY:
            part = plane_share(ports, source, target, slot, search.distance)
        elif search.distance[router] == nearest:
            part = search.paths[router] if rule == WCMP else 1.0
        shares[slot] = part * ports.many[ports.plane[source, slot]]
        whole += shares[slot]
    for slot in range(slots):
        shares[slot] /= whole
    return True


@kernel
def ends_at(ports: Ports, target: int, router: int) -> float:
    """Ports of a class's endpoint on one router."""
    count = 0.0
    for slot in range(ports.router.shape[1]):
        if ports.router[target, slot] == router:
            count += ports.used[target, slot]
    return count


@kernel
def arrival(ports: Ports, target: int, passes: Floats, found: int, search: Search, arrives: Floats) -> None:
    """Share of a router's traffic that reaches the router of each of the destination's ports, for that port."""
    slots = ports.router.shape[1]
    for place in range(found):
        arrives[search.order[place], :] = 0.0
    for slot in range(slots):
        router = ports.router[target, slot]
        if router >= 0 and ports.used[target, slot] > 0.0:
            arrives[router, slot] = 1.0 / ends_at(ports, target, router)
    for place in range(found):
        here = search.order[place]
        for entry in range(search.start[place], search.start[place + 1]):
            sender = search.sender[entry]
            part = search.weight[entry] / search.total[sender] * passes[search.link[entry] >> 1]
            for slot in range(slots):
                arrives[sender, slot] += part * arrives[here, slot]


@kernel
def draw(search: Search, found: int, passes: Floats, held: Floats, flow: Floats) -> float:
    """Draw the traffic that routers hold down to the nearest ones, adding it to the links; what is lost on the way."""
    lost = 0.0
    for place in range(found - 1, -1, -1):
        taken = 0.0
        for entry in range(search.start[place], search.start[place + 1]):
            sender = search.sender[entry]
            link = search.link[entry]
            part = held[sender] * search.weight[entry] / search.total[sender]
            passed = part * passes[link >> 1]
            lost += part - passed
            flow[link] += passed
            taken += passed
        held[search.order[place]] += taken
    return lost


@kernel
def propagate(
    net: Net, weight: Floats, passes: Floats, rule: int, ports: Ports, asked: Asked,
    flow: Floats, sent: Floats, got: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Add traffic to the links: `flow` (2 bundles,), `sent` and `got` (rows, ports) grow by what passes.

    Returns the traffic lost on dead links and the traffic with no path.
    """
    slots = ports.router.shape[1]
    search = room(net)
    held = np.zeros(len(net.relays))
    shares = np.empty(slots)
    arrives = np.zeros((len(net.relays) if asked.spread else 0, slots))
    lost = 0.0
    unreached = 0.0
    for number in range(len(asked.targets)):
        target = asked.targets[number]
        found = shortest(net, weight, ports, target, rule == WCMP, search)
        if asked.spread:
            arrival(ports, target, passes, found, search, arrives)
        before = -1
        leads = False
        for entry in range(asked.start[number], asked.start[number + 1]):
            source, bit_s = asked.sender[entry], asked.bit_s[entry]
            if source != before:
                leads = slot_shares(rule, ports, source, target, search, shares)
                before = source
            if not leads:
                unreached += bit_s
                continue
            for slot in range(slots):
                part = bit_s * shares[slot]
                if part <= 0.0:
                    continue
                passed = part * ports.passes[source, slot]
                lost += part - passed
                router = ports.router[source, slot]
                sent[asked.row[entry], slot] += passed
                held[router] += passed
                if asked.spread:
                    for to in range(slots):
                        got[asked.to[entry], to] += passed * arrives[router, to] * ports.passes[target, to]
        lost += draw(search, found, passes, held, flow)
        for slot in range(slots):
            router = ports.router[target, slot]
            if router < 0 or ports.used[target, slot] <= 0.0:
                continue
            part = held[router] / ends_at(ports, target, router)
            passed = part * ports.passes[target, slot]
            lost += part - passed
            if not asked.spread:
                got[target, slot] += passed
        for place in range(found):
            held[search.order[place]] = 0.0
    return lost, unreached
