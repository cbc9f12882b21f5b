"""Fans, exchangers, cells, chillers and sizes, one at a time."""

import numpy as np
import pytest
from scipy.special import iv

from rackwright.buildout.rejection import (
    ROWS,
    Fan,
    Pump,
    bank_for,
    dry_cell,
    pump_for,
    wet_cell,
)
from rackwright.buildout.rejection.cells import counter_flow_w_k, cross_flow_w_k
from rackwright.buildout.rejection.root import falling_root
from rackwright.buildout.rejection.sizing import with_liquid
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


def test_thin_air_asks_for_more_dry_cells_of_one_sheet_and_for_no_more_towers():
    """At 1,600 m a fan's cubic metre holds 0.82 of the air: a dry coil needs nearly so many more cells.

    A kilogram of that thin air takes up more vapour, in about the same proportion: a tower hardly notices.
    """
    high = moist_air([308.15], wet_bulb_k=[293.15], pressure_pa=83.4e3)
    low = moist_air([308.15], wet_bulb_k=[293.15])

    def cells(make, wanted_k):
        return [bank_for(make(1e6, air), 100e6, 2390.0, wanted_k, air).cells for air in (low, high)]

    dry, wet = cells(dry_cell, 318.15), cells(wet_cell, 298.15)  # at the median approaches
    assert 1.05 < dry[1] / dry[0] < 101325 / 83.4e3
    assert wet[1] / wet[0] == pytest.approx(1.0, abs=0.02)


def test_glycol_in_the_coils_carries_less_and_its_film_is_thicker():
    from rackwright.physics.coolants import propylene_glycol

    plain = dry_cell(1e6, DESIGN)
    thick = with_liquid(plain, propylene_glycol(0.25), 303.15)
    assert thick.cp_j_kg_k < 0.96 * plain.cp_j_kg_k
    assert 0.90 < thick.ua_w_k / plain.ua_w_k < 0.99


def test_a_pump_takes_volume_times_head_over_its_efficiency():
    assert pump_for(998.0, 70e3).power_w == pytest.approx(100e3)


def test_every_typical_figure_has_a_standing_and_the_published_ones_a_source():
    assert len({row.key for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert row.status in STATUSES
        assert row.source or (row.status == "assumed" and row.note), row.key
