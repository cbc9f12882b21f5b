"""One step of the row: two implicit stages, the error, and what an accepted step adds to the sums.

The method is Alexander's SDIRK2. On a linear row it is TR-BDF2 (both have the one stability function of order 2 with
this double pole), but it needs no slope at the begin of a step: after an event it goes on without a special step.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from rackwright.compiled import kernel
from rackwright.rack.power.transients import arrays
from rackwright.rack.power.transients.arrays import Floats, Ints, Records, Report, Tree
from rackwright.rack.power.transients.control_kernel import limit_at, set_point
from rackwright.rack.power.transients.step_kernel import clamp_a, prepare, solve_stage
from rackwright.rack.power.transients.store_kernel import LEAST, plan

GAMMA = 1.0 - 1.0 / math.sqrt(2.0)
#: What the error of a step is of h^3 y''': 1/6 less the coefficient 3 gamma^2 - 2 gamma^3 of the method.
ERROR = abs(1.0 / 6.0 - 3.0 * GAMMA**2 + 2.0 * GAMMA**3)
SECOND = (1.0 - GAMMA) / GAMMA
TINY_S = 1e-12


class March(NamedTuple):
    """All of a run, for one argument."""

    tree: Tree
    place: Records
    src: Records
    stores: Records
    #: Places that stores follow.
    followed: Ints
    feeds: Records
    clock: Floats
    log: Records
    happen: Records
    report: Report
    #: Power samples, (samples, columns).
    wave: Floats


@kernel
def try_step(run: March, through: float, t: float, h: float, share: float) -> bool:
    """Both stages of a step of `h`, `through` the reporting step already, of which it takes `share`."""
    tree, place, src, stores, feeds = run.tree, run.place, run.src, run.stores, run.feeds
    dh = GAMMA * h
    prepare(tree, src, run.clock, dh)
    plan(tree, stores, through, h, share, GAMMA)
    for n in range(len(tree.parent)):
        tree.line_star[n] = tree.line_a[n]
        tree.inner_star[n] = tree.inner_v[n]
        tree.stage_v[0, n] = tree.volt[n]
    for k in range(len(src)):
        src[k].star_a = src[k].now_a
    _demand(tree, place, src, stores, feeds, 0, t + dh, through + GAMMA * share)
    steps = solve_stage(tree, src, 0)
    if steps == 0:
        return False
    line_a, inner_v = tree.stage_a[0], tree.stage_inner_v[0]
    for n in range(len(tree.parent)):
        tree.line_star[n] = tree.line_a[n] + SECOND * (line_a[n] - tree.line_a[n])
        tree.inner_star[n] = tree.inner_v[n] + SECOND * (inner_v[n] - tree.inner_v[n])
        tree.stage_v[1, n] = tree.stage_v[0, n]
    for k in range(len(src)):
        src[k].star_a = src[k].now_a + SECOND * (src[k].stage_a[0] - src[k].now_a)
    _demand(tree, place, src, stores, feeds, 1, t + h, through + share)
    again = solve_stage(tree, src, 1)
    run.clock[arrays.SOLVES] += steps + again
    if again > 0:
        _spend(tree, src, h)
    return again > 0


@kernel
def _demand(
    tree: Tree, place: Records, src: Records, stores: Records, feeds: Records, stage: int, t: float, through: float
) -> None:
    """Powers of a stage: loads, charging batteries, stores; set-points and limits of sources."""
    demand = tree.demand_w[stage]
    for n in range(len(tree.parent)):
        if place[n].has_load:
            scale = place[n].scale
            if place[n].mode == arrays.LOAD_RISES:
                scale = min((t - place[n].since) / max(place[n].ramp_s, TINY_S), 1.0)
            demand[n] = scale * place[n].jump * (place[n].left_w + (place[n].right_w - place[n].left_w) * through)
        tree.load_w[n] = demand[n]
    for k in range(len(src)):
        src[k].stage_v[stage] = set_point(src, k, t)
        src[k].stage_limit_a[stage] = limit_at(src, feeds, k, t)
        src[k].charge_w = 0.0
        n = src[k].place
        if src[k].charging and tree.volt[n] > LEAST * tree.least_v[n] and tree.swap[n] == arrays.CLOSED:
            src[k].charge_w = src[k].charges_w
            tree.load_w[n] += src[k].charges_w
    for m in range(len(stores)):
        tree.load_w[stores[m].place] -= stores[m].stage_w[stage]


@kernel
def _spend(tree: Tree, src: Records, h: float) -> None:
    """Energy of hold-ups and batteries after the step."""
    for k in range(len(src)):
        n = src[k].place
        given_w = (1.0 - GAMMA) * tree.stage_v[0, n] * src[k].stage_a[0] + GAMMA * tree.stage_v[1, n] * src[k].stage_a[
            1
        ]
        joules = src[k].joules
        if src[k].battery:
            joules -= h * given_w / (1.0 - src[k].loss_share)
            joules += h * src[k].charge_w * (1.0 - src[k].loss_share)
        elif src[k].mode == arrays.SHELF_HOLDS:
            joules -= h * (given_w + _loss_w(src, k))
        elif src[k].mode == arrays.SHELF_ON and joules < src[k].full_j:
            joules = min(src[k].full_j, joules + h * src[k].refill_w)
        src[k].then_j = joules


@kernel
def _loss_w(src: Records, k: int) -> float:
    """Mean loss of a shelf over the step."""
    a, b, c = src[k].loss[0], src[k].loss[1], src[k].loss[2]
    first, second = src[k].stage_a[0], src[k].stage_a[1]
    return float(a + (1.0 - GAMMA) * first * (b + c * first) + GAMMA * second * (b + c * second))


@kernel
def error_share(tree: Tree, clock: Floats, h: float, tolerance_v: float) -> float:
    """Largest error of a capacitor's voltage in the step over what is tolerated.

    Where the slope at the begin is known, from the second difference of slopes; after an event, from the first.
    """
    dh = GAMMA * h
    smooth = clock[arrays.SMOOTH] > 0.5
    first, second = tree.stage_inner_v[0], tree.stage_inner_v[1]
    worst = 0.0
    for n in range(len(tree.parent)):
        if tree.farad[n] > 0.0:
            begun = tree.inner_v[n]
            slope_1 = (first[n] - begun) / dh
            slope_2 = (second[n] - begun - SECOND * (first[n] - begun)) / dh
            bend = (slope_2 - slope_1) / (1.0 - GAMMA)
            off = 2.0 * ERROR * (bend - (slope_1 - tree.rate[n]) / GAMMA) if smooth else 2.0 * ERROR * bend
            worst = max(worst, abs(off))
    return worst * h / tolerance_v


@kernel
def accept(run: March, then: float, h: float) -> None:
    """The step's end becomes the state; its energies are added up with the weights of the method."""
    _accept_places(run.tree, run.place, run.clock, then, h)
    _accept_sources(run.tree, run.src, run.feeds, h)
    _accept_stores(run.stores, h)
    run.clock[arrays.TIME] = then
    run.clock[arrays.SMOOTH] = 1.0
    run.clock[arrays.STEPS] += 1.0


@kernel
def _accept_places(tree: Tree, place: Records, clock: Floats, then: float, h: float) -> None:
    b1, b2, dh = (1.0 - GAMMA) * h, GAMMA * h, GAMMA * h
    v1, v2, i1, i2 = tree.stage_v[0], tree.stage_v[1], tree.stage_a[0], tree.stage_a[1]
    u1, u2, p1, p2 = tree.stage_inner_v[0], tree.stage_inner_v[1], tree.demand_w[0], tree.demand_w[1]
    lost = 0.0
    for n in range(len(tree.parent)):
        tree.line_j[n] += tree.ohm[n] * (b1 * i1[n] * i1[n] + b2 * i2[n] * i2[n])
        if tree.farad[n] > 0.0:
            begun = tree.inner_v[n]
            slope_1 = (u1[n] - begun) / dh
            slope_2 = (u2[n] - begun - SECOND * (u1[n] - begun)) / dh
            lost += tree.farad[n] * (b1 * (v1[n] - u1[n]) * slope_1 + b2 * (v2[n] - u2[n]) * slope_2)
            tree.rate[n] = slope_2
            tree.inner_v[n] = u2[n]
        if tree.clamp_s[n] > 0.0:
            kept_1, kept_2 = v1[n] * clamp_a(tree, n, v1[n]), v2[n] * clamp_a(tree, n, v2[n])
            clock[arrays.CLAMP_J] += b1 * kept_1 + b2 * kept_2
        tree.line_a[n] = i2[n]
        tree.volt[n] = v2[n]
        if place[n].has_load:
            low = tree.least_v[n]
            w1 = p1[n] if v1[n] >= low else p1[n] * (v1[n] / low) ** 2
            w2 = p2[n] if v2[n] >= low else p2[n] * (v2[n] / low) ** 2
            place[n].load_j += b1 * w1 + b2 * w2
            if v2[n] < place[n].lowest_v:
                place[n].lowest_v = v2[n]
                place[n].lowest_s = then
            if v2[n] < clock[arrays.LOWEST_V]:
                clock[arrays.LOWEST_V] = v2[n]
    clock[arrays.CAPACITOR_J] += lost


@kernel
def _accept_sources(tree: Tree, src: Records, feeds: Records, h: float) -> None:
    for k in range(len(src)):
        n = src[k].place
        first, second = src[k].stage_a[0], src[k].stage_a[1]
        given_j = h * ((1.0 - GAMMA) * tree.stage_v[0, n] * first + GAMMA * tree.stage_v[1, n] * second)
        change_j = src[k].then_j - src[k].joules
        taken_j = h * src[k].charge_w
        src[k].given_j += given_j
        src[k].taken_j += taken_j
        if src[k].battery:
            src[k].loss_j += taken_j - change_j - given_j
        elif src[k].mode == arrays.SHELF_HOLDS:
            src[k].loss_j += h * _loss_w(src, k)
        elif src[k].mode == arrays.SHELF_ON:
            loss_j = h * _loss_w(src, k)
            src[k].loss_j += loss_j
            feeds[src[k].feed].joules += given_j + loss_j + change_j
        src[k].joules = src[k].then_j
        src[k].now_a = second


@kernel
def _accept_stores(stores: Records, h: float) -> None:
    for m in range(len(stores)):
        given_j = h * ((1.0 - GAMMA) * stores[m].stage_w[0] + GAMMA * stores[m].stage_w[1])
        inner_j = h * ((1.0 - GAMMA) * stores[m].stage_inner_w[0] + GAMMA * stores[m].stage_inner_w[1])
        stores[m].joules -= inner_j
        stores[m].mean_w = stores[m].then_mean_w
        stores[m].now_w = stores[m].stage_w[1]
        stores[m].given_j += given_j
        stores[m].loss_j += inner_j - given_j
