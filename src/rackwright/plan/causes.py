"""Why racks are late, in words: what the next rack of a late week would need, and who holds it.

Level 1's prices add up along the way of a rack: what one more rack, live in a week, takes off the lateness is paid for
by the parts, the plant, the right of the option and the power that it needs. The dearest of them is the cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from rackwright.plan.model import Model
from rackwright.plan.question import MEGA, OPEN_MARKET, Numbers, Question, gate_of, whole_weeks
from rackwright.plan.result import Array, LateCause
from rackwright.plan.solve import Answer
from rackwright.program.calendar import Calendar
from rackwright.units import three_figures

Item = TypeVar("Item")
#: Prices this near to each other, against their size, are the same.
SAME_SHARE = 1e-6
#: Fewer late racks than this are rounding of the solver.
LATE_RACKS = 1e-3
#: A limit: its key, program path, owner, and the text that follows "because".
Blame = tuple[str, str, str, str]
#: What the next rack pays for a limit, in level 1's unit.
Share = tuple[float, Blame]


def late_causes(q: Question, n: Numbers, model: Model, answer: Answer, late: Array) -> Iterator[LateCause]:
    """The cause of the first late week of each generation in each half-year; `late` is (G, 2, weeks)."""
    total = late.sum(axis=1)
    for week in range(len(n.weeks)):
        for row, generation in enumerate(n.generations):
            if total[row, week] > LATE_RACKS and _first_of_half(q.calendar, total[row], week):
                (key, path, owner, text), share = _cause(q, n, model, answer, row, week)
                yield LateCause(week, generation, float(total[row, week]), key, path, owner, share, text)


def _count(pieces: float) -> str:
    return f"{round(pieces):,}" if pieces < 1e4 else three_figures(pieces)


def _first_of_half(calendar: Calendar, late: Array, week: int) -> bool:
    half = calendar.half_year(week)
    before = week - 1
    while before >= 0 and calendar.half_year(before) == half:
        if late[before] > LATE_RACKS:
            return False
        before -= 1
    return True


def _cause(q: Question, n: Numbers, model: Model, answer: Answer, row: int, week: int) -> tuple[Blame, float]:
    finish = week - n.freight
    if finish < n.first[row]:
        return _closed(q, n, row), 1.0
    if not n.may_build[row, :, finish].any():
        return _ended(q, n, row), 1.0
    shares = [item for item in _shares(q, n, model, answer, row, finish, week) if item[0] > 0]
    if not shares:
        return ("time", "plan.build_weeks", q.plan.owner or "the planner", "no time is left to build it"), 1.0
    value, blame = _first_of_least(shares, lambda item: -item[0])
    return blame, value / sum(item[0] for item in shares)


def _closed(q: Question, n: Numbers, row: int) -> Blame:
    """The generation may not be built yet."""
    name = n.generations[row]
    rack, gate = q.racks[name], gate_of(q, name)
    first = q.calendar.text(int(n.first[row]))
    if gate > max(rack.volume_from_week, n.build_weeks):
        opens = f"opens in {q.calendar.text(gate)}" if gate < len(n.weeks) else "stays closed"
        return (
            f"gate.{name}",
            f"evaluation.{name}",
            rack.owner or "the evaluation",
            f"the evaluation's gate of {name} {opens}",
        )
    if rack.volume_from_week >= n.build_weeks:
        return (
            f"volume.{name}",
            f"rack.{name}.volume_from",
            rack.owner or rack.maker or name,
            f"{name} is in volume from {first}",
        )
    return "time", "plan.build_weeks", q.plan.owner or "the planner", f"parts used at the start are racks in {first}"


def _ended(q: Question, n: Numbers, row: int) -> Blame:
    name = n.generations[row]
    until = q.racks[name].volume_until_week
    last = f"ends in {q.calendar.text(until)}" if until is not None else "has no plant that may build it"
    return f"volume.{name}", f"rack.{name}.volume_until", q.racks[name].owner or name, f"volume of {name} {last}"


def _shares(q: Question, n: Numbers, model: Model, answer: Answer, row: int, finish: int, week: int) -> Iterator[Share]:
    """What the next rack, finished in one week and live in another, pays for each thing that it needs."""
    yield from _parts(q, n, model, answer, row, finish)
    yield from _plant(q, n, model, answer, row, finish)
    yield from _power(q, n, model, answer, row, week)
    yield from _right(q, n, model, answer, row, week)


def _parts(q: Question, n: Numbers, model: Model, answer: Answer, row: int, finish: int) -> Iterator[Share]:
    week = max(finish - n.build_weeks, 0)
    for number, family in enumerate(n.families):
        if n.use[number, row] > 0:
            worth = n.use[number, row] * -float(answer.price[model.rows("part")[number, week]])
            yield worth, _part_blame(q, n, family, number, week)


def _part_blame(q: Question, n: Numbers, family: str, number: int, week: int) -> Blame:
    offers = [item for item in n.offers if item.family == family and item.supplier != OPEN_MARKET]
    owner = offers[0].owner if offers else q.plan.owner or "the planner"
    open_now = [item for item in offers if item.open[week]]
    if not open_now:
        arrive = _count(float(n.on_order[number, : week + 1].sum() + n.opening_stock[number]))
        lead = min((item.lead for item in offers), default=0)
        text = f"{arrive} pieces of {family} were in stock or on the way by then, and a new order takes {lead} weeks"
        return f"on_order.{family}", f"plan.start.on_order.{family}", owner, text
    chosen = max(open_now, key=lambda item: item.cap[week])
    inside = ", also inside its lead, where nothing on the way is declared" if week < chosen.lead else ""
    text = f"{chosen.supplier} delivers at most {_count(float(chosen.cap[week]))} {family} a week{inside}"
    path = f"plan.suppliers.{chosen.supplier}.parts.{family}.cap"
    return f"supplier.{chosen.supplier}.{family}", path, chosen.owner, text


def _plant(q: Question, n: Numbers, model: Model, answer: Answer, row: int, finish: int) -> Iterator[Share]:
    """Of the plants that may build it, the one where the rack pays least."""
    plants: dict[str, list[Share]] = {name: [] for p, name in enumerate(n.plants) if n.may_build[row, p, finish]}
    for number, item in enumerate(n.resources):
        if item.plant in plants:
            worth = n.resource_use[number, row] * -float(answer.price[model.rows("plant")[number, finish]])
            there = f"{three_figures(float(n.available[number, finish]))} {n.unit[number]}"
            text = f"{item.name} at {item.plant} is full ({there} before expansions)"
            owner = q.plants[item.plant].owner or q.plan.owner or item.plant
            path = {"burn_in": "burn_in.places", "test_power": "burn_in.power", "crew": "crew"}.get(
                item.name, f"stations.{item.name}.places"
            )
            blame = (f"plant.{item.plant}.{item.name}", f"plant.{item.plant}.{path}", owner, text)
            plants[item.plant].append((worth, blame))
    if plants:
        yield from _first_of_least(list(plants.values()), lambda shares: sum(share for share, _ in shares))


def _power(q: Question, n: Numbers, model: Model, answer: Answer, row: int, week: int) -> Iterator[Share]:
    """Of the sites, the one where the rack pays least for power."""
    found: list[Share] = []
    for number, name in enumerate(n.sites):
        worth = n.facility_w[row, number] / MEGA * -float(answer.price[model.rows("energised")[number, week]])
        power = three_figures(float(n.energised_w[:, week].sum()) / MEGA)
        owner = q.buildout.sites[name].owner or q.buildout.owner or name
        text = f"all {power} MW energised at the sites are taken"
        found.append((worth, (f"site.{name}", f"buildout.sites.{name}.energised", owner, text)))
    if found:
        yield _first_of_least(found, lambda item: item[0])


def _first_of_least(items: Sequence[Item], value: Callable[[Item], float]) -> Item:
    """The first whose value is the least but for rounding, so that equals are told in the program's order."""
    least = min(value(item) for item in items)
    near = least + SAME_SHARE * (abs(least) + 1.0)
    return next(item for item in items if value(item) <= near)


def _right(q: Question, n: Numbers, model: Model, answer: Answer, row: int, week: int) -> Iterator[Share]:
    if row != n.option_row or q.option is None:
        return
    worth = -float(answer.price[model.rows("right")[week]])
    first = int(n.windows[0]) if n.windows.size else len(n.weeks)
    ready = q.calendar.text(first + whole_weeks(q.option.lead_weeks))
    each = f", {_count(n.per_window)} at a window" if np.isfinite(n.per_window) else ""
    most = f"at most {_count(n.option_cap)} in all{each}"
    text = f"racks beyond the contract need rights of the option, which deliver from {ready}, {most}"
    yield worth, (f"option.{q.option.of}", "agreement.option", "the option's holder", text)


def sentence(cause: LateCause, week: str) -> str:
    """The cause as a sentence for readers."""
    count = int(np.ceil(cause.racks - LATE_RACKS))
    return (
        f"{week}: {count:,} racks of {cause.generation} are late because {cause.text}; the move is with {cause.owner}."
    )
