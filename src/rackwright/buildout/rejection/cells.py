"""One cell of heat rejection: a dry coil, with or without wetted pads, or a wet tower, open or closed.

A cell is asked two questions, each in one direction: which temperature of entering water makes it give up a heat
(`entering_k`, direct, no repeating), and which heat it gives up at a temperature of entering water (`heat_w`).

Dry coil: effectiveness of a cross-flow exchanger with both streams unmixed (Incropera and others, Fundamentals of Heat
and Mass Transfer, equation 11.32; EnergyPlus Engineering Reference, FluidCooler). Wet tower: Merkel's enthalpy as the
driving force, in the form of an equivalent counter-flow exchanger between water and a fluid at the air's wet bulb
(Merkel, VDI-Forschungsarbeiten 275, 1925; EnergyPlus Engineering Reference, CoolingTower). Both scale as

    UA = UA of the design x (air mass / design)^air exponent x (water / design)^water exponent

`recirculation_share` warms (and wets) the air that enters by that share of what it takes up on its way through.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rackwright.buildout.rejection.fans import Fan
from rackwright.buildout.rejection.root import falling_root
from rackwright.physics.air import (
    MoistAir,
    heat_capacity_j_kg_k,
    humidity_from_wet_bulb,
    saturated_at_k,
    saturated_enthalpy_j_kg,
    saturated_humidity,
)

Floats = NDArray[np.float64]

#: Heats of one cell are found to this share of what its water could give up at most.
HEAT_TOLERANCE_SHARE = 1e-11
#: Below this share of a stream's heat capacity over the other's the exchanger is like one with a single stream.
LEAST_CAPACITY_SHARE = 1e-9


@dataclass(frozen=True, slots=True)
class Pads:
    """Wetted pads before a dry coil: they take the air `saturation_share` of the way to its wet bulb.

    Wet at `switch_over_k` of dry bulb and above. Of the water that evaporates, so much again is drained that salts
    are `concentration_cycles` times those of the make-up. The pads' resistance belongs into the fan's power.
    """

    saturation_share: float
    switch_over_k: float
    concentration_cycles: float

    def __post_init__(self) -> None:
        if not 0 <= self.saturation_share <= 1 or self.concentration_cycles <= 1:
            raise ValueError("pads need a saturation share between 0 and 1 and more than one cycle of concentration")

    def after(self, air: MoistAir) -> MoistAir:
        """The air behind the pads: cooler and wetter at the same wet bulb, where the pads are wet."""
        share = np.where(air.dry_bulb_k >= self.switch_over_k, self.saturation_share, 0.0)
        dry_k = air.dry_bulb_k - share * (air.dry_bulb_k - air.wet_bulb_k)
        wetter = np.maximum(humidity_from_wet_bulb(dry_k, air.wet_bulb_k, air.pressure_pa), air.humidity_ratio)
        ratio = np.where(share > 0.0, wetter, air.humidity_ratio)
        return MoistAir(dry_k, air.wet_bulb_k, ratio, air.pressure_pa)


@dataclass(frozen=True, slots=True)
class Water:
    """What a plant's cells take from the mains, all together. [kg/s]"""

    evaporation_kg_s: Floats
    drift_kg_s: Floats
    blowdown_kg_s: Floats


@dataclass(frozen=True, slots=True)
class DryCell:
    """A dry cooler's coil with its fans, and pads before it where there are any."""

    ua_w_k: float
    water_kg_s: float
    fan: Fan
    pads: Pads | None = None
    air_exponent: float = 0.6
    water_exponent: float = 0.0
    recirculation_share: float = 0.0
    cp_j_kg_k: float = 4186.0
    least_leaving_k: float = 0.0

    def __post_init__(self) -> None:
        _check(self)

    def inlet(self, air: MoistAir) -> MoistAir:
        """Air before the coil."""
        return air if self.pads is None else self.pads.after(air)

    def air_kg_s(self, inlet: MoistAir, speed_share: ArrayLike) -> Floats:
        """Dry air that the fans of one cell move. [kg/s]"""
        return self.fan.volume_m3_s * np.asarray(speed_share, dtype=np.float64) * inlet.dry_air_kg_m3

    def entering_k(self, heat_w: ArrayLike, water_kg_s: ArrayLike, speed_share: ArrayLike, inlet: MoistAir) -> Floats:
        """Temperature at which water must enter one cell to give up `heat_w` in it. [K]"""
        cold_k, conductance_w_k = self._conductance(heat_w, water_kg_s, speed_share, inlet)
        return cold_k + np.asarray(heat_w, dtype=np.float64) / conductance_w_k

    def heat_w(self, entering_k: ArrayLike, water_kg_s: ArrayLike, speed_share: ArrayLike, inlet: MoistAir) -> Floats:
        """Heat that one cell takes from water entering at `entering_k`; none where the air is warmer. [W]"""
        excess_k = np.maximum(np.asarray(entering_k, dtype=np.float64) - inlet.dry_bulb_k, 0.0)
        _, conductance_w_k = self._conductance(0.0, water_kg_s, speed_share, inlet)
        air_w_k = self.air_kg_s(inlet, speed_share) * heat_capacity_j_kg_k(inlet.humidity_ratio)
        return excess_k / (1.0 / conductance_w_k + self.recirculation_share / air_w_k)

    def _conductance(
        self, heat_w: ArrayLike, water_kg_s: ArrayLike, speed_share: ArrayLike, inlet: MoistAir
    ) -> tuple[Floats, Floats]:
        """Temperature of the air that enters, and heat per kelvin between entering water and it. [K], [W/K]"""
        water = np.asarray(water_kg_s, dtype=np.float64)
        speed = np.asarray(speed_share, dtype=np.float64)
        air_w_k = self.air_kg_s(inlet, speed) * heat_capacity_j_kg_k(inlet.humidity_ratio)
        ua_w_k = _scaled_ua(self, water, speed * self.fan.density_share(inlet.dry_air_kg_m3))
        cold_k = inlet.dry_bulb_k + self.recirculation_share * np.asarray(heat_w, dtype=np.float64) / air_w_k
        return cold_k, cross_flow_w_k(ua_w_k, air_w_k, water * self.cp_j_kg_k)

    def water(self, cells: Floats, heat_w: Floats, water_kg_s: Floats, mean_speed: Floats, air: MoistAir) -> Water:
        """Water of the pads of all cells: evaporated while the fans draw air through them, and drained."""
        none = np.zeros(air.dry_bulb_k.shape)
        if self.pads is None:
            return Water(none, none, none)
        inlet = self.inlet(air)
        evaporation = cells * self.air_kg_s(inlet, mean_speed) * (inlet.humidity_ratio - air.humidity_ratio)
        return Water(evaporation, none, evaporation / (self.pads.concentration_cycles - 1.0))


@dataclass(frozen=True, slots=True)
class WetCell:
    """A wet tower's cell; with a coil in the spray (closed circuit) it differs by its figures only.

    `drift_share` of the water flow is carried away as drops; `spray_pump_w` runs whenever the cell is in use.
    `basin_heater_w_k` keeps an idle basin at `basin_k`: power per kelvin that the air is colder. Air leaves saturated.
    Fans are slowed, in every mode, before water leaves colder than `least_leaving_k`, so that nothing freezes.
    """

    ua_w_k: float
    water_kg_s: float
    fan: Fan
    concentration_cycles: float = 5.0
    drift_share: float = 0.0
    spray_pump_w: float = 0.0
    basin_heater_w_k: float = 0.0
    basin_k: float = 275.15
    air_exponent: float = 0.6
    water_exponent: float = 0.0
    recirculation_share: float = 0.0
    cp_j_kg_k: float = 4186.0
    least_leaving_k: float = 278.15

    def __post_init__(self) -> None:
        _check(self)
        if self.concentration_cycles <= 1:
            raise ValueError(f"concentration_cycles is {self.concentration_cycles}: it must exceed one")

    def inlet(self, air: MoistAir) -> MoistAir:
        """Air before the fill."""
        return air

    def air_kg_s(self, inlet: MoistAir, speed_share: ArrayLike) -> Floats:
        """Dry air that the fans of one cell move. [kg/s]"""
        return self.fan.volume_m3_s * np.asarray(speed_share, dtype=np.float64) * inlet.dry_air_kg_m3

    def entering_k(self, heat_w: ArrayLike, water_kg_s: ArrayLike, speed_share: ArrayLike, inlet: MoistAir) -> Floats:
        """Temperature at which water must enter one cell to give up `heat_w` in it; valid up to its boiling. [K]"""
        heat = np.maximum(np.asarray(heat_w, dtype=np.float64), 0.0)
        water = np.asarray(water_kg_s, dtype=np.float64)
        speed = np.asarray(speed_share, dtype=np.float64)
        air_kg_s = self.air_kg_s(inlet, speed)
        rise_j_kg = np.maximum(heat / air_kg_s, 1.0)  # a joule per kg gives the slope where there is no heat
        ambient_j_kg = saturated_enthalpy_j_kg(inlet.wet_bulb_k, inlet.pressure_pa)
        cold_k = inlet.wet_bulb_k
        if self.recirculation_share > 0.0:
            cold_k = saturated_at_k(ambient_j_kg + self.recirculation_share * rise_j_kg, inlet.pressure_pa)
        warm_k = saturated_at_k(ambient_j_kg + (1.0 + self.recirculation_share) * rise_j_kg, inlet.pressure_pa)
        saturated_cp = rise_j_kg / np.maximum(warm_k - cold_k, 1e-9)
        dry_cp = heat_capacity_j_kg_k(inlet.humidity_ratio)
        ua_w_k = _scaled_ua(self, water, speed * self.fan.density_share(inlet.dry_air_kg_m3)) * saturated_cp / dry_cp
        return cold_k + heat / counter_flow_w_k(ua_w_k, air_kg_s * saturated_cp, water * self.cp_j_kg_k)

    def heat_w(self, entering_k: ArrayLike, water_kg_s: ArrayLike, speed_share: ArrayLike, inlet: MoistAir) -> Floats:
        """Heat that one cell takes from water entering at `entering_k`; none where the wet bulb is warmer. [W]"""
        entering = np.asarray(entering_k, dtype=np.float64)
        water = np.asarray(water_kg_s, dtype=np.float64)
        most_w = np.maximum(entering - inlet.wet_bulb_k, 0.0) * water * self.cp_j_kg_k
        reaches = falling_root(
            lambda share: entering - self.entering_k(share * most_w, water, speed_share, inlet),
            np.zeros(most_w.shape),
            np.ones(most_w.shape),
            HEAT_TOLERANCE_SHARE,
        )
        return reaches * most_w

    def water(self, cells: Floats, heat_w: Floats, water_kg_s: Floats, mean_speed: Floats, air: MoistAir) -> Water:
        """Water of all cells: what saturated air carries off above what it brought, drops, and what is drained."""
        air_kg_s = np.maximum(cells * self.air_kg_s(air, mean_speed), 1e-9)
        rise_j_kg = np.maximum(heat_w, 0.0) * (1.0 + self.recirculation_share) / air_kg_s
        out_k = saturated_at_k(air.enthalpy_j_kg + rise_j_kg, air.pressure_pa)
        taken = (saturated_humidity(out_k, air.pressure_pa) - air.humidity_ratio) / (1.0 + self.recirculation_share)
        evaporation = np.where(heat_w > 0.0, np.maximum(air_kg_s * taken, 0.0), 0.0)
        drift = np.where(heat_w > 0.0, self.drift_share * water_kg_s * mean_speed, 0.0)
        drained = np.maximum(evaporation / (self.concentration_cycles - 1.0) - drift, 0.0)
        return Water(evaporation, drift, drained)


Cell = DryCell | WetCell


def cross_flow_w_k(ua_w_k: Floats, first_w_k: Floats, second_w_k: Floats) -> Floats:
    """Heat per kelvin between the entering streams of a cross-flow exchanger, both unmixed. [W/K]

    Effectiveness times the smaller stream; a fit to the exact series, up to 4 per cent off between equal streams. A UA
    calibrated with it cancels most of that.

    >>> one = np.array(1.0)
    >>> round(float(cross_flow_w_k(one, one, one)), 3)  # the exact series gives 0.476
    0.469
    """
    least = np.minimum(first_w_k, second_w_k)
    capacity = np.maximum(least / np.maximum(first_w_k, second_w_k), LEAST_CAPACITY_SHARE)
    units = ua_w_k / least
    eta = units**0.22
    return np.asarray(least * -np.expm1(np.expm1(-capacity * units / eta) * eta / capacity), dtype=np.float64)


def counter_flow_w_k(ua_w_k: Floats, first_w_k: Floats, second_w_k: Floats) -> Floats:
    """Heat per kelvin between the entering streams of a counter-flow exchanger. [W/K]

    >>> one = np.array(1.0)
    >>> round(float(counter_flow_w_k(one, one, one)), 6)  # equal streams: NTU / (1 + NTU)
    0.5
    """
    least = np.minimum(first_w_k, second_w_k)
    gap = np.maximum(1.0 - least / np.maximum(first_w_k, second_w_k), 1e-7)
    units = ua_w_k / least
    left = -np.expm1(-units * gap)
    return np.asarray(least * left / (gap + (1.0 - gap) * left), dtype=np.float64)


def _check(cell: Cell) -> None:
    if not (cell.ua_w_k > 0 and cell.water_kg_s > 0 and cell.cp_j_kg_k > 0):
        raise ValueError("a cell needs UA, water and heat capacity above zero")
    if not 0 <= cell.recirculation_share < 1:
        raise ValueError(f"recirculation_share is {cell.recirculation_share}: it is a share below one")


def _scaled_ua(cell: Cell, water_kg_s: Floats, air_share: Floats) -> Floats:
    water_share = water_kg_s / cell.water_kg_s
    return np.asarray(cell.ua_w_k * air_share**cell.air_exponent * water_share**cell.water_exponent, dtype=np.float64)
