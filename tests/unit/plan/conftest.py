"""A world small enough for the head: racks of 100 kW at a million dollars, a line, a supplier, a site."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rackwright.demand import RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan import Question, WeeklyPlan, weekly_plan
from rackwright.plant import PlantCapacities, Resource
from rackwright.program.calendar import Calendar, monday
from rackwright.program.sections.agreement import Terms
from rackwright.program.sections.buildout import Buildout, Site
from rackwright.program.sections.plan import Expansion, Freight, Late, Make, Offer, Plan, Start, Supplier
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack

WEEKS = 10
RACK_W, RACK_USD = 1e5, 1e6


class Designs:
    """Stands for the rack stage: one chip family, `chip_usd` each."""

    def __init__(self, chips: dict[str, float], chip_usd: float) -> None:
        self.chips, self.chip_usd = chips, chip_usd

    def of(self, generation: str) -> SimpleNamespace:
        count = self.chips.get(generation, 0.0)
        line = SimpleNamespace(family="chip", count=count, unit_cost_usd=self.chip_usd)
        return SimpleNamespace(
            power_w=RACK_W,
            shared_power_w=0.0,
            cost_with_shared_usd=RACK_USD,
            families={"chip": count} if count else {},
            bill=(line,),
        )


def by_week(value: float | list[float]) -> np.ndarray:
    """A constant, or a list whose last value holds."""
    if isinstance(value, list):
        return np.array([float(value[min(week, len(value) - 1)]) for week in range(WEEKS)])
    return np.full(WEEKS, float(value))


@dataclass
class World:
    """What a test may turn; everything else is ample."""

    contract: dict[str, Any] = field(default_factory=dict)
    forecast: dict[str, Any] = field(default_factory=dict)
    racks_per_week: dict[str, float] = field(default_factory=lambda: {"works": 5.0})
    chips: dict[str, float] = field(default_factory=dict)  # per rack; none: no part binds
    chip_usd: float = 1e4
    cap: Any = None  # chips a week of the supplier acme; None: no supplier
    lead: float = 0.0
    stock: int = 0
    on_order: Any = None
    make: dict[str, Any] = field(default_factory=dict)
    expansion: dict[str, Any] = field(default_factory=dict)
    capex: float = 0.0
    energised_mw: dict[str, Any] = field(default_factory=lambda: {"field": 100.0})
    live: dict[str, int] = field(default_factory=dict)
    finished: dict[str, int] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    until: dict[str, int] = field(default_factory=dict)
    gate: dict[str, int] = field(default_factory=dict)
    worth: dict[tuple[str, str], float] = field(default_factory=dict)
    option: Terms | None = None
    freight: int = 0
    build_weeks: int = 0
    holding: float = 0.1
    late: tuple[float, float] = (10e3, 1e3)

    def question(self) -> Question:
        calendar = Calendar(monday("2026-W02"), WEEKS)
        names = tuple(dict.fromkeys([*self.contract, *self.forecast]))
        required = np.array([[by_week(what.get(key, 0)) for what in (self.contract, self.forecast)] for key in names])
        worth = np.eye(len(names))
        for (h, g), value in self.worth.items():
            worth[names.index(h), names.index(g)] = value
        resources = tuple(
            Resource(plant, "l11", "s", by_week(rate), 1.0, dict.fromkeys(names, 1.0))
            for plant, rate in self.racks_per_week.items()
        )
        capacities = PlantCapacities(
            resources=resources,
            generations=dict.fromkeys(self.racks_per_week, names),
            labour_s={plant: dict.fromkeys(names, 0.0) for plant in self.racks_per_week},
            wage_usd_h=dict.fromkeys(self.racks_per_week, 40.0),
        )
        sites = {
            name: Site.model_construct(
                state=name, energised_w=by_week(power) * 1e6, live=self.live, design_pue=1.0, owner="lab"
            )
            for name, power in self.energised_mw.items()
        }
        return Question(
            plan=self.plan(),
            demand=RackDemand(generations=names, required=required, worth=worth),
            racks={
                key: Rack.model_construct(
                    volume_from_week=self.since.get(key, 0),
                    volume_until_week=self.until.get(key),
                    owner="",
                    maker="maker",
                    build={},
                )
                for key in names
            },
            designs=Designs({key: self.chips.get(key, 0.0) for key in names}, self.chip_usd),  # type: ignore[arg-type]
            verdicts=Verdicts(verdict=dict.fromkeys(self.gate, "accepted"), gate_week=self.gate),
            capacities=capacities,
            plants={
                name: Plant.model_construct(owner="maker", state=name, opens_week=None) for name in self.racks_per_week
            },
            buildout=Buildout.model_construct(owner="lab", sites=sites),
            option=self.option,
            calendar=calendar,
        )

    def plan(self) -> Plan:
        offer = Offer.model_construct(
            owner="", cap_per_week=by_week(self.cap or 0), lead_weeks=self.lead, price_usd=None
        )
        acme = Supplier.model_construct(owner="", parts={"chip": offer})
        return Plan.model_construct(
            owner="planner",
            start=Start.model_construct(
                stock={"chip": self.stock} if self.stock else {},
                on_order={} if self.on_order is None else {"chip": by_week(self.on_order)},
                finished=self.finished,
            ),
            capex_usd={2026: self.capex},
            expansions={
                "module": Expansion.model_construct(
                    **{"owner": "", "test_power_w": 0.0, "crew": 0, "at": tuple(self.racks_per_week), **self.expansion}
                )
            }
            if self.expansion
            else {},
            suppliers={} if self.cap is None else {"acme": acme},
            make={"chip": Make.model_construct(**{"owner": "", "at": "works", **self.make})} if self.make else {},
            late=Late.model_construct(contract_per_rack_week_usd=self.late[0], forecast_per_rack_week_usd=self.late[1]),
            freight=Freight.model_construct(
                same_state_usd_per_rack=0.0, other_state_usd_per_rack=0.0, weeks=self.freight
            ),
            holding=self.holding,
            build_weeks=self.build_weeks,
        )

    def solve(self, previous: WeeklyPlan | None = None) -> WeeklyPlan:
        q = self.question()
        return weekly_plan(
            q.plan, q.demand, q.racks, q.designs, q.verdicts, q.capacities, q.plants, q.buildout, q.option, q.calendar,
            previous,
        )  # fmt: skip


@pytest.fixture
def world() -> type[World]:
    return World
