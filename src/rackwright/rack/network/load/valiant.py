"""Valiant's routing: by way of a switch drawn at random, then on to the destination, by shortest paths both times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.network.load.links import Entries, LinkLoad, entries_of, load_of_entries
from rackwright.rack.network.load.routed import Graph, State, dead_links, graph_of, state_of
from rackwright.rack.network.load.traffic import Traffic
from rackwright.rack.network.topology.wiring import FabricProblem, Wiring

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def valiant_load(
    wiring: Wiring | Graph, traffic: Traffic, *, failed_links: Iterable[int] = (), failed_switches: Iterable[int] = ()
) -> LinkLoad:
    """Expected load of each link when each packet first goes to a live switch drawn evenly, then to its destination.

    Drawn are all live switches of tier 1, the packet's first and last among them; packets between endpoints of one
    switch stay there. Both legs divide equally over shortest paths. After re-convergence only.

    Raises
    ------
    FabricProblem
        For endpoints with several ports, or where failures cut the live switches apart.
    """
    graph = wiring if isinstance(wiring, Graph) else graph_of(wiring)
    whole = graph.wiring
    if graph.port_router.shape[1] > 1 or not whole.switches:
        raise FabricProblem("Valiant's routing is for endpoints of one port on switches: one plane would do")
    dead = dead_links(whole, failed_links, failed_switches)
    state = state_of(graph, dead, converged=True, by_rail=traffic.kind == "rail")
    entries = entries_of(state, traffic)
    target = np.repeat(entries.targets, np.diff(entries.start))
    cut = (state.on_used[entries.sender, 0] == 0) | (state.on_used[target, 0] == 0)
    middles = _middles(state)
    legs = _legs(state, entries, target, ~cut, middles)
    load = load_of_entries(_with_middles(state, middles), legs, "ecmp", len(state.size))
    if load.unreached_bit_s > 1e-9 * load.offered_bit_s:
        raise FabricProblem("failures cut the live switches apart: minimal paths, or fewer failures, would do")
    return replace(load, offered_bit_s=float(entries.bit_s.sum()), unreached_bit_s=float(entries.bit_s[cut].sum()))


def _middles(state: State) -> Ints:
    """Live switches of tier 1, as routers."""
    graph, live = state.graph, np.zeros(state.graph.routers, dtype=bool)
    for side in (graph.first, graph.second):
        live[side[state.live > 0]] = True
    ends = graph.wiring.endpoints
    return np.flatnonzero(live[: graph.wiring.switches] & (graph.wiring.tier[ends:] == 1))


def _with_middles(state: State, middles: Ints) -> State:
    """The state with one class more for each switch drawn, on it by no link."""
    ones = np.ones((len(middles), 1))
    return replace(
        state,
        on_router=np.concatenate([state.on_router, middles[:, None].astype(np.int32)]),
        on_used=np.concatenate([state.on_used, ones]),
        on_passes=np.concatenate([state.on_passes, ones]),
        on_plane=np.concatenate([state.on_plane, np.zeros((len(middles), 1), dtype=np.int16)]),
    )


def _legs(state: State, entries: Entries, target: Ints, kept: NDArray[np.bool_], middles: Ints) -> Entries:
    """What goes to each switch drawn, what goes on from it, and what stays at its own switch."""
    classes, count = len(state.size), len(middles)
    row = entries.row if entries.spread else entries.sender
    to = entries.to if entries.spread else target
    stays = kept & (state.on_router[entries.sender, 0] == state.on_router[target, 0])
    goes = np.flatnonzero(kept & ~stays)
    rows = len(state.member) if entries.spread else classes
    out_bit_s = np.bincount(row[goes], weights=entries.bit_s[goes], minlength=rows)
    in_bit_s = np.bincount(to[goes], weights=entries.bit_s[goes], minlength=rows)
    out_row, in_row = np.flatnonzero(out_bit_s), np.flatnonzero(in_bit_s)
    of_row = state.member if entries.spread else np.arange(classes)
    middle = classes + np.arange(count)
    parts = (
        # to each switch drawn: (its class, sender's class, sender's row, receiver's row, rate)
        (np.repeat(middle, len(out_row)), np.tile(of_row[out_row], count), np.tile(out_row, count),
         np.repeat(rows + np.arange(count), len(out_row)), np.tile(out_bit_s[out_row] / count, count)),
        (np.repeat(of_row[in_row], count), np.tile(middle, len(in_row)),
         np.tile(rows + np.arange(count), len(in_row)), np.repeat(in_row, count),
         np.repeat(in_bit_s[in_row] / count, count)),
        (target[stays], entries.sender[stays], row[stays], to[stays], entries.bit_s[stays]),
    )  # fmt: skip
    goal, sender, from_row, to_row, bit_s = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((sender, goal))
    targets, start = np.unique(goal[order], return_index=True)
    return Entries(
        targets, np.append(start, len(order)), sender[order], from_row[order], to_row[order], bit_s[order],
        entries.spread,
    )  # fmt: skip
