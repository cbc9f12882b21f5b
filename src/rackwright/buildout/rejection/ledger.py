"""A whole plant of heat rejection over the hours of a year: free cooling, chillers behind it, water and power.

    direct    loop water -> cells -> chiller with an air condenser -> racks
    indirect  loop water -> exchanger -> chiller's evaporator -> racks
              tower water -> exchanger -> chiller's condenser -> cells

Each hour is steady by itself. First the cells alone are asked (mode FREE). Where they leave the water too warm and
there is a chiller, an `integrated` economiser runs its fans at full speed and the chiller takes what is left
(PARTIAL); where the outdoors is warmer than the return, or the economiser works `alone` or not at all (`none`), the
chiller takes everything (MECHANICAL). The power of pumps ends as heat in their water.

Energy of each hour: load + pumps + chiller = heat to the air (latent included) + what no steady state carries.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.buildout.rejection.cells import WetCell
from rackwright.buildout.rejection.plant import Mode, Plant
from rackwright.buildout.rejection.state import Known, State
from rackwright.buildout.rejection.trim import with_air_condenser, with_tower
from rackwright.physics.air import MoistAir, boiling_k

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HourLedger:
    """The hours of a plant: arrays of shape (hours,); powers and heats in W, temperatures in K, water in kg/s.

    `load_w` is the racks' heat, `free_w` what the economiser takes of load and loop pump, `chilled_w` what the
    chiller takes, `unserved_w` what neither does. `met` tells the hours in which the wanted temperature is reached.
    """

    load_w: Floats
    wanted_k: Floats
    leaving_k: Floats
    returning_k: Floats
    tower_k: Floats
    met: Bools
    mode: NDArray[np.int8]
    free_w: Floats
    chilled_w: Floats
    unserved_w: Floats
    heat_to_air_w: Floats
    fan_w: Floats
    pump_w: Floats
    chiller_w: Floats
    basin_w: Floats
    speed_share: Floats
    cells: Floats
    evaporation_kg_s: Floats
    drift_kg_s: Floats
    blowdown_kg_s: Floats

    @property
    def makeup_kg_s(self) -> Floats:
        """Water taken from the mains."""
        return self.evaporation_kg_s + self.drift_kg_s + self.blowdown_kg_s

    @property
    def electric_w(self) -> Floats:
        """All power of the plant."""
        return self.fan_w + self.pump_w + self.chiller_w + self.basin_w

    def hours_in(self, mode: Mode) -> int:
        """Number of hours in a mode."""
        return int(np.count_nonzero(self.mode == mode))


def hours(plant: Plant, load_w: ArrayLike, wanted_supply_k: ArrayLike, air: MoistAir) -> HourLedger:
    """Run a plant over hours, each steady by itself.

    Every hour gets an answer: where the wanted supply cannot be reached, `leaving_k` is what is, and `met` is False; so
    it is where water would have to boil. Such temperatures are formal: they only say how far off the wish is.

    Parameters
    ----------
    plant : Plant
    load_w : array_like, shape (hours,) or a number
        Heat that the racks and rooms give to the loop; zero or above. [W]
    wanted_supply_k : array_like, shape (hours,) or a number
        Water wanted for the supply. [K]
    air : MoistAir, arrays of shape (hours,)
        Outdoor air, from `rackwright.physics.air.moist_air`.

    Raises
    ------
    ValueError
        If a load is below zero, or anything given is not finite.
    """
    load, known = _known(plant, load_w, wanted_supply_k, air)
    state = _cells_alone(plant, known)
    _chillers(plant, known, state, ~state.met & (load > 0.0) if plant.economiser != "none" else load > 0.0)
    return _ledger(plant, known, state, load)


def _known(plant: Plant, load_w: ArrayLike, wanted_k: ArrayLike, air: MoistAir) -> tuple[Floats, Known]:
    """Everything as arrays of one shape; pumps stand still without load."""
    given = (load_w, wanted_k, air.dry_bulb_k, air.wet_bulb_k, air.humidity_ratio, air.pressure_pa)
    arrays = [np.atleast_1d(np.asarray(one, dtype=np.float64)) for one in given]
    load, wanted, dry, wet, ratio, total = (np.array(one) for one in np.broadcast_arrays(*arrays))
    if not all(np.all(np.isfinite(one)) for one in (load, wanted, dry, wet, ratio, total)) or np.any(load < 0):
        raise ValueError("loads must be zero or above, and loads, temperatures and air finite")
    loop_kg_s, loop_w = plant.loop.at(load / plant.design_heat_w)
    tower_kg_s, tower_w = loop_kg_s, np.zeros(load.shape)
    if plant.tower is not None:
        tower_kg_s, tower_w = plant.tower.pump.at(load / plant.design_heat_w)
    heat_w, tower_w = np.where(load > 0.0, load + loop_w, 0.0), np.where(load > 0.0, tower_w, 0.0)
    return load, Known(heat_w, loop_kg_s, tower_kg_s, tower_w, wanted, MoistAir(dry, wet, ratio, total))


def _cells_alone(plant: Plant, known: Known) -> State:
    """Free cooling of every hour; the exchanger keeps the loop's supply above the towers' water by a gap."""
    gap_k, heat_w = np.zeros(known.heat_w.shape), known.heat_w
    if plant.tower is not None:
        gap_k = known.heat_w / known.exchanger_w_k(plant, plant.tower) - known.rise_k(plant)
        heat_w = known.heat_w + known.tower_pump_w
    held = plant.bank.hold(heat_w, known.tower_kg_s, known.wanted_k - gap_k, known.air)
    none = np.zeros(heat_w.shape)
    return State(
        leaving_k=held.leaving_k + gap_k,
        tower_k=held.leaving_k,
        free_w=known.heat_w.copy(),
        chilled_w=none.copy(),
        unserved_w=none.copy(),
        chiller_w=none.copy(),
        rejected_w=np.array(heat_w),
        fan_w=held.fan_w,
        speed=held.mean_speed,
        cells=held.cells,
        met=held.met,
    )


def _chillers(plant: Plant, known: Known, state: State, short: Bools) -> None:
    """Find again the hours in which the cells alone do not do."""
    if plant.chiller is None or not np.any(short):
        return
    some = known.of(short)
    if plant.tower is None:
        state.put(short, with_air_condenser(plant, plant.chiller, some))
    else:
        state.put(short, with_tower(plant, plant.chiller, plant.tower, some))


def _ledger(plant: Plant, known: Known, state: State, load_w: Floats) -> HourLedger:
    """Water, idle basins, modes."""
    cell = plant.bank.cell
    water = cell.water(state.cells, state.rejected_w, known.tower_kg_s, state.speed, known.air)
    spray_w, basin_w = np.zeros(load_w.shape), np.zeros(load_w.shape)
    if isinstance(cell, WetCell):
        spray_w = cell.spray_pump_w * state.cells
        colder_k = np.maximum(cell.basin_k - known.air.dry_bulb_k, 0.0)
        basin_w = (plant.bank.running - state.cells) * cell.basin_heater_w_k * colder_k
    condensed_w = state.chilled_w + state.chiller_w if plant.tower is None else np.zeros(load_w.shape)
    by_chiller = np.where(state.free_w > 0.0, Mode.PARTIAL, Mode.MECHANICAL)
    mode = np.where(known.heat_w > 0.0, np.where(state.chilled_w > 0.0, by_chiller, Mode.FREE), Mode.IDLE)
    return HourLedger(
        load_w=load_w,
        wanted_k=known.wanted_k,
        leaving_k=state.leaving_k,
        returning_k=state.leaving_k + known.rise_k(plant),
        tower_k=state.tower_k,
        met=state.met & _liquid(plant, known, state),
        mode=mode.astype(np.int8),
        free_w=state.free_w,
        chilled_w=state.chilled_w,
        unserved_w=state.unserved_w,
        heat_to_air_w=state.rejected_w + spray_w + condensed_w,
        fan_w=state.fan_w,
        pump_w=known.heat_w - load_w + known.tower_pump_w + spray_w,
        chiller_w=state.chiller_w,
        basin_w=basin_w,
        speed_share=state.speed,
        cells=state.cells,
        evaporation_kg_s=water.evaporation_kg_s,
        drift_kg_s=water.drift_kg_s,
        blowdown_kg_s=water.blowdown_kg_s,
    )


def _liquid(plant: Plant, known: Known, state: State) -> Bools:
    """Whether all water stays below its boiling point; where it does not, no temperature counts as reached."""
    hottest_k = state.tower_k + state.rejected_w / known.tower_w_k(plant)
    hottest_k = np.maximum(hottest_k, state.leaving_k + known.rise_k(plant))
    return hottest_k < boiling_k(known.air.pressure_pa)
