"""One batch of scenarios, side by side, to the end: the loop around Newton's steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel
from rackwright.rack.cooling.hydraulics import drops, newton

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]

#: Valve statuses and rules, as in `network`.
ACTIVE, OPEN, CLOSED = 0, 1, 2
PRV, PSV = 0, 1
#: Pressure and flow by which a regulating valve must be out before its status changes. [Pa], [kg/s]
STATUS_PA, STATUS_KG_S = 1.0, 1e-6
#: Steps before a regulating valve may change, and between two changes.
STATUS_STEPS = 2


class Topology(NamedTuple):
    """What all scenarios share. `of_kind[k]` are the links of kind k; `walled` the passive ones with a check valve."""

    law: int
    gravity: float
    first: Ints
    second: Ints
    elevation: Floats
    column: Ints
    entry: Longs
    start: Ints
    row: Ints
    target: Longs
    slots: Floats
    guess: Floats
    darcy: Ints
    hazen: Ints
    curves: Ints
    powers: Ints
    tables: Ints
    pumps: Ints
    pump_tables: Ints
    pump_powers: Ints
    valves: Ints
    condensed: Ints
    walled: Ints
    table_at: Ints
    table_start: Ints
    table_x: Floats
    table_y: Floats
    speed_at: Ints
    valve_at: Ints
    rule: Ints
    node_start: Ints
    incident: Ints
    law_at: Ints
    law_grid: Floats
    law_values: Floats
    law_slopes: Floats


class Scenario(NamedTuple):
    """What differs between lanes; (rows, lanes), where density, viscosity, factor and opened have one row or one a link."""

    demand: Floats
    density: Floats
    viscosity: Floats
    factor: Floats
    opened: Flags
    any_shut: bool
    speed: Floats
    setting: Floats
    fixed_status: Flags
    law_weights: Floats


@kernel
def evaluate(
    net: Topology, case: Scenario, status: Ints, flow: Floats, interval: Ints, ends: Floats, drop: Floats, slope: Floats
) -> None:
    """Drop and slope of every link at its flow; `interval` and `ends` keep the condensed links' last interval."""
    rho, mu, factor, guess = case.density, case.viscosity, case.factor, net.guess
    if net.darcy.shape[0]:
        drops.darcy(net.darcy, net.law, net.slots, flow, rho, mu, factor, drop, slope)
    if net.hazen.shape[0]:
        drops.hazen_williams(net.hazen, net.slots, guess, net.gravity, flow, rho, factor, drop, slope)
    if net.curves.shape[0]:
        drops.curves(net.curves, net.slots, guess, flow, rho, factor, drop, slope)
    if net.powers.shape[0]:
        drops.powers(net.powers, net.slots, guess, flow, rho, factor, drop, slope)
    if net.tables.shape[0]:
        drops.tables(
            net.tables, net.table_at, net.table_start, net.table_x, net.table_y, flow, rho, factor, drop, slope
        )
    if net.condensed.shape[0]:
        drops.condensed(
            net.condensed, net.law_at, net.law_grid, net.law_values, net.law_slopes, case.law_weights, flow, factor,
            interval, ends, drop, slope,
        )  # fmt: skip
    if net.walled.shape[0]:
        drops.walls(net.walled, False, guess, flow, drop, slope)
    if net.pumps.shape[0]:
        drops.pumps(net.pumps, net.slots, guess, net.speed_at, case.speed, flow, rho, drop, slope)
        drops.walls(net.pumps, True, guess, flow, drop, slope)
    if net.pump_tables.shape[0]:
        drops.pump_tables(
            net.pump_tables, net.table_at, net.table_start, net.table_x, net.table_y, guess, net.speed_at, case.speed,
            flow, rho, drop, slope,
        )  # fmt: skip
        drops.walls(net.pump_tables, True, guess, flow, drop, slope)
    if net.pump_powers.shape[0]:
        drops.pump_powers(net.pump_powers, net.slots, guess, net.speed_at, case.speed, flow, rho, drop, slope)
        drops.walls(net.pump_powers, True, guess, flow, drop, slope)
    if net.valves.shape[0]:
        drops.valves(net.valves, net.valve_at, net.rule, status, case.setting, net.slots, guess, flow, rho, drop, slope)
    if case.any_shut:
        newton.shut_links(case.opened, flow, drop, slope)


@kernel
def balance(net: Topology, demand: Floats, flow: Floats, net_kg_s: Floats) -> None:
    """Inflow minus outflow minus demand of every node, (nodes, lanes)."""
    for node in range(demand.shape[0]):
        for lane in range(demand.shape[1]):
            net_kg_s[node, lane] = -demand[node, lane]
    for link in range(net.first.shape[0]):
        a, b = net.first[link], net.second[link]
        for lane in range(demand.shape[1]):
            net_kg_s[a, lane] -= flow[link, lane]
            net_kg_s[b, lane] += flow[link, lane]


@kernel
def energies(net: Topology, pressure: Floats, lift: Floats, drop: Floats, energy: Floats) -> None:
    """p_i - p_j + rho g (z_i - z_j) - drop of every link."""
    for link in range(net.first.shape[0]):
        a, b = net.first[link], net.second[link]
        for lane in range(pressure.shape[1]):
            energy[link, lane] = pressure[a, lane] - pressure[b, lane] + lift[link, lane] - drop[link, lane]


@kernel
def regulate(net: Topology, case: Scenario, pressure: Floats, flow: Floats, status: Ints, lane: int) -> bool:
    """Move pressure-regulating valves to the status that their pressures ask for; whether any moved."""
    changed = False
    for number in range(net.valves.shape[0]):
        link = net.valves[number]
        at = net.valve_at[link]
        if net.rule[at] > PSV or case.fixed_status[at, lane]:
            continue
        before = status[at, lane]
        up, down, m = pressure[net.first[link], lane], pressure[net.second[link], lane], flow[link, lane]
        wanted = case.setting[at, lane]
        loss = net.slots[link, 0] * m * m
        after = before
        reducing = net.rule[at] == PRV
        # a reducing valve holds the pressure behind it, a sustaining valve the one before it
        held = down if reducing else up
        if before == ACTIVE:
            if m < -STATUS_KG_S:
                after = CLOSED
            elif (reducing and up - loss < wanted - STATUS_PA) or (not reducing and down + loss > wanted + STATUS_PA):
                after = OPEN
        elif before == OPEN:
            if m < -STATUS_KG_S:
                after = CLOSED
            elif (reducing and held > wanted + STATUS_PA) or (not reducing and held < wanted - STATUS_PA):
                after = ACTIVE
        elif reducing:
            if up > wanted + STATUS_PA and down < wanted - STATUS_PA:
                after = ACTIVE
            elif up < wanted - STATUS_PA and up > down + STATUS_PA:
                after = OPEN
        elif down > wanted + STATUS_PA and up > down + STATUS_PA:
            after = OPEN
        elif up > wanted + STATUS_PA and down < wanted - STATUS_PA:
            after = ACTIVE
        if after != before:
            status[at, lane] = after
            changed = True
            if before == CLOSED:
                flow[link, lane] = net.guess[link]
            elif after == CLOSED:
                flow[link, lane] = 0.0
    return changed


@kernel
def hold_regulated(net: Topology, status: Ints, flow: Floats, slope: Floats, energy: Floats) -> None:
    """Take active pressure-regulating valves, and closed ones, out of the links: their flow follows from a node."""
    for number in range(net.valves.shape[0]):
        link = net.valves[number]
        at = net.valve_at[link]
        for lane in range(slope.shape[1]):
            if status[at, lane] == CLOSED or (net.rule[at] <= PSV and status[at, lane] == ACTIVE):
                slope[link, lane] = np.inf
                energy[link, lane] = 0.0
                if status[at, lane] == CLOSED:
                    flow[link, lane] = 0.0


@kernel
def pin_regulated(
    net: Topology, case: Scenario, status: Ints, pressure: Floats, diagonal: Floats, right: Floats
) -> None:
    """The node that an active pressure-regulating valve holds goes to its setting."""
    for number in range(net.valves.shape[0]):
        link = net.valves[number]
        at = net.valve_at[link]
        if net.rule[at] > PSV:
            continue
        node = net.second[link] if net.rule[at] == PRV else net.first[link]
        column = net.column[node]
        for lane in range(pressure.shape[1]):
            if status[at, lane] == ACTIVE and column >= 0:
                diagonal[column, lane] += newton.PIN
                right[column, lane] += newton.PIN * (case.setting[at, lane] - pressure[node, lane])


@kernel
def find_pins(net: Topology, status: Ints, slope: Floats, done: Flags, pins: Flags) -> None:
    """Parts without a given pressure, per lane; the node that an active pressure-regulating valve holds is given."""
    given = np.empty(pins.shape[0], np.int32)
    for lane in range(pins.shape[1]):
        if done[lane]:
            continue
        for node in range(given.shape[0]):
            given[node] = 1 if net.column[node] < 0 else 0
        for number in range(net.valves.shape[0]):
            link = net.valves[number]
            at = net.valve_at[link]
            if net.rule[at] <= PSV and status[at, lane] == ACTIVE:
                given[net.second[link] if net.rule[at] == PRV else net.first[link]] = 1
        newton.pin_parts(net.first, net.second, net.node_start, net.incident, given, slope, lane, pins)


@kernel
def flow_of_regulated(net: Topology, status: Ints, net_kg_s: Floats, done: Flags, flow: Floats, moved: Floats) -> None:
    """An active pressure-regulating valve passes what the node that it holds lacks, or has over."""
    for number in range(net.valves.shape[0]):
        link = net.valves[number]
        at = net.valve_at[link]
        if net.rule[at] > PSV:
            continue
        reducing = net.rule[at] == PRV
        node = net.second[link] if reducing else net.first[link]
        for lane in range(flow.shape[1]):
            if status[at, lane] == ACTIVE and not done[lane] and net.column[node] >= 0:
                by = -net_kg_s[node, lane] if reducing else net_kg_s[node, lane]
                flow[link, lane] += by
                moved[lane] += abs(by)


class Search(NamedTuple):
    """Per lane: the share of the step taken, and shares short of and beyond the lowest point with the slopes there."""

    share: Floats
    low: Floats
    low_slope: Floats
    high: Floats
    high_slope: Floats
    tries: Ints


@kernel
def begin_search(search: Search, before: Floats) -> None:
    """Every lane stands at its whole step; at none of it the energy fell by `before`."""
    for lane in range(before.shape[0]):
        search.share[lane] = 1.0
        search.low[lane], search.low_slope[lane] = 0.0, before[lane]
        search.high[lane], search.high_slope[lane] = 1.0, 0.0
        search.tries[lane] = 0


@kernel
def seek_lowest(
    step: Floats, before: Floats, along: Floats, search: Search, done: Flags, held: Flags, flow: Floats
) -> bool:
    """Bring lanes whose step overshot near the lowest point along it; whether any lane was moved.

    The energy's slope rises along a step, so its zero is bracketed: by the secant, with the standing end's slope halved
    (Illinois), and by halving every third time.
    """
    moved = np.zeros(flow.shape[1])
    any_moved = False
    for lane in range(flow.shape[1]):
        if done[lane] or held[lane] or before[lane] >= 0.0 or search.tries[lane] >= newton.MOST_TRIES:
            continue
        slope, share = along[lane], search.share[lane]
        if abs(slope) <= newton.NEAR_SHARE * -before[lane] or (slope < 0.0 and share >= 1.0):
            continue
        if slope > 0.0:
            search.high[lane], search.high_slope[lane] = share, slope
            search.low_slope[lane] *= 0.5
        else:
            search.low[lane], search.low_slope[lane] = share, slope
            search.high_slope[lane] *= 0.5
        low, high = search.low[lane], search.high[lane]
        part = search.low_slope[lane] / (search.low_slope[lane] - search.high_slope[lane])
        if search.tries[lane] % 3 == 2:
            part = 0.5
        new = low + min(max(part, 1e-9), 1.0 - 1e-9) * (high - low)
        search.tries[lane] += 1
        if high - low <= 1e-13:
            search.tries[lane] = newton.MOST_TRIES
        moved[lane] = new - share
        search.share[lane] = new
        any_moved = True
    if any_moved:
        for link in range(flow.shape[0]):
            for lane in range(flow.shape[1]):
                flow[link, lane] += moved[lane] * step[link, lane]
    return any_moved


@kernel
def shorten(step: Floats, flow: Floats, lane: int, share: float) -> None:
    """Take back all but a share of a lane's step: it led beyond anything that the network could carry."""
    keep = share if share > 0.0 else 0.0
    for link in range(flow.shape[0]):
        flow[link, lane] -= (1.0 - keep) * step[link, lane]
        step[link, lane] *= keep


@kernel
def solve_lanes(
    net: Topology, case: Scenario, pressure: Floats, flow: Floats, status: Ints, tolerance: float,
    mass_tolerance: float, most_steps: int, steps: Ints, change: Floats, mass_error: Floats, worst: Ints, done: Flags,
) -> None:  # fmt: skip
    """Newton's steps until every lane's flows change by less than `tolerance` of their sum and nodes balance.

    `pressure` (nodes, lanes), `flow` (links, lanes) and `status` (valves, lanes) come in as first guesses and go out as
    the answer; the other arrays go out per lane. A lane that is done is not touched again, so that no scenario's answer
    depends on its neighbours.
    """
    links, lanes = flow.shape
    count = net.start.shape[0] - 1
    drop, slope, energy = np.empty((links, lanes)), np.empty((links, lanes)), np.empty((links, lanes))
    step, lift = np.zeros((links, lanes)), np.empty((links, lanes))
    diagonal, right = np.empty((count, lanes)), np.empty((count, lanes))
    lower = np.empty((net.row.shape[0], lanes))
    net_kg_s = np.empty((pressure.shape[0], lanes))
    moved, total, farthest, largest = np.zeros(lanes), np.zeros(lanes), np.zeros(lanes), np.zeros(lanes)
    before, along = np.zeros(lanes), np.zeros(lanes)
    search = Search(
        np.ones(lanes), np.zeros(lanes), np.zeros(lanes), np.ones(lanes), np.zeros(lanes), np.zeros(lanes, np.int32)
    )
    held, quiet = np.zeros(lanes, np.bool_), np.zeros(lanes, np.int32)
    newton.static_rise(net.first, net.second, net.elevation, net.gravity, case.density, lift)
    for lane in range(lanes):
        done[lane] = False
        steps[lane] = 0
    interval = np.full((net.condensed.shape[0], lanes), -1, np.int32)
    ends = np.empty((net.condensed.shape[0], 4, lanes))
    farthest_allowed = newton.FAR_SHARE * np.sum(net.guess)
    pinning = case.any_shut or net.valves.shape[0] > 0
    pins = np.zeros((pressure.shape[0] if pinning else 0, lanes), np.bool_)
    moved_valves = True
    before_status = status.copy()
    taken = 0
    tries = 0
    while taken < most_steps and tries < newton.MOST_TRIES * most_steps:
        tries += 1
        evaluate(net, case, status, flow, interval, ends, drop, slope)
        energies(net, pressure, lift, drop, energy)
        if net.valves.shape[0]:
            hold_regulated(net, status, flow, slope, energy)
        if case.any_shut:
            for link in range(links):
                for lane in range(lanes):
                    if slope[link, lane] == np.inf:
                        energy[link, lane] = 0.0
        if taken >= newton.FREE_STEPS:
            newton.slope_along(energy, step, along)
            if seek_lowest(step, before, along, search, done, held, flow):
                continue
        for column in range(count):
            for lane in range(lanes):
                diagonal[column, lane] = 0.0
        for at in range(lower.shape[0]):
            for lane in range(lanes):
                lower[at, lane] = 0.0
        for node in range(pressure.shape[0]):
            column = net.column[node]
            if column >= 0:
                for lane in range(lanes):
                    right[column, lane] = -case.demand[node, lane]
        newton.assemble(net.first, net.second, net.column, net.entry, flow, energy, slope, diagonal, lower, right)
        if net.valves.shape[0]:
            pin_regulated(net, case, status, pressure, diagonal, right)
        if pinning:
            if moved_valves:
                find_pins(net, status, slope, done, pins)
                moved_valves = False
            for node in range(pressure.shape[0]):
                column = net.column[node]
                if column >= 0:
                    for lane in range(lanes):
                        if pins[node, lane]:
                            diagonal[column, lane] = newton.PIN
        newton.factorise(net.start, net.row, net.target, diagonal, lower)
        newton.substitute(net.start, net.row, diagonal, lower, right)
        newton.move(
            net.first, net.second, net.column, right, energy, slope, done, flow, step, moved, total, worst, farthest,
            largest, before,
        )  # fmt: skip
        for lane in range(lanes):
            if taken < newton.FREE_STEPS and not farthest[lane] <= farthest_allowed and not done[lane]:
                shorten(step, flow, lane, farthest_allowed / farthest[lane])
                before[lane] = 0.0
        for node in range(pressure.shape[0]):
            column = net.column[node]
            if column >= 0:
                for lane in range(lanes):
                    if not done[lane]:
                        pressure[node, lane] += right[column, lane]
        if net.valves.shape[0]:
            balance(net, case.demand, flow, net_kg_s)
            flow_of_regulated(net, status, net_kg_s, done, flow, moved)
        begin_search(search, before)
        taken += 1
        finished = settle(
            net, case, pressure, flow, status, tolerance, mass_tolerance, taken, moved, total, farthest, largest, net_kg_s, held,
            quiet, steps, change, mass_error, worst, done,
        )  # fmt: skip
        if finished:
            break
        for at in range(status.shape[0]):
            for lane in range(lanes):
                if status[at, lane] != before_status[at, lane]:
                    before_status[at, lane] = status[at, lane]
                    moved_valves = True


@kernel
def settle(
    net: Topology, case: Scenario, pressure: Floats, flow: Floats, status: Ints, tolerance: float,
    mass_tolerance: float, taken: int, moved: Floats, total: Floats, farthest: Floats, largest: Floats,
    net_kg_s: Floats, held: Flags, quiet: Ints, steps: Ints, change: Floats, mass_error: Floats, worst: Ints, done: Flags,
) -> bool:  # fmt: skip
    """Judge every lane after a step; whether all are done."""
    finished = True
    near = False
    # below this, flows are none: a millionth of what links were guessed to carry
    floor = 1e-12
    for link in range(net.guess.shape[0]):
        floor = max(floor, 1e-6 * net.guess[link])
    for lane in range(flow.shape[1]):
        if done[lane]:
            continue
        steps[lane] = taken
        change[lane] = max(moved[lane] / max(total[lane], floor), farthest[lane] / max(largest[lane], floor))
        held[lane] = False
        for at in range(status.shape[0]):
            if status[at, lane] == ACTIVE and net.rule[at] <= PSV:
                held[lane] = True
        near = near or change[lane] <= tolerance or not np.isfinite(change[lane])
    if near or taken % 8 == 0:
        balance(net, case.demand, flow, net_kg_s)
    for lane in range(flow.shape[1]):
        if done[lane]:
            continue
        moved_valve = False
        if net.valves.shape[0] and taken >= STATUS_STEPS and quiet[lane] == 0:
            moved_valve = regulate(net, case, pressure, flow, status, lane)
            if moved_valve:
                quiet[lane] = STATUS_STEPS
        elif quiet[lane] > 0:
            quiet[lane] -= 1
            moved_valve = True
        if change[lane] <= tolerance and taken > 1 and not moved_valve:
            mass_error[lane] = 0.0
            for node in range(pressure.shape[0]):
                if net.column[node] >= 0:
                    mass_error[lane] = max(mass_error[lane], abs(net_kg_s[node, lane]))
            done[lane] = mass_error[lane] <= mass_tolerance * max(total[lane], floor)
        finished = finished and done[lane]
    return finished
