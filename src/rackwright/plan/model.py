"""The planner's question as blocks of columns and rows; `docs/stages/plan.md` states it in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rackwright.demand import COMMITMENTS, RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan.compile import Builder, Floats, Indexes
from rackwright.plant import PlantCapacities, Resource
from rackwright.program.calendar import WEEKS_PER_YEAR, Calendar
from rackwright.program.sections.agreement import Terms
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.plan import Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.rack import RackDesigns

QUARTER = 13
#: A stand-in of another generation weighs this share of forecast lateness: used only where it lessens lateness.
STAND_IN_SHARE = 1e-3


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that the plan reads, and the names along its axes."""

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

    @property
    def generations(self) -> tuple[str, ...]:
        return self.demand.generations

    @property
    def plant_names(self) -> tuple[str, ...]:
        return tuple(self.plants)

    @property
    def sites(self) -> tuple[str, ...]:
        return tuple(self.buildout.sites)

    @property
    def weeks(self) -> int:
        return self.calendar.weeks

    def families(self) -> tuple[str, ...]:
        """Part families that some generation uses and that a supplier offers or a line makes."""
        used = {family for key in self.generations for family in self.designs.of(key).families}
        offered = {family for supplier in self.plan.suppliers.values() for family in supplier.parts} | set(self.plan.make)
        return tuple(sorted(used & offered))

    def offers(self) -> tuple[tuple[str, str], ...]:
        """(supplier, family) of every offer that some generation uses."""
        planned = set(self.families())
        return tuple((name, family) for name, item in self.plan.suppliers.items() for family in item.parts if family in planned)

    def unit_costs(self) -> dict[str, float]:
        """Catalogue cost of a piece of each family, weighted by the pieces of it in the bills. [USD]"""
        amount: dict[str, float] = {}
        pieces: dict[str, float] = {}
        for key in self.generations:
            for line in self.designs.of(key).bill:
                if line.family:
                    amount[line.family] = amount.get(line.family, 0.0) + line.count * line.unit_cost_usd
                    pieces[line.family] = pieces.get(line.family, 0.0) + line.count
        return {family: amount[family] / pieces[family] if pieces[family] else 0.0 for family in amount}

    def first_week(self, generation: str) -> int:
        """First week in which finished racks may be built: in volume, gate open, parts usable."""
        gate = self.verdicts.gate_week.get(generation, 0) if self.verdicts else 0
        return max(self.racks[generation].volume_from_week, gate, self.plan.build_weeks)

    def facility_w(self) -> Floats:
        """Facility power that a live rack takes, (G, S): rack and its share of the block, times the site's design PUE."""
        rack = np.array([self.designs.of(key).power_w + self.designs.of(key).shared_power_w for key in self.generations])
        pue = np.array([site.design_pue for site in self.buildout.sites.values()])
        return rack[:, None] * pue[None, :]


@dataclass(frozen=True, slots=True)
class Supply:
    """One thing whose scarcity can hold the plan back, over its weeks.

    `rows` are rows of the program whose upper side is `available`; or `columns`, whose upper bound is.
    """

    key: str
    kind: str
    unit: str
    path: str
    owner: str
    weeks: Indexes
    rows: Indexes
    columns: Indexes
    available: Floats


@dataclass(frozen=True, slots=True)
class Model:
    """The compiled question: blocks, the two cost vectors' parts, and what can be scarce."""

    builder: Builder
    lateness: dict[str, Floats | float]
    cost: dict[str, Floats]
    categories: dict[str, str]
    supplies: tuple[Supply, ...]
    families: tuple[str, ...]
    offers: tuple[tuple[str, str], ...]
    modules: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    quarters: tuple[int, ...]
    on_order: Floats
    assumed_pipeline: tuple[tuple[str, str], ...]
    fixed_cost_usd: Floats
    power_short_w: Floats


def spread(start: int, weeks: int, calendar: Calendar) -> dict[int, float]:
    """Shares of an amount spent evenly over `weeks` from `start`, by ISO year.

    >>> from rackwright.program.calendar import monday
    >>> spread(50, 4, Calendar(monday("2026-W02"), 156))
    {2026: 0.5, 2027: 0.5}
    """
    count = max(weeks, 1)
    shares: dict[int, float] = {}
    for week in range(start, start + count):
        year = calendar.year(week)
        shares[year] = shares.get(year, 0.0) + 1.0 / count
    return shares


def _week_names(calendar: Calendar) -> Sequence[str]:
    return calendar.names


def compile_model(question: Question) -> Model:
    """Write the question down as arrays; no loop over weeks but for offers, modules and lines."""
    q, plan, calendar = question, question.plan, question.calendar
    build = Builder()
    weeks, names = q.weeks, _week_names(calendar)
    gens, plants, sites, families = q.generations, q.plant_names, q.sites, q.families()
    offers, lines = q.offers(), tuple(family for family in plan.make if family in families)
    modules = tuple((key, plant) for key, item in plan.expansions.items() for plant in item.at)
    quarters = tuple(range(0, weeks, QUARTER))
    quarter_names = [calendar.text(week) for week in quarters]
    at = np.arange(weeks)
    supplies: list[Supply] = []

    # what is built, where and when
    first = np.array([q.first_week(key) for key in gens])
    last = np.array([weeks if (until := q.racks[key].volume_until_week) is None else until for key in gens])
    may = np.array([[key in q.capacities.generations[plant] for plant in plants] for key in gens])
    window = (at >= first[:, None]) & (at <= last[:, None])
    built = build.add_columns("built", (gens, plants, names), where=may[:, :, None] & window[:, None, :])

    # plants: resources, and modules that widen them
    module = build.add_columns(
        "module",
        ([f"{key}@{plant}" for key, plant in modules], quarter_names),
        upper=np.array([[float(plan.expansions[key].most)] for key, _ in modules]).reshape(len(modules), 1),
        where=_done_in_time([plan.expansions[key].lead_weeks for key, _ in modules], quarters, weeks),
    )
    _resource_rows(build, q, built, module, modules, quarters, supplies)
    if modules:
        most = np.array([float(plan.expansions[key].most) for key, _ in modules])
        build.put(
            build.add_rows("module_most", ([f"{key}@{plant}" for key, plant in modules],), upper=most)[:, None], module, 1.0
        )

    # parts: stock, purchases, own lines
    on_order, assumed, taken_as_cap = _arrivals(q, families, offers)
    stock = build.add_columns("stock", (families, names))
    buy = _buy_columns(build, q, offers, taken_as_cap, supplies)
    line = build.add_columns(
        "line",
        (lines, quarter_names),
        upper=np.array([[float(plan.make[family].most)] for family in lines]).reshape(len(lines), 1),
        where=_done_in_time([plan.make[family].lead_weeks for family in lines], quarters, weeks),
    )
    make = build.add_columns("make", (lines, names))
    _part_rows(build, q, families, offers, lines, stock, buy, make, built, on_order)
    _line_rows(build, q, lines, line, make, quarters)
    _capex_rows(build, q, modules, module, lines, line, quarters, supplies)

    # finished racks, shipping, sites
    freight = plan.freight.weeks
    opening = np.array([[float(site.live.get(key, 0)) for site in q.buildout.sites.values()] for key in gens])
    powered = _usable_w(q, opening) > 0
    begin = np.array([0 if plan.start.finished.get(key, 0) else min(q.first_week(key), weeks) for key in gens])
    made = at >= begin[:, None]
    arrives = made[:, None, :] & np.roll(powered, -freight, axis=1)[None] & (at < weeks - freight)
    finished = build.add_columns("finished", (gens, plants, names), where=may[:, :, None] & made[:, None, :])
    leave = build.add_columns("leave", (gens, plants, names), where=may[:, :, None] & made[:, None, :])
    ship = build.add_columns("ship", (gens, sites, names), where=arrives)
    lane = build.add_columns("lane", (plants, sites, quarter_names))
    there = (at >= begin[:, None] + freight)[:, None, :] & powered[None] | (opening > 0)[:, :, None]
    live = build.add_columns("live", (gens, sites, names), lower=opening[:, :, None], where=there)
    _finished_rows(build, q, built, finished, leave)
    _lane_rows(build, q, leave, ship, lane, quarters)
    power_short = _site_rows(build, q, ship, live, opening, supplies)

    # demand
    required = q.demand.required
    late = build.add_columns("late", (gens, COMMITMENTS, names), upper=np.maximum(required, 0.0))
    worth = q.demand.worth
    pair = (worth > 0) & ~np.eye(len(gens), dtype=bool)
    starts = np.array([min(q.first_week(key), weeks) if not opening[row].any() else 0 for row, key in enumerate(gens)])
    needed = required.sum(axis=1) > 0
    stand_in = build.add_columns(
        "stand_in", (gens, gens, names), where=pair[:, :, None] & (at >= starts[:, None, None]) & needed[None, :, :]
    )
    meet = build.add_rows("meet", (gens, names), lower=required.sum(axis=1))
    build.put(meet[:, None, :], live, 1.0)
    build.put(meet[:, None, :], late, 1.0)
    build.put(meet[None, :, :], stand_in, worth[:, :, None])
    build.put(meet[:, None, :], stand_in, -1.0)
    own = build.add_rows("stand_in_own", (gens, names), upper=0.0)
    build.put(own[:, None, :], stand_in, 1.0)
    build.put(own[:, None, :], live, -1.0)
    _option_rows(build, q, live, opening)

    lateness: dict[str, Floats | float] = {
        "late": np.array([plan.late.contract_per_rack_week_usd, plan.late.forecast_per_rack_week_usd])[None, :, None],
        "stand_in": STAND_IN_SHARE * plan.late.forecast_per_rack_week_usd,
    }
    costs, categories = _costs(q, families, offers, lines, modules)
    return Model(
        builder=build,
        lateness=lateness,
        cost=costs,
        categories=categories,
        supplies=tuple(supplies),
        families=families,
        offers=offers,
        modules=modules,
        lines=lines,
        quarters=quarters,
        on_order=on_order,
        assumed_pipeline=assumed,
        fixed_cost_usd=_on_order_cost(q, families, offers, on_order),
        power_short_w=power_short,
    )


def _done_in_time(leads: Sequence[float], quarters: Sequence[int], weeks: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    done = np.array([[start + math.ceil(lead) < weeks for start in quarters] for lead in leads], dtype=bool)
    return done.reshape(len(leads), len(quarters))


def _resource_rows(
    build: Builder,
    q: Question,
    built: Indexes,
    module: Indexes,
    modules: Sequence[tuple[str, str]],
    quarters: Sequence[int],
    supplies: list[Supply],
) -> None:
    resources = q.capacities.resources
    available = np.array([item.available for item in resources]).reshape(len(resources), q.weeks)
    scale = np.array([max(item.per_piece, 1e-30) for item in resources])[:, None]
    labels = [f"{item.plant} {item.name}" for item in resources]
    rows = build.add_rows("plant", (labels, q.calendar.names), upper=available / scale)
    at = np.arange(q.weeks)
    for number, item in enumerate(resources):
        plant = q.plant_names.index(item.plant)
        use = np.array([item.use.get(key, 0.0) for key in q.generations]) / scale[number, 0]
        build.put(rows[number][None, :], built[:, plant, :], use[:, None])
        for index, (key, where) in enumerate(modules):
            pieces = _pieces_added(q, key, item) if where == item.plant else 0.0
            if pieces:
                done = np.array(quarters) + math.ceil(q.plan.expansions[key].lead_weeks)
                works = (at[None, :] >= done[:, None]) & (item.available > 0)[None, :]
                build.put(rows[number][None, :], module[index][:, None], np.where(works, -pieces, 0.0))
        supplies.append(
            Supply(
                key=f"plant.{item.plant}.{item.name}",
                kind="plant",
                unit={"test_power": "W", "crew": "person"}.get(item.name, "place"),
                path=_resource_path(item),
                owner=q.plants[item.plant].owner or item.plant,
                weeks=at,
                rows=rows[number],
                columns=np.zeros(0, np.int64),
                available=available[number] / scale[number, 0],
            )
        )


def _resource_path(item: Resource) -> str:
    tail = {"burn_in": "burn_in.places", "test_power": "burn_in.power", "crew": "crew"}
    return f"plant.{item.plant}.{tail.get(item.name, f'stations.{item.name}.places')}"


def _pieces_added(q: Question, key: str, item: Resource) -> float:
    expansion = q.plan.expansions[key]
    if item.name == "test_power":
        return expansion.test_power_w
    if item.name == "crew":
        return float(expansion.crew)
    return float(expansion.places.get(item.name, 0))


def _arrivals(
    q: Question, families: Sequence[str], offers: Sequence[tuple[str, str]]
) -> tuple[Floats, tuple[tuple[str, str], ...], set[tuple[str, str]]]:
    """Pieces on the way (F, T) inside the longest lead; offers whose pipeline is taken as filled at their cap."""
    at = np.arange(q.weeks)
    arrivals = np.zeros((len(families), q.weeks))
    declared = q.plan.start.on_order
    assumed: list[tuple[str, str]] = []
    for number, family in enumerate(families):
        leads = [math.ceil(q.plan.suppliers[name].parts[family].lead_weeks) for name, item in offers if item == family]
        if family in declared:
            arrivals[number] = np.where(at < max(leads, default=0), declared[family], 0.0)
        else:
            assumed += [(name, item) for name, item in offers if item == family]
    return arrivals, tuple(assumed), set(assumed)


def _buy_columns(
    build: Builder, q: Question, offers: Sequence[tuple[str, str]], pipeline: set[tuple[str, str]], supplies: list[Supply]
) -> Indexes:
    at = np.arange(q.weeks)
    caps = np.zeros((len(offers), q.weeks))
    may = np.zeros((len(offers), q.weeks), dtype=bool)
    for number, (name, family) in enumerate(offers):
        offer = q.plan.suppliers[name].parts[family]
        caps[number] = offer.cap_per_week
        may[number] = (at >= math.ceil(offer.lead_weeks)) | ((name, family) in pipeline)
    labels = [f"{name} {family}" for name, family in offers]
    buy = build.add_columns("buy", (labels, q.calendar.names), upper=caps, where=may)
    for number, (name, family) in enumerate(offers):
        chosen = may[number]
        offer = q.plan.suppliers[name].parts[family]
        supplies.append(
            Supply(
                key=f"supplier.{name}.{family}",
                kind="supplier",
                unit="piece",
                path=f"plan.suppliers.{name}.parts.{family}.cap",
                owner=offer.owner or q.plan.suppliers[name].owner or name,
                weeks=at[chosen],
                rows=np.zeros(0, np.int64),
                columns=buy[number][chosen],
                available=caps[number][chosen],
            )
        )
    return buy


def _part_rows(
    build: Builder,
    q: Question,
    families: Sequence[str],
    offers: Sequence[tuple[str, str]],
    lines: Sequence[str],
    stock: Indexes,
    buy: Indexes,
    make: Indexes,
    built: Indexes,
    on_order: Floats,
) -> None:
    """stock[t] - stock[t-1] - bought - made + used = on order, opening stock in the first week."""
    opening = np.array([float(q.plan.start.stock.get(family, 0)) for family in families])
    supply = on_order.copy()
    if families:
        supply[:, 0] += opening
    rows = build.add_rows("part", (families, q.calendar.names), lower=supply, upper=supply)
    build.put(rows, stock, 1.0)
    build.put(rows[:, 1:], stock[:, :-1], -1.0)
    place = {family: number for number, family in enumerate(families)}
    if offers:
        build.put(rows[[place[family] for _, family in offers]], buy, -1.0)
    if lines:
        build.put(rows[[place[family] for family in lines]], make, -1.0)
    use = np.array([[q.designs.of(key).families.get(family, 0.0) for key in q.generations] for family in families])
    use = use.reshape(len(families), len(q.generations))
    early = q.plan.build_weeks
    later = built[:, :, early:]
    build.put(rows[:, None, None, : q.weeks - early], later[None], use[:, :, None, None])


def _line_rows(
    build: Builder, q: Question, lines: Sequence[str], line: Indexes, make: Indexes, quarters: Sequence[int]
) -> None:
    if not lines:
        return
    at = np.arange(q.weeks)
    rows = build.add_rows("line_capacity", (lines, q.calendar.names), upper=0.0)
    build.put(rows, make, 1.0)
    most = build.add_rows("line_most", (lines,), upper=np.array([float(q.plan.make[family].most) for family in lines]))
    build.put(most[:, None], line, 1.0)
    for number, family in enumerate(lines):
        done = np.array(quarters) + math.ceil(q.plan.make[family].lead_weeks)
        works = at[None, :] >= done[:, None]
        build.put(rows[number][None, :], line[number][:, None], np.where(works, -q.plan.make[family].capacity_per_week, 0.0))


def _capex_rows(
    build: Builder,
    q: Question,
    modules: Sequence[tuple[str, str]],
    module: Indexes,
    lines: Sequence[str],
    line: Indexes,
    quarters: Sequence[int],
    supplies: list[Supply],
) -> None:
    """Money spent in a year, spread evenly over each lead time, stays within the year's limit. In units of 1 MUSD."""
    years = q.calendar.years
    limits = np.array([q.plan.capex_usd.get(year, 0.0) for year in years]) / 1e6
    rows = build.add_rows("capex", ([str(year) for year in years],), upper=limits)

    def spend(columns: Indexes, cost_usd: float, lead: float) -> None:
        for number, start in enumerate(quarters):
            for year, share in spread(start, math.ceil(lead), q.calendar).items():
                if year in years:
                    build.put(rows[years.index(year) : years.index(year) + 1], columns[number : number + 1], share * cost_usd / 1e6)

    for index, (key, _) in enumerate(modules):
        spend(module[index], q.plan.expansions[key].cost_usd, q.plan.expansions[key].lead_weeks)
    for index, family in enumerate(lines):
        spend(line[index], q.plan.make[family].capex_usd, q.plan.make[family].lead_weeks)
    if modules or lines:
        for number, year in enumerate(years):
            week = np.array([week for week in range(q.weeks) if q.calendar.year(week) == year][:1])
            supplies.append(
                Supply(
                    key=f"capex.{year}",
                    kind="money",
                    unit="MUSD",
                    path="plan.capex",
                    owner=q.plan.owner or "the planner",
                    weeks=week,
                    rows=rows[number : number + 1],
                    columns=np.zeros(0, np.int64),
                    available=limits[number : number + 1],
                )
            )


def _finished_rows(build: Builder, q: Question, built: Indexes, finished: Indexes, leave: Indexes) -> None:
    """finished[t] - finished[t-1] - built + left = 0; racks finished at the start stand in the first plant."""
    opening = np.zeros((len(q.generations), len(q.plant_names), q.weeks))
    for row, key in enumerate(q.generations):
        for plant, name in enumerate(q.plant_names):
            if key in q.capacities.generations[name]:
                opening[row, plant, 0] = float(q.plan.start.finished.get(key, 0))
                break
    rows = build.add_rows(
        "finished_racks", (q.generations, q.plant_names, q.calendar.names), lower=opening, upper=opening, where=finished >= 0
    )
    build.put(rows, finished, 1.0)
    build.put(rows[:, :, 1:], finished[:, :, :-1], -1.0)
    build.put(rows, built, -1.0)
    build.put(rows, leave, 1.0)


def _lane_rows(
    build: Builder, q: Question, leave: Indexes, ship: Indexes, lane: Indexes, quarters: Sequence[int]
) -> None:
    """What leaves the plants goes to the sites, by generation and week; by quarter also over lanes, which cost freight."""
    balance = build.add_rows("shipped", (q.generations, q.calendar.names), lower=0.0, upper=0.0)
    build.put(balance[:, None, :], leave, 1.0)
    build.put(balance[:, None, :], ship, -1.0)
    names = [q.calendar.text(week) for week in quarters]
    out = build.add_rows("lanes_from", (q.plant_names, names), lower=0.0, upper=0.0)
    into = build.add_rows("lanes_to", (q.sites, names), lower=0.0, upper=0.0)
    of_week = np.arange(q.weeks) // QUARTER
    build.put(out[None, :, of_week], leave, 1.0)
    build.put(into[None, :, of_week], ship, 1.0)
    build.put(out[:, None, :], lane, -1.0)
    build.put(into[None, :, :], lane, -1.0)


def _usable_w(q: Question, opening: Floats) -> Floats:
    """Energised power by site and week: it never falls, and carries what is live at the start. (S, T) [W]"""
    sites = q.buildout.sites.values()
    declared = np.array([site.energised_w for site in sites]).reshape(len(q.sites), q.weeks)
    at_start = (q.facility_w() * opening).sum(axis=0)[:, None]
    return np.asarray(np.maximum(np.maximum.accumulate(declared, axis=1), at_start))


def _site_rows(
    build: Builder, q: Question, ship: Indexes, live: Indexes, opening: Floats, supplies: list[Supply]
) -> Floats:
    """Arrivals go live at once and stay; live racks fit the energised power. Returns the power short at most [W]."""
    gens, sites, names = q.generations, q.sites, q.calendar.names
    first = np.zeros((len(gens), len(sites), q.weeks))
    first[:, :, 0] = opening
    arrive = build.add_rows("go_live", (gens, sites, names), lower=first, upper=first, where=live >= 0)
    build.put(arrive, live, 1.0)
    build.put(arrive[:, :, 1:], live[:, :, :-1], -1.0)
    freight = q.plan.freight.weeks
    if freight < q.weeks:
        build.put(arrive[:, :, freight:], ship[:, :, : q.weeks - freight], -1.0)
    usable = _usable_w(q, opening)
    rows = build.add_rows("energised", (sites, names), upper=usable / 1e6)
    build.put(rows[None], live, q.facility_w()[:, :, None] / 1e6)
    for number, (name, site) in enumerate(q.buildout.sites.items()):
        supplies.append(
            Supply(
                key=f"site.{name}",
                kind="site",
                unit="MW",
                path=f"buildout.sites.{name}.energised",
                owner=site.owner or q.buildout.owner or name,
                weeks=np.arange(q.weeks),
                rows=rows[number],
                columns=np.zeros(0, np.int64),
                available=usable[number] / 1e6,
            )
        )
    declared = np.array([site.energised_w for site in q.buildout.sites.values()]).reshape(len(sites), q.weeks)
    return np.asarray(np.maximum(usable - declared, 0.0).max(axis=1))


def _option_rows(build: Builder, q: Question, live: Indexes, opening: Floats) -> Indexes | None:
    """Racks of the option's generation beyond contract and opening need an exercise, a lead time before."""
    option = q.option
    if option is None or option.of not in q.generations:
        return None
    row = q.generations.index(option.of)
    step = max(round(option.every_weeks), 1)
    windows = list(range(option.from_week, option.until_week + 1, step))
    cap = option.per_window_racks if option.per_window_racks is not None else option.cap_racks
    exercise = build.add_columns("exercise", ([q.calendar.text(week) for week in windows],), upper=cap)
    total = build.add_rows("option_cap", (("cap",),), upper=option.cap_racks)
    build.put(total[:, None], exercise[None, :], 1.0)
    contract = q.demand.required[row, 0]
    rows = build.add_rows("option", (q.calendar.names,), upper=np.maximum(contract, opening[row].sum()))
    build.put(rows[None, :], live[row], 1.0)
    ready = np.array(windows) + math.ceil(option.lead_weeks)
    works = np.arange(q.weeks)[None, :] >= ready[:, None]
    build.put(rows[None, :], exercise[:, None], np.where(works, -1.0, 0.0))
    return exercise


def _price(q: Question, name: str, family: str, units: dict[str, float]) -> float:
    offered = q.plan.suppliers[name].parts[family].price_usd
    return units.get(family, 0.0) if offered is None else offered


def _on_order_cost(q: Question, families: Sequence[str], offers: Sequence[tuple[str, str]], on_order: Floats) -> Floats:
    """Money of the pieces on the way, by week. [USD]"""
    units = q.unit_costs()
    total = np.zeros(q.weeks)
    for number, family in enumerate(families):
        prices = [_price(q, name, family, units) for name, item in offers if item == family] or [units.get(family, 0.0)]
        total += on_order[number] * min(prices)
    return total


def _costs(
    q: Question,
    families: Sequence[str],
    offers: Sequence[tuple[str, str]],
    lines: Sequence[str],
    modules: Sequence[tuple[str, str]],
) -> tuple[dict[str, Floats], dict[str, str]]:
    """Cost of each block's columns [USD], and the category of the money table that each block belongs to."""
    plan, units = q.plan, q.unit_costs()
    weekly = plan.holding / WEEKS_PER_YEAR
    planned = set(families)
    rack_usd = np.array([q.designs.of(key).cost_with_shared_usd for key in q.generations])
    loose = np.array(
        [
            sum(line.count * line.unit_cost_usd for line in q.designs.of(key).bill if line.family not in planned)
            for key in q.generations
        ]
    )
    labour = np.array(
        [
            [
                q.capacities.labour_s[plant].get(key, 0.0) / 3600.0 * q.capacities.wage_usd_h[plant]
                for plant in q.plant_names
            ]
            for key in q.generations
        ]
    ).reshape(len(q.generations), len(q.plant_names))
    same, other = plan.freight.same_state_usd_per_rack, plan.freight.other_state_usd_per_rack
    freight = np.array(
        [[same if plant.state == site.state else other for site in q.buildout.sites.values()] for plant in q.plants.values()]
    ).reshape(len(q.plant_names), len(q.sites))
    costs: dict[str, Floats] = {
        "built": (loose[:, None] + labour)[:, :, None],
        "buy": np.array([_price(q, name, family, units) for name, family in offers]).reshape(len(offers), 1),
        "make": np.array([plan.make[family].price_usd for family in lines]).reshape(len(lines), 1),
        "line": np.array([plan.make[family].capex_usd for family in lines]).reshape(len(lines), 1),
        "module": np.array([plan.expansions[key].cost_usd for key, _ in modules]).reshape(len(modules), 1),
        "stock": np.array([units.get(family, 0.0) * weekly for family in families]).reshape(len(families), 1),
        "finished": (rack_usd * weekly)[:, None, None],
        "lane": freight[:, :, None],
    }
    categories = {
        "built": "parts outside the plan, and labour",
        "buy": "parts bought",
        "make": "parts made",
        "line": "capex: own lines",
        "module": "capex: plants",
        "stock": "holding",
        "finished": "holding",
        "lane": "freight",
    }
    return costs, categories
