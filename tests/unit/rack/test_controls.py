"""Controls of CDUs: the speed that a set-point asks for, the primary valve, and what a CDU is not rated for."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from rackwright.rack.cooling.condensed import RackLaw, build_condensed
from rackwright.rack.cooling.controls import (
    cdu_rows,
    control_flow,
    control_pressure,
    control_rows,
    dew_point_of_hall_k,
    dew_point_row,
    exchanger_of,
    farthest_sensor,
    guarded_set_point_k,
    heat_capacity_of,
    rated_approach_k,
    set_point_rows,
    solve_any,
)
from rackwright.rack.cooling.envelope import Limit
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.hydraulics.network import Law
from rackwright.rack.cooling.valves import (
    PrimaryBranch,
    authority_share,
    low_load,
    picv_rows,
    primary_side,
    trim_authorities,
    valve_rows,
)

RHO, HEAT = 1000.0, 4000.0
#: A liquid whose properties stay: 1000 kg/m3, 4 kJ/(kg K), 1 mPa s.
PLAIN = Fluid(
    313.15, 50.0, np.array([RHO, 0, 0, 0, 0, 0]), np.array([0, HEAT * 50, 0, 0, 0, 0]),
    np.array([math.log(1e-3), 0, 0, 0, 0, 0]), 263.15, 383.15,
)  # fmt: skip
LPM = 1 / 60e3
GPU = Plates("gpu", 2, 1000.0, LPM, 40e3, (0.5 * LPM, 2 * LPM), (0.04, 0.02), limit_k=353.15)
RACK = RackLoop("rack", (Tray("compute", 4, 1.1, (GPU,)),), 2.0, 0.025, 0.025, 0.05)
CDU = Cdu("unit", 2, 2e5, 1e5 / (40 * LPM) ** 2, 1e4 / (80 * LPM) ** 2, 1.2e4, 1.2, 1.5, 30e3)
AT = {"wanted_k": 313.15, "primary_k": 308.15, "primary_kg_s": 1.5}
QUADRATIC = 2e5  # drop of the condensed rack, Pa s2/kg2
USER = Limit(0.0, "user", "test")


@pytest.fixture(scope="module")
def hall():
    return build_hall([RACK] * 5, [CDU] * 2, Headers(0.05, 0.8), vessel_pa=2e5)


@pytest.fixture(scope="module")
def quadratic():
    """One rack whose drop is exactly `QUADRATIC` m^2, one CDU: all of the loop goes with the square of the flow."""
    flows = np.linspace(0.0, 4.0, 30)
    law = Law(flows, QUADRATIC * flows[None, :] ** 2, 2 * QUADRATIC * flows[None, :], (313.15,), (1.0,))
    nothing = np.zeros((1, 1, 30))
    laws = {"rack": RackLaw(RACK, law, ("gpu",), nothing, np.array([353.15]), nothing > 0)}
    return build_condensed([RACK], laws, [CDU], Headers(0.05, 0.8), vessel_pa=2e5)


def speed_by_hand(drop_pa):
    """rise = s^2 shutoff - falloff (V / pumps)^2 meets the rack's drop and the exchanger's own."""
    flow_m3_s = np.sqrt(drop_pa / QUADRATIC) / RHO
    own = CDU.falloff * (flow_m3_s / CDU.pumps) ** 2 + CDU.exchanger_pa_s2_m6 * flow_m3_s**2
    return np.sqrt((drop_pa + own) / CDU.shutoff_pa)


def test_the_speed_for_a_pressure_is_that_of_the_closed_form(quadratic):
    wanted = np.array([1e4, 2e4, 4e4, 6e4])
    found = control_pressure(quadratic, PLAIN, wanted_pa=wanted, **AT)
    # the control stops at 1e-6 of the pressure, half of that in the speed
    assert found.speed == pytest.approx(speed_by_hand(wanted), rel=1e-6)
    assert not found.saturated.any()


def test_half_the_pressure_takes_the_speed_over_the_square_root_of_two(quadratic):
    found = control_pressure(quadratic, PLAIN, wanted_pa=[6e4, 3e4], **AT)
    assert found.speed[0] / found.speed[1] == pytest.approx(math.sqrt(2), rel=2e-6)


def test_the_sensed_pressure_meets_its_set_point_in_every_scenario_of_a_real_hall(hall):
    wanted = np.linspace(2e4, 9e4, 21)
    found = control_pressure(hall, PLAIN, wanted_pa=wanted, **AT)
    high, low = farthest_sensor(hall)
    flows = found.state.warm.flows
    assert flows.pressure_of(high) - flows.pressure_of(low) == pytest.approx(wanted, rel=1e-6)
    assert (np.diff(found.speed) > 0).all()


def test_the_farthest_sensor_is_between_two_cdus_at_the_ends_of_an_open_row():
    row = build_hall([RACK] * 5, [CDU] * 2, Headers(0.05, 0.8, ring=False), vessel_pa=2e5, places=[0, 4])
    assert farthest_sensor(row) == ("supply 3", "return 3")


def test_a_sensor_at_other_nodes_holds_the_pressure_there(hall):
    found = control_pressure(hall, PLAIN, wanted_pa=3e4, between=("rack 2/in", "rack 2/out"), **AT)
    flows = found.state.warm.flows
    assert flows.pressure_of("rack 2/in") - flows.pressure_of("rack 2/out") == pytest.approx([3e4], rel=1e-6)


def test_too_high_and_too_low_a_pressure_are_flagged_and_pumps_stay_within_their_speeds(hall):
    found = control_pressure(hall, PLAIN, wanted_pa=[1e2, 5e4, 9e5], least_speed=0.15, **AT)
    assert found.saturated.tolist() == [-1, 0, 1]
    assert found.speed[[0, 2]].tolist() == [0.15, 1.0]
    assert found.sensed_share[0] > 1 > found.sensed_share[2]
    rows = list(control_rows(found, what="pressure"))
    assert [row.outcome for row in rows] == ["failed", "failed"]


def test_the_speed_is_that_of_brents_method_on_single_solves_with_a_coolant_that_thins_as_it_warms(hall):
    glycol = PLAIN._replace(
        density=np.array([RHO, -30.0, 0, 0, 0, 0]), log_viscosity=np.array([-6.6, -0.9, 0.2, 0, 0, 0])
    )

    def over_pa(speed):
        flows = solve_any(hall, glycol, speed=np.full((1, 4), speed), **AT).warm.flows
        return float(flows.pressure_of("supply 1")[0] - flows.pressure_of("return 1")[0]) - 5e4

    found = control_pressure(hall, glycol, wanted_pa=5e4, between=("supply 1", "return 1"), **AT)
    # 1e-6 of the pressure is half of that in the speed; flows themselves settle to about 1e-7
    assert found.speed[0] == pytest.approx(brentq(over_pa, 0.2, 1.0, rtol=1e-9), rel=1e-6)


def test_a_set_point_outside_the_controllers_range_is_a_row():
    # CoolChip CDU 600: 0.1 to 4 bar
    assert [row.outcome for row in set_point_rows(1e5)] == ["passed", "passed"]
    assert [row.outcome for row in set_point_rows(5e3)] == ["failed", "passed"]
    assert [row.outcome for row in set_point_rows(5e5)] == ["passed", "failed"]


def test_flow_control_gives_the_worst_rack_just_what_it_wants_and_no_rack_less(hall):
    wanted = np.array([0.10, 0.14, 0.10, 0.0, 0.12])
    found = control_flow(hall, PLAIN, wanted_kg_s=wanted, **AT)
    share = found.state.rack_kg_s[0] / np.where(wanted > 0, wanted, 1e-9)
    assert share.min() == pytest.approx(1.0, rel=1e-6)
    assert int(share.argmin()) == 1


def test_every_scenario_finds_its_own_speed_as_if_it_were_alone(hall):
    loads = np.linspace(0.3, 1.0, 20)
    wanted = 0.14 * loads[:, None] * np.ones(5)
    together = control_flow(hall, PLAIN, wanted_kg_s=wanted, load_share=loads[:, None] * np.ones(5), **AT)
    alone = control_flow(hall, PLAIN, wanted_kg_s=wanted[7], load_share=loads[7] * np.ones(5), **AT)
    assert together.speed[7] == pytest.approx(alone.speed[0], rel=2e-6)


def test_a_condensed_hall_is_controlled_like_a_full_one(quadratic):
    found = control_flow(quadratic, PLAIN, wanted_kg_s=0.5, **AT)
    assert found.speed[0] == pytest.approx(float(speed_by_hand(QUADRATIC * 0.25)), rel=1e-6)


def test_nothing_wanted_and_a_set_point_of_nothing_are_refused(hall):
    with pytest.raises(ValueError, match="nothing is wanted"):
        control_flow(hall, PLAIN, wanted_kg_s=0.0, **AT)
    with pytest.raises(ValueError, match="above zero"):
        control_pressure(hall, PLAIN, wanted_pa=0.0, **AT)
    with pytest.raises(ValueError, match="least must be above zero"):
        control_flow(hall, PLAIN, wanted_kg_s=0.1, least_speed=0.0, **AT)


def test_the_set_point_never_comes_nearer_to_the_dew_point_than_its_margin():
    # 25 degC at 50 % has its dew point at 13.9 degC (psychrometric chart)
    dew = dew_point_of_hall_k(298.15, 0.5)
    assert float(dew) == pytest.approx(273.15 + 13.87, abs=0.03)
    assert guarded_set_point_k([285.15, 300.15], dew, 2.0) == pytest.approx([float(dew) + 2.0, 300.15])
    assert dew_point_row(285.15, float(dew), Limit(2.0, "user", "test")).outcome == "failed"
    assert dew_point_row(300.15, float(dew), Limit(2.0, "user", "test")).outcome == "passed"
    assert dew_point_row(300.15, None, Limit(2.0, "user", "test")).outcome == "not modelled"


def test_a_valve_of_full_authority_has_its_inherent_characteristic():
    branch = PrimaryBranch(kv_m3_h=1.0, rest_pa=0.0, flow_kg_s=0.1, rangeability=50.0)
    assert branch.authority == 1.0
    assert branch.least_share == pytest.approx(1 / 50)
    assert branch.flow_share(0.3) == pytest.approx(0.3)


def test_a_valve_of_low_authority_opens_at_once_and_controls_less():
    # N = 0.1, R = 50: 1 / sqrt(0.9 + 0.1 x 2500) = 0.0631
    branch = PrimaryBranch(kv_m3_h=3.6, rest_pa=9e5, flow_kg_s=1.0, rangeability=50.0)
    assert branch.open_pa == pytest.approx(1e5)  # 3.6 m3/h through Kv 3.6 is one bar
    assert branch.authority == pytest.approx(0.1) == float(authority_share(1e5, 9e5))
    assert branch.least_share == pytest.approx(1 / math.sqrt(250.9))


@pytest.mark.parametrize("characteristic", ["equal percentage", "linear"])
def test_the_valves_slope_is_that_of_its_installed_curve(characteristic):
    branch = PrimaryBranch(3.6, 1.5e5, 1.0, 50.0, characteristic=characteristic)

    def flow(stroke):
        kv = 50.0 ** (stroke - 1.0) if characteristic == "equal percentage" else stroke
        return branch.flow_kg_s * branch.flow_share(kv)

    for stroke in (0.3, 0.6, 0.9):
        share = flow(stroke) / branch.flow_kg_s
        assert branch.flow_share(branch.kv_share(share)) == pytest.approx(share, rel=1e-12)
        by_hand = (flow(stroke + 1e-6) - flow(stroke - 1e-6)) / 2e-6
        # central difference: error of the order of 1e-12 in the step, 1e-9 in rounding
        assert branch.flow_by_stroke_kg_s(share) == pytest.approx(by_hand, rel=1e-7)


@pytest.mark.parametrize("fouling", [0.0, 0.3])
def test_the_primary_flow_found_just_holds_the_supply_in_the_halls_own_solver(fouling):
    own = build_hall([RACK] * 3, [replace(CDU, fouling_share=fouling)], Headers(0.05, 0.8), vessel_pa=2e5)
    state = solve_any(own, PLAIN, **AT)
    side = primary_side(own, PLAIN, state, **AT)
    assert side.met.all()
    assert (side.flow_kg_s < 1.5).all()
    just = solve_any(own, PLAIN, **{**AT, "primary_kg_s": side.flow_kg_s * 1.0001})
    less = solve_any(own, PLAIN, **{**AT, "primary_kg_s": side.flow_kg_s * 0.9999})
    assert not just.warm.short.any()
    assert less.warm.short.all()


def test_the_supplys_gain_is_the_solvers_difference_when_the_return_is_held(hall):
    state = solve_any(hall, PLAIN, **AT)
    side = primary_side(hall, PLAIN, state, **AT)
    cdu, inlet = 0, float(state.warm.inlet_k(hall.cdu_link)[0, 0])
    own = float(state.warm.flows.flow_kg_s[0, hall.cdu_link[cdu]])

    def supply(primary):
        unit = exchanger_of(hall.coolers[cdu])
        return float(unit.exchange(308.15, inlet, primary, own, 4180.0, HEAT).secondary_outlet_k)

    flow = float(side.flow_kg_s[0, cdu])
    # what the exchanger takes is the duty, friction's heat with it
    assert supply(flow) == pytest.approx(inlet - float(state.warm.duty_w[0, cdu]) / (own * HEAT), abs=1e-6)
    assert supply(flow) == pytest.approx(313.15, abs=2e-3)
    by_hand = (supply(flow - 1e-4) - supply(flow + 1e-4)) / 2e-4
    assert side.gain_k_s_kg[0, cdu] == pytest.approx(by_hand, rel=1e-5)


def test_pumps_follow_the_load_down_to_the_least_speed_over_the_speed_at_full_load(quadratic):
    branch = PrimaryBranch(8.0, 3e4, 1.5, 50.0)
    low = low_load(
        quadratic, PLAIN, branch, loads=np.linspace(1.0, 0.05, 20), wanted_kg_s=0.5, wanted_k=313.15, primary_k=308.15
    )
    # all of the loop is quadratic, so flow and with it load follow the speed
    assert low.pump_limited
    assert low.pump_share == pytest.approx(0.15 / float(speed_by_hand(QUADRATIC * 0.25)), rel=1e-5)


def test_below_the_valves_least_load_its_flow_is_under_its_rangeability(hall):
    branch = PrimaryBranch(8.0, 3e4, 1.5, 20.0)
    low = low_load(
        hall, PLAIN, branch, loads=np.linspace(1.0, 0.02, 40), wanted_kg_s=0.14, least_flow_share=0.5, wanted_k=313.15,
        primary_k=308.15,
    )  # fmt: skip
    share = low.primary.flow_kg_s.min(axis=1) / branch.flow_kg_s
    assert low.valve_limited
    assert (share[low.load_share > low.valve_share] >= branch.least_share).all()
    assert (share[low.load_share < low.valve_share] < branch.least_share).all()


def test_a_linear_valve_hunts_more_at_low_load_than_one_of_equal_percentage(hall):
    def worst(characteristic):
        branch = PrimaryBranch(8.0, 3e4, 0.5, 50.0, characteristic=characteristic)
        low = low_load(
            hall,
            PLAIN,
            branch,
            loads=[1.0, 0.5, 0.2],
            wanted_kg_s=0.14,
            least_flow_share=1.0,
            wanted_k=313.15,
            primary_k=308.15,
        )
        rows = list(valve_rows(branch, authority_least=None, low=low, gain_most=Limit(1.5, "user", "test")))
        return low.gain_ratio.max(), {row.what: row.outcome for row in rows}

    linear, linear_rows = worst("linear")
    equal, equal_rows = worst("equal percentage")
    assert linear > 1.5 > equal
    assert (linear_rows["hunting"], equal_rows["hunting"]) == ("failed", "passed")
    assert linear_rows["authority"] == "not modelled"


def test_without_a_valve_nothing_about_it_is_modelled():
    assert {row.outcome for row in valve_rows(None, authority_least=USER)} == {"not modelled"}


def test_an_orifice_that_takes_half_the_racks_drop_has_half_the_authority():
    trimmed = build_hall([replace(RACK, orifice_kv_m3_h=1.0)] * 2, [CDU], Headers(0.05, 0.8), vessel_pa=2e5)
    state = solve_any(trimmed, PLAIN, **AT)
    network, pressure = trimmed.network, state.warm.flows.pressure_pa[0]
    drop = pressure[network.node_number["supply 1"]] - pressure[network.node_number["rack 1/trim"]]
    whole = pressure[network.node_number["supply 1"]] - pressure[network.node_number["return 1"]]
    # Kv 1: one bar takes 1 m3/h
    flow_m3_h = state.rack_kg_s[0, 0] * 3.6
    assert drop == pytest.approx(1e5 * flow_m3_h**2, rel=1e-6)
    assert trim_authorities(state)["rack 1/orifice"] == pytest.approx(drop / whole)


def test_a_pressure_independent_valve_without_its_least_drop_is_named():
    hall = build_hall([replace(RACK, picv_kg_s=0.14)] * 2, [CDU], Headers(0.05, 0.8), vessel_pa=2e5)
    full = solve_any(hall, PLAIN, **AT)
    slow = solve_any(hall, PLAIN, speed=np.full((1, 2), 0.3), **AT)
    assert [row.outcome for row in picv_rows(full)] == ["passed", "passed"]
    assert [(row.element, row.outcome) for row in picv_rows(slow)] == [
        ("rack 1/picv", "failed"),
        ("rack 2/picv", "failed"),
    ]


def test_a_cdus_rated_approach_is_that_of_its_exchanger_at_capacity(hall):
    cooler = hall.coolers[0]
    approach = rated_approach_k(CDU, cooler, HEAT)
    # supply lies `approach` above the primary, return Q / C above that: the exchanger gives back the capacity
    back = approach + CDU.capacity_w / (CDU.rated_kg_s * HEAT)
    unit = exchanger_of(cooler).exchange(0.0, back, CDU.primary_rated_kg_s, CDU.rated_kg_s, 4180.0, HEAT)
    assert float(unit.duty_w) == pytest.approx(CDU.capacity_w, rel=1e-12)


def test_heat_capacity_is_the_slope_of_energy():
    assert float(heat_capacity_of(PLAIN, 300.0)) == pytest.approx(HEAT)


BAD = {
    "a set-point under the facility water's": ({"wanted_k": 300.0}, {("cdu 1", "approach"), ("cdu 1", "supply")}),
    "facility water warmer than the racks": ({"primary_k": 350.0}, {("cdu 1", "approach"), ("cdu 1", "supply")}),
    "no facility water": ({"primary_kg_s": 0.0}, {("loop", "balance"), ("cdu 1", "capacity"), ("cdu 1", "supply")}),
    "more heat than capacity": ({"load_share": 10.0}, {("cdu 1", "capacity")}),
    "more facility water than rated": ({"primary_kg_s": 9.0}, {("cdu 1", "facility flow")}),
    "racks opened so wide that the flow is beyond the rated one": ({"factor": 1e-3}, {("cdu 1", "flow")}),
}


@pytest.mark.parametrize("what", BAD)
def test_what_a_cdu_cannot_do_is_a_row_with_its_name_and_never_nan(hall, what):
    change, expected = BAD[what]
    how = {**AT, **change}
    state = solve_any(hall, PLAIN, must_converge=False, **how)
    given = {name: how[name] for name in AT}
    rows = list(cdu_rows(hall, PLAIN, state, **given))
    failed = {(row.element, row.what) for row in rows if row.outcome == "failed"}
    assert expected <= failed, what
    values = [value for row in rows for value in (row.value, row.limit, row.margin) if value is not None]
    assert np.isfinite(values).all()
    assert all(row.as_finding("rack.cooling.cdu", "hall").outcome == row.outcome for row in rows)


def test_a_sound_hall_fails_no_row(hall):
    state = solve_any(hall, PLAIN, speed=np.full((1, 4), 0.7), **AT)
    rows = list(cdu_rows(hall, PLAIN, state, **AT))
    assert [(row.element, row.what) for row in rows if row.outcome != "passed"] == []
