"""The program's levers as steps with a price, each a change of the plan's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from rackwright.plan.question import Numbers, Offered, Question, whole_weeks
from rackwright.program.sections.levers import Levers

#: Numbers and extra modules (expansions, Q) -> the same with a lever pulled.
Change = Callable[[Numbers], Numbers]


@dataclass(frozen=True, slots=True)
class Step:
    """One extent of a lever: what is done in words, its price, and what it does to the plan's numbers."""

    text: str
    price_usd: float
    change: Change
    #: Modules that it orders: expansion's row, quarter and count.
    modules: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Lever:
    """A lever of the program: its steps grow in extent and price; one of them may be taken."""

    kind: str
    name: str
    owner: str
    steps: tuple[Step, ...]

    @property
    def path(self) -> str:
        """Where the program declares it."""
        return f"plan.levers.{self.kind}.{self.name}"


def levers_of(q: Question, n: Numbers) -> tuple[Lever, ...]:
    """Every lever that the program declares and that can do something in this plan."""
    declared = q.plan.levers
    found = (
        *_surges(declared, n),
        *_expedites(declared, n),
        *_overtimes(declared, n),
        *_alternates(declared, n),
        *_dates(declared, n),
        *_modules(declared, n),
    )
    return tuple(lever for lever in found if lever.steps)


def _parts(steps: int) -> Iterator[float]:
    for number in range(1, steps + 1):
        yield number / steps


def _window(n: Numbers, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    at = np.arange(len(n.weeks))
    return (at >= first) & (at <= last)


def _name(n: Numbers, week: int) -> str:
    return n.weeks[min(max(week, 0), len(n.weeks) - 1)]


def _surges(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.surge.items():
        weeks = _window(n, item.from_week, item.until_week)
        rows = [
            row for row, offer in enumerate(n.offers) if (offer.supplier, offer.family) == (item.supplier, item.part)
        ]
        span = f"{_name(n, item.from_week)} to {_name(n, item.until_week)}"
        steps = [
            Step(
                f"reserve {part * item.most_per_week:,.0f} {item.part} a week more at {item.supplier}, {span}",
                part * item.most_per_week * item.price_usd * int(weeks.sum()),
                _surged(rows[0], part * item.most_per_week, weeks),
            )
            for part in _parts(item.steps)
            if rows
        ]
        yield Lever("surge", name, item.owner or item.supplier, tuple(steps))


def _with_offer(n: Numbers, row: int, offer: Offered) -> Numbers:
    return replace(n, offers=(*n.offers[:row], offer, *n.offers[row + 1 :]))


def _surged(row: int, pieces: float, weeks: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Change:
    def change(n: Numbers) -> Numbers:
        offer = n.offers[row]
        cap = offer.cap + np.where(weeks, pieces, 0.0)
        reached = (np.arange(len(n.weeks)) >= offer.lead) | offer.assumed
        return _with_offer(n, row, replace(offer, cap=cap, open=reached & (cap > 0)))

    return change


def _expedites(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.expedite.items():
        rows = [
            row for row, offer in enumerate(n.offers) if (offer.supplier, offer.family) == (item.supplier, item.part)
        ]
        most = min(int(item.most_weeks), n.offers[rows[0]].lead) if rows else 0
        steps = [
            Step(
                f"expedite {item.part} of {item.supplier} by {weeks} week{'s' if weeks > 1 else ''}",
                weeks * item.price_usd,
                _expedited(rows[0], weeks),
            )
            for weeks in range(1, most + 1)
        ]
        yield Lever("expedite", name, item.owner or item.supplier, tuple(steps))


def _expedited(row: int, weeks: int) -> Change:
    def change(n: Numbers) -> Numbers:
        offer = n.offers[row]
        lead = max(offer.lead - weeks, 0)
        reached = (np.arange(len(n.weeks)) >= lead) | offer.assumed
        return _with_offer(n, row, replace(offer, lead=lead, open=reached & (offer.cap > 0)))

    return change


def _overtimes(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.overtime.items():
        weeks = _window(n, item.from_week, item.until_week)
        rows = np.array([resource.plant == item.plant for resource in n.resources], dtype=bool)
        span = f"{_name(n, item.from_week)} to {_name(n, item.until_week)}"
        steps = [
            Step(
                f"work {part * item.most:.0%} overtime at {item.plant}, {span}",
                part * item.price_usd * int(weeks.sum()),
                _longer(rows[:, None] & weeks[None, :], part * item.most),
            )
            for part in _parts(item.steps)
            if rows.any()
        ]
        yield Lever("overtime", name, item.owner or item.plant, tuple(steps))


def _longer(where: np.ndarray[tuple[int, int], np.dtype[np.bool_]], share: float) -> Change:
    def change(n: Numbers) -> Numbers:
        return replace(n, available=n.available * np.where(where, 1.0 + share, 1.0))

    return change


def _alternates(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.alternate.items():
        cap = np.asarray(item.cap_per_week, dtype=np.float64)
        lead = whole_weeks(item.lead_weeks)
        reached = np.arange(len(n.weeks)) >= lead
        offer = Offered(name, item.part, item.owner or name, item.price_usd, lead, cap, reached & (cap > 0), False)
        text = f"qualify {name} for {item.part}, from {_name(n, lead)}"
        known = item.part in n.families
        yield Lever(
            "alternate",
            name,
            item.owner or name,
            (Step(text, item.qualification_usd, _qualified(offer)),) if known and reached.any() else (),
        )


def _qualified(offer: Offered) -> Change:
    def change(n: Numbers) -> Numbers:
        return replace(n, offers=(*n.offers, offer))

    return change


def _dates(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.date.items():
        steps = [
            Step(
                f"agree dates of {item.of} {weeks} week{'s' if weeks > 1 else ''} later",
                weeks * item.price_usd,
                _later(n.generations.index(item.of), weeks),
            )
            for weeks in range(1, int(item.most_weeks) + 1)
            if item.of in n.generations
        ]
        yield Lever("date", name, item.owner or "the customer", tuple(steps))


def _later(row: int, weeks: int) -> Change:
    def change(n: Numbers) -> Numbers:
        required = n.required.copy()
        before = np.maximum(np.arange(len(n.weeks)) - weeks, 0)
        required[row] = required[row][:, before]
        return replace(n, required=required)

    return change


def _modules(declared: Levers, n: Numbers) -> Iterator[Lever]:
    for name, item in declared.expansion.items():
        rows = [row for row, module in enumerate(n.expansions) if (module.name, module.plant) == (item.of, item.at)]
        quarters = np.flatnonzero(n.expansions[rows[0]].quarters) if rows else np.zeros(0)
        steps = [
            Step(
                f"order {count} more {item.of} at {item.at} in {_name(n, int(n.quarters[int(quarters[0])]))}",
                count * (item.price_usd + n.expansions[rows[0]].cost_usd),
                _allowed(rows[0], count),
                (rows[0], int(quarters[0]), count),
            )
            for count in range(1, item.most + 1)
            if rows and quarters.size
        ]
        yield Lever("expansion", name, item.owner or item.at, tuple(steps))


def _allowed(row: int, count: int) -> Change:
    def change(n: Numbers) -> Numbers:
        item = replace(n.expansions[row], most=n.expansions[row].most + count)
        return replace(n, expansions=(*n.expansions[:row], item, *n.expansions[row + 1 :]))

    return change
