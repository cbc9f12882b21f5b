"""pandapower 3.3 on the same DC net: its DC grid, and its AC Newton on three equal phases without reactance.

With no reactance and no reactive power every voltage is in phase with its source. With U from phase to phase, P of three
phases and R of one, P = sqrt(3) U I and the drop in U is sqrt(3) I R = P R / U: the DC equation of a go and return R.
Without reactance its Newton still carries the angles, which stay zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.validation.oracles.direct_nets import Net

TOLERANCE_MVA = 1e-10


def ac_net(net: Net) -> Any:
    """The net as pandapower's AC grid: an external grid for each supply, behind its droop."""
    import pandapower as pp

    nodes, kilovolt = len(net.load_w), net.volt / 1e3
    made = pp.create_empty_network(sn_mva=1.0)
    pp.create_buses(made, nodes, vn_kv=kilovolt)
    lines = list(net.lines)
    for node, volt, droop_ohm in net.supplies:
        held = int(pp.create_bus(made, vn_kv=kilovolt))
        pp.create_ext_grid(made, held, vm_pu=volt / net.volt)
        lines.append((held, node, droop_ohm))
    first, second, ohm = (list(column) for column in zip(*lines, strict=True))
    pp.create_lines_from_parameters(
        made, first, second, length_km=1.0, r_ohm_per_km=ohm, x_ohm_per_km=0.0, c_nf_per_km=0.0, max_i_ka=1e3
    )
    pp.create_loads(made, np.arange(nodes), p_mw=net.load_w / 1e6, q_mvar=0.0)
    return made


def direct_net(net: Net) -> Any:
    """The net as pandapower's DC grid: each supply a converter that holds a DC bus of its own behind the droop.

    The base power is 1 MVA: at another one pandapower 3.3 does not divide DC loads by it. It makes DC
    loads one by one only, which takes a minute for a hall, so the first one's row is written for every node.
    """
    import pandapower as pp

    nodes, kilovolt = len(net.load_w), net.volt / 1e3
    made = pp.create_empty_network(sn_mva=1.0)
    ac = pp.create_bus(made, vn_kv=0.4)
    pp.create_ext_grid(made, ac)
    held = (nodes + np.arange(len(net.supplies))).tolist()
    pp.create_buses_dc(made, nodes + len(held), vn_kv=kilovolt)
    droops = [(bus, node, droop_ohm) for bus, (node, _, droop_ohm) in zip(held, net.supplies, strict=True)]
    first, second, ohm = (list(column) for column in zip(*net.lines, *droops, strict=True))
    pp.create_lines_dc_from_parameters(made, first, second, length_km=1.0, r_ohm_per_km=ohm, max_i_ka=1e3)
    pp.create_load_dc(made, 0, p_dc_mw=0.0)
    made.load_dc = made.load_dc.loc[[0] * nodes].reset_index(drop=True)
    made.load_dc["bus_dc"], made.load_dc["p_dc_mw"] = np.arange(nodes), net.load_w / 1e6
    for bus, (_, volt, _) in zip(held, net.supplies, strict=True):
        pp.create_vsc(
            made, ac, bus, r_ohm=1e-6, x_ohm=1e-5, r_dc_ohm=1e-7, control_mode_ac="vm_pu", control_value_ac=1.0,
            control_mode_dc="vm_pu", control_value_dc=volt / net.volt,
        )  # fmt: skip
    return made


class AcNewton:
    """A built AC net; every solve starts flat, numba on, checks of connectivity off."""

    def __init__(self, net: Net, tolerance_mva: float = TOLERANCE_MVA) -> None:
        import pandapower as pp

        self._pp = pp
        self.net = net
        self.made = ac_net(net)
        self.options: dict[str, Any] = {
            "algorithm": "nr",
            "init": "flat",
            "calculate_voltage_angles": False,
            "numba": True,
            "check_connectivity": False,
            "tolerance_mva": tolerance_mva,
            "max_iteration": 50,
        }

    def solve(self) -> NDArray[np.float64]:
        """Voltages of the net's nodes. [V]"""
        self._pp.runpp(self.made, **self.options)
        return np.asarray(self.made.res_bus.vm_pu.to_numpy()[: len(self.net.load_w)] * self.net.volt)

    @property
    def newton_s(self) -> float:
        """Time of the last solve's Newton alone, as pandapower itself tells it."""
        return float(self.made._ppc["et"])

    @property
    def loss_w(self) -> float:
        """What all lines lose, the supplies' droop included, in the last solve."""
        return float(self.made.res_line.pl_mw.sum() * 1e6)


class DcGrid:
    """A built DC grid; each supply a converter that holds a DC bus of its own, its droop a line."""

    def __init__(self, net: Net, tolerance_mva: float = TOLERANCE_MVA) -> None:
        import pandapower as pp

        self._pp = pp
        self.net, self.tolerance_mva = net, tolerance_mva
        self.made = direct_net(net)

    @property
    def loss_w(self) -> float:
        """What all lines lose, the supplies' droop included, in the last solve."""
        return float(self.made.res_line_dc.pl_mw.sum() * 1e6)

    def solve(self) -> NDArray[np.float64]:
        """Voltages of the net's nodes. [V]"""
        self._pp.runpp(self.made, tolerance_mva=self.tolerance_mva, max_iteration=50)
        return np.asarray(self.made.res_bus_dc.vm_pu.to_numpy()[: len(self.net.load_w)] * self.net.volt)
