"""Coolants: heat that closes, tables that are met, vapour that follows the steam tables; and the same laws compiled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from rackwright.physics import coolant_kernels, coolants

#: Rows that a reader can check: density falls 0.5 per kelvin, viscosity halves each 20 K.
KELVIN = [290.0, 310.0, 330.0]
ROWS = ([1040.0, 1030.0, 1020.0], [3600.0, 3650.0, 3700.0], [4e-3, 2e-3, 1e-3], [0.40, 0.42, 0.44])


def examples():
    return [coolants.water(), coolants.propylene_glycol(0.25), coolants.propylene_glycol(0.6)]


def named(coolant):
    return coolant.name


@pytest.mark.parametrize("coolant", examples(), ids=named)
def test_energy_is_the_integral_of_the_heat_capacity(coolant):
    # Gauss's rule with eight points is exact for the polynomials at hand, so only rounding is left
    points, weights = np.polynomial.legendre.leggauss(8)
    cold_k, warm_k = coolant.least_k, coolant.most_k
    middle_k, half_k = (cold_k + warm_k) / 2, (warm_k - cold_k) / 2
    area = half_k * np.sum(weights * coolant.heat_capacity_j_kg_k(middle_k + half_k * points))
    assert coolant.energy_j_kg(warm_k) - coolant.energy_j_kg(cold_k) == pytest.approx(area, rel=1e-14)


@given(celsius=st.floats(-60.0, 400.0), share=st.floats(0.0, 0.6))
def test_the_temperature_is_read_back_from_the_energy(celsius, share):
    coolant = coolants.propylene_glycol(share)
    at_k = celsius + 273.15
    assert float(coolant.temperature_from_energy_k(coolant.energy_j_kg(at_k))) == pytest.approx(at_k, rel=1e-12)


def test_a_kilogram_of_water_takes_418_kilojoules_from_freezing_to_boiling():
    # steam tables: enthalpy 419.1 kJ/kg at 100 degC and 0 at 0 degC, 1 atm; from 1 to 100 degC 4.2 less
    water = coolants.water()
    assert water.energy_j_kg(373.15) - water.energy_j_kg(274.15) == pytest.approx(419.1e3 - 4.2e3, rel=1e-3)


@pytest.mark.parametrize("coolant", examples(), ids=named)
def test_warmer_liquid_is_thinner_and_holds_more_energy(coolant):
    at_k = np.linspace(coolant.least_k, coolant.most_k, 500)
    assert np.all(np.diff(coolant.viscosity_pa_s(at_k)) < 0)
    assert np.all(np.diff(coolant.energy_j_kg(at_k)) > 0)
    assert np.all(coolant.density_kg_m3(at_k) > 900)
    assert np.all(coolant.conductivity_w_m_k(at_k) > 0.2)


@given(share=st.floats(0.0, 0.58))
def test_more_glycol_is_thicker_conducts_less_and_freezes_later(share):
    less, more = coolants.propylene_glycol(share), coolants.propylene_glycol(share + 0.02)
    assert more.viscosity_pa_s(313.15) > less.viscosity_pa_s(313.15)
    assert more.conductivity_w_m_k(313.15) < less.conductivity_w_m_k(313.15)
    assert more.freezing_k < less.freezing_k


def test_beyond_its_range_a_property_stays_and_the_energy_goes_on_as_a_line():
    water = coolants.water()
    end_j_kg_k = water.heat_capacity_j_kg_k(373.15)
    assert water.heat_capacity_j_kg_k(500.0) == end_j_kg_k
    assert water.viscosity_pa_s(200.0) == water.viscosity_pa_s(274.15)
    assert water.energy_j_kg(383.15) - water.energy_j_kg(373.15) == pytest.approx(10.0 * end_j_kg_k)
    assert_allclose(water.holds_at([273.0, 274.15, 373.15, 373.2]), [False, True, True, False])


def test_a_table_of_rows_is_met_and_a_straight_one_stays_straight():
    own = coolants.from_rows(KELVIN, *ROWS)
    assert_allclose(own.density_kg_m3([*KELVIN, 300.0]), [1040.0, 1030.0, 1020.0, 1035.0], rtol=1e-14)
    assert_allclose(own.viscosity_pa_s([*KELVIN, 300.0]), [4e-3, 2e-3, 1e-3, 2e-3 * 2**0.5], rtol=1e-13)
    assert own.freezing_k is None


def test_one_row_is_a_coolant_that_never_changes():
    own = coolants.from_rows([300.0], [1000.0], [4000.0], [1e-3], [0.5])
    assert own.viscosity_pa_s(350.0) == pytest.approx(1e-3)
    assert own.energy_j_kg(310.0) - own.energy_j_kg(300.0) == pytest.approx(40e3)
    assert own.temperature_from_energy_k(40e3) == pytest.approx(310.0)


def test_eight_rows_of_pg25_give_the_fluid_back():
    # degree 4 in place of Melinder's: a smooth curve through 40 K of it loses 1e-5
    pg25 = coolants.propylene_glycol(0.25)
    at_k = np.linspace(293.15, 333.15, 8)
    columns = [
        law(at_k)
        for law in (pg25.density_kg_m3, pg25.heat_capacity_j_kg_k, pg25.viscosity_pa_s, pg25.conductivity_w_m_k)
    ]
    own = coolants.from_rows(at_k, *columns)
    between_k = np.linspace(293.15, 333.15, 55)
    assert_allclose(own.viscosity_pa_s(between_k), pg25.viscosity_pa_s(between_k), rtol=1e-5)
    assert_allclose(own.density_kg_m3(between_k), pg25.density_kg_m3(between_k), rtol=1e-7)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({0: [1040.0, 1030.0]}, "rows"),
        ({2: [4e-3, 0.0, 1e-3]}, "above zero"),
        ({1: [3600.0, float("nan"), 3700.0]}, "above zero"),
    ],
)
def test_rows_that_cannot_be_a_liquid_are_refused(change, said):
    columns = [change.get(number, column) for number, column in enumerate(ROWS)]
    with pytest.raises(ValueError, match=said):
        coolants.from_rows(KELVIN, *columns)


def test_rows_must_rise_and_must_not_swing():
    with pytest.raises(ValueError, match="rise"):
        coolants.from_rows([310.0, 290.0, 330.0], *ROWS)
    with pytest.raises(ValueError, match="swing"):
        coolants.from_rows([280.0, 300.0, 301.0, 340.0], [1e3] * 4, [4e3, 4e3, 1e2, 4e3], [1e-3] * 4, [0.5] * 4)


@pytest.mark.parametrize("share", [-0.01, 0.61, float("nan")])
def test_a_share_of_glycol_beyond_the_tables_is_refused(share):
    with pytest.raises(ValueError, match="by mass"):
        coolants.propylene_glycol(share)


@pytest.mark.parametrize(("at_k", "published_pa"), [(300.0, 3536.58941), (500.0, 2.63889776e6), (600.0, 12.3443146e6)])
def test_vapour_pressure_meets_the_steam_tables(at_k, published_pa):
    # verification values of IAPWS-IF97's own equation (table 35), an independent fit; the two differ by 0.013 per
    # cent at 500 K, and nothing here needs a boiling point closer than 0.1 per cent of its pressure
    assert float(coolants.water_vapour_pressure_pa(at_k)) == pytest.approx(published_pa, rel=2e-4)


def test_water_boils_at_99_974_degc_under_one_atmosphere():
    # normal boiling point on the scale of 1990, published as 373.124 K
    assert float(coolants.water_boiling_k(101325.0)) == pytest.approx(373.124, abs=1e-3)


@given(log_pa=st.floats(np.log(700.0), np.log(22e6)))
def test_the_boiling_point_is_where_the_vapour_has_that_pressure(log_pa):
    pressure_pa = float(np.exp(log_pa))
    boils_k = coolants.water_boiling_k(pressure_pa)
    assert float(coolants.water_vapour_pressure_pa(boils_k)) == pytest.approx(pressure_pa, rel=1e-11)


@pytest.mark.parametrize("pressure_pa", [600.0, 23e6])
def test_no_boiling_point_is_told_where_there_is_none(pressure_pa):
    with pytest.raises(ValueError, match="boils from"):
        coolants.water_boiling_k(pressure_pa)


def test_half_glycol_by_mass_has_four_water_molecules_in_five():
    # 50 g of each: 2.775 mol of water, 0.657 of glycol
    assert coolants.water_mole_share(0.5) == pytest.approx(2.775 / (2.775 + 0.657), rel=1e-3)


@given(share=st.floats(0.0, 0.6), pressure_pa=st.floats(2e4, 1e6))
def test_glycol_never_lowers_the_boiling_point(share, pressure_pa):
    mixture = coolants.propylene_glycol(share)
    assert mixture.boiling_k(pressure_pa) >= coolants.water_boiling_k(pressure_pa)
    assert mixture.vapour_pressure_pa(350.0) <= coolants.water_vapour_pressure_pa(350.0)


@pytest.mark.parametrize("coolant", examples(), ids=named)
def test_the_compiled_laws_are_the_same_laws(coolant):
    # Horner's rule on both sides; fused multiply-add may move the last bits
    span = coolant.span_k
    for at_k in (200.0, coolant.least_k, 300.0, 333.3, 373.15, 450.0):
        got = [
            coolant_kernels.property_at(coolant.density_coefficients, span, at_k),
            coolant_kernels.viscosity_pa_s(coolant.log_viscosity_coefficients, span, at_k),
            coolant_kernels.energy_j_kg(coolant.heat_capacity_coefficients, span, at_k),
        ]
        wanted = [coolant.density_kg_m3(at_k), coolant.viscosity_pa_s(at_k), coolant.energy_j_kg(at_k)]
        assert_allclose(got, wanted, rtol=1e-13)
        back_k = coolant_kernels.temperature_from_energy_k(coolant.heat_capacity_coefficients, span, got[2])
        assert back_k == pytest.approx(at_k, rel=1e-12)


def test_a_polynomial_its_slope_and_its_integral_agree_with_sums_in_the_head():
    coefficients = np.array([1.0, 2.0, 3.0])
    assert coolant_kernels.polynomial(coefficients, 2.0) == 17.0
    assert coolant_kernels.polynomial_slope(coefficients, 2.0) == 14.0
    assert coolant_kernels.polynomial_integral(coefficients, 2.0) == 14.0


def test_coefficients_cannot_be_changed_by_a_reader():
    with pytest.raises(ValueError, match="read-only"):
        coolants.water().density_coefficients[0] = 1.0
