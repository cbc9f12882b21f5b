"""Earthing of +/-400 V and 800 V: the first earth fault, how it is seen, the second one, what a person may touch.

The network is two poles with insulation (resistance and capacitance) to earth and, where there is one, a connection of
one point of the system to earth. Steady currents are those of that circuit exactly: every connection is a conductance
to one earth potential.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rackwright.rack.power.protection.finding import ProtectionFinding, at_most

#: The point of the system that is connected to earth.
POINTS = ("mid-point", "negative", "none")

#: Conventional limits, from knowledge of IEC 60364-4-41 (not opened): lasting touch voltage for smooth direct current.
TOUCH_V = 120.0
#: Guide value for the threshold of insulation monitoring per volt of the system: 50 ohm/V, from IEC 60364-5-53 as a
#: maker of such devices quotes it (Bender, technical aspects of insulation monitoring).
MONITOR_OHM_PER_V = 50.0
#: Capacitance of plain cable to earth, the same maker's "approximately" (150 pF per metre).
CABLE_F_M = 150e-12
#: Time constants (R C) that a monitor waits before it trusts its reading (assumed).
MONITOR_SETTLES = 5.0


@dataclass(frozen=True, slots=True)
class Earthing:
    """One system of earthing.

    `upper_v` and `lower_v` are the poles against the mid-point (or the system's own zero): 400 and -400, or 800 and 0
    with `point` "negative". `earth_ohm` is the connection's resistance, path and electrode included; a solid one has
    milliohms, a high-resistance one kiloohms. Insulation and capacitance are per pole.

    `monitor_ohm` and `monitor_s`: insulation monitoring, its threshold and its own response time. `relay_a`: an earth
    current that trips or alarms, in the connection to earth.
    """

    name: str
    upper_v: float
    lower_v: float
    point: str
    earth_ohm: float = math.inf
    insulation_ohm: float = 10e6
    capacitance_f: float = 0.0
    monitor_ohm: float | None = None
    monitor_s: float = 10.0
    relay_a: float | None = None
    standing: str = "assumed"

    def __post_init__(self) -> None:
        if self.point not in POINTS:
            raise ValueError(f"{self.name}: point is {self.point!r}, not one of {', '.join(POINTS)}")
        if self.upper_v <= self.lower_v or not self.insulation_ohm > 0 or not self.earth_ohm > 0:
            raise ValueError(f"{self.name}: upper_v above lower_v, insulation_ohm and earth_ohm above zero")

    @property
    def between_v(self) -> float:
        """Pole to pole."""
        return self.upper_v - self.lower_v

    @property
    def point_v(self) -> float | None:
        """Potential of the point that is connected to earth; None for a floating system."""
        return {"mid-point": 0.0, "negative": self.lower_v, "none": None}[self.point]


@dataclass(frozen=True, slots=True)
class EarthFault:
    """The first earth fault. Voltages are against earth."""

    earthing: str
    pole: str
    fault_ohm: float
    fault_a: float
    upper_to_earth_v: float
    lower_to_earth_v: float
    #: The healthy pole's voltage to earth: what its insulation has to bear.
    healthy_v: float
    #: Current in the system's connection to earth.
    connection_a: float
    #: Energy that the poles' capacitances shift through the fault in its first instant, and their charge's time constant.
    capacitive_j: float
    capacitive_s: float
    #: Voltage of the faulted frame against earth, where its own earth resistance is known.
    frame_v: float | None
    #: "relay", "monitor" or None: what sees it, and after how long (None: not seen, or at once by the protection).
    seen_by: str | None
    seen_after_s: float | None


def first_fault(
    earthing: Earthing, pole: str = "upper", *, fault_ohm: float = 0.0, frame_ohm: float | None = None
) -> EarthFault:
    """One pole to earth through `fault_ohm`.

    Parameters
    ----------
    frame_ohm : float, optional
        Resistance from the faulted frame to earth (protective conductor), in series with the fault; without it the
        frame's voltage is not told.

    Notes
    -----
    With conductances G to one earth: its potential without the fault is u = sum(G v) / sum(G), behind the resistance
    1 / sum(G). The fault's current is (v_pole - u) / (R_fault + 1 / sum(G)) (Thevenin).

    Examples
    --------
    Floating 800 V, 10 MOhm of insulation a pole: a bolted fault draws 80 uA and puts the healthy pole at 800 V.

    >>> found = first_fault(Earthing("floating", 800.0, 0.0, "none"))
    >>> round(found.healthy_v, 3), round(found.fault_a * 1e6)
    (800.0, 80)
    """
    if pole not in ("upper", "lower"):
        raise ValueError(f"pole is {pole!r}, not 'upper' or 'lower'")
    total_ohm = fault_ohm + (frame_ohm or 0.0)
    before, inner_ohm = _earth(earthing)
    pole_v = earthing.upper_v if pole == "upper" else earthing.lower_v
    current = (pole_v - before) / (inner_ohm + total_ohm)
    after = before + inner_ohm * current
    joint = inner_ohm * total_ohm / (inner_ohm + total_ohm)
    seen_by, seen_s = _seen(earthing, after, total_ohm)
    return EarthFault(
        earthing=earthing.name,
        pole=pole,
        fault_ohm=fault_ohm,
        fault_a=abs(current),
        upper_to_earth_v=earthing.upper_v - after,
        lower_to_earth_v=earthing.lower_v - after,
        healthy_v=abs((earthing.lower_v if pole == "upper" else earthing.upper_v) - after),
        connection_a=_connection_a(earthing, after),
        capacitive_j=0.5 * 2 * earthing.capacitance_f * (after - before) ** 2,
        capacitive_s=2 * earthing.capacitance_f * joint,
        frame_v=None if frame_ohm is None else abs(current) * frame_ohm,
        seen_by=seen_by,
        seen_after_s=seen_s,
    )


@dataclass(frozen=True, slots=True)
class SecondFault:
    """A second earth fault on the other pole while the first one stays: pole to pole through earth."""

    current_a: float
    #: Voltages of the two faulted frames against earth; they share the system's voltage by their resistances.
    frame_v: tuple[float, float]


def second_fault(earthing: Earthing, *, first_ohm: float, second_ohm: float, loop_ohm: float = 0.0) -> SecondFault:
    """Steady current pole to pole through both faults, with `loop_ohm` for lines and sources.

    Leakage through insulation and the connection to earth is left out (milliamperes beside kiloamperes). A source with
    a limit gives no more than it; take the network's `fault_current` with `fault_ohm` = first + second for its peak.

    >>> second_fault(Earthing("floating", 800.0, 0.0, "none"), first_ohm=0.1, second_ohm=0.1).current_a
    4000.0
    """
    total = first_ohm + second_ohm + loop_ohm
    if not total > 0:
        raise ValueError("a second earth fault needs some resistance: faults and loop are all zero")
    current = earthing.between_v / total
    return SecondFault(current, (current * first_ohm, current * second_ohm))


def body_current_a(earthing: Earthing, pole: str = "upper", *, body_ohm: float = 1000.0) -> float:
    """Lasting current through somebody who touches a pole and stands on earth; 1 kOhm is assumed.

    The first instant, when the poles' capacitances recharge through the body, is `first_fault(...).capacitive_j`.

    >>> solid = Earthing("solid", 400.0, -400.0, "mid-point", earth_ohm=0.1)
    >>> round(body_current_a(solid), 3)
    0.4
    """
    return first_fault(earthing, pole, fault_ohm=body_ohm).fault_a


def leakage_capacitance_f(
    length_m: float, *, filters: int = 0, filter_f: float = 0.0, per_metre_f: float = CABLE_F_M
) -> float:
    """Capacitance of one pole to earth: cable and interference filters.

    >>> round(leakage_capacitance_f(200.0, filters=18, filter_f=100e-9) * 1e6, 2)
    1.83
    """
    return length_m * per_metre_f + filters * filter_f


def earthing_findings(
    earthing: Earthing,
    *,
    insulation_rated_v: float | None = None,
    fault_ohm: float = 0.0,
    frame_ohm: float | None = None,
    touch_v: float = TOUCH_V,
    touch_standing: str = "accepted standard",
) -> tuple[ProtectionFinding, ...]:
    """The first fault on either pole: healthy pole's insulation, whether it is seen, the frame's touch voltage."""
    found = []
    for pole in ("upper", "lower"):
        fault = first_fault(earthing, pole, fault_ohm=fault_ohm, frame_ohm=frame_ohm)
        what = f"{earthing.name}, {pole} pole to earth"
        text = "the healthy pole's voltage to earth against its insulation's rating"
        found.append(at_most(f"{what}: insulation", fault.healthy_v, insulation_rated_v, "V", "user", text))
        found.append(_seen_finding(earthing, fault, what))
        text = "the faulted frame's voltage while the fault stays"
        if fault.frame_v is None:
            text = "not told: the resistance from the frame to earth is not given"
        found.append(at_most(f"{what}: touch voltage", fault.frame_v, touch_v, "V", touch_standing, text))
    return tuple(found)


def lost_pole_findings(
    half_w: tuple[float, float], *, pole_v: float, neutral_rating_a: float | None, between_w: float = 0.0
) -> tuple[ProtectionFinding, ...]:
    """The mid-point wire of +/- systems: with both poles it carries the difference, with one lost all of the other.

    Stiff poles, no drop (`architectures_bipolar.bipolar` has the drops); loads between the poles are then off.

    >>> found = lost_pole_findings((100e3, 90e3), pole_v=400.0, neutral_rating_a=100.0)
    >>> [(one.value, one.holds) for one in found]
    [(25.0, True), (225.0, False), (250.0, False)]
    """
    upper, lower = (power / pole_v for power in half_w)
    text = "current of the mid-point wire against its rating"
    if between_w > 0:
        text += f"; the {between_w / 1e3:.4g} kW between the poles are lost with a pole"
    cases = {
        "both poles": abs(upper - lower),
        "upper pole lost": lower,
        "lower pole lost": upper,
    }
    return tuple(
        at_most(f"mid-point, {what}", amps, neutral_rating_a, "A", "user", text) for what, amps in cases.items()
    )


def _earth(earthing: Earthing) -> tuple[float, float]:
    """Potential of earth against the system's zero without a fault, and the resistance behind it."""
    ends = [(earthing.upper_v, earthing.insulation_ohm), (earthing.lower_v, earthing.insulation_ohm)]
    if earthing.point_v is not None:
        ends.append((earthing.point_v, earthing.earth_ohm))
    joint_s = sum(1 / ohm for _, ohm in ends)
    return sum(volt / ohm for volt, ohm in ends) / joint_s, 1 / joint_s


def _connection_a(earthing: Earthing, earth_v: float) -> float:
    return 0.0 if earthing.point_v is None else abs(earthing.point_v - earth_v) / earthing.earth_ohm


def _seen(earthing: Earthing, earth_v: float, fault_ohm: float) -> tuple[str | None, float | None]:
    if earthing.relay_a is not None and _connection_a(earthing, earth_v) >= earthing.relay_a:
        return "relay", None
    if earthing.monitor_ohm is not None and earthing.point == "none":
        insulation = 0.5 * earthing.insulation_ohm * fault_ohm / (0.5 * earthing.insulation_ohm + fault_ohm)
        if insulation <= earthing.monitor_ohm:
            settles = MONITOR_SETTLES * 2 * earthing.capacitance_f * insulation
            return "monitor", max(earthing.monitor_s, settles)
    return None, None


def _seen_finding(earthing: Earthing, fault: EarthFault, what: str) -> ProtectionFinding:
    if earthing.relay_a is None and earthing.monitor_ohm is None:
        text = "not told: neither an earth current relay nor insulation monitoring is given"
        return ProtectionFinding(f"{what}: seen", None, fault.fault_a, None, "A", earthing.standing, text)
    text = {
        "relay": f"{fault.connection_a:.4g} A in the connection to earth",
        "monitor": f"insulation monitoring within {fault.seen_after_s or 0.0:.3g} s",
        None: f"{fault.connection_a:.4g} A in the connection to earth are not seen",
    }[fault.seen_by]
    return ProtectionFinding(
        f"{what}: seen", fault.seen_by is not None, fault.connection_a, earthing.relay_a, "A", earthing.standing, text
    )
