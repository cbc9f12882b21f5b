"""How the buildout stage's numbers came about: formula in words, and the paths and numbers that they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from rackwright.buildout.cooling import LINES
from rackwright.buildout.facility import Facility, rejects_wet
from rackwright.plan import WeeklyPlan
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.rack import Rack
from rackwright.rack import RackDesigns
from rackwright.tables import Trace

if TYPE_CHECKING:
    from rackwright.buildout.stage import BuildoutResult

#: What the plan decided: racks by site and week.
PLAN = "plan.answer"
_EFFICIENCY = "buildout.efficiency"
#: A loop this near to needing a chiller in the design hour rests on what sets that.
LEAST_MARGIN_K = 1e-9


def traces_of(
    result: BuildoutResult,
    present: Mapping[str, Sequence[str]],
    plan: WeeklyPlan,
    buildout: Buildout,
    racks: Mapping[str, Rack],
    designs: RackDesigns,
    catalogue: Catalogue,
) -> Iterator[Trace]:
    """Both headlines' trees. A line of the ledger that is zero names no inputs."""
    lived = [site for number, site in enumerate(result.sites) if result.live_w[number, -1] > 0]
    yield Trace(
        "buildout.live_w",
        float(result.live_w[:, -1].sum()),
        "W",
        "sum over sites of facility power live in the last week",
        tuple(f"buildout.{site}.live_w" for site in lived),
    )
    for site in lived:
        here = [key for key in present[site] if plan.live[plan.generations.index(key), plan.sites.index(site), -1] > 0]
        yield Trace(
            f"buildout.{site}.live_w",
            float(result.live_w[result.sites.index(site), -1]),
            "W",
            "sum over generations of racks live x facility power of one at the design hour",
            (PLAN, *(f"buildout.{site}.{key}.design_w" for key in here)),
        )
        for key in here:
            item = result.of(site, key)
            yield Trace(
                f"buildout.{site}.{key}.design_w",
                item.design_w,
                "W",
                "(racks, other IT, fabric, CDUs, room fans, pumps, chillers, rejection fans) / electrical path",
                tuple(dict.fromkeys(_facility_inputs(item, buildout, racks[key], catalogue))),
            )
    yield from _money_traces(result, plan, buildout, designs)


def _facility_inputs(item: Facility, buildout: Buildout, rack: Rack, catalogue: Catalogue) -> Iterator[str]:
    """What the design hour of one rack rests on: only what draws power in it."""
    lines = {line for line in LINES if item.design_lines_w[line] > 0}
    design = f"rack.{item.generation}"
    site = buildout.sites[item.site]
    climate = f"catalogue.climates.{site.climate}"
    yield from (f"{design}.power_w", f"{design}.shared_power_w", f"{_EFFICIENCY}.electrical")
    if lines & {"room_fans", "facility_pumps", "liquid_chiller", "air_chiller", "rejection_fans"}:
        yield from (f"{design}.liquid_heat_w", f"{design}.air_heat_w")
    fields = {
        "other_it": "other_it",
        "room_fans": "air_fan",
        "facility_pumps": "pump",
        "rejection_fans": "rejection",
    }
    yield from (f"{_EFFICIENCY}.{name}" for line, name in fields.items() if line in lines)
    if item.outdoor_k >= item.liquid_free_k - LEAST_MARGIN_K and item.design_lines_w["racks"] > 0:
        yield from (f"{design}.cooling.supply", f"{design}.return_k", f"catalogue.cdus.{rack.cooling.cdu}.approach")
    if "air_chiller" in lines:
        yield from (f"{_EFFICIENCY}.air_supply", f"{_EFFICIENCY}.air_approach", f"{design}.return_k")
    if lines & {"liquid_chiller", "air_chiller"}:
        wet = rejects_wet(site, catalogue.climates[site.climate])
        yield f"{_EFFICIENCY}.chiller_carnot"
        yield f"{_EFFICIENCY}.{'wet' if wet else 'dry'}_approach"
        yield f"{climate}.{'wet_bulb' if wet else 'hot_1pct'}"
        yield from (f"buildout.sites.{item.site}.climate", f"buildout.sites.{item.site}.heat_rejection")


def _money_traces(
    result: BuildoutResult, plan: WeeklyPlan, buildout: Buildout, designs: RackDesigns
) -> Iterator[Trace]:
    racks_usd, shared_usd, facility_usd = (float(amounts.sum()) for amounts in result.capex_usd)
    yield Trace(
        "buildout.capex_usd",
        racks_usd + shared_usd + facility_usd,
        "USD",
        "racks that arrive, their share of CDUs, switches and optics, and the facility for power energised",
        ("buildout.racks_usd", "buildout.shared_usd", "buildout.facility_usd"),
    )
    arriving = [key for g, key in enumerate(plan.generations) if plan.arrived[g].sum() > 0]
    yield Trace(
        "buildout.racks_usd",
        racks_usd,
        "USD",
        "sum over generations of racks that arrive x cost of what is in one",
        (PLAN, *(f"rack.{key}.cost_usd" for key in arriving)) if arriving else (),
    )
    sharing = [key for key in arriving if designs.of(key).shared_cost_usd > 0]
    yield Trace(
        "buildout.shared_usd",
        shared_usd,
        "USD",
        "sum over generations of racks that arrive x their share of the block's and the cluster's cost",
        (PLAN, *(f"rack.{key}.shared_cost_usd" for key in sharing)) if sharing else (),
    )
    grown = [site for number, site in enumerate(result.sites) if np.any(np.diff(result.energised_w[number]) > 0)]
    paying = [site for site in grown if buildout.sites[site].facility_usd_per_w > 0]
    yield Trace(
        "buildout.facility_usd",
        facility_usd,
        "USD",
        "sum over sites of power energised after the first week x facility cost per watt",
        tuple(f"buildout.sites.{site}.{name}" for site in paying for name in ("energised.*", "facility")),
    )
