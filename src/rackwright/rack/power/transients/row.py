"""A DC row declared element by element, by name, in SI units."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from rackwright.rack.power.transients.parts import Battery, Capacitor, Element, Line, Load, Shelf, Storage

#: Supplies on one row may differ by their setpoints' spread, not by their class of voltage.
MIXED_SHARE = 0.2


Kind = TypeVar("Kind", Line, Capacitor, Load, Shelf, Battery, Storage)


@dataclass(frozen=True, slots=True)
class Row:
    """A frozen row: a tree of nodes and what stands at them.

    `order` lists nodes, parents first, and `towards` the line from each towards the root (None at the root).
    """

    nodes: tuple[str, ...]
    lines: tuple[Line, ...]
    capacitors: tuple[Capacitor, ...]
    loads: tuple[Load, ...]
    shelves: tuple[Shelf, ...]
    batteries: tuple[Battery, ...]
    storages: tuple[Storage, ...]
    order: tuple[str, ...]
    towards: tuple[Line | None, ...]

    @property
    def feeds(self) -> tuple[str, ...]:
        """The incoming feeds that shelves name, in the order of their first mention."""
        return tuple(dict.fromkeys(shelf.feed for shelf in self.shelves))

    @property
    def nominal_v(self) -> float:
        """The highest no-load voltage of a shelf."""
        return max(shelf.volt for shelf in self.shelves)

    def off_v(self, load: Load) -> float:
        """Where a load lets go: its own voltage, or 0.80 of the row's."""
        return 0.80 * self.nominal_v if load.off_v is None else load.off_v

    def clamp_v(self, load: Load) -> float:
        """Above it the clamp outside its hot-swap carries: its own voltage, or 1.4 of the row's."""
        return 1.4 * self.nominal_v if load.clamp_v is None else load.clamp_v

    def on_v(self, load: Load) -> float:
        """Where it comes back: its own voltage, or 0.88 of the row's, or a tenth above where it lets go."""
        if load.on_v is not None:
            return load.on_v
        return 0.88 * self.nominal_v if load.off_v is None else 1.1 * load.off_v


@dataclass
class RowBuilder:
    """Collects a row's elements by name.

    >>> build = RowBuilder()
    >>> build.node("foot"); build.node("tray")
    >>> build.line("bar", "foot", "tray", ohm=1e-3, henry=1e-6)
    >>> build.capacitor("output", "foot", farad=0.1, esr_ohm=1e-3)
    >>> build.shelf("shelf", "foot", volt=51.0, droop_ohm=1e-3, rated_a=100.0)
    >>> build.load("gpu", "tray", farad=5e-3, esr_ohm=1e-3)
    >>> build.row().order
    ('foot', 'tray')
    """

    _nodes: dict[str, None] = field(default_factory=dict)
    _elements: dict[str, Element] = field(default_factory=dict)
    _told: list[str] = field(default_factory=list)

    def node(self, name: str) -> None:
        """A place on the row."""
        if name in self._nodes:
            self._told.append(f"node {name!r} is there twice")
        self._nodes[name] = None

    def line(self, name: str, first: str, second: str, *, ohm: float, henry: float = 0.0) -> None:
        """A conductor, go and return together: resistance at working temperature, joints included, and inductance."""
        self.add(Line(name, first, second, ohm, henry))

    def capacitor(self, name: str, node: str, *, farad: float, esr_ohm: float) -> None:
        """A capacitor with its series resistance."""
        self.add(Capacitor(name, node, farad, esr_ohm))

    def load(self, name: str, node: str, **figures: Any) -> None:
        """A load; the figures are those of `Load`."""
        self.add(Load(name, node, **figures))

    def shelf(self, name: str, node: str, **figures: Any) -> None:
        """A power shelf; the figures are those of `Shelf`."""
        self.add(Shelf(name, node, **figures))

    def battery(self, name: str, node: str, **figures: Any) -> None:
        """A battery shelf; the figures are those of `Battery`."""
        self.add(Battery(name, node, **figures))

    def storage(self, name: str, node: str, **figures: Any) -> None:
        """A bank of capacitors behind a converter; the figures are those of `Storage`."""
        self.add(Storage(name, node, **figures))

    def add(self, *elements: Element) -> None:
        """Elements as they are."""
        for element in elements:
            if element.name in self._elements:
                self._told.append(f"{element.kind} {element.name!r}: its name is there twice")
            self._elements[element.name] = element

    def row(self) -> Row:
        """Freeze it.

        Raises
        ------
        ValueError
            Naming, all at once, every element with a wrong figure or at an unknown node, every ring, every node that
            no shelf feeds, mixed voltages, and loads that would hang on an inductance without a capacitor.
        """
        problems = [*self._told, *self._problems()]
        if problems:
            raise ValueError("; ".join(problems))
        lines, shelves = self._kind(Line), self._kind(Shelf)
        order, towards, problems = _tree(tuple(self._nodes), lines, shelves[0].node)
        row = Row(
            nodes=tuple(self._nodes),
            lines=lines,
            capacitors=self._kind(Capacitor),
            loads=self._kind(Load),
            shelves=shelves,
            batteries=self._kind(Battery),
            storages=self._kind(Storage),
            order=order,
            towards=towards,
        )
        problems += _hanging(row)
        if problems:
            raise ValueError("; ".join(problems))
        return row

    def _kind(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(element for element in self._elements.values() if isinstance(element, kind))

    def _problems(self) -> Iterator[str]:
        for element in self._elements.values():
            yield from element.problems()
            ends = (element.first, element.second) if isinstance(element, Line) else (element.node,)
            for end in ends:
                if end not in self._nodes:
                    yield f"{element.kind} {element.name!r} stands at {end!r}, which is no node"
        taken: dict[str, str] = {}
        for load in self._kind(Load):
            if load.node in taken:
                yield f"loads {taken[load.node]!r} and {load.name!r} share node {load.node!r}; give each its own"
            taken[load.node] = load.name
        loads = {load.name for load in self._kind(Load)}
        for storage in self._kind(Storage):
            for name in storage.follows:
                if name not in loads:
                    yield f"storage {storage.name!r} follows {name!r}, which is no load"
        yield from _mixed(self._kind(Shelf), self._kind(Battery))


def _mixed(shelves: tuple[Shelf, ...], batteries: tuple[Battery, ...]) -> Iterator[str]:
    """Supplies of another class of voltage than the highest."""
    if not shelves:
        yield "the row has no shelf"
        return
    supplies: tuple[Shelf | Battery, ...] = (*shelves, *batteries)
    high = max(supplies, key=lambda supply: supply.volt)
    for supply in supplies:
        if supply.volt < (1 - MIXED_SHARE) * high.volt:
            yield (
                f"mixed voltages on one row: {supply.kind} {supply.name!r} gives {supply.volt:g} V, "
                f"{high.kind} {high.name!r} {high.volt:g} V"
            )


def _tree(
    nodes: tuple[str, ...], lines: tuple[Line, ...], root: str
) -> tuple[tuple[str, ...], tuple[Line | None, ...], list[str]]:
    """Nodes breadth first from the root (neighbours in the order then do not wait for each other), and what is wrong."""
    beside: dict[str, list[tuple[str, Line]]] = {node: [] for node in nodes}
    for line in lines:
        beside[line.first].append((line.second, line))
        beside[line.second].append((line.first, line))
    towards: dict[str, Line | None] = {root: None}
    used: set[str] = set()
    queue = deque([root])
    while queue:
        node = queue.popleft()
        for other, line in beside[node]:
            if other not in towards:
                towards[other] = line
                used.add(line.name)
                queue.append(other)
    rings = [f"line {line.name!r} closes a ring; a row is a tree" for line in lines if line.name not in used
             and line.first in towards]  # fmt: skip
    unfed = [repr(node) for node in nodes if node not in towards]
    if unfed:
        rings.append(f"no line from {root!r} reaches node {', '.join(unfed[:5])}{' and more' * (len(unfed) > 5)}")
    return tuple(towards), tuple(towards.values()), rings


def _hanging(row: Row) -> Iterator[str]:
    """Constant powers without any capacitor whose line has inductance: no voltage carries a jump of theirs."""
    held = {capacitor.node for capacitor in row.capacitors} | {load.node for load in row.loads if load.farad > 0}
    towards = dict(zip(row.order, row.towards, strict=True))
    charging = [battery for battery in row.batteries if battery.charge_w > 0]
    powers: tuple[Load | Storage | Battery, ...] = (*row.loads, *row.storages, *charging)
    for element in powers:
        line = towards.get(element.node)
        if element.node not in held and line is not None and line.henry > 0:
            kind, name = element.kind, element.name
            yield f"{kind} {name!r} has no capacitor and hangs on the inductance of line {line.name!r}"
