"""Assembly tasks of a rack, from its bill: time element x pieces x times per piece, with an allowance.

A task is one element (scan, lift, insert, mate, fasten, route) done to every piece of one line of the bill. Its time is

    seconds = count of the line x times per piece x seconds of the element x (1 + allowance)

so that a line taken out of the bill takes out exactly its tasks, and minutes are linear in counts. Learning, walking
between pieces and two people at one piece are left out; shared parts are put up at the site and take nothing here.
The times are the caller's: each element states its status and source.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rackwright.figures import Status
from rackwright.rack import BillLine
from rackwright.tables import Column, Finding, Table, TableSpec, not_modelled

ElementName = Literal["scan", "lift", "insert", "mate", "fasten", "route"]
#: The order in which the elements are done to one piece: kitting (scan, lift) before insert before mate.
ORDER: tuple[ElementName, ...] = get_args(ElementName)

TASKS = TableSpec(
    "plant.tasks",
    "Assembly tasks of one rack: an element of work done to every piece of a line of its bill.",
    (
        Column("generation", "rack generation", type="text"),
        Column("task", "line of the bill, part and element", type="text"),
        Column("part", "part that is worked at", type="text"),
        Column("element", "scan, lift, insert, mate, fasten or route", type="text"),
        Column("times", "times that the element is done in a rack"),
        Column("element_s", "the element once, without allowance", "s", shown="s"),
        Column("time_s", "the task in a rack, with allowance", "s", shown="min"),
        Column("after", "tasks that must be done before", type="text"),
        Column("status", "standing of the element's time", type="text"),
        Column("source", "source of the element's time", type="text"),
    ),
)
TABLES: tuple[TableSpec, ...] = (TASKS,)


@dataclass(frozen=True, slots=True)
class Element:
    """An element of work: its time once, in seconds, and where that time is from."""

    time_s: float
    status: Status
    source: str

    def __post_init__(self) -> None:
        if not (math.isfinite(self.time_s) and self.time_s >= 0):
            raise ValueError(f"an element's time is {self.time_s}, not a finite number of seconds from 0")


@dataclass(frozen=True, slots=True)
class Task:
    """One element done to every piece of one line of the bill; `after` names the tasks that go before it."""

    name: str
    line: str
    part: str
    element: ElementName
    times: float
    element_s: float
    time_s: float
    after: tuple[str, ...]
    status: Status
    source: str


def rack_tasks(
    bill: Sequence[BillLine],
    elements: Mapping[ElementName, Element],
    work: Mapping[str, Mapping[ElementName, float]],
    *,
    allowance_share: float,
) -> tuple[Task, ...]:
    """The tasks of one rack, in an order that keeps their precedence.

    `work` says how often each element is done to one piece of a kind of part (`{"trays": {"lift": 1, "insert": 1}}`);
    kinds without work take nothing and are told by `without_work`. `allowance_share` is added to every task.
    The parts of a tray are done before the tray is: the tray's first task waits for each of its parts' last ones.

    Raises
    ------
    ValueError
        For an allowance or a number of times that is negative or not finite.
    KeyError
        For work with an element that has no time.
    """
    if not (math.isfinite(allowance_share) and allowance_share >= 0):
        raise ValueError(f"the allowance is {allowance_share}, not a finite share from 0")
    chains = [list(_chain(line, elements, work, allowance_share)) for line in _inner_first(bill)]
    ends = [chain[-1] for chain in chains if chain]
    return tuple(task for chain in chains for task in _with_parts(chain, ends))


def without_work(generation: str, bill: Sequence[BillLine], work: Mapping[str, object]) -> list[Finding]:
    """A finding for each kind of part in the rack whose work nobody gave: its minutes are left out."""
    kinds = sorted({line.kind for line in bill if not line.shared and line.count} - set(work))
    return [not_modelled("plant.tasks.work", generation, f"no work is given for {kind}; left out") for kind in kinds]


def tasks_table(tasks: Mapping[str, Sequence[Task]]) -> Table:
    """The table of the tasks of each generation."""
    return TASKS.table(
        (generation, t.name, t.part, t.element, t.times, t.element_s, t.time_s, ", ".join(t.after), t.status, t.source)
        for generation, row in tasks.items()
        for t in row
    )


def _inner_first(bill: Sequence[BillLine]) -> list[BillLine]:
    return sorted((line for line in bill if not line.shared), key=lambda line: -line.level)


def _chain(
    line: BillLine,
    elements: Mapping[ElementName, Element],
    work: Mapping[str, Mapping[ElementName, float]],
    allowance_share: float,
) -> Iterator[Task]:
    """The tasks of one line, each after the one before it."""
    after: tuple[str, ...] = ()
    per_piece = work.get(line.kind, {})
    for element in ORDER:
        each = per_piece.get(element, 0.0)
        if not (math.isfinite(each) and each >= 0):
            raise ValueError(f"{element} of {line.kind} is done {each} times a piece, not a finite number from 0")
        times = line.count * each
        if not times:
            continue
        once = elements[element]
        name = f"{line.path}.{line.part}.{element}"
        time_s = times * once.time_s * (1 + allowance_share)
        yield Task(name, line.path, line.part, element, times, once.time_s, time_s, after, once.status, once.source)
        after = (name,)


def _with_parts(chain: list[Task], ends: list[Task]) -> Iterator[Task]:
    """The chain, its first task behind the last tasks of the lines inside this line (`trays.x.parts.y` in `trays.x`)."""
    for place, task in enumerate(chain):
        if place:
            yield task
            continue
        inner = tuple(end.name for end in ends if end.line.startswith(f"{task.line}."))
        yield Task(
            task.name,
            task.line,
            task.part,
            task.element,
            task.times,
            task.element_s,
            task.time_s,
            inner,
            task.status,
            task.source,
        )
