"""Newton on a tree of constant-power loads and drooping sources: one pass leaves to roots, one back, per step.

Places are in breadth-first order, parents before children. Of each node the balance is

    F = sum g (v - v_beside) + load(v) - sources(v) = 0,

its Jacobian is symmetric with the pattern of the tree, so elimination from the leaves makes no fill. The loads'
currents P/v are convex in v: from above, Newton falls steadily to the upper answer wherever there is one. A lane that
does not settle so is left to `slow_kernel`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rackwright.compiled import kernel
from rackwright.rack.power.direct.laws import MOST_RISE_K, REFERENCE_K, source_current, source_slope

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LANES = 8
#: Newton steps of a lane before it is given to the slow way.
MOST_STEPS = 40
#: Largest relative change of a voltage in the step that ends a solve; the next one would be about its square.
TOLERANCE = 1e-8
#: A conductor's resistance within this share of what its temperature asks for is left: some 0.03 mK.
LEFT_SHARE = 1e-7
#: A load this share below its least voltage still counts as carried.
SLACK = 1e-9
#: Columns of the figures and of the places that each scenario is summed up in.
LOWEST_V, LOAD_W, LINE_LOSS_W, SOURCE_W, SOURCE_LOSS_W, LINE_SHARE, SOURCE_SHARE, PIVOT, SHORT = range(9)
COLUMNS = 9
LOWEST_AT, LINE_AT, SOURCE_AT = range(3)


class Tree(NamedTuple):
    """What all scenarios share, by place. `siemens` is at 20 degC; `held_v` is 0 where the voltage is sought."""

    parent: Ints
    siemens: Floats
    alpha: Floats
    ambient_k: Floats
    cooling: Floats
    cooling_power: Floats
    rating_a: Floats
    least_v: Floats
    held_v: Floats
    warm: bool
    #: Sources of place n are `first[n]` to `first[n + 1]`.
    first: Ints
    droop_siemens: Floats
    limit_a: Floats
    loss: Floats


class Cases(NamedTuple):
    """What differs, (S or 1, places) and (S or 1, sources); an array of one row serves every scenario."""

    loads_w: Floats
    scale: Floats
    volts: Floats
    on: Flags
    start_v: Floats


class Answers(NamedTuple):
    """What is filled in: (S, places) or (0, places) where not asked for; (S,) and (S, columns)."""

    voltage: Floats
    rise_k: Floats
    current: Floats
    figures: Floats
    places: Ints
    #: Steps taken, negative where a scenario did not settle.
    steps: Ints


class Lanes(NamedTuple):
    """Scenarios side by side: (places, width), (sources, width), (width,)."""

    v: Floats
    load: Floats
    siemens: Floats
    rise_k: Floats
    #: The rise to its conductor's power, kept beside it because a power costs more than everything else of a step.
    powered: Floats
    balance: Floats
    pivot: Floats
    volt: Floats
    on: Floats
    change: Floats
    smallest: Floats
    total: Floats


@kernel
def lanes_of(places: int, sources: int, wide: int) -> Lanes:
    """Room for one block of `wide` scenarios."""
    return Lanes(
        np.empty((places, wide)),
        np.empty((places, wide)),
        np.empty((places, wide)),
        np.zeros((places, wide)),
        np.zeros((places, wide)),
        np.empty((places, wide)),
        np.empty((places, wide)),
        np.empty((sources, wide)),
        np.empty((sources, wide)),
        np.empty(wide),
        np.empty(wide),
        np.empty(wide),
    )


@kernel
def fill(tree: Tree, cases: Cases, lanes: Lanes, block: int, wide: int) -> None:
    """Copy a block's scenarios side by side; lanes beyond the last repeat it."""
    width = lanes.v.shape[1]
    for w in range(width):
        s = block + min(w, wide - 1)
        scale = cases.scale[s if len(cases.scale) > 1 else 0]
        loads = cases.loads_w[s if len(cases.loads_w) > 1 else 0]
        start = cases.start_v[s if len(cases.start_v) > 1 else 0]
        for n in range(len(tree.parent)):
            lanes.load[n, w] = loads[n] * scale
            lanes.v[n, w] = tree.held_v[n] if tree.held_v[n] > 0.0 else start[n]
        volts = cases.volts[s if len(cases.volts) > 1 else 0]
        on = cases.on[s if len(cases.on) > 1 else 0]
        for k in range(len(tree.limit_a)):
            lanes.volt[k, w] = volts[k]
            lanes.on[k, w] = 1.0 if on[k] else 0.0
    for n in range(len(tree.parent)):
        base = 1.0 + tree.alpha[n] * (tree.ambient_k[n] - REFERENCE_K)
        for w in range(width):
            lanes.siemens[n, w] = tree.siemens[n] / (base + tree.alpha[n] * lanes.rise_k[n, w])


@kernel
def solve_range(tree: Tree, cases: Cases, answers: Answers, begin: int, end: int) -> None:
    """Solve scenarios `begin` to `end`, eight at a time."""
    width = min(LANES, end - begin)
    lanes = lanes_of(len(tree.parent), len(tree.limit_a), width)
    settled = np.empty(width, np.bool_)
    for block in range(begin, end, width):
        wide = min(width, end - block)
        fill(tree, cases, lanes, block, wide)
        settled[:] = False
        for step in range(MOST_STEPS):
            eliminate(tree, lanes, step == 0)
            advance(tree, lanes)
            moved = warm(tree, lanes) if tree.warm and step > 0 else 0.0
            waiting = 0
            for w in range(wide):
                if not settled[w]:
                    settled[w] = step > 1 and lanes.change[w] <= TOLERANCE and moved <= TOLERANCE
                    answers.steps[block + w] = step + 1
                    waiting += not settled[w]
            if waiting == 0:
                break
        for w in range(wide):
            if not (settled[w] and lanes.smallest[w] > 0.0):
                answers.steps[block + w] = -answers.steps[block + w]
        emit(tree, lanes, answers, block, wide)


@kernel
def eliminate(tree: Tree, lanes: Lanes, free: bool) -> None:
    """Leaves to roots: every node's balance and pivot, its line eliminated into its parent.

    In a `free` step sources may draw and have no limit, which places the voltages among theirs.
    """
    width = lanes.v.shape[1]
    v, load, balance, pivot, siemens = lanes.v, lanes.load, lanes.balance, lanes.pivot, lanes.siemens
    total, smallest = lanes.total, lanes.smallest
    balance[:, :] = 0.0
    pivot[:, :] = 0.0
    smallest[:] = np.inf
    for n in range(len(tree.parent) - 1, -1, -1):
        least_v = tree.least_v[n]
        inverse = 1.0 / (least_v * least_v)
        for w in range(width):
            over = 1.0 / v[n, w]
            high = load[n, w] * over
            low = load[n, w] * inverse
            carried = v[n, w] >= least_v
            balance[n, w] -= high if carried else low * v[n, w]
            pivot[n, w] += -high * over if carried else low
        up = tree.parent[n]
        if up < 0:
            total[:] = 0.0
        for k in range(tree.first[n], tree.first[n + 1]):
            g, limit = tree.droop_siemens[k], tree.limit_a[k]
            if free:
                for w in range(width):
                    balance[n, w] += lanes.on[k, w] * (lanes.volt[k, w] - v[n, w]) * g
                    pivot[n, w] += lanes.on[k, w] * g
            else:
                for w in range(width):
                    volt = lanes.volt[k, w]
                    balance[n, w] += lanes.on[k, w] * source_current(volt, v[n, w], g, limit)
                    pivot[n, w] += lanes.on[k, w] * source_slope(volt, v[n, w], g, limit)
            if up < 0:
                for w in range(width):
                    total[w] += lanes.on[k, w] * g
        if tree.held_v[n] > 0.0:
            if up >= 0:
                for w in range(width):
                    balance[up, w] += (v[n, w] - v[up, w]) * siemens[n, w]
                    pivot[up, w] += siemens[n, w]
        elif up < 0:
            for w in range(width):
                smallest[w] = min(smallest[w], pivot[n, w] / total[w] if total[w] > 0.0 else -1.0)
        else:
            for w in range(width):
                g = siemens[n, w]
                flow = (v[n, w] - v[up, w]) * g
                own = pivot[n, w] + g
                share = g / own
                own_balance = balance[n, w] - flow
                pivot[n, w] = own
                balance[n, w] = own_balance
                smallest[w] = min(smallest[w], own / g)
                balance[up, w] += flow + share * own_balance
                pivot[up, w] += g - g * share


@kernel
def advance(tree: Tree, lanes: Lanes) -> None:
    """Roots to leaves: the step of every voltage, and its largest share per lane."""
    width = lanes.v.shape[1]
    v, balance, pivot, change = lanes.v, lanes.balance, lanes.pivot, lanes.change
    change[:] = 0.0
    for n in range(len(tree.parent)):
        up = tree.parent[n]
        if tree.held_v[n] > 0.0:
            balance[n, :] = 0.0
            continue
        for w in range(width):
            pushed = lanes.siemens[n, w] * balance[up, w] if up >= 0 else 0.0
            step = (balance[n, w] + pushed) / pivot[n, w]
            after = max(v[n, w] + step, 0.2 * v[n, w])
            moved = abs(after - v[n, w])
            balance[n, w] = step
            change[w] = max(change[w], moved / v[n, w])
            v[n, w] = after


@kernel
def warm(tree: Tree, lanes: Lanes) -> float:
    """One step of every conductor to the temperature of its own loss; the largest relative change of a resistance.

    i^2 R20 (1 + alpha (ambient - 20 degC + x)) = cooling x^power: one Newton step in x for each step of the voltages,
    as both settle together. Where x moves little its power is carried on by its series, four terms.
    """
    width = lanes.v.shape[1]
    moved = 0.0
    for n in range(len(tree.parent)):
        if tree.parent[n] < 0 or tree.cooling[n] <= 0.0:
            continue
        alpha, cooling, power = tree.alpha[n], tree.cooling[n], tree.cooling_power[n]
        bare = 1.0 + alpha * (tree.ambient_k[n] - REFERENCE_K)
        second, third = 0.5 * (power - 1.0), (power - 2.0) / 3.0
        for w in range(width):
            before = lanes.siemens[n, w]
            current = (lanes.v[n, w] - lanes.v[tree.parent[n], w]) * before
            square = current * current / tree.siemens[n]
            x = lanes.rise_k[n, w]
            if square <= 0.0:
                after_x = 0.0
                lanes.powered[n, w] = 0.0
            elif x <= 1e-6:
                lanes.powered[n, w] = square * bare / cooling
                after_x = min(lanes.powered[n, w] ** (1.0 / power), MOST_RISE_K)
            else:
                cooled = cooling * lanes.powered[n, w]
                slope = square * alpha - power * cooled / x
                step = (cooled - square * (bare + alpha * x)) / slope if slope < 0.0 else x
                after_x = min(max(x + step, 0.1 * x), MOST_RISE_K)
                by = (after_x - x) / x
                if abs(by) < 1e-3:
                    lanes.powered[n, w] *= 1.0 + by * power * (1.0 + by * second * (1.0 + by * third))
                else:
                    lanes.powered[n, w] = after_x**power
            lanes.rise_k[n, w] = after_x
            after = tree.siemens[n] / (bare + alpha * after_x)
            by = abs(after - before)
            # what moves less than this stays, so that the currents told are those of the voltages told
            if by > LEFT_SHARE * before:
                moved = max(moved, by / before)
                lanes.siemens[n, w] = after
    return moved


@kernel
def emit(tree: Tree, lanes: Lanes, answers: Answers, block: int, wide: int) -> None:
    """Write a block's answers: everything where asked for, and what each scenario is summed up in."""
    for w in range(wide):
        s = block + w
        if len(answers.voltage):
            for n in range(len(tree.parent)):
                up = tree.parent[n]
                answers.voltage[s, n] = lanes.v[n, w]
                answers.rise_k[s, n] = lanes.rise_k[n, w]
                current = (lanes.v[up, w] - lanes.v[n, w]) * lanes.siemens[n, w] if up >= 0 else 0.0
                answers.current[s, n] = current
        sum_up(tree, lanes, answers, s, w)


@kernel
def sum_up(tree: Tree, lanes: Lanes, answers: Answers, s: int, w: int) -> None:
    """A scenario's totals and extremes; a held place gives what its balance lacks."""
    v, figures, places = lanes.v, answers.figures[s], answers.places[s]
    figures[:] = 0.0
    figures[LOWEST_V] = np.inf
    figures[PIVOT] = lanes.smallest[w]
    places[:] = -1
    flow = lanes.balance
    for n in range(len(tree.parent)):
        flow[n, w] = 0.0
    for n in range(len(tree.parent) - 1, -1, -1):
        volt, load, up = v[n, w], lanes.load[n, w], tree.parent[n]
        least = tree.least_v[n]
        drawn = load / volt if volt >= least else load * volt / (least * least)
        figures[LOAD_W] += drawn * volt
        if load > 0.0 and volt < least * (1.0 - SLACK):
            figures[SHORT] += 1.0
        if load > 0.0 and volt < figures[LOWEST_V]:
            figures[LOWEST_V] = volt
            places[LOWEST_AT] = n
        given = 0.0
        for k in range(tree.first[n], tree.first[n + 1]):
            if lanes.on[k, w] > 0.0:
                current = (
                    max(drawn + flow[n, w], 0.0)
                    if tree.held_v[n] > 0.0
                    else source_current(lanes.volt[k, w], volt, tree.droop_siemens[k], tree.limit_a[k])
                )
                given += current
                loss = tree.loss[k, 0] + current * (tree.loss[k, 1] + current * tree.loss[k, 2])
                figures[SOURCE_LOSS_W] += loss
                figures[SOURCE_W] += current * volt
                if current / tree.limit_a[k] > figures[SOURCE_SHARE]:
                    figures[SOURCE_SHARE] = current / tree.limit_a[k]
                    places[SOURCE_AT] = k
        if up >= 0:
            through = (v[up, w] - volt) * lanes.siemens[n, w]
            figures[LINE_LOSS_W] += through * (v[up, w] - volt)
            flow[up, w] += through
            if abs(through) / tree.rating_a[n] > figures[LINE_SHARE]:
                figures[LINE_SHARE] = abs(through) / tree.rating_a[n]
                places[LINE_AT] = n
