"""Whether the device next to a fault is done before any device above it begins: pair by pair, on the true currents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rackwright.rack.power.protection.devices import Cleared, Device, ElectronicBreaker, Fuse, device_findings
from rackwright.rack.power.protection.faults import Fault, fault_current
from rackwright.rack.power.protection.finding import ProtectionFinding, at_most
from rackwright.rack.power.protection.network import FaultNetwork
from rackwright.rack.power.protection.wave import Wave


@dataclass(frozen=True, slots=True)
class Placed:
    """A device in a line of the network; what its line bears, where somebody said so. [A2s]"""

    device: Device
    line: str
    bears_a2s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ChainStudy:
    """A fault, what each device of the chain does with its own current, and the findings."""

    fault: Fault
    cleared: tuple[Cleared, ...]
    findings: tuple[ProtectionFinding, ...]


def study_chain(
    network: FaultNetwork,
    place: str,
    chain: Sequence[Placed],
    *,
    end_s: float = 0.05,
    fault_ohm: float = 0.0,
    system_v: float | None = None,
) -> ChainStudy:
    """A fault below a chain of devices, the most upstream first: every device's limits and the selectivity of each pair.

    Each device sees its own line's current, so sources between two devices (a rack's capacitors behind its breaker)
    count where they are. Currents are prospective: a device that has cleared does not lower the others' currents.
    Curves at steady currents are compared up to what still flows at `end_s`.
    """
    found = fault_current(network, place, fault_ohm=fault_ohm, end_s=end_s, watch=[placed.line for placed in chain])
    waves = [found.through(placed.line) for placed in chain]
    volts = found.highest_v if system_v is None else system_v
    findings: list[ProtectionFinding] = []
    for placed, wave in zip(chain, waves, strict=True):
        findings.extend(device_findings(placed.device, wave, system_v=volts, bears_a2s=placed.bears_a2s))
    for upper, lower in combinations(range(len(chain)), 2):
        findings.append(selective(chain[upper].device, chain[lower].device, waves[upper], waves[lower]))
        findings.append(curves_apart(chain[upper].device, chain[lower].device, abs(waves[lower].last_a)))
    cleared = tuple(placed.device.cleared(wave) for placed, wave in zip(chain, waves, strict=True))
    return ChainStudy(found, cleared, tuple(findings))


def selective(upstream: Device, downstream: Device, through_upper: Wave, through_lower: Wave) -> ProtectionFinding:
    """In one short circuit: what reaches the upper device until the lower one is done, against what starts the upper.

    An upper fuse: I2t against its melting I2t (with one current through both and a fuse below this is the rule total
    clearing below < melting above). An upper breaker: highest current against its trip, and with a holding time
    whether the current stands above it for that long.
    """
    name = f"{downstream.name} before {upstream.name}"
    done = downstream.cleared(through_lower)
    if not done.opens or done.clears_s is None:
        text = f"{downstream.name}: {done.text}"
        return ProtectionFinding(name, None if done.opens is None else False, None, None, "", upstream.standing, text)
    until = done.clears_s
    if isinstance(upstream, Fuse):
        beyond = max(until - through_upper.end_s, 0.0) * through_upper.last_a**2
        value = through_upper.i2t_a2s(until) + beyond
        text = f"I2t until {downstream.name} is off against melting I2t of {upstream.name}"
        return at_most(name, value, upstream.melting_a2s, "A2s", upstream.standing, text, strictly=True)
    most = through_upper.most_a(until)
    text = f"highest current until {downstream.name} is off against the trip of {upstream.name}"
    plain = at_most(name, most, upstream.trip_a, "A", upstream.standing, text, strictly=True)
    if plain.holds or upstream.hold_s == 0:
        return plain
    trips = through_upper.stands_s(upstream.trip_a, upstream.hold_s)
    text = f"time until {downstream.name} is off against the time at which {upstream.name} would trip"
    holds = trips is None or until < trips
    return ProtectionFinding(name, holds, until, trips, "s", upstream.standing, text)


def curves_apart(
    upstream: Device, downstream: Device, most_a: float, *, least_ratio: float = 1.0, points: int = 60
) -> ProtectionFinding:
    """Overload, at steady currents: the lower device is off before the upper one starts, all the way to `most_a`.

    The value is the smallest ratio of the upper's time to the lower's, over currents at which the upper one opens.
    Not told (None) where the upper device would open and the lower one's data say nothing.
    """
    name = f"{downstream.name} before {upstream.name}, steady currents"
    start = max(1.05 * downstream.rated_a, 1e-9)
    if most_a <= start:
        return ProtectionFinding(name, True, None, least_ratio, "", upstream.standing, "no current above its rating")
    worst, where = np.inf, start
    for current in np.geomspace(start, most_a, points):
        upper = upstream.opens_after_s(float(current))
        if upper is None:
            continue
        lower = downstream.longest_s(float(current))
        if lower is None:
            text = f"at {current:.4g} A {upstream.name} opens after {upper:.3g} s; {downstream.name} has no curve there"
            return ProtectionFinding(name, None, None, least_ratio, "", upstream.standing, text)
        ratio = upper / max(lower, 1e-12)
        if ratio < worst:
            worst, where = ratio, float(current)
    if np.isinf(worst):
        text = f"{upstream.name} has no curve or opens at none of these currents"
        known = isinstance(upstream, ElectronicBreaker) or bool(upstream.curve)
        return ProtectionFinding(name, True if known else None, None, least_ratio, "", upstream.standing, text)
    text = f"upper's time over lower's, least at {where:.4g} A"
    return ProtectionFinding(name, bool(worst > least_ratio), float(worst), least_ratio, "", upstream.standing, text)
