"""What the planner asks, as numbers along named axes: who may build what and when, prices, uses, arrivals, windows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.demand import RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan.compile import Floats, Indexes
from rackwright.plant import PlantCapacities, Resource
from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar
from rackwright.program.sections.agreement import Terms
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.plan import Expansion, Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.rack import RackDesigns

Flags = NDArray[np.bool_]
#: What a part is bought from that has opening stock or orders on the way, but no supplier and no line of our own.
OPEN_MARKET = "open market"
MEGA = 1e6
#: How the rows of the program count a resource: the unit and what one of it is in the resource's pieces.
_COUNTED = {"test_power": ("MW", MEGA), "crew": ("person", 1.0)}


@dataclass(frozen=True, slots=True)
class Question:
    """The sections and upstream results that the plan reads."""

    plan: Plan
    demand: RackDemand
    racks: dict[str, Rack]
    designs: RackDesigns
    verdicts: Verdicts | None
    capacities: PlantCapacities
    plants: dict[str, Plant]
    buildout: Buildout
    option: Terms | None
    calendar: Calendar


@dataclass(frozen=True, slots=True)
class Offered:
    """A supplier's offer of a family: what may arrive by week, for how much."""

    supplier: str
    family: str
    owner: str
    price_usd: float
    lead: int
    cap: Floats
    #: Weeks in which arrivals may be chosen: from the lead on, or all of them where no order on the way is declared.
    open: Flags
    #: Nothing on the way is declared: arrivals inside the lead are taken as possible up to the cap.
    assumed: bool


@dataclass(frozen=True, slots=True)
class Investment:
    """Modules of an expansion at a plant, or own lines of a family: bought whole, in a quarter's first week."""

    kind: str  # expansion or make
    name: str
    plant: str
    owner: str
    cost_usd: float
    lead: int
    most: int
    #: Quarters (numbers) from which it works before the horizon's last useful week.
    quarters: Flags


@dataclass(frozen=True, slots=True)
class Numbers:
    """G generations, P plants, S sites, F families, R resources, T weeks, Q quarters, Y years."""

    weeks: tuple[str, ...]
    years: tuple[int, ...]
    year_of: Indexes  # (T + the longest lead): position in `years`, -1 beyond
    generations: tuple[str, ...]
    plants: tuple[str, ...]
    sites: tuple[str, ...]
    families: tuple[str, ...]
    freight: int
    build_weeks: int
    first: Indexes  # (G,) first week in which a finished rack may be counted
    may_build: Flags  # (G, P, T)
    nearby: tuple[tuple[int, int], ...]  # plant and site in one state
    opening_live: Floats  # (G, S)
    opening_finished: Floats  # (G,)
    facility_w: Floats  # (G, S)
    energised_w: Floats  # (S, T), after racks of generations that the plan does not know
    required: Floats  # (G, 2, T)
    worth: Floats  # (G, G)
    late_usd: Floats  # (2,)
    resources: tuple[Resource, ...]
    unit: tuple[str, ...]  # (R,)
    available: Floats  # (R, T) in those units
    resource_use: Floats  # (R, G)
    added: Floats  # (R, expansions) units that one module adds
    opens: Indexes  # (P,)
    expansions: tuple[Investment, ...]
    lines: tuple[Investment, ...]
    line_capacity: Floats  # (lines,)
    quarters: Indexes  # (Q,) first weeks
    capex_limit_usd: Floats  # (Y,)
    offers: tuple[Offered, ...]
    use: Floats  # (F, G) pieces per rack
    opening_stock: Floats  # (F,)
    on_order: Floats  # (F, T)
    order_price_usd: Floats  # (F,)
    piece_usd: Floats  # (F,)
    make_usd: Floats  # (lines,)
    rack_usd: Floats  # (G,) with shared parts
    rest_usd: Floats  # (G,) parts that no family row buys
    labour_usd: Floats  # (G, P)
    same_state_usd: float
    other_state_usd: float
    holding_per_week: float
    windows: Indexes  # option windows, weeks; empty without an option
    option_row: int  # generation of the option, -1 without
    option_lead: int
    contracted: float  # racks of the option's generation that are bought without it
    option_cap: float
    per_window: float


def whole_weeks(weeks: float) -> int:
    """A lead time in whole weeks, rounded up; a whisker above a whole number counts as that number."""
    return max(math.ceil(weeks - 1e-9), 0)


def numbers_of(q: Question) -> Numbers:
    """Read the sections and upstream results into arrays.

    Raises
    ------
    KeyError
        When upstream results do not belong to the sections: a bug of ours.
    """
    calendar, plan = q.calendar, q.plan
    weeks, at = calendar.weeks, np.arange(calendar.weeks)
    gens, plants, sites = q.demand.generations, tuple(q.plants), tuple(q.buildout.sites)
    first = np.array([_first_week(q, key) for key in gens], dtype=np.int64)
    last = np.array([_last_week(q.racks[key], weeks) for key in gens], dtype=np.int64)
    in_time = at < weeks - plan.freight.weeks
    window = (at >= first[:, None]) & (at <= last[:, None]) & in_time
    able = np.array([[key in q.capacities.generations[plant] for plant in plants] for key in gens], dtype=bool)
    able = able.reshape(len(gens), len(plants))
    families = _families(q)
    use = np.array([[q.designs.of(key).families.get(family, 0.0) for key in gens] for family in families])
    use = use.reshape(len(families), len(gens))
    prices = _piece_usd(q)
    piece_usd = np.array([prices[family] for family in families])
    rack_usd = np.array([q.designs.of(key).cost_with_shared_usd for key in gens])
    offers = tuple(_offers(q, families, prices))
    expansions, lines = tuple(_expansions(q)), tuple(_lines(q, families))
    resources = q.capacities.resources
    counted = [_COUNTED.get(item.name, ("place", 1.0)) for item in resources]
    scale = np.array([item.per_piece * size for item, (_, size) in zip(resources, counted, strict=True)])
    opening, elsewhere_w = _opening_live(q)
    facility_w = _facility_w(q)
    energised = np.array([site.energised_w for site in q.buildout.sites.values()]).reshape(len(sites), weeks)
    windows, option_row = _windows(q)
    return Numbers(
        weeks=calendar.names,
        years=calendar.years,
        year_of=_year_of(calendar, [item.lead for item in (*expansions, *lines)]),
        generations=gens,
        plants=plants,
        sites=sites,
        families=families,
        freight=plan.freight.weeks,
        build_weeks=plan.build_weeks,
        first=first,
        may_build=able[:, :, None] & window[:, None, :],
        nearby=tuple(_nearby(q)),
        opening_live=opening,
        opening_finished=np.array([float(plan.start.finished.get(key, 0)) for key in gens]),
        facility_w=facility_w,
        energised_w=np.maximum(energised - elsewhere_w[:, None], 0.0),
        required=np.maximum(q.demand.required, 0.0),
        worth=q.demand.worth,
        late_usd=np.array([plan.late.contract_per_rack_week_usd, plan.late.forecast_per_rack_week_usd]),
        resources=resources,
        unit=tuple(unit for unit, _ in counted),
        available=np.array([item.available for item in resources]).reshape(len(resources), weeks)
        / scale.reshape(len(resources), 1),
        resource_use=np.array([[item.use.get(key, 0.0) for key in gens] for item in resources]).reshape(
            len(resources), len(gens)
        )
        / scale.reshape(len(resources), 1),
        added=_added(q, expansions),
        opens=np.array([max(item.opens_week or 0, 0) for item in q.plants.values()], dtype=np.int64),
        expansions=expansions,
        lines=lines,
        line_capacity=np.array([plan.make[item.name].capacity_per_week for item in lines]),
        quarters=np.array(calendar.quarter_starts(), dtype=np.int64),
        capex_limit_usd=np.array([plan.capex_usd.get(year, 0.0) for year in calendar.years]),
        offers=offers,
        use=use,
        opening_stock=np.array([float(plan.start.stock.get(family, 0)) for family in families]),
        on_order=np.array([_on_order(q, family, offers) for family in families]).reshape(len(families), weeks),
        order_price_usd=np.array([_order_price(family, offers, prices) for family in families]),
        piece_usd=piece_usd,
        make_usd=np.array([plan.make[item.name].price_usd for item in lines]),
        rack_usd=rack_usd,
        rest_usd=np.maximum(rack_usd - use.T @ piece_usd, 0.0),
        labour_usd=_labour_usd(q).reshape(len(gens), len(plants)),
        same_state_usd=plan.freight.same_state_usd_per_rack,
        other_state_usd=plan.freight.other_state_usd_per_rack,
        holding_per_week=plan.holding / WEEKS_PER_YEAR,
        windows=windows,
        option_row=option_row,
        option_lead=whole_weeks(q.option.lead_weeks) if q.option else 0,
        contracted=_contracted(q, option_row),
        option_cap=q.option.cap_racks if q.option else 0.0,
        per_window=_per_window(q.option),
    )


def gate_of(q: Question, generation: str) -> int:
    """First week that the evaluation leaves open; 0 where nothing is evaluated."""
    return q.verdicts.gate_week.get(generation, 0) if q.verdicts else 0


def _first_week(q: Question, generation: str) -> int:
    """In volume, gate open, and parts could be used before."""
    return max(q.racks[generation].volume_from_week, gate_of(q, generation), q.plan.build_weeks)


def _last_week(rack: Rack, weeks: int) -> int:
    return weeks if rack.volume_until_week is None else rack.volume_until_week


def _year_of(calendar: Calendar, leads: list[int]) -> Indexes:
    place = {year: number for number, year in enumerate(calendar.years)}
    beyond = calendar.weeks + max(leads, default=0) + 1
    return np.array([place.get(calendar.year(week), -1) for week in range(beyond)], dtype=np.int64)


def _families(q: Question) -> tuple[str, ...]:
    """Families that a rack of the plan uses and that somebody offers, makes, has in stock or on the way."""
    used = {family for key in q.demand.generations for family in q.designs.of(key).families}
    start = q.plan.start
    known = {family for supplier in q.plan.suppliers.values() for family in supplier.parts}
    return tuple(sorted(used & (known | set(q.plan.make) | set(start.stock) | set(start.on_order))))


def _piece_usd(q: Question) -> dict[str, float]:
    """Catalogue cost of a piece: the least of the family's parts; what dearer ones cost more stays with the rack."""
    cost: dict[str, float] = {}
    for key in q.demand.generations:
        for line in q.designs.of(key).bill:
            if line.family and line.count:
                cost[line.family] = min(cost.get(line.family, math.inf), line.unit_cost_usd)
    return cost


def _offers(q: Question, families: tuple[str, ...], prices: Mapping[str, float]) -> Iterator[Offered]:
    at = np.arange(q.calendar.weeks)
    offered = set(q.plan.make)
    for name, supplier in q.plan.suppliers.items():
        for family, offer in supplier.parts.items():
            if family not in families:
                continue
            offered.add(family)
            lead = whole_weeks(offer.lead_weeks)
            assumed = family not in q.plan.start.on_order
            yield Offered(
                supplier=name,
                family=family,
                owner=offer.owner or supplier.owner or name,
                price_usd=prices[family] if offer.price_usd is None else offer.price_usd,
                lead=lead,
                cap=np.asarray(offer.cap_per_week, dtype=np.float64),
                open=((at >= lead) | assumed) & (offer.cap_per_week > 0),
                assumed=assumed and lead > 0,
            )
    for family in families:
        if family not in offered:
            endless = np.full(q.calendar.weeks, math.inf)
            yield Offered(OPEN_MARKET, family, OPEN_MARKET, prices[family], 0, endless, endless > 0, False)


def _on_order(q: Question, family: str, offers: tuple[Offered, ...]) -> Floats:
    """Pieces on the way by week: what is declared, inside the longest lead of the family's suppliers."""
    declared = q.plan.start.on_order.get(family)
    if declared is None:
        return np.zeros(q.calendar.weeks)
    leads = [item.lead for item in offers if item.family == family and item.supplier != OPEN_MARKET]
    inside = np.arange(q.calendar.weeks) < max(leads, default=q.calendar.weeks)
    return np.where(inside, declared, 0.0)


def _order_price(family: str, offers: tuple[Offered, ...], prices: Mapping[str, float]) -> float:
    """What a piece on the way costs: the least of the family's offers."""
    return min((item.price_usd for item in offers if item.family == family), default=prices[family])


def _expansions(q: Question) -> Iterator[Investment]:
    for name, item in q.plan.expansions.items():
        for plant in item.at:
            yield _investment(q, "expansion", name, plant, item.owner, item.cost_usd, item.lead_weeks, item.most)


def _lines(q: Question, families: tuple[str, ...]) -> Iterator[Investment]:
    for name, item in q.plan.make.items():
        if name in families:
            yield _investment(q, "make", name, item.at, item.owner, item.capex_usd, item.lead_weeks, item.most)


def _investment(
    q: Question, kind: str, name: str, plant: str, owner: str, cost_usd: float, lead_weeks: float, most: int
) -> Investment:
    lead = whole_weeks(lead_weeks)
    starts = np.array(q.calendar.quarter_starts(), dtype=np.int64)
    useful = starts + lead < q.calendar.weeks - q.plan.freight.weeks
    who = owner or (q.plants[plant].owner if plant in q.plants else "") or q.plan.owner or plant
    return Investment(kind, name, plant, who, cost_usd, lead, most, useful)


def _added(q: Question, expansions: tuple[Investment, ...]) -> Floats:
    """Units that one module adds to each resource (R, expansions)."""
    added = np.zeros((len(q.capacities.resources), len(expansions)))
    for row, item in enumerate(q.capacities.resources):
        for column, module in enumerate(expansions):
            if module.plant == item.plant:
                added[row, column] = _pieces(q.plan.expansions[module.name], item.name)
    return added


def _pieces(expansion: Expansion, resource: str) -> float:
    if resource == "test_power":
        return expansion.test_power_w / MEGA
    if resource == "crew":
        return float(expansion.crew)
    return float(expansion.places.get(resource, 0))


def _opening_live(q: Question) -> tuple[Floats, Floats]:
    """Racks live at the start (G, S), and facility power of those whose generation the plan does not know (S,)."""
    gens = q.demand.generations
    opening = np.array([[float(site.live.get(key, 0)) for site in q.buildout.sites.values()] for key in gens])
    other = [
        sum(
            count * (q.designs.of(key).power_w + q.designs.of(key).shared_power_w) * site.allotted(key)
            for key, count in site.live.items()
            if key not in gens
        )
        for site in q.buildout.sites.values()
    ]
    return opening.reshape(len(gens), len(q.buildout.sites)), np.array(other, dtype=np.float64)


def _facility_w(q: Question) -> Floats:
    """Facility power of a live rack (G, S): the rack and its share of the block, times the site's design PUE."""
    rack = np.array([q.designs.of(key).power_w + q.designs.of(key).shared_power_w for key in q.demand.generations])
    pue = np.array([[site.allotted(key) for site in q.buildout.sites.values()] for key in q.demand.generations])
    return np.asarray(rack[:, None] * pue)


def _nearby(q: Question) -> Iterator[tuple[int, int]]:
    for p, plant in enumerate(q.plants.values()):
        for s, site in enumerate(q.buildout.sites.values()):
            if plant.state and plant.state == site.state:
                yield p, s


def _labour_usd(q: Question) -> Floats:
    """Wages of one good rack (G, P)."""
    per_hour = 3600.0
    return np.array(
        [
            [
                q.capacities.labour_s[plant].get(key, 0.0) / per_hour * q.capacities.wage_usd_h[plant]
                for plant in q.plants
            ]
            for key in q.demand.generations
        ]
    )


def _windows(q: Question) -> tuple[Indexes, int]:
    if q.option is None or q.option.of not in q.demand.generations:
        return np.zeros(0, np.int64), -1
    step = max(round(q.option.every_weeks), 1)
    weeks = np.arange(q.option.from_week, q.option.until_week + 1, step, dtype=np.int64)
    arrives = weeks + whole_weeks(q.option.lead_weeks)
    return weeks[(weeks >= 0) & (arrives < q.calendar.weeks)], q.demand.generations.index(q.option.of)


def _contracted(q: Question, row: int) -> float:
    """Racks of the option's generation that contracted work asks for beyond those live at the start."""
    if row < 0 or not q.calendar.weeks:
        return 0.0
    live = sum(site.live.get(q.demand.generations[row], 0) for site in q.buildout.sites.values())
    return max(float(q.demand.required[row, 0].max()) - live, 0.0)


def _per_window(option: Terms | None) -> float:
    """Most racks at one window; endless where only the option's cap bounds it."""
    return math.inf if option is None or option.per_window_racks is None else option.per_window_racks
