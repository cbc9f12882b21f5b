"""Cells from a design point, and how many of them a duty needs, with some out of service."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rackwright.buildout.rejection.cells import Cell, DryCell, Pads, WetCell
from rackwright.buildout.rejection.control import MOST_WATER_SHARE, Bank, Staging
from rackwright.buildout.rejection.fans import SHEET_DENSITY_KG_M3, Fan, FanMode, Pump
from rackwright.buildout.rejection.root import falling_root
from rackwright.buildout.rejection.typical import value
from rackwright.physics.air import AIR_CP_J_KG_K, SEA_LEVEL_PA, MoistAir, moist_air
from rackwright.physics.coolants import Coolant, water

Floats = NDArray[np.float64]

#: More cells than this are never looked for.
MOST_CELLS = 100_000
#: Conductances are looked for between these, as natural logarithms of W/K.
LOG_UA = (0.0, 25.0)


def calibrated(cell: Cell, heat_w: float, leaving_k: float, air: MoistAir) -> Cell:
    """The cell with the UA at which, at full speed, it gives up `heat_w` with water leaving at `leaving_k`.

    `air` holds one hour, the design's, before the pads where there are any.

    Raises
    ------
    ValueError
        If no UA does it: the water would leave colder than the air, or the air is too little.
    """
    heat = np.array([heat_w])
    entering_k = leaving_k + heat_w / (cell.water_kg_s * cell.cp_j_kg_k)
    inlet = cell.inlet(_as_hours(air))

    def excess_k(log_ua: Floats) -> Floats:
        tried = replace(cell, ua_w_k=float(np.exp(log_ua[0])))
        needed_k = float(np.max(tried.entering_k(heat, cell.water_kg_s, 1.0, inlet)))
        return np.array([needed_k - entering_k])

    if excess_k(np.array([LOG_UA[1]]))[0] > 0.0:
        raise ValueError(
            f"no cell with this air and water gives up {heat_w} W at {leaving_k} K of leaving water: "
            "more air, more water or warmer water is needed"
        )
    found = falling_root(excess_k, np.array([LOG_UA[0]]), np.array([LOG_UA[1]]), 1e-12)
    return replace(cell, ua_w_k=float(np.exp(found[0])))


def dry_cell(heat_w: float, air: MoistAir, *, mode: FanMode = "variable", pads: bool = False) -> Cell:
    """A typical dry cooler's cell for a heat at a design hour: median approach, typical fans.

    With pads the approach is to the dry bulb of the air behind them. The sheet that a cell is bought from holds at sea
    level: there it gives up `heat_w`; the same fans move as many cubic metres and fewer kilograms at the site's pressure.
    """
    wetted = Pads(value("pad_saturation_share"), value("pad_switch_over_k"), value("pad_cycles")) if pads else None
    volume_m3_s = heat_w / (AIR_CP_J_KG_K * value("dry_air_rise_k") * SHEET_DENSITY_KG_M3)
    cell = DryCell(
        ua_w_k=1.0,
        water_kg_s=heat_w / (4186.0 * value("range_k")),
        fan=_fan(volume_m3_s, heat_w * value("pad_electric_share" if pads else "dry_electric_share"), mode),
        pads=wetted,
        air_exponent=value("dry_air_exponent"),
        recirculation_share=value("recirculation_share"),
    )
    sheet = at_sea_level(air)
    leaving_k = float(np.max(cell.inlet(sheet).dry_bulb_k)) + value("dry_approach_k")
    return calibrated(cell, heat_w, leaving_k, sheet)


def wet_cell(heat_w: float, air: MoistAir, *, mode: FanMode = "variable", closed: bool = False) -> Cell:
    """A typical tower's cell for a heat at a design hour: median approach to the wet bulb, open or closed circuit.

    As its sheet has it, at sea level.
    """
    water_kg_s = heat_w / (4186.0 * value("range_k"))
    volume_m3_s = water_kg_s / value("water_over_air") / SHEET_DENSITY_KG_M3
    cell = WetCell(
        ua_w_k=1.0,
        water_kg_s=water_kg_s,
        fan=_fan(volume_m3_s, heat_w * value("wet_electric_share"), mode),
        concentration_cycles=value("tower_cycles"),
        drift_share=value("drift_share"),
        spray_pump_w=heat_w * value("spray_share") if closed else 0.0,
        basin_heater_w_k=value("basin_heater_w_k") * heat_w / 1e6,
        basin_k=value("basin_k"),
        air_exponent=value("wet_air_exponent"),
        water_exponent=value("wet_water_exponent"),
        recirculation_share=value("recirculation_share"),
    )
    approach_k = value("closed_wet_approach_k" if closed else "open_wet_approach_k")
    return calibrated(cell, heat_w, float(np.max(air.wet_bulb_k)) + approach_k, at_sea_level(air))


def at_sea_level(air: MoistAir) -> MoistAir:
    """Air of the same dry and wet bulb at sea level.

    >>> round(float(at_sea_level(moist_air(308.15, wet_bulb_k=293.15, pressure_pa=84e3)).pressure_pa))
    101325
    """
    return moist_air(air.dry_bulb_k, wet_bulb_k=air.wet_bulb_k, pressure_pa=SEA_LEVEL_PA)


def with_liquid(cell: Cell, liquid: Coolant, at_k: float) -> Cell:
    """A cell rated for water with another liquid in its tubes, the same volume of it.

    Its part of the resistance (15 %, assumed) grows as the film of turbulent flow in tubes falls, with cp^0.4
    rho^0.8 / mu^0.4 (Dittus, Boelter; the conductivity is taken as water's, which for glycol is kind by some 2 % of UA).
    """
    density, heat = float(liquid.density_kg_m3(at_k)), float(liquid.heat_capacity_j_kg_k(at_k))
    plain = water()
    film = (heat / float(plain.heat_capacity_j_kg_k(at_k))) ** 0.4
    film *= (density / float(plain.density_kg_m3(at_k))) ** 0.8
    film *= (float(plain.viscosity_pa_s(at_k)) / float(liquid.viscosity_pa_s(at_k))) ** 0.4
    share = value("water_side_share")
    return replace(
        cell,
        ua_w_k=cell.ua_w_k / (1.0 - share + share / film),
        water_kg_s=cell.water_kg_s * density / float(plain.density_kg_m3(at_k)),
        cp_j_kg_k=heat,
    )


def pump_for(flow_kg_s: float, head_pa: float, density_kg_m3: float = 998.0) -> Pump:
    """A typical pump for a flow and a head.

    >>> round(pump_for(100.0, 250e3).power_w)  # 0.1002 m3/s x 250 kPa / 0.7
    35786
    """
    return Pump(flow_kg_s, flow_kg_s / density_kg_m3 * head_pa / value("pump_efficiency"))


def bank_for(
    cell: Cell,
    heat_w: float,
    water_kg_s: float,
    wanted_k: float,
    air: MoistAir,
    spare_cells: int = 1,
    staging: Staging = "all",
    least_approach_k: float = 0.0,
) -> Bank | None:
    """The fewest cells that hold `wanted_k` in every hour of `air` with `spare_cells` of them out (N-1: one).

    `air` is the design hour, or several: the 0.4 per cent hour, an extreme of 20 years. The cells that are left take no
    more than the bank's most share of their design water. None where no number of cells does it, because the air itself
    is too warm: within `least_approach_k` of what is wanted nobody builds cells, though ever more of them would do.
    """
    hours = _as_hours(air)
    shape = hours.dry_bulb_k.shape
    heat, water = np.full(shape, heat_w), np.full(shape, water_kg_s)

    inlet = cell.inlet(hours)
    cold_k = inlet.wet_bulb_k if isinstance(cell, WetCell) else inlet.dry_bulb_k
    if float(np.max(cold_k)) + least_approach_k > wanted_k:
        return None

    def enough(cells: int) -> bool:
        if water_kg_s > cells * cell.water_kg_s * MOST_WATER_SHARE * (1 + 1e-9):
            return False
        leaving_k = Bank(cell, cells).full_leaving_k(heat, water, np.full(shape, float(cells)), inlet)
        return bool(np.all(leaving_k <= wanted_k))

    if not enough(MOST_CELLS):
        return None
    low, high = 1, MOST_CELLS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle + 1, high)
    return Bank(cell, high + spare_cells, staging=staging)


def _as_hours(air: MoistAir) -> MoistAir:
    """One hour given as plain numbers becomes an array of one hour."""
    return MoistAir(*(np.atleast_1d(getattr(air, name)) for name in MoistAir.__slots__))


def _fan(volume_m3_s: float, power_w: float, mode: FanMode) -> Fan:
    least = 0.5 if mode == "two-speed" else value("least_speed_share")
    return Fan(volume_m3_s, power_w, mode, least, value("fan_floor_share"))
