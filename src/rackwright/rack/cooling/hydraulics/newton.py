"""Newton's method on a network's nodes (Todini and Pilati's global-gradient form), for many scenarios at once.

Unknown are the pressures of the free nodes and the mass flows of all links. For a link from i to j with drop d(m):

    mass at each free node:   inflow - outflow = demand
    energy along each link:   p_i - p_j + rho g (z_i - z_j) = d(m)

One step solves, for the changes, the symmetric system over the nodes with conductances 1/d'(m) by a factorisation whose
pattern is known beforehand, then takes the flows' changes link by link. After the first step all flows balance at every
node, and the sum of the links' energies is a convex function of the flows with a continuous slope. Whole steps settle most
networks; where a dozen did not, each further step ends near the lowest point along it, so that the energy falls with every
one and the method cannot go round in a circle, whatever pumps, tables and check valves do.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

#: Whole steps first: most networks need no more than these, and a shut valve is found at once.
FREE_STEPS = 12
#: After them a step ends where the slope along it is this share of its first one, tried at most so often.
NEAR_SHARE, MOST_TRIES = 0.2, 60
#: A step moves no flow by more than this share of the sum of all guessed flows.
FAR_SHARE = 100.0
#: Conductance that pins a node to a pressure.
PIN = 1e30


@kernel
def factorise(start: Ints, row: Ints, target: Longs, diagonal: Floats, lower: Floats) -> None:
    """L D L^T in place over all lanes; `diagonal` becomes its inverse."""
    lanes = diagonal.shape[1]
    scaled, inverse = np.empty(lanes), np.empty(lanes)
    at = 0
    for column in range(diagonal.shape[0]):
        for lane in range(lanes):
            if diagonal[column, lane] <= 0.0:
                diagonal[column, lane] = PIN
            inverse[lane] = 1.0 / diagonal[column, lane]
            diagonal[column, lane] = inverse[lane]
        for upper in range(start[column], start[column + 1]):
            line = row[upper]
            for lane in range(lanes):
                scaled[lane] = lower[upper, lane] * inverse[lane]
                diagonal[line, lane] -= scaled[lane] * lower[upper, lane]
            for other in range(upper + 1, start[column + 1]):
                place = target[at]
                at += 1
                for lane in range(lanes):
                    lower[place, lane] -= scaled[lane] * lower[other, lane]
            for lane in range(lanes):
                lower[upper, lane] = scaled[lane]


@kernel
def substitute(start: Ints, row: Ints, inverse: Floats, lower: Floats, right: Floats) -> None:
    """Solve with the factor, in place."""
    lanes = right.shape[1]
    count = right.shape[0]
    for column in range(count):
        for at in range(start[column], start[column + 1]):
            line = row[at]
            for lane in range(lanes):
                right[line, lane] -= lower[at, lane] * right[column, lane]
    for column in range(count - 1, -1, -1):
        for lane in range(lanes):
            right[column, lane] *= inverse[column, lane]
        for at in range(start[column], start[column + 1]):
            line = row[at]
            for lane in range(lanes):
                right[column, lane] -= lower[at, lane] * right[line, lane]


@kernel
def static_rise(first: Ints, second: Ints, elevation: Floats, gravity: float, density: Floats, lift: Floats) -> None:
    """rho g (z_i - z_j) of each link."""
    for link in range(first.shape[0]):
        at_d = link if density.shape[0] > 1 else 0
        fall_m = elevation[first[link]] - elevation[second[link]]
        for lane in range(density.shape[1]):
            lift[link, lane] = gravity * density[at_d, lane] * fall_m


@kernel
def shut_links(opened: NDArray[np.bool_], flow: Floats, drop: Floats, slope: Floats) -> None:
    """A shut link has no flow; its slope is so steep that it gets none."""
    for link in range(flow.shape[0]):
        at = link if opened.shape[0] > 1 else 0
        for lane in range(flow.shape[1]):
            if not opened[at, lane]:
                flow[link, lane] = 0.0
                drop[link, lane] = 0.0
                slope[link, lane] = np.inf


@kernel
def assemble(
    first: Ints, second: Ints, column: Ints, entry: Longs, flow: Floats, energy: Floats, slope: Floats,
    diagonal: Floats, lower: Floats, right: Floats,
) -> None:  # fmt: skip
    """Conductances into the matrix, and what each node still lacks of mass into the right side.

    `right` comes with minus the demands.
    """
    lanes = flow.shape[1]
    for link in range(first.shape[0]):
        a, b = column[first[link]], column[second[link]]
        at = entry[link]
        for lane in range(lanes):
            conductance = 1.0 / slope[link, lane]
            push = flow[link, lane] + (conductance * energy[link, lane] if conductance > 0.0 else 0.0)
            if a >= 0:
                diagonal[a, lane] += conductance
                right[a, lane] -= push
            if b >= 0:
                diagonal[b, lane] += conductance
                right[b, lane] += push
            if at >= 0:
                lower[at, lane] -= conductance


@kernel
def move(
    first: Ints, second: Ints, column: Ints, change_pa: Floats, energy: Floats, slope: Floats, done: NDArray[np.bool_],
    flow: Floats, step: Floats, moved: Floats, total: Floats, worst: Ints, farthest: Floats,
    largest: Floats, before: Floats,
) -> None:  # fmt: skip
    """Take the flows' step; per lane the sums of |step| and |flow|, the link that moves most and the largest flow.

    `before` is the slope of the links' energy along the step, at its start and with the new pressures.
    """
    lanes = flow.shape[1]
    for lane in range(lanes):
        moved[lane] = 0.0
        total[lane] = 0.0
        farthest[lane] = -1.0
        largest[lane] = 0.0
        before[lane] = 0.0
    for link in range(first.shape[0]):
        a, b = column[first[link]], column[second[link]]
        for lane in range(lanes):
            push = energy[link, lane]
            if a >= 0:
                push += change_pa[a, lane]
            if b >= 0:
                push -= change_pa[b, lane]
            by = push / slope[link, lane]
            if done[lane]:
                by = 0.0
            step[link, lane] = by
            before[lane] -= push * by
            flow[link, lane] += by
            moved[lane] += abs(by)
            total[lane] += abs(flow[link, lane])
            largest[lane] = max(largest[lane], abs(flow[link, lane]))
            if abs(by) > farthest[lane]:
                farthest[lane] = abs(by)
                worst[lane] = link


@kernel
def slope_along(energy: Floats, step: Floats, along: Floats) -> None:
    """Minus the sum of energy times step per lane: the slope of the links' total energy along the step."""
    for lane in range(along.shape[0]):
        along[lane] = 0.0
    for link in range(energy.shape[0]):
        for lane in range(along.shape[0]):
            along[lane] -= energy[link, lane] * step[link, lane]


@kernel
def pin_parts(
    first: Ints,
    second: Ints,
    start: Ints,
    incident: Ints,
    fixed: Ints,
    slope: Floats,
    lane: int,
    pins: NDArray[np.bool_],
) -> None:
    """Choose one node of every part that no open link joins to a given pressure; it stays where it is.

    `fixed` marks nodes of given pressure (1); `incident[start[n]:start[n + 1]]` are a node's links.
    """
    nodes = fixed.shape[0]
    seen = np.zeros(nodes, np.bool_)
    queue = np.empty(nodes, np.int32)
    head, tail = 0, 0
    for node in range(nodes):
        pins[node, lane] = False
        if fixed[node]:
            seen[node] = True
            queue[tail] = node
            tail += 1
    next_node = 0
    while tail < nodes or head < tail:
        if head == tail:
            while seen[next_node]:
                next_node += 1
            seen[next_node] = True
            pins[next_node, lane] = True
            queue[tail] = next_node
            tail += 1
        node = queue[head]
        head += 1
        for at in range(start[node], start[node + 1]):
            link = incident[at]
            if slope[link, lane] < np.inf:
                other = first[link] + second[link] - node
                if not seen[other]:
                    seen[other] = True
                    queue[tail] = other
                    tail += 1
