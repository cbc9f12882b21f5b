"""What the plan stage hands on: weekly arrays with their labels, prices, proven reliefs, money."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.tables import StageResult

Array = NDArray[np.float64]


def _empty(*shape: int) -> Array:
    return np.zeros(shape)


@dataclass(frozen=True, slots=True)
class Load:
    """One plant resource, week by week (weeks,): what racks use, and what is there with all finished modules."""

    plant: str
    name: str
    unit: str
    used: Array
    available: Array


@dataclass(frozen=True, slots=True)
class Module:
    """Modules of an expansion, or own lines of a family, ordered in one quarter at one plant.

    `lp_count` is what the linear program wanted of them, `count` the whole number that the plan takes.
    """

    kind: str  # expansion or make
    name: str
    plant: str
    ordered_week: int
    finished_week: int
    lp_count: float
    count: float
    capex_usd: float


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """One limit and what it holds back: a plant's resource, a supplier's cap, orders on the way, a site's power ...

    `lateness_usd` is the sum over its weeks of level 1's price times what is available: the lateness that the whole
    limit carries; `cost_usd` the same by level 2's price. `first_order_usd` is `relief_share` of the former;
    `relief_usd` and `relief_rack_weeks` are what a new solve with that much more of it saves, None where none was made.
    """

    key: str
    kind: str
    path: str
    owner: str
    unit: str
    first: int
    last: int
    lateness_usd: float
    cost_usd: float
    relief_share: float
    first_order_usd: float
    relief_usd: float | None
    relief_rack_weeks: float | None


@dataclass(frozen=True, slots=True)
class LateCause:
    """Why racks of a generation are late in a week, and whose move it is.

    `share` is the part of a further rack's lateness value, in that week, which the named limit takes.
    """

    week: int
    generation: str
    racks: float
    key: str
    path: str
    owner: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class WeeklyPlan(StageResult):
    """The plan. G generations, P plants, S sites, F part families, T weeks, Y years; racks unless said otherwise.

    A rack of `built` [g, p, t] is finished in week t; one of `shipped` [g, p, s, t] leaves in week t and is in
    `arrived` [g, s, t] the freight's weeks later. `live` [g, s, t] are racks under power, `waiting` [g, s, t] those on
    site without it, `finished` [g, p, t] those still at the plant at the week's end. `late` [g, k, t] is the shortfall
    against `required` [g, k, t], k = contract, forecast. `stand_in` [h, g, t] are racks of h that do work of g,
    `early` [g, t] live ones that no work asks for yet.
    `bought` [o, t] are pieces that arrive by offer `offers[o]`, written supplier:family; `on_order` [f, t] and `stock`
    [f, t] go by `families`; `made` [m, t] by `made_families`. `cost_usd` [c, y] is money by `categories[c]` and ISO
    year; `capex_usd` [y] the part of it under the yearly limit `capex_limit_usd` [y].
    """

    weeks: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    generations: tuple[str, ...] = ()
    commitments: tuple[str, ...] = ()
    plants: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    made_families: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    required: Array = field(default_factory=lambda: _empty(0, 2, 0))
    built: Array = field(default_factory=lambda: _empty(0, 0, 0))
    finished: Array = field(default_factory=lambda: _empty(0, 0, 0))
    shipped: Array = field(default_factory=lambda: _empty(0, 0, 0, 0))
    arrived: Array = field(default_factory=lambda: _empty(0, 0, 0))
    live: Array = field(default_factory=lambda: _empty(0, 0, 0))
    waiting: Array = field(default_factory=lambda: _empty(0, 0, 0))
    late: Array = field(default_factory=lambda: _empty(0, 2, 0))
    stand_in: Array = field(default_factory=lambda: _empty(0, 0, 0))
    early: Array = field(default_factory=lambda: _empty(0, 0))
    bought: Array = field(default_factory=lambda: _empty(0, 0))
    on_order: Array = field(default_factory=lambda: _empty(0, 0))
    made: Array = field(default_factory=lambda: _empty(0, 0))
    stock: Array = field(default_factory=lambda: _empty(0, 0))
    #: Facility power that one rack is allotted at each site (G, S). [W]
    facility_w: Array = field(default_factory=lambda: _empty(0, 0))
    #: Facility power that each site has (S, T). [W]
    energised_w: Array = field(default_factory=lambda: _empty(0, 0))
    cost_usd: Array = field(default_factory=lambda: _empty(0, 0))
    capex_usd: Array = field(default_factory=lambda: _empty(0))
    capex_limit_usd: Array = field(default_factory=lambda: _empty(0))

    resources: tuple[Load, ...] = ()
    modules: tuple[Module, ...] = ()
    bottlenecks: tuple[Bottleneck, ...] = ()
    late_causes: tuple[LateCause, ...] = ()
    #: Option windows (weeks) and racks exercised at each; empty without an option.
    windows: tuple[int, ...] = ()
    exercised: Array = field(default_factory=lambda: _empty(0))
    #: Offers for which nothing on the way is declared: arrivals inside their lead are taken as possible.
    assumed_pipeline: tuple[str, ...] = ()

    #: Weighted lateness and cost: of the linear program, and of the plan with whole modules. [USD]
    lateness_lp_usd: float = 0.0
    lateness_usd: float = 0.0
    cost_lp_usd: float = 0.0
    total_cost_usd: float = 0.0
    solver: str = ""
    status: str = ""
    #: Relative distance to the bound that the linear program gives: of lateness; of cost where nothing is late.
    gap: float = 0.0
