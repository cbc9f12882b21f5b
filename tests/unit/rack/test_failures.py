"""Single failures of small halls: laws of flow and heat, and every row against a solve written out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rackwright.rack.cooling.condensed import build_condensed, condense, solve_condensed
from rackwright.rack.cooling.failures import Failure, Failures, can_cool, hours, list_failures, single_failures
from rackwright.rack.cooling.hall import Cdu, Hall, Headers, Plates, RackLoop, Tray, build_hall
from rackwright.rack.cooling.heat.transport import Fluid
from rackwright.rack.cooling.state import solve_hall

LITRE_MIN = 1 / 60e3
#: Water, near enough: density, internal energy (4180 J/kg K) and viscosity as straight lines about 40 degC.
WATER = Fluid(
    313.15, 30.0, np.array([992.2, -11.7, -3.0, 0, 0, 0]), np.array([0, 4180.0 * 30, 0, 0, 0, 0]),
    np.array([-7.334, -0.49, 0.1, 0, 0, 0]), 273.15, 393.15,
)  # fmt: skip
GPU = Plates(
    "gpu", 4, 1200.0, 1.6 * LITRE_MIN, 50e3, (0.6 * LITRE_MIN, 1.2 * LITRE_MIN, 2.4 * LITRE_MIN), (0.024, 0.018, 0.015),
    limit_k=353.15,
)  # fmt: skip
CPU = replace(GPU, chip="cpu", per_tray=2, heat_w=300.0, flow_m3_s=0.6 * LITRE_MIN)
RACK = RackLoop("rack", (Tray("compute", 3, 1.1, (GPU, CPU)),), 2.0, 0.05, 0.038, 0.05)
#: One CDU carries three such racks (22 L/min and 16 kW each) with two pumps.
CDU = Cdu("cdu", 2, 3e5, 1.2e5 / (40 * LITRE_MIN) ** 2, 3e4 / (70 * LITRE_MIN) ** 2, 9e3, 1.2, 1.6, 60e3)
GIVEN: dict[str, Any] = {"wanted_k": 308.15, "primary_k": 300.15, "primary_kg_s": 1.6}


def a_hall(racks: int = 4, cdus: int = 2, cdu: Cdu = CDU, places: tuple[int, ...] | None = None) -> Hall:
    return build_hall([RACK] * racks, [cdu] * cdus, Headers(0.08, 0.8), vessel_pa=2e5, places=places)


@pytest.fixture(scope="module")
def hall() -> Hall:
    return a_hall(places=(0, 1))


@pytest.fixture(scope="module")
def failures(hall: Hall) -> Failures:
    return single_failures(hall, WATER, hours(hall, **GIVEN, load_share=[0.7, 1.0]), pump_efficiency=0.6)


def test_each_element_fails_once_under_its_own_name(hall: Hall) -> None:
    found = list_failures(hall, couplings=hall.coupling_links)
    # 4 pumps; 2 CDUs in 4 ways; 4 racks; 24 couplings; rings of 4 sections on both sides
    assert len(found) == 4 + 2 * 4 + 4 + 24 + 8
    assert len({failure.name for failure in found}) == len(found)


def test_every_failure_settles_but_a_cdu_that_turns_its_racks_own_warm_water_round(failures: Failures) -> None:
    """CDUs at places 1 and 2 of a ring of 4 split it by symmetry: each serves two racks, and nothing crosses."""
    for row in failures.rows:
        assert row.settled == (row.kind != "facility water"), row.name
        assert (row.severity == "no steady state") == (row.kind == "facility water"), row.name


def test_a_cdu_without_water_in_an_uneven_hall_finds_a_steady_state_that_is_warmer() -> None:
    """Five racks, CDUs at places 1 and 2: some racks draw from both, so heat crosses to the CDU with water."""
    hall = a_hall(racks=5, cdu=replace(CDU, ua_w_k=3e4, primary_rated_kg_s=4.0), places=(0, 1))
    dry = [failure for failure in list_failures(hall) if failure.kind == "facility water"]
    found = single_failures(
        hall, WATER, hours(hall, **{**GIVEN, "primary_kg_s": 4.0}), failures=dry, pump_efficiency=0.6
    )
    assert found.settled.all()
    for row in found.rows:
        assert row.margin_lost_k > 1.0


def test_a_row_is_the_hall_solved_with_that_failure(hall: Hall, failures: Failures) -> None:
    opened = np.ones(len(hall.network.links), bool)
    for name in ("cdu 1/pump 1", "cdu 1/pump 2", "cdu 1/exchanger"):
        opened[hall.network.link_number[name]] = False
    state = solve_hall(hall, WATER, **GIVEN, opened=opened, pump_efficiency=0.6)
    row = failures.of("cdu 1 lost")
    # the solver's rounds stop at 1e-7 of the flow, which is worth less than 1e-5 K here
    assert row.margin_k == pytest.approx(float(state.margin_k.min()), abs=1e-4)
    assert row.hour == 1
    assert row.case_k == pytest.approx(float(state.case_k.max()), abs=1e-4)


def test_no_failure_that_only_takes_away_raises_the_margin(failures: Failures) -> None:
    """A pump, a CDU, its water or part of its exchanger less never cools the hottest chip at unchanged speeds."""
    kinds = ("pump", "cdu", "facility water", "exchanger", "strainer")
    for at, failure in enumerate(failures.failures):
        if failure.kind in kinds:
            assert (failures.margin_k[0, at] <= failures.baseline_margin_k + 1e-6).all(), failure.name


def test_a_rack_open_for_service_leaves_the_others_no_less_flow(hall: Hall) -> None:
    opened = np.ones((2, len(hall.network.links)), bool)
    opened[1, [hall.rack_link[2], hall.network.link_number["rack 3/return hose"]]] = False
    load = np.ones((2, 4))
    load[1, 2] = 0.0
    state = solve_hall(hall, WATER, **GIVEN, opened=opened, load_share=load, pump_efficiency=0.6)
    flow = state.rack_kg_s
    assert flow[1, 2] == 0.0
    assert (np.delete(flow, 2, axis=1)[1] > np.delete(flow, 2, axis=1)[0]).all()
    # the pumps stand higher on their curve: with one rack less they make more pressure and less flow
    assert flow[1].sum() < flow[0].sum()


def test_a_rack_that_is_switched_off_does_not_count_as_hot(failures: Failures) -> None:
    row = failures.of("rack 3 open for service")
    assert row.severity == "within the limit"
    assert row.racks_over == 0
    assert row.rack != 2
    assert row.worst_flow_share >= 1.0


def test_faster_pumps_give_every_rack_more_flow(failures: Failures) -> None:
    for failure in failures.failures:
        as_is, faster = failures.of(failure.name), failures.of(failure.name, "speed up")
        assert faster.worst_flow_kg_s > as_is.worst_flow_kg_s, failure.name


@pytest.mark.parametrize(("ua_w_k", "holds"), [(9e3, True), (2.5e3, False)])
def test_one_cdu_in_reserve_holds_the_limit_when_the_rest_can_carry_the_heat(ua_w_k: float, holds: bool) -> None:
    """Three CDUs, two needed. 62 kW over two exchangers of 9 kW/K each need 5 K, of the 8 K and more that there are.

    With 2.5 kW/K the two that are left cannot come near: the supply rises by 62/5 K and more above the facility water.
    """
    hall = a_hall(cdus=3, cdu=replace(CDU, ua_w_k=ua_w_k))
    lost = [failure for failure in list_failures(hall) if failure.kind == "cdu"]
    hot = {**GIVEN, "primary_k": 300.15 if holds else 325.15, "wanted_k": 308.15 if holds else 330.15}
    found = single_failures(hall, WATER, hours(hall, **hot), failures=lost, pump_efficiency=0.6)
    for row in found.worst_first("as is"):
        assert (row.margin_k >= 0) == holds, row


def test_the_only_cdu_lost_leaves_no_cooling_at_all() -> None:
    hall = a_hall(racks=2, cdus=1)
    found = single_failures(hall, WATER, hours(hall, **GIVEN), pump_efficiency=0.6)
    for name in ("cdu 1 lost", "cdu 1 without facility water"):
        row = found.of(name)
        assert row.severity == "no cooling left"
        assert row.margin_k == -np.inf
        assert row.racks_over == 2
        assert row.chips_over == 2 * 3 * 6
    assert found.worst_first()[0].margin_k == -np.inf


def test_a_cdu_needs_water_an_open_exchanger_and_one_pump(hall: Hall) -> None:
    opened = np.ones(len(hall.network.links), bool)
    assert can_cool(hall, opened, np.array([0.0, 1.0]))
    opened[hall.network.link_number["cdu 2/pump 1"]] = False
    assert can_cool(hall, opened, np.array([0.0, 1.0]))
    opened[hall.network.link_number["cdu 2/pump 2"]] = False
    assert not can_cool(hall, opened, np.array([0.0, 1.0]))


def test_a_failure_that_changes_nothing_costs_nothing(hall: Hall) -> None:
    nothing = [Failure("nothing", "strainer", factor=((int(hall.cdu_link[0]), 1.0),))]
    found = single_failures(hall, WATER, hours(hall, **GIVEN), failures=nothing, pump_efficiency=0.6)
    # a warm start and a cold one meet within the solver's tolerance
    assert found.of("nothing").margin_lost_k == pytest.approx(0.0, abs=1e-5)
    assert found.of("nothing").worst_flow_share == pytest.approx(1.0, abs=1e-6)


def test_chunks_do_not_change_the_answer(hall: Hall, failures: Failures) -> None:
    one_by_one = single_failures(hall, WATER, hours(hall, **GIVEN, load_share=[0.7, 1.0]), pump_efficiency=0.6, chunk=1)
    # neighbours in a batch share the tolerances of its rounds, nothing else
    np.testing.assert_allclose(one_by_one.margin_k, failures.margin_k, atol=1e-4)


def test_condensed_racks_give_the_failures_of_the_full_hall(hall: Hall, failures: Failures) -> None:
    law = condense(RACK, WATER, design_kg_s=0.35, temperatures_k=(300.15, 315.15, 330.15), loads=(0.0, 0.5, 1.0))
    small = build_condensed([RACK] * 4, {"rack": law}, [CDU] * 2, Headers(0.08, 0.8), vessel_pa=2e5, places=(0, 1))
    found = single_failures(
        small, WATER, hours(small, **GIVEN, load_share=[0.7, 1.0]), solver=solve_condensed, pump_efficiency=0.6
    )
    for failure in found.failures:
        whole, condensed = failures.of(failure.name), found.of(failure.name)
        # a rack's law is interpolated between 160 flows and nine corners: within 0.02 K over this range
        assert condensed.margin_k == pytest.approx(whole.margin_k, abs=0.05), failure.name
        assert condensed.chips_over is None


def test_conditions_of_different_lengths_are_refused(hall: Hall) -> None:
    with pytest.raises(ValueError, match="different numbers of hours"):
        hours(hall, **{**GIVEN, "primary_k": [300.0, 301.0]}, load_share=[1.0, 0.9, 0.8])
    with pytest.raises(ValueError, match="load_share has 3 columns"):
        hours(hall, **GIVEN, load_share=np.ones((2, 3)))
