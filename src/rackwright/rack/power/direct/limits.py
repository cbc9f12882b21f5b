"""How far all loads may grow together: to the collapse, to the window's edge, to a rating; which binds first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rackwright.rack.power.direct.network import DirectNetwork, Floats
from rackwright.rack.power.direct.solve import DirectSummary, solve, solve_summary

#: Factors tried side by side in one round, and the relative width at which the search ends.
SIDE_BY_SIDE, WIDTH = 64, 1e-9
MOST_FACTOR = 1e9


@dataclass(frozen=True, slots=True)
class LoadLimit:
    """One limit: the factor on all loads at which it is reached, and the element where."""

    #: "collapse", "window", "line" or "source"; "loss": the supplies left after the worst loss that is to be covered.
    kind: str
    factor: float
    element: str


def collapse_factor(network: DirectNetwork) -> float:
    """Factor on all loads at which the Jacobian turns singular: beyond it no voltage carries them.

    Sources' current limits and loads' windows are left out; `inf` for a network without load.

    Examples
    --------
    One load P behind R from V collapses at V^2 / (4 R): 50^2 / (4 x 0.01) = 62.5 kW.

    >>> from rackwright.rack.power.direct import DirectBuilder
    >>> build = DirectBuilder()
    >>> build.node("tray", load_w=1000.0)
    >>> build.source("shelf", "tray", volt=50.0, droop_ohm=0.01)
    >>> round(collapse_factor(build.network()), 6)
    62.5
    """
    if not network.load_w.any():
        return float("inf")
    bare = bare_of(network)
    return _last(lambda factors: _summary(bare, factors).carried)


def bare_of(network: DirectNetwork) -> DirectNetwork:
    """The network without sources' limits and loads' windows."""
    least_v = np.full_like(network.least_v, 1e-3 * float(network.source_v.max()))
    return replace(network, limit_a=np.full_like(network.limit_a, np.inf), least_v=least_v)


def load_limits(network: DirectNetwork) -> tuple[LoadLimit, ...]:
    """Every limit on the growth of all loads together, the first to bind first.

    A limit that the growth never reaches before the collapse is left out; without stated ratings there is none.
    """
    if not network.load_w.any():
        return ()
    collapse = collapse_factor(network)
    found = [LoadLimit("collapse", collapse, _weakest(bare_of(network), collapse))]
    bare = bare_of(network)
    # one limit at a time: the window without sources' limits, the ratings without the window
    windowed, limited = replace(network, limit_a=bare.limit_a), replace(bare, limit_a=network.limit_a)
    for kind, net in (("window", windowed), ("line", bare), ("source", limited)):
        factor = _last(partial(_within, net, kind), collapse)
        if factor < collapse * (1 - 1e-6):
            found.append(LoadLimit(kind, factor, _element(net, kind, factor)))
    return tuple(sorted(found, key=lambda limit: limit.factor))


def _within(network: DirectNetwork, kind: str, factors: Floats) -> NDArray[np.bool_]:
    """Whether a limit still holds at each factor."""
    found = _summary(network, factors)
    if kind == "window":
        return found.carried
    share = found.line_share if kind == "line" else found.source_share
    return np.asarray((share <= 1 + 1e-9) & found.carried)


def _summary(network: DirectNetwork, factors: Floats) -> DirectSummary:
    if len(network.loops):
        raise ValueError(f"line {network.lines[int(network.loops[0])]!r} closes a ring; limits are sought on trees")
    return solve_summary(network, scale=factors, patient=False)


def _last(holds: Callable[[Floats], NDArray[np.bool_]], most: float = MOST_FACTOR) -> float:
    """The largest factor that holds, by trying many side by side."""
    low, high = 0.0, 1.0
    while high < most and bool(holds(np.array([high]))[0]):
        low, high = high, 4 * high
    if low >= most:
        return most
    high = min(high, most)
    while high - low > WIDTH * high:
        factors = np.linspace(low, high, SIDE_BY_SIDE + 1)[1:]
        held = holds(factors)
        first = int(np.argmin(held)) if not held.all() else SIDE_BY_SIDE
        if first == SIDE_BY_SIDE:
            return float(factors[-1])
        low, high = (float(factors[first - 1]) if first else low), float(factors[first])
    return low


def _weakest(network: DirectNetwork, factor: float) -> str:
    return network.nodes[int(_summary(network, np.array([factor * (1 - 1e-6)])).lowest_at[0])]


def _element(network: DirectNetwork, kind: str, factor: float) -> str:
    summary = _summary(network, np.array([factor * (1 - 1e-9)]))
    if kind == "line":
        return network.lines[int(summary.line_at[0])]
    if kind == "source":
        return network.sources[int(summary.source_at[0])]
    solved = solve(network, scale=factor)
    return solved.weakest[0]
