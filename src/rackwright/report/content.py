"""What the HTML report carries: sentences, chart series, pictures, tables in readers' units, reasons, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rackwright
from rackwright.outcome import Outcome
from rackwright.plan import WeeklyPlan
from rackwright.program.load import compare_figures
from rackwright.rack import drawings_of
from rackwright.report.envelope import plain
from rackwright.report.explain import Reason, graph
from rackwright.report.page import ranges, say_headline
from rackwright.report.story import sentences
from rackwright.tables import Column, Finding, Headline, Table
from rackwright.units import convert, say_in

MOST_ROWS = 3000
MW = 1e-6


def content(outcome: Outcome) -> dict[str, Any]:
    """The whole document; every number in the unit that its column shows, null for absent."""
    return {
        "meta": _meta(outcome),
        "story": [{"title": item.title, "text": item.text} for item in sentences(outcome)],
        "timeline": _timeline(outcome),
        "deliveries": _deliveries(outcome),
        "build": _build(outcome.plan),
        "plants": _plants(outcome),
        "power": _power(outcome),
        "money": _money(outcome),
        "option": _option(outcome),
        "generations": _generations(outcome),
        "headlines": [_headline(item) for item in outcome.headlines.values()],
        "findings": [_finding(item) for item in outcome.findings],
        "reasons": {key: _reason(reason) for key, reason in graph(outcome).items()},
        "tables": {name: _table(table) for name, table in outcome.tables.items()},
        "statuses": _statuses(outcome),
        "assumed": _assumed(outcome),
        "sources": _sources(outcome),
    }


def _meta(outcome: Outcome) -> dict[str, Any]:
    program, plan = outcome.program, outcome.plan
    return {
        "program": program.name,
        "version": rackwright.__version__,
        "sha256": program.sha256,
        "weeks": list(program.calendar.names),
        "price_year": program.price_year,
        "seed": program.seed,
        "solver": plan.solver if plan else "no plan",
        "status": plan.status if plan else "",
        "gap": f"gap {plan.gap:.2%}" if plan else "",
        "boundary": outcome.buildout.boundary if outcome.buildout else "",
    }


def _headline(item: Headline) -> dict[str, str]:
    return {"name": item.name, "value": say_headline(item), "definition": item.definition}


def _finding(item: Finding) -> dict[str, str]:
    def said(value: float | None) -> str:
        return "" if value is None else say_in(value, item.unit)

    return {
        "rule": item.rule,
        "subject": item.subject,
        "outcome": item.outcome,
        "value": said(item.value),
        "limit": said(item.limit),
        "severity": item.severity,
        "standing": item.standing,
        "source": item.source,
        "text": item.text,
    }


def _values(array: Iterable[float]) -> list[float]:
    return [round(float(value), 4) for value in array]


def _series(names: Iterable[str], rows: NDArray[np.float64]) -> list[dict[str, Any]]:
    return [{"name": name, "values": _values(row)} for name, row in zip(names, rows, strict=True) if np.any(row > 1e-6)]


def _names(outcome: Outcome, generations: Iterable[str]) -> list[str]:
    racks = outcome.program.case().rack
    return [racks[generation].name or generation for generation in generations]


def _deliveries(outcome: Outcome) -> dict[str, Any] | None:
    plan = outcome.plan
    if plan is None:
        return None
    return {
        "required": _series(plan.generations, plan.required.sum(axis=1)),
        "live": _series(plan.generations, plan.live.sum(axis=1)),
        "late": _series(plan.generations, plan.late.sum(axis=1)),
        "reconciliation": _reconciliation(outcome),
    }


def _reconciliation(outcome: Outcome) -> str:
    """What the roadmap explains of the demand, and how the target's gigawatts read as racks."""
    table = outcome.tables.get("demand.reconciliation")
    buildout = outcome.program.case().buildout
    if table is None or buildout is None:
        return ""
    rows = {row["part"]: row for row in table.rows()}
    total, other = rows["total"], rows["other"]
    target_w = buildout.target.power_w
    text = (
        f"In the week of the highest demand {round(total['racks_peak']):,} racks are at work, "
        f"{round(total['racks_peak'] - other['racks_peak']):,} of them for the roadmap and {round(other['racks_peak']):,} for work "
        f"that it does not name; together {say_in(total['power_peak_w'], 'W')} of declared rack power."
    )
    published = next((item for item in compare_figures() if item.path == "compare.racks_per_gw"), None)
    if published is None or published.value is None or not total["racks_peak"]:
        return text
    mean_w = total["power_peak_w"] / total["racks_peak"]
    return (
        f"{text} By the published {round(published.value * 1e9):,} racks a gigawatt ({published.source}) the target of "
        f"{say_in(target_w, 'W')} is {round(published.value * target_w):,} racks of the GB200 class; racks of this program draw "
        f"{say_in(mean_w, 'W')} on average, so the same power is fewer racks."
    )


def _build(plan: WeeklyPlan | None) -> list[dict[str, Any]] | None:
    return None if plan is None else _series(plan.generations, plan.built.sum(axis=1))


def _plants(outcome: Outcome) -> dict[str, Any] | None:
    """Load of each resource: what the plan uses of what is available, week by week."""
    plan = outcome.plan
    if plan is None or not plan.resources:
        return None
    return {
        "rows": [f"{item.plant} {item.name}" for item in plan.resources],
        "load": [
            [
                round(used / there, 3) if there > 0 else None
                for used, there in zip(item.used, item.available, strict=True)
            ]
            for item in plan.resources
        ],
    }


def _power(outcome: Outcome) -> dict[str, Any] | None:
    plan, buildout = outcome.plan, outcome.program.case().buildout
    if plan is None or buildout is None or outcome.buildout is None:
        return None
    energised = sum((site.energised_w for site in buildout.sites.values()), np.zeros(outcome.program.calendar.weeks))
    return {
        "sites": _series(outcome.buildout.sites, outcome.buildout.live_w * MW),
        "energised": _values(energised * MW),
        "target": buildout.target.power_w * MW,
    }


def _money(outcome: Outcome) -> dict[str, Any] | None:
    """The build-out's money by year with the budget as a mean per year, and the plan's own cost."""
    plan, buildout = outcome.plan, outcome.buildout
    if plan is None or buildout is None:
        return None
    calendar = outcome.program.calendar
    of_year = np.array([plan.years.index(calendar.year(week)) for week in range(calendar.weeks)])
    by_year = np.zeros((len(buildout.categories), len(plan.years)))
    for row, weekly in enumerate(buildout.capex_usd):
        np.add.at(by_year[row], of_year, weekly)
    return {
        "years": [str(year) for year in plan.years],
        "categories": _series(buildout.categories, by_year * 1e-9),
        "plan": _series(plan.categories, plan.cost_usd * 1e-9),
        "total": f"{say_in(float(by_year.sum()), 'USD')} over the horizon, of a budget of {say_in(buildout.budget_usd, 'USD')}",
    }


def _option(outcome: Outcome) -> dict[str, Any] | None:
    value = outcome.agreement
    if value is None:
        return None
    calendar = outcome.program.calendar
    return {
        "windows": [calendar.text(week) for week in value.windows],
        "boundary": [plain(float(item)) for item in value.boundary],
        "probability": [plain(float(item)) for item in value.probability],
        "sentences": list(value.sentences),
    }


def _timeline(outcome: Outcome) -> list[dict[str, Any]]:
    """Sample racks, verdict, gate, window of volume, first and last week built: one lane per generation."""
    case = outcome.program.case()
    return [
        _lane(outcome, generation, name) for generation, name in zip(case.rack, _names(outcome, case.rack), strict=True)
    ]


def _lane(outcome: Outcome, generation: str, name: str) -> dict[str, Any]:
    case = outcome.program.case()
    calendar, rack = case.calendar, case.rack[generation]
    last = calendar.weeks if rack.volume_until_week is None else rack.volume_until_week + 1
    bars = [_bar("window", rack.volume_from_week, last, f"may be built from {calendar.text(rack.volume_from_week)}")]
    marks: list[dict[str, Any]] = []
    evaluation = case.evaluation.get(generation)
    if evaluation is not None:
        first, due = calendar.text(evaluation.from_week), calendar.text(evaluation.until_week)
        bars.append(
            _bar(
                "samples",
                evaluation.from_week,
                evaluation.until_week + 1,
                f"{evaluation.sample_racks} sample racks {first} to {due}",
            )
        )
    if outcome.evaluation is not None and generation in outcome.evaluation.verdict:
        gate = outcome.evaluation.gate_week[generation]
        verdict = outcome.evaluation.verdict[generation]
        if evaluation is not None:
            marks.append({"kind": "verdict", "at": evaluation.until_week, "label": f"verdict {verdict}"})
        label = f"gate opens {calendar.text(gate)}" if gate < calendar.weeks else "gate stays closed"
        marks.append({"kind": "gate", "at": gate, "label": label})
    plan = outcome.plan
    if plan is not None and generation in plan.generations:
        built = plan.built[plan.generations.index(generation)].sum(axis=0)
        weeks = np.flatnonzero(built > 1e-3)
        if weeks.size:
            start, end = int(weeks[0]), int(weeks[-1])
            text = f"{round(float(built.sum())):,} racks built {calendar.text(start)} to {calendar.text(end)}"
            bars.append(_bar("built", start, end + 1, text))
    return {"generation": generation, "name": name, "bars": bars, "marks": marks}


def _bar(kind: str, start: int, end: int, label: str) -> dict[str, Any]:
    return {"kind": kind, "from": start, "until": end, "label": label}


def _generations(outcome: Outcome) -> list[dict[str, Any]]:
    if outcome.rack is None:
        return []
    names = _names(outcome, outcome.program.case().rack)
    found = []
    for design, name in zip(outcome.rack.designs, names, strict=True):
        prefix = f"rack.{design.generation}."
        found.append(
            {
                "key": design.generation,
                "name": name,
                "pictures": [{"title": title, "svg": svg} for title, svg in drawings_of(design).items()],
                "headlines": [_headline(item) for key, item in outcome.headlines.items() if key.startswith(prefix)],
                "findings": [
                    _finding(item) for item in outcome.rack.findings if item.subject.split()[0] == design.generation
                ],
                "tables": [],
            }
        )
    return found


def _reason(reason: Reason) -> list[Any]:
    """[value, because, below]: below are names to look up, or leaves [name, value, because]."""
    leaves = [item.key if not item.because else [item.key, item.value, item.because] for item in reason.below]
    return [reason.value, reason.because, leaves]


def _table(table: Table) -> dict[str, Any]:
    columns = table.spec.columns
    rows = [
        [_cell(value, column) for value, column in zip(row, columns, strict=True)]
        for row in table.frame.head(MOST_ROWS).iter_rows()
    ]
    return {
        "meaning": table.spec.meaning,
        "columns": [
            {"name": column.name, "unit": column.shown or column.unit, "type": column.type, "meaning": column.meaning}
            for column in columns
        ],
        "rows": rows,
        "cut": max(0, table.frame.height - MOST_ROWS),
    }


def _cell(value: Any, column: Column) -> Any:
    if isinstance(value, float):
        shown = convert(value, column.unit, column.shown) if column.shown and column.shown != column.unit else value
        return plain(float(f"{shown:.6g}"))
    return value


def _statuses(outcome: Outcome) -> list[dict[str, Any]]:
    counts = Counter(figure.status for figure in outcome.program.figures if not figure.path.startswith("catalogue."))
    return [{"status": status, "count": counts[status]} for status in ("given", "published", "estimate", "assumed")]


def _assumed(outcome: Outcome) -> list[dict[str, str]]:
    """Assumed values of the program, ranges taken at their mode, and pipelines that the program does not state."""
    own = [figure for figure in outcome.program.figures if not figure.path.startswith("catalogue.")]
    rows = [
        {
            "path": figure.path,
            "text": figure.text,
            "note": figure.note or figure.place,
            "place": f"{figure.file}:{figure.line}",
        }
        for figure in own
        if figure.status == "assumed"
    ]
    rows += [
        {
            "path": item.path,
            "text": item.text,
            "note": "a range: taken at its mode",
            "place": f"{item.file}:{item.line}",
        }
        for item in ranges(outcome)
    ]
    for offer in outcome.plan.assumed_pipeline if outcome.plan else ():
        supplier, family = offer.split(":", 1)
        note = f"not stated: taken as filled at {supplier}'s cap for its lead time"
        rows.append({"path": f"plan.start.on_order.{family}", "text": "absent", "note": note, "place": ""})
    return rows


def _sources(outcome: Outcome) -> list[dict[str, Any]]:
    uses: Counter[str] = Counter()
    for figure in outcome.program.figures:
        uses.update(part.strip() for part in figure.source.split(",") if part.strip())
    known: Mapping[str, Mapping[str, str]] = outcome.program.sources
    return [
        {
            "id": key,
            "title": known[key].get("title", ""),
            "place": known[key].get("url", known[key].get("place", "")),
            "uses": uses[key],
        }
        for key in sorted(known)
        if uses[key]
    ]
