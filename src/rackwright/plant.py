"""What a plant can build a week, and what holds it back.

Each factory step takes place-time from a kind of place; burn-in takes places and electrical power for its soak; people
work at the pieces. A plant's rate at a mix is the least, over its resources, of what is there over what a rack takes.
Queues, blocking and the order of work are left out: the rate is an upper bound that a well-fed line approaches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.program.calendar import Calendar
from rackwright.program.sections.plant import Plant, Station
from rackwright.program.sections.rack import Rack, StepWork
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import Column, Finding, Headline, StageResult, Table, TableSpec, Trace, not_modelled

WEEK_S = 604800.0
DAY_HOURS = 24.0
RESOURCES = TableSpec(
    "plant.resources",
    "what one good rack takes of each resource, and how many racks a week it allows alone",
    (
        Column("plant", "name in the program", type="text"),
        Column("resource", "step, burn-in places, test power or crew", type="text"),
        Column("generation", "of rack", type="text"),
        Column("use_per_rack", "place-time, energy or person-time of one good rack, rework included", "s or W s"),
        Column("available_per_week", "of the resource once the plant is open", "s or W s"),
        Column("racks_per_week", "that it allows alone", "rack/week"),
    ),
)
RATES = TableSpec(
    "plant.rates",
    "racks a week of each generation alone, and of the start's mix; the binding resource and the next one",
    (
        Column("plant", "name in the program", type="text"),
        Column("mix", "a generation, or start", type="text"),
        Column("racks_per_week", "good racks", "rack/week"),
        Column("binding", "resource that binds", type="text"),
        Column("next", "resource that binds next", type="text"),
        Column("slack", "how much more the next one allows", "", shown="%"),
    ),
)
POWER = TableSpec(
    "plant.mw",
    "racks under power and their watts at the start's rate (Little's law: rate x soak)",
    (
        Column("plant", "name in the program", type="text"),
        Column("racks_in_soak", "under power at a time", "rack"),
        Column("power_w", "that they draw", "W", shown="MW"),
        Column("limit_w", "test power of the plant", "W", shown="MW"),
    ),
)
TABLES: tuple[TableSpec, ...] = (RESOURCES, RATES, POWER)
RATE = "good racks a week once the plant is open, at the start's generation mix (equal parts of what is in volume then)"
HEADLINES: tuple[tuple[str, str, str], ...] = (("plant.<plant>.racks_per_week", "rack/week", RATE),)


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing that racks compete for in a plant.

    `available` (weeks,) in `unit` per week; `per_piece` what one more place, watt or person adds per week; `use` of
    one good rack by generation.
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
    #: Person-hours that one rack takes, by plant and generation, and what an hour costs.
    labour_s: dict[str, dict[str, float]] = field(default_factory=dict)
    wage_usd_h: dict[str, float] = field(default_factory=dict)

    def of(self, plant: str) -> tuple[Resource, ...]:
        """The resources of one plant."""
        return tuple(item for item in self.resources if item.plant == plant)


def time_per_good_piece(time_s: float, first_pass_share: float, rework_share: float) -> float:
    """Place-time of one good piece when a failed one is repaired at the place and tried again until it passes.

    A piece fails (1 - y) / y times on average (geometric); each failure costs `rework_share` of the step's time.

    >>> time_per_good_piece(60.0, 0.8, 0.5)
    67.5
    """
    return time_s * (1.0 + rework_share * (1.0 - first_pass_share) / first_pass_share)


def rate(resources: Sequence[Resource], mix: Mapping[str, float], week: int) -> tuple[float, list[tuple[float, str]]]:
    """Racks a week at a mix (shares that add to one), and every resource with the rate that it allows, least first."""
    allowed: list[tuple[float, str]] = []
    for item in resources:
        use = sum(share * item.use.get(generation, 0.0) for generation, share in mix.items())
        if use > 0:
            allowed.append((float(item.available[week]) / use, item.name))
    allowed.sort()
    return (allowed[0][0] if allowed else float("inf")), allowed


def start_mix(plant: Plant, racks: Mapping[str, Rack]) -> dict[str, float]:
    """Equal parts of what the plant may build and is in volume in week 0; else what comes first."""
    able = plant.generations or tuple(racks)
    now = [
        key
        for key in able
        if racks[key].volume_from_week <= 0
        and (racks[key].volume_until_week is None or (racks[key].volume_until_week or 0) >= 0)
    ]
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
    """Every plant's resources, rates and what binds them."""
    resources: list[Resource] = []
    rows: list[tuple[object, ...]] = []
    rates: list[tuple[object, ...]] = []
    watts: list[tuple[object, ...]] = []
    findings: list[Finding] = []
    headlines: list[Headline] = []
    traces: list[Trace] = []
    for name, plant in plants.items():
        able = plant.generations or tuple(racks)
        own = list(_resources(name, plant, {key: racks[key] for key in able}, designs, calendar))
        resources += own
        opened = min(max(plant.opens_week or 0, 0), calendar.weeks - 1)
        rows += _resource_rows(own, able, opened)
        mix = start_mix(plant, racks)
        for title, shares in [*((key, {key: 1.0}) for key in able), ("start", mix)]:
            rates.append(_rate_row(name, title, *rate(own, shares, opened)))
        per_week, allowed = rate(own, mix, opened)
        watts.append(_power_row(name, plant, designs, mix, per_week))
        findings += _steps_without_place(name, plant, racks, able)
        headlines.append(Headline(f"plant.{name}.racks_per_week", per_week, "rack/week", RATE, (f"plant.{name}.rate",)))
        traces.append(_trace(name, mix, per_week, allowed))
    return PlantCapacities(
        tables=(RESOURCES.table(rows), RATES.table(rates), POWER.table(watts)),
        findings=tuple(findings),
        headlines=tuple(headlines),
        traces=tuple(traces),
        resources=tuple(resources),
        generations={name: tuple(plant.generations or tuple(racks)) for name, plant in plants.items()},
        labour_s={
            name: {key: _labour_s(plant, racks[key]) for key in (plant.generations or tuple(racks))}
            for name, plant in plants.items()
        },
        wage_usd_h={name: plant.wage_usd_h for name, plant in plants.items()},
    )


def pieces_per_rack(rack: Rack, work: StepWork) -> int:
    """How many pieces of the step one rack has: itself, or its trays of a kind."""
    return 1 if work.per == "rack" else rack.trays[work.per].count


def _place_s(rack: Rack, step: str, station: Station) -> float:
    work = rack.build.get(step)
    if work is None:
        return 0.0
    return pieces_per_rack(rack, work) * time_per_good_piece(work.time_s, station.first_pass_share, station.rework_share)


def _labour_s(plant: Plant, rack: Rack) -> float:
    """Person-time of one good rack over all steps; burn-in's own crew time counts once per soak."""
    total = 0.0
    for step, work in rack.build.items():
        station = plant.stations.get(step)
        if station is not None:
            total += work.crew * _place_s(rack, step, station)
        elif step == "burn_in":
            total += work.crew * work.time_s / plant.burn_in.first_pass_share
    return total


def _resources(
    name: str, plant: Plant, racks: Mapping[str, Rack], designs: RackDesigns, calendar: Calendar
) -> Iterator[Resource]:
    open_weeks = np.where(np.arange(calendar.weeks) >= (plant.opens_week or 0), 1.0, 0.0)
    shifts = plant.shifts
    attended_s = min(shifts.per_day * shifts.hours_s, DAY_HOURS * 3600.0) * shifts.days * shifts.effective_share
    for step, station in plant.stations.items():
        per_place = WEEK_S if station.unattended else attended_s
        use = {key: _place_s(rack, step, station) for key, rack in racks.items()}
        yield Resource(name, step, "s", station.places * per_place * open_weeks, per_place, use)
    burn_in = plant.burn_in
    soak_s = burn_in.soak_s / burn_in.first_pass_share
    yield Resource(name, "burn_in", "s", burn_in.places * WEEK_S * open_weeks, WEEK_S, dict.fromkeys(racks, soak_s))
    energy = {key: designs.of(key).power_w * burn_in.load_share * soak_s for key in racks}
    yield Resource(name, "test_power", "W s", burn_in.power_w * WEEK_S * open_weeks, WEEK_S, energy)
    people = shifts.hours_s * min(shifts.days, 5) * shifts.effective_share
    labour = {key: _labour_s(plant, rack) for key, rack in racks.items()}
    yield Resource(name, "crew", "s", plant.crew * people * open_weeks, people, labour)


def _resource_rows(resources: Sequence[Resource], able: Sequence[str], week: int) -> Iterator[tuple[object, ...]]:
    for item in resources:
        available = float(item.available[week])
        for generation in able:
            use = item.use.get(generation, 0.0)
            yield (item.plant, item.name, generation, use, available, available / use if use > 0 else None)


def _rate_row(name: str, title: str, per_week: float, allowed: list[tuple[float, str]]) -> tuple[object, ...]:
    following = allowed[1] if len(allowed) > 1 else None
    slack = following[0] / per_week - 1.0 if following and per_week > 0 else None
    return (name, title, per_week, allowed[0][1] if allowed else "", following[1] if following else "", slack)


def _power_row(
    name: str, plant: Plant, designs: RackDesigns, mix: Mapping[str, float], per_week: float
) -> tuple[object, ...]:
    burn_in = plant.burn_in
    in_soak = per_week * burn_in.soak_s / burn_in.first_pass_share / WEEK_S
    mean_w = sum(share * designs.of(key).power_w for key, share in mix.items()) * burn_in.load_share
    return (name, in_soak, in_soak * mean_w, burn_in.power_w)


def _steps_without_place(
    name: str, plant: Plant, racks: Mapping[str, Rack], able: Sequence[str]
) -> Iterator[Finding]:
    for key in able:
        for step in racks[key].build:
            if step != "burn_in" and step not in plant.stations:
                text = f"{key} has the step {step}, the plant has no places for it: its time is left out"
                yield not_modelled("plant.step_without_place", f"{name} {key}", text)


def _trace(name: str, mix: Mapping[str, float], per_week: float, allowed: list[tuple[float, str]]) -> Trace:
    binding = allowed[0][1] if allowed else ""
    inputs = [f"plant.{name}.shifts.*", f"plant.{name}.stations.*", f"plant.{name}.burn_in.*", f"plant.{name}.crew"]
    for key in mix:
        inputs += [f"rack.{key}.power_w", f"rack.{key}.build.*", f"rack.{key}.trays.*"]
    formula = f"least over the resources of available / use of the mix; {binding} binds"
    return Trace(f"plant.{name}.rate", per_week, "rack/week", formula, tuple(inputs))


__all__ = ["HEADLINES", "TABLES", "PlantCapacities", "Resource", "Table", "plant_capacities", "rate", "start_mix"]
