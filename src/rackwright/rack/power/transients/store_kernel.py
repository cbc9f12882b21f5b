"""Stores: the converter follows loads less their mean; both filters are exact for power that runs straight in a step."""

from __future__ import annotations

import math

from rackwright.compiled import kernel
from rackwright.rack.power.transients.arrays import CLOSED, Ints, Records, Tree

#: A converter stops this far above where a load would turn into a resistance, and behind an open hot-swap.
LEAST = 1.2


@kernel
def measure(place: Records, stores: Records, followed: Ints) -> None:
    """Power of the followed loads at both ends of the reporting step, of those that take power."""
    for m in range(len(stores)):
        left, right = 0.0, 0.0
        for at in range(stores[m].first, stores[m].last):
            n = followed[at]
            taken = place[n].jump if place[n].scale > 0.0 else 0.0
            left += taken * place[n].left_w
            right += taken * place[n].right_w
        stores[m].measured_w[0] = left
        stores[m].measured_w[1] = right


@kernel
def _mean_after(left: float, slope: float, mean: float, average_s: float, s: float) -> float:
    """The low-pass after `s` of a power `left` + `slope` s: exact."""
    lagging = left - slope * average_s
    return lagging + slope * s + (mean - lagging) * math.exp(-s / average_s)


@kernel
def inner_w(stores: Records, m: int, power_w: float, joules: float) -> float:
    """What the bank gives inside when the converter gives `power_w` to the row: its loss and the bank's i^2 R on top."""
    volt = math.sqrt(2.0 * max(joules, 1e-12) / stores[m].farad)
    keep = 1.0 - stores[m].loss_share
    terminal = power_w / keep if power_w > 0.0 else power_w * keep
    ohm = stores[m].ohm
    if ohm <= 0.0 or terminal == 0.0:
        return float(terminal)
    root = math.sqrt(max(volt * volt - 4.0 * ohm * terminal, 0.0))
    return float(volt * (volt - root) / (2.0 * ohm))


@kernel
def plan(tree: Tree, stores: Records, through: float, h: float, share: float, gamma: float) -> None:
    """Each store's power at both stages of a step of `h` that begins `through` the reporting step and takes `share`."""
    for m in range(len(stores)):
        rise = stores[m].measured_w[1] - stores[m].measured_w[0]
        left = stores[m].measured_w[0] + through * rise
        slope = rise * share / h
        home = (stores[m].joules - stores[m].home_j) / stores[m].restore_s
        first = left - stores[m].mean_w + home
        stores[m].then_mean_w = _mean_after(left, slope, stores[m].mean_w, stores[m].average_s, h)
        last = left + slope * h - stores[m].then_mean_w + home
        for stage in range(2):
            s = gamma * h if stage == 0 else h
            wanted = first + (last - first) * s / h
            if stores[m].lag * h < 1e300:
                turn = (last - first) / h
                behind = first - turn / stores[m].lag
                wanted = behind + turn * s + (stores[m].now_w - behind) * math.exp(-stores[m].lag * s)
            stores[m].stage_w[stage] = _within(tree, stores, m, wanted, h)
            stores[m].stage_inner_w[stage] = inner_w(stores, m, stores[m].stage_w[stage], stores[m].joules)


@kernel
def _within(tree: Tree, stores: Records, m: int, wanted: float, h: float) -> float:
    """Within the converter's power and, to the end of the step, within the bank's joules."""
    n = stores[m].place
    if tree.volt[n] < LEAST * tree.least_v[n] or tree.swap[n] != CLOSED:
        return 0.0
    power = min(max(wanted, -stores[m].most_w), stores[m].most_w)
    joules = stores[m].joules
    if stores[m].ohm > 0.0 and power > 0.0:
        power = min(power, 0.5 * joules / (stores[m].farad * stores[m].ohm) * (1.0 - stores[m].loss_share))
    inner = inner_w(stores, m, power, joules)
    room = max(joules - stores[m].least_j, 0.0) / h if inner > 0.0 else max(stores[m].full_j - joules, 0.0) / h
    return float(power if abs(inner) <= room else power * room / abs(inner))
