"""What happens to a row from outside: its feeds, its shelves, its loads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """From `time_s` a feed stands at `left_share` of its voltage, until the next event of it. `feed` None: all."""

    time_s: float
    left_share: float
    feed: str | None = None
    what: str = "feed"

    def problems(self) -> Iterator[str]:
        yield from _times(self.what, self.time_s)
        if not (math.isfinite(self.left_share) and self.left_share >= 0):
            yield f"{self.what} at {self.time_s:g} s: left_share is {self.left_share}, not a share of zero or more"


@dataclass(frozen=True, slots=True)
class ShelfEvent:
    """A shelf or battery fails (`works` False) or comes back at `time_s`."""

    time_s: float
    element: str
    works: bool = False

    def problems(self) -> Iterator[str]:
        yield from _times(f"loss of {self.element!r}", self.time_s)


@dataclass(frozen=True, slots=True)
class LoadEvent:
    """From `time_s` a load takes `factor` times what its array says: a jump between two samples."""

    time_s: float
    element: str
    factor: float

    def problems(self) -> Iterator[str]:
        yield from _times(f"jump of {self.element!r}", self.time_s)
        if not (math.isfinite(self.factor) and self.factor >= 0):
            yield f"jump of {self.element!r} at {self.time_s:g} s: factor is {self.factor}"


Event = FeedEvent | ShelfEvent | LoadEvent


def brown_out(time_s: float, duration_s: float, left_share: float, feed: str | None = None) -> tuple[FeedEvent, ...]:
    """The feed at `left_share` of its voltage for a while.

    >>> [event.left_share for event in brown_out(1.0, 0.2, 0.7)]
    [0.7, 1.0]
    """
    return (
        FeedEvent(time_s, left_share, feed, "brown-out"),
        FeedEvent(time_s + duration_s, 1.0, feed, "end of brown-out"),
    )


def outage(time_s: float, duration_s: float = math.inf, feed: str | None = None) -> tuple[FeedEvent, ...]:
    """The feed gone for a while, or for good."""
    gone = FeedEvent(time_s, 0.0, feed, "outage")
    return (gone,) if math.isinf(duration_s) else (gone, FeedEvent(time_s + duration_s, 1.0, feed, "end of outage"))


def transfer(time_s: float, gap_s: float, feed: str | None = None) -> tuple[FeedEvent, ...]:
    """A transfer switch changes over with a gap without voltage."""
    return FeedEvent(time_s, 0.0, feed, "transfer"), FeedEvent(time_s + gap_s, 1.0, feed, "transfer done")


def generator_start(
    time_s: float, start_s: float, return_s: float | None = None, gap_s: float = 0.0, feed: str | None = None
) -> tuple[FeedEvent, ...]:
    """The grid goes at `time_s`, the generator carries after `start_s`; at `return_s` back to the grid with a gap."""
    events = (
        FeedEvent(time_s, 0.0, feed, "outage"),
        FeedEvent(time_s + start_s, 1.0, feed, "generator carries"),
    )
    return events if return_s is None else (*events, *transfer(return_s, gap_s, feed))


def _times(what: str, time_s: float) -> Iterator[str]:
    if not (math.isfinite(time_s) and time_s >= 0):
        yield f"{what}: time_s is {time_s}, not a time of zero or later"
