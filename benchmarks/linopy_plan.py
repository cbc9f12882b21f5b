"""The plan's linear program once more, in linopy: the peer for the compiler's speed and an oracle for its optimum.

`lanes` ships every rack from its plant to its site, as one would write it down first; without it racks for other states
go through one pool, as the plan's own blocks do. Both have the same optimum.
"""

from __future__ import annotations

from typing import Any

import linopy
import numpy as np
import pandas as pd
import xarray as xr

from rackwright.plan.model import HEAVIEST, KILO_USD, spending
from rackwright.plan.question import MEGA, Numbers


def build(n: Numbers, *, lanes: bool = False) -> tuple[linopy.Model, Any, Any]:
    """The model, level 1's objective and level 2's objective as linopy expressions."""
    m = linopy.Model()
    weeks = len(n.weeks)
    g = pd.Index(n.generations, name="g")
    p = pd.Index(n.plants, name="p")
    s = pd.Index(n.sites, name="s")
    t = pd.RangeIndex(weeks, name="t")
    f = pd.Index(n.families, name="f")
    at = np.arange(weeks)

    def data(values: Any, *axes: pd.Index) -> xr.DataArray:
        return xr.DataArray(np.asarray(values), coords=list(axes), dims=[axis.name for axis in axes])

    def before(variable: Any, by: int = 1) -> Any:
        return variable.shift(t=by)

    leaves = np.where(n.opening_finished > 0, 0, n.first)
    goes = (at >= leaves[:, None]) & (at < weeks - n.freight)
    here = (at >= leaves[:, None] + n.freight)[:, None, :] | (n.opening_live > 0)[:, :, None]
    built = m.add_variables(lower=0, coords=[g, p, t], mask=data(n.may_build, g, p, t), name="built")
    dock = m.add_variables(
        lower=0, coords=[g, t], mask=data(goes & (n.opening_finished > 0)[:, None], g, t), name="dock"
    )
    waiting = m.add_variables(lower=0, coords=[g, s, t], mask=data(here, g, s, t), name="waiting")
    live = m.add_variables(lower=0, coords=[g, s, t], mask=data(here, g, s, t), name="live")
    k = pd.Index(("contract", "forecast"), name="k")
    late = m.add_variables(
        lower=0, upper=data(n.required, g, k, t), coords=[g, k, t], mask=data(n.required > 0, g, k, t), name="late"
    )
    needed, able = n.required.sum(axis=1) > 0, here.any(axis=1)
    early = m.add_variables(lower=0, coords=[g, t], mask=data(needed | able, g, t), name="early")
    h = pd.Index(n.generations, name="h")
    other = (n.worth > 0) & ~np.eye(len(g), dtype=bool)
    stands = other[:, :, None] & able[:, None, :] & needed[None]
    stand_in = m.add_variables(lower=0, coords=[h, g, t], mask=data(stands, h, g, t), name="stand_in")
    stock = m.add_variables(lower=0, coords=[f, t], name="stock")

    # offers, own lines, modules
    o = pd.RangeIndex(len(n.offers), name="o")
    caps = data(np.array([item.cap for item in n.offers]), o, t)
    opened = data(np.array([item.open for item in n.offers]), o, t)
    buy = m.add_variables(lower=0, upper=caps, coords=[o, t], mask=opened, name="buy")
    q = pd.RangeIndex(n.quarters.size, name="q")
    y = pd.RangeIndex(len(n.years), name="y")
    money = 0
    spent = 0
    parts = {name: [] for name in n.families}
    for number, item in enumerate(n.offers):
        parts[item.family].append(buy.sel(o=number))
    plant_added = 0
    for kind, items in (("line", n.lines), ("module", n.expansions)):
        if not items:
            continue
        i = pd.RangeIndex(len(items), name=kind)
        useful = data(np.array([item.quarters for item in items]), i, q)
        most = data([float(item.most) for item in items], i)
        count = m.add_variables(lower=0, upper=most, coords=[i, q], mask=useful, name=kind)
        m.add_constraints(count.sum("q") <= most, name=f"{kind}_most")
        money = money + (count * data([item.cost_usd for item in items], i)).sum() / KILO_USD
        yearly = data(np.array([spending(n, item) for item in items]) / MEGA, i, y, q)
        spent = spent + (count * yearly).sum([kind, "q"])
        if kind == "line":
            make = m.add_variables(lower=0, coords=[i, t], name="make")
            done = (
                at[None, None, :]
                >= (n.quarters[None, :] + np.array([item.lead for item in items])[:, None])[:, :, None]
            )
            capacity = data(done * n.line_capacity[:, None, None], i, q, t)
            m.add_constraints(make - (count * capacity).sum("q") <= 0, name="line_capacity")
            money = money + (make * data(n.make_usd, i)).sum() / KILO_USD
            for number, item in enumerate(items):
                parts[item.name].append(make.sel(line=number))
        else:
            begins = np.array(
                [np.maximum(n.quarters + item.lead, n.opens[n.plants.index(item.plant)]) for item in items]
            )
            works = at[None, None, :] >= begins[:, :, None]
            r = pd.RangeIndex(len(n.resources), name="r")
            plant_added = (count * data(works.astype(float), i, q, t)).sum("q")
            plant_added = (plant_added * data(n.added, r, i)).sum("module")
    if not isinstance(spent, int):
        m.add_constraints(spent <= data(n.capex_limit_usd / MEGA, y), name="capex")

    # plants
    r = pd.RangeIndex(len(n.resources), name="r")
    where = np.array([[item.plant == plant for plant in n.plants] for item in n.resources], dtype=float)
    use = data(n.resource_use[:, :, None] * where[:, None, :], r, g, p)
    load = (built * use).sum(["g", "p"])
    if n.expansions:
        load = load - plant_added
    m.add_constraints(load <= data(n.available, r, t), name="plant")

    # parts
    use_part = (
        (built.shift(t=-n.build_weeks) * data(n.use, f, g)).sum(["g", "p"])
        if n.build_weeks
        else (built * data(n.use, f, g)).sum(["g", "p"])
    )
    supply = n.on_order.copy()
    supply[:, 0] += n.opening_stock
    offer_of = data(np.array([[item.family == name for item in n.offers] for name in n.families], dtype=float), f, o)
    arriving = (buy * offer_of).sum("o")
    if n.lines:
        line_of = data(
            np.array([[item.name == name for item in n.lines] for name in n.families], dtype=float),
            f,
            pd.RangeIndex(len(n.lines), name="line"),
        )
        arriving = arriving + (make * line_of).sum("line")
    m.add_constraints(stock - before(stock) - arriving + use_part == data(supply, f, t), name="part")

    # shipping
    near = np.zeros((len(p), len(s)), dtype=bool)
    for plant, site in n.nearby:
        near[plant, site] = True
    start = np.zeros((len(g), weeks))
    start[:, 0] = n.opening_finished
    if lanes:
        allowed = goes[:, None, None, :] & np.ones((1, len(p), len(s), 1), dtype=bool)
        allowed = allowed & (n.may_build[:, :, None, :] | (n.opening_finished > 0)[:, None, None, None])
        ship = m.add_variables(lower=0, coords=[g, p, s, t], mask=data(allowed, g, p, s, t), name="ship")
        at_plant = m.add_variables(
            lower=0,
            coords=[g, p, t],
            mask=data(
                np.ones((len(g), len(p), 1), bool) & (n.opening_finished > 0)[:, None, None] & (at >= 0), g, p, t
            ),
            name="at_plant",
        )
        first = np.zeros((len(g), len(p), weeks))
        first[:, 0, 0] = n.opening_finished
        m.add_constraints(at_plant - before(at_plant) - built + ship.sum("s") == data(first, g, p, t), name="dock")
        sent_to = ship.sum("p")
        freight = (ship * data(np.where(near, n.same_state_usd, n.other_state_usd), p, s)).sum() / KILO_USD
        held = at_plant.sum("p")
    else:
        pair = (
            pd.MultiIndex.from_tuples([(n.plants[a], n.sites[b]) for a, b in n.nearby], names=["from", "to"])
            if n.nearby
            else None
        )
        sent = m.add_variables(
            lower=0, coords=[g, s, t], mask=data(goes[:, None, :] & np.ones((1, len(s), 1), bool), g, s, t), name="sent"
        )
        sent_to, freight, out = sent, (sent * n.other_state_usd).sum() / KILO_USD, built.sum("p")
        if pair is not None:
            c = pd.RangeIndex(len(n.nearby), name="c")
            allowed = n.may_build[:, [a for a, _ in n.nearby], :].transpose(1, 0, 2)
            nearby = m.add_variables(lower=0, coords=[c, g, t], mask=data(allowed, c, g, t), name="nearby")
            to_site = data(np.array([[float(b == site) for site in range(len(s))] for _, b in n.nearby]), c, s)
            from_plant = data(np.array([[float(a == plant) for plant in range(len(p))] for a, _ in n.nearby]), c, p)
            sent_to = sent_to + (nearby * to_site).sum("c")
            freight = freight + (nearby * n.same_state_usd).sum() / KILO_USD
            m.add_constraints((nearby * from_plant).sum("c") - built <= 0, name="leaves")
            out = out - nearby.sum("c")
        m.add_constraints(
            dock - before(dock) - out + sent.sum("s") == data(start, g, t), name="dock", mask=data(goes, g, t)
        )
        held = dock
    opening = np.zeros((len(g), len(s), weeks))
    opening[:, :, 0] = n.opening_live
    on_site = waiting + live
    arriving_racks = sent_to.shift(t=n.freight) if n.freight else sent_to
    m.add_constraints(
        on_site - before(waiting) - before(live) - arriving_racks == data(opening, g, s, t),
        name="site",
        mask=data(here, g, s, t),
    )
    m.add_constraints(
        (live * data(n.facility_w / MEGA, g, s)).sum("g") <= data(n.energised_w / MEGA, s, t), name="energised"
    )

    # demand
    own = stand_in.sum("g").rename({"h": "g"})
    helped = (stand_in * data(n.worth, h, g)).sum("h")
    required = n.required.sum(axis=1)
    m.add_constraints(
        live.sum("s") + late.sum("k") + helped - own - early == data(required, g, t),
        name="required",
        mask=data(needed | able, g, t),
    )
    m.add_constraints(own - live.sum("s") <= 0, name="stands_in")

    # option
    if n.option_row >= 0:
        w = pd.RangeIndex(n.windows.size, name="w")
        contracted = np.zeros(weeks)
        contracted[0] = n.contracted
        first_right = 0 if n.contracted > 0 else (int(n.windows[0]) + n.option_lead if n.windows.size else weeks)
        right = m.add_variables(lower=0, coords=[t], mask=data(at >= first_right, t), name="right")
        used = arriving_racks.sel(g=n.generations[n.option_row]).sum("s")
        balance = right - before(right) + used
        if n.windows.size:
            exercise = m.add_variables(lower=0, upper=n.per_window, coords=[w], name="exercise")
            arrives = data((at[None, :] == (n.windows + n.option_lead)[:, None]).astype(float), w, t)
            balance = balance - (exercise * arrives).sum("w")
            m.add_constraints(exercise.sum() <= n.option_cap, name="option_cap")
        m.add_constraints(balance == data(contracted, t), name="right")

    heaviest = float(n.late_usd.max()) or 1.0
    lateness = (late * data(n.late_usd * HEAVIEST / heaviest, k)).sum()
    held_usd = n.rack_usd * n.holding_per_week
    money = (
        money
        + freight
        + (built * data(n.rest_usd[:, None] + n.labour_usd, g, p)).sum() / KILO_USD
        + (held * data(held_usd, g)).sum() / KILO_USD
        + (waiting * data(held_usd, g)).sum() / KILO_USD
        + (early * data(held_usd, g)).sum() / KILO_USD
        + (stock * data(n.piece_usd * n.holding_per_week, f)).sum() / KILO_USD
        + (buy * data([item.price_usd for item in n.offers], o)).sum() / KILO_USD
    )
    return m, lateness, money
