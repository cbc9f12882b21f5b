"""What is known of some hours, and what is found for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.rejection.control import hours_of
from rackwright.buildout.rejection.plant import Plant, TowerLoop
from rackwright.physics.air import MoistAir

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Known:
    """The known side of some hours: heat in the loop's water (load and loop pump), flows, wants, air."""

    heat_w: Floats
    loop_kg_s: Floats
    tower_kg_s: Floats
    tower_pump_w: Floats
    wanted_k: Floats
    air: MoistAir

    def of(self, some: Bools) -> Known:
        """Some of these hours."""
        flows = (self.loop_kg_s[some], self.tower_kg_s[some], self.tower_pump_w[some])
        return Known(self.heat_w[some], *flows, self.wanted_k[some], hours_of(self.air, some))

    def rise_k(self, plant: Plant) -> Floats:
        """How much the loop's water warms."""
        return np.asarray(self.heat_w / (self.loop_kg_s * plant.cp_j_kg_k), dtype=np.float64)

    def exchanger_w_k(self, plant: Plant, tower: TowerLoop) -> Floats:
        """Heat per kelvin between the loop's return and the tower's water."""
        least_w_k = np.minimum(self.loop_kg_s * plant.cp_j_kg_k, self.tower_w_k(plant))
        return np.asarray(tower.exchanger_effectiveness * least_w_k, dtype=np.float64)

    def tower_w_k(self, plant: Plant) -> Floats:
        """Heat capacity flow of the cells' water."""
        return np.asarray(self.tower_kg_s * plant.bank.cell.cp_j_kg_k, dtype=np.float64)


@dataclass(slots=True)
class State:
    """What is found: first for the cells alone, then again for the hours in which chillers run."""

    leaving_k: Floats
    tower_k: Floats
    free_w: Floats
    chilled_w: Floats
    unserved_w: Floats
    chiller_w: Floats
    rejected_w: Floats
    fan_w: Floats
    speed: Floats
    cells: Floats
    met: Bools

    def put(self, some: Bools, found: State) -> None:
        """Overwrite some hours."""
        for name in State.__slots__:
            getattr(self, name)[some] = getattr(found, name)
