"""Outcome: the program and one result per stage; all that report, diff and explain take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rackwright.agreement import OptionValue
from rackwright.buildout import BuildoutResult
from rackwright.demand import RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan import WeeklyPlan
from rackwright.plant import PlantCapacities
from rackwright.program import Program
from rackwright.rack import RackDesigns
from rackwright.roadmap import ModelNeeds
from rackwright.tables import Finding, Headline, StageResult, Table, Trace

#: The stages in the order of the data.
STAGES = ("roadmap", "demand", "rack", "evaluation", "plant", "plan", "buildout", "agreement")


@dataclass(frozen=True)
class Outcome:
    """One run. A stage that the program has no section for is None."""

    program: Program
    roadmap: ModelNeeds | None = None
    demand: RackDemand | None = None
    rack: RackDesigns | None = None
    evaluation: Verdicts | None = None
    plant: PlantCapacities | None = None
    plan: WeeklyPlan | None = None
    buildout: BuildoutResult | None = None
    agreement: OptionValue | None = None

    def results(self) -> Iterator[StageResult]:
        """The results that there are, in the order of the data."""
        for stage in STAGES:
            result = getattr(self, stage)
            if result is not None:
                yield result

    @cached_property
    def headlines(self) -> dict[str, Headline]:
        return {headline.name: headline for result in self.results() for headline in result.headlines}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for result in self.results() for finding in result.findings)

    @cached_property
    def tables(self) -> dict[str, Table]:
        return {table.name: table for result in self.results() for table in result.tables}

    @cached_property
    def traces(self) -> dict[str, Trace]:
        return {trace.key: trace for result in self.results() for trace in result.traces}
