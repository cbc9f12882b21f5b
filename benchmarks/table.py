"""A row of the benchmark table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """`holds` says whether the goal is met; a row without a goal always holds."""

    what: str
    measured: str
    goal: str = ""
    beside: str = ""
    holds: bool = True
