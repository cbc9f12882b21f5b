"""How the roadmap becomes racks: the stock that must be live each week, and the deliveries that this asks for.

Each week, work that shrank gives racks back (the oldest first). Work that grew takes racks that are free (the newest
first), contract before forecast, and only then wants new ones: of the newest eligible generation that is in volume.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rackwright.program.calendar import Calendar
from rackwright.program.sections.demand import Demand
from rackwright.program.sections.rack import Rack
from rackwright.progress import SILENT, Progress
from rackwright.roadmap import ModelNeeds, Work
from rackwright.tables import Column, Headline, StageResult, Table, TableSpec, Trace

COMMITMENTS = ("contract", "forecast")
LIVE = TableSpec(
    "demand.live",
    "racks that must be live, by week, work and generation; rows of zero left out",
    (
        Column("week", "ISO week", type="week"),
        Column("work", "training run, serving load or other", type="text"),
        Column("generation", "of rack", type="text"),
        Column("racks", "racks at work", "rack"),
    ),
)
WANTED = TableSpec(
    "demand.wanted",
    "deliveries wanted, spares included, by week; rows of zero left out",
    (
        Column("week", "ISO week", type="week"),
        Column("generation", "of rack", type="text"),
        Column("commitment", "contract or forecast", type="text"),
        Column("racks", "racks wanted this week", "rack"),
    ),
)
RECONCILIATION = TableSpec(
    "demand.reconciliation",
    "what the roadmap explains and what it does not, in the week of the highest demand and over the horizon",
    (
        Column("part", "roadmap training, roadmap serving, other, total", type="text"),
        Column("racks_peak", "racks at work in the peak week", "rack"),
        Column("power_peak_w", "the same times declared power", "W", shown="GW"),
        Column("rack_weeks", "racks x weeks over the horizon", "rack*week"),
        Column("share", "of all rack-weeks", "", shown="%"),
    ),
)
TABLES: tuple[TableSpec, ...] = (LIVE, WANTED, RECONCILIATION)
PEAK = "racks at work in the week of the highest demand, spares left out"
UNEXPLAINED = "rack-weeks of `demand.other` over all rack-weeks at work, over the horizon"
HEADLINES: tuple[tuple[str, str, str], ...] = (
    ("demand.peak_live_racks", "rack", PEAK),
    ("demand.not_explained_by_roadmap", "", UNEXPLAINED),
)


@dataclass(frozen=True, slots=True)
class RackDemand(StageResult):
    """Racks by generation (G), commitment (contract, forecast) and week.

    `required` (G, 2, weeks): racks that must exist live: the opening stock and every delivery wanted so far.
    `wanted` (G, 2, weeks): deliveries wanted in the week, spares included.
    `worth` (G, G): racks of the second that one rack of the first replaces; 0 where it cannot.
    """

    generations: tuple[str, ...] = ()
    commitments: tuple[str, ...] = COMMITMENTS
    required: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2, 0)))
    wanted: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2, 0)))
    worth: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    cluster_racks: dict[str, int] = field(default_factory=dict)
    opening: dict[str, int] = field(default_factory=dict)


def racks_needed(
    demand: Demand,
    needs: ModelNeeds | None,
    racks: dict[str, Rack],
    live_at_start: dict[str, int],
    calendar: Calendar,
    *,
    progress: Progress = SILENT,
) -> RackDemand:
    """Follow the work week by week; see the module's first lines for the rule."""
    generations = tuple(sorted(demand.generations, key=lambda key: racks[key].volume_from_week))
    works = [
        *(_limited(work, generations) for work in (needs.works if needs else ())),
        *_other(demand, racks, generations),
    ]
    opening = [float(live_at_start.get(key, 0)) for key in generations]
    at_work, wanted = _follow(works, generations, racks, opening, demand.spares_share, calendar.weeks)
    clusters = _clusters(works, generations)
    required = np.cumsum(wanted, axis=2)
    required[:, 0, :] += np.array(opening)[:, None]
    return RackDemand(
        tables=_tables(works, generations, racks, at_work, wanted, calendar),
        headlines=tuple(_headlines(works, at_work, demand)),
        traces=_traces(works, demand, at_work, generations, clusters),
        generations=generations,
        required=required,
        wanted=wanted,
        worth=_worth(works, generations, at_work, demand.stand_ins),
        cluster_racks=clusters,
        opening={key: live_at_start.get(key, 0) for key in generations},
    )


def _limited(work: Work, generations: Sequence[str]) -> Work:
    able = tuple(key for key in generations if key in work.racks_per_unit)
    return Work(work.name, work.kind, work.commitment, able, work.unit, work.need, work.racks_per_unit)


def measure(rack: Rack, by: str) -> float:
    """What a rack counts for in `other`: its declared power, or its best declared peak."""
    return rack.declared.power_w if by == "power" else max(rack.declared.peak.values())


def _other(demand: Demand, racks: Mapping[str, Rack], generations: Sequence[str]) -> list[Work]:
    if demand.other_racks is None:
        return []
    reference = demand.reference or demand.generations[0]
    size = measure(racks[reference], demand.other_measured_by)
    per_unit = {key: size / measure(racks[key], demand.other_measured_by) for key in generations}
    return [Work("other", "other", demand.other_commitment, tuple(generations), "rack", demand.other_racks, per_unit)]


def _newest_in_volume(able: Sequence[int], generations: Sequence[str], racks: Mapping[str, Rack], week: int) -> int:
    """The newest generation that may be built this week; before any may, the first to come; after all, the newest."""

    def open_now(number: int) -> bool:
        rack = racks[generations[number]]
        return rack.volume_from_week <= week and (rack.volume_until_week is None or week <= rack.volume_until_week)

    now = [number for number in able if open_now(number)]
    if now:
        return now[-1]
    coming = [number for number in able if racks[generations[number]].volume_from_week > week]
    return coming[0] if coming else able[-1]


def _follow(
    works: Sequence[Work],
    generations: Sequence[str],
    racks: Mapping[str, Rack],
    opening: Sequence[float],
    spares_share: float,
    weeks: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Racks at work (works, G, weeks) and deliveries wanted (G, 2, weeks)."""
    count = len(generations)
    able = [[number for number, key in enumerate(generations) if key in work.racks_per_unit] for work in works]
    per_unit = [[work.racks_per_unit.get(key, math.inf) for key in generations] for work in works]
    assigned = np.zeros((len(works), count))
    free = np.array(opening, dtype=np.float64)
    at_work = np.zeros((len(works), count, weeks))
    wanted = np.zeros((count, 2, weeks))
    in_order = sorted(range(len(works)), key=lambda index: COMMITMENTS.index(works[index].commitment))
    for week in range(weeks):
        for index, work in enumerate(works):
            surplus = sum(assigned[index, g] / per_unit[index][g] for g in able[index]) - work.need[week]
            for g in able[index]:  # the oldest go first
                back = min(assigned[index, g], max(surplus, 0.0) * per_unit[index][g])
                assigned[index, g] -= back
                free[g] += back
                surplus -= back / per_unit[index][g]
        for index in in_order:
            if not able[index]:
                continue
            work = works[index]
            short = work.need[week] - sum(assigned[index, g] / per_unit[index][g] for g in able[index])
            for g in reversed(able[index]):
                taken = min(free[g], max(short, 0.0) * per_unit[index][g])
                free[g] -= taken
                assigned[index, g] += taken
                short -= taken / per_unit[index][g]
            if short > 1e-12 * max(work.need[week], 1e-300):
                g = _newest_in_volume(able[index], generations, racks, week)
                new = short * per_unit[index][g]
                assigned[index, g] += new
                wanted[g, COMMITMENTS.index(work.commitment), week] += new * (1.0 + spares_share)
        at_work[:, :, week] = assigned
    return at_work, wanted


def _worth(
    works: Sequence[Work],
    generations: Sequence[str],
    at_work: NDArray[np.float64],
    stand_ins: Mapping[str, Sequence[str]],
) -> NDArray[np.float64]:
    """Racks of g that one declared stand-in h replaces: the mean over the works that g is wanted for, by its rack-weeks.

    A work that h cannot do counts with nothing. Before g is wanted for anything, the works it could do count alike.
    """
    worth = np.eye(len(generations))
    for column, g in enumerate(generations):
        able = [number for number, work in enumerate(works) if g in work.racks_per_unit]
        weights = at_work[able, column, :].sum(axis=1)
        weights = weights if weights.sum() > 0 else np.ones(len(able))
        for row, h in enumerate(generations):
            if row != column and h in stand_ins.get(g, ()) and able:
                ratios = [
                    works[number].racks_per_unit[g] / works[number].racks_per_unit.get(h, math.inf) for number in able
                ]
                worth[row, column] = float(np.average(ratios, weights=weights))
    return worth


def _clusters(works: Sequence[Work], generations: Sequence[str]) -> dict[str, int]:
    """Racks of the largest training run on each generation that can do it; at least one."""
    runs = [work for work in works if work.kind == "training" and work.need.size]
    return {
        key: max(1, math.ceil(max(float(work.need.max()) * work.racks_per_unit[key] for work in able) - 1e-9))
        for key in generations
        if (able := [work for work in runs if key in work.racks_per_unit and work.need.max() > 0])
    }


def _tables(
    works: Sequence[Work],
    generations: Sequence[str],
    racks: Mapping[str, Rack],
    at_work: NDArray[np.float64],
    wanted: NDArray[np.float64],
    calendar: Calendar,
) -> tuple[Table, ...]:
    live = [
        (calendar.text(int(week)), works[int(index)].name, generations[int(g)], float(at_work[index, g, week]))
        for index, g, week in np.argwhere(at_work > 1e-9)
    ]
    new = [
        (calendar.text(int(week)), generations[int(g)], COMMITMENTS[int(k)], float(wanted[g, k, week]))
        for g, k, week in np.argwhere(wanted > 1e-9)
    ]
    power = np.array([racks[key].declared.power_w for key in generations])
    total = at_work.sum(axis=(0, 1))
    peak = int(np.argmax(total)) if total.size else 0
    everything = float(at_work.sum())
    parts: list[tuple[str, list[int]]] = [
        (f"roadmap {kind}", [number for number, work in enumerate(works) if work.kind == kind])
        for kind in ("training", "serving")
    ]
    parts.append(("other", [number for number, work in enumerate(works) if work.kind == "other"]))
    parts.append(("total", list(range(len(works)))))
    rows = [
        (
            name,
            float(at_work[chosen, :, peak].sum()),
            float((at_work[chosen, :, peak].sum(axis=0) * power).sum()),
            float(at_work[chosen].sum()),
            float(at_work[chosen].sum()) / everything if everything else 0.0,
        )
        for name, chosen in parts
    ]
    return LIVE.table(live), WANTED.table(new), RECONCILIATION.table(rows)


def _headlines(works: Sequence[Work], at_work: NDArray[np.float64], demand: Demand) -> tuple[Headline, ...]:
    other = [number for number, work in enumerate(works) if work.kind == "other"]
    everything = float(at_work.sum())
    share = float(at_work[other].sum()) / everything if everything else 0.0
    peak = float(at_work.sum(axis=(0, 1)).max(initial=0.0))
    return (
        Headline("demand.peak_live_racks", peak, "rack", PEAK, ("demand.at_work",)),
        Headline("demand.not_explained_by_roadmap", share, "", UNEXPLAINED, ("demand.at_work",)),
    )


def _traces(
    works: Sequence[Work],
    demand: Demand,
    at_work: NDArray[np.float64],
    generations: Sequence[str],
    clusters: Mapping[str, int],
) -> tuple[Trace, ...]:
    inputs = [f"roadmap.{work.name}.racks" for work in works if work.kind != "other"]
    inputs += ["demand.generations", "buildout.sites.*", *(f"rack.{key}.volume_from" for key in generations)]
    if demand.other_racks is not None:
        field_name = "power" if demand.other_measured_by == "power" else "peak.*"
        inputs += ["demand.other.*", *(f"rack.{key}.declared.{field_name}" for key in generations)]
    formula = "each week: shrinking work frees racks, growing work takes free ones, then wants the newest in volume"
    total = float(at_work.sum(axis=(0, 1)).max(initial=0.0))
    runs = tuple(f"roadmap.{work.name}.racks" for work in works if work.kind == "training")
    of_cluster = "racks of the largest single training run that the generation can do, rounded up"
    return (
        Trace("demand.at_work", total, "rack", formula, tuple(inputs)),
        Trace(
            "demand.required",
            None,
            "rack",
            "opening stock + deliveries wanted so far x (1 + spares)",
            ("demand.at_work", "demand.spares"),
        ),
        *(
            Trace(f"demand.cluster_racks.{key}", float(count), "rack", of_cluster, runs)
            for key, count in clusters.items()
        ),
    )
