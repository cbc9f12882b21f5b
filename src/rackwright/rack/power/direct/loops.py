"""Networks with rings: sparse Newton steps, scenario by scenario."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from rackwright.rack.power.direct.laws import FOLD_SHARE, REFERENCE_K, warm_rise
from rackwright.rack.power.direct.network import DirectNetwork, Floats
from rackwright.rack.power.direct.solve import DirectSolution, answers_of, assemble

MOST_STEPS = 200
TOLERANCE = 1e-9


def solve_loops(network: DirectNetwork, given: dict[str, NDArray[Any]]) -> DirectSolution:
    """Like `solve`, for a network whose lines close rings."""
    count = max(len(array) for array in given.values())
    answers = answers_of(len(network.nodes), count, whole=False)
    answers.figures[:] = np.nan
    voltage, rise_k = np.empty((count, len(network.nodes))), np.zeros((count, len(network.lines)))
    for at in range(count):
        one = {name: array[at if len(array) > 1 else 0] for name, array in given.items()}
        voltage[at], rise_k[at], answers.steps[at] = _newton(network, one)
    siemens = _siemens(network, rise_k)
    fall = voltage[:, network.first] - voltage[:, network.second]
    line_a = fall * siemens
    short = ((voltage < network.least_v * (1 - 1e-9)) & (network.load_w > 0)).any(axis=1)
    answers.steps[short] = -np.abs(answers.steps[short])
    return assemble(network, given, voltage, line_a, line_a * fall, rise_k + network.ambient_k, answers)


def _siemens(network: DirectNetwork, rise_k: Floats) -> Floats:
    warm = 1 + network.alpha_per_k * (network.ambient_k - REFERENCE_K + rise_k)
    return np.asarray(1 / (network.ohm * warm), np.float64)


def _newton(network: DirectNetwork, one: dict[str, NDArray[Any]]) -> tuple[Floats, Floats, int]:
    """Voltages, rises of the conductors and steps, negative where they did not settle."""
    loads = one["loads"] * float(one["scale"])
    held = network.droop_ohm == 0
    held_nodes = network.source_node[held & one["on"]]
    sought = np.setdiff1d(np.arange(len(network.nodes)), held_nodes)
    v = one["start"].copy() if "start" in one else np.full(len(network.nodes), float(one["volts"].max()))
    v[held_nodes] = one["volts"][held & one["on"]]
    rise_k = np.zeros(len(network.lines))
    for step in range(1, MOST_STEPS + 1):
        siemens = _siemens(network, rise_k)
        balance, slope = _nodal(network, one, loads, v, free=step == 1)
        current = (v[network.first] - v[network.second]) * siemens
        np.add.at(balance, network.second, current)
        np.subtract.at(balance, network.first, current)
        jacobian = _jacobian(network, siemens, slope)[sought][:, sought]
        change = splu(jacobian.tocsc()).solve(balance[sought])
        before = v[sought]
        v[sought] = np.clip(before + change, 0.3 * before, 3 * before)
        moved = float(np.max(np.abs(v[sought] - before) / before, initial=0.0))
        moved = max(moved, _warm(network, v, siemens, rise_k))
        if moved <= TOLERANCE and step > 2:
            return v, rise_k, step
    return v, rise_k, -MOST_STEPS


def _nodal(
    network: DirectNetwork, one: dict[str, NDArray[Any]], loads: Floats, v: Floats, *, free: bool
) -> tuple[Floats, Floats]:
    """What flows into each node from its sources less its load, and minus its derivative."""
    least = network.least_v
    carried = v >= least
    balance = -np.where(carried, loads / v, loads * v / least**2)
    slope = np.where(carried, -loads / v**2, loads / least**2)
    sought = (network.droop_ohm > 0) & one["on"]
    at, volt, limit = network.source_node[sought], one["volts"][sought], network.limit_a[sought]
    g = 1 / network.droop_ohm[sought]
    rise = volt - v[at]
    current, own = rise * g, g.copy()
    if not free:
        over = current > limit
        with np.errstate(invalid="ignore"):
            current = np.where(over, limit * (1 + FOLD_SHARE * (rise - limit / g) / volt), np.maximum(current, 0.0))
        own = np.where(over, limit * FOLD_SHARE / volt, np.where(rise > 0, g, 0.0))
    np.add.at(balance, at, current)
    np.add.at(slope, at, own)
    return balance, slope


def _jacobian(network: DirectNetwork, siemens: Floats, slope: Floats) -> sparse.csr_matrix:
    nodes, first, second = len(network.nodes), network.first, network.second
    diagonal = slope.copy()
    np.add.at(diagonal, first, siemens)
    np.add.at(diagonal, second, siemens)
    rows = np.concatenate([np.arange(nodes), first, second])
    columns = np.concatenate([np.arange(nodes), second, first])
    return sparse.csr_matrix((np.concatenate([diagonal, -siemens, -siemens]), (rows, columns)), shape=(nodes, nodes))


def _warm(network: DirectNetwork, v: Floats, siemens: Floats, rise_k: Floats) -> float:
    """Set the rises of conductors in place; the largest relative change of a resistance."""
    moved = 0.0
    for line in np.flatnonzero(network.cooling_w_k > 0).tolist():
        current = (v[network.first[line]] - v[network.second[line]]) * siemens[line]
        after = warm_rise(
            current,
            network.ohm[line],
            network.alpha_per_k[line],
            network.ambient_k[line],
            network.cooling_w_k[line],
            network.cooling_power[line],
            rise_k[line],
        )
        moved = max(moved, abs(after - rise_k[line]) * float(network.alpha_per_k[line]))
        rise_k[line] = after
    return moved
