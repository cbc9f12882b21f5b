"""What CDUs do by themselves: pump speed by pressure or flow, supply by its set-point, the primary valve.

Every control here finds the steady state that the controller would come to rest at, for many scenarios side by side; how it
gets there is not asked, except that its loop gain at low load is put beside that at design.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.errors import NotConverged
from rackwright.physics.air import dew_point_k, humidity_from_relative
from rackwright.physics.exchangers import Exchanger
from rackwright.rack.cooling.condensed import CondensedHall, CondensedState, solve_condensed
from rackwright.rack.cooling.envelope import Limit, Row, check
from rackwright.rack.cooling.hall import Cdu, Hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import Cooler
from rackwright.rack.cooling.hydraulics.network import Floats, Ints
from rackwright.rack.cooling.state import HallState, solve_hall

#: Least pump speed and range of the pressure set-point of the Vertiv CoolChip CDU 600 (operation guide, tables 4.18-4.19).
LEAST_SPEED, SET_POINT_PA = 0.15, (1e4, 4e5)
#: The sensed value meets its set-point to this share.
TOLERANCE = 1e-6
#: Scenarios and speeds that are tried at once when the search begins; rounds of narrowing after that.
FIRST_BATCH, MOST_SPEEDS, MOST_ROUNDS = 16, 9, 60
#: A supply may lie above its set-point by this and still count as held.
SUPPLY_ROOM_K = 0.01
#: A balance that misses more heat has no steady state; nor has one with such a temperature.
OPEN_BALANCE_SHARE, BEYOND_K = 1e-6, 1e4

AnyHall = Hall | CondensedHall
AnyState = HallState | CondensedState


@dataclass(frozen=True)
class Controlled:
    """A hall at the speeds that its control comes to rest at; all (scenarios,).

    `sensed_share` is the sensed value over its set-point: 1 in control, above it where the least speed is still too much
    (`saturated` -1), below where the most is not enough (+1).
    """

    state: AnyState
    speed: Floats
    sensed_share: Floats
    saturated: Ints


def solve_any(hall: AnyHall, fluid: Fluid, **how: Any) -> AnyState:
    """Solve a hall in full or condensed, as it is."""
    if isinstance(hall, Hall):
        return solve_hall(hall, fluid, **how)
    return solve_condensed(hall, fluid, **how)


# --- pump speed -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sense:
    """What a control looks at: `measure` gives (scenarios, n), `wanted` (scenarios or 1, n); the least share of it counts.

    Where nothing is wanted it does not count.
    """

    measure: Callable[[AnyState], Floats]
    wanted: Floats

    def share(self, state: AnyState) -> Floats:
        """Least measured over wanted, (scenarios,)."""
        measured = self.measure(state)
        wanted = np.broadcast_to(self.wanted, measured.shape)
        share = np.divide(measured, wanted, out=np.full(measured.shape, np.inf), where=wanted > 0)
        return np.asarray(share.min(axis=1), np.float64)


def control(
    hall: AnyHall,
    fluid: Fluid,
    sense: Sense,
    *,
    least_speed: float = LEAST_SPEED,
    most_speed: float = 1.0,
    tolerance: float = TOLERANCE,
    **how: Any,
) -> Controlled:
    """The speed of all pumps at which the sensed share is 1, in every scenario for itself.

    The share must rise with speed. Speeds side by side bracket the root; regula falsi in the square of the speed
    (pressures follow it exactly where no friction is laminar), with Illinois' halving, closes in. Where the least speed is
    too much or the most too little that speed is kept and flagged.

    Parameters
    ----------
    how
        As for `solve_hall`: wanted_k, primary_k, primary_kg_s, load_share, opened ...; rows are scenarios.
    """
    if not 0.0 < least_speed < most_speed:
        raise ValueError(f"speeds from {least_speed} to {most_speed}: the least must be above zero and below the most")
    if not (sense.wanted > 0).any(axis=1).all():
        raise ValueError("in some scenario nothing is wanted: there is no speed to find")
    count = max(_rows(how), sense.wanted.shape[0])
    tries = int(np.clip(FIRST_BATCH // count, 2, MOST_SPEEDS))
    grid = np.linspace(least_speed, most_speed, tries)
    tried = _tried(hall, fluid, sense, grid, count, how)
    above = tried >= 1.0
    high = np.where(above.any(axis=1), above.argmax(axis=1), tries - 1)
    every, low = np.arange(count), np.maximum(high - 1, 0)
    saturated = np.where(above[:, 0], -1, np.where(above.any(axis=1), 0, 1))
    bracket = _Bracket(
        np.stack((grid[low], grid[high])) ** 2,
        np.stack((tried[every, low], tried[every, high])) - 1.0,
        np.zeros(count, np.int32),
    )
    speed = np.where(saturated < 0, least_speed, np.where(saturated > 0, most_speed, np.sqrt(bracket.crossing())))
    state: AnyState | None = None
    for _ in range(MOST_ROUNDS):
        state = solve_any(hall, fluid, **how, speed=_all_pumps(hall, speed), start=state)
        share = np.broadcast_to(sense.share(state), (count,))
        moving = (saturated == 0) & (np.abs(share - 1.0) > tolerance)
        if not moving.any():
            break
        bracket.narrow(speed**2, share - 1.0, moving)
        speed = np.where(moving, np.sqrt(bracket.crossing()), speed)
    assert state is not None
    if moving.any():
        worst = int(np.argmax(np.abs(share - 1.0) * moving))
        raise NotConverged(
            f"scenario {worst}: no speed brings the sensed value to its set-point; it is at {share[worst]}"
        )
    met = np.abs(share - 1.0) <= tolerance
    return Controlled(state, speed, np.array(share), np.where(met, 0, saturated).astype(np.int32))


def _tried(hall: AnyHall, fluid: Fluid, sense: Sense, grid: Floats, count: int, how: dict[str, Any]) -> Floats:
    """Shares at every scenario and speed of the grid, (scenarios, speeds)."""
    tries = len(grid)
    wide = {name: _repeated(value, tries) for name, value in how.items()}
    state = solve_any(hall, fluid, **wide, speed=_all_pumps(hall, np.tile(grid, count)))
    share = Sense(sense.measure, _repeated(sense.wanted, tries)).share(state)
    return np.asarray(share.reshape(count, tries), np.float64)


@dataclass(frozen=True)
class _Bracket:
    """Both ends of every scenario's search: x and y (2, scenarios), and the side on which the last point fell."""

    x: Floats
    y: Floats
    side: Ints

    def crossing(self) -> Floats:
        """Where the straight line between the ends crosses zero, kept between them."""
        rise = self.y[1] - self.y[0]
        part = np.divide(-self.y[0], rise, out=np.full_like(rise, 0.5), where=rise > 0)
        return np.asarray(self.x[0] + np.clip(part, 0.0, 1.0) * (self.x[1] - self.x[0]), np.float64)

    def narrow(self, at: Floats, value: Floats, moving: NDArray[np.bool_]) -> None:
        """A new point takes the place of the end on its side; twice on one side, and the other end's value is halved."""
        for end, sign in ((0, -1), (1, 1)):
            mine = moving & ((value >= 0.0) == (sign > 0))
            self.x[end, mine], self.y[end, mine] = at[mine], value[mine]
            self.y[1 - end, mine & (self.side == sign)] *= 0.5
            self.side[mine] = sign


def _all_pumps(hall: AnyHall, speed: Floats) -> Floats:
    return np.repeat(speed[:, None], len(hall.network.pumps), axis=1)


def _rows(how: dict[str, Any]) -> int:
    shapes = [np.asarray(value).shape for value in how.values()]
    return max([1, *(int(shape[0]) for shape in shapes if len(shape) == 2)])


def _repeated(value: Any, times: int) -> Any:
    array = np.asarray(value)
    return np.repeat(array, times, axis=0) if array.ndim == 2 and array.shape[0] > 1 else value


def farthest_sensor(hall: AnyHall) -> tuple[str, str]:
    """Headers at the place that lies farthest, in sections of the supply header, from any CDU."""
    network = hall.network
    near = {network.nodes[network.second[link]] for link in hall.cdu_link.tolist()}
    beside: dict[str, list[str]] = {}
    for link, name in enumerate(network.links):
        if name.startswith("supply header "):
            one, other = network.nodes[network.first[link]], network.nodes[network.second[link]]
            beside.setdefault(one, []).append(other)
            beside.setdefault(other, []).append(one)
    seen, ring = list(dict.fromkeys(sorted(near))), sorted(near)
    while ring:
        ring = [node for node in dict.fromkeys(n for own in ring for n in beside.get(own, [])) if node not in seen]
        seen += ring
    last = seen[-1]
    return last, f"return {last.split(' ')[1]}"


def control_pressure(
    hall: AnyHall,
    fluid: Fluid,
    *,
    wanted_pa: ArrayLike,
    between: tuple[str, str] | None = None,
    **how: Any,
) -> Controlled:
    """Differential-pressure control: the drop between two nodes, by default the farthest rack's headers.

    `wanted_pa` is one number or (scenarios,). The nodes are taken to lie at one height.
    """
    high, low = between or farthest_sensor(hall)

    def measure(state: AnyState) -> Floats:
        flows = state.warm.flows
        return np.asarray((flows.pressure_of(high) - flows.pressure_of(low))[:, None], np.float64)

    wanted = np.asarray(wanted_pa, np.float64).reshape(-1, 1)
    if not (wanted > 0).all():
        raise ValueError("the set-point of a differential pressure must be above zero")
    return control(hall, fluid, Sense(measure, wanted), **how)


def control_flow(hall: AnyHall, fluid: Fluid, *, wanted_kg_s: ArrayLike, **how: Any) -> Controlled:
    """Flow control: every rack gets at least what it wants, the worst one just that.

    `wanted_kg_s` is one number, (racks,) or (scenarios, racks); racks that want nothing do not count.
    """
    wanted = np.atleast_2d(np.asarray(wanted_kg_s, np.float64))
    if wanted.shape[1] == 1:
        wanted = np.repeat(wanted, len(hall.racks), axis=1)
    if not (np.isfinite(wanted).all() and (wanted >= 0).all()):
        raise ValueError("wanted_kg_s holds a value that is not a finite number of zero or more")
    return control(hall, fluid, Sense(lambda state: state.rack_kg_s, wanted), **how)


def control_picv(hall: Hall, fluid: Fluid, *, counted: ArrayLike | None = None, **how: Any) -> Controlled:
    """The least speed at which every pressure-independent valve of a rack still has the drop that it needs to hold its flow.

    `counted` (racks,) leaves racks out, such as those that are shut.
    """
    network = hall.network
    least = np.array([rack.picv_least_pa if rack.picv_kg_s is not None else 0.0 for rack in hall.racks])
    if counted is not None:
        least = np.where(np.asarray(counted, np.bool_), least, 0.0)
    racks = np.flatnonzero(least > 0)
    links = np.array([network.link_number[f"rack {rack + 1}/picv"] for rack in racks], np.intp)

    def measure(state: AnyState) -> Floats:
        pressure = state.warm.flows.pressure_pa
        return np.asarray(pressure[:, network.first[links]] - pressure[:, network.second[links]], np.float64)

    return control(hall, fluid, Sense(measure, least[None, racks]), **how)


def set_point_rows(wanted_pa: float, range_pa: tuple[float, float] = SET_POINT_PA) -> Iterator[Row]:
    """A pressure set-point against the range that the CDU's controller takes; that of the CoolChip CDU 600 by default."""
    for limit_pa, at_least in ((range_pa[0], True), (range_pa[1], False)):
        limit = Limit(limit_pa, "estimate", "vertiv-cdu")
        yield check(
            "pressure control", "set-point", wanted_pa, limit, "Pa", "range of the controller", at_least=at_least
        )


def control_rows(controlled: Controlled, *, what: str, standing: Limit | None = None) -> Iterator[Row]:
    """Whether the control meets its set-point; a row each for too little and too much pump, over all scenarios."""
    worst, most = float(controlled.sensed_share.min()), float(controlled.sensed_share.max())
    wanted = standing or Limit(1.0, "user", what)
    short, idle = int((controlled.saturated > 0).sum()), int((controlled.saturated < 0).sum())
    text = f"sensed over set-point; {short} of {len(controlled.speed)} scenarios at the most speed"
    yield check(
        what,
        "set-point reached",
        worst,
        Limit(1.0 - TOLERANCE, wanted.standing, wanted.source),
        "",
        text,
        at_least=True,
    )
    text = f"sensed over set-point; {idle} of {len(controlled.speed)} scenarios at the least speed"
    yield check(what, "set-point not passed", most, Limit(1.0 + TOLERANCE, wanted.standing, wanted.source), "", text)


# --- supply temperature -----------------------------------------------------------------------------------------------


#: Margin of the supply over the hall's dew point: 2 to 3 K are published (CDU selection guides); the greater is taken.
DEW_MARGIN_K = 3.0


def dew_point_of_hall_k(dry_bulb_k: ArrayLike, relative_humidity_share: ArrayLike) -> Floats:
    """Dew point of the hall's air at sea level; a tenth of a kelvin lower at 500 m for the same humidity ratio.

    >>> round(float(dew_point_of_hall_k(298.15, 0.5)) - 273.15, 1)  # the psychrometric chart's 13.9 degC
    13.9
    """
    return dew_point_k(humidity_from_relative(dry_bulb_k, relative_humidity_share))


def guarded_set_point_k(wanted_k: ArrayLike, dew_point: ArrayLike, margin_k: float = DEW_MARGIN_K) -> Floats:
    """Supply set-point of a CDU with a dew-point guard: what is wanted, but never nearer to the dew point than the margin.

    >>> float(guarded_set_point_k(293.15, 292.15))
    295.15
    """
    return np.asarray(np.maximum(wanted_k, np.asarray(dew_point, np.float64) + margin_k), np.float64)


def dew_point_row(supply_k: float, dew_point: float | None, margin: Limit, *, element: str = "supply") -> Row:
    """The coldest supply over the hall's dew point."""
    if dew_point is None:
        return check(
            element, "dew point", math.nan, None, "delta_K", "the hall's humidity is not stated", at_least=True
        )
    return check(
        element, "dew point", supply_k - dew_point, margin, "delta_K", "supply over the hall's dew point", at_least=True
    )


# --- a CDU against its rated point ------------------------------------------------------------------------------------


def exchanger_of(cooler: Cooler) -> Exchanger:
    """A CDU's exchanger with its films, as the hall's solver has it."""
    wall = 1.0 - cooler.secondary_share - cooler.primary_share + cooler.fouling_share
    return Exchanger(
        film_primary_w_k=cooler.ua_w_k / max(cooler.primary_share, 1e-9),
        film_secondary_w_k=cooler.ua_w_k / max(cooler.secondary_share, 1e-9),
        flow_primary_kg_s=cooler.primary_rated_kg_s,
        flow_secondary_kg_s=cooler.rated_kg_s,
        fouling_k_w=max(wall, 0.0) / cooler.ua_w_k,
    )


def heat_capacity_of(fluid: Fluid, kelvin: ArrayLike) -> Floats:
    """Heat capacity, the slope of internal energy, held at the ends of the fluid's range. [J/(kg K)]"""
    held = np.clip(np.asarray(kelvin, np.float64), fluid.least_k, fluid.most_k)
    slope = np.polynomial.polynomial.polyder(fluid.energy)
    return np.asarray(
        np.polynomial.polynomial.polyval((held - fluid.centre_k) / fluid.scale_k, slope) / fluid.scale_k, np.float64
    )


def rated_approach_k(cdu: Cdu, cooler: Cooler, heat_j_kg_k: float) -> float:
    """Supply over the primary's inlet at the CDU's capacity and rated flows.

    Heat is G times the difference between the inlets, and the supply lies Q / C below the return: Q / G - Q / C.
    """
    unit = exchanger_of(cooler).exchange(
        0.0, 1.0, cdu.primary_rated_kg_s, cdu.rated_kg_s, cooler.primary_heat_j_kg_k, heat_j_kg_k
    )
    return cdu.capacity_w * (1.0 / float(unit.duty_w) - 1.0 / (cdu.rated_kg_s * heat_j_kg_k))


def cdu_rows(
    hall: AnyHall,
    fluid: Fluid,
    state: AnyState,
    *,
    wanted_k: ArrayLike,
    primary_k: ArrayLike,
    primary_kg_s: ArrayLike,
) -> Iterator[Row]:
    """Every CDU against its rated point, the worst over scenarios, and whether the heat has a way out at all.

    Beyond its rated flow, below its rated approach or over its capacity a CDU's curves are no longer the maker's. Solve
    with `must_converge=False` to have a row instead of an error where there is no steady state.
    """
    rows, cdus = state.warm.duty_w.shape
    wanted, cold, most = (
        np.broadcast_to(np.asarray(v, float), (rows, cdus)) for v in (wanted_k, primary_k, primary_kg_s)
    )
    flow = np.maximum(state.warm.flows.flow_kg_s[:, hall.cdu_link], 0.0)
    after = hall.network.second[hall.cdu_link]
    supply, duty = state.warm.node_k[:, after], state.warm.duty_w
    stands = _stands(state)
    yield _balance_row(state, stands, (most <= 0.0) | (flow <= 0.0))
    for number, (cdu, cooler) in enumerate(zip(hall.cdus, hall.coolers, strict=True)):
        name, source = f"cdu {number + 1}", f"catalogue.cdus.{cdu.name}"

        def rated(value: float, source: str = source) -> Limit:
            return Limit(value, "user", source)

        heat = float(heat_capacity_of(fluid, float(wanted[:, number].mean())))
        yield check(
            name, "flow", float(flow[:, number].max()), rated(cdu.rated_kg_s), "kg/s", "flow against rated flow"
        )
        text = "facility flow offered against rated flow"
        yield check(name, "facility flow", float(most[:, number].max()), rated(cdu.primary_rated_kg_s), "kg/s", text)
        heat_w = np.where(stands, duty[:, number], math.inf)
        part = np.where(stands, heat_w, cdu.capacity_w) / cdu.capacity_w
        least = part * rated_approach_k(cdu, cooler, heat)
        room = wanted[:, number] - cold[:, number] - least
        worst = int(np.argmin(room))
        text = "asked supply over facility supply, against the approach at this heat and rated flows"
        limit = rated(float(least[worst]))
        yield check(name, "approach", float(room[worst] + least[worst]), limit, "delta_K", text, at_least=True)
        yield check(name, "capacity", float(heat_w.max()), rated(cdu.capacity_w), "W", "heat against capacity")
        runs = flow[:, number] > 1e-9 * cdu.rated_kg_s
        over = np.where(stands, np.where(runs, supply[:, number] - wanted[:, number], 0.0), math.inf)
        text = "supply over its set-point, the primary valve wide open"
        yield check(name, "supply", float(over.max()), Limit(SUPPLY_ROOM_K, "user", "set-point"), "delta_K", text)


def _stands(state: AnyState) -> NDArray[np.bool_]:
    """Scenarios with a steady state: settled, balanced, and every temperature a finite one below `BEYOND_K`."""
    warm = state.warm
    finite = np.isfinite(warm.node_k).all(axis=1) & (np.abs(warm.node_k) < BEYOND_K).all(axis=1)
    return np.asarray(warm.flows.converged & finite & (warm.closure_share < OPEN_BALANCE_SHARE), np.bool_)


def _balance_row(state: AnyState, stands: NDArray[np.bool_], idle: NDArray[np.bool_]) -> Row:
    limit = Limit(OPEN_BALANCE_SHARE, "user", "heat balance")
    lost = np.flatnonzero(~stands)
    if not len(lost):
        missed = float(state.warm.closure_share.max())
        return check("loop", "balance", missed, limit, "", "heat that the balance misses, as a share of all")
    names = ", ".join(f"cdu {number + 1}" for number in np.flatnonzero(idle[lost[0]]))
    where = (
        f"; {names} without flow or facility water"
        if names
        else f"; link {state.warm.flows.worst[lost[0]]!r} still moves"
    )
    text = f"{len(lost)} of {len(stands)} scenarios have no steady state: the heat has no way out{where}"
    return check("loop", "balance", math.inf, limit, "", text)
