"""One CDU loop through time: pumps, column of water, plugs in the pipes, plates, exchanger, valve.

Everything is advanced by TR-BDF2, an implicit Runge-Kutta pair of order 2(3) that damps stiff parts (Bank et al., IEEE
Trans. Electron Devices 32, 1985; the error of Hosea and Shampine, Appl. Numer. Math. 20, 1996). All books are kept with
the weights of its three stages, so that heat in + pump work = heat rejected + stored up to rounding.

Flow does not feel temperature here (density and viscosity constant), and a pipe hands out only what entered it at an
earlier step. So each step takes in turn: pumps and flow; what the pipes hand out; plates and exchanger, each a row of
three heat capacities; then the pipes take in what those gave. Units are SI, temperatures count from any zero; records are filled in by `transients`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from rackwright.compiled import kernel

Array = npt.NDArray[np.float64]

#: TR-BDF2: weight of the first two stages, of the last (also every stage's implicit weight), and the middle stage's place.
OUTER, IMPLICIT, MIDDLE = math.sqrt(2.0) / 4.0, 1.0 - math.sqrt(2.0) / 2.0, 2.0 - math.sqrt(2.0)
#: Weights less those of the companion of third order: what they give is the error.
ERR0, ERR1, ERR2 = OUTER - (1.0 - OUTER) / 3.0, OUTER - (3.0 * OUTER + 1.0) / 3.0, IMPLICIT * 2.0 / 3.0
#: Errors allowed in one step: temperature [K]; flow, as share of the first; pump speed and valve opening.
TOLERANCE_K, TOLERANCE_FLOW, TOLERANCE_SHARE = 2e-3, 1e-4, 1e-4
#: What enters a pipe in one step is kept as linear, and so is what leaves it; by this much its mean may differ from its
#: ends' mean [K], the second as long as steps are longer than FRONT_S.
BEND_K, PLUG_BEND_K = 0.02, 0.05
#: A step takes from a pipe only water within this range [K], unless it would be shorter than FRONT_S [s].
FRONT_K, FRONT_S = 1.0, 0.02
#: Steps: shortest by error, longest [s]; events are located within EVENT_S.
SHORTEST_S, LONGEST_S, EVENT_S = 1e-4, 5.0, 2e-4
#: Parcels that a pipe keeps apart, and the difference below which two are one [K].
PARCELS, SAME_K = 2048, 1e-5
#: Points of a plate's table of film conductance, evenly spaced in flow.
FILM_POINTS = 513
#: A step is cut so often to end at an event; a valve that closes ever more slowly has no sharper instant.
MOST_STEPS, MOST_TRIES, MOST_CUTS = 2_000_000, 60, 12
#: Groups of pumps: running on, tripped, started in their place.
RUNNING, TRIPPED, STARTED = 0, 1, 2
#: Entries of the books.
HEAT, WORK, REJECTED, STORED = 0, 1, 2, 3

LOOP = np.dtype(
    [(name, np.int64) for name in ("first_branch", "branches", "first_plate", "plates", "valve_works")]
    + [
        (name, np.float64)
        for name in (
            *("density_kg_m3", "warmth_j_m3_k", "inertia_pa_s2_m3", "linear_pa_s_m3", "quadratic_pa_s2_m6"),
            *("shutoff_pa", "falloff", "exponent", "runout_m3_s", "beyond_pa_s2_m6", "rated_m3_s"),
            *(
                "running",
                "tripped",
                "started",
                "speed_share",
                "boost_share",
                "coast_s",
                "torque_share",
                "friction_share",
            ),
            *("event_s", "changeover_s", "ramp_s", "supply_m3", "return_m3"),
            *("film1_w_k", "film2_w_k", "film1_kg_s", "film2_kg_s", "film_exponent", "fouling_k_w"),
            *("secondary_j_k", "wall_j_k", "primary_j_k", "buffer_j_k"),
            *("facility_k", "facility_kg_s", "facility_j_kg_k", "facility_decay_s"),
            *("wanted_k", "valve_gain", "valve_rate", "valve_least"),
        )
    ]
)
BRANCH = np.dtype(
    [(name, np.int64) for name in ("first_plate", "plates")]
    + [
        (name, np.float64)
        for name in ("racks", "linear_pa_s_m3", "quadratic_pa_s2_m6", "column_pa_s2_m3", "supply_m3", "return_m3")
    ]
)
PLATE = np.dtype(
    [
        (name, np.float64)
        for name in (
            *("count", "heat_w", "flow_share", "chip_j_k", "plate_j_k", "fluid_j_k", "interface_w_k", "junction_k_w"),
            *("limit_k", "limit_on_junction", "throttled_share", "clear_k", "film_least_m3_s", "film_most_m3_s"),
        )
    ]
)


@kernel
def one_pump_m3_s(loop: Any, rise_pa: float, speed: float) -> tuple[float, float]:
    """Flow of one pump against a rise, and its slope; a check valve lets nothing back."""
    if rise_pa >= speed * speed * loop.shutoff_pa:
        return 0.0, 0.0
    if rise_pa >= 0.0:
        x = ((loop.shutoff_pa - rise_pa / speed**2) / loop.falloff) ** (1.0 / loop.exponent)
        return speed * x, -1.0 / (loop.exponent * loop.falloff * x ** (loop.exponent - 1.0) * speed)
    flow = math.sqrt((speed * loop.runout_m3_s) ** 2 - rise_pa / loop.beyond_pa_s2_m6)
    return flow, -0.5 / (loop.beyond_pa_s2_m6 * flow)


@kernel
def alone_pa(loop: Any, flow: float, speed: float, count: float) -> tuple[float, float]:
    """Rise of `count` equal pumps with the whole flow, and its slope; beyond run-out a resistance, C1 at the join."""
    each = flow / count
    if each <= speed * loop.runout_m3_s and speed > 0.0:
        x = each / speed
        steep = loop.falloff * x ** (loop.exponent - 1.0)
        return speed**2 * (loop.shutoff_pa - steep * x), -loop.exponent * steep * speed / count
    push = (speed * loop.runout_m3_s) ** 2 - each * each
    return loop.beyond_pa_s2_m6 * push, -2.0 * loop.beyond_pa_s2_m6 * each / count


@kernel
def rise_pa(loop: Any, flow: float, speeds: Array, counts: Array) -> tuple[float, float]:
    """Common rise of all groups of pumps that together give `flow`, and its slope."""
    lead = -1
    for group in range(3):
        if counts[group] > 0.0 and (lead < 0 or speeds[group] > speeds[lead]):
            lead = group
    equal = 0.0
    for group in range(3):
        equal += counts[group] if speeds[group] == speeds[lead] else 0.0
    low, slope = alone_pa(loop, flow, speeds[lead], equal)
    helped = False
    for group in range(3):
        slower = counts[group] > 0.0 and speeds[group] < speeds[lead]
        helped |= slower and speeds[group] ** 2 * loop.shutoff_pa > low
    if not helped:
        return low, slope
    high = speeds[lead] ** 2 * loop.shutoff_pa
    rise = 0.5 * (low + high)
    for _ in range(100):
        total, slope = -flow, 0.0
        for group in range(3):
            if counts[group] > 0.0:
                each, by_rise = one_pump_m3_s(loop, rise, speeds[group])
                total += counts[group] * each
                slope += counts[group] * by_rise
        if total > 0.0:
            low = rise
        else:
            high = rise
        better = rise - total / slope if slope < 0.0 else low
        if not low < better < high:
            better = 0.5 * (low + high)
        if abs(better - rise) <= 1e-13 * loop.shutoff_pa:
            break
        rise = better
    return rise, 1.0 / slope if slope < 0.0 else 0.0


@kernel
def split(loop: Any, branches: Any, flow: float, flows: Array) -> tuple[float, float]:
    """Drop across the racks' branches at the loop's flow, its slope, and in `flows` what each kind of rack takes."""
    high = math.inf
    for number in range(loop.branches):
        rack = branches[loop.first_branch + number]
        each = flow / rack.racks
        high = min(high, each * (rack.linear_pa_s_m3 + rack.quadratic_pa_s2_m6 * each))
    low, drop, slope = 0.0, high, 0.0
    for _ in range(100):
        total, slope = 0.0, 0.0
        for number in range(loop.branches):
            rack = branches[loop.first_branch + number]
            root = math.sqrt(rack.linear_pa_s_m3**2 + 4.0 * rack.quadratic_pa_s2_m6 * drop)
            taken = rack.racks * (2.0 * drop / (rack.linear_pa_s_m3 + root)) if drop > 0.0 else 0.0
            flows[number] = taken
            total += taken
            slope += rack.racks / root if root > 0.0 else math.inf
        if total > flow:
            high = drop
        else:
            low = drop
        better = drop - (total - flow) / slope
        if not low <= better <= high:
            better = 0.5 * (low + high)
        if abs(better - drop) <= 1e-13 * high:
            break
        drop = better
    scale = flow / total if total > 0.0 else 0.0
    for number in range(loop.branches):
        flows[number] *= scale
    return drop, 1.0 / slope


@kernel
def push(
    loop: Any, branches: Any, flow: float, speeds: Array, counts: Array, flows: Array
) -> tuple[float, float, float]:
    """Acceleration of the flow, its slope, and the pumps' rise; `flows` as in `split`."""
    rise, rise_slope = rise_pa(loop, flow, speeds, counts)
    drop, drop_slope = split(loop, branches, flow, flows)
    drop += flow * (loop.linear_pa_s_m3 + loop.quadratic_pa_s2_m6 * flow)
    drop_slope += loop.linear_pa_s_m3 + 2.0 * loop.quadratic_pa_s2_m6 * flow
    return (rise - drop) / loop.inertia_pa_s2_m3, (rise_slope - drop_slope) / loop.inertia_pa_s2_m3, rise


@kernel
def drive(loop: Any, began_s: float, time_s: float, tripped_speed: float, speeds: Array, counts: Array) -> None:
    """Who runs is settled when a step begins (steps end at switchings); how fast, by the time within it."""
    gone = loop.tripped if began_s >= loop.event_s else 0.0
    counts[RUNNING], counts[TRIPPED] = loop.running - gone, gone
    counts[STARTED] = loop.started if began_s >= loop.event_s + loop.changeover_s else 0.0
    ramp = min(max((time_s - loop.event_s - loop.changeover_s) / loop.ramp_s, 0.0), 1.0)
    boosted = loop.speed_share * (1.0 - ramp) + loop.boost_share * ramp  # exactly one speed for all in the end
    speeds[RUNNING], speeds[TRIPPED] = boosted if loop.tripped > 0.0 else loop.speed_share, tripped_speed
    speeds[STARTED] = ramp * loop.boost_share


@kernel
def braking(loop: Any, speed: float, each: float) -> float:
    """Loss of speed share per second of a tripped pump: torque over angular momentum at full speed."""
    if speed <= 0.0:
        return 0.0
    torque = loop.torque_share * speed**2 + (1.0 - loop.torque_share) * speed * each / loop.rated_m3_s
    return float((torque + loop.friction_share) / loop.coast_s)


@kernel
def braked(loop: Any, base: float, kappa: float, each: float) -> float:
    """Speed share at the end of an implicit stage: the root of speed = base - kappa braking(speed)."""
    a = kappa * loop.torque_share / loop.coast_s
    b = 1.0 + kappa * (1.0 - loop.torque_share) * each / (loop.rated_m3_s * loop.coast_s)
    c = base - kappa * loop.friction_share / loop.coast_s
    return 0.0 if c <= 0.0 else float(2.0 * c / (b + math.sqrt(b * b + 4.0 * a * c)))


@kernel
def tripped_m3_s(loop: Any, flow: float, speed: float, speeds: Array, counts: Array) -> float:
    """Flow through one tripped pump at a speed, by the common rise."""
    speeds[TRIPPED] = speed
    return one_pump_m3_s(loop, rise_pa(loop, flow, speeds, counts)[0], speed)[0]


@kernel
def stage_flow(
    loop: Any, branches: Any, base: Any, kappa: float, began_s: float, time_s: float, guess: Any, work: Any
) -> tuple[float, float, float, float, float, float]:
    """Flow and tripped speed at an implicit stage, their rates, the rise and the slope; NaN when not found."""
    speeds, counts, flows = work
    flow, speed, low, high = guess[0], guess[1], 0.0, math.inf
    for turn in range(100):
        each, before = 0.0, speed
        drive(loop, began_s, time_s, speed, speeds, counts)
        speed = base[1]
        if counts[TRIPPED] > 0.0:
            each = tripped_m3_s(loop, flow, before, speeds, counts)
            speed = braked(loop, base[1], kappa, each)
            if turn > 8:  # near a check valve's closing the flow jumps with the speed: halve instead
                slow, fast = 0.0, base[1]
                for _ in range(50):
                    speed = 0.5 * (slow + fast)
                    each = tripped_m3_s(loop, flow, speed, speeds, counts)
                    if speed > braked(loop, base[1], kappa, each):
                        fast = speed
                    else:
                        slow = speed
            speeds[TRIPPED] = speed
        rate, slope, rise = push(loop, branches, flow, speeds, counts, flows)
        over = flow - base[0] - kappa * rate
        if abs(speed - before) > 1e-12:
            low, high = 0.0, math.inf
        elif over > 0.0:
            high = flow
        else:
            low = flow
        better = max(flow - over / (1.0 - kappa * slope), 0.0)
        if high < math.inf and not low <= better <= high:
            better = 0.5 * (low + high)
        change = max(abs(better - flow) / (loop.rated_m3_s + better), abs(speed - before))
        flow = better
        if change <= 1e-12 or (turn >= 20 and change <= 1e-9):
            rate, slope, rise = push(loop, branches, flow, speeds, counts, flows)
            return flow, speed, rate, -braking(loop, speed, each) if counts[TRIPPED] > 0.0 else 0.0, rise, slope
    return math.nan, speed, 0.0, 0.0, 0.0, 0.0


@kernel
def valve_gap_pa(loop: Any, flow: float, tripped_speed: float, time_s: float, speeds: Array, counts: Array) -> float:
    """What opens the tripped pumps' check valves: their shut-off pressure less the rise; shut at zero and below."""
    drive(loop, time_s, time_s, tripped_speed, speeds, counts)
    return float(tripped_speed**2 * loop.shutoff_pa - rise_pa(loop, flow, speeds, counts)[0])


# Pipes: a pipe is a queue of parcels, oldest first; its volumes always add up to the pipe's. A parcel has a volume, a mean
# temperature and the rise from its oldest to its newest end, linear between.


@kernel
def fill(pipe: int, volume: float, temperature: float, store: Any) -> None:
    """A pipe full of water at one temperature."""
    volumes, means, rises, heads, counts = store
    heads[pipe], counts[pipe] = 0, 1
    volumes[pipe, 0], means[pipe, 0], rises[pipe, 0] = volume, temperature, 0.0


@kernel
def hand_out(pipe: int, wanted: float, store: Any) -> tuple[float, float, float]:
    """Mean of the next `wanted` volume, rise from its first to its last drop, and how far the mean is from half-way.

    NaN when the pipe holds less.
    """
    volumes, means, rises, heads, counts = store
    place, left, heat = heads[pipe], wanted, 0.0
    first = means[pipe, place] - 0.5 * rises[pipe, place]
    if wanted <= 0.0:
        return first, 0.0, 0.0
    for _ in range(counts[pipe]):
        part = min(left, volumes[pipe, place])
        share = part / volumes[pipe, place]
        oldest = means[pipe, place] - 0.5 * rises[pipe, place]
        heat += part * (oldest + 0.5 * share * rises[pipe, place] - first)
        left -= part
        if left <= 0.0:
            rise = oldest + share * rises[pipe, place] - first
            return first + heat / wanted, rise, abs(heat / wanted - 0.5 * rise)
        place = (place + 1) % PARCELS
    return math.nan, math.nan, math.nan


@kernel
def even_m3(pipe: int, wanted: float, store: Any) -> float:
    """How much of the next `wanted` volume stays within FRONT_K of each other; one parcel at least."""
    volumes, means, rises, heads, counts = store
    place, taken, least, most = heads[pipe], 0.0, math.inf, -math.inf
    for _ in range(counts[pipe]):
        half = 0.5 * abs(rises[pipe, place])
        least, most = min(least, means[pipe, place] - half), max(most, means[pipe, place] + half)
        if taken >= wanted or (most - least > FRONT_K and taken > 0.0):
            break
        taken += volumes[pipe, place]
        place = (place + 1) % PARCELS
    return float(taken)


@kernel
def move_on(pipe: int, volume: float, heat: float, rise: float, store: Any) -> None:
    """The oldest `volume` leaves; as much enters, with `heat` = volume x temperature, and a rise over it."""
    volumes, means, rises, heads, counts = store
    if volume <= 0.0:
        last = (heads[pipe] + counts[pipe] - 1) % PARCELS
        means[pipe, last] += heat / volumes[pipe, last]
        return
    left = volume
    while left > 0.0 and counts[pipe] > 0:
        at = heads[pipe]
        if volumes[pipe, at] > left:
            share = left / volumes[pipe, at]
            means[pipe, at] += 0.5 * share * rises[pipe, at]
            rises[pipe, at] *= 1.0 - share
            volumes[pipe, at] -= left
            break
        left -= volumes[pipe, at]
        heads[pipe] = (at + 1) % PARCELS
        counts[pipe] -= 1
    last = (heads[pipe] + counts[pipe] - 1) % PARCELS
    fresh = heat / volume
    if counts[pipe] > 0:
        differ = max(abs(fresh - means[pipe, last]), abs(rise), abs(rises[pipe, last]))
        if differ < SAME_K or counts[pipe] == PARCELS:
            both = volumes[pipe, last] + volume
            rises[pipe, last] = fresh + 0.5 * rise - means[pipe, last] + 0.5 * rises[pipe, last]
            means[pipe, last] += (fresh - means[pipe, last]) * volume / both
            volumes[pipe, last] = both
            return
    last = (heads[pipe] + counts[pipe]) % PARCELS
    volumes[pipe, last], means[pipe, last], rises[pipe, last] = volume, fresh, rise
    counts[pipe] += 1


@kernel
def pipe_heat(pipe: int, zero_k: float, store: Any) -> float:
    """Volume x temperature above `zero_k` held: the plugs' share of what a loop stores is this by density and heat."""
    volumes, means, _, heads, counts = store
    total = 0.0
    for number in range(counts[pipe]):
        place = (heads[pipe] + number) % PARCELS
        total += volumes[pipe, place] * (means[pipe, place] - zero_k)
    return total


# Heat: a row of three heat capacities a, b, f; `row` holds its coefficients at one stage:
#   a' = (source - g (alpha a + tau - b) + ca (ta - a)) / Ca      b' = (g (alpha a + tau - b) - k (b - theta - phi f)) / Cb
#   f' = (k (b - theta - phi f) + cf (tf - f)) / Cf
G, ALPHA, TAU, K, PHI, THETA, CA, TA, SOURCE, CF, TF = range(11)


@kernel
def place(depth: float) -> float:
    """Where along an exchanger a stream has its mean temperature: 1/2 for short ones, towards 1 (its outlet) for long."""
    if abs(depth) < 1e-4:
        return 0.5 + depth / 12.0
    return -1.0 / math.expm1(-depth) - 1.0 / depth


@kernel
def row_rates(y: Any, caps: Any, row: Any) -> tuple[float, float, float]:
    """Rates of change of the three temperatures. [K/s]"""
    first = row[G] * (row[ALPHA] * y[0] + row[TAU] - y[1])
    second = row[K] * (y[1] - row[THETA] - row[PHI] * y[2])
    leaving = row[CF] * (row[TF] - y[2])
    return (
        (row[SOURCE] - first + row[CA] * (row[TA] - y[0])) / caps[0],
        (first - second) / caps[1],
        (second + leaving) / caps[2],
    )


@kernel
def row_solved(base: Any, kappa: float, caps: Any, row: Any, forced: float) -> tuple[float, float, float]:
    """The y with y - kappa rates(y) = base; without sources and inflow where `forced` is 0."""
    ka, kb, kf = kappa / caps[0], kappa / caps[1], kappa / caps[2]
    tau, theta = forced * row[TAU], forced * row[THETA]
    da = 1.0 + ka * (row[G] * row[ALPHA] + row[CA])
    df = 1.0 + kf * (row[K] * row[PHI] + row[CF])
    a0 = (base[0] + ka * (forced * (row[SOURCE] + row[CA] * row[TA]) - row[G] * tau)) / da
    f0 = (base[2] + kf * (forced * row[CF] * row[TF] - row[K] * theta)) / df
    own = 1.0 + kb * (row[G] * (1.0 + ka * row[CA]) / da + row[K] * (1.0 + kf * row[CF]) / df)
    b = (base[1] + kb * (row[G] * (row[ALPHA] * a0 + tau) + row[K] * (theta + row[PHI] * f0))) / own
    return a0 + ka * row[G] / da * b, b, f0 + kf * row[K] / df * b


@kernel
def row_step(h: float, caps: Any, rows: Any, stages: Any) -> float:
    """One step of TR-BDF2 from stages[0] into stages[1:]; the largest error. [K]"""
    kappa = IMPLICIT * h
    y = stages[0]
    k0 = row_rates(y, caps, rows[0])
    base = (y[0] + kappa * k0[0], y[1] + kappa * k0[1], y[2] + kappa * k0[2])
    middle = row_solved(base, kappa, caps, rows[1], 1.0)
    k1 = row_rates(middle, caps, rows[1])
    w = OUTER * h
    base = (y[0] + w * (k0[0] + k1[0]), y[1] + w * (k0[1] + k1[1]), y[2] + w * (k0[2] + k1[2]))
    last = row_solved(base, kappa, caps, rows[2], 1.0)
    k2 = row_rates(last, caps, rows[2])
    raw = (
        h * (ERR0 * k0[0] + ERR1 * k1[0] + ERR2 * k2[0]),
        h * (ERR0 * k0[1] + ERR1 * k1[1] + ERR2 * k2[1]),
        h * (ERR0 * k0[2] + ERR1 * k1[2] + ERR2 * k2[2]),
    )
    error = row_solved(raw, kappa, caps, rows[2], 0.0)
    for node in range(3):
        stages[1, node], stages[2, node] = middle[node], last[node]
    return max(abs(error[0]), abs(error[1]), abs(error[2]))


@kernel
def film_w_k(plate: Any, film: Any, flow: float) -> float:
    """Conductance from plate to coolant at a flow through it, from an even table; its ends hold beyond it."""
    way = (flow - plate.film_least_m3_s) / (plate.film_most_m3_s - plate.film_least_m3_s) * (FILM_POINTS - 1)
    if way <= 0.0:
        return float(film[0])
    if way >= FILM_POINTS - 1:
        return float(film[FILM_POINTS - 1])
    left = int(way)
    return float(film[left] + (way - left) * (film[left + 1] - film[left]))


@kernel
def plate_row(loop: Any, plate: Any, film: Any, flow: float, inlet_k: float, heat_w: float, row: Any) -> None:
    """Chip, plate, coolant in the plate; in the steady state exactly 1 - exp(-film / capacity rate) of the span."""
    rate = loop.warmth_j_m3_k * flow
    row[G], row[ALPHA], row[TAU] = plate.interface_w_k, 1.0, 0.0
    row[K] = film_w_k(plate, film, flow)
    row[PHI] = place(row[K] / rate) if rate > 0.0 else 1.0
    row[THETA] = (1.0 - row[PHI]) * inlet_k
    row[CA], row[TA], row[SOURCE], row[CF], row[TF] = 0.0, 0.0, heat_w, rate, inlet_k


@kernel
def exchanger_row(loop: Any, flow: float, inlet_k: float, primary_kg_s: float, primary_k: float, row: Any) -> float:
    """Loop's side, wall, facility's side; returns the steady heat per kelvin between the inlets. [W/K]

    Each side tends to its outlet of the settled counter-flow exchanger at these inlets. Besides, what the sides are off
    from there flows between them through the wall by UA, so that standing water still gives its heat; as much of UA as
    no warmer inlet makes an outlet colder, which a few lumps of a long exchanger would else do.
    """
    c1, c2 = loop.facility_j_kg_k * primary_kg_s, loop.warmth_j_m3_k * flow
    film1 = loop.film1_w_k * (primary_kg_s / loop.film1_kg_s) ** loop.film_exponent
    film2 = loop.film2_w_k * (flow * loop.density_kg_m3 / loop.film2_kg_s) ** loop.film_exponent
    per_k, link, lag = 0.0, 0.0, 0.0
    if c1 > 0.0 and c2 > 0.0 and film1 > 0.0 and film2 > 0.0:
        ua = 1.0 / (1.0 / film1 + 1.0 / film2 + loop.fouling_k_w)
        at2 = place(ua * (1.0 / c2 - 1.0 / c1))
        per_k = min(1.0 / (1.0 / ua + at2 / c2 + (1.0 - at2) / c1), c1, c2)
        lag = per_k / c1 + per_k / c2 - 1.0
        link = ua
        if lag > 0.0:
            link = min(ua, (min(c1, c2) - per_k) / lag)
        elif lag < 0.0:
            link = min(ua, -per_k / lag)
    span = inlet_k - primary_k
    row[G], row[ALPHA], row[TAU] = 2.0 * link, 1.0, 0.5 * lag * span
    row[K], row[PHI], row[THETA] = 2.0 * link, 1.0, -0.5 * lag * span
    row[CA], row[TA] = c2, inlet_k - per_k / c2 * span if c2 > 0.0 else inlet_k
    row[CF], row[TF] = c1, primary_k + per_k / c1 * span if c1 > 0.0 else primary_k
    row[SOURCE] = 0.0
    return per_k


@kernel
def facility(loop: Any, time_s: float, series: Any) -> tuple[float, float]:
    """Most flow that the facility gives (valve open) and its temperature, at a time."""
    since = time_s - loop.event_s
    flow, inlet = loop.facility_kg_s, loop.facility_k
    if since > 0.0:
        flow *= math.exp(-since / loop.facility_decay_s)
    if series.shape[1] > 0:
        flow *= np.interp(since, series[0], series[1])
        inlet += np.interp(since, series[0], series[2])
    return flow, inlet


@kernel
def valve_rate(loop: Any, supply_k: float) -> float:
    """Opening of the valve per second: what integral control asks for, within the actuator's speed."""
    if loop.valve_works == 0:
        return 0.0
    return float(min(max(loop.valve_gain * (supply_k - loop.wanted_k), -loop.valve_rate), loop.valve_rate))


@kernel
def settle(loop: Any, branches: Any, plates: Any, films: Any, state: Any, work: Any, store: Any) -> None:
    """The steady state before the event: flow, valve (at the set-point where it can), every temperature and plug."""
    hydro, temps, exchanger, _ = state
    speeds, counts, flows = work
    drive(loop, -math.inf, -math.inf, loop.speed_share, speeds, counts)
    low, high = 0.0, loop.running * loop.runout_m3_s * loop.speed_share
    for _ in range(100):
        middle = 0.5 * (low + high)
        if push(loop, branches, middle, speeds, counts, flows)[0] > 0.0:
            low = middle
        else:
            high = middle
    hydro[0], hydro[1] = 0.5 * (low + high), loop.speed_share
    flow = hydro[0]
    heat_w = push(loop, branches, flow, speeds, counts, flows)[2] * flow
    for number in range(loop.branches):
        rack = branches[loop.first_branch + number]
        for k in range(rack.first_plate, rack.first_plate + rack.plates):
            heat_w += rack.racks * plates[k].count * plates[k].heat_w
    for number in range(loop.branches):
        rack = branches[loop.first_branch + number]
        loop.inertia_pa_s2_m3 += rack.column_pa_s2_m3 / rack.racks * (flows[number] / flow) ** 2
    low, high, c2, row = loop.valve_least, 1.0, loop.warmth_j_m3_k * flow, np.zeros(11)
    opening, supply = 1.0, 0.0
    for attempt in range(100):
        per_k = exchanger_row(loop, flow, 0.0, loop.facility_kg_s * opening, loop.facility_k, row)
        supply = loop.facility_k + heat_w * (1.0 / per_k - 1.0 / c2)
        if attempt == 0 and supply > loop.wanted_k:
            break
        if supply > loop.wanted_k:
            low = opening
        else:
            high = opening
        opening = 0.5 * (low + high)
    back = supply + heat_w / c2
    hydro[2], exchanger[0], exchanger[3] = opening, supply, supply
    exchanger[2] = loop.facility_k + heat_w / row[CF]
    exchanger[1] = 0.5 * (supply + exchanger[2])
    fill(0, loop.supply_m3, supply, store)
    fill(1, loop.return_m3, back, store)
    for number in range(loop.branches):
        rack = branches[loop.first_branch + number]
        warmth, rack_w = loop.warmth_j_m3_k * flows[number], 0.0
        for k in range(rack.first_plate, rack.first_plate + rack.plates):
            each = flows[number] / rack.racks * plates[k].flow_share
            plate_row(loop, plates[k], films[k], each, supply, plates[k].heat_w, row)
            at = k - loop.first_plate
            temps[at, 2] = supply + plates[k].heat_w / row[CF]
            temps[at, 1] = row[THETA] + row[PHI] * temps[at, 2] + plates[k].heat_w / row[K]
            temps[at, 0] = temps[at, 1] + plates[k].heat_w / row[G]
            rack_w += rack.racks * plates[k].count * plates[k].heat_w
        fill(2 + 2 * number, rack.racks * rack.supply_m3, supply, store)
        fill(3 + 2 * number, rack.racks * rack.return_m3, supply + rack_w / warmth, store)


@kernel
def held_j(loop: Any, branches: Any, plates: Any, state: Any, store: Any) -> float:
    """Energy held: heat above the facility water's first temperature, and the column's motion."""
    hydro, temps, exchanger, _ = state
    zero = loop.facility_k
    caps = (loop.secondary_j_k, loop.wall_j_k, loop.primary_j_k, loop.buffer_j_k)
    total = 0.5 * loop.inertia_pa_s2_m3 * hydro[0] ** 2
    for node in range(4):
        total += caps[node] * (exchanger[node] - zero)
    volume_heat = pipe_heat(0, zero, store) + pipe_heat(1, zero, store)
    for number in range(loop.branches):
        rack = branches[loop.first_branch + number]
        for pipe in range(2 + 2 * number, 4 + 2 * number):
            volume_heat += pipe_heat(pipe, zero, store)
        for k in range(rack.first_plate, rack.first_plate + rack.plates):
            y = temps[k - loop.first_plate]
            each = plates[k].chip_j_k * (y[0] - zero) + plates[k].plate_j_k * (y[1] - zero)
            total += rack.racks * plates[k].count * (each + plates[k].fluid_j_k * (y[2] - zero))
    return float(total + loop.warmth_j_m3_k * volume_heat)


@kernel
def flow_step(loop: Any, branches: Any, hydro: Array, began_s: float, h: float, trial: Any, work: Any) -> float:
    """Flow and tripped speed over one step, by stages; the error over what is allowed, infinite when not found."""
    hyd, flows = trial[0], trial[1]
    kappa, w, rates = IMPLICIT * h, OUTER * h, trial[5]
    base, slope = (hydro[0], hydro[1]), 0.0
    for i in range(3):
        at = began_s + (0.0, MIDDLE, 1.0)[i] * h
        found = stage_flow(loop, branches, base, kappa if i else 0.0, began_s, at, hydro, work)
        hyd[i, 0], hyd[i, 1], rates[i, 0], rates[i, 1], hyd[i, 2], slope = found
        if math.isnan(found[0]):
            return math.inf
        flows[i] = work[2]
        if i == 0:
            base = (hydro[0] + kappa * rates[0, 0], hydro[1] + kappa * rates[0, 1])
        elif i == 1:
            base = (hydro[0] + w * (rates[0, 0] + rates[1, 0]), hydro[1] + w * (rates[0, 1] + rates[1, 1]))
    flow_error = h * (ERR0 * rates[0, 0] + ERR1 * rates[1, 0] + ERR2 * rates[2, 0]) / (1.0 - kappa * slope)
    speed_error = h * (ERR0 * rates[0, 1] + ERR1 * rates[1, 1] + ERR2 * rates[2, 1])
    allowed = TOLERANCE_FLOW * loop.rated_m3_s * loop.running
    return float(max(abs(flow_error) / allowed, abs(speed_error) / TOLERANCE_SHARE))


@kernel
def summed(h: float, first: float, middle: float, last: float) -> float:
    """What a rate with these values at the three stages adds up to over the step."""
    return h * (OUTER * (first + middle) + IMPLICIT * last)


@kernel
def bent(first: float, middle: float, last: float) -> float:
    """How far three stages are from a straight line, over what is allowed."""
    return abs(summed(1.0, first, middle, last) - 0.5 * (first + last)) / BEND_K


@kernel
def inlets_k(mean: float, rise: float, h: float, flows: Any, inlets: Array) -> None:
    """Inlet temperature at the three stages: linear, and with these flows exactly the mean that the pipe handed out."""
    volume = summed(h, flows[0], flows[1], flows[2])
    centre = summed(h, 0.0, MIDDLE * flows[1], flows[2]) / volume if volume > 0.0 else 0.0
    inlets[0], inlets[1], inlets[2] = (
        mean - rise * centre,
        mean + rise * (MIDDLE - centre),
        mean + rise * (1.0 - centre),
    )


@kernel
def racks_step(
    loop: Any, branches: Any, plates: Any, films: Any, temps: Any, h: float, trial: Any, store: Any
) -> float:
    """All plates over one step; in `moved` each branch's volume, volume x temperature and rise handed on."""
    flows, rows, stages, moved, inlets, heats = trial[1], trial[2], trial[3], trial[4], trial[5][:, 2], trial[6]
    volume, error = 0.0, 0.0
    for number in range(loop.branches):
        moved[number, 0] = summed(h, flows[0, number], flows[1, number], flows[2, number])
        volume += moved[number, 0]
    common, common_rise, most_bent = hand_out(0, volume, store)
    known = common
    for number in range(loop.branches):
        rack, inlet, rise = branches[loop.first_branch + number], common, common_rise
        if rack.supply_m3 > 0.0:
            inlet, rise, bend = hand_out(2 + 2 * number, moved[number, 0], store)
            most_bent = max(most_bent, bend)
        if rack.return_m3 > 0.0:
            moved[number, 3], moved[number, 4], bend = hand_out(3 + 2 * number, moved[number, 0], store)
            most_bent = max(most_bent, bend)
            known += moved[number, 3]
        known += inlet
        inlets_k(inlet, rise, h, flows[:, number], inlets)
        moved[number, 1], moved[number, 2] = moved[number, 0] * inlet, rise
        for k in range(rack.first_plate, rack.first_plate + rack.plates):
            at, plate = k - loop.first_plate, plates[k]
            y, caps = stages[at], (plate.chip_j_k, plate.plate_j_k, plate.fluid_j_k)
            y[0] = temps[at]
            for i in range(3):
                each = flows[i, number] / rack.racks * plate.flow_share
                plate_row(loop, plate, films[k], each, inlets[i], heats[at], rows[i])
            error = max(error, row_step(h, caps, rows, y) / TOLERANCE_K, bent(y[0, 2], y[1, 2], y[2, 2]))
            gained = summed(
                h,
                rows[0, CF] * (y[0, 2] - inlets[0]),
                rows[1, CF] * (y[1, 2] - inlets[1]),
                rows[2, CF] * (y[2, 2] - inlets[2]),
            )
            moved[number, 1] += rack.racks * plate.count * gained / loop.warmth_j_m3_k
            moved[number, 2] += plate.count * plate.flow_share * (y[2, 2] - y[0, 2] - rise)
    moved[loop.branches, 0], moved[loop.branches, 1], moved[loop.branches, 2] = volume, common, common_rise
    error = max(error, most_bent / PLUG_BEND_K if h > FRONT_S else 0.0)
    return error if math.isfinite(known) else math.inf


@kernel
def cdu_step(loop: Any, state: Any, began_s: float, h: float, series: Array, trial: Any, store: Any) -> float:
    """Exchanger, valve and buffer over one step; `after` takes opening, buffer, volume x temperature sent, heat rejected."""
    hyd, rows, y, inlets, after = trial[0], trial[2], trial[3][-1], trial[5][:, 2], trial[7]
    hydro, exchanger = state[0], state[2]
    volume = summed(h, hyd[0, 0], hyd[1, 0], hyd[2, 0])
    back, rise, bend = hand_out(1, volume, store)
    inlets_k(back, rise, h, hyd[:, 0], inlets)
    y[0, 0], y[0, 1], y[0, 2] = exchanger[0], exchanger[1], exchanger[2]
    first_rate = valve_rate(loop, exchanger[0])
    opening = min(max(hydro[2] + 0.5 * h * first_rate, loop.valve_least), 1.0)
    for i in range(3):
        primary_kg_s, primary_k = facility(loop, began_s + (0.0, MIDDLE, 1.0)[i] * h, series)
        exchanger_row(loop, hyd[i, 0], inlets[i], primary_kg_s * opening, primary_k, rows[i])
        trial[5][i, 0] = primary_k
    error = row_step(h, (loop.secondary_j_k, loop.wall_j_k, loop.primary_j_k), rows, y) / TOLERANCE_K
    after[0] = min(max(hydro[2] + h * valve_rate(loop, 0.5 * (y[0, 0] + y[2, 0])), loop.valve_least), 1.0)
    error = max(error, 0.1 * h * abs(valve_rate(loop, y[2, 0]) - first_rate) / TOLERANCE_SHARE)
    after[3] = summed(
        h,
        rows[0, CF] * (y[0, 2] - trial[5][0, 0]),
        rows[1, CF] * (y[1, 2] - trial[5][1, 0]),
        rows[2, CF] * (y[2, 2] - trial[5][2, 0]),
    )
    s0, s1, s2 = y[0, 0], y[1, 0], y[2, 0]
    if loop.buffer_j_k > 0.0:
        r0, r1, r2 = rows[0, CA] / loop.buffer_j_k, rows[1, CA] / loop.buffer_j_k, rows[2, CA] / loop.buffer_j_k
        kappa, first = IMPLICIT * h, exchanger[3]
        k0 = r0 * (s0 - first)
        middle = (first + kappa * (k0 + r1 * s1)) / (1.0 + kappa * r1)
        k1 = r1 * (s1 - middle)
        last = (first + OUTER * h * (k0 + k1) + kappa * r2 * s2) / (1.0 + kappa * r2)
        raw = h * (ERR0 * k0 + ERR1 * k1 + ERR2 * r2 * (s2 - last))
        error = max(error, abs(raw / (1.0 + kappa * r2)) / TOLERANCE_K)
        s0, s1, s2 = first, middle, last
    error = max(error, bent(s0, s1, s2), bend / PLUG_BEND_K if h > FRONT_S else 0.0)
    after[1] = s2
    after[2] = summed(h, hyd[0, 0] * s0, hyd[1, 0] * s1, hyd[2, 0] * s2)
    after[4] = summed(h, hyd[0, 0] * hyd[0, 2], hyd[1, 0] * hyd[1, 2], hyd[2, 0] * hyd[2, 2])
    return error if math.isfinite(back) else math.inf


@kernel
def accept(loop: Any, branches: Any, plates: Any, state: Any, h: float, trial: Any, store: Any, books: Array) -> None:
    """The trial step becomes the state; pumps' work that is not motion warms the water on its way back to the CDU."""
    hyd, _, _, stages, moved, _, heats, after = trial
    hydro, temps, exchanger, _ = state
    motion = 0.5 * loop.inertia_pa_s2_m3 * (hyd[2, 0] - hydro[0]) * (hyd[2, 0] + hydro[0])
    back, back_rise = (after[4] - motion) / loop.warmth_j_m3_k, 0.0
    volume, common, common_rise = moved[loop.branches, :3]
    for number in range(loop.branches):
        rack, taken = branches[loop.first_branch + number], moved[number, 0]
        heat, rise = moved[number, 1], moved[number, 2]
        if rack.supply_m3 > 0.0:
            move_on(2 + 2 * number, taken, taken * common, common_rise, store)
        if rack.return_m3 > 0.0:
            move_on(3 + 2 * number, taken, heat, rise, store)
            heat, rise = taken * moved[number, 3], moved[number, 4]
        back += heat
        back_rise += rise * taken / volume if volume > 0.0 else 0.0
        for k in range(rack.first_plate, rack.first_plate + rack.plates):
            at = k - loop.first_plate
            temps[at] = stages[at, 2]
            books[HEAT] += h * rack.racks * plates[k].count * heats[at]
    move_on(0, volume, after[2], after[1] - exchanger[3], store)
    move_on(1, volume, back, back_rise, store)
    hydro[0], hydro[1], hydro[2] = hyd[2, 0], hyd[2, 1], after[0]
    for node in range(3):
        exchanger[node] = stages[-1, 2, node]
    exchanger[3] = after[1]
    books[WORK] += after[4]
    books[REJECTED] += after[3]


@kernel
def crossing_s(plate: Any, y: Any, heat_w: float, h: float, limit_k: float) -> float:
    """When within a step the case passes a limit, by the cubic through both ends and their slopes; infinity if not."""
    start, end = y[0, 0] - limit_k, y[2, 0] - limit_k
    if (start < 0.0) == (end < 0.0):
        return math.inf
    slope0 = h * (heat_w - plate.interface_w_k * (y[0, 0] - y[0, 1])) / plate.chip_j_k
    slope1 = h * (heat_w - plate.interface_w_k * (y[2, 0] - y[2, 1])) / plate.chip_j_k
    low, high = 0.0, 1.0
    for _ in range(40):
        x = 0.5 * (low + high)
        z = 1.0 - x
        value = z * z * ((1.0 + 2.0 * x) * start + x * slope0) + x * x * ((1.0 + 2.0 * z) * end - z * slope1)
        if (value < 0.0) == (start < 0.0):
            low = x
        else:
            high = x
    return h * low


@kernel
def case_limit_k(plate: Any, heat_w: float) -> float:
    """The case temperature at which the chip throttles, where its limit holds for the junction too."""
    return float(plate.limit_k - plate.limit_on_junction * heat_w * plate.junction_k_w)


@kernel
def longest_s(loop: Any, branches: Any, flow: float, flows: Array, store: Any) -> float:
    """Longest step that asks of no pipe more than it holds, nor water of very different temperatures."""
    h = LONGEST_S
    for pipe in range(2 + 2 * loop.branches):
        own, volume = flow, loop.supply_m3 if pipe == 0 else loop.return_m3
        if pipe > 1:
            rack = branches[loop.first_branch + (pipe - 2) // 2]
            own, volume = flows[(pipe - 2) // 2], rack.racks * (rack.supply_m3 if pipe % 2 == 0 else rack.return_m3)
        if volume > 0.0 and own > 0.0:
            h = min(h, 0.9 * volume / own, max(even_m3(pipe, h * own, store) / own, FRONT_S))
    return h


@kernel
def heats_now(loop: Any, plates: Any, chips: Array, loads: Array, time_s: float, heats: Array) -> None:
    """Heat of each kind of chip from a time on: the load's share, and the share that throttling leaves."""
    share = 1.0
    for number in range(loads.shape[1]):
        if loads[0, number] <= time_s:
            share = loads[1, number]
    for at in range(loop.plates):
        plate = plates[loop.first_plate + at]
        heats[at] = plate.heat_w * share * (plate.throttled_share if chips[at, 0] <= time_s else 1.0)


@kernel
def note(loop: Any, plates: Any, state: Any, heats: Array, store: Any, number: int, rows: Array, cases: Array) -> None:
    """One reported instant: flow, supply, return, hottest case, hottest junction, opening; and every case."""
    hydro, temps, exchanger, _ = state
    rows[0, number], rows[1, number] = hydro[0] * loop.density_kg_m3, exchanger[3]
    rows[2, number], rows[5, number] = hand_out(1, 0.0, store)[0], hydro[2]
    rows[3, number] = rows[4, number] = -math.inf
    for at in range(loop.plates):
        junction = temps[at, 0] + heats[at] * plates[loop.first_plate + at].junction_k_w
        rows[3, number], rows[4, number] = max(rows[3, number], temps[at, 0]), max(rows[4, number], junction)
        cases[at, number] = temps[at, 0]


@kernel
def next_break_s(loop: Any, breaks: Array, time_s: float) -> float:
    """The next instant at which something switches."""
    change = loop.event_s + loop.changeover_s
    following = math.inf
    for at in (loop.event_s, change, change + loop.ramp_s):
        if time_s < at < following:
            following = at
    for at in breaks:
        if time_s < at < following:
            following = at
    return following


@kernel
def march(loop: Any, branches: Any, plates: Any, films: Any, loads: Array, series: Array, breaks: Array, times: Array, fixed_s: float, rows: Array, cases: Array, chips: Array, marks: Array, books: Array) -> None:  # fmt: skip
    """One loop from its steady state through all reported times.

    `chips`: instants of throttling and of the limit's clearing, infinity at first; `marks`: check valves shut, steps,
    0 or what failed (1 no flow found, 2 too many steps); `fixed_s` above zero takes such steps, whatever their error.
    """
    pipes, kinds, count = 2 + 2 * loop.branches, loop.plates, loop.branches
    store = (
        np.zeros((pipes, PARCELS)),
        np.zeros((pipes, PARCELS)),
        np.zeros((pipes, PARCELS)),
        np.zeros(pipes, dtype=np.int64),
        np.zeros(pipes, dtype=np.int64),
    )
    work = (np.zeros(3), np.zeros(3), np.zeros(count))
    state = (np.zeros(3), np.zeros((kinds, 3)), np.zeros(4), chips)
    moved, stages = np.zeros((count + 1, 5)), np.zeros((kinds + 1, 3, 3))
    trial = (np.zeros((3, 3)), np.zeros((3, count)), np.zeros((3, 11)), stages, moved, np.zeros((3, 3)), np.zeros(kinds), np.zeros(5))  # fmt: skip
    settle(loop, branches, plates, films, state, work, store)
    hydro, temps, heats = state[0], state[1], trial[6]
    held = held_j(loop, branches, plates, state, store)
    time_s, wish, number, gap = 0.0, 0.01, 0, 1.0
    while True:
        heats_now(loop, plates, chips, loads, time_s, heats)
        if time_s == times[number]:
            note(loop, plates, state, heats, store, number, rows, cases)
            number += 1
            if number == times.size:
                break
        for at in range(kinds):
            if chips[at, 0] == math.inf and temps[at, 0] >= case_limit_k(plates[loop.first_plate + at], heats[at]):
                chips[at, 0] = time_s
        heats_now(loop, plates, chips, loads, time_s, heats)
        goal = min(times[number], next_break_s(loop, breaks, time_s))
        split(loop, branches, hydro[0], work[2])
        h = min(
            goal - time_s, fixed_s if fixed_s > 0.0 else min(wish, longest_s(loop, branches, hydro[0], work[2], store))
        )
        free = h == wish
        cuts = 0
        for _ in range(MOST_TRIES):
            error = flow_step(loop, branches, hydro, time_s, h, trial, work)
            if error < math.inf:
                error = max(error, racks_step(loop, branches, plates, films, temps, h, trial, store))
                error = max(error, cdu_step(loop, state, time_s, h, series, trial, store))
            if error == math.inf or (error > 1.0 and fixed_s <= 0.0 and h > SHORTEST_S):
                h *= 0.5 if error == math.inf else max(0.2, 0.9 * error ** (-1.0 / 3.0))
                wish = h
                continue
            cut, shut = math.inf, gap
            for at in range(kinds):
                if chips[at, 0] == math.inf:
                    plate = plates[loop.first_plate + at]
                    cut = min(cut, crossing_s(plate, stages[at], heats[at], h, case_limit_k(plate, heats[at])))
            if loop.tripped > 0.0 and time_s >= loop.event_s and marks[0] == math.inf:
                shut = valve_gap_pa(loop, trial[0][2, 0], trial[0][2, 1], time_s + h, work[0], work[1])
                if shut <= 0.0:
                    cut = min(cut, h * max(gap, 0.0) / (max(gap, 0.0) - shut + 1e-300))
            if cut < h - EVENT_S and h > EVENT_S and cuts < MOST_CUTS:
                h, cuts = max(cut, 0.5 * EVENT_S), cuts + 1
                continue
            break
        else:
            marks[2] = 1.0
            return
        accept_events(loop, plates, stages, heats, time_s, h, shut, chips, marks)
        gap = shut
        accept(loop, branches, plates, state, h, trial, store, books)
        time_s = goal if time_s + h >= goal - 1e-9 else time_s + h
        grown = h * min(4.0, 0.9 * max(error, 1e-6) ** (-1.0 / 3.0))
        wish = grown if free else max(wish, grown)
        marks[1] += 1.0
        if marks[1] > MOST_STEPS:
            marks[2] = 2.0
            return
    books[STORED] = held_j(loop, branches, plates, state, store) - held


@kernel
def accept_events(loop: Any, plates: Any, stages: Array, heats: Array, time_s: float, h: float, shut_pa: float, chips: Array, marks: Array) -> None:  # fmt: skip
    """Instants of what happened in the step: a chip throttles, its limit clears, the tripped pumps' valves shut."""
    if loop.tripped > 0.0 and time_s >= loop.event_s and marks[0] == math.inf and shut_pa <= 0.0:
        marks[0] = time_s + h
    for at in range(loop.plates):
        plate = plates[loop.first_plate + at]
        limit = case_limit_k(plate, heats[at])
        if chips[at, 0] == math.inf:
            if stages[at, 2, 0] >= limit:
                chips[at, 0] = time_s + min(crossing_s(plate, stages[at], heats[at], h, limit), h)
        elif chips[at, 1] == math.inf and stages[at, 2, 0] < limit - plate.clear_k:
            chips[at, 1] = time_s + min(crossing_s(plate, stages[at], heats[at], h, limit - plate.clear_k), h)


@kernel
def march_all(first: int, last: int, loops: Any, branches: Any, plates: Any, films: Array, loads: Array, series: Array, breaks: Array, times: Array, fixed_s: float, rows: Array, cases: Array, chips: Array, marks: Array, books: Array) -> None:  # fmt: skip
    """Loops `first` up to `last`, one after the other; the arrays are those of `march`, over all loops or all plates."""
    for number in range(first, last):
        loop = loops[number]
        own = slice(loop.first_plate, loop.first_plate + loop.plates)
        out, case, chip, mark, book = rows[number], cases[own], chips[own], marks[number], books[number]
        march(loop, branches, plates, films, loads, series, breaks, times, fixed_s, out, case, chip, mark, book)
