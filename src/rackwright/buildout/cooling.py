"""What a site draws for a rack: IT, cooling and electrical losses at each outdoor temperature, steady.

Per rack, at one outdoor temperature T (dry bulb, or wet bulb for a tower):

    free        = T + approach of the rejection equipment           water that it alone can give
    wanted      = liquid loop's supply - CDU's approach             for the racks' liquid
                  air supply - room coolers' approach               for the room's air
    trim share  = (free - wanted) / rise, between 0 and 1           what a chiller must do of the heat
    COP         = carnot share x wanted / (free + rise - wanted)    temperatures in K
    chiller     = heat x trim share / COP

The chiller stands in series behind the free cooling, so it carries only what that leaves; its condenser's water comes
from the same rejection equipment and leaves warmer by `rise`. Fans and pumps run at their design share of the heat that
they move. Everything is fed through the same electrical path.

Left out: fans that slow down in the cold (so the year errs on the high side), the chiller's part load, heat that a hall
loses or gains, heat of the electrical path, humidity, and control.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.program.sections.buildout import Efficiency

Floats = NDArray[np.float64]

#: Heat that evaporates a kilogram of water at 20 degC (IAPWS-IF97: 2,453.5 kJ/kg) and water's density there.
LATENT_HEAT_J_KG = 2.4535e6
WATER_KG_M3 = 998.2

#: A smaller rise of the water is none.
LEAST_RISE_K = 1e-3

#: The ledger's lines in the order of the way of the power; they add up to the facility's power.
IT_LINES = ("racks", "other_it", "fabric")
COOLING_LINES = ("cdu_pumps", "room_fans", "facility_pumps", "liquid_chiller", "air_chiller", "rejection_fans")
LINES = (*IT_LINES, *COOLING_LINES, "electrical_path")


@dataclass(frozen=True, slots=True)
class Demand:
    """One rack's power and heat at its load, and what its coolant wants. Powers in W, temperatures in K.

    `fabric_w` is its share of switches and optics, `cdu_w` that of CDU pumps; both outside the rack. `rise_k` is how
    much the facility's water warms: that of the rack's coolant, because a CDU at its rating has equal flows on both
    sides.
    """

    rack_w: float
    other_it_w: float
    fabric_w: float
    cdu_w: float
    liquid_heat_w: float
    air_heat_w: float
    wanted_k: float
    rise_k: float


def chiller_w(heat_w: float, wanted_k: float, free_k: ArrayLike, rise_k: float, carnot_share: float) -> Floats:
    """Power of the chiller that brings water from `free_k` to `wanted_k` for a heat, in series behind free cooling.

    See the module for the formulae; with no rise a chiller carries all of the heat as soon as `free_k` is too warm.

    Parameters
    ----------
    heat_w : float
        Heat that the water takes up. [W]
    wanted_k, rise_k : float
        Supply temperature wanted, and how much warmer the water returns. [K]
    free_k : array_like
        What the rejection equipment alone gives. [K]
    carnot_share : float
        Share of Carnot's coefficient of performance, above zero.

    Examples
    --------
    Water 5 K too warm of a rise of 10 K: half of 100 kW, lifted by 15 K at half of Carnot.

    >>> round(float(chiller_w(100e3, 300.0, 305.0, 10.0, 0.5)), 1)
    5000.0
    """
    excess_k = np.asarray(free_k, dtype=np.float64) - wanted_k
    shared = rise_k > LEAST_RISE_K
    share = np.clip(excess_k / rise_k, 0.0, 1.0) if shared else np.where(excess_k > 0, 1.0, 0.0)
    lift_k = np.maximum(excess_k + rise_k, 0.0)
    return np.asarray(heat_w * share * lift_k / (carnot_share * wanted_k), dtype=np.float64)


def ledger(demand: Demand, outdoor_k: ArrayLike, approach_k: float, efficiency: Efficiency) -> dict[str, Floats]:
    """Power of each of `LINES` at each outdoor temperature, per rack. [W]

    The heat rejected outdoors is everything that is drawn inside but the rejection fans and the electrical path.
    """
    outdoor = np.asarray(outdoor_k, dtype=np.float64)
    free_k = outdoor + approach_k
    liquid_w = demand.liquid_heat_w + demand.cdu_w
    room_w = demand.air_heat_w + demand.other_it_w + demand.fabric_w
    room_fans_w = efficiency.air_fan_share * room_w
    air_w = room_w + room_fans_w
    air_wanted_k = efficiency.air_supply_k - efficiency.air_approach_k
    carnot = efficiency.chiller_carnot_share
    steady = {
        "racks": demand.rack_w,
        "other_it": demand.other_it_w,
        "fabric": demand.fabric_w,
        "cdu_pumps": demand.cdu_w,
        "room_fans": room_fans_w,
        "facility_pumps": efficiency.pump_share * (liquid_w + air_w),
    }
    lines: dict[str, Floats] = {name: np.full(outdoor.shape, value) for name, value in steady.items()}
    lines["liquid_chiller"] = chiller_w(liquid_w, demand.wanted_k, free_k, demand.rise_k, carnot)
    lines["air_chiller"] = chiller_w(air_w, air_wanted_k, free_k, demand.rise_k, carnot)
    lines["rejection_fans"] = efficiency.rejection_share * heat_rejected_w(lines)
    inside = sum((lines[name] for name in (*IT_LINES, *COOLING_LINES)), np.zeros(outdoor.shape))
    lines["electrical_path"] = inside * (1.0 / efficiency.electrical_share - 1.0)
    return lines


def heat_rejected_w(lines: dict[str, Floats]) -> Floats:
    """Heat that the rejection equipment gives to the outdoors: all that is drawn inside but its own fans. [W]"""
    inside = [lines[name] for name in (*IT_LINES, *COOLING_LINES) if name != "rejection_fans"]
    return np.asarray(sum(inside[1:], inside[0]), dtype=np.float64)


def evaporated_m3_s(heat_w: ArrayLike) -> Floats:
    """Water that evaporates when all heat leaves that way (1.47 L/kWh). What is drained to bound salts is left out.

    >>> round(float(evaporated_m3_s(1e3)) * 3600 * 1e3, 3)  # litres per kWh of heat
    1.47
    """
    return np.asarray(heat_w, dtype=np.float64) / (LATENT_HEAT_J_KG * WATER_KG_M3)
