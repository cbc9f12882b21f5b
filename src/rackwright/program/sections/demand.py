"""How the roadmap becomes racks that must be live."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field as Named

from rackwright.program import fields as f
from rackwright.program.sections.roadmap import Commitment


class Demand(f.Section):
    """Which generations may do the work, work that the roadmap does not name, and spares."""

    owner: str = ""
    generations: tuple[Annotated[str, f.refers("rack")], ...]
    #: The generation in whose racks `other` is counted; absent: the first of `generations`.
    reference: Annotated[str, f.refers("rack")] | None = None
    #: Racks of the reference generation that must be live for work the roadmap does not name.
    other_racks: f.WeeklyRacks | None = None
    #: What makes a rack of another generation worth more in `other`: its declared power, or its peak at `precision`.
    other_measured_by: Literal["power", "compute"] = Named(default="power", alias="other_measured_by")
    other_commitment: Commitment = "forecast"
    #: Generations that may stand in for another when that lessens lateness: {vera-rubin: [helios]}; none when absent.
    stand_ins: dict[Annotated[str, f.refers("rack")], tuple[Annotated[str, f.refers("rack")], ...]] = {}
    #: Racks kept beside the live ones, as a share of each delivery.
    spares_share: f.Share
