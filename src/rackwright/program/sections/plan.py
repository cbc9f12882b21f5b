"""What the planner may do: buy, make, expand, ship, and what lateness costs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Named

from rackwright.program import fields as f
from rackwright.program.sections.levers import Levers


class Start(f.Section):
    """Where the program stands: part stock, arrivals on the way by week, finished racks by generation."""

    stock: dict[str, f.Count] = {}
    on_order: dict[str, f.WeeklyPieces] = {}
    finished: dict[str, f.Count] = {}


class Offer(f.Section):
    """A supplier's offer of a part family: at most `cap_per_week` arrive in a week, `lead_weeks` after the order.

    A price that is left out is the part's cost in the catalogue.
    """

    owner: str = ""
    cap_per_week: f.WeeklyPieces
    lead_weeks: f.LeadWeeks
    price_usd: f.Money | None = None


class Supplier(f.Section):
    """A supplier and the part families that it offers."""

    owner: str = ""
    parts: dict[str, Offer]


class Make(f.Section):
    """Own making of a part family: lines of `capacity_per_week` for `capex_usd` each, whole, by quarter."""

    owner: str = ""
    at: Annotated[str, f.refers("plant")]
    price_usd: f.Money
    capacity_per_week: f.PerWeek
    capex_usd: f.Money
    lead_weeks: f.LeadWeeks
    #: Most lines over the horizon.
    most: f.Count


class Expansion(f.Section):
    """A module that adds places or test power to a plant."""

    owner: str = ""
    places: dict[str, f.Count] = {}
    test_power_w: f.Power = 0.0
    #: People hired with it.
    crew: f.Count = 0
    cost_usd: f.Money
    lead_weeks: f.LeadWeeks
    at: tuple[Annotated[str, f.refers("plant")], ...]
    #: Most modules at one plant over the horizon.
    most: f.Count


class Late(f.Section):
    """What a rack that is late by a week costs."""

    contract_per_rack_week_usd: f.UsdPerRackWeek
    forecast_per_rack_week_usd: f.UsdPerRackWeek


class Freight(f.Section):
    """Shipping a rack from plant to site."""

    same_state_usd_per_rack: f.UsdPerRack
    other_state_usd_per_rack: f.UsdPerRack
    weeks: f.Count


class Plan(f.Section):
    """The plan's levers and limits."""

    owner: str = ""
    start: Start = Start()
    #: Most capital expenditure of each calendar year, and the company's published investment to compare with.
    capex_usd: f.YearlyMoney
    expansions: dict[str, Expansion] = {}
    suppliers: dict[str, Supplier] = {}
    make: dict[str, Make] = {}
    levers: Levers = Levers()
    late: Late
    freight: Freight
    #: Cost of capital on stock, per year.
    holding: f.YearlyRate
    #: Weeks from the parts' use to the finished rack.
    build_weeks: f.Count = Named(alias="build_weeks")
