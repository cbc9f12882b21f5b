"""Fabrics built port by port beside rustworkx, which is handed the same links with the same ports; the choice by count.

rustworkx is timed twice: filling its graph from a finished list of rows (node, node, (port, port)), which is the least that
it can take, and with making that list from our arrays, which any program that holds links as Python objects pays.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np

from benchmarks.peers.clock import once, taken
from benchmarks.table import Row
from rackwright.rack.network.load.symmetric import symmetric_load
from rackwright.rack.network.topology.choice import (
    Figure,
    LinkOption,
    Need,
    SwitchOption,
    designs_of,
    front_of,
)
from rackwright.rack.network.topology.clos import clos_wiring
from rackwright.rack.network.topology.wiring import Wiring

#: Seconds that must hold, and the goals.
BUILD = {16_384: (0.06, 0.05), 131_072: (0.4, 0.3)}
SWEEP_S, SWEEP_GOAL_S = 10.0, 1.0
MILLION_GOAL_S, MILLION_GB = 10.0, 8.0


def run() -> Iterator[Row]:
    for ends in BUILD:
        yield _built(ends)
    yield _million()
    yield _sweep()


def wiring_of(ends: int) -> Wiring:
    """Rail-optimised, three tiers, leaves full: 64-port switches to 16,384 endpoints, 128-port ones beyond."""
    ports = 64 if ends <= 16_384 else 128
    return clos_wiring(racks=ends // 8, per_rack=8, ports=ports, link_bit_s=400e9, rails=8, block_racks=ports // 2)


def _built(ends: int) -> Row:
    must_s, goal_s = BUILD[ends]
    wiring = wiring_of(ends)
    what = f"fabric of {ends:,} endpoints port by port ({wiring.links:,} links)"
    if find_spec("rustworkx") is None:
        own_s = taken(lambda: wiring_of(ends))[0].wall_s
        beside, holds = "rustworkx is not installed", True
    else:
        rows = _rows(wiring)
        own, fill, both = taken(
            lambda: wiring_of(ends), lambda: _graph(wiring, rows), lambda: _graph(wiring, _rows(wiring))
        )
        own_s, holds = own.wall_s, own.wall_s <= both.wall_s
        beside = (
            f"rustworkx with port attributes {both.wall_s * 1e3:.0f} ms, {both.wall_s / own_s:.0f} times; from rows ready "
            f"made {fill.wall_s * 1e3:.1f} ms, {fill.wall_s / own_s:.1f} times"
        )
    goal = f"goal {goal_s * 1e3:.0f} ms {'met' if own_s <= goal_s else 'missed'}"
    return Row(
        what, f"{own_s * 1e3:.1f} ms", f"<= {must_s * 1e3:.0f} ms", f"{beside}; {goal}", own_s <= must_s and holds
    )


def _rows(wiring: Wiring) -> list[tuple[int, int, tuple[int, int]]]:
    ports = zip(wiring.lower_port.tolist(), wiring.upper_port.tolist(), strict=True)
    return list(zip(wiring.lower.tolist(), wiring.upper.tolist(), ports, strict=True))


def _graph(wiring: Wiring, rows: list[tuple[int, int, tuple[int, int]]]) -> object:
    import rustworkx

    graph = rustworkx.PyGraph()
    graph.add_nodes_from(range(wiring.nodes))
    graph.add_edges_from(rows)
    return graph


def _million() -> Row:
    def work() -> None:
        wiring = clos_wiring(racks=131_072, per_rack=8, ports=256, link_bit_s=400e9)
        assert abs(symmetric_load(wiring, 400e9).carried_share - 1.0) < 1e-9

    took_s = min(once(work).wall_s for _ in range(2))
    memory_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    goal = "met" if took_s <= MILLION_GOAL_S else "missed"
    return Row(
        "  1,048,576 endpoints, three tiers: build and all-to-all load",
        f"{took_s:.2f} s",
        f"<= {MILLION_GB:.0f} GB",
        f"closed form, unfailed; at most {memory_gb:.1f} GB held by this whole program; goal {MILLION_GOAL_S:.0f} s {goal}",
        memory_gb <= MILLION_GB,
    )


def _sweep() -> Row:
    """Prices here only make the front; none is told."""
    need = Need(racks=2048, per_rack=8, adapter_bit_s=400e9, block_racks=32)
    known, loose = Figure(1000.0, "estimate", ""), Figure(60e3, "assumed", "", 40e3, 90e3)
    switches = [
        SwitchOption("64 x 400G", 64, 400e9, 128, Figure(36e3, "estimate", ""), known),
        SwitchOption("144 x 800G", 144, 800e9, None, loose, known),
        SwitchOption("64 x 800G", 64, 800e9, 256, loose, known),
        SwitchOption("64 x 1.6T", 64, 1.6e12, 1024, loose, known),
    ]
    links = LinkOption(Figure(200.0, "estimate", ""), Figure(1280.0, "estimate", ""), Figure(15.0, "estimate", ""))
    counts: list[int] = []

    def work() -> None:
        designs, left_out = designs_of(need, switches, (1, 2, 4, 8), (1, 2, 4, 8), (1, 1.25, 1.5, 2, 3, 4, 5, 7))
        front = front_of(designs, links, left_out)
        chosen = designs[int(np.flatnonzero(front.on_front)[0])]
        assert chosen.same_counts(chosen.wiring(need))
        counts[:] = [len(designs), int(front.on_front.sum()), int(front.always.sum())]

    took_s = taken(work, goes=4)[0].wall_s
    goal = "met" if took_s <= SWEEP_GOAL_S else "missed"
    return Row(
        f"  Pareto front of {counts[0]} designs by count, one rebuilt port by port",
        f"{took_s:.2f} s",
        f"<= {SWEEP_S:.0f} s",
        f"{counts[1]} on the front, {counts[2]} of them whatever the assumed prices; goal {SWEEP_GOAL_S:.0f} s {goal}",
        took_s <= SWEEP_S,
    )


def main() -> int:
    """Print the rows; 1 when a must is missed."""
    missed = 0
    for row in run():
        missed += not row.holds
        said = "" if row.holds else "  MISSED"
        print(f"{row.what:<68} {row.measured:>10} {row.goal:>10}  {row.beside}{said}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
