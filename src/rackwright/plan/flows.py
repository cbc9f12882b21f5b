"""The solution as arrays by name: who built, shipped, bought; racks followed through the pool; money by year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rackwright.plan.compile import Floats, values_of
from rackwright.plan.limits import added_units
from rackwright.plan.model import KILO_USD, Model
from rackwright.plan.question import Numbers
from rackwright.plan.result import Load
from rackwright.plan.rounding import spent_usd

#: Values of the solver below this are nothing.
NOISE = 1e-7
CATEGORIES = (
    "parts bought", "parts on the way at the start", "parts made", "other parts of the racks", "wages", "freight",
    "holding", "capex: plants", "capex: own lines",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flows:
    """Arrays as `WeeklyPlan` has them."""

    built: Floats
    finished: Floats
    shipped: Floats
    arrived: Floats
    live: Floats
    waiting: Floats
    late: Floats
    stand_in: Floats
    early: Floats
    bought: Floats
    made: Floats
    stock: Floats
    modules: Floats
    lines: Floats
    exercised: Floats


def flows_of(n: Numbers, model: Model, x: Floats) -> Flows:
    """Read the blocks' values out of a solution."""
    values = {name: _clean(values_of(block.index, x)) for name, block in model.builder.columns.items()}
    shipped, finished = _follow(n, values)
    _switch_on(n, values)
    return Flows(
        built=values["built"],
        finished=finished,
        shipped=shipped,
        arrived=_after(shipped.sum(axis=1), n.freight),
        live=values["live"],
        waiting=values["waiting"],
        late=values["late"],
        stand_in=values["stand_in"],
        early=values["early"],
        bought=values["buy"],
        made=values["make"],
        stock=values["stock"],
        modules=values["module"],
        lines=values["line"],
        exercised=_as_late_as_possible(n, _after(shipped.sum(axis=1), n.freight)),
    )


def _switch_on(n: Numbers, values: dict[str, Floats]) -> None:
    """Racks on site go live wherever power is left, early or not: at the same cost, so that none waits without cause."""
    power_w = n.energised_w - np.einsum("gs,gst->st", n.facility_w, values["live"])
    for row in range(len(n.generations)):
        room = np.maximum(power_w, 0.0) / np.maximum(n.facility_w[row], 1.0)[:, None]
        moved = np.minimum(values["waiting"][row], room)
        values["waiting"][row] = _clean(values["waiting"][row] - moved)
        values["live"][row] += moved
        values["early"][row] += moved.sum(axis=0)
        power_w = power_w - moved * n.facility_w[row][:, None]


def _clean(values: Floats) -> Floats:
    return np.where(values < NOISE, 0.0, values)


def _after(racks: Floats, weeks: int) -> Floats:
    """The same some weeks later, on the last axis."""
    later = np.zeros_like(racks)
    count = racks.shape[-1]
    if weeks < count:
        later[..., weeks:] = racks[..., : count - weeks]
    return later


def _follow(n: Numbers, values: Mapping[str, Floats]) -> tuple[Floats, Floats]:
    """Racks by plant and site (G, P, S, T), and those still at a plant (G, P, T).

    What goes to other states leaves one pool by generation; it is taken from the plants in their order. Racks finished
    at the start stand at the first plant.
    """
    shape = (len(n.generations), len(n.plants), len(n.sites), len(n.weeks))
    shipped, finished = np.zeros(shape), np.zeros((shape[0], shape[1], shape[3]))
    out = values["built"].copy()
    for number, (plant, site) in enumerate(n.nearby):
        shipped[:, plant, site, :] += values["nearby"][number]
        out[:, plant, :] -= values["nearby"][number]
    at_hand = np.zeros(shape[:2])
    if shape[1]:
        at_hand[:, 0] = n.opening_finished
    for week in range(shape[3]):
        at_hand += np.maximum(out[:, :, week], 0.0)
        for row, site in np.argwhere(values["sent"][:, :, week] > 0):
            wanted = float(values["sent"][row, site, week])
            for plant in range(shape[1]):
                taken = min(wanted, at_hand[row, plant])
                shipped[row, plant, site, week] += taken
                at_hand[row, plant] -= taken
                wanted -= taken
        at_hand[at_hand < NOISE] = 0.0
        finished[:, :, week] = at_hand
    return shipped, finished


def _as_late_as_possible(n: Numbers, arrived: Floats) -> Floats:
    """Racks to exercise at each window so that every delivery has its right, decided as late as that allows.

    Contracted racks need none and are taken to come first. The program bounds only totals; a right that is not
    exercised yet is worth keeping, so later is better.
    """
    exercised = np.zeros(n.windows.size)
    if n.option_row < 0 or not n.windows.size:
        return exercised
    beyond = np.maximum(np.cumsum(arrived[n.option_row].sum(axis=0)) - n.contracted, 0.0)
    needs = np.diff(_clean(beyond), prepend=0.0)
    for week in np.flatnonzero(needs > 0)[::-1]:
        wanted = float(needs[week])
        for number in np.flatnonzero(n.windows + n.option_lead <= week)[::-1]:
            taken = min(wanted, n.per_window - exercised[number])
            exercised[number] += taken
            wanted -= taken
    return exercised


def loads_of(n: Numbers, flows: Flows) -> tuple[Load, ...]:
    """What racks use of each plant resource, and what is there."""
    found: list[Load] = []
    for row, item in enumerate(n.resources):
        used = n.resource_use[row] @ flows.built[:, n.plants.index(item.plant), :]
        found.append(
            Load(item.plant, item.name, n.unit[row], used, n.available[row] + added_units(n, row, flows.modules))
        )
    return tuple(found)


def cost_usd(n: Numbers, model: Model, flows: Flows) -> Floats:
    """Money by category and year (categories, Y); it adds up to level 2's objective and the pieces on the way. [USD]"""
    weeks = len(n.weeks)
    to_year = (n.year_of[:weeks, None] == np.arange(len(n.years))[None, :]).astype(np.float64)

    def by_week(name: str, values: Floats) -> Floats:
        return np.asarray((values * model.cost_of[name] * KILO_USD).reshape(-1, weeks).sum(axis=0))

    out = flows.built.copy()
    sent = flows.shipped.sum(axis=1)
    near = np.zeros((len(n.nearby), len(n.generations), weeks))
    for number, (plant, site) in enumerate(n.nearby):
        near[number] = flows.shipped[:, plant, site, :]
        sent[:, site, :] -= near[number]
    money = {
        "parts bought": by_week("buy", flows.bought),
        "parts on the way at the start": (n.on_order * n.order_price_usd[:, None]).sum(axis=0),
        "parts made": by_week("make", flows.made),
        "other parts of the racks": (out * n.rest_usd[:, None, None]).sum(axis=(0, 1)),
        "wages": (out * n.labour_usd[:, :, None]).sum(axis=(0, 1)),
        "freight": by_week("nearby", near) + by_week("sent", sent),
        "holding": by_week("stock", flows.stock)
        + by_week("dock", flows.finished.sum(axis=1))
        + by_week("waiting", flows.waiting)
        + by_week("early", flows.early),
    }
    yearly = [money[name] @ to_year for name in CATEGORIES if name in money]
    yearly += [spent_usd(n, n.expansions, flows.modules), spent_usd(n, n.lines, flows.lines)]
    return np.array(yearly)
