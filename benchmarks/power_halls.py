"""Halls at 800 V at rest: one solve and a year of hours, beside pandapower and power-grid-model on the same plain net.

Hall A is the peers' shape: 100 feeders of 99 racks of 130 kW, constant power, one stiff source. A feeder's stretch has 15
microohm, so that its end stands some 3 % below its head. Hall B is a hall as it would be built: 12 rows of 30 racks of 27
trays, unequal loads. Our full model (supplies with droop, loss curves and limits at every feeder, conductors that warm) is
timed apart: no peer has it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
from tests.validation.oracles.direct_nets import Net, grid_model_input, ours, pandapower_net

from benchmarks.peers.clock import once, taken
from benchmarks.table import Row
from rackwright.rack.power.direct import DirectBuilder, DirectNetwork, solve, solve_summary

VOLT, RACK_W = 800.0, 130e3
FEEDERS, RACKS = 100, 99
ROWS, IN_ROW, TRAYS = 12, 30, 27
STRETCH_OHM = 15e-6
HOURS = 8760
#: Milliseconds and seconds that must hold.
ONE_MS, YEAR_S = 10.0, 60.0
#: Hours that power-grid-model solves in its batch; its time is told for the year.
PEER_HOURS = 64


def run() -> Iterator[Row]:
    """The rows; the first call of every kernel, which may compile it, is not timed."""
    for name, net in (("100 x 99 racks", hall_a()), ("12 x 30 x 27 trays", hall_b())):
        yield from _plain(name, net)
    yield from _full()


def hall_a() -> Net:
    """Node 0 is the hall's bus; feeders start there."""
    rng = np.random.default_rng(1)
    lines, loads = [], [0.0]
    for _ in range(FEEDERS):
        before = 0
        for _ in range(RACKS):
            loads.append(RACK_W * float(rng.uniform(0.7, 1.0)))
            lines.append((before, len(loads) - 1, STRETCH_OHM))
            before = len(loads) - 1
    return Net(tuple(lines), np.array(loads), ((0, VOLT, 1e-9),))


def hall_b() -> Net:
    """Rows from the hall's bus, racks along them, trays along each rack's bar."""
    rng = np.random.default_rng(2)
    lines, loads = [], [0.0]

    def place(before: int, load_w: float, ohm: float) -> int:
        loads.append(load_w)
        lines.append((before, len(loads) - 1, ohm))
        return len(loads) - 1

    for _ in range(ROWS):
        along = 0
        for _ in range(IN_ROW):
            along = place(along, 0.0, 4 * STRETCH_OHM)
            tray = along
            for _ in range(TRAYS):
                tray = place(tray, RACK_W / TRAYS * float(rng.uniform(0.5, 1.1)), 2e-4)
    return Net(tuple(lines), np.array(loads), ((0, VOLT, 1e-9),))


def _plain(name: str, net: Net) -> Iterator[Row]:
    network = ours(net)
    found = solve(network, threads=1)
    works: list[Callable[[], object]] = [lambda: solve_summary(network, threads=1)]
    beside = []
    if find_spec("power_grid_model") is None:
        beside.append("power-grid-model is not installed")
    else:
        import power_grid_model as pgm

        model = pgm.PowerGridModel(grid_model_input(net))
        tight = {"error_tolerance": 1e-10, "max_iterations": 50}
        theirs_v = model.calculate_power_flow(**tight)["node"]["u"][: len(net.load_w)]
        apart = float(np.abs(found.voltage_v[0] / theirs_v - 1).max())
        works.append(lambda: model.calculate_power_flow(**tight))
        linear = {**tight, "calculation_method": pgm.CalculationMethod.iterative_current, "max_iterations": 1000}
        works.append(lambda: model.calculate_power_flow(**linear))
    times = [took.wall_s for took in taken(*works, at_most_s=6.0)]
    if len(times) > 1:
        beside.append(
            f"power-grid-model Newton {times[1] * 1e3:.0f} ms, {times[1] / times[0]:.0f} times; iterative current "
            f"{times[2] * 1e3:.0f} ms, {times[2] / times[0]:.0f} times; voltages {apart:.0e} apart"
        )
    if name.startswith("100"):
        beside.append(_pandapower(net, found.voltage_v[0], times[0]))
    what = f"DC hall at 800 V, {name} ({len(net.load_w):,} nodes), plain"
    yield Row(what, f"{times[0] * 1e3:.2f} ms", f"<= {ONE_MS:.0f} ms", "; ".join(beside), times[0] <= ONE_MS / 1e3)


def _pandapower(net: Net, ours_v: np.ndarray, ours_s: float) -> str:
    """Its DC grid once after a warm-up on a small net: it takes seconds."""
    if find_spec("pandapower") is None:
        return "pandapower is not installed"
    import pandapower as pp

    small = Net(net.lines[:5], net.load_w[:6], net.supplies)
    pp.runpp(pandapower_net(small), tolerance_mva=1e-8, max_iteration=50)
    made = pandapower_net(net)
    try:
        took = once(lambda: pp.runpp(made, tolerance_mva=1e-6, max_iteration=50))
    except pp.LoadflowNotConverged:
        return "pandapower's DC grid does not converge"
    theirs_v = made.res_bus_dc.vm_pu.to_numpy()[: len(net.load_w)] * net.volt
    apart = float(np.abs(ours_v / theirs_v - 1).max())
    return f"pandapower DC {took.wall_s:.1f} s, {took.wall_s / ours_s:,.0f} times; voltages {apart:.0e} apart"


def full_hall(rng: np.random.Generator) -> DirectNetwork:
    """Hall A with a rectifier at every feeder's head: droop, limit and loss curve; feeders warm by their own loss."""
    build = DirectBuilder()
    for feeder in range(FEEDERS):
        build.node(f"f{feeder}")
        rated_a = RACKS * RACK_W / (VOLT - 8)
        volt = VOLT * (1 + 0.0025 * rng.uniform(-1, 1))
        # 1 % of droop, limited to 1.2 of its rating; 97.5 % at half load as a + b i + c i^2
        build.source(
            f"s{feeder}", f"f{feeder}", volt=volt, droop_ohm=8 / rated_a, limit_a=1.2 * rated_a,
            loss=(20e3, 6.0, 0.8e-3),
        )  # fmt: skip
        before = f"f{feeder}"
        for rack in range(RACKS):
            here = f"f{feeder} r{rack}"
            build.node(here, load_w=RACK_W * float(rng.uniform(0.7, 1.0)), least_v=720.0)
            build.line(
                f"l {here}", before, here, ohm=STRETCH_OHM, rating_a=rated_a, alpha_per_k=0.00393,
                ambient_k=308.15, cooling_w_k=rated_a**2 * STRETCH_OHM * 1.26 / 50**1.22,
            )  # fmt: skip
            before = here
    return build.network()


def _full() -> Iterator[Row]:
    rng = np.random.default_rng(3)
    network = full_hall(rng)
    nodes = len(network.nodes)
    solve_summary(network, threads=1)
    one, whole = taken(lambda: solve_summary(network, threads=1), lambda: solve(network, threads=1))
    yield Row(
        f"  the hall with supplies' curves, droop, warm bars ({nodes:,} nodes)",
        f"{one.wall_s * 1e3:.2f} ms",
        f"<= {ONE_MS:.0f} ms",
        f"every voltage and current told: {whole.wall_s * 1e3:.2f} ms; goal 1 ms",
        one.wall_s <= ONE_MS / 1e3,
    )
    hours = np.arange(HOURS)
    scale = 0.75 + 0.2 * np.sin(2 * np.pi * hours / 24) + 0.05 * rng.standard_normal(HOURS).clip(-2, 2)
    year = once(lambda: solve_summary(network, scale=scale.clip(0.1, 1.0), threads=2))
    yield Row(
        "  8,760 hours of it, two threads",
        f"{year.wall_s:.1f} s",
        f"<= {YEAR_S:.0f} s",
        f"goal 8 s; {_grid_model_year(year.wall_s)}",
        year.wall_s <= YEAR_S,
    )


def _grid_model_year(ours_s: float) -> str:
    """power-grid-model's batch on the plain hall, some hours, told for the year."""
    if find_spec("power_grid_model") is None:
        return "power-grid-model is not installed"
    import power_grid_model as pgm

    net = hall_a()
    model = pgm.PowerGridModel(grid_model_input(net))
    update = pgm.initialize_array("update", "sym_load", (PEER_HOURS, len(net.load_w)))
    update["id"] = 200_000 + np.arange(len(net.load_w))
    update["p_specified"] = net.load_w * np.linspace(0.5, 1.0, PEER_HOURS)[:, None]
    took = once(
        lambda: model.calculate_power_flow(
            update_data={"sym_load": update}, threading=2, error_tolerance=1e-10, max_iterations=50
        )
    )
    year_s = took.wall_s * HOURS / PEER_HOURS
    return f"power-grid-model's batch on the plain hall, two threads: {year_s:.0f} s by {PEER_HOURS} hours, {year_s / ours_s:.0f} times"


def main() -> int:
    """Print the rows."""
    for row in run():
        missed = "" if row.holds else "  MISSED"
        print(f"{row.what:<58} {row.measured:>14} {row.goal:>12}  {row.beside}{missed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
