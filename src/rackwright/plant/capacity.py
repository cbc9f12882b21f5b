"""What a plant can build a week, and what holds it back.

Each factory step takes place-time from a kind of place; burn-in takes places and electrical power for its soak; people
work at the pieces. A plant's rate at a mix is the least, over its resources, of what is there over what a rack takes.
Queues, blocking and the order of work are left out: the rate is an upper bound that a well-fed line approaches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.program.calendar import Calendar
from rackwright.program.sections.plant import Plant, Station
from rackwright.program.sections.rack import Rack, StepWork
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import Column, Finding, Headline, StageResult, TableSpec, Trace, finding, not_modelled

WEEK_S = 604800.0
DAY_S = 86400.0
#: The step whose places and time the plant's `burn_in` gives; every rack takes it.
BURN_IN, TEST_POWER, CREW = "burn_in", "test_power", "crew"
START = "start"

_PLANT = Column("plant", "name in the program", type="text")
_MIX = Column("mix", "a generation alone, or start: the start's generation mix", type="text")
RESOURCES = TableSpec(
    "plant.resources",
    "what one good rack takes of each resource of a plant, rework and retests included, and what that allows",
    (
        _PLANT,
        Column("resource", "step, burn-in places, test power or crew", type="text"),
        _MIX,
        Column("pieces", "places or people; none for test power"),
        Column("power_w", "test power; none for places and people", "W", shown="MW"),
        Column("available_s", "place-time or person-time of a week", "s", shown="h"),
        Column("use_s", "place-time or person-time of one good rack", "s", shown="h"),
        Column("use_j", "energy under test of one good rack", "J", shown="MWh"),
        Column("racks_per_week", "that the resource allows alone", "rack/week"),
        Column("load", "its use at the plant's rate of this mix; the binding resource has all of it", shown="%"),
    ),
)
RATES = TableSpec(
    "plant.rates",
    "good racks a week of each generation alone and of the start's mix; the binding resource and the next one",
    (
        _PLANT,
        _MIX,
        Column("shares", "of the mix", type="text"),
        Column("racks_per_week", "good racks", "rack/week"),
        Column("binding", "resource that binds", type="text"),
        Column("next", "resource that would bind next", type="text"),
        Column("slack", "how many more racks the next one allows", shown="%"),
        Column("crew_h", "person-hours of one good rack", "h"),
    ),
)
POWER = TableSpec(
    "plant.mw",
    "racks under power at the plant's rate (Little's law: rate x time under power) and what they draw",
    (
        _PLANT,
        _MIX,
        Column("racks_under_power", "at a time", "rack"),
        Column("places", "of burn-in"),
        Column("power_w", "that those racks draw, mean over the soak", "W", shown="MW"),
        Column("limit_w", "test power of the plant", "W", shown="MW"),
        Column("full_w", "what all places would draw, each with a rack under test", "W", shown="MW"),
    ),
)
TABLES: tuple[TableSpec, ...] = (RESOURCES, RATES, POWER)
RATE = (
    "good racks a week at the start (or at the plant's opening, if later), at the start's generation mix: equal parts "
    "of the generations that the plant can build and that are in volume then; if none is, the first to come"
)
HEADLINES: tuple[tuple[str, str, str], ...] = (("plant.<plant>.racks_per_week", "rack/week", RATE),)


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that racks compete for in a plant.

    `available` (weeks,) in `unit` per week, zero before the plant opens; `per_piece` what one more place, watt or
    person adds per week; `use` of one good rack by generation. Unit s: place-time or person-time; J: energy.
    """

    plant: str
    name: str
    unit: str
    available: NDArray[np.float64]
    per_piece: float
    use: dict[str, float]


@dataclass(frozen=True, slots=True)
class PlantCapacities(StageResult):
    """Every plant's resources, and the generations that it may build."""

    resources: tuple[Resource, ...] = ()
    generations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: Person-time that one good rack takes, by plant and generation, and what an hour costs.
    labour_s: dict[str, dict[str, float]] = field(default_factory=dict)
    wage_usd_h: dict[str, float] = field(default_factory=dict)
    #: Racks a week and binding resource by plant and mix (each generation alone, and `start`); none binds: None.
    racks_per_week: dict[str, dict[str, float | None]] = field(default_factory=dict)
    binding: dict[str, dict[str, str]] = field(default_factory=dict)

    def of(self, plant: str) -> tuple[Resource, ...]:
        """The resources of one plant."""
        return tuple(item for item in self.resources if item.plant == plant)


def time_per_good_piece(time_s: float, first_pass_share: float, rework_share: float) -> float:
    """Place-time of one good piece when a failed one is repaired at the place and tried again until it passes. [s]

    Each try passes with the same probability y, so a piece fails (1 - y) / y times on average (geometric); each
    failure costs `rework_share` of the step's own time. With a share of one this is time / y, a full retest.

    >>> time_per_good_piece(60.0, 0.8, 0.5)
    67.5
    """
    return time_s * (1.0 + rework_share * (1.0 - first_pass_share) / first_pass_share)


def rate(resources: Sequence[Resource], mix: Mapping[str, float], week: int) -> tuple[float, list[tuple[float, str]]]:
    """Racks a week at a mix (shares that add to one), and every resource with the rate that it allows, least first.

    The first of the list binds. Nothing used at all: infinite, and an empty list.
    """
    allowed: list[tuple[float, str]] = []
    for item in resources:
        use = _use(item, mix)
        if use > 0:
            allowed.append((float(item.available[week]) / use, item.name))
    allowed.sort()
    return (allowed[0][0] if allowed else math.inf), allowed


def start_mix(plant: Plant, racks: Mapping[str, Rack]) -> dict[str, float]:
    """Equal parts of what the plant may build and is in volume at the start, or at its opening if that is later.

    When nothing is, all of it is what comes into volume first.
    """
    able = plant.generations or tuple(racks)
    week = max(plant.opens_week or 0, 0)
    now = [key for key in able if _in_volume(racks[key], week)]
    chosen = now or [min(able, key=lambda key: racks[key].volume_from_week)]
    return {key: 1.0 / len(chosen) for key in chosen}


def plant_capacities(
    plants: dict[str, Plant],
    racks: dict[str, Rack],
    designs: RackDesigns,
    calendar: Calendar,
    *,
    progress: Progress = SILENT,
) -> PlantCapacities:
    """Every plant's resources and rates, and what binds them.

    Steps that a generation does not declare take nothing; a declared step for which the plant has no places is a
    finding. Every rack takes the soak of the plant's `burn_in`; a step `burn_in` of the rack adds the crew for it.

    Returns
    -------
    PlantCapacities
        `resources`: one per station, then burn_in, test_power and crew, for every plant.
    """
    shops: list[_Shop] = []
    for number, (name, plant) in enumerate(plants.items()):
        progress.step(f"plant {name}", number / len(plants))
        shops.append(_Shop(name, plant, racks, designs, calendar))
    return PlantCapacities(
        tables=(
            RESOURCES.table(row for shop in shops for row in _resource_rows(shop)),
            RATES.table(row for shop in shops for row in _rate_rows(shop)),
            POWER.table(row for shop in shops for row in _power_rows(shop)),
        ),
        findings=tuple(item for shop in shops for item in _findings(shop)),
        headlines=tuple(
            Headline(
                f"plant.{shop.name}.racks_per_week", shop.rates[START], "rack/week", RATE, (f"plant.{shop.name}.rate",)
            )
            for shop in shops
        ),
        traces=tuple(item for shop in shops for item in _traces(shop)),
        resources=tuple(item for shop in shops for item in shop.resources),
        generations={shop.name: shop.able for shop in shops},
        labour_s={shop.name: {key: shop.use(CREW, {key: 1.0}) for key in shop.able} for shop in shops},
        wage_usd_h={shop.name: shop.plant.wage_usd_h for shop in shops},
        racks_per_week={shop.name: shop.rates for shop in shops},
        binding={shop.name: {mix: names[0] if names else "" for mix, names in shop.order.items()} for shop in shops},
    )


def pieces_per_rack(rack: Rack, work: StepWork) -> int:
    """How many pieces of the step one rack has: itself, or its trays of a kind."""
    return 1 if work.per == "rack" else rack.trays[work.per].count


def _use(resource: Resource, mix: Mapping[str, float]) -> float:
    return math.fsum(share * resource.use.get(generation, 0.0) for generation, share in mix.items())


def _in_volume(rack: Rack, week: int) -> bool:
    return rack.volume_from_week <= week and (rack.volume_until_week is None or week <= rack.volume_until_week)


class _Shop:
    """One plant while it is looked at: its resources, and its rate at each mix."""

    def __init__(
        self, name: str, plant: Plant, racks: Mapping[str, Rack], designs: RackDesigns, calendar: Calendar
    ) -> None:
        self.name, self.plant = name, plant
        self.able = tuple(plant.generations or racks)
        self.racks = {key: racks[key] for key in self.able}
        self.rack_w = {key: designs.of(key).power_w for key in self.able}
        self.mixes = {**{key: {key: 1.0} for key in self.able}, START: start_mix(plant, racks)}
        self.resources = tuple(_resources(self, calendar))
        # an opening beyond the horizon leaves a rate of zero
        self.week = min(max(plant.opens_week or 0, 0), calendar.weeks - 1)
        self.rates: dict[str, float | None] = {}
        self.order: dict[str, tuple[str, ...]] = {}
        for title, mix in self.mixes.items():
            per_week, allowed = rate(self.resources, mix, self.week)
            self.rates[title] = per_week if math.isfinite(per_week) else None
            self.order[title] = tuple(resource for _, resource in allowed)

    def of(self, resource: str) -> Resource:
        return next(item for item in self.resources if item.name == resource)

    def use(self, resource: str, mix: Mapping[str, float]) -> float:
        return _use(self.of(resource), mix)

    def allowed(self, resource: Resource, mix: Mapping[str, float]) -> float | None:
        """Racks a week that the resource allows alone; None when the mix does not use it."""
        use = _use(resource, mix)
        return float(resource.available[self.week]) / use if use > 0 else None


def _attended_s(plant: Plant) -> float:
    """Working time of one attended place in a week."""
    shifts = plant.shifts
    return min(shifts.per_day * shifts.hours_s, DAY_S) * shifts.days * shifts.effective_share


def _person_s(plant: Plant) -> float:
    """Working time of one person in a week; no longer than the plant works."""
    shifts = plant.shifts
    of_plant = min(float(shifts.per_day * shifts.days), shifts.per_person)
    return min(shifts.hours_s * of_plant, WEEK_S) * shifts.effective_share


def _place_s(rack: Rack, step: str, station: Station) -> float:
    """Place-time of one good rack at a station."""
    work = rack.build.get(step)
    if work is None:
        return 0.0
    return pieces_per_rack(rack, work) * time_per_good_piece(
        work.time_s, station.first_pass_share, station.rework_share
    )


def _labour_s(plant: Plant, rack: Rack) -> float:
    """Person-time of one good rack over all steps; that of burn-in once for each soak."""
    total = 0.0
    for step, work in rack.build.items():
        station = plant.stations.get(step)
        if station is not None:
            total += work.crew * _place_s(rack, step, station)
        elif step == BURN_IN:
            total += work.crew * pieces_per_rack(rack, work) * work.time_s / plant.burn_in.first_pass_share
    return total


def _resources(shop: _Shop, calendar: Calendar) -> Iterator[Resource]:
    plant, racks = shop.plant, shop.racks
    is_open = np.where(np.arange(calendar.weeks) >= (plant.opens_week or 0), 1.0, 0.0)
    for step, station in plant.stations.items():
        per_place = WEEK_S if station.unattended else _attended_s(plant)
        use = {key: _place_s(rack, step, station) for key, rack in racks.items()}
        yield Resource(shop.name, step, "s", station.places * per_place * is_open, per_place, use)
    burn_in = plant.burn_in
    soak_s = time_per_good_piece(burn_in.soak_s, burn_in.first_pass_share, 1.0)
    soaks = dict.fromkeys(racks, soak_s)
    yield Resource(shop.name, BURN_IN, "s", burn_in.places * WEEK_S * is_open, WEEK_S, soaks)
    energy = {key: shop.rack_w[key] * burn_in.load_share * soak_s for key in racks}
    yield Resource(shop.name, TEST_POWER, "J", burn_in.power_w * WEEK_S * is_open, WEEK_S, energy)
    person_s = _person_s(plant)
    labour = {key: _labour_s(plant, rack) for key, rack in racks.items()}
    yield Resource(shop.name, CREW, "s", plant.crew * person_s * is_open, person_s, labour)


def _pieces(plant: Plant, resource: str) -> float:
    """Places, people or watts of a resource."""
    fixed = {BURN_IN: float(plant.burn_in.places), TEST_POWER: plant.burn_in.power_w, CREW: float(plant.crew)}
    return fixed[resource] if resource in fixed else float(plant.stations[resource].places)


def _resource_rows(shop: _Shop) -> Iterator[tuple[object, ...]]:
    for item in shop.resources:
        available, pieces = float(item.available[shop.week]), _pieces(shop.plant, item.name)
        powered = item.name == TEST_POWER
        for title, mix in shop.mixes.items():
            use, allowed, per_week = _use(item, mix), shop.allowed(item, mix), shop.rates[title]
            load = per_week / allowed if per_week is not None and allowed else None
            if powered:
                yield (shop.name, item.name, title, None, pieces, None, None, use, allowed, load)
            else:
                yield (shop.name, item.name, title, pieces, None, available, use, None, allowed, load)


def _rate_rows(shop: _Shop) -> Iterator[tuple[object, ...]]:
    for title, mix in shop.mixes.items():
        per_week, order = shop.rates[title], shop.order[title]
        following = order[1] if len(order) > 1 else ""
        slack = None
        if following and per_week:
            next_rate = shop.allowed(shop.of(following), mix)
            slack = None if next_rate is None else next_rate / per_week - 1.0
        shares = ", ".join(f"{share:.0%} {key}" for key, share in mix.items())
        crew_h = shop.use(CREW, mix) / 3600.0
        yield (shop.name, title, shares, per_week, order[0] if order else "", following, slack, crew_h)


def _power_rows(shop: _Shop) -> Iterator[tuple[object, ...]]:
    burn_in = shop.plant.burn_in
    for title, mix in shop.mixes.items():
        per_week = shop.rates[title]
        mean_w = burn_in.load_share * math.fsum(share * shop.rack_w[key] for key, share in mix.items())
        racks = None if per_week is None else per_week * shop.use(BURN_IN, mix) / WEEK_S
        drawn_w = None if racks is None else racks * mean_w
        yield (shop.name, title, racks, burn_in.places, drawn_w, burn_in.power_w, burn_in.places * mean_w)


def _findings(shop: _Shop) -> Iterator[Finding]:
    for key, rack in shop.racks.items():
        for step in rack.build:
            if step != BURN_IN and step not in shop.plant.stations:
                text = f"{key} has the step {step}, the plant has no places for it: its time is left out"
                yield not_modelled(
                    "plant.step_without_place", f"{shop.name} {key}", text, f"plant.{shop.name}.stations"
                )
        yield finding(
            "plant.test_power_of_full_burn_in",
            f"{shop.name} {key}",
            shop.plant.burn_in.places * shop.rack_w[key] * shop.plant.burn_in.load_share,
            shop.plant.burn_in.power_w,
            "W",
            standing="user",
            source=f"plant.{shop.name}.burn_in.power",
            text=f"all burn-in places with {key} under test at once; beyond the limit some places must wait",
            severity="note",
        )


def _traces(shop: _Shop) -> Iterator[Trace]:
    """One for each resource that the start's mix uses, and one for the rate, which rests on those that bind."""
    mix, order = shop.mixes[START], shop.order[START]
    here = f"plant.{shop.name}"
    for resource in order:
        yield Trace(
            f"{here}.rate.{resource}",
            shop.allowed(shop.of(resource), mix),
            "rack/week",
            _FORMULAS.get(resource, "places x working time / place-time of one good rack, rework included"),
            tuple(dict.fromkeys(_inputs(shop, resource))),
        )
    binding = tuple(name for name in order if _binds(shop, name))
    weeks = [f"rack.{key}.volume_from" for key in shop.able if len(shop.able) > 1]
    weeks += [f"rack.{key}.volume_until" for key in shop.able if shop.racks[key].volume_until_week is not None]
    declared = [
        f"{here}.{name}" for name in ("generations", "opens") if getattr(shop.plant, _ATTRIBUTE[name]) is not None
    ]
    yield Trace(
        f"{here}.rate",
        shop.rates[START],
        "rack/week",
        f"least over the resources of what is there / what one rack of the mix takes: {_order_text(shop)}",
        (*(f"{here}.rate.{resource}" for resource in binding), *weeks, *declared),
    )


def _binds(shop: _Shop, resource: str) -> bool:
    """True for what the rate rests on: the scarcest resource, and any other within rounding of it."""
    allowed, least = shop.allowed(shop.of(resource), shop.mixes[START]), shop.rates[START]
    return allowed is not None and least is not None and allowed <= least * (1.0 + 1e-9)


def _order_text(shop: _Shop) -> str:
    """The resources with what each allows, scarcest first."""
    said = [f"{resource} {shop.allowed(shop.of(resource), shop.mixes[START]):.4g}" for resource in shop.order[START]]
    return ", ".join(said) if said else "nothing binds"


_ATTRIBUTE = {"generations": "generations", "opens": "opens_week"}
_FORMULAS = {
    BURN_IN: "places x 168 h / (soak / first-pass share)",
    TEST_POWER: "test power x 168 h / (rack power x load share x soak / first-pass share)",
    CREW: "people x hours of one / person-hours of one good rack",
}


def _inputs(shop: _Shop, resource: str) -> Iterator[str]:
    """Program paths and traces that the rate of a resource rests on."""
    here, mix = f"plant.{shop.name}", shop.mixes[START]
    if resource in (BURN_IN, TEST_POWER):
        yield from (f"{here}.burn_in.soak", f"{here}.burn_in.first_pass")
        if resource == BURN_IN:
            yield f"{here}.burn_in.places"
            return
        yield from (f"{here}.burn_in.power", f"{here}.burn_in.load")
        yield from (f"rack.{key}.power_w" for key in mix)
        return
    if resource == CREW:
        yield from (f"{here}.crew", f"{here}.shifts.hours", f"{here}.shifts.effective", f"{here}.shifts.per_person")
        yield from (f"{here}.shifts.per_day", f"{here}.shifts.days")
        for key in mix:
            for step, work in shop.racks[key].build.items():
                known = step in shop.plant.stations or step == BURN_IN
                if known and work.time_s > 0:
                    yield f"rack.{key}.build.{step}.crew"
                if known and work.crew > 0:
                    yield from _step_inputs(shop, key, step)
        return
    yield f"{here}.stations.{resource}.places"
    if not shop.plant.stations[resource].unattended:
        yield from (f"{here}.shifts.{name}" for name in ("per_day", "hours", "days", "effective"))
    for key in mix:
        if resource in shop.racks[key].build:
            yield from _step_inputs(shop, key, resource)


def _step_inputs(shop: _Shop, key: str, step: str) -> Iterator[str]:
    work = shop.racks[key].build[step]
    yield f"rack.{key}.build.{step}.time"
    if work.per != "rack":
        yield f"rack.{key}.trays.{work.per}.count"
    where = f"plant.{shop.name}." + (BURN_IN if step == BURN_IN else f"stations.{step}")
    yield f"{where}.first_pass"
    if step != BURN_IN:
        yield f"{where}.rework"


__all__ = ["HEADLINES", "TABLES", "PlantCapacities", "Resource", "plant_capacities", "rate", "start_mix"]
