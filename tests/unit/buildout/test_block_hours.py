"""A block through hours: energy closes over the whole year, and towers with chillers hold their water in hotter air too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rackwright.buildout.hours import block_year, month_of, plant_for
from rackwright.buildout.rejection.ledger import hours
from rackwright.buildout.years import extremes, synthetic
from rackwright.physics.air import moist_air
from rackwright.pipeline import run
from rackwright.program import load
from rackwright.study.cooling import made_of

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def year_of():
    outcome = run(load(EXAMPLES / "us-racks.yaml"), until="rack")
    case = outcome.program.case()
    design = outcome.rack.of("gb300")
    climate = case.catalogue.climates["abilene-tx"]
    made = made_of(case, design)
    assert made is not None

    def of(rejection, liquid=None):
        return block_year(
            made,
            rack_w=design.power_w,
            air_heat_w=design.air_heat_w,
            air=synthetic(climate, 1).air,
            extremes=extremes(climate).air,
            rejection=rejection,
            efficiency=case.buildout.efficiency,
            load_share=0.8,
            liquid=liquid,
        )

    return of


@pytest.fixture(scope="module")
def year(year_of):
    return year_of("dry")


def test_all_that_is_drawn_leaves_as_heat_to_the_air(year):
    plants = (year.liquid, year.room)
    # the cells' own fans blow outdoors: their work is not heat that the cells carry
    drawn_w = sum(plant.electric_w - plant.fan_w for plant in plants)
    put_in = year.it_w + year.cdu_pump_w + year.room_fan_w + drawn_w
    out = sum(plant.heat_to_air_w for plant in plants)
    # the CDU pumps' heat is taken from the design hour: a millionth is what the hours' own flow differs by
    assert out == pytest.approx(put_in, rel=1e-6)


def test_full_load_in_the_hottest_hour_leaves_less_margin_than_the_mean_load(year):
    assert year.full_margin_k < year.margin_k.min()


def test_a_tower_plant_holds_its_water_up_to_the_wettest_hour_that_it_is_sized_on():
    # 19 degC wanted: chillers all year; each step of wet bulb asks more of them and none lets them fall away
    wet_k = np.arange(288.15, 304.0, 0.5)
    sized = moist_air(
        np.array([305.0, 308.0, 307.0, 310.0]), pressure_pa=np.full(4, 101325.0),
        wet_bulb_k=np.array([298.0, 298.0, 300.05, 303.55]),
    )  # fmt: skip
    plant = plant_for(640e3, 292.15, 6.0, sized, "wet")
    air = moist_air(wet_k + 6.0, pressure_pa=np.full(len(wet_k), 101325.0), wet_bulb_k=wet_k)
    found = hours(plant, np.full(len(wet_k), 640e3), 292.15, air)
    assert found.met.all()
    assert (found.chiller_w > 0.9 * found.chiller_w[0]).all()


@pytest.mark.parametrize("rejection", ["adiabatic", "wet", "closed"])
def test_every_kind_of_rejection_closes_its_energy_and_holds_the_chips(year_of, rejection):
    found = year_of(rejection)
    plants = (found.liquid, found.room)
    drawn_w = sum(plant.electric_w - plant.fan_w for plant in plants)
    spray_w = 1e-2 * found.it_w  # spray pumps' and basins' work leaves with the water
    out = sum(plant.heat_to_air_w for plant in plants)
    assert (np.abs(out - found.it_w - found.cdu_pump_w - found.room_fan_w - drawn_w) <= spray_w).all()
    assert found.hours_over() == 0
    assert found.water_m3_j > 0


def test_water_buys_chiller_hours(year_of, year):
    # Abilene: 40 degC of dry bulb and 24 of wet bulb in its extreme hours, 35 degC wanted
    assert year.hours_mechanical() > 100
    assert year_of("adiabatic").hours_mechanical() == 0
    assert year_of("wet").hours_mechanical() == 0
    assert year_of("closed").hours_mechanical() == 0
    # but the towers' own pumps run all year: on this loop they cost about what those chiller hours do
    assert year_of("wet").partial_pue == pytest.approx(year.partial_pue, abs=2e-3)


def test_glycol_at_the_site_costs_energy_and_warms_the_chips(year_of, year):
    from rackwright.physics.coolants import propylene_glycol

    thick = year_of("dry", propylene_glycol(0.25))
    assert thick.liquid.pump_w.sum() > year.liquid.pump_w.sum()
    assert thick.partial_pue > year.partial_pue


def test_one_lost_cell_is_what_the_spare_is_for(year_of):
    found = {item.name.split(" of")[0]: item for item in year_of("wet").lost}
    assert found["nothing"].facility_k == pytest.approx(found["nothing"].wanted_k, abs=1e-3)
    assert found["1"].facility_k == pytest.approx(found["1"].wanted_k, abs=1e-3)
    assert found["2"].facility_k > found["1"].facility_k + 0.1
    assert found["2"].margin_k < found["1"].margin_k


def test_a_leap_year_has_its_day():
    assert len(month_of(8784)) == 8784
    assert int((month_of(8784) == 2).sum()) == 29 * 24
