"""The slow way to the rest of a DC tree: pseudo-time steps, as capacitors on all nodes would find it."""

from __future__ import annotations

import numpy as np

from rackwright.compiled import kernel
from rackwright.rack.power.direct.laws import load_current, load_slope, source_current, source_slope
from rackwright.rack.power.direct.tree_kernel import Cases, Lanes, Tree, fill, warm

MOST_STEPS = 2000
TOLERANCE = 1e-11
#: Relative change of a voltage that a step is to make.
WANTED_CHANGE = 0.05


@kernel
def solve_slowly(tree: Tree, cases: Cases, lanes: Lanes, scenario: int) -> int:
    """One scenario in lane 0: a conductance to the last voltage on every node, less as the balance closes.

    Steps taken, negative where it did not settle either.
    """
    fill(tree, cases, lanes, scenario, 1)
    brake = tree.siemens.max()
    if len(tree.droop_siemens):
        brake = max(brake, tree.droop_siemens.max())
    floor = 1e-9 * brake
    for step in range(MOST_STEPS):
        _balance(tree, lanes)
        change = _step(tree, lanes, brake)
        brake = max(brake * min(2.0, max(0.4, change / WANTED_CHANGE)), 1e-3 * floor)
        if tree.warm:
            change = max(change, 1e-2 * warm(tree, lanes))
        if change <= TOLERANCE and brake <= floor:
            return step + 1
    return -MOST_STEPS


@kernel
def _balance(tree: Tree, lanes: Lanes) -> None:
    """Balances and own slopes of all nodes at their voltages."""
    v, balance, pivot = lanes.v, lanes.balance, lanes.pivot
    for n in range(len(tree.parent)):
        balance[n, 0] = -load_current(lanes.load[n, 0], v[n, 0], tree.least_v[n])
        pivot[n, 0] = load_slope(lanes.load[n, 0], v[n, 0], tree.least_v[n])
        for k in range(tree.first[n], tree.first[n + 1]):
            if lanes.on[k, 0] > 0.0:
                balance[n, 0] += source_current(lanes.volt[k, 0], v[n, 0], tree.droop_siemens[k], tree.limit_a[k])
                pivot[n, 0] += source_slope(lanes.volt[k, 0], v[n, 0], tree.droop_siemens[k], tree.limit_a[k])
        up = tree.parent[n]
        if up >= 0:
            flow = (v[n, 0] - v[up, 0]) * lanes.siemens[n, 0]
            balance[n, 0] -= flow
            balance[up, 0] += flow


@kernel
def _step(tree: Tree, lanes: Lanes, brake: float) -> float:
    """One linearised pseudo-time step; the largest relative change of a voltage."""
    v, balance, pivot, siemens = lanes.v, lanes.balance, lanes.pivot, lanes.siemens
    smallest = np.inf
    for n in range(len(tree.parent) - 1, -1, -1):
        up = tree.parent[n]
        if tree.held_v[n] > 0.0:
            if up >= 0:
                pivot[up, 0] += siemens[n, 0]
            continue
        g = siemens[n, 0] if up >= 0 else 0.0
        own = pivot[n, 0] + g
        smallest = min(smallest, own)
        braked = own + brake if own + brake > 0.1 * brake else 0.1 * brake
        pivot[n, 0] = braked
        if up >= 0:
            balance[up, 0] += g / braked * balance[n, 0]
            pivot[up, 0] += g - g * g / braked
    lanes.smallest[:] = smallest
    change = 0.0
    for n in range(len(tree.parent)):
        if tree.held_v[n] > 0.0:
            balance[n, 0] = 0.0
            continue
        up = tree.parent[n]
        pushed = siemens[n, 0] * balance[up, 0] if up >= 0 else 0.0
        balance[n, 0] = (balance[n, 0] + pushed) / pivot[n, 0]
        after = min(max(v[n, 0] + balance[n, 0], 0.5 * v[n, 0]), 2.0 * v[n, 0])
        change = max(change, abs(after - v[n, 0]) / v[n, 0])
        v[n, 0] = after
    return change
