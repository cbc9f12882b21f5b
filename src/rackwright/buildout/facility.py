"""One rack of a generation at a site: its facility power at the design hour and over a year."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rackwright.buildout.cooling import IT_LINES, LINES, Demand, evaporated_m3_s, heat_rejected_w, ledger
from rackwright.buildout.weather import Year, dry_year, wet_year
from rackwright.program.sections.buildout import Buildout, Efficiency, Site
from rackwright.program.sections.parts import Climate
from rackwright.rack import RackDesign, RackDesigns


@dataclass(frozen=True, slots=True)
class Facility:
    """What a site draws for one rack of a generation. Everything per rack; its share of common things included.

    `design_lines_w` and `mean_lines_w` are the ledger (`cooling.LINES`) at the design hour and full load, and over a
    year at the mean load; each adds up to the power beside it.
    """

    site: str
    generation: str
    design_w: float
    mean_w: float
    design_it_w: float
    mean_it_w: float
    design_lines_w: dict[str, float]
    mean_lines_w: dict[str, float]
    #: Facility power over that of the rack and its share of fabric and CDUs: what `design_pue` declares.
    over_racks: float
    outdoor_k: float
    wanted_k: float
    #: Outdoor temperature up to which the liquid needs no chiller.
    liquid_free_k: float
    liquid_chiller_share: float
    air_chiller_share: float
    water_m3_s: float

    @property
    def pue(self) -> float:
        """Facility over IT energy of a year; of a hall without IT, 1."""
        return self.mean_w / self.mean_it_w if self.mean_it_w > 0 else 1.0

    @property
    def design_pue(self) -> float:
        """Facility over IT power at the design hour; of a hall without IT, 1."""
        return self.design_w / self.design_it_w if self.design_it_w > 0 else 1.0


def rejects_wet(site: Site, climate: Climate) -> bool:
    """Whether the site has towers and the catalogue knows the wet bulb there."""
    return site.wets_air and wet_year(climate) is not None


def facility_of(
    name: str, site: Site, generation: str, design: RackDesign, climate: Climate, efficiency: Efficiency
) -> Facility:
    """Sum the ledger at the design hour and over the year's temperatures.

    A tower whose wet bulb is unknown is taken as a dry cooler (a finding says so).
    """
    wet = rejects_wet(site, climate)
    year = (wet_year(climate) if wet else None) or dry_year(climate)
    approach_k = efficiency.wet_approach_k if wet else efficiency.dry_approach_k
    full = demand_of(design, efficiency, 1.0)
    mean = demand_of(design, efficiency, efficiency.utilisation_share)
    at_design = ledger(full, np.array([year.design_k]), approach_k, efficiency)
    over_year = ledger(mean, year.temperatures_k(), approach_k, efficiency)
    design_lines = {line: float(at_design[line][0]) for line in LINES}
    mean_lines = {line: float(np.mean(over_year[line])) for line in LINES}
    design_w, mean_w = math.fsum(design_lines.values()), math.fsum(mean_lines.values())
    racks_w = design.power_w + design.shared_power_w
    free_k = full.wanted_k - approach_k
    return Facility(
        site=name,
        generation=generation,
        design_w=design_w,
        mean_w=mean_w,
        design_it_w=math.fsum(design_lines[line] for line in IT_LINES),
        mean_it_w=math.fsum(mean_lines[line] for line in IT_LINES),
        design_lines_w=design_lines,
        mean_lines_w=mean_lines,
        over_racks=design_w / racks_w if racks_w > 0 else 1.0,
        outdoor_k=year.design_k,
        wanted_k=full.wanted_k,
        liquid_free_k=free_k,
        liquid_chiller_share=_share_above(year, free_k, full.liquid_heat_w + full.cdu_w),
        air_chiller_share=_share_above(
            year, efficiency.air_supply_k - efficiency.air_approach_k - approach_k, full.air_heat_w + full.other_it_w
        ),
        water_m3_s=float(evaporated_m3_s(np.mean(heat_rejected_w(over_year)))) if wet else 0.0,
    )


def _share_above(year: Year, free_k: float, heat_w: float) -> float:
    return year.share_above(free_k) if heat_w > 0 else 0.0


def demand_of(design: RackDesign, efficiency: Efficiency, load_share: float) -> Demand:
    """A rack's power and heat at a share of its design load.

    Fabric and CDU pumps run at their own power whatever the load; the coolant's flow stays, so its rise falls with the
    load.
    """
    loop = design.loop
    rise_k = loop.return_k - loop.supply_k if loop.return_k is not None else 0.0
    return Demand(
        rack_w=design.power_w * load_share,
        other_it_w=design.power_w * load_share * efficiency.other_it_share,
        fabric_w=max(design.shared_power_w - loop.pump_power_w, 0.0),
        cdu_w=loop.pump_power_w,
        liquid_heat_w=design.liquid_heat_w * load_share,
        air_heat_w=design.air_heat_w * load_share,
        wanted_k=loop.facility_supply_k,
        rise_k=max(rise_k, 0.0) * load_share,
    )


def all_in_per_rack_usd(item: Facility, buildout: Buildout, designs: RackDesigns) -> float:
    """A rack with its shared things and the facility for its power. [USD]"""
    facility_usd = buildout.sites[item.site].facility_usd_per_w * item.design_w
    return designs.of(item.generation).cost_with_shared_usd + facility_usd
