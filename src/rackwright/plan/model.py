"""The planner's question as blocks of columns and rows; `docs/stages/plan.md` states each in words.

Columns count racks, pieces or modules; costs are in 1000 USD.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rackwright.demand import COMMITMENTS
from rackwright.plan.compile import Arrays, Builder, Floats, Indexes
from rackwright.plan.question import MEGA, Flags, Investment, Numbers

KILO_USD = 1e3
#: The heaviest lateness of a rack and week in level 1's own unit.
HEAVIEST = 100.0


@dataclass(frozen=True, slots=True)
class Model:
    """The compiled question: blocks by name, arrays, and the two levels' costs."""

    builder: Builder
    arrays: Arrays
    #: Level 1 in its own unit; `usd_per_lateness` makes USD of it.
    lateness: Floats
    usd_per_lateness: float
    #: Level 2, by block of columns [1000 USD], and as one vector.
    cost_of: dict[str, Floats]
    cost: Floats

    def columns(self, name: str) -> Indexes:
        return self.builder.columns[name].index

    def rows(self, name: str) -> Indexes:
        return self.builder.rows[name].index


def compile_model(n: Numbers) -> Model:
    """Write the question down as arrays; no loop over weeks."""
    build = Builder()
    _columns(build, n)
    _plant_rows(build, n)
    _part_rows(build, n)
    _line_rows(build, n)
    _capex_rows(build, n)
    _dock_rows(build, n)
    _site_rows(build, n)
    _demand_rows(build, n)
    _option_rows(build, n)
    heaviest = float(n.late_usd.max(initial=0.0)) or 1.0
    cost_of = _costs(n)
    return Model(
        builder=build,
        arrays=build.arrays(),
        lateness=build.costs({"late": (n.late_usd * HEAVIEST / heaviest)[None, :, None]}),
        usd_per_lateness=heaviest / HEAVIEST,
        cost_of=cost_of,
        cost=build.costs(dict(cost_of)),
    )


def _leaves(n: Numbers) -> Indexes:
    """First week in which a rack of each generation can leave a plant."""
    return np.where(n.opening_finished > 0, 0, n.first)


def _columns(build: Builder, n: Numbers) -> None:
    """Everything that the plan chooses; columns that could never be of use are left out."""
    at = np.arange(len(n.weeks))
    goes = (at >= _leaves(n)[:, None]) & (at < len(n.weeks) - n.freight)
    here = (at >= _leaves(n)[:, None] + n.freight)[:, None, :] | (n.opening_live > 0)[:, :, None]
    quarters = [n.weeks[week] for week in n.quarters]
    build.add_columns("built", (n.generations, n.plants, n.weeks), where=n.may_build)
    near = [plant for plant, _ in n.nearby]
    labels = [f"{n.plants[p]}>{n.sites[s]}" for p, s in n.nearby]
    build.add_columns("nearby", (labels, n.generations, n.weeks), where=n.may_build[:, near, :].transpose(1, 0, 2))
    build.add_columns("dock", (n.generations, n.weeks), where=goes & (n.opening_finished > 0)[:, None])
    build.add_columns("sent", (n.generations, n.sites, n.weeks), where=goes[:, None, :])
    build.add_columns("waiting", (n.generations, n.sites, n.weeks), where=here)
    build.add_columns("live", (n.generations, n.sites, n.weeks), where=here)
    build.add_columns("late", (n.generations, COMMITMENTS, n.weeks), upper=n.required, where=n.required > 0)
    other = (n.worth > 0) & ~np.eye(len(n.generations), dtype=bool)
    needed = n.required.sum(axis=1) > 0
    able: Flags = np.asarray(here.any(axis=1))
    stands = other[:, :, None] & able[:, None, :] & needed[None]
    build.add_columns("stand_in", (n.generations, n.generations, n.weeks), where=stands)
    build.add_columns(
        "module", (_labels(n.expansions), quarters), upper=_most(n.expansions), where=_useful(n.expansions, n)
    )
    build.add_columns("line", (_labels(n.lines), quarters), upper=_most(n.lines), where=_useful(n.lines, n))
    build.add_columns("early", (n.generations, n.weeks), where=needed | able)
    build.add_columns("stock", (n.families, n.weeks))
    shape = (len(n.offers), len(n.weeks))
    build.add_columns(
        "buy",
        ([f"{item.supplier}:{item.family}" for item in n.offers], n.weeks),
        upper=np.array([item.cap for item in n.offers]).reshape(shape),
        where=np.array([item.open for item in n.offers], dtype=bool).reshape(shape),
    )
    build.add_columns("make", ([item.name for item in n.lines], n.weeks))
    build.add_columns("exercise", ([n.weeks[week] for week in n.windows],), upper=n.per_window)
    ready = int(n.windows[0]) + n.option_lead if n.windows.size else len(n.weeks)
    first = 0 if n.contracted > 0 else ready
    build.add_columns("right", (n.weeks,), where=(at >= first) & (n.option_row >= 0))


def _labels(items: tuple[Investment, ...]) -> list[str]:
    return [f"{item.name}@{item.plant}" for item in items]


def _most(items: tuple[Investment, ...]) -> Floats:
    return np.array([[float(item.most)] for item in items]).reshape(len(items), 1)


def _useful(items: tuple[Investment, ...], n: Numbers) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.array([item.quarters for item in items], dtype=bool).reshape(len(items), n.quarters.size)


def _plant_rows(build: Builder, n: Numbers) -> None:
    """What the racks finished in a week use of a resource, less what finished modules add, is at most what is there."""
    at = np.arange(len(n.weeks))
    built, module = build.columns["built"].index, build.columns["module"].index
    labels = [f"{item.plant}:{item.name}" for item in n.resources]
    rows = build.add_rows("plant", (labels, n.weeks), upper=n.available)
    for row, item in enumerate(n.resources):
        plant = n.plants.index(item.plant)
        build.put(rows[row][None, :], built[:, plant, :], n.resource_use[row][:, None])
        for column in np.flatnonzero(n.added[row]):
            begins = np.maximum(n.quarters + n.expansions[column].lead, n.opens[plant])
            works = at[None, :] >= begins[:, None]
            build.put(rows[row][None, :], module[column][:, None], np.where(works, -n.added[row, column], 0.0))
    most = build.add_rows("module_most", (_labels(n.expansions),), upper=_most(n.expansions)[:, 0])
    build.put(most[:, None], module, 1.0)


def _part_rows(build: Builder, n: Numbers) -> None:
    """stock[t] - stock[t-1] - bought - made + used by racks finished `build_weeks` later = on order (and opening)."""
    supply = n.on_order.copy()
    supply[:, :1] += n.opening_stock[:, None]
    rows = build.add_rows("part", (n.families, n.weeks), lower=supply, upper=supply)
    stock, built = build.columns["stock"].index, build.columns["built"].index
    build.put(rows, stock, 1.0)
    build.put(rows[:, 1:], stock[:, :-1], -1.0)
    place = {family: number for number, family in enumerate(n.families)}
    build.put(rows[[place[item.family] for item in n.offers]], build.columns["buy"].index, -1.0)
    build.put(rows[[place[item.name] for item in n.lines]], build.columns["make"].index, -1.0)
    used_in = rows[:, None, None, : max(len(n.weeks) - n.build_weeks, 0)]
    build.put(used_in, built[None, :, :, n.build_weeks :], n.use[:, :, None, None])


def _line_rows(build: Builder, n: Numbers) -> None:
    """Own making stays within the lines that are finished."""
    at = np.arange(len(n.weeks))
    line = build.columns["line"].index
    rows = build.add_rows("line_capacity", (_labels(n.lines), n.weeks), upper=0.0)
    build.put(rows, build.columns["make"].index, 1.0)
    for row, item in enumerate(n.lines):
        works = at[None, :] >= (n.quarters + item.lead)[:, None]
        build.put(rows[row][None, :], line[row][:, None], np.where(works, -n.line_capacity[row], 0.0))
    most = build.add_rows("line_most", (_labels(n.lines),), upper=_most(n.lines)[:, 0])
    build.put(most[:, None], line, 1.0)


def spending(n: Numbers, item: Investment) -> Floats:
    """Money of one module or line ordered in each quarter, by year (Y, Q): spread evenly over its lead."""
    spent = np.zeros((len(n.years), n.quarters.size))
    for quarter, start in enumerate(n.quarters):
        years = n.year_of[start : start + max(item.lead, 1)]
        for year in years[years >= 0]:
            spent[year, quarter] += item.cost_usd / years.size
    return spent


def _capex_rows(build: Builder, n: Numbers) -> None:
    """Money for modules and own lines within each year's limit. [MUSD]"""
    rows = build.add_rows("capex", ([str(year) for year in n.years],), upper=n.capex_limit_usd / MEGA)
    for name, items in (("module", n.expansions), ("line", n.lines)):
        for number, item in enumerate(items):
            build.put(rows[:, None], build.columns[name].index[number][None, :], spending(n, item) / MEGA)


def _dock_rows(build: Builder, n: Numbers) -> None:
    """dock[t] - dock[t-1] - built + sent nearby + sent to other states = finished at the start.

    A rack leaves in the week in which it is finished; only a generation with finished racks at the start has a dock to
    wait at. Racks of a generation are alike, so what leaves for other states goes through one pool.
    """
    start = np.zeros((len(n.generations), len(n.weeks)))
    start[:, :1] = n.opening_finished[:, None]
    dock, built, nearby = (build.columns[name].index for name in ("dock", "built", "nearby"))
    sent = build.columns["sent"].index
    goes = np.asarray(sent.max(axis=1, initial=-1) >= 0)
    rows = build.add_rows("dock", (n.generations, n.weeks), lower=start, upper=start, where=goes)
    build.put(rows, dock, 1.0)
    build.put(rows[:, 1:], dock[:, :-1], -1.0)
    build.put(rows[:, None, :], built, -1.0)
    build.put(rows[None], nearby, 1.0)
    build.put(rows[:, None, :], sent, 1.0)
    for plant in sorted({plant for plant, _ in n.nearby}):
        own = [number for number, (p, _) in enumerate(n.nearby) if p == plant]
        name = f"leaves:{n.plants[plant]}"
        leaves = build.add_rows(name, (n.generations, n.weeks), upper=0.0, where=n.may_build[:, plant, :])
        build.put(leaves, built[:, plant, :], -1.0)
        build.put(leaves[None], nearby[own], 1.0)


def _site_rows(build: Builder, n: Numbers) -> None:
    """waiting + live follows what arrives; live racks stay within the energised power."""
    start = np.zeros((len(n.generations), len(n.sites), len(n.weeks)))
    start[:, :, :1] = n.opening_live[:, :, None]
    waiting, live, sent, nearby = (build.columns[name].index for name in ("waiting", "live", "sent", "nearby"))
    rows = build.add_rows("site", (n.generations, n.sites, n.weeks), lower=start, upper=start, where=live >= 0)
    for index in (waiting, live):
        build.put(rows, index, 1.0)
        build.put(rows[:, :, 1:], index[:, :, :-1], -1.0)
    on_road = max(len(n.weeks) - n.freight, 0)
    build.put(rows[:, :, n.freight :], sent[:, :, :on_road], -1.0)
    for number, (_, site) in enumerate(n.nearby):
        build.put(rows[:, site, n.freight :], nearby[number][:, :on_road], -1.0)
    power = build.add_rows("energised", (n.sites, n.weeks), upper=n.energised_w / MEGA)
    build.put(power[None], live, n.facility_w[:, :, None] / MEGA)


def _demand_rows(build: Builder, n: Numbers) -> None:
    """Live racks, stand-ins and lateness are what is required and what is early; only a live rack stands in."""
    live, late, stand_in, early = (build.columns[name].index for name in ("live", "late", "stand_in", "early"))
    need = n.required.sum(axis=1)
    rows = build.add_rows("required", (n.generations, n.weeks), lower=need, upper=need, where=early >= 0)
    build.put(rows, early, -1.0)
    build.put(rows[:, None, :], live, 1.0)
    build.put(rows[:, None, :], late, 1.0)
    build.put(rows[None, :, :], stand_in, n.worth[:, :, None])
    build.put(rows[:, None, :], stand_in, -1.0)
    lends = _any_of(stand_in)
    own = build.add_rows("stands_in", (n.generations, n.weeks), upper=0.0, where=lends)
    build.put(own[:, None, :], stand_in, 1.0)
    build.put(own[:, None, :], live, -1.0)


def _any_of(index: Indexes) -> Flags:
    """Where any column exists along the middle axis."""
    return np.asarray(index.max(axis=1, initial=-1) >= 0)


def _option_rows(build: Builder, n: Numbers) -> None:
    """Arrivals of the option's generation use up rights: contracted, or exercised a lead time before."""
    if n.option_row < 0:
        return
    exercise, right = build.columns["exercise"].index, build.columns["right"].index
    cap = build.add_rows("option_cap", (("cap",),), upper=n.option_cap)
    build.put(cap[:, None], exercise[None, :], 1.0)
    contracted = np.zeros(len(n.weeks))
    contracted[:1] = n.contracted
    rows = build.add_rows("right", (n.weeks,), lower=contracted, upper=contracted)
    build.put(rows, right, 1.0)
    build.put(rows[1:], right[:-1], -1.0)
    on_road = max(len(n.weeks) - n.freight, 0)
    build.put(rows[None, n.freight :], build.columns["sent"].index[n.option_row][:, :on_road], 1.0)
    build.put(rows[None, n.freight :], build.columns["nearby"].index[:, n.option_row, :on_road], 1.0)
    build.put(rows[n.windows + n.option_lead], exercise, -1.0)


def _costs(n: Numbers) -> dict[str, Floats]:
    """Cost of one of each block's columns. [1000 USD]"""
    held_usd = n.rack_usd * n.holding_per_week
    money: dict[str, Floats] = {
        "built": (n.rest_usd[:, None] + n.labour_usd)[:, :, None],
        "nearby": np.full((1, 1, 1), n.same_state_usd),
        "sent": np.full((1, 1, 1), n.other_state_usd),
        "dock": held_usd[:, None],
        "waiting": held_usd[:, None, None],
        "early": held_usd[:, None],
        "stock": (n.piece_usd * n.holding_per_week)[:, None],
        "buy": np.array([item.price_usd for item in n.offers]).reshape(len(n.offers), 1),
        "make": n.make_usd.reshape(len(n.lines), 1),
        "module": np.array([item.cost_usd for item in n.expansions]).reshape(len(n.expansions), 1),
        "line": np.array([item.cost_usd for item in n.lines]).reshape(len(n.lines), 1),
    }
    return {name: amount / KILO_USD for name, amount in money.items()}
