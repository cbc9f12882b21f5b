"""pandapipes 0.16 with numba on the same hall: Newton over a sparse matrix that is built anew at each step.

A steady `pipeflow` begins every solve from 0.1 m/s, in a series too. Its transient mode keeps the flows of the solve
before; it takes new heads, but keeps the pipes of its first step. Both are measured.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.halls import DENSITY_KG_M3, EPANET_GRAVITY_M_S2, ROUGHNESS_M, VISCOSITY_PA_S, Hall

#: Older ones take diameters in metres.
LEAST_PANDAPIPES = "0.16"
METRE_BAR = DENSITY_KG_M3 * EPANET_GRAVITY_M_S2 / 1e5
#: Absolute tolerances in bar and kg/s at which it still settles: a digit or two above rounding.
TIGHTEST = 1e-10


@dataclass
class PandapipesHall:
    """A hall between two given heads; `tolerance_kg_s` is the largest change of a flow in the last step.

    `factor` multiplies the drop of each pipe: its length and its loss coefficient.
    """

    here: Hall
    tolerance_kg_s: float = TIGHTEST
    factor: NDArray[np.float64] | None = None
    net: Any = None
    hours: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        import pandapipes

        logging.getLogger("pandapipes").setLevel(logging.CRITICAL)
        self.net = _net(pandapipes, self.here, np.ones(len(self.here.pipes)) if self.factor is None else self.factor)
        self.options = {
            "friction_model": "nikuradse",
            "use_numba": True,
            "check_connectivity": False,
            "calc_compression_power": False,
            "max_iter_hyd": 100,
            "tol_m": self.tolerance_kg_s,
            "tol_p": TIGHTEST,
            "tol_res": max(TIGHTEST, self.tolerance_kg_s),
        }
        self._solve: Callable[..., None] = pandapipes.pipeflow

    def solve(self, share: float = 1.0) -> None:
        """One steady pipeflow at a share of the head."""
        self._set_head(share)
        self._solve(self.net, **self.options)

    def solve_warm(self, share: float) -> None:
        """The next step of a transient series at a share of the head, from the flows of the step before."""
        self._set_head(share)
        self._solve(self.net, transient=True, dt=3600.0, simulation_time_step=self.hours, **self.options)
        self.hours += 1

    def _set_head(self, share: float) -> None:
        self.net.ext_grid["p_bar"] = [METRE_BAR * head * share for head in self.here.reservoirs_m.values()]

    def flows_kg_s(self) -> NDArray[np.float64]:
        """Flows of the hall's pipes after a solve."""
        return np.asarray(self.net.res_pipe["mdot_from_kg_per_s"].to_numpy(), np.float64)


def _net(pandapipes: Any, here: Hall, factor: NDArray[np.float64]) -> Any:
    water = pandapipes.create_constant_fluid(
        "water of the hall",
        "liquid",
        density=DENSITY_KG_M3,
        viscosity=VISCOSITY_PA_S,
        heat_capacity=4180.0,
        molar_mass=18.0,
        compressibility=1.0,
    )
    net = pandapipes.create_empty_network(fluid=water)
    names = [*here.junctions, *here.reservoirs_m]
    number = dict(zip(names, pandapipes.create_junctions(net, len(names), pn_bar=1.0, tfluid_k=293.15), strict=True))
    for name in here.reservoirs_m:
        pandapipes.create_ext_grid(net, number[name], p_bar=0.0, t_k=293.15)
    pandapipes.create_pipes_from_parameters(
        net,
        [number[pipe.first] for pipe in here.pipes],
        [number[pipe.second] for pipe in here.pipes],
        length_km=factor * [pipe.length_m / 1e3 for pipe in here.pipes],
        inner_diameter_mm=[pipe.diameter_m * 1e3 for pipe in here.pipes],
        k_mm=ROUGHNESS_M * 1e3,
        loss_coefficient=factor * [pipe.minor_k for pipe in here.pipes],
    )
    return net
