"""What happens in the seconds after a pump, a CDU or the facility's water is lost: laws and numbers done by hand.

The loop of these tests: one rack of ten chips of 1 kW at 10 litres a minute of water-like coolant (1000 kg/m³, 4 kJ/kg/K).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm

from rackwright.physics.exchangers import Exchanger
from rackwright.rack.cooling.transients import (
    Branch,
    Event,
    LoopDynamics,
    Plates,
    Pumps,
    buffer_for_ride_through_m3,
    coast_down_time_s,
    heat_capacity_j_k,
    over_range,
    power_law_plate,
    run_transients,
)

LITRE_MIN = 1e-3 / 60.0
FLOW_M3_S = 10.0 * LITRE_MIN
WARMTH = 4e6  # J/m3/K
EVENTS = [
    Event(kind="pump trip", at_s=2.0, pumps=1),
    Event(kind="pump trip", pumps=None),
    Event(kind="cdu loss", at_s=1.0),
    Event(kind="facility water loss", facility_decay_s=3.0),
    Event(kind="none", load=((3.0, 0.2), (9.0, 1.1))),
    Event(kind="none", facility=((0.0, 1.0, 0.0), (5.0, 0.5, 6.0), (20.0, 1.0, -3.0))),
]


def plates(**changes: Any) -> Plates:
    """Chips that need no table: 0.02 K/W at any flow above 0.9 L/min, of which 0.004 between case and plate."""
    values: dict[str, Any] = {
        "chip": "GPU",
        "count": 10,
        "heat_w": 1000.0,
        "flow_share": 0.1,
        "flows_m3_s": (0.9 * LITRE_MIN,),
        "resistances_k_w": (0.0225,),
        "chip_j_k": 150.0,
        "plate_j_k": 200.0,
        "fluid_m3": 25e-6,
        "interface_k_w": 0.004,
        "limit_k": 358.15,
    }
    return Plates(**(values | changes))


def loop(*, pumps: dict[str, Any] | None = None, branch: dict[str, Any] | None = None, **changes: Any) -> LoopDynamics:
    """Pumps of 200 kPa shut-off that give 10 L/min at 100 kPa, all of it spent in the rack, as V²."""
    machine: dict[str, Any] = {
        "running": 2,
        "shutoff_pa": 200e3,
        "falloff": 100e3 / (FLOW_M3_S / 2) ** 2,
        "rated_m3_s": FLOW_M3_S / 2,
        "coast_down_s": 1.0,
    }
    rack: dict[str, Any] = {
        "name": "rack",
        "racks": 1,
        "plates": (plates(),),
        "linear_pa_s_m3": 0.0,
        "quadratic_pa_s2_m6": 100e3 / FLOW_M3_S**2,
        "supply_m3": 1e-3,
        "return_m3": 1e-3,
    }
    values: dict[str, Any] = {
        "name": "CDU 7",
        "density_kg_m3": 1000.0,
        "heat_capacity_j_kg_k": 4000.0,
        "pumps": Pumps(**(machine | (pumps or {}))),
        "branches": (Branch(**(rack | (branch or {}))),),
        "supply_m3": 2e-3,
        "return_m3": 2e-3,
        "column_1_m": 1000.0,
        "exchanger": Exchanger(4000.0, 4000.0, 0.2, 0.2, 0.7),
        "secondary_m3": 1e-3,
        "wall_j_k": 2000.0,
        "primary_m3": 1e-3,
        "supply_k": 313.15,
        "facility_k": 305.15,
        "facility_kg_s": 0.4,
    }
    return LoopDynamics(**(values | changes))


def test_without_an_event_nothing_moves() -> None:
    """The steady state is one of the stepping's own, so only rounding may move it."""
    got = run_transients([loop()], Event(kind="none"), until_s=50.0)
    for series in (got.flow_kg_s, got.supply_k, got.return_k, got.hottest_case_k, got.valve_share):
        assert np.ptp(series) < 1e-9


def test_the_steady_state_is_the_one_done_by_hand() -> None:
    got = run_transients([loop()], Event(kind="none"), until_s=1.0)
    assert got.flow_kg_s[0, 0] == pytest.approx(1.0 / 6.0, rel=1e-12)
    assert got.supply_k[0, 0] == pytest.approx(313.15, abs=1e-9)
    # 10 kW of chips and 100 kPa x 1/6 L/s = 16.7 W of pump work warm 1/6 kg/s of 4 kJ/kg/K
    assert got.return_k[0, 0] - got.supply_k[0, 0] == pytest.approx((10e3 + 100 / 6) / (4000 / 6), rel=1e-9)
    # case: 1 kW x 0.0225 K/W; the film's table is linear between 513 points
    assert got.hottest_case_k[0, 0] == pytest.approx(313.15 + 22.5, abs=3e-3)


def test_the_settled_exchanger_is_the_counterflow_exchanger() -> None:
    """Wall and two lumps with mean temperatures give exactly the transfer units' effectiveness."""
    our = loop()
    got = run_transients([our], Event(kind="none"), until_s=1.0)
    primary_kg_s = our.facility_kg_s * got.valve_share[0, 0]
    duty = our.exchanger.exchange(305.15, got.return_k[0, 0], primary_kg_s, 1 / 6, 4180.0, 4000.0).duty_w
    assert float(duty) == pytest.approx(10e3 + 100 / 6, rel=1e-9)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event.kind} {event.load or event.facility or ''}")
def test_heat_and_work_that_enter_are_rejected_or_stored(event: Event) -> None:
    loops = [loop(), loop(buffer_m3=5e-3, pumps={"standby": 1}), loop(branch={"supply_m3": 0.0, "return_m3": 0.0})]
    got = run_transients(loops, event, until_s=120.0)
    assert np.max(np.abs(got.unclosed_j) / (got.heat_j + got.work_j)) < 1e-11


def test_tripped_pumps_coast_as_one_over_time() -> None:
    """Torque as speed squared: s = 1 / (1 + t / T). All drops are as V² and the column weighs nothing: flow follows s."""
    got = run_transients([loop(column_1_m=0.01)], Event(kind="pump trip", pumps=None), until_s=30.0)
    assert got.flow_kg_s[0] * 6.0 == pytest.approx(1.0 / (1.0 + got.time_s), rel=2e-3)


def test_friction_stops_a_pump_at_the_time_of_the_closed_form() -> None:
    """ds/dt = -(s² + b) / T gives s = sqrt(b) tan(atan(1 / sqrt(b)) - sqrt(b) t / T): at rest after T atan(...) / sqrt(b)."""
    b = 0.04
    lightest = loop(column_1_m=0.01, pumps={"friction_share": b})
    got = run_transients([lightest], Event(kind="pump trip", pumps=None), until_s=6.0, report_s=0.5)
    speed = math.sqrt(b) * np.tan(math.atan(1 / math.sqrt(b)) - math.sqrt(b) * got.time_s)
    assert got.flow_kg_s[0] * 6.0 == pytest.approx(speed, abs=1e-3)


def test_stopped_chips_warm_by_heat_over_heat_capacity() -> None:
    """No flow: chip, plate and the coolant within warm at 1000 W / (150 + 200 + 100 J/K)."""
    stops = loop(
        pumps={"coast_down_s": 1e-3},
        branch={"linear_pa_s_m3": 100e3 / FLOW_M3_S, "quadratic_pa_s2_m6": 0.0},
        column_1_m=1.0,
    )
    got = run_transients([stops], Event(kind="cdu loss", load=((0.0, 0.01),)), until_s=60.0)
    assert got.flow_kg_s[0, -1] < 1e-3 / 6
    still = replace(stops, pumps=replace(stops.pumps, friction_share=1.0))
    got = run_transients([still], Event(kind="cdu loss"), until_s=12.0)
    assert got.flow_kg_s[0, 1] == 0.0
    warming = np.diff(got.hottest_case_k[0])[7:9]
    assert warming == pytest.approx(1000.0 / 450.0, rel=1e-4)


def test_a_step_of_heat_is_the_matrix_exponential() -> None:
    """Three capacities with even flow and inlet are linear: T(t) = T_end + expm(A t) (T_0 - T_end)."""
    our = loop(branch={"supply_m3": 0.05})  # 5 minutes of even inlet
    got = run_transients([our], Event(kind="none", load=((2.0, 0.5),)), until_s=20.0, report_s=0.5)
    c, g = WARMTH * FLOW_M3_S / 10, 1 / 0.004
    film = -c * math.log1p(-1 / (c * (0.0225 - 0.004)))
    x = film / c
    phi = 1 / (1 - math.exp(-x)) - 1 / x
    a = np.array([[-g, g, 0], [g, -g - film, film * phi], [0, film, -film * phi - c]]) / [[150.0], [200.0], [100.0]]
    start = np.linalg.solve(a, [-1000.0 / 150.0, 0.0, 0.0])  # above the inlet
    exact = [(0.5 * start + expm(a * max(t - 2.0, 0.0)) @ (0.5 * start))[0] for t in got.time_s]
    assert got.hottest_case_k[0] - 313.15 == pytest.approx(exact, abs=0.01)


def test_plugs_arrive_after_volume_over_flow() -> None:
    """4 litres more of return pipe show the same return 24 s later, at a sixth of a litre per second.

    Within 0.06 K of a fall of 10 K: a plug's drops are kept as linear between its ends, whose mean may lie 0.05 K off.
    """
    event = Event(kind="none", load=((1.0, 0.3),))
    near, far = (loop(return_m3=volume, supply_m3=30e-3) for volume in (2e-3, 6e-3))
    got = run_transients([near, far], event, until_s=100.0)
    assert np.ptp(got.return_k[1, :43]) < 1e-9  # 7 litres of pipe, 42 s after the step at 1 s
    assert np.ptp(got.return_k[1, 43:46]) > 0.1
    assert got.return_k[1, 24:] == pytest.approx(got.return_k[0, :-24], abs=0.06)
    assert np.mean(got.return_k[1, 24:] - got.return_k[0, :-24]) == pytest.approx(0.0, abs=2e-3)


def test_a_standby_pump_brings_the_flow_back() -> None:
    our = loop(pumps={"standby": 1, "changeover_s": 0.25, "ramp_s": 1.0})
    got = run_transients([our, loop()], Event(kind="pump trip", at_s=1.0), until_s=30.0, report_s=0.25)
    assert got.standby_s.tolist() == [1.25, math.inf]
    assert got.flow_kg_s[0, -1] == pytest.approx(1 / 6, rel=1e-9)
    assert got.flow_kg_s[0].min() < 0.95 / 6
    # one pump alone: 200 - 100 (V / (V0 / 2))² = 100 (V / V0)² kPa
    assert got.flow_kg_s[1, -1] == pytest.approx(math.sqrt(2.0 / 5.0) / 6, rel=1e-6)


def test_a_check_valve_shuts_when_the_rise_exceeds_the_tripped_pumps_shutoff() -> None:
    """A column without weight: the one pump left gives sqrt(2/5) of the flow at 40 kPa, which is 200 kPa x s² at s² = 1/5."""
    got = run_transients([loop(column_1_m=0.01)], Event(kind="pump trip", at_s=1.0), until_s=5.0)
    assert got.check_valve_s[0] - 1.0 == pytest.approx(1 / math.sqrt(0.2) - 1, abs=2e-3)


@pytest.mark.parametrize("event", EVENTS[:4], ids=lambda event: event.kind)
def test_no_water_gets_colder_than_the_facilitys(event: Event) -> None:
    """Lumps of a long exchanger would answer a warm front with a cold one; ours may not, even in a tiny exchanger."""
    tiny = loop(secondary_m3=1e-4, primary_m3=1e-4, wall_j_k=100.0, exchanger=Exchanger(9e3, 9e3, 0.2, 0.2, 0.7))
    got = run_transients([tiny, loop()], event, until_s=200.0)
    assert np.min(got.supply_k) >= 305.15 - 1e-9


def test_throttling_ends_the_climb_and_the_limit_clears() -> None:
    got = run_transients([loop()], Event(kind="facility water loss"), until_s=300.0)
    assert 0.0 < got.throttle_s[0] < got.clear_s[0] < math.inf
    at = int(got.throttle_s[0])
    assert got.hottest_case_k[0, at] < 358.15 < got.hottest_case_k[0, at] + np.diff(got.hottest_case_k[0])[at - 1] * 2
    assert got.seconds_to_throttle[0] == got.throttle_s[0]


def test_a_junction_limit_is_a_case_limit_lowered_by_heat_times_resistance() -> None:
    """30 K between case and junction: a junction limit of 115 degC throttles when a case limit of 85 degC would."""
    by_junction = plates(junction_k_w=0.03, limit_on="junction", limit_k=388.15)
    loops = [loop(), loop(branch={"plates": (by_junction,)})]
    got = run_transients(loops, Event(kind="cdu loss"), until_s=120.0)
    assert got.throttle_s[1] == got.throttle_s[0] < math.inf
    assert got.hottest_junction_k[1, 0] == pytest.approx(got.hottest_case_k[1, 0] + 30.0)


def test_each_kind_of_chip_has_its_own_instant() -> None:
    two = (plates(count=5), plates(chip="CPU", count=5, heat_w=500.0))
    got = run_transients([loop(branch={"plates": two})], Event(kind="cdu loss"), until_s=300.0)
    assert got.plate_name == ("rack: GPU", "rack: CPU")
    assert got.throttle_s[0] < got.throttle_s[1]


def test_a_failed_actuator_keeps_its_position_and_a_sound_one_its_speed() -> None:
    loops = [loop(valve_works=False), loop(valve_rate_1_s=0.005)]
    got = run_transients(loops, Event(kind="facility water loss", facility_decay_s=5.0), until_s=60.0)
    assert np.ptp(got.valve_share[0]) == 0.0
    assert np.max(np.diff(got.valve_share[1])) == pytest.approx(0.005, rel=1e-9)


def test_a_buffer_rides_through_as_long_as_it_was_sized_for() -> None:
    event = Event(kind="facility water loss")
    volume = buffer_for_ride_through_m3(loop(), event, 120.0)
    held = run_transients(
        [replace(loop(), buffer_m3=volume * share) for share in (0.0, 0.98, 1.0)], event, until_s=130.0
    )
    short, almost, enough = held.seconds_to_throttle
    assert short < almost < 120.0 <= enough < 121.0


def test_no_buffer_helps_where_nothing_moves_the_water() -> None:
    assert buffer_for_ride_through_m3(loop(), Event(kind="cdu loss"), 300.0) == math.inf
    assert buffer_for_ride_through_m3(loop(), Event(kind="none"), 10.0) == 0.0


def test_the_range_runs_from_low_limit_and_low_capacity_to_high() -> None:
    ride = over_range(loop(), Event(kind="cdu loss"), case_limit_k=(348.15, 358.15, 365.15), until_s=200.0)
    assert ride.seconds.size == 9
    assert (ride.case_limit_k[np.argmin(ride.seconds)], ride.capacity_share[np.argmin(ride.seconds)]) == (348.15, 0.7)
    assert (ride.case_limit_k[np.argmax(ride.seconds)], ride.capacity_share[np.argmax(ride.seconds)]) == (365.15, 1.3)
    assert ride.standing == "assumed"


def test_a_loop_gives_the_same_bits_alone_and_among_others() -> None:
    loops = [loop(), loop(supply_m3=4e-3), loop(pumps={"coast_down_s": 0.3})]
    together = run_transients(loops, EVENTS[1], until_s=60.0)
    alone = run_transients(loops[1:2], EVENTS[1], until_s=60.0)
    assert np.array_equal(together.hottest_case_k[1], alone.hottest_case_k[0])


def test_the_interval_of_the_report_does_not_move_the_instant() -> None:
    """Steps end at reports, so the instants differ by what the steps' errors allow: well below a per cent."""
    often, seldom = (run_transients([loop()], EVENTS[3], until_s=200.0, report_s=s).throttle_s[0] for s in (0.1, 200.0))
    assert often == pytest.approx(seldom, rel=2e-3)


def test_more_heat_capacity_never_throttles_sooner() -> None:
    loops = [loop(branch={"plates": (plates(chip_j_k=c),)}) for c in (20.0, 80.0, 320.0, 1280.0)]
    assert np.all(np.diff(run_transients(loops, Event(kind="cdu loss"), until_s=300.0).throttle_s) > 0.0)


def test_capacities_and_coast_down_from_masses() -> None:
    assert heat_capacity_j_k({"copper": 1.0, "silicon": 0.1}) == (pytest.approx(385.0 + 71.2), "estimate")
    assert coast_down_time_s(0.02, 100.0, 100.0) == pytest.approx(2.0)
    assert power_law_plate(0.01, 1e-3, 0.5, (4.0,)) == ((4.0,), (pytest.approx(0.0105),))
    with pytest.raises(ValueError, match="copper"):
        heat_capacity_j_k({"unobtainium": 1.0})


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (loop(supply_m3=0.0), "loop 'CDU 7', loop: supply_m3 is 0.0"),
        (loop(facility_k=math.nan), "loop 'CDU 7', loop: facility_k is nan"),
        (loop(wall_j_k=-1.0), "loop 'CDU 7', loop: wall_j_k is -1.0"),
        (loop(pumps={"coast_down_s": 0.0}), "loop 'CDU 7', pumps: coast_down_s is 0.0"),
        (loop(pumps={"running": 0}), "loop 'CDU 7', pumps: running is 0"),
        (loop(pumps={"exponent": 0.5}), "loop 'CDU 7', pumps: exponent is 0.5"),
        (loop(branches=()), "loop 'CDU 7', loop: branches is without plates"),
        (loop(column_1_m=0.0), "loop 'CDU 7', loop: column_1_m is 0.0"),
        (loop(exchanger=Exchanger(1.0, 1.0, 1.0, math.inf)), "loop 'CDU 7', exchanger: flow_secondary_kg_s is inf"),
        (loop(branch={"quadratic_pa_s2_m6": 0.0}), "branch 'rack': linear_pa_s_m3 and quadratic_pa_s2_m6"),
        (loop(branch={"plates": (plates(fluid_m3=0.0),)}), "branch 'rack', chip 'GPU': fluid_m3 is 0.0"),
        (loop(branch={"plates": (plates(chip_j_k=-5.0),)}), "branch 'rack', chip 'GPU': chip_j_k is -5.0"),
        (loop(branch={"plates": (plates(flow_share=0.2),)}), "branch 'rack': the plates' count x flow_share is 2.0"),
        (loop(branch={"plates": (plates(interface_k_w=0.02),)}), "chip 'GPU': interface_k_w is 0.02"),
        (loop(branch={"plates": (plates(limit_k=math.nan),)}), "chip 'GPU': limit_k is nan"),
        (loop(branch={"plates": (plates(resistances_k_w=(0.02, 0.01)),)}), "1 and 2 points"),
    ],
)
def test_what_cannot_be_is_refused_by_loop_and_element(wrong: LoopDynamics, where: str) -> None:
    with pytest.raises(ValueError, match=where):
        run_transients([loop(name="sound"), wrong], EVENTS[0])


@pytest.mark.parametrize(
    "wrong", [{"kind": "flood"}, {"kind": "none", "at_s": math.nan}, {"kind": "none", "load": ((5.0, 1.0), (2.0, 1.0))}]
)
def test_an_event_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="event"):
        run_transients([loop()], Event(**wrong))
