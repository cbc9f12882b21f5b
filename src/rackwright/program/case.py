"""Case: what stages read of a program, for one draw of its ranges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rackwright.program.calendar import Calendar
from rackwright.program.sections.agreement import Agreement
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.demand import Demand
from rackwright.program.sections.evaluation import Evaluation
from rackwright.program.sections.parts import Catalogue
from rackwright.program.sections.plan import Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.program.sections.roadmap import Roadmap


@dataclass(frozen=True, slots=True)
class Case:
    """What stages read: SI floats, weekly arrays, `None` for auto and for absent sections."""

    calendar: Calendar
    price_year: int
    seed: int
    folder: Path
    catalogue: Catalogue
    roadmap: Roadmap | None
    demand: Demand | None
    rack: dict[str, Rack]
    evaluation: dict[str, Evaluation]
    plant: dict[str, Plant]
    plan: Plan | None
    buildout: Buildout | None
    agreement: Agreement | None
