"""A network declared element by element, by name, in SI units."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rackwright.rack.cooling.hydraulics.laws import FRICTION_LAWS, joint
from rackwright.rack.cooling.hydraulics.network import Kind, Law, Link, Network, Node, Rule, freeze

#: Density at which a valve's Kv is stated. [kg/m3]
KV_DENSITY = 1000.0
#: Roughness is divided by this times the diameter, by friction law.
ROUGH_DIVISOR = {"epanet": 3.7, "colebrook": 3.7, "churchill": 3.7, "nikuradse": 3.71, "swamee-jain": 3.7}
#: Velocity and pressure drop of a first guess.
GUESS_M_S, GUESS_PA = 0.5, 2e4
FOOT_M = 0.3048
STATUSES = ("active", "open", "closed")


@dataclass
class NetworkBuilder:
    """Collects nodes and links by name. Pressures in Pa, mass flows in kg/s, lengths in m.

    >>> build = NetworkBuilder()
    >>> build.fixed("tank", pressure_pa=1e5)
    >>> build.junction("tap", demand_kg_s=0.5)
    >>> build.pipe("main", "tank", "tap", length_m=10.0, diameter_m=0.05, roughness_m=1e-5)
    >>> build.network().links
    ('main',)
    """

    law: str = "epanet"
    _nodes: dict[str, Node] = field(default_factory=dict)
    _links: dict[str, Link] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.law not in FRICTION_LAWS:
            raise ValueError(f"friction law {self.law!r} is none of {', '.join(FRICTION_LAWS)}")

    def junction(self, name: str, *, elevation_m: float = 0.0, demand_kg_s: float = 0.0) -> None:
        """A node whose pressure is sought; `demand_kg_s` leaves the network there."""
        self._node(name, elevation_m, demand_kg_s, None)

    def fixed(self, name: str, *, pressure_pa: float, elevation_m: float = 0.0) -> None:
        """A node whose pressure is given: reservoir, tank, expansion vessel."""
        self._node(name, elevation_m, 0.0, pressure_pa)

    def _node(self, name: str, elevation_m: float, demand_kg_s: float, pressure_pa: float | None) -> None:
        if name in self._nodes:
            raise ValueError(f"node {name!r} is there twice")
        _finite(name, elevation_m=elevation_m, demand_kg_s=demand_kg_s, pressure_pa=pressure_pa or 0.0)
        self._nodes[name] = Node(elevation_m, demand_kg_s, pressure_pa)

    def _link(self, name: str, link: Link) -> None:
        if name in self._links:
            raise ValueError(f"link {name!r} is there twice")
        if link.first == link.second:
            raise ValueError(f"link {name!r} joins node {link.first!r} to itself")
        self._links[name] = link

    def pipe(
        self,
        name: str,
        first: str,
        second: str,
        *,
        length_m: float,
        diameter_m: float,
        roughness_m: float = 0.0,
        hazen_williams: float | None = None,
        minor_k: float = 0.0,
        check: bool = False,
    ) -> None:
        """A pipe by Darcy and Weisbach with the network's friction law, or by Hazen and Williams' coefficient.

        drop = (f L/D + K) m|m| / (2 rho A^2), or 10.667 L / (C^1.852 D^4.871) Q^1.852 metres (EPANET's constants).
        """
        _positive(name, length_m=length_m, diameter_m=diameter_m)
        _not_negative(name, roughness_m=roughness_m, minor_k=minor_k)
        area_m2 = math.pi / 4 * diameter_m**2
        guess = 1000.0 * GUESS_M_S * area_m2
        kinetic = 1 / (2 * area_m2**2)
        if hazen_williams is not None:
            _positive(name, hazen_williams=hazen_williams)
            # 4.727 in feet and cubic feet per second
            head = 4.727 * (length_m / FOOT_M) / (hazen_williams**1.852 * (diameter_m / FOOT_M) ** 4.871)
            resistance = head * FOOT_M / FOOT_M ** (3 * 1.852)
            slots: tuple[float, ...] = (resistance, kinetic, minor_k)
            self._link(name, Link(first, second, Kind.HAZEN_WILLIAMS, slots, guess, check))
            return
        rough = roughness_m / (ROUGH_DIVISOR[self.law] * diameter_m)
        slots = (length_m / diameter_m, kinetic, minor_k, 4 / (math.pi * diameter_m), rough, *joint(self.law, rough))
        self._link(name, Link(first, second, Kind.DARCY, slots, guess, check))

    def curve(
        self,
        name: str,
        first: str,
        second: str,
        *,
        linear_pa_s_m3: float = 0.0,
        quadratic_pa_s2_m6: float = 0.0,
        kinetic_m4: float = 0.0,
        check: bool = False,
    ) -> None:
        """A drop of linear V + (quadratic + kinetic rho) V|V|, V being the volume flow."""
        _not_negative(name, linear=linear_pa_s_m3, quadratic=quadratic_pa_s2_m6, kinetic=kinetic_m4)
        square = quadratic_pa_s2_m6 + 1000.0 * kinetic_m4
        if linear_pa_s_m3 + square <= 0:
            raise ValueError(f"link {name!r} has no resistance at all")
        guess = 1000.0 * (math.sqrt(GUESS_PA / square) if square > 0 else GUESS_PA / linear_pa_s_m3)
        slots = (linear_pa_s_m3, quadratic_pa_s2_m6, kinetic_m4)
        self._link(name, Link(first, second, Kind.CURVE, slots, guess, check))

    def kv(self, name: str, first: str, second: str, *, kv_m3_h: float, check: bool = False) -> None:
        """A valve or coupling by its Kv: drop [bar] = rho / 1000 (V [m3/h] / Kv)^2."""
        _positive(name, kv_m3_h=kv_m3_h)
        kinetic = 1e5 / KV_DENSITY * (3600.0 / kv_m3_h) ** 2
        self.curve(name, first, second, kinetic_m4=kinetic, check=check)

    def power(
        self, name: str, first: str, second: str, *, coefficient: float, exponent: float, check: bool = False
    ) -> None:
        """A drop of coefficient |V|^exponent with the flow's sign; exponent from 1 to 3."""
        _positive(name, coefficient=coefficient)
        if not 1 <= exponent <= 3:
            raise ValueError(f"link {name!r}: exponent {exponent} is not between 1 and 3")
        guess = 1000.0 * (GUESS_PA / coefficient) ** (1 / exponent)
        self._link(name, Link(first, second, Kind.POWER, (coefficient, exponent), guess, check))

    def table(
        self, name: str, first: str, second: str, *, flows_m3_s: Sequence[float], drops_pa: Sequence[float]
    ) -> None:
        """A drop straight between points of rising flow; the same backwards; the last slope holds beyond."""
        points = _points(name, flows_m3_s, drops_pa, falling=False)
        self._link(name, Link(first, second, Kind.TABLE, (), 500.0 * points[0][-1], points=points))

    def pump(
        self,
        name: str,
        first: str,
        second: str,
        *,
        shutoff_pa: float | None = None,
        falloff: float = 0.0,
        exponent: float = 2.0,
        flows_m3_s: Sequence[float] | None = None,
        rises_pa: Sequence[float] | None = None,
        power_w: float | None = None,
        speed: float = 1.0,
    ) -> None:
        """A pump that lifts from `first` to `second` and lets nothing back; affinity laws by `speed`.

        rise = speed^2 shutoff - falloff speed^(2 - n) V^n, or straight between points, or constant hydraulic power.
        """
        _not_negative(name, speed=speed)
        if power_w is not None:
            _positive(name, power_w=power_w)
            link = Link(first, second, Kind.PUMP_POWER, (power_w,), 1000.0 * power_w / 2e5, True, speed=speed)
        elif flows_m3_s is not None and rises_pa is not None:
            points = _points(name, flows_m3_s, rises_pa, falling=True)
            link = Link(first, second, Kind.PUMP_TABLE, (), 500.0 * points[0][-1], True, points=points, speed=speed)
        elif shutoff_pa is not None:
            _positive(name, shutoff_pa=shutoff_pa, falloff=falloff, exponent=exponent)
            guess = 1000.0 * (0.5 * shutoff_pa / falloff) ** (1 / exponent)
            link = Link(first, second, Kind.PUMP, (shutoff_pa, falloff, exponent), guess, True, speed=speed)
        else:
            raise ValueError(f"pump {name!r} needs a curve: shutoff_pa, or flows_m3_s and rises_pa, or power_w")
        self._link(name, link)

    def valve(
        self,
        name: str,
        first: str,
        second: str,
        *,
        kind: str,
        setting: float,
        diameter_m: float = 0.3,
        minor_k: float = 0.0,
        least_drop_pa: float = 0.0,
        kv_m3_h: float | None = None,
        status: str = "active",
    ) -> None:
        """A regulating valve: prv, psv, pbv (setting in Pa), fcv, picv (kg/s), tcv (loss coefficient).

        A picv (pressure-independent control valve) is an fcv whose open valve takes `least_drop_pa` at its setting: below
        that it no longer holds its flow. `status` open or closed overrides the setting.
        """
        rule = _rule(name, kind)
        if status not in STATUSES:
            raise ValueError(f"valve {name!r}: status {status!r} is none of {', '.join(STATUSES)}")
        _positive(name, diameter_m=diameter_m)
        _not_negative(name, minor_k=minor_k, least_drop_pa=least_drop_pa)
        _finite(name, setting=setting)
        area_m2 = math.pi / 4 * diameter_m**2
        open_pa_s2_kg2 = minor_k / (2 * 1000.0 * area_m2**2)
        if kv_m3_h is not None:
            _positive(name, kv_m3_h=kv_m3_h)
            open_pa_s2_kg2 = 1e5 * (3.6 / kv_m3_h) ** 2
        if rule is Rule.PICV and least_drop_pa > 0:
            open_pa_s2_kg2 = least_drop_pa / max(setting, 1e-12) ** 2
        guess = setting if rule in (Rule.FCV, Rule.PICV) and setting > 0 else 1000.0 * GUESS_M_S * area_m2
        slots = (open_pa_s2_kg2, 1 / (2 * area_m2**2))
        number = STATUSES.index(status)
        self._link(name, Link(first, second, Kind.VALVE, slots, guess, rule=rule, setting=setting, status=number))

    def condensed(self, name: str, first: str, second: str, *, law: Law) -> None:
        """A whole sub-network as one link; drop and slope cubic between the law's points, odd about zero."""
        guess = float(law.flows_kg_s[len(law.flows_kg_s) // 2])
        self._link(name, Link(first, second, Kind.LAW, (), guess, law=law))

    def network(self) -> Network:
        """The frozen network with its symbolic factorisation (see `freeze`)."""
        return freeze(self.law, self._nodes, self._links)


def _rule(name: str, kind: str) -> Rule:
    if kind.upper() not in Rule.__members__:
        raise ValueError(f"valve {name!r}: kind {kind!r} is none of {', '.join(Rule.__members__).lower()}")
    return Rule[kind.upper()]


def _finite(name: str, **values: float) -> None:
    for what, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name!r}: {what} is {value}, not a finite number")


def _positive(name: str, **values: float) -> None:
    _finite(name, **values)
    for what, value in values.items():
        if value <= 0:
            raise ValueError(f"{name!r}: {what} is {value}, not above zero")


def _not_negative(name: str, **values: float) -> None:
    _finite(name, **values)
    for what, value in values.items():
        if value < 0:
            raise ValueError(f"{name!r}: {what} is {value}, below zero")


def _points(name: str, x: Sequence[float], y: Sequence[float], *, falling: bool) -> tuple[list[float], list[float]]:
    """Points of a curve, checked: two or more, rising in flow, and steadily falling (pumps) or rising (drops)."""
    xs, ys = [float(value) for value in x], [float(value) for value in y]
    if len(xs) != len(ys) or len(xs) < 2:
        raise ValueError(f"{name!r}: a curve needs two points or more, each with a flow and a pressure")
    if not np.isfinite([*xs, *ys]).all() or xs[0] < 0:
        raise ValueError(f"{name!r}: a point of the curve is not a finite number, or its flow is below zero")
    steps = np.diff(ys) * (-1 if falling else 1)
    if (np.diff(xs) <= 0).any() or (steps < 0).any():
        raise ValueError(f"{name!r}: the curve must rise in flow and {'fall' if falling else 'rise'} in pressure")
    return xs, ys
