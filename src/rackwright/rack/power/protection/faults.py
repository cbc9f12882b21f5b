"""Prospective fault current anywhere in a network of supplies, capacitors and batteries, in time, exactly stepped.

Between two events (a supply reaches its limit, a diode blocks, a supply shuts down) the network is linear, so a step by
the matrix exponential is exact whatever its length; events are found by halving the step. Steps only set how finely the
answer is sampled, and follow the current's curvature.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm

from rackwright.rack.power.protection.network import FaultNetwork
from rackwright.rack.power.protection.wave import Wave
from rackwright.rack.power.stability_circuit import (
    RETURN,
    Branch,
    Load,
    StateSpace,
    operating_point,
    state_space,
)

Floats = NDArray[np.float64]

#: A diode that blocks lets this much through, as a resistance (assumed; it carries milliamperes).
BLOCKED_OHM = 1e4
#: The first step: 7.5 ns.
FIRST_STEP_S = 2.0**-27
#: Its exponent of two, and that of the smallest step, in which an event is crossed.
FIRST = -27
LEAST = FIRST - 8
SQUARED = 8
STEPS_IN_BLOCK = 64
#: A limit is passed once it is passed by this share: well above rounding, well below what matters.
SLACK, BLOCKED_SLACK_A = 1e-7, 1e-5
#: Departure of the cubic between samples from the exact solution, of the largest current so far.
CURVE_SHARE = 2e-5
MOST_EVENTS = 2000
#: In larger networks the steps of a mode that is left are let go: they are some 25 full matrices.
KEPT_STATES = 200

DROOP, LIMITED, RESTS = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one source gives at the instant of the fault current's peak. [A]"""

    source: str
    kind: str
    at_peak_a: float


@dataclass(frozen=True, eq=False)
class Fault:
    """The current in the fault, the current through each watched line, who gives it at the peak."""

    place: str
    fault: Wave
    lines: Mapping[str, Wave]
    contributions: tuple[Contribution, ...]
    events: int
    highest_v: float

    @property
    def peak_a(self) -> float:
        """Prospective peak."""
        return self.fault.peak_a

    @property
    def i2t_a2s(self) -> float:
        """I2t to the end of what was worked out."""
        return self.fault.i2t_a2s()

    def through(self, line: str) -> Wave:
        """Current through a line; a device sits in a line."""
        if line not in self.lines:
            raise ValueError(f"line {line!r} was not watched; there are {', '.join(list(self.lines)[:8])}")
        return self.lines[line]


def fault_current(
    network: FaultNetwork,
    place: str,
    *,
    fault_ohm: float = 0.0,
    end_s: float = 0.05,
    drawn_w: Mapping[str, float] | None = None,
    watch: Iterable[str] | None = None,
) -> Fault:
    """Prospective current of a fault between a node and the return, from 0 to `end_s`.

    Assumes: no arc voltage, lines at the stated resistance, capacitors' figures constant, loads let go at once.
    Before the fault the network is at no load, each capacitor at its own voltage; with `drawn_w` (watts by node) it is
    at its steady state under these constant-power loads.

    Parameters
    ----------
    fault_ohm : float
        Resistance of the fault; zero is a bolted fault.
    watch : names of lines, optional
        Lines whose currents are kept; all by default.

    Raises
    ------
    ValueError
        For an unknown node, and for a bolted fault across a capacitor without any resistance.

    Examples
    --------
    A bank of 10 mF at 50 V behind 5 mOhm and 1 uH, see `capacitor_discharge`: 3.6 kA.

    >>> from rackwright.rack.power.protection.network import FaultBuilder
    >>> build = FaultBuilder()
    >>> build.node("bank"); build.node("tray")
    >>> build.capacitor("caps", "bank", farad=0.01, esr_ohm=1e-3, volt=50.0)
    >>> build.line("bar", "bank", "tray", ohm=4e-3, henry=1e-6)
    >>> round(fault_current(build.network(), "tray", end_s=2e-3).peak_a)
    3558
    """
    number = network.circuit.number
    if place not in number or place == RETURN:
        raise ValueError(f"no node {place!r} for the fault")
    if not (math.isfinite(fault_ohm) and fault_ohm >= 0 and math.isfinite(end_s) and end_s > 0):
        raise ValueError(f"fault_ohm is {fault_ohm} and end_s {end_s}: zero or more, and above zero")
    if fault_ohm == 0 and any(part.node == place and part.ohm == 0 for part in network.circuit.capacitors):
        raise ValueError(f"a bolted fault at {place!r} shorts a capacitor without resistance: its current has no bound")
    return _Run(network, place, fault_ohm, end_s, drawn_w or {}, watch).solved()


@dataclass
class _Mode:
    """The linear network while nothing switches: rows give currents and, by `slope`, their changes."""

    space: StateSpace
    matrix: Floats
    drive: Floats
    #: Rows and constants of the fault's current and then of each watched line's.
    rows: Floats
    constants: Floats
    row_slopes: Floats
    slope_constants: Floats
    steps: dict[int, tuple[Floats, Floats]] = field(default_factory=dict)

    def step(self, exponent: int) -> tuple[Floats, Floats]:
        """x(t + h) = first @ x + second for h = 2**exponent s: every eighth by its series, the others by squaring.

        Each squaring doubles the rounding, so a step is good to some 1e-13.
        """
        if exponent not in self.steps:
            if (exponent - LEAST) % SQUARED == 0:
                n = len(self.drive)
                grown = np.zeros((n + 1, n + 1))
                grown[:n, :n], grown[:n, n] = self.matrix, self.drive
                whole = expm(grown * 2.0**exponent)
                self.steps[exponent] = (whole[:n, :n], whole[:n, n])
            else:
                turn, push = self.step(exponent - 1)
                self.steps[exponent] = (turn @ turn, turn @ push + push)
        return self.steps[exponent]


class _Run:
    def __init__(
        self,
        network: FaultNetwork,
        place: str,
        fault_ohm: float,
        end_s: float,
        drawn_w: Mapping[str, float],
        watch: Iterable[str] | None,
    ) -> None:
        self.network, self.place, self.fault_ohm, self.end_s = network, place, fault_ohm, end_s
        circuit = network.circuit
        number = circuit.number
        self.at = number[place]
        names = [branch.name for branch in circuit.branches]
        self.watched = names if watch is None else list(watch)
        missing = sorted(set(self.watched) - set(names))
        if missing:
            raise ValueError(f"no line {missing[0]!r} to watch")
        self.rows = np.array([names.index(name) for name in self.watched], np.int64)
        self.diodes = np.array([at for at, name in enumerate(names) if name in network.one_way], np.int64)
        self.supply_at = np.array([number[supply.node] for supply in network.supplies], np.int64)
        self.clamp_at = np.array([number[clamp.node] for clamp in network.clamps], np.int64)
        self.modes: dict[tuple[int, ...], _Mode] = {}
        self.off = [False] * len(network.supplies)
        self.drawn_w = drawn_w
        self.samples: list[tuple[Floats, Floats, Floats]] = []
        self.peak: tuple[float, Floats, tuple[int, ...]] = (-1.0, np.zeros(0), ())
        self.largest = 0.0

    # --- the modes ---------------------------------------------------------------------------------------------------

    def mode(self, key: tuple[int, ...]) -> _Mode:
        if key not in self.modes:
            self.modes[key] = self._built(key)
        return self.modes[key]

    def _built(self, key: tuple[int, ...]) -> _Mode:
        network = self.network
        n = len(network.circuit.nodes)
        shunt, inject = np.zeros(n), np.zeros(n)
        supplies, clamps = len(network.supplies), len(network.clamps)
        for supply, at, how in zip(network.supplies, self.supply_at, key[:supplies], strict=True):
            if how == DROOP:
                shunt[at] += 1 / supply.droop_ohm
                inject[at] += supply.volt / supply.droop_ohm
            elif how == LIMITED:
                inject[at] += supply.limit_a
        for clamp, at, carries in zip(network.clamps, self.clamp_at, key[supplies : supplies + clamps], strict=True):
            shunt[at] += carries / clamp.ohm
        branches = list(network.circuit.branches)
        for at, blocked in zip(self.diodes, key[supplies + clamps :], strict=True):
            if blocked:
                branches[at] = replace(branches[at], ohm=branches[at].ohm + BLOCKED_OHM)
        circuit = replace(network.circuit, branches=tuple(branches))
        shorted = (self.place,) if self.fault_ohm == 0 else ()
        own = inject[self.at]
        if self.fault_ohm > 0:
            shunt[self.at] += 1 / self.fault_ohm
        space = state_space(circuit, shunt_s=shunt, injected_a=inject, shorted=shorted)
        if self.fault_ohm > 0:
            fault_of, fault_at = space.volt_of[self.at] / self.fault_ohm, float(space.volt_at[self.at]) / self.fault_ohm
        else:
            sign = np.array([(branch.second == self.place) * 1.0 - (branch.first == self.place) for branch in branches])
            fault_of, fault_at = sign @ space.branch_of, float(sign @ space.branch_at) + float(own)
            for part, state in zip(circuit.capacitors, space.capacitor_state, strict=True):
                if part.node == self.place:
                    fault_of = fault_of.copy()
                    fault_of[state] += 1 / part.ohm
        solved = np.linalg.solve(space.mass, np.column_stack((space.slope, space.drive)))
        matrix = np.asarray(solved, np.float64)
        rows = np.vstack((np.asarray(fault_of, np.float64)[None, :], space.branch_of[self.rows]))
        constants = np.concatenate(([fault_at], space.branch_at[self.rows]))
        moved, pushed = matrix[:, :-1], matrix[:, -1]
        return _Mode(space, moved, pushed, rows, constants, rows @ moved, rows @ pushed)

    def wanted(self, key: tuple[int, ...], x: Floats) -> tuple[int, ...]:
        """The mode that the network asks for at a state worked out in another one."""
        space = self.mode(key).space
        found: list[int] = []
        volt = space.volt_of @ x + space.volt_at
        for number, (supply, at) in enumerate(zip(self.network.supplies, self.supply_at, strict=True)):
            amps = (supply.volt - volt[at]) / supply.droop_ohm
            slack = SLACK * supply.limit_a
            was = key[number]
            if self.off[number] or amps < (slack if was == RESTS else -slack):
                found.append(RESTS)
            elif amps > supply.limit_a + (-slack if was == LIMITED else slack):
                found.append(LIMITED)
            else:
                found.append(DROOP)
        for number, at in enumerate(self.clamp_at, start=len(found)):
            found.append(int(volt[at] < (SLACK if key[number] else -SLACK) * self.network.highest_v))
        for number, row in enumerate(self.diodes, start=len(found)):
            amps = float(space.branch_of[row] @ x + space.branch_at[row])
            found.append(int(amps < (BLOCKED_SLACK_A if key[number] else -BLOCKED_SLACK_A)))
        return tuple(found)

    def agreed(self, key: tuple[int, ...], block: Floats) -> int:
        """How many states from the first on still want the mode; those that may not are asked one by one."""
        space = self.mode(key).space
        doubt = np.zeros(len(block), np.bool_)
        ways = iter(key)
        for number, (supply, at) in enumerate(zip(self.network.supplies, self.supply_at, strict=True)):
            how, was_off = next(ways), self.off[number]
            amps = (supply.volt - (block @ space.volt_of[at] + space.volt_at[at])) / supply.droop_ohm
            inside = {DROOP: (amps >= 0) & (amps <= supply.limit_a), LIMITED: amps >= supply.limit_a}
            doubt |= ~inside.get(how, (amps <= 0) | was_off)
        for at in self.clamp_at:
            volt = block @ space.volt_of[at] + space.volt_at[at]
            doubt |= (volt > 0) if next(ways) else (volt < 0)
        for row in self.diodes:
            amps = block @ space.branch_of[row] + space.branch_at[row]
            doubt |= (amps > 0) if next(ways) else (amps < 0)
        asked = [int(at) for at in np.flatnonzero(doubt) if at > 0]
        return next((at for at in asked if self.wanted(key, block[at]) != key), len(block))

    def settled(self, key: tuple[int, ...], x: Floats) -> tuple[int, ...]:
        """Follow the wishes until they agree."""
        seen = set()
        while key not in seen:
            seen.add(key)
            asked = self.wanted(key, x)
            if asked == key:
                return key
            key = asked
        return key

    # --- the way through time ----------------------------------------------------------------------------------------

    def start(self) -> tuple[tuple[int, ...], Floats]:
        """The state just after the fault: currents of coils and voltages of capacitors go on."""
        network = self.network
        key = (DROOP,) * len(network.supplies) + (0,) * (len(network.clamps) + len(self.diodes))
        space = self.mode(key).space
        states = len(space.drive)
        x = np.zeros(states)
        branch_a, inside_v = np.zeros(len(network.circuit.branches)), np.array(network.start_v)
        if self.drawn_w:
            branch_a, inside_v = self._loaded()
        for state, volt in zip(space.capacitor_state, inside_v, strict=True):
            if state >= 0:
                x[state] = volt
        coils = space.branch_of[space.inductive]
        if np.any(branch_a):
            moving = np.flatnonzero(np.any(coils != 0, axis=0))
            x[moving] = np.linalg.lstsq(coils[:, moving], branch_a[space.inductive], rcond=None)[0]
        return self.settled(key, x), x

    def _loaded(self) -> tuple[Floats, Floats]:
        """Currents and capacitor voltages at the steady state under the loads."""
        circuit = self.network.circuit
        for node in self.drawn_w:
            if node not in circuit.number:
                raise ValueError(f"no node {node!r} to draw power at")
        extra = [Branch(s.name, RETURN, s.node, s.droop_ohm, 0.0, s.volt) for s in self.network.supplies]
        loads = tuple(Load(f"load at {node}", node, node, watt) for node, watt in self.drawn_w.items())
        point = operating_point(replace(circuit, branches=(*circuit.branches, *extra), loads=loads))
        nodes = np.array([circuit.number[part.node] for part in circuit.capacitors], np.int64)
        return point.branch_a[: len(circuit.branches)], point.volt[nodes]

    def solved(self) -> Fault:
        key, x = self.start()
        time, events = 0.0, 0
        stops = sorted({s.off_s for s in self.network.supplies if s.off_s is not None and s.off_s < self.end_s})
        for stop in [*stops, self.end_s]:
            time, key, x, passed = self.march(time, stop, key, x)
            events += passed
            for number, supply in enumerate(self.network.supplies):
                self.off[number] |= supply.off_s is not None and supply.off_s <= stop
            key = self.settled(key, x)
        return self.answer(events)

    def march(
        self, time: float, stop: float, key: tuple[int, ...], x: Floats
    ) -> tuple[float, tuple[int, ...], Floats, int]:
        """From one instant to another, events in between."""
        exponent, events = FIRST, 0
        while stop - time > 0.5 * FIRST_STEP_S:
            while exponent > FIRST and STEPS_IN_BLOCK * 2.0**exponent > 2 * (stop - time):
                exponent -= 1
            mode = self.mode(key)
            block = self.block(mode, x, exponent, min(STEPS_IN_BLOCK, max(int((stop - time) / 2.0**exponent), 1)))
            bent = self.bend(mode, block, exponent)
            if bent > 8 * CURVE_SHARE and exponent > FIRST:
                exponent -= 1
                continue
            good = self.agreed(key, block)
            times = np.asarray(time + 2.0**exponent * np.arange(good), np.float64)
            self.keep(mode, key, times, block[:good])
            time, x = time + 2.0**exponent * (good - 1), block[good - 1]
            if good < len(block):
                events += 1
                if events > MOST_EVENTS:
                    raise ValueError(f"the network switches more than {MOST_EVENTS} times by {time:g} s")
                time, x, key = self.cross(time, x, key, exponent)
                if len(x) > KEPT_STATES:
                    mode.steps.clear()
                exponent = max(FIRST, exponent - 3)
            elif bent < CURVE_SHARE:
                exponent += 1
        return time, key, x, events

    def block(self, mode: _Mode, x: Floats, exponent: int, steps: int) -> Floats:
        """States at a number of equal steps, the first one included."""
        turn, push = mode.step(exponent)
        block = np.empty((steps + 1, len(x)))
        block[0] = x
        for at in range(steps):
            block[at + 1] = turn @ block[at] + push
        return block

    def bend(self, mode: _Mode, block: Floats, exponent: int) -> float:
        """How far the cubics through every second sample miss the samples between, over the largest current."""
        current = block @ mode.rows[0] + mode.constants[0]
        slope = block @ mode.row_slopes[0] + mode.slope_constants[0]
        self.largest = max(self.largest, float(np.max(np.abs(current))), 1e-9)
        if len(block) < 3:
            return 2 * CURVE_SHARE
        whole = 2 * 2.0**exponent
        ends = slice(0, len(block) - (1 - len(block) % 2), 2)
        a, da, middle = current[ends], slope[ends], current[1 : len(block) - (1 - len(block) % 2) : 2]
        guess = 0.5 * (a[:-1] + a[1:]) + whole / 8 * (da[:-1] - da[1:])
        return float(np.max(np.abs(guess - middle[: len(guess)]))) / self.largest

    def keep(self, mode: _Mode, key: tuple[int, ...], times: Floats, block: Floats) -> None:
        """Note currents, and the state at the largest fault current so far."""
        current = block @ mode.rows.T + mode.constants
        self.samples.append((times, current, block @ mode.row_slopes.T + mode.slope_constants))
        at = int(np.argmax(np.abs(current[:, 0])))
        if abs(current[at, 0]) > self.peak[0]:
            self.peak = (abs(float(current[at, 0])), block[at].copy(), key)

    def cross(
        self, time: float, x: Floats, key: tuple[int, ...], exponent: int
    ) -> tuple[float, Floats, tuple[int, ...]]:
        """Walk up to an event by halved steps, then over it by the last, smallest one."""
        mode = self.mode(key)
        for smaller in range(exponent - 1, LEAST - 1, -1):
            turn, push = mode.step(smaller)
            beyond = turn @ x + push
            if self.wanted(key, beyond) == key:
                time, x = time + 2.0**smaller, beyond
        turn, push = mode.step(LEAST)
        time, x = time + 2.0**LEAST, turn @ x + push
        self.keep(mode, key, np.array([time]), x[None, :])
        return time, x, self.settled(key, x)

    # --- the answer --------------------------------------------------------------------------------------------------

    def answer(self, events: int) -> Fault:
        times, current, slope = (np.concatenate(parts) for parts in zip(*self.samples, strict=True))
        fault, *lines = (Wave(times, current[:, at], slope[:, at]) for at in range(current.shape[1]))
        through = dict(zip(self.watched, lines, strict=True))
        return Fault(self.place, fault, through, self.shares(), events, self.network.highest_v)

    def shares(self) -> tuple[Contribution, ...]:
        """Currents out of every source at the peak; they sum to the fault's."""
        _, x, key = self.peak
        mode = self.mode(key)
        space, circuit = mode.space, self.network.circuit
        volt = space.volt_of @ x + space.volt_at
        moved = mode.matrix @ x + mode.drive
        found = []
        amps = space.branch_of @ x + space.branch_at
        for branch, current in zip(circuit.branches, amps, strict=True):
            if RETURN in (branch.first, branch.second):
                found.append(
                    Contribution(branch.name, "battery", float(current) * (1 if branch.first == RETURN else -1))
                )
        for part, state in zip(circuit.capacitors, space.capacitor_state, strict=True):
            found.append(Contribution(part.name, "capacitor", -part.farad * float(moved[state])))
        for supply, at, how in zip(self.network.supplies, self.supply_at, key, strict=False):
            gives = {DROOP: (supply.volt - volt[at]) / supply.droop_ohm, LIMITED: supply.limit_a, RESTS: 0.0}[how]
            found.append(Contribution(supply.name, "supply", float(gives)))
        first = len(self.network.supplies)
        for number, (clamp, at) in enumerate(zip(self.network.clamps, self.clamp_at, strict=True), start=first):
            found.append(Contribution(clamp.name, "clamp", -float(volt[at]) / clamp.ohm * key[number]))
        return tuple(sorted(found, key=lambda one: -abs(one.at_peak_a)))
