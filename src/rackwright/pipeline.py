"""THE WAY: each stage called once, in the order of the data.

A stage reads the sections and the upstream results that its call lists, and nothing else: that list is its cache key.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache as once
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import numpy as np
from pydantic import BaseModel

from rackwright.cache import Cache, NoCache, digest_of
from rackwright.errors import Problem, ProgramError
from rackwright.outcome import STAGES, Outcome
from rackwright.plan import Question, WeeklyPlan
from rackwright.program import Calendar, Program
from rackwright.progress import SILENT, Progress
from rackwright.record import decode, encode

Result = TypeVar("Result")

#: The sections that a stage cannot do without.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "roadmap": ("roadmap", "rack"),
    "demand": ("demand", "rack"),
    "rack": ("rack",),
    "evaluation": ("rack", "evaluation"),
    "plant": ("rack", "plant"),
    "plan": ("demand", "rack", "plant", "plan", "buildout"),
    "buildout": ("demand", "rack", "plant", "plan", "buildout"),
    "agreement": ("rack", "agreement"),
}


def run(
    program: Program,
    *,
    until: str | None = None,
    cache: Cache | None = None,
    progress: Progress = SILENT,
    previous: WeeklyPlan | None = None,
    planner: Callable[..., WeeklyPlan] | None = None,
) -> Outcome:
    """Run the stages up to `until`; without it, every stage whose sections the program has.

    `previous` asks the plan to stay near an earlier one wherever that costs nothing. `planner` takes the place of the
    plan stage's function, and of its cache entry: a session's live solver.

    Raises
    ------
    ProgramError
        When a section that `until` cannot do without is missing.
    NoAnswer
        When a stage finds none.
    """
    from rackwright.agreement import value_option
    from rackwright.buildout import build_out
    from rackwright.demand import racks_needed
    from rackwright.evaluation import judge_samples
    from rackwright.plan import weekly_plan
    from rackwright.plant import plant_capacities
    from rackwright.program.load import compare_figures
    from rackwright.program.standings import with_standings
    from rackwright.rack import design_racks
    from rackwright.roadmap import model_needs

    case = program.case()
    go = _wanted(program, until)
    way = _Way(cache or NoCache(), progress)
    option = case.agreement.option.terms() if case.agreement else None
    measured = [Path(item.measured) for item in case.evaluation.values() if item.measured]
    live = case.buildout.live_at_start() if case.buildout else {}

    needs = way("roadmap", model_needs, case.roadmap, case.rack, case.calendar) if go("roadmap") else None
    demand = way("demand", racks_needed, case.demand, needs, case.rack, live, case.calendar) if go("demand") else None
    clusters = demand.cluster_racks if demand else {}
    designs = way("rack", design_racks, case.rack, case.catalogue, clusters) if go("rack") else None
    verdicts = (
        way(
            "evaluation",
            judge_samples,
            case.evaluation,
            case.rack,
            designs,
            case.catalogue,
            case.calendar,
            files=measured,
        )
        if go("evaluation")
        else None
    )
    plants = way("plant", plant_capacities, case.plant, case.rack, designs, case.calendar) if go("plant") else None
    plan = (
        (planner or partial(way, "plan", weekly_plan))(
            case.plan, demand, case.rack, designs, verdicts, plants, case.plant, case.buildout, option, case.calendar,
            previous,
        )
        if go("plan")
        else None
    )  # fmt: skip
    built = (
        way(
            "buildout", build_out, case.buildout, plan, case.rack, designs, case.catalogue, compare_figures(),
            case.calendar,
        )
        if go("buildout")
        else None
    )  # fmt: skip
    value = (
        way("agreement", value_option, case.agreement, case.rack, verdicts, case.calendar) if go("agreement") else None
    )
    # told only: the stages after it have read the designs as they were kept
    told = designs and replace(designs, findings=with_standings(designs.findings, program, "rack.power."))
    return Outcome(program, needs, demand, told, verdicts, plants, plan, built, value)


def _wanted(program: Program, until: str | None) -> Callable[[str], bool]:
    """Which stages run: all that `until` rests on, or all that the program has the sections for."""
    if until is not None:
        missing = [section for section in NEEDS[until] if section not in program.sections]
        if missing:
            raise ProgramError([_missing(program, until, section) for section in missing])
    last = STAGES.index(until) if until else len(STAGES)

    def go(stage: str) -> bool:
        has_all = all(section in program.sections for section in NEEDS[stage])
        if until is None or stage == until:
            return has_all
        return has_all and STAGES.index(stage) < last and stage in _UPSTREAM[until]

    return go


_UPSTREAM: Mapping[str, frozenset[str]] = {
    "roadmap": frozenset(),
    "demand": frozenset({"roadmap"}),
    "rack": frozenset({"roadmap", "demand"}),
    "evaluation": frozenset({"roadmap", "demand", "rack"}),
    "plant": frozenset({"roadmap", "demand", "rack"}),
    "plan": frozenset({"roadmap", "demand", "rack", "evaluation", "plant"}),
    "buildout": frozenset({"roadmap", "demand", "rack", "evaluation", "plant", "plan"}),
    "agreement": frozenset({"roadmap", "demand", "rack", "evaluation"}),
}


def _missing(program: Program, stage: str, section: str) -> Problem:
    file = program.files[0] if program.files else "<program>"
    return Problem(file, 0, section, "nothing", f"a section {section}:, which {stage} reads")


class _Way:
    """Calls stages, through the cache."""

    def __init__(self, cache: Cache, progress: Progress) -> None:
        self.cache = cache
        self.progress = progress
        self.digests: dict[int, str] = {}

    def __call__(
        self, stage: str, function: Callable[..., Result], *inputs: Any, files: list[Path] | None = None
    ) -> Result:
        self.progress.step(stage)
        print_ = [self._fingerprint(item) for item in inputs]
        data = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files or [] if path.is_file()]
        key = hashlib.sha256(json.dumps([stage, code_hash(stage), print_, data]).encode()).hexdigest()
        kept = self.cache.get(key)
        if kept is not None:
            try:
                result: Result = decode(get_type_hints(function)["return"], kept)
            except (KeyError, TypeError, ValueError, AttributeError):
                kept = None
        if kept is None:
            result = function(*inputs, progress=self.progress)
            kept = encode(result)
            self.cache.put(key, kept)
        self.digests[id(result)] = digest_of(kept)
        return result

    def _fingerprint(self, item: Any) -> Any:
        if id(item) in self.digests:
            return self.digests[id(item)]
        if isinstance(item, BaseModel):
            return {name: self._fingerprint(getattr(item, name)) for name in type(item).model_fields}
        if isinstance(item, Mapping):
            return [[str(key), self._fingerprint(value)] for key, value in item.items()]
        if isinstance(item, tuple | list):
            return [self._fingerprint(value) for value in item]
        if isinstance(item, np.ndarray):
            return hashlib.sha256(np.ascontiguousarray(item).tobytes()).hexdigest()
        if isinstance(item, Calendar):
            return [item.start.isoformat(), item.weeks]
        if item is None or isinstance(item, str | int | float | bool):
            return item
        return digest_of(encode(item))


@once
def code_hash(stage: str) -> str:
    """Hash of the stage's own code and of everything below the stages."""
    home = Path(__file__).parent
    others = {name for name in STAGES if name != stage} | {"report", "studio", "study", "store", "cli", "catalogue"}
    total = hashlib.sha256()
    for path in sorted(home.rglob("*.py")):
        top = path.relative_to(home).parts[0].removesuffix(".py")
        if top not in others:
            total.update(path.read_bytes())
    return total.hexdigest()


def write_plan_model(program: Program, place: Path) -> None:
    """Write the plan's linear program with names, as `.mps` or `.lp`.

    Raises
    ------
    ProgramError
        When a section that the plan needs is missing.
    EngineError
        When HiGHS cannot write it.
    """
    from rackwright.plan import write_model

    write_model(plan_question(run(program, until="plan")), place)


def plan_question(outcome: Outcome) -> Question:
    """What the plan of an outcome was asked."""
    case = outcome.program.case()
    assert outcome.demand is not None
    assert outcome.rack is not None
    assert outcome.plant is not None
    assert case.plan is not None
    assert case.buildout is not None
    return Question(
        case.plan,
        outcome.demand,
        case.rack,
        outcome.rack,
        outcome.evaluation,
        outcome.plant,
        case.plant,
        case.buildout,
        case.agreement.option.terms() if case.agreement else None,
        case.calendar,
    )
