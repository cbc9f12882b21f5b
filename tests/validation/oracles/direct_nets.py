"""Plain DC nets (constant power, fixed resistances, supplies behind their droop) for us, pandapower and power-grid-model.

A supply with droop is a fixed voltage at a node of its own behind the droop's resistance: that is what all three can say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rackwright.rack.power.direct import DirectBuilder, DirectNetwork


@dataclass(frozen=True)
class Net:
    """Nodes 0 to n - 1; `lines` are (first, second, ohm), `supplies` (node, volt, droop in ohm), `load_w` one a node."""

    lines: tuple[tuple[int, int, float], ...]
    load_w: np.ndarray
    supplies: tuple[tuple[int, float, float], ...]

    @property
    def volt(self) -> float:
        return self.supplies[0][1]

    def scaled(self, factor: float) -> Net:
        return Net(self.lines, self.load_w * factor, self.supplies)


def random_tree(rng: np.random.Generator, *, nodes: int, supplies: int, volt: float = 50.0, ring: bool = False) -> Net:
    """A random tree of unequal loads; with `ring`, one more line closes a ring."""
    lines = [(int(rng.integers(0, node)), node, float(rng.uniform(0.2, 3.0)) * 1e-4) for node in range(1, nodes)]
    if ring:
        lines.append((0, nodes - 1, 2e-4))
    load_w = rng.uniform(0.0, 60e3 / nodes, nodes)
    at = rng.choice(nodes, supplies, replace=False)
    fed = tuple(
        (int(node), volt * (1 + 0.005 * rng.uniform(-1, 1)), float(rng.uniform(0.5, 2.0)) * 1e-3) for node in at
    )
    return Net(tuple(lines), load_w, fed)


def ours(net: Net) -> DirectNetwork:
    build = DirectBuilder()
    for node, load_w in enumerate(net.load_w.tolist()):
        build.node(f"{node}", load_w=load_w, least_v=0.3 * net.volt)
    for number, (first, second, ohm) in enumerate(net.lines):
        build.line(f"l{number}", f"{first}", f"{second}", ohm=ohm)
    for number, (node, volt, droop_ohm) in enumerate(net.supplies):
        build.source(f"s{number}", f"{node}", volt=volt, droop_ohm=droop_ohm)
    return build.network()


def pandapower_net(net: Net) -> Any:
    """The net as pandapower's DC grid: each supply a converter that holds a DC bus of its own.

    The base power is 1 MVA: at another one pandapower 3.3 does not divide DC loads by it. Loads are given their number:
    without it each new one overwrites the last.
    """
    import pandapower as pp

    made = pp.create_empty_network(sn_mva=1.0)
    ac = pp.create_bus(made, vn_kv=0.4)
    pp.create_ext_grid(made, ac)
    for _ in net.load_w:
        pp.create_bus_dc(made, vn_kv=net.volt / 1e3)
    for first, second, ohm in net.lines:
        pp.create_line_dc_from_parameters(made, first, second, length_km=1.0, r_ohm_per_km=ohm, max_i_ka=1e3)
    for number, (node, load_w) in enumerate(zip(range(len(net.load_w)), net.load_w.tolist(), strict=True)):
        pp.create_load_dc(made, node, p_dc_mw=load_w / 1e6, index=number)
    for node, volt, droop_ohm in net.supplies:
        held = pp.create_bus_dc(made, vn_kv=net.volt / 1e3)
        pp.create_line_dc_from_parameters(made, held, node, length_km=1.0, r_ohm_per_km=droop_ohm, max_i_ka=1e3)
        pp.create_vsc(
            made, ac, held, r_ohm=1e-6, x_ohm=1e-5, r_dc_ohm=1e-7, control_mode_ac="vm_pu", control_value_ac=1.0,
            control_mode_dc="vm_pu", control_value_dc=volt / net.volt,
        )  # fmt: skip
    return made


def run_pandapower(net: Net) -> np.ndarray:
    """Voltages of the nodes by pandapower's hybrid power flow. [V]"""
    import pandapower as pp

    made = pandapower_net(net)
    pp.runpp(made, tolerance_mva=1e-10, max_iteration=50)
    return np.asarray(made.res_bus_dc.vm_pu.to_numpy()[: len(net.load_w)] * net.volt)


def grid_model_input(net: Net) -> dict[str, Any]:
    """The net as power-grid-model's input: three equal phases without reactance.

    Without reactance and reactive power all voltages are in phase, and the equations of one phase are those of the
    DC net: U phase to phase, P of three phases, R of one: (U / sqrt 3) I = P / 3 and the drop I R of one phase, so in
    U it is U^2 - U0 U + P R = 0, the DC equation.
    """
    import power_grid_model as pgm

    count, supplies, lines = len(net.load_w), len(net.supplies), len(net.lines)
    node = pgm.initialize_array("input", "node", count + supplies)
    node["id"] = np.arange(count + supplies)
    node["u_rated"] = net.volt
    line = pgm.initialize_array("input", "line", lines + supplies)
    line["id"] = 100_000 + np.arange(lines + supplies)
    line["from_node"] = [a for a, _, _ in net.lines] + [count + number for number in range(supplies)]
    line["to_node"] = [b for _, b, _ in net.lines] + [at for at, _, _ in net.supplies]
    line["from_status"] = line["to_status"] = 1
    line["r1"] = [ohm for _, _, ohm in net.lines] + [ohm for _, _, ohm in net.supplies]
    line["x1"] = line["c1"] = line["tan1"] = 0.0
    load = pgm.initialize_array("input", "sym_load", count)
    load["id"] = 200_000 + np.arange(count)
    load["node"] = np.arange(count)
    load["status"] = 1
    load["type"] = pgm.LoadGenType.const_power
    load["p_specified"] = net.load_w
    load["q_specified"] = 0.0
    source = pgm.initialize_array("input", "source", supplies)
    source["id"] = 300_000 + np.arange(supplies)
    source["node"] = count + np.arange(supplies)
    source["status"] = 1
    source["u_ref"] = [volt / net.volt for _, volt, _ in net.supplies]
    # as stiff as it can be told, without reactance
    source["sk"], source["rx_ratio"] = 1e20, 1e6
    return {"node": node, "line": line, "sym_load": load, "source": source}


def run_grid_model(net: Net) -> np.ndarray:
    """Voltages of the nodes by power-grid-model's Newton. [V]"""
    import power_grid_model as pgm

    model = pgm.PowerGridModel(grid_model_input(net))
    found = model.calculate_power_flow(error_tolerance=1e-12, max_iterations=100)
    return np.asarray(found["node"]["u"][: len(net.load_w)])
