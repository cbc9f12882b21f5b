"""An upper estimate of a direct-current arc's energy by maximum power, and when it says nothing.

IEEE 1584 does not cover direct current, and NFPA 70E has no table for 600 to 1,000 V; what is left is the circuit's own
bound: no arc takes more than the source can give at its best point (D. R. Doan, Arc Flash Calculations for Exposures to
DC Systems, IEEE Trans. Industry Applications 46 (6), 2010: half the voltage, half the current).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rackwright.rack.power.protection.finding import ProtectionFinding, at_most
from rackwright.rack.power.protection.network import FaultNetwork

#: Joules in a calorie.
CALORIE_J = 4.184
#: Onset of a second-degree burn on bare skin, 1.2 cal/cm2 (NFPA 70E; from knowledge, not opened).
BURN_J_CM2 = 1.2 * CALORIE_J
#: Beyond two seconds a person has moved away (usual assumption of NFPA 70E's tables).
LONGEST_S = 2.0


@dataclass(frozen=True, slots=True)
class ArcEnergy:
    """Upper estimate of an arc: power, energy over its time, energy at the working distance, and the burn's boundary."""

    power_w: float
    energy_j: float
    incident_j_cm2: float
    boundary_m: float
    time_s: float

    @property
    def incident_cal_cm2(self) -> float:
        """In the unit of the protective clothing's tables."""
        return self.incident_j_cm2 / CALORIE_J


def most_arc_power_w(volt: float, ohm: float, limit_a: float | None = None) -> float:
    """The most that a resistive arc can draw from a source: V^2 / (4 R), or at the limit of a limited one.

    A supply at its current limit holds almost its whole voltage until it is there: its best point is
    (V - R I_limit) I_limit, which can be four times what V^2 / (4 R) says with R taken from V / I_limit.

    >>> most_arc_power_w(800.0, 0.08)
    2000000.0
    >>> most_arc_power_w(800.0, 0.008, limit_a=1000.0)
    792000.0
    """
    if not (volt > 0 and ohm > 0):
        raise ValueError(f"an arc needs a source with volt and ohm above zero, not {volt}, {ohm}")
    if limit_a is None or limit_a >= volt / (2 * ohm):
        return volt**2 / (4 * ohm)
    return (volt - ohm * limit_a) * limit_a


def arc_energy(
    *,
    power_w: float,
    time_s: float,
    distance_m: float,
    stored_j: float = 0.0,
    enclosure_factor: float = 1.0,
    longest_s: float = LONGEST_S,
) -> ArcEnergy:
    """Energy of an arc of constant power until it is cut off, and what arrives at a distance.

    Point source: E / (4 pi d^2), times `enclosure_factor` for an arc in a box (3 is used with Doan's method). All of
    `stored_j`, the capacitors' energy behind the fault, is taken to burn in the arc.

    Limits: an upper estimate. A real arc between given electrodes has its own voltage and takes less; whether it burns
    at all at 50 V over a gap is not asked. Nothing is said on pressure, light, or molten metal.

    Examples
    --------
    2 MW for 0.1 s at 0.455 m: 200 kJ over 2.6 m2 are 7.7 J/cm2, 1.8 cal/cm2.

    >>> found = arc_energy(power_w=2e6, time_s=0.1, distance_m=0.455)
    >>> round(found.incident_j_cm2, 2), round(found.incident_cal_cm2, 2)
    (7.69, 1.84)
    """
    for name, value in {"power_w": power_w, "time_s": time_s, "stored_j": stored_j}.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value}, not a finite number of zero or more")
    if not (distance_m > 0 and enclosure_factor >= 1):
        raise ValueError(
            f"distance_m is {distance_m} and enclosure_factor {enclosure_factor}: above zero, and 1 or more"
        )
    seconds = min(time_s, longest_s)
    energy = power_w * seconds + stored_j
    incident = enclosure_factor * energy / (4 * math.pi * (100 * distance_m) ** 2)
    boundary = math.sqrt(enclosure_factor * energy / (4 * math.pi * BURN_J_CM2)) / 100
    return ArcEnergy(power_w, energy, incident, boundary, seconds)


def arc_bounds(network: FaultNetwork) -> tuple[float, float]:
    """The most that all sources of a network together can give an arc, and what its capacitors hold: (W, J).

    Lines are taken without resistance and every source at its own best point, so it is a bound for any place; near the
    end of a thin line the true figure is far below it.

    >>> from rackwright.rack.power.protection.network import FaultBuilder
    >>> build = FaultBuilder()
    >>> build.node("bar")
    >>> build.supply("shelf", "bar", volt=50.0, droop_ohm=1e-3, limit_a=700.0, farad=0.02, esr_ohm=1e-3)
    >>> arc_bounds(build.network())
    (34510.0, 25.0)
    """
    power = sum(most_arc_power_w(one.volt, one.droop_ohm, one.limit_a) for one in network.supplies)
    power += sum(most_arc_power_w(one.emf_v, one.ohm) for one in network.circuit.branches if one.emf_v > 0)
    parts = zip(network.circuit.capacitors, network.start_v, strict=True)
    return power, sum(0.5 * part.farad * volt**2 for part, volt in parts)


def doan_incident_cal_cm2(*, volt: float, bolted_a: float, time_s: float, distance_cm: float) -> float:
    """The printed form of the method: 0.01 V (I_bolted / 2) t / d^2, in cal/cm2 with d in cm.

    0.01 stands for 1 / (2 x 4 pi x 4.184) = 0.00951, so it lies 5.2 % above `arc_energy`. The coefficient is from
    knowledge of NFPA 70E's annex D; the annex was not opened.
    """
    return 0.01 * volt * 0.5 * bolted_a * time_s / distance_cm**2


def arc_finding(
    name: str,
    *,
    power_w: float | None,
    time_s: float | None,
    distance_m: float | None,
    stored_j: float = 0.0,
    enclosure_factor: float = 1.0,
    most_j_cm2: float | None = None,
    standing: str = "user",
) -> ProtectionFinding:
    """Incident energy against a limit (the clothing's rating); "not modelled" where an input is missing."""
    inputs = {"power_w": power_w, "time_s": time_s, "distance_m": distance_m}
    missing = [what for what, value in inputs.items() if value is None]
    if power_w is None or time_s is None or distance_m is None:
        text = f"not modelled: {', '.join(missing)} not given; IEEE 1584 does not cover direct current"
        return ProtectionFinding(name, None, None, most_j_cm2, "J/cm2", standing, text)
    found = arc_energy(
        power_w=power_w, time_s=time_s, distance_m=distance_m, stored_j=stored_j, enclosure_factor=enclosure_factor
    )
    text = (
        f"upper estimate by maximum power: {found.incident_cal_cm2:.3g} cal/cm2 at {distance_m:.3g} m after "
        f"{found.time_s:.3g} s; 1.2 cal/cm2 within {found.boundary_m:.3g} m"
    )
    return at_most(name, found.incident_j_cm2, most_j_cm2, "J/cm2", standing, text)
