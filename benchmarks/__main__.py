"""Prints the benchmark table: what, measured, goal, and the ratio to the peer. `--markdown` writes it into the docs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks import (
    cheapest_mix,
    commands,
    compile_plan,
    cooling_years,
    cut_list,
    edit_plan,
    fabric_build,
    fabric_load,
    floor_lines,
    power_halls,
    power_losses,
    power_row,
    pump_trip,
    utility_hour,
)
from benchmarks.peers import hydraulics
from benchmarks.table import Row


def rows() -> Iterator[Row]:
    yield from commands.run()
    yield from compile_plan.run()
    yield from edit_plan.run()
    yield from hydraulics.run()
    yield from cooling_years.run()
    yield from pump_trip.run()
    yield from power_halls.run()
    yield from power_losses.run()
    yield from power_row.run()
    yield from utility_hour.run()
    yield from cheapest_mix.run()
    yield from fabric_build.run()
    yield from fabric_load.run()
    yield from cut_list.run()
    yield from floor_lines.run()


#: The page that carries the table, between these two marks.
PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def write_table(rows: Iterable[Row]) -> None:
    """Put the table into its page."""
    lines = ["| what | measured | goal | beside |", "|---|---|---|---|"]
    lines += [
        f"| {row.what.strip()} | {row.measured} | {row.goal} | {row.beside}{'' if row.holds else ' **missed**'} |"
        for row in rows
    ]
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")


def main() -> int:
    """Run everything; 1 when a goal is missed."""
    missed = 0
    shown: list[Row] = []
    print(f"{'what':<58} {'measured':>14} {'goal':>12}  beside")
    for row in rows():
        missed += not row.holds
        shown.append(row)
        print(
            f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{'' if row.holds else '  MISSED'}",
            flush=True,
        )
    if sys.argv[1:] == ["--markdown"]:
        write_table(shown)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
