"""Sites, power, and the money of the build-out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Named

from rackwright.program import fields as f


class Target(f.Section):
    """What the program promised."""

    power_w: f.Power
    budget_usd: f.Money


class Ups(f.Section):
    """A UPS before the racks, as the grid sees it: when it goes to its batteries, and how it comes back."""

    #: Input below which it goes to its batteries, over nominal.
    least_share: f.PositiveShare = Named(default=0.85, alias="least")
    #: It also goes there, and counts this as a fault of the grid, after so many dips within the window; 0: it does not count.
    dips: f.Count = 0
    window_s: f.Duration = Named(default=60.0, alias="window")
    return_after_s: f.Duration = Named(default=10.0, alias="return_after")
    walk_in_s: f.Duration = Named(default=10.0, alias="walk_in")
    #: Its blocks come back one after the other over this time.
    stagger_s: f.Duration = Named(default=0.0, alias="stagger")


class Grid(f.Section):
    """The connection of a site: who asks what of its power, and the point at which it is asked."""

    utility: Annotated[str, f.refers("utilities")]
    #: Contracted power; the energised power of the last week where nobody says.
    contracted_w: f.Power | None = None
    voltage_v: f.Voltage
    #: Short-circuit power and X/R at the point of common coupling: flicker is not modelled without them.
    short_circuit_va: f.ApparentPower | None = None
    x_over_r: f.PositiveRatio | None = Named(default=None, alias="x_over_r")
    power_factor: f.PositiveShare
    frequency_hz: f.Frequency
    #: What dips of the voltage a load must ride through; told only, where nobody says.
    ride: Literal["itic", "semi-f47", "ercot-nogrr-282", "caiso-straw"] | None = None
    #: A UPS between the grid and the racks; without one dips reach the racks' own supplies.
    ups: Ups | None = None
    #: Racks of the jobs that run side by side; one job of all racks, the worst case, where nobody says.
    jobs: dict[str, f.OneOrMore] = {}


class Site(f.Section):
    """One site. `energised_w` is facility power, everything included."""

    owner: str = ""
    base: str = ""
    state: Annotated[str, f.refers("states")]
    energised_w: f.WeeklyPower
    climate: Annotated[str, f.refers("climates")]
    #: Dry coolers; dry coolers behind wetted pads; towers behind an exchanger; towers with a closed circuit.
    heat_rejection: Literal["dry", "adiabatic", "wet", "closed"]
    #: Liquid of the site's loop; dry coolers and closed towers in frost want one that does not freeze.
    facility_fluid: Annotated[str, f.refers("fluids")] = Named(default="water", alias="facility_fluid")
    #: Racks live at the program's start, by generation.
    live: dict[Annotated[str, f.refers("rack")], f.Count] = {}
    #: Facility power over rack power at the design hour: what the plan allots to a rack; checked by this stage.
    design_pue: f.Ratio
    #: The same by generation, where racks differ: {gb300: 1.38}.
    design_pue_of: dict[Annotated[str, f.refers("rack")], f.Ratio] = {}
    facility_usd_per_w: f.UsdPerW
    grid: Grid

    @property
    def wets_air(self) -> bool:
        """Whether its heat goes to the wet bulb: towers, open or closed."""
        return self.heat_rejection in ("wet", "closed")

    def allotted(self, generation: str) -> float:
        """Facility power over that of a rack and its share of the block, as the plan allots it."""
        return self.design_pue_of.get(generation, self.design_pue)


class Efficiency(f.Section):
    """The electrical path and the cooling plant, steady."""

    #: Medium voltage to the rack's input: transformer, UPS, busway.
    electrical_share: f.PositiveShare
    #: Mean rack power over design power.
    utilisation_share: f.PositiveShare
    #: Racks' and CDUs' facility-side approach: rejection equipment to dry bulb or wet bulb, at design.
    dry_approach_k: Annotated[float, f.Field("scalar", f.RISE)]
    wet_approach_k: Annotated[float, f.Field("scalar", f.RISE)]
    #: Fan and pump power per heat rejected, at design.
    rejection_share: f.Share
    pump_share: f.Share
    #: Air side: temperature of the air that the room's coolers supply, how much colder their water must be, and their
    #: fan power per heat.
    air_supply_k: f.Temperature
    air_approach_k: Annotated[float, f.Field("scalar", f.RISE)]
    air_fan_share: f.Share
    #: Share of the Carnot coefficient of performance that a chiller reaches.
    chiller_carnot_share: f.PositiveShare
    #: Power inside the hall outside the racks, as a share of the racks' power (storage, front end, management).
    other_it_share: f.Share


class Buildout(f.Section):
    """The build-out."""

    owner: str = ""
    target: Target
    efficiency: Efficiency
    sites: dict[str, Site]

    def live_at_start(self) -> dict[str, int]:
        """Racks live at the program's start by generation, over all sites."""
        live: dict[str, int] = {}
        for site in self.sites.values():
            for generation, count in site.live.items():
                live[generation] = live.get(generation, 0) + count
        return live
