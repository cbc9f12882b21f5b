"""Solve a DC network for one scenario or a million: blocks of lanes over the machine's cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.rack.power.direct.network import DirectNetwork, Floats, Ints

if TYPE_CHECKING:
    from rackwright.rack.power.direct.tree_kernel import Answers, Cases, Tree

#: Scenarios that one thread takes at a time.
SHARE = 512


@dataclass(frozen=True, slots=True)
class DirectSolution:
    """Voltages and currents of every scenario. Shapes: (scenarios, nodes), (scenarios, lines), (scenarios, sources).

    A line's current runs from its first node to its second. `carried` is False where a load stands below its least
    voltage or no rest was found; a voltage is then the one of loads that have let go.
    """

    network: DirectNetwork
    voltage_v: Floats
    line_a: Floats
    source_a: Floats
    line_loss_w: Floats
    source_loss_w: Floats
    #: Temperature of each line's conductor. [K]
    conductor_k: Floats
    #: What the loads draw, node by node: their power where they are carried.
    drawn_w: Floats
    carried: NDArray[np.bool_]
    #: Source power less loads and line losses. [W]
    residual_w: Floats
    steps: Ints
    #: Smallest pivot of the Jacobian over its line's conductance; the network collapses where it reaches zero.
    pivot: Floats
    weakest_at: Ints

    @property
    def weakest(self) -> tuple[str, ...]:
        """Name of the load with the least room above its least voltage, per scenario."""
        return tuple(self.network.nodes[number] for number in self.weakest_at)

    def voltage_of(self, node: str) -> Floats:
        """Voltage of a node in every scenario. [V]"""
        return np.asarray(self.voltage_v[:, self.network.node_number[node]])


@dataclass(frozen=True, slots=True)
class DirectSummary:
    """What each scenario comes to; shapes (scenarios,). Shares are of ratings; 0 where none is stated."""

    network: DirectNetwork
    lowest_v: Floats
    lowest_at: Ints
    load_w: Floats
    line_loss_w: Floats
    source_w: Floats
    source_loss_w: Floats
    line_share: Floats
    line_at: Ints
    source_share: Floats
    source_at: Ints
    carried: NDArray[np.bool_]
    steps: Ints
    pivot: Floats


def solve(
    network: DirectNetwork,
    *,
    load_w: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    source_v: ArrayLike | None = None,
    source_on: ArrayLike | None = None,
    start_v: ArrayLike | None = None,
    threads: int | None = None,
) -> DirectSolution:
    """Voltages and currents for S scenarios; S is the longest first axis of what is given.

    Each load draws constant power, each source gives no current backward and none beyond its limit. Of the two
    answers that a constant-power network has, this is the upper one, which is the stable one.

    Parameters
    ----------
    load_w : array_like, optional
        (nodes,) or (S, nodes) in the order of `network.nodes`; as declared where left out.
    scale : array_like, optional
        Multiplies all loads of a scenario: one number or (S,).
    source_v, source_on : array_like, optional
        (sources,) or (S, sources): no-load voltages; whether each is on.
    start_v : array_like, optional
        Voltages to start from, (nodes,) or (S, nodes).
    threads : int, optional
        The machine's cores where left out.

    Raises
    ------
    ValueError
        When an array has the wrong shape or holds what is not a finite number; the element is named.

    Examples
    --------
    A load of 1 kW behind 10 mohm from 50 V: v = 25 + sqrt(25^2 - 1000 x 0.01).

    >>> from rackwright.rack.power.direct import DirectBuilder
    >>> build = DirectBuilder()
    >>> build.node("tray", load_w=1000.0)
    >>> build.source("shelf", "tray", volt=50.0, droop_ohm=0.01)
    >>> round(float(solve(build.network()).voltage_v[0, 0]), 6)
    49.799194
    """
    given = _given(network, load_w, scale, source_v, source_on, start_v)
    if len(network.loops):
        from rackwright.rack.power.direct.loops import solve_loops

        return solve_loops(network, given)
    return _collect(network, given, _run(network, given, threads, whole=True))


def solve_summary(
    network: DirectNetwork,
    *,
    load_w: ArrayLike | None = None,
    scale: ArrayLike | None = None,
    source_v: ArrayLike | None = None,
    source_on: ArrayLike | None = None,
    start_v: ArrayLike | None = None,
    threads: int | None = None,
    patient: bool = True,
) -> DirectSummary:
    """Like `solve`, keeping of each scenario only what it comes to: a million states fit in memory.

    Without `patient`, a scenario that Newton's steps do not settle is not tried by pseudo-time: it is not carried.

    Raises
    ------
    ValueError
        Also for a network with loops, which only `solve` takes.
    """
    if len(network.loops):
        raise ValueError(f"line {network.lines[int(network.loops[0])]!r} closes a ring; only solve() takes rings")
    given = _given(network, load_w, scale, source_v, source_on, start_v)
    answers = _run(network, given, threads, whole=False, patient=patient)
    from rackwright.rack.power.direct import tree_kernel as kernel

    figures, places = answers.figures, answers.places
    line_at = np.append(network.up_line, -1)[places[:, kernel.LINE_AT]]
    lowest = np.append(network.order, -1)[places[:, kernel.LOWEST_AT]]
    own = np.append(_source_order(network), -1)[places[:, kernel.SOURCE_AT]]
    return DirectSummary(
        network=network,
        lowest_v=figures[:, kernel.LOWEST_V].copy(),
        lowest_at=lowest,
        load_w=figures[:, kernel.LOAD_W].copy(),
        line_loss_w=figures[:, kernel.LINE_LOSS_W].copy(),
        source_w=figures[:, kernel.SOURCE_W].copy(),
        source_loss_w=figures[:, kernel.SOURCE_LOSS_W].copy(),
        line_share=figures[:, kernel.LINE_SHARE].copy(),
        line_at=line_at,
        source_share=figures[:, kernel.SOURCE_SHARE].copy(),
        source_at=own,
        carried=answers.steps > 0,
        steps=np.abs(answers.steps),
        pivot=figures[:, kernel.PIVOT].copy(),
    )


def _given(
    network: DirectNetwork,
    load_w: ArrayLike | None,
    scale: ArrayLike | None,
    source_v: ArrayLike | None,
    source_on: ArrayLike | None,
    start_v: ArrayLike | None,
) -> dict[str, NDArray[Any]]:
    """Everything as (S or 1, n), checked."""
    loads = _rows("load_w", network.load_w if load_w is None else load_w, network.nodes, 0.0)
    volts = _rows("source_v", network.source_v if source_v is None else source_v, network.sources, 1e-9)
    on = np.atleast_2d(np.asarray(True if source_on is None else source_on, np.bool_))
    if on.shape[1] == 1 and len(network.sources) != 1:
        on = np.repeat(on, len(network.sources), axis=1)
    if on.shape[1] != len(network.sources):
        raise ValueError(f"source_on has {on.shape[1]} columns, not one for each of {len(network.sources)} sources")
    many = np.atleast_1d(np.asarray(1.0 if scale is None else scale, np.float64))
    if many.ndim != 1 or not (np.isfinite(many) & (many >= 0)).all():
        raise ValueError("scale is not a number of zero or more, or a row of them")
    found = {"loads": loads, "volts": volts, "on": on, "scale": many}
    if start_v is not None:
        found["start"] = _rows("start_v", start_v, network.nodes, 1e-9)
    lengths = {len(array) for array in found.values()} - {1}
    if len(lengths) > 1:
        said = ", ".join(f"{name} {len(array)}" for name, array in found.items() if len(array) > 1)
        raise ValueError(f"arrays of different numbers of scenarios: {said}")
    return found


def _rows(what: str, value: ArrayLike, names: tuple[str, ...], least: float) -> Floats:
    array = np.atleast_2d(np.asarray(value, np.float64))
    if array.ndim != 2 or array.shape[1] != len(names):
        raise ValueError(f"{what} has {array.shape[-1]} columns, not one for each of {len(names)}")
    bad = ~(np.isfinite(array) & (array >= least))
    if bad.any():
        at = np.argwhere(bad)[0]
        above = "of zero or more" if least == 0 else "above zero"
        raise ValueError(f"{what} of {names[int(at[1])]!r} is {array[tuple(at)]}, not a finite number {above}")
    return array


def _run(
    network: DirectNetwork, given: dict[str, NDArray[Any]], threads: int | None, *, whole: bool, patient: bool = True
) -> Answers:
    from rackwright.rack.power.direct import tree_kernel as kernel

    tree = tree_of(network)
    count = max(len(array) for array in given.values())
    own = _source_order(network)
    start = given.get("start")
    begun = _start(network, given) if start is None else np.ascontiguousarray(start[:, network.order])
    cases = kernel.Cases(
        np.ascontiguousarray(given["loads"][:, network.order]),
        given["scale"],
        np.ascontiguousarray(given["volts"][:, own]),
        np.ascontiguousarray(given["on"][:, own]),
        begun,
    )
    if start is None and count > 4 * kernel.LANES:
        first = kernel.Cases(cases.loads_w[:1], cases.scale[:1], cases.volts[:1], cases.on[:1], begun[:1])
        one = answers_of(len(network.nodes), 1, whole=True)
        kernel.solve_range(tree, first, one, 0, 1)
        if one.steps[0] > 0:
            cases = cases._replace(start_v=one.voltage)
    answers = answers_of(len(network.nodes), count, whole=whole)
    cores = threads or os.cpu_count() or 1
    share = min(SHARE, max(kernel.LANES, -(-count // cores)))
    ranges = [(at, min(at + share, count)) for at in range(0, count, share)]
    if cores > 1 and len(ranges) > 1:
        with ThreadPoolExecutor(cores) as pool:
            list(pool.map(lambda ends: kernel.solve_range(tree, cases, answers, *ends), ranges))
    else:
        for ends in ranges:
            kernel.solve_range(tree, cases, answers, *ends)
    if patient and (answers.steps < 0).any():
        _slowly(tree, cases._replace(start_v=_start(network, given)), answers)
    short = answers.figures[:, kernel.SHORT] > 0
    answers.steps[short] = -np.abs(answers.steps[short])
    return answers


def _slowly(tree: Tree, cases: Cases, answers: Answers) -> None:
    """Scenarios that Newton did not settle, by pseudo-time; those that do not settle either keep negative steps."""
    from rackwright.rack.power.direct.slow_kernel import solve_slowly
    from rackwright.rack.power.direct.tree_kernel import emit, lanes_of

    lanes = lanes_of(len(tree.parent), len(tree.limit_a), 1)
    for scenario in np.flatnonzero(answers.steps < 0).tolist():
        lanes.rise_k[:] = 0.0
        lanes.powered[:] = 0.0
        answers.steps[scenario] = solve_slowly(tree, cases, lanes, scenario)
        emit(tree, lanes, answers, scenario, 1)


@lru_cache(maxsize=16)
def tree_of(network: DirectNetwork) -> Tree:
    """The network by place, as the kernels take it."""
    from rackwright.rack.power.direct.tree_kernel import Tree

    order, up = network.order, network.up_line
    has = up >= 0

    def by_place(values: Floats, root: float) -> Floats:
        return np.where(has, values[np.maximum(up, 0)] if len(values) else root, root)

    own = _source_order(network)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    at = place[network.source_node[own]]
    held_v = np.zeros(len(order))
    held = network.droop_ohm[own] == 0
    held_v[at[held]] = network.source_v[own][held]
    with np.errstate(divide="ignore"):
        droop_siemens = np.where(held, 0.0, 1 / network.droop_ohm[own])
    return Tree(
        parent=network.parent,
        siemens=1 / by_place(network.ohm, 1.0),
        alpha=by_place(network.alpha_per_k, 0.0),
        ambient_k=by_place(network.ambient_k, 293.15),
        cooling=by_place(network.cooling_w_k, 0.0),
        cooling_power=by_place(network.cooling_power, 1.0),
        rating_a=by_place(network.line_rating_a, np.inf),
        least_v=np.ascontiguousarray(network.least_v[order]),
        held_v=held_v,
        warm=bool((network.cooling_w_k > 0).any()),
        first=np.searchsorted(at, np.arange(len(order) + 1)).astype(np.int64),
        droop_siemens=droop_siemens,
        limit_a=np.ascontiguousarray(network.limit_a[own]),
        loss=np.ascontiguousarray(network.source_loss[own]),
    )


def answers_of(places: int, count: int, *, whole: bool) -> Answers:
    """Room for the answers of `count` scenarios."""
    from rackwright.rack.power.direct.tree_kernel import COLUMNS, Answers

    rows = count if whole else 0
    return Answers(
        np.empty((rows, places)),
        np.empty((rows, places)),
        np.empty((rows, places)),
        np.empty((count, COLUMNS)),
        np.empty((count, 3), np.int64),
        np.zeros(count, np.int64),
    )


def _source_order(network: DirectNetwork) -> Ints:
    """Sources in the order of their places."""
    place = np.empty(len(network.order), np.int64)
    place[network.order] = np.arange(len(network.order))
    return np.argsort(place[network.source_node], kind="stable").astype(np.int64)


def _start(network: DirectNetwork, given: dict[str, NDArray[Any]]) -> Floats:
    """The highest source of the network everywhere: Newton falls from there."""
    return np.full((1, len(network.nodes)), float(given["volts"].max()))


def _collect(network: DirectNetwork, given: dict[str, NDArray[Any]], answers: Answers) -> DirectSolution:
    count = len(answers.steps)
    voltage = np.empty((count, len(network.nodes)))
    voltage[:, network.order] = answers.voltage
    line_a, conductor_k = np.empty((2, count, len(network.lines)))
    has = network.parent >= 0
    lines, parents = network.up_line[has], network.order[network.parent[has]]
    sign = np.where(network.first[lines] == parents, 1.0, -1.0)
    line_a[:, lines] = answers.current[:, has] * sign
    conductor_k[:, lines] = answers.rise_k[:, has] + network.ambient_k[lines]
    line_loss = line_a * (voltage[:, network.first] - voltage[:, network.second])
    return assemble(network, given, voltage, line_a, line_loss, conductor_k, answers)


def assemble(
    network: DirectNetwork,
    given: dict[str, NDArray[Any]],
    voltage: Floats,
    line_a: Floats,
    line_loss: Floats,
    conductor_k: Floats,
    answers: Answers,
) -> DirectSolution:
    """Sources' currents, losses and the energy balance from the voltages."""
    from rackwright.rack.power.direct.laws import FOLD_SHARE
    from rackwright.rack.power.direct.tree_kernel import PIVOT

    loads = given["loads"] * given["scale"][:, None]
    low = voltage < network.least_v
    drawn = np.where(low, loads * (voltage / network.least_v) ** 2, loads)
    at_source = voltage[:, network.source_node]
    volts, held = given["volts"], network.droop_ohm == 0
    with np.errstate(divide="ignore", invalid="ignore"):
        free = np.maximum((volts - at_source) / network.droop_ohm, 0.0)
        over = network.limit_a * (1 + FOLD_SHARE * (volts - at_source - network.limit_a * network.droop_ohm) / volts)
        source_a = np.where(free > network.limit_a, over, free)
    for source in np.flatnonzero(held).tolist():
        node = int(network.source_node[source])
        out = line_a[:, network.first == node].sum(axis=1) - line_a[:, network.second == node].sum(axis=1)
        source_a[:, source] = np.maximum(out + drawn[:, node] / voltage[:, node], 0.0)
    source_a = np.where(given["on"], source_a, 0.0)
    a, b, c = network.source_loss.T
    source_loss = np.where(given["on"], a + source_a * (b + source_a * c), 0.0)
    room = np.where(loads > 0, voltage - network.least_v, np.inf)
    return DirectSolution(
        network=network,
        voltage_v=voltage,
        line_a=line_a,
        source_a=source_a,
        line_loss_w=line_loss,
        source_loss_w=source_loss,
        conductor_k=conductor_k,
        drawn_w=np.broadcast_to(drawn, voltage.shape),
        carried=answers.steps > 0,
        residual_w=(source_a * at_source).sum(axis=1) - drawn.sum(axis=1) - line_loss.sum(axis=1),
        steps=np.abs(answers.steps),
        pivot=answers.figures[:, PIVOT].copy(),
        weakest_at=np.argmin(room, axis=1),
    )
