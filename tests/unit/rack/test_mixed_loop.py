"""Racks of two generations on one loop: common supply and pressure, trim, and what each kind costs the other."""

import math
from dataclasses import replace

import numpy as np
import pytest

from rackwright.rack.cooling.envelope import Limit
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.mixed import MixedLoop, RackKind, costs, mixed_rows, serve

RHO = 1000.0
PLAIN = Fluid(
    313.15, 50.0, np.array([RHO, 0, 0, 0, 0, 0]), np.array([0, 4000.0 * 50, 0, 0, 0, 0]),
    np.array([math.log(1e-3), 0, 0, 0, 0, 0]), 263.15, 383.15,
)  # fmt: skip
LPM = 1 / 60e3
GPU = Plates("gpu", 2, 1000.0, LPM, 60e3, (0.5 * LPM, 2 * LPM), (0.04, 0.02), limit_k=358.15)
NEW = RackLoop("new", (Tray("compute", 4, 1.1, (GPU,)),), 2.0, 0.025, 0.025, 0.05)
OLD = RackLoop("old", (Tray("compute", 4, 1.1, (replace(GPU, heat_w=700.0, drop_pa=20e3),)),), 2.0, 0.025, 0.025, 0.05)
CDU = Cdu("unit", 2, 3e5, 1.5e5 / (40 * LPM) ** 2, 1e4 / (80 * LPM) ** 2, 1.2e4, 1.2, 1.5, 30e3)
KINDS = {"new": RackKind(NEW, 0.14, 318.15), "old": RackKind(OLD, 0.10, 313.15)}
LOOP = MixedLoop(KINDS, ("new", "old") * 3, (CDU, CDU), Headers(0.05, 0.8), PLAIN, 2e5, 303.15, 1.5)


@pytest.fixture(scope="module")
def served():
    return {trim: serve(LOOP, trim=trim) for trim in ("none", "orifice", "picv")}


@pytest.mark.parametrize("trim", ["none", "orifice", "picv"])
def test_every_kind_gets_its_flow_at_no_more_than_its_supply(served, trim):
    found = served[trim]
    assert found.served
    for state in found.kinds:
        assert state.least_kg_s >= state.wanted_kg_s * (1 - 1e-5)
        assert state.inlet_k <= state.supply_most_k + 1e-6
    assert {row.outcome for row in mixed_rows(found) if row.what != "overflow"} == {"passed"}


@pytest.mark.parametrize("trim", ["none", "orifice", "picv"])
def test_the_kind_with_the_lowest_limit_sets_the_supply_and_its_inlet_just_meets_it(served, trim):
    assert served[trim].binding_supply == "old"
    assert served[trim].of("old").inlet_k == pytest.approx(313.15, abs=1e-4)
    assert served[trim].of("new").inlet_k < 318.15 - 4.9


def test_the_kind_with_the_most_drop_sets_the_pressure_and_the_others_flow_over(served):
    found = served["none"]
    assert found.binding_flow == "new"
    assert found.of("new").least_kg_s == pytest.approx(0.14, rel=2e-6)
    # old plates: a third of the drop at one flow and exponent 1.85, and 0.10 wanted where 0.14 is
    assert found.of("old").over_share > 0.5
    failed = [row for row in mixed_rows(found, over_most=Limit(0.25, "user", "t")) if row.outcome == "failed"]
    assert [(row.element, row.what) for row in failed] == [("old", "overflow")]


def test_orifices_leave_each_kind_its_wanted_flow_and_take_what_the_headers_leave(served):
    found = served["orifice"]
    state = found.controlled.state
    pressure, node = state.warm.flows.pressure_pa[0], state.hall.network.node_number
    old = found.of("old")
    assert old.least_kg_s == pytest.approx(0.10, rel=1e-5)
    assert found.of("new").orifice_kv_m3_h is None
    worst = 2 * int(np.argmin(state.rack_kg_s[0, 1::2])) + 2
    drop = pressure[node[f"supply {worst}"]] - pressure[node[f"rack {worst}/trim"]]
    # drop [bar] = (V [m3/h] / Kv)^2 at 1000 kg/m3
    assert drop == pytest.approx(1e5 * (0.10 * 3.6 / old.orifice_kv_m3_h) ** 2, rel=1e-4)


def test_valves_hold_every_rack_at_its_flow_and_the_worst_keeps_just_its_least_drop(served):
    found = served["picv"]
    state = found.controlled.state
    wanted = LOOP.wanted_kg_s
    assert state.rack_kg_s[0] == pytest.approx(wanted, rel=1e-6)
    network, pressure = state.hall.network, state.warm.flows.pressure_pa[0]
    links = [network.link_number[f"rack {n}/picv"] for n in range(1, 7)]
    drops = pressure[network.first[links]] - pressure[network.second[links]]
    assert drops.min() == pytest.approx(30e3, rel=1e-5)


def test_trimming_saves_pump_power_and_a_valves_least_drop_costs_some_of_it(served):
    assert served["orifice"].pump_w < served["none"].pump_w
    assert served["orifice"].pump_w < served["picv"].pump_w
    # power is flow times head over efficiency: the same racks with less flow at the same head
    assert served["orifice"].flow_kg_s == pytest.approx(3 * 0.24, rel=2e-3)


def test_without_the_old_kind_the_supply_may_rise_to_the_new_ones_limit(served):
    found = {cost.kind: cost for cost in costs(LOOP, served["none"])}
    assert found["old"].supply_k == pytest.approx(5.0, abs=0.02)
    assert found["new"].supply_k == pytest.approx(0.0, abs=0.02)
    assert found["old"].free_k_hours == pytest.approx(5.0 * 8760, rel=0.01)
    for cost in found.values():
        assert cost.without.served
        assert cost.alone.served
        assert cost.without.pump_w == pytest.approx(
            next(other for other in found.values() if other is not cost).alone.pump_w, rel=1e-5
        )
        assert cost.pump_w == pytest.approx(served["none"].pump_w - cost.without.pump_w - cost.alone.pump_w)
        assert cost.pump_w > 0  # apart, no rack is fed more than it wants


def test_hours_of_free_cooling_lost_are_those_between_the_two_supplies(served):
    outdoor = np.array([290.0, 300.0, 305.0, 307.0, 320.0])
    cost = next(c for c in costs(LOOP, served["none"], outdoor_k=outdoor, stack_k=10.0) if c.kind == "old")
    low, high = served["none"].set_point_k, cost.without.set_point_k
    # 300, 310, 315, 317, 330 K against about 313.1 and 318.1 K: two hours lie between
    assert cost.free_hours == 2
    assert cost.free_k_hours == pytest.approx((high - low) * 2 + (high - 315.0) + (high - 317.0))


def test_two_alike_kinds_under_two_names_cost_each_other_no_kelvin_and_no_overflow():
    twins = MixedLoop(
        {"a": replace(KINDS["new"], loop=replace(NEW, name="a")), "b": replace(KINDS["new"], loop=replace(NEW, name="b"))},
        ("a", "b") * 2, (CDU, CDU), Headers(0.1, 0.8), PLAIN, 2e5, 303.15, 1.5,
    )  # fmt: skip
    found = serve(twins, trim="orifice")
    assert all(state.over_share < 1e-2 for state in found.kinds)
    assert all(abs(cost.supply_k) < 0.02 for cost in costs(twins, found))


def test_a_kind_that_wants_less_of_cooler_liquid_is_served_at_the_common_supply():
    points = ((298.15, 0.08), (318.15, 0.14))
    found = serve(replace(LOOP, kinds={**KINDS, "new": replace(KINDS["new"], flow_points=points)}))
    # 40 degC is three quarters of the way from 25 to 45 degC
    assert found.of("new").wanted_kg_s == pytest.approx(0.08 + 0.75 * 0.06)
    assert found.served
    assert found.pump_w < serve(LOOP).pump_w


def test_chips_over_their_limit_and_chips_without_one_are_told_apart(served):
    cold = replace(GPU, limit_k=320.0)
    hot = replace(KINDS["old"], loop=replace(OLD, trays=(replace(OLD.trays[0], plates=(cold,)),)))
    none = replace(
        KINDS["new"], loop=replace(NEW, trays=(replace(NEW.trays[0], plates=(replace(GPU, limit_k=None),)),))
    )
    rows = mixed_rows(serve(replace(LOOP, kinds={"old": hot, "new": none})))
    assert {row.element: row.outcome for row in rows if row.what == "chips"} == {"old": "failed", "new": "not modelled"}


def test_one_kind_alone_costs_nobody_anything():
    single = replace(LOOP, kinds={"new": KINDS["new"]}, places=("new",) * 3)
    assert costs(single, serve(single)) == ()


def test_pumps_that_are_too_small_leave_the_hard_kind_short_and_its_row_says_so():
    weak = replace(LOOP, cdus=(replace(CDU, shutoff_pa=3e4, falloff=1.5e4 / (40 * LPM) ** 2),) * 2)
    found = serve(weak)
    assert not found.served
    assert found.controlled.saturated.tolist() == [1]
    failed = [(row.element, row.what) for row in mixed_rows(found) if row.outcome == "failed"]
    assert ("new", "flow") in failed
    assert all(np.isfinite(row.value) for row in mixed_rows(found))


def test_facility_water_that_is_too_warm_leaves_the_cold_kind_too_warm():
    found = serve(replace(LOOP, primary_k=316.15))
    assert not found.served
    assert ("old", "supply") in [(row.element, row.what) for row in mixed_rows(found) if row.outcome == "failed"]


def test_a_place_of_no_kind_an_empty_loop_and_a_kind_without_flow_are_refused():
    with pytest.raises(ValueError, match="not there: other"):
        replace(LOOP, places=("new", "other"))
    with pytest.raises(ValueError, match="no rack is left"):
        serve(LOOP, only=[])
    with pytest.raises(ValueError, match="above zero"):
        replace(LOOP, kinds={**KINDS, "old": replace(KINDS["old"], flow_kg_s=0.0)})
    with pytest.raises(ValueError, match="must rise"):
        replace(KINDS["old"], flow_points=((318.0, 0.1), (300.0, 0.2))).at_supply(310.0)
