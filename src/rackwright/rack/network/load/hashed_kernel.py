"""Flows that a hash puts on one path each."""

from __future__ import annotations

import numpy as np

from rackwright.compiled import kernel
from rackwright.rack.network.load.propagate_kernel import (
    WCMP,
    Asked,
    Floats,
    Ints,
    Net,
    Ports,
    Search,
    Shorts,
    ends_at,
    room,
    shortest,
    slot_shares,
)


@kernel
def pick(weights: Floats, start: int, end: int, whole: float) -> int:
    """One of the places from `start` to `end`, drawn by weight."""
    drawn = np.random.random() * whole
    for place in range(start, end):
        drawn -= weights[place]
        if drawn < 0.0 and weights[place] > 0.0:
            return place
    last = end - 1
    while weights[last] <= 0.0:
        last -= 1
    return last


@kernel
def last_port(ports: Ports, target: int, router: int) -> int:
    """A port of the destination on its router, drawn evenly."""
    drawn = np.random.random() * ends_at(ports, target, router)
    found = -1
    for slot in range(ports.router.shape[1]):
        if ports.router[target, slot] == router and ports.used[target, slot] > 0.0:
            found = slot
            drawn -= 1.0
            if drawn < 0.0:
                break
    return found


@kernel
def by_sender(search: Search, found: int, start: Ints, link: Shorts, to: Shorts, weight: Floats) -> None:
    """Turn a search's list round: for each sender, its next hops."""
    start[:] = 0
    for entry in range(search.start[found]):
        start[search.sender[entry] + 1] += 1
    for router in range(len(start) - 1):
        start[router + 1] += start[router]
    at = start[:-1].copy()
    for place in range(found):
        for entry in range(search.start[place], search.start[place + 1]):
            sender = search.sender[entry]
            link[at[sender]] = search.link[entry]
            to[at[sender]] = search.order[place]
            weight[at[sender]] = search.weight[entry]
            at[sender] += 1


@kernel
def walk(
    net: Net, weight: Floats, live: Floats, rule: int, ports: Ports, asked: Asked, flows: int, seed: int,
    length: Ints, path: Ints,
) -> int:  # fmt: skip
    """A random shortest path for each flow of each entry, chosen hop by hop as a hash would.

    `path` (entries x flows, hops): the sender's port as (row x ports + port), then directed bundles with the link drawn
    of the bundle's live ones as (directed x widest + link), last the receiver's port. Returns the widest bundle.
    """
    np.random.seed(seed)
    slots = ports.router.shape[1]
    search = room(net)
    start = np.empty(len(net.relays) + 1, np.int64)
    next_link = np.empty(len(net.neighbour), np.int32)
    next_router = np.empty(len(net.neighbour), np.int32)
    next_weight = np.empty(len(net.neighbour))
    shares = np.empty(slots)
    widest = 1
    for bundle in range(len(live)):
        widest = max(widest, int(live[bundle]))
    for number in range(len(asked.targets)):
        target = asked.targets[number]
        found = shortest(net, weight, ports, target, rule == WCMP, search)
        by_sender(search, found, start, next_link, next_router, next_weight)
        for entry in range(asked.start[number], asked.start[number + 1]):
            source = asked.sender[entry]
            leads = slot_shares(rule, ports, source, target, search, shares)
            for at in range(entry * flows, (entry + 1) * flows):
                length[at] = 0
                if not leads:
                    continue
                slot = pick(shares, 0, slots, 1.0)
                path[at, 0] = asked.row[entry] * slots + slot
                here = ports.router[source, slot]
                hops = 1
                while search.distance[here] > 1:
                    step = pick(next_weight, start[here], start[here + 1], search.total[here])
                    link = next_link[step]
                    path[at, hops] = link * widest + int(np.random.random() * live[link >> 1])
                    hops += 1
                    here = next_router[step]
                path[at, hops] = asked.to[entry] * slots + last_port(ports, target, here)
                length[at] = hops + 1
    return widest


@kernel
def share_links(path_start: Ints, path_link: Ints, links: int, capacity: Floats) -> Floats:
    """Max-min fair rates of flows (rates 1 = a whole link): links fill alike, the tightest is settled first.

    `capacity` (links,) is used up. Returns (flows,) rates.
    """
    flows = len(path_start) - 1
    rate = np.zeros(flows)
    count = np.zeros(links, np.int64)
    for entry in range(len(path_link)):
        count[path_link[entry]] += 1
    link_start = np.zeros(links + 1, np.int64)
    for link in range(links):
        link_start[link + 1] = link_start[link] + count[link]
    at = link_start[:-1].copy()
    flow_of = np.empty(len(path_link), np.int64)
    for flow in range(flows):
        for entry in range(path_start[flow], path_start[flow + 1]):
            link = path_link[entry]
            flow_of[at[link]] = flow
            at[link] += 1
    settled = np.zeros(flows, np.bool_)
    heap_key = np.empty(links)
    heap_link = np.empty(links, np.int64)
    size = 0
    for link in range(links):
        if count[link] > 0:
            size = heap_push(heap_key, heap_link, size, capacity[link] / count[link], link)
    while size > 0:
        key, link = heap_key[0], heap_link[0]
        size = heap_pop(heap_key, heap_link, size)
        if count[link] == 0:
            continue
        now = max(capacity[link], 0.0) / count[link]
        if now > key * (1 + 1e-12):
            size = heap_push(heap_key, heap_link, size, now, link)
            continue
        for entry in range(link_start[link], link_start[link + 1]):
            flow = flow_of[entry]
            if settled[flow]:
                continue
            settled[flow] = True
            rate[flow] = now
            for step in range(path_start[flow], path_start[flow + 1]):
                other = path_link[step]
                capacity[other] -= now
                count[other] -= 1
    return rate


@kernel
def heap_push(key: Floats, what: Ints, size: int, new_key: float, new_what: int) -> int:
    """Put one into a heap whose least key is first; returns its new size."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if key[above] <= new_key:
            break
        key[place] = key[above]
        what[place] = what[above]
        place = above
    key[place] = new_key
    what[place] = new_what
    return size + 1


@kernel
def heap_pop(key: Floats, what: Ints, size: int) -> int:
    """Take the first out of a heap; returns its new size."""
    size -= 1
    last_key, last = key[size], what[size]
    place = 0
    while 2 * place + 1 < size:
        below = 2 * place + 1
        if below + 1 < size and key[below + 1] < key[below]:
            below += 1
        if key[below] >= last_key:
            break
        key[place] = key[below]
        what[place] = what[below]
        place = below
    key[place] = last_key
    what[place] = last
    return size
