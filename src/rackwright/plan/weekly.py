"""Who builds, buys and ships what, when? The stage's one function, and the reasons for its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from rackwright.demand import COMMITMENTS, RackDemand
from rackwright.evaluation import Verdicts
from rackwright.plan import show, specs
from rackwright.plan.branch import Refined
from rackwright.plan.causes import late_causes
from rackwright.plan.compile import Floats, Indexes, values_of
from rackwright.plan.flows import CATEGORIES, Flows, cost_usd, flows_of, loads_of
from rackwright.plan.levels import Levels, fewest_rack_weeks, hold_whole, relief, wanted_from
from rackwright.plan.limits import Limit, limits_of
from rackwright.plan.live import Live
from rackwright.plan.model import KILO_USD, Model, compile_model
from rackwright.plan.question import Numbers, Question, numbers_of
from rackwright.plan.result import Bottleneck, Module, WeeklyPlan
from rackwright.plan.rounding import spent_usd, whole_counts
from rackwright.plan.solve import Answer, Solver
from rackwright.plant import PlantCapacities
from rackwright.program.calendar import Calendar
from rackwright.program.sections.agreement import Terms
from rackwright.program.sections.buildout import Buildout
from rackwright.program.sections.plan import Plan
from rackwright.program.sections.plant import Plant
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.rack import RackDesigns
from rackwright.tables import Finding, Headline, Trace, finding, not_modelled

#: How much more of a bottleneck the proof gives, and for how many the proof is made.
RELIEF_SHARE = 0.05
PROVED = 3
SHOWN_BOTTLENECKS = 20
BLOCKS_OF_MODULES = ("module", "line")


def weekly_plan(
    plan: Plan,
    demand: RackDemand,
    racks: dict[str, Rack],
    designs: RackDesigns,
    verdicts: Verdicts | None,
    capacities: PlantCapacities,
    plants: dict[str, Plant],
    buildout: Buildout,
    option: Terms | None,
    calendar: Calendar,
    previous: WeeklyPlan | None = None,
    *,
    progress: Progress = SILENT,
) -> WeeklyPlan:
    """The plan of least weighted lateness, and of least cost among those; with whole modules and own lines.

    A linear program with weeks, racks and pieces as real numbers; see `docs/stages/plan.md` for every row. Lateness is
    elastic, so there is always a plan; the number of modules is rounded and both levels are solved again.

    Parameters
    ----------
    demand, designs, verdicts, capacities
        Results of the stages before. Without verdicts no gate is closed.
    option
        Deliveries of its generation need rights exercised a lead time before; None leaves all generations free.
    previous
        An earlier plan; of the plans equal in lateness and cost, the one that builds most like it is taken.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum (numbers too far apart, or its time limit).
    """
    q = Question(plan, demand, racks, designs, verdicts, capacities, plants, buildout, option, calendar)
    return plan_of(q, Live(), previous, progress)


def plan_of(
    q: Question,
    live: Live,
    previous: WeeklyPlan | None,
    progress: Progress = SILENT,
    refine: Callable[[Numbers], Refined] | None = None,
) -> WeeklyPlan:
    """The plan of a question, from wherever the live solver stands; the answer does not depend on where that is.

    Whole modules and lines are rounded, or those that `refine` finds, with its bound.

    Raises
    ------
    NoPlan
        When HiGHS finds no optimum.
    """
    progress.step("plan: compile")
    n = numbers_of(q)
    model = compile_model(n)
    solver = live.take(model)
    progress.step("plan: least lateness, then least cost")
    relaxed = live.levels("relaxed", n)
    progress.step("plan: whole modules")
    modules, lines = (values_of(model.columns(name), relaxed.cost.x) for name in BLOCKS_OF_MODULES)
    counts = dict(zip(BLOCKS_OF_MODULES, whole_counts(n, modules, lines), strict=True))
    refined = refine(n) if refine else None
    if refined is not None:
        counts = refined.counts
    hold_whole(solver, model, counts)
    whole = live.levels("whole", n, relaxed)
    limits = limits_of(q, n, model, counts["module"], counts["line"])
    progress.step("plan: what holds it back")
    bottlenecks = tuple(_bottlenecks(solver, n, model, limits, relaxed, whole))
    wanted = None
    if previous is not None:
        progress.step("plan: nearest to the earlier one")
        wanted = wanted_from((previous.generations, previous.plants, previous.weeks), n, previous.built)
    answer = live.near(whole, wanted)
    return _result(q, n, model, limits, relaxed, whole, answer, counts, (modules, lines), bottlenecks, refined)


def write_model(question: Question, place: Path) -> None:
    """Write the linear program (level 1's objective) with the names of its blocks, as `.mps` or `.lp`.

    Raises
    ------
    EngineError
        When HiGHS cannot write it.
    """
    model = compile_model(numbers_of(question))
    Solver(model.arrays).write(place, model.lateness, model.builder)


def _bottlenecks(
    solver: Solver, n: Numbers, model: Model, limits: tuple[Limit, ...], relaxed: Levels, whole: Levels
) -> Iterator[Bottleneck]:
    """Limits with a price, the largest rent first; for the first three the relief is proved by solving again."""
    priced: list[tuple[float, float, Limit, Indexes]] = []
    for limit in limits:
        late, money = show.prices_of(limit, model, relaxed, whole)
        rent, cost = float(late @ limit.available), float(money @ limit.available)
        if rent > 1.0 or cost > 1.0:
            priced.append((rent, cost, limit, np.flatnonzero((late > 0) | (money > 0))))
    priced.sort(key=lambda item: (-item[0], -item[1], item[2].key))
    fewest: dict[bool, float] = {}
    for number, (rent, cost, limit, at) in enumerate(priced[:SHOWN_BOTTLENECKS]):
        saved: tuple[float | None, float | None] = (None, None)
        if number < PROVED and rent > 1.0:
            levels = relaxed if limit.relaxed else whole
            if limit.relaxed not in fewest:
                fewest[limit.relaxed] = fewest_rack_weeks(solver, n, model, levels)
            saved = relief(solver, n, model, levels, fewest[limit.relaxed], limit, RELIEF_SHARE)
        yield Bottleneck(
            key=limit.key,
            kind=limit.kind,
            path=limit.path,
            owner=limit.owner,
            unit=limit.unit,
            first=int(limit.weeks[at[0]]),
            last=int(limit.weeks[at[-1]]),
            lateness_usd=rent,
            cost_usd=cost,
            relief_share=RELIEF_SHARE,
            first_order_usd=RELIEF_SHARE * rent,
            relief_usd=saved[0],
            relief_rack_weeks=saved[1],
        )


def _result(
    q: Question,
    n: Numbers,
    model: Model,
    limits: tuple[Limit, ...],
    relaxed: Levels,
    whole: Levels,
    answer: Answer,
    counts: dict[str, Floats],
    shares: tuple[Floats, Floats],
    bottlenecks: tuple[Bottleneck, ...],
    refined: Refined | None = None,
) -> WeeklyPlan:
    flows = flows_of(n, model, answer.x)
    money = cost_usd(n, model, flows)
    constant = float((n.on_order * n.order_price_usd[:, None]).sum())
    late_lp, late = (levels.lateness.objective * model.usd_per_lateness for levels in (relaxed, whole))
    cost_lp, cost = (levels.cost.objective * KILO_USD + constant for levels in (relaxed, whole))
    if refined is not None:
        late_lp, cost_lp = refined.lateness_bound_usd, refined.cost_bound_usd + constant
    capex = spent_usd(n, n.expansions, counts["module"]) + spent_usd(n, n.lines, counts["line"])
    bare = WeeklyPlan(
        weeks=n.weeks,
        years=n.years,
        generations=n.generations,
        commitments=COMMITMENTS,
        plants=n.plants,
        sites=n.sites,
        families=n.families,
        offers=tuple(f"{item.supplier}:{item.family}" for item in n.offers),
        made_families=tuple(item.name for item in n.lines),
        categories=CATEGORIES,
        required=n.required,
        built=flows.built,
        finished=flows.finished,
        shipped=flows.shipped,
        arrived=flows.arrived,
        live=flows.live,
        waiting=flows.waiting,
        late=flows.late,
        stand_in=flows.stand_in,
        early=flows.early,
        bought=flows.bought,
        on_order=n.on_order,
        made=flows.made,
        stock=flows.stock,
        facility_w=n.facility_w,
        energised_w=n.energised_w,
        cost_usd=money,
        capex_usd=capex,
        capex_limit_usd=n.capex_limit_usd,
        resources=loads_of(n, flows),
        modules=tuple(_modules(n, counts, shares)),
        bottlenecks=bottlenecks,
        late_causes=tuple(late_causes(q, n, model, whole.lateness, flows.late)),
        windows=tuple(int(week) for week in n.windows),
        exercised=flows.exercised,
        assumed_pipeline=tuple(f"{item.supplier}:{item.family}" for item in n.offers if item.assumed),
        lateness_lp_usd=late_lp,
        lateness_usd=late,
        cost_lp_usd=cost_lp,
        total_cost_usd=cost,
        solver="HiGHS",
        status="optimal",
        gap=_gap(late_lp, late) if late > 1.0 else _gap(cost_lp, cost),
    )
    return WeeklyPlan(
        **{name: getattr(bare, name) for name in WeeklyPlan.__dataclass_fields__ if name not in _COMMON},
        tables=show.tables_of(n, model, bare, limits, relaxed, whole, q.calendar),
        findings=tuple(_findings(q, n, bare)),
        headlines=tuple(_headlines(bare)),
        traces=tuple(_traces(q, n, bare)),
    )


_COMMON = ("tables", "findings", "headlines", "traces")


def _gap(bound: float, value: float) -> float:
    """How far the plan with whole modules is from the program's bound, over the larger; never below zero."""
    return max(0.0, value - bound) / max(abs(value), 1.0)


def _modules(n: Numbers, counts: dict[str, Floats], shares: tuple[Floats, Floats]) -> Iterator[Module]:
    for name, items, wanted in zip(BLOCKS_OF_MODULES, (n.expansions, n.lines), shares, strict=True):
        for quarter, start in enumerate(n.quarters):
            for row, item in enumerate(items):
                count, share = float(counts[name][row, quarter]), float(wanted[row, quarter])
                if count > 0 or share > show.SMALL:
                    money = count * item.cost_usd
                    week = int(start)
                    yield Module(item.kind, item.name, item.plant, week, week + item.lead, share, count, money)


def _findings(q: Question, n: Numbers, plan: WeeklyPlan) -> Iterator[Finding]:
    yield from _opening_power(n)
    for row, year in enumerate(plan.years):
        yield finding(
            "plan.capex", str(year), float(plan.capex_usd[row]), float(plan.capex_limit_usd[row]), "USD",
            standing="user", source="plan.capex", text="money spent on modules and own lines in the year",
        )  # fmt: skip
    contract = float(plan.late[:, 0].sum())
    yield finding(
        "plan.late_contract", "all generations", contract, 0.0, "rack*week", standing="user", source="demand",
        text="rack-weeks by which contracted racks are late", severity="warning",
    )  # fmt: skip
    yield from _assumptions(q, n, plan)


def _opening_power(n: Numbers) -> Iterator[Finding]:
    needed_w = (n.facility_w * n.opening_live).sum(axis=0)
    for row, name in enumerate(n.sites):
        if needed_w[row] > 0:
            yield finding(
                "plan.opening_power", name, float(needed_w[row]), float(n.energised_w[row, 0]), "W", standing="user",
                source=f"buildout.sites.{name}.energised", severity="warning",
                text="facility power of the racks live at the start; what does not fit waits for power",
            )  # fmt: skip


def _assumptions(q: Question, n: Numbers, plan: WeeklyPlan) -> Iterator[Finding]:
    if plan.assumed_pipeline:
        text = (
            "nothing on the way is declared for these: arrivals inside the lead are taken as possible, up to the cap: "
            + ", ".join(plan.assumed_pipeline)
        )
        yield not_modelled("plan.assumed_pipeline", f"{len(plan.assumed_pipeline)} offers", text, "plan.start.on_order")
    for row, family in enumerate(n.families):
        declared = q.plan.start.on_order.get(family)
        beyond = 0.0 if declared is None else float(declared.sum() - n.on_order[row].sum())
        if beyond > 0.5:
            text = "declared arrivals after the suppliers' lead time are no orders on the way: the plan buys them anew"
            yield not_modelled("plan.on_order_beyond_lead", family, text, f"plan.start.on_order.{family}")
    for item in n.expansions:
        known = {resource.name for resource in n.resources if resource.plant == item.plant}
        for step in q.plan.expansions[item.name].places:
            if step not in known:
                text = f"{item.plant} has no places for {step}: what the module adds there is of no use"
                yield not_modelled("plan.places_without_station", f"{item.name} {item.plant}", text)


def _headlines(plan: WeeklyPlan) -> Iterator[Headline]:
    weekly = plan.built.sum(axis=(0, 1))
    values: tuple[float | str, ...] = (
        float(weekly.sum()),
        float(weekly.max(initial=0.0)),
        float(plan.late.sum()),
        float(plan.late[:, :, -1:].sum()),
        float(plan.waiting.sum(axis=(0, 1)).max(initial=0.0)),
        _binding(plan),
    )
    for (name, unit, definition), value in zip(specs.HEADLINES, values, strict=True):
        yield Headline(name, value, unit, definition, ("plan.answer",))


def _binding(plan: WeeklyPlan) -> str:
    """The first bottleneck; where racks are late for want of something that there is none of, the first cause."""
    first = plan.bottlenecks[0] if plan.bottlenecks else None
    if plan.late_causes and (first is None or first.lateness_usd <= 1.0):
        return plan.late_causes[0].key
    return first.key if first else "nothing"


def _traces(q: Question, n: Numbers, plan: WeeklyPlan) -> Iterator[Trace]:
    inputs = ["demand.required", "demand.stand_ins.*", "plan.*"]
    for key in n.generations:
        inputs += [f"rack.{key}.{name}" for name in ("power_w", "shared_power_w", "cost_with_shared_usd")]
        inputs += [f"rack.{key}.volume_from", f"rack.{key}.build.*"]
        inputs += [f"rack.{key}.trays.{work.per}.count" for work in q.racks[key].build.values() if work.per != "rack"]
        if q.racks[key].volume_until_week is not None:
            inputs.append(f"rack.{key}.volume_until")
        if q.verdicts is not None and key in q.verdicts.verdict:
            inputs.append(f"evaluation.{key}.verdict")
    inputs += [f"plant.{name}.*" for name in n.plants]
    for name in n.sites:
        inputs += [
            f"buildout.sites.{name}.{field}"
            for field in ("energised", "design_pue", "design_pue_of.*", "live.*", "state")
        ]
    if n.option_row >= 0:
        inputs += [
            f"agreement.option.{field}" for field in ("of", "from", "every", "until", "cap", "per_window", "lead")
        ]
    formula = "least lateness by its weights, then least cost, over all weeks at once"
    formula += f"; {_binding(plan)} holds it back most"
    yield Trace("plan.answer", None, "", formula, tuple(inputs))


__all__ = ["Flows", "weekly_plan", "write_model"]
