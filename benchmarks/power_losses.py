"""Every single loss of 10,000 racks, each with its own trays' loads and its own supplies' set-points.

A rack has two feeds, eight shelves of six supplies and 27 trays behind their taps on a bar that warms: 58 losses and the
state with nothing lost, 590,000 states, none taken from another. power-grid-model solves the same net without limits and
warming, some states in its batch, told for all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
from tests.validation.oracles.direct_nets import Net, grid_model_input

from benchmarks.peers.clock import once
from benchmarks.table import Row
from rackwright.program.sections.parts import Shelf
from rackwright.rack.power.bar import COOLING_POWER, Bar, cooling_w_k, droop_ohm, rated_a
from rackwright.rack.power.direct import DirectBuilder
from rackwright.rack.power.redundancy import lose, single_losses

RACKS, SHELVES, TRAYS = 10_000, 8, 27
MUST_S = 60.0
#: States that power-grid-model solves.
PEER_STATES = 2000
SHELF = Shelf.model_construct(psu_w=5500.0, psu_count=6, output_v=50.0, droop_v=1.0)
STRETCH_OHM, TAP_OHM, RATING_A, TRAY_W = 3.3e-6, 2e-4, 3100.0, 4800.0


def rack_bar() -> Bar:
    """The bar of one rack, supplies held to their rating."""
    build = DirectBuilder()
    build.node("foot")
    before = "foot"
    warm = {
        "alpha_per_k": 0.00393,
        "ambient_k": 308.15,
        "cooling_w_k": cooling_w_k(RATING_A, STRETCH_OHM, 0.00393, 308.15, 50.0),
        "cooling_power": COOLING_POWER,
    }
    for tray in range(TRAYS):
        build.node(f"bar {tray}")
        build.node(f"tray {tray}", load_w=TRAY_W, least_v=46.0)
        build.line(f"to {tray}", before, f"bar {tray}", ohm=STRETCH_OHM, rating_a=RATING_A, **warm)
        build.line(f"tap {tray}", f"bar {tray}", f"tray {tray}", ohm=TAP_OHM)
        before = f"bar {tray}"
    supplies = [(shelf, supply) for shelf in range(SHELVES) for supply in range(SHELF.psu_count)]
    for shelf, supply in supplies:
        build.source(
            f"{shelf}.{supply}", "foot", volt=SHELF.output_v, droop_ohm=droop_ohm(SHELF), limit_a=rated_a(SHELF)
        )
    network = build.network()
    of_shelf = np.array([shelf for shelf, _ in supplies])
    names = tuple(f"tray {tray}" for tray in range(TRAYS))
    return Bar(
        network=network,
        shelf=SHELF,
        shelves=SHELVES,
        feeds=2,
        shelf_of=of_shelf,
        feed_of=of_shelf % 2,
        names=names,
        distance_m=0.07 * np.arange(1, TRAYS + 1),
        loads_w=np.full(TRAYS, TRAY_W),
        taps=np.array([network.node_number[name] for name in names]),
        segments=np.arange(0, 2 * TRAYS, 2),
        tap_lines=np.arange(1, 2 * TRAYS, 2),
    )


def run() -> Iterator[Row]:
    """The row; the first call of every kernel, which may compile it, is not timed."""
    rng = np.random.default_rng(1)
    bar = rack_bar()
    losses = single_losses(bar)
    loads = bar.network.load_w * rng.uniform(0.5, 1.0, (RACKS, len(bar.network.nodes)))
    volts = SHELF.output_v * (1 + 0.0025 * rng.uniform(-1, 1, (RACKS, len(bar.network.sources))))
    lose(bar, losses, load_w=loads[:4], source_v=volts[:4])
    start = time.perf_counter()
    states = lose(bar, losses, load_w=loads, source_v=volts, threads=2)
    took_s = time.perf_counter() - start
    assert states.carried.all()
    count = RACKS * len(losses)
    yield Row(
        f"every single loss of {RACKS:,} racks ({count:,} states)",
        f"{took_s:.1f} s",
        f"<= {MUST_S:.0f} s",
        f"goal 10 s; {_peer(count, took_s, loads, bar)}",
        took_s <= MUST_S,
    )


def _peer(count: int, ours_s: float, loads: np.ndarray, bar: Bar) -> str:
    if find_spec("power_grid_model") is None:
        return "power-grid-model is not installed"
    import power_grid_model as pgm

    network = bar.network
    lines = tuple(zip(network.first.tolist(), network.second.tolist(), network.ohm.tolist(), strict=True))
    supplies = tuple((0, 50.0, float(ohm)) for ohm in network.droop_ohm)
    model = pgm.PowerGridModel(grid_model_input(Net(lines, network.load_w, supplies)))
    update = pgm.initialize_array("update", "sym_load", (PEER_STATES, len(network.nodes)))
    update["id"] = 200_000 + np.arange(len(network.nodes))
    update["p_specified"] = loads[:PEER_STATES]
    took = once(
        lambda: model.calculate_power_flow(
            update_data={"sym_load": update}, threading=2, error_tolerance=1e-10, max_iterations=50
        )
    )
    all_s = took.wall_s * count / PEER_STATES
    return f"power-grid-model, {PEER_STATES:,} states of the plain rack, two threads: {all_s:.0f} s for all, {all_s / ours_s:.0f} times"


def main() -> int:
    """Print the rows."""
    for row in run():
        missed = "" if row.holds else "  MISSED"
        print(f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{missed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
