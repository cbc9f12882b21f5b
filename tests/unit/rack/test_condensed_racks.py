"""A rack as one law: the law against the rack solved in full, its mixing of corners, and the hall that is made of such racks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.rack.cooling.condensed import (
    CondensedHall,
    CondensedState,
    RackLaw,
    build_condensed,
    condense,
    solve_condensed,
)
from rackwright.rack.cooling.hall import Cdu, Headers, Plates, RackLoop, Tray, single_rack
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.heat.warm import lagrange
from rackwright.rack.cooling.hydraulics import NetworkBuilder, solve
from rackwright.rack.cooling.hydraulics.network import Floats
from rackwright.rack.cooling.state import HallState, solve_rack

LITRE_MIN = 1 / 60e3
#: Water, near enough: density, internal energy (4180 J/kg K) and viscosity as short polynomials about 40 degC.
WATER = Fluid(
    313.15, 30.0, np.array([992.2, -11.7, -3.0, 0, 0, 0]), np.array([0, 4180.0 * 30, 0, 0, 0, 0]),
    np.array([-7.334, -0.49, 0.1, 0, 0, 0]), 273.15, 393.15,
)  # fmt: skip
GPU = Plates(
    "gpu", 4, 1200.0, 1.6 * LITRE_MIN, 50e3, (0.6 * LITRE_MIN, 1.2 * LITRE_MIN, 2.4 * LITRE_MIN), (0.024, 0.018, 0.015),
    limit_k=353.15,
)  # fmt: skip
CPU = replace(GPU, chip="cpu", per_tray=2, heat_w=300.0, flow_m3_s=0.6 * LITRE_MIN, limit_k=333.15)
RACK = RackLoop("rack", (Tray("compute", 3, 1.1, (GPU, CPU)),), 2.0, 0.05, 0.038, 0.05)
CDU = Cdu("cdu", 2, 3e5, 1.2e5 / (40 * LITRE_MIN) ** 2, 3e4 / (70 * LITRE_MIN) ** 2, 9e3, 1.2, 1.6, 60e3)
DESIGN_KG_S = 0.37
TEMPERATURES_K, LOADS = (298.15, 308.15, 318.15, 328.15), (0.0, 0.55, 1.1)
GIVEN: dict[str, Any] = {"wanted_k": 308.15, "primary_k": 300.15, "primary_kg_s": 1.6, "pump_efficiency": 0.6}


@pytest.fixture(scope="module")
def law() -> RackLaw:
    return condense(RACK, WATER, design_kg_s=DESIGN_KG_S, temperatures_k=TEMPERATURES_K, loads=LOADS)


@pytest.fixture(scope="module")
def hall(law: RackLaw) -> CondensedHall:
    return build_condensed([RACK] * 4, {"rack": law}, [CDU] * 2, Headers(0.08, 0.8), vessel_pa=2e5)


def in_full(flows_kg_s: Floats, inlet_k: float, load: float) -> HallState:
    network, found = single_rack(RACK)
    return solve_rack(network, found, WATER, flows_kg_s=flows_kg_s, inlet_k=inlet_k, load_share=load)


def drop_pa(state: HallState) -> Floats:
    return state.warm.flows.pressure_of("supply") - state.warm.flows.pressure_of("return")


def by_law(law: RackLaw, flows_kg_s: Floats, inlet_k: float, load: float) -> Floats:
    """The drop of the condensed link by itself: two given pressures are sought so that the flow passes."""
    build = NetworkBuilder()
    build.fixed("supply", pressure_pa=3e5)
    build.junction("return")
    build.condensed("rack", "supply", "return", law=law.law)
    demands = np.zeros((len(flows_kg_s), 2))
    demands[:, 1] = flows_kg_s
    warm = lagrange(np.array(inlet_k), TEMPERATURES_K)
    weights = (warm[:, None] * lagrange(np.array(load), LOADS)[None, :]).reshape(1, 1, -1)
    found = solve(build.network(), density_kg_m3=1e3, viscosity_pa_s=1e-3, demands_kg_s=demands, law_weights=weights)
    return found.pressure_of("supply") - found.pressure_of("return")


def test_weights_make_the_one_polynomial_through_all_corners() -> None:
    """They add up to one, are one at a corner, and give every cubic back through four corners."""
    at = np.linspace(TEMPERATURES_K[0], TEMPERATURES_K[-1], 31)
    weights = lagrange(at, TEMPERATURES_K)
    assert weights.sum(-1) == pytest.approx(np.ones(31), rel=1e-13)
    assert lagrange(np.array(TEMPERATURES_K), TEMPERATURES_K) == pytest.approx(np.eye(4), abs=1e-13)

    def cubic(kelvin: Floats) -> Floats:
        x = (kelvin - 310) / 10
        return np.asarray(2 - x + 0.3 * x**2 - 0.07 * x**3)

    assert weights @ cubic(np.array(TEMPERATURES_K)) == pytest.approx(cubic(at), rel=1e-12)


def test_weights_are_held_at_the_first_and_last_corner() -> None:
    assert lagrange(np.array([200.0, 400.0]), TEMPERATURES_K) == pytest.approx(np.eye(4)[[0, 3]])
    assert lagrange(np.array([5.0]), (1.0,)) == pytest.approx(np.ones((1, 1)))


def test_the_law_starts_at_no_drop_and_rises_steadily(law: RackLaw) -> None:
    assert law.law.flows_kg_s[0] == 0.0
    assert law.law.flows_kg_s[-1] == pytest.approx(4 * DESIGN_KG_S)
    assert (law.law.drops_pa[:, 0] == 0).all()
    assert (np.diff(law.law.drops_pa, axis=1) > 0).all()
    assert (law.law.slopes > 0).all()


def test_at_a_corner_the_law_is_the_rack_at_and_between_its_points(law: RackLaw) -> None:
    points = law.law.flows_kg_s[[20, 80, 120, 150]]
    between = np.sqrt(points * law.law.flows_kg_s[[21, 81, 121, 151]])
    for flows in (points, between):
        # flows within the rack settle to 1e-6 of all between rounds; the spline's error over a step of 4 % is 2e-6 / 384
        full = drop_pa(in_full(flows, 308.15, 0.55))
        assert by_law(law, flows, 308.15, 0.55) == pytest.approx(full, rel=1e-5)


@pytest.mark.parametrize("inlet_k", [300.0, 312.0, 325.0])
@pytest.mark.parametrize("load", [0.2, 0.8, 1.0])
def test_between_its_corners_the_law_is_the_rack_to_a_ten_thousandth(law: RackLaw, inlet_k: float, load: float) -> None:
    flows = DESIGN_KG_S * np.array([0.3, 0.7, 1.0, 1.5, 3.0])
    assert by_law(law, flows, inlet_k, load) == pytest.approx(drop_pa(in_full(flows, inlet_k, load)), rel=1e-4)


def test_beyond_its_last_point_the_law_goes_straight_on(law: RackLaw) -> None:
    last = law.law.flows_kg_s[-1]
    drops = by_law(law, np.array([last, 1.25 * last, 1.5 * last]), 308.15, 0.55)
    assert drops[2] - drops[1] == pytest.approx(drops[1] - drops[0], rel=1e-9)
    corner = TEMPERATURES_K.index(308.15) * len(LOADS) + LOADS.index(0.55)
    assert (drops[1] - drops[0]) / (0.25 * last) == pytest.approx(law.law.slopes[corner, -1], rel=1e-9)


def test_the_rise_of_each_kind_of_chip_is_that_of_its_hottest_one(law: RackLaw) -> None:
    assert law.chips == ("gpu", "cpu")
    corner = TEMPERATURES_K.index(318.15) * len(LOADS) + LOADS.index(1.1)
    state = in_full(law.law.flows_kg_s[[60, 100, 140]], 318.15, 1.1)
    for number, chip in enumerate(law.chips):
        own = [n for n, spot in enumerate(state.hall.spots) if spot.chip == chip]
        rise = state.case_k[:, own].max(1) - 318.15
        assert law.rise_k[number, corner, [60, 100, 140]] == pytest.approx(rise, abs=1e-4)
    assert law.limit_k.tolist() == [353.15, 333.15]


def test_a_law_says_where_plates_are_below_what_was_measured(law: RackLaw) -> None:
    """The GPU's first point is 0.6 of 1.6 L/min: the law is beyond it from no flow to somewhere about 0.38 of the design."""
    flagged = law.beyond[0].any(0)
    edge = law.law.flows_kg_s[flagged].max() / DESIGN_KG_S
    assert flagged[: flagged.sum()].all()
    assert 0.2 < edge < 0.5


def test_racks_of_laws_of_different_shapes_are_refused(law: RackLaw) -> None:
    other = replace(RACK, name="other")
    small = condense(other, WATER, design_kg_s=DESIGN_KG_S, temperatures_k=(300.0, 320.0), loads=(1.0,))
    with pytest.raises(ValueError, match="laws of one shape"):
        build_condensed([RACK, other], {"rack": law, "other": small}, [CDU], Headers(0.08, 0.8), vessel_pa=2e5)


# The hall of condensed racks


def solved(hall: CondensedHall, **how: Any) -> CondensedState:
    return solve_condensed(hall, WATER, **{**GIVEN, **how})


def test_heat_of_condensed_racks_leaves_through_the_cdus(hall: CondensedHall) -> None:
    load = np.array([[1.0, 0.3, 0.0, 0.9]])
    state = solved(hall, load_share=load)
    assert hall.heat_w == pytest.approx([RACK.heat_w] * 4)
    heat = (load[0] * RACK.heat_w).sum() + state.warm.work_w.sum()
    assert state.warm.duty_w.sum() == pytest.approx(heat, rel=1e-9)
    assert state.warm.closure_share.max() <= 1e-9


def test_racks_at_mirrored_places_get_the_same_flow(law: RackLaw) -> None:
    hall = build_condensed([RACK] * 4, {"rack": law}, [CDU] * 2, Headers(0.08, 0.8), vessel_pa=2e5, places=(0, 2))
    flow = solved(hall).rack_kg_s[0]
    assert flow[0] == pytest.approx(flow[2], rel=1e-7)
    assert flow[1] == pytest.approx(flow[3], rel=1e-7)


def test_the_margin_is_the_least_over_the_kinds_of_chips(law: RackLaw, hall: CondensedHall) -> None:
    """With 333 K for the CPU and 353 K for the GPU it is the CPU that is short at full load."""
    state = solved(hall)
    full = in_full(state.rack_kg_s[0, :1], float(state.inlet_k[0, 0]), 1.0)
    worst = full.hottest[0]
    assert law.chips[state.chip[0, 0]] == full.hall.spots[worst].chip
    # rises are read straight between points 4 % apart in flow
    assert state.margin_k[0, 0] == pytest.approx(full.margin_k[0, worst], abs=0.01)
    assert state.case_k[0, 0] == pytest.approx(full.case_k[0, worst], abs=0.01)


def test_a_rack_turned_down_is_cooler_and_the_others_hardly_change(hall: CondensedHall) -> None:
    state = solved(hall, load_share=[[1.0, 1.0, 1.0, 1.0], [1.0, 0.5, 1.0, 1.0]])
    assert state.case_k[1, 1] < state.case_k[0, 1] - 2
    others = [0, 2, 3]
    assert state.rack_kg_s[1, others] == pytest.approx(state.rack_kg_s[0, others], rel=1e-2)


def test_flows_below_the_measured_ones_are_flagged(hall: CondensedHall) -> None:
    state = solved(hall, speed=[[1.0] * 4, [0.2] * 4])
    assert state.beyond.any(1).tolist() == [False, True]


def test_beyond_the_laws_flows_chips_are_as_cool_as_at_its_last_point() -> None:
    """A law for a tenth of the flow that the pumps drive through: plates get no better than they were ever known to be."""
    slow = condense(RACK, WATER, design_kg_s=0.03, temperatures_k=TEMPERATURES_K, loads=LOADS)
    state = solved(build_condensed([RACK] * 2, {"rack": slow}, [CDU], Headers(0.08, 0.8), vessel_pa=2e5))
    assert (state.rack_kg_s > 1.05 * slow.law.flows_kg_s[-1]).all()
    last = slow.rise_k[state.chip[0, 0]][:, -1]
    weights = lagrange(state.inlet_k[0, 0], TEMPERATURES_K)[:, None] * lagrange(np.array(1.0), LOADS)[None, :]
    assert state.case_k[0, 0] - state.inlet_k[0, 0] == pytest.approx(float((weights.ravel() * last).sum()), rel=1e-9)


def test_warmer_scenarios_and_speeds_run_side_by_side_as_one_by_one(hall: CondensedHall) -> None:
    rng = np.random.default_rng(4)
    count = 30
    how: dict[str, Any] = {
        "load_share": rng.uniform(0.1, 1, (count, 4)), "speed": rng.uniform(0.6, 1.1, (count, 4)),
        "primary_k": rng.uniform(298, 306, (count, 2)),
    }  # fmt: skip
    together = solved(hall, **how)
    for at in range(0, count, 5):
        alone = solved(hall, **{name: value[at : at + 1] for name, value in how.items()})
        # rounds of a batch stop together, at changes of 1e-6 of the flow
        assert together.rack_kg_s[at] == pytest.approx(alone.rack_kg_s[0], rel=1e-5)
        assert np.abs(together.margin_k[at] - alone.margin_k[0]).max() < 1e-3


def test_a_shut_rack_is_out_of_the_loop_and_hotter_than_anything(hall: CondensedHall) -> None:
    opened = np.ones((1, len(hall.network.links)), bool)
    opened[0, hall.rack_link[2]] = False
    state = solved(hall, opened=opened)
    assert state.rack_kg_s[0, 2] == 0.0
    assert state.margin_k[0].argmin() == 2
    assert state.margin_k[0, 2] < -1e5


def test_a_shut_rack_without_heat_is_not_hot(hall: CondensedHall) -> None:
    opened = np.ones((1, len(hall.network.links)), bool)
    opened[0, hall.rack_link[2]] = False
    state = solved(hall, opened=opened, load_share=[[1.0, 1.0, 0.0, 1.0]])
    assert state.margin_k[0, 2] > state.margin_k[0, 0]


def test_chips_without_a_stated_limit_have_a_temperature_all_the_same() -> None:
    free = replace(RACK, name="free", trays=(replace(RACK.trays[0], plates=(replace(GPU, limit_k=None),)),))
    law = condense(free, WATER, design_kg_s=DESIGN_KG_S, temperatures_k=TEMPERATURES_K, loads=LOADS)
    state = solved(build_condensed([free] * 2, {"free": law}, [CDU], Headers(0.08, 0.8), vessel_pa=2e5))
    assert np.isposinf(state.margin_k).all()
    # 1200 W through 0.015 to 0.024 K/W above the supply
    assert (state.case_k > 308.15 + 15).all()
