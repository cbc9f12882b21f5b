"""Hours in which the cells alone do not do: chillers take what is left, or everything.

With an air condenser the return is known once the supply is, so the chiller's heat follows directly. With a water
condenser the chiller's power warms the very water that cools it: that water's temperature is the root of

    what the cells reach with load and chiller's power at T  -  T
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.rejection.chiller import Chiller
from rackwright.buildout.rejection.control import MET_K, Bank, Held
from rackwright.buildout.rejection.plant import Plant, TowerLoop
from rackwright.buildout.rejection.root import falling_root
from rackwright.buildout.rejection.state import Known, State

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

TEMPERATURE_TOLERANCE_K = 1e-9
#: A chiller's power is looked for up to this many times its reference power.
MOST_POWER_SHARE = 4.0
#: A heat smaller than this share of the whole is none.
NO_HEAT_SHARE = 1e-9


def with_air_condenser(plant: Plant, chiller: Chiller, known: Known) -> State:
    """Cells in the loop at full speed, then a chiller whose condenser stands in the outdoor air."""
    bank, inlet, condenser_k = plant.bank, plant.bank.cell.inlet(known.air), known.air.dry_bulb_k
    rise_k, loop_kg_s = known.rise_k(plant), known.loop_kg_s

    def free_w(leaving_k: Floats) -> Floats:
        if plant.economiser != "integrated":
            return np.zeros(leaving_k.shape)
        unfrozen_w = np.maximum(leaving_k + rise_k - bank.cell.least_leaving_k, 0.0) * loop_kg_s * plant.cp_j_kg_k
        most_w = np.minimum(known.heat_w, unfrozen_w)
        return np.minimum(bank.full_heat_w(leaving_k + rise_k, loop_kg_s, inlet), most_w)

    cells = np.full(known.heat_w.shape, float(bank.running))
    warmest_k = np.maximum(bank.full_leaving_k(known.heat_w, loop_kg_s, cells, inlet), known.wanted_k)
    supply_k = _supply_k(plant, chiller, known, free_w, lambda _: condenser_k, warmest_k)
    taken_w = free_w(supply_k)
    chilled_w = np.minimum(known.heat_w - taken_w, chiller.most_heat_w(supply_k, condenser_k))
    unserved_w = _unserved_w(known, taken_w, chilled_w)
    chiller_w = chiller.power_w(chilled_w, supply_k, condenser_k)
    leaving_k = supply_k + unserved_w / (loop_kg_s * plant.cp_j_kg_k)
    turning = (taken_w > 0.0) | (bank.cell.fan.mode == "constant")
    return State(
        leaving_k=leaving_k,
        tower_k=supply_k + rise_k - taken_w / (loop_kg_s * plant.cp_j_kg_k),
        free_w=taken_w,
        chilled_w=chilled_w,
        unserved_w=unserved_w,
        chiller_w=chiller_w,
        rejected_w=taken_w,
        fan_w=np.where(turning, cells * bank.cell.fan.running_w(1.0, inlet.dry_air_kg_m3), 0.0),
        speed=np.where(turning, 1.0, 0.0),
        cells=np.where(turning, cells, 0.0),
        met=leaving_k <= known.wanted_k + MET_K,
    )


def with_tower(plant: Plant, chiller: Chiller, tower: TowerLoop, known: Known) -> State:
    """Exchanger and condenser in series in the towers' water; the cells carry load and chiller's power.

    What the exchanger takes warms the condenser's water and with it takes of the chiller's capacity. In hours in which
    both together miss the wanted water the exchanger is passed by, where that does better.
    """
    found = _in_series(plant, chiller, tower, known)
    if plant.economiser != "integrated" or found.met.all():
        return found
    bypassed = _in_series(replace(plant, economiser="none"), chiller, tower, known)
    better = ~found.met & (bypassed.leaving_k < found.leaving_k)
    return State(*(np.where(better, getattr(bypassed, part.name), getattr(found, part.name)) for part in fields(State)))


def _in_series(plant: Plant, chiller: Chiller, tower: TowerLoop, known: Known) -> State:
    bank, inlet = plant.bank, plant.bank.cell.inlet(known.air)
    cells = np.full(known.heat_w.shape, float(bank.running))
    work = _TowerWork(plant, chiller, tower, known)

    def excess_k(tower_k: Floats) -> Floats:
        return bank.full_leaving_k(work.at(tower_k).total_w, known.tower_kg_s, cells, inlet) - tower_k

    most_w = known.heat_w + known.tower_pump_w + MOST_POWER_SHARE * chiller.reference_w
    highest_k = bank.full_leaving_k(most_w, known.tower_kg_s, cells, inlet)
    coldest_k = falling_root(excess_k, inlet.wet_bulb_k.copy(), highest_k, TEMPERATURE_TOLERANCE_K)
    serving_k = tower.condenser_wanted_k if plant.economiser != "integrated" else 0.0
    tower_k = np.maximum(coldest_k, max(serving_k, bank.cell.least_leaving_k))
    found = work.at(tower_k)
    held = _fans(bank, found.total_w, tower_k, tower_k > coldest_k, known)
    leaving_k = found.supply_k + found.unserved_w / (known.loop_kg_s * plant.cp_j_kg_k)
    return State(
        leaving_k=leaving_k,
        tower_k=held.leaving_k,
        free_w=found.free_w,
        chilled_w=found.chilled_w,
        unserved_w=found.unserved_w,
        chiller_w=found.chiller_w,
        rejected_w=found.total_w,
        fan_w=held.fan_w,
        speed=held.mean_speed,
        cells=held.cells,
        met=leaving_k <= known.wanted_k + MET_K,
    )


def _fans(bank: Bank, heat_w: Floats, tower_k: Floats, slower: Bools, known: Known) -> Held:
    """Fans at full speed, and `slower` where the towers' water is held above the coldest that they could make."""
    inlet, cells = bank.cell.inlet(known.air), np.full(heat_w.shape, float(bank.running))
    leaving_k = bank.full_leaving_k(heat_w, known.tower_kg_s, cells, inlet)
    fan_w, speed = cells * bank.cell.fan.running_w(1.0, inlet.dry_air_kg_m3), np.ones(heat_w.shape)
    if np.any(slower):
        some = known.of(slower)
        held = bank.hold(heat_w[slower], some.tower_kg_s, tower_k[slower], some.air)
        leaving_k[slower], fan_w[slower], speed[slower] = held.leaving_k, held.fan_w, held.mean_speed
        cells[slower] = held.cells
    return Held(leaving_k, fan_w, speed, cells, np.ones(heat_w.shape, dtype=np.bool_))


@dataclass(frozen=True, slots=True)
class _AtTower:
    """Supply, heats and power at one temperature of the towers' water; `total_w` is what the cells must give up."""

    supply_k: Floats
    free_w: Floats
    chilled_w: Floats
    unserved_w: Floats
    chiller_w: Floats
    total_w: Floats


class _TowerWork:
    """What exchanger and chiller do in some hours, as a function of the towers' water."""

    def __init__(self, plant: Plant, chiller: Chiller, tower: TowerLoop, known: Known) -> None:
        self.plant, self.chiller, self.tower, self.known = plant, chiller, tower, known
        self.rise_k = known.rise_k(plant)

    def free_w(self, supply_k: Floats, tower_k: Floats) -> Floats:
        """Heat through the exchanger: none where the towers' water is warmer than the return."""
        if self.plant.economiser != "integrated":
            return np.zeros(supply_k.shape)
        excess_k = np.maximum(supply_k + self.rise_k - tower_k, 0.0)
        return np.minimum(excess_k * self.known.exchanger_w_k(self.plant, self.tower), self.known.heat_w)

    def at(self, tower_k: Floats) -> _AtTower:
        """What happens with the towers' water at `tower_k`; their pump's heat goes to the condenser first."""
        known, plant = self.known, self.plant
        tower_w_k = known.tower_w_k(plant)

        def condenser_k(supply_k: Floats) -> Floats:
            return tower_k + (self.free_w(supply_k, tower_k) + known.tower_pump_w) / tower_w_k

        full_gap_k = known.heat_w / known.exchanger_w_k(plant, self.tower) - self.rise_k
        warmest_k = np.maximum(tower_k + full_gap_k, known.wanted_k)
        supply_k = _supply_k(plant, self.chiller, known, lambda at: self.free_w(at, tower_k), condenser_k, warmest_k)
        free_w, entering_k = self.free_w(supply_k, tower_k), condenser_k(supply_k)
        chilled_w = np.minimum(known.heat_w - free_w, self.chiller.most_heat_w(supply_k, entering_k))
        power_w = self.chiller.power_w(chilled_w, supply_k, entering_k)
        total_w = free_w + chilled_w + power_w + known.tower_pump_w
        return _AtTower(supply_k, free_w, chilled_w, _unserved_w(known, free_w, chilled_w), power_w, total_w)


def _supply_k(
    plant: Plant,
    chiller: Chiller,
    known: Known,
    free_w: Callable[[Floats], Floats],
    condenser_k: Callable[[Floats], Floats],
    warmest_k: Floats,
) -> Floats:
    """Supply that economiser and chiller reach: the wanted one, or where both together just carry the heat."""

    def lacking_w(supply_k: Floats) -> Floats:
        most_w = chiller.most_heat_w(supply_k, condenser_k(supply_k))
        return np.asarray(known.heat_w - free_w(supply_k) - most_w, dtype=np.float64)

    if plant.economiser != "integrated" or np.all(lacking_w(known.wanted_k) <= 0.0):
        return known.wanted_k.copy()
    return falling_root(lacking_w, known.wanted_k, warmest_k, TEMPERATURE_TOLERANCE_K)


def _unserved_w(known: Known, free_w: Floats, chilled_w: Floats) -> Floats:
    left_w = known.heat_w - free_w - chilled_w
    return np.where(left_w > NO_HEAT_SHARE * known.heat_w, left_w, 0.0)
