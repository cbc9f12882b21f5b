"""Routers that nothing tells apart, taken as one: exact, and what makes failures of large fabrics quick.

Two switches without endpoints are twins if they have the same neighbours over links of the same weight and passage:
swapping them changes nothing, so they carry alike. All spines of a plane that have lost no link are twins, as are the
cores of one group. `k` twins become one router whose links weigh as much as those of all together; the division over next
hops is then unchanged, and the flow found is that of all of them, shared out equally.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rackwright.rack.network.load.propagate_kernel import Net, Ports
    from rackwright.rack.network.load.routed import State

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Merging pays where it leaves at most this share of the bundles.
WORTH_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Routed:
    """What the kernel reads of a state, and how its flows go back to the state's bundles."""

    net: Net
    ports: Ports
    weight: Floats
    passes: Floats
    #: (bundles,) merged bundle of each bundle and the share of its flow; None where nothing was merged.
    bundle: Whole | None = None
    share: Floats | None = None

    def spread(self, flow: Floats) -> Floats:
        """Flows of directed merged bundles on those of the state."""
        if self.bundle is None or self.share is None:
            return flow
        return np.asarray((flow.reshape(-1, 2)[self.bundle] * self.share[:, None]).reshape(-1))


def routed(state: State) -> Routed:
    """The state's routers with twins taken together, where that is worth the while."""
    graph = state.graph
    whole = Routed(state.net(), state.ports(), state.weight, state.passes)
    number, copies = _merged_numbers(state)
    if len(copies) == graph.routers:
        return whole
    low, high = number[graph.first], number[graph.second]
    keys, first, bundle = np.unique(low * len(copies) + high, return_index=True, return_inverse=True)
    if len(keys) > WORTH_SHARE * len(low):
        return whole
    return _merged(state, number, copies, first, bundle)


def _merged(state: State, number: Whole, copies: Floats, first: Whole, bundle: Whole) -> Routed:
    from rackwright.rack.network.load.propagate_kernel import Net, adjacency

    graph = state.graph
    weight = np.asarray(np.bincount(bundle, state.weight, minlength=len(first)), dtype=np.float64)
    low, high = (number[ends][first].astype(np.int32) for ends in (graph.first, graph.second))
    drawing = np.zeros(len(copies), dtype=bool)
    for ends in (low, high):
        drawing[ends[weight > 0]] = True
    relays = np.ones(len(copies), dtype=bool)
    relays[number] = graph.relays
    net = Net(*adjacency(len(copies), low, high), relays, copies, int(drawing.sum()))
    on = np.where(state.on_router >= 0, number[np.maximum(state.on_router, 0)], -1).astype(np.int32)
    share = state.weight / np.where(weight > 0, weight, 1.0)[bundle]
    return Routed(net, state.ports()._replace(router=on), weight, state.passes[first], bundle, share)


def _merged_numbers(state: State) -> tuple[Whole, Floats]:
    """Number of each router after merging, and how many routers each number stands for."""
    graph = state.graph
    degree = np.diff(graph.row_start)
    alone = ~graph.relays | (degree == 0)
    alone[graph.port_router[graph.port_router >= 0]] = True
    example = _examples(state, alone, degree)
    kept, number = np.unique(example, return_inverse=True)
    return number.astype(np.int64), np.bincount(number, minlength=len(kept)).astype(np.float64)


def _examples(state: State, alone: NDArray[np.bool_], degree: Whole) -> Whole:
    """(routers,) the first of the routers with identical rows; itself where there is none."""
    graph = state.graph
    example = np.arange(graph.routers)
    bundle = graph.directed >> 1
    row = (graph.neighbour.astype(np.float64), state.weight[bundle], state.passes[bundle])
    for one in np.unique(degree[~alone]).tolist():
        mine = np.flatnonzero(~alone & (degree == one))
        at = graph.row_start[mine][:, None] + np.arange(one)
        rows = np.ascontiguousarray(np.concatenate([column[at] for column in row], axis=1))
        text = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).reshape(-1)
        _, first, inverse = np.unique(text, return_index=True, return_inverse=True)
        example[mine] = mine[first][inverse]
    return example
