"""Moist air: humidity, wet bulb, dew point, enthalpy and density, on arrays.

Air and water vapour as ideal gases that mix without help (ASHRAE Handbook Fundamentals 2017, chapter 1). The
enhancement of saturation by the air's pressure, 0.3 to 0.5 per cent of the humidity at sea level, is left out; so is
the real gas, 0.1 per cent of the volume. Saturation pressure is Hyland and Wexler's (ASHRAE Transactions 89-2A, 1983,
chapter 1 equations 5 and 6), over ice below the freezing point. Valid from -100 to 200 degC, and for saturated air up
to the boiling point.

Temperatures in K, pressures in Pa, humidity ratios in kg of vapour per kg of dry air. Arguments are floats or arrays
that broadcast; results are arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ZERO_C_K = 273.15
#: Pressure of the standard atmosphere at sea level. [Pa]
SEA_LEVEL_PA = 101325.0

#: Gas constant of dry air, and ratio of the molar masses of water and dry air (ASHRAE 2017, chapter 1, 2.1). [J/(kg K)]
DRY_AIR_J_KG_K = 287.042
MASS_RATIO = 0.621945

#: Heat capacities of dry air, vapour, water and ice; latent heats of vapour above water and ice, at 0 degC.
#: They are those of ASHRAE's equations 30, 33 and 35. [J/(kg K)], [J/kg]
AIR_CP_J_KG_K, VAPOUR_CP_J_KG_K, WATER_CP_J_KG_K, ICE_CP_J_KG_K = 1006.0, 1860.0, 4186.0, 2100.0
VAPOUR_J_KG, SUBLIMATION_J_KG = 2.501e6, 2.830e6

#: Coefficients of ln(pressure) over ice and over water: 1/T, 1, T, T^2, T^3, T^4, ln T.
ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)

#: Newton's steps end when none is larger; what is left is of the order of its square, below 1e-9. [K]
SMALLEST_STEP_K = 1e-5
#: Five steps are usual; air at the freezing point may go to and fro between water and ice a few times.
MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class MoistAir:
    """Outdoor air, hour by hour: all arrays of one shape. Make it by `moist_air`."""

    dry_bulb_k: Floats
    wet_bulb_k: Floats
    humidity_ratio: Floats
    pressure_pa: Floats

    @property
    def enthalpy_j_kg(self) -> Floats:
        """Per kg of dry air, zero for dry air at 0 degC."""
        return enthalpy_j_kg(self.dry_bulb_k, self.humidity_ratio)

    @property
    def dry_air_kg_m3(self) -> Floats:
        """Dry air in a cubic metre: what a fan's volume carries."""
        return dry_air_kg_m3(self.dry_bulb_k, self.humidity_ratio, self.pressure_pa)


def moist_air(
    dry_bulb_k: ArrayLike,
    *,
    pressure_pa: ArrayLike = SEA_LEVEL_PA,
    humidity_ratio: ArrayLike | None = None,
    relative_humidity_share: ArrayLike | None = None,
    dew_point_k: ArrayLike | None = None,
    wet_bulb_k: ArrayLike | None = None,
) -> MoistAir:
    """Air from its dry bulb, pressure and exactly one measure of its humidity.

    More vapour than the air can hold is taken as saturated.

    Raises
    ------
    ValueError
        If none or several of the humidities are given.

    Examples
    --------
    >>> air = moist_air(303.15, relative_humidity_share=0.5)
    >>> round(float(air.wet_bulb_k) - 273.15, 2)
    22.0
    """
    given = [humidity_ratio, relative_humidity_share, dew_point_k, wet_bulb_k]
    if sum(one is not None for one in given) != 1:
        raise ValueError("air takes one of humidity_ratio, relative_humidity_share, dew_point_k, wet_bulb_k")
    dry_k, pressure = np.asarray(dry_bulb_k, dtype=np.float64), np.asarray(pressure_pa, dtype=np.float64)
    if relative_humidity_share is not None:
        ratio = humidity_from_relative(dry_k, relative_humidity_share, pressure)
    elif dew_point_k is not None:
        ratio = saturated_humidity(np.minimum(dew_point_k, dry_k), pressure)
    elif wet_bulb_k is not None:
        ratio = humidity_from_wet_bulb(dry_k, np.minimum(wet_bulb_k, dry_k), pressure)
    else:
        ratio = np.asarray(humidity_ratio, dtype=np.float64)
    ratio = np.clip(ratio, 0.0, saturated_humidity(dry_k, pressure))
    wet_k = np.minimum(_wet_bulb_k(dry_k, ratio, pressure), dry_k)
    return MoistAir(*(np.array(each, dtype=np.float64) for each in np.broadcast_arrays(dry_k, wet_k, ratio, pressure)))


def saturation_pressure_pa(temperature_k: ArrayLike) -> Floats:
    """Pressure of vapour in balance with water, or with ice below 0 degC. [Pa]

    >>> round(float(saturation_pressure_pa(293.15)))  # 2,339 Pa in the steam tables
    2339
    """
    pressure, _ = _saturation(np.asarray(temperature_k, dtype=np.float64))
    return pressure


def saturated_humidity(temperature_k: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Humidity ratio of saturated air; at the boiling point and above it, of air with 0.1 per cent of dry air.

    >>> round(float(saturated_humidity(293.15)), 5)
    0.0147
    """
    total = np.asarray(pressure_pa, dtype=np.float64)
    vapour = saturation_pressure_pa(temperature_k)
    return np.asarray(MASS_RATIO * vapour / np.maximum(total - vapour, 1e-3 * total), dtype=np.float64)


def humidity_from_relative(
    dry_bulb_k: ArrayLike, relative_humidity_share: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA
) -> Floats:
    """Humidity ratio from relative humidity; relative to water above 0 degC and to ice below.

    Weather stations report humidity in the cold relative to water; the difference is below 0.4 g/kg and left out.
    """
    total = np.asarray(pressure_pa, dtype=np.float64)
    vapour = np.asarray(relative_humidity_share, dtype=np.float64) * saturation_pressure_pa(dry_bulb_k)
    return np.asarray(MASS_RATIO * vapour / np.maximum(total - vapour, 1e-3 * total), dtype=np.float64)


def humidity_from_wet_bulb(
    dry_bulb_k: ArrayLike, wet_bulb_k: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA
) -> Floats:
    """Humidity ratio from the thermodynamic wet bulb (ASHRAE 2017, chapter 1, equations 33 and 35).

    Never below zero: a wet bulb lower than that of dry air is read as that of dry air.
    """
    dry_c = np.asarray(dry_bulb_k, dtype=np.float64) - ZERO_C_K
    wet_c = np.asarray(wet_bulb_k, dtype=np.float64) - ZERO_C_K
    saturated = saturated_humidity(wet_bulb_k, pressure_pa)
    liquid_j_kg = np.where(wet_c >= 0.0, WATER_CP_J_KG_K * wet_c, _ice_j_kg(wet_c))
    taken_j_kg = saturated * (VAPOUR_J_KG + VAPOUR_CP_J_KG_K * wet_c - liquid_j_kg) - AIR_CP_J_KG_K * (dry_c - wet_c)
    ratio = taken_j_kg / (VAPOUR_J_KG + VAPOUR_CP_J_KG_K * dry_c - liquid_j_kg)
    return np.asarray(np.maximum(ratio, 0.0), dtype=np.float64)


def wet_bulb_k(dry_bulb_k: ArrayLike, humidity_ratio: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Thermodynamic wet bulb, to 1e-6 K of the equations it inverts. [K]

    Between 0 degC over water and over ice the equations overlap by a few hundredths of a g/kg; water is taken there.
    """
    dry_k, ratio, total = np.broadcast_arrays(
        *(np.asarray(x, float) for x in (dry_bulb_k, humidity_ratio, pressure_pa))
    )
    within = np.clip(ratio, 0.0, saturated_humidity(dry_k, total))
    return np.asarray(np.minimum(_wet_bulb_k(dry_k, within, total), dry_k), dtype=np.float64)


def dew_point_k(humidity_ratio: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Temperature at which the vapour begins to condense, or to freeze out below 0 degC. [K]

    Air with less than 1e-9 of vapour is given the dew point of 1e-9, -84 degC at sea level.
    """
    ratio = np.maximum(np.asarray(humidity_ratio, dtype=np.float64), 1e-9)
    log_pressure = np.log(np.asarray(pressure_pa, dtype=np.float64) * ratio / (MASS_RATIO + ratio))
    at_k = np.asarray(35.86 - 4050.0 / (log_pressure - 23.4), dtype=np.float64)  # Clausius-Clapeyron, to start
    for _ in range(MOST_STEPS):
        pressure, slope = _saturation(at_k)
        step_k = (log_pressure - np.log(pressure)) * pressure / slope
        at_k = at_k + step_k
        if np.all(np.abs(step_k) < SMALLEST_STEP_K):
            break
    return at_k


def enthalpy_j_kg(dry_bulb_k: ArrayLike, humidity_ratio: ArrayLike) -> Floats:
    """Enthalpy per kg of dry air; zero for dry air, and for water, at 0 degC (equation 30).

    >>> round(float(enthalpy_j_kg(303.15, 0.01)))  # 1.006 x 30 + 0.01 x (2501 + 1.86 x 30), in kJ/kg
    55748
    """
    dry_c = np.asarray(dry_bulb_k, dtype=np.float64) - ZERO_C_K
    ratio = np.asarray(humidity_ratio, dtype=np.float64)
    return np.asarray(AIR_CP_J_KG_K * dry_c + ratio * (VAPOUR_J_KG + VAPOUR_CP_J_KG_K * dry_c), dtype=np.float64)


def heat_capacity_j_kg_k(humidity_ratio: ArrayLike) -> Floats:
    """Heat capacity of moist air per kg of dry air. [J/(kg K)]"""
    return np.asarray(AIR_CP_J_KG_K + VAPOUR_CP_J_KG_K * np.asarray(humidity_ratio, dtype=np.float64))


def dry_air_kg_m3(dry_bulb_k: ArrayLike, humidity_ratio: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Mass of the dry air in a cubic metre of moist air. [kg/m3]

    >>> round(float(dry_air_kg_m3(293.15, 0.0)), 4)
    1.2042
    """
    gas = DRY_AIR_J_KG_K * (1.0 + np.asarray(humidity_ratio, dtype=np.float64) / MASS_RATIO)
    return np.asarray(np.asarray(pressure_pa, dtype=np.float64) / (gas * np.asarray(dry_bulb_k)), dtype=np.float64)


def density_kg_m3(dry_bulb_k: ArrayLike, humidity_ratio: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Density of the moist air with its vapour. [kg/m3]"""
    with_vapour = 1.0 + np.asarray(humidity_ratio, dtype=np.float64)
    return np.asarray(dry_air_kg_m3(dry_bulb_k, humidity_ratio, pressure_pa) * with_vapour, dtype=np.float64)


def pressure_at_altitude_pa(altitude_m: ArrayLike) -> Floats:
    """Pressure of the standard atmosphere at a height (equation 3; -5,000 to 11,000 m). [Pa]

    >>> round(float(pressure_at_altitude_pa(1500.0)), -1)  # ASHRAE's table prints 84.556 kPa
    84560.0
    """
    height = np.asarray(altitude_m, dtype=np.float64)
    return np.asarray(SEA_LEVEL_PA * (1.0 - 2.25577e-5 * height) ** 5.2559, dtype=np.float64)


def saturated_enthalpy_j_kg(temperature_k: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Enthalpy of saturated air per kg of dry air. [J/kg]"""
    return enthalpy_j_kg(temperature_k, saturated_humidity(temperature_k, pressure_pa))


def saturated_at_k(enthalpy: ArrayLike, pressure_pa: ArrayLike = SEA_LEVEL_PA) -> Floats:
    """Temperature of saturated air of this enthalpy: Newton on its logarithm, which is nearly straight. [K]

    Valid from -80 degC to 2 K below the boiling point; beyond these it answers the nearer end.

    >>> round(float(saturated_at_k(saturated_enthalpy_j_kg(300.0))), 6)
    300.0
    """
    wanted, total = np.broadcast_arrays(np.asarray(enthalpy, dtype=np.float64), np.asarray(pressure_pa, float))
    highest_k = boiling_k(total) - 2.0
    lift_j_kg = 1e5  # keeps the logarithm's argument above zero down to -80 degC
    log_wanted = np.log(np.maximum(wanted + lift_j_kg, 1e3))
    place = np.clip(log_wanted - 12.0, -1.5, 1.7)
    at_k = np.minimum(294.0 + place * (48.0 - 14.2 * place), highest_k)  # a parabola through the usual, to start
    for _ in range(MOST_STEPS):
        reached, slope = _saturated_enthalpy(at_k, total)
        next_k = np.clip(
            at_k + (log_wanted - np.log(reached + lift_j_kg)) * (reached + lift_j_kg) / slope, 190.0, highest_k
        )
        small = np.abs(next_k - at_k) < SMALLEST_STEP_K
        at_k = next_k
        if np.all(small):
            break
    return at_k


def boiling_k(pressure_pa: ArrayLike) -> Floats:
    """Boiling point of water at a pressure, by Antoine's equation; within 0.2 K from 50 to 110 kPa. [K]

    >>> round(float(boiling_k(101325.0)) - 273.15, 1)  # 99.97 in the steam tables
    100.0
    """
    log_pressure = np.log(np.asarray(pressure_pa, dtype=np.float64))
    return np.asarray(46.13 + 3816.44 / (23.1964 - log_pressure), dtype=np.float64)


def _ice_j_kg(celsius: Floats) -> Floats:
    return VAPOUR_J_KG - SUBLIMATION_J_KG + ICE_CP_J_KG_K * celsius


def _saturation(at_k: Floats) -> tuple[Floats, Floats]:
    """Saturation pressure and its slope. [Pa], [Pa/K]"""
    over_ice = at_k < ZERO_C_K
    a, b, c, d, e, f, g = _coefficients(over_ice)
    pressure = np.exp(a / at_k + b + at_k * (c + at_k * (d + at_k * (e + at_k * f))) + g * np.log(at_k))
    log_slope = (g - a / at_k) / at_k + c + at_k * (2.0 * d + at_k * (3.0 * e + at_k * (4.0 * f)))
    return np.asarray(pressure, dtype=np.float64), np.asarray(pressure * log_slope, dtype=np.float64)


def _coefficients(over_ice: NDArray[np.bool_]) -> list[Floats]:
    if not np.any(over_ice):
        return [np.asarray(one, dtype=np.float64) for one in WATER]
    return [np.where(over_ice, ice, water) for ice, water in zip(ICE, WATER, strict=True)]


def _saturated(at_k: Floats, total: Floats) -> tuple[Floats, Floats]:
    """Humidity ratio of saturated air and its slope. [-], [1/K]"""
    vapour, slope = _saturation(at_k)
    rest = np.maximum(total - vapour, 1e-3 * total)
    ratio = MASS_RATIO * vapour / rest
    return ratio, MASS_RATIO * slope * total / rest**2


def _saturated_enthalpy(at_k: Floats, total: Floats) -> tuple[Floats, Floats]:
    ratio, ratio_slope = _saturated(at_k, total)
    celsius = at_k - ZERO_C_K
    vapour_j_kg = VAPOUR_J_KG + VAPOUR_CP_J_KG_K * celsius
    slope = AIR_CP_J_KG_K + ratio * VAPOUR_CP_J_KG_K + ratio_slope * vapour_j_kg
    return AIR_CP_J_KG_K * celsius + ratio * vapour_j_kg, slope


def _wet_bulb_k(dry_k: Floats, ratio: Floats, total: Floats) -> Floats:
    """Both wet bulbs where they are needed: over water, and over ice where water's comes out below 0 degC."""
    over_water_k = _wet_bulb_over(dry_k, ratio, total, 0.0, WATER_CP_J_KG_K)
    cold = over_water_k < ZERO_C_K
    if not np.any(cold):
        return over_water_k
    over_ice_k = _wet_bulb_over(dry_k, ratio, total, VAPOUR_J_KG - SUBLIMATION_J_KG, ICE_CP_J_KG_K)
    return np.where(cold, np.minimum(over_ice_k, ZERO_C_K), over_water_k)


def _wet_bulb_over(dry_k: Floats, ratio: Floats, total: Floats, base_j_kg: float, cp_j_kg_k: float) -> Floats:
    """Temperature at which the air, saturated by water that enters at it, has the air's heat: Newton, rising to it.

    The excess of heat is convex and increasing in the temperature, so steps from the dry bulb fall to the root.
    """
    air_j_kg = enthalpy_j_kg(dry_k, ratio)
    at_k = np.array(np.broadcast_to(dry_k, air_j_kg.shape), dtype=np.float64)
    for _ in range(MOST_STEPS):
        saturated, saturated_slope = _saturated(at_k, total)
        held_j_kg, slope = _saturated_enthalpy(at_k, total)
        liquid_j_kg = base_j_kg + cp_j_kg_k * (at_k - ZERO_C_K)
        excess = held_j_kg - air_j_kg - (saturated - ratio) * liquid_j_kg
        step_k = excess / (slope - saturated_slope * liquid_j_kg - (saturated - ratio) * cp_j_kg_k)
        at_k = np.maximum(at_k - step_k, 150.0)
        if np.all(np.abs(step_k) < SMALLEST_STEP_K):
            break
    return at_k
