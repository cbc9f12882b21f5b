"""Where a fault's current comes from and flows through: supplies, capacitors, batteries, bridges, on lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from rackwright.rack.power.stability_circuit import RETURN, Branch, Capacitor, Circuit


@dataclass(frozen=True, slots=True)
class LimitedSupply:
    """A supply with its own output capacitor: `volt` less droop, never above `limit_a`, never below zero current.

    `off_s` is when it shuts down after the fault began; None keeps it at its limit.
    """

    name: str
    node: str
    volt: float
    droop_ohm: float
    limit_a: float
    off_s: float | None = None


@dataclass(frozen=True, slots=True)
class Clamp:
    """A diode from the return to a node: keeps it from going negative, with `ohm` while it carries."""

    name: str
    node: str
    ohm: float


@dataclass(frozen=True)
class FaultNetwork:
    """Frozen parts; `start_v` holds each capacitor's voltage before the fault."""

    circuit: Circuit
    supplies: tuple[LimitedSupply, ...]
    clamps: tuple[Clamp, ...]
    #: Names of branches that carry one way only.
    one_way: frozenset[str]
    start_v: tuple[float, ...]

    @property
    def highest_v(self) -> float:
        """The highest voltage of any source or capacitor."""
        emf = [branch.emf_v for branch in self.circuit.branches]
        return max([*emf, *(supply.volt for supply in self.supplies), *self.start_v])


@dataclass
class FaultBuilder:
    """Collects a network by name. Lines are go and return together.

    >>> build = FaultBuilder()
    >>> build.node("bar")
    >>> build.capacitor("bank", "bar", farad=0.01, esr_ohm=1e-3, volt=50.0)
    >>> build.network().start_v
    (50.0,)
    """

    _nodes: list[str] = field(default_factory=list)
    _branches: list[Branch] = field(default_factory=list)
    _capacitors: list[tuple[Capacitor, float | None]] = field(default_factory=list)
    _supplies: list[LimitedSupply] = field(default_factory=list)
    _clamps: list[Clamp] = field(default_factory=list)
    _one_way: set[str] = field(default_factory=set)

    def node(self, name: str) -> None:
        """A place where parts meet and a fault may strike."""
        self._nodes.append(name)

    def line(self, name: str, first: str, second: str, *, ohm: float, henry: float = 0.0) -> None:
        """A conductor, go and return together: resistance and loop inductance."""
        self._branches.append(Branch(name, first, second, ohm, henry))

    def capacitor(
        self,
        name: str,
        node: str,
        *,
        farad: float,
        esr_ohm: float,
        esl_henry: float = 0.0,
        volt: float | None = None,
        clamp_ohm: float | None = None,
    ) -> None:
        """A charged capacitor; `volt` defaults to the network's highest source. `clamp_ohm` puts a diode across it."""
        if esl_henry > 0:
            inner = f"{name} inside"
            self.node(inner)
            self.line(f"{name} esl", node, inner, ohm=0.0, henry=esl_henry)
            node = inner
        self._capacitors.append((Capacitor(name, node, farad, esr_ohm), volt))
        if clamp_ohm is not None:
            self._clamps.append(Clamp(f"{name} clamp", node, clamp_ohm))

    def supply(
        self,
        name: str,
        node: str,
        *,
        volt: float,
        droop_ohm: float,
        limit_a: float,
        farad: float,
        esr_ohm: float,
        off_s: float | None = None,
        clamp_ohm: float | None = None,
    ) -> None:
        """A current-limited supply with its output capacitor, which discharges into the fault beside it."""
        if not (volt > 0 and droop_ohm > 0 and limit_a > 0 and farad > 0):
            raise ValueError(f"supply {name!r} needs volt, droop_ohm, limit_a and farad above zero")
        self._capacitors.append((Capacitor(f"{name} output", node, farad, esr_ohm), volt))
        self._supplies.append(LimitedSupply(name, node, volt, droop_ohm, limit_a, off_s))
        if clamp_ohm is not None:
            self._clamps.append(Clamp(f"{name} clamp", node, clamp_ohm))

    def battery(self, name: str, node: str, *, emf_v: float, ohm: float, henry: float, one_way: bool = False) -> None:
        """An EMF behind resistance and inductance; `one_way` for a bridge or a battery behind a diode."""
        if not (emf_v > 0 and ohm > 0 and henry > 0):
            raise ValueError(f"battery {name!r} needs emf_v, ohm and henry above zero")
        self._branches.append(Branch(name, RETURN, node, ohm, henry, emf_v))
        if one_way:
            self._one_way.add(name)

    def network(self) -> FaultNetwork:
        """Freeze it; raises ValueError naming what is wrong."""
        circuit = Circuit(tuple(self._nodes), tuple(self._branches), tuple(part for part, _ in self._capacitors), ())
        for part, volt in self._capacitors:
            if volt is not None and not (math.isfinite(volt) and volt >= 0):
                raise ValueError(f"capacitor {part.name!r}: volt is {volt}, not a finite number of zero or more")
        highest = max(
            [0.0]
            + [branch.emf_v for branch in self._branches]
            + [supply.volt for supply in self._supplies]
            + [volt for _, volt in self._capacitors if volt is not None]
        )
        if highest <= 0:
            raise ValueError("the network has no source and no charged capacitor")
        start = tuple(highest if volt is None else volt for _, volt in self._capacitors)
        held = {part.node for part in circuit.capacitors}
        for clamp in self._clamps:
            if clamp.node not in held or not (math.isfinite(clamp.ohm) and clamp.ohm > 0):
                raise ValueError(f"{clamp.name!r} needs a resistance above zero and a capacitor at its node")
        return FaultNetwork(circuit, tuple(self._supplies), tuple(self._clamps), frozenset(self._one_way), start)
