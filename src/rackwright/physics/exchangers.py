"""Heat exchangers between two liquids, or a liquid and dry air: effectiveness by transfer units, UA by flow and fouling.

The two sides are `primary` (facility water or outdoor air, usually the colder) and `secondary` (the racks' loop). Heat
counts from secondary to primary; nothing is lost to the room; heat capacities are constant within the exchanger (take
them at each stream's mean temperature). The laws are written in heat per kelvin between the two inlets,

    G = duty / (secondary inlet - primary inlet) = effectiveness x smaller capacity rate,

which needs no case for which side is the smaller, and is smooth where both are equal:

    counter-flow    1/G = 1/S + 1/C_large,  S = UA (1 - exp(-x)) / x,  x = UA (1/C_small - 1/C_large)
    cross-flow      G = C1 C2 / UA x sum over n of P(n + 1, UA/C1) P(n + 1, UA/C2)

Counter-flow is the textbook's law (Kays and London, Compact Heat Exchangers, 1984, chapter 2) rearranged. Cross-flow,
both streams unmixed, is Nusselt's exact solution in the series of J. L. Mason (Proc. 2nd US National Congress of Applied
Mechanics, 1954), P the regularised incomplete gamma function.

Arguments are floats or arrays that broadcast; results are arrays. Compiled loops use `exchanger_kernels`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Arrangement = Literal["counter-flow", "cross-flow"]
ARRANGEMENTS: tuple[Arrangement, Arrangement] = ("counter-flow", "cross-flow")

#: A film's conductance grows as the flow to this power: turbulent flow in plates or tubes (Dittus and Boelter 1930).
TURBULENT_EXPONENT = 0.8
#: Arguments below which a power series is taken, for the closed form loses digits there, and its terms.
SERIES_BELOW, SERIES_TERMS = 0.5, 14
#: Transfer units beyond which cross-flow is taken to gain no more: balanced streams reach 0.975 there, and no coil
#: has a tenth of it.
MOST_CROSSFLOW_UNITS = 500.0
#: Ratio of capacity rates that stands for none: effectiveness is off by less than this.
LEAST_RATIO = 1e-13
#: Steps of Newton and halving that find a flow; ten are usual.
MOST_STEPS = 200


@dataclass(frozen=True, slots=True)
class Exchanger:
    """Two films and fouling in series: 1/UA = 1/film_primary + fouling_k_w + 1/film_secondary.

    The films [W/K] hold at the flows named [kg/s] and grow as flow to `exponent`. Make it by `calibrated` from a
    data sheet's rated point.
    """

    film_primary_w_k: float
    film_secondary_w_k: float
    flow_primary_kg_s: float
    flow_secondary_kg_s: float
    exponent: float = TURBULENT_EXPONENT
    fouling_k_w: float = 0.0
    arrangement: Arrangement = "counter-flow"

    @property
    def law(self) -> Floats:
        """What `exchanger_kernels` takes: films, their flows, exponent, fouling, arrangement as 0 or 1."""
        arrangement = float(ARRANGEMENTS.index(self.arrangement))
        films, flows = (
            (self.film_primary_w_k, self.film_secondary_w_k),
            (self.flow_primary_kg_s, self.flow_secondary_kg_s),
        )
        return np.array([*films, *flows, self.exponent, self.fouling_k_w, arrangement])

    def fouled(self, fouling_m2k_w: float, area_m2: float) -> Exchanger:
        """The same exchanger with a fouling layer of both sides together on its area, in place of any before. [m²·K/W]

        >>> clean = Exchanger(2e5, 2e5, 20.0, 20.0)
        >>> round(float(clean.fouled(2e-5, 20.0).conductance_w_k(20.0, 20.0)))  # 1/1e5 + 1e-6 K/W
        90909
        """
        if fouling_m2k_w < 0.0 or area_m2 <= 0.0:
            raise ValueError(f"fouling {fouling_m2k_w} m²·K/W on {area_m2} m²: not below zero, on an area above zero")
        return replace(self, fouling_k_w=fouling_m2k_w / area_m2)

    def conductance_w_k(
        self,
        flow_primary_kg_s: ArrayLike,
        flow_secondary_kg_s: ArrayLike,
        *,
        primary_factor: ArrayLike = 1.0,
        secondary_factor: ArrayLike = 1.0,
    ) -> Floats:
        """UA at two flows; zero where either stands still. The factors are those of `film_factor`. [W/K]"""
        flow1, flow2 = _flow(flow_primary_kg_s), _flow(flow_secondary_kg_s)
        return _conductance(self, flow1, flow2, np.asarray(primary_factor), np.asarray(secondary_factor))[0]

    def exchange(
        self,
        primary_inlet_k: ArrayLike,
        secondary_inlet_k: ArrayLike,
        flow_primary_kg_s: ArrayLike,
        flow_secondary_kg_s: ArrayLike,
        heat_capacity_primary_j_kg_k: ArrayLike,
        heat_capacity_secondary_j_kg_k: ArrayLike,
        *,
        primary_factor: ArrayLike = 1.0,
        secondary_factor: ArrayLike = 1.0,
    ) -> Exchange:
        """Duty, outlets and derivatives at inlets, flows and heat capacities; a flow below zero counts as none.

        Two equal streams through an exchanger of one transfer unit give half of what they could:

        >>> small = Exchanger(2e4, 2e4, 5.0, 5.0)  # UA 10 kW/K, and 5 kg/s of 2 kJ/kg/K are 10 kW/K
        >>> found = small.exchange(300.0, 320.0, 5.0, 5.0, 2000.0, 2000.0)
        >>> round(float(found.duty_w)), round(float(found.secondary_outlet_k), 9)
        (100000, 310.0)
        """
        inlet1, inlet2 = np.asarray(primary_inlet_k, dtype=np.float64), np.asarray(secondary_inlet_k, dtype=np.float64)
        flow1, flow2 = _flow(flow_primary_kg_s), _flow(flow_secondary_kg_s)
        cp1 = np.asarray(heat_capacity_primary_j_kg_k, dtype=np.float64)
        cp2 = np.asarray(heat_capacity_secondary_j_kg_k, dtype=np.float64)
        ua, ua_by_flow1, ua_by_flow2 = _conductance(
            self, flow1, flow2, np.asarray(primary_factor), np.asarray(secondary_factor)
        )
        law = counterflow_w_k if self.arrangement == "counter-flow" else crossflow_w_k
        c1, c2 = flow1 * cp1, flow2 * cp2
        heat, by_ua, by_c1, by_c2 = law(ua, c1, c2)
        between_k = inlet2 - inlet1
        runs1, runs2 = flow1 > 0.0, flow2 > 0.0
        by_flow1 = np.where(runs1 & runs2, by_ua * ua_by_flow1 + by_c1 * cp1, np.where(runs2, cp1, 0.0))
        by_flow2 = np.where(runs1 & runs2, by_ua * ua_by_flow2 + by_c2 * cp2, np.where(runs1, cp2, 0.0))
        return Exchange(
            duty_w=np.asarray(heat * between_k),
            primary_outlet_k=_outlet(inlet1, inlet2, heat, c1, c2),
            secondary_outlet_k=_outlet(inlet2, inlet1, heat, c2, c1),
            by_primary_inlet_w_k=-heat,
            by_secondary_inlet_w_k=heat,
            by_primary_flow_j_kg=np.asarray(by_flow1 * between_k),
            by_secondary_flow_j_kg=np.asarray(by_flow2 * between_k),
        )

    def flow_for_set_point(
        self,
        primary_inlet_k: float,
        secondary_inlet_k: float,
        set_point_k: float,
        flow_secondary_kg_s: float,
        heat_capacity_primary_j_kg_k: float,
        heat_capacity_secondary_j_kg_k: float,
        *,
        most_kg_s: float,
        primary_factor: float = 1.0,
        secondary_factor: float = 1.0,
    ) -> PrimaryFlow:
        """Primary flow, up to `most_kg_s`, at which the secondary leaves at its set-point. Floats only.

        Newton's steps within a bracket that is halved whenever a step would leave it, to 1e-13 of the flow. Where
        the set-point cannot be held the answer is not `met`, with the reason and the temperature that most flow gives.
        """

        def at(flow_kg_s: float) -> Exchange:
            return self.exchange(
                primary_inlet_k,
                secondary_inlet_k,
                flow_kg_s,
                flow_secondary_kg_s,
                heat_capacity_primary_j_kg_k,
                heat_capacity_secondary_j_kg_k,
                primary_factor=primary_factor,
                secondary_factor=secondary_factor,
            )

        wanted_w = max(flow_secondary_kg_s, 0.0) * heat_capacity_secondary_j_kg_k * (secondary_inlet_k - set_point_k)
        if wanted_w <= 0.0:
            return PrimaryFlow(0.0, secondary_inlet_k, True, "nothing to cool: the secondary enters no warmer")
        best = at(most_kg_s)
        if float(best.duty_w) < wanted_w:
            return PrimaryFlow(most_kg_s, float(best.secondary_outlet_k), False, _why_not(primary_inlet_k, set_point_k))
        ideal_kg_s = wanted_w / (heat_capacity_primary_j_kg_k * (secondary_inlet_k - primary_inlet_k))
        flow_kg_s = _root(at, wanted_w, min(ideal_kg_s, most_kg_s), most_kg_s)
        return PrimaryFlow(flow_kg_s, set_point_k, True, "met")


@dataclass(frozen=True, slots=True, eq=False)
class Exchange:
    """What passes between two streams: heat from secondary to primary, outlets, and the duty's derivatives.

    By an inlet temperature in W/K; by a flow in W per kg/s, that is J/kg.
    """

    duty_w: Floats
    primary_outlet_k: Floats
    secondary_outlet_k: Floats
    by_primary_inlet_w_k: Floats
    by_secondary_inlet_w_k: Floats
    by_primary_flow_j_kg: Floats
    by_secondary_flow_j_kg: Floats


@dataclass(frozen=True, slots=True)
class PrimaryFlow:
    """The flow found, the secondary's supply temperature at it, whether that is the set-point, and why not."""

    flow_kg_s: float
    supply_k: float
    met: bool
    reason: str


def calibrated(
    capacity_w: float,
    approach_k: float,
    flow_primary_kg_s: float,
    flow_secondary_kg_s: float,
    heat_capacity_primary_j_kg_k: float,
    heat_capacity_secondary_j_kg_k: float,
    *,
    film_ratio: float | None = None,
    exponent: float = TURBULENT_EXPONENT,
    arrangement: Arrangement = "counter-flow",
) -> Exchanger:
    """The exchanger that gives `capacity_w` at a data sheet's rated point, taken as clean.

    Parameters
    ----------
    capacity_w : heat from secondary to primary. [W]
    approach_k : secondary outlet minus primary inlet, above zero. [K]
    flow_primary_kg_s, flow_secondary_kg_s, heat_capacity_* : of the rated point, at mean temperatures.
    film_ratio : primary film over secondary film at the rated point. A sheet does not tell; unless given, both sides
        are alike (a plate exchanger) and the films differ by flow only, which is an assumption. What hangs on it is
        how duty moves when one flow alone changes.

    Raises
    ------
    ValueError
        If no exchanger could: the primary would leave warmer than the secondary enters.

    Examples
    --------
    A 1,350 kW unit at 4 K with 20.6 kg/s of water and of PG20 (4,179 and 4,019 J/kg/K):

    >>> unit = calibrated(1350e3, 4.0, 20.6, 20.6, 4179.0, 4019.0)
    >>> round(float(unit.conductance_w_k(20.6, 20.6)) / 1e3)  # kW/K
    314
    """
    c1, c2 = flow_primary_kg_s * heat_capacity_primary_j_kg_k, flow_secondary_kg_s * heat_capacity_secondary_j_kg_k
    if not min(capacity_w, approach_k, c1, c2, film_ratio or 1.0) > 0.0:
        raise ValueError("capacity, approach, flows, heat capacities and film ratio of a point must be above zero")
    other_end_k = approach_k + capacity_w / c2 - capacity_w / c1
    if other_end_k <= 0.0:
        raise ValueError(
            f"the primary would leave {-other_end_k:.3g} K warmer than the secondary enters: too little primary flow"
        )
    if arrangement == "counter-flow":
        ua = capacity_w / log_mean_k(approach_k, other_end_k)
    else:
        ua = _crossflow_conductance_w_k(capacity_w / (approach_k + capacity_w / c2), c1, c2)
    ratio = (flow_primary_kg_s / flow_secondary_kg_s) ** exponent if film_ratio is None else film_ratio
    return Exchanger(
        film_primary_w_k=ua * (1.0 + ratio),
        film_secondary_w_k=ua * (1.0 + ratio) / ratio,
        flow_primary_kg_s=flow_primary_kg_s,
        flow_secondary_kg_s=flow_secondary_kg_s,
        exponent=exponent,
        arrangement=arrangement,
    )


def log_mean_k(one_end_k: float, other_end_k: float) -> float:
    """Logarithmic mean of the temperature differences at the two ends, smooth where they are equal. [K]

    >>> log_mean_k(4.0, 4.0), round(log_mean_k(4.0, 4.0 * math.e), 3)  # 4 (e - 1)
    (4.0, 6.873)
    """
    growth = (other_end_k - one_end_k) / one_end_k
    return one_end_k * (growth / math.log1p(growth) if growth != 0.0 else 1.0)


def film_factor(
    conductivity_ratio: ArrayLike,
    heat_capacity_ratio: ArrayLike,
    viscosity_ratio: ArrayLike,
    exponent: float = TURBULENT_EXPONENT,
) -> Floats:
    """A turbulent film's conductance over that at the rated point, when the fluid or its temperature is another.

    At one mass flow, Nu ~ Re^exponent Pr^(1/3) gives k^(2/3) cp^(1/3) mu^(1/3 - exponent), each as a ratio of now to
    rated. Within some 10 per cent, as such correlations are.

    >>> round(float(film_factor(1.0, 1.0, 2.0)), 3)  # twice as viscous: 2^-0.467
    0.724
    """
    k, cp, mu = (
        np.asarray(ratio, dtype=np.float64) for ratio in (conductivity_ratio, heat_capacity_ratio, viscosity_ratio)
    )
    return np.asarray(k ** (2 / 3) * cp ** (1 / 3) * mu ** (1 / 3 - exponent), dtype=np.float64)


def effectiveness(units: ArrayLike, capacity_ratio: ArrayLike, arrangement: Arrangement = "counter-flow") -> Floats:
    """Share of the most heat possible, by transfer units UA/C_small and C_small/C_large from 0 to 1.

    >>> round(float(effectiveness(3.0, 1.0)), 6)  # balanced counter-flow: 3 / (1 + 3)
    0.75
    """
    law = counterflow_w_k if arrangement == "counter-flow" else crossflow_w_k
    ratio = np.asarray(capacity_ratio, dtype=np.float64)
    return law(units, 1.0, 1.0 / np.maximum(ratio, LEAST_RATIO))[0]


def counterflow_w_k(
    conductance_w_k: ArrayLike, primary_w_k: ArrayLike, secondary_w_k: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Heat per kelvin between the inlets, and its derivatives by UA and by each capacity rate, in counter-flow.

    Zero where a side stands still; the derivative by that side's rate is then 1, the limit of a trickle that takes on
    the other side's inlet temperature. A capacity rate may be infinite: a side of constant temperature.
    """
    ua, c1, c2 = _broadcast(conductance_w_k, primary_w_k, secondary_w_k)
    least, most = np.minimum(c1, c2), np.maximum(c1, c2)
    flows = (least > 0.0) & (ua > 0.0)
    safe_least, safe_most = np.where(flows, least, 1.0), np.where(flows, most, 1.0)
    safe_ua = np.where(flows, ua, 1.0)
    ratio, units = safe_least / safe_most, safe_ua / safe_least
    depth = units * (1.0 - ratio)
    one_sided = safe_ua * _mean_decay(depth)
    mixing = 1.0 / (1.0 + one_sided / safe_most)
    heat = np.where(flows, one_sided * mixing, 0.0)
    bend = units**2 * _decay_moment(depth) * mixing**2
    by_ua = np.where(flows, np.exp(-depth) * mixing**2, np.where(least > 0.0, 1.0, 0.0))
    trickle = np.where((least <= 0.0) & (most > 0.0) & (ua > 0.0), 1.0, 0.0)
    by_least = np.where(flows, bend, trickle)
    by_most = np.where(flows, (heat / safe_most) ** 2 - ratio**2 * bend, 0.0)
    first_is_least = c1 <= c2
    return heat, by_ua, np.where(first_is_least, by_least, by_most), np.where(first_is_least, by_most, by_least)


def crossflow_w_k(
    conductance_w_k: ArrayLike, primary_w_k: ArrayLike, secondary_w_k: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """As `counterflow_w_k`, for two unmixed streams that cross, such as air and water in a dry coil.

    The series' factors are the chances that Poisson counts of mean UA/C1 and UA/C2 exceed n; the sum ends when a term
    is 1e-17 of it. Finite capacity rates; beyond `MOST_CROSSFLOW_UNITS` transfer units more UA brings nothing.
    """
    given_ua, c1, c2 = _broadcast(conductance_w_k, primary_w_k, secondary_w_k)
    least, most = np.minimum(c1, c2), np.maximum(c1, c2)
    flows = (least > 0.0) & (given_ua > 0.0)
    ua = np.where(flows, np.minimum(given_ua, MOST_CROSSFLOW_UNITS * least), 1.0)
    safe1, safe2 = np.where(flows, c1, 1.0), np.where(flows, c2, 1.0)
    total, by_units1, by_units2 = _masons_series(ua / safe1, ua / safe2)
    heat = np.where(flows, safe1 * safe2 / ua * total, 0.0)
    by_ua = np.where(given_ua > ua, 0.0, (safe2 * by_units1 + safe1 * by_units2 - heat) / ua)
    trickle = np.where((least <= 0.0) & (most > 0.0) & (given_ua > 0.0), 1.0, 0.0)
    return (
        heat,
        np.where(flows, by_ua, np.where(least > 0.0, 1.0, 0.0)),
        np.where(flows, heat / safe1 - safe2 / safe1 * by_units1, np.where(c1 <= 0.0, trickle, 0.0)),
        np.where(flows, heat / safe2 - safe1 / safe2 * by_units2, np.where(c2 <= 0.0, trickle, 0.0)),
    )


def _masons_series(units1: Floats, units2: Floats) -> tuple[Floats, Floats, Floats]:
    """Sum of the products of P(n + 1, units), and its derivatives by both."""
    chance1, chance2 = np.exp(-units1), np.exp(-units2)
    beyond1, beyond2 = -np.expm1(-units1), -np.expm1(-units2)
    total, by_units1, by_units2 = np.zeros_like(units1), np.zeros_like(units1), np.zeros_like(units1)
    number = 0
    while True:
        term, slope1, slope2 = beyond1 * beyond2, chance1 * beyond2, beyond1 * chance2
        total, by_units1, by_units2 = total + term, by_units1 + slope1, by_units2 + slope2
        if np.all(term + slope1 + slope2 <= 1e-17 * total):
            return total, by_units1, by_units2
        number += 1
        chance1, chance2 = chance1 * units1 / number, chance2 * units2 / number
        beyond1, beyond2 = np.maximum(beyond1 - chance1, 0.0), np.maximum(beyond2 - chance2, 0.0)


def _mean_decay(depth: Floats) -> Floats:
    """(1 - exp(-x)) / x, 1 at x = 0."""
    safe = np.where(depth == 0.0, 1.0, depth)
    return np.where(depth == 0.0, 1.0, -np.expm1(-safe) / safe)


def _decay_moment(depth: Floats) -> Floats:
    """(1 - (1 + x) exp(-x)) / x², 1/2 at x = 0: minus the slope of `_mean_decay`."""
    short = np.minimum(depth, SERIES_BELOW)
    total, power = np.zeros_like(depth), np.ones_like(depth)
    for number in range(SERIES_TERMS):
        total = total + power / (number + 2)
        power = power * -short / (number + 1)
    long = np.maximum(depth, SERIES_BELOW)
    return np.where(depth > SERIES_BELOW, (1.0 - (1.0 + long) * np.exp(-long)) / long**2, total)


def _conductance(
    unit: Exchanger, flow1: Floats, flow2: Floats, factor1: Floats, factor2: Floats
) -> tuple[Floats, Floats, Floats]:
    """UA and its derivatives by the flows; all zero where either stands still."""
    runs = (flow1 > 0.0) & (flow2 > 0.0)
    safe1, safe2 = np.where(runs, flow1, 1.0), np.where(runs, flow2, 1.0)
    film1 = unit.film_primary_w_k * factor1 * (safe1 / unit.flow_primary_kg_s) ** unit.exponent
    film2 = unit.film_secondary_w_k * factor2 * (safe2 / unit.flow_secondary_kg_s) ** unit.exponent
    ua = np.where(runs, 1.0 / (1.0 / film1 + 1.0 / film2 + unit.fouling_k_w), 0.0)
    return ua, ua**2 / film1 * unit.exponent / safe1, ua**2 / film2 * unit.exponent / safe2


def _crossflow_conductance_w_k(heat_w_k: float, c1: float, c2: float) -> float:
    """UA that gives this heat per kelvin in cross-flow, by Newton: heat is concave in UA, so steps come from below."""
    most = MOST_CROSSFLOW_UNITS * min(c1, c2)
    if float(crossflow_w_k(most, c1, c2)[0]) < heat_w_k:
        raise ValueError("no cross-flow exchanger, however large, reaches this point: more flow or a wider approach")
    ua = heat_w_k
    for _ in range(MOST_STEPS):
        heat, by_ua, _, _ = crossflow_w_k(ua, c1, c2)
        step = float((heat_w_k - heat) / by_ua)
        ua += step
        if abs(step) <= 1e-13 * ua:
            break
    return ua


def _root(at: Callable[[float], Exchange], wanted_w: float, start_kg_s: float, most_kg_s: float) -> float:
    """Flow at which the duty, which rises with flow, is the one wanted."""
    low, high, flow = 0.0, most_kg_s, start_kg_s
    for _ in range(MOST_STEPS):
        found = at(flow)
        error_w = float(found.duty_w) - wanted_w
        low, high = (flow, high) if error_w < 0.0 else (low, flow)
        slope = float(found.by_primary_flow_j_kg)
        following = flow - error_w / slope if slope > 0.0 else math.inf
        if not low < following < high:
            following = (low + high) / 2.0
        if abs(following - flow) <= 1e-13 * flow or high - low <= 1e-15 * high:
            return following
        flow = following
    return flow


def _why_not(primary_inlet_k: float, set_point_k: float) -> str:
    if primary_inlet_k >= set_point_k:
        return "the primary enters no colder than the set-point"
    return "the exchanger is too small at the most primary flow"


def _outlet(inlet: Floats, other_inlet: Floats, heat_w_k: Floats, own: Floats, other: Floats) -> Floats:
    """Outlet of one side; a side that stands still beside one that runs takes on the other's temperature."""
    moved = heat_w_k / np.where(own > 0.0, own, 1.0)
    share = np.where(own > 0.0, moved, np.where(other > 0.0, 1.0, 0.0))
    return np.asarray(inlet + share * (other_inlet - inlet), dtype=np.float64)


def _flow(flow_kg_s: ArrayLike) -> Floats:
    return np.maximum(np.asarray(flow_kg_s, dtype=np.float64), 0.0)


def _broadcast(*values: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.broadcast_arrays(*(np.asarray(value, dtype=np.float64) for value in values)))
