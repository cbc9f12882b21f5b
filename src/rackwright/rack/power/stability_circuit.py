"""A DC row as lines, capacitors, supplies with a voltage loop and constant-power loads; its exact linear state space.

Every line stands for go and return together, so each node has one voltage, against the return.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve, qr
from scipy.sparse import coo_matrix, csc_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Dense matrices up to here: an eigenvalue run of 2,000 states takes tens of seconds and some 300 MB.
MOST_STATES = 2000
#: Phase margin of a supply's voltage loop where nobody states one (assumed; a usual design aim).
ASSUMED_PHASE_MARGIN_DEG = 60.0
#: The other end of every capacitor, load and supply.
RETURN = "return"


@dataclass(frozen=True, slots=True)
class Branch:
    """Resistance and inductance in series from `first` to `second`, with an EMF that drives current that way.

    `henry` of zero makes it a plain resistance, which then needs `ohm` above zero.
    """

    name: str
    first: str
    second: str
    ohm: float
    henry: float
    emf_v: float = 0.0


@dataclass(frozen=True, slots=True)
class Capacitor:
    """From a node to the return, `ohm` in series."""

    name: str
    node: str
    farad: float
    ohm: float = 0.0


@dataclass(frozen=True, slots=True)
class InputFilter:
    """A load's own filter: series choke, capacitor, and a damping leg (capacitor and resistor in series) beside it."""

    henry: float
    ohm: float
    farad: float
    esr_ohm: float = 0.0
    damping_farad: float = 0.0
    damping_ohm: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """Constant power at `inner`, behind its filter from `place`; without a filter both are one node.

    `bandwidth_hz` is how fast its converter keeps its power: a current that follows P/v with one lag. None is at once.
    """

    name: str
    place: str
    inner: str
    watt: float
    bandwidth_hz: float | None = None
    input_filter: InputFilter | None = None


@dataclass(frozen=True)
class Circuit:
    """A frozen circuit; every change makes a new one."""

    nodes: tuple[str, ...]
    branches: tuple[Branch, ...]
    capacitors: tuple[Capacitor, ...]
    loads: tuple[Load, ...]

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise ValueError("; ".join(problems))

    @cached_property
    def number(self) -> dict[str, int]:
        """Where each node stands; the return is -1."""
        return {**{name: at for at, name in enumerate(self.nodes)}, RETURN: -1}


@dataclass
class CircuitBuilder:
    """Collects a row by name.

    >>> build = CircuitBuilder()
    >>> build.node("tray")
    >>> build.supply("shelf", "tray", volt=50.0, droop_ohm=1e-3, henry=1e-6, farad=0.0)
    >>> build.capacitor("bank", "tray", farad=0.01)
    >>> build.load("gpu", "tray", watt=1000.0)
    >>> build.circuit().loads[0].watt
    1000.0
    """

    _nodes: list[str] = field(default_factory=list)
    _branches: list[Branch] = field(default_factory=list)
    _capacitors: list[Capacitor] = field(default_factory=list)
    _loads: list[Load] = field(default_factory=list)

    def node(self, name: str) -> None:
        """A place where parts meet."""
        self._nodes.append(name)

    def line(self, name: str, first: str, second: str, *, ohm: float, henry: float = 0.0) -> None:
        """A conductor, go and return together: resistance and loop inductance."""
        self._branches.append(Branch(name, first, second, ohm, henry))

    def capacitor(self, name: str, node: str, *, farad: float, esr_ohm: float = 0.0, esl_henry: float = 0.0) -> None:
        """A capacitor with its series resistance and, where it matters, its series inductance."""
        if esl_henry > 0:
            inner = f"{name} inside"
            self.node(inner)
            self.line(f"{name} esl", node, inner, ohm=esr_ohm, henry=esl_henry)
            node, esr_ohm = inner, 0.0
        self._capacitors.append(Capacitor(name, node, farad, esr_ohm))

    def supply(
        self,
        name: str,
        node: str,
        *,
        volt: float,
        droop_ohm: float,
        farad: float,
        esr_ohm: float = 0.0,
        henry: float | None = None,
        crossover_hz: float | None = None,
        phase_margin_deg: float = ASSUMED_PHASE_MARGIN_DEG,
    ) -> None:
        """A supply held at `volt` by its loop, falling by `droop_ohm` per ampere, with its own output capacitor.

        Give `henry`, the inductance that its loop looks like from outside, or the loop's `crossover_hz`
        (`loop_impedance`), or neither for a loop without any lag.
        """
        if henry is not None and crossover_hz is not None:
            raise ValueError(f"supply {name!r} has both henry and crossover_hz; one of them tells the loop")
        if farad > 0:
            self._capacitors.append(Capacitor(f"{name} output", node, farad, esr_ohm))
        if crossover_hz is None:
            self._branches.append(Branch(name, RETURN, node, droop_ohm, henry or 0.0, volt))
            return
        loop = loop_impedance(
            droop_ohm=droop_ohm, farad=farad, crossover_hz=crossover_hz, phase_margin_deg=phase_margin_deg
        )
        if math.isinf(loop.parallel_ohm):
            self._branches.append(Branch(name, RETURN, node, droop_ohm, loop.henry, volt))
            return
        middle = RETURN
        if droop_ohm > 0:
            middle = f"{name} inside"
            self.node(middle)
            self._branches.append(Branch(f"{name} droop", RETURN, middle, droop_ohm, 0.0, volt))
            volt = 0.0
        self._branches.append(Branch(name, middle, node, 0.0, loop.henry, volt))
        # an EMF in series with an inductance and a resistance side by side stands in both
        self._branches.append(Branch(f"{name} loop", middle, node, loop.parallel_ohm, 0.0, volt))

    def load(
        self,
        name: str,
        node: str,
        *,
        watt: float,
        bandwidth_hz: float | None = None,
        input_filter: InputFilter | None = None,
    ) -> None:
        """A load of constant power, straight at the node or behind its own input filter."""
        inner = node
        if input_filter is not None:
            inner = f"{name} input"
            self.node(inner)
            self.line(f"{name} choke", node, inner, ohm=input_filter.ohm, henry=input_filter.henry)
            self._capacitors.append(Capacitor(f"{name} filter", inner, input_filter.farad, input_filter.esr_ohm))
            if input_filter.damping_farad > 0:
                leg = Capacitor(f"{name} damping", inner, input_filter.damping_farad, input_filter.damping_ohm)
                self._capacitors.append(leg)
        self._loads.append(Load(name, node, inner, watt, bandwidth_hz, input_filter))

    def circuit(self) -> Circuit:
        """Freeze it; raises ValueError naming every part that is wrong."""
        return Circuit(tuple(self._nodes), tuple(self._branches), tuple(self._capacitors), tuple(self._loads))


@dataclass(frozen=True, slots=True)
class LoopImpedance:
    """What a supply's loop looks like between its set point and its capacitor: droop + (henry beside parallel_ohm)."""

    henry: float
    parallel_ohm: float
    phase_margin_deg: float


def loop_impedance(*, droop_ohm: float, farad: float, crossover_hz: float, phase_margin_deg: float) -> LoopImpedance:
    """Inductance and parallel resistance that give a voltage loop its crossover and phase margin.

    The loop's current answers the voltage error through Z; into the output capacitor the loop gain is
    T = 1 / (jw C Z). At crossover |T| = 1 and its phase is 180 degrees less the margin m, so
    Z = (sin m + j cos m) / (w C) there. Z is taken as the droop in series with L and a resistance side by side: two
    unknowns, two equations. Where the droop alone is above sin m / (w C), L in series keeps the crossover and the
    margin is the larger one that follows; where it is above 1 / (w C) no inductance is left.

    Limits: a linear average model, good to about a tenth of the switching frequency; no current limit.

    Examples
    --------
    No droop, 1 mF, 10 kHz, 60 degrees: L = (1 / (w C))^2 / (cos 60) / w / (1 / (w C)) = 2 / (w^2 C) = 0.507 uH.

    >>> loop = loop_impedance(droop_ohm=0.0, farad=1e-3, crossover_hz=1e4, phase_margin_deg=60.0)
    >>> round(loop.henry * 1e6, 3)
    0.507
    """
    if not (farad > 0 and crossover_hz > 0 and 0 < phase_margin_deg <= 90):
        raise ValueError(
            f"a voltage loop needs an output capacitor, a crossover and a margin up to 90 degrees, "
            f"not {farad} F, {crossover_hz} Hz, {phase_margin_deg} deg"
        )
    w = 2 * math.pi * crossover_hz
    reach_ohm = 1 / (w * farad)
    margin = math.radians(phase_margin_deg)
    real, imaginary = reach_ohm * math.sin(margin) - droop_ohm, reach_ohm * math.cos(margin)
    if real > 1e-9 * reach_ohm and imaginary > 1e-9 * reach_ohm:
        size = real**2 + imaginary**2
        return LoopImpedance(size / imaginary / w, size / real, phase_margin_deg)
    if droop_ohm >= reach_ohm:
        return LoopImpedance(0.0, math.inf, 90.0)
    henry = math.sqrt(reach_ohm**2 - droop_ohm**2) / w
    return LoopImpedance(henry, math.inf, math.degrees(math.asin(droop_ohm / reach_ohm)))


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Volts of every node and amperes of every branch at rest."""

    volt: Floats
    branch_a: Floats


def operating_point(circuit: Circuit, *, most_steps: int = 100) -> OperatingPoint:
    """The steady state with constant-power loads: Newton's method from no load.

    Raises
    ------
    ValueError
        Where the loads are beyond what the row carries, naming the weakest node, or a node has no way to a supply.
    """
    n, m = len(circuit.nodes), len(circuit.branches)
    first, second = _ends(circuit)
    rows, columns, values = _incidence(first, second)
    ohm = np.array([branch.ohm for branch in circuit.branches])
    emf = np.array([branch.emf_v for branch in circuit.branches])
    at = np.array([circuit.number[load.inner] for load in circuit.loads], np.int64)
    watt = np.array([load.watt for load in circuit.loads])
    volt, amps = np.zeros(n), np.zeros(m)
    for step in range(most_steps):
        slope, sunk = np.zeros(n), np.zeros(n)
        if step:
            np.add.at(slope, at, -watt / volt[at] ** 2)
            np.add.at(sunk, at, 2 * watt / volt[at])
        matrix = coo_matrix(
            (
                np.concatenate((slope, values, values, -ohm)),
                (
                    np.concatenate((np.arange(n), rows, n + columns, n + np.arange(m))),
                    np.concatenate((np.arange(n), n + columns, rows, n + np.arange(m))),
                ),
            ),
            shape=(n + m, n + m),
        )
        solved = _solve_sparse(csc_matrix(matrix), np.concatenate((-sunk, -emf)), circuit)
        change = float(np.max(np.abs(solved[:n] - volt), initial=0.0))
        volt, amps = solved[:n], solved[n:]
        if np.any(volt[at] <= 0):
            weakest = circuit.loads[int(np.argmin(volt[at]))].name
            raise ValueError(f"the row does not carry its loads: no voltage at load {weakest!r}")
        if step and change <= 1e-12 * float(np.max(volt)):
            return OperatingPoint(volt, amps)
    weakest = circuit.loads[int(np.argmin(volt[at]))].name
    raise ValueError(f"the row does not carry its loads: load {weakest!r} finds no voltage")


@dataclass(frozen=True)
class StateSpace:
    """mass x' = slope x + drive; branch currents and node voltages follow from x.

    States are independent currents of inductive branches, voltages of nodes with a capacitor without resistance, and
    voltages inside capacitors with one. `volt_of` holds for nodes that a resistance, a capacitor or a load pins; the
    voltage of a node where only inductances meet is left out (it is a derivative, not a state).
    """

    mass: Floats
    slope: Floats
    drive: Floats
    #: Branch currents: branch_of @ x + branch_at.
    branch_of: Floats
    branch_at: Floats
    #: Node voltages: volt_of @ x + volt_at.
    volt_of: Floats
    volt_at: Floats
    #: Rows of `branch_of` that carry the magnetic energy, and their inductances.
    inductive: Ints
    henry: Floats
    #: State that holds each capacitor's voltage.
    capacitor_state: Ints

    @property
    def matrix(self) -> Floats:
        """A of x' = A x + b."""
        return np.asarray(np.linalg.solve(self.mass, self.slope), np.float64)


def state_space(
    circuit: Circuit,
    *,
    shunt_s: Floats | None = None,
    injected_a: Floats | None = None,
    shorted: Iterable[str] = (),
    with_loads: OperatingPoint | None = None,
) -> StateSpace:
    """Assemble the circuit's exact ordinary differential equations.

    Nodes where only inductances meet give a constraint (their currents sum to zero), which is solved for dependent
    currents, so that no small capacitor has to be invented there.

    Parameters
    ----------
    shunt_s, injected_a : ndarray, shape (nodes,), optional
        Conductance to the return and current into each node beside the circuit's own parts.
    shorted : names
        Nodes tied to the return.
    with_loads : OperatingPoint, optional
        Loads then enter as their incremental conductance -P/V^2 there, with one lag where they have a bandwidth.
    """
    return _Assembly(circuit, shunt_s, injected_a, frozenset(shorted), with_loads).built()


class _Assembly:
    def __init__(
        self,
        circuit: Circuit,
        shunt_s: Floats | None,
        injected_a: Floats | None,
        shorted: frozenset[str],
        with_loads: OperatingPoint | None,
    ) -> None:
        n = len(circuit.nodes)
        self.circuit = circuit
        self.shunt = np.zeros(n) if shunt_s is None else np.array(shunt_s, np.float64)
        self.inject = np.zeros(n) if injected_a is None else np.array(injected_a, np.float64)
        self.pinned = self.shunt != 0
        self.branches = list(circuit.branches)
        if with_loads is not None:
            self._add_loads(with_loads)
        self.live = np.array([name not in shorted for name in circuit.nodes])

    def _add_loads(self, point: OperatingPoint) -> None:
        number = self.circuit.number
        for load in self.circuit.loads:
            if load.watt == 0:
                continue
            at = number[load.inner]
            ohm = -(point.volt[at] ** 2) / load.watt
            if load.bandwidth_hz is None:
                self.shunt[at] += 1 / ohm
                self.pinned[at] = True
            else:
                lag_s = 1 / (2 * math.pi * load.bandwidth_hz)
                self.branches.append(Branch(load.name, load.inner, RETURN, ohm, lag_s * ohm))

    def built(self) -> StateSpace:
        """Solve the algebra and lay out the states."""
        number = self.circuit.number
        n, m = len(self.circuit.nodes), len(self.branches)
        henry = np.array([branch.henry for branch in self.branches])
        ohm = np.array([branch.ohm for branch in self.branches])
        emf = np.array([branch.emf_v for branch in self.branches])
        incidence = np.zeros((n, m))
        for column, branch in enumerate(self.branches):
            for end, sign in ((branch.first, 1.0), (branch.second, -1.0)):
                if number[end] >= 0:
                    incidence[number[end], column] += sign
        coils, plain = np.flatnonzero(henry != 0), np.flatnonzero(henry == 0)
        of_coils, of_plain = incidence[:, coils], incidence[:, plain]
        plain_s = 1 / ohm[plain]
        conductance = (of_plain * plain_s) @ of_plain.T
        inject = self.inject - of_plain @ (plain_s * emf[plain])
        # capacitors: without resistance they hold the node itself, with one they pull at it
        bare = [at for at, part in enumerate(self.circuit.capacitors) if part.ohm == 0]
        soft = [at for at, part in enumerate(self.circuit.capacitors) if part.ohm > 0]
        node_farad, pull = np.zeros(n), np.zeros((n, len(soft)))
        for at in bare:
            node_farad[number[self.circuit.capacitors[at].node]] += self.circuit.capacitors[at].farad
        for column, at in enumerate(soft):
            part = self.circuit.capacitors[at]
            pull[number[part.node], column] = 1 / part.ohm
        soft_s = pull.sum(axis=0)
        pinned = self.pinned | (np.abs(pull).sum(axis=1) > 0)
        conductance[np.diag_indices(n)] += self.shunt + pull.sum(axis=1)
        held = np.flatnonzero(self.live & (node_farad > 0))
        free = np.flatnonzero(self.live & (node_farad == 0))
        groups, anchor = self._floating(free, held, plain, pinned)
        kept = _independent(groups @ of_coils[free], len(coils))
        # voltages of the free nodes from currents, held nodes, capacitors and injections
        square = conductance[np.ix_(free, free)].copy()
        square[anchor, anchor] += 1.0
        sides = np.hstack((-of_coils[free] @ kept, -conductance[np.ix_(free, held)], pull[free], inject[free][:, None]))
        answer = lu_solve(lu_factor(square), sides) if len(free) else sides
        y, k, c = kept.shape[1], len(held), len(soft)
        states = y + k + c
        if states > MOST_STATES:
            raise ValueError(f"the row has {states} states; up to {MOST_STATES} are worked on")
        volt_of, volt_at = np.zeros((n, states)), np.zeros(n)
        volt_of[free], volt_at[free] = answer[:, :states], answer[:, states]
        volt_of[held, y + np.arange(k)] = 1.0
        mass, slope, drive = np.zeros((states, states)), np.zeros((states, states)), np.zeros(states)
        mass[:y, :y] = kept.T @ (henry[coils, None] * kept)
        slope[:y] = kept.T @ of_coils.T @ volt_of
        slope[:y, :y] -= kept.T @ (ohm[coils, None] * kept)
        drive[:y] = kept.T @ (of_coils.T @ volt_at + emf[coils])
        of_held = slice(y, y + k)
        mass[of_held, of_held] = np.diag(node_farad[held])
        slope[of_held] = -conductance[held] @ volt_of
        slope[of_held, :y] -= of_coils[held] @ kept
        slope[of_held, y + k :] += pull[held]
        drive[of_held] = inject[held] - conductance[held] @ volt_at
        inside = slice(y + k, states)
        mass[inside, inside] = np.diag([self.circuit.capacitors[at].farad for at in soft])
        slope[inside] = pull.T @ volt_of
        slope[inside, inside] -= np.diag(soft_s)
        drive[inside] = pull.T @ volt_at
        branch_of, branch_at = np.zeros((m, states)), np.zeros(m)
        branch_of[coils, :y] = kept
        branch_of[plain] = plain_s[:, None] * (of_plain.T @ volt_of)
        branch_at[plain] = plain_s * (of_plain.T @ volt_at + emf[plain])
        state_of = np.full(len(self.circuit.capacitors), -1, np.int64)
        place = {int(node): y + at for at, node in enumerate(held)}
        for at in bare:
            state_of[at] = place.get(number[self.circuit.capacitors[at].node], -1)
        state_of[soft] = y + k + np.arange(c)
        return StateSpace(mass, slope, drive, branch_of, branch_at, volt_of, volt_at, coils, henry[coils], state_of)

    def _floating(self, free: Ints, held: Ints, plain: Ints, pinned: NDArray[np.bool_]) -> tuple[Floats, Ints]:
        """Groups of free nodes that nothing but inductances ties to the rest: indicator rows, and a node of each."""
        number = self.circuit.number
        place = {int(node): at for at, node in enumerate(free)}
        tied = [at for at, node in enumerate(free) if pinned[node]]
        pairs: list[tuple[int, int]] = []
        for at in plain:
            ends = (number[self.branches[at].first], number[self.branches[at].second])
            inside = [place[end] for end in ends if end in place]
            pairs.extend([(inside[0], inside[1])] if len(inside) == 2 else [])
            tied.extend(inside if len(inside) == 1 else [])
        graph = coo_matrix(
            (np.ones(len(pairs)), ([a for a, _ in pairs], [b for _, b in pairs])), shape=(len(free), len(free))
        )
        parts, label = connected_components(graph, directed=False) if len(free) else (0, np.zeros(0, np.int64))
        loose = sorted(set(range(parts)) - {int(label[at]) for at in tied})
        groups = np.zeros((len(loose), len(free)))
        anchor = np.zeros(len(loose), np.int64)
        for row, part in enumerate(loose):
            members = np.flatnonzero(label == part)
            groups[row, members], anchor[row] = 1.0, members[0]
        return groups, anchor


def _independent(constraint: Floats, coils: int) -> Floats:
    """Columns that span every set of coil currents that meets the constraint; entries are -1, 0 and 1 on trees."""
    if not len(constraint) or not coils:
        return np.eye(coils)
    _, upper, order = qr(constraint, mode="economic", pivoting=True)
    rank = int(np.sum(np.abs(np.diag(upper)) > 1e-9))
    kept = np.zeros((coils, coils - rank))
    kept[order[:rank]] = -np.linalg.solve(upper[:rank, :rank], upper[:rank, rank:])
    kept[order[rank:], np.arange(coils - rank)] = 1.0
    near = np.round(kept)
    return np.where(np.abs(kept - near) < 1e-9, near, kept)


def _ends(circuit: Circuit) -> tuple[Ints, Ints]:
    number = circuit.number
    first = np.array([number[branch.first] for branch in circuit.branches], np.int64)
    second = np.array([number[branch.second] for branch in circuit.branches], np.int64)
    return first, second


def _incidence(first: Ints, second: Ints) -> tuple[Ints, Ints, Floats]:
    """Rows (nodes), columns (branches) and values of the incidence matrix, the return left out."""
    columns = np.arange(len(first))
    a, b = first >= 0, second >= 0
    rows = np.concatenate((first[a], second[b]))
    values = np.concatenate((np.ones(int(a.sum())), -np.ones(int(b.sum()))))
    return rows, np.concatenate((columns[a], columns[b])), values


def _solve_sparse(matrix: csc_matrix, side: Floats, circuit: Circuit) -> Floats:
    try:
        solved = np.asarray(splu(matrix).solve(side), np.float64)
    except RuntimeError as error:
        raise ValueError("the row has no steady state: a node has no way to a supply, or two hold it") from error
    if not np.all(np.isfinite(solved)):
        raise ValueError(f"the row of {len(circuit.nodes)} nodes has no steady state")
    return solved


def _problems(circuit: Circuit) -> Iterable[str]:
    if len(set(circuit.nodes)) < len(circuit.nodes) or RETURN in circuit.nodes:
        yield f"a node is there twice or is called {RETURN!r}"
    known = {*circuit.nodes, RETURN}
    names = [branch.name for branch in circuit.branches] + [part.name for part in circuit.capacitors]
    for name, count in sorted(Counter(names).items()):
        if count > 1:
            yield f"part {name!r} is there {count} times"
    for branch in circuit.branches:
        for end in (branch.first, branch.second):
            if end not in known:
                yield f"line {branch.name!r} ends at {end!r}, which is no node"
        if branch.first == branch.second:
            yield f"line {branch.name!r} joins node {branch.first!r} to itself"
        if not (math.isfinite(branch.ohm) and branch.ohm >= 0 and math.isfinite(branch.henry) and branch.henry >= 0):
            yield f"line {branch.name!r}: {branch.ohm} ohm and {branch.henry} H, not finite and zero or more"
        elif branch.ohm == 0 and branch.henry == 0:
            yield f"line {branch.name!r} has neither resistance nor inductance"
    for part in circuit.capacitors:
        if part.node not in known:
            yield f"capacitor {part.name!r} stands at {part.node!r}, which is no node"
        if not (math.isfinite(part.farad) and part.farad > 0 and math.isfinite(part.ohm) and part.ohm >= 0):
            yield f"capacitor {part.name!r}: {part.farad} F and {part.ohm} ohm"
    for load in circuit.loads:
        if load.inner not in known:
            yield f"load {load.name!r} stands at {load.inner!r}, which is no node"
        if not (math.isfinite(load.watt) and load.watt >= 0):
            yield f"load {load.name!r}: watt is {load.watt}, not a finite number of zero or more"
        if load.bandwidth_hz is not None and not load.bandwidth_hz > 0:
            yield f"load {load.name!r}: bandwidth_hz is {load.bandwidth_hz}, not above zero"
