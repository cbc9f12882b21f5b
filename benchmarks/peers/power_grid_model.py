"""power-grid-model 1.12 on the same DC net: three equal phases without reactance, which have the DC equations.

Its model is built once; a solve then starts from a flat voltage with its factorisation's pattern kept. Only the nodes'
voltages are asked for, and a series goes through its batch, over threads of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.validation.oracles.direct_nets import Net, grid_model_input

#: Relative change of a voltage at which both methods stop: below it rounding of the stiff source shows.
TOLERANCE = 1e-10
#: Its loads' identity numbers begin here, see `grid_model_input`.
FIRST_LOAD = 200_000


class GridModel:
    """A built model of one net; `volt` of the last solve is kept."""

    def __init__(self, net: Net) -> None:
        import power_grid_model as pgm

        self._pgm = pgm
        self.net = net
        self.model = pgm.PowerGridModel(grid_model_input(net))

    def newton(self) -> NDArray[np.float64]:
        """Voltages of the net's nodes by Newton-Raphson. [V]"""
        return self._voltages(self._pgm.CalculationMethod.newton_raphson)

    def iterative_current(self) -> NDArray[np.float64]:
        """Voltages of the net's nodes by fixed-point steps with one factorisation. [V]"""
        return self._voltages(self._pgm.CalculationMethod.iterative_current)

    def batch(self, loads_w: NDArray[np.float64], *, threads: int, iterative: bool = False) -> NDArray[np.float64]:
        """Voltages under many rows of loads, shapes (rows, nodes)."""
        methods = self._pgm.CalculationMethod
        update = self._pgm.initialize_array("update", "sym_load", loads_w.shape)
        update["id"] = FIRST_LOAD + np.arange(loads_w.shape[1])
        update["p_specified"] = loads_w
        method = methods.iterative_current if iterative else methods.newton_raphson
        return self._voltages(method, update_data={"sym_load": update}, threading=threads)

    def _voltages(self, method: Any, **more: Any) -> NDArray[np.float64]:
        found = self.model.calculate_power_flow(
            calculation_method=method,
            error_tolerance=TOLERANCE,
            max_iterations=1000,
            output_component_types={"node": ["u"]},
            **more,
        )
        return np.asarray(found["node"]["u"][..., : len(self.net.load_w)])
