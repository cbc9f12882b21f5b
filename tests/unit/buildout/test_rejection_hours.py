"""A plant over hours: energy closes, wants are kept or missed in the open, modes follow the weather."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.buildout.rejection import (
    AIR_COOLED,
    WATER_COOLED,
    Bank,
    Chiller,
    DryCell,
    Fan,
    Mode,
    Plant,
    Pump,
    TowerLoop,
    WetCell,
    dry_cell,
    hours,
    wet_cell,
)
from rackwright.physics.air import moist_air

RNG = np.random.default_rng(7)
COUNT = 600
AIR = moist_air(
    RNG.uniform(253.0, 316.0, COUNT),
    relative_humidity_share=RNG.uniform(0.05, 1.0, COUNT),
    pressure_pa=RNG.uniform(80e3, 103e3, COUNT),
)
LOAD_W = np.where(RNG.uniform(size=COUNT) < 0.03, 0.0, RNG.uniform(0.2e6, 10e6, COUNT))
DESIGN = moist_air([306.15], relative_humidity_share=0.4)
LOOP = Pump(239.0, 85e3)
TOWER = TowerLoop(Pump(239.0, 60e3), 0.83)


def fan(mode):
    return Fan(70.0, 16e3, mode, 0.5 if mode == "two-speed" else 0.2, 0.04)


def plants():
    dry, wet = dry_cell(1e6, DESIGN), wet_cell(1e6, DESIGN)
    modes = ("constant", "cycling", "two-speed", "variable")
    made = {f"dry {mode}": Plant(Bank(DryCell(1.5e5, 24.0, fan(mode)), 10), LOOP, 10e6) for mode in modes}
    made |= {f"wet {mode}": Plant(Bank(WetCell(1e5, 24.0, fan(mode)), 10), LOOP, 10e6) for mode in modes}
    made["pads"] = Plant(Bank(dry_cell(1e6, DESIGN, pads=True), 10), LOOP, 10e6)
    made["closed, one out"] = Plant(Bank(wet_cell(1e6, DESIGN, closed=True), 11, 1), LOOP, 10e6)
    made["fewest"] = Plant(Bank(wet, 11, staging="fewest"), LOOP, 10e6, TOWER)
    made["follows"] = Plant(Bank(wet, 11), Pump(239.0, 85e3, "follows-load"), 10e6, TOWER)
    for economiser in ("integrated", "alone", "none"):
        made[f"air {economiser}"] = Plant(Bank(dry, 10), LOOP, 10e6, None, Chiller(AIR_COOLED, 1.6e6, 8), economiser)
        made[f"tower {economiser}"] = Plant(
            Bank(wet, 14), LOOP, 10e6, TOWER, Chiller(WATER_COOLED, 1.5e6, 8), economiser
        )
        made[f"air {economiser} small"] = Plant(
            Bank(dry, 10), LOOP, 10e6, None, Chiller(AIR_COOLED, 0.2e6, 3), economiser
        )
        made[f"tower {economiser} small"] = Plant(
            Bank(wet, 3), LOOP, 10e6, TOWER, Chiller(WATER_COOLED, 0.2e6, 3), economiser
        )
    return made


PLANTS = plants()


def closes(plant, year):
    """Energy of the year within 1e-9 of the heat that each hour moves, on the plant's side and on the water's."""
    brought_w = year.load_w + year.pump_w + year.chiller_w
    scale_w = np.maximum(year.load_w + year.pump_w, 1.0)
    np.testing.assert_allclose((brought_w - year.heat_to_air_w - year.unserved_w) / scale_w, 0.0, atol=1e-9)
    flow_kg_s, pump_w = plant.loop.at(year.load_w / plant.design_heat_w)
    in_water_w = flow_kg_s * plant.cp_j_kg_k * (year.returning_k - year.leaving_k)
    loop_w = year.load_w + np.where(year.load_w > 0, pump_w, 0.0)
    np.testing.assert_allclose((in_water_w - loop_w) / scale_w, 0.0, atol=1e-9)
    np.testing.assert_allclose((year.free_w + year.chilled_w + year.unserved_w - loop_w) / scale_w, 0.0, atol=1e-9)


@pytest.mark.parametrize("name", PLANTS)
@pytest.mark.parametrize("wanted_k", [280.15, 293.15, 308.15])
def test_energy_closes_in_every_hour_and_nothing_is_ever_not_a_number(name, wanted_k):
    year = hours(PLANTS[name], LOAD_W, wanted_k, AIR)
    closes(PLANTS[name], year)
    for field in fields(year):
        assert np.all(np.isfinite(getattr(year, field.name))), field.name
    for name in ("fan_w", "pump_w", "chiller_w", "evaporation_kg_s", "blowdown_kg_s", "drift_kg_s", "basin_w"):
        assert np.all(getattr(year, name) >= 0.0), name


@pytest.mark.parametrize("name", PLANTS)
def test_the_flag_says_whether_the_wanted_water_was_reached(name):
    year = hours(PLANTS[name], LOAD_W, 293.15, AIR)
    boils = year.returning_k > 360.0  # such water is never what was wanted, whatever its supply
    np.testing.assert_array_equal(year.met[~boils], (year.leaving_k <= 293.15 + 2e-6)[~boils])


@pytest.mark.parametrize("name", ["dry variable", "wet variable", "wet two-speed", "dry cycling"])
def test_the_cells_take_from_the_water_what_the_ledger_says(name):
    """The leaving water, put back as entering water into the other question of the cell, gives the same heat."""
    plant = PLANTS[name]
    year = hours(plant, LOAD_W, 298.15, AIR)
    cell, running = plant.bank.cell, plant.bank.running
    flow_kg_s = np.full(COUNT, 239.0 / running)
    full_w = running * cell.heat_w(year.returning_k, flow_kg_s, 1.0, cell.inlet(AIR))
    missed = ~year.met
    assert np.any(missed)
    np.testing.assert_allclose(full_w[missed], year.free_w[missed], rtol=1e-7)
    assert np.all(full_w[year.met] >= year.free_w[year.met] * (1 - 1e-6))


def test_a_steady_fan_turns_just_fast_enough():
    plant = PLANTS["wet variable"]
    year = hours(plant, LOAD_W, 298.15, AIR)
    steady = year.met & (year.speed_share > 0.2 + 1e-6) & (LOAD_W > 0)
    cell = plant.bank.cell
    reached_k = cell.entering_k(year.free_w / 10, np.full(COUNT, 23.9), year.speed_share.clip(0.2), AIR)
    np.testing.assert_allclose(reached_k[steady], year.returning_k[steady], atol=1e-6)


@pytest.mark.parametrize("name", ["tower integrated", "tower none", "tower integrated small"])
def test_towers_carry_load_and_chiller_at_the_temperature_that_the_chiller_saw(name):
    """Where fans run at full speed, the towers' own law gives the ledger's heat at the ledger's water."""
    plant = PLANTS[name]
    year = hours(plant, LOAD_W, 285.15, AIR)
    cell, running = plant.bank.cell, plant.bank.running
    full_speed = (year.chiller_w > 0) & (year.speed_share == 1.0)
    assert np.count_nonzero(full_speed) > 20
    entering_k = year.tower_k + year.heat_to_air_w / (239.0 * cell.cp_j_kg_k)
    taken_w = running * cell.heat_w(entering_k, np.full(COUNT, 239.0 / running), 1.0, AIR)
    # where one machine more starts its power jumps, and the temperature settles on one side of the jump
    off_share = np.abs(taken_w[full_speed] / year.heat_to_air_w[full_speed] - 1.0)
    assert np.mean(off_share < 1e-6) > 0.98
    assert off_share.max() < 0.02


def test_slower_fans_beat_changing_over_which_beats_running_always():
    power_w = [
        hours(PLANTS[f"wet {mode}"], LOAD_W, 298.15, AIR).fan_w.sum()
        for mode in ("variable", "two-speed", "cycling", "constant")
    ]
    assert power_w == sorted(power_w)


def test_a_warmer_supply_never_costs_more():
    for name in ("air integrated", "tower integrated", "pads", "fewest"):
        power_w = [hours(PLANTS[name], LOAD_W, kelvin, AIR).electric_w.sum() for kelvin in (288.15, 298.15, 308.15)]
        assert power_w == sorted(power_w, reverse=True), name


def test_integrated_free_cooling_saves_against_all_or_nothing_and_that_against_none():
    for kind in ("air", "tower"):
        chiller_w = [
            hours(PLANTS[f"{kind} {how}"], LOAD_W, 291.15, AIR).chiller_w.sum()
            for how in ("integrated", "alone", "none")
        ]
        assert chiller_w[0] < chiller_w[1] < chiller_w[2]


def test_modes_follow_the_weather():
    air = moist_air([263.15, 289.15, 313.15, 263.15], relative_humidity_share=0.3)
    year = hours(PLANTS["air integrated"], [9e6, 9e6, 9e6, 0.0], 293.15, air)
    assert year.mode.tolist() == [Mode.FREE, Mode.PARTIAL, Mode.MECHANICAL, Mode.IDLE]
    assert year.hours_in(Mode.FREE) == 1
    assert year.chiller_w[0] == year.chiller_w[3] == year.fan_w[3] == 0.0


def test_a_chiller_never_makes_the_supply_warmer_than_the_cells_alone():
    for kind in ("air", "tower"):
        plant = PLANTS[f"{kind} integrated small"]
        alone = Plant(plant.bank, plant.loop, plant.design_heat_w, plant.tower)
        helped, free = (hours(one, LOAD_W, 291.15, AIR) for one in (plant, alone))
        short = ~free.met
        slack_k = 0.6 if kind == "tower" else 1e-6  # the chiller's own heat warms the towers' water
        assert np.all(helped.leaving_k[short] <= free.leaving_k[short] + slack_k)


def test_one_cell_fewer_is_warmer_or_needs_more_fan():
    wet = wet_cell(1e6, DESIGN)
    all_cells, one_out = (hours(Plant(Bank(wet, 10, out), LOOP, 10e6), LOAD_W, 298.15, AIR) for out in (0, 1))
    assert np.all(one_out.leaving_k >= all_cells.leaving_k - 1e-6)
    # cells at the least speed change over: fewer of them may then take a little less
    assert one_out.fan_w[one_out.met].sum() > all_cells.fan_w[one_out.met].sum()


def test_fewest_cells_run_no_more_than_they_must():
    plant = PLANTS["fewest"]
    year = hours(plant, LOAD_W, 303.15, AIR)
    busy = year.met & (LOAD_W > 0)
    assert year.cells[busy].min() < 11
    assert np.all(year.cells[busy] >= np.ceil(239.0 / (plant.bank.cell.water_kg_s * 1.2)))


def test_wet_machines_never_leave_ice():
    for mode in ("constant", "variable"):
        year = hours(PLANTS[f"wet {mode}"], LOAD_W, 275.15, AIR)
        busy = LOAD_W > 0
        assert np.all(year.leaving_k[busy] >= 278.15 - 1e-6)
        assert not np.any(year.met[busy])


def test_an_idle_basin_is_heated_in_frost_only():
    air = moist_air([263.15, 283.15], relative_humidity_share=0.5)
    year = hours(PLANTS["wet variable"], [0.0, 0.0], 298.15, air)
    assert year.basin_w.tolist() == [0.0, 0.0]  # no heater in this plant
    heated = Plant(Bank(wet_cell(1e6, DESIGN), 2), LOOP, 10e6)
    year = hours(heated, [0.0, 0.0], 298.15, air)
    np.testing.assert_allclose(year.basin_w, [2 * 300.0 * (277.15 - 263.15), 0.0])


def test_a_heat_beyond_all_reason_gives_hot_water_and_a_flag():
    for name in ("dry variable", "wet variable", "tower integrated", "tower none small"):
        year = hours(PLANTS[name], 1e12, 293.15, AIR)
        assert not np.any(year.met)
        assert np.all(np.isfinite(year.leaving_k))


@pytest.mark.parametrize("load_w", [-1.0, np.nan, np.inf])
def test_loads_that_are_none_are_refused(load_w):
    with pytest.raises(ValueError, match="finite"):
        hours(PLANTS["dry variable"], load_w, 293.15, AIR)


def test_a_chiller_needs_the_condenser_that_the_plant_has():
    with pytest.raises(ValueError, match="cooled by air, not water"):
        Plant(Bank(wet_cell(1e6, DESIGN), 2), LOOP, 1e6, TOWER, Chiller(AIR_COOLED, 1e6))


@given(
    name=st.sampled_from(sorted(PLANTS)),
    load_w=st.floats(0.0, 3e7),
    wanted_k=st.floats(270.0, 340.0),
    dry_k=st.floats(233.15, 325.0),
    humidity=st.floats(0.0, 1.0),
    pressure_pa=st.floats(65e3, 105e3),
)
def test_any_hour_has_an_answer_and_closes(name, load_w, wanted_k, dry_k, humidity, pressure_pa):
    air = moist_air([dry_k], relative_humidity_share=humidity, pressure_pa=pressure_pa)
    year = hours(PLANTS[name], load_w, wanted_k, air)
    closes(PLANTS[name], year)
    assert all(np.all(np.isfinite(getattr(year, field.name))) for field in fields(year))
