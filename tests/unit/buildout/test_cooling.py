"""The ledger of a rack's facility, by sums done in the head."""

from __future__ import annotations

import numpy as np
import pytest

from rackwright.buildout.cooling import (
    COOLING_LINES,
    IT_LINES,
    Demand,
    chiller_w,
    evaporated_m3_s,
    heat_rejected_w,
    ledger,
)
from rackwright.program.sections.buildout import Efficiency

#: 100 kW of rack, 80 to liquid at 35 degC facility water, 20 to air; nothing else but what a test asks for.
RACK = Demand(
    rack_w=100e3,
    other_it_w=0.0,
    fabric_w=0.0,
    cdu_w=0.0,
    liquid_heat_w=80e3,
    air_heat_w=20e3,
    wanted_k=308.0,
    rise_k=10.0,
)


def efficiency(**changes):
    values = {
        "electrical_share": 1.0,
        "utilisation_share": 1.0,
        "dry_approach_k": 10.0,
        "wet_approach_k": 5.0,
        "rejection_share": 0.0,
        "pump_share": 0.0,
        "air_supply_k": 300.0,
        "air_approach_k": 0.0,
        "air_fan_share": 0.0,
        "chiller_carnot_share": 0.5,
        "other_it_share": 0.0,
    }
    return Efficiency.model_construct(**{**values, **changes})


def at(outdoor_k, demand=RACK, **changes):
    return {line: float(value) for line, value in ledger(demand, outdoor_k, 10.0, efficiency(**changes)).items()}


def test_on_a_cold_day_only_the_rack_draws_power():
    lines = at(280.0)
    assert sum(lines.values()) == lines["racks"] == 100e3


def test_the_liquid_needs_no_chiller_until_its_water_would_be_too_warm():
    assert at(298.0)["liquid_chiller"] == 0.0
    assert at(298.1)["liquid_chiller"] > 0.0


def test_room_air_needs_a_chiller_long_before_warm_liquid_does():
    lines = at(295.0)  # free water at 305 K: 3 K below what liquid wants, 5 K above what the air does
    assert lines["liquid_chiller"] == 0.0
    assert lines["air_chiller"] > 0.0


def test_a_chiller_takes_the_part_of_the_rise_that_free_cooling_leaves():
    # 2 K of 10 K: a fifth of 80 kW, lifted by 12 K at half of Carnot: 16 kW x 12 / (0.5 x 308)
    assert at(300.0)["liquid_chiller"] == pytest.approx(16e3 * 12 / 154)


def test_beyond_the_rise_a_chiller_takes_all_of_the_heat():
    assert at(313.0)["liquid_chiller"] == pytest.approx(80e3 * 25 / 154)


def test_without_a_rise_a_chiller_takes_all_as_soon_as_it_is_too_warm():
    assert float(chiller_w(1e3, 300.0, 300.0, 0.0, 0.5)) == 0.0
    assert float(chiller_w(1e3, 300.0, 303.0, 0.0, 0.5)) == pytest.approx(1e3 * 3 / 150)


def test_a_chiller_that_does_better_against_carnot_draws_less():
    assert at(305.0, chiller_carnot_share=0.6)["liquid_chiller"] == pytest.approx(at(305.0)["liquid_chiller"] * 5 / 6)


def test_pumps_and_fans_take_their_share_of_the_heat_they_move():
    lines = at(280.0, air_fan_share=0.05, pump_share=0.01, rejection_share=0.02)
    assert lines["room_fans"] == pytest.approx(1000.0)  # of 20 kW
    assert lines["facility_pumps"] == pytest.approx(1010.0)  # of 80 + 20 + 1 kW
    assert lines["rejection_fans"] == pytest.approx(0.02 * (101e3 + 1010.0))


def test_all_heat_drawn_inside_leaves_by_the_rejection_equipment():
    lines = ledger(RACK, np.array([310.0]), 10.0, efficiency(air_fan_share=0.05, pump_share=0.01, rejection_share=0.02))
    inside = sum(float(lines[name][0]) for name in (*IT_LINES, *COOLING_LINES)) - float(lines["rejection_fans"][0])
    assert heat_rejected_w(lines)[0] == pytest.approx(inside)


def test_the_electrical_path_loses_its_share_of_everything():
    lines = at(310.0, electrical_share=0.8)
    inside = sum(value for name, value in lines.items() if name != "electrical_path")
    assert lines["electrical_path"] == pytest.approx(inside / 4)


def test_other_it_and_fabric_are_it_whose_heat_goes_to_the_air():
    demand = Demand(100e3, 10e3, 5e3, 1e3, 80e3, 20e3, 308.0, 10.0)
    lines = at(280.0, demand, air_fan_share=0.1)
    assert (lines["other_it"], lines["fabric"], lines["cdu_pumps"]) == (10e3, 5e3, 1e3)
    assert lines["room_fans"] == pytest.approx(0.1 * 35e3)


def test_a_kilowatt_hour_of_heat_evaporates_about_one_and_a_half_litres():
    assert float(evaporated_m3_s(1e3)) * 3600e3 == pytest.approx(1.47, abs=0.003)
