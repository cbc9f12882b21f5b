"""Replications of a line: played on an executor, told week by week or in the long run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from rackwright.plant.floor.arrays import SPENT
from rackwright.plant.floor.check import LineError, Problem, check
from rackwright.plant.floor.events import MOST_EVENTS, Played, Standing, play_events
from rackwright.plant.floor.line import WEEK_S, Line
from rackwright.plant.floor.recursion import play_recursion, why_not
from rackwright.plant.floor.statistics import Interval, enough, interval, paired, warm_up
from rackwright.progress import SILENT, Progress

Floats = NDArray[np.float64]
Kind = Literal["terminating", "steady"]
Job, Answer = TypeVar("Job"), TypeVar("Answer")


class Executor(Protocol):
    """Whatever maps a function over jobs: `concurrent.futures` executors do."""

    def map(self, function: Callable[[Any], Any], jobs: Iterable[Any], /) -> Iterable[Any]: ...


@dataclass(frozen=True)
class Work:
    """One replication to be played; plain data, so that it can be sent anywhere."""

    line: Line
    weeks: int
    seed: int
    replication: int
    engine: Literal["events", "recursion"]
    most_events: int


@dataclass(frozen=True)
class Replication:
    """What is kept of one replication.

    good, scrapped: (weeks,) parts that left. inside: (weeks,) mean parts inside. spent_share: (weeks, stations, 6) of
    place-time by `arrays.SPENT`. finish_s, flow_s: of good parts. peak_w: the largest quarter of an hour.
    """

    good: NDArray[np.int64]
    scrapped: NDArray[np.int64]
    inside: Floats
    spent_share: Floats
    finish_s: Floats
    flow_s: Floats
    load_w: Floats
    ended: str
    standing: tuple[Standing, ...]
    until_s: float
    busiest: str

    @property
    def peak_w(self) -> float:
        return float(self.load_w.max(initial=0.0))


def replicate(work: Work) -> Replication:
    """Plays one replication by its engine."""
    if work.engine == "recursion":
        played = play_recursion(work.line, weeks=work.weeks, seed=work.seed, replication=work.replication)
    else:
        played = play_events(
            work.line, weeks=work.weeks, seed=work.seed, replication=work.replication, most_events=work.most_events
        )
    return _kept(work, played)


def _kept(work: Work, played: Played) -> Replication:
    week = np.minimum((played.left["finish_s"] / WEEK_S).astype(int), work.weeks - 1)
    good = played.left["good"] == 1
    spent_s = played.spent_s[: work.weeks]
    whole_s = spent_s.sum(axis=2, keepdims=True)
    return Replication(
        good=np.bincount(week[good], minlength=work.weeks), scrapped=np.bincount(week[~good], minlength=work.weeks),
        inside=played.inside_s[: work.weeks] / WEEK_S,
        spent_share=np.divide(spent_s, whole_s, out=np.zeros_like(spent_s), where=whole_s > 0),
        finish_s=played.finish_s, flow_s=played.flow_s, load_w=played.load_w, ended=played.ended,
        standing=played.standing, until_s=played.until_s, busiest=played.busiest,
    )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """All replications of a line.

    kind: `terminating`: from an empty line on, told week by week; `steady`: the first `warm_up_weeks` are left out and the
    rest is one figure. warm_up_weeks None: the run was too short to find where its start ends. findings: what was wrong
    with single replications (standstills, loops without time). engine: which one, and why the recursion was not exact.
    """

    line: Line
    kind: Kind
    weeks: int
    replications: tuple[Replication, ...]
    engine: str
    warm_up_weeks: int | None
    findings: tuple[str, ...]

    @property
    def _counted(self) -> slice:
        return slice(self.warm_up_weeks or 0 if self.kind == "steady" else 0, None)

    def per_week(self) -> Floats:
        """Good parts a week, a value for each replication."""
        return np.array([replication.good[self._counted].mean() for replication in self.replications])

    def parts_per_week(self) -> Interval:
        """Good parts a week over the weeks that count."""
        return interval(self.per_week())

    def by_week(self) -> tuple[Interval, ...]:
        """Good parts of each week."""
        return tuple(interval(values) for values in np.array([r.good for r in self.replications], float).T)

    def inside(self) -> Interval:
        """Mean parts on the line."""
        return interval([replication.inside[self._counted].mean() for replication in self.replications])

    def flow_s(self) -> Interval:
        """Mean time on the line of good parts that left in the weeks that count."""
        start_s = (self._counted.start or 0) * WEEK_S
        means = [r.flow_s[r.finish_s >= start_s] for r in self.replications]
        return interval([float(flow.mean()) for flow in means if len(flow)])

    def peak_w(self) -> Interval:
        """The largest load over a quarter of an hour."""
        return interval([replication.peak_w for replication in self.replications])

    def use(self) -> dict[str, dict[str, Interval]]:
        """Shares of each station's place-time: starved, work, blocked, waits (for pools, kits, batches), down, off."""
        shares = np.array([replication.spent_share[self._counted].mean(axis=0) for replication in self.replications])
        return {
            station.name: {what: interval(shares[:, k, n]) for n, what in enumerate(SPENT)}
            for k, station in enumerate(self.line.stations)
        }


def simulate(
    line: Line, *, weeks: int, replications: int = 20, seed: int = 0, kind: Kind = "terminating",
    precision_share: float | None = None, most_replications: int = 1000, most_events: int = MOST_EVENTS,
    progress: Progress = SILENT, executor: Executor | None = None,
) -> Run:  # fmt: skip
    """Plays a line `replications` times for `weeks`, from empty.

    The recursion is taken where it is exact, else the event loop. With `precision_share` replications are added until the
    half-width of parts a week is within that share of the mean (the sequential rule), `most_replications` at most. The
    result does not depend on the executor (threads by default: the kernels hold no lock).

    Raises
    ------
    LineError
        With every problem of the line; nothing was played.
    """
    problems = [problem for problem in check(line) if problem.severity == "error"]
    if kind == "steady" and any(source.kind == "series" for source in line.sources):
        problems.append(
            Problem(next(s.name for s in line.sources if s.kind == "series"), "a series of parts has no steady state")
        )
    if problems:
        raise LineError(problems)
    reason = why_not(line)
    engine: Literal["events", "recursion"] = "events" if reason else "recursion"
    found: list[Replication] = []
    wanted = replications
    while len(found) < wanted:
        batch = [Work(line, weeks, seed, n, engine, most_events) for n in range(len(found), wanted)]
        found += _played(batch, executor, progress, len(found), wanted)
        if precision_share is not None and wanted < most_replications:
            run = _run(line, kind, weeks, found, engine, reason)
            if not enough(run.parts_per_week(), precision_share):
                wanted = min(max(len(found) + 2, round(1.25 * len(found))), most_replications)
    return _run(line, kind, weeks, found, engine, reason)


def _played(
    batch: list[Work], executor: Executor | None, progress: Progress, before: int, wanted: int
) -> list[Replication]:
    """In order of their numbers, whoever ends first."""
    if executor is None:
        with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
            return _told(threads.map(replicate, batch), progress, before, wanted)
    return _told(executor.map(replicate, batch), progress, before, wanted)


def _told(answers: Iterable[Replication], progress: Progress, before: int, wanted: int) -> list[Replication]:
    found = []
    for answer in answers:
        found.append(answer)
        progress.step("playing the floor", (before + len(found)) / wanted)
    return found


def _run(line: Line, kind: Kind, weeks: int, found: Sequence[Replication], engine: str, reason: str | None) -> Run:
    weekly = np.array([replication.good for replication in found], float).mean(axis=0)
    cut = warm_up(weekly) if kind == "steady" else 0
    said = engine if reason is None else f"{engine} ({reason})"
    return Run(line, kind, weeks, tuple(found), said, cut, tuple(_findings(found)))


def _findings(found: Sequence[Replication]) -> Iterable[str]:
    for number, replication in enumerate(found):
        hour = replication.until_s / 3600
        if replication.ended == "no time passes":
            yield f"replication {number}: at hour {hour:.1f} parts go round at {replication.busiest} without time passing"
        if replication.ended == "too many events":
            yield f"replication {number}: ended at hour {hour:.1f} after too many events, most of them at {replication.busiest}"
        if replication.standing:
            who = "; ".join(
                f"{s.station} place {s.place + 1} waits for {s.waits_for}" for s in replication.standing[:20]
            )
            yield f"replication {number}: standstill from hour {hour:.1f} on: {who}"


def compare(
    one: Line, other: Line, *, weeks: int, replications: int = 20, seed: int = 0, progress: Progress = SILENT,
    executor: Executor | None = None,
) -> Interval:  # fmt: skip
    """What `other` makes more than `one` a week, by pairs on common draws; `tells` is False where 0 is not ruled out."""
    runs = [
        simulate(line, weeks=weeks, replications=replications, seed=seed, progress=progress, executor=executor)
        for line in (one, other)
    ]
    return paired(runs[0].per_week(), runs[1].per_week())
