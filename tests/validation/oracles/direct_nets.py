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
