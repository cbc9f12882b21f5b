"""The seconds after a pump trips, a CDU is lost or facility water is lost: how long until a chip throttles.

Each CDU loop stands alone: pumps in parallel with check valves, one rigid column of coolant, kinds of racks as parallel
branches, plugs in pipes, three heat capacities per kind of chip (package, plate, coolant in it), a counter-flow exchanger
(two liquids and the wall), a valve on the facility's side, a buffer where there is one.

What is left out, and where it errs:
- natural circulation: once the pumps stand, the column comes to rest (a real loop keeps a trickle: errs to early throttling);
- viscosity: drops keep their first law while the coolant warms (early); laminar drops are what `linear` is for;
- heat conducted along pipes, into their walls and to the room (early);
- a check valve that leaks or is slow, water hammer, boiling, and loops joined by a common header (not bounded here).

Laws and numerics are in `transient_kernel`. Heat capacities of trays are not published; they are inputs with a standing,
and `over_range` shows what hangs on them.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rackwright.errors import NotConverged
from rackwright.figures import Status, weakest
from rackwright.physics.exchangers import Exchanger

Floats = NDArray[np.float64]
Kind = Literal["none", "pump trip", "cdu loss", "facility water loss"]
KINDS: tuple[Kind, ...] = ("none", "pump trip", "cdu loss", "facility water loss")
#: Specific heat near 25 °C [J/(kg·K)], textbook (CRC Handbook of Chemistry and Physics).
SPECIFIC_HEAT_J_KG_K = {"copper": 385.0, "aluminium": 897.0, "silicon": 712.0}
#: An interface of 0 stands for this share of the plate's least resistance.
LEAST_INTERFACE_SHARE = 0.01
#: Transfer units of a plate that are believed: 95 % of what the coolant can take.
MOST_UNITS = 3.0
#: The film's table reaches to this many times the highest flow measured.
FILM_REACH = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plates:
    """One kind of chip in one kind of rack, each with its own cold plate, all plates in parallel.

    `resistances_k_w` is (case - coolant inlet) / heat at `flows_m3_s` through one plate, read linearly in flow. Above
    the last point the last resistance holds, as in `physics.plates`; below the first, plate and coolant keep the film
    conductance of the first (laminar channels), and the coolant's own warming does the rest, down to no flow at all.
    `interface_k_w` is the part of that resistance between case and plate; where, near the table's first points, it and
    the coolant's warming leave a plate of even temperature with more than MOST_UNITS transfer units, the plate is taken
    to have those, and is hotter than its table by at most the interface. A limit may be on the case or the junction;
    when it is reached the heat falls to `throttled_share` and stays there. `clear_margin_k` below it, it counts as clear.
    """

    chip: str
    count: float  # per rack
    heat_w: float  # each
    flow_share: float  # of the rack's flow, through each plate
    flows_m3_s: tuple[float, ...]
    resistances_k_w: tuple[float, ...]
    chip_j_k: float
    plate_j_k: float
    fluid_m3: float  # in each plate
    interface_k_w: float = 0.0
    junction_k_w: float = 0.0
    limit_k: float = math.inf
    limit_on: Literal["case", "junction"] = "case"
    throttled_share: float = 0.3
    clear_margin_k: float = 2.0
    limit_standing: Status = "assumed"
    capacity_standing: Status = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Racks of one kind on a loop: drop = linear V + quadratic V|V| at one rack's flow V, from header to header.

    Volumes are those of one rack's own hoses and manifolds, 0 for none; `column_1_m` is the sum of length over flow
    area of one rack's path.
    """

    name: str
    racks: float
    plates: tuple[Plates, ...]
    linear_pa_s_m3: float
    quadratic_pa_s2_m6: float
    supply_m3: float = 0.0
    return_m3: float = 0.0
    column_1_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pumps:
    """Equal pumps in parallel, each with a check valve: rise = s² shutoff - falloff s^(2-n) V^n of one pump at speed s.

    Beyond run-out (rise below zero) the pump is a resistance that joins with the same slope. After a trip
    ds/dt = -(a s² + (1 - a) s V/V_rated + friction) / coast_down_s with a = `torque_at_shutoff_share`, torques as shares
    of the rated one; a = 1 and no friction is s = 1 / (1 + t / coast_down_s). One standby pump per tripped pump, as
    far as there are any, starts `changeover_s` after the trip and takes `ramp_s` to full speed; pumps that ran on may
    speed up to `boost_share` in the same time.
    """

    running: int
    shutoff_pa: float
    falloff: float  # Pa/(m3/s)^exponent
    rated_m3_s: float  # each
    coast_down_s: float
    exponent: float = 2.0
    standby: int = 0
    speed_share: float = 1.0
    boost_share: float | None = None
    torque_at_shutoff_share: float = 1.0
    friction_share: float = 0.0
    changeover_s: float = 0.25  # 50-500 ms, default 250 ms: the CDU guide's twin-pump changeover (cooling.yaml, S21)
    ramp_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopDynamics:
    """One CDU with its loop. Units end the names; temperatures in kelvin.

    `exchanger` is counter-flow, its films after `physics.exchangers`. The valve asks for facility water in proportion
    to its opening (0..1) and moves by `valve_gain_1_k_s` x (supply - `supply_k`), no faster than `valve_rate_1_s`;
    `valve_works=False` is an actuator that keeps its position. The buffer is fully mixed, at the CDU's outlet.
    """

    name: str
    density_kg_m3: float
    heat_capacity_j_kg_k: float
    pumps: Pumps
    branches: tuple[Branch, ...]
    supply_m3: float
    return_m3: float
    exchanger: Exchanger
    secondary_m3: float  # coolant within the exchanger
    wall_j_k: float
    primary_m3: float  # facility water within the exchanger
    supply_k: float  # set-point
    facility_k: float
    facility_kg_s: float  # valve open
    column_1_m: float = 0.0
    linear_pa_s_m3: float = 0.0  # common path
    quadratic_pa_s2_m6: float = 0.0
    facility_heat_capacity_j_kg_k: float = 4180.0
    facility_density_kg_m3: float = 995.0
    valve_gain_1_k_s: float = 0.01
    valve_rate_1_s: float = 0.02
    valve_least_share: float = 0.02
    valve_works: bool = True
    buffer_m3: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happens at `at_s` to every loop.

    "pump trip": `pumps` of each loop trip (None: all that run), standby pumps start. "cdu loss": all pumps trip, no
    standby starts, the valve keeps its position. "facility water loss": its flow falls as exp(-t / facility_decay_s).
    `facility` adds to any of them: rows (seconds after the event, share of flow, warmer by K), linear between rows.
    `load` is rows (time, share of the chips' heat), a step at each.
    """

    kind: Kind
    at_s: float = 0.0
    pumps: int | None = 1
    facility_decay_s: float = 1.0
    facility: tuple[tuple[float, float, float], ...] = ()
    load: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class TransientResult:
    """Series by (loop, time) and instants by loop or by kind of chip.

    Supply leaves the CDU (after the buffer), return enters its exchanger. `case_k` is (kinds, time), `plate_loop` and
    `plate_name` say whose; instants are in run time, infinity for not within the run. Energies are of the whole run [J]:
    heat_j + work_j = rejected_j + stored_j + unclosed_j. Stored are chips, plates, coolant in plates and exchanger, wall,
    buffer, the column's motion, and the pipes: every plug's volume x density x heat capacity x temperature.
    """

    time_s: Floats
    flow_kg_s: Floats
    supply_k: Floats
    return_k: Floats
    hottest_case_k: Floats
    hottest_junction_k: Floats
    valve_share: Floats
    case_k: Floats
    plate_loop: NDArray[np.int64]
    plate_name: tuple[str, ...]
    throttle_s: Floats
    clear_s: Floats
    check_valve_s: Floats
    standby_s: Floats
    heat_j: Floats
    work_j: Floats
    rejected_j: Floats
    stored_j: Floats
    steps: NDArray[np.int64]
    event_s: float

    @property
    def seconds_to_throttle(self) -> Floats:
        """From the event to the first chip that throttles, per loop; infinity for none in the run: its ride-through."""
        first = np.full(self.heat_j.size, np.inf)
        np.minimum.at(first, self.plate_loop, self.throttle_s)
        return first - self.event_s

    @property
    def unclosed_j(self) -> Floats:
        """What the books miss, per loop; rounding."""
        return self.heat_j + self.work_j - self.rejected_j - self.stored_j


@dataclass(frozen=True, slots=True)
class Ride:
    """Seconds to throttle over the range of what is not known: one row per combination; `standing` the weakest input's."""

    case_limit_k: Floats
    capacity_share: Floats
    coast_share: Floats
    heat_share: Floats
    seconds: Floats
    standing: Status

    @property
    def span_s(self) -> tuple[float, float]:
        """Earliest and latest over all rows."""
        return float(np.min(self.seconds)), float(np.max(self.seconds))


def run_transients(
    loops: Sequence[LoopDynamics],
    event: Event,
    *,
    until_s: float = 600.0,
    report_s: float = 1.0,
    fixed_step_s: float | None = None,
) -> TransientResult:
    """All loops from their steady state through an event.

    Every loop starts settled with its pumps running and its valve where the supply meets the set-point (or fully open
    where that is not enough). Steps adapt to an error of 2 mK and 1e-4 of the flow each; instants are located within
    0.2 ms. Loops are shared among the processor's cores; the answer does not depend on how many there are.

    Parameters
    ----------
    until_s, report_s : float
        Length of the run and distance of reported instants. [s]
    fixed_step_s : float, optional
        Take such steps instead, whatever their error; for tests.

    Raises
    ------
    ValueError
        With the loop, the element and the field, when something cannot be: no volume, no flow path, NaN.
    NotConverged
        When no flow was found, with the loop's name.
    """
    from rackwright.rack.cooling import transient_kernel as kernels  # numba is slow to import

    _check_event(event, until_s, report_s)
    if not loops:
        raise ValueError("no loops are given; expected at least one")
    for loop in loops:
        _check_loop(loop)
    tables = _tables(loops, event, kernels)
    count, kinds = len(loops), tables[2].size
    times = _report_times_s(until_s, report_s)
    rows, cases = np.zeros((count, 6, times.size)), np.zeros((kinds, times.size))
    chips, marks, books = np.full((kinds, 2), np.inf), np.zeros((count, 3)), np.zeros((count, 4))
    marks[:, 0] = np.inf
    series = np.array(event.facility, dtype=np.float64).reshape(-1, 3).T.copy()
    loads = np.array(event.load, dtype=np.float64).reshape(-1, 2).T.copy()
    breaks = np.concatenate([loads[0], event.at_s + series[0]])
    rest: tuple[Any, ...] = (loads, series, breaks, times, fixed_step_s or 0.0, rows, cases, chips, marks, books)
    workers = max(1, min(os.cpu_count() or 1, count))
    ends = [count * number // workers for number in range(workers + 1)]
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(kernels.march_all, *pair, *tables, *rest) for pair in itertools.pairwise(ends)]:
            done.result()
    _raise_if_lost(loops, marks)
    owner = np.array([number for number, loop in enumerate(loops) for _ in _plates(loop)], dtype=np.int64)
    zero_k = np.array([loop.facility_k for loop in loops])
    rows[:, 1:5] += zero_k[:, None, None]
    cases += zero_k[owner, None]
    change = [event.at_s + loop.pumps.changeover_s for loop in loops]
    started = tables[0]["started"] > 0
    return TransientResult(
        time_s=times,
        flow_kg_s=rows[:, 0],
        supply_k=rows[:, 1],
        return_k=rows[:, 2],
        hottest_case_k=rows[:, 3],
        hottest_junction_k=rows[:, 4],
        valve_share=rows[:, 5],
        case_k=cases,
        plate_loop=owner,
        plate_name=tuple(f"{branch.name}: {plates.chip}" for loop in loops for branch, plates in _plates(loop)),
        throttle_s=chips[:, 0],
        clear_s=chips[:, 1],
        check_valve_s=marks[:, 0],
        standby_s=np.where(started, change, np.inf),
        heat_j=books[:, 0],
        work_j=books[:, 1],
        rejected_j=books[:, 2],
        stored_j=books[:, 3],
        steps=marks[:, 1].astype(np.int64),
        event_s=event.at_s,
    )


def over_range(
    loop: LoopDynamics,
    event: Event,
    *,
    case_limit_k: Sequence[float] = (),
    capacity_share: Sequence[float] = (0.7, 1.0, 1.3),
    coast_share: Sequence[float] = (1.0,),
    heat_share: Sequence[float] = (1.0,),
    until_s: float = 600.0,
) -> Ride:
    """Seconds to throttle of one loop over all combinations of what is not known well.

    `case_limit_k` replaces every chip's limit (empty: as they are, shown as NaN); the shares multiply the capacities of
    chips and plates, the pumps' coast-down time, and the chips' heat.
    """
    limits = list(case_limit_k) or [math.nan]
    rows = np.array(list(itertools.product(limits, capacity_share, coast_share, heat_share)))
    result = run_transients([_varied(loop, *row) for row in rows], event, until_s=until_s, report_s=until_s)
    standings = [s for _, plates in _plates(loop) for s in (plates.limit_standing, plates.capacity_standing)]
    return Ride(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3], result.seconds_to_throttle, weakest(standings))


def buffer_for_ride_through_m3(loop: LoopDynamics, event: Event, wanted_s: float, *, most_m3: float = 100.0) -> float:
    """Least volume of a mixed buffer at the CDU's outlet with which no chip throttles before `wanted_s`.

    0 where none is needed; infinity where `most_m3` would not do (a buffer is of no use when nothing moves the water).
    Found by halving to 0.1 % or 10 millilitres.
    """
    run_s = event.at_s + wanted_s

    def enough(volume_m3: float) -> bool:
        with_buffer = replace(loop, buffer_m3=volume_m3)
        return bool(
            run_transients([with_buffer], event, until_s=run_s, report_s=run_s).seconds_to_throttle[0] >= wanted_s
        )

    if enough(0.0):
        return 0.0
    if not enough(most_m3):
        return math.inf
    low, high = 0.0, most_m3
    while high - low > max(1e-3 * high, 1e-5):
        middle = math.sqrt(low * high) if low > 0.0 else 0.25 * high
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def heat_capacity_j_k(masses_kg: Mapping[str, float]) -> tuple[float, Status]:
    """Heat capacity of a part by the masses of its materials, with its standing.

    Specific heats are textbook values; masses of trays are not published, so the result is an estimate at best.

    >>> heat_capacity_j_k({"copper": 2.0})
    (770.0, 'estimate')
    """
    if set(masses_kg) - set(SPECIFIC_HEAT_J_KG_K) or not all(0.0 <= mass < math.inf for mass in masses_kg.values()):
        raise ValueError(f"masses {dict(masses_kg)}: zero or above, of {', '.join(SPECIFIC_HEAT_J_KG_K)}")
    return math.fsum(SPECIFIC_HEAT_J_KG_K[name] * mass for name, mass in masses_kg.items()), "estimate"


def coast_down_time_s(inertia_kg_m2: float, speed_rad_s: float, shaft_w: float) -> float:
    """Angular momentum over torque at the rated point, J w / (P / w): half speed is reached after this time.

    >>> coast_down_time_s(0.01, 300.0, 900.0)
    1.0
    """
    return inertia_kg_m2 * speed_rad_s**2 / shaft_w


def power_law_plate(
    base_k_w: float, factor: float, exponent: float, flows_m3_s: Sequence[float]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A plate's table from R = base + factor V^-exponent: flows and resistances for `Plates`."""
    return tuple(flows_m3_s), tuple(base_k_w + factor * flow**-exponent for flow in flows_m3_s)


def _plates(loop: LoopDynamics) -> Iterator[tuple[Branch, Plates]]:
    return ((branch, plates) for branch in loop.branches for plates in branch.plates)


def _varied(loop: LoopDynamics, limit_k: float, capacity: float, coast: float, heat: float) -> LoopDynamics:
    def plates(old: Plates) -> Plates:
        return replace(
            old,
            chip_j_k=old.chip_j_k * capacity,
            plate_j_k=old.plate_j_k * capacity,
            heat_w=old.heat_w * heat,
            limit_k=old.limit_k if math.isnan(limit_k) else limit_k,
        )

    branches = tuple(replace(branch, plates=tuple(map(plates, branch.plates))) for branch in loop.branches)
    return replace(loop, branches=branches, pumps=replace(loop.pumps, coast_down_s=loop.pumps.coast_down_s * coast))


def _report_times_s(until_s: float, report_s: float) -> Floats:
    times = report_s * np.arange(math.floor(until_s / report_s + 1e-9) + 1, dtype=np.float64)
    return np.append(times, until_s) if until_s - times[-1] > 1e-9 else times


def _raise_if_lost(loops: Sequence[LoopDynamics], marks: Floats) -> None:
    for loop, (_, steps, failed) in zip(loops, marks, strict=True):
        if failed:
            why = "no flow was found at the smallest step" if failed == 1 else "too many steps"
            raise NotConverged(f"transient of loop {loop.name!r}: {why}, after {steps:.0f} steps")


def _tables(loops: Sequence[LoopDynamics], event: Event, kernels: Any) -> tuple[Any, Any, Any, Floats]:
    """Records of loops, branches and plates, and every plate's film conductance.

    Temperatures count from the loop's facility water, for small numbers round less.
    """
    loop_rows, branch_rows, plate_rows, films = list[Any](), list[Any](), list[Any](), list[Floats]()
    known: dict[tuple[object, ...], Floats] = {}
    for loop in loops:
        first_branch, first_plate = len(branch_rows), len(plate_rows)
        warmth = loop.density_kg_m3 * loop.heat_capacity_j_kg_k
        for branch in loop.branches:
            column = {"column_pa_s2_m3": loop.density_kg_m3 * branch.column_1_m}
            places = {"first_plate": len(plate_rows), "plates": len(branch.plates)}
            branch_rows.append(_row(kernels.BRANCH, branch, places | column))
            for chip in branch.plates:
                key = (chip.flows_m3_s, chip.resistances_k_w, chip.interface_k_w, warmth)
                if key not in known:
                    known[key] = _film_w_k(loop, branch, chip, kernels.FILM_POINTS)
                films.append(known[key])
                values = _plate_values(chip, warmth) | {"limit_k": chip.limit_k - loop.facility_k}
                plate_rows.append(_row(kernels.PLATE, chip, values))
        own = _loop_values(loop, event) | {"first_branch": first_branch, "branches": len(loop.branches)}
        own |= {"first_plate": first_plate, "plates": len(plate_rows) - first_plate}
        loop_rows.append(_row(kernels.LOOP, loop, own))
    branches, plates = np.array(branch_rows, dtype=kernels.BRANCH), np.array(plate_rows, dtype=kernels.PLATE)
    return np.array(loop_rows, dtype=kernels.LOOP), branches, plates, np.array(films)


def _row(kind: Any, source: Any, own: Mapping[str, float]) -> tuple[float, ...]:
    return tuple(own[name] if name in own else getattr(source, name) for name in kind.names)


def _interface_k_w(plates: Plates) -> float:
    return plates.interface_k_w or LEAST_INTERFACE_SHARE * min(plates.resistances_k_w)


def _plate_values(plates: Plates, warmth_j_m3_k: float) -> dict[str, float]:
    return {
        "fluid_j_k": plates.fluid_m3 * warmth_j_m3_k,
        "interface_w_k": 1.0 / _interface_k_w(plates),
        "limit_on_junction": float(plates.limit_on == "junction"),
        "clear_k": plates.clear_margin_k,
        "film_least_m3_s": plates.flows_m3_s[0],
        "film_most_m3_s": plates.flows_m3_s[-1] * FILM_REACH,
    }


def _film_w_k(loop: LoopDynamics, branch: Branch, plates: Plates, points: int) -> Floats:
    """The film that makes a plate of even temperature have the resistance asked for: R = 1 / (C (1 - exp(-film / C)))."""
    flows = np.linspace(plates.flows_m3_s[0], plates.flows_m3_s[-1] * FILM_REACH, points)
    rates = loop.density_kg_m3 * loop.heat_capacity_j_kg_k * flows
    past = np.interp(flows, plates.flows_m3_s, plates.resistances_k_w) - _interface_k_w(plates)
    most = -math.expm1(-MOST_UNITS)
    if past[-1] <= 0.0 or most * past[-1] * rates[-1] / FILM_REACH < 1.0:
        chip = f"branch {branch.name!r}, chip {plates.chip!r}"
        _refuse(loop, chip, "interface_k_w", _interface_k_w(plates), "less than the last resistance leaves beside the coolant's own warming")  # fmt: skip
    return np.asarray(-rates * np.log1p(-np.minimum(1.0 / np.maximum(past * rates, 1e-9), most)))


def _loop_values(loop: LoopDynamics, event: Event) -> dict[str, float]:
    pumps, hx, warmth = loop.pumps, loop.exchanger, loop.density_kg_m3 * loop.heat_capacity_j_kg_k
    tripped = {"none": 0, "facility water loss": 0, "cdu loss": pumps.running}.get(
        event.kind, pumps.running if event.pumps is None else min(event.pumps, pumps.running)
    )
    runout = (pumps.shutoff_pa / pumps.falloff) ** (1.0 / pumps.exponent)
    of_pumps = ("shutoff_pa", "falloff", "exponent", "rated_m3_s", "running", "speed_share", "friction_share", "changeover_s", "ramp_s")  # fmt: skip
    return {name: getattr(pumps, name) for name in of_pumps} | {
        "valve_works": loop.valve_works and event.kind != "cdu loss",
        "warmth_j_m3_k": warmth,
        "inertia_pa_s2_m3": loop.density_kg_m3 * loop.column_1_m,
        "runout_m3_s": runout,
        "beyond_pa_s2_m6": 0.5 * pumps.exponent * pumps.falloff * runout ** (pumps.exponent - 2.0),
        "tripped": tripped,
        "started": 0 if event.kind == "cdu loss" else min(pumps.standby, tripped),
        "boost_share": pumps.speed_share if pumps.boost_share is None else pumps.boost_share,
        "coast_s": pumps.coast_down_s,
        "torque_share": pumps.torque_at_shutoff_share,
        "event_s": event.at_s,
        "film1_w_k": hx.film_primary_w_k,
        "film2_w_k": hx.film_secondary_w_k,
        "film1_kg_s": hx.flow_primary_kg_s,
        "film2_kg_s": hx.flow_secondary_kg_s,
        "film_exponent": hx.exponent,
        "fouling_k_w": hx.fouling_k_w,
        "secondary_j_k": loop.secondary_m3 * warmth,
        "primary_j_k": loop.primary_m3 * loop.facility_density_kg_m3 * loop.facility_heat_capacity_j_kg_k,
        "buffer_j_k": loop.buffer_m3 * warmth,
        "facility_j_kg_k": loop.facility_heat_capacity_j_kg_k,
        "facility_decay_s": event.facility_decay_s if event.kind == "facility water loss" else math.inf,
        "facility_k": 0.0,
        "wanted_k": loop.supply_k - loop.facility_k,
        "valve_gain": loop.valve_gain_1_k_s,
        "valve_rate": loop.valve_rate_1_s,
        "valve_least": loop.valve_least_share,
    }


def _refuse(loop: LoopDynamics, element: str, name: str, value: object, expected: str) -> None:
    raise ValueError(f"loop {loop.name!r}, {element}: {name} is {value}; expected {expected}")


_MAY_BE_ZERO = {
    *("heat_w", "interface_k_w", "junction_k_w", "throttled_share", "clear_margin_k", "column_1_m", "friction_share"),
    *("linear_pa_s_m3", "quadratic_pa_s2_m6", "changeover_s", "standby", "torque_at_shutoff_share", "buffer_m3"),
    *("valve_gain_1_k_s", "valve_rate_1_s", "fouling_k_w", "exponent"),
}
_AT_MOST_ONE = {"flow_share", "throttled_share", "torque_at_shutoff_share", "valve_least_share"}


def _check_numbers(loop: LoopDynamics, element: str, part: Any, zero: set[str]) -> None:
    """Every number of a part: no NaN, not below zero, above zero where it must be."""
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(value, str | bool | tuple) or value is None or not isinstance(value, int | float):
            continue
        if item.name in zero and not 0.0 <= value < math.inf:
            _refuse(loop, element, item.name, value, "a number not below zero")
        if item.name not in zero and not (0.0 < value < math.inf or (item.name == "limit_k" and value == math.inf)):
            _refuse(loop, element, item.name, value, "a number above zero")
        if item.name in _AT_MOST_ONE and value > 1.0:
            _refuse(loop, element, item.name, value, "a share of at most 1")


def _check_loop(loop: LoopDynamics) -> None:
    _check_numbers(loop, "loop", loop, _MAY_BE_ZERO)
    _check_numbers(loop, "pumps", loop.pumps, _MAY_BE_ZERO - {"exponent"})
    _check_numbers(loop, "exchanger", loop.exchanger, _MAY_BE_ZERO)
    if not 1.0 <= loop.pumps.exponent <= 3.0:
        _refuse(loop, "pumps", "exponent", loop.pumps.exponent, "1 to 3")
    if loop.exchanger.arrangement != "counter-flow":
        _refuse(loop, "exchanger", "arrangement", loop.exchanger.arrangement, "counter-flow")
    if not any(branch.plates for branch in loop.branches):
        _refuse(loop, "loop", "branches", "without plates", "a branch with plates: there is no flow path past a chip")
    if not loop.column_1_m + sum(branch.column_1_m for branch in loop.branches) > 0.0:
        _refuse(loop, "loop", "column_1_m", 0.0, "above zero here or in a branch")
    for branch in loop.branches:
        _check_branch(loop, branch)


def _check_branch(loop: LoopDynamics, branch: Branch) -> None:
    element = f"branch {branch.name!r}"
    _check_numbers(loop, element, branch, _MAY_BE_ZERO | {"supply_m3", "return_m3"})
    if branch.linear_pa_s_m3 + branch.quadratic_pa_s2_m6 <= 0.0:
        _refuse(loop, element, "linear_pa_s_m3 and quadratic_pa_s2_m6", 0.0, "one of them above zero")
    taken = math.fsum(plates.count * plates.flow_share for plates in branch.plates)
    for plates in branch.plates:
        chip = f"{element}, chip {plates.chip!r}"
        _check_numbers(loop, chip, plates, _MAY_BE_ZERO)
        _check_table(loop, chip, plates)
    if taken > 1.0 + 1e-9:
        _refuse(loop, element, "the plates' count x flow_share", taken, "at most 1 together")


def _check_table(loop: LoopDynamics, chip: str, plates: Plates) -> None:
    flows, resistances = np.array(plates.flows_m3_s), np.array(plates.resistances_k_w)
    if flows.size != resistances.size or flows.size < 1 or not np.all(np.isfinite([*flows, *resistances])):
        _refuse(loop, chip, "flows_m3_s and resistances_k_w", f"{flows.size} and {resistances.size} points", "as many numbers in both, at least one")  # fmt: skip
    if np.any(flows <= 0.0) or np.any(np.diff(flows) <= 0.0):
        _refuse(loop, chip, "flows_m3_s", plates.flows_m3_s, "above zero and rising")
    if np.any(resistances <= 0.0) or np.any(np.diff(resistances) > 0.0):
        _refuse(loop, chip, "resistances_k_w", plates.resistances_k_w, "above zero and not rising")


def _check_event(event: Event, until_s: float, report_s: float) -> None:
    if event.kind not in KINDS:
        raise ValueError(f"event {event.kind!r}; expected one of {', '.join(KINDS)}")
    numbers = {"at_s": event.at_s, "pumps": event.pumps or 0, "until_s": until_s - 1e-9, "report_s": report_s - 1e-9}
    numbers["facility_decay_s"] = event.facility_decay_s - 1e-9
    for name, value in numbers.items():
        if not 0.0 <= value < math.inf:
            raise ValueError(f"event {event.kind!r}: {name} is {value}; expected a number above zero")
    for name, rows, width in (("facility", event.facility, 3), ("load", event.load, 2)):
        table = np.array(rows, dtype=np.float64).reshape(-1, width)
        if rows and (
            not np.all(np.isfinite(table)) or np.any(np.diff(table[:, 0]) < 0.0) or np.any(table[:, :2] < 0.0)
        ):
            raise ValueError(f"event {event.kind!r}: {name} is {rows}; expected rising times and shares not below zero")
