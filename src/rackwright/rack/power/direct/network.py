"""A DC network declared node by node, by name, in SI units."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Sources on one bar may differ by their setpoints' spread, not by their class of voltage.
MIXED_SHARE = 0.2
#: Where nobody states a least voltage, a load takes its power down to this share of the highest source.
LEAST_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class DirectNetwork:
    """A frozen network. Arrays are in the order of the names; the tree arrays are in the order of `order`.

    `order` lists nodes parents first; `parent` and `up_line` give, for each place in it, the place of the parent and
    the line to it (-1 at a root). `loops` are the lines that close a ring; a network with some is solved by sparse
    Newton steps.
    """

    nodes: tuple[str, ...]
    lines: tuple[str, ...]
    sources: tuple[str, ...]
    load_w: Floats
    least_v: Floats
    first: Ints
    second: Ints
    ohm: Floats
    line_rating_a: Floats
    alpha_per_k: Floats
    ambient_k: Floats
    cooling_w_k: Floats
    cooling_power: Floats
    source_node: Ints
    source_v: Floats
    droop_ohm: Floats
    limit_a: Floats
    #: Loss of a source that is on: a + b i + c i^2, shape (sources, 3).
    source_loss: Floats
    order: Ints
    parent: Ints
    up_line: Ints
    loops: Ints

    @property
    def node_number(self) -> dict[str, int]:
        """Where each node stands."""
        return {name: number for number, name in enumerate(self.nodes)}


@dataclass(slots=True)
class _Line:
    first: str
    second: str
    figures: tuple[float, ...]


@dataclass(slots=True)
class _Source:
    node: str
    figures: tuple[float, ...]
    loss: tuple[float, float, float]


@dataclass
class DirectBuilder:
    """Collects nodes, lines and sources by name.

    >>> build = DirectBuilder()
    >>> build.node("foot"); build.node("tray", load_w=1000.0)
    >>> build.line("bar", "foot", "tray", ohm=1e-3)
    >>> build.source("shelf", "foot", volt=50.0, droop_ohm=1e-3)
    >>> build.network().nodes
    ('foot', 'tray')
    """

    _nodes: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lines: dict[str, _Line] = field(default_factory=dict)
    _sources: dict[str, _Source] = field(default_factory=dict)

    def node(self, name: str, *, load_w: float = 0.0, least_v: float = 0.0) -> None:
        """A place on the network with a load of constant power.

        Below `least_v` the load's input stage has let go: the solver then takes the resistance that it had there, so
        that an answer exists, and says that the network does not carry its loads.
        """
        if name in self._nodes:
            raise ValueError(f"node {name!r} is there twice")
        _not_negative(f"node {name!r}", load_w=load_w, least_v=least_v)
        self._nodes[name] = (load_w, least_v)

    def line(
        self,
        name: str,
        first: str,
        second: str,
        *,
        ohm: float,
        rating_a: float | None = None,
        alpha_per_k: float = 0.0,
        ambient_k: float = 293.15,
        cooling_w_k: float | None = None,
        cooling_power: float = 1.22,
    ) -> None:
        """A conductor, go and return together.

        Parameters
        ----------
        ohm : float
            Resistance at 20 degC, joints included. It grows by `alpha_per_k` per kelvin above that.
        rating_a : float, optional
            Only compared with; no current is cut off by it.
        ambient_k, cooling_w_k, cooling_power : float
            Its own loss warms it: loss = cooling_w_k x rise^cooling_power. Without `cooling_w_k` it stays at ambient.
        """
        if name in self._lines:
            raise ValueError(f"line {name!r} is there twice")
        if first == second:
            raise ValueError(f"line {name!r} joins node {first!r} to itself")
        _positive(f"line {name!r}", ohm=ohm, ambient_k=ambient_k, cooling_power=cooling_power)
        _not_negative(f"line {name!r}", alpha_per_k=alpha_per_k, cooling_w_k=cooling_w_k or 0.0)
        rating = math.inf if rating_a is None else rating_a
        figures = (ohm, rating, alpha_per_k, ambient_k, cooling_w_k or 0.0, cooling_power)
        self._lines[name] = _Line(first, second, figures)

    def source(
        self,
        name: str,
        node: str,
        *,
        volt: float,
        droop_ohm: float,
        limit_a: float | None = None,
        loss: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        """A supply: `volt` at no load, falling by `droop_ohm` per ampere, one-way, at most `limit_a`.

        `loss` is a + b i + c i^2 in watts while it is on. A `droop_ohm` of zero holds its node at `volt`.
        """
        if name in self._sources:
            raise ValueError(f"source {name!r} is there twice")
        _positive(f"source {name!r}", volt=volt)
        _not_negative(f"source {name!r}", droop_ohm=droop_ohm, **dict(zip("abc", loss, strict=True)))
        limit = math.inf if limit_a is None else limit_a
        if not limit > 0:
            raise ValueError(f"source {name!r}: limit_a is {limit_a}, not above zero")
        if droop_ohm == 0 and limit_a is not None:
            raise ValueError(f"source {name!r} has a current limit and no droop; a limit needs a droop above zero")
        self._sources[name] = _Source(node, (volt, droop_ohm, limit), loss)

    def network(self) -> DirectNetwork:
        """Freeze it.

        Raises
        ------
        ValueError
            Naming every unknown node, every part without a source and every bar with mixed voltages at once.
        """
        problems = list(self._problems())
        if problems:
            raise ValueError("; ".join(problems))
        number = {name: at for at, name in enumerate(self._nodes)}
        first, second = (
            np.array([number[getattr(line, end)] for line in self._lines.values()], np.int64)
            for end in ("first", "second")
        )
        at = np.array([number[source.node] for source in self._sources.values()], np.int64)
        order, parent, up_line, loops, parts = _tree(len(number), first, second, at)
        self._check_parts(parts, at)
        loads = np.array(list(self._nodes.values()), np.float64).reshape(-1, 2)
        lines = np.array([line.figures for line in self._lines.values()], np.float64).reshape(-1, 6)
        sources = np.array([source.figures for source in self._sources.values()], np.float64).reshape(-1, 3)
        least_v = np.maximum(loads[:, 1], LEAST_SHARE * _highest(parts, at, sources[:, 0]))
        return DirectNetwork(
            nodes=tuple(self._nodes),
            lines=tuple(self._lines),
            sources=tuple(self._sources),
            load_w=loads[:, 0].copy(),
            least_v=least_v,
            first=first,
            second=second,
            ohm=lines[:, 0].copy(),
            line_rating_a=lines[:, 1].copy(),
            alpha_per_k=lines[:, 2].copy(),
            ambient_k=lines[:, 3].copy(),
            cooling_w_k=lines[:, 4].copy(),
            cooling_power=lines[:, 5].copy(),
            source_node=at,
            source_v=sources[:, 0].copy(),
            droop_ohm=sources[:, 1].copy(),
            limit_a=sources[:, 2].copy(),
            source_loss=np.array([source.loss for source in self._sources.values()], np.float64).reshape(-1, 3),
            order=order,
            parent=parent,
            up_line=up_line,
            loops=loops,
        )

    def _problems(self) -> Iterable[str]:
        if not self._sources:
            yield "the network has no source"
        for name, line in self._lines.items():
            for end in (line.first, line.second):
                if end not in self._nodes:
                    yield f"line {name!r} ends at {end!r}, which is no node{_nearest(end, self._nodes)}"
        for name, source in self._sources.items():
            if source.node not in self._nodes:
                yield f"source {name!r} stands at {source.node!r}, which is no node{_nearest(source.node, self._nodes)}"
        held: dict[str, str] = {}
        for name, source in self._sources.items():
            if source.figures[1] == 0:
                if source.node in held:
                    yield f"sources {held[source.node]!r} and {name!r} both hold node {source.node!r}"
                held[source.node] = name

    def _check_parts(self, parts: Ints, source_node: Ints) -> None:
        names, found = tuple(self._nodes), []
        of_source = parts[source_node]
        for part in sorted(set(parts.tolist()) - set(of_source.tolist())):
            members = [names[at] for at in np.flatnonzero(parts == part)]
            more = f" and {len(members) - 3} more" if len(members) > 3 else ""
            found.append(f"no source feeds {', '.join(repr(name) for name in members[:3])}{more}")
        sources = tuple(self._sources.items())
        for part in sorted(set(of_source.tolist())):
            own = [sources[at] for at in np.flatnonzero(of_source == part)]
            low, high = (pick(own, key=lambda item: item[1].figures[0]) for pick in (min, max))
            if low[1].figures[0] < (1 - MIXED_SHARE) * high[1].figures[0]:
                found.append(
                    f"mixed voltages on one bar: source {low[0]!r} gives {low[1].figures[0]:g} V, "
                    f"source {high[0]!r} {high[1].figures[0]:g} V"
                )
        if found:
            raise ValueError("; ".join(found))


def _tree(nodes: int, first: Ints, second: Ints, source_node: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Nodes breadth first from the sources, each part of the network from its first source; lines left over are loops.

    Breadth first, because neighbours in the order then do not wait for each other's divisions.
    """
    beside: list[list[tuple[int, int]]] = [[] for _ in range(nodes)]
    for line, (a, b) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        beside[a].append((b, line))
        beside[b].append((a, line))
    order: list[int] = []
    place = [-1] * nodes
    parent, up_line, part_of = [-1] * nodes, [-1] * nodes, np.full(nodes, -1, np.int64)
    used = np.zeros(len(first), np.bool_)
    parts = 0
    for root in [*source_node.tolist(), *range(nodes)]:
        if place[root] >= 0:
            continue
        place[root] = len(order)
        order.append(root)
        part_of[root] = parts
        queue = deque([root])
        while queue:
            node = queue.popleft()
            for other, line in beside[node]:
                if used[line]:
                    continue
                if place[other] >= 0:
                    continue
                used[line] = True
                place[other] = len(order)
                parent[place[other]], up_line[place[other]] = place[node], line
                order.append(other)
                part_of[other] = parts
                queue.append(other)
        parts += 1
    arrays = [np.array(values, np.int64) for values in (order, parent, up_line)]
    return arrays[0], arrays[1], arrays[2], np.flatnonzero(~used).astype(np.int64), part_of


def _highest(parts: Ints, source_node: Ints, source_v: Floats) -> Floats:
    """The highest source voltage of each node's part."""
    highest = np.zeros(int(parts.max()) + 1 if len(parts) else 0)
    np.maximum.at(highest, parts[source_node], source_v)
    return np.asarray(highest[parts], np.float64)


def _nearest(name: str, names: Iterable[str]) -> str:
    from rackwright.program.names import nearest

    found = nearest(name, names)
    return f" (did you mean {found!r}?)" if found else ""


def _positive(what: str, **figures: float) -> None:
    for name, value in figures.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{what}: {name} is {value}, not a finite number above zero")


def _not_negative(what: str, **figures: float) -> None:
    for name, value in figures.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{what}: {name} is {value}, not a finite number of zero or more")
