"""Many failures one at a time: only what a failure changes is reckoned anew.

For each destination the distances, the traffic held by each router and the sum of weights of its next hops are kept. A
failed link changes the split of the routers beside it; the difference runs down the shortest paths and touches few
routers. Only where a router loses its last next hop do distances change, and that destination is solved anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel, scalar
from rackwright.rack.network.load.propagate_kernel import (
    ECMP,
    Asked,
    Floats,
    Ints,
    Net,
    Ports,
    Shorts,
    draw,
    ends_at,
    propagate,
    room,
    shortest,
    slot_shares,
)


class Base(NamedTuple):
    """The fabric with nothing failed."""

    #: (targets, routers) distance, traffic held and sum of the weights of next hops.
    distance: NDArray[np.int16]
    held: Floats
    total: Floats
    #: (2 bundles,) flow; (classes, ports) through endpoints' ports; traffic with no path.
    flow: Floats
    sent: Floats
    got: Floats
    unreached: float


class Hits(NamedTuple):
    """Scenarios end to end: scenario s has bundles start[s] to start[s + 1] with so many live links, and so on."""

    start: Ints
    bundle: Ints
    live: Floats
    dead_start: Ints
    dead: Ints
    #: Classes that lose endpoints, and how many.
    gone_start: Ints
    gone: Ints
    many: Floats


class Found(NamedTuple):
    """(scenarios,) worst load; where: 0, 1 a bundle up or down, 2, 3 a class's port out or in; traffic with no path."""

    worst: Floats
    kind: Ints
    at: Ints
    unreached: Floats


class Change(NamedTuple):
    """Room for one scenario: what it changes, and the difference on its way down."""

    #: (bundles,) weights now; (routers,) beside a failed bundle, dead; (classes,) endpoints gone.
    weight: Floats
    beside: NDArray[np.bool_]
    dead: NDArray[np.bool_]
    gone: Floats
    flow: Floats
    sent: Floats
    got: Floats
    #: (routers,) difference held; whether it waits; who waits after it at its distance; (distances,) who waits first.
    more: Floats
    waits: NDArray[np.bool_]
    after: Shorts
    head: Shorts


@kernel
def remember(
    net: Net, weight: Floats, passes: Floats, ports: Ports, asked: Asked,
    distance: NDArray[np.int16], held: Floats, total: Floats,
) -> None:  # fmt: skip
    """Fill (targets, routers) distances, traffic held and sums of next hops' weights, under equal division."""
    slots = ports.router.shape[1]
    search = room(net)
    shares = np.empty(slots)
    flow = np.zeros(2 * len(weight))
    for number in range(len(asked.targets)):
        target = asked.targets[number]
        found = shortest(net, weight, ports, target, False, search)
        held[number, :] = 0.0
        for entry in range(asked.start[number], asked.start[number + 1]):
            source = asked.sender[entry]
            if slot_shares(ECMP, ports, source, target, search, shares):
                for slot in range(slots):
                    if shares[slot] > 0.0:
                        held[number, ports.router[source, slot]] += asked.bit_s[entry] * shares[slot]
        draw(search, found, passes, held[number], flow)
        distance[number, :] = search.distance
        total[number, :] = search.total


@scalar
def next_weight(net: Net, weight: Floats, distance: NDArray[np.int16], router: int) -> float:
    """Sum of the weights of a router's next hops among those that were."""
    whole = 0.0
    level = distance[router] - 1
    for entry in range(net.start[router], net.start[router + 1]):
        below = net.neighbour[entry]
        if distance[below] == level and (net.relays[below] or level == 1):
            whole += weight[net.directed[entry] >> 1]
    return whole


@scalar
def wait(router: int, distance: NDArray[np.int16], change: Change) -> None:
    """Put a router into the queue of its distance, once."""
    if not change.waits[router]:
        change.waits[router] = True
        change.after[router] = change.head[distance[router]]
        change.head[distance[router]] = router


@scalar
def push(net: Net, weight: Floats, base: Base, number: int, router: int, more: float, change: Change) -> None:
    """Pass the difference of one router on to its next hops."""
    distance, held, total = base.distance[number], base.held[number, router], base.total[number, router]
    level = distance[router] - 1
    whole = next_weight(net, change.weight, distance, router) if change.beside[router] else total
    for entry in range(net.start[router], net.start[router + 1]):
        below = net.neighbour[entry]
        bundle = net.directed[entry] >> 1
        if distance[below] != level or weight[bundle] <= 0.0 or not (net.relays[below] or level == 1):
            continue
        if change.beside[router]:
            part = -held * weight[bundle] / total
            if whole > 0.0:
                part += (held + more) * change.weight[bundle] / whole
        else:
            part = more * weight[bundle] / whole
        if part != 0.0:
            # a row's entry lists the bundle from the neighbour to the row's router: the other way here
            change.flow[net.directed[entry] ^ 1] += part
            change.more[below] += part
            wait(below, distance, change)


@scalar
def settle(net: Net, weight: Floats, ports: Ports, target: int, base: Base, number: int, change: Change) -> None:
    """Run the waiting differences down to the destination, farthest first."""
    for level in range(len(change.head) - 1, 0, -1):
        router = change.head[level]
        change.head[level] = -1
        while router >= 0:
            more = change.more[router]
            change.more[router] = 0.0
            change.waits[router] = False
            if level > 1:
                if more != 0.0 or change.beside[router]:
                    push(net, weight, base, number, router, more, change)
            elif more != 0.0:
                for slot in range(ports.router.shape[1]):
                    if ports.router[target, slot] == router and ports.used[target, slot] > 0.0:
                        change.got[target, slot] += more / ends_at(ports, target, router)
            router = change.after[router]


@scalar
def left(size: Floats, gone: Floats, source: int, target: int) -> float:
    """Share of the traffic from one class to another that is left when some endpoints of either are gone."""
    if source == target:
        whole = size[source] * (size[source] - 1.0)
        rest = size[source] - gone[source]
        return float(rest * (rest - 1.0) / whole) if whole > 0.0 else 1.0
    return float((size[source] - gone[source]) * (size[target] - gone[target]) / (size[source] * size[target]))


@kernel
def anew(
    net: Net, weight: Floats, passes: Floats, ports: Ports, asked: Asked, number: int, bit_s: Floats,
    flow: Floats, sent: Floats, got: Floats,
) -> float:  # fmt: skip
    """One destination on its own, with the given rates of its entries, in cleared arrays; traffic with no path."""
    flow[:] = 0.0
    sent[:] = 0.0
    got[:] = 0.0
    low, high = asked.start[number], asked.start[number + 1]
    span = np.array([0, high - low])
    sender = asked.sender[low:high]
    one = Asked(asked.targets[number : number + 1], span, sender, sender, sender, bit_s, False)
    lost_and_unreached = propagate(net, weight, passes, ECMP, ports, one, flow, sent, got)
    return lost_and_unreached[1]


@scalar
def loses_way(net: Net, base: Base, number: int, beside: Shorts, change: Change) -> bool:
    """Whether a live router that holds traffic has lost all its next hops to a destination."""
    for router in beside:
        holds = base.distance[number, router] > 1 and base.held[number, router] > 0.0
        if holds and not change.dead[router]:
            whole = next_weight(net, change.weight, base.distance[number], router)
            if whole <= 0.0:
                return True
    return False


@kernel
def note_worst(ports: Ports, size: Floats, change: Change, scenario: int, found: Found) -> None:
    """Find the most loaded link."""
    top, kind, at = 0.0, 0, 0
    for bundle in range(len(change.weight)):
        if change.weight[bundle] > 0.0:
            for way in range(2):
                load = change.flow[2 * bundle + way] / change.weight[bundle]
                if load > top:
                    top, kind, at = load, way, bundle
    slots = ports.router.shape[1]
    for place in range(len(size)):
        ends = size[place] - change.gone[place]
        for slot in range(slots):
            apart = ends * ports.many[ports.plane[place, slot]]
            if change.sent[place, slot] > top * apart and apart > 0.0:
                top, kind, at = change.sent[place, slot] / apart, 2, place * slots + slot
            if change.got[place, slot] > top * apart and apart > 0.0:
                top, kind, at = change.got[place, slot] / apart, 3, place * slots + slot
    found.worst[scenario] = top
    found.kind[scenario] = kind
    found.at[scenario] = at


@kernel
def fail(
    net: Net, first: Shorts, second: Shorts, weight: Floats, ports: Ports, size: Floats, asked: Asked, base: Base,
    hits: Hits, found: Found,
) -> None:  # fmt: skip
    """Fill `found` for each scenario, each from the whole fabric, under equal division."""
    routers, bundles, deepest = len(net.relays), len(weight), 1
    for number in range(len(asked.targets)):
        for router in range(routers):
            deepest = max(deepest, base.distance[number, router])
    change = Change(
        weight.copy(), np.zeros(routers, np.bool_), np.zeros(routers, np.bool_), np.zeros(len(size)),
        base.flow.copy(), base.sent.copy(), base.got.copy(),
        np.zeros(routers), np.zeros(routers, np.bool_), np.empty(routers, np.int32),
        np.full(deepest + 1, -1, np.int32),
    )  # fmt: skip
    passes = np.ones(bundles)
    flow, sent, got = np.empty(2 * bundles), np.empty_like(base.sent), np.empty_like(base.got)
    bit_s = np.empty(len(asked.bit_s) if len(hits.gone) else 0)
    beside = np.empty(routers, np.int32)
    for scenario in range(len(hits.start) - 1):
        change.flow[:] = base.flow
        change.sent[:] = base.sent
        change.got[:] = base.got
        count = 0
        for hit in range(hits.start[scenario], hits.start[scenario + 1]):
            change.weight[hits.bundle[hit]] = hits.live[hit]
            for router in (first[hits.bundle[hit]], second[hits.bundle[hit]]):
                if not change.beside[router]:
                    change.beside[router] = True
                    beside[count] = router
                    count += 1
        for place in range(hits.dead_start[scenario], hits.dead_start[scenario + 1]):
            change.dead[hits.dead[place]] = True
        some_gone = hits.gone_start[scenario + 1] > hits.gone_start[scenario]
        for place in range(hits.gone_start[scenario], hits.gone_start[scenario + 1]):
            change.gone[hits.gone[place]] = hits.many[place]
        unreached = base.unreached
        for number in range(len(asked.targets)):
            target = asked.targets[number]
            low, high = asked.start[number], asked.start[number + 1]
            if some_gone:
                for entry in range(low, high):
                    bit_s[entry] = asked.bit_s[entry] * left(size, change.gone, asked.sender[entry], target)
            if loses_way(net, base, number, beside[:count], change):
                was, now = asked.bit_s[low:high], bit_s[low:high] if some_gone else asked.bit_s[low:high]
                unreached -= anew(net, weight, passes, ports, asked, number, was, flow, sent, got)
                change.flow[:] -= flow
                change.sent[:] -= sent
                change.got[:] -= got
                unreached += anew(net, change.weight, passes, ports, asked, number, now, flow, sent, got)
                unreached += np.sum(was) - np.sum(now)
                change.flow[:] += flow
                change.sent[:] += sent
                change.got[:] += got
                continue
            distance = base.distance[number]
            for router in beside[:count]:
                if distance[router] > 1 and base.held[number, router] > 0.0:
                    wait(router, distance, change)
            if some_gone:
                for entry in range(low, high):
                    less = asked.bit_s[entry] - bit_s[entry]
                    source = asked.sender[entry]
                    router = ports.router[source, 0]
                    if less > 0.0 and distance[router] >= 0:
                        unreached += less
                        change.sent[source, 0] -= less
                        change.more[router] -= less
                        wait(router, distance, change)
            settle(net, weight, ports, target, base, number, change)
        note_worst(ports, size, change, scenario, found)
        found.unreached[scenario] = unreached
        for hit in range(hits.start[scenario], hits.start[scenario + 1]):
            change.weight[hits.bundle[hit]] = weight[hits.bundle[hit]]
        for router in beside[:count]:
            change.beside[router] = False
        for place in range(hits.dead_start[scenario], hits.dead_start[scenario + 1]):
            change.dead[hits.dead[place]] = False
        for place in range(hits.gone_start[scenario], hits.gone_start[scenario + 1]):
            change.gone[hits.gone[place]] = 0.0
