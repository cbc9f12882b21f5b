"""How long work takes on a machine that may be busy with other things."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Least wall time and least processor time of the calling thread over several goes. [s]

    On an idle machine the two agree for work on one thread; on a busy one the processor time still tells the work.
    """

    wall_s: float
    processor_s: float

    def per(self, count: int) -> Taken:
        """The share of one of `count` pieces of work.

        >>> Taken(4.0, 2.0).per(2)
        Taken(wall_s=2.0, processor_s=1.0)
        """
        return Taken(self.wall_s / count, self.processor_s / count)


def once(work: Callable[[], object]) -> Taken:
    """One go."""
    start_wall, start_processor = time.perf_counter(), time.thread_time()
    work()
    processor_s = time.thread_time() - start_processor
    return Taken(time.perf_counter() - start_wall, processor_s)


def least(goes: list[Taken]) -> Taken:
    """The least wall time and the least processor time among goes."""
    return Taken(min(go.wall_s for go in goes), min(go.processor_s for go in goes))


def taken(*works: Callable[[], object], goes: int = 12, at_most_s: float = 6.0) -> list[Taken]:
    """The least of several goes of each work, in turns, so that all meet the same machine.

    Fewer goes where they would take longer than `at_most_s` in all, but two at least.
    """
    found: list[list[Taken]] = [[] for _ in works]
    until = time.perf_counter() + at_most_s
    while len(found[0]) < 2 or (len(found[0]) < goes and time.perf_counter() < until):
        for own, work in zip(found, works, strict=True):
            own.append(once(work))
    return [least(own) for own in found]
