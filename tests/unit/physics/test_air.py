"""Moist air beside ASHRAE's tables, its own inverses, and CoolProp's real gas."""

import numpy as np
import pytest

from rackwright.physics import air

C = air.ZERO_C_K
RNG = np.random.default_rng(20261123)
DRY_K = RNG.uniform(-40.0, 50.0, 2000) + C
RELATIVE = RNG.uniform(0.02, 1.0, 2000)
PRESSURE_PA = RNG.uniform(70e3, 105e3, 2000)


@pytest.mark.parametrize(
    ("celsius", "pascal"),
    [(-60, 1.08), (-20, 103.24), (-5, 401.74), (5, 872.6), (25, 3169.7), (50, 12351.3), (100, 101418.0)],
)
def test_saturation_pressure_meets_ashraes_table(celsius, pascal):
    # ASHRAE Fundamentals 2017, chapter 1, table 3, which is of IAPWS' and not of Hyland and Wexler's equations: they
    # lie up to 2e-4 apart; the value at -60 degC is printed with three figures
    assert air.saturation_pressure_pa(celsius + C) == pytest.approx(pascal, rel=3e-4 if celsius > -60 else 3e-3)


@pytest.mark.parametrize(
    ("altitude_m", "pascal"), [(-500, 107478), (500, 95461), (1000, 89875), (2000, 79495), (3000, 70108)]
)
def test_pressure_at_an_altitude_meets_ashraes_table(altitude_m, pascal):
    # ASHRAE Fundamentals 2017, chapter 1, table 1; printed to a pascal
    assert air.pressure_at_altitude_pa(altitude_m) == pytest.approx(pascal, abs=1.0)


def test_the_worked_example_of_ashrae_comes_out():
    # Fundamentals 2017, chapter 1, example 1: 40 degC, wet bulb 20 degC; read from a chart to the figures given
    example = air.moist_air(40 + C, wet_bulb_k=20 + C)
    assert example.humidity_ratio == pytest.approx(6.5e-3, abs=0.15e-3)
    assert example.enthalpy_j_kg == pytest.approx(56.7e3, abs=0.3e3)
    assert air.dew_point_k(example.humidity_ratio) - C == pytest.approx(7.0, abs=0.6)
    assert 1 / example.dry_air_kg_m3 == pytest.approx(0.896, abs=1e-3)


@pytest.mark.parametrize(("dry_c", "wet_c", "ratio"), [(30, 25, 0.0192281274), (-1, -5, 0.0012039982)])
def test_humidity_from_the_wet_bulb_meets_psychrolib(dry_c, wet_c, ratio):
    # PsychroLib's own tests (ASHRAE's equations 33 and 35, 95,461 Pa); its saturation pressure differs by 2e-4
    assert air.humidity_from_wet_bulb(dry_c + C, wet_c + C, 95461.0) == pytest.approx(ratio, rel=5e-4)


def test_the_wet_bulb_gives_back_the_humidity_it_came_from():
    made = air.moist_air(DRY_K, relative_humidity_share=RELATIVE, pressure_pa=PRESSURE_PA)
    again = air.humidity_from_wet_bulb(DRY_K, made.wet_bulb_k, PRESSURE_PA)
    # 1e-6 K of wet bulb are at most 4e-9 of humidity
    assert np.max(np.abs(again - made.humidity_ratio)) < 4e-9


def test_the_dew_point_gives_back_the_humidity_it_came_from():
    made = air.moist_air(DRY_K, relative_humidity_share=RELATIVE, pressure_pa=PRESSURE_PA)
    dew_k = air.dew_point_k(made.humidity_ratio, PRESSURE_PA)
    np.testing.assert_allclose(air.saturated_humidity(dew_k, PRESSURE_PA), made.humidity_ratio, rtol=1e-8)
    assert np.all(dew_k <= made.wet_bulb_k + 1e-6)
    assert np.all(made.wet_bulb_k <= DRY_K)


def test_saturated_air_is_found_again_by_its_enthalpy():
    at_k = np.linspace(-60.0, 95.0, 500) + C
    found_k = air.saturated_at_k(air.saturated_enthalpy_j_kg(at_k, 101325.0), 101325.0)
    np.testing.assert_allclose(found_k, at_k, atol=1e-8)


def test_enthalpies_beyond_all_saturated_air_still_have_an_answer():
    # nothing saturated has these enthalpies: the ends of the validity are given, never a NaN
    assert np.all(np.isfinite(air.saturated_at_k([-1e9, 0.0, 1e7, 1e12], 70e3)))


def test_air_cannot_hold_more_than_saturation():
    soaked = air.moist_air([280.0, 300.0], humidity_ratio=[0.5, 0.5])
    np.testing.assert_allclose(soaked.humidity_ratio, air.saturated_humidity([280.0, 300.0]))
    np.testing.assert_allclose(soaked.wet_bulb_k, soaked.dry_bulb_k, atol=1e-6)


@pytest.mark.parametrize("humidity", [{}, {"humidity_ratio": 0.01, "relative_humidity_share": 0.5}])
def test_air_takes_exactly_one_measure_of_its_humidity(humidity):
    with pytest.raises(ValueError, match="one of"):
        air.moist_air(300.0, **humidity)


def test_every_measure_of_humidity_makes_the_same_air():
    made = air.moist_air(DRY_K, relative_humidity_share=RELATIVE, pressure_pa=PRESSURE_PA)
    for name, given in (
        ("wet_bulb_k", made.wet_bulb_k),
        ("dew_point_k", air.dew_point_k(made.humidity_ratio, PRESSURE_PA)),
        ("humidity_ratio", made.humidity_ratio),
    ):
        same = air.moist_air(DRY_K, pressure_pa=PRESSURE_PA, **{name: given})
        np.testing.assert_allclose(same.humidity_ratio, made.humidity_ratio, atol=4e-9)


def test_moist_air_agrees_with_coolprops_real_gas():
    """HAPropsSI (ASHRAE RP-1485, with enhancement and real gas) from -30 to 50 degC and 75 to 103 kPa.

    What is left out here bounds the differences: the enhancement of saturation (at most 0.55 per cent of the vapour
    pressure; in hot saturated air 0.7 per cent of the humidity, by the air that the vapour displaces), and the real
    gas (0.12 per cent of the volume). A vapour pressure 0.6 per cent off moves the dew point by 0.11 K, and the wet
    bulb by less. Where the wet bulb lies within a kelvin of 0 degC both water and ice
    solve the equations and CoolProp takes ice: left out.
    """
    pytest.importorskip("CoolProp", reason="CoolProp is not installed: pip install rackwright[validate]")
    from CoolProp.HumidAirProp import HAPropsSI

    dry_k, total = RNG.uniform(243.0, 323.0, 1000), RNG.uniform(75e3, 103e3, 1000)
    state = ("T", dry_k, "R", RNG.uniform(0.03, 1.0, 1000), "P", total)
    ratio, wet_k, dew_k, enthalpy, volume = (HAPropsSI(name, *state) for name in ("W", "B", "D", "H", "Vda"))
    made = air.moist_air(dry_k, relative_humidity_share=state[3], pressure_pa=total)
    np.testing.assert_allclose(made.humidity_ratio, ratio, rtol=7e-3)
    clear = np.abs(wet_k - C) > 1.0
    np.testing.assert_allclose(made.wet_bulb_k[clear], wet_k[clear], atol=0.1)
    np.testing.assert_allclose(air.dew_point_k(ratio, total), dew_k, atol=0.11)
    # with the same humidity: 0.3 kJ/kg of some 100, from the heat capacities that ASHRAE rounds
    np.testing.assert_allclose(air.enthalpy_j_kg(dry_k, ratio), enthalpy, atol=300.0)
    np.testing.assert_allclose(air.dry_air_kg_m3(dry_k, ratio, total) * volume, 1.0, atol=1.2e-3)
