"""Earth faults of every scheme against the circuit by hand; arcs against the power transfer's own maximum."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rackwright.rack.power.architectures_bipolar import Bipolar, bipolar
from rackwright.rack.power.protection import (
    Earthing,
    arc_energy,
    arc_finding,
    body_current_a,
    earthing_findings,
    first_fault,
    leakage_capacitance_f,
    lost_pole_findings,
    most_arc_power_w,
    second_fault,
)
from rackwright.rack.power.protection.arc import doan_incident_cal_cm2

FLOATING = Earthing("floating 800 V", 800.0, 0.0, "none", insulation_ohm=2e6, capacitance_f=2e-6, monitor_ohm=40e3)
SOLID = Earthing("solid mid-point", 400.0, -400.0, "mid-point", earth_ohm=0.01, relay_a=1.0)
RESISTIVE = Earthing("high-resistance mid-point", 400.0, -400.0, "mid-point", earth_ohm=4e3, relay_a=0.05)
RETURN = Earthing("earthed return", 800.0, 0.0, "negative", earth_ohm=0.01, relay_a=1.0)


def test_floating_balanced_poles_stand_half_way_and_a_bolted_fault_puts_the_other_at_full_voltage():
    light = first_fault(FLOATING, fault_ohm=1e12)
    assert light.upper_to_earth_v == pytest.approx(400.0, rel=1e-5)
    bolted = first_fault(FLOATING)
    assert bolted.upper_to_earth_v == pytest.approx(0.0, abs=1e-6)
    assert bolted.healthy_v == pytest.approx(800.0)
    assert bolted.fault_a == pytest.approx(800.0 / 2e6, rel=1e-6)  # the healthy pole's insulation


def test_a_solid_mid_point_draws_four_hundred_volts_over_the_path_and_shifts_nothing_by_half_a_path():
    found = first_fault(SOLID, fault_ohm=0.03)
    assert found.fault_a == pytest.approx(400.0 / 0.04, rel=1e-6)
    assert found.healthy_v == pytest.approx(400.0 + 100.0, rel=1e-6)
    assert found.seen_by == "relay"


def test_a_high_resistance_mid_point_holds_the_fault_to_a_tenth_of_an_ampere_and_shifts_the_other_pole_to_800():
    found = first_fault(RESISTIVE)
    assert found.fault_a == pytest.approx(0.1, rel=1e-3)
    assert found.healthy_v == pytest.approx(800.0, rel=1e-6)
    assert found.seen_by == "relay"
    assert first_fault(RESISTIVE, fault_ohm=20e3).seen_by is None  # 17 mA


def test_an_earthed_return_sees_a_fault_of_its_own_pole_not_at_all():
    assert first_fault(RETURN, "upper", fault_ohm=0.03).fault_a == pytest.approx(20e3, rel=1e-6)
    blind = first_fault(RETURN, "lower")
    assert blind.fault_a < 1e-3 * 800.0
    assert blind.seen_by is None


@given(fault_ohm=st.floats(1.0, 1e6), pole=st.sampled_from(["upper", "lower"]))
def test_currents_to_earth_sum_to_zero_in_every_scheme(fault_ohm, pole):
    """Rounding: volts are good to 1e-13 of 800, which over the connection's resistance is the slack."""
    for scheme in (FLOATING, SOLID, RESISTIVE, RETURN):
        found = first_fault(scheme, pole, fault_ohm=fault_ohm)
        own_v = found.upper_to_earth_v if pole == "upper" else found.lower_to_earth_v
        leak = (found.upper_to_earth_v + found.lower_to_earth_v) / scheme.insulation_ohm
        back = 0.0
        if scheme.point_v is not None:
            back = (scheme.point_v - scheme.upper_v + found.upper_to_earth_v) / scheme.earth_ohm
        slack = 1e-10 / min(scheme.earth_ohm, fault_ohm)
        assert leak + math.copysign(found.fault_a, own_v) + back == pytest.approx(0.0, abs=slack)


def test_insulation_monitoring_sees_what_is_below_its_threshold_and_waits_for_the_capacitances():
    """40 kOhm is 50 ohm/V at 800 V. 2 x 2 uF settle within its own 10 s; 2 x 100 uF behind 30 kOhm take five times 6 s."""
    assert first_fault(FLOATING, fault_ohm=30e3).seen_by == "monitor"
    assert first_fault(FLOATING, fault_ohm=30e3).seen_after_s == 10.0
    assert first_fault(FLOATING, fault_ohm=60e3).seen_by is None
    slow = first_fault(replace(FLOATING, capacitance_f=100e-6, insulation_ohm=1e9), fault_ohm=30e3)
    assert slow.seen_after_s == pytest.approx(5 * 200e-6 * 30e3, rel=1e-3)


def test_capacitances_give_their_energy_to_the_fault():
    """Both poles' 2 uF shift by 400 V: C dV^2 = 0.32 J."""
    assert first_fault(FLOATING).capacitive_j == pytest.approx(2e-6 * 400.0**2, rel=1e-5)
    assert leakage_capacitance_f(1000.0) == pytest.approx(150e-9)


def test_the_second_fault_is_pole_to_pole_and_its_frames_share_the_voltage():
    found = second_fault(FLOATING, first_ohm=0.1, second_ohm=0.3)
    assert found.current_a == pytest.approx(2000.0)
    assert found.frame_v == pytest.approx((200.0, 600.0))
    with pytest.raises(ValueError, match="all zero"):
        second_fault(FLOATING, first_ohm=0.0, second_ohm=0.0)


def test_somebody_who_touches_a_pole_draws_much_on_solid_earth_and_little_on_a_floating_system():
    assert body_current_a(SOLID) == pytest.approx(0.4, rel=1e-4)
    assert body_current_a(RESISTIVE) == pytest.approx(400.0 / 5e3, rel=1e-2)
    assert body_current_a(FLOATING) == pytest.approx(400.0 / 1e6, rel=1e-2)


def test_findings_name_touch_voltage_insulation_and_what_is_not_seen():
    found = {
        one.name: one for one in earthing_findings(RETURN, insulation_rated_v=1000.0, fault_ohm=0.0, frame_ohm=0.1)
    }
    assert found["earthed return, upper pole to earth: touch voltage"].holds is False
    assert found["earthed return, lower pole to earth: seen"].holds is False
    assert found["earthed return, upper pole to earth: insulation"].holds
    bare = earthing_findings(replace(FLOATING, monitor_ohm=None))
    assert all(one.holds is None for one in bare)


def test_the_mid_point_wires_current_is_that_of_the_three_wire_solution():
    found = {one.name: one.value for one in lost_pole_findings((110e3, 90e3), pole_v=400.0, neutral_rating_a=100.0)}
    both = bipolar(Bipolar(400.0), upper_w=110e3, lower_w=90e3)
    lost = bipolar(Bipolar(400.0), upper_w=110e3, lower_w=90e3, lost="upper")
    assert found["mid-point, both poles"] == pytest.approx(both.mid_a)
    assert found["mid-point, upper pole lost"] == pytest.approx(abs(lost.mid_a))


@given(volt=st.floats(40.0, 900.0), ohm=st.floats(1e-3, 0.1), share=st.floats(0.01, 3.0))
def test_no_arc_resistance_draws_more_than_the_most(volt, ohm, share):
    """A supply of V behind R, limited to I: swept over arc resistances, the power's largest value is the formula's."""
    limit = share * volt / ohm
    arc = np.geomspace(ohm * 1e-3, ohm * 1e3, 20001)
    current = np.minimum(volt / (ohm + arc), limit)
    power = current**2 * arc
    most = most_arc_power_w(volt, ohm, limit)
    assert power.max() <= most * (1 + 1e-9)
    assert power.max() == pytest.approx(most, rel=2e-3)


def test_a_limited_source_may_give_four_times_what_v_squared_over_4r_says():
    assert most_arc_power_w(800.0, 1e-4, limit_a=1000.0) / most_arc_power_w(800.0, 0.8) == pytest.approx(4.0, rel=1e-3)


def test_the_printed_form_of_the_method_lies_five_percent_above_the_point_source():
    """0.01 against 1 / (8 pi x 4.184) = 0.009510."""
    mine = arc_energy(power_w=most_arc_power_w(480.0, 480.0 / 20e3), time_s=0.2, distance_m=0.455)
    printed = doan_incident_cal_cm2(volt=480.0, bolted_a=20e3, time_s=0.2, distance_cm=45.5)
    assert printed / mine.incident_cal_cm2 == pytest.approx(0.01 * 8 * math.pi * 4.184, rel=1e-9)
    assert printed / mine.incident_cal_cm2 == pytest.approx(1.0516, abs=1e-4)


def test_at_the_boundary_the_energy_is_that_of_a_burn():
    found = arc_energy(power_w=2e6, time_s=0.1, distance_m=0.455, stored_j=5e3, enclosure_factor=3.0)
    there = arc_energy(power_w=2e6, time_s=0.1, distance_m=found.boundary_m, stored_j=5e3, enclosure_factor=3.0)
    assert there.incident_cal_cm2 == pytest.approx(1.2)


def test_an_arc_without_its_time_is_not_modelled():
    found = arc_finding("tray", power_w=1e6, time_s=None, distance_m=0.455, most_j_cm2=5.0)
    assert found.holds is None
    assert found.text.startswith("not modelled: time_s")
    assert arc_finding("tray", power_w=1e6, time_s=0.5, distance_m=0.455, most_j_cm2=5.0).holds is False


def test_wrong_schemes_are_named():
    with pytest.raises(ValueError, match="not one of mid-point"):
        Earthing("x", 400.0, -400.0, "corner")
    with pytest.raises(ValueError, match="'upper' or 'lower'"):
        first_fault(FLOATING, "left")
