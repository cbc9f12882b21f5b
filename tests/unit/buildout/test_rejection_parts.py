"""Fans, exchangers, cells, chillers and sizes, one at a time."""

import numpy as np
import pytest
from scipy.special import iv

from rackwright.buildout.rejection import (
    AIR_COOLED,
    ROWS,
    WATER_COOLED,
    Bank,
    Chiller,
    DryCell,
    Fan,
    Pads,
    Pump,
    WetCell,
    bank_for,
    calibrated,
    dry_cell,
    pump_for,
    wet_cell,
)
from rackwright.buildout.rejection.cells import counter_flow_w_k, cross_flow_w_k
from rackwright.buildout.rejection.root import falling_root
from rackwright.figures import STATUSES
from rackwright.physics.air import moist_air, pressure_at_altitude_pa

DESIGN = moist_air([308.15], relative_humidity_share=0.35)
YEAR = moist_air(
    np.linspace(258.0, 313.0, 400), relative_humidity_share=np.random.default_rng(3).uniform(0.1, 1.0, 400)
)


def one(value):
    return np.array([float(value)])


def full(value):
    return np.full(400, float(value))


def test_roots_are_found_where_a_function_turns_sharply():
    high = np.array([3.0, 3.0, 3.0])
    found = falling_root(lambda x: np.array([1.0, 1e-6, 8.0]) - x**9, np.zeros(3), high, 1e-12)
    np.testing.assert_allclose(found, np.array([1.0, 1e-6, 8.0]) ** (1 / 9), atol=1e-11)


def test_half_the_speed_takes_an_eighth_of_the_power():
    assert Fan(10.0, 800.0).running_w(0.5, 1.2) == pytest.approx(100.0)


def test_thin_air_takes_less_fan_power_and_carries_less_mass():
    low, high = (
        moist_air([293.15], humidity_ratio=0.0),
        moist_air([293.15], humidity_ratio=0.0, pressure_pa=pressure_at_altitude_pa(1800.0)),
    )
    fan = Fan(10.0, 800.0)
    share = high.dry_air_kg_m3 / low.dry_air_kg_m3
    assert share[0] == pytest.approx(0.805, abs=0.002)  # 81.5 of 101.3 kPa
    np.testing.assert_allclose(fan.running_w(1.0, high.dry_air_kg_m3) / fan.running_w(1.0, low.dry_air_kg_m3), share)


def test_the_same_cell_leaves_warmer_water_on_a_mountain():
    cell = dry_cell(1e6, DESIGN)
    high = moist_air([308.15], relative_humidity_share=0.35, pressure_pa=pressure_at_altitude_pa(1800.0))
    at_sea, above = (cell.entering_k(one(1e6), one(cell.water_kg_s), 1.0, air) for air in (DESIGN, high))
    assert above > at_sea + 2.0


def test_a_pump_that_follows_the_load_has_its_least_flow():
    flow_kg_s, power_w = Pump(100.0, 8e3, "follows-load", 0.5).at([0.0, 0.25, 0.5, 1.0])
    np.testing.assert_allclose(flow_kg_s, [50, 50, 50, 100])
    np.testing.assert_allclose(power_w, [1e3, 1e3, 1e3, 8e3])


@pytest.mark.parametrize("units", [0.1, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("capacity", [0.1, 0.5, 0.75, 0.999])
def test_the_cross_flow_relation_stays_near_the_exact_series(units, capacity):
    # Baclic 1978 (exact, both streams unmixed); the relation in use everywhere is a fit
    z, root = 2 * units * np.sqrt(capacity), np.sqrt(capacity)
    rest = sum(capacity ** (n / 2) * iv(n, z) for n in range(2, 80))
    exact = 1 - np.exp(-units * (1 + capacity)) * (iv(0, z) + root * iv(1, z) - (1 - capacity) / capacity * rest)
    assert cross_flow_w_k(one(units), one(1.0), one(1.0 / capacity))[0] == pytest.approx(exact, rel=0.04)


def test_counter_flow_meets_the_log_mean_of_its_ends():
    # 2 K/W hot stream, 1 cold, UA 1.5: heat = UA x log mean temperature difference, exactly
    heat_w = counter_flow_w_k(one(1.5), one(2.0), one(1.0))[0] * 100.0
    warm_end_k, cold_end_k = 100.0 - heat_w / 1.0, 100.0 - heat_w / 2.0
    assert heat_w == pytest.approx(1.5 * (warm_end_k - cold_end_k) / np.log(warm_end_k / cold_end_k))


def test_counter_flow_of_nearly_equal_streams_is_smooth():
    near = counter_flow_w_k(np.full(3, 2.0), np.ones(3), 1.0 + np.array([0.0, 1e-9, 1e-6]))
    np.testing.assert_allclose(near, 2.0 / 3.0, rtol=1e-6)


@pytest.mark.parametrize("make", [dry_cell, wet_cell])
@pytest.mark.parametrize("speed", [0.2, 0.6, 1.0])
def test_heat_and_entering_water_are_inverse_questions(make, speed):
    cell = make(1e6, DESIGN)
    inlet = cell.inlet(YEAR)
    heat_w = full(3e5)
    entering_k = cell.entering_k(heat_w, full(cell.water_kg_s), speed, inlet)
    np.testing.assert_allclose(cell.heat_w(entering_k, full(cell.water_kg_s), speed, inlet), heat_w, rtol=1e-7)


def test_water_no_warmer_than_the_air_gives_up_nothing():
    dry, wet = dry_cell(1e6, DESIGN), wet_cell(1e6, DESIGN)
    assert np.all(dry.heat_w(YEAR.dry_bulb_k - 1.0, full(20.0), 1.0, YEAR) == 0.0)
    assert np.all(wet.heat_w(YEAR.wet_bulb_k - 1.0, full(20.0), 1.0, YEAR) == 0.0)


def test_a_tower_leaves_water_below_the_dry_bulb_and_a_dry_cooler_never():
    tower, dry = Bank(wet_cell(1e6, DESIGN), 1), Bank(dry_cell(1e6, DESIGN), 1)
    hot = DESIGN.dry_bulb_k
    assert tower.full_leaving_k(one(1e6), one(24.0), one(1.0), DESIGN) < hot
    assert dry.full_leaving_k(one(1e6), one(24.0), one(1.0), DESIGN) > hot


def test_more_heat_is_never_cooler_and_more_air_never_warmer():
    for cell in (dry_cell(1e6, DESIGN), wet_cell(1e6, DESIGN)):
        by_heat = [cell.entering_k(one(heat), one(24.0), 1.0, DESIGN)[0] for heat in np.linspace(1e4, 3e6, 30)]
        by_speed = [cell.entering_k(one(1e6), one(24.0), speed, DESIGN)[0] for speed in np.linspace(0.1, 1.0, 30)]
        assert np.all(np.diff(by_heat) > 0)
        assert np.all(np.diff(by_speed) < 0)


def test_recirculation_warms_the_water_by_its_share_of_the_airs_rise():
    still, blown = (
        DryCell(1e5, 24.0, Fan(70.0, 16e3), recirculation_share=share, cp_j_kg_k=4186.0) for share in (0.0, 0.1)
    )
    rise_k = 1e6 / (still.air_kg_s(DESIGN, 1.0) * (1006.0 + 1860.0 * DESIGN.humidity_ratio))
    warmer_k = blown.entering_k(one(1e6), one(24.0), 1.0, DESIGN) - still.entering_k(one(1e6), one(24.0), 1.0, DESIGN)
    np.testing.assert_allclose(warmer_k, 0.1 * rise_k)


def test_pads_move_the_air_along_its_wet_bulb():
    after = Pads(0.8, 290.0, 4.0).after(DESIGN)
    np.testing.assert_allclose(after.dry_bulb_k, DESIGN.dry_bulb_k - 0.8 * (DESIGN.dry_bulb_k - DESIGN.wet_bulb_k))
    again = moist_air(after.dry_bulb_k, humidity_ratio=after.humidity_ratio)
    np.testing.assert_allclose(again.wet_bulb_k, DESIGN.wet_bulb_k, atol=1e-6)


def test_pads_are_dry_below_their_switch_over():
    after = Pads(0.8, 310.0, 4.0).after(DESIGN)
    np.testing.assert_array_equal(after.humidity_ratio, DESIGN.humidity_ratio)
    np.testing.assert_array_equal(after.dry_bulb_k, DESIGN.dry_bulb_k)


def test_four_cycles_drain_a_third_of_what_evaporates():
    cell = dry_cell(1e6, DESIGN, pads=True)
    water = cell.water(one(1.0), one(1e6), one(24.0), one(1.0), DESIGN)
    assert water.evaporation_kg_s > 0
    np.testing.assert_allclose(water.blowdown_kg_s, water.evaporation_kg_s / 3.0)


def test_salts_of_a_tower_balance():
    # what comes in with the make-up leaves with drift and blowdown, which are `cycles` times as salty
    cell = wet_cell(1e6, DESIGN)
    water = cell.water(one(1.0), one(1e6), one(24.0), one(1.0), DESIGN)
    makeup = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s
    np.testing.assert_allclose(makeup, cell.concentration_cycles * (water.drift_kg_s + water.blowdown_kg_s))


def test_a_tower_in_saturated_air_of_its_waters_warmth_evaporates_most_of_its_heat():
    # at 35 degC the humidity takes 4/5 of what saturated air gains: 1.47 L/kWh if it took all (2.45 MJ/kg)
    water = wet_cell(1e6, DESIGN).water(one(1.0), one(1e6), one(24.0), one(1.0), DESIGN)
    assert 0.8 < water.evaporation_kg_s[0] * 2.45 < 1.4


@pytest.mark.parametrize("curves", [WATER_COOLED, AIR_COOLED], ids=lambda curves: curves.name)
def test_a_machine_has_its_reference_capacity_and_cop_in_its_reference_state(curves):
    # curves fitted to catalogues: within 1.5 per cent of one at their own reference state
    machine = Chiller(curves, curves.reference_capacity_w)
    state = (curves.reference_leaving_k, curves.reference_condenser_k)
    assert machine.most_heat_w(*state) / curves.most_part == pytest.approx(curves.reference_capacity_w, rel=0.015)
    cop = curves.reference_capacity_w / machine.power_w(curves.reference_capacity_w, *state)
    assert cop == pytest.approx(curves.reference_cop, rel=0.015)


def test_a_colder_condenser_never_costs_more():
    # up to where its capacity fades
    for curves, hottest_k in ((WATER_COOLED, 273.15 + 29.44), (AIR_COOLED, 273.15 + 46.11)):
        power_w = Chiller(curves, 1e6).power_w(7e5, 280.0, np.linspace(287.0, hottest_k, 200))
        assert np.all(np.diff(power_w) >= -1e-6)


def test_warmer_water_costs_less_by_carnot_and_the_same_when_held():
    held, carnot = (Chiller(WATER_COOLED, 1e6, beyond=beyond) for beyond in ("held", "carnot"))
    assert held.power_w(8e5, 293.15, 303.15) == pytest.approx(held.power_w(8e5, 282.04, 303.15), rel=1e-3)
    assert carnot.power_w(8e5, 293.15, 303.15) < 0.7 * held.power_w(8e5, 293.15, 303.15)


def test_two_machines_share_what_one_cannot_take():
    pair, single = Chiller(AIR_COOLED, 1e6, 2), Chiller(AIR_COOLED, 1e6)
    both, half = pair.power_w(1.6e6, 280.0, 308.15), single.power_w(0.8e6, 280.0, 308.15)
    np.testing.assert_allclose(both, 2.0 * half)


def test_below_its_least_part_a_machine_cycles():
    machine = Chiller(WATER_COOLED, 1e6)
    # 0.2 is the least part: both lie below it
    tenth, half_of_it = (machine.power_w(heat, 280.0, 297.0) for heat in (1e5, 5e4))
    assert half_of_it == pytest.approx(tenth / 2.0)


def test_a_condenser_far_too_hot_takes_the_capacity_away():
    machine = Chiller(WATER_COOLED, 1e6)
    assert machine.most_heat_w(280.0, 273.15 + 29.44 + 15.0) < 5e3


def test_a_calibrated_cell_meets_its_design_point():
    for cell in (DryCell(1.0, 24.0, Fan(70.0, 16e3)), WetCell(1.0, 24.0, Fan(20.0, 16e3))):
        made = calibrated(cell, 1e6, 320.0, DESIGN)
        assert Bank(made, 1).full_leaving_k(one(1e6), one(24.0), one(1.0), DESIGN) == pytest.approx(320.0, abs=1e-6)


def test_a_design_that_no_size_can_meet_is_refused():
    with pytest.raises(ValueError, match="more air, more water or warmer water"):
        calibrated(DryCell(1.0, 24.0, Fan(70.0, 16e3)), 1e6, 305.0, DESIGN)


def test_ten_megawatts_need_ten_cells_of_one_and_a_spare():
    cell = wet_cell(1e6, DESIGN)
    bank = bank_for(cell, 10e6, 10 * cell.water_kg_s, float(DESIGN.wet_bulb_k[0]) + 5.0 + 1e-6, DESIGN)
    assert bank is not None
    assert (bank.cells, bank.running) == (11, 11)


def test_water_colder_than_the_air_can_make_has_no_size():
    cell = wet_cell(1e6, DESIGN)
    assert bank_for(cell, 10e6, 239.0, float(DESIGN.wet_bulb_k[0]) - 0.1, DESIGN) is None


def test_the_hottest_of_several_design_hours_decides():
    both = moist_air([308.15, 313.15], relative_humidity_share=0.3)
    cell = dry_cell(1e6, DESIGN)
    mild = bank_for(cell, 10e6, 239.0, 330.0, moist_air([308.15], relative_humidity_share=0.3))
    hot = bank_for(cell, 10e6, 239.0, 330.0, both)
    assert hot.cells > mild.cells


def test_a_pump_takes_volume_times_head_over_its_efficiency():
    assert pump_for(998.0, 70e3).power_w == pytest.approx(100e3)


def test_every_typical_figure_has_a_standing_and_the_published_ones_a_source():
    assert len({row.key for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.status in STATUSES
        assert row.source or (row.status == "assumed" and row.note), row.key
