"""Prints the benchmark table: what, measured, goal, and the ratio to the peer."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks import commands, compile_plan, cooling_years, pump_trip
from benchmarks.peers import hydraulics
from benchmarks.table import Row


def rows() -> Iterator[Row]:
    yield from commands.run()
    yield from compile_plan.run()
    yield from hydraulics.run()
    yield from cooling_years.run()
    yield from pump_trip.run()


def main() -> int:
    """Run everything; 1 when a goal is missed."""
    missed = 0
    print(f"{'what':<58} {'measured':>14} {'goal':>12}  beside")
    for row in rows():
        missed += not row.holds
        print(
            f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{'' if row.holds else '  MISSED'}",
            flush=True,
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
