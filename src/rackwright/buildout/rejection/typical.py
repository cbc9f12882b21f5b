"""Figures of typical equipment, each with its standing and source, and cells made from them.

Published medians are those of a market analysis of makers' sheets; EnergyPlus' own defaults are quoted as such. What
is assumed is said to be.
"""

from __future__ import annotations

from dataclasses import dataclass

from rackwright.figures import Status

MARKET = "Free Cooling for Saving Energy, Energies 16(9) 3661 (2023), conclusions"
BRAUN = "Braun, Klein and Mitchell, effectiveness models for cooling towers, ASHRAE Transactions 95-2 (1989)"
DEFAULTS = "EnergyPlus 25.2.0, input data dictionary, default of"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: SI unit, standing, source, and how it was arrived at."""

    key: str
    value: float
    unit: str
    status: Status
    source: str
    note: str = ""


ROWS = (
    Row("dry_approach_k", 10.0, "K", "published", MARKET, "leaving water above dry bulb, median"),
    Row("open_wet_approach_k", 5.0, "K", "published", MARKET, "leaving water above wet bulb, median"),
    Row("closed_wet_approach_k", 6.5, "K", "published", MARKET, "leaving water above wet bulb, median"),
    Row("wet_electric_share", 0.0165, "", "published", MARKET, "of the heat; middle of 0.012 to 0.021, open wet"),
    Row("freeze_margin_k", 5.0, "K", "published", MARKET, "least leaving water of wet machines above 0 degC"),
    Row("range_k", 10.0, "K", "assumed", "", "water's rise; the market analysis has 5 K as the least typical one"),
    Row("dry_electric_share", 0.0151, "", "assumed", "", "120 Pa over an efficiency of 0.55 at the air's rise below"),
    Row("pad_electric_share", 0.0189, "", "assumed", "", "the same at 150 Pa: wetted pads before the coil"),
    Row("dry_least_approach_k", 4.0, "K", "assumed", "", "less is not built: cells would multiply"),
    Row(
        "wet_least_approach_k",
        2.8,
        "K",
        "assumed",
        "",
        "5 degF, which tower makers commonly hold for the least; as known, not opened",
    ),
    Row("water_side_share", 0.15, "", "assumed", "", "share of a dry coil's resistance that lies in its liquid"),
    Row("dry_air_rise_k", 12.0, "K", "assumed", "", "air through a dry coil at its design"),
    Row("water_over_air", 1.2, "", "assumed", "", "mass of water over mass of dry air in a tower at its design"),
    Row("drift_share", 8e-5, "", "published", f"{DEFAULTS} Drift Loss Percent of cooling towers", "of the water flow"),
    Row("tower_cycles", 5.0, "", "assumed", "", "concentration; 4 to 6 is common practice"),
    Row("pad_cycles", 4.0, "", "assumed", "", "concentration in the water of pads"),
    Row("pad_saturation_share", 0.8, "", "assumed", "", "of the way from dry to wet bulb"),
    Row("pad_switch_over_k", 293.15, "K", "assumed", "", "pads wet at 20 degC of dry bulb and above"),
    Row(
        "least_speed_share",
        0.2,
        "",
        "published",
        f"{DEFAULTS} Minimum Air Flow Rate Ratio of CoolingTower:VariableSpeed",
    ),
    Row(
        "fan_floor_share",
        0.04,
        "",
        "estimate",
        f"{DEFAULTS} low fan speed factors of two-speed machines",
        "0.16 of the power at half of the air = 0.04 + 0.96 / 8",
    ),
    Row(
        "dry_air_exponent",
        0.737,
        "",
        "estimate",
        f"{DEFAULTS} low fan speed factors of two-speed machines",
        "0.6 of UA at half of the air: ln 0.6 / ln 0.5",
    ),
    Row("wet_air_exponent", 0.6, "", "estimate", BRAUN, "UA over air: transfer units go with (water / air)^0.4"),
    Row("wet_water_exponent", 0.4, "", "estimate", BRAUN, "UA over water, from the same law"),
    Row("recirculation_share", 0.05, "", "assumed", "", "of the air's rise; banks of many cells in wind have more"),
    Row("exchanger_effectiveness", 0.83, "", "assumed", "", "approach of 2 K at a range of 10 K, equal flows"),
    Row("pump_head_pa", 250e3, "Pa", "assumed", "", "loop with exchanger, pipes and valves"),
    Row("pump_efficiency", 0.7, "", "assumed", "", "pump, motor and drive"),
    Row("spray_share", 0.005, "", "assumed", "", "spray pump of a closed tower, of the heat"),
    Row("basin_heater_w_k", 300.0, "W/K", "assumed", "", "per cell of a megawatt, per kelvin of air below the basin"),
    Row("basin_k", 277.15, "K", "assumed", "", "4 degC"),
    Row("condenser_wanted_k", 291.15, "K", "assumed", "", "18 degC: towers that serve condensers only"),
    Row("chiller_inner_k", 8.0, "K", "assumed", "", "lift inside the machine beyond that between the waters"),
    Row("chiller_least_lift_k", 12.0, "K", "assumed", "", "least lift that a compressor needs"),
    Row("chiller_fade_k", 15.0, "K", "assumed", "", "condenser above its curves at which capacity is gone"),
)

TYPICAL = {row.key: row for row in ROWS}


def value(key: str) -> float:
    """A typical figure.

    >>> value("dry_approach_k")
    10.0
    """
    return TYPICAL[key].value
