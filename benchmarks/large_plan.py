"""A plan of the size that a program team keeps: 5 plants x 4 generations x 156 weeks x 200 parts, drawn from a seed.

Shapes and ratios are those of `examples/us-racks.yaml`: ramping demand, plants of a few resources each, expansion modules,
suppliers whose caps follow the ramp with some room, a fifth of them with less than is needed. All figures are drawn.
"""

from __future__ import annotations

import numpy as np

from rackwright.plan.question import Investment, Numbers, Offered
from rackwright.plant import Resource
from rackwright.program.calendar import Calendar, monday

PLANTS, GENERATIONS, WEEKS, PARTS, SITES = 5, 4, 156, 200, 8
RESOURCES = ("l10", "l11", "leak_test", "burn_in", "test_power", "l12", "pack_out", "crew")
#: Share of the parts whose suppliers may fall short, and share for which stock and orders on the way are declared.
SHORT_SHARE, DECLARED_SHARE = 0.2, 0.25


def numbers(
    seed: int = 1,
    *,
    parts: int = PARTS,
    weeks: int = WEEKS,
    short_share: float = SHORT_SHARE,
    declared_share: float = DECLARED_SHARE,
) -> Numbers:
    """The drawn program."""
    rng = np.random.default_rng(seed)
    calendar = Calendar(monday("2026-W02"), weeks)
    at = np.arange(weeks)
    gens = tuple(f"gen{number}" for number in range(1, GENERATIONS + 1))
    plants = tuple(f"plant{number}" for number in range(1, PLANTS + 1))
    sites = tuple(f"site{number}" for number in range(1, SITES + 1))
    families = tuple(f"part{number:04d}" for number in range(parts))
    first = np.array([round(weeks * share) for share in (0.0, 0.2, 0.4, 0.65)], dtype=np.int64)
    first = np.maximum(first, 2)
    required = _required(rng, first, at)
    peak = np.maximum(np.diff(required.sum(axis=1), axis=1, prepend=0.0), 0.0).max(axis=1)
    weekly = float(np.maximum(np.diff(required.sum(axis=(0, 1)), prepend=0.0), 0.0).mean()) * 1.3
    share = rng.dirichlet(np.full(PLANTS, 8.0))
    resources, available, resource_use = _resources(rng, gens, plants, share * weekly, weeks)
    use = np.where(rng.random((parts, GENERATIONS)) < 0.5, rng.choice([1, 2, 4, 8, 18, 72], (parts, GENERATIONS)), 0.0)
    use[np.arange(parts), rng.integers(0, GENERATIONS, parts)] = rng.choice([1, 2, 8], parts)
    price = rng.lognormal(7.0, 1.5, parts)
    most_used = (use * np.maximum(peak, 1.0)).max(axis=1)
    declared = np.arange(parts) < declared_share * parts
    offers = tuple(_offers(rng, families, price, most_used, weeks, short_share, declared))
    expansions = tuple(_expansions(plants, calendar))
    lines = tuple(
        Investment("make", families[number], plants[number % PLANTS], "maker", 2e7, 30, 2, _useful(calendar, 30))
        for number in range(0, min(parts, 40), 10)
    )
    rack_usd = use.T @ price * 1.1
    live = np.zeros((GENERATIONS, SITES))
    live[0, :2] = 400.0
    energised = np.cumsum(rng.uniform(0.0, 2.0, (SITES, weeks)), axis=1)
    need_w = 2e5 * required.sum(axis=(0, 1))
    energised_w = energised / energised.sum(axis=0) * (1.05 * need_w + 2.4e8)
    energised_w = np.maximum.accumulate(energised_w, axis=1)
    return Numbers(
        weeks=calendar.names,
        years=calendar.years,
        year_of=np.array(
            [
                calendar.years.index(y) if (y := calendar.year(week)) in calendar.years else -1
                for week in range(weeks + 60)
            ]
        ),
        generations=gens,
        plants=plants,
        sites=sites,
        families=families,
        freight=1,
        build_weeks=2,
        first=first,
        may_build=np.broadcast_to((at >= first[:, None])[:, None, :] & (at < weeks - 1), (4, PLANTS, weeks)).copy(),
        nearby=((0, 0), (1, 3), (3, 5)),
        opening_live=live,
        opening_finished=np.zeros(GENERATIONS),
        facility_w=np.full((GENERATIONS, SITES), 2e5) * np.array([0.9, 1.0, 1.3, 2.2])[:, None],
        energised_w=energised_w,
        required=required,
        worth=np.eye(GENERATIONS) + np.diag(np.full(GENERATIONS - 1, 1.5), -1),
        late_usd=np.array([400e3, 80e3]),
        resources=resources,
        unit=tuple("place" for _ in resources),
        available=available,
        resource_use=resource_use,
        added=_added(resources, expansions, resource_use, weekly),
        opens=np.zeros(PLANTS, np.int64),
        expansions=expansions,
        lines=lines,
        line_capacity=np.array([most_used[families.index(item.name)] * 0.3 for item in lines]),
        quarters=np.array(calendar.quarter_starts(), dtype=np.int64),
        capex_limit_usd=np.full(len(calendar.years), 2.5e9),
        offers=offers,
        use=use,
        opening_stock=np.where(declared, np.round(most_used * rng.uniform(0.5, 2.0, parts)), 0.0),
        on_order=_on_order(rng, offers, families, most_used, weeks) * declared[:, None],
        order_price_usd=price,
        piece_usd=price,
        make_usd=np.array([price[families.index(item.name)] * 0.8 for item in lines]),
        rack_usd=rack_usd,
        rest_usd=rack_usd * 0.1,
        labour_usd=rng.uniform(4e3, 9e3, (GENERATIONS, PLANTS)),
        same_state_usd=2e3,
        other_state_usd=8e3,
        holding_per_week=0.09 / 52,
        windows=np.zeros(0, np.int64),
        option_row=-1,
        option_lead=0,
        contracted=0.0,
        option_cap=0.0,
        per_window=float("inf"),
    )


def _required(rng: np.random.Generator, first: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Racks that must be live (G, 2, T): each generation ramps in waves after its first week."""
    found = np.zeros((GENERATIONS, 2, at.size))
    for row, start in enumerate(first):
        steps = np.where(at >= start + 4, rng.uniform(0.5, 1.5, at.size) * (60 + 40 * row), 0.0)
        until = at.size if row == GENERATIONS - 1 else min(at.size, first[row + 1] + 26)
        steps[until:] = 0.0
        total = np.cumsum(steps)
        found[row, 0], found[row, 1] = 0.6 * total, 0.4 * total
    return np.round(found)


def _resources(
    rng: np.random.Generator, gens: tuple[str, ...], plants: tuple[str, ...], weekly: np.ndarray, weeks: int
) -> tuple[tuple[Resource, ...], np.ndarray, np.ndarray]:
    resources, available, use = [], [], []
    for number, plant in enumerate(plants):
        for name in RESOURCES:
            one = rng.uniform(0.8, 1.2, len(gens)) * np.array([1.0, 1.1, 1.2, 1.6])
            there = np.full(weeks, weekly[number] * rng.uniform(1.0, 1.6))
            resources.append(Resource(plant, name, "place", there, 1.0, dict(zip(gens, one.tolist(), strict=True))))
            available.append(there)
            use.append(one)
    return tuple(resources), np.array(available), np.array(use)


def _useful(calendar: Calendar, lead: int) -> np.ndarray:
    return np.array(calendar.quarter_starts(), dtype=np.int64) + lead < calendar.weeks - 1


def _expansions(plants: tuple[str, ...], calendar: Calendar) -> list[Investment]:
    return [
        Investment("expansion", name, plant, "maker", cost, 40, 6, _useful(calendar, 40))
        for name, cost in (("assembly", 9e7), ("test", 7e7))
        for plant in plants
    ]


def _added(
    resources: tuple[Resource, ...], expansions: tuple[Investment, ...], use: np.ndarray, weekly: float
) -> np.ndarray:
    added = np.zeros((len(resources), len(expansions)))
    for row, resource in enumerate(resources):
        for column, module in enumerate(expansions):
            tests = resource.name in ("burn_in", "test_power", "l12")
            if resource.plant == module.plant and tests == (module.name == "test"):
                added[row, column] = 0.15 * weekly * float(use[row].mean())
    return added


def _offers(
    rng: np.random.Generator,
    families: tuple[str, ...],
    price: np.ndarray,
    most_used: np.ndarray,
    weeks: int,
    short_share: float,
    declared: np.ndarray,
) -> list[Offered]:
    """One or two suppliers for each part; caps with room of 1.2 to 3, or short at 0.6 to 1.1 of the most used."""
    at = np.arange(weeks)
    found = []
    for number, family in enumerate(families):
        count = int(rng.integers(1, 3))
        room = rng.uniform(0.6, 1.1) if rng.random() < short_share else rng.uniform(1.6, 3.0)
        for other in range(count):
            lead = int(rng.integers(4, 40))
            cap = np.full(weeks, most_used[number] * room / count)
            dear = float(price[number] * (1.0 + 0.1 * other))
            assumed = not declared[number]
            reached = ((at >= lead) | assumed) & (cap > 0)
            found.append(Offered(f"supplier{other}", family, "supplier", dear, lead, cap, reached, assumed))
    return found


def _on_order(
    rng: np.random.Generator, offers: tuple[Offered, ...], families: tuple[str, ...], most_used: np.ndarray, weeks: int
) -> np.ndarray:
    at = np.arange(weeks)
    lead = {family: max(item.lead for item in offers if item.family == family) for family in families}
    found = np.array([np.where(at < lead[family], size, 0.0) for family, size in zip(families, most_used, strict=True)])
    return np.round(found * rng.uniform(0.5, 1.2, (len(families), 1)))
