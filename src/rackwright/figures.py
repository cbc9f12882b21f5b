"""Figure: a value with its unit, source and standing. Every number that enters has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["published", "estimate", "assumed", "given"]

#: From the firmest to the weakest; `given` is the user's own word and stands beside `published`.
STATUSES: tuple[Status, ...] = ("published", "given", "estimate", "assumed")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the program or of the catalogue, and where it comes from.

    `path` is the program path that holds it (`rack.gb300.power.feed`), `text` the value as it was written,
    `value` the same in `unit` (SI); a series or a choice has no single value and gives None.
    """

    path: str
    text: str
    value: float | None
    unit: str
    status: Status
    source: str
    place: str = ""
    price_year: int | None = None
    file: str = ""
    line: int = 0
    low: float | None = None
    high: float | None = None
    note: str = ""


def weakest(statuses: list[Status]) -> Status:
    """The weakest standing among `statuses`; an empty list is as good as given.

    >>> weakest(["published", "assumed", "estimate"])
    'assumed'
    """
    return max(statuses, key=STATUSES.index, default="given")
