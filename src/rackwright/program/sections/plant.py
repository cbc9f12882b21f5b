"""Where racks are made and tested."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field as Named

from rackwright.program import fields as f


class Shifts(f.Section):
    """When a plant works; `effective_share` is what remains after breaks, breakdowns and changeovers."""

    per_day: f.OneOrMore = Named(alias="per_day")
    hours_s: f.Duration
    days: Annotated[int, f.Field("count", f.quantity("days a week", "", "7", 1.0, 7.0))]
    effective_share: f.PositiveShare
    #: Most shifts a week that one person works.
    per_person: Annotated[float, f.Field("scalar", f.quantity("shifts a week", "", "5", 0.1, 21.0))] = Named(
        alias="per_person"
    )


class Station(f.Section):
    """A kind of work place: how many work in parallel, and the share of pieces that passes at first."""

    places: f.Count
    first_pass_share: f.PositiveShare
    #: Time at the place for one repaired piece, as a share of the step's own time.
    rework_share: f.Ratio
    #: True for places that work around the clock without a crew (burn-in).
    unattended: bool = False


class BurnIn(f.Section):
    """Racks under power: places, the time each takes and the electrical power for all of them."""

    places: f.Count
    soak_s: f.Duration
    power_w: f.Power
    #: Mean power of a rack under test as a share of its design power.
    load_share: f.PositiveShare
    first_pass_share: f.PositiveShare


class Plant(f.Section):
    """One plant."""

    owner: str = ""
    base: str = ""
    state: str = ""
    #: Generations that it can build; absent: all.
    generations: tuple[Annotated[str, f.refers("rack")], ...] | None = None
    opens_week: f.Week | None = None
    shifts: Shifts
    stations: dict[str, Station]
    burn_in: BurnIn
    #: For a simulation: spread of attended work over its mean, and racks' room before a station, of its places. Assumed.
    variation: f.Ratio = Named(default=0.2, alias="variation")
    room: f.Ratio = Named(default=1.0, alias="room")
    #: People on all shifts together, and what an hour of one costs.
    crew: f.Count
    wage_usd_h: f.UsdPerHour
